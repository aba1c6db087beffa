// SPDX-License-Identifier: Apache-2.0
#include "forwarder/deliver.h"

#include "base/clock.h"
#include "base/log.h"
#include "base/text.h"
#include "common/backoff.h"
#include "common/http.h"
#include "common/stop.h"
#include "forwarder/outcome.h"

#include <pthread.h>
#include <stdio.h>
#include <string.h>

enum {
    LEASE_BYTES = 1024 * 1024,
    LEASE_ANSWER_MAX = 40 * 1024 * 1024, /* one block is given whole, whatever its size */
    LEASE_WAIT_MS = 10000,
    BUFFER_CONNECT_MS = 3000,
    BUFFER_TIMEOUT_MS = 30000,
    BUFFER_RETRY_FIRST_MS = 200,
    BUFFER_RETRY_CAP_MS = 5000,
    UPLINK_CONNECT_MS = 10000,
    UPLINK_STALL_S = 30,
    UPLINK_TIMEOUT_MS = 600000, /* a megabyte over the slowest line; stalls end it sooner */
    UPLINK_RETRY_FIRST_MS = 1000,
    UPLINK_RETRY_CAP_MS = 60000,
    WAIT_STEP_MS = 200, /* how soon new settings are seen */
    KEY_MAX = 192,
};

struct batch {
    struct hf_http_response answer; /* of the lease: its body is what is delivered */
    uint64_t count;
    char epoch[32], first[24], last[24];
    char key[KEY_MAX]; /* header line Idempotency-Key */
};

struct hf_deliver {
    char lease_url[HF_URL_MAX];
    char ack_url[HF_URL_MAX];
    struct hf_http *buffer;
    struct hf_http *uplink;
    struct hf_deliver_settings used; /* the delivering thread's copy */
    unsigned used_generation;
    pthread_mutex_t lock;
    struct hf_deliver_settings given; /* guarded by lock */
    unsigned generation;
    struct hf_deliver_view view;
};

int
hf_deliver_new(const char *buffer_url, struct hf_deliver **ret_deliver, struct hf_error *err)
{
    HF_AUTO(hf_deliver) struct hf_deliver *d = calloc(1, sizeof *d);

    if (!d)
        return hf_error_nomem(err);
    pthread_mutex_init(&d->lock, NULL);
    snprintf(d->lease_url, sizeof d->lease_url, "%s/v1/lease?max_bytes=%d&wait_ms=%d", buffer_url,
             LEASE_BYTES, LEASE_WAIT_MS);
    snprintf(d->ack_url, sizeof d->ack_url, "%s/v1/ack", buffer_url);
    if (hf_http_new(&d->buffer, err) < 0 || hf_http_new(&d->uplink, err) < 0)
        return -1;
    *ret_deliver = hf_steal(&d);
    return 0;
}

void
hf_deliver_free(struct hf_deliver *d)
{
    if (!d)
        return;
    hf_http_free(d->buffer);
    hf_http_free(d->uplink);
    free(d->used.ca_pem);
    free(d->given.ca_pem);
    pthread_mutex_destroy(&d->lock);
    free(d);
}

void
hf_deliver_configure(struct hf_deliver *d, struct hf_deliver_settings *consume)
{
    pthread_mutex_lock(&d->lock);
    free(d->given.ca_pem);
    d->given = *consume;
    consume->ca_pem = NULL;
    d->generation++;
    pthread_mutex_unlock(&d->lock);
}

static bool
settings_changed(struct hf_deliver *d)
{
    bool changed;

    pthread_mutex_lock(&d->lock);
    changed = d->generation != d->used_generation;
    pthread_mutex_unlock(&d->lock);
    return changed;
}

static void
adopt_settings(struct hf_deliver *d)
{
    pthread_mutex_lock(&d->lock);
    if (d->generation != d->used_generation) {
        free(d->used.ca_pem);
        d->used = d->given;
        d->used.ca_pem = d->given.ca_pem ? strdup(d->given.ca_pem) : NULL;
        d->used_generation = d->generation;
    }
    pthread_mutex_unlock(&d->lock);
}

