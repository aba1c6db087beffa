// SPDX-License-Identifier: Apache-2.0
/*
 * The live sessions. Not thread-safe. They end by the monotonic clock, so setting the wall clock
 * neither ends nor prolongs one. Saved ones carry wall time, for want of another clock that
 * outlives the process; so when the wall clock jumps while we run (NTP, years after a start in
 * 1970), all are saved again in the new time, and one that was saved in a time that cannot be is
 * taken as not having been away.
 */
#pragma once

#include "identity/identity.h"

enum { HF_SESSION_SAVE_MS = 15 * 60 * 1000 }; /* how stale a saved `last seen` may be */

struct hf_live_session {
    char token_hash[HF_TOKEN_HASH_SIZE]; /* "" for a free place */
    char user[HF_NAME_SIZE];
    enum hf_role role;
    int64_t created_wall_ms;
    int64_t end_ms, used_ms, saved_ms; /* monotonic */
    int64_t
        proved_ms; /* when the password was shown for it last; monotonic, 0: not since a start */
    char address[HF_ADDRESS_SIZE];
};

struct hf_sessions {
    struct hf_live_session list[HF_SESSIONS_MAX];
};

/* Hex of the BLAKE2b-256 of token. */
void hf_token_hash(const char *token, char out[HF_TOKEN_HASH_SIZE]);

/* Takes the place of the one that was not used for longest where all are taken; evicted gets its
 * hash then, else "". Its password has been shown just now. */
struct hf_live_session *hf_sessions_add(struct hf_sessions *s, const char *token_hash,
                                        const struct hf_account *account, int64_t wall_ms,
                                        int64_t mono_ms, char evicted[HF_TOKEN_HASH_SIZE]);

/* Forgets the sessions of user but the one of keep_hash (NULL: all); ret_hashes gets theirs.
 * Returns how many. */
size_t hf_sessions_end(struct hf_sessions *s, const char *user, const char *keep_hash,
                       char ret_hashes[HF_SESSIONS_MAX][HF_TOKEN_HASH_SIZE]);

/* Takes up a saved session, unless its time is over. */
void hf_sessions_load(struct hf_sessions *s, const struct hf_session_record *r, int64_t wall_ms,
                      int64_t mono_ms);

/* NULL where there is none or it has ended (it is forgotten then). */
struct hf_live_session *hf_sessions_find(struct hf_sessions *s, const char *token_hash,
                                         int64_t mono_ms);

void hf_sessions_forget(struct hf_live_session *l);

/* When it ends if it is not used again; monotonic. */
int64_t hf_session_end(const struct hf_live_session *l);

void hf_session_record(const struct hf_live_session *l, int64_t wall_ms, int64_t mono_ms,
                       struct hf_session_record *ret_record);
