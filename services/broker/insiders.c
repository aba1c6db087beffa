// SPDX-License-Identifier: Apache-2.0
#include "broker/insiders.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>

enum { ID_MAX = 64 };

bool
hf_insiders_have_address(const struct hf_insiders *i, const char *address)
{
    struct in_addr a;

    /* A dual-stack socket gives IPv4 peers as ::ffff:a.b.c.d (RFC 4291 §2.5.5.2). */
    if (address && strncmp(address, "::ffff:", 7) == 0)
        address += 7;
    return address && inet_pton(AF_INET, address, &a) == 1 && (a.s_addr & i->mask) == i->network;
}

bool
hf_insiders_have_id(const struct hf_insiders *i, const char *id)
{
    static const char second[] = "-status";
    size_t len = id ? strlen(id) : 0;
    char wanted[ID_MAX + 3];

    if (len > sizeof second - 1 && strcmp(id + len - (sizeof second - 1), second) == 0)
        len -= sizeof second - 1;
    if (len == 0 || len > ID_MAX)
        return false;
    snprintf(wanted, sizeof wanted, ",%.*s,", (int)len, id);
    return strstr(i->accounts, wanted);
}
