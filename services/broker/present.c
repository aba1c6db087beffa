// SPDX-License-Identifier: Apache-2.0
#include "broker/present.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

enum { GROW = 256 };

/* Where it is, or would be. */
static size_t
place_of(const struct hf_present *p, const void *connection)
{
    size_t low = 0, high = p->count;

    while (low < high) {
        size_t middle = low + (high - low) / 2;

        if ((uintptr_t)p->all[middle] < (uintptr_t)connection)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

bool
hf_present_has(const struct hf_present *p, const void *connection)
{
    size_t at = place_of(p, connection);

    return at < p->count && p->all[at] == connection;
}

bool
hf_present_add(struct hf_present *p, const void *connection)
{
    size_t at = place_of(p, connection);

    if (at < p->count && p->all[at] == connection)
        return true;
    if (p->count == p->room) {
        const void **grown =
            (const void **)realloc((void *)p->all, (p->room + GROW) * sizeof *grown);

        if (!grown)
            return false;
        p->all = grown;
        p->room += GROW;
    }
    memmove((void *)(p->all + at + 1), (const void *)(p->all + at),
            (p->count - at) * sizeof *p->all);
    p->all[at] = connection;
    p->count++;
    return true;
}

void
hf_present_remove(struct hf_present *p, const void *connection)
{
    size_t at = place_of(p, connection);

    if (at >= p->count || p->all[at] != connection)
        return;
    p->count--;
    memmove((void *)(p->all + at), (const void *)(p->all + at + 1),
            (p->count - at) * sizeof *p->all);
}

void
hf_present_done(struct hf_present *p)
{
    free((void *)p->all);
    *p = (struct hf_present){.all = NULL};
}
