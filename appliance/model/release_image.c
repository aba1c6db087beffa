// SPDX-License-Identifier: Apache-2.0
/* Which images a service of a release has. */
#include "base/text.h"
#include "model/release_parts.h"
#include "model/settings_parts.h"
#include "model/sha256.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const int64_t LAYER_BYTES_MOST = 9007199254740991; /* 2^53 - 1, what JSON carries exactly */

enum { SHA256_HEX = 64, HASH_AT = sizeof "sha256:" - 1 };

static const char *const platforms[] = {"amd64", "arm64"};

const char *
hf_release_platform(void)
{
#if defined __x86_64__
    return platforms[0];
#elif defined __aarch64__
    return platforms[1];
#else
    return "";
#endif
}

/* ---- tags ---- */

static bool
is_moving_word(const char *tag)
{
    static const char *const words[] = {"latest", "stable", "edge",    "main",    "master",
                                        "dev",    "test",   "nightly", "current", "lts"};

    for (size_t i = 0; i < HF_LEN(words); i++)
        if (strcmp(tag, words[i]) == 0)
            return true;
    return false;
}

static bool
is_tag_text(const char *tag)
{
    size_t len = strlen(tag);

    /* OCI distribution spec 1.1, "Pulling manifests": [a-zA-Z0-9_][a-zA-Z0-9._-]{0,127} */
    if (len >= HF_TAG_SIZE || !(isalnum((unsigned char)tag[0]) || tag[0] == '_'))
        return false;
    for (size_t i = 0; i < len; i++)
        if (!isalnum((unsigned char)tag[i]) && !strchr("._-", tag[i]))
            return false;
    return true;
}

/* Numbers at the start of the tag that dots divide: 3 for `1.2.3` and `v1.2.3-rc1`. */
static unsigned
version_parts(const char *tag)
{
    unsigned parts = 0;

    if (*tag == 'v')
        tag++;
    while (isdigit((unsigned char)*tag)) {
        parts++;
        while (isdigit((unsigned char)*tag))
            tag++;
        if (*tag != '.')
            break;
        tag++;
    }
    return parts;
}

bool
hf_tag_is_exact(const char *tag, const char **ret_why)
{
    *ret_why = NULL;
    if (!*tag)
        *ret_why = "there is no tag; name the exact version, e.g. 1.4.2";
    else if (!is_tag_text(tag))
        *ret_why = "not a tag: letters, digits and . _ - only, at most 128";
    else if (is_moving_word(tag))
        *ret_why = "this tag moves from one image to another; name the exact version, e.g. 1.4.2";
    else if (version_parts(tag) < 3)
        *ret_why = "this tag may move; name the exact version with three parts, e.g. 1.4.2";
    return !*ret_why;
}

/* ---- repositories ---- */

static const char LOWER[] = "abcdefghijklmnopqrstuvwxyz0123456789";

/* What stands between letters and digits: a dot, one or two underscores, or dashes. */
static bool
is_separator(const char *text, size_t len)
{
    if (strspn(text, "-") >= len)
        return true;
    return len == 1 || (len == 2 && text[0] == '_' && text[1] == '_');
}

/* OCI distribution spec 1.1, "Pulling manifests":
 * [a-z0-9]+((\.|_|__|-+)[a-z0-9]+)*, and more of them after slashes */
static bool
is_path_component(const char *text, size_t len)
{
    const char *end = text + len;

    for (;;) {
        size_t word = strspn(text, LOWER), between;

        text += word;
        if (!word || text >= end)
            return word && text == end;
        between = strspn(text, "._-");
        if (!between || !is_separator(text, between))
            return false;
        text += between;
    }
}

