// SPDX-License-Identifier: Apache-2.0
#include "import/hasher.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

enum { PIECE_BYTES = 256 * 1024, STACK_BYTES = 256 * 1024 };

struct piece {
    size_t len;
    char data[PIECE_BYTES];
};

struct hf_hasher {
    pthread_t thread;
    pthread_mutex_t lock;
    pthread_cond_t changed;
    const struct piece *given; /* being hashed; NULL: none */
    bool stop;
    struct hf_sha256 hash; /* the thread's while a piece is given */
    struct piece pieces[2];
    struct piece *filled; /* the other one, the caller's */
};

static void *
run(void *context)
{
    struct hf_hasher *h = context;

    pthread_mutex_lock(&h->lock);
    while (!h->stop) {
        if (!h->given) {
            pthread_cond_wait(&h->changed, &h->lock);
            continue;
        }
        pthread_mutex_unlock(&h->lock);
        hf_sha256_add(&h->hash, h->given->data, h->given->len);
        pthread_mutex_lock(&h->lock);
        h->given = NULL;
        pthread_cond_signal(&h->changed);
    }
    pthread_mutex_unlock(&h->lock);
    return NULL;
}

int
hf_hasher_new(struct hf_hasher **ret_hasher, struct hf_error *err)
{
    struct hf_hasher *h = calloc(1, sizeof *h);
    pthread_attr_t attr;
    int rc;

    if (!h)
        return hf_error_nomem(err);
    pthread_mutex_init(&h->lock, NULL);
    pthread_cond_init(&h->changed, NULL);
    h->filled = h->pieces;
    pthread_attr_init(&attr);
    pthread_attr_setstacksize(&attr, STACK_BYTES);
    rc = pthread_create(&h->thread, &attr, run, h);
    pthread_attr_destroy(&attr);
    if (rc == 0) {
        pthread_setname_np(h->thread, "hasher");
        *ret_hasher = h;
        return 0;
    }
    pthread_cond_destroy(&h->changed);
    pthread_mutex_destroy(&h->lock);
    free(h);
    return hf_error_errno(err, rc, "cannot start a thread that hashes");
}

/* With the lock held. */
static void
wait_for_thread(struct hf_hasher *h)
{
    while (h->given)
        pthread_cond_wait(&h->changed, &h->lock);
}

void
hf_hasher_free(struct hf_hasher *h)
{
    if (!h)
        return;
    pthread_mutex_lock(&h->lock);
    wait_for_thread(h);
    h->stop = true;
    pthread_cond_signal(&h->changed);
    pthread_mutex_unlock(&h->lock);
    pthread_join(h->thread, NULL);
    pthread_cond_destroy(&h->changed);
    pthread_mutex_destroy(&h->lock);
    free(h);
}

void
hf_hasher_begin(struct hf_hasher *h)
{
    pthread_mutex_lock(&h->lock);
    wait_for_thread(h);
    pthread_mutex_unlock(&h->lock);
    hf_sha256_begin(&h->hash);
    h->filled->len = 0;
}

static void
give(struct hf_hasher *h)
{
    pthread_mutex_lock(&h->lock);
    wait_for_thread(h);
    h->given = h->filled;
    pthread_cond_signal(&h->changed);
    pthread_mutex_unlock(&h->lock);
    h->filled = &h->pieces[h->filled == h->pieces];
    h->filled->len = 0;
}

void
hf_hasher_add(struct hf_hasher *h, const char *data, size_t len)
{
    while (len > 0) {
        struct piece *p = h->filled;
        size_t room = sizeof p->data - p->len, n = len < room ? len : room;

        memcpy(p->data + p->len, data, n);
        p->len += n;
        data += n;
        len -= n;
        if (p->len == sizeof p->data)
            give(h);
    }
}

void
hf_hasher_end(struct hf_hasher *h, char out[HF_DIGEST_SIZE])
{
    give(h);
    pthread_mutex_lock(&h->lock);
    wait_for_thread(h);
    pthread_mutex_unlock(&h->lock);
    hf_sha256_end(&h->hash, out);
}
