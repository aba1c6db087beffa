// SPDX-License-Identifier: Apache-2.0
/*
 * Which calls of the Engine API there are: a table of method, path and query, each with what else
 * has to be looked at. What is in no row is refused.
 */
#pragma once

#include "base/buf.h"
#include "dockerguard/policy.h"

enum hf_dguard_body {
    HF_DGUARD_BODY_NONE,
    HF_DGUARD_BODY_CREATE,
    HF_DGUARD_BODY_UPDATE,
    HF_DGUARD_BODY_NETWORK,
    HF_DGUARD_BODY_VOLUME,
    HF_DGUARD_BODY_CONNECT,
    HF_DGUARD_BODY_DISCONNECT,
    HF_DGUARD_BODY_TAR, /* in chunks, passed on as it comes */
    HF_DGUARD_BODY_COUNT
};

/* What the call is about, and what has to hold for that. */
enum hf_dguard_object {
    HF_DGUARD_OBJECT_NONE,
    HF_DGUARD_OBJECT_CONTAINER,      /* carries this gateway's label; Docker is asked first */
    HF_DGUARD_OBJECT_CONTAINER_SEEN, /* the same, or a name like this gateway's: to look at */
    HF_DGUARD_OBJECT_NETWORK,        /* carries the label */
    HF_DGUARD_OBJECT_VOLUME,         /* carries the label */
    HF_DGUARD_OBJECT_NAME,           /* has a name of this gateway's, which is enough to look */
    HF_DGUARD_OBJECT_IMAGE,          /* to look at */
    HF_DGUARD_OBJECT_IMAGE_PINNED,   /* by id or digest */
    HF_DGUARD_OBJECT_COUNT
};

enum { HF_DGUARD_REF_SIZE = 324 };

struct hf_dguard_call {
    const char *method;
    const char *before, *after; /* of the reference, behind the version */
    const char *type;           /* of the answer */
    enum hf_dguard_body body;
    enum hf_dguard_object object;
    int minor;                     /* API version 1.minor; 0: none was named */
    char ref[HF_DGUARD_REF_SIZE];  /* id or name of the object, "" for none */
    char name[HF_DGUARD_REF_SIZE]; /* query parameter name, "" for none */
    struct hf_buf query;           /* made anew from what was understood, with its '?'; or empty */
};

/* FORBIDDEN for what is not allowed, MALFORMED for what is no path. In any case to be ended by
 * hf_dguard_call_done(). */
HF_MUST int hf_dguard_route(const struct hf_dguard_policy *p, const char *method,
                            const char *target, struct hf_dguard_call *ret_call,
                            struct hf_error *err);
void hf_dguard_call_done(struct hf_dguard_call *call);

/* Appends the path that Docker is asked by. */
HF_MUST int hf_dguard_call_path(const struct hf_dguard_call *call, struct hf_buf *path,
                                struct hf_error *err);
