// SPDX-License-Identifier: Apache-2.0
/* Revisions of the configuration: which there are, and how two of them differ. */
#include "api/handlers.h"

#include "api/server.h"
#include "base/text.h"

#include <stdio.h>

static struct hf_json *
encode_trial(const struct hf_config_trial *t)
{
    struct hf_json *o = hf_json_object();

    hf_json_put_int(o, "good", t->good);
    hf_json_put_int(o, "seconds", t->gate_s);
    hf_json_put_int(o, "remaining_s", t->left_s);
    hf_json_put_string(o, "waiting", t->waiting);
    return o;
}

int
hf_handle_revisions(struct hf_exchange *x, struct hf_error *err)
{
    HF_AUTO_FREE struct hf_settings_revision *list = calloc(HF_STORE_REVISIONS_MAX, sizeof *list);
    struct hf_config_trial trial;
    struct hf_json *o, *revisions;
    size_t count = 0;

    if (!list)
        return hf_error_nomem(err);
    if (hf_core_config_revisions(x->api->config->core, list, HF_STORE_REVISIONS_MAX, &count, &trial,
                                 err) < 0)
        return -1;
    o = hf_json_object();
    revisions = hf_json_array();
    hf_json_put_int(o, "current", count ? list[0].n : 0);
    if (trial.active)
        hf_json_put(o, "trial", encode_trial(&trial));
    else
        hf_json_put_null(o, "trial");
    for (size_t i = 0; i < count; i++) {
        struct hf_json *one = hf_json_object();

        hf_json_put_int(one, "revision", list[i].n);
        hf_json_put_time(one, "created", list[i].created_ms);
        hf_json_put_string(one, "author", list[i].author);
        hf_json_add(revisions, one);
    }
    hf_json_put(o, "revisions", revisions);
    return hf_reply_json(x, 200, o, err);
}

int
hf_revision_of(struct hf_exchange *x, int64_t *ret_revision, struct hf_error *err)
{
    uint64_t n;

    if (!hf_text_u64(x->param, &n) || n < 1 || n > HF_REVISION_NUMBER_MAX)
        return hf_error_set(err, HF_ERROR_NOT_FOUND,
                            "there is no revision '%.32s' of the configuration", x->param);
    *ret_revision = (int64_t)n;
    return 0;
}

int
hf_handle_revision_diff(struct hf_exchange *x, struct hf_error *err)
{
    uint64_t from = HF_REVISION_NUMBER_MAX + 1;
    const struct hf_query_field fields[] = {
        {.name = "from", .min = 0, .max = HF_REVISION_NUMBER_MAX, .ret_value = &from},
    };
    struct hf_json *diff;
    int64_t to = 0;

    if (hf_query_read(x->query, fields, HF_LEN(fields), err) < 0 || hf_revision_of(x, &to, err) < 0)
        return -1;
    if (from > HF_REVISION_NUMBER_MAX)
        from = (uint64_t)to - 1;
    if (hf_core_config_diff(x->api->config->core, (int64_t)from, to, &diff, err) < 0)
        return -1;
    hf_json_put_int(diff, "from", (int64_t)from);
    hf_json_put_int(diff, "to", to);
    return hf_reply_json(x, 200, diff, err);
}
