// SPDX-License-Identifier: Apache-2.0
/* The addresses by which people reach this host. */
#pragma once

#include <ifaddrs.h>
#include <netinet/in.h>
#include <stdbool.h>
#include <stddef.h>

/* Whether an interface's address is one: IPv4, up, there tomorrow too (not link-local), and with
 * somebody else than a container behind it. */
bool hf_way_in(const struct ifaddrs *i);
/* Fills out with those that are there now, max at most, and returns how many. */
size_t hf_ways_in(struct in_addr *out, size_t max);
