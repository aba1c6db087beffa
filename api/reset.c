// SPDX-License-Identifier: Apache-2.0
/* A factory reset: what would go, and the promise of it. The process starts anew afterwards, and
 * does it then (store/reset.h). */
#include "api/handlers.h"

#include "api/server.h"
#include "base/log.h"
#include "base/text.h"
#include "core/reset.h"

#include <string.h>

static struct hf_json *
encode_view(const struct hf_core_reset_view *v, const char *gateway)
{
    struct hf_json *o = hf_json_object(), *removes = hf_json_object();

    hf_json_put_string(o, "gateway", gateway);
    hf_json_put_int(removes, "accounts", v->counts.accounts);
    hf_json_put_int(removes, "tokens", v->counts.tokens);
    hf_json_put_int(removes, "device_accounts", v->counts.device_accounts);
    hf_json_put_int(removes, "revisions", v->counts.revisions);
    hf_json_put(o, "removes", removes);
    if (v->records >= 0)
        hf_json_put_int(o, "records", v->records);
    else
        hf_json_put_null(o, "records");
    hf_json_put_string(o, "release", *v->release ? v->release : NULL);
    return o;
}

static int
view(struct hf_exchange *x, struct hf_json **ret_doc, char gateway[HF_NAME_SIZE],
     struct hf_error *err)
{
    const struct hf_snapshot *s = hf_core_snapshot(x->api->config->core);
    struct hf_core_reset_view v;

    hf_text_put(gateway, HF_NAME_SIZE, "%s", s->gateway.id);
    hf_snapshot_unref(s);
    if (hf_core_reset_view(x->api->config->core, &v, err) < 0)
        return -1;
    *ret_doc = encode_view(&v, gateway);
    return 0;
}

int
hf_handle_reset_view(struct hf_exchange *x, struct hf_error *err)
{
    struct hf_json *doc;
    char gateway[HF_NAME_SIZE];

    return view(x, &doc, gateway, err) < 0 ? -1 : hf_reply_json(x, 200, doc, err);
}

static int
read_request(struct hf_exchange *x, const char *gateway, bool *ret_wipe, struct hf_error *err)
{
    static const struct hf_json_field fields[] = {
        {"data", HF_JSON_STRING, true},
        {"gateway", HF_JSON_STRING, true},
    };
    HF_AUTO(hf_json) struct hf_json *doc = NULL;
    const char *data;

    if (hf_exchange_json(x, fields, HF_LEN(fields), &doc, err) < 0)
        return -1;
    data = hf_json_string(doc, "data");
    *ret_wipe = strcmp(data, "wipe") == 0;
    if (!*ret_wipe && strcmp(data, "keep") != 0)
        return hf_error_set_at(err, HF_ERROR_INVALID, "/data",
                               "/data: must be \"keep\" or \"wipe\": what becomes of what the "
                               "services have stored");
    if (strcmp(hf_json_string(doc, "gateway"), gateway) != 0)
        return hf_error_set_at(err, HF_ERROR_INVALID, "/gateway",
                               "/gateway: must be the id of this gateway, '%s', so that no other "
                               "one is reset by mistake",
                               gateway);
    return 0;
}

static int
reset(struct hf_exchange *x, const char *gateway, struct hf_error *err)
{
    char what[HF_TEXT_SIZE];
    bool wipe;

    if (read_request(x, gateway, &wipe, err) < 0)
        return -1;
    hf_text_put(what, sizeof what, "factory reset, the data %s", wipe ? "wiped" : "kept");
    if (hf_core_reset(x->api->config->core, wipe, x->session.user, what, err) < 0)
        return -1;
    hf_log_warn("event=reset-begun user=%s data=%s", x->session.user, wipe ? "wipe" : "keep");
    return 0;
}

int
hf_handle_reset(struct hf_exchange *x, struct hf_error *err)
{
    HF_AUTO(hf_json) struct hf_json *doc = NULL;
    char gateway[HF_NAME_SIZE];
    int rc;

    if (view(x, &doc, gateway, err) < 0 || reset(x, gateway, err) < 0)
        return -1;
    rc = hf_reply_json(x, 202, hf_steal(&doc), err);
    if (x->api->config->restart)
        x->api->config->restart();
    return rc;
}
