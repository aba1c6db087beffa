// SPDX-License-Identifier: Apache-2.0
/*
 * What supervision needs of a container engine. engine/ fills it with Docker; tests fill it with
 * faults that a real engine does not show on demand. Every call may block up to its deadline and is
 * made from worker threads only, several at once: implementations are thread-safe.
 */
#pragma once

#include "base/buf.h"
#include "base/error.h"
#include "model/settings.h"
#include "model/spec.h"

#include <stdbool.h>
#include <stdint.h>

enum { HF_ENGINE_WARNINGS_MAX = 16, HF_CONTAINERS_MAX = 32, HF_SURROUNDINGS_MAX = 32 };

struct hf_engine_info {
    char version[HF_NAME_SIZE];
    char api_version[16];
    int cgroup_version;
    char data_dir[256]; /* where images and volumes are; "": not said */
    bool has_io_weight; /* the host has shares of the disk */
    /* What the engine says of this host, and said when containers were made or changed: limits that
     * the kernel would not enforce, with what to do. */
    char warnings[HF_ENGINE_WARNINGS_MAX][256];
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
    char service[HF_NAME_SIZE]; /* label io.holdfast.service; "" where label or name is not ours */
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
    char address[64];   /* on any of its networks */
    bool limits_differ; /* hardening, networks or log are not as at create: make it anew */
    /* What is in force; each 0: not known or not enforced by this kernel, -1: none. Memory is -1
     * too where swap comes on top. */
    struct hf_limits limits;
    bool lost_volume;  /* one of its volumes is no longer there; set by who compares the looks */
    char differs[128]; /* which: "memory, networks" */
    char name[2 * HF_NAME_SIZE];
    bool labelled;                    /* with our instance; else it has a name like ours */
    char label_service[HF_NAME_SIZE]; /* its label, also where the name is not ours */
};

/* One line of a container's log. */
struct hf_log_line {
    int64_t time_ms; /* wall clock */
    bool is_stderr;
    const char *text; /* NUL-terminated UTF-8 without the line end; borrowed for the call */
};

/* Returns false to end the stream. */
typedef bool hf_log_sink(void *context, const struct hf_log_line *line);

/* Networks and volumes that carry the instance's label, by name. */
struct hf_surroundings {
    char networks[HF_SURROUNDINGS_MAX][2 * HF_NAME_SIZE];
    size_t network_count;
    char volumes[HF_SURROUNDINGS_MAX][2 * HF_NAME_SIZE];
    size_t volume_count;
};

/* Something happened there. Borrowed for the call. */
struct hf_engine_event {
    const char *what;    /* a hint such as "die"; also "connected" and "lost" */
    const char *service; /* "" for none */
    bool has_exit_code;  /* die */
    int exit_code;
};

/* Called for each engine event about this instance. Returns false to end the stream. */
typedef bool hf_event_sink(void *context, const struct hf_engine_event *event);

/* How far the layers of an image have come. Borrowed for the call. */
struct hf_import_progress {
    size_t image;      /* its place among those of the order */
    const char *layer; /* digest */
    uint64_t done, size;
    uint64_t total_done, total_size; /* of all layers that are fetched for it */
};

struct hf_bundle; /* import/bundle.h */

enum hf_registry_kind {
    HF_REGISTRY_TAGS, /* JSON: {"name","tags"}; a page, behind the tag reference, "": the first */
    HF_REGISTRY_MANIFEST, /* by digest, or by a tag */
    HF_REGISTRY_BLOB      /* by digest */
};

/* Something small in the registry of the settings. */
struct hf_registry_document {
    const char *repository;
    enum hf_registry_kind kind;
    const char *reference;
};

/* Images to be brought in. Those that are there already are passed over. */
struct hf_import_job {
    const struct hf_release_image *images;
    size_t count;
    struct hf_bundle *bundle;         /* NULL: from the registry */
    bool (*cancelled)(void *context); /* may be NULL; asked several times a second */
    void (*progress)(void *context, const struct hf_import_progress *p); /* may be NULL; often */
    void *context;
};

