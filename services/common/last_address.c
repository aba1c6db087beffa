// SPDX-License-Identifier: Apache-2.0
#include "common/last_address.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

static bool
take(CURLU *u, CURLUPart part, unsigned flags, char *out, size_t size)
{
    char *text = NULL;
    bool fits = curl_url_get(u, part, &text, flags) == CURLUE_OK &&
                snprintf(out, size, "%s", text) < (int)size;

    curl_free(text);
    return fits;
}

/* Host and port of url; false where it has none. */
static bool
name_of(const char *url, struct hf_last_address *ret)
{
    CURLU *u = curl_url();
    bool found = u && curl_url_set(u, CURLUPART_URL, url, 0) == CURLUE_OK &&
                 take(u, CURLUPART_HOST, 0, ret->host, sizeof ret->host) &&
                 take(u, CURLUPART_PORT, CURLU_DEFAULT_PORT, ret->port, sizeof ret->port);

    curl_url_cleanup(u);
    return found;
}

void
hf_last_address_keep(struct hf_last_address *l, CURL *curl, const char *url)
{
    struct hf_last_address now = {.host = ""};
    const char *address = NULL;
    long made = 0;

    if (curl_easy_getinfo(curl, CURLINFO_NUM_CONNECTS, &made) == CURLE_OK && made > 0 &&
        curl_easy_getinfo(curl, CURLINFO_PRIMARY_IP, &address) == CURLE_OK && address && *address &&
        name_of(url, &now) &&
        snprintf(now.address, sizeof now.address, "%s", address) < (int)sizeof now.address)
        *l = now;
}

struct curl_slist *
hf_last_address_of(const struct hf_last_address *l, const char *url)
{
    struct hf_last_address asked = {.host = ""};
    char line[sizeof asked.host + sizeof asked.port + sizeof asked.address + 8];

    if (!*l->host || !name_of(url, &asked) || strcmp(l->host, asked.host) != 0 ||
        strcmp(l->port, asked.port) != 0)
        return NULL;
    /* "+": not for good, but as if a resolver had said so. */
    snprintf(line, sizeof line, "+%s:%s:%s", l->host, l->port, l->address);
    return curl_slist_append(NULL, line);
}
