// SPDX-License-Identifier: Apache-2.0
/* What holdfastd asks of the buffer. */
#include "base/clock.h"
#include "base/text.h"
#include "buffer/api_private.h"
#include "buffer/look.h"
#include "buffer/look_cut.h"
#include "common/jsontext.h"
#include "common/procio.h"
#include "common/status.h"
#include "json/json.h"

#include <stdio.h>

enum {
    SMALL_BODY_MAX = 4096,
    IDS_BODY_MAX = 64 * 1024,
    TEXT_MAX = HF_TOPIC_FILTER_MAX + 2, /* of a parameter */
    LOOK_BYTES = 2 * 1024 * 1024,       /* of the budget, for a page or an export */
    LOOK_WAIT_MS = 5000,
    PAGE_MAX = HF_LOOK_PAGE_BYTES + 2 * HF_LOOK_LINES_MAX,
};

static void
answer_count(struct hf_request *q, const char *name, uint64_t count)
{
    HF_AUTO(hf_json) struct hf_json *o = hf_json_object();

    hf_json_put_int(o, name, (int64_t)count);
    hf_request_answer_json(q, o);
}

/* ---- status ---- */

static struct hf_json *
status_lanes(const struct hf_spool_status *s)
{
    struct hf_json *all = hf_json_array();

    for (int i = HF_LANE_ALARM; i < HF_LANE_COUNT; i++) {
        struct hf_json *o = hf_json_object();

        hf_json_put_string(o, "lane", hf_lane_name((enum hf_lane)i));
        hf_json_put_int(o, "held", (int64_t)s->lanes[i].held);
        hf_json_put_int(o, "bytes", s->lanes[i].bytes);
        hf_json_put_int(o, "oldest_ms", s->lanes[i].oldest_ms);
        hf_json_add(all, o);
    }
    return all;
}

static struct hf_json *
status_sinks(const struct hf_spool_status *s)
{
    struct hf_json *all = hf_json_array();

    for (size_t i = 0; i < s->sink_count; i++) {
        const struct hf_sink_status *one = &s->sinks[i];
        struct hf_json *o = hf_json_object();

        hf_json_put_string(o, "sink", one->name);
        hf_json_put_int(o, "accepted", (int64_t)one->accepted);
        hf_json_put_int(o, "delivered", (int64_t)one->delivered);
        hf_json_put_int(o, "held", (int64_t)one->held);
        hf_json_put_int(o, "dropped", (int64_t)one->dropped);
        hf_json_put_int(o, "quarantined", (int64_t)one->quarantined);
        hf_json_put_int(o, "oldest_ms", one->oldest_ms);
        hf_json_put_int(o, "leased", (int64_t)one->leased);
        hf_json_add(all, o);
    }
    return all;
}

static struct hf_json *
status_books(const struct hf_books *b)
{
    struct hf_json *o = hf_json_object();

    hf_json_put_int(o, "accepted", (int64_t)b->accepted);
    hf_json_put_int(o, "delivered", (int64_t)b->delivered);
    hf_json_put_int(o, "held", (int64_t)b->held);
    hf_json_put_int(o, "dropped", (int64_t)b->dropped);
    hf_json_put_int(o, "quarantined", (int64_t)b->quarantined);
    return o;
}

static struct hf_json *
status_disk(const struct hf_owner_view *v)
{
    const struct hf_spool_status *s = &v->status;
    struct hf_json *o = hf_json_object();

    hf_json_put_int(o, "bytes", s->disk_bytes);
    hf_json_put_int(o, "limit", v->max_bytes);
    hf_json_put_int(o, "free", s->disk_free);
    hf_json_put_int(o, "keep_free", v->keep_free_bytes);
    hf_json_put_int(o, "blocks", (int64_t)s->blocks);
    hf_json_put_int(o, "raw_bytes", (int64_t)s->raw_bytes);
    hf_json_put_int(o, "stored_bytes", (int64_t)s->stored_bytes);
    return o;
}

static struct hf_json *
status_flash(const struct hf_buffer_api *api, const struct hf_spool_status *s)
{
    struct hf_json *o = hf_json_object();

    hf_json_put_int(o, "written_bytes", hf_procio_written());
    hf_json_put_int(o, "since_ms", api->started_ms);
    hf_json_put_int(o, "for_ms", hf_clock_mono_ms() - api->started_mono_ms);
    hf_json_put_int(o, "payload_bytes", (int64_t)s->payload_bytes);
    hf_json_put_int(o, "commits", (int64_t)s->commits);
    hf_json_put_int(o, "checkpoints", (int64_t)s->checkpoints);
    return o;
}

