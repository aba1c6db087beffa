// SPDX-License-Identifier: Apache-2.0
#include "buffer/asks.h"

#include "base/clock.h"
#include "base/text.h"
#include "json/json.h"

#include <stdio.h>
#include <string.h>

enum {
    REFUSED_STATUS_MIN = 100,
    REFUSED_STATUS_MAX = 999,
    IDS_MAX = 1000,
};

/* ---- values that stand in several places ---- */

static int
malformed(struct hf_error *err, const char *name, const char *what)
{
    return hf_error_set(err, HF_ERROR_MALFORMED, "%s: %s", name, what);
}

static int
copy_text(char *out, size_t size, const char *text, const char *name, struct hf_error *err)
{
    if (text && !hf_text_put(out, size, "%s", text))
        return hf_error_set(err, HF_ERROR_MALFORMED, "%s: at most %zu bytes", name, size - 1);
    return 0;
}

static int
read_sink(char out[HF_SINK_NAME_SIZE], const char *text, struct hf_error *err)
{
    if (!text || !*text)
        return malformed(err, "sink", "is missing");
    return copy_text(out, HF_SINK_NAME_SIZE, text, "sink", err);
}

static int
read_lane(enum hf_lane *ret_lane, const char *text, struct hf_error *err)
{
    if (text && !hf_lane_parse(text, ret_lane))
        return malformed(err, "lane", "expected alarm, normal or bulk");
    return 0;
}

static int
read_number(uint64_t *value, const char *text, const char *name, uint64_t least, uint64_t most,
            struct hf_error *err)
{
    if (text && (!hf_text_u64(text, value) || *value < least || *value > most))
        return hf_error_set(err, HF_ERROR_MALFORMED,
                            "%s: expected a whole number from %llu to %llu", name,
                            (unsigned long long)least, (unsigned long long)most);
    return 0;
}

static int
read_seq(const struct hf_json *v, const char *name, uint64_t *ret_seq, struct hf_error *err)
{
    const char *text = hf_json_string(v, name);

    if (!text || !hf_text_u64(text, ret_seq) || *ret_seq > INT64_MAX)
        return malformed(err, name, "expected a number, as a text");
    return 0;
}

static int
parse(const char *body, size_t len, const struct hf_json_field *fields, size_t count,
      struct hf_json **ret_doc, struct hf_error *err)
{
    HF_AUTO(hf_json) struct hf_json *doc = NULL;

    if (hf_json_parse(body, len, &doc, err) < 0 || hf_json_check(doc, "", fields, count, err) < 0)
        return -1;
    *ret_doc = hf_steal(&doc);
    return 0;
}

/* ---- lease, extend ---- */

int
hf_lease_ask_read(const struct hf_lease_texts *t, struct hf_lease_ask *ret_ask,
                  struct hf_error *err)
{
    struct hf_lease_ask ask = {.max_bytes = HF_LEASE_BYTES_DEFAULT};
    uint64_t wait_ms = 0, lease_ms = HF_LEASE_DEFAULT_MS;

    if (read_sink(ask.sink, t->sink, err) < 0 || read_lane(&ask.lane, t->lane, err) < 0 ||
        read_number(&ask.max_bytes, t->max_bytes, "max_bytes", 1, HF_LEASE_BYTES_MAX, err) < 0 ||
        read_number(&wait_ms, t->wait_ms, "wait_ms", 0, HF_LEASE_WAIT_MAX_MS, err) < 0 ||
        read_number(&lease_ms, t->lease_ms, "lease_ms", 1, HF_LEASE_MAX_MS, err) < 0 ||
        copy_text(ask.holder, sizeof ask.holder, t->holder, "holder", err) < 0)
        return -1;
    ask.wait_ms = (int64_t)wait_ms;
    ask.lease_ms = (int64_t)lease_ms;
    *ret_ask = ask;
    return 0;
}

int
hf_extend_ask_read(const char *body, size_t len, struct hf_extend_ask *ret_ask,
                   struct hf_error *err)
{
    static const struct hf_json_field fields[] = {
        {"sink", HF_JSON_STRING, true},
        {"lane", HF_JSON_STRING, true},
        {"lease_ms", HF_JSON_INT, false},
    };
    HF_AUTO(hf_json) struct hf_json *doc = NULL;
    struct hf_extend_ask ask = {0};

    if (parse(body, len, fields, HF_LEN(fields), &doc, err) < 0 ||
        read_sink(ask.sink, hf_json_string(doc, "sink"), err) < 0 ||
        read_lane(&ask.lane, hf_json_string(doc, "lane"), err) < 0)
        return -1;
    ask.lease_ms = hf_json_int(doc, "lease_ms", HF_LEASE_DEFAULT_MS);
    if (ask.lease_ms < 1 || ask.lease_ms > HF_LEASE_MAX_MS)
        return malformed(err, "lease_ms", "expected 1 to 3600000");
    *ret_ask = ask;
    return 0;
}

