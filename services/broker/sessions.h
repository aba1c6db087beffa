// SPDX-License-Identifier: Apache-2.0
/*
 * The sessions that devices have left at the broker, bounded. mosquitto keeps a session for each
 * client id that came without "clean session", for ever, and bounds only their memory. It tells
 * nobody which it has: what is in its saved database, and what came since, is them all.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <time.h>

struct hf_session;

struct hf_sessions {
    const char *db; /* mosquitto's saved database; borrowed */
    /* Whose sessions do not count: the services'. */
    bool (*is_exempt)(void *ctx, const char *id);
    void *ctx;
    size_t max;
    size_t count;
    struct hf_session *all;
    struct timespec read; /* the file's change when it was read */
};

/* Takes in what the database holds; more than max are all kept, and no new one is let in. False
 * without memory. */
bool hf_sessions_init(struct hf_sessions *s);
void hf_sessions_done(struct hf_sessions *s);

/* Whether the client may leave a session: it has one already, or there is room for one more. At
 * the bound the database is looked at again, for those that have ended since. now_s: Unix time. */
bool hf_sessions_admit(struct hf_sessions *s, const char *id, int64_t now_s);

/* The client came with "clean session", by which the one that it had has ended. */
void hf_sessions_end(struct hf_sessions *s, const char *id);
