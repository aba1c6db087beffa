// SPDX-License-Identifier: Apache-2.0
/* The dashboard's page with the sentence of the overview in it, so that who is logged in reads it
 * before the program has come. */
#pragma once

#include "base/buf.h"
#include "base/error.h"
#include "model/view.h"

#include <stdbool.h>

/* Writes page to out with what stands in its comment "sentence" as markup, and {level}, {eyebrow},
 * {title} and {detail} in it replaced, as text. ret_filled: whether it has such a comment; out is
 * empty where not. */
HF_MUST int hf_index_fill(struct hf_slice page, const struct hf_sentence *sentence,
                          struct hf_buf *out, bool *ret_filled, struct hf_error *err);
