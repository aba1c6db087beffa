// SPDX-License-Identifier: Apache-2.0
/*
 * Reads one answer of HTTP/1.1 (RFC 9112) as its bytes come, in pieces of any size. What our
 * neighbours never send is refused, not guessed at: a bare LF or CR, folded lines (§5.2), a space
 * before a colon (§5.1), a length and a transfer coding in one head (§6.1), a coding other than
 * chunked, lengths that differ (§6.3), a switch of protocols.
 */
#pragma once

#include "base/error.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    HF_H1_LINE_MAX = 4096,  /* a line of the head, of a trailer, or a chunk's size */
    HF_H1_HEAD_MAX = 16384, /* all lines of heads and trailers of one answer together */
};

/* What is to come next. */
enum hf_h1_state {
    HF_H1_STATUS_LINE,
    HF_H1_FIELDS,
    HF_H1_BODY_COUNTED, /* by Content-Length */
    HF_H1_BODY_TO_END,  /* ends with the connection */
    HF_H1_CHUNK_SIZE,
    HF_H1_CHUNK_DATA,
    HF_H1_CHUNK_END, /* the CRLF behind the data */
    HF_H1_TRAILERS,
    HF_H1_WHOLE,
    HF_H1_STATE_COUNT
};

struct hf_h1_reader {
    void *context;
    /* The head of the answer has come; may be NULL. False ends the reading. */
    bool (*begun)(void *context, int status);
    /* A piece of the body, never empty. False ends the reading. */
    bool (*body)(void *context, const char *data, size_t len);
};

struct hf_h1_response {
    struct hf_h1_reader reader;
    enum hf_h1_state state;
    int status;   /* 0 until the head has come */
    bool stopped; /* the reader wants no more */
    bool has_length, chunked;
    uint64_t length; /* of the whole body */
    uint64_t left;   /* of the body or the chunk */
    size_t head_len; /* bytes of lines so far */
    size_t line_len;
    char line[HF_H1_LINE_MAX]; /* without its CRLF */
};

void hf_h1_response_init(struct hf_h1_response *r, const struct hf_h1_reader *reader);

/* Takes what has come. What comes behind a whole answer is passed over (RFC 9112 §9.2), and so is
 * everything once the reader has stopped. UPSTREAM for what is no HTTP; not to be fed after that.
 */
HF_MUST int hf_h1_response_feed(struct hf_h1_response *r, const char *data, size_t len,
                                struct hf_error *err);

/* The other side has closed: whole, or UPSTREAM (RFC 9112 §8). */
HF_MUST int hf_h1_response_close(struct hf_h1_response *r, struct hf_error *err);
