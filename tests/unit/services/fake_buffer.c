// SPDX-License-Identifier: Apache-2.0
#include "fake_buffer.h"

#include "base/text.h"
#include "common/stop.h"
#include "json/json.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>
#include <zstd.h>

enum { BLOCKS_MAX = 4096, THREADS = 12, LINES_MAX = 32 * 1024 * 1024, NAME_MAX_BYTES = 40 };

static const char *const lane_names[FAKE_LANES] = {"alarm", "normal", "bulk"};

/* A topic is in one lane. */
static const char *const lane_topics[FAKE_LANES] = {"a", "t", "b"};

struct block {
    uint64_t first, last, count;
    size_t raw;
    struct hf_buf lines;
};

struct sink {
    char name[NAME_MAX_BYTES];
    size_t cursor[FAKE_LANES];
};

struct fake_buffer {
    pthread_mutex_t lock;
    char token[64];
    struct hf_httpd *httpd;
    struct block *blocks[FAKE_LANES];
    size_t count[FAKE_LANES];
    bool gathering, gathered;
    uint64_t seq;
    struct sink sinks[FAKE_SINKS];
    struct hf_buf refused;
    size_t refused_count;
    atomic_bool paused;
    atomic_int refused_lane;
};

static struct sink *
find_sink(struct fake_buffer *f, const char *name)
{
    for (int i = 0; i < FAKE_SINKS; i++) {
        if (!*f->sinks[i].name)
            snprintf(f->sinks[i].name, sizeof f->sinks[i].name, "%s", name);
        if (strcmp(f->sinks[i].name, name) == 0)
            return &f->sinks[i];
    }
    abort();
}

static struct block *
block_for(struct fake_buffer *f, int lane)
{
    struct block *b;

    if (f->gathering && f->gathered)
        return &f->blocks[lane][f->count[lane] - 1];
    f->gathered = true;
    if (f->count[lane] == BLOCKS_MAX)
        abort();
    b = &f->blocks[lane][f->count[lane]++];
    *b = (struct block){.first = f->seq + 1, .lines = HF_BUF_INIT(LINES_MAX)};
    return b;
}

static void
add(struct fake_buffer *f, struct block *b, const char *topic, const char *tail)
{
    if (hf_buf_addf(&b->lines, NULL,
                    "{\"gateway\":\"hf-1\",\"epoch\":\"9f2c11ab\",\"seq\":%llu,"
                    "\"time\":\"2026-11-24T03:01:33.123Z\",\"synced\":true,\"topic\":\"%s\",%s}\n",
                    (unsigned long long)++f->seq, topic, tail) < 0)
        abort();
    b->last = f->seq;
    b->count++;
    b->raw = b->lines.len;
}

void
fake_buffer_put(struct fake_buffer *f, int lane, size_t count, size_t size)
{
    HF_AUTO_FREE char *tail = malloc(size + 128);
    struct block *b;

    pthread_mutex_lock(&f->lock);
    b = block_for(f, lane);
    for (size_t i = 0; i < count; i++) {
        char topic[24];
        unsigned long long n = f->seq + 1;
        size_t len = (size_t)snprintf(tail, 96, "\"payload\":{\"n\":%llu,\"pad\":\"", n);

        while (len < size)
            tail[len] = (char)('a' + (n * 7 + len * len) % 26), len++;
        snprintf(tail + len, 4, "\"}");
        snprintf(topic, sizeof topic, "%s/%llu", lane_topics[lane], n % 10);
        add(f, b, topic, tail);
    }
    pthread_mutex_unlock(&f->lock);
}

void
fake_buffer_put_one(struct fake_buffer *f, int lane, const char *topic, const char *tail)
{
    pthread_mutex_lock(&f->lock);
    add(f, block_for(f, lane), topic, tail);
    pthread_mutex_unlock(&f->lock);
}

void
fake_buffer_gather(struct fake_buffer *f, bool on)
{
    pthread_mutex_lock(&f->lock);
    f->gathering = on;
    f->gathered = false;
    pthread_mutex_unlock(&f->lock);
}

size_t
fake_buffer_held(struct fake_buffer *f, const char *sink)
{
    size_t held = 0;
    struct sink *s;

    pthread_mutex_lock(&f->lock);
    s = find_sink(f, sink);
    for (int lane = 0; lane < FAKE_LANES; lane++)
        for (size_t i = s->cursor[lane]; i < f->count[lane]; i++)
            held += f->blocks[lane][i].count;
    pthread_mutex_unlock(&f->lock);
    return held;
}