static struct hf_json *
status_topics(const struct hf_shown_topic *topics, size_t count, bool drops)
{
    struct hf_json *all = hf_json_array();

    for (size_t i = 0; i < count; i++) {
        struct hf_json *o = hf_json_object();

        hf_json_put_string(o, "topic", topics[i].topic);
        hf_json_put_string(o, drops ? "reason" : "lane",
                           drops ? topics[i].reason : hf_lane_name(topics[i].lane));
        hf_json_put_int(o, drops ? "records" : "held", (int64_t)topics[i].records);
        hf_json_add(all, o);
    }
    return all;
}

void
hf_buffer_status(void *ctx, struct hf_request *q)
{
    struct hf_buffer_api *api = ctx;
    HF_AUTO_FREE struct hf_owner_topics *topics = calloc(1, sizeof *topics);
    HF_AUTO(hf_json) struct hf_json *o = hf_json_object();
    struct hf_owner_view v;
    char reason[HF_STATUS_REASON_MAX];
    struct hf_error err;

    if (!topics)
        hf_error_nomem(&err);
    if (!topics || hf_request_parameters(q, NULL, 0, &err) < 0) {
        hf_request_answer_error(q, &err);
        return;
    }
    hf_owner_look(api->owner, &v);
    hf_owner_look_topics(api->owner, topics);
    hf_json_put_string(o, "epoch", v.status.books.epoch);
    hf_json_put_string(o, "state", hf_owner_state(&v, reason, sizeof reason));
    hf_json_put_string(o, "reason", reason);
    hf_json_put_int(o, "window_ms", v.window_ms);
    hf_json_put_int(o, "last_commit_ms", v.last_commit_ms);
    hf_json_put_int(o, "commit_ms", v.commit_ms);
    hf_json_put_int(o, "commit_max_ms", v.commit_max_ms);
    hf_json_put_int(o, "waiting", (int64_t)v.waiting);
    hf_json_put_string(o, "policy", hf_when_full_names[v.when_full]);
    hf_json_put(o, "books", status_books(&v.status.books));
    hf_json_put_int(o, "oldest_ms", v.status.oldest_ms);
    hf_json_put_int(o, "newest_ms", v.status.newest_ms);
    hf_json_put(o, "lanes", status_lanes(&v.status));
    hf_json_put(o, "sinks", status_sinks(&v.status));
    hf_json_put(o, "disk", status_disk(&v));
    hf_json_put(o, "flash", status_flash(api, &v.status));
    hf_json_put(o, "dropped", status_topics(topics->drops, topics->drop_count, true));
    hf_json_put(o, "topics", status_topics(topics->held, topics->held_count, false));
    hf_request_answer_json(q, o);
}

/* ---- records, export ---- */

/* Reads the parameters that this route has, in the order of struct hf_look_texts. */
static int
read_look(const struct hf_request *q, const char *const names[7], struct hf_look_ask *ask,
          struct hf_error *err)
{
    const char *known[7], *given[7] = {0};
    char texts[7][TEXT_MAX];
    size_t count = 0;

    for (size_t i = 0; i < HF_LEN(texts); i++)
        if (names[i])
            known[count++] = names[i];
    if (hf_request_parameters(q, known, count, err) < 0)
        return -1;
    for (size_t i = 0; i < HF_LEN(texts); i++)
        if (names[i] && hf_request_get(q, names[i], texts[i], sizeof texts[i], &given[i], err) < 0)
            return -1;
    return hf_look_ask_read(&(struct hf_look_texts){given[0], given[1], given[2], given[3],
                                                    given[4], given[5], given[6]},
                            ask, err);
}

void
hf_buffer_records(void *ctx, struct hf_request *q)
{
    static const char *const names[7] = {"order", "topic", "lane", "limit", "cursor", NULL, NULL};
    HF_AUTO_BUF struct hf_buf page = HF_BUF_INIT(PAGE_MAX);
    struct hf_buffer_api *api = ctx;
    size_t bytes = LOOK_BYTES;
    struct hf_look_ask ask;
    struct hf_error err;

    if (read_look(q, names, &ask, &err) < 0) {
        hf_request_answer_error(q, &err);
        return;
    }
    if (!hf_budget_take(&api->budget, &bytes, LOOK_WAIT_MS)) {
        hf_request_refuse(q, HF_ERROR_UNAVAILABLE, "too many requests are in progress: come again");
        return;
    }
    if (hf_look_page(api->owner, &ask, &page, &err) < 0)
        hf_request_answer_error(q, &err);
    else
        hf_request_answer(q, 200, "application/json", NULL, page.data, page.len);
    hf_buf_done(&page);
    hf_budget_give(&api->budget, bytes);
}

