// SPDX-License-Identifier: Apache-2.0
/*
 * "sealed" of a provisioning file: further members of the same document that only who has the
 * passphrase can read. It is base64 of a sealed file (backup/seal.h) with a JSON object in it.
 */
#pragma once

#include "json/json.h"

enum { HF_PROVISION_PASSPHRASE_MIN = 10 };

/* The object that doc's "sealed" has in it. INVALID (for people, about /sealed): no text, another
 * passphrase (NULL: there is none), something that may not be in it, or is in doc too. */
HF_MUST int hf_provision_unseal(const struct hf_json *doc, const char *passphrase,
                                struct hf_json **ret_members, struct hf_error *err);

/* What members are as the value of "sealed"; the caller frees it. Costs 64 MiB for a second. */
HF_MUST int hf_provision_seal(const struct hf_json *members, const char *passphrase,
                              char **ret_text, struct hf_error *err);

/* Moves each member of doc that has a secret in it into ret_sealed (an object, empty where there is
 * none). */
HF_MUST int hf_provision_part(struct hf_json *doc, struct hf_json **ret_sealed,
                              struct hf_error *err);
