// SPDX-License-Identifier: Apache-2.0
/*
 * The one way images come in. From pins and a source it makes the archive that the engine loads: an
 * OCI image layout and Docker's own form of the same in one tar (docker-archive, "Image tarball" of
 * the Engine API), layers as they come, those that are already there left out. Nothing is kept:
 * every blob is hashed and looked at as it passes. What says which blobs make an image comes last,
 * so an import that ends early leaves no image behind.
 *
 *     hf_import_new()                   manifests and configurations, checked
 *     hf_import_present() for each      what need not come
 *     hf_import_read() until 0 bytes    the archive; after an error the rest must not be sent
 *
 * An import is used by one thread, and has one of its own that hashes.
 */
#pragma once

#include "import/source.h"
#include "model/engine_ops.h"

struct hf_import;

struct hf_import_order {
    const struct hf_import_pin *pins; /* must outlive the import */
    size_t count;                     /* from 1 to HF_SERVICES_MAX */
    const char *platform;             /* hf_import_platform() */
    struct hf_import_source source;
    void (*progress)(void *context, const struct hf_import_progress *p); /* may be NULL */
    void *context;
};

/* INVALID where a document is not what its digest says, or none that can be loaded here; what the
 * source says otherwise. */
HF_MUST int hf_import_new(const struct hf_import_order *order, struct hf_import **ret_import,
                          struct hf_error *err);
void hf_import_free(struct hf_import *im);
HF_DEFINE_AUTO(struct hf_import, hf_import, hf_import_free)

/* The layers of an image from the lowest on, as the engine knows them. */
const struct hf_image_config *hf_import_config(const struct hf_import *im, size_t image);

/* The lowest so many layers of an image are there; 0 for none. */
void hf_import_present(struct hf_import *im, size_t image, size_t layers);

/* Bytes of the layers that are to come. */
uint64_t hf_import_bytes(const struct hf_import *im);

/* All layers together may unpack to no more; as much as they want before that. */
void hf_import_limit(struct hf_import *im, uint64_t unpacked_max);

/* The next bytes of the archive, up to size; 0 at its end. */
HF_MUST int hf_import_read(struct hf_import *im, char *out, size_t size, size_t *ret_len,
                           struct hf_error *err);

/* ---- a registry as source ---- */

struct hf_remote;

struct hf_remote_config {
    const char *program;                         /* holdfast-fetch; copied */
    const struct hf_registry_settings *registry; /* borrowed until the end */
    struct hf_import_watch watch;
    int64_t stall_ms; /* a line that says next to nothing for so long is dead */
};

HF_MUST int hf_remote_new(const struct hf_remote_config *config, struct hf_remote **ret_remote,
                          struct hf_error *err);
struct hf_import_source hf_remote_source(struct hf_remote *r);

/* As ops.fetch (model/engine_ops.h). */
HF_MUST int hf_remote_document(struct hf_remote *r, const char *host,
                               const struct hf_registry_document *document, struct hf_buf *out,
                               struct hf_error *err);
void hf_remote_free(struct hf_remote *r);
HF_DEFINE_AUTO(struct hf_remote, hf_remote, hf_remote_free)
