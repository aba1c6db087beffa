// SPDX-License-Identifier: Apache-2.0
/* A growing byte buffer that carries its own maximum. Its content is always followed by a NUL. */
#pragma once

#include "base/cleanup.h"
#include "base/error.h"

#include <stddef.h>
#include <stdint.h>

struct hf_buf {
    char *data; /* NULL until the first byte; else NUL-terminated */
    size_t len; /* bytes, without the NUL */
    size_t cap;
    size_t max; /* most bytes it may hold */
};

/* Bytes of somebody else's. */
struct hf_slice {
    const char *data; /* not NUL-terminated */
    size_t len;
};

#define HF_BUF_INIT(max_bytes) ((struct hf_buf){.max = (max_bytes)})
#define HF_AUTO_BUF __attribute__((cleanup(hf_buf_done)))

/* Frees the content; the buffer is empty and usable afterwards. */
void hf_buf_done(struct hf_buf *b);

/* Forgets the content, keeps the memory. */
void hf_buf_clear(struct hf_buf *b);

/* Appends; fails with HF_ERROR_TOO_LARGE past the maximum and leaves the content as it was. */
HF_MUST int hf_buf_add(struct hf_buf *b, const void *data, size_t len, struct hf_error *err);
HF_MUST int hf_buf_adds(struct hf_buf *b, const char *text, struct hf_error *err);
HF_MUST int hf_buf_addf(struct hf_buf *b, struct hf_error *err, const char *fmt, ...)
    HF_PRINTF(3, 4);

/* Makes room for len more bytes and returns where they go (add them to b->len once written);
 * NULL past the maximum. */
char *hf_buf_reserve(struct hf_buf *b, size_t len);

/* Drops the first len bytes. */
void hf_buf_consume(struct hf_buf *b, size_t len);

/* Gives the NUL-terminated content away (never NULL unless out of memory); b is empty then. */
char *hf_buf_take(struct hf_buf *b);
