// SPDX-License-Identifier: Apache-2.0
#include "forwarder/source.h"

#include "json/json.h"

#include <stdio.h>
#include <string.h>

enum {
    CONNECT_MS = 3000,
    TIMEOUT_MS = 30000,
    ANSWER_MAX = HF_ERROR_MESSAGE_MAX * 4,
};

struct hf_source {
    struct hf_source_options o;
    struct hf_http *http;
    struct hf_http_response answer; /* of all but leases */
};

int
hf_refusals_add(struct hf_refusals *r, uint64_t seq, int status, const char *reason,
                struct hf_error *err)
{
    char *copy;

    if (r->reason_bytes >= HF_REFUSALS_REASONS)
        reason = "see others";
    if (r->count == r->cap) {
        size_t cap = r->cap ? r->cap * 2 : 16;
        struct hf_refusal *grown = realloc(r->items, cap * sizeof *grown);

        if (!grown)
            return hf_error_nomem(err);
        r->items = grown;
        r->cap = cap;
    }
    copy = strdup(reason);
    if (!copy)
        return hf_error_nomem(err);
    r->reason_bytes += strlen(copy);
    r->items[r->count++] = (struct hf_refusal){.seq = seq, .status = status, .reason = copy};
    return 0;
}

void
hf_refusals_cut(struct hf_refusals *r, size_t count)
{
    while (r->count > count) {
        char *reason = r->items[--r->count].reason;

        r->reason_bytes -= strlen(reason);
        free(reason);
    }
}

void
hf_refusals_clear(struct hf_refusals *r)
{
    hf_refusals_cut(r, 0);
}

void
hf_refusals_done(struct hf_refusals *r)
{
    hf_refusals_clear(r);
    free(r->items);
    *r = (struct hf_refusals){0};
}

int
hf_source_new(const struct hf_source_options *options, struct hf_source **ret_source,
              struct hf_error *err)
{
    struct hf_source *s = calloc(1, sizeof *s);

    if (!s)
        return hf_error_nomem(err);
    s->o = *options;
    hf_http_response_init(&s->answer, ANSWER_MAX);
    if (hf_http_new(&s->http, err) < 0) {
        hf_source_free(s);
        return -1;
    }
    *ret_source = s;
    return 0;
}

void
hf_source_free(struct hf_source *s)
{
    if (!s)
        return;
    hf_http_free(s->http);
    hf_http_response_done(&s->answer);
    free(s);
}

/* Any answer but 200 and 204 is an error. */
static int
ask(struct hf_source *s, const char *url, const char *body, struct hf_http_response *answer,
    struct hf_error *err)
{
    static const char *const zstd[] = {"Accept-Encoding: zstd", NULL};
    const struct hf_http_request request = {
        .url = url,
        .content_type = body ? "application/json" : NULL,
        .bearer = s->o.token,
        .headers = zstd,
        .body = body,
        .body_len = body ? strlen(body) : 0,
        .connect_timeout_ms = CONNECT_MS,
        .timeout_ms = TIMEOUT_MS,
        .patient = body != NULL, /* an acknowledgement, not the wait for a lease */
        .cancel = body ? NULL : s->o.cancel,
    };

    if (hf_http_post(s->http, &request, answer, err) < 0)
        return hf_error_wrap(err, "buffer");
    if (answer->status != 200 && answer->status != 204)
        return hf_http_problem(answer, "buffer", err);
    return 0;
}

/* 1, 0 nothing there, -1. */
static int
ask_for_lines(struct hf_source *s, const char *url, struct hf_leased *b, struct hf_error *err)
{
    if (ask(s, url, NULL, &b->answer, err) < 0)
        return -1;
    if (b->answer.status == 204)
        return 0;
    return hf_leased_take(b, s->o.gateway, err) < 0 ? -1 : 1;
}

int
hf_source_lease(struct hf_source *s, const char *lane, size_t max_bytes, int64_t wait_ms,
                struct hf_leased *b, struct hf_error *err)
{
    char url[HF_HTTP_URL_MAX + 256];

    snprintf(url, sizeof url,
             "%s/v1/lease?sink=%s&max_bytes=%zu&wait_ms=%lld&holder=%s&lease_ms=%d%s%s", s->o.url,
             s->o.sink, max_bytes, (long long)wait_ms, s->o.holder, HF_SOURCE_LEASE_MS,
             lane ? "&lane=" : "", lane ? lane : "");
    return ask_for_lines(s, url, b, err);
}

int
hf_source_peek(struct hf_source *s, const char *lane, struct hf_leased *b, struct hf_error *err)
{
    char url[HF_HTTP_URL_MAX + 96];

    snprintf(url, sizeof url, "%s/v1/peek?sink=%s&lane=%s", s->o.url, s->o.sink, lane);
    return ask_for_lines(s, url, b, err);
}

static struct hf_json *
refused_as_json(const struct hf_refusals *refused)
{
    struct hf_json *array = hf_json_array();

    for (size_t i = 0; i < refused->count; i++) {
        struct hf_json *item = hf_json_object();
        char seq[24];

        snprintf(seq, sizeof seq, "%llu", (unsigned long long)refused->items[i].seq);
        hf_json_put_string(item, "seq", seq);
        hf_json_put_int(item, "status", refused->items[i].status);
        hf_json_put_string(item, "reason", refused->items[i].reason);
        hf_json_add(array, item);
    }
    return array;
}

int
hf_source_ack(struct hf_source *s, const struct hf_leased *b, const struct hf_refusals *refused,
              struct hf_error *err)
{
    HF_AUTO(hf_json) struct hf_json *body = hf_json_object();
    HF_AUTO_FREE char *text = NULL;
    char url[HF_HTTP_URL_MAX + 16];

    hf_json_put_string(body, "sink", s->o.sink);
    hf_json_put_string(body, "lane", b->lane);
    hf_json_put_string(body, "epoch", b->epoch);
    hf_json_put_string(body, "first", b->first);
    hf_json_put_string(body, "last", b->last);
    if (refused->count)
        hf_json_put(body, "refused", refused_as_json(refused));
    if (hf_json_print(body, &text, err) < 0)
        return -1;
    snprintf(url, sizeof url, "%s/v1/ack", s->o.url);
    return ask(s, url, text, &s->answer, err);
}

int
hf_source_extend(struct hf_source *s, const struct hf_leased *b, struct hf_error *err)
{
    char url[HF_HTTP_URL_MAX + 16], body[192];

    snprintf(body, sizeof body, "{\"sink\":\"%s\",\"lane\":\"%s\",\"lease_ms\":%d}", s->o.sink,
             b->lane, HF_SOURCE_LEASE_MS);
    snprintf(url, sizeof url, "%s/v1/extend", s->o.url);
    return ask(s, url, body, &s->answer, err);
}
