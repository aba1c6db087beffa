// SPDX-License-Identifier: Apache-2.0
/* The limits of a container that is there. Private to the folder. */
#pragma once

#include "engine/client.h"

/* Puts what can be changed while a container runs into a host configuration, or the body of an
 * update, which has the same members. */
void hf_update_put(struct hf_json *o, const struct hf_limits *limits,
                   const struct support *support);

int hf_update_container(void *ctx, const char *id, const struct hf_spec *spec,
                        struct hf_error *err);
