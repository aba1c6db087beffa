// SPDX-License-Identifier: Apache-2.0
/* Inside json: struct hf_json is a cJSON under another name, so that only this folder knows the
 * library. */
#pragma once

#include "json/json.h"

#include <cjson/cJSON.h>

static inline cJSON *
raw(const struct hf_json *v)
{
    return (cJSON *)(uintptr_t)v;
}

static inline struct hf_json *
wrapped(cJSON *v)
{
    return (struct hf_json *)v;
}

/* place.c: of a byte of text. */
struct hf_json_place hf_json_place_at(const char *text, const char *at);