const char *
hf_repository_fault(const char *text)
{
    size_t first = strcspn(text, "/");

    if (strpbrk(text, "@:"))
        return "only the path of the repository; digests belong into 'platforms', the tag into "
               "'tag', and the registry is a setting of the gateway";
    if (text[first] && (memchr(text, '.', first) || strncmp(text, "localhost/", first + 1) == 0))
        return "begins with the host of a registry, which is a setting of the gateway: only the "
               "path behind it";
    if (strlen(text) >= HF_REPOSITORY_SIZE)
        return "has more than 127 characters";
    for (const char *c = text;; c++) {
        size_t len = strcspn(c, "/");

        if (!is_path_component(c, len))
            return "not the path of a repository, such as holdfast/broker: lower-case letters and "
                   "digits, between them . _ - /";
        c += len;
        if (!*c)
            return NULL;
    }
}

/* ---- digests ---- */

static bool
is_digest(const char *text)
{
    if (strncmp(text, "sha256:", HASH_AT) != 0 || strlen(text) != HASH_AT + SHA256_HEX)
        return false;
    return strspn(text + HASH_AT, "0123456789abcdef") == SHA256_HEX;
}

/* Absent is fine, as hf_json_check() has asked for what must be there. */
int
hf_release_check_digest(const struct hf_json *v, const char *member, const char *what,
                        const char *pointer, struct hf_error *err)
{
    const char *text = hf_json_string(v, member);
    char must[128];

    if (!text || is_digest(text))
        return 0;
    snprintf(must, sizeof must, "must be the digest of %s, sha256: and 64 hex digits", what);
    return hf_wrong(err, pointer, member, must);
}

/* ---- platforms ---- */

static int
check_layers(const struct hf_json *layers, const char *pointer, struct hf_error *err)
{
    static const struct hf_json_field fields[] = {{"digest", HF_JSON_STRING, true},
                                                  {"size", HF_JSON_INT, true}};
    size_t count = hf_json_count(layers), i = 0;
    char at[HF_ERROR_POINTER_MAX];

    if (count < 1 || count > HF_LAYERS_MAX)
        return hf_wrong(err, pointer, "layers", "must have 1 to 125 layers");
    for (const struct hf_json *l = hf_json_first(layers); l; l = hf_json_next(l)) {
        hf_text_put(at, sizeof at, "%s/layers/%zu", pointer, i++);
        if (hf_json_check(l, at, fields, HF_LEN(fields), err) < 0 ||
            hf_release_check_digest(l, "digest", "the layer", at, err) < 0 ||
            hf_check_range(l, "size", 1, LAYER_BYTES_MOST, at, err) < 0)
            return -1;
    }
    return 0;
}

static int
check_platform(const struct hf_json *v, const char *pointer, struct hf_error *err)
{
    static const struct hf_json_field fields[] = {
        {"manifest", HF_JSON_STRING, true}, {"config", HF_JSON_STRING, true},
        {"layers", HF_JSON_ARRAY, true},    {"sbom", HF_JSON_STRING, false},
        {"scan", HF_JSON_STRING, false},
    };

    if (hf_json_check(v, pointer, fields, HF_LEN(fields), err) < 0 ||
        hf_release_check_digest(v, "manifest", "the image's manifest", pointer, err) < 0 ||
        hf_release_check_digest(v, "config", "the image's configuration, which is its id", pointer,
                                err) < 0 ||
        hf_release_check_digest(v, "sbom", "a document", pointer, err) < 0 ||
        hf_release_check_digest(v, "scan", "a document", pointer, err) < 0)
        return -1;
    return check_layers(hf_json_get(v, "layers"), pointer, err);
}

static int
check_platforms(const struct hf_json *v, const char *pointer, const char *wanted,
                struct hf_error *err)
{
    struct hf_json_field fields[HF_LEN(platforms)];
    char at[HF_ERROR_POINTER_MAX];

