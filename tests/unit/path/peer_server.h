// SPDX-License-Identifier: Apache-2.0
/* A service on the record path, as holdfastd meets it: a real HTTP server on 127.0.0.1 that says
 * what it is told to. */
#pragma once

#include <pthread.h>
#include <stdatomic.h>
#include <stdint.h>

struct mg_context;

struct peer_server {
    struct mg_context *server;
    uint16_t port;
    const char *token;  /* Bearer; others get 401 */
    const char *listen; /* ADDRESS:PORT; NULL: a free port of 127.0.0.1 */

    /* What it answers; set between requests. */
    atomic_int status;
    const char *_Atomic body;
    atomic_int chunks;    /* > 0: the body so many times, chunked; the last chunk only if… */
    atomic_bool cut;      /* … this is not set */
    atomic_int silent_ms; /* before it answers */

    /* What it was asked last; read it by peer_server_last(). */
    char method[8], url[4096], asked[8192];
    pthread_mutex_t lock; /* of these texts */
    atomic_int requests;
};

/* Once the answer has come, and no other request is under way. */
static inline const struct peer_server *
peer_server_last(struct peer_server *p)
{
    pthread_mutex_lock(&p->lock);
    pthread_mutex_unlock(&p->lock);
    return p;
}

void peer_server_start(struct peer_server *p);
void peer_server_stop(struct peer_server *p);
