// SPDX-License-Identifier: Apache-2.0
#include "api/handlers.h"

#include "api/codec.h"
#include "api/server.h"

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

int
hf_handle_operation(struct hf_exchange *x, struct hf_error *err)
{
    struct hf_operation operation;

    if (hf_core_operation(x->api->config->core, x->param, &operation, err) < 0)
        return -1;
    return hf_reply_json(x, 200, hf_codec_operation(&operation), err);
}
