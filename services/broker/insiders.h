// SPDX-License-Identifier: Apache-2.0
/* Who belongs inside: the addresses of the internal network, and the ids of services. */
#pragma once

#include <netinet/in.h>
#include <stdbool.h>

struct hf_insiders {
    in_addr_t network, mask; /* network byte order; mask 0: not known */
    char *accounts;          /* with a comma before and after each; owned by whoever made it */
};

/* address as mosquitto writes it; NULL is none. */
bool hf_insiders_have_address(const struct hf_insiders *i, const char *address);
/* NAME or NAME-status of an account. */
bool hf_insiders_have_id(const struct hf_insiders *i, const char *id);