    for (size_t i = 0; i < HF_LEN(platforms); i++)
        fields[i] = (struct hf_json_field){platforms[i], HF_JSON_OBJECT, false};
    if (hf_json_check(v, pointer, fields, HF_LEN(fields), err) < 0)
        return -1;
    for (const struct hf_json *p = hf_json_first(v); p; p = hf_json_next(p)) {
        hf_text_put(at, sizeof at, "%s/%s", pointer, hf_json_key(p));
        if (check_platform(p, at, err) < 0)
            return -1;
    }
    if (hf_json_get(v, wanted))
        return 0;
    return hf_wrong(err, pointer, wanted,
                    "is missing: this gateway is of that platform, and there is no image for it");
}

/* ---- the host's ---- */

void
hf_layer_list_add(struct hf_sha256 *h, const char *digest, int64_t size)
{
    char line[HF_DIGEST_SIZE + HF_TEXT_U64_MAX + 3];

    hf_text_put(line, sizeof line, "%s %lld\n", digest, (long long)size);
    hf_sha256_add(h, line, strlen(line));
}

static int
take_layers(const struct hf_json *layers, struct hf_release_service *s, struct hf_error *err)
{
    struct hf_release_layer *to = calloc(hf_json_count(layers), sizeof *to);
    struct hf_sha256 hash;

    if (!to)
        return hf_error_nomem(err);
    hf_sha256_begin(&hash);
    s->layers = to;
    for (const struct hf_json *l = hf_json_first(layers); l; l = hf_json_next(l), to++) {
        hf_text_put(to->digest, sizeof to->digest, "%s", hf_json_string(l, "digest"));
        to->size = hf_json_int(l, "size", 0);
        hf_layer_list_add(&hash, to->digest, to->size);
        s->layer_count++;
    }
    hf_sha256_end(&hash, s->image.layers);
    return 0;
}

static void
take_digest(const struct hf_json *v, const char *member, char to[HF_DIGEST_SIZE])
{
    const char *text = hf_json_string(v, member);

    hf_text_put(to, HF_DIGEST_SIZE, "%s", text ? text : "");
}

static void
place(struct hf_release_image *image, const char *registry)
{
    hf_text_put(image->image, sizeof image->image, "%s%s%s@%s", registry, *registry ? "/" : "",
                image->repository, image->digest);
}

int
hf_release_read_images(const struct hf_json *v, const char *pointer,
                       const struct hf_release_host *host, struct hf_release_service *ret_service,
                       struct hf_error *err)
{
    const char *repository = hf_json_string(v, "repository"), *tag = hf_json_string(v, "tag"), *why;
    const struct hf_json *all = hf_json_get(v, "platforms"), *ours;
    struct hf_release_image *image = &ret_service->image;
    char at[HF_ERROR_POINTER_MAX], text[256];

    why = hf_repository_fault(repository);
    if (why)
        return hf_wrong(err, pointer, "repository", why);
    if (!hf_tag_is_exact(tag, &why)) {
        hf_text_put(text, sizeof text, "'%.64s': %s", tag, why);
        return hf_wrong(err, pointer, "tag", text);
    }
    hf_text_put(at, sizeof at, "%s/platforms", pointer);
    if (check_platforms(all, at, host->platform, err) < 0)
        return -1;
    ours = hf_json_get(all, host->platform);
    hf_text_put(image->repository, sizeof image->repository, "%s", repository);
    hf_text_put(image->tag, sizeof image->tag, "%s", tag);
    take_digest(ours, "manifest", image->digest);
    take_digest(ours, "config", image->image_id);
    take_digest(ours, "sbom", ret_service->sbom);
    take_digest(ours, "scan", ret_service->scan);
    place(image, host->registry);
    return take_layers(hf_json_get(ours, "layers"), ret_service, err);
}

void
hf_release_set_registry(struct hf_release *r, const char *registry)
{
    for (size_t i = 0; i < r->count; i++)
        place(&r->services[i].image, registry);
}

bool
hf_release_image_is_placed(const struct hf_release_image *image)
{
    size_t len = strlen(image->repository);

    return !len || strncmp(image->image, image->repository, len) != 0 || image->image[len] != '@';
}
