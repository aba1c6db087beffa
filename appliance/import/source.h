// SPDX-License-Identifier: Apache-2.0
/*
 * Where an image's parts come from: a registry, a folder, a bundle. What a source gives is checked
 * by its reader (import.c), so a source may lie. A source is used by one thread.
 */
#pragma once

#include "base/buf.h"
#include "import/manifest.h"

/* Whether nobody wants it any more; asked several times a second while a source waits. */
struct hf_import_watch {
    bool (*cancelled)(void *context); /* may be NULL */
    void *context;
};

/* An image as a release pins it. */
struct hf_import_pin {
    char host[HF_IMAGE_REF_SIZE];       /* of the registry, with its port; "": none is named */
    char repository[HF_IMAGE_REF_SIZE]; /* behind the host */
    char tag[HF_TAG_SIZE];
    char manifest[HF_DIGEST_SIZE];
    char config[HF_DIGEST_SIZE]; /* the image id */
    char layers[HF_DIGEST_SIZE]; /* of their list (model/release.h); "": the manifest's word counts
                                  */
};

/* INVALID where the image is not [HOST/]REPOSITORY@sha256:…. */
HF_MUST int hf_import_pin_of(const struct hf_release_image *image, struct hf_import_pin *ret,
                             struct hf_error *err);

/* A blob that is wanted. */
struct hf_import_layer {
    struct hf_manifest_layer blob;
    char diff_id[HF_DIGEST_SIZE];
    const struct hf_import_pin *pin; /* an image that has it */
    bool wanted;                     /* not given yet, and not there */
};

struct hf_import_source {
    const struct hf_import_source_ops *ops;
    void *context;
};

struct hf_import_source_ops {
    /* Appends a manifest or configuration to out, at most out->max bytes. */
    int (*document)(void *context, const struct hf_import_pin *pin, const char *digest,
                    bool is_manifest, struct hf_buf *out, struct hf_error *err);

    /* Begins with one of the wanted layers, and says which. */
    int (*begin)(void *context, const struct hf_import_layer *layers, size_t count,
                 size_t *ret_index, struct hf_error *err);
    /* Up to size bytes of it; 0 at its end, which may come too early or too late. */
    int (*read)(void *context, char *out, size_t size, size_t *ret_len, struct hf_error *err);
};

/* The first that is wanted, or count. */
size_t hf_import_first_wanted(const struct hf_import_layer *layers, size_t count);

/* ---- an OCI image layout (image-layout.md) in a folder ---- */

struct hf_layout;

HF_MUST int hf_layout_open(const char *path, struct hf_layout **ret_layout, struct hf_error *err);
struct hf_import_source hf_layout_source(struct hf_layout *l);
void hf_layout_free(struct hf_layout *l);
HF_DEFINE_AUTO(struct hf_layout, hf_layout, hf_layout_free)