struct export
{
    struct hf_request *q;
    bool begun;
};

static bool
write_export(void *ctx, const char *lines, size_t len)
{
    struct export *e = ctx;

    if (!e->begun)
        hf_request_stream_begin(e->q, 200, "application/x-ndjson", NULL);
    e->begun = true;
    return hf_request_stream_write(e->q, lines, len);
}

/* The budget is not taken: an export may last for hours, and there are few. */
static void
run_export(struct hf_buffer_api *api, struct hf_request *q, const struct hf_look_ask *ask)
{
    struct export e = {.q = q};
    struct hf_error err;
    int rc = hf_look_export(api->owner, ask, write_export, &e, &err);

    if (rc < 0 && !e.begun) {
        hf_request_answer_error(q, &err);
        return;
    }
    if (!e.begun)
        (void)write_export(&e, "", 0);
    hf_request_stream_end(q, rc == 0);
}

void
hf_buffer_export(void *ctx, struct hf_request *q)
{
    static const char *const names[7] = {NULL, "topic", "lane", NULL, NULL, "from", "to"};
    struct hf_buffer_api *api = ctx;
    struct hf_look_ask ask;
    struct hf_error err;

    if (read_look(q, names, &ask, &err) < 0) {
        hf_request_answer_error(q, &err);
        return;
    }
    if (atomic_fetch_add(&api->exports, 1) < HF_BUFFER_EXPORTS_MAX)
        run_export(api, q, &ask);
    else
        hf_request_refuse(q, HF_ERROR_UNAVAILABLE, "two exports are running: come again");
    atomic_fetch_sub(&api->exports, 1);
}

/* ---- drop ---- */

static int
do_drop(struct hf_spool *spool, void *ctx, struct hf_error *err)
{
    return hf_spool_drop(spool, ctx, err);
}

/* Each step is a commit of its own: what came before one that fails is dropped. */
static int
drop_in_steps(struct hf_buffer_api *api, const struct hf_drop_ask *ask, uint64_t *ret_count,
              struct hf_error *err)
{
    struct hf_spool_drop d = {.lane = ask->lane, .until_ms = ask->until_ms};
    int rc;

    *ret_count = 0;
    while ((rc = hf_owner_change(api->owner, do_drop, &d, err)) > 0)
        *ret_count = d.count;
    if (rc == 0)
        *ret_count = d.count;
    else if (*ret_count)
        (void)hf_error_wrap(err, "%llu records were dropped before",
                            (unsigned long long)*ret_count);
    return rc;
}

void
hf_buffer_drop(void *ctx, struct hf_request *q)
{
    HF_AUTO_BUF struct hf_buf body = HF_BUF_INIT(SMALL_BODY_MAX);
    struct hf_buffer_api *api = ctx;
    const char *text = hf_buffer_body(q, &body);
    struct hf_drop_ask ask;
    struct hf_error err;
    uint64_t count;

    if (!text)
        return;
    if (hf_drop_ask_read(text, body.len, &ask, &err) < 0 ||
        drop_in_steps(api, &ask, &count, &err) < 0)
        hf_request_answer_error(q, &err);
    else
        answer_count(q, "dropped", count);
}

/* ---- quarantine ---- */

struct quarantine_page {
    struct hf_buf out;
    uint64_t before;
    unsigned limit, count;
    uint64_t last; /* id of the last one on the page */
    bool more;
};

static int
add_text(struct hf_buf *b, const char *name, const char *text, size_t len, struct hf_error *err)
{
    return hf_buf_addf(b, err, ",\"%s\":", name) < 0 ? -1 : hf_jsontext_add(b, text, len, err);
}