void
hf_deliver_look(struct hf_deliver *d, struct hf_deliver_view *ret_view)
{
    pthread_mutex_lock(&d->lock);
    *ret_view = d->view;
    pthread_mutex_unlock(&d->lock);
}

static void
set_uplink(struct hf_deliver *d, enum hf_uplink state)
{
    pthread_mutex_lock(&d->lock);
    d->view.uplink = state;
    if (state == HF_UPLINK_UNSET) { /* what was wrong with the old one is over */
        d->view.last_error[0] = '\0';
        d->view.attempt = 0;
        d->view.next_try_ms = 0;
    }
    pthread_mutex_unlock(&d->lock);
}

/* Waits; true when the service is to stop. Ends early when there are new settings. */
static bool
wait_for(struct hf_deliver *d, int64_t ms)
{
    int64_t end = hf_clock_mono_ms() + ms;

    while (!settings_changed(d) && hf_clock_mono_ms() < end) {
        int64_t left = end - hf_clock_mono_ms();

        if (hf_stop_sleep(left < WAIT_STEP_MS ? left : WAIT_STEP_MS))
            break;
    }
    return hf_stopping();
}

/* ---- the buffer's side ---- */

static void
set_buffer_error(struct hf_deliver *d, const struct hf_error *err)
{
    pthread_mutex_lock(&d->lock);
    if (err && !*d->view.buffer_error)
        hf_log_warn("event=buffer-away reason=\"%s\"", err->message);
    else if (!err && *d->view.buffer_error)
        hf_log_info("event=buffer-back");
    snprintf(d->view.buffer_error, sizeof d->view.buffer_error, "%.*s", HF_DELIVER_TEXT_MAX - 1,
             err ? err->message : "");
    pthread_mutex_unlock(&d->lock);
}

static int
ask_buffer(struct hf_deliver *d, const char *url, const char *body, struct hf_http_response *answer,
           struct hf_error *err)
{
    const struct hf_http_request request = {
        .url = url,
        .content_type = body ? "application/json" : NULL,
        .bearer = d->used.buffer_token,
        .body = body,
        .body_len = body ? strlen(body) : 0,
        .connect_timeout_ms = BUFFER_CONNECT_MS,
        .timeout_ms = BUFFER_TIMEOUT_MS,
        .patient = body != NULL, /* an acknowledgement, not the wait for a lease */
    };

    if (hf_http_post(d->buffer, &request, answer, err) < 0)
        return hf_error_wrap(err, "buffer");
    return 0;
}

static int
read_lease(struct hf_deliver *d, struct batch *b, struct hf_error *err)
{
    char count[24];
    int n;

    if (!hf_http_header(&b->answer, "Holdfast-Epoch", b->epoch, sizeof b->epoch) ||
        !hf_http_header(&b->answer, "Holdfast-First", b->first, sizeof b->first) ||
        !hf_http_header(&b->answer, "Holdfast-Last", b->last, sizeof b->last) ||
        !hf_http_header(&b->answer, "Holdfast-Count", count, sizeof count) ||
        !hf_text_u64(count, &b->count))
        return hf_error_set(err, HF_ERROR_UPSTREAM, "buffer: the lease has no span");
    n = snprintf(b->key, sizeof b->key, "Idempotency-Key: %s/%s/%s-%s", d->used.gateway, b->epoch,
                 b->first, b->last);
    if (n >= (int)sizeof b->key)
        return hf_error_set(err, HF_ERROR_UPSTREAM, "buffer: the span is too long");
    return 1;
}

/* 1 a batch, 0 nothing there, -1 error. */
static int
lease(struct hf_deliver *d, struct batch *b, struct hf_error *err)
{
    if (ask_buffer(d, d->lease_url, NULL, &b->answer, err) < 0)
        return -1;
    if (b->answer.status == 204)
        return 0;
    if (b->answer.status != 200)
        return hf_http_problem(&b->answer, "buffer", err);
    return read_lease(d, b, err);
}

