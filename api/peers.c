// SPDX-License-Identifier: Apache-2.0
#include "api/peers.h"

#include "base/cleanup.h"

#include <poll.h>
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

static bool
has_place(const struct hf_peer *peer)
{
    return peer->used && !peer->cut;
}

static size_t
count_of(const struct hf_peers *p, const struct in6_addr *network)
{
    size_t count = 0;

    for (size_t i = 0; i < HF_LEN(p->peers); i++)
        count +=
            has_place(&p->peers[i]) && memcmp(&p->peers[i].network, network, sizeof *network) == 0;
    return count;
}

/* Of the address with most connections, if it has two more than count. */
static struct hf_peer *
whose_place(struct hf_peers *p, size_t count)
{
    struct hf_peer *oldest = NULL;
    size_t most = count + 1;

    for (size_t i = 0; i < HF_LEN(p->peers); i++) {
        struct hf_peer *peer = &p->peers[i];
        size_t its;

        if (!has_place(peer) || peer->kept || peer->fd < 0)
            continue;
        its = count_of(p, &peer->network);
        if (its > most || (oldest && its == most && peer->number < oldest->number)) {
            oldest = peer;
            most = its;
        }
    }
    return oldest;
}

/* A request that has come and is not yet read begins at any moment. */
static bool
has_something_to_say(const struct hf_peer *peer)
{
    struct pollfd p = {.fd = peer->fd, .events = POLLIN};

    return poll(&p, 1, 0) != 0;
}

/* Of that address, the one that has been idle longest. */
static struct hf_peer *
own_idle(struct hf_peers *p, const struct in6_addr *network)
{
    struct hf_peer *longest = NULL;

    for (size_t i = 0; i < HF_LEN(p->peers); i++) {
        struct hf_peer *peer = &p->peers[i];

        if (has_place(peer) && peer->idle && peer->fd >= 0 &&
            memcmp(&peer->network, network, sizeof *network) == 0 &&
            (!longest || peer->idle < longest->idle) && !has_something_to_say(peer))
            longest = peer;
    }
    return longest;
}

static bool
make_room(struct hf_peers *p, const struct in6_addr *network)
{
    size_t count = count_of(p, network), all = 0;
    struct hf_peer *gives;

    for (size_t i = 0; i < HF_LEN(p->peers); i++)
        all += has_place(&p->peers[i]);
    if (count < HF_PEER_CONNECTIONS_MAX && all < HF_PEERS_MAX)
        return true;
    gives = count < HF_PEER_CONNECTIONS_MAX ? whose_place(p, count) : own_idle(p, network);
    if (!gives)
        return false;
    gives->cut = true;
    (void)shutdown(gives->fd, SHUT_RDWR); /* its worker sees that, and leaves */
    return true;
}

bool
hf_peers_may_come(struct hf_peers *p, const struct sockaddr *address)
{
    struct in6_addr network = network_of(address);
    bool may;

    pthread_mutex_lock(&p->lock);
    may = count_of(p, &network) < HF_PEER_CONNECTIONS_MAX || own_idle(p, &network);
    pthread_mutex_unlock(&p->lock);
    return may;
}

struct hf_peer *
hf_peers_enter(struct hf_peers *p, const struct sockaddr *address, int fd)
{
    struct in6_addr network = network_of(address);
    struct hf_peer *place = NULL;

    pthread_mutex_lock(&p->lock);
    for (size_t i = 0; i < HF_LEN(p->peers) && !place; i++)
        if (!p->peers[i].used)
            place = &p->peers[i];
    if (place && !make_room(p, &network))
        place = NULL;
    if (place)
        *place = (struct hf_peer){
            .owner = p, .used = true, .fd = fd, .number = p->numbers++, .network = network};
    pthread_mutex_unlock(&p->lock);
    return place;
}

/* With its lock held. */
static void
wait_for_request(struct hf_peer *peer)
{
    peer->idle = ++peer->owner->turns;
}

void
hf_peers_met(struct hf_peer *peer)
{
    pthread_mutex_lock(&peer->owner->lock);
    if (!peer->met)
        wait_for_request(peer);
    peer->met = true;
    pthread_mutex_unlock(&peer->owner->lock);
}

void
hf_peers_serve(struct hf_peer *peer, bool serving)
{
    pthread_mutex_lock(&peer->owner->lock);
    peer->met = true;
    peer->kept = false;
    if (serving)
        peer->idle = 0;
    else
        wait_for_request(peer);
    pthread_mutex_unlock(&peer->owner->lock);
}

void
hf_peers_keep(struct hf_peer *peer)
{
    pthread_mutex_lock(&peer->owner->lock);
    peer->kept = true;
    pthread_mutex_unlock(&peer->owner->lock);
}

void
hf_peers_leave(struct hf_peer *peer)
{
    struct hf_peers *p = peer->owner;

    pthread_mutex_lock(&p->lock);
    peer->used = false;
    pthread_mutex_unlock(&p->lock);
}
