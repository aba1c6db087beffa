// SPDX-License-Identifier: Apache-2.0
/* Inside identity: OpenSSL's things with an end to their scope, and what its files share of it. */
#pragma once

#include "identity/certificate.h"
#include "identity/pem.h"

#include <netinet/in.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>
#include <stdint.h>

static inline void
hf_x509_key_auto_(EVP_PKEY **key)
{
    EVP_PKEY_free(*key);
}

static inline void
hf_x509_cert_auto_(X509 **cert)
{
    X509_free(*cert);
}

static inline void
hf_x509_chain_auto_(STACK_OF(X509) * *chain)
{
    sk_X509_pop_free(*chain, X509_free);
}

static inline void
hf_x509_bio_auto_(BIO **bio)
{
    BIO_free(*bio);
}

static inline void
hf_x509_names_auto_(GENERAL_NAMES **names)
{
    GENERAL_NAMES_free(*names);
}

#define AUTO_KEY __attribute__((cleanup(hf_x509_key_auto_))) EVP_PKEY *
#define AUTO_CERT __attribute__((cleanup(hf_x509_cert_auto_))) X509 *
#define AUTO_CHAIN __attribute__((cleanup(hf_x509_chain_auto_))) STACK_OF(X509) *
#define AUTO_BIO __attribute__((cleanup(hf_x509_bio_auto_))) BIO *
#define AUTO_NAMES __attribute__((cleanup(hf_x509_names_auto_))) GENERAL_NAMES *

enum {
    HF_PEM_FILE_MAX = 65536,
    HF_X509_HOST_SIZE = 256,
    HF_X509_DUE_MAX = 40 /* addresses; with the names they fit into a certificate */
};

/* Now, or 2026-01-01 where the clock is before that; seconds. */
int64_t hf_x509_now_s(void);

/* For PEM readers: no passphrase is ever asked for on a terminal. */
int hf_x509_no_passphrase(char *buffer, int size, int writing, void *context);

HF_MUST int hf_x509_fingerprint(const X509 *cert, char out[HF_FINGERPRINT_SIZE]);

/* ---- certificate.c, authority.c: files ---- */

/* Key and certificates of the file at path; what is read is the caller's. INVALID, TOO_LARGE or
 * NOT_FOUND where the content is unusable, another class where it cannot be read. */
HF_MUST int hf_x509_read(const char *path, struct hf_pem_pair *ret_pair, struct hf_error *err);
bool hf_x509_is_unusable(const struct hf_error *why);
/* 0600. */
HF_MUST int hf_x509_write(const char *path, const struct hf_pem_pair *pair, struct hf_error *err);
/* To path.unusable. */
HF_MUST int hf_x509_set_aside(const char *path, char ret_set_aside[PATH_MAX], struct hf_error *err);

/* dir/ca.pem, made where there is none or it is unusable. */
HF_MUST int hf_authority_ensure(const char *dir, struct hf_pem_pair *ret_ca,
                                char ret_set_aside[PATH_MAX], struct hf_error *err);
/* dir/server.pem, the same; ca may be empty where it is there. */
HF_MUST int hf_x509_ensure_own(const char *dir, const char *name, const struct hf_pem_pair *ca,
                               struct hf_certificate *ret_certificate, struct hf_pem_pair *ret_own,
                               struct hf_error *err);
/* Makes dir/server.pem and dir/cert.pem anew: with the key of old (NULL: a new one), and besides
 * what the host has now its names and addresses. */
HF_MUST int hf_x509_make_own(const char *dir, const char *name, const struct hf_pem_pair *ca,
                             const struct hf_pem_pair *old, struct hf_pem_pair *ret_own,
                             struct hf_error *err);
/* Within two months. */
bool hf_x509_ends_soon(const X509 *own);
bool hf_x509_is_self_signed(const X509 *cert);

/* ---- names.c ---- */

/* `name`, `name.local`, the name of the host, localhost and every address that it has now, then
 * those of old (NULL for none), as far as there is room. NULL without memory. */
GENERAL_NAMES *hf_x509_names(const char *name, const X509 *old);
/* What a certificate of this host is due for; two of the same compare equal by memcmp(). */
struct hf_x509_due {
    char name[HF_X509_HOST_SIZE]; /* of the gateway; NAME.local goes with it */
    char host[HF_X509_HOST_SIZE];
    /* Of IPv4, by which somebody may reach the host. Those of IPv6 come and go by themselves, for
     * the sake of privacy: they are no reason. */
    struct in_addr addresses[HF_X509_DUE_MAX];
    size_t count;
};

void hf_x509_due(const char *name, struct hf_x509_due *ret_due);
bool hf_x509_has_names(const X509 *own, const struct hf_x509_due *due);
bool hf_x509_has_addresses(const X509 *own, const struct hf_x509_due *due);

/* ---- issue.c: what is made is the caller's ---- */

HF_MUST int hf_issue_authority(struct hf_pem_pair *ret_ca, struct hf_error *err);
/* For a server: the pair has ca in its chain. key NULL: a new one; old as in hf_x509_names(). */
HF_MUST int hf_issue_server(const struct hf_pem_pair *ca, EVP_PKEY *key, const char *name,
                            const X509 *old, struct hf_pem_pair *ret_pair, struct hf_error *err);
/* For a client that is called name, and has that key. */
HF_MUST int hf_issue_client(const struct hf_pem_pair *ca, EVP_PKEY *key, const char *name,
                            int64_t days, X509 **ret_cert, struct hf_error *err);