/* Until the buffer has written that the batch is delivered. Conflict means that it no longer has
 * that span (a new epoch): then there is nothing to give back. */
static void
acknowledge(struct hf_deliver *d, const struct batch *b)
{
    struct hf_backoff backoff = {.first_ms = BUFFER_RETRY_FIRST_MS, .cap_ms = BUFFER_RETRY_CAP_MS};
    struct hf_http_response answer;
    char body[128];

    snprintf(body, sizeof body, "{\"epoch\":\"%s\",\"first\":\"%s\",\"last\":\"%s\"}", b->epoch,
             b->first, b->last);
    hf_http_response_init(&answer, (size_t)HF_ERROR_MESSAGE_MAX * 4);
    for (;;) {
        struct hf_error err = {0};
        int rc = ask_buffer(d, d->ack_url, body, &answer, &err);

        if (rc == 0 && answer.status != 200)
            rc = hf_http_problem(&answer, "buffer", &err);
        if (rc == 0 || err.class == HF_ERROR_CONFLICT) {
            if (rc < 0)
                hf_log_warn("event=ack-refused epoch=%s first=%s last=%s reason=\"%s\"", b->epoch,
                            b->first, b->last, err.message);
            set_buffer_error(d, NULL);
            break;
        }
        set_buffer_error(d, &err);
        if (hf_stop_sleep(hf_backoff_fail_now(&backoff)))
            break;
        adopt_settings(d);
    }
    hf_http_response_done(&answer);
}

/* ---- the uplink's side ---- */

static enum hf_outcome
post(struct hf_deliver *d, const struct batch *b, struct hf_http_response *answer,
     char error[HF_DELIVER_TEXT_MAX])
{
    char gateway[HF_SECRET_MAX];
    const char *const headers[] = {b->key, gateway, NULL};
    const struct hf_http_request request = {
        .url = d->used.url,
        .content_type = "application/x-ndjson",
        .user_agent = "holdfast-forwarder/" HF_VERSION,
        .bearer = d->used.uplink_token,
        .headers = headers,
        .body = b->answer.body.data,
        .body_len = b->answer.body.len,
        .connect_timeout_ms = UPLINK_CONNECT_MS,
        .timeout_ms = UPLINK_TIMEOUT_MS,
        .stall_s = UPLINK_STALL_S,
        .ca_pem = d->used.ca_pem,
    };
    struct hf_error err = {0};

    snprintf(gateway, sizeof gateway, "Holdfast-Gateway: %s", d->used.gateway);
    error[0] = '\0';
    answer->status = 0;
    answer->retry_after_s = 0;
    if (hf_http_post(d->uplink, &request, answer, &err) < 0) {
        snprintf(error, HF_DELIVER_TEXT_MAX, "%.*s", HF_DELIVER_TEXT_MAX - 1, err.message);
        return HF_OUTCOME_LATER;
    }
    if (answer->status >= 300 && answer->status < 400)
        snprintf(error, HF_DELIVER_TEXT_MAX, "the uplink answers %d; redirects are not followed",
                 answer->status);
    else if (hf_outcome_of(answer->status) != HF_OUTCOME_STORED)
        snprintf(error, HF_DELIVER_TEXT_MAX, "the uplink answers %d", answer->status);
    return hf_outcome_of(answer->status);
}

static void
note_success(struct hf_deliver *d, const struct batch *b, int status)
{
    pthread_mutex_lock(&d->lock);
    if (d->view.attempt)
        hf_log_info("event=uplink-back epoch=%s first=%s last=%s tries=%u", b->epoch, b->first,
                    b->last, d->view.attempt + 1);
    d->view.delivered += b->count;
    d->view.batches++;
    d->view.attempt = 0;
    d->view.uplink = HF_UPLINK_IDLE; /* until the next batch */
    d->view.last_status = status;
    d->view.last_error[0] = '\0';
    d->view.last_success_ms = hf_clock_wall_ms();
    pthread_mutex_unlock(&d->lock);
}

