// SPDX-License-Identifier: Apache-2.0
/*
 * A table of bounded size by name; when it is full the entry that was used longest ago makes room.
 * The names come from devices: hashed with a seed of this run, so that nobody outside can choose
 * names that collide.
 *
 *     struct thing { struct hf_lru_node node; … };       node comes first
 */
#pragma once

#include "base/error.h"

#include <stdint.h>

struct hf_lru_node {
    struct hf_lru_node *chain, *newer, *older;
    uint32_t hash;
    uint32_t key_len;
    char *key; /* NUL-terminated */
};

struct hf_lru_options {
    size_t node_size;
    size_t max;           /* entries */
    size_t max_key_bytes; /* of all names together */
    /* An entry is about to make room for another one; may be NULL. */
    void (*on_evict)(void *ctx, struct hf_lru_node *n);
    /* Frees what the entry owns, not the entry; may be NULL. */
    void (*on_free)(struct hf_lru_node *n);
    void *ctx;
};

struct hf_lru {
    struct hf_lru_options options;
    struct hf_lru_node **buckets;
    struct hf_lru_node *newest, *oldest;
    size_t count, key_bytes;
    uint64_t evicted;
    uint64_t seed;
};

HF_MUST int hf_lru_init(struct hf_lru *l, const struct hf_lru_options *options,
                        struct hf_error *err);
void hf_lru_done(struct hf_lru *l);

/* NULL where it is not there; what is found counts as used now. */
struct hf_lru_node *hf_lru_find(struct hf_lru *l, const char *key, size_t len);

/* A new entry, zero but for its node; NULL out of memory. There is none of that name yet. */
struct hf_lru_node *hf_lru_add(struct hf_lru *l, const char *key, size_t len);

void hf_lru_remove(struct hf_lru *l, struct hf_lru_node *n);
