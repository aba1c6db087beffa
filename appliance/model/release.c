// SPDX-License-Identifier: Apache-2.0
#include "model/release.h"

#include "base/text.h"
#include "model/own.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

const char *const hf_service_names[] = {"broker", "buffer", "processor", "forwarder"};
const size_t hf_service_count = HF_LEN(hf_service_names);

enum { FORMAT = 1, FORMAT_OWN = 2, SHA256_HEX = 64, PATH_TEXT_MAX = 256 };

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
read_image(const struct hf_json *v, const char *pointer, struct hf_release_image *ret_image,
           struct hf_error *err)
{
    char where[HF_ERROR_POINTER_MAX];
    const char *image, *tag, *image_id, *why;

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

/* ---- services ---- */

static int
check_service(const struct hf_json *v, const char *pointer, bool own, struct hf_error *err)
{
    static const struct hf_json_field fields[] = {
        {"image", HF_JSON_STRING, true},
        {"tag", HF_JSON_STRING, true},
        {"image_id", HF_JSON_STRING, true},
    };

    return own ? hf_own_check(v, pointer, err)
               : hf_json_check(v, pointer, fields, HF_LEN(fields), err);
}

static int
parse_service(const struct hf_json *v, const char *name, bool own, struct hf_release *r,
              struct hf_error *err)
{
    struct hf_release_service *s = &r->services[r->count];
    char pointer[HF_ERROR_POINTER_MAX / 2];

