// SPDX-License-Identifier: Apache-2.0
/* Certificates of devices. A key that was made here is in the answer that made it, and nowhere
 * else. */
#include "api/handlers.h"

#include "api/server.h"

#include <string.h>

/* The account ends a certificate at any time, so it may live as long as the device. */
enum { DAYS_DEFAULT = 3650, DAYS_MOST = 3650 };

static int
reply_issued(struct hf_exchange *x, const struct hf_device_account *a,
             const struct hf_issued *issued, struct hf_error *err)
{
    struct hf_json *o = hf_json_object();

    hf_json_put(o, "account", hf_encode_device_account(a));
    hf_json_put_string(o, "certificate", issued->certificate.data);
    hf_json_put_string(o, "key", issued->key.data);
    hf_json_put_string(o, "ca", issued->ca.data);
    return hf_reply_json(x, 200, o, err);
}

static int
issue(struct hf_exchange *x, const char *csr, int64_t days, struct hf_issued *issued,
      struct hf_error *err)
{
    struct hf_device_binding binding;
    const struct hf_device_change change = {.certificate = &binding};
    struct hf_device_account a;

    /* Whether there is such an account, before a key is made. */
    if (hf_core_device(x->api->config->core, x->param, &a, err) < 0 ||
        hf_certificates_issue_device(x->api->config->certificates, a.name, csr, days, issued, err) <
            0)
        return -1;
    binding = (struct hf_device_binding){issued->fingerprint, issued->not_after_ms};
    if (hf_core_change_device(x->api->config->core, a.name, &change, x->session.user, &a, err) < 0)
        return -1;
    return reply_issued(x, &a, issued, err);
}

int
hf_handle_device_certificate(struct hf_exchange *x, struct hf_error *err)
{
    static const struct hf_json_field fields[] = {
        {"csr", HF_JSON_STRING, false},
        {"days", HF_JSON_INT, false},
    };
    HF_AUTO(hf_json) struct hf_json *doc = NULL;
    struct hf_issued issued = HF_ISSUED_INIT;
    int64_t days;
    int rc;

    if (hf_exchange_header(x, "Content-Type") &&
        hf_exchange_json(x, fields, HF_LEN(fields), &doc, err) < 0)
        return -1;
    days = hf_json_int(doc, "days", DAYS_DEFAULT);
    if (days < 1 || days > DAYS_MOST)
        return hf_error_set_at(err, HF_ERROR_INVALID, "/days", "/days: must be 1 to %d", DAYS_MOST);
    rc = issue(x, hf_json_string(doc, "csr"), days, &issued, err);
    hf_issued_done(&issued);
    return rc;
}

int
hf_handle_device_certificate_delete(struct hf_exchange *x, struct hf_error *err)
{
    const struct hf_device_binding none = {.fingerprint = ""};
    const struct hf_device_change change = {.certificate = &none};
    struct hf_device_account a;

    if (hf_core_change_device(x->api->config->core, x->param, &change, x->session.user, &a, err) <
        0)
        return -1;
    hf_reply(x, 204, NULL, "no-store", NULL, 0);
    return 0;
}
