// SPDX-License-Identifier: Apache-2.0
#include "provision/parts.h"
#include "provision/sieve.h"

#include <sodium.h>
#include <string.h>

struct taking {
    const char *gateway_id; /* NULL: any */
    bool asks_reset;        /* rightly or not */
    struct hf_recovery r;
};

/* "keep" or "wipe". */
static int
take_reset(const struct hf_json *doc, struct hf_recovery *r, struct hf_error *err)
{
    const char *reset = hf_json_string(doc, "reset");

    if (!reset)
        return 0;
    if (strcmp(reset, "keep") != 0 && strcmp(reset, "wipe") != 0)
        return hf_error_set_at(err, HF_ERROR_INVALID, "/reset",
                               "/reset: must be \"keep\" or \"wipe\": what becomes of the data "
                               "that is held");
    if (!hf_json_string(doc, "gateway"))
        return hf_error_set_at(err, HF_ERROR_INVALID, "/gateway",
                               "/gateway: is missing: a reset names the gateway that it is for");
    r->reset = true;
    r->wipe = strcmp(reset, "wipe") == 0;
    return 0;
}

static int
take(void *context, const struct hf_json *doc, struct hf_error *err)
{
    static const struct hf_json_field fields[] = {
        {"format", HF_JSON_INT, true},    {"gateway", HF_JSON_STRING, false},
        {"admin", HF_JSON_OBJECT, false}, {"setup_code", HF_JSON_STRING, false},
        {"reset", HF_JSON_STRING, false},
    };
    struct taking *t = context;
    const char *gateway;

    hf_recovery_done(&t->r);
    if (hf_json_check(doc, "", fields, HF_LEN(fields), err) < 0 ||
        hf_provision_format(doc, err) < 0)
        return -1;
    gateway = hf_json_string(doc, "gateway");
    if (gateway && t->gateway_id && strcmp(gateway, t->gateway_id) != 0)
        return hf_error_set_at(err, HF_ERROR_INVALID, "/gateway",
                               "/gateway: is another gateway; this one is '%s'", t->gateway_id);
    if (take_reset(doc, &t->r, err) < 0 ||
        hf_provision_access(doc, t->r.password_hash, t->r.setup_code, err) < 0)
        return -1;
    if (!t->asks_reset && !*t->r.password_hash && !*t->r.setup_code)
        return hf_error_set_at(err, HF_ERROR_INVALID, "/setup_code",
                               "/setup_code: is missing, and so is /admin: one of them says how to "
                               "get in");
    return 0;
}

static int
parse(const char *text, size_t len, struct taking *t, struct hf_json_faults *faults,
      struct hf_error *err)
{
    HF_AUTO(hf_json) struct hf_json *doc = NULL;
    const char *from = text;
    size_t rest = len;

    if (hf_provision_document(&from, &rest, &doc, faults, err) < 0)
        return -1;
    t->asks_reset = hf_json_get(doc, "reset") != NULL;
    return hf_sieve(from, rest, doc, doc, take, t, faults, err);
}

int
hf_recovery_parse(const char *text, size_t len, const char *gateway_id,
                  struct hf_recovery *ret_recovery, struct hf_json_faults *faults,
                  struct hf_error *err)
{
    struct taking t = {.gateway_id = gateway_id};
    struct hf_error why = {0};
    int rc;

    faults->count = 0;
    faults->more = false;
    rc = parse(text, len, &t, faults, &why);
    if (faults->count > 0)
        rc = hf_provision_faulty(faults, &why);
    if (rc == 0) {
        hf_provision_hash(text, len, t.r.file_hash);
        *ret_recovery = t.r;
    } else if (err) {
        *err = why;
    }
    hf_recovery_done(&t.r);
    return rc;
}

int
hf_recovery_read(const char *dir, const char *gateway_id, struct hf_recovery *ret_recovery,
                 struct hf_json_faults *faults, struct hf_error *err)
{
    HF_AUTO_BUF struct hf_buf text = HF_BUF_INIT(HF_PROVISION_FILE_MAX + 1);
    int rc;

    faults->count = 0;
    faults->more = false;
    rc = hf_provision_load(dir, HF_RECOVERY_FILE, &text, err);
    if (rc == 0)
        rc = hf_recovery_parse(text.data, text.len, gateway_id, ret_recovery, faults, err);
    return rc < 0 ? hf_error_wrap(err, "recovery file holdfast/" HF_RECOVERY_FILE) : 0;
}

void
hf_recovery_done(struct hf_recovery *r)
{
    sodium_memzero(r, sizeof *r);
}
