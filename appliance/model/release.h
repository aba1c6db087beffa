// SPDX-License-Identifier: Apache-2.0
/*
 * A release: a named set of images, each pinned by manifest digest and config digest. In format 1
 * these are the built-in services; in format 2 there may be an operator's own ones among them, as
 * model/own.h describes. A program that reads format 1 alone refuses format 2 by its number.
 *
 *     { "format": 1, "name": "0.1.0", "created": "2026-11-24T03:01:33Z", "services": {
 *         "broker": { "image": "127.0.0.1:5000/holdfast/broker@sha256:…", "tag": "0.1.0",
 *                     "image_id": "sha256:…" }, … } }
 */
#pragma once

#include "base/error.h"
#include "json/json.h"

#include <stdbool.h>
#include <stddef.h>

enum {
    HF_NAME_SIZE = 64,
    HF_IMAGE_REF_SIZE = 320, /* host, path and digest */
    HF_DIGEST_SIZE = 72,     /* "sha256:" and 64 hex digits */
    HF_TAG_SIZE = 129,       /* OCI distribution spec: at most 128 characters */
    HF_REGISTRY_SIZE = 128,  /* host and port of a registry */
    HF_SERVICES_MAX = 16     /* built-in and own ones together */
};

/* The built-in services, which every gateway has, in the order in which they are started. They come
 * first wherever services are counted; an operator's own ones follow. */
extern const char *const hf_service_names[];
extern const size_t hf_service_count;

/* The place of name in hf_service_names, or -1. */
int hf_service_index(const char *name);

struct hf_release_image {
    char image[HF_IMAGE_REF_SIZE]; /* repository@sha256:… */
    char tag[HF_TAG_SIZE];         /* exact version, for people */
    char image_id[HF_DIGEST_SIZE]; /* config digest */
};

struct hf_release_service {
    char name[HF_NAME_SIZE];
    struct hf_release_image image;
    struct hf_json *own; /* the checked description of an own service; NULL for a built-in one */
};

struct hf_release {
    char name[HF_NAME_SIZE];
    char created[HF_NAME_SIZE]; /* RFC 3339 */
    size_t count;               /* the built-in ones by hf_service_index(), then own ones */
    struct hf_release_service services[HF_SERVICES_MAX];
};

/* Reads and checks a whole release file. Refuses, with a JSON pointer and what is allowed: unknown
 * fields, floating tags (latest, none, `2`, `2.0`), missing or malformed digests, missing or
 * unknown services, services that wait for each other in a circle. ret_release is written only on
 * success; give it back with hf_release_done(). A plain copy borrows the descriptions. */
HF_MUST int hf_release_parse(const char *text, size_t len, struct hf_release *ret_release,
                             struct hf_error *err);

void hf_release_done(struct hf_release *r);

/* The place of a service, or -1. */
int hf_release_index(const struct hf_release *r, const char *name);

/* The same JSON, canonical: members in fixed order, no blanks. */
HF_MUST int hf_release_print(const struct hf_release *r, char **ret_text, struct hf_error *err);

/* Whether tag names one version for good: neither empty nor `latest` (or another moving word) nor a
 * number with fewer than three parts. On false why gets the reason, a static string. */
bool hf_tag_is_exact(const char *tag, const char **ret_why);
