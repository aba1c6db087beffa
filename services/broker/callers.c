// SPDX-License-Identifier: Apache-2.0
#include "broker/callers.h"

#include "base/file.h"
#include "base/text.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

enum {
    LOOK_MS = 500,
    HOT_LOOK_MS = 10, /* a crowd that comes back at once never gets far past the bound */
    HOT_MS = 10000,
    /* A new descriptor is the lowest that is free, so what is past the highest that is a connection
     * by more than this is one of many that came and went since the last look: rare, and a whole
     * look can wait. */
    AHEAD = 64,
    WHOLE_EVERY = 10,
    SPARE = 256, /* descriptors that are no connections to the ports: services, files, listeners */
    NETWORK_BYTES = 8, /* of an IPv6 address: a /64 is one subscriber */
    ROUTES_MAX = 65536,
};

/* ---- options ---- */

static bool
read_ports(struct hf_callers *c, const char *value)
{
    char text[32], *at = NULL;
    uint64_t port;

    if (!hf_text_put(text, sizeof text, "%s", value))
        return false;
    for (char *one = strtok_r(text, ",", &at); one; one = strtok_r(NULL, ",", &at)) {
        if (c->port_count == HF_CALLERS_PORTS_MAX || !hf_text_u64(one, &port) || port > UINT16_MAX)
            return false;
        c->ports[c->port_count++] = htons((uint16_t)port);
    }
    return true;
}

bool
hf_callers_option(struct hf_callers *c, const char *key, const char *value)
{
    if (strcmp(key, "address_connections") == 0)
        return hf_text_u64(value, &c->most);
    if (strcmp(key, "places") == 0)
        return hf_text_u64(value, &c->places);
    return strcmp(key, "ports") != 0 || read_ports(c, value);
}

/* ---- addresses ---- */

static struct in6_addr
mapped(in_addr_t v4)
{
    struct in6_addr v6 = {.s6_addr = {[10] = 0xff, [11] = 0xff}};

    memcpy(&v6.s6_addr[12], &v4, sizeof v4);
    return v6;
}

static bool
read_address(const struct sockaddr_storage *s, struct in6_addr *ret_address, in_port_t *ret_port)
{
    const struct sockaddr_in *v4 = (const struct sockaddr_in *)(const void *)s;
    const struct sockaddr_in6 *v6 = (const struct sockaddr_in6 *)(const void *)s;

    if (s->ss_family == AF_INET) {
        *ret_address = mapped(v4->sin_addr.s_addr);
        *ret_port = v4->sin_port;
    } else if (s->ss_family == AF_INET6) {
        *ret_address = v6->sin6_addr;
        *ret_port = v6->sin6_port;
    }
    return s->ss_family == AF_INET || s->ss_family == AF_INET6;
}

static struct in6_addr
network_of(const struct in6_addr *address)
{
    struct in6_addr network = *address;

    if (!IN6_IS_ADDR_V4MAPPED(address))
        memset(&network.s6_addr[NETWORK_BYTES], 0, sizeof network - NETWORK_BYTES);
    return network;
}

in_addr_t
hf_callers_gateway(const char *text)
{
    for (const char *line = text; line; line = strchr(line, '\n')) {
        unsigned destination, gateway;

        line += *line == '\n';
        /* NOLINTNEXTLINE(cert-err34-c): a line of another form does not match, none overflows */
        if (sscanf(line, "%*s %8x %8x", &destination, &gateway) == 2 && destination == 0)
            return gateway; /* in memory's order on both sides */
    }
    return INADDR_ANY;
}

/* ---- looking ---- */

static bool
is_for_devices(const struct hf_callers *c, int fd)
{
    struct sockaddr_storage own = {0};
    socklen_t len = sizeof own;
    struct in6_addr address;
    in_port_t port;

    if (getsockname(fd, (struct sockaddr *)&own, &len) < 0 || !read_address(&own, &address, &port))
        return false;
    for (size_t i = 0; i < c->port_count; i++)
        if (c->ports[i] == port)
            return true;
    return false;
}

