// SPDX-License-Identifier: Apache-2.0
/*
 * All that is wrong with a document, found by checks that end at the first: what they name is noted
 * and taken out of a copy, or replaced by a value that nothing is said against where it must be
 * there, and the rest is checked again. So there is one set of rules, and no second one for lists.
 */
#pragma once

#include "json/json.h"

/* Errors: INVALID, CONFLICT or TOO_LARGE with a pointer, about the document; others end the search.
 */
typedef int hf_sieve_check(void *context, const struct hf_json *doc, struct hf_error *err);

/* tree is what text was parsed to, for places, and doc what is checked of it. 0 also where faults
 * were added; then the last call of check was not about doc. */
HF_MUST int hf_sieve(const char *text, size_t len, const struct hf_json *tree,
                     const struct hf_json *doc, hf_sieve_check *check, void *context,
                     struct hf_json_faults *faults, struct hf_error *err);
