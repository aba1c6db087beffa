// SPDX-License-Identifier: Apache-2.0
#include "api/handlers.h"

#include "api/server.h"
#include "base/log.h"
#include "base/text.h"
#include "model/changes.h"

#include <string.h>

/* null where there is none: a full disk, say. */
static void
put_authority(struct hf_json *o, struct hf_certificates *certificates)
{
    struct hf_authority_info ca;
    struct hf_json *a;

    if (hf_certificates_authority(certificates, &ca, NULL, NULL) < 0) {
        hf_json_put_null(o, "ca");
        return;
    }
    a = hf_json_object();
    hf_json_put_string(a, "subject", ca.subject);
    hf_json_put_string(a, "fingerprint", ca.fingerprint);
    hf_json_put_time(a, "not_after", ca.not_after_ms);
    hf_json_put(o, "ca", a);
}

static struct hf_json *
encode(const struct hf_certificate_info *c, struct hf_certificates *certificates)
{
    struct hf_json *o = hf_json_object(), *names = hf_json_array();
    const char *end;

    hf_json_put_string(o, "source", c->site ? "site" : "own");
    hf_json_put_string(o, "subject", c->subject);
    hf_json_put_string(o, "issuer", c->issuer);
    for (const char *at = c->names; (end = strchr(at, '\n')); at = end + 1) {
        char name[HF_CERTIFICATE_NAMES_SIZE];

        hf_text_put(name, sizeof name, "%.*s", (int)(end - at), at);
        hf_json_add_string(names, name);
    }
    hf_json_put(o, "names", names);
    hf_json_put_time(o, "not_before", c->not_before_ms);
    hf_json_put_time(o, "not_after", c->not_after_ms);
    hf_json_put_string(o, "fingerprint", c->fingerprint);
    put_authority(o, certificates);
    return o;
}

int
hf_handle_certificate(struct hf_exchange *x, struct hf_error *err)
{
    struct hf_certificate_info info;

    hf_certificates_info(x->api->config->certificates, &info);
    return hf_reply_json(x, 200, encode(&info, x->api->config->certificates), err);
}

/* After the change: what cannot be audited has happened all the same. */
static int
say(struct hf_exchange *x, const char *what, const char *before, struct hf_error *err)
{
    HF_AUTO(hf_json) struct hf_json *changes = hf_json_array();
    HF_AUTO_FREE char *values = NULL;
    struct hf_certificate_info info;
    char text[HF_TEXT_SIZE];
    struct hf_audit_note note = {.who = x->session.user, .what = text};
    struct hf_error late;

    hf_certificates_info(x->api->config->certificates, &info);
    hf_text_put(text, sizeof text, "%s, %s, from %s", what, info.fingerprint, x->peer);
    hf_changes_text(changes, "/fingerprint", before, info.fingerprint);
    if (hf_changes_print(changes, 0, &values, NULL) == 0)
        note.changes = values;
    if (hf_core_audit_note(x->api->config->core, &note, &late) < 0)
        hf_log_error("event=audit-not-kept error=\"%s\"", late.message);
    return hf_reply_json(x, 200, encode(&info, x->api->config->certificates), err);
}

int
hf_handle_certificate_put(struct hf_exchange *x, struct hf_error *err)
{
    static const struct hf_json_field fields[] = {
        {"certificate", HF_JSON_STRING, true},
        {"key", HF_JSON_STRING, true},
    };
    HF_AUTO(hf_json) struct hf_json *doc = NULL;
    char before[HF_FINGERPRINT_SIZE];
    struct hf_certificate_info info;

    hf_certificates_fingerprint(x->api->config->certificates, before);
    if (hf_exchange_json(x, fields, HF_LEN(fields), &doc, err) < 0 ||
        hf_certificates_replace(x->api->config->certificates, hf_json_string(doc, "certificate"),
                                hf_json_string(doc, "key"), &info, err) < 0)
        return -1;
    return say(x, "put a certificate of the site in force", before, err);
}

int
hf_handle_certificate_delete(struct hf_exchange *x, struct hf_error *err)
{
    char before[HF_FINGERPRINT_SIZE];

    hf_certificates_fingerprint(x->api->config->certificates, before);
    if (hf_certificates_remove(x->api->config->certificates, err) < 0)
        return -1;
    return say(x, "went back to the gateway's own certificate", before, err);
}

/* A browser or phone offers to install it. */
int
hf_handle_certificate_ca(struct hf_exchange *x, struct hf_error *err)
{
    HF_AUTO_BUF struct hf_buf pem = HF_BUF_INIT(HF_ISSUED_PEM_MAX);
    struct hf_authority_info info;

    if (hf_certificates_authority(x->api->config->certificates, &info, &pem, err) < 0)
        return -1;
    hf_reply_header(x, "Content-Disposition", "attachment; filename=\"holdfast-ca.crt\"");
    hf_reply(x, 200, "application/x-x509-ca-cert", "no-store", pem.data, pem.len);
    return 0;
}
