// SPDX-License-Identifier: Apache-2.0
#include "receiver/check.h"

#include "base/clock.h"
#include "common/http.h"
#include "common/stop.h"

#include <stdio.h>
#include <string.h>

enum { PAGE = 5000, PAGE_BYTES = 64 * 1024 * 1024, TIMEOUT_MS = 60000, POLL_MS = 200 };

struct tally {
    const struct hf_check *c;
    unsigned char *arrived;
    uint64_t *highest; /* of each topic: number + 1 */
    unsigned long long rowid;
    struct hf_check_result r;
};

static void
take_line(struct tally *t, const char *line)
{
    char mark[96];
    const char *at = strstr(line, "\"payload\":{\"run\":\"");
    unsigned long long n;

    (void)sscanf(line, "{\"rowid\":%llu", &t->rowid); // NOLINT(cert-err34-c): our own receiver's
    snprintf(mark, sizeof mark, "\"payload\":{\"run\":\"%s\",\"n\":", t->c->run);
    if (!at || strncmp(at, mark, strlen(mark)) != 0)
        return;
    n = strtoull(at + strlen(mark), NULL, 10);
    if (n >= t->c->count)
        return;
    if (t->arrived[n]) {
        t->r.duplicated++;
        return;
    }
    t->arrived[n] = 1;
    t->r.arrived++;
    if (n + 1 < t->highest[n % t->c->topics])
        t->r.reordered++;
    else
        t->highest[n % t->c->topics] = n + 1;
}

/* Reads one page; *ret_lines says how many there were. */
static int
read_page(struct tally *t, struct hf_http *http, size_t *ret_lines, struct hf_error *err)
{
    struct hf_http_response answer;
    char url[512];
    struct hf_http_request request = {
        .url = url, .connect_timeout_ms = TIMEOUT_MS, .timeout_ms = TIMEOUT_MS};
    int rc;

    snprintf(url, sizeof url, "%s/v1/records?after=%llu&limit=%d", t->c->url, t->rowid, PAGE);
    hf_http_response_init(&answer, PAGE_BYTES);
    *ret_lines = 0;
    rc = hf_http_get(http, &request, &answer, err);
    if (rc == 0 && answer.status != 200)
        rc = hf_http_problem(&answer, "receiver", err);
    for (char *line = rc == 0 ? answer.body.data : NULL, *end; line && (end = strchr(line, '\n'));
         line = end + 1) {
        *end = '\0';
        take_line(t, line);
        ++*ret_lines;
    }
    hf_http_response_done(&answer);
    return rc;
}

static uint64_t
count_lost(const struct tally *t)
{
    uint64_t lost = 0;

    for (size_t n = 0; n < t->c->count; n++)
        lost += t->c->acknowledged[n] && !t->arrived[n];
    return lost;
}

static int
follow(struct tally *t, struct hf_http *http, struct hf_error *err)
{
    int64_t last_ms = hf_clock_mono_ms();

    for (;;) {
        size_t lines;

        if (read_page(t, http, &lines, err) < 0)
            return -1;
        if (lines)
            last_ms = hf_clock_mono_ms();
        if (lines == PAGE)
            continue;
        t->r.lost = count_lost(t);
        if (t->r.lost == 0 || hf_clock_mono_ms() - last_ms > t->c->settle_s * 1000 ||
            hf_stop_sleep(POLL_MS))
            return 0;
    }
}

int
hf_check_run(const struct hf_check *c, struct hf_check_result *ret_result, struct hf_error *err)
{
    HF_AUTO(hf_http) struct hf_http *http = NULL;
    HF_AUTO_FREE unsigned char *arrived = calloc(c->count ? c->count : 1, 1);
    HF_AUTO_FREE uint64_t *highest = calloc(c->topics, sizeof *highest);
    struct tally t = {.c = c, .arrived = arrived, .highest = highest};

    if (!arrived || !highest)
        return hf_error_nomem(err);
    if (hf_http_new(&http, err) < 0 || follow(&t, http, err) < 0)
        return -1;
    for (size_t n = 0; n < c->count; n++)
        t.r.acknowledged += c->acknowledged[n];
    *ret_result = t.r;
    return 0;
}
