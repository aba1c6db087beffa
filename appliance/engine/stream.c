// SPDX-License-Identifier: Apache-2.0
#include "engine/stream.h"

#include "base/clock.h"
#include "base/text.h"
#include "engine/inspect.h"
#include "engine/line_decoder.h"
#include "engine/log_decoder.h"

#include <inttypes.h>
#include <string.h>
#include <time.h>

enum {
    NAP_MS = 500, /* between two questions whether it is cancelled, while the engine is away */
    EVENTS_LOOK_MS = 10000, /* and while it has nothing to say */
    RECONNECT_FIRST_MS = 500,
    RECONNECT_MOST_MS = 5000
};

/* ---- logs ---- */

struct log_stream {
    struct hf_log_decoder *decoder;
    bool (*cancelled)(void *context);
    void *context;
};

static int
on_log_data(void *context, const char *data, size_t len, bool *ret_ended, struct hf_error *err)
{
    struct log_stream *s = context;

    return hf_log_decoder_feed(s->decoder, data, len, ret_ended, err);
}

static bool
log_cancelled(void *context)
{
    struct log_stream *s = context;

    return s->cancelled && s->cancelled(s->context);
}

static int
logs_path(const char *id, int tail, bool follow, struct hf_buf *path, struct hf_error *err)
{
    if (hf_client_path(path, "/containers/", id, "/logs?stdout=1&stderr=1&timestamps=1", err) < 0)
        return -1;
    if (tail >= 0 && hf_buf_addf(path, err, "&tail=%d", tail) < 0)
        return -1;
    return hf_buf_addf(path, err, "&follow=%d", follow);
}

int
hf_stream_logs(void *ctx, const char *id, int tail, bool follow, hf_log_sink *sink,
               bool (*cancelled)(void *context), void *context, struct hf_error *err)
{
    HF_AUTO_BUF struct hf_buf path = HF_BUF_INIT(PATH_BYTES_MAX);
    HF_AUTO(hf_log_decoder) struct hf_log_decoder *decoder = NULL;
    struct log_stream stream = {.cancelled = cancelled, .context = context};
    struct hf_client_call call = {
        .method = "GET",
        .total_ms = follow ? 0 : SLOW_CALL_MS,
        .sink = on_log_data,
        .cancelled = log_cancelled,
        .context = &stream,
    };

    if (logs_path(id, tail, follow, &path, err) < 0 ||
        hf_log_decoder_new(sink, context, &decoder, err) < 0)
        return -1;
    stream.decoder = decoder;
    call.path = path.data;
    if (hf_client_call(ctx, &call, NULL, err) < 0)
        return -1;
    hf_log_decoder_finish(decoder);
    return 0;
}

/* ---- events ---- */

struct event_stream {
    struct hf_line_decoder lines;
    const char *instance;
    hf_event_sink *sink;
    bool (*cancelled)(void *context);
    void *context;
    bool ended;      /* the sink said so */
    bool connected;  /* in this connection */
    int64_t since_s; /* the engine's time of the newest event */
};

static void
tell(struct event_stream *s, const char *what, const char *service)
{
    if (!s->ended && !s->sink(s->context, what, service))
        s->ended = true;
}

static bool
event_cancelled(void *context)
{
    struct event_stream *s = context;

    return s->ended || (s->cancelled && s->cancelled(s->context));
}

static void
on_connected(void *context)
{
    struct event_stream *s = context;

    s->connected = true;
    tell(s, "connected", "");
}

/* Networks and volumes carry no labels in their events, but our names begin with the instance's. */
static bool
is_ours_by_name(const struct event_stream *s, const char *name)
{
    size_t len = strlen(s->instance);

    return name && strncmp(name, s->instance, len) == 0 && name[len] == '-';
}

static void
take_event(struct event_stream *s, const struct hf_json *doc)
{
    const struct hf_json *actor = hf_json_get(doc, "Actor");
    const struct hf_json *attributes = hf_json_get(actor, "Attributes");
    const char *type = hf_json_string(doc, "Type");
    const char *action = hf_json_string(doc, "Action");
    int64_t time_s = hf_json_int(doc, "time", 0);

    if (!type || !action)
        return;
    if (time_s > s->since_s)
        s->since_s = time_s;
    if (strcmp(type, "container") == 0) {
        if (strcmp(hf_inspect_label(attributes, LABEL_INSTANCE), s->instance) == 0)
            tell(s, action, hf_inspect_label(attributes, LABEL_SERVICE));
    } else if (strcmp(action, "destroy") != 0) {
        return;
    } else if (strcmp(type, "network") == 0) {
        if (is_ours_by_name(s, hf_json_string(attributes, "name")))
            tell(s, "network-destroy", "");
    } else if (strcmp(type, "volume") == 0) {
        if (is_ours_by_name(s, hf_json_string(actor, "ID")))
            tell(s, "volume-destroy", "");
    }
}

