// SPDX-License-Identifier: Apache-2.0
#include "api/guard.h"

#include "base/cleanup.h"

#include <arpa/inet.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

enum { PORT_SIZE = 6, HTTPS_PORT = 443 };

struct authority {
    char host[HF_GUARD_HOST_SIZE]; /* without brackets */
    bool bracketed;
    long port;
};

static bool
read_port(const char *text, long *ret_port)
{
    size_t digits = strspn(text, "0123456789");

    if (digits == 0 || digits >= PORT_SIZE || text[digits])
        return false;
    *ret_port = strtol(text, NULL, 10);
    return *ret_port > 0 && *ret_port <= 65535;
}

/* host [":" port], RFC 3986 section 3.2. */
static bool
read_authority(const char *text, struct authority *ret)
{
    bool bracketed = text[0] == '[';
    const char *host = bracketed ? text + 1 : text;
    size_t len = strcspn(host, bracketed ? "]" : ":");
    const char *rest = host + len;

    if (len == 0 || len >= sizeof ret->host)
        return false;
    if (bracketed && *rest++ != ']')
        return false;
    memcpy(ret->host, host, len);
    ret->host[len] = '\0';
    ret->bracketed = bracketed;
    ret->port = HTTPS_PORT;
    return !*rest || (*rest == ':' && read_port(rest + 1, &ret->port));
}

static bool
is_address(const struct authority *a)
{
    unsigned char parsed[sizeof(struct in6_addr)];

    return inet_pton(a->bracketed ? AF_INET6 : AF_INET, a->host, parsed) == 1;
}

static bool
is_name(const char *host, const char *name)
{
    size_t len = strlen(name);

    if (len == 0 || strncasecmp(host, name, len) != 0)
        return false;
    return !host[len] || strcasecmp(host + len, ".local") == 0;
}

bool
hf_guard_host(const char *host, const char *const *names, size_t count)
{
    struct authority a;

    if (!host || !read_authority(host, &a))
        return false;
    if (is_address(&a))
        return true;
    if (a.bracketed)
        return false;
    if (strcasecmp(a.host, "localhost") == 0)
        return true;
    for (size_t i = 0; i < count; i++) {
        if (names[i] && is_name(a.host, names[i]))
            return true;
    }
    return false;
}

bool
hf_guard_host_of(const char *header, char out[HF_GUARD_HOST_SIZE])
{
    struct authority a;

    if (!header || !read_authority(header, &a))
        return false;
    memcpy(out, a.host, sizeof a.host);
    return true;
}

bool
hf_guard_origin(const char *origin, const char *host)
{
    static const char scheme[] = "https://";
    struct authority ours, theirs;

    if (!origin)
        return true;
    if (!host || strncmp(origin, scheme, sizeof scheme - 1) != 0)
        return false;
    return read_authority(host, &ours) && read_authority(origin + sizeof scheme - 1, &theirs) &&
           strcasecmp(ours.host, theirs.host) == 0 && ours.bracketed == theirs.bracketed &&
           ours.port == theirs.port;
}

bool
hf_guard_fetch_site(const char *site)
{
    return !site || strcmp(site, "same-origin") == 0 || strcmp(site, "none") == 0;
}

bool
hf_guard_type(const char *type, const char *wanted)
{
    size_t len = strlen(wanted);

    if (!type || strncasecmp(type, wanted, len) != 0)
        return false;
    return type[len + strspn(type + len, " \t")] == '\0' ||
           type[len + strspn(type + len, " \t")] == ';';
}
