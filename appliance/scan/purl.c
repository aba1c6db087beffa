// SPDX-License-Identifier: Apache-2.0
#include "scan/purl.h"

#include "scan/names.h"

#include <string.h>

static const char PREFIX[] = "pkg:deb/debian/";

static int
hex_digit(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    c |= 0x20;
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* False where an escape is broken, a NUL comes out, or it does not fit. */
static bool
decode(const char *text, size_t len, char *out, size_t size)
{
    size_t n = 0;

    for (size_t i = 0; i < len; i++) {
        int c = (unsigned char)text[i];

        if (c == '%') {
            int high = i + 2 < len ? hex_digit(text[i + 1]) : -1;
            int low = high < 0 ? -1 : hex_digit(text[i + 2]);

            if (low < 0)
                return false;
            c = high * 16 + low;
            i += 2;
        }
        if (c == 0 || n + 1 >= size)
            return false;
        out[n++] = (char)c;
    }
    out[n] = '\0';
    return true;
}

static bool
read_upstream(const char *value, size_t len, struct hf_scan_package *p)
{
    char both[sizeof p->source + sizeof p->source_version];
    char *at;

    if (!decode(value, len, both, sizeof both))
        return false;
    at = strchr(both, '@');
    if (at)
        *at++ = '\0';
    return hf_scan_name(both, p->source, sizeof p->source) &&
           (!at || hf_scan_version(at, p->source_version, sizeof p->source_version));
}

static bool
read_qualifiers(const char *text, struct hf_scan_package *p)
{
    while (*text && *text != '#') {
        size_t len = strcspn(text, "&#");
        const char *equals = memchr(text, '=', len);
        size_t key = equals ? (size_t)(equals - text) : len;
        size_t value = equals ? len - key - 1 : 0;

        if (key == 6 && memcmp(text, "distro", key) == 0) {
            if (!equals || !decode(equals + 1, value, p->distro, sizeof p->distro))
                return false;
        } else if (key == 8 && memcmp(text, "upstream", key) == 0) {
            if (!equals || !read_upstream(equals + 1, value, p))
                return false;
        }
        text += len;
        text += *text == '&';
    }
    return true;
}

bool
hf_purl_read(const char *purl, struct hf_scan_package *ret_package)
{
    struct hf_scan_package p = {0};
    char text[sizeof p.version];
    size_t name, version;

    if (strncmp(purl, PREFIX, sizeof PREFIX - 1) != 0)
        return false;
    purl += sizeof PREFIX - 1;
    name = strcspn(purl, "@?#");
    if (purl[name] != '@' || !decode(purl, name, text, sizeof text) ||
        !hf_scan_name(text, p.name, sizeof p.name))
        return false;
    purl += name + 1;
    version = strcspn(purl, "?#");
    if (!decode(purl, version, text, sizeof text) ||
        !hf_scan_version(text, p.version, sizeof p.version))
        return false;
    memcpy(p.source, p.name, sizeof p.source);
    memcpy(p.source_version, p.version, sizeof p.source_version);
    if (purl[version] == '?' && !read_qualifiers(purl + version + 1, &p))
        return false;
    *ret_package = p;
    return true;
}
