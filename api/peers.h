// SPDX-License-Identifier: Apache-2.0
/* How many connections each address has, so that one cannot take all workers. Thread-safe. */
#pragma once

#include <netinet/in.h>
#include <pthread.h>
#include <stdbool.h>
#include <sys/socket.h>

enum { HF_PEERS_MAX = 32, HF_PEER_CONNECTIONS_MAX = 10 };

struct hf_peers;

struct hf_peer {
    struct hf_peers *owner;
    bool used;
    struct in6_addr network; /* an IPv4 address mapped, or the /64 of an IPv6 one */
};

struct hf_peers {
    pthread_mutex_t lock;
    struct hf_peer peers[HF_PEERS_MAX];
};

void hf_peers_init(struct hf_peers *p);
void hf_peers_done(struct hf_peers *p);

/* A place for one more connection from address, or NULL. Give it back with hf_peers_leave(). */
struct hf_peer *hf_peers_enter(struct hf_peers *p, const struct sockaddr *address);
void hf_peers_leave(struct hf_peer *peer);
