// SPDX-License-Identifier: Apache-2.0
/* Releases and upgrades, from model/upgrade.h to JSON as openapi.yaml says. */
#pragma once

#include "core/releases.h"
#include "json/json.h"

struct hf_json *hf_codec_upgrade(const struct hf_upgrade_view *v);
struct hf_json *hf_codec_known_release(const struct hf_known_release *r);
struct hf_json *hf_codec_release_list(const struct hf_known_release *releases, size_t release_count,
                                      const struct hf_upgrade_record *history, size_t history_count,
                                      const struct hf_registry_check *check);
struct hf_json *hf_codec_plan(const struct hf_plan *p);
