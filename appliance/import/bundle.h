// SPDX-License-Identifier: Apache-2.0
/*
 * A release with its images in one file, for a gateway without a network: a tar archive of regular
 * files (ustar), read once from its beginning to its end and kept nowhere.
 *
 *     release.json            the release, and
 *     release.json.minisig    its signature: checked before anything else is read
 *     oci-layout, index.json  so that other tools can read it as an OCI image layout
 *     blobs/sha256/HEX        manifests and configurations, image by image in the release's order
 *     blobs/sha256/HEX        layers, each once
 *     blobs/sha256/HEX        packages of holdfastd that the release names
 *
 * image/bundle.sh writes it.
 */
#pragma once

#include "import/source.h"

enum {
    HF_BUNDLE_RELEASE_MAX = 256 * 1024,
    HF_BUNDLE_SIGNATURE_MAX = 4096,
    HF_BUNDLE_DOCUMENTS_MAX = 1024 * 1024, /* that are read before they are asked for */
};

struct hf_bundle;

/* Where the bytes come from: up to size of them, 0 at the end. */
struct hf_bundle_input {
    int (*read)(void *context, char *out, size_t size, size_t *ret_len, struct hf_error *err);
    /* Passes over so many, which nobody wants: it may fail later where there are fewer. NULL: they
     * are read. */
    int (*skip)(void *context, uint64_t len, struct hf_error *err);
    void *context;
};

/* Reads the release and its signature. INVALID where it is no bundle. The signature is not checked
 * here. */
HF_MUST int hf_bundle_open(const struct hf_bundle_input *input, struct hf_bundle **ret_bundle,
                           struct hf_error *err);

/* Both are NUL-terminated and live as long as the bundle. */
const struct hf_buf *hf_bundle_release(const struct hf_bundle *b);
const struct hf_buf *hf_bundle_signature(const struct hf_bundle *b);

/* For one import. */
struct hf_import_source hf_bundle_source(struct hf_bundle *b);

/* Appends a blob that comes later in the bundle; what comes before it is passed over. INVALID where
 * there is none, TOO_LARGE past out->max. */
HF_MUST int hf_bundle_blob(struct hf_bundle *b, const char *digest, struct hf_buf *out,
                           struct hf_error *err);

void hf_bundle_free(struct hf_bundle *b);
HF_DEFINE_AUTO(struct hf_bundle, hf_bundle, hf_bundle_free)

/* An input that reads a file from its place on, or a pipe; fd is borrowed. */
struct hf_bundle_input hf_bundle_file(const int *fd);
