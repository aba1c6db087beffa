// SPDX-License-Identifier: Apache-2.0
/*
 * Log lines straight from the engine, on the worker's own thread. Nothing else waits for it: such
 * calls count as streams, of which there are far fewer than workers.
 */
#include "api/handlers.h"

#include "api/codec.h"
#include "api/server.h"
#include "base/clock.h"

#include <stdio.h>
#include <string.h>

enum {
    TAIL_MAX = 1000,
    TAIL_DEFAULT = 200,
    LINES_JSON_MAX = 1024 * 1024, /* older lines give way */
    LINE_JSON_MAX = 256 * 1024,
    TAIL_DEADLINE_MS = 15000
};

/* The newest lines as JSON, one after the other. */
struct lines {
    struct hf_exchange *x;
    struct hf_buf json;
    size_t lengths[TAIL_MAX + 1]; /* ring of the lengths in json */
    size_t first, count, most;
    bool truncated;
    int64_t deadline_ms;
};

struct follower {
    struct hf_exchange *x;
    int64_t sent_ms;
    bool gone; /* the reader */
};

static char *
print_line(const struct hf_log_line *line)
{
    HF_AUTO(hf_json) struct hf_json *o = hf_codec_log_line(line);
    char *text = NULL;

    return hf_json_print(o, &text, NULL) == 0 ? text : NULL;
}

static void
drop_oldest(struct lines *l)
{
    hf_buf_consume(&l->json, l->lengths[l->first]);
    l->first = (l->first + 1) % HF_LEN(l->lengths);
    l->count--;
    l->truncated = true;
}

static bool
keep_line(void *context, const struct hf_log_line *line)
{
    struct lines *l = context;
    HF_AUTO_FREE char *text = print_line(line);
    size_t len = text ? strlen(text) : 0;

    if (!text || len > LINE_JSON_MAX) {
        l->truncated = true;
        return true;
    }
    while (l->count > 0 && (l->count >= l->most || l->json.len + len > LINES_JSON_MAX))
        drop_oldest(l);
    if (l->most == 0) {
        l->truncated = true;
        return true;
    }
    if (hf_buf_add(&l->json, text, len, NULL) < 0)
        return false;
    l->lengths[(l->first + l->count) % HF_LEN(l->lengths)] = len;
    l->count++;
    return true;
}

static bool
tail_cancelled(void *context)
{
    const struct lines *l = context;

    return hf_streams_stopping(&l->x->api->streams) || hf_clock_mono_ms() > l->deadline_ms;
}

static int
reply_lines(struct hf_exchange *x, const struct lines *l, struct hf_error *err)
{
    HF_AUTO_BUF struct hf_buf out = HF_BUF_INIT(LINES_JSON_MAX + 8 * TAIL_MAX);
    const char *line = l->json.data;

    if (hf_buf_adds(&out, "{\"lines\":[", err) < 0)
        return -1;
    for (size_t i = 0; i < l->count; i++) {
        size_t len = l->lengths[(l->first + i) % HF_LEN(l->lengths)];

        if ((i > 0 && hf_buf_adds(&out, ",", err) < 0) || hf_buf_add(&out, line, len, err) < 0)
            return -1;
        line += len;
    }
    if (hf_buf_addf(&out, err, "],\"truncated\":%s}", l->truncated ? "true" : "false") < 0)
        return -1;
    hf_reply_json_text(x, 200, out.data, out.len);
    return 0;
}

/* Asks for one line more than wanted, which tells whether there are older ones. */
static int
tail_lines(struct hf_exchange *x, const char *container, size_t tail, bool previous,
           struct hf_error *err)
{
    const struct hf_api_config *config = x->api->config;
    HF_AUTO_FREE struct lines *l = calloc(1, sizeof *l);
    int rc = 0;

