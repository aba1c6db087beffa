// SPDX-License-Identifier: Apache-2.0
#include "buffer/owner_private.h"

enum {
    /* A sink that drains a backlog has its acknowledgements committed so far apart at most. */
    ACK_SPACING_MS = 50,
    /* Records that come when their window is over are not to find a commit of acknowledgements
     * under way: those wait so much longer to go with them. */
    ACK_GRACE_MS = 20,
};

void
hf_queue_init(struct hf_command_queue *q)
{
    *q = (struct hf_command_queue){0};
    q->tail = &q->head;
}

static size_t
records_of(const struct hf_command *c)
{
    return c->batch ? c->batch->count : 0;
}

size_t
hf_command_bytes(const struct hf_command *c)
{
    return c->batch ? c->batch->text.len : 0;
}

void
hf_queue_add(struct hf_command_queue *q, struct hf_command *c)
{
    *q->tail = c;
    q->tail = &c->next;
    c->next = NULL;
    q->commands++;
    q->records += records_of(c);
    q->bytes += hf_command_bytes(c);
    q->urgent += c->urgent;
    q->given_back += c->given_back;
}

struct hf_command *
hf_queue_take_all(struct hf_command_queue *q)
{
    struct hf_command *all = q->head;

    hf_queue_init(q);
    return all;
}

struct hf_command *
hf_queue_take_acks(struct hf_command_queue *q)
{
    struct hf_command *list = hf_queue_take_all(q);
    struct hf_command_queue taken;

    hf_queue_init(&taken);
    for (struct hf_command *c = list, *next; c; c = next) {
        next = c->next;
        hf_queue_add(c->kind == HF_COMMAND_APPEND ? q : &taken, c);
    }
    return taken.head;
}

int64_t
hf_queue_acks_due_ms(const struct hf_command_queue *q, int64_t window_ms, int64_t committed_ms,
                     int64_t appended_ms)
{
    if (q->given_back >= HF_COMMIT_ACKED_BYTES)
        return 0;
    if (q->urgent)
        return committed_ms + (window_ms < ACK_SPACING_MS ? window_ms : ACK_SPACING_MS);
    return appended_ms + window_ms + ACK_GRACE_MS;
}

void
hf_owner_deadline(struct timespec *ts, int64_t mono_ms)
{
    ts->tv_sec = mono_ms / 1000;
    ts->tv_nsec = mono_ms % 1000 * 1000000;
}
