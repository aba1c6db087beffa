// SPDX-License-Identifier: Apache-2.0
/*
 * What changed, for the audit log: for each place, a JSON pointer, the value before and after. What
 * is collected is a JSON array of {"path","before","after"}, as a comparison of revisions has it
 * (hf_settings_diff); what is kept of it is bounded.
 */
#pragma once

#include "json/json.h"

enum {
    HF_CHANGES_MAX = 16,         /* places kept of one entry */
    HF_CHANGES_BYTES_MAX = 2048, /* of their text */
    HF_CHANGES_VALUE_MAX = 256   /* bytes of one value: more is cut, and a text that ends in … */
};

/* Adds where it is; nothing where both are the same. NULL is a value that is not there. */
void hf_changes_text(struct hf_json *changes, const char *path, const char *before,
                     const char *after);
void hf_changes_bool(struct hf_json *changes, const char *path, const bool *before,
                     const bool *after);
/* A secret that is another one: only whether there was one, and is one. */
void hf_changes_secret(struct hf_json *changes, const char *path, bool before, bool after);
/* A time of the wall clock; 0 for none. */
void hf_changes_time(struct hf_json *changes, const char *path, int64_t before_ms,
                     int64_t after_ms);

/* What is kept: {"changes":[…],"omitted":N}, where omitted counts those that had no room, and as
 * many more. NULL where nothing changed. The caller frees *ret_text. Errors: no memory. */
HF_MUST int hf_changes_print(const struct hf_json *changes, int64_t omitted, char **ret_text,
                             struct hf_error *err);
