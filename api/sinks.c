// SPDX-License-Identifier: Apache-2.0
/* Where records go, as the forwarder sees it. */
#include "api/handlers.h"

#include "api/peer.h"
#include "api/server.h"

#include <string.h>

enum { TEST_MS = 30000 };

static struct hf_json *
encode_sink(const struct hf_json *from)
{
    struct hf_json *o = hf_json_object();
    int64_t status = hf_json_int(from, "last_status", 0);

    hf_peer_text(o, "sink", from);
    hf_peer_text(o, "type", from);
    hf_peer_text(o, "url", from);
    hf_peer_text(o, "state", from);
    hf_peer_text(o, "circuit", from);
    hf_peer_count(o, "attempt", from, "attempt");
    if (status > 0)
        hf_json_put_int(o, "last_status", status);
    else
        hf_json_put_null(o, "last_status");
    hf_peer_text(o, "last_error", from);
    hf_peer_time(o, "last_success", from, "last_success_ms");
    hf_peer_time(o, "next_try", from, "next_try_ms");
    hf_peer_time(o, "away_since", from, "away_since_ms");
    hf_peer_count(o, "delivered", from, "delivered");
    hf_peer_count(o, "refused", from, "refused");
    hf_peer_count(o, "requests", from, "requests");
    hf_peer_count(o, "failures", from, "failures");
    hf_peer_count(o, "bytes_out", from, "bytes_out");
    hf_peer_count(o, "latency_ms", from, "latency_ms");
    hf_peer_count(o, "batch_bytes", from, "batch_bytes");
    return o;
}

int
hf_handle_sinks(struct hf_exchange *x, struct hf_error *err)
{
    HF_AUTO(hf_json) struct hf_json *answer = NULL;
    struct hf_json *o;

    if (hf_peer_ask(x, HF_PATH_FORWARDER, "/v1/sinks", NULL, &answer, err) < 0)
        return -1;
    if (!hf_json_is_array(hf_json_get(answer, "sinks")))
        return hf_peer_nonsense(HF_PATH_FORWARDER, "sinks", err);
    o = hf_json_object();
    hf_peer_list(o, "sinks", hf_json_get(answer, "sinks"), encode_sink);
    return hf_reply_json(x, 200, o, err);
}

static struct hf_json *
encode_step(const struct hf_json *from)
{
    struct hf_json *o = hf_json_object();

    hf_peer_text(o, "step", from);
    hf_json_put_bool(o, "ok", hf_json_bool(from, "ok", false));
    hf_peer_count(o, "ms", from, "ms");
    hf_peer_text(o, "detail", from);
    return o;
}

int
hf_handle_sink_test(struct hf_exchange *x, struct hf_error *err)
{
    HF_AUTO(hf_json) struct hf_json *body = hf_json_object(), *answer = NULL;
    HF_AUTO_FREE char *text = NULL;
    struct hf_path_call call = {
        .peer = HF_PATH_FORWARDER, .path = "/v1/sinks/test", .timeout_ms = TEST_MS};
    struct hf_json *o;

    hf_json_put_string(body, "sink", x->param);
    if (hf_json_print(body, &text, err) < 0)
        return -1;
    call.body = text;
    if (hf_path_ask_json(hf_core_path(x->api->config->core), &call, &answer, err) < 0)
        return hf_peer_refused(HF_PEER_NAMED, err);
    if (!hf_json_is_array(hf_json_get(answer, "steps")))
        return hf_peer_nonsense(HF_PATH_FORWARDER, "steps", err);
    o = hf_json_object();
    hf_peer_list(o, "steps", hf_json_get(answer, "steps"), encode_step);
    return hf_reply_json(x, 200, o, err);
}
