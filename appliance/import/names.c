// SPDX-License-Identifier: Apache-2.0
#include "import/names.h"

#include "base/text.h"

#include <sodium.h>
#include <stdlib.h>

enum { SIZE_FIRST = 1024 };

static const uint64_t KIND = 3;

void
hf_names_init(struct hf_names *n)
{
    *n = (struct hf_names){0};
    hf_random(n->key, sizeof n->key);
}

void
hf_names_done(struct hf_names *n)
{
    free(n->slots);
    n->slots = NULL;
    n->count = n->size = 0;
}

static uint64_t
hash(const struct hf_names *n, const char *name, size_t len)
{
    unsigned char out[crypto_shorthash_BYTES];
    uint64_t value = 0;

    crypto_shorthash(out, (const unsigned char *)name, len, n->key);
    for (size_t i = 0; i < sizeof value; i++)
        value = value << 8 | out[i];
    return value & ~KIND;
}

/* The slot of the hash, or the free one where it would be. */
static uint64_t *
slot(uint64_t *slots, size_t size, uint64_t h)
{
    size_t i = (size_t)(h >> 2) & (size - 1);

    while (slots[i] && (slots[i] & ~KIND) != h)
        i = (i + 1) & (size - 1);
    return &slots[i];
}

enum hf_name_kind
hf_names_find(const struct hf_names *n, const char *name, size_t len)
{
    return n->count ? (enum hf_name_kind)(*slot(n->slots, n->size, hash(n, name, len)) & KIND)
                    : HF_NAME_NONE;
}

static int
grow(struct hf_names *n, struct hf_error *err)
{
    size_t size = n->size ? 2 * n->size : SIZE_FIRST;
    uint64_t *slots = calloc(size, sizeof *slots);

    if (!slots)
        return hf_error_nomem(err);
    for (size_t i = 0; i < n->size; i++)
        if (n->slots[i])
            *slot(slots, size, n->slots[i] & ~KIND) = n->slots[i];
    free(n->slots);
    n->slots = slots;
    n->size = size;
    return 0;
}

int
hf_names_add(struct hf_names *n, const char *name, size_t len, enum hf_name_kind kind,
             struct hf_error *err)
{
    uint64_t h = hash(n, name, len);

    if (n->count >= HF_NAMES_MAX)
        return hf_error_set(err, HF_ERROR_TOO_LARGE, "it has more than %d files", HF_NAMES_MAX);
    if (n->count >= n->size / 2 && grow(n, err) < 0)
        return -1;
    *slot(n->slots, n->size, h) = h | (uint64_t)kind;
    n->count++;
    return 0;
}
