// SPDX-License-Identifier: Apache-2.0
/*
 * What was leased: lines of one lane with their span, as one zstd frame, as plain lines, or both.
 * Plain lines are made when somebody asks for them. One thread owns a batch; its memory is used
 * again by the next.
 */
#pragma once

#include "common/http.h"
#include "forwarder/codec.h"
#include "forwarder/settings.h"
#include "forwarder/view.h"

enum {
    HF_LEASED_MAX = 40 * 1024 * 1024, /* one block is given whole, whatever its size */
    HF_LEASED_NAME_MAX = 24,
    HF_LEASED_KEY_MAX = 192,
};

struct hf_leased {
    char lane[HF_LEASED_NAME_MAX];
    char epoch[HF_LEASED_NAME_MAX];
    char first[HF_LEASED_NAME_MAX], last[HF_LEASED_NAME_MAX];
    char key[HF_LEASED_KEY_MAX]; /* Idempotency-Key of the whole */
    char gateway[HF_GATEWAY_MAX];
    size_t count;                   /* lines */
    size_t raw_bytes;               /* of them */
    bool more;                      /* the lane has something behind it */
    bool is_frame;                  /* as it was leased: frame.data, else lines.data */
    struct hf_http_response answer; /* its body is the frame or the lines */
    struct hf_buf lines;
    bool indexed;   /* starts are those of these lines */
    size_t *starts; /* [count + 1] */
    size_t starts_cap;
    struct hf_codec *codec;
};

HF_MUST int hf_leased_init(struct hf_leased *b, struct hf_error *err);
void hf_leased_done(struct hf_leased *b);

/* Makes b, which hf_leased_init() or zeroes made, a batch of one line of another. */
HF_MUST int hf_leased_single(struct hf_leased *b, struct hf_leased *from, size_t line,
                             struct hf_error *err);

/* Takes the buffer's answer (b->answer, status 200) over; HF_ERROR_UPSTREAM where it is no lease.
 */
HF_MUST int hf_leased_take(struct hf_leased *b, const char *gateway, struct hf_error *err);

/* The frame as it was leased, if it is one. */
bool hf_leased_frame(const struct hf_leased *b, struct hf_slice *ret_frame);

/* Lines [from, to), each with its newline. */
HF_MUST int hf_leased_lines(struct hf_leased *b, size_t from, size_t to, struct hf_slice *ret_lines,
                            struct hf_error *err);

/* The most lines from `from` on, at least one, that are no more than max bytes. */
HF_MUST int hf_leased_fit(struct hf_leased *b, size_t from, size_t to, size_t max, size_t *ret_to,
                          struct hf_error *err);

/* <gateway>/<epoch>/<first>-<last> of the lines [from, to). */
HF_MUST int hf_leased_key(struct hf_leased *b, size_t from, size_t to, char out[HF_LEASED_KEY_MAX],
                          struct hf_error *err);

/* Gives large memory back: for the time when there is nothing to do. */
void hf_leased_rest(struct hf_leased *b);