struct hf_engine_ops {
    int (*info)(void *ctx, struct hf_engine_info *ret_info, struct hf_error *err);

    /* All containers of the instance, and those with a name like one of it (`<instance>-…`) that do
     * not carry its label, inspected; at most max (a box has few). */
    int (*list)(void *ctx, const char *instance, struct hf_container *ret_list, size_t max,
                size_t *ret_count, struct hf_error *err);

    int (*surroundings)(void *ctx, const char *instance, struct hf_surroundings *ret,
                        struct hf_error *err);

    /* Makes the network or volume if it is not there; labelled with the instance. CONFLICT where
     * one of that name is not ours or an internal network is not internal. */
    int (*ensure_network)(void *ctx, const char *instance, const struct hf_network_spec *n,
                          struct hf_error *err);
    int (*ensure_volume)(void *ctx, const char *instance, const char *name, struct hf_error *err);

    /* With all that is in it; one that is not there is fine. CONFLICT while a container has it. */
    int (*remove_volume)(void *ctx, const char *name, struct hf_error *err);

    /* Whether an image with that id is there. */
    int (*has_image)(void *ctx, const char *image_id, bool *ret_has, struct hf_error *err);

    /* Pulls by digest, then checks the image id against the pin; fails where it differs, and with
     * UNAVAILABLE soon after cancelled() says true. */
    int (*pull)(void *ctx, const struct hf_release_image *image, bool (*cancelled)(void *context),
                void *context, struct hf_error *err);

    /* Takes away the image's name and, where it has no other, the image. One that is not there is
     * fine. CONFLICT where a container uses it, or somebody gave it a name. */
    int (*remove_image)(void *ctx, const struct hf_release_image *image, struct hf_error *err);

    /* The same for several images, from the registry or a bundle, saying how far it has come. One
     * import goes on at a time; others wait. NO_SPACE where the disk has no room for it, seen
     * before anything is fetched; INVALID where what came is not what is pinned or not what an
     * image of ours may have. What did not come whole leaves nothing behind. */
    int (*import)(void *ctx, const struct hf_import_job *job, struct hf_error *err);

    /* Appends a document to out, at most out->max bytes. INVALID where it is not what its digest
     * says; what came by a tag, or a list of tags, is the registry's word alone. */
    int (*fetch)(void *ctx, const struct hf_registry_document *document, struct hf_buf *out,
                 bool (*cancelled)(void *context), void *context, struct hf_error *err);

    /* How images are fetched from now on. Copied; does not wait for the engine. */
    void (*use_registry)(void *ctx, const struct hf_registry_settings *registry);

    /* Creates from the pinned image id and attaches the networks; removes what is half-made. */
    int (*create)(void *ctx, const struct hf_spec *spec, char ret_id[HF_HASH_SIZE],
                  struct hf_error *err);
    /* Brings the limits that can be changed while it runs to those of spec. */
    int (*update)(void *ctx, const char *id, const struct hf_spec *spec, struct hf_error *err);
    int (*start)(void *ctx, const char *id, struct hf_error *err);
    int (*stop)(void *ctx, const char *id, int timeout_s, struct hf_error *err);
    int (*remove)(void *ctx, const char *id, struct hf_error *err); /* forced; volumes stay */

    /* Delivers the last `tail` lines and, if follow, new ones until sink says false, cancelled()
     * says true (asked at least once a second) or the container ends. */
    int (*logs)(void *ctx, const char *id, int tail, bool follow, hf_log_sink *sink,
                bool (*cancelled)(void *context), void *context, struct hf_error *err);

    /* Appends a tar archive of what is at path in the container; a folder comes with all that is in
     * it. NOT_FOUND where there is none, TOO_LARGE past tar->max. */
    int (*archive)(void *ctx, const char *id, const char *path, struct hf_buf *tar,
                   struct hf_error *err);

    /* Streams events of the instance from now on until sink says false or cancelled() says true,
     * which need not be asked often: see engine/engine.h. */
    int (*events)(void *ctx, const char *instance, hf_event_sink *sink,
                  bool (*cancelled)(void *context), void *context, struct hf_error *err);
};
