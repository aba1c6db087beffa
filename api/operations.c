// SPDX-License-Identifier: Apache-2.0
#include "api/handlers.h"

#include "api/codec.h"
#include "api/server.h"
#include "base/text.h"

#include <string.h>

enum { OPERATIONS_MAX = 100, OPERATIONS_DEFAULT = 50 };

int
hf_handle_operations(struct hf_exchange *x, struct hf_error *err)
{
    uint64_t limit = OPERATIONS_DEFAULT;
    const struct hf_query_field fields[] = {
        {.name = "limit", .min = 1, .max = OPERATIONS_MAX, .ret_value = &limit},
    };
    HF_AUTO_FREE struct hf_operation *operations = NULL;
    struct hf_json *o, *list;
    size_t count;

    if (hf_query_read(x->query, fields, HF_LEN(fields), err) < 0)
        return -1;
    operations = calloc((size_t)limit, sizeof *operations);
    if (!operations)
        return hf_error_nomem(err);
    if (hf_core_operations(x->api->config->core, operations, (size_t)limit, &count, err) < 0)
        return -1;
    list = hf_json_array();
    for (size_t i = 0; i < count; i++)
        hf_json_add(list, hf_codec_operation(&operations[i]));
    o = hf_json_object();
    hf_json_put(o, "operations", list);
    return hf_reply_json(x, 200, o, err);
}

static void
say_pull(const struct hf_upgrade_view *v, char out[HF_TEXT_SIZE])
{
    const struct hf_pull_bytes *b = &v->pull;
    size_t used;

    hf_text_put(out, HF_TEXT_SIZE, "fetches image %u of %u, of '%s'", v->pull_number, v->pull_of,
                v->pull_service);
    used = strlen(out);
    if (b->size > 0)
        hf_text_put(out + used, HF_TEXT_SIZE - used,
                    ": %lld of %lld bytes; of layer %s %lld of %lld", (long long)b->done,
                    (long long)b->size, b->layer, (long long)b->layer_done,
                    (long long)b->layer_size);
}

/* What is stored says nothing of it: it would be written to flash each second. */
static void
say_progress(struct hf_exchange *x, struct hf_operation *operation)
{
    const struct hf_snapshot *snapshot = hf_core_snapshot(x->api->config->core);
    const struct hf_upgrade_view *v = &snapshot->upgrade;

    if (operation->finished_ms == 0 && strcmp(v->record.operation, operation->id) == 0) {
        if (*v->waiting)
            hf_text_put(operation->detail, sizeof operation->detail, "%s", v->waiting);
        else if (v->pull_number)
            say_pull(v, operation->detail);
    }
    hf_snapshot_unref(snapshot);
}

int
hf_handle_operation(struct hf_exchange *x, struct hf_error *err)
{
    struct hf_operation operation;

    if (hf_core_operation(x->api->config->core, x->param, &operation, err) < 0)
        return -1;
    say_progress(x, &operation);
    return hf_reply_json(x, 200, hf_codec_operation(&operation), err);
}
