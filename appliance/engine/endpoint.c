// SPDX-License-Identifier: Apache-2.0
#include "engine/endpoint.h"

#include <string.h>

static bool
has_endpoint(const struct hf_json *network, const char *name)
{
    for (const struct hf_json *v = hf_json_first(hf_json_get(network, "Containers")); v;
         v = hf_json_next(v)) {
        const char *other = hf_json_string(v, "Name");

        if (other && strcmp(other, name) == 0)
            return true;
    }
    return false;
}

/* 0 and *ret_doc NULL where there is no such thing. */
static int
look_up(struct hf_engine *e, const char *before, const char *name, const char *after,
        struct hf_json **ret_doc, struct hf_error *err)
{
    HF_AUTO_BUF struct hf_buf path = HF_BUF_INIT(PATH_BYTES_MAX);
    struct hf_error local = {0};

    *ret_doc = NULL;
    if (hf_client_path(&path, before, name, after, err) < 0)
        return -1;
    if (hf_client_get(e, path.data, ret_doc, &local) == 0 || local.class == HF_ERROR_NOT_FOUND)
        return 0;
    if (err)
        *err = local;
    return -1;
}

static int
disconnect(struct hf_engine *e, const char *network, const char *container, struct hf_error *err)
{
    HF_AUTO_BUF struct hf_buf path = HF_BUF_INIT(PATH_BYTES_MAX);
    HF_AUTO(hf_json) struct hf_json *doc = hf_json_object();
    HF_AUTO_FREE char *body = NULL;
    struct hf_client_call call = {.method = "POST", .total_ms = SLOW_CALL_MS};
    struct hf_error local = {0};

    hf_json_put_string(doc, "Container", container);
    hf_json_put_bool(doc, "Force", true);
    if (hf_json_print(doc, &body, err) < 0 ||
        hf_client_path(&path, "/networks/", network, "/disconnect", err) < 0)
        return -1;
    call.path = path.data;
    call.body = body;
    if (hf_client_call(e, &call, NULL, &local) == 0 || local.class == HF_ERROR_NOT_FOUND)
        return 0;
    if (err)
        *err = local;
    return hf_error_wrap(err, "take what is left of '%s' off network '%s'", container, network);
}

int
hf_endpoint_free(struct hf_engine *e, const char *network, const char *container,
                 struct hf_error *err)
{
    HF_AUTO(hf_json) struct hf_json *net = NULL;
    HF_AUTO(hf_json) struct hf_json *there = NULL;

    if (look_up(e, "/networks/", network, "", &net, err) < 0)
        return -1;
    if (!net || !has_endpoint(net, container))
        return 0;
    if (look_up(e, "/containers/", container, "/json", &there, err) < 0)
        return -1;
    return there ? 0 : disconnect(e, network, container, err);
}
