// SPDX-License-Identifier: Apache-2.0
#include "dockerguard/chunks.h"

#include <string.h>

enum { HEX_DIGITS_MAX = 8 };

static int
refuse(struct hf_error *err, const char *why)
{
    return hf_error_set(err, HF_ERROR_MALFORMED, "the request's body cannot be read: %s", why);
}

static int
hex_value(char c)
{
    static const char digits[] = "0123456789abcdef0123456789ABCDEF";
    const char *at = c ? strchr(digits, c) : NULL;

    return at ? (int)(at - digits) % 16 : -1;
}

static int
take_size(struct hf_dguard_chunks *c, char byte, struct hf_error *err)
{
    int value = hex_value(byte);

    if (value >= 0 && c->digits < HEX_DIGITS_MAX) {
        c->left = c->left * 16 + (uint64_t)value;
        c->digits++;
        return 0;
    }
    if (byte != '\r' || c->digits == 0)
        return refuse(err, "a chunk has no size");
    c->state = HF_DGUARD_CHUNK_SIZE_LF;
    return 0;
}

/* A byte that belongs to no chunk's data. */
static int
take_frame(struct hf_dguard_chunks *c, char byte, struct hf_error *err)
{
    static const struct {
        char wanted;
        enum hf_dguard_chunk_state next;
    } steps[HF_DGUARD_CHUNK_STATE_COUNT] = {
        [HF_DGUARD_CHUNK_SIZE_LF] = {'\n', HF_DGUARD_CHUNK_DATA},
        [HF_DGUARD_CHUNK_DATA_CR] = {'\r', HF_DGUARD_CHUNK_DATA_LF},
        [HF_DGUARD_CHUNK_DATA_LF] = {'\n', HF_DGUARD_CHUNK_SIZE},
        [HF_DGUARD_CHUNK_LAST_CR] = {'\r', HF_DGUARD_CHUNK_LAST_LF},
        [HF_DGUARD_CHUNK_LAST_LF] = {'\n', HF_DGUARD_CHUNK_WHOLE},
    };

    if (c->state == HF_DGUARD_CHUNK_SIZE)
        return take_size(c, byte, err);
    if (c->state == HF_DGUARD_CHUNK_WHOLE)
        return refuse(err, "something stands behind its end");
    if (byte != steps[c->state].wanted)
        return refuse(err, "a chunk does not end where it says");
    c->state = steps[c->state].next;
    c->digits = 0;
    if (c->state == HF_DGUARD_CHUNK_DATA && c->left == 0)
        c->state = HF_DGUARD_CHUNK_LAST_CR;
    return 0;
}

int
hf_dguard_chunks_take(struct hf_dguard_chunks *c, const char *data, size_t len, char *out,
                      size_t *ret_len, struct hf_error *err)
{
    size_t at = 0, written = 0;

    while (at < len) {
        if (c->state == HF_DGUARD_CHUNK_DATA) {
            size_t take = len - at < c->left ? len - at : (size_t)c->left;

            memcpy(out + written, data + at, take);
            written += take;
            at += take;
            c->left -= take;
            if (c->left == 0)
                c->state = HF_DGUARD_CHUNK_DATA_CR;
        } else if (take_frame(c, data[at++], err) < 0) {
            return -1;
        }
    }
    *ret_len = written;
    return 0;
}
