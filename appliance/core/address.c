// SPDX-License-Identifier: Apache-2.0
#include "core/address.h"

#include "base/text.h"

#include <arpa/inet.h>
#include <ifaddrs.h>
#include <net/if.h>
#include <stdio.h>
#include <string.h>

static void
default_interface(char out[IF_NAMESIZE])
{
    HF_AUTO_FCLOSE FILE *routes = fopen("/proc/net/route", "re");
    char line[256], name[IF_NAMESIZE], destination[16];

    out[0] = '\0';
    while (routes && fgets(line, sizeof line, routes))
        if (sscanf(line, "%15s %15s", name, destination) == 2 &&
            strcmp(destination, "00000000") == 0) {
            memcpy(out, name, sizeof name);
            return;
        }
}

static int
rank(const struct ifaddrs *a, const char *preferred)
{
    if (!a->ifa_addr || a->ifa_addr->sa_family != AF_INET || !(a->ifa_flags & IFF_UP) ||
        (a->ifa_flags & IFF_LOOPBACK))
        return 0;
    if (strcmp(a->ifa_name, preferred) == 0)
        return 3;
    return strncmp(a->ifa_name, "docker", 6) == 0 || strncmp(a->ifa_name, "br-", 3) == 0 ? 1 : 2;
}

void
hf_core_field_address(const char *bound, char *out, size_t size)
{
    char preferred[IF_NAMESIZE];
    struct ifaddrs *all = NULL;
    int best = 0;

    hf_text_put(out, size, "%s", "127.0.0.1");
    if (strcmp(bound, "0.0.0.0") != 0 && strcmp(bound, "::") != 0) {
        hf_text_put(out, size, "%s", bound);
        return;
    }
    default_interface(preferred);
    if (getifaddrs(&all) < 0)
        return;
    for (const struct ifaddrs *a = all; a; a = a->ifa_next) {
        int r = rank(a, preferred);

        if (r > best) {
            const struct sockaddr_in *in = (const void *)a->ifa_addr;

            inet_ntop(AF_INET, &in->sin_addr, out, (socklen_t)size);
            best = r;
        }
    }
    freeifaddrs(all);
}
