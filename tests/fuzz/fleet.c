// SPDX-License-Identifier: Apache-2.0
/* The broker's file of devices: sorted, and whatever each may do is below what it was given. */
#include "broker/fleet.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char *text = malloc(size + 1);
    HF_AUTO(hf_fleet) struct hf_fleet *fleet = NULL;

    if (!text)
        return 0;
    memcpy(text, data, size);
    text[size] = '\0';
    if (hf_fleet_parse(text, size, &fleet, NULL) < 0)
        return 0;
    for (size_t i = 0; i < fleet->count; i++) {
        struct hf_fleet_device *d = &fleet->all[i];

        if (hf_fleet_find(fleet, d->name) != d)
            __builtin_trap();
        for (size_t f = 0; f < d->publish_count; f++)
            if (!hf_fleet_may_publish(d, d->publish[f]))
                __builtin_trap();
        for (size_t f = 0; f < d->subscribe_count; f++)
            if (!hf_fleet_may_subscribe(d, d->subscribe[f]))
                __builtin_trap();
    }
    return 0;
}
