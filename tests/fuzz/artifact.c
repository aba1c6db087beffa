// SPDX-License-Identifier: Apache-2.0
/* What a registry says of releases: a list of tags, in pages, and the manifest of one. */
#include "model/artifact.h"
#include "model/sha256.h"

#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* The newest come first, each once, and none is more than a version. */
static void
check_order(const struct hf_tags *t)
{
    if (t->count > HF_TAGS_NEWEST_MAX)
        __builtin_trap();
    for (size_t i = 0; i < t->count; i++)
        if (!hf_version_is_exact(t->newest[i]) ||
            (i > 0 && strcmp(t->newest[i - 1], t->newest[i]) == 0) ||
            (i > 0 && hf_version_compare(t->newest[i - 1], t->newest[i]) < 0))
            __builtin_trap();
}

static void
tags(const char *text, size_t size)
{
    struct hf_tags t = {0};
    char last[HF_TAG_SIZE];
    bool more = true;

    for (int page = 0; page < 3 && more; page++) {
        memcpy(last, t.last, sizeof last);
        if (hf_tags_add(&t, text, size, &more, NULL) < 0)
            return;
        check_order(&t);
        if (more == (strcmp(last, t.last) == 0))
            __builtin_trap();
    }
    if (more) /* the same page twice is the end */
        __builtin_trap();
}

static void
artifact(const char *text, size_t size)
{
    struct hf_artifact a;

    if (hf_artifact_parse(text, size, &a, NULL) < 0)
        return;
    if (!hf_sha256_is_digest(a.release.digest) || a.release.size < 1 ||
        a.release.size > HF_RELEASE_TEXT_MAX || a.signature.size > HF_ARTIFACT_SIGNATURE_MAX)
        __builtin_trap();
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    tags((const char *)data, size);
    artifact((const char *)data, size);
    return 0;
}
