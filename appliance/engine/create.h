// SPDX-License-Identifier: Apache-2.0
/* A container from its spec, with all of the hardening. Private to the folder. */
#pragma once

#include "engine/client.h"

/* The body of POST /containers/create. reference is how the engine knows the image. */
HF_MUST int hf_create_body(const struct hf_spec *spec, const char *reference,
                           const struct support *support, char **ret_body, struct hf_error *err);

int hf_create_container(void *ctx, const struct hf_spec *spec, char ret_id[HF_HASH_SIZE],
                        struct hf_error *err);
int hf_create_remove(void *ctx, const char *id, struct hf_error *err);
