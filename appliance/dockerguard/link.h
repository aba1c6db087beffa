// SPDX-License-Identifier: Apache-2.0
/* A connection under way, and what is done with it. Private to the folder. */
#pragma once

#include "base/buf.h"
#include "dockerguard/body.h"
#include "dockerguard/chunks.h"
#include "dockerguard/request.h"
#include "dockerguard/route.h"
#include "dockerguard/serve.h"
#include "json/json.h"

enum {
    HF_DGUARD_BODY_MAX = 256 * 1024,   /* of JSON that is sent to Docker */
    HF_DGUARD_ASKED_MAX = 2048 * 1024, /* of Docker's answers to us */
};

struct hf_dguard_link {
    const struct hf_dguard_server *server;
    int fd;
    struct hf_buf in; /* what has come and is not used yet */
    struct hf_dguard_request request;
    struct hf_dguard_call call;
    struct hf_dguard_chunks chunks;
    char *body; /* to send, NULL for none; owned */
};

/* What Docker says to a question of ours. */
struct hf_dguard_asked {
    int status;
    struct hf_buf text;
};

/* ---- link.c: reading and writing ---- */

/* Reads the head; then the body of len bytes, which is left in l->in. */
HF_MUST int hf_dguard_link_head(struct hf_dguard_link *l, struct hf_error *err);
HF_MUST int hf_dguard_link_body(struct hf_dguard_link *l, size_t len, struct hf_error *err);

/* The next piece of a body in chunks, at most size bytes; 0 at its end. */
HF_MUST int hf_dguard_link_more(struct hf_dguard_link *l, char *out, size_t size, size_t *ret_len,
                                struct hf_error *err);

/* Whether the other side has gone, or says what nobody asked for while it has to wait. */
bool hf_dguard_link_gone(const struct hf_dguard_link *l);

/* False where nobody takes it. The whole answer; or its head, pieces, and end. */
bool hf_dguard_link_answer(struct hf_dguard_link *l, int status, const char *body, size_t len);
bool hf_dguard_link_begin(struct hf_dguard_link *l, int status);
bool hf_dguard_link_piece(struct hf_dguard_link *l, const char *data, size_t len);
bool hf_dguard_link_end(struct hf_dguard_link *l);

/* {"message": "holdfast-docker: …"} */
void hf_dguard_link_fail(struct hf_dguard_link *l, int status, const char *message);

/* ---- docker.c: asking Docker ---- */

/* Asks by GET; path is behind the version. UNAVAILABLE, UPSTREAM as in serve.h. */
HF_MUST int hf_dguard_ask(struct hf_dguard_link *l, const char *before, const char *ref,
                          const char *after, struct hf_dguard_asked *ret, struct hf_error *err);

/* Passes the call on, and its answer back. */
HF_MUST int hf_dguard_pass(struct hf_dguard_link *l, struct hf_error *err);

/* ---- owner.c: whose an object is ---- */

/*
 * What has to hold of the call's object, and of what its body names; body may be NULL and may be
 * changed: names become the ids that were looked at. 0: it may go on; 1: it is answered already,
 * by what Docker said of the object. FORBIDDEN where it is somebody else's.
 */
HF_MUST int hf_dguard_owner_check(struct hf_dguard_link *l, struct hf_json *body,
                                  const struct hf_dguard_needs *needs, struct hf_error *err);
