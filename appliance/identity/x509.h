// SPDX-License-Identifier: Apache-2.0
/* Inside identity: OpenSSL's things with an end to their scope, and what its files share of it. */
#pragma once

#include "identity/certificate.h"

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

enum { HF_PEM_FILE_MAX = 65536 };

/* Now, or 2026-01-01 where the clock is before that; seconds. */
int64_t hf_x509_now_s(void);

/* For PEM readers: no passphrase is ever asked for on a terminal. */
int hf_x509_no_passphrase(char *buffer, int size, int writing, void *context);

HF_MUST int hf_x509_fingerprint(const X509 *cert, char out[HF_FINGERPRINT_SIZE]);

/* Key and certificate of the file at path; INVALID where the content is unusable, another class
 * where it cannot be read. The caller frees both. */
HF_MUST int hf_x509_load_own(const char *path, EVP_PKEY **ret_key, X509 **ret_cert,
                             struct hf_error *err);

/* Makes dir/server.pem and dir/cert.pem anew: with that key (NULL: a new one), and besides what the
 * host has now the names and addresses of old (NULL for none). */
HF_MUST int hf_x509_make_own(const char *dir, const char *name, EVP_PKEY *key, const X509 *old,
                             struct hf_error *err);

/* Within two months. */
bool hf_x509_ends_soon(const X509 *own);
/* `name`, `name.local` and the name of the host. */
bool hf_x509_has_names(const X509 *own, const char *name);
