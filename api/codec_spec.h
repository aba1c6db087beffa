// SPDX-License-Identifier: Apache-2.0
/* What a container is made from, as JSON: limits, mounts, and how it is held. */
#pragma once

#include "model/spec.h"
#include "json/json.h"

#include <stdbool.h>

struct hf_json *hf_codec_limits(const struct hf_spec *spec, bool has_io_weight);
struct hf_json *hf_codec_mounts(const struct hf_spec *spec);
struct hf_json *hf_codec_hardening(const struct hf_spec *spec);
