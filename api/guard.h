// SPDX-License-Identifier: Apache-2.0
/*
 * Whether a request is meant for this gateway and comes from its own pages. Pure functions.
 *
 * A page of another site can make a browser send requests here; SameSite=Strict keeps the cookie
 * out of them, and these checks refuse them besides. The Host check is against DNS rebinding.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

/* Whether a Host header names this gateway: an IP literal, localhost, or one of names with or
 * without `.local`, each with or without port. NULL and "" names are skipped. */
bool hf_guard_host(const char *host, const char *const *names, size_t count);

/* The host of a Host header, without port and brackets; false where it is none. */
enum { HF_GUARD_HOST_SIZE = 256 /* RFC 1035: a name has at most 255 bytes */ };
bool hf_guard_host_of(const char *header, char out[HF_GUARD_HOST_SIZE]);

/* Whether Origin (NULL where not sent) is the origin that Host belongs to, over HTTPS. */
bool hf_guard_origin(const char *origin, const char *host);

/* Whether Sec-Fetch-Site (NULL where not sent) says that an own page or a person asks. */
bool hf_guard_fetch_site(const char *site);

/* Whether Content-Type (NULL where not sent) is `wanted`, parameters aside. */
bool hf_guard_type(const char *type, const char *wanted);
