// SPDX-License-Identifier: Apache-2.0
#include "api/handlers.h"

#include "api/begin.h"
#include "api/codec.h"
#include "api/server.h"

#include <string.h>

static int
no_such_service(const char *name, struct hf_error *err)
{
    return hf_error_set(err, HF_ERROR_NOT_FOUND, "there is no service '%s'", name);
}

int
hf_handle_services(struct hf_exchange *x, struct hf_error *err)
{
    const struct hf_snapshot *snapshot = hf_core_snapshot(x->api->config->core);
    HF_AUTO(hf_state_text) struct hf_state_text *text = NULL;
    char fingerprint[HF_FINGERPRINT_SIZE];
    int rc;

    hf_certificates_fingerprint(x->api->config->certificates, fingerprint);
    rc = hf_state_cache_get(&x->api->services, snapshot, fingerprint, &text, err);
    hf_snapshot_unref(snapshot);
    if (rc < 0)
        return -1;
    hf_reply_json_text(x, 200, text->json, text->len);
    return 0;
}

int
hf_handle_service(struct hf_exchange *x, struct hf_error *err)
{
    const struct hf_snapshot *snapshot = hf_core_snapshot(x->api->config->core);
    const struct hf_service_view *view = hf_snapshot_service(snapshot, x->param);
    struct hf_json *service = view ? hf_codec_service(snapshot, view) : NULL;

    hf_snapshot_unref(snapshot);
    if (!view)
        return no_such_service(x->param, err);
    return hf_reply_json(x, 200, service, err);
}

int
hf_service_container(struct hf_exchange *x, const char *name, char ret_id[HF_HASH_SIZE],
                     struct hf_error *err)
{
    const struct hf_snapshot *snapshot = hf_core_snapshot(x->api->config->core);
    const struct hf_service_view *view = hf_snapshot_service(snapshot, name);

    if (view)
        memcpy(ret_id, view->container_id, HF_HASH_SIZE);
    hf_snapshot_unref(snapshot);
    return view ? 0 : no_such_service(name, err);
}

static int
begin_command(struct hf_exchange *x, const void *context, struct hf_operation *ret_operation,
              struct hf_error *err)
{
    const enum hf_operation_kind *kind = context;

    return hf_core_command(x->api->config->core, *kind, x->param, x->session.user, ret_operation,
                           err);
}

static int
command(struct hf_exchange *x, enum hf_operation_kind kind, struct hf_error *err)
{
    return hf_reply_begun(x, begin_command, &kind, err);
}

int
hf_handle_restart(struct hf_exchange *x, struct hf_error *err)
{
    return command(x, HF_OPERATION_RESTART, err);
}

int
hf_handle_start(struct hf_exchange *x, struct hf_error *err)
{
    return command(x, HF_OPERATION_START, err);
}

int
hf_handle_stop(struct hf_exchange *x, struct hf_error *err)
{
    return command(x, HF_OPERATION_STOP, err);
}
