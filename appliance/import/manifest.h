// SPDX-License-Identifier: Apache-2.0
/*
 * What of an image's two documents matters here: the manifest (OCI image spec, manifest.md, and
 * Docker's schema 2 of the same) and the configuration (config.md). Both come from a registry or a
 * file and are believed in nothing but what the release's digests stand for; what Docker could not
 * load or would not run on this machine is refused by name.
 */
#pragma once

#include "base/error.h"
#include "model/release.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    HF_IMPORT_DOCUMENT_MAX = 512 * 1024,
    HF_IMPORT_LAYERS_MAX = 127, /* Docker's own bound */
};

/* A layer of 10 GB is a mistake or an attack, whatever the disk has. */
#define HF_IMPORT_LAYER_BYTES_MAX (UINT64_C(4) << 30)

struct hf_manifest_layer {
    char digest[HF_DIGEST_SIZE];
    uint64_t size; /* as it comes */
    bool gzip;
};

struct hf_manifest {
    char config[HF_DIGEST_SIZE];
    uint64_t config_size;
    char media_type[96];
    size_t layer_count;
    struct hf_manifest_layer layers[HF_IMPORT_LAYERS_MAX];
};

/* UPSTREAM where it cannot be read or is not right, INVALID where it is something else than one
 * image that can be loaded. */
HF_MUST int hf_manifest_parse(const char *text, size_t len, struct hf_manifest *ret,
                              struct hf_error *err);

struct hf_image_config {
    size_t diff_id_count;
    char diff_ids[HF_IMPORT_LAYERS_MAX][HF_DIGEST_SIZE];
};

/* As above; INVALID where it is for another platform than the given one. */
HF_MUST int hf_image_config_parse(const char *text, size_t len, const char *platform,
                                  struct hf_image_config *ret, struct hf_error *err);

/* Of this machine, as the image spec names it: "amd64", "arm64", "arm"; "" where it has no name. */
const char *hf_import_platform(void);