/* ---- ack ---- */

void
hf_ack_ask_done(struct hf_ack_ask *a)
{
    free(a->refused);
    hf_json_free(a->doc);
    *a = (struct hf_ack_ask){0};
}

static int
read_refused_one(const struct hf_json *v, const char *pointer, const struct hf_ack_ask *a,
                 struct hf_refused *ret, struct hf_error *err)
{
    static const struct hf_json_field fields[] = {
        {"seq", HF_JSON_STRING, true},
        {"status", HF_JSON_INT, true},
        {"reason", HF_JSON_STRING, true},
    };
    struct hf_refused one = {0};
    int64_t status;

    if (hf_json_check(v, pointer, fields, HF_LEN(fields), err) < 0 ||
        read_seq(v, "seq", &one.seq, err) < 0)
        return -1;
    if (one.seq < a->first || one.seq > a->last)
        return hf_error_set_at(err, HF_ERROR_INVALID, pointer, "refused: %llu is not in the span",
                               (unsigned long long)one.seq);
    status = hf_json_int(v, "status", -1);
    if (status && (status < REFUSED_STATUS_MIN || status > REFUSED_STATUS_MAX))
        return hf_error_set_at(err, HF_ERROR_INVALID, pointer,
                               "refused: status is %d to %d, or 0 where the sink gave none",
                               REFUSED_STATUS_MIN, REFUSED_STATUS_MAX);
    one.status = (int)status;
    one.reason = hf_json_string(v, "reason");
    *ret = one;
    return 0;
}

static int
by_seq(const void *a, const void *b)
{
    uint64_t one = ((const struct hf_refused *)a)->seq, other = ((const struct hf_refused *)b)->seq;

    return (one > other) - (one < other);
}

static int
read_refused(struct hf_ack_ask *a, struct hf_error *err)
{
    const struct hf_json *list = hf_json_get(a->doc, "refused");
    size_t count = list ? hf_json_count(list) : 0;

    if (!count)
        return 0;
    a->refused = calloc(count, sizeof *a->refused);
    if (!a->refused)
        return hf_error_nomem(err);
    for (const struct hf_json *v = hf_json_first(list); v; v = hf_json_next(v)) {
        char pointer[32];

        snprintf(pointer, sizeof pointer, "/refused/%zu", a->refused_count);
        if (read_refused_one(v, pointer, a, &a->refused[a->refused_count], err) < 0)
            return -1;
        a->refused_count++;
    }
    qsort(a->refused, count, sizeof *a->refused, by_seq);
    for (size_t i = 1; i < count; i++)
        if (a->refused[i].seq == a->refused[i - 1].seq)
            return hf_error_set_at(err, HF_ERROR_INVALID, "/refused",
                                   "refused: %llu is there twice",
                                   (unsigned long long)a->refused[i].seq);
    return 0;
}

static int
read_ack(struct hf_ack_ask *a, struct hf_error *err)
{
    const char *epoch = hf_json_string(a->doc, "epoch");

    if (read_sink(a->sink, hf_json_string(a->doc, "sink"), err) < 0 ||
        read_lane(&a->lane, hf_json_string(a->doc, "lane"), err) < 0)
        return -1;
    if (strlen(epoch) != HF_EPOCH_SIZE - 1 || strspn(epoch, "0123456789abcdef") != strlen(epoch))
        return malformed(err, "epoch", "expected 8 hex digits");
    hf_text_put(a->epoch, sizeof a->epoch, "%s", epoch);
    if (read_seq(a->doc, "first", &a->first, err) < 0 ||
        read_seq(a->doc, "last", &a->last, err) < 0)
        return -1;
    if (a->first == 0 || a->last < a->first)
        return malformed(err, "last", "the span ends before it begins");
    return read_refused(a, err);
}

int
hf_ack_ask_read(const char *body, size_t len, struct hf_ack_ask *ret_ask, struct hf_error *err)
{
    static const struct hf_json_field fields[] = {
        {"sink", HF_JSON_STRING, true},  {"lane", HF_JSON_STRING, true},
        {"epoch", HF_JSON_STRING, true}, {"first", HF_JSON_STRING, true},
        {"last", HF_JSON_STRING, true},  {"refused", HF_JSON_ARRAY, false},
    };
    struct hf_ack_ask ask = {0};

    if (parse(body, len, fields, HF_LEN(fields), &ask.doc, err) < 0 || read_ack(&ask, err) < 0) {
        hf_ack_ask_done(&ask);
        return -1;
    }
    *ret_ask = ask;
    return 0;
}

