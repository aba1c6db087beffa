// SPDX-License-Identifier: Apache-2.0
/* The dictionary of topics: ids in the file, hashes and counts in memory. Two topics of one hash
 * would share an id, so the hash is keyed by a secret of the process. */
#include "buffer/spool_private.h"

#include "base/text.h"

#include <stdlib.h>
#include <string.h>

enum { SLOTS = 32768, PRUNE_STEP = 256 };

int
hf_spool_topics_init(struct hf_spool *s, struct hf_error *err)
{
    s->topics = calloc(HF_SPOOL_TOPICS_MAX + 1, sizeof *s->topics);
    s->topic_slots = calloc(SLOTS, sizeof *s->topic_slots);
    s->pending_topics = calloc(HF_SPOOL_TOPICS_MAX + 1, sizeof *s->pending_topics);
    s->changed_topics = calloc(HF_SPOOL_TOPICS_MAX + 1, sizeof *s->changed_topics);
    hf_random(&s->topic_seed, sizeof s->topic_seed);
    return s->topics && s->topic_slots && s->pending_topics && s->changed_topics
               ? 0
               : hf_error_nomem(err);
}

void
hf_spool_topics_done(struct hf_spool *s)
{
    free(s->topics);
    free(s->topic_slots);
    free(s->pending_topics);
    free(s->changed_topics);
}

void
hf_spool_topics_clear(struct hf_spool *s)
{
    memset(s->topics, 0, (HF_SPOOL_TOPICS_MAX + 1) * sizeof *s->topics);
    memset(s->topic_slots, 0, SLOTS * sizeof *s->topic_slots);
    s->topic_count = 0;
    s->pending_count = 0;
    s->changed_count = 0;
}

/* To be called before a topic is changed. */
static struct hf_spool_topic *
change(struct hf_spool *s, unsigned id)
{
    struct hf_spool_topic *t = &s->topics[id];

    if (!t->changed) {
        t->changed = true;
        t->saved_hash = t->hash;
        t->saved_held = t->held;
        s->changed_topics[s->changed_count++] = (uint16_t)id;
    }
    return t;
}

void
hf_spool_topics_commit(struct hf_spool *s)
{
    for (size_t i = 0; i < s->changed_count; i++)
        s->topics[s->changed_topics[i]].changed = false;
    s->changed_count = 0;
}

static uint64_t
hash_of(const struct hf_spool *s, const char *name, size_t len)
{
    static const uint64_t prime = 0x9E3779B97F4A7C15U; /* 2^64 divided by the golden ratio */
    uint64_t h = s->topic_seed ^ len * prime;

    for (; len >= sizeof(uint64_t); len -= sizeof(uint64_t), name += sizeof(uint64_t)) {
        uint64_t word;

        memcpy(&word, name, sizeof word);
        h = (h ^ word) * prime;
        h ^= h >> 29;
    }
    for (; len; len--)
        h = (h ^ (unsigned char)*name++) * prime;
    h = (h ^ s->topic_seed >> 7) * prime;
    h ^= h >> 32;
    return h ? h : 1;
}

/* The slot of that hash, or the free one where it belongs. */
static uint16_t *
slot_of(struct hf_spool *s, uint64_t hash)
{
    size_t at = hash % SLOTS;

    while (s->topic_slots[at] && s->topics[s->topic_slots[at]].hash != hash)
        at = (at + 1) % SLOTS;
    return &s->topic_slots[at];
}

void
hf_spool_topics_know(struct hf_spool *s, unsigned id, const char *name, size_t len)
{
    uint64_t hash = hash_of(s, name, len);
    uint16_t *slot;

    if (id == 0 || id > HF_SPOOL_TOPICS_MAX || s->topics[id].hash)
        return;
    slot = slot_of(s, hash);
    change(s, id)->hash = hash;
    s->topic_count++;
    if (!*slot)
        *slot = (uint16_t)id;
}

static unsigned
free_id(const struct hf_spool *s)
{
    for (unsigned id = (unsigned)s->topic_count + 1; id <= HF_SPOOL_TOPICS_MAX; id++)
        if (!s->topics[id].hash)
            return id;
    for (unsigned id = 1; id <= HF_SPOOL_TOPICS_MAX; id++)
        if (!s->topics[id].hash)
            return id;
    return 0;
}

