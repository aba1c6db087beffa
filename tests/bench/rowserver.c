// SPDX-License-Identifier: Apache-2.0
/*
 * holdfast-rowserver: a store as people write it, behind the buffer's own interface: POST
 * /v1/records with frames, each record a row of SQLite (WAL, synchronous=FULL), 200 after its
 * commit. So that the same feeder measures both, and like for like: it says of each payload whether
 * that is JSON, as who hands it on must know; it is deleted by prefix of its key; and it commits by
 * the buffer's rule, when the window is over or earlier where as many records or bytes wait.
 */
#include "base/clock.h"
#include "base/log.h"
#include "base/text.h"
#include "buffer/owner.h"
#include "common/httpd.h"
#include "common/record.h"
#include "common/stop.h"
#include "json/json.h"

#include <getopt.h>
#include <pthread.h>
#include <sqlite3.h>
#include <stdio.h>
#include <string.h>

enum { THREADS = 8, IDLE_MS = 1 };

struct store {
    const char *listen, *path;
    uint64_t window_ms;
    sqlite3 *db;
    sqlite3_stmt *insert;
    pthread_mutex_t lock;
    pthread_cond_t committed;
    uint64_t begun, done; /* transactions: rows are in number begun, on the disk up to done */
    int64_t since_ms;     /* first row of the open transaction; 0: none is open */
    size_t rows, bytes;   /* in it */
    bool failed;
};

static bool
sql(struct store *s, const char *text)
{
    return sqlite3_exec(s->db, text, NULL, NULL, NULL) == SQLITE_OK;
}

/* Of each record whether it is JSON, in order. Without the lock: requests do it side by side. */
static bool
look_at_all(const struct hf_buf *frames, struct hf_buf *kinds, struct hf_error *err)
{
    HF_AUTO_BUF struct hf_buf compact = HF_BUF_INIT(HF_RECORD_BODY_MAX);
    struct hf_record r;
    size_t at = 0;
    int rc;

    while ((rc = hf_record_decode(frames->data, frames->len, &at, &r, err)) > 0) {
        bool json;

        hf_buf_clear(&compact);
        json = hf_json_compact(r.payload, r.payload_len, &compact);
        if (hf_buf_add(kinds, json ? "j" : "b", 1, err) < 0)
            return false;
    }
    return rc == 0 && kinds->len;
}

/* With the lock held; so are the next three. */
static bool
insert_all(struct store *s, const struct hf_buf *frames, const char *kind, struct hf_error *err)
{
    struct hf_record r;
    size_t at = 0;
    int rc;

    while ((rc = hf_record_decode(frames->data, frames->len, &at, &r, err)) > 0) {
        sqlite3_bind_int64(s->insert, 1, r.time_ms);
        sqlite3_bind_text(s->insert, 2, r.topic, (int)r.topic_len, SQLITE_STATIC);
        sqlite3_bind_text(s->insert, 3, kind++, 1, SQLITE_STATIC);
        sqlite3_bind_blob(s->insert, 4, r.payload, (int)r.payload_len, SQLITE_STATIC);
        if (sqlite3_step(s->insert) != SQLITE_DONE)
            return false;
        sqlite3_reset(s->insert);
        s->rows++;
    }
    s->bytes += frames->len;
    return rc == 0;
}

static void
commit(struct store *s)
{
    s->failed = s->failed || !sql(s, "COMMIT");
    s->since_ms = 0;
    s->rows = s->bytes = 0;
    s->done = s->begun;
    pthread_cond_broadcast(&s->committed);
}

static bool
take(struct store *s, const struct hf_buf *frames, const char *kinds, struct hf_error *err)
{
    if (!s->since_ms) {
        if (!sql(s, "BEGIN"))
            return false;
        s->since_ms = hf_clock_mono_ms();
        s->begun++;
    }
    if (!insert_all(s, frames, kinds, err))
        return false;
    if (s->rows >= HF_COMMIT_RECORDS || s->bytes >= HF_COMMIT_BYTES)
        commit(s);
    return true;
}

