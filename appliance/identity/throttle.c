// SPDX-License-Identifier: Apache-2.0
#include "identity/throttle.h"

#include "base/cleanup.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

static bool
is_live(const struct hf_throttle_entry *e, int64_t now_ms)
{
    return e->key[0] && now_ms - e->last_ms < HF_THROTTLE_FORGET_MS;
}

static struct hf_throttle_entry *
find(struct hf_throttle_entry *entries, size_t count, const char *key)
{
    for (size_t i = 0; i < count; i++)
        if (strncmp(entries[i].key, key, sizeof entries[i].key - 1) == 0 && entries[i].key[0])
            return &entries[i];
    return NULL;
}

/* The entry of key, or one for it: a free or forgotten place, else the one with the fewest
 * failures. */
static struct hf_throttle_entry *
obtain(struct hf_throttle_entry *entries, size_t count, const char *key, int64_t now_ms)
{
    struct hf_throttle_entry *e = find(entries, count, key);

    if (e && is_live(e, now_ms))
        return e;
    for (size_t i = 0; i < count && !e; i++)
        if (!is_live(&entries[i], now_ms))
            e = &entries[i];
    if (!e) {
        e = &entries[0];
        for (size_t i = 1; i < count; i++)
            if (entries[i].failures < e->failures)
                e = &entries[i];
    }
    *e = (struct hf_throttle_entry){.last_ms = now_ms};
    snprintf(e->key, sizeof e->key, "%s", key);
    return e;
}

static int64_t
delay(const struct hf_throttle_entry *e, unsigned without, int64_t max_ms)
{
    unsigned over;

    if (!e || e->failures < without)
        return 0;
    over = e->failures - without;
    return over < 20 && (INT64_C(1000) << over) < max_ms ? INT64_C(1000) << over : max_ms;
}

static bool
is_full(const struct hf_throttle *t, int64_t now_ms)
{
    for (size_t i = 0; i < HF_THROTTLE_ADDRESSES; i++)
        if (!is_live(&t->addresses[i], now_ms))
            return false;
    return true;
}

int64_t
hf_throttle_begin(struct hf_throttle *t, const char *address, const char *account, int64_t now_ms)
{
    struct hf_throttle_entry *a = find(t->addresses, HF_THROTTLE_ADDRESSES, address);
    struct hf_throttle_entry *u = find(t->accounts, HF_THROTTLE_ACCOUNTS, account);
    int64_t own, of_account, wait = 0;

    if (a && !is_live(a, now_ms))
        a = NULL;
    if (u && !is_live(u, now_ms))
        u = NULL;
    own = delay(a, HF_THROTTLE_FREE, HF_THROTTLE_MAX_MS);
    of_account = delay(u, HF_THROTTLE_ACCOUNT_FREE, HF_THROTTLE_ACCOUNT_MAX_MS);
    if (a && a->failures)
        wait = a->last_ms + (own > of_account ? own : of_account) - now_ms;
    else if (!a && u && is_full(t, now_ms))
        wait = u->last_ms + of_account - now_ms;
    if (wait > 0)
        return wait;

    a = obtain(t->addresses, HF_THROTTLE_ADDRESSES, address, now_ms);
    u = obtain(t->accounts, HF_THROTTLE_ACCOUNTS, account, now_ms);
    a->failures++;
    u->failures++;
    a->last_ms = u->last_ms = now_ms;
    return 0;
}

void
hf_throttle_right(struct hf_throttle *t, const char *address, const char *account)
{
    struct hf_throttle_entry *a = find(t->addresses, HF_THROTTLE_ADDRESSES, address);
    struct hf_throttle_entry *u = find(t->accounts, HF_THROTTLE_ACCOUNTS, account);

    if (a)
        *a = (struct hf_throttle_entry){.failures = 0};
    if (u)
        *u = (struct hf_throttle_entry){.failures = 0};
}

void
hf_throttle_undo(struct hf_throttle *t, const char *address, const char *account)
{
    struct hf_throttle_entry *a = find(t->addresses, HF_THROTTLE_ADDRESSES, address);
    struct hf_throttle_entry *u = find(t->accounts, HF_THROTTLE_ACCOUNTS, account);

    if (a && a->failures)
        a->failures--;
    if (u && u->failures)
        u->failures--;
}
