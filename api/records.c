// SPDX-License-Identifier: Apache-2.0
/* Records that are held: looked at, exported, given up. */
#include "api/handlers.h"

#include "api/peer.h"
#include "api/server.h"
#include "base/clock.h"
#include "base/log.h"

#include <stdio.h>
#include <string.h>

enum { LIMIT_MAX = 500, EXPORT_SILENCE_MS = 60000, FILTER_SIZE = HF_FILTER_MAX + 1 };

static const char *const lane_words[] = {"alarm", "normal", "bulk", NULL};

struct wanted {
    char order[8], topic[FILTER_SIZE], lane[8], cursor[HF_CURSOR_SIZE];
    char from[HF_TIME_TEXT_SIZE], to[HF_TIME_TEXT_SIZE];
    uint64_t limit;
};

/* ---- looking ---- */

static int
records_path(const struct wanted *w, struct hf_buf *path, struct hf_error *err)
{
    char limit[24] = "";

    if (w->limit)
        snprintf(limit, sizeof limit, "%llu", (unsigned long long)w->limit);
    if (hf_peer_param(path, "order", w->order, err) < 0 ||
        hf_peer_param(path, "topic", w->topic, err) < 0 ||
        hf_peer_param(path, "lane", w->lane, err) < 0 ||
        hf_peer_param(path, "from", w->from, err) < 0 ||
        hf_peer_param(path, "to", w->to, err) < 0 || hf_peer_param(path, "limit", limit, err) < 0)
        return -1;
    return hf_peer_param(path, "cursor", w->cursor, err);
}

/* What the buffer says goes on as it is: a number read and written again may lose digits. */
static int
pass_on_records(struct hf_exchange *x, const char *path, struct hf_error *err)
{
    HF_AUTO_BUF struct hf_buf answer = HF_BUF_INIT(HF_PATH_ANSWER_MAX);
    HF_AUTO(hf_json) struct hf_json *doc = NULL;
    const struct hf_path_call call = {.peer = HF_PATH_BUFFER, .path = path};

    if (hf_path_ask(hf_core_path(x->api->config->core), &call, &answer, err) < 0)
        return hf_peer_refused(HF_PEER_GET, err);
    if (hf_json_parse(answer.data ? answer.data : "", answer.len, &doc, NULL) < 0 ||
        !hf_json_is_array(hf_json_get(doc, "records")))
        return hf_peer_nonsense(HF_PATH_BUFFER, "records", err);
    hf_reply_json_text(x, 200, answer.data, answer.len);
    return 0;
}

int
hf_handle_records(struct hf_exchange *x, struct hf_error *err)
{
    static const char *const orders[] = {"newest", "oldest", NULL};
    struct wanted w = {.order = "newest", .limit = 50};
    const struct hf_query_field fields[] = {
        {.name = "order", .ret_text = w.order, .text_size = sizeof w.order, .words = orders},
        {.name = "topic", .ret_text = w.topic, .text_size = sizeof w.topic},
        {.name = "lane", .ret_text = w.lane, .text_size = sizeof w.lane, .words = lane_words},
        {.name = "limit", .min = 1, .max = LIMIT_MAX, .ret_value = &w.limit},
        {.name = "cursor", .ret_text = w.cursor, .text_size = sizeof w.cursor},
    };
    HF_AUTO_BUF struct hf_buf path = HF_BUF_INIT(HF_PEER_PATH_MAX);

    if (hf_query_read(x->query, fields, HF_LEN(fields), err) < 0 ||
        hf_buf_adds(&path, "/v1/records", err) < 0 || records_path(&w, &path, err) < 0)
        return -1;
    return pass_on_records(x, path.data, err);
}

/* ---- exporting ---- */

struct export
{
    struct hf_exchange *x;
    bool begun;
};

/* The head goes out with the first piece, so that what fails before it is still told as an error.
 */
static bool
begin_export(struct export *e)
{
    hf_reply_header(e->x, "Content-Disposition",
                    "attachment; filename=\"holdfast-records.ndjson\"");
    e->begun = true;
    return hf_reply_begin(e->x, "application/x-ndjson");
}

static bool
pass_on(void *context, const void *data, size_t len)
{
    struct export *e = context;

    if (hf_streams_stopping(&e->x->api->streams) || (!e->begun && !begin_export(e)))
        return false;
    return hf_reply_piece(e->x, data, len);
}

static int export(struct hf_exchange *x, const char *path, struct hf_error *err)
{
    struct export e = {.x = x};
    const struct hf_path_call call = {.peer = HF_PATH_BUFFER,
                                      .path = path,
                                      .timeout_ms = EXPORT_SILENCE_MS,
                                      .sink = pass_on,
                                      .context = &e};

    if (x->head) {
        (void)!begin_export(&e);
        return 0;
    }
    if (hf_path_ask(hf_core_path(x->api->config->core), &call, NULL, err) < 0) {
        if (!e.begun)
            return hf_peer_refused(HF_PEER_GET, err);
        hf_log_warn("event=export-cut reason=\"%s\"", err->message);
        x->wire.close_after(x->wire.context); /* without the last chunk */
        return 0;
    }
    if (e.begun || begin_export(&e))
        hf_reply_end(x);
    return 0;
}