static void
look_at(struct hf_callers *c, int fd)
{
    struct hf_caller *one = &c->all[fd];
    struct sockaddr_storage peer = {0};
    socklen_t len = sizeof peer;
    struct in6_addr from;
    in_port_t port;

    if (getpeername(fd, (struct sockaddr *)&peer, &len) < 0 || !read_address(&peer, &from, &port)) {
        one->used = false;
        return;
    }
    if (one->used && one->port == port && IN6_ARE_ADDR_EQUAL(&one->from, &from))
        return;
    *one = (struct hf_caller){
        .used = true,
        .counted = !IN6_ARE_ADDR_EQUAL(&from, &c->proxy) && is_for_devices(c, fd),
        .port = port,
        .from = from,
        .network = network_of(&from),
        .number = c->numbers++,
    };
}

/* By address, and of one address the oldest first. */
static int
compare(const void *a, const void *b, void *context)
{
    const struct hf_callers *c = context;
    const struct hf_caller *x = &c->all[*(const uint32_t *)a], *y = &c->all[*(const uint32_t *)b];
    int by_network = memcmp(&x->network, &y->network, sizeof x->network);

    return by_network ? by_network : (x->number > y->number) - (x->number < y->number);
}

static void
refuse(struct hf_callers *c, uint32_t fd)
{
    struct hf_caller *one = &c->all[fd];

    one->cut = true;
    (void)shutdown((int)fd, SHUT_RDWR);
    c->refused++;
    if (IN6_IS_ADDR_V4MAPPED(&one->from))
        (void)inet_ntop(AF_INET, &one->from.s6_addr[12], c->address, sizeof c->address);
    else
        (void)inet_ntop(AF_INET6, &one->from, c->address, sizeof c->address);
}

/* Of count in c->order; whether there was one. */
static bool
refuse_past_bound(struct hf_callers *c, size_t count)
{
    uint64_t refused = c->refused, of_one = 0;

    qsort_r(c->order, count, sizeof *c->order, compare, c);
    for (size_t i = 0; i < count; i++) {
        const struct hf_caller *one = &c->all[c->order[i]];
        bool first = i == 0 || memcmp(&one->network, &c->all[c->order[i - 1]].network,
                                      sizeof one->network) != 0;

        of_one = first ? 1 : of_one + 1;
        if (of_one > c->most)
            refuse(c, c->order[i]);
    }
    return c->refused != refused;
}

static bool
look(struct hf_callers *c)
{
    bool whole = c->looks++ % WHOLE_EVERY == 0;
    size_t count = 0, top = c->top;

    c->top = 0;
    for (size_t fd = 0; fd < c->room && (whole || fd <= top + AHEAD); fd++) {
        look_at(c, (int)fd);
        if (c->all[fd].used)
            c->top = fd;
        if (top < c->top)
            top = c->top;
        if (c->all[fd].used && c->all[fd].cut) /* or it has come again by the same port */
            (void)shutdown((int)fd, SHUT_RDWR);
        if (c->all[fd].used && c->all[fd].counted && !c->all[fd].cut)
            c->order[count++] = (uint32_t)fd;
    }
    return count > c->most && refuse_past_bound(c, count);
}

void
hf_callers_tick(struct hf_callers *c, int64_t now_ms)
{
    if (!c->all || now_ms < c->look_ms)
        return;
    if (look(c))
        c->hot_until_ms = now_ms + HOT_MS;
    c->look_ms = now_ms + (now_ms < c->hot_until_ms ? HOT_LOOK_MS : LOOK_MS);
}

/* ---- the life of it ---- */

bool
hf_callers_init(struct hf_callers *c)
{
    HF_AUTO_BUF struct hf_buf routes = HF_BUF_INIT(ROUTES_MAX);
    in_addr_t gateway = INADDR_ANY;

    if (c->most == 0)
        return true;
    c->room = c->places + SPARE;
    c->all = calloc(c->room, sizeof *c->all);
    c->order = calloc(c->room, sizeof *c->order);
    if (!c->all || !c->order)
        return false;
    if (hf_file_read("/proc/self/net/route", &routes, NULL) == 0 && routes.data)
        gateway = hf_callers_gateway(routes.data);
    if (gateway != INADDR_ANY)
        c->proxy = mapped(gateway);
    return true;
}

void
hf_callers_done(struct hf_callers *c)
{
    free(c->all);
    free(c->order);
    *c = (struct hf_callers){.most = 0};
}
