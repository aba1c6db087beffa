// SPDX-License-Identifier: Apache-2.0
#include "api/gzip.h"

#include <stdint.h>
#include <stdlib.h>
#include <zlib.h>

/* A small window: JSON repeats itself soon, and each answer under way has one of these. */
enum { LEVEL = 4, WINDOW_BITS = 12 + 16 /* 16: gzip's frame */, MEM_LEVEL = 5, OUT_SIZE = 8192 };

struct hf_gzip {
    z_stream z;
    hf_gzip_sink *sink;
    void *context;
    bool failed;
    unsigned char out[OUT_SIZE];
};

struct hf_gzip *
hf_gzip_new(hf_gzip_sink *sink, void *context)
{
    struct hf_gzip *g = calloc(1, sizeof *g);

    if (!g)
        return NULL;
    g->sink = sink;
    g->context = context;
    if (deflateInit2(&g->z, LEVEL, Z_DEFLATED, WINDOW_BITS, MEM_LEVEL, Z_DEFAULT_STRATEGY) !=
        Z_OK) {
        free(g);
        return NULL;
    }
    g->z.next_out = g->out;
    g->z.avail_out = OUT_SIZE;
    return g;
}

void
hf_gzip_free(struct hf_gzip *g)
{
    if (!g)
        return;
    deflateEnd(&g->z);
    free(g);
}

static void
pass_on(struct hf_gzip *g)
{
    size_t len = OUT_SIZE - g->z.avail_out;

    if (len > 0 && !g->failed)
        g->failed = !g->sink(g->context, g->out, len);
    g->z.next_out = g->out;
    g->z.avail_out = OUT_SIZE;
}

static bool
run(struct hf_gzip *g, const void *data, size_t len, int flush)
{
    int rc = Z_OK;

    g->z.next_in = (unsigned char *)(uintptr_t)data;
    g->z.avail_in = (uInt)len;
    do {
        if (g->z.avail_out == 0)
            pass_on(g);
        rc = deflate(&g->z, flush);
    } while (!g->failed && (g->z.avail_out == 0 || (flush == Z_FINISH && rc == Z_OK)));
    return !g->failed;
}

bool
hf_gzip_add(struct hf_gzip *g, const void *data, size_t len)
{
    return run(g, data, len, Z_NO_FLUSH);
}

bool
hf_gzip_end(struct hf_gzip *g)
{
    if (!run(g, "", 0, Z_FINISH))
        return false;
    pass_on(g);
    return !g->failed;
}
