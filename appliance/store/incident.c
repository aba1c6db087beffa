// SPDX-License-Identifier: Apache-2.0
#include "sql.h"
#include "store/db.h"

#include <string.h>

/* Stands for no exit code in a parameter; no program can exit with it. */
enum { NO_EXIT_CODE = -1000000 };

struct adding {
    const struct hf_incident *incident;
    const char *log, *curve;
    int64_t n;
};

static int
add(struct hf_store *st, void *context, struct hf_error *err)
{
    struct adding *a = context;
    const struct hf_incident *i = a->incident;
    int64_t bytes = (int64_t)(strlen(a->log) + strlen(a->curve));

    if (hf_db_exec(st, err, hf_sql_incident_add, "tiiiittiiiiittiitt", i->service, (int64_t)i->kind,
                   i->at_ms, i->last_ms, i->times, i->found, i->done,
                   (int64_t)(i->has_exit_code ? i->exit_code : NO_EXIT_CODE), (int64_t)NO_EXIT_CODE,
                   (int64_t)i->oom_killed, i->uptime_s, i->restarts, i->image_tag, i->image_digest,
                   i->log_lines, bytes, a->log, a->curve) < 0)
        return -1;
    a->n = sqlite3_last_insert_rowid(st->db);
    return hf_db_exec(st, err, hf_sql_incident_trim, "ii", (int64_t)HF_STORE_INCIDENTS_MAX,
                      (int64_t)HF_STORE_INCIDENT_BYTES_MAX);
}

int
hf_store_add_incident(struct hf_store *st, const struct hf_incident *incident, const char *log,
                      const char *curve, int64_t *ret_n, struct hf_error *err)
{
    struct adding a = {incident, log, curve, 0};

    if (hf_store_transaction(st, add, &a, err) < 0)
        return hf_error_wrap(err, "keep an incident");
    *ret_n = a.n;
    return 0;
}

int
hf_store_count_incident_again(struct hf_store *st, int64_t n, int64_t times, int64_t last_ms,
                              struct hf_error *err)
{
    if (hf_db_exec(st, err, hf_sql_incident_count_again, "iii", n, times, last_ms) < 0)
        return hf_error_wrap(err, "count incident %lld again", (long long)n);
    return 0;
}

int
hf_store_recent_incidents(struct hf_store *st, const struct hf_incident_alike *alike,
                          int64_t since_ms, int64_t until_ms, int64_t *ret_count,
                          int64_t *ret_newest, struct hf_error *err)
{
    HF_STMT stmt = NULL;

    if (hf_db_query(st, &stmt, err, hf_sql_incident_recent, "tiiit", alike->service,
                    (int64_t)alike->kind, since_ms, until_ms, alike->found) < 0 ||
        hf_db_step(st, stmt, err) < 0)
        return hf_error_wrap(err, "count incidents");
    *ret_count = sqlite3_column_int64(stmt, 0);
    *ret_newest = sqlite3_column_int64(stmt, 1);
    return 0;
}

static void
read_incident(sqlite3_stmt *stmt, struct hf_incident *i)
{
    int kind = sqlite3_column_int(stmt, 2);

    *i = (struct hf_incident){
        .n = sqlite3_column_int64(stmt, 0),
        /* A kind of a later program is shown as what somebody did. */
        .kind = kind < HF_INCIDENT_KIND_COUNT ? (enum hf_incident_kind)kind : HF_INCIDENT_DRIFT,
        .at_ms = sqlite3_column_int64(stmt, 3),
        .last_ms = sqlite3_column_int64(stmt, 4),
        .times = sqlite3_column_int64(stmt, 5),
        .has_exit_code = sqlite3_column_type(stmt, 8) != SQLITE_NULL,
        .exit_code = sqlite3_column_int(stmt, 8),
        .oom_killed = sqlite3_column_int(stmt, 9) != 0,
        .uptime_s = sqlite3_column_int64(stmt, 10),
        .restarts = sqlite3_column_int64(stmt, 11),
        .log_lines = sqlite3_column_int64(stmt, 14),
    };
    hf_db_text(stmt, 1, i->service, sizeof i->service);
    hf_db_text(stmt, 6, i->found, sizeof i->found);
    hf_db_text(stmt, 7, i->done, sizeof i->done);
    hf_db_text(stmt, 12, i->image_tag, sizeof i->image_tag);
    hf_db_text(stmt, 13, i->image_digest, sizeof i->image_digest);
}

int
hf_store_incidents(struct hf_store *st, const struct hf_incident_filter *filter,
                   struct hf_incident *ret_incidents, size_t max, size_t *ret_count,
                   struct hf_error *err)
{
    HF_STMT stmt = NULL;
    size_t count = 0;
    int row;

    if (hf_db_query(st, &stmt, err, hf_sql_incident_list, "iiti", (int64_t)max,
                    filter->before ? filter->before : INT64_MAX, filter->service,
                    (int64_t)filter->kind) < 0)
        return -1;
    while ((row = hf_db_step(st, stmt, err)) > 0 && count < max)
        read_incident(stmt, &ret_incidents[count++]);
    if (row < 0)
        return hf_error_wrap(err, "read the incidents");
    *ret_count = count;
    return 0;
}

static char *
text_of(sqlite3_stmt *stmt, int column)
{
    const char *text = (const char *)sqlite3_column_text(stmt, column);

    return strdup(text ? text : "");
}

int
hf_store_incident(struct hf_store *st, int64_t n, struct hf_incident *ret_incident, char **ret_log,
                  char **ret_curve, struct hf_error *err)
{
    HF_STMT stmt = NULL;
    HF_AUTO_FREE char *log = NULL;
    HF_AUTO_FREE char *curve = NULL;
    int row;

    if (hf_db_query(st, &stmt, err, hf_sql_incident_get, "i", n) < 0)
        return -1;
    row = hf_db_step(st, stmt, err);
    if (row < 0)
        return hf_error_wrap(err, "read incident %lld", (long long)n);
    if (!row)
        return hf_error_set(err, HF_ERROR_NOT_FOUND,
                            "there is no incident %lld; old ones give way to new ones",
                            (long long)n);
    log = text_of(stmt, 15);
    curve = text_of(stmt, 16);
    if (!log || !curve)
        return hf_error_nomem(err);
    read_incident(stmt, ret_incident);
    *ret_log = hf_steal(&log);
    *ret_curve = hf_steal(&curve);
    return 0;
}
