// SPDX-License-Identifier: Apache-2.0
#include "receiver/report.h"

#include <sqlite3.h>

enum { GAPS_SHOWN = 100 };

/* Numbers of an epoch between those that came, and before the first. */
static const char holes[] =
    "SELECT gateway, epoch, seq + 1, next - 1 FROM (SELECT gateway, epoch, seq, lead(seq) OVER"
    " (PARTITION BY gateway, epoch ORDER BY seq) AS next FROM record) WHERE next > seq + 1"
    " UNION ALL SELECT gateway, epoch, 1, min(seq) - 1 FROM record GROUP BY gateway, epoch"
    " HAVING min(seq) > 1";

static const char named[] = "SELECT first, last FROM named WHERE gateway = ?1 AND epoch = ?2"
                            " AND last >= ?3 AND first <= ?4 ORDER BY first, last";

struct gaps {
    struct hf_json *unnamed;
    int64_t count;         /* spans that nobody named */
    int64_t named_records; /* that did not come, and were said to */
};

static void
add_gap(struct gaps *g, const char *epoch, int64_t from, int64_t to)
{
    struct hf_json *gap;

    if (from > to || ++g->count > GAPS_SHOWN)
        return;
    gap = hf_json_object();
    hf_json_put_string(gap, "epoch", epoch);
    hf_json_put_int(gap, "from", from);
    hf_json_put_int(gap, "to", to);
    hf_json_add(g->unnamed, gap);
}

/* One hole, less the spans of it that gap records name. */
static void
look_into(sqlite3_stmt *hole, sqlite3_stmt *q, struct gaps *g)
{
    const char *epoch = (const char *)sqlite3_column_text(hole, 1);
    int64_t from = sqlite3_column_int64(hole, 2), to = sqlite3_column_int64(hole, 3);

    sqlite3_bind_value(q, 1, sqlite3_column_value(hole, 0));
    sqlite3_bind_value(q, 2, sqlite3_column_value(hole, 1));
    sqlite3_bind_int64(q, 3, from);
    sqlite3_bind_int64(q, 4, to);
    while (from <= to && sqlite3_step(q) == SQLITE_ROW) {
        int64_t first = sqlite3_column_int64(q, 0), last = sqlite3_column_int64(q, 1);

        if (last > to)
            last = to;
        if (first < from)
            first = from;
        if (last < first) /* within what was named before */
            continue;
        if (first > from)
            add_gap(g, epoch, from, first - 1);
        g->named_records += last - first + 1;
        from = last + 1;
    }
    sqlite3_reset(q);
    if (from <= to)
        add_gap(g, epoch, from, to);
}

static int
report_gaps(sqlite3 *db, struct hf_json *report)
{
    struct gaps g = {.unnamed = hf_json_array()};
    sqlite3_stmt *hole = NULL, *q = NULL;
    int rc = sqlite3_prepare_v2(db, holes, -1, &hole, NULL);

    if (rc == SQLITE_OK)
        rc = sqlite3_prepare_v2(db, named, -1, &q, NULL);
    while (rc == SQLITE_OK && sqlite3_step(hole) == SQLITE_ROW)
        look_into(hole, q, &g);
    sqlite3_finalize(hole);
    sqlite3_finalize(q);
    hf_json_put(report, "gaps", g.unnamed);
    hf_json_put_int(report, "gap_count", g.count);
    hf_json_put_int(report, "named_records", g.named_records);
    return rc;
}

/* Members from a query whose rows are name and number. */
static int
report_rows(sqlite3 *db, const char *query, struct hf_json *report)
{
    sqlite3_stmt *q = NULL;
    int rc = sqlite3_prepare_v2(db, query, -1, &q, NULL);

    while (rc == SQLITE_OK && sqlite3_step(q) == SQLITE_ROW)
        hf_json_put_int(report, (const char *)sqlite3_column_text(q, 0),
                        sqlite3_column_int64(q, 1));
    sqlite3_finalize(q);
    return rc;
}

static void
report_last_time(sqlite3 *db, struct hf_json *report)
{
    sqlite3_stmt *q = NULL;

    if (sqlite3_prepare_v2(db, "SELECT time FROM record ORDER BY id DESC LIMIT 1", -1, &q, NULL) ==
            SQLITE_OK &&
        sqlite3_step(q) == SQLITE_ROW)
        hf_json_put_string(report, "last_time", (const char *)sqlite3_column_text(q, 0));
    else
        hf_json_put_null(report, "last_time");
    sqlite3_finalize(q);
}

int
hf_report_make(sqlite3 *db, struct hf_json **ret_report, struct hf_error *err)
{
    static const char *const counts[] = {
        "SELECT name, n FROM tally",
        "SELECT 'distinct', count(*) FROM record",
        "SELECT 'epochs', count(DISTINCT gateway || '/' || epoch) FROM record",
        "SELECT 'gap_records', count(*) FROM record WHERE topic = '$holdfast/gap'",
    };
    HF_AUTO(hf_json) struct hf_json *report = hf_json_object();
    int rc = SQLITE_OK;

    for (size_t i = 0; i < HF_LEN(counts) && rc == SQLITE_OK; i++)
        rc = report_rows(db, counts[i], report);
    if (rc == SQLITE_OK)
        rc = report_gaps(db, report);
    if (rc != SQLITE_OK)
        return hf_error_set(err, HF_ERROR_INTERNAL, "inbox: %s", sqlite3_errmsg(db));
    report_last_time(db, report);
    *ret_report = hf_steal(&report);
    return 0;
}
