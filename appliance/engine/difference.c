// SPDX-License-Identifier: Apache-2.0
#include "engine/difference.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

/* Whether text has this very pair. */
static bool
has_pair(const char *text, const char *pair, size_t len)
{
    for (const char *at = text; at && *at; at = strchr(at, ' ')) {
        at += *at == ' ';
        if (strncmp(at, pair, len) == 0 && (at[len] == ' ' || at[len] == '\0'))
            return true;
    }
    return false;
}

void
hf_difference(const char *was, const char *is, char *out, size_t size)
{
    size_t used = 0;

    out[0] = '\0';
    while (*is) {
        size_t len = strcspn(is, " ");
        size_t key = strcspn(is, "= ");

        if (!has_pair(was, is, len) && used < size)
            used +=
                (size_t)snprintf(out + used, size - used, "%s%.*s", used ? ", " : "", (int)key, is);
        is += len + (is[len] == ' ');
    }
}
