// SPDX-License-Identifier: Apache-2.0
/*
 * holdfast-feed: the buffer by itself. Posts records straight to it, as a processor does, or leases
 * and acknowledges them, as a forwarder does, as fast as it goes or at a rate. What is posted is
 * made before the clock starts, and given again in turn when there is no more: more than any block
 * holds.
 */
#include "base/clock.h"
#include "base/text.h"
#include "checker/corpus.h"
#include "common/http.h"
#include "common/record.h"
#include "common/stop.h"

#include <getopt.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>

enum {
    CONNECTIONS_MAX = 16,
    TIMEOUT_MS = 60000,
    ANSWER_MAX = 64 * 1024 * 1024,
    LEASE_BYTES = 1024 * 1024,
    AGAIN_MS = 20,
    NAME_MAX_BYTES = 64,
    POOL_BYTES = 64 * 1024 * 1024,
    POOL_MAX = 256,
};

struct plan {
    const char *url, *token, *topic;
    uint64_t count, batch, connections, rate;
    bool drain;
    struct hf_corpus corpus;
    struct hf_buf pool[POOL_MAX]; /* batches of frames */
    size_t pooled;
    atomic_uint_fast64_t next, done;
    atomic_bool failed;
    int64_t start_ns;
};

static int
post(const struct plan *p, struct hf_http *http, const char *path, const char *type,
     const struct hf_buf *body, struct hf_http_response *answer, struct hf_error *err)
{
    char url[512];
    const struct hf_http_request request = {
        .url = url,
        .content_type = type,
        .bearer = p->token,
        .body = body ? body->data : "",
        .body_len = body ? body->len : 0,
        .connect_timeout_ms = TIMEOUT_MS,
        .timeout_ms = TIMEOUT_MS,
    };

    snprintf(url, sizeof url, "%s%s", p->url, path);
    hf_http_response_init(answer, ANSWER_MAX);
    return hf_http_post(http, &request, answer, err);
}

/* ---- in ---- */

static int
make_batch(const struct plan *p, uint64_t first, char *payload, struct hf_buf *frames,
           struct hf_error *err)
{
    *frames = HF_BUF_INIT(HF_RECORD_BODY_MAX);
    for (uint64_t n = first; n < first + p->batch; n++) {
        char topic[NAME_MAX_BYTES];
        struct hf_record r = {.time_ms = hf_clock_wall_ms(), .synced = true};

        r.payload_len = hf_corpus_make(&p->corpus, n, hf_corpus_now_ns(), payload);
        r.payload = payload;
        r.topic_len = (size_t)snprintf(topic, sizeof topic, "%s/%llu", p->topic,
                                       (unsigned long long)(n % 16));
        r.topic = topic;
        if (hf_record_encode(&r, frames, err) < 0)
            return -1;
    }
    return 0;
}

static int
make_pool(struct plan *p, struct hf_error *err)
{
    HF_AUTO_FREE char *payload = malloc(HF_CORPUS_MOST);
    size_t bytes = 0;

    if (!payload)
        return hf_error_nomem(err);
    while (p->pooled < POOL_MAX && bytes < POOL_BYTES && p->pooled * p->batch < p->count) {
        if (make_batch(p, p->pooled * p->batch, payload, &p->pool[p->pooled], err) < 0)
            return -1;
        bytes += p->pool[p->pooled++].len;
    }
    return 0;
}

/* Again while the buffer says come again. */
static int
hand_over(struct plan *p, struct hf_http *http, const struct hf_buf *frames, struct hf_error *err)
{
    for (;;) {
        struct hf_http_response answer;
        int rc =
            post(p, http, "/v1/records", "application/vnd.holdfast.records", frames, &answer, err);

        if (rc == 0 && answer.status != 200)
            rc = hf_http_problem(&answer, "buffer", err);
        hf_http_response_done(&answer);
        if (rc == 0 || err->class != HF_ERROR_UNAVAILABLE || hf_stop_sleep(AGAIN_MS))
            return rc;
    }
}

