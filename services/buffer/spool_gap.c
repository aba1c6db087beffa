// SPDX-License-Identifier: Apache-2.0
/* Gaps told to the cloud, as records of topic `$holdfast/gap` (api/record-path.md). */
#include "buffer/spool_private.h"

#include "base/clock.h"
#include "base/text.h"
#include "common/record.h"
#include "json/json.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { SPANS_MAX = 100, RECORDS_MAX = 16, PAYLOAD_MAX = 16 * 1024 };

static const char topic[] = "$holdfast/gap";

struct gap {
    char reason[16];
    int64_t epoch;
    uint64_t records;
    int64_t ids[SPANS_MAX];
    size_t count;
    struct hf_buf payload;
};

/* Gathers the rows that are of the first one's reason and epoch. */
static int
read_gap(struct hf_spool *s, struct gap *g, struct hf_error *err)
{
    sqlite3_stmt *q = BIND(s, Q_GAP_READ, 0);
    int rc, added = 0;

    while ((rc = sqlite3_step(q)) == SQLITE_ROW && added == 0) {
        const char *reason = (const char *)sqlite3_column_text(q, 1);
        int64_t epoch = sqlite3_column_int64(q, 2);

        if (!g->count) {
            snprintf(g->reason, sizeof g->reason, "%s", reason ? reason : "");
            g->epoch = epoch;
            added =
                hf_buf_addf(&g->payload, err, "{\"reason\":\"%s\",\"epoch\":\"%08x\",\"spans\":[",
                            g->reason, (unsigned)epoch);
        } else if (epoch != g->epoch || strcmp(reason ? reason : "", g->reason) != 0) {
            break;
        }
        if (added == 0)
            added = hf_buf_addf(&g->payload, err, "%s[\"%llu\",\"%llu\"]", g->count ? "," : "",
                                (unsigned long long)sqlite3_column_int64(q, 3),
                                (unsigned long long)sqlite3_column_int64(q, 4));
        g->records += (uint64_t)sqlite3_column_int64(q, 5);
        g->ids[g->count++] = sqlite3_column_int64(q, 0);
    }
    sqlite3_reset(q);
    if (rc != SQLITE_ROW && rc != SQLITE_DONE)
        return hf_spool_failed(s, rc, err);
    if (added < 0 || !g->count)
        return added;
    return hf_buf_addf(&g->payload, err, "],\"records\":%llu}", (unsigned long long)g->records);
}

static int
tell(struct hf_spool *s, const struct gap *g, struct hf_error *err)
{
    HF_AUTO_BUF struct hf_buf tail = HF_BUF_INIT((size_t)2 * PAYLOAD_MAX);
    const struct hf_record r = {.time_ms = hf_clock_wall_ms(),
                                .synced = hf_clock_synced(),
                                .kind = HF_PAYLOAD_JSON,
                                .topic = topic,
                                .topic_len = sizeof topic - 1,
                                .payload = g->payload.data,
                                .payload_len = g->payload.len};

    for (size_t i = 0; i < g->count; i++) {
        if (hf_spool_write(s, BIND(s, Q_GAP_DELETE, g->ids[i]), err) < 0)
            return -1;
        s->now.gaps--;
    }
    if (hf_record_tail(&r, &tail, err) < 0)
        return -1;
    return hf_spool_stitch(s, HF_LANE_NORMAL, r.time_ms, topic, sizeof topic - 1, tail.data,
                           tail.len, err);
}

int
hf_spool_tell_gaps(struct hf_spool *s, struct hf_error *err)
{
    for (int n = 0; s->now.gaps && n < RECORDS_MAX; n++) {
        struct gap g = {.payload = HF_BUF_INIT(PAYLOAD_MAX)};
        int rc = read_gap(s, &g, err);

        if (rc == 0 && g.count)
            rc = tell(s, &g, err);
        hf_buf_done(&g.payload);
        if (rc < 0 || !g.count)
            return rc;
    }
    return 0;
}

static bool
read_number(const struct hf_json *v, uint64_t *ret_value)
{
    const char *text = hf_json_as_string(v);

    return text && hf_text_u64(text, ret_value);
}

static int
keep_spans(struct hf_spool *s, const struct hf_json *told, struct hf_error *err)
{
    enum { HEX = 16 };
    const char *reason = hf_json_string(told, "reason"), *epoch = hf_json_string(told, "epoch");
    uint64_t records = (uint64_t)hf_json_int(told, "records", 0);
    const struct hf_json *span = hf_json_first(hf_json_get(told, "spans"));

    for (; reason && epoch && span; span = hf_json_next(span)) {
        const struct hf_json *from = hf_json_first(span);
        uint64_t first, last;

        if (!from || !read_number(from, &first) || !read_number(hf_json_next(from), &last))
            continue;
        if (hf_spool_gap_add(s, reason, (uint32_t)strtoul(epoch, NULL, HEX), first, last, records,
                             err) < 0)
            return -1;
        records = 0; /* they are of all spans together */
    }
    return 0;
}

/* A line that may be of a gap record: its payload may only look so. */
static int
keep_line(struct hf_spool *s, const char *line, size_t len, struct hf_error *err)
{
    HF_AUTO(hf_json) struct hf_json *doc = NULL;
    const char *of;

    if (hf_json_parse(line, len, &doc, NULL) < 0)
        return 0;
    of = hf_json_string(doc, "topic");
    return of && strcmp(of, topic) == 0 ? keep_spans(s, hf_json_get(doc, "payload"), err) : 0;
}

int
hf_spool_keep_gaps(struct hf_spool *s, int64_t block, struct hf_error *err)
{
    HF_AUTO_BUF struct hf_buf lines = HF_BUF_INIT(HF_SPOOL_LINES_MAX);
    const char *at, *end;
    int rc = 0;

    /* What cannot be read is no reason to keep it. */
    if (hf_spool_block_lines(s, block, &lines, NULL) < 0 || !lines.len)
        return s->failed ? hf_error_set(err, HF_ERROR_UNAVAILABLE, "the store cannot be read") : 0;
    at = lines.data;
    end = lines.data + lines.len;
    while (rc == 0 && at < end) {
        const char *found = memmem(at, (size_t)(end - at), topic, sizeof topic - 1), *from, *to;

        if (!found)
            break;
        from = memrchr(lines.data, '\n', (size_t)(found - lines.data));
        to = memchr(found, '\n', (size_t)(end - found));
        from = from ? from + 1 : lines.data;
        to = to ? to : end;
        rc = keep_line(s, from, (size_t)(to - from), err);
        at = to;
    }
    return rc;
}