static int
add_quarantined(void *ctx, const struct hf_quarantined *i, struct hf_error *err)
{
    struct quarantine_page *p = ctx;
    char time[HF_RFC3339_SIZE];

    if (p->count == p->limit || p->out.len > HF_LOOK_PAGE_BYTES) {
        p->more = true;
        return 0;
    }
    hf_clock_rfc3339(i->time_ms, time);
    if (hf_buf_addf(&p->out, err, "%s{\"id\":\"%llu\",\"sink\":\"%s\"", p->count ? ",\n" : "",
                    (unsigned long long)i->id, i->sink) < 0)
        return -1;
    if (i->seq && hf_buf_addf(&p->out, err, ",\"seq\":\"%llu\",\"epoch\":\"%s\"",
                              (unsigned long long)i->seq, i->epoch) < 0)
        return -1;
    if (!i->seq && hf_buf_adds(&p->out, ",\"seq\":null,\"epoch\":null", err) < 0)
        return -1;
    if (hf_buf_addf(&p->out, err, ",\"at_ms\":%lld,\"time\":\"%s\",\"status\":%d",
                    (long long)i->at_ms, time, i->status) < 0 ||
        add_text(&p->out, "topic", i->topic, i->topic_len, err) < 0 ||
        add_text(&p->out, "reason", i->reason, i->reason_len, err) < 0 ||
        hf_buf_adds(&p->out, ",\"record\":", err) < 0 ||
        hf_look_add_line(i->line, i->line_len, &p->out, err) < 0 ||
        hf_buf_adds(&p->out, "}}", err) < 0)
        return -1;
    p->count++;
    p->last = i->id;
    return 0;
}

static int
read_quarantine(struct hf_spool *spool, void *ctx, struct hf_error *err)
{
    struct quarantine_page *p = ctx;

    return hf_spool_quarantine_list(spool, p->before, p->limit + 1, add_quarantined, p, err);
}

static int
fill_quarantine(struct hf_buffer_api *api, struct quarantine_page *p, const struct hf_look_ask *ask,
                struct hf_error *err)
{
    struct hf_owner_view v;

    if (*ask->cursor && (!hf_text_u64(ask->cursor, &p->before) || p->before > INT64_MAX))
        return hf_error_set(err, HF_ERROR_MALFORMED,
                            "cursor: expected what next said in the answer before");
    p->limit = ask->limit;
    if (hf_buf_adds(&p->out, "{\"items\":[", err) < 0 ||
        hf_owner_read(api->owner, read_quarantine, p, err) < 0)
        return -1;
    hf_owner_look(api->owner, &v);
    if (p->more ? hf_buf_addf(&p->out, err, "],\"next\":\"%llu\"", (unsigned long long)p->last) < 0
                : hf_buf_adds(&p->out, "],\"next\":null", err) < 0)
        return -1;
    return hf_buf_addf(&p->out, err, ",\"total\":%llu,\"bytes\":%llu}",
                       (unsigned long long)v.status.quarantine_items,
                       (unsigned long long)v.status.quarantine_bytes);
}

void
hf_buffer_quarantine(void *ctx, struct hf_request *q)
{
    static const char *const names[7] = {NULL, NULL, NULL, "limit", "cursor", NULL, NULL};
    struct quarantine_page p = {.out = HF_BUF_INIT(PAGE_MAX)};
    struct hf_look_ask ask;
    struct hf_error err;

    if (read_look(q, names, &ask, &err) < 0 || fill_quarantine(ctx, &p, &ask, &err) < 0)
        hf_request_answer_error(q, &err);
    else
        hf_request_answer(q, 200, "application/json", NULL, p.out.data, p.out.len);
    hf_buf_done(&p.out);
}

struct change {
    struct hf_ids_ask ids;
    uint64_t count;
};

static int
do_replay(struct hf_spool *spool, void *ctx, struct hf_error *err)
{
    struct change *c = ctx;

    return hf_spool_quarantine_replay(spool, c->ids.ids, c->ids.count, &c->count, err);
}

static int
do_quarantine_drop(struct hf_spool *spool, void *ctx, struct hf_error *err)
{
    struct change *c = ctx;

    return hf_spool_quarantine_drop(spool, c->ids.ids, c->ids.count, &c->count, err);
}

static void
decide(struct hf_buffer_api *api, struct hf_request *q, hf_owner_work *work)
{
    HF_AUTO_BUF struct hf_buf body = HF_BUF_INIT(IDS_BODY_MAX);
    const char *text = hf_buffer_body(q, &body);
    struct change c = {.count = 0};
    struct hf_error err;

    if (!text)
        return;
    if (hf_ids_ask_read(text, body.len, &c.ids, &err) < 0 ||
        hf_owner_change(api->owner, work, &c, &err) < 0)
        hf_request_answer_error(q, &err);
    else
        answer_count(q, "count", c.count);
    free(c.ids.ids);
}

void
hf_buffer_quarantine_replay(void *ctx, struct hf_request *q)
{
    decide(ctx, q, do_replay);
}

void
hf_buffer_quarantine_drop(void *ctx, struct hf_request *q)
{
    decide(ctx, q, do_quarantine_drop);
}