static int
feed(struct plan *p, struct hf_http *http, struct hf_error *err)
{
    while (!hf_stopping()) {
        uint64_t first = atomic_fetch_add(&p->next, p->batch);

        if (first >= p->count)
            return 0;
        if (p->rate) {
            int64_t due_ns = p->start_ns + (int64_t)(first * 1000000000 / p->rate);
            int64_t wait_ms = (due_ns - hf_corpus_now_ns()) / 1000000;

            if (wait_ms > 0 && hf_stop_sleep(wait_ms))
                return 0;
        }
        if (hand_over(p, http, &p->pool[first / p->batch % p->pooled], err) < 0)
            return -1;
        atomic_fetch_add(&p->done, p->batch);
    }
    return 0;
}

/* ---- out ---- */

struct span {
    char epoch[NAME_MAX_BYTES], first[NAME_MAX_BYTES], last[NAME_MAX_BYTES], lane[NAME_MAX_BYTES];
    uint64_t count;
};

/* 1, 0 where there is nothing, -1. */
static int
lease(const struct plan *p, struct hf_http *http, struct span *ret, struct hf_error *err)
{
    struct hf_http_response answer;
    char path[256], count[NAME_MAX_BYTES] = "";
    int rc;

    snprintf(path, sizeof path, "/v1/lease?sink=uplink&holder=feed&wait_ms=0&max_bytes=%d",
             LEASE_BYTES);
    rc = post(p, http, path, "application/json", NULL, &answer, err);
    if (rc == 0 && answer.status == 200) {
        ret->lane[0] = '\0'; /* absent before lanes */
        (void)hf_http_header(&answer, "Holdfast-Lane", ret->lane, sizeof ret->lane);
        rc = hf_http_header(&answer, "Holdfast-Epoch", ret->epoch, sizeof ret->epoch) &&
                     hf_http_header(&answer, "Holdfast-First", ret->first, sizeof ret->first) &&
                     hf_http_header(&answer, "Holdfast-Last", ret->last, sizeof ret->last) &&
                     hf_http_header(&answer, "Holdfast-Count", count, sizeof count) &&
                     hf_text_u64(count, &ret->count)
                 ? 1
                 : hf_error_set(err, HF_ERROR_UPSTREAM, "a lease without its headers");
    } else if (rc == 0 && answer.status != 204) {
        rc = hf_http_problem(&answer, "buffer", err);
    }
    hf_http_response_done(&answer);
    return rc;
}

static int
acknowledge(const struct plan *p, struct hf_http *http, const struct span *s, struct hf_error *err)
{
    HF_AUTO_BUF struct hf_buf body = HF_BUF_INIT(4096);
    struct hf_http_response answer;
    int rc;

    if (*s->lane && hf_buf_addf(&body, err, "{\"sink\":\"uplink\",\"lane\":\"%s\",", s->lane) < 0)
        return -1;
    if (hf_buf_addf(&body, err, "%s\"epoch\":\"%s\",\"first\":\"%s\",\"last\":\"%s\"}",
                    *s->lane ? "" : "{", s->epoch, s->first, s->last) < 0)
        return -1;
    rc = post(p, http, "/v1/ack", "application/json", &body, &answer, err);
    if (rc == 0 && answer.status != 200)
        rc = hf_http_problem(&answer, "buffer", err);
    hf_http_response_done(&answer);
    return rc;
}

static int
drain(struct plan *p, struct hf_http *http, struct hf_error *err)
{
    struct span s = {0};
    int rc;

    while (atomic_load(&p->done) < p->count && !hf_stopping()) {
        rc = lease(p, http, &s, err);
        if (rc <= 0)
            return rc;
        if (acknowledge(p, http, &s, err) < 0)
            return -1;
        atomic_fetch_add(&p->done, s.count);
    }
    return 0;
}

static void *
work(void *arg)
{
    struct plan *p = arg;
    HF_AUTO(hf_http) struct hf_http *http = NULL;
    struct hf_error err = {0};

    if (hf_http_new(&http, &err) < 0 ||
        (p->drain ? drain(p, http, &err) : feed(p, http, &err)) < 0) {
        fprintf(stderr, "holdfast-feed: %s\n", err.message);
        atomic_store(&p->failed, true);
    }
    return NULL;
}

