// SPDX-License-Identifier: Apache-2.0
/*
 * First boot from a folder (a USB stick): DIR/holdfast/provision.json, described by
 * api/provision.schema.json. It is read and checked whole; applying is one transaction of the
 * store.
 */
#pragma once

#include "base/buf.h"
#include "base/error.h"
#include "model/account.h"
#include "model/device.h"
#include "model/digest.h"
#include "model/settings.h"
#include "json/json.h"

enum {
    HF_PROVISION_FILE_MAX = 65536,
    HF_PROVISION_HASH_SIZE = 65,
    HF_PROVISION_BUNDLE_SIZE = 128,
    HF_PROVISION_DEVICES_MAX = 200, /* as many as fit into a file with what else it has */
};

#define HF_PROVISION_FILE "provision.json"
#define HF_RECOVERY_FILE "recovery.json"

struct hf_provision {
    struct hf_settings settings;               /* base with what the file says on top */
    char password_hash[HF_PASSWORD_HASH_SIZE]; /* of user "admin", $argon2id$…; "" for none */
    char setup_code[HF_SETUP_CODE_SIZE];       /* "" for none */
    /* Of the site, as PEM; NULL for none. */
    char *certificate, *key;
    struct hf_device_row *devices; /* each with a password */
    size_t device_count;
    /* Of the host, checked as host.h says; NULL where the file has none. */
    struct hf_json *network, *time, *ssh;
    char bundle[HF_PROVISION_BUNDLE_SIZE]; /* path below holdfast/; "" for none */
    char release_id[HF_DIGEST_TEXT_SIZE];  /* to be had from the registry; "" for none */
    bool wipe;                             /* the file is to go from the stick when it is applied */
    bool left_sealed;                      /* "sealed" was passed over */
    char file_hash[HF_PROVISION_HASH_SIZE]; /* SHA-256 of the file */
};

/* How the certificates of a file are looked at, as identity/given.h does it. */
struct hf_provision_x509 {
    int (*server)(const char *certificates, const char *key, struct hf_error *err);
    int (*client)(const char *certificates, const char *key, struct hf_error *err);
    int (*authorities)(const char *certificates, struct hf_error *err);
};

/* What a file is read with. All may be NULL or false. */
struct hf_provision_with {
    const struct hf_settings *base;       /* that it changes; NULL: the defaults */
    const struct hf_provision_x509 *x509; /* NULL: certificates are taken as they are */
    const char *passphrase;               /* opens "sealed" */
    bool leave_sealed;                    /* without a passphrase "sealed" is passed over */
};

/* Reads and checks the text of a file. faults gets all that is wrong with it, in the order of the
 * text, and err the first: MALFORMED (also a file that was written in part) or INVALID, with JSON
 * pointer. ret_provision is written only on success; give it back with hf_provision_done(). */
HF_MUST int hf_provision_parse(const char *text, size_t len, const struct hf_provision_with *with,
                               struct hf_provision *ret_provision, struct hf_json_faults *faults,
                               struct hf_error *err);

/* The same of the file. Symbolic links, anything but a regular file and more than
 * HF_PROVISION_FILE_MAX bytes are refused. Errors besides, without faults: NOT_FOUND (no such
 * file), TOO_LARGE, INVALID (no plain file). */
HF_MUST int hf_provision_read(const char *dir, const struct hf_provision_with *with,
                              struct hf_provision *ret_provision, struct hf_json_faults *faults,
                              struct hf_error *err);

void hf_provision_done(struct hf_provision *p);

/* Appends DIR/holdfast/name, whoever made the folder; it must be smaller than text->max. Errors as
 * those of hf_provision_read(), and MALFORMED where it is empty. */
HF_MUST int hf_provision_load(const char *dir, const char *name, struct hf_buf *text,
                              struct hf_error *err);
/* SHA-256 in hex: what makes a file the same file. */
void hf_provision_hash(const char *text, size_t len, char out[HF_PROVISION_HASH_SIZE]);

/*
 * Whoever can put a file before the gateway's start may set who gets in, like whoever can take its
 * disk: DIR/holdfast/recovery.json, described by api/recovery.schema.json. It may name the gateway,
 * so that a stick that is passed round opens that one only; one that resets a gateway has to.
 */
struct hf_recovery {
    char password_hash[HF_PASSWORD_HASH_SIZE]; /* of user "admin"; "" for none */
    char setup_code[HF_SETUP_CODE_SIZE];       /* "" for none; one of the two is there, or reset */
    bool reset, wipe;                          /* a factory reset, and the data too */
    char file_hash[HF_PROVISION_HASH_SIZE];
};

/* Read and refused as a provisioning file is. INVALID with pointer /gateway where it is for another
 * one than gateway_id (NULL: it may be for any). */
HF_MUST int hf_recovery_parse(const char *text, size_t len, const char *gateway_id,
                              struct hf_recovery *ret_recovery, struct hf_json_faults *faults,
                              struct hf_error *err);
HF_MUST int hf_recovery_read(const char *dir, const char *gateway_id,
                             struct hf_recovery *ret_recovery, struct hf_json_faults *faults,
                             struct hf_error *err);
void hf_recovery_done(struct hf_recovery *r);
