// SPDX-License-Identifier: Apache-2.0
/* Files out of containers. Private to the folder. */
#pragma once

#include "engine/client.h"

int hf_archive_get(void *ctx, const char *id, const char *path, struct hf_buf *tar,
                   struct hf_error *err);
