// SPDX-License-Identifier: Apache-2.0
/*
 * Slows guessing down. An address waits after each of its own wrong guesses, longer each time; when
 * an account is guessed at from many sides, every address that has guessed wrong waits longer, each
 * from its own last guess. An address that has not guessed wrong does not wait, so nobody can lock
 * the owner out; only once more addresses guess than are remembered do new ones wait as well.
 * Not thread-safe. Times are monotonic milliseconds; address and account are never "".
 */
#pragma once

#include <stdint.h>

enum {
    HF_THROTTLE_ADDRESSES = 256,
    HF_THROTTLE_ACCOUNTS = 32,
    HF_THROTTLE_FREE = 4,          /* wrong guesses of an address without delay */
    HF_THROTTLE_ACCOUNT_FREE = 20, /* and of an account */
    HF_THROTTLE_MAX_MS = 300000,
    HF_THROTTLE_ACCOUNT_MAX_MS = 60000,
    HF_THROTTLE_FORGET_MS = 3600000
};

struct hf_throttle_entry {
    char key[64]; /* "" for a free place */
    unsigned failures;
    int64_t last_ms;
};

struct hf_throttle {
    struct hf_throttle_entry addresses[HF_THROTTLE_ADDRESSES];
    struct hf_throttle_entry accounts[HF_THROTTLE_ACCOUNTS];
};

/* Asks to guess. 0: go on; it counts as a wrong guess until …_right() or …_undo(), so that guesses
 * at the same time do not slip through. Else: milliseconds to wait. */
int64_t hf_throttle_begin(struct hf_throttle *t, const char *address, const char *account,
                          int64_t now_ms);

/* The guess was right: address and account start anew. */
void hf_throttle_right(struct hf_throttle *t, const char *address, const char *account);

/* No guess took place after all. */
void hf_throttle_undo(struct hf_throttle *t, const char *address, const char *account);
