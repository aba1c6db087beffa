// SPDX-License-Identifier: Apache-2.0
/*
 * The last address that a host had, for when no resolver answers. In a container, names are
 * answered by the Docker Engine (127.0.0.11), those of the outside world too: while it is away,
 * what opens a connection anew would find nobody.
 */
#pragma once

#include <curl/curl.h>

struct hf_last_address {
    char host[256]; /* as in the URL; "": none known */
    char port[8];
    char address[64]; /* IPv4 or IPv6 */
};

/* Notes the address that curl has just connected to for url; nothing where it used a connection
 * that it had. */
void hf_last_address_keep(struct hf_last_address *l, CURL *curl, const char *url);

/* What CURLOPT_RESOLVE takes, to be freed by curl_slist_free_all: the address of url's host for as
 * long as libcurl keeps any (a minute). NULL where none is known. */
struct curl_slist *hf_last_address_of(const struct hf_last_address *l, const char *url);
