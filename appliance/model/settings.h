// SPDX-License-Identifier: Apache-2.0
/* The configuration of a gateway: one document, kept as numbered revisions. */
#pragma once

#include "base/error.h"
#include "model/release.h"
#include "json/json.h"

enum {
    HF_URL_SIZE = 512,
    HF_SECRET_SIZE = 512,
    HF_PEM_MAX = 16384,
    HF_WINDOW_MS_DEFAULT = 50,
    HF_WINDOW_MS_MAX = 5000
};

struct hf_settings {
    char name[HF_NAME_SIZE];           /* of the gateway: a host name label (RFC 1123) */
    char uplink_url[HF_URL_SIZE];      /* "" where there is none yet */
    char uplink_token[HF_SECRET_SIZE]; /* bearer token or "" */
    char *uplink_ca_pem;               /* owned; NULL: the public CAs of the image */
    int64_t buffer_window_ms;          /* durability window */
    int64_t buffer_max_bytes;          /* most bytes that the buffer takes on disk */
};

void hf_settings_init(struct hf_settings *s); /* defaults, name "holdfast" */
void hf_settings_done(struct hf_settings *s);
HF_MUST int hf_settings_copy(const struct hf_settings *from, struct hf_settings *to,
                             struct hf_error *err);

/* Checks, with a JSON pointer in the error below prefix. */
HF_MUST int hf_settings_check_name(const char *name, const char *pointer, struct hf_error *err);
HF_MUST int hf_settings_check_url(const char *url, const char *pointer, struct hf_error *err);

/* The document as kept in the store: { "name", "uplink": {"url","token","ca_pem"},
 * "buffer": {"window_ms","max_bytes"} }; every member may be absent, unknown ones are refused.
 * Absent members keep what ret_settings has: call hf_settings_init() first. On failure
 * ret_settings is as it was. */
HF_MUST int hf_settings_parse(const struct hf_json *doc, struct hf_settings *ret_settings,
                              struct hf_error *err);
HF_MUST int hf_settings_print(const struct hf_settings *s, char **ret_text, struct hf_error *err);
