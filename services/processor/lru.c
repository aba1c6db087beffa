// SPDX-License-Identifier: Apache-2.0
#include "processor/lru.h"

#include "base/text.h"

#include <stdlib.h>
#include <string.h>

enum { BUCKETS = 16384 }; /* a power of two, above the largest max in use */

/* FNV-1a over 64 bits, begun at the seed. */
static uint32_t
hash_of(const struct hf_lru *l, const char *key, size_t len)
{
    uint64_t h = 0xcbf29ce484222325ULL ^ l->seed;

    for (size_t i = 0; i < len; i++)
        h = (h ^ (unsigned char)key[i]) * 0x100000001b3ULL;
    return (uint32_t)(h ^ h >> 32);
}

int
hf_lru_init(struct hf_lru *l, const struct hf_lru_options *options, struct hf_error *err)
{
    *l = (struct hf_lru){.options = *options};
    hf_random(&l->seed, sizeof l->seed);
    l->buckets = (struct hf_lru_node **)calloc(BUCKETS, sizeof *l->buckets);
    return l->buckets ? 0 : hf_error_nomem(err);
}

void
hf_lru_done(struct hf_lru *l)
{
    while (l->oldest)
        hf_lru_remove(l, l->oldest);
    free((void *)l->buckets);
    l->buckets = NULL;
}

static void
unlink_age(struct hf_lru *l, struct hf_lru_node *n)
{
    *(n->newer ? &n->newer->older : &l->newest) = n->older;
    *(n->older ? &n->older->newer : &l->oldest) = n->newer;
    n->newer = n->older = NULL;
}

static void
link_newest(struct hf_lru *l, struct hf_lru_node *n)
{
    n->older = l->newest;
    *(l->newest ? &l->newest->newer : &l->oldest) = n;
    l->newest = n;
}

struct hf_lru_node *
hf_lru_find(struct hf_lru *l, const char *key, size_t len)
{
    uint32_t hash = hash_of(l, key, len);

    for (struct hf_lru_node *n = l->buckets[hash % BUCKETS]; n; n = n->chain) {
        if (n->hash != hash || n->key_len != len || memcmp(n->key, key, len) != 0)
            continue;
        if (n != l->newest) {
            unlink_age(l, n);
            link_newest(l, n);
        }
        return n;
    }
    return NULL;
}

struct hf_lru_node *
hf_lru_add(struct hf_lru *l, const char *key, size_t len)
{
    struct hf_lru_node *n = calloc(1, l->options.node_size);

    if (!n || !(n->key = malloc(len + 1))) {
        free(n);
        return NULL;
    }
    memcpy(n->key, key, len);
    n->key[len] = '\0';
    n->key_len = (uint32_t)len;
    n->hash = hash_of(l, key, len);
    while (l->oldest &&
           (l->count >= l->options.max || l->key_bytes + len > l->options.max_key_bytes)) {
        l->evicted++;
        if (l->options.on_evict)
            l->options.on_evict(l->options.ctx, l->oldest);
        hf_lru_remove(l, l->oldest);
    }
    n->chain = l->buckets[n->hash % BUCKETS];
    l->buckets[n->hash % BUCKETS] = n;
    link_newest(l, n);
    l->count++;
    l->key_bytes += len;
    return n;
}

void
hf_lru_remove(struct hf_lru *l, struct hf_lru_node *n)
{
    struct hf_lru_node **at = &l->buckets[n->hash % BUCKETS];

    while (*at != n)
        at = &(*at)->chain;
    *at = n->chain;
    unlink_age(l, n);
    l->count--;
    l->key_bytes -= n->key_len;
    if (l->options.on_free)
        l->options.on_free(n);
    free(n->key);
    free(n);
}
