// SPDX-License-Identifier: Apache-2.0
/* A set of connections, by their addresses in mosquitto. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

struct hf_present {
    const void **all; /* sorted */
    size_t count, room;
};

/* False without memory. */
bool hf_present_add(struct hf_present *p, const void *connection);
/* Fine where it is not in it. */
void hf_present_remove(struct hf_present *p, const void *connection);
bool hf_present_has(const struct hf_present *p, const void *connection);
void hf_present_done(struct hf_present *p);
