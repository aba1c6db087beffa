// SPDX-License-Identifier: Apache-2.0
/*
 * What the rules make of messages: a message in, none or one or more records out. Nothing outside
 * is touched: time comes with the message, records go to a function. Of each topic that a deadband,
 * an interval or a window looks at, a state is kept in a table of HF_STATES_MAX; when the oldest
 * makes room, its open window is given out as partial, and it is counted as forgotten. One thread
 * owns an apply.
 */
#pragma once

#include "common/record.h"
#include "processor/lru.h"
#include "processor/rules.h"

enum {
    HF_STATES_MAX = 10000,
    HF_STATE_KEYS_MAX = 2 * 1024 * 1024, /* bytes of all their topics */
    /* A payload that its rule makes longer than this goes to the quarantine as it came. */
    HF_OUT_MAX = 2 * 1024 * 1024
};

/* Takes one record, all of it borrowed. Returns false when there is room for no more after it. */
typedef bool hf_emit(void *ctx, const struct hf_record *r);

struct hf_apply {
    struct hf_rules *rules; /* owned */
    struct hf_lru states;
    struct hf_buf json, next, topic; /* of the message at hand */
    int64_t look_ms;                 /* wall: no window ends before; 0: look now */
    hf_emit *emit;                   /* of the call in progress */
    void *ctx;
    const struct hf_record *in;
    uint32_t tag;
};

struct hf_moment {
    int64_t wall_ms, mono_ms;
    bool synced;
};

struct hf_verdict {
    int rule; /* index; -1 where none matched */
    bool dropped;
    bool quarantined;
    char reason[HF_RECORD_REASON_MAX / 2]; /* why */
};

HF_MUST int hf_apply_init(struct hf_apply *a, struct hf_rules *consume_rules, struct hf_error *err);
void hf_apply_done(struct hf_apply *a);

/* tag marks the topic's state, see hf_apply_end(). */
void hf_apply_message(struct hf_apply *a, const struct hf_record *in, int64_t mono_ms, uint32_t tag,
                      hf_emit *emit, void *ctx, struct hf_verdict *ret_verdict);

/* Gives out the windows that are over. False where emit wants no more and some are left. */
bool hf_apply_due(struct hf_apply *a, const struct hf_moment *now, hf_emit *emit, void *ctx);

/* Gives out all open windows, whatever the time, as partial; those of rules only that are not in
 * keep, which may be NULL. emit gets the tag of the topic's last message by a->tag. */
bool hf_apply_end(struct hf_apply *a, const struct hf_rules *keep, const struct hf_moment *now,
                  hf_emit *emit, void *ctx);

/* From now on other rules. Rules of the same text keep their states and numbers; the windows of
 * those that go were given out by hf_apply_end() before. */
void hf_apply_swap(struct hf_apply *a, struct hf_rules *consume_rules);
