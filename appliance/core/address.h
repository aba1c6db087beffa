// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <stddef.h>

/* The address to tell devices: bound itself where it names one host address, else the IPv4 address
 * of the interface with the default route, else of any interface that is up and no bridge of
 * Docker's; "127.0.0.1" where there is none. */
void hf_core_field_address(const char *bound, char *out, size_t size);
