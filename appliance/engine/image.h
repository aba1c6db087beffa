// SPDX-License-Identifier: Apache-2.0
/* Images by their pins. Private to the folder. */
#pragma once

#include "engine/client.h"

/* How the engine knows the pinned image: by image id or, with the containerd store, by repository
 * and digest. NOT_FOUND where it has not got it, CONFLICT where the release's two digests do not
 * belong together. */
HF_MUST int hf_image_find(struct hf_engine *e, const struct hf_release_image *image,
                          char ret_reference[HF_IMAGE_REF_SIZE], struct hf_error *err);

/* Remembers that reference is the image, for engines that do not know its image id. */
void hf_image_remember(struct hf_engine *e, const char *image_id, const char *reference);

/* image_remove.c */
int hf_image_remove(void *ctx, const struct hf_release_image *image, struct hf_error *err);

int hf_image_has(void *ctx, const char *image_id, bool *ret_has, struct hf_error *err);
