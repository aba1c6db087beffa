// SPDX-License-Identifier: Apache-2.0
#include "common/pump.h"

#include "base/clock.h"
#include "base/log.h"
#include "base/text.h"
#include "common/commit.h"
#include "common/stop.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>

enum {
    BATCH_MESSAGES = 2000, /* as many as the broker sends ahead of an acknowledgement */
    GATHER_WAIT_MS = 1000,
    /* What the buffer commits without waiting for its window, see buffer/owner.h. */
    EARLY_RECORDS = 1000,
    EARLY_BYTES = 512 * 1024,
    WINDOW_MAX_MS = 60000,
};

struct hf_pump {
    struct hf_pump_options options;
    struct hf_consumer *consumer;
    struct hf_buf frames;
    size_t taken;           /* messages of this batch */
    size_t count;           /* records in frames */
    bool synced;            /* the clock, as it was when the gathering began */
    int64_t window_ends_ms; /* monotonic: what is given to the buffer sooner waits there */
    pthread_mutex_t lock;
    struct hf_pump_numbers numbers; /* guarded by lock */
    char reason[HF_PUMP_REASON_MAX];
};

static void
refuse(struct hf_pump *p, const struct hf_message *m, const char *why)
{
    pthread_mutex_lock(&p->lock);
    p->numbers.refused++;
    pthread_mutex_unlock(&p->lock);
    hf_log_warn("event=message-refused filter=%s bytes=%zu reason=\"%s\"",
                p->options.consumer.filter, m->len, why);
}

static bool
on_message(void *ctx, const struct hf_message *m)
{
    struct hf_pump *p = ctx;
    size_t prefix = strlen(p->options.strip);
    struct hf_record r = {.time_ms = hf_clock_wall_ms(), .synced = p->synced};
    struct hf_error err;

    pthread_mutex_lock(&p->lock);
    p->numbers.in++;
    p->numbers.skipped_retained += m->retained;
    p->numbers.waiting += !m->retained;
    pthread_mutex_unlock(&p->lock);
    if (m->retained)
        return true;
    r.topic = m->topic + prefix;
    r.topic_len = m->topic_len < prefix ? 0 : m->topic_len - prefix;
    r.payload = m->payload;
    r.payload_len = m->len;
    if (r.topic_len == 0 || !hf_text_utf8(r.topic, r.topic_len)) {
        refuse(p, m, "no topic");
    } else if (p->options.take) {
        p->count += p->options.take(p->options.work, &r, &p->frames);
    } else if (hf_record_encode(&r, &p->frames, &err) < 0) {
        refuse(p, m, err.message);
    } else {
        p->count++;
    }
    p->taken++;
    return p->taken < BATCH_MESSAGES && p->frames.len < HF_PUMP_BATCH_BYTES;
}

int
hf_pump_new(const struct hf_pump_options *options, struct hf_pump **ret_pump, struct hf_error *err)
{
    HF_AUTO(hf_pump) struct hf_pump *p = calloc(1, sizeof *p);
    struct hf_consumer_options consumer = options->consumer;

    if (!p)
        return hf_error_nomem(err);
    pthread_mutex_init(&p->lock, NULL);
    p->options = *options;
    p->frames = HF_BUF_INIT(HF_RECORD_BODY_MAX);
    /* All of it now: memory that is short later must not look like a message that is too large. */
    if (!hf_buf_reserve(&p->frames, HF_RECORD_BODY_MAX))
        return hf_error_nomem(err);
    consumer.on_message = on_message;
    consumer.ctx = p;
    if (hf_consumer_new(&consumer, &p->consumer, err) < 0)
        return -1;
    *ret_pump = hf_steal(&p);
    return 0;
}

void
hf_pump_free(struct hf_pump *p)
{
    if (!p)
        return;
    hf_consumer_free(p->consumer);
    hf_buf_done(&p->frames);
    pthread_mutex_destroy(&p->lock);
    free(p);
}