/* A line that cannot be read is passed over: events are hints, inspection is truth. */
static int
on_event_line(void *context, const char *line, size_t len, bool cut, struct hf_error *err)
{
    struct event_stream *s = context;
    HF_AUTO(hf_json) struct hf_json *doc = NULL;

    (void)err;
    if (!cut && len > 0 && hf_json_parse(line, len, &doc, NULL) == 0)
        take_event(s, doc);
    return 0;
}

static int
on_event_data(void *context, const char *data, size_t len, bool *ret_ended, struct hf_error *err)
{
    struct event_stream *s = context;

    if (hf_line_decoder_feed(&s->lines, data, len, err) < 0)
        return -1;
    *ret_ended = s->ended;
    return 0;
}

static struct hf_json *
texts(const char *const *list, size_t count)
{
    struct hf_json *array = hf_json_array();

    for (size_t i = 0; i < count; i++)
        hf_json_add_string(array, list[i]);
    return array;
}

static int
events_path(int64_t since_s, struct hf_buf *path, struct hf_error *err)
{
    static const char *const types[] = {"container", "network", "volume"};
    static const char *const actions[] = {"create", "start",   "die",    "stop",   "oom",
                                          "pause",  "unpause", "update", "rename", "destroy"};
    HF_AUTO(hf_json) struct hf_json *filters = hf_json_object();
    HF_AUTO_FREE char *text = NULL;

    hf_json_put(filters, "type", texts(types, HF_LEN(types)));
    hf_json_put(filters, "event", texts(actions, HF_LEN(actions)));
    if (hf_json_print(filters, &text, err) < 0 ||
        hf_client_path(path, "/events?filters=", text, "", err) < 0)
        return -1;
    return since_s ? hf_buf_addf(path, err, "&since=%" PRId64, since_s) : 0;
}

/* One connection, until it ends. */
static int
listen_once(struct hf_engine *e, struct event_stream *s, struct hf_error *err)
{
    HF_AUTO_BUF struct hf_buf path = HF_BUF_INIT(PATH_BYTES_MAX);
    struct hf_client_call call = {
        .method = "GET",
        .sink = on_event_data,
        .cancelled = event_cancelled,
        .look_ms = EVENTS_LOOK_MS,
        .context = s,
        .connected = on_connected,
    };
    int result;

    if (events_path(s->since_s, &path, err) < 0)
        return -1;
    call.path = path.data;
    s->connected = false;
    hf_line_decoder_init(&s->lines, on_event_line, s);
    result = hf_client_call(e, &call, NULL, err);
    hf_line_decoder_done(&s->lines);
    return result;
}

static void
nap(struct event_stream *s, int64_t ms)
{
    int64_t end = hf_clock_mono_ms() + ms;

    while (!event_cancelled(s)) {
        int64_t left = end - hf_clock_mono_ms();
        int64_t step = left < NAP_MS ? left : NAP_MS;

        if (left <= 0)
            return;
        nanosleep(&(struct timespec){.tv_nsec = step * 1000000}, NULL);
    }
}

int
hf_stream_events(void *ctx, const char *instance, hf_event_sink *sink,
                 bool (*cancelled)(void *context), void *context, struct hf_error *err)
{
    struct hf_engine *e = ctx;
    struct event_stream s = {
        .instance = instance,
        .sink = sink,
        .cancelled = cancelled,
        .context = context,
    };
    int64_t wait_ms = RECONNECT_FIRST_MS;
    bool told_lost = false;

    while (!event_cancelled(&s)) {
        struct hf_error local = {0};
        int result = listen_once(e, &s, &local);

        if (event_cancelled(&s))
            break;
        if (result < 0 && local.class == HF_ERROR_INTERNAL) {
            if (err)
                *err = local;
            return -1;
        }
        if (s.connected || !told_lost)
            tell(&s, "lost", "");
        told_lost = true;
        wait_ms = s.connected ? RECONNECT_FIRST_MS : wait_ms;
        hf_client_forget(e);
        nap(&s, wait_ms);
        wait_ms = wait_ms * 2 < RECONNECT_MOST_MS ? wait_ms * 2 : RECONNECT_MOST_MS;
    }
    return 0;
}
