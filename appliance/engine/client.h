// SPDX-License-Identifier: Apache-2.0
/* HTTP to the engine's Unix socket: one call, one answer. Private to the folder. */
#pragma once

#include "base/buf.h"
#include "engine/engine.h"
#include "json/json.h"

#include <pthread.h>

enum {
    CALL_MS = 10000,      /* an ordinary answer */
    SLOW_CALL_MS = 60000, /* create, start, remove: disks of small boxes are slow */
    ANSWER_BYTES_MAX = 2 * 1024 * 1024,
    PATH_BYTES_MAX = 4096,
    KNOWN_IMAGES_MAX = 16,
    SAID_MAX = 16
};

/* Which limits this kernel enforces, by GET /info; shares of the disk by the kernel's own files. */
struct support {
    bool memory, swap, cpu, pids, io_weight;
};

/* An image that the engine knows by its manifest digest instead of its config digest. */
struct known_image {
    char image_id[HF_DIGEST_SIZE];
    char reference[HF_IMAGE_REF_SIZE];
};

/* A warning that came with the answer to a create or update. */
struct said {
    char service[HF_NAME_SIZE];
    char text[256];
};

struct hf_engine {
    char *socket_path;
    int wake_fd;          /* readable once hf_engine_stop was called */
    pthread_mutex_t lock; /* guards the rest */
    bool negotiated;
    int minor; /* API version 1.minor */
    struct support support;
    struct known_image known[KNOWN_IMAGES_MAX]; /* the newest replaces the oldest */
    size_t known_next;
    struct said said[SAID_MAX];
    size_t said_count;
    struct hf_registry_settings registry;
    bool importing; /* one at a time, so that what two images share is fetched once */
    pthread_cond_t import_ended;
    char *fetch_program; /* NULL: none; not changed while calls are made */
    int64_t fetch_stall_ms;
    char *bundle_path; /* NULL: none; as fetch_program */
};

typedef int hf_client_sink(void *context, const char *data, size_t len, bool *ret_ended,
                           struct hf_error *err);

struct hf_client_call {
    const char *method;
    const char *path; /* behind /v1.x, with query; already percent-encoded */
    const char *body; /* JSON or NULL */
    /* Makes a tar archive to send instead of body: see h1/call.h; its error is the call's. */
    int (*more)(void *context, char *out, size_t size, size_t *ret_len, struct hf_error *err);
    int64_t total_ms; /* 0: as long as it takes */
    int64_t idle_ms;  /* longest silence; 0: any */

    /* For streams; the sink may end it. */
    hf_client_sink *sink;
    bool (*cancelled)(void *context);
    int64_t look_ms; /* how often it is asked meanwhile; 0: once a second */
    void *context;
    void (*connected)(void *context); /* may be NULL: a good answer has begun */
};

/* Answer is NULL, or gets the body of a good answer (2xx, 304). Otherwise the error carries
 * Docker's own message: NOT_FOUND for 404, CONFLICT for 409, INVALID for 400, NO_SPACE where the
 * message says so, UPSTREAM for the rest; UNAVAILABLE where nobody listens, TIMEOUT. An ended or
 * cancelled stream is a success. */
HF_MUST int hf_client_call(struct hf_engine *e, const struct hf_client_call *call,
                           struct hf_buf *answer, struct hf_error *err);

/* The same with the body as JSON. */
HF_MUST int hf_client_json(struct hf_engine *e, const struct hf_client_call *call,
                           struct hf_json **ret_doc, struct hf_error *err);
HF_MUST int hf_client_get(struct hf_engine *e, const char *path, struct hf_json **ret_doc,
                          struct hf_error *err);

/* Makes sure that the API version is known. */
HF_MUST int hf_client_negotiate(struct hf_engine *e, struct hf_error *err);

/* Negotiates again at the next call: the engine may be another one by then. */
void hf_client_forget(struct hf_engine *e);

struct support hf_client_support(struct hf_engine *e);

/* Appends text to a path; everything but unreserved characters (RFC 3986 §2.3) and those in keep is
 * percent-encoded. */
HF_MUST int hf_client_encode(struct hf_buf *path, const char *text, const char *keep,
                             struct hf_error *err);

/* Makes path `before` + encoded text + `after`. */
HF_MUST int hf_client_path(struct hf_buf *path, const char *before, const char *text,
                           const char *after, struct hf_error *err);