static void
note_failure(struct hf_deliver *d, const struct batch *b, enum hf_outcome outcome, int status,
             const char *error, unsigned attempt, int64_t wait_ms)
{
    pthread_mutex_lock(&d->lock);
    if (strcmp(error, d->view.last_error) != 0)
        hf_log_warn("event=uplink-away epoch=%s first=%s last=%s reason=\"%s\"", b->epoch, b->first,
                    b->last, error);
    d->view.uplink = outcome == HF_OUTCOME_REFUSED ? HF_UPLINK_REFUSED : HF_UPLINK_AWAY;
    d->view.failures++;
    d->view.attempt = attempt;
    d->view.last_status = status;
    snprintf(d->view.last_error, sizeof d->view.last_error, "%s", error);
    d->view.next_try_ms = hf_clock_wall_ms() + wait_ms;
    pthread_mutex_unlock(&d->lock);
}

static void
begin_try(struct hf_deliver *d)
{
    pthread_mutex_lock(&d->lock);
    d->view.next_try_ms = 0;
    if (d->view.uplink == HF_UPLINK_UNSET || d->view.uplink == HF_UPLINK_IDLE)
        d->view.uplink = HF_UPLINK_DELIVERING;
    pthread_mutex_unlock(&d->lock);
}

/* Tries until the batch is stored: true. False: the service stops, or the uplink was taken away. */
static bool
deliver(struct hf_deliver *d, const struct batch *b)
{
    struct hf_backoff backoff = {.first_ms = UPLINK_RETRY_FIRST_MS, .cap_ms = UPLINK_RETRY_CAP_MS};
    struct hf_http_response answer;
    bool stored = false;

    hf_http_response_init(&answer, 0);
    while (!hf_stopping() && *d->used.url) {
        char error[HF_DELIVER_TEXT_MAX];
        enum hf_outcome outcome;
        int64_t wait_ms;

        begin_try(d);
        outcome = post(d, b, &answer, error);
        if (outcome == HF_OUTCOME_STORED) {
            stored = true;
            break;
        }
        wait_ms = hf_outcome_wait_ms(hf_backoff_fail_now(&backoff), answer.retry_after_s);
        note_failure(d, b, outcome, answer.status, error, backoff.attempt, wait_ms);
        if (wait_for(d, wait_ms))
            break;
        if (settings_changed(d))
            hf_backoff_reset(&backoff);
        adopt_settings(d);
    }
    if (stored)
        note_success(d, b, answer.status);
    hf_http_response_done(&answer);
    return stored;
}

static void
leave_unset(struct hf_deliver *d)
{
    pthread_mutex_lock(&d->lock);
    if (d->view.uplink == HF_UPLINK_UNSET)
        d->view.uplink = HF_UPLINK_IDLE;
    pthread_mutex_unlock(&d->lock);
}

void
hf_deliver_run(struct hf_deliver *d)
{
    struct hf_backoff backoff = {.first_ms = BUFFER_RETRY_FIRST_MS, .cap_ms = BUFFER_RETRY_CAP_MS};
    struct batch b = {0};

    hf_http_response_init(&b.answer, LEASE_ANSWER_MAX);
    while (!hf_stopping()) {
        struct hf_error err = {0};
        int rc;

        adopt_settings(d);
        if (!*d->used.url) {
            set_uplink(d, HF_UPLINK_UNSET);
            (void)wait_for(d, INT32_MAX);
            continue;
        }
        leave_unset(d);
        rc = lease(d, &b, &err);
        if (hf_stopping())
            break;
        if (rc < 0) {
            set_buffer_error(d, &err);
            (void)wait_for(d, hf_backoff_fail_now(&backoff));
            continue;
        }
        hf_backoff_reset(&backoff);
        set_buffer_error(d, NULL);
        if (rc == 0)
            set_uplink(d, HF_UPLINK_IDLE);
        else if (deliver(d, &b))
            acknowledge(d, &b);
    }
    hf_http_response_done(&b.answer);
}
