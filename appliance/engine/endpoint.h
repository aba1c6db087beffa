// SPDX-License-Identifier: Apache-2.0
/* Names that networks keep of containers that are gone. Private to the folder. */
#pragma once

#include "engine/client.h"

/* Docker that was killed while it took a container off its networks keeps the name there, and then
 * starts no other container of that name, for ever (tried: 20.10). So the name is given back before
 * another container gets it. Nothing happens where a container of that name is there. */
HF_MUST int hf_endpoint_free(struct hf_engine *e, const char *network, const char *container,
                             struct hf_error *err);
