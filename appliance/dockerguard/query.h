// SPDX-License-Identifier: Apache-2.0
/* Queries: read, checked and written anew. Private to the folder. */
#pragma once

#include "base/buf.h"
#include "dockerguard/policy.h"

enum hf_dguard_form {
    HF_DGUARD_FORM_EXACT,  /* the text of the parameter's row */
    HF_DGUARD_FORM_DIGITS, /* up to 19 */
    HF_DGUARD_FORM_NAME,   /* of this gateway */
    HF_DGUARD_FORM_LABEL,  /* {"label":["io.holdfast.instance=…"]} */
    HF_DGUARD_FORM_EVENTS, /* types and events that say nothing of what runs elsewhere */
    HF_DGUARD_FORM_COUNT
};

struct hf_dguard_parameter {
    const char *name; /* NULL behind the last one */
    enum hf_dguard_form form;
    const char *exact;
    bool required;
};

enum { HF_DGUARD_PARAMETERS_MAX = 6, HF_DGUARD_QUERY_MAX = 2048 };

/* Decodes len bytes with %XX (RFC 3986 §2.1) into out. MALFORMED for a % that is none, and for
 * bytes that are no text once decoded. */
HF_MUST int hf_dguard_decode(const char *text, size_t len, char *out, size_t size,
                             struct hf_error *err);

/* query is "" or begins with '?'. Appends it to out, in the order of parameters; name gets the
 * value of form NAME, or "". FORBIDDEN for what is not among them, or twice. */
HF_MUST int hf_dguard_query(const struct hf_dguard_policy *p,
                            const struct hf_dguard_parameter *parameters, const char *query,
                            struct hf_buf *out, char *name, size_t name_size, struct hf_error *err);
