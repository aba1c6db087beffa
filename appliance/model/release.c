// SPDX-License-Identifier: Apache-2.0
#include "model/release.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

const char *const hf_service_names[] = {"broker", "buffer", "processor", "forwarder"};
const size_t hf_service_count = HF_LEN(hf_service_names);

enum { FORMAT = 1, SHA256_HEX = 64 };

int
hf_service_index(const char *name)
{
    for (size_t i = 0; i < hf_service_count; i++)
        if (strcmp(hf_service_names[i], name) == 0)
            return (int)i;
    return -1;
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

/* ---- images ---- */

static bool
is_digest(const char *text)
{
    if (strncmp(text, "sha256:", 7) != 0 || strlen(text) != 7 + SHA256_HEX)
        return false;
    return strspn(text + 7, "0123456789abcdef") == SHA256_HEX;
}

static bool
is_repository(const char *text, size_t len)
{
    if (!len || !isalnum((unsigned char)text[0]))
        return false;
    for (size_t i = 0; i < len; i++)
        if (!islower((unsigned char)text[i]) && !isdigit((unsigned char)text[i]) &&
            !strchr("._-/:", text[i]))
            return false;
    return true;
}

static int
check_reference(const char *image, const char *pointer, struct hf_error *err)
{
    const char *at = strchr(image, '@');
    size_t len = at ? (size_t)(at - image) : strlen(image);
    const char *slash = strrchr(image, '/');

    if (!at)
        return hf_error_set_at(err, HF_ERROR_INVALID, pointer,
                               "%s: no digest; an image is pinned as repository@sha256:…", pointer);
    if (!is_digest(at + 1))
        return hf_error_set_at(err, HF_ERROR_INVALID, pointer,
                               "%s: the digest must be sha256: and 64 hex digits", pointer);
    if (!is_repository(image, len) || strlen(image) >= HF_IMAGE_REF_SIZE)
        return hf_error_set_at(err, HF_ERROR_INVALID, pointer,
                               "%s: not a repository name (lower-case letters, digits, . _ - /)",
                               pointer);
    if (slash && slash < at && memchr(slash, ':', (size_t)(at - slash)))
        return hf_error_set_at(err, HF_ERROR_INVALID, pointer,
                               "%s: a tag beside the digest; put the tag into the field 'tag'",
                               pointer);
    return 0;
}

static int
parse_image(const struct hf_json *v, const char *service, struct hf_release_image *ret_image,
            struct hf_error *err)
{
    static const struct hf_json_field fields[] = {
        {"image", HF_JSON_STRING, true},
        {"tag", HF_JSON_STRING, true},
        {"image_id", HF_JSON_STRING, true},
    };
    char pointer[HF_ERROR_POINTER_MAX / 2];
    char where[HF_ERROR_POINTER_MAX];
    const char *image, *tag, *image_id, *why;

    snprintf(pointer, sizeof pointer, "/services/%s", service);
    if (hf_json_check(v, pointer, fields, HF_LEN(fields), err) < 0)
        return -1;
    image = hf_json_string(v, "image");
    tag = hf_json_string(v, "tag");
    image_id = hf_json_string(v, "image_id");

    snprintf(where, sizeof where, "%s/tag", pointer);
    if (!hf_tag_is_exact(tag, &why))
        return hf_error_set_at(err, HF_ERROR_INVALID, where, "%s: '%.64s': %s", where, tag, why);
    snprintf(where, sizeof where, "%s/image", pointer);
    if (check_reference(image, where, err) < 0)
        return -1;
    snprintf(where, sizeof where, "%s/image_id", pointer);
    if (!is_digest(image_id))
        return hf_error_set_at(err, HF_ERROR_INVALID, where,
                               "%s: must be the config digest, sha256: and 64 hex digits", where);

    snprintf(ret_image->image, sizeof ret_image->image, "%s", image);
    snprintf(ret_image->tag, sizeof ret_image->tag, "%s", tag);
    snprintf(ret_image->image_id, sizeof ret_image->image_id, "%s", image_id);
    return 0;
}

/* ---- releases ---- */

static int
parse_services(const struct hf_json *services, struct hf_release *r, struct hf_error *err)
{
    struct hf_json_field fields[HF_SERVICES_MAX];

    for (size_t i = 0; i < hf_service_count; i++)
        fields[i] = (struct hf_json_field){hf_service_names[i], HF_JSON_OBJECT, true};
    if (hf_json_check(services, "/services", fields, hf_service_count, err) < 0)
        return -1;
    for (size_t i = 0; i < hf_service_count; i++) {
        const struct hf_json *v = hf_json_get(services, hf_service_names[i]);
        struct hf_release_service *s = &r->services[i];

        snprintf(s->name, sizeof s->name, "%s", hf_service_names[i]);
        if (parse_image(v, s->name, &s->image, err) < 0)
            return -1;
    }
    r->count = hf_service_count;
    return 0;
}

static int
copy_label(const struct hf_json *doc, const char *member, char to[HF_NAME_SIZE],
           struct hf_error *err)
{
    const char *text = hf_json_string(doc, member);
    char pointer[HF_NAME_SIZE];

    snprintf(pointer, sizeof pointer, "/%s", member);
    if (!*text || strlen(text) >= HF_NAME_SIZE)
        return hf_error_set_at(err, HF_ERROR_INVALID, pointer, "%s: must have 1 to %d characters",
                               pointer, HF_NAME_SIZE - 1);
    snprintf(to, HF_NAME_SIZE, "%s", text);
    return 0;
}

int
hf_release_parse(const char *text, size_t len, struct hf_release *ret_release, struct hf_error *err)
{
    static const struct hf_json_field fields[] = {
        {"format", HF_JSON_INT, true},
        {"name", HF_JSON_STRING, true},
        {"created", HF_JSON_STRING, true},
        {"services", HF_JSON_OBJECT, true},
    };
    HF_AUTO(hf_json) struct hf_json *doc = NULL;
    struct hf_release r = {0};

    if (hf_json_parse(text, len, &doc, err) < 0 ||
        hf_json_check(doc, "", fields, HF_LEN(fields), err) < 0)
        return -1;
    if (hf_json_int(doc, "format", 0) != FORMAT)
        return hf_error_set_at(err, HF_ERROR_INVALID, "/format",
                               "/format: this holdfastd reads format %d only", FORMAT);
    if (copy_label(doc, "name", r.name, err) < 0 ||
        copy_label(doc, "created", r.created, err) < 0 ||
        parse_services(hf_json_get(doc, "services"), &r, err) < 0)
        return -1;
    *ret_release = r;
    return 0;
}

int
hf_release_print(const struct hf_release *r, char **ret_text, struct hf_error *err)
{
    HF_AUTO(hf_json) struct hf_json *doc = hf_json_object();
    struct hf_json *services = hf_json_object();

    for (size_t i = 0; i < r->count; i++) {
        const struct hf_release_service *s = &r->services[i];
        struct hf_json *image = hf_json_object();

        hf_json_put_string(image, "image", s->image.image);
        hf_json_put_string(image, "tag", s->image.tag);
        hf_json_put_string(image, "image_id", s->image.image_id);
        hf_json_put(services, s->name, image);
    }
    hf_json_put_int(doc, "format", FORMAT);
    hf_json_put_string(doc, "name", r->name);
    hf_json_put_string(doc, "created", r->created);
    hf_json_put(doc, "services", services);
    return hf_json_print(doc, ret_text, err);
}
