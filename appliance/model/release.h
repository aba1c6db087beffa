// SPDX-License-Identifier: Apache-2.0
/*
 * A release: a named set of images, each pinned by manifest digest and config digest for each
 * platform, and what a gateway must be to run them. api/release.schema.json describes the file,
 * api/release.example.json is one. It names no registry and has all platforms; what is read here is
 * resolved for one host.
 */
#pragma once

#include "base/error.h"
#include "model/version.h"
#include "json/json.h"

#include <stdbool.h>
#include <stddef.h>

enum {
    HF_NAME_SIZE = 64,
    HF_RELEASE_LABEL_SIZE = HF_NAME_SIZE + HF_VERSION_SIZE,
    HF_DIGEST_SIZE = 72,      /* "sha256:" and 64 hex digits */
    HF_TAG_SIZE = 129,        /* OCI distribution spec: at most 128 characters */
    HF_REGISTRY_SIZE = 128,   /* host and port of a registry */
    HF_REPOSITORY_SIZE = 128, /* path in it */
    HF_IMAGE_REF_SIZE = HF_REGISTRY_SIZE + HF_REPOSITORY_SIZE + HF_DIGEST_SIZE,
    HF_SERVICES_MAX = 16,     /* built-in and own ones together */
    HF_LAYERS_MAX = 125,      /* of an image; Docker stacks no more */
    HF_NOTES_MAX = 16 * 1024, /* bytes */
    HF_RELEASE_TEXT_MAX = 256 * 1024
};

/* The built-in services, which every gateway has, in the order in which they are started. They come
 * first wherever services are counted; an operator's own ones follow. */
extern const char *const hf_service_names[];
extern const size_t hf_service_count;

/* The place of name in hf_service_names, or -1. */
int hf_service_index(const char *name);

/* What a release is read for. */
struct hf_release_host {
    const char *platform; /* as GOARCH has it: "amd64", "arm64" */
    const char *registry; /* host and port, "" for none */
    const char *system;   /* hf_daemon_system(); NULL: no package of holdfastd is looked for */
};

/* The platform of this program, "" where no release can have it. */
const char *hf_release_platform(void);

struct hf_release_image {
    /* registry/repository@sha256:…; without "registry/" where none is set, and then it is only for
     * people: see hf_release_image_is_placed(). */
    char image[HF_IMAGE_REF_SIZE];
    char repository[HF_REPOSITORY_SIZE];
    char digest[HF_DIGEST_SIZE];   /* of the manifest */
    char tag[HF_TAG_SIZE];         /* exact version, for people */
    char image_id[HF_DIGEST_SIZE]; /* config digest */
    char layers[HF_DIGEST_SIZE];   /* of their list, see hf_layer_list_add(); "": not known */
};

struct hf_sha256;

/* The next layer of an image, from the lowest on: what has the same digest in the end has the same
 * layers of the same sizes. */
void hf_layer_list_add(struct hf_sha256 *h, const char *digest, int64_t size);

struct hf_release_layer {
    char digest[HF_DIGEST_SIZE];
    int64_t size; /* bytes, as the registry has it */
};

/* Of the host's platform. What is pointed to is the release's. */
struct hf_release_service {
    char name[HF_NAME_SIZE];
    struct hf_release_image image;
    struct hf_release_layer *layers;
    size_t layer_count;
    char sbom[HF_DIGEST_SIZE], scan[HF_DIGEST_SIZE]; /* of documents about the image; "" for none */
    const struct hf_json
        *own; /* the checked description of an own service; NULL for a built-in one */
    const struct hf_json *limits; /* of a built-in one, over its defaults; NULL for none */
};

/* holdfastd itself, as the Debian package for the host; see model/daemon.h. */
struct hf_release_daemon {
    char version[HF_VERSION_SIZE]; /* "": the release has none */
    char package[HF_VERSION_SIZE]; /* version of the package; "": there is none for this host */
    char digest[HF_DIGEST_SIZE];   /* of its file */
    int64_t size;                  /* of its file, bytes */
};

struct hf_release {
    char name[HF_NAME_SIZE];
    char version[HF_VERSION_SIZE];
    char created[HF_NAME_SIZE];          /* RFC 3339, UTC */
    int64_t counter;                     /* rises from release to release, see model/trust.h */
    char min_holdfastd[HF_VERSION_SIZE]; /* the oldest holdfastd that can run it */
    int64_t settings_schema;             /* of the configuration that its services understand */
    struct hf_release_daemon daemon;
    size_t count; /* the built-in ones by hf_service_index(), then own ones */
    struct hf_release_service services[HF_SERVICES_MAX];
    struct hf_json *doc; /* all of it, checked */
};

/* Reads and checks a whole release file, all platforms of it. Refuses, with line, JSON pointer and
 * what is allowed: unknown fields, floating tags (latest, none, `2`, `2.0`), missing or malformed
 * digests, missing or unknown services, a service without images for the host's platform, services
 * that wait for each other in a circle. ret_release is written only on success; give it back with
 * hf_release_done(). A plain copy borrows what is pointed to. */
HF_MUST int hf_release_parse(const char *text, size_t len, const struct hf_release_host *host,
                             struct hf_release *ret_release, struct hf_error *err);

void hf_release_done(struct hf_release *r);

/* The place of a service, or -1. */
int hf_release_index(const struct hf_release *r, const char *name);

/* Its name and version, for people. */
void hf_release_label(const struct hf_release *r, char out[HF_RELEASE_LABEL_SIZE]);

/* What is new in it, Markdown; "" for none. */
const char *hf_release_notes(const struct hf_release *r);

/* The same release in its canonical form (RFC 8785), whatever host it was read for. */
HF_MUST int hf_release_print(const struct hf_release *r, char **ret_text, struct hf_error *err);

/* Why text is not the path of a repository, a static string; NULL where it is one. */
const char *hf_repository_fault(const char *text);

/* Puts another registry ("" for none) before every image. */
void hf_release_set_registry(struct hf_release *r, const char *registry);

/* Whether a registry is known to fetch it from. */
bool hf_release_image_is_placed(const struct hf_release_image *image);

/* Whether tag names one version for good: neither empty nor `latest` (or another moving word) nor a
 * number with fewer than three parts. On false why gets the reason, a static string. */
bool hf_tag_is_exact(const char *tag, const char **ret_why);
