// SPDX-License-Identifier: Apache-2.0
/*
 * What supervision needs of a container engine. engine/ fills it with Docker; tests fill it with
 * faults that a real engine does not show on demand. Every call may block up to its deadline and is
 * made from worker threads only, several at once: implementations are thread-safe.
 */
#pragma once

#include "base/error.h"
#include "model/spec.h"

#include <stdbool.h>
#include <stdint.h>

enum { HF_ENGINE_WARNINGS_MAX = 8, HF_CONTAINERS_MAX = 32 };

struct hf_engine_info {
    char version[HF_NAME_SIZE];
    char api_version[16];
    int cgroup_version;
    char warnings[HF_ENGINE_WARNINGS_MAX][256]; /* of GET /info */
    size_t warning_count;
};

enum hf_container_state {
    HF_CONTAINER_CREATED,
    HF_CONTAINER_RUNNING,
    HF_CONTAINER_RESTARTING, /* the engine's own back-off */
    HF_CONTAINER_PAUSED,
    HF_CONTAINER_EXITED,
    HF_CONTAINER_DEAD,
    HF_CONTAINER_STATE_COUNT
};

struct hf_container {
    char id[HF_HASH_SIZE];
    char service[HF_NAME_SIZE];   /* label io.holdfast.service; "" where the name is not ours */
    char spec_hash[HF_HASH_SIZE]; /* label io.holdfast.spec */
    char image_id[HF_DIGEST_SIZE];
    enum hf_container_state state;
    int exit_code;
    bool oom_killed;
    int64_t restart_count;
    int64_t started_ms, finished_ms; /* wall clock; 0 for never */
    pid_t pid;                       /* on the host; 0 when not running */
    /* On the networks <instance>-bus and -lease, "" for none: where the host reaches it. */
    char bus_address[64], lease_address[64];
    bool limits_differ; /* limits, hardening or networks are not as at create */
};

/* One line of a container's log. */
struct hf_log_line {
    int64_t time_ms; /* wall clock */
    bool is_stderr;
    const char *text; /* NUL-terminated UTF-8 without the line end; borrowed for the call */
};

/* Returns false to end the stream. */
typedef bool hf_log_sink(void *context, const struct hf_log_line *line);

/* Called for each engine event about this instance; what is a hint such as "die". Also called with
 * what "connected" and "lost". Returns false to end the stream. */
typedef bool hf_event_sink(void *context, const char *what, const char *service);

struct hf_engine_ops {
    int (*info)(void *ctx, struct hf_engine_info *ret_info, struct hf_error *err);

    /* All containers of the instance, inspected; at most max (a box has few). */
    int (*list)(void *ctx, const char *instance, struct hf_container *ret_list, size_t max,
                size_t *ret_count, struct hf_error *err);

    /* Makes the network or volume if it is not there; labelled with the instance. CONFLICT where
     * one of that name is not ours or an internal network is not internal. */
    int (*ensure_network)(void *ctx, const char *instance, const struct hf_network_spec *n,
                          struct hf_error *err);
    int (*ensure_volume)(void *ctx, const char *instance, const char *name, struct hf_error *err);

    /* Whether an image with that id is there. */
    int (*has_image)(void *ctx, const char *image_id, bool *ret_has, struct hf_error *err);

    /* Pulls by digest, then checks the image id against the pin; fails where it differs, and with
     * UNAVAILABLE soon after cancelled() says true. */
    int (*pull)(void *ctx, const struct hf_release_image *image, bool (*cancelled)(void *context),
                void *context, struct hf_error *err);

    /* Creates from the pinned image id and attaches the networks; removes what is half-made. */
    int (*create)(void *ctx, const struct hf_spec *spec, char ret_id[HF_HASH_SIZE],
                  struct hf_error *err);
    int (*start)(void *ctx, const char *id, struct hf_error *err);
    int (*stop)(void *ctx, const char *id, int timeout_s, struct hf_error *err);
    int (*remove)(void *ctx, const char *id, struct hf_error *err); /* forced; volumes stay */

    /* Delivers the last `tail` lines and, if follow, new ones until sink says false, cancelled()
     * says true (asked at least once a second) or the container ends. */
    int (*logs)(void *ctx, const char *id, int tail, bool follow, hf_log_sink *sink,
                bool (*cancelled)(void *context), void *context, struct hf_error *err);

    /* Streams events of the instance from now on until sink says false or cancelled() says true,
     * which need not be asked often: see engine/engine.h. */
    int (*events)(void *ctx, const char *instance, hf_event_sink *sink,
                  bool (*cancelled)(void *context), void *context, struct hf_error *err);
};
