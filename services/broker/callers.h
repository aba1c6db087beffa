// SPDX-License-Identifier: Apache-2.0
/*
 * Connections of each address to the ports for devices, also those that have not said a word: a
 * plugin is told of none before its CONNECT. So they are looked for among the descriptors of the
 * process, and those of one address past the bound are shut down, the newest first, which mosquitto
 * sees as their end. In mosquitto's thread, so that no descriptor is another one meanwhile.
 */
#pragma once

#include <netinet/in.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { HF_CALLERS_PORTS_MAX = 3 };

struct hf_caller {
    bool used, cut;
    bool counted;            /* it came to one of the ports */
    in_port_t port;          /* of the other side; with the address it tells connections apart */
    struct in6_addr from;    /* an IPv4 address mapped */
    struct in6_addr network; /* what counts: an IPv4 address mapped, or the /64 of an IPv6 one */
    uint64_t number;         /* in the order in which they were seen first */
};

struct hf_callers {
    /* Options of the plugin, see hf_callers_option(). */
    uint64_t most, places;
    in_port_t ports[HF_CALLERS_PORTS_MAX]; /* network byte order */
    size_t port_count;

    struct in6_addr proxy; /* whoever comes by a proxy of Docker's is this one; `::` for nobody */
    struct hf_caller *all; /* by descriptor */
    uint32_t *order;       /* room for sorting */
    size_t room;           /* of both */
    size_t top;            /* the highest descriptor that was a connection at the last look */
    uint64_t looks, numbers;
    uint64_t refused;               /* since the start */
    char address[INET6_ADDRSTRLEN]; /* whose one of them was last */
    int64_t look_ms, hot_until_ms;  /* monotonic */
};

/* Takes an option of the plugin: `address_connections` (0: no bound), `places` (how many may come
 * to all ports together), `ports`. False where its value is wrong; fine for any other one. */
bool hf_callers_option(struct hf_callers *c, const char *key, const char *value);

/* False without memory. */
bool hf_callers_init(struct hf_callers *c);
void hf_callers_done(struct hf_callers *c);

/* Looks twice a second, and where somebody was past the bound a moment ago as often as it is
 * called, but for some ms. */
void hf_callers_tick(struct hf_callers *c, int64_t now_ms);

/* The gateway's address of text, which is /proc/net/route; INADDR_ANY where there is none. */
in_addr_t hf_callers_gateway(const char *text);