void
hf_pump_set_account(struct hf_pump *p, const struct hf_account *account)
{
    hf_consumer_set_account(p->consumer, account);
}

void
hf_pump_get_numbers(struct hf_pump *p, struct hf_pump_numbers *ret_numbers)
{
    pthread_mutex_lock(&p->lock);
    *ret_numbers = p->numbers;
    pthread_mutex_unlock(&p->lock);
    ret_numbers->subscribed = hf_consumer_subscribed(p->consumer);
}

void
hf_pump_get_reason(struct hf_pump *p, char ret_reason[HF_PUMP_REASON_MAX])
{
    pthread_mutex_lock(&p->lock);
    memcpy(ret_reason, p->reason, HF_PUMP_REASON_MAX);
    pthread_mutex_unlock(&p->lock);
}

static void
set_reason(struct hf_pump *p, const char *reason)
{
    pthread_mutex_lock(&p->lock);
    hf_text_put(p->reason, sizeof p->reason, "%s", reason);
    pthread_mutex_unlock(&p->lock);
}

static void
say(void *owner, const char *reason)
{
    set_reason(owner, reason);
}

/* False when the service is to stop before the batch is safe. */
static bool
commit(struct hf_pump *p)
{
    struct hf_commit c = {
        .commit = p->options.commit, .ctx = p->options.ctx, .say = say, .owner = p};
    bool safe = hf_commit_frames(&c, p->frames.data, p->frames.len, p->count);
    int64_t left = c.window_left_ms < 0 || c.window_left_ms > WINDOW_MAX_MS ? 0 : c.window_left_ms;

    p->window_ends_ms = hf_clock_mono_ms() + left;
    pthread_mutex_lock(&p->lock);
    p->numbers.refused += c.refused;
    pthread_mutex_unlock(&p->lock);
    return safe;
}

static void
add_due(struct hf_pump *p, bool ending, int *wait_ms)
{
    if (p->options.due)
        p->count += p->options.due(p->options.work, ending, &p->frames, wait_ms);
}

static void
begin_batch(struct hf_pump *p)
{
    p->taken = 0;
    p->count = 0;
    hf_buf_clear(&p->frames);
    p->synced = hf_clock_synced();
}

/* What the service itself still holds; messages were acknowledged or are left to the broker. */
static void
give_rest(struct hf_pump *p)
{
    int wait_ms = 0;

    do {
        begin_batch(p);
        add_due(p, true, &wait_ms);
    } while (p->count && commit(p));
}

/* For how many ms what was gathered may still grow; 0: it is to be committed. */
static int64_t
grow_ms(const struct hf_pump *p)
{
    int64_t left = p->window_ends_ms - hf_clock_mono_ms();

    if (hf_stopping() || !p->count || p->count >= EARLY_RECORDS || p->frames.len >= EARLY_BYTES ||
        p->taken >= BATCH_MESSAGES)
        return 0;
    return left > 0 ? left : 0;
}

static void
gather(struct hf_pump *p)
{
    int64_t grow;

    begin_batch(p);
    do {
        int wait_ms = GATHER_WAIT_MS;

        add_due(p, false, &wait_ms);
        grow = grow_ms(p);
        if (p->count && grow < wait_ms)
            wait_ms = (int)grow;
        if (p->frames.len < HF_PUMP_BATCH_BYTES && p->taken < BATCH_MESSAGES)
            hf_consumer_gather(p->consumer, wait_ms);
    } while (grow_ms(p));
}

void
hf_pump_run(struct hf_pump *p)
{
    while (!hf_stopping()) {
        gather(p);
        if (p->count && !commit(p))
            return;
        pthread_mutex_lock(&p->lock);
        p->numbers.out += p->count;
        p->numbers.waiting = 0;
        pthread_mutex_unlock(&p->lock);
        hf_consumer_ack(p->consumer);
    }
    give_rest(p);
}
