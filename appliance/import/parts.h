// SPDX-License-Identifier: Apache-2.0
/* An import and its parts. Private to the folder. */
#pragma once

#include "import/hasher.h"
#include "import/import.h"
#include "import/layer.h"

enum hf_import_step {
    HF_IMPORT_LAYOUT,    /* oci-layout */
    HF_IMPORT_DOCUMENTS, /* manifest and configuration of each image */
    HF_IMPORT_LAYERS,
    HF_IMPORT_INDEX,
    HF_IMPORT_DOCKER, /* manifest.json, which makes images of it all */
    HF_IMPORT_ZEROS,
    HF_IMPORT_DONE,
    HF_IMPORT_STEP_COUNT
};

struct hf_import_image {
    struct hf_buf manifest_text, config_text;
    struct hf_manifest manifest;
    struct hf_image_config config;
};

struct hf_import {
    struct hf_import_order order;
    struct hf_import_image *images;
    struct hf_import_layer *layers; /* of all images, each once */
    size_t layer_count;
    uint64_t unpacked_max;

    enum hf_import_step step;
    size_t next_image;
    struct hf_buf out; /* small things that wait to be read */
    size_t out_at;

    /* The layer that passes; NULL: none. */
    struct hf_layer *layer;
    size_t layer_index;
    uint64_t layer_done, total_done, total;
    struct hf_hasher *hasher; /* of its blob; NULL before the first */
};

/* pass.c: bytes of the layer that passes, or 0 at its end. */
HF_MUST int hf_import_begin_layer(struct hf_import *im, struct hf_error *err);
HF_MUST int hf_import_pass_layer(struct hf_import *im, char *out, size_t size, size_t *ret_len,
                                 struct hf_error *err);

/* describe.c: index.json and manifest.json; the caller frees the text. */
HF_MUST int hf_import_index(const struct hf_import *im, char **ret_text, struct hf_error *err);
HF_MUST int hf_import_docker(const struct hf_import *im, char **ret_text, struct hf_error *err);

enum { HF_BLOB_PATH_SIZE = 100 };
/* "blobs/sha256/HEX" */
void hf_import_blob_path(const char *digest, char out[HF_BLOB_PATH_SIZE]);
