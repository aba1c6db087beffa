// SPDX-License-Identifier: Apache-2.0
/*
 * Releases in a registry (api/releases.md): the tags of their repository, and the manifest of one,
 * an OCI artifact (image spec 1.1). Both are the registry's word alone: they only say where to look
 * for a file that its signature vouches for, and how much of it may come.
 */
#pragma once

#include "base/error.h"
#include "model/release.h"

#include <stdint.h>

enum {
    HF_TAGS_PAGE_MAX = 256 * 1024, /* bytes of one answer */
    HF_TAGS_MAX = 1000,            /* more belong to something else than releases */
    HF_TAGS_NEWEST_MAX = 8,        /* that are looked at */
    HF_ARTIFACT_TEXT_MAX = 64 * 1024,
    HF_ARTIFACT_SIGNATURE_MAX = 2000,
};

/* What has been listed; begins as {0}. */
struct hf_tags {
    size_t seen;
    char last[HF_TAG_SIZE];                           /* to go on behind it */
    char newest[HF_TAGS_NEWEST_MAX][HF_VERSION_SIZE]; /* by version; other tags are passed over */
    size_t count;
};

/* Takes a page of the list (distribution spec 1.1, "Listing Tags"), that of what comes behind
 * t->last; *ret_more is false where there is no other one, or the registry only begins anew.
 * UPSTREAM where it is no such list, TOO_LARGE past HF_TAGS_MAX. */
HF_MUST int hf_tags_add(struct hf_tags *t, const char *text, size_t len, bool *ret_more,
                        struct hf_error *err);

struct hf_artifact_part {
    char digest[HF_DIGEST_SIZE]; /* "": none */
    int64_t size;
};

struct hf_artifact {
    struct hf_artifact_part release, signature;
};

/* INVALID where the manifest is that of something else, names no release or two, or one that is too
 * large. */
HF_MUST int hf_artifact_parse(const char *text, size_t len, struct hf_artifact *ret,
                              struct hf_error *err);
