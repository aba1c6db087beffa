// SPDX-License-Identifier: Apache-2.0
#include "broker/sessions.h"

#include "broker/dbfile.h"

#include <openssl/sha.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

enum {
    GROW = 256,
    SAVE_TAKES_S =
        10, /* a session that came this long before the file was written may lack in it */
};

/* An id can have 65535 bytes, its hash has 8. Cryptographic, so that nobody makes two alike. */
struct hf_session {
    uint64_t hash;
    int64_t since_s; /* when it came last; 0: from the file */
};

static uint64_t
hash_of(const char *id)
{
    unsigned char digest[SHA256_DIGEST_LENGTH];
    uint64_t hash;

    SHA256((const unsigned char *)id, strlen(id), digest);
    memcpy(&hash, digest, sizeof hash);
    return hash;
}

static struct hf_session *
find(const struct hf_sessions *s, uint64_t hash)
{
    for (size_t i = 0; i < s->count; i++)
        if (s->all[i].hash == hash)
            return &s->all[i];
    return NULL;
}

static bool
add(struct hf_sessions *s, uint64_t hash, int64_t since_s)
{
    if (s->count % GROW == 0) {
        struct hf_session *grown = realloc(s->all, (s->count + GROW) * sizeof *grown);

        if (!grown)
            return false;
        s->all = grown;
    }
    s->all[s->count++] = (struct hf_session){hash, since_s};
    return true;
}

static bool
take_saved(void *ctx, const char *id)
{
    struct hf_sessions *s = ctx;

    return s->is_exempt(s->ctx, id) || add(s, hash_of(id), 0);
}

/* 1 read anew, 0 nothing new, -1 no memory. What came since the file was written stays. */
static int
read_saved(struct hf_sessions *s)
{
    struct hf_sessions fresh = *s;
    struct stat st;

    if (stat(s->db, &st) < 0 ||
        (st.st_mtim.tv_sec == s->read.tv_sec && st.st_mtim.tv_nsec == s->read.tv_nsec))
        return 0;
    fresh.all = NULL;
    fresh.count = 0;
    fresh.read = st.st_mtim;
    if (hf_db_each_client(s->db, take_saved, &fresh) < 0) {
        free(fresh.all);
        return -1;
    }
    for (size_t i = 0; i < s->count; i++) {
        const struct hf_session *old = &s->all[i];

        if (old->since_s >= st.st_mtim.tv_sec - SAVE_TAKES_S && !find(&fresh, old->hash) &&
            !add(&fresh, old->hash, old->since_s)) {
            free(fresh.all);
            return -1;
        }
    }
    free(s->all);
    *s = fresh;
    return 1;
}

bool
hf_sessions_init(struct hf_sessions *s)
{
    return read_saved(s) >= 0;
}

void
hf_sessions_done(struct hf_sessions *s)
{
    free(s->all);
    s->all = NULL;
    s->count = 0;
}

bool
hf_sessions_admit(struct hf_sessions *s, const char *id, int64_t now_s)
{
    uint64_t hash = hash_of(id);
    struct hf_session *known = find(s, hash);

    if (!known && s->count >= s->max && read_saved(s) > 0)
        known = find(s, hash);
    if (known) {
        known->since_s = now_s;
        return true;
    }
    return s->count < s->max && add(s, hash, now_s);
}

void
hf_sessions_end(struct hf_sessions *s, const char *id)
{
    struct hf_session *known = find(s, hash_of(id));

    if (known)
        *known = s->all[--s->count];
}
