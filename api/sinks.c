// SPDX-License-Identifier: Apache-2.0
/* Where records go, as the forwarder sees it. */
#include "api/handlers.h"

#include "api/peer.h"
#include "api/server.h"
#include "model/settings.h"

#include <string.h>

enum { TEST_MS = 35000 /* the forwarder ends by itself within 30 s */ };

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

/* Has the forwarder try what body says. */
static int
reply_steps(struct hf_exchange *x, const struct hf_json *body, enum hf_peer_kind kind,
            struct hf_error *err)
{
    HF_AUTO(hf_json) struct hf_json *answer = NULL;
    HF_AUTO_FREE char *text = NULL;
    struct hf_path_call call = {
        .peer = HF_PATH_FORWARDER, .path = "/v1/sinks/test", .timeout_ms = TEST_MS};
    struct hf_json *o;

    if (hf_json_print(body, &text, err) < 0)
        return -1;
    call.body = text;
    if (hf_path_ask_json(hf_core_path(x->api->config->core), &call, &answer, err) < 0) {
        if (err->class != HF_ERROR_THROTTLED)
            return hf_peer_refused(kind, err);
        err->class = HF_ERROR_CONFLICT; /* one at a time */
        return -1;
    }
    if (!hf_json_is_array(hf_json_get(answer, "steps")))
        return hf_peer_nonsense(HF_PATH_FORWARDER, "steps", err);
    o = hf_json_object();
    hf_peer_list(o, "steps", hf_json_get(answer, "steps"), encode_step);
    return hf_reply_json(x, 200, o, err);
}

int
hf_handle_sink_test(struct hf_exchange *x, struct hf_error *err)
{
    HF_AUTO(hf_json) struct hf_json *body = hf_json_object();

    hf_json_put_string(body, "sink", x->param);
    return reply_steps(x, body, HF_PEER_NAMED, err);
}

/* The settings of a sink, and its secrets apart, as the forwarder reads them. */
static struct hf_json *
split_secrets(const struct hf_json *sink)
{
    struct hf_json *body = hf_json_object(), *open = hf_json_copy(sink);
    struct hf_json *secrets = hf_json_object();

    for (const char *const *name = hf_sink_secrets; *name; name++) {
        if (!hf_json_get(sink, *name))
            continue;
        hf_json_put(secrets, *name, hf_json_copy(hf_json_get(sink, *name)));
        hf_json_remove(open, *name);
    }
    hf_json_put(body, "settings", open);
    hf_json_put(body, "secrets", secrets);
    return body;
}

/* The forwarder's pointers begin where a list of sinks would stand. */
static void
point_into_body(struct hf_error *err)
{
    static const char place[] = "/sinks/0";
    size_t len = sizeof place - 1;

    if (err && strncmp(err->pointer, place, len) == 0)
        memmove(err->pointer, err->pointer + len, strlen(err->pointer + len) + 1);
}

int
hf_handle_sink_try(struct hf_exchange *x, struct hf_error *err)
{
    HF_AUTO(hf_json) struct hf_json *sink = NULL, *body = NULL;
    const char *url;
    int rc;

    if (hf_json_parse(x->body.data ? x->body.data : "", x->body.len, &sink, err) < 0)
        return hf_error_wrap(err, "the body is no JSON");
    if (hf_settings_check_sink(sink, "", err) < 0)
        return -1;
    url = hf_json_string(sink, "url"); /* a query may hold a key */
    if (hf_peer_audit(x, err, "tried the way to %.*s", (int)strcspn(url, "?"), url) < 0)
        return -1;
    body = split_secrets(sink);
    rc = reply_steps(x, body, HF_PEER_POST, err);
    if (rc < 0)
        point_into_body(err);
    return rc;
}