int
hf_handle_export(struct hf_exchange *x, struct hf_error *err)
{
    struct wanted w = {.limit = 0};
    const struct hf_query_field fields[] = {
        {.name = "topic", .ret_text = w.topic, .text_size = sizeof w.topic},
        {.name = "lane", .ret_text = w.lane, .text_size = sizeof w.lane, .words = lane_words},
        {.name = "from", .ret_text = w.from, .text_size = sizeof w.from},
        {.name = "to", .ret_text = w.to, .text_size = sizeof w.to},
    };
    HF_AUTO_BUF struct hf_buf path = HF_BUF_INIT(HF_PEER_PATH_MAX);
    int rc;

    if (hf_query_read(x->query, fields, HF_LEN(fields), err) < 0 ||
        hf_query_time("from", w.from, NULL, err) < 0 || hf_query_time("to", w.to, NULL, err) < 0 ||
        hf_buf_adds(&path, "/v1/export", err) < 0 || records_path(&w, &path, err) < 0 ||
        hf_streams_enter(&x->api->streams, HF_STREAM_EXPORT, err) < 0)
        return -1;
    rc = export(x, path.data, err);
    hf_streams_leave(&x->api->streams, HF_STREAM_EXPORT);
    return rc;
}

/* ---- giving up ---- */

static int
read_drop(const struct hf_exchange *x, struct hf_json **ret_doc, int64_t *ret_until_ms,
          struct hf_error *err)
{
    static const struct hf_json_field fields[] = {
        {"lane", HF_JSON_ANY, true},
        {"until", HF_JSON_ANY, true},
        {"confirm", HF_JSON_STRING, true},
    };
    HF_AUTO(hf_json) struct hf_json *doc = NULL;
    const struct hf_json *lane, *until;
    bool known = false;

    if (hf_exchange_json(x, fields, HF_LEN(fields), &doc, err) < 0)
        return -1;
    lane = hf_json_get(doc, "lane");
    until = hf_json_get(doc, "until");
    for (const char *const *w = lane_words; *w; w++)
        known = known || (hf_json_as_string(lane) && strcmp(hf_json_as_string(lane), *w) == 0);
    if (!known && !hf_json_is_null(lane))
        return hf_error_set_at(err, HF_ERROR_INVALID, "/lane",
                               "/lane: must be alarm, normal, bulk, or null for all");
    *ret_until_ms = 0;
    if (!hf_json_is_null(until) &&
        (!hf_json_as_string(until) || !hf_clock_parse(hf_json_as_string(until), ret_until_ms)))
        return hf_error_set_at(err, HF_ERROR_INVALID, "/until",
                               "/until: must be a time such as 2026-11-24T03:01:33Z (RFC 3339), or "
                               "null for all");
    if (strcmp(hf_json_string(doc, "confirm"), "drop") != 0)
        return hf_error_set_at(err, HF_ERROR_INVALID, "/confirm",
                               "/confirm: must be the word drop: there is no way back");
    *ret_doc = hf_steal(&doc);
    return 0;
}

int
hf_handle_drop(struct hf_exchange *x, struct hf_error *err)
{
    HF_AUTO(hf_json) struct hf_json *asked = NULL, *answer = NULL;
    struct hf_json *body, *out;
    const char *lane, *until;
    int64_t until_ms, dropped;
    struct hf_error late;

    if (read_drop(x, &asked, &until_ms, err) < 0)
        return -1;
    lane = hf_json_string(asked, "lane");
    until = hf_json_string(asked, "until");
    if (hf_peer_audit(x, err, "asked to drop records: lane %s, until %.40s", lane ? lane : "any",
                      until ? until : "now") < 0)
        return -1;
    body = hf_json_object();
    hf_json_put_string(body, "lane", lane);
    if (until)
        hf_json_put_int(body, "until_ms", until_ms);
    else
        hf_json_put_null(body, "until_ms");
    if (hf_peer_ask(x, HF_PATH_BUFFER, "/v1/drop", body, &answer, err) < 0)
        return -1;
    dropped = hf_json_int(answer, "dropped", -1);
    if (dropped < 0)
        return hf_peer_nonsense(HF_PATH_BUFFER, "dropped", err);
    if (hf_peer_audit(x, &late, "dropped %lld records", (long long)dropped) < 0)
        hf_log_error("event=audit-not-kept error=\"%s\"", late.message);
    out = hf_json_object();
    hf_json_put_int(out, "dropped", dropped);
    return hf_reply_json(x, 200, out, err);
}
