// SPDX-License-Identifier: Apache-2.0
/* Images by the one import path: import/ makes the archive, the engine loads it. Private to the
 * folder. */
#pragma once

#include "engine/client.h"
#include "import/import.h"

/* Brings in images from a source; each is found by its pin afterwards. *images are those of the
 * order's pins. */
HF_MUST int hf_load(struct hf_engine *e, const struct hf_import_order *order,
                    const struct hf_release_image *images, const struct hf_import_watch *watch,
                    struct hf_error *err);

/* ops.pull, ops.import and ops.use_registry */
int hf_load_pull(void *ctx, const struct hf_release_image *image, bool (*cancelled)(void *context),
                 void *context, struct hf_error *err);
int hf_load_job(void *ctx, const struct hf_import_job *job, struct hf_error *err);
int hf_load_fetch(void *ctx, const struct hf_registry_document *document, struct hf_buf *out,
                  bool (*cancelled)(void *context), void *context, struct hf_error *err);
void hf_load_use_registry(void *ctx, const struct hf_registry_settings *registry);
