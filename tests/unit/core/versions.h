// SPDX-License-Identifier: Apache-2.0
/* Releases that differ in their version, and what is done with them. */
#pragma once

#include "box.h"
#include "core/releases.h"
#include "sign.h"

#define VERSION(version)                                                                           \
    "{\"counter\":7,\"created\":\"2026-11-24T03:01:33Z\",\"format\":1,\"min_holdfastd\":"          \
    "\"0.1.0\",\"name\":\"holdfast\",\"services\":{" BUILT_IN "},\"settings_schema\":1,"           \
    "\"version\":\"" version "\"}"

static inline void
trust(struct box *b, const struct signer *s)
{
    char patch[SIGN_BASE64_SIZE + 32];

    snprintf(patch, sizeof patch, "{\"release_keys\":[\"%s\"]}", s->key);
    configure(b, patch);
}