char *
fake_buffer_refused(struct fake_buffer *f)
{
    char *copy;

    pthread_mutex_lock(&f->lock);
    copy = strdup(f->refused.data ? f->refused.data : "");
    pthread_mutex_unlock(&f->lock);
    return copy;
}

size_t
fake_buffer_refused_count(struct fake_buffer *f)
{
    size_t count;

    pthread_mutex_lock(&f->lock);
    count = f->refused_count;
    pthread_mutex_unlock(&f->lock);
    return count;
}

void
fake_buffer_pause(struct fake_buffer *f, bool on)
{
    atomic_store(&f->paused, on);
}

void
fake_buffer_refuse_acks(struct fake_buffer *f, int lane)
{
    atomic_store(&f->refused_lane, lane);
}

static void
answer_error(struct hf_request *q, enum hf_error_class class, const char *why)
{
    struct hf_error err;

    hf_error_set(&err, class, "%s", why);
    hf_request_answer_error(q, &err);
}

static void
answer_block(struct hf_request *q, const struct block *b, const char *lane, bool more)
{
    const char *accepts = hf_request_header(q, "Accept-Encoding");
    bool zstd = accepts && strstr(accepts, "zstd");
    char headers[512];
    size_t bound = ZSTD_compressBound(b->raw);
    HF_AUTO_FREE char *frame = malloc(bound);
    size_t len = ZSTD_compress(frame, bound, b->lines.data, b->raw, FAKE_ZSTD_LEVEL);

    snprintf(headers, sizeof headers,
             "%sHoldfast-Lane: %s\r\nHoldfast-Epoch: 9f2c11ab\r\nHoldfast-First: %llu\r\n"
             "Holdfast-Last: %llu\r\nHoldfast-Count: %llu\r\nHoldfast-Raw-Bytes: %zu\r\n"
             "Holdfast-More: %d\r\nHoldfast-Other-Lanes: \r\n",
             zstd ? "Content-Encoding: zstd\r\n" : "", lane, (unsigned long long)b->first,
             (unsigned long long)b->last, (unsigned long long)b->count, b->raw, more);
    hf_request_answer(q, 200, "application/x-ndjson", headers, zstd ? frame : b->lines.data,
                      zstd ? len : b->raw);
}

static bool
try_lease(struct fake_buffer *f, struct hf_request *q, const char *sink, const char *lane)
{
    bool done = false;
    struct sink *s;

    pthread_mutex_lock(&f->lock);
    s = find_sink(f, sink);
    for (int i = 0; i < FAKE_LANES && !done; i++) {
        if ((*lane && strcmp(lane, lane_names[i]) != 0) || s->cursor[i] == f->count[i])
            continue;
        answer_block(q, &f->blocks[i][s->cursor[i]], lane_names[i], s->cursor[i] + 1 < f->count[i]);
        done = true;
    }
    pthread_mutex_unlock(&f->lock);
    return done;
}

static void
lease(struct fake_buffer *f, struct hf_request *q)
{
    char sink[NAME_MAX_BYTES] = "", lane[16] = "";
    uint64_t wait_ms;

    (void)hf_request_text(q, "sink", sink, sizeof sink);
    (void)hf_request_text(q, "lane", lane, sizeof lane);
    if (!*sink || !hf_request_number(q, "wait_ms", 0, &wait_ms)) {
        answer_error(q, HF_ERROR_MALFORMED, "sink and wait_ms");
        return;
    }
    for (uint64_t waited = 0;; waited += 10) {
        if (try_lease(f, q, sink, lane))
            return;
        if (waited >= wait_ms || hf_stopping() || atomic_load(&f->paused))
            break;
        usleep(10000);
    }
    hf_request_answer_status(q, 204);
}

static void
peek(struct fake_buffer *f, struct hf_request *q)
{
    char sink[NAME_MAX_BYTES] = "", lane[16] = "";
    bool done = false;
    struct sink *s;

    (void)hf_request_text(q, "sink", sink, sizeof sink);
    (void)hf_request_text(q, "lane", lane, sizeof lane);
    pthread_mutex_lock(&f->lock);
    s = find_sink(f, sink);
    for (int i = 0; i < FAKE_LANES; i++) {
        if (strcmp(lane, lane_names[i]) != 0 || s->cursor[i] + 1 >= f->count[i])
            continue;
        answer_block(q, &f->blocks[i][s->cursor[i] + 1], lane, false);
        done = true;
    }
    pthread_mutex_unlock(&f->lock);
    if (!done)
        hf_request_answer_status(q, 204);
}

