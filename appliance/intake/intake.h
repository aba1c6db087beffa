// SPDX-License-Identifier: Apache-2.0
/*
 * Bundles (import/bundle.h) on their way in: by an upload that may come in many requests, or from a
 * file on a mounted medium. The release and its signature are checked before a further byte is
 * taken; then what comes goes on to the engine, which keeps nothing of what does not come whole. So
 * nothing is stored here: 64 KiB wait between who brings them and a thread that lives as long as
 * the bundle comes. Who brings them may be away for five minutes, and goes on where it was; what is
 * not wanted (images of other platforms, layers that are here) need not come at all.
 *
 * One at a time. Every call may be made from any thread.
 */
#pragma once

#include "model/digest.h"
#include "model/engine_ops.h"
#include "model/upgrade.h"

struct hf_intake;

enum hf_intake_state {
    HF_INTAKE_NONE,   /* there was none since the start */
    HF_INTAKE_HEAD,   /* release and signature are to come */
    HF_INTAKE_IMAGES, /* they are good, and the images come */
    HF_INTAKE_DONE,   /* all is here and the release known */
    HF_INTAKE_FAILED,
    HF_INTAKE_STATE_COUNT
};

/* "none", "head", "images", "done", "failed" */
const char *hf_intake_state_name(enum hf_intake_state s);

struct hf_intake_ops {
    /* Whether the release may be known here; ret_release as hf_release_parse() gives it. */
    int (*examine)(void *context, const char *release, const char *signature,
                   struct hf_release *ret_release, struct hf_error *err);
    /* Makes it known. */
    int (*admit)(void *context, const char *release, const char *signature, const char *actor,
                 char ret_id[HF_DIGEST_TEXT_SIZE], struct hf_error *err);
    /* Whether the package of holdfastd that the release brings is to be kept; and keeps it. */
    bool (*wants_daemon)(void *context, const struct hf_release_daemon *d);
    int (*keep_daemon)(void *context, const struct hf_release_daemon *d, struct hf_slice file,
                       struct hf_error *err);
    /* For the audit log. */
    void (*note)(void *context, const char *actor, const char *what);
    void *context;
};

struct hf_intake_config {
    struct hf_intake_ops ops;
    const struct hf_engine_ops *engine_ops;
    void *engine;        /* borrowed */
    int64_t patience_ms; /* so long may who brings it say nothing; 0: five minutes */
};

struct hf_intake_view {
    enum hf_intake_state state;
    char actor[HF_NAME_SIZE];
    char name[HF_RELEASE_LABEL_SIZE];  /* of the release; "": not known yet */
    char id[HF_DIGEST_TEXT_SIZE];      /* DONE */
    uint64_t offset, length;           /* of the bundle: the byte that is wanted next */
    uint64_t layers_done, layers_size; /* bytes of layers that were to come */
    int64_t started_ms, finished_ms;   /* wall clock */
    struct hf_error error;             /* FAILED */
};

#define HF_INTAKE_BYTES_MAX (UINT64_C(32) << 30) /* of a bundle */

HF_MUST int hf_intake_new(const struct hf_intake_config *config, struct hf_intake **ret_intake,
                          struct hf_error *err);

/* Ends what is under way; what is asked later is UNAVAILABLE. */
void hf_intake_stop(struct hf_intake *in);
/* After the stop. False where the thread is still in a call of the engine: then it is left behind.
 * NULL is fine. */
bool hf_intake_free(struct hf_intake *in);

/* An upload of length bytes is to come. CONFLICT while another one is under way, TOO_LARGE. */
HF_MUST int hf_intake_begin(struct hf_intake *in, uint64_t length, const char *actor,
                            struct hf_error *err);
/* The file at path is read. */
HF_MUST int hf_intake_begin_file(struct hf_intake *in, const char *path, const char *actor,
                                 struct hf_error *err);

/* Whoever brings a piece of an upload opens at the offset of the view, writes, and closes. CONFLICT
 * for another offset, or while somebody else writes. A write waits until there is room; it fails
 * with what ended the intake. */
HF_MUST int hf_intake_open(struct hf_intake *in, uint64_t offset, struct hf_error *err);
HF_MUST int hf_intake_write(struct hf_intake *in, const void *data, size_t len,
                            struct hf_error *err);
void hf_intake_close(struct hf_intake *in);

/* Gives up what is under way, and returns when it has ended. NOT_FOUND where there is nothing. */
HF_MUST int hf_intake_cancel(struct hf_intake *in, const char *actor, struct hf_error *err);

void hf_intake_look(struct hf_intake *in, struct hf_intake_view *ret);
