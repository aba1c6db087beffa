// SPDX-License-Identifier: Apache-2.0
#include "provision/host.h"

#include "base/text.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

enum { INTERFACE_MAX = 15 /* IFNAMSIZ without the NUL */, HOST_MAX = 253, POINTER_SIZE = 64 };

static int
wrong(struct hf_error *err, const char *at, const char *member, const char *must)
{
    char pointer[HF_ERROR_POINTER_MAX];

    hf_text_put(pointer, sizeof pointer, "%s/%s", at, member);
    return hf_error_set_at(err, HF_ERROR_INVALID, pointer, "%s: %s", pointer, must);
}

/* ---- addresses ---- */

/* AF_INET, AF_INET6 or 0. */
static int
family_of(const char *address)
{
    unsigned char bytes[16];

    if (inet_pton(AF_INET, address, bytes) == 1)
        return AF_INET;
    return inet_pton(AF_INET6, address, bytes) == 1 ? AF_INET6 : 0;
}

/* "192.0.2.10/24" */
static int
family_of_prefixed(const char *text)
{
    char address[INET6_ADDRSTRLEN];
    const char *slash = strchr(text, '/');
    uint64_t bits;
    int family;

    if (!slash || !hf_text_put(address, sizeof address, "%.*s", (int)(slash - text), text) ||
        !hf_text_u64(slash + 1, &bits))
        return 0;
    family = family_of(address);
    return bits >= 1 && bits <= (family == AF_INET ? 32 : 128) ? family : 0;
}

static int
check_list(const struct hf_json *list, const char *at, const char *member,
           bool (*is_fine)(const char *text), const char *must, struct hf_error *err)
{
    char pointer[HF_ERROR_POINTER_MAX];
    size_t i = 0;

    if (hf_json_count(list) > HF_HOST_ADDRESSES_MAX)
        return wrong(err, at, member, "must have at most 4");
    for (const struct hf_json *v = hf_json_first(list); v; v = hf_json_next(v), i++) {
        const char *text = hf_json_as_string(v);

        if (text && is_fine(text))
            continue;
        hf_text_put(pointer, sizeof pointer, "%s/%zu", member, i);
        return wrong(err, at, pointer, must);
    }
    return 0;
}

static bool
is_address(const char *text)
{
    return family_of(text) != 0;
}

