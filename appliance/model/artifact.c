// SPDX-License-Identifier: Apache-2.0
#include "model/artifact.h"

#include "base/text.h"
#include "model/sha256.h"
#include "json/json.h"

#include <string.h>

static const char RELEASE_TYPE[] = "application/vnd.holdfast.release.v1+json";
static const char SIGNATURE_TYPE[] = "application/vnd.holdfast.release.v1.minisig";

/* ---- tags ---- */

static bool
is_tag(const char *text)
{
    size_t len = text ? strlen(text) : 0;

    return len > 0 && len < HF_TAG_SIZE && !strchr(".-", *text) &&
           strspn(text, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-") == len;
}

static bool
is_listed(const struct hf_tags *t, const char *version)
{
    for (size_t i = 0; i < t->count; i++)
        if (strcmp(t->newest[i], version) == 0)
            return true;
    return false;
}

/* Where one too many is there, the oldest falls off the end. */
static void
note_version(struct hf_tags *t, const char *version)
{
    size_t at = t->count;

    if (is_listed(t, version))
        return;
    while (at > 0 && hf_version_compare(version, t->newest[at - 1]) > 0)
        at--;
    if (at == HF_TAGS_NEWEST_MAX)
        return;
    if (t->count < HF_TAGS_NEWEST_MAX)
        t->count++;
    memmove(t->newest[at + 1], t->newest[at], (t->count - at - 1) * sizeof t->newest[0]);
    hf_text_put(t->newest[at], sizeof t->newest[at], "%s", version);
}

static int
note_tag(struct hf_tags *t, const char *tag, struct hf_error *err)
{
    if (!is_tag(tag))
        return hf_error_set(err, HF_ERROR_UPSTREAM,
                            "the registry's list of tags has one that is "
                            "none (distribution spec)");
    if (++t->seen > HF_TAGS_MAX)
        return hf_error_set(err, HF_ERROR_TOO_LARGE,
                            "the repository has more than %d tags: keep releases in one of their "
                            "own (registry.release_repository)",
                            HF_TAGS_MAX);
    if (hf_version_is_exact(tag))
        note_version(t, tag);
    return 0;
}

int
hf_tags_add(struct hf_tags *t, const char *text, size_t len, bool *ret_more, struct hf_error *err)
{
    HF_AUTO(hf_json) struct hf_json *doc = NULL;
    const struct hf_json *tags;
    const char *last = "";

    if (hf_json_parse(text, len, &doc, NULL) == 0 && hf_json_is_object(doc))
        tags = hf_json_get(doc, "tags");
    else
        tags = NULL;
    /* A registry says null of a repository whose last tag was deleted. */
    if (!tags || (!hf_json_is_array(tags) && !hf_json_is_null(tags)))
        return hf_error_set(err, HF_ERROR_UPSTREAM,
                            "what the registry answered is no list of tags (distribution spec)");
    for (const struct hf_json *v = hf_json_first(tags); v; v = hf_json_next(v)) {
        last = hf_json_as_string(v);
        if (note_tag(t, last, err) < 0)
            return -1;
    }
    *ret_more = strcmp(last, t->last) > 0;
    if (*ret_more)
        hf_text_put(t->last, sizeof t->last, "%s", last);
    return 0;
}

/* ---- the artifact ---- */

static int
take_part(const struct hf_json *layer, const char *what, int64_t size_max,
          struct hf_artifact_part *part, struct hf_error *err)
{
    const char *digest = hf_json_string(layer, "digest");
    int64_t size = hf_json_int(layer, "size", -1);

    if (*part->digest)
        return hf_error_set(err, HF_ERROR_INVALID, "it has two %ss", what);
    if (!digest || !hf_sha256_is_digest(digest) || size < 1)
        return hf_error_set(err, HF_ERROR_INVALID, "its %s has no digest or no size", what);
    if (size > size_max)
        return hf_error_set(err, HF_ERROR_INVALID, "its %s has %lld bytes: at most %lld are taken",
                            what, (long long)size, (long long)size_max);
    hf_text_put(part->digest, sizeof part->digest, "%s", digest);
    part->size = size;
    return 0;
}

static int
take_layer(const struct hf_json *layer, struct hf_artifact *a, struct hf_error *err)
{
    const char *type = hf_json_string(layer, "mediaType");

    if (type && strcmp(type, RELEASE_TYPE) == 0)
        return take_part(layer, "release file", HF_RELEASE_TEXT_MAX, &a->release, err);
    if (type && strcmp(type, SIGNATURE_TYPE) == 0)
        return take_part(layer, "signature", HF_ARTIFACT_SIGNATURE_MAX, &a->signature, err);
    return 0; /* an SBOM, or what a later version adds */
}

int
hf_artifact_parse(const char *text, size_t len, struct hf_artifact *ret, struct hf_error *err)
{
    HF_AUTO(hf_json) struct hf_json *doc = NULL;
    struct hf_artifact a = {0};
    const char *type = NULL;

    if (hf_json_parse(text, len, &doc, NULL) == 0)
        type = hf_json_string(doc, "artifactType");
    if (!type || strcmp(type, RELEASE_TYPE) != 0)
        return hf_error_set(err, HF_ERROR_INVALID, "it is no release: its artifactType is not %s",
                            RELEASE_TYPE);
    for (const struct hf_json *l = hf_json_first(hf_json_get(doc, "layers")); l;
         l = hf_json_next(l))
        if (take_layer(l, &a, err) < 0)
            return -1;
    if (!*a.release.digest)
        return hf_error_set(err, HF_ERROR_INVALID, "it has no release file");
    *ret = a;
    return 0;
}
