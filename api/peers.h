// SPDX-License-Identifier: Apache-2.0
/* How many connections each address has, so that one cannot take all workers, and a few together
 * cannot shut out another one. Thread-safe. */
#pragma once

#include <netinet/in.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/socket.h>

enum {
    HF_PEERS_MAX = 32,
    HF_PEER_CONNECTIONS_MAX = 20, /* a browser has six, with a second profile twelve */
    HF_PEERS_GOING = 16           /* that have been cut, and whose worker has not yet seen it */
};

struct hf_peers;

struct hf_peer {
    struct hf_peers *owner;
    bool used;
    bool cut;        /* it has no place any more */
    bool met;        /* its handshake is over */
    bool kept;       /* is being served, to somebody who is known */
    int fd;          /* -1: none to cut */
    uint64_t number; /* in the order in which they came */
    uint64_t idle;   /* in the order in which they began to wait for a request; 0: does not */
    struct in6_addr network; /* an IPv4 address mapped, or the /64 of an IPv6 one */
};

struct hf_peers {
    pthread_mutex_t lock;
    uint64_t numbers, turns;
    struct hf_peer peers[HF_PEERS_MAX + HF_PEERS_GOING];
};

void hf_peers_init(struct hf_peers *p);
void hf_peers_done(struct hf_peers *p);

/* False for one more from an address that has all it may have and gives up none of them; without
 * taking a place. */
bool hf_peers_may_come(struct hf_peers *p, const struct sockaddr *address);

/* A place for one more connection from address, or NULL. An address that has all it may have gives
 * up its own: the one that has been waiting longest for its next request. Where there is no place
 * left, whoever has most of them gives one up to an address that has less: the oldest that is not
 * kept. What is given up is shut down. Give it back with hf_peers_leave() before fd is closed. */
struct hf_peer *hf_peers_enter(struct hf_peers *p, const struct sockaddr *address, int fd);
/* The handshake is over: it waits for its first request, where none has begun. */
void hf_peers_met(struct hf_peer *peer);
/* A request begins, or ends; then the connection is not kept any more. */
void hf_peers_serve(struct hf_peer *peer, bool serving);
/* While it is served: to somebody who is known. */
void hf_peers_keep(struct hf_peer *peer);
void hf_peers_leave(struct hf_peer *peer);
