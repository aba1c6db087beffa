// SPDX-License-Identifier: Apache-2.0
/* The names and addresses that the gateway's own certificates are for. */
#include "base/text.h"
#include "base/way_in.h"
#include "identity/x509.h"

#include <arpa/inet.h>
#include <ifaddrs.h>
#include <net/if.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum {
    NAMES_MAX = 48,
    HOST_SIZE = HF_X509_HOST_SIZE,
};

/* ---- making ---- */

static bool
add_name(GENERAL_NAMES *names, int type, const void *data, size_t len)
{
    GENERAL_NAME *name;
    ASN1_STRING *value;

    if (sk_GENERAL_NAME_num(names) >= NAMES_MAX)
        return true;
    name = GENERAL_NAME_new();
    value = type == GEN_DNS ? ASN1_IA5STRING_new() : ASN1_OCTET_STRING_new();
    if (!name || !value || !ASN1_STRING_set(value, data, (int)len)) {
        GENERAL_NAME_free(name);
        ASN1_STRING_free(value);
        return false;
    }
    GENERAL_NAME_set0_value(name, type, value);
    if (!sk_GENERAL_NAME_push(names, name)) {
        GENERAL_NAME_free(name);
        return false;
    }
    return true;
}

static bool
add_dns(GENERAL_NAMES *names, const char *dns)
{
    for (int i = 0; i < sk_GENERAL_NAME_num(names); i++) {
        int type;
        const ASN1_STRING *have = GENERAL_NAME_get0_value(sk_GENERAL_NAME_value(names, i), &type);

        if (type == GEN_DNS && (size_t)ASN1_STRING_length(have) == strlen(dns) &&
            memcmp(ASN1_STRING_get0_data(have), dns, strlen(dns)) == 0)
            return true;
    }
    return !*dns || add_name(names, GEN_DNS, dns, strlen(dns));
}

static bool
add_address(GENERAL_NAMES *names, const struct in6_addr *address)
{
    bool v4 = IN6_IS_ADDR_V4MAPPED(address);
    const unsigned char *bytes = address->s6_addr + (v4 ? 12 : 0);
    size_t len = v4 ? 4 : sizeof *address;

    for (int i = 0; i < sk_GENERAL_NAME_num(names); i++) {
        int type;
        const ASN1_STRING *have = GENERAL_NAME_get0_value(sk_GENERAL_NAME_value(names, i), &type);

        if (type == GEN_IPADD && (size_t)ASN1_STRING_length(have) == len &&
            memcmp(ASN1_STRING_get0_data(have), bytes, len) == 0)
            return true;
    }
    return add_name(names, GEN_IPADD, bytes, len);
}

static void
map_v4(const struct in_addr *v4, struct in6_addr *ret)
{
    *ret = (struct in6_addr){.s6_addr = {[10] = 0xff, [11] = 0xff}};
    memcpy(ret->s6_addr + 12, v4, sizeof *v4);
}

/* ---- addresses of this host ---- */

/* Nobody can write a link-local one into a browser. */
static bool
add_interface(GENERAL_NAMES *names, const struct ifaddrs *i)
{
    struct in6_addr address = in6addr_any;

    if (!i->ifa_addr || !(i->ifa_flags & IFF_UP))
        return true;
    if (i->ifa_addr->sa_family == AF_INET)
        map_v4(&((const struct sockaddr_in *)(const void *)i->ifa_addr)->sin_addr, &address);
    else if (i->ifa_addr->sa_family == AF_INET6)
        address = ((const struct sockaddr_in6 *)(const void *)i->ifa_addr)->sin6_addr;
    return IN6_IS_ADDR_UNSPECIFIED(&address) || IN6_IS_ADDR_LINKLOCAL(&address) ||
           add_address(names, &address);
}

/* Ways in first: there may be more than fit. */
static bool
add_interfaces(GENERAL_NAMES *names)
{
    struct ifaddrs *all = NULL;
    bool ok = true;

    if (getifaddrs(&all) < 0)
        return true;
    for (int others = 0; others < 2; others++)
        for (const struct ifaddrs *i = all; i && ok; i = i->ifa_next)
            if (hf_way_in(i) != (others == 1))
                ok = add_interface(names, i);
    freeifaddrs(all);
    return ok;
}

/* ---- all of them ---- */

/* What it had stays: names and addresses that come and go by turns make no difference. */
static bool
add_old_names(GENERAL_NAMES *names, const X509 *old)
{
    AUTO_NAMES had = old ? X509_get_ext_d2i(old, NID_subject_alt_name, NULL, NULL) : NULL;
    bool ok = true;

    for (int i = 0; ok && i < sk_GENERAL_NAME_num(had); i++) {
        int type;
        const ASN1_STRING *value = GENERAL_NAME_get0_value(sk_GENERAL_NAME_value(had, i), &type);
        const unsigned char *data = ASN1_STRING_get0_data(value);
        int len = ASN1_STRING_length(value);
        struct in6_addr address;
        char dns[HOST_SIZE];

        if (type == GEN_DNS && hf_text_put(dns, sizeof dns, "%.*s", len, (const char *)data)) {
            ok = add_dns(names, dns);
        } else if (type == GEN_IPADD && (len == 4 || len == sizeof address)) {
            if (len == 4)
                map_v4((const struct in_addr *)(const void *)data, &address);
            else
                memcpy(&address, data, sizeof address);
            ok = add_address(names, &address);
        }
    }
    return ok;
}

static void
host_name(char out[HOST_SIZE])
{
    out[0] = out[HOST_SIZE - 1] = '\0';
    if (gethostname(out, HOST_SIZE - 1) < 0)
        out[0] = '\0';
}

/* What it is due for comes first: there is room for NAMES_MAX. */
static bool
add_all(GENERAL_NAMES *names, const char *name, const X509 *old)
{
    char local[320], host[HOST_SIZE];

    snprintf(local, sizeof local, "%s.local", name);
    host_name(host);
    return add_dns(names, name) && add_dns(names, local) && add_dns(names, host) &&
           add_dns(names, "localhost") && add_interfaces(names) && add_old_names(names, old);
}

GENERAL_NAMES *
hf_x509_names(const char *name, const X509 *old)
{
    AUTO_NAMES names = GENERAL_NAMES_new();

    return names && add_all(names, name, old) ? hf_steal(&names) : NULL;
}

/* ---- what one has, and what it should ---- */

void
hf_x509_due(const char *name, struct hf_x509_due *ret_due)
{
    memset(ret_due, 0, sizeof *ret_due);
    hf_text_put(ret_due->name, sizeof ret_due->name, "%s", name);
    host_name(ret_due->host);
    ret_due->count = hf_ways_in(ret_due->addresses, HF_X509_DUE_MAX);
}

static bool
has_host(const X509 *own, const char *host)
{
    return !*host || X509_check_host((X509 *)(uintptr_t)own, host, 0, 0, NULL) == 1;
}

bool
hf_x509_has_names(const X509 *own, const struct hf_x509_due *due)
{
    char local[sizeof due->name + sizeof ".local"];

    snprintf(local, sizeof local, "%s.local", due->name);
    return has_host(own, due->name) && has_host(own, local) && has_host(own, due->host);
}

bool
hf_x509_has_addresses(const X509 *own, const struct hf_x509_due *due)
{
    for (size_t i = 0; i < due->count; i++)
        if (X509_check_ip((X509 *)(uintptr_t)own, (const unsigned char *)&due->addresses[i],
                          sizeof due->addresses[i], 0) != 1)
            return false;
    return true;
}