static void
handle(void *ctx, struct hf_request *q)
{
    HF_AUTO_BUF struct hf_buf body = HF_BUF_INIT(HF_RECORD_BODY_MAX);
    HF_AUTO_BUF struct hf_buf kinds = HF_BUF_INIT(HF_RECORD_BODY_MAX);
    struct store *s = ctx;
    struct hf_error err = {0};
    uint64_t mine;
    bool ok;

    if (!hf_request_is(q, "POST", "/v1/records") || hf_request_body(q, &body, &err) < 0 ||
        !body.len || !look_at_all(&body, &kinds, &err)) {
        hf_request_answer_status(q, 400);
        return;
    }
    pthread_mutex_lock(&s->lock);
    ok = take(s, &body, kinds.data, &err);
    mine = s->begun;
    while (ok && s->done < mine && !s->failed)
        pthread_cond_wait(&s->committed, &s->lock);
    ok = ok && !s->failed;
    pthread_mutex_unlock(&s->lock);
    hf_request_answer_status(q, ok ? 200 : 500);
}

/* Commits a window after the first row of each transaction. */
static void
commit_windows(struct store *s)
{
    while (!hf_stop_sleep(IDLE_MS)) {
        pthread_mutex_lock(&s->lock);
        if (s->since_ms && hf_clock_mono_ms() >= s->since_ms + (int64_t)s->window_ms)
            commit(s);
        pthread_mutex_unlock(&s->lock);
    }
}

static int
run(struct store *s, struct hf_error *err)
{
    HF_AUTO(hf_httpd) struct hf_httpd *httpd = NULL;
    const struct hf_httpd_options options = {
        .listen = s->listen, .threads = THREADS, .handle = handle, .ctx = s};

    if (hf_stop_init(err) < 0)
        return -1;
    if (sqlite3_open(s->path, &s->db) != SQLITE_OK ||
        !sql(s, "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL;"
                "CREATE TABLE message (id INTEGER PRIMARY KEY, time INTEGER NOT NULL,"
                " topic TEXT NOT NULL, kind TEXT NOT NULL, payload BLOB NOT NULL)") ||
        sqlite3_prepare_v2(s->db,
                           "INSERT INTO message (time, topic, kind, payload) VALUES (?, ?, ?, ?)",
                           -1, &s->insert, NULL) != SQLITE_OK)
        return hf_error_set(err, HF_ERROR_INTERNAL, "%s", sqlite3_errmsg(s->db));
    if (hf_httpd_start(&options, &httpd, err) < 0)
        return -1;
    commit_windows(s);
    return 0;
}

static bool
read_options(struct store *s, int argc, char **argv)
{
    static const struct option options[] = {
        {"listen", required_argument, NULL, 'l'},
        {"db", required_argument, NULL, 'd'},
        {"window-ms", required_argument, NULL, 'w'},
        {NULL, 0, NULL, 0},
    };
    bool ok = true;
    int option;

    while (ok && (option = getopt_long(argc, argv, "", options, NULL)) != -1) {
        if (option == 'l')
            s->listen = optarg;
        else if (option == 'd')
            s->path = optarg;
        else if (option == 'w')
            ok = hf_text_u64(optarg, &s->window_ms);
        else
            ok = false;
    }
    return ok && optind == argc && s->listen && s->path;
}

int
main(int argc, char **argv)
{
    static struct store s = {
        .window_ms = 50, .lock = PTHREAD_MUTEX_INITIALIZER, .committed = PTHREAD_COND_INITIALIZER};
    struct hf_error err = {0};

    if (!read_options(&s, argc, argv)) {
        fputs("usage: holdfast-rowserver --listen ADDR:PORT --db FILE [--window-ms N=50]\n",
              stderr);
        return 2;
    }
    if (run(&s, &err) == 0)
        return 0;
    hf_log_error("event=failed reason=\"%s\"", err.message);
    return 1;
}