int
hf_spool_topics_id(struct hf_spool *s, const char *name, size_t len, unsigned *ret_id,
                   struct hf_error *err)
{
    uint16_t *slot = slot_of(s, hash_of(s, name, len));
    sqlite3_stmt *q;
    unsigned id = *slot;

    *ret_id = id;
    if (id || s->topic_count >= HF_SPOOL_TOPICS_MAX)
        return 0;
    id = free_id(s);
    q = BIND(s, Q_TOPIC_ADD, id);
    sqlite3_bind_text(q, 2, name, (int)len, SQLITE_STATIC);
    if (hf_spool_write(s, q, err) < 0)
        return -1;
    hf_spool_topics_know(s, id, name, len);
    *ret_id = id;
    return 0;
}

static void
rebuild_slots(struct hf_spool *s)
{
    memset(s->topic_slots, 0, SLOTS * sizeof *s->topic_slots);
    for (unsigned id = 1; id <= HF_SPOOL_TOPICS_MAX; id++)
        if (s->topics[id].hash) {
            uint16_t *slot = slot_of(s, s->topics[id].hash);

            if (!*slot)
                *slot = (uint16_t)id;
        }
}

void
hf_spool_topics_rollback(struct hf_spool *s)
{
    bool renamed = false;

    for (size_t i = 0; i < s->changed_count; i++) {
        struct hf_spool_topic *t = &s->topics[s->changed_topics[i]];

        if (t->hash != t->saved_hash) {
            s->topic_count += t->saved_hash ? 1 : 0;
            s->topic_count -= t->hash ? 1 : 0;
            renamed = true;
        }
        t->hash = t->saved_hash;
        t->held = t->saved_held;
        t->changed = false;
    }
    s->changed_count = 0;
    if (renamed)
        rebuild_slots(s);
}

void
hf_spool_topics_prune(struct hf_spool *s)
{
    unsigned freed = 0;

    if (s->topic_count < HF_SPOOL_TOPICS_MAX || hf_spool_begin(s, NULL) < 0)
        return;
    for (unsigned id = 1; id <= HF_SPOOL_TOPICS_MAX && freed < PRUNE_STEP; id++) {
        if (!s->topics[id].hash || s->topics[id].held)
            continue;
        if (hf_spool_write(s, BIND(s, Q_TOPIC_DELETE, id), NULL) < 0)
            break;
        change(s, id)->hash = 0;
        s->topic_count--;
        freed++;
    }
    rebuild_slots(s);
    if (hf_spool_commit(s, NULL) < 0)
        hf_spool_rollback(s);
}

bool
hf_spool_pair(const unsigned char **at, const unsigned char *end, uint64_t *a, uint64_t *b)
{
    uint64_t *to[2] = {a, b};

    for (int i = 0; i < 2; i++) {
        unsigned shift = 0;

        *to[i] = 0;
        for (;;) {
            if (*at >= end || shift > 63)
                return false;
            *to[i] |= (uint64_t)(**at & 0x7F) << shift;
            shift += 7;
            if (!(*(*at)++ & 0x80))
                break;
        }
    }
    return true;
}

int
hf_spool_add_pair(struct hf_buf *b, uint64_t x, uint64_t y, struct hf_error *err)
{
    unsigned char out[20];
    uint64_t values[2] = {x, y};
    size_t n = 0;

    for (int i = 0; i < 2; i++) {
        for (; values[i] > 0x7F; values[i] >>= 7)
            out[n++] = (unsigned char)(values[i] | 0x80);
        out[n++] = (unsigned char)values[i];
    }
    return hf_buf_add(b, out, n, err);
}

void
hf_spool_topics_count(struct hf_spool *s, const struct hf_block_row *b, bool add)
{
    const unsigned char *at = b->topics, *end = at + b->topics_len;
    uint64_t id, n;

    while (at && hf_spool_pair(&at, end, &id, &n)) {
        struct hf_spool_topic *t = change(s, id <= HF_SPOOL_TOPICS_MAX ? (unsigned)id : 0);

        t->held = add ? t->held + n : t->held - (n < t->held ? n : t->held);
        t->lane = (uint8_t)b->lane;
    }
}
