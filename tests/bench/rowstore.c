// SPDX-License-Identifier: Apache-2.0
/*
 * holdfast-rowstore: what people write themselves: SQLite in WAL mode with synchronous=FULL, one
 * row a message, committed once a window or after each message. No broker and no network: its best
 * case.
 */
#include "base/text.h"
#include "checker/corpus.h"

#include <fcntl.h>
#include <getopt.h>
#include <sqlite3.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <time.h>

enum { NS_PER_MS = 1000000, NS_PER_S = 1000000000, PATH_SIZE = 4096 };

struct plan {
    const char *path;
    uint64_t count, rate, window_ms; /* rate 0: as fast as it goes; window 0: each by itself */
    struct hf_corpus corpus;
    sqlite3 *db;
    sqlite3_stmt *insert;
};

static int
sql(const struct plan *p, const char *text)
{
    char *message = NULL;
    int rc = sqlite3_exec(p->db, text, NULL, NULL, &message);

    if (rc != SQLITE_OK)
        fprintf(stderr, "holdfast-rowstore: %s: %s\n", text, message ? message : "");
    sqlite3_free(message);
    return rc == SQLITE_OK ? 0 : -1;
}

static int
open_store(struct plan *p)
{
    if (sqlite3_open(p->path, &p->db) != SQLITE_OK ||
        sql(p, "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL;"
               "CREATE TABLE message (id INTEGER PRIMARY KEY, time INTEGER NOT NULL,"
               " topic TEXT NOT NULL, payload BLOB NOT NULL)") < 0)
        return -1;
    return sqlite3_prepare_v2(p->db, "INSERT INTO message (time, topic, payload) VALUES (?, ?, ?)",
                              -1, &p->insert, NULL) == SQLITE_OK
               ? 0
               : -1;
}

static int
insert(const struct plan *p, uint64_t n, char *payload)
{
    int64_t now_ns = hf_corpus_now_ns();
    size_t len = hf_corpus_make(&p->corpus, n, now_ns, payload);
    char topic[32];
    int rc;

    snprintf(topic, sizeof topic, "row/%llu", (unsigned long long)(n % 16));
    sqlite3_bind_int64(p->insert, 1, now_ns / NS_PER_MS);
    sqlite3_bind_text(p->insert, 2, topic, -1, SQLITE_STATIC);
    sqlite3_bind_blob(p->insert, 3, payload, (int)len, SQLITE_STATIC);
    rc = sqlite3_step(p->insert);
    sqlite3_reset(p->insert);
    return rc == SQLITE_DONE ? 0 : -1;
}

static void
sleep_until(int64_t at_ns)
{
    struct timespec at = {.tv_sec = at_ns / NS_PER_S, .tv_nsec = at_ns % NS_PER_S};

    clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &at, NULL);
}

static int
write_all(const struct plan *p, char *payload)
{
    int64_t start = hf_corpus_now_ns(), window_ns = (int64_t)p->window_ms * NS_PER_MS;
    int64_t commit_at = start + window_ns;

    if (window_ns && sql(p, "BEGIN") < 0)
        return -1;
    for (uint64_t n = 0; n < p->count; n++) {
        if (p->rate)
            sleep_until(start + (int64_t)(n * NS_PER_S / p->rate));
        if (insert(p, n, payload) < 0)
            return -1;
        if (window_ns && hf_corpus_now_ns() >= commit_at) {
            if (sql(p, "COMMIT") < 0 || sql(p, "BEGIN") < 0)
                return -1;
            commit_at = hf_corpus_now_ns() + window_ns;
        }
    }
    return window_ns ? sql(p, "COMMIT") : 0;
}

static unsigned long long
bytes_written(void)
{
    HF_AUTO_FCLOSE FILE *f = fopen("/proc/self/io", "re");
    unsigned long long bytes = 0;
    char line[128];

    while (f && fgets(line, sizeof line, f))
        if (strncmp(line, "write_bytes: ", 13) == 0)
            bytes = strtoull(line + 13, NULL, 10);
    return bytes;
}

static long long
size_of(const char *path, const char *suffix)
{
    char name[PATH_SIZE];
    struct stat st;

    snprintf(name, sizeof name, "%s%s", path, suffix);
    return stat(name, &st) == 0 ? (long long)st.st_blocks * 512 : 0;
}

static void
tell(const struct plan *p, int64_t took_ns)
{
    struct rusage usage;

    getrusage(RUSAGE_SELF, &usage);
    printf("{\"count\":%llu,\"ms\":%lld,\"per_s\":%lld,\"cpu_s\":%.3f,\"rss\":%lld,"
           "\"written\":%llu,\"disk\":%lld}\n",
           (unsigned long long)p->count, (long long)(took_ns / NS_PER_MS),
           took_ns ? (long long)((double)p->count * NS_PER_S / (double)took_ns) : 0,
           (double)(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) +
               (double)(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) / 1e6,
           (long long)usage.ru_maxrss * 1024, bytes_written(),
           size_of(p->path, "") + size_of(p->path, "-wal"));
}

static bool
read_options(struct plan *p, int argc, char **argv)
{
    static const struct option options[] = {
        {"db", required_argument, NULL, 'd'},
        {"count", required_argument, NULL, 'n'},
        {"size", required_argument, NULL, 's'},
        {"corpus", required_argument, NULL, 'k'},
        {"rate", required_argument, NULL, 'r'},
        {"window-ms", required_argument, NULL, 'w'},
        {NULL, 0, NULL, 0},
    };
    bool ok = true;
    int option;

    while (ok && (option = getopt_long(argc, argv, "", options, NULL)) != -1) {
        if (option == 'd')
            p->path = optarg;
        else if (option == 'n')
            ok = hf_text_u64(optarg, &p->count);
        else if (option == 's')
            ok = hf_text_u64(optarg, &p->corpus.sizes[0]) &&
                 p->corpus.sizes[0] >= HF_CORPUS_LEAST && p->corpus.sizes[0] <= HF_CORPUS_MOST;
        else if (option == 'k')
            ok = hf_corpus_named(optarg, &p->corpus.kind);
        else if (option == 'r')
            ok = hf_text_u64(optarg, &p->rate);
        else if (option == 'w')
            ok = hf_text_u64(optarg, &p->window_ms);
        else
            ok = false;
    }
    return ok && optind == argc && p->path;
}

int
main(int argc, char **argv)
{
    static struct plan p = {
        .count = 100000,
        .window_ms = 50,
        .corpus = {.seed = 1, .run = "row", .sizes = {HF_CORPUS_LEAST}, .size_count = 1},
    };
    HF_AUTO_FREE char *payload = malloc(HF_CORPUS_MOST);
    int64_t start;
    int rc;

    if (!payload || !read_options(&p, argc, argv)) {
        fputs("usage: holdfast-rowstore --db FILE [--count N] [--size BYTES] [--corpus "
              "sensor|binary]\n           [--rate PER_SECOND] [--window-ms N]  0: each message is "
              "a commit\n",
              stderr);
        return 2;
    }
    start = hf_corpus_now_ns();
    rc = open_store(&p) < 0 ? -1 : write_all(&p, payload);
    if (rc == 0)
        tell(&p, hf_corpus_now_ns() - start);
    else
        fprintf(stderr, "holdfast-rowstore: %s\n", sqlite3_errmsg(p.db));
    sqlite3_finalize(p.insert);
    sqlite3_close(p.db);
    return rc < 0 ? 1 : 0;
}
