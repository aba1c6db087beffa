// SPDX-License-Identifier: Apache-2.0
#include "base/way_in.h"

#include <net/if.h>
#include <string.h>

enum { LINK_LOCAL_V4 = 0xa9fe /* 169.254/16, RFC 3927 */ };

static const struct sockaddr_in *
v4_of(const struct ifaddrs *i)
{
    return (const struct sockaddr_in *)(const void *)i->ifa_addr;
}

/* docker0, br-0123456789ab and veth…: they come with the gateway's own networks. */
static bool
is_container_bridge(const char *interface)
{
    static const char bridge[] = "br-";
    enum { BRIDGE_DIGITS = 12 };

    if (strncmp(interface, "docker", 6) == 0 || strncmp(interface, "veth", 4) == 0)
        return true;
    return strncmp(interface, bridge, sizeof bridge - 1) == 0 &&
           strspn(interface + sizeof bridge - 1, "0123456789abcdef") == BRIDGE_DIGITS;
}

bool
hf_way_in(const struct ifaddrs *i)
{
    return i->ifa_addr && i->ifa_addr->sa_family == AF_INET && (i->ifa_flags & IFF_UP) &&
           !(i->ifa_flags & IFF_LOOPBACK) && !is_container_bridge(i->ifa_name) &&
           ntohl(v4_of(i)->sin_addr.s_addr) >> 16 != LINK_LOCAL_V4;
}

size_t
hf_ways_in(struct in_addr *out, size_t max)
{
    struct ifaddrs *all = NULL;
    size_t count = 0;

    if (getifaddrs(&all) < 0)
        return 0;
    for (const struct ifaddrs *i = all; i && count < max; i = i->ifa_next)
        if (hf_way_in(i))
            out[count++] = v4_of(i)->sin_addr;
    freeifaddrs(all);
    return count;
}
