// SPDX-License-Identifier: Apache-2.0
/* Inside provision: what its files share. */
#pragma once

#include "base/buf.h"
#include "provision/provision.h"

/* ---- provision.c ---- */

/* The document of a file, without the mark that some editors put before UTF-8 (moves *text, *len
 * behind it). */
HF_MUST int hf_provision_document(const char **text, size_t *len, struct hf_json **ret_doc,
                                  struct hf_json_faults *faults, struct hf_error *err);
/* The first fault as an error; -1. */
int hf_provision_faulty(struct hf_json_faults *faults, struct hf_error *err);

/* ---- document.c ---- */

HF_MUST int hf_provision_take(const struct hf_json *doc, const struct hf_provision_x509 *x509,
                              struct hf_provision *p, struct hf_error *err);
HF_MUST int hf_provision_format(const struct hf_json *doc, struct hf_error *err);
/* Who may get in: one of the two, or neither. */
HF_MUST int hf_provision_access(const struct hf_json *doc,
                                char password_hash[HF_PASSWORD_HASH_SIZE],
                                char setup_code[HF_SETUP_CODE_SIZE], struct hf_error *err);