/* ---- drop, quarantine ---- */

int
hf_drop_ask_read(const char *body, size_t len, struct hf_drop_ask *ret_ask, struct hf_error *err)
{
    static const struct hf_json_field fields[] = {
        {"lane", HF_JSON_ANY, true},
        {"until_ms", HF_JSON_ANY, true},
    };
    HF_AUTO(hf_json) struct hf_json *doc = NULL;
    struct hf_drop_ask ask = {.until_ms = INT64_MAX};
    const struct hf_json *lane, *until;

    if (parse(body, len, fields, HF_LEN(fields), &doc, err) < 0)
        return -1;
    lane = hf_json_get(doc, "lane");
    until = hf_json_get(doc, "until_ms");
    if (!hf_json_is_null(lane)) {
        const char *text = hf_json_as_string(lane);

        if (read_lane(&ask.lane, text ? text : "", err) < 0)
            return -1;
    }
    if (!hf_json_is_null(until)) {
        ask.until_ms = hf_json_as_int(until, -1);
        if (ask.until_ms < 0)
            return malformed(err, "until_ms", "expected milliseconds of Unix time, or null");
    }
    *ret_ask = ask;
    return 0;
}

static int
read_ids(const struct hf_json *list, struct hf_ids_ask *ret_ask, struct hf_error *err)
{
    size_t count = hf_json_count(list), i = 0;
    HF_AUTO_FREE uint64_t *ids = NULL;

    if (count == 0 || count > IDS_MAX)
        return hf_error_set_at(err, HF_ERROR_INVALID, "/ids", "ids: 1 to %d at once", IDS_MAX);
    ids = calloc(count, sizeof *ids);
    if (!ids)
        return hf_error_nomem(err);
    for (const struct hf_json *v = hf_json_first(list); v; v = hf_json_next(v), i++) {
        const char *text = hf_json_as_string(v);

        if (!text || !hf_text_u64(text, &ids[i]) || ids[i] > INT64_MAX)
            return hf_error_set_at(err, HF_ERROR_INVALID, "/ids",
                                   "ids: expected numbers, as texts");
    }
    ret_ask->ids = hf_steal(&ids);
    ret_ask->count = count;
    return 0;
}

int
hf_ids_ask_read(const char *body, size_t len, struct hf_ids_ask *ret_ask, struct hf_error *err)
{
    static const struct hf_json_field fields[] = {
        {"ids", HF_JSON_ARRAY, false},
        {"all", HF_JSON_BOOL, false},
    };
    HF_AUTO(hf_json) struct hf_json *doc = NULL;
    const struct hf_json *ids;
    bool all;

    if (parse(body, len, fields, HF_LEN(fields), &doc, err) < 0)
        return -1;
    ids = hf_json_get(doc, "ids");
    all = hf_json_bool(doc, "all", false);
    if (all == (ids != NULL))
        return hf_error_set(err, HF_ERROR_INVALID, "either ids or \"all\":true must be there");
    *ret_ask = (struct hf_ids_ask){0};
    return ids ? read_ids(ids, ret_ask, err) : 0;
}

/* ---- looking ---- */

static int
read_instant(int64_t *ms, const char *text, const char *name, struct hf_error *err)
{
    if (text && !hf_clock_parse(text, ms))
        return malformed(err, name, "expected a time like 2026-11-24T03:01:33Z (RFC 3339)");
    return 0;
}

int
hf_look_ask_read(const struct hf_look_texts *t, struct hf_look_ask *ret_ask, struct hf_error *err)
{
    struct hf_look_ask ask = {.to_ms = INT64_MAX};
    uint64_t limit = HF_LOOK_LIMIT_DEFAULT;

    if (t->order && strcmp(t->order, "newest") != 0 && strcmp(t->order, "oldest") != 0)
        return malformed(err, "order", "expected newest or oldest");
    ask.oldest_first = t->order && strcmp(t->order, "oldest") == 0;
    if (t->topic && hf_topic_filter_check(t->topic, err) < 0)
        return hf_error_wrap(err, "topic");
    if (copy_text(ask.filter, sizeof ask.filter, t->topic, "topic", err) < 0 ||
        read_lane(&ask.lane, t->lane, err) < 0 ||
        read_number(&limit, t->limit, "limit", 1, HF_LOOK_LIMIT_MAX, err) < 0 ||
        copy_text(ask.cursor, sizeof ask.cursor, t->cursor, "cursor", err) < 0 ||
        read_instant(&ask.from_ms, t->from, "from", err) < 0 ||
        read_instant(&ask.to_ms, t->to, "to", err) < 0)
        return -1;
    ask.limit = (unsigned)limit;
    *ret_ask = ask;
    return 0;
}
