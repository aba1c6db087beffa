// SPDX-License-Identifier: Apache-2.0
/*
 * First boot from a folder (a USB stick): DIR/holdfast/provision.json, described by
 * api/provision.schema.json. It is read and checked whole; applying is one transaction of the
 * store.
 */
#pragma once

#include "base/error.h"
#include "model/account.h"
#include "model/settings.h"

enum { HF_PROVISION_FILE_MAX = 65536, HF_PROVISION_HASH_SIZE = 65 };

struct hf_provision {
    struct hf_settings settings;               /* base with what the file says on top */
    char password_hash[HF_PASSWORD_HASH_SIZE]; /* of user "admin", $argon2id$…; "" for none */
    char setup_code[HF_SETUP_CODE_SIZE];       /* "" for none */
    /* Of the site, as PEM; NULL for none. Only that they are there is looked at here. */
    char *certificate, *key;
    char file_hash[HF_PROVISION_HASH_SIZE]; /* SHA-256 of the file */
};

/* Reads and checks the file; base (NULL: the defaults) are the settings that it changes. Symbolic
 * links, anything but a regular file and more than HF_PROVISION_FILE_MAX bytes are refused.
 * Errors: NOT_FOUND (no such file), TOO_LARGE, MALFORMED with line and column (a file written half
 * says so), INVALID with JSON pointer. ret_provision is written only on success; give it back with
 * hf_provision_done(). */
HF_MUST int hf_provision_read(const char *dir, const struct hf_settings *base,
                              struct hf_provision *ret_provision, struct hf_error *err);

void hf_provision_done(struct hf_provision *p);

/*
 * Whoever can put a file before the gateway's start may set who gets in, like whoever can take its
 * disk: DIR/holdfast/recovery.json, described by api/recovery.schema.json. It may name the gateway,
 * so that a stick that is passed round opens that one only.
 */
struct hf_recovery {
    char password_hash[HF_PASSWORD_HASH_SIZE]; /* of user "admin"; "" for none */
    char setup_code[HF_SETUP_CODE_SIZE];       /* "" for none; one of the two is there */
    char file_hash[HF_PROVISION_HASH_SIZE];
};

/* Read and refused as a provisioning file is. INVALID with pointer /gateway where it is for another
 * one. */
HF_MUST int hf_recovery_read(const char *dir, const char *gateway_id,
                             struct hf_recovery *ret_recovery, struct hf_error *err);
void hf_recovery_done(struct hf_recovery *r);