    if (!l)
        return hf_error_nomem(err);
    l->x = x;
    l->json = HF_BUF_INIT(LINES_JSON_MAX + LINE_JSON_MAX);
    l->most = tail;
    l->deadline_ms = hf_clock_mono_ms() + TAIL_DEADLINE_MS;
    if (previous)
        rc = hf_archive_read(hf_core_archive(config->core), x->param, tail + 1, keep_line,
                             tail_cancelled, l, err);
    else if (container[0])
        rc = config->engine_ops->logs(config->engine, container, (int)tail + 1, false, keep_line,
                                      tail_cancelled, l, err);
    if (rc == 0 && tail_cancelled(l))
        rc = hf_error_set(err, HF_ERROR_TIMEOUT, "the engine takes too long to give the log");
    if (rc == 0)
        rc = reply_lines(x, l, err);
    hf_buf_done(&l->json);
    return rc;
}

static bool
send_event(struct follower *f, const char *name, const char *data)
{
    HF_AUTO_BUF struct hf_buf frame = HF_BUF_INIT(LINE_JSON_MAX + 64);

    f->sent_ms = hf_clock_mono_ms();
    f->gone = hf_sse_event(&frame, NULL, name, data, strlen(data), NULL) < 0 ||
              !hf_exchange_write(f->x, frame.data, frame.len);
    return !f->gone;
}

static bool
send_line(void *context, const struct hf_log_line *line)
{
    HF_AUTO_FREE char *text = print_line(line);

    if (!text || strlen(text) > LINE_JSON_MAX)
        return true;
    return send_event(context, "line", text);
}

static bool
follow_cancelled(void *context)
{
    struct follower *f = context;
    struct hf_exchange *x = f->x;
    int64_t now_ms = hf_clock_mono_ms();

    if (f->gone || hf_streams_stopping(&x->api->streams) ||
        !hf_identity_still(x->api->config->identity, &x->session))
        return true;
    if (now_ms - f->sent_ms < HF_STREAM_LOGS_HEARTBEAT_MS)
        return false;
    f->sent_ms = now_ms;
    f->gone = !hf_exchange_write(x, hf_sse_heartbeat, strlen(hf_sse_heartbeat));
    return f->gone;
}

static void
send_end(struct follower *f, const char *detail)
{
    HF_AUTO(hf_json) struct hf_json *o = hf_json_object();
    HF_AUTO_FREE char *text = NULL;

    hf_json_put_string(o, "detail", detail);
    if (hf_json_print(o, &text, NULL) == 0)
        send_event(f, "end", text);
}

static void
follow_lines(struct hf_exchange *x, const char *container, size_t tail)
{
    const struct hf_api_config *config = x->api->config;
    struct follower f = {.x = x, .sent_ms = hf_clock_mono_ms()};
    struct hf_error err = {0};
    int rc = 0;

    if (!container[0])
        send_end(&f, "the service has no container");
    else
        rc = config->engine_ops->logs(config->engine, container, (int)tail, true, send_line,
                                      follow_cancelled, &f, &err);
    if (container[0] && !follow_cancelled(&f))
        send_end(&f, rc < 0 ? err.message : "the container has ended");
}

int
hf_handle_logs(struct hf_exchange *x, struct hf_error *err)
{
    uint64_t tail = TAIL_DEFAULT, follow = 0, previous = 0;
    const struct hf_query_field fields[] = {
        {.name = "tail", .max = TAIL_MAX, .ret_value = &tail},
        {.name = "follow", .is_bool = true, .ret_value = &follow},
        {.name = "previous", .is_bool = true, .ret_value = &previous},
    };
    char container[HF_HASH_SIZE];
    int rc = 0;

    if (hf_query_read(x->query, fields, HF_LEN(fields), err) < 0)
        return -1;
    if (follow && previous)
        return hf_error_set(err, HF_ERROR_MALFORMED,
                            "a container that is gone says nothing more: leave out follow or "
                            "previous");
    if (hf_service_container(x, x->param, container, err) < 0 ||
        hf_streams_enter(&x->api->streams, HF_STREAM_LOGS, err) < 0)
        return -1;
    if (!follow)
        rc = tail_lines(x, container, (size_t)tail, previous, err);
    else if (hf_reply_stream(x))
        follow_lines(x, container, (size_t)tail);
    hf_streams_leave(&x->api->streams, HF_STREAM_LOGS);
    return rc;
}
