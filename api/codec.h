// SPDX-License-Identifier: Apache-2.0
/* From model/view.h to JSON exactly as openapi.yaml says. The results are the caller's. */
#pragma once

#include "core/core.h"
#include "identity/identity.h"
#include "model/engine_ops.h"
#include "json/json.h"

struct hf_json *hf_codec_state(const struct hf_snapshot *s, const char *fingerprint);
struct hf_json *hf_codec_gateway(const struct hf_snapshot *s, const char *fingerprint);
/* v is one of s. */
struct hf_json *hf_codec_service(const struct hf_snapshot *s, const struct hf_service_view *v);
struct hf_json *hf_codec_services(const struct hf_snapshot *s, const char *fingerprint);
struct hf_json *hf_codec_buffer(const struct hf_buffer_view *b);
/* buffer.c: from the buffer's own account of what it writes. */
struct hf_json *hf_codec_flash(const struct hf_json *from, const struct hf_snapshot *s);
struct hf_json *hf_codec_uplink(const struct hf_uplink_view *u);
struct hf_json *hf_codec_release(const struct hf_release *r);
struct hf_json *hf_codec_operation(const struct hf_operation *o);
struct hf_json *hf_codec_session(const struct hf_session *s);
struct hf_json *hf_codec_log_line(const struct hf_log_line *line);

/* "ok", "degraded" or "starting". */
const char *hf_codec_health(const struct hf_snapshot *s);
