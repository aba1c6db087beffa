// SPDX-License-Identifier: Apache-2.0
#include "api/peers.h"

#include "base/cleanup.h"

#include <string.h>

enum { NETWORK_BYTES = 8 /* of an IPv6 address: a /64 is one subscriber */ };

void
hf_peers_init(struct hf_peers *p)
{
    *p = (struct hf_peers){.lock = PTHREAD_MUTEX_INITIALIZER};
}

void
hf_peers_done(struct hf_peers *p)
{
    pthread_mutex_destroy(&p->lock);
}

static struct in6_addr
network_of(const struct sockaddr *address)
{
    struct in6_addr network = {0};

    if (address->sa_family == AF_INET6) {
        const struct in6_addr *v6 =
            &((const struct sockaddr_in6 *)(const void *)address)->sin6_addr;

        memcpy(&network, v6, IN6_IS_ADDR_V4MAPPED(v6) ? sizeof network : NETWORK_BYTES);
    } else if (address->sa_family == AF_INET) {
        network.s6_addr[10] = network.s6_addr[11] = 0xff;
        memcpy(&network.s6_addr[12], &((const struct sockaddr_in *)(const void *)address)->sin_addr,
               sizeof(struct in_addr));
    }
    return network;
}

struct hf_peer *
hf_peers_enter(struct hf_peers *p, const struct sockaddr *address)
{
    struct in6_addr network = network_of(address);
    struct hf_peer *place = NULL;
    int count = 0;

    pthread_mutex_lock(&p->lock);
    for (size_t i = 0; i < HF_LEN(p->peers); i++) {
        struct hf_peer *peer = &p->peers[i];

        if (!peer->used)
            place = place ? place : peer;
        else if (memcmp(&peer->network, &network, sizeof network) == 0)
            count++;
    }
    if (count >= HF_PEER_CONNECTIONS_MAX)
        place = NULL;
    if (place)
        *place = (struct hf_peer){.owner = p, .used = true, .network = network};
    pthread_mutex_unlock(&p->lock);
    return place;
}

void
hf_peers_leave(struct hf_peer *peer)
{
    struct hf_peers *p = peer->owner;

    pthread_mutex_lock(&p->lock);
    peer->used = false;
    pthread_mutex_unlock(&p->lock);
}
