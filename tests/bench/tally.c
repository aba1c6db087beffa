// SPDX-License-Identifier: Apache-2.0
#include "tally.h"

#include "checker/corpus.h"

#include <pthread.h>
#include <string.h>

enum { RUNS_MAX = 256, GROW = 65536 };

struct run {
    char name[HF_CORPUS_RUN];
    unsigned char *seen; /* [room] */
    size_t room;
    float *late_ms; /* [distinct], in order of arrival */
    size_t late_room;
    uint64_t distinct, duplicated;
    int64_t first_ns, last_ns;
};

struct hf_tally {
    pthread_mutex_t lock;
    struct run runs[RUNS_MAX];
    size_t count;
};

int
hf_tally_new(struct hf_tally **ret_tally, struct hf_error *err)
{
    struct hf_tally *t = calloc(1, sizeof *t);

    if (!t)
        return hf_error_nomem(err);
    pthread_mutex_init(&t->lock, NULL);
    *ret_tally = t;
    return 0;
}

void
hf_tally_free(struct hf_tally *t)
{
    if (!t)
        return;
    for (size_t i = 0; i < t->count; i++) {
        free(t->runs[i].seen);
        free(t->runs[i].late_ms);
    }
    pthread_mutex_destroy(&t->lock);
    free(t);
}

static struct run *
find(struct hf_tally *t, const char *name, bool make)
{
    for (size_t i = t->count; i > 0; i--)
        if (strcmp(t->runs[i - 1].name, name) == 0)
            return &t->runs[i - 1];
    if (!make || t->count == RUNS_MAX)
        return NULL;
    memcpy(t->runs[t->count].name, name, strlen(name) + 1);
    return &t->runs[t->count++];
}

static bool
make_room(struct run *r, uint64_t n)
{
    if (n >= r->room) {
        size_t room = (size_t)n + GROW;
        unsigned char *seen = realloc(r->seen, room);

        if (!seen)
            return false;
        memset(seen + r->room, 0, room - r->room);
        r->seen = seen;
        r->room = room;
    }
    if (r->distinct == r->late_room) {
        float *late = realloc(r->late_ms, (r->late_room + GROW) * sizeof *late);

        if (!late)
            return false;
        r->late_ms = late;
        r->late_room += GROW;
    }
    return true;
}

static void
count(struct hf_tally *t, const struct hf_numbered *is, int64_t now_ns)
{
    struct run *r = find(t, is->run, true);

    if (!r || is->n > UINT32_MAX || !make_room(r, is->n))
        return;
    r->last_ns = now_ns;
    if (r->seen[is->n]) {
        r->duplicated++;
        return;
    }
    if (!r->distinct)
        r->first_ns = now_ns;
    r->seen[is->n] = 1;
    r->late_ms[r->distinct++] = (float)(now_ns - is->t_ns) / 1e6F;
}

void
hf_tally_lines(struct hf_tally *t, const char *lines, size_t len)
{
    int64_t now_ns = hf_corpus_now_ns();

    pthread_mutex_lock(&t->lock);
    for (size_t at = 0; at < len;) {
        const char *newline = memchr(lines + at, '\n', len - at);
        size_t size = newline ? (size_t)(newline - lines) - at : len - at;
        struct hf_numbered is;

        if (hf_corpus_read_line(lines + at, size, &is))
            count(t, &is, now_ns);
        at += size + 1;
    }
    pthread_mutex_unlock(&t->lock);
}

void
hf_tally_payload(struct hf_tally *t, const char *payload, size_t len)
{
    struct hf_numbered is;

    if (!hf_corpus_read(payload, len, &is))
        return;
    pthread_mutex_lock(&t->lock);
    count(t, &is, hf_corpus_now_ns());
    pthread_mutex_unlock(&t->lock);
}

static int
compare_floats(const void *a, const void *b)
{
    float x = *(const float *)a, y = *(const float *)b;

    return (x > y) - (x < y);
}

/* To a thousandth: what a person reads. */
static double
rounded(float ms)
{
    return (double)(int64_t)((double)ms * 1000 + 0.5) / 1000;
}

struct hf_json *
hf_tally_report(struct hf_tally *t, const char *run)
{
    struct hf_json *report = hf_json_object();
    static const struct run none;
    const struct run *r;
    uint64_t n;

    pthread_mutex_lock(&t->lock);
    r = find(t, run, false);
    r = r ? r : &none;
    n = r->distinct;
    if (n)
        qsort(r->late_ms, n, sizeof *r->late_ms, compare_floats);
    hf_json_put_int(report, "distinct", (int64_t)n);
    hf_json_put_int(report, "duplicated", (int64_t)r->duplicated);
    hf_json_put_int(report, "first_ns", r->first_ns);
    hf_json_put_int(report, "last_ns", r->last_ns);
    hf_json_put_number(report, "p50_ms", n ? rounded(r->late_ms[n / 2]) : 0);
    hf_json_put_number(report, "p99_ms", n ? rounded(r->late_ms[n - 1 - n / 100]) : 0);
    hf_json_put_number(report, "max_ms", n ? rounded(r->late_ms[n - 1]) : 0);
    pthread_mutex_unlock(&t->lock);
    return report;
}
