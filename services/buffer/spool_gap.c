// SPDX-License-Identifier: Apache-2.0
/* Gaps told to the cloud, as records of topic `$holdfast/gap` (api/record-path.md). */
#include "buffer/spool_private.h"

#include "base/clock.h"
#include "common/record.h"

#include <stdio.h>
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
