// SPDX-License-Identifier: Apache-2.0
#include "api/handlers.h"

#include "api/begin.h"
#include "api/codec.h"
#include "api/server.h"
#include "base/text.h"

#include <string.h>

enum { OPERATIONS_MAX = 100, OPERATIONS_DEFAULT = 50, ID_MOST = 999999999999999999 };

/* One more than asked for was read, to know whether there are more. */
static struct hf_json *
encode_page(const struct hf_operation *operations, size_t count, size_t limit)
{
    struct hf_json *o = hf_json_object(), *list = hf_json_array();
    size_t shown = count < limit ? count : limit;
    char next[24];

    for (size_t i = 0; i < shown; i++)
        hf_json_add(list, hf_codec_operation(&operations[i]));
    hf_json_put(o, "operations", list);
    hf_text_put(next, sizeof next, "%lld", shown ? (long long)operations[shown - 1].n : 0);
    hf_json_put_string(o, "next", shown < count ? next : NULL);
    return o;
}

int
hf_handle_operations(struct hf_exchange *x, struct hf_error *err)
{
    static const char *const states[] = {"queued", "running", "succeeded", "failed", NULL};
    uint64_t limit = OPERATIONS_DEFAULT, before = 0;
    char service[HF_NAME_SIZE] = "", state[16] = "";
    const struct hf_query_field fields[] = {
        {.name = "service", .ret_text = service, .text_size = sizeof service},
        {.name = "state", .ret_text = state, .text_size = sizeof state, .words = states},
        {.name = "limit", .min = 1, .max = OPERATIONS_MAX, .ret_value = &limit},
        {.name = "cursor", .min = 1, .max = ID_MOST, .ret_value = &before},
    };
    HF_AUTO_FREE struct hf_operation *operations = NULL;
    struct hf_operation_filter filter = {.state = -1};
    size_t count = 0;

    if (hf_query_read(x->query, fields, HF_LEN(fields), err) < 0)
        return -1;
    filter.before = (int64_t)before;
    filter.service = *service ? service : NULL;
    for (int i = 0; states[i]; i++)
        if (strcmp(states[i], state) == 0)
            filter.state = i;
    operations = calloc((size_t)limit + 1, sizeof *operations);
    if (!operations)
        return hf_error_nomem(err);
    if (hf_core_operations(x->api->config->core, &filter, operations, (size_t)limit + 1, &count,
                           err) < 0)
        return -1;
    return hf_reply_json(x, 200, encode_page(operations, count, (size_t)limit), err);
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
    hf_prefer_wait(x, &operation);
    say_progress(x, &operation);
    return hf_reply_json(x, 200, hf_codec_operation(&operation), err);
}

/* Who may give it up is who may begin it. */
static int
check_kind(struct hf_exchange *x, enum hf_operation_kind kind, struct hf_error *err)
{
    if (kind != HF_OPERATION_UPGRADE && kind != HF_OPERATION_ROLLBACK)
        return 0;
    if (hf_exchange_need_role(x, HF_ROLE_ADMIN, err) < 0)
        return -1;
    return kind == HF_OPERATION_ROLLBACK ? hf_exchange_need_proof(x, err) : 0;
}

static int
give_up(struct hf_exchange *x, const void *context, struct hf_operation *ret_operation,
        struct hf_error *err)
{
    (void)context;
    return hf_core_give_up(x->api->config->core, x->param, x->session.user, ret_operation, err);
}

int
hf_handle_operation_cancel(struct hf_exchange *x, struct hf_error *err)
{
    struct hf_operation operation;

    if (hf_core_operation(x->api->config->core, x->param, &operation, err) < 0 ||
        check_kind(x, operation.kind, err) < 0)
        return -1;
    return hf_reply_begun(x, give_up, NULL, err);
}