    hf_text_put(pointer, sizeof pointer, "/services/%s", name);
    if (check_service(v, pointer, own, err) < 0 || read_image(v, pointer, &s->image, err) < 0)
        return -1;
    hf_text_put(s->name, sizeof s->name, "%s", name);
    if (own) {
        s->own = hf_json_copy(v);
        if (!s->own)
            return hf_error_nomem(err);
    }
    r->count++;
    return 0;
}

static int
parse_built_in(const struct hf_json *services, struct hf_release *r, struct hf_error *err)
{
    for (size_t i = 0; i < hf_service_count; i++)
        if (parse_service(hf_json_get(services, hf_service_names[i]), hf_service_names[i], false, r,
                          err) < 0)
            return -1;
    return 0;
}

/* In the order of the file. */
static int
parse_own(const struct hf_json *services, struct hf_release *r, struct hf_error *err)
{
    for (const struct hf_json *v = hf_json_first(services); v; v = hf_json_next(v)) {
        const char *name = hf_json_key(v), *why;

        if (hf_service_index(name) >= 0)
            continue;
        if (!hf_own_is_name(name, &why))
            return hf_error_set_at(err, HF_ERROR_INVALID, "/services", "/services: '%.64s': %s",
                                   name, why);
        if (r->count == HF_SERVICES_MAX)
            return hf_error_set_at(err, HF_ERROR_INVALID, "/services",
                                   "/services: at most %d services", HF_SERVICES_MAX);
        if (parse_service(v, name, true, r, err) < 0)
            return -1;
    }
    return 0;
}

static int
check_names(const struct hf_json *services, bool own, struct hf_error *err)
{
    struct hf_json_field fields[HF_SERVICES_MAX];

    for (size_t i = 0; i < hf_service_count; i++)
        fields[i] = (struct hf_json_field){hf_service_names[i], HF_JSON_OBJECT, true};
    if (!own)
        return hf_json_check(services, "/services", fields, hf_service_count, err);
    for (size_t i = 0; i < hf_service_count; i++)
        if (!hf_json_is_object(hf_json_get(services, hf_service_names[i])))
            return hf_error_set_at(err, HF_ERROR_INVALID, "/services",
                                   "/services/%s: missing; every gateway has it",
                                   hf_service_names[i]);
    return 0;
}

/* ---- what depends on what ---- */

/* The services from the first one that was asked, while its dependencies are followed. */
struct walk {
    const struct hf_release *r;
    size_t path[HF_SERVICES_MAX];
    size_t depth;
    bool done[HF_SERVICES_MAX]; /* nothing below it leads back */
};

static int
say_circle(const struct walk *w, size_t from, size_t back_to, struct hf_error *err)
{
    char text[PATH_TEXT_MAX] = "", pointer[HF_ERROR_POINTER_MAX];
    const char *name = w->r->services[back_to].name;

    for (size_t i = from; i < w->depth; i++) {
        size_t used = strlen(text);

        hf_text_put(text + used, sizeof text - used, "%s → ", w->r->services[w->path[i]].name);
    }
    hf_text_put(pointer, sizeof pointer, "/services/%s/depends_on", name);
    return hf_error_set_at(err, HF_ERROR_INVALID, pointer,
                           "%s: they wait for each other in a circle: %s%s", pointer, text, name);
}

static int
enter(struct walk *w, size_t index, struct hf_error *err)
{
    for (size_t i = 0; i < w->depth; i++)
        if (w->path[i] == index)
            return say_circle(w, i, index, err);
    w->path[w->depth++] = index;
    return 0;
}

/* At most HF_SERVICES_MAX deep: no service is on the path twice. */
static int
follow(struct walk *w, size_t index, struct hf_error *err) // NOLINT(misc-no-recursion)
{
    const struct hf_json *names = hf_json_get(w->r->services[index].own, "depends_on");

    if (w->done[index])
        return 0;
    if (enter(w, index, err) < 0)
        return -1;
    for (const struct hf_json *n = hf_json_first(names); n; n = hf_json_next(n)) {
        int next = hf_release_index(w->r, hf_json_as_string(n));
        char pointer[HF_ERROR_POINTER_MAX];

        hf_text_put(pointer, sizeof pointer, "/services/%s/depends_on", w->r->services[index].name);
        if (next < 0)
            return hf_error_set_at(err, HF_ERROR_INVALID, pointer,
                                   "%s: there is no service '%.40s' in this release", pointer,
                                   hf_json_as_string(n));
        if (follow(w, (size_t)next, err) < 0)
            return -1;
    }
    w->depth--;
    w->done[index] = true;
    return 0;
}

static int
check_dependencies(const struct hf_release *r, struct hf_error *err)
{
    struct walk w = {.r = r};

    for (size_t i = hf_service_count; i < r->count; i++)
        if (follow(&w, i, err) < 0)
            return -1;
    return 0;
}

/* A port of the host has one owner. */
static int
check_ports(const struct hf_release *r, struct hf_error *err)
{
    bool taken[UINT16_MAX + 1] = {false};

    for (size_t i = hf_service_count; i < r->count; i++) {
        const struct hf_json *ports = hf_json_get(r->services[i].own, "ports");

        for (const struct hf_json *p = hf_json_first(ports); p; p = hf_json_next(p)) {
            int64_t port = hf_json_int(p, "port", 0);
            char pointer[HF_ERROR_POINTER_MAX];

            hf_text_put(pointer, sizeof pointer, "/services/%s/ports", r->services[i].name);
            if (taken[port])
                return hf_error_set_at(err, HF_ERROR_INVALID, pointer,
                                       "%s: port %d is published twice", pointer, (int)port);
            taken[port] = true;
        }
    }
    return 0;
}

/* ---- releases ---- */

int
hf_release_index(const struct hf_release *r, const char *name)
{
    for (size_t i = 0; i < r->count; i++)
        if (strcmp(r->services[i].name, name) == 0)
            return (int)i;
    return -1;
}

void
hf_release_done(struct hf_release *r)
{
    for (size_t i = 0; i < r->count; i++) {
        hf_json_free(r->services[i].own);
        r->services[i].own = NULL;
    }
    r->count = 0;
}

static int
parse_services(const struct hf_json *services, bool own, struct hf_release *r, struct hf_error *err)
{
    if (check_names(services, own, err) < 0 || parse_built_in(services, r, err) < 0)
        return -1;
    if (!own)
        return 0;
    if (parse_own(services, r, err) < 0 || check_dependencies(r, err) < 0)
        return -1;
    return check_ports(r, err);
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

    int64_t format;

    if (hf_json_parse(text, len, &doc, err) < 0 ||
        hf_json_check(doc, "", fields, HF_LEN(fields), err) < 0)
        return -1;
    format = hf_json_int(doc, "format", 0);
    if (format != FORMAT && format != FORMAT_OWN)
        return hf_error_set_at(err, HF_ERROR_INVALID, "/format",
                               "/format: this holdfastd reads the formats %d and %d only", FORMAT,
                               FORMAT_OWN);
    if (copy_label(doc, "name", r.name, err) < 0 ||
        copy_label(doc, "created", r.created, err) < 0 ||
        parse_services(hf_json_get(doc, "services"), format == FORMAT_OWN, &r, err) < 0) {
        hf_release_done(&r);
        return -1;
    }
    *ret_release = r;
    return 0;
}

static struct hf_json *
print_service(const struct hf_release_service *s)
{
    struct hf_json *o;

    if (s->own)
        return hf_json_copy(s->own);
    o = hf_json_object();
    hf_json_put_string(o, "image", s->image.image);
    hf_json_put_string(o, "tag", s->image.tag);
    hf_json_put_string(o, "image_id", s->image.image_id);
    return o;
}

int
hf_release_print(const struct hf_release *r, char **ret_text, struct hf_error *err)
{
    HF_AUTO(hf_json) struct hf_json *doc = hf_json_object();
    struct hf_json *services = hf_json_object();

    for (size_t i = 0; i < r->count; i++)
        hf_json_put(services, r->services[i].name, print_service(&r->services[i]));
    hf_json_put_int(doc, "format", r->count > hf_service_count ? FORMAT_OWN : FORMAT);
    hf_json_put_string(doc, "name", r->name);
    hf_json_put_string(doc, "created", r->created);
    hf_json_put(doc, "services", services);
    return hf_json_print(doc, ret_text, err);
}