static bool
read_numbers(struct plan *p, int option)
{
    switch (option) {
    case 'n':
        return hf_text_u64(optarg, &p->count);
    case 'b':
        return hf_text_u64(optarg, &p->batch) && p->batch > 0;
    case 'c':
        return hf_text_u64(optarg, &p->connections) && p->connections > 0 &&
               p->connections <= CONNECTIONS_MAX;
    case 'r':
        return hf_text_u64(optarg, &p->rate);
    case 's':
        return hf_text_u64(optarg, &p->corpus.sizes[0]) && p->corpus.sizes[0] >= HF_CORPUS_LEAST &&
               p->corpus.sizes[0] <= HF_CORPUS_MOST;
    default:
        return false;
    }
}

static bool
read_options(struct plan *p, int argc, char **argv)
{
    static const struct option options[] = {
        {"url", required_argument, NULL, 'u'},
        {"token", required_argument, NULL, 't'},
        {"topic", required_argument, NULL, 'x'},
        {"count", required_argument, NULL, 'n'},
        {"batch", required_argument, NULL, 'b'},
        {"connections", required_argument, NULL, 'c'},
        {"rate", required_argument, NULL, 'r'},
        {"size", required_argument, NULL, 's'},
        {"corpus", required_argument, NULL, 'k'},
        {"drain", no_argument, NULL, 'd'},
        {NULL, 0, NULL, 0},
    };
    bool ok = true;
    int option;

    while (ok && (option = getopt_long(argc, argv, "", options, NULL)) != -1) {
        if (option == 'u')
            p->url = optarg;
        else if (option == 't')
            p->token = optarg;
        else if (option == 'x')
            p->topic = optarg;
        else if (option == 'd')
            p->drain = true;
        else if (option == 'k')
            ok = hf_corpus_named(optarg, &p->corpus.kind);
        else
            ok = read_numbers(p, option);
    }
    return ok && optind == argc && p->url && p->token;
}

int
main(int argc, char **argv)
{
    static struct plan p = {
        .topic = "feed",
        .count = 100000,
        .batch = 1000,
        .connections = 1,
        .corpus = {.seed = 1, .run = "feed", .sizes = {HF_CORPUS_LEAST}, .size_count = 1},
    };
    pthread_t threads[CONNECTIONS_MAX];
    struct hf_error err = {0};
    int64_t took_ns;
    uint64_t started = 0;

    if (!read_options(&p, argc, argv)) {
        fputs("usage: holdfast-feed --url http://HOST:PORT --token TOKEN [--count N] [--batch N]\n"
              "           [--connections N] [--size BYTES] [--corpus sensor|binary] [--topic T]\n"
              "           [--rate PER_SECOND] [--drain]   leases and acknowledges so many\n"
              "Whole batches: the count is rounded up to them.\n",
              stderr);
        return 2;
    }
    if (p.batch > p.count)
        p.batch = p.count;
    if (hf_stop_init(&err) < 0 || (!p.drain && make_pool(&p, &err) < 0)) {
        fprintf(stderr, "holdfast-feed: %s\n", err.message);
        return 2;
    }
    p.start_ns = hf_corpus_now_ns();
    while (started < p.connections && pthread_create(&threads[started], NULL, work, &p) == 0)
        started++;
    for (uint64_t i = 0; i < started; i++)
        pthread_join(threads[i], NULL);
    took_ns = hf_corpus_now_ns() - p.start_ns;
    for (size_t i = 0; i < p.pooled; i++)
        hf_buf_done(&p.pool[i]);
    printf("{\"count\":%llu,\"ms\":%.1f,\"per_s\":%.0f}\n",
           (unsigned long long)atomic_load(&p.done), (double)took_ns / 1e6,
           (double)atomic_load(&p.done) * 1e9 / (double)took_ns);
    return atomic_load(&p.failed) ? 1 : 0;
}
