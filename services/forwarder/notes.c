// SPDX-License-Identifier: Apache-2.0
#include "forwarder/notes.h"

#include "base/clock.h"
#include "base/log.h"
#include "base/text.h"

#include <stdio.h>
#include <string.h>

void
hf_notes_init(struct hf_notes *n, const struct hf_sink_settings *s)
{
    pthread_mutex_init(&n->lock, NULL);
    n->view = (struct hf_worker_view){.type = s->type};
    snprintf(n->view.name, sizeof n->view.name, "%s", s->name);
    hf_http_safe_url(s->url, n->view.url, sizeof n->view.url);
}

void
hf_notes_done(struct hf_notes *n)
{
    pthread_mutex_destroy(&n->lock);
}

void
hf_notes_look(struct hf_notes *n, struct hf_worker_view *ret_view)
{
    pthread_mutex_lock(&n->lock);
    *ret_view = n->view;
    pthread_mutex_unlock(&n->lock);
}

void
hf_notes_buffer(struct hf_notes *n, const struct hf_error *err)
{
    pthread_mutex_lock(&n->lock);
    if (err && !n->buffer_away)
        hf_log_warn("event=buffer-away sink=%s reason=\"%s\"", n->view.name, err->message);
    else if (!err && n->buffer_away)
        hf_log_info("event=buffer-back sink=%s", n->view.name);
    n->buffer_away = err;
    snprintf(n->view.buffer_error, sizeof n->view.buffer_error, "%.*s", HF_SINK_TEXT_MAX - 1,
             err ? err->message : n->unacked);
    pthread_mutex_unlock(&n->lock);
}

void
hf_notes_unacked(struct hf_notes *n, size_t lanes, const char *why)
{
    pthread_mutex_lock(&n->lock);
    n->view.unacknowledged = lanes;
    snprintf(n->unacked, sizeof n->unacked, "%.*s", HF_SINK_TEXT_MAX - 1, why);
    hf_text_whole(n->unacked);
    n->buffer_away = false; /* it answers */
    snprintf(n->view.buffer_error, sizeof n->view.buffer_error, "%s", n->unacked);
    pthread_mutex_unlock(&n->lock);
}

void
hf_notes_idle(struct hf_notes *n)
{
    pthread_mutex_lock(&n->lock);
    if (n->view.state == HF_WORKER_DELIVERING)
        n->view.state = HF_WORKER_IDLE;
    pthread_mutex_unlock(&n->lock);
}

void
hf_notes_begin(struct hf_notes *n, const struct hf_circuit *c)
{
    pthread_mutex_lock(&n->lock);
    n->view.circuit = c->state;
    n->view.next_try_ms = 0;
    n->view.state = c->state == HF_CIRCUIT_HALF_OPEN ? HF_WORKER_HALF_OPEN : HF_WORKER_DELIVERING;
    pthread_mutex_unlock(&n->lock);
}

/* The sink answers. */
static void
is_there(struct hf_worker_view *v)
{
    v->circuit = HF_CIRCUIT_CLOSED;
    v->state = HF_WORKER_DELIVERING; /* until there is nothing left */
    v->refused = false;
    v->attempt = 0;
    v->away_since_ms = 0;
}

void
hf_notes_request(struct hf_notes *n, const struct hf_sink_result *r)
{
    pthread_mutex_lock(&n->lock);
    n->view.requests++;
    n->view.bytes_out += (uint64_t)r->sent_bytes;
    n->view.last_status = r->status;
    pthread_mutex_unlock(&n->lock);
}

void
hf_notes_success(struct hf_notes *n, const struct hf_leased *b, const struct hf_sink_result *r,
                 size_t next_bytes)
{
    struct hf_worker_view *v = &n->view;

    pthread_mutex_lock(&n->lock);
    if (v->attempt)
        hf_log_info("event=uplink-back sink=%s lane=%s epoch=%s first=%s last=%s tries=%u", v->name,
                    b->lane, b->epoch, b->first, b->last, v->attempt + 1);
    is_there(v);
    v->last_error[0] = '\0';
    v->last_success_ms = hf_clock_wall_ms();
    v->latency_ms = r->ms;
    v->batch_bytes = (int64_t)next_bytes;
    pthread_mutex_unlock(&n->lock);
}

void
hf_notes_failure(struct hf_notes *n, const struct hf_circuit *c, const struct hf_leased *b,
                 const struct hf_sink_result *r, int64_t wait_ms)
{
    struct hf_worker_view *v = &n->view;

    pthread_mutex_lock(&n->lock);
    if (strcmp(r->error, v->last_error) != 0)
        hf_log_warn("event=uplink-away sink=%s lane=%s epoch=%s first=%s last=%s reason=\"%s\"",
                    v->name, b->lane, b->epoch, b->first, b->last, r->error);
    v->last_status = r->status;
    v->failures++;
    v->circuit = c->state;
    v->refused = c->refused;
    v->state = c->refused ? HF_WORKER_REFUSED : HF_WORKER_AWAY;
    v->attempt = c->attempt;
    snprintf(v->last_error, sizeof v->last_error, "%s", r->error);
    v->next_try_ms = hf_clock_wall_ms() + wait_ms;
    if (!v->away_since_ms)
        v->away_since_ms = hf_clock_wall_ms();
    pthread_mutex_unlock(&n->lock);
}

void
hf_notes_refusal(struct hf_notes *n, const struct hf_circuit *c, const struct hf_sink_result *r)
{
    pthread_mutex_lock(&n->lock);
    if (!c->refused) { /* what it was blamed for is said until it stores something */
        is_there(&n->view);
        snprintf(n->view.last_error, sizeof n->view.last_error, "%s", r->error);
    }
    pthread_mutex_unlock(&n->lock);
}

void
hf_notes_acked(struct hf_notes *n, size_t stored, size_t refused)
{
    pthread_mutex_lock(&n->lock);
    n->view.delivered += stored;
    n->view.quarantined += refused;
    pthread_mutex_unlock(&n->lock);
}
