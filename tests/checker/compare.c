// SPDX-License-Identifier: Apache-2.0
#include "checker/compare.h"

#include "base/clock.h"
#include "common/http.h"
#include "common/stop.h"

#include <stdio.h>
#include <string.h>

enum { PAGE = 5000, PAGE_BYTES = 64 * 1024 * 1024, TIMEOUT_MS = 60000, POLL_MS = 200 };

struct reader {
    struct hf_compare *c;
    struct hf_http *http;
    unsigned long long rowid;
    char *scratch;
};

static void
take_line(struct reader *r, const char *line, size_t len)
{
    const struct hf_journal_head *head = r->c->journal->head;
    struct hf_topic_result *topic;
    struct hf_numbered is;

    (void)sscanf(line, "{\"rowid\":%llu", &r->rowid); // NOLINT(cert-err34-c): our own receiver's
    if (!hf_corpus_read_line(line, len, &is) || strcmp(is.run, head->corpus.run) != 0 ||
        is.n >= head->count)
        return;
    topic = &r->c->topics[is.n % head->topics];
    if (r->c->arrived[is.n]) {
        topic->duplicated++;
        return;
    }
    r->c->arrived[is.n] = 1;
    topic->arrived++;
    if (is.n + 1 < topic->next)
        topic->reordered++;
    else
        topic->next = is.n + 1;
    if (!hf_corpus_is_whole(&head->corpus, line, len, &is, r->scratch))
        r->c->corrupted++;
}

/* Reads one page; *ret_lines says how many there were. */
static int
read_page(struct reader *r, size_t *ret_lines, struct hf_error *err)
{
    struct hf_http_response answer;
    char url[512];
    struct hf_http_request request = {
        .url = url, .connect_timeout_ms = TIMEOUT_MS, .timeout_ms = TIMEOUT_MS};
    int rc;

    snprintf(url, sizeof url, "%s/v1/records?after=%llu&limit=%d", r->c->url, r->rowid, PAGE);
    hf_http_response_init(&answer, PAGE_BYTES);
    *ret_lines = 0;
    rc = hf_http_get(r->http, &request, &answer, err);
    if (rc == 0 && answer.status != 200)
        rc = hf_http_problem(&answer, "receiver", err);
    for (char *line = rc == 0 ? answer.body.data : NULL, *end; line && (end = strchr(line, '\n'));
         line = end + 1) {
        *end = '\0';
        take_line(r, line, (size_t)(end - line));
        ++*ret_lines;
    }
    hf_http_response_done(&answer);
    return rc;
}

static void
count_up(struct hf_compare *c)
{
    const struct hf_journal_head *head = c->journal->head;

    c->unasked = 0;
    c->sum = (struct hf_topic_result){0};
    for (uint64_t t = 0; t < head->topics; t++)
        c->topics[t].acknowledged = c->topics[t].lost = 0;
    for (uint64_t n = 0; n < head->count; n++) {
        struct hf_topic_result *topic = &c->topics[n % head->topics];

        topic->acknowledged += c->journal->acknowledged[n];
        topic->lost += c->journal->acknowledged[n] && !c->arrived[n];
        c->unasked += !c->journal->acknowledged[n] && c->arrived[n];
    }
    for (uint64_t t = 0; t < head->topics; t++) {
        c->sum.acknowledged += c->topics[t].acknowledged;
        c->sum.arrived += c->topics[t].arrived;
        c->sum.lost += c->topics[t].lost;
        c->sum.duplicated += c->topics[t].duplicated;
        c->sum.reordered += c->topics[t].reordered;
    }
}

static int
follow(struct reader *r, struct hf_error *err)
{
    int64_t last_ms = hf_clock_mono_ms();

    for (;;) {
        size_t lines;

        if (read_page(r, &lines, err) < 0)
            return -1;
        if (lines)
            last_ms = hf_clock_mono_ms();
        if (lines == PAGE)
            continue;
        count_up(r->c);
        if (r->c->sum.lost == 0 || hf_clock_mono_ms() - last_ms > r->c->settle_s * 1000 ||
            hf_stop_sleep(POLL_MS))
            return 0;
    }
}

int
hf_compare_run(struct hf_compare *c, struct hf_error *err)
{
    HF_AUTO(hf_http) struct hf_http *http = NULL;
    HF_AUTO_FREE char *scratch = malloc(3 * (size_t)HF_CORPUS_MOST);
    struct reader r = {.c = c, .scratch = scratch};

    c->arrived = calloc(c->journal->head->count, 1);
    c->topics = calloc(c->journal->head->topics, sizeof *c->topics);
    if (!c->arrived || !c->topics || !scratch)
        return hf_error_nomem(err);
    if (hf_http_new(&http, err) < 0)
        return -1;
    r.http = http;
    return follow(&r, err);
}

void
hf_compare_done(struct hf_compare *c)
{
    free(c->arrived);
    free(c->topics);
    c->arrived = NULL;
    c->topics = NULL;
}