static bool
is_host(const char *text)
{
    size_t len = strlen(text);

    return is_address(text) ||
           (len >= 1 && len <= HOST_MAX && text[0] != '-' && text[0] != '.' &&
            strspn(text, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-") ==
                len);
}

/* ---- network ---- */

static int
check_name(const struct hf_json *interface, const char *at, struct hf_error *err)
{
    const char *name = hf_json_string(interface, "name");
    size_t len = name ? strlen(name) : 1;

    if (!name)
        return 0;
    if (len < 1 || len > INTERFACE_MAX || name[0] == '.' || name[0] == '-' ||
        strspn(name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-") != len)
        return wrong(err, at, "name", "must be the name of an interface such as enp1s0 or eth0");
    return 0;
}

static int
check_interface(const struct hf_json *interface, const char *at, struct hf_error *err)
{
    static const struct hf_json_field fields[] = {
        {"name", HF_JSON_STRING, false},
        {"address", HF_JSON_STRING, false},
        {"router", HF_JSON_STRING, false},
        {"dns", HF_JSON_ARRAY, false},
    };
    const char *address, *router;

    if (hf_json_check(interface, at, fields, HF_LEN(fields), err) < 0 ||
        check_name(interface, at, err) < 0)
        return -1;
    address = hf_json_string(interface, "address");
    router = hf_json_string(interface, "router");
    if (address && !family_of_prefixed(address))
        return wrong(err, at, "address",
                     "must be an address and the bits of its network such as 192.0.2.10/24; leave "
                     "it out for DHCP");
    if (router && !family_of(router))
        return wrong(err, at, "router", "must be an address such as 192.0.2.1");
    if (router && !address)
        return wrong(err, at, "router", "goes with an address: by DHCP it comes by itself");
    if (router && family_of(router) != family_of_prefixed(address))
        return wrong(err, at, "router", "must be of the same kind as the address, IPv4 or IPv6");
    return check_list(hf_json_get(interface, "dns"), at, "dns", is_address,
                      "must be an address such as 192.0.2.1", err);
}

static bool
is_same(const char *a, const char *b)
{
    return a && b ? strcmp(a, b) == 0 : a == b;
}

int
hf_host_check_network(const struct hf_json *network, struct hf_error *err)
{
    static const struct hf_json_field fields[] = {{"interfaces", HF_JSON_ARRAY, true}};
    const struct hf_json *list;
    size_t i = 0;

    if (hf_json_check(network, "/network", fields, HF_LEN(fields), err) < 0)
        return -1;
    list = hf_json_get(network, "interfaces");
    if (hf_json_count(list) < 1 || hf_json_count(list) > HF_INTERFACES_MAX)
        return wrong(err, "/network", "interfaces", "must have 1 to 8");
    for (const struct hf_json *v = hf_json_first(list); v; v = hf_json_next(v), i++) {
        char at[POINTER_SIZE];

        hf_text_put(at, sizeof at, "/network/interfaces/%zu", i);
        if (check_interface(v, at, err) < 0)
            return -1;
        for (const struct hf_json *o = hf_json_first(list); o != v; o = hf_json_next(o))
            if (is_same(hf_json_string(o, "name"), hf_json_string(v, "name")))
                return wrong(err, at, "name",
                             "is there twice; one may have no name, which is every other wired "
                             "interface");
    }
    return 0;
}

/* ---- time ---- */

static bool
is_zone(const char *text)
{
    size_t len = strlen(text);

    return len >= 1 && len < HF_ZONE_SIZE && text[0] != '/' && text[0] != '.' &&
           text[len - 1] != '/' && !strstr(text, "//") && !strstr(text, "/.") &&
           strspn(text, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_+-/") ==
               len;
}

int
hf_host_check_time(const struct hf_json *time, struct hf_error *err)
{
    static const struct hf_json_field fields[] = {
        {"zone", HF_JSON_STRING, false},
        {"servers", HF_JSON_ARRAY, false},
    };
    const char *zone;

    if (hf_json_check(time, "/time", fields, HF_LEN(fields), err) < 0)
        return -1;
    zone = hf_json_string(time, "zone");
    if (zone && !is_zone(zone))
        return wrong(err, "/time", "zone", "must be a time zone such as Europe/Berlin or UTC");
    return check_list(hf_json_get(time, "servers"), "/time", "servers", is_host,
                      "must be the name or address of a time server", err);
}

/* ---- confirming ---- */

/* Of "192.0.2.10/24" the address; of an IPv4 one within IPv6 (RFC 4291, 2.5.5.2) that one. */
static bool
same_address(const char *prefixed, const char *local)
{
    unsigned char a[16], b[16];
    char address[INET6_ADDRSTRLEN];
    int family;

    if (strncasecmp(local, "::ffff:", 7) == 0 && family_of(local + 7) == AF_INET)
        local += 7;
    if (!hf_text_put(address, sizeof address, "%.*s", (int)strcspn(prefixed, "/"), prefixed))
        return false;
    family = family_of(address);
    return family && family == family_of(local) && inet_pton(family, address, a) == 1 &&
           inet_pton(family, local, b) == 1 && memcmp(a, b, family == AF_INET ? 4 : 16) == 0;
}

static bool
names(const struct hf_json *network, const char *local)
{
    for (const struct hf_json *i = hf_json_first(hf_json_get(network, "interfaces")); i;
         i = hf_json_next(i)) {
        const char *address = hf_json_string(i, "address");

        if (address && same_address(address, local))
            return true;
    }
    return false;
}

static bool
is_loopback(const char *local)
{
    return same_address("::1", local) || strncmp(local, "127.", 4) == 0 ||
           strncasecmp(local, "::ffff:127.", 11) == 0;
}

bool
hf_host_confirms(const struct hf_json *network, const struct hf_json *before, const char *local)
{
    if (is_loopback(local) || !*local)
        return false;
    if (names(network, local))
        return true;
    for (const struct hf_json *i = hf_json_first(hf_json_get(network, "interfaces")); i;
         i = hf_json_next(i))
        if (!hf_json_string(i, "address"))
            return !names(before, local);
    return false;
}

/* ---- writing ---- */

static int
write_list(const struct hf_json *list, const char *line, const char *separator, struct hf_buf *out,
           struct hf_error *err)
{
    for (const struct hf_json *v = hf_json_first(list); v; v = hf_json_next(v))
        if (hf_buf_addf(out, err, "%s%s", v == hf_json_first(list) ? line : separator,
                        hf_json_as_string(v)) < 0)
            return -1;
    return list && hf_json_first(list) ? hf_buf_adds(out, "\n", err) : 0;
}

int
hf_host_write_interface(const struct hf_json *interface, struct hf_buf *out, struct hf_error *err)
{
    const char *name = hf_json_string(interface, "name");
    const char *address = hf_json_string(interface, "address");
    const char *router = hf_json_string(interface, "router");
    int rc = name ? hf_buf_addf(out, err, "[Match]\nName=%s\n\n[Network]\n", name)
                  : hf_buf_adds(out, "[Match]\nName=en* eth*\n\n[Network]\n", err);

    if (rc == 0)
        rc = address ? hf_buf_addf(out, err, "Address=%s\nDHCP=no\n", address)
                     : hf_buf_adds(out, "DHCP=yes\n", err);
    if (rc == 0 && router)
        rc = hf_buf_addf(out, err, "Gateway=%s\n", router);
    return rc < 0 ? -1 : write_list(hf_json_get(interface, "dns"), "DNS=", "\nDNS=", out, err);
}

int
hf_host_write_servers(const struct hf_json *time, struct hf_buf *out, struct hf_error *err)
{
    if (hf_buf_adds(out, "[Time]\n", err) < 0)
        return -1;
    return write_list(hf_json_get(time, "servers"), "NTP=", " ", out, err);
}