static void
note_refused(struct fake_buffer *f, const struct hf_json *refused)
{
    for (const struct hf_json *v = hf_json_first(refused); v; v = hf_json_next(v)) {
        f->refused_count++;
        if (hf_buf_addf(&f->refused, NULL, "%s:%d:%s;", hf_json_string(v, "seq"),
                        (int)hf_json_int(v, "status", 0), hf_json_string(v, "reason")) < 0)
            abort();
    }
}

static void
acknowledge(struct fake_buffer *f, struct hf_request *q, const struct hf_json *doc)
{
    const char *lane = hf_json_string(doc, "lane"), *sink = hf_json_string(doc, "sink");
    const char *first = hf_json_string(doc, "first"), *last = hf_json_string(doc, "last");
    bool known = false;

    pthread_mutex_lock(&f->lock);
    for (int i = 0; i < FAKE_LANES && lane && sink && first && last; i++) {
        struct sink *s = find_sink(f, sink);
        const struct block *b = &f->blocks[i][s->cursor[i]];
        char a[24], z[24];

        if (strcmp(lane, lane_names[i]) != 0 || s->cursor[i] == f->count[i])
            continue;
        snprintf(a, sizeof a, "%llu", (unsigned long long)b->first);
        snprintf(z, sizeof z, "%llu", (unsigned long long)b->last);
        if (strcmp(a, first) != 0 || strcmp(z, last) != 0)
            continue;
        known = true;
        s->cursor[i]++;
        note_refused(f, hf_json_get(doc, "refused"));
    }
    pthread_mutex_unlock(&f->lock);
    if (known)
        hf_request_answer(q, 200, "application/json", NULL, "{}", 2);
    else
        answer_error(q, HF_ERROR_CONFLICT, "no such lease");
}

static bool
is_refused_lane(struct fake_buffer *f, const struct hf_json *doc)
{
    int refused = atomic_load(&f->refused_lane);
    const char *lane = hf_json_string(doc, "lane");

    return refused >= 0 && lane && strcmp(lane, lane_names[refused]) == 0;
}

static void
handle(void *ctx, struct hf_request *q)
{
    HF_AUTO_BUF struct hf_buf body = HF_BUF_INIT(4 * 1024 * 1024);
    HF_AUTO(hf_json) struct hf_json *doc = NULL;
    struct fake_buffer *f = ctx;

    if (atomic_load(&f->paused))
        answer_error(q, HF_ERROR_UNAVAILABLE, "paused");
    else if (!hf_request_bears(q, f->token))
        answer_error(q, HF_ERROR_UNAUTHORIZED, "the token is wrong");
    else if (hf_request_is(q, "POST", "/v1/lease"))
        lease(f, q);
    else if (hf_request_is(q, "POST", "/v1/peek"))
        peek(f, q);
    else if (hf_request_body(q, &body, NULL) < 0 ||
             hf_json_parse(body.data ? body.data : "", body.len, &doc, NULL) < 0)
        answer_error(q, HF_ERROR_MALFORMED, "no JSON");
    else if (hf_request_is(q, "POST", "/v1/ack") && is_refused_lane(f, doc))
        answer_error(q, HF_ERROR_INVALID, "refused by the test");
    else if (hf_request_is(q, "POST", "/v1/ack"))
        acknowledge(f, q, doc);
    else if (hf_request_is(q, "POST", "/v1/extend"))
        hf_request_answer(q, 200, "application/json", NULL, "{}", 2);
    else
        answer_error(q, HF_ERROR_NOT_FOUND, "nothing here");
}

struct fake_buffer *
fake_buffer_start(const char *listen, const char *token)
{
    struct fake_buffer *f = calloc(1, sizeof *f);

    if (!f)
        abort();
    pthread_mutex_init(&f->lock, NULL);
    atomic_init(&f->refused_lane, -1);
    snprintf(f->token, sizeof f->token, "%s", token);
    f->refused = HF_BUF_INIT(16 * 1024 * 1024);
    for (int i = 0; i < FAKE_LANES; i++)
        if (!(f->blocks[i] = calloc(BLOCKS_MAX, sizeof *f->blocks[i])))
            abort();
    if (hf_httpd_start(
            &(struct hf_httpd_options){
                .listen = listen, .threads = THREADS, .handle = handle, .ctx = f},
            &f->httpd, NULL) < 0)
        abort();
    return f;
}

void
fake_buffer_stop(struct fake_buffer *f)
{
    atomic_store(&f->paused, true);
    hf_httpd_stop(f->httpd);
    for (int i = 0; i < FAKE_LANES; i++) {
        for (size_t b = 0; b < f->count[i]; b++)
            hf_buf_done(&f->blocks[i][b].lines);
        free(f->blocks[i]);
    }
    hf_buf_done(&f->refused);
    pthread_mutex_destroy(&f->lock);
    free(f);
}
