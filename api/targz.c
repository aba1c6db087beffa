// SPDX-License-Identifier: Apache-2.0
#include "api/targz.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { BLOCK = 512 };

/* POSIX.1-2017, pax, "ustar Interchange Format". */
struct header {
    char name[100], mode[8], uid[8], gid[8], size[12], mtime[12], checksum[8];
    char type, link[100], magic[6], version[2], user[32], group[32], major[8], minor[8];
    char prefix[155], padding[12];
};
_Static_assert(sizeof(struct header) == BLOCK, "a header is one block");

struct hf_targz {
    struct hf_gzip *gzip;
    long long mtime_s;
};

static const char zeros[2 * BLOCK];

struct hf_targz *
hf_targz_new(hf_gzip_sink *sink, void *context, int64_t mtime_ms)
{
    struct hf_targz *t = calloc(1, sizeof *t);

    if (!t)
        return NULL;
    t->mtime_s = mtime_ms / 1000;
    t->gzip = hf_gzip_new(sink, context);
    if (!t->gzip) {
        free(t);
        return NULL;
    }
    return t;
}

void
hf_targz_free(struct hf_targz *t)
{
    if (!t)
        return;
    hf_gzip_free(t->gzip);
    free(t);
}

/* The sum of all bytes, its own field taken as blanks. */
static void
put_checksum(struct header *h)
{
    const unsigned char *bytes = (const unsigned char *)h;
    unsigned sum = 0;

    memset(h->checksum, ' ', sizeof h->checksum);
    for (size_t i = 0; i < sizeof *h; i++)
        sum += bytes[i];
    snprintf(h->checksum, sizeof h->checksum, "%06o", sum);
}

bool
hf_targz_add(struct hf_targz *t, const char *name, const void *data, size_t len)
{
    struct header h = {.type = '0', .magic = "ustar", .version = {'0', '0'}};
    size_t rest = len % BLOCK;

    snprintf(h.name, sizeof h.name, "%s", name);
    snprintf(h.mode, sizeof h.mode, "0000600");
    snprintf(h.uid, sizeof h.uid, "0000000");
    snprintf(h.gid, sizeof h.gid, "0000000");
    snprintf(h.size, sizeof h.size, "%011llo", (unsigned long long)len);
    snprintf(h.mtime, sizeof h.mtime, "%011llo", (unsigned long long)t->mtime_s);
    put_checksum(&h);
    return hf_gzip_add(t->gzip, &h, sizeof h) && hf_gzip_add(t->gzip, data, len) &&
           (rest == 0 || hf_gzip_add(t->gzip, zeros, BLOCK - rest));
}

bool
hf_targz_end(struct hf_targz *t)
{
    return hf_gzip_add(t->gzip, zeros, sizeof zeros) && hf_gzip_end(t->gzip);
}
