// SPDX-License-Identifier: Apache-2.0
/* Releases as text, in their canonical form. */
#pragma once

#include "model/release.h"

#define HEX64 "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
#define SHA "sha256:" HEX64
#define LAYER "{\"digest\":\"" SHA "\",\"size\":100}"
#define PLATFORM "{\"config\":\"" SHA "\",\"layers\":[" LAYER "],\"manifest\":\"" SHA "\"}"
#define PLATFORMS "\"platforms\":{\"amd64\":" PLATFORM ",\"arm64\":" PLATFORM "}"
#define IMAGES(name) PLATFORMS ",\"repository\":\"holdfast/" name "\",\"tag\":\"1.2.3\""
#define SERVICE(name) "\"" name "\":{" IMAGES(name) "}"
#define BUILT_IN                                                                                   \
    SERVICE("broker") "," SERVICE("buffer") "," SERVICE("forwarder") "," SERVICE("processor")
#define RELEASE_OF(head, services)                                                                 \
    "{\"counter\":7,\"created\":\"2026-11-24T03:01:33Z\"," head                                    \
    "\"name\":\"holdfast\",\"services\":{" services "},\"settings_schema\":1,"                     \
    "\"version\":\"1.2.3\"}"
#define RELEASE(services) RELEASE_OF("\"format\":1,\"min_holdfastd\":\"0.1.0\",", services)

static const struct hf_release_host on_amd64 = {.platform = "amd64",
                                                .registry = "registry.example:5000"};
