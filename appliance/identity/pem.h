// SPDX-License-Identifier: Apache-2.0
/* Inside identity: a key and its certificates as PEM text, which somebody else may have written. */
#pragma once

#include "base/buf.h"
#include "base/error.h"

#include <openssl/evp.h>
#include <openssl/x509.h>
#include <stdint.h>

enum { HF_PEM_CHAIN_MAX = 8 };

struct hf_pem_pair {
    EVP_PKEY *key;
    X509 *cert;
    STACK_OF(X509) * chain; /* who issued it, and so on; NULL for none */
};

void hf_pem_pair_done(struct hf_pem_pair *p);

/* Reads both texts, which may be the same one: then each passes over what is the other's. The key
 * is that of the first certificate, and each further certificate has issued the one before it.
 * INVALID with pointer /certificate or /key. Dates, names and strength are not looked at. */
HF_MUST int hf_pem_read_pair(const char *certificates, const char *key,
                             struct hf_pem_pair *ret_pair, struct hf_error *err);

/* Whether HTTPS may be served with it today. INVALID with pointer. */
HF_MUST int hf_pem_check(const struct hf_pem_pair *p, struct hf_error *err);

/* Whether they are in force today, the chain too. INVALID with pointer. */
HF_MUST int hf_pem_check_dates(const struct hf_pem_pair *p, struct hf_error *err);

/* Whether all of text are certificates and at least one of them is in force. INVALID with pointer
 * /certificate. */
HF_MUST int hf_pem_check_authorities(const char *text, struct hf_error *err);

/* Appends the key and all certificates as PEM text. */
HF_MUST int hf_pem_print_pair(const struct hf_pem_pair *p, struct hf_buf *out,
                              struct hf_error *err);

/* Wall-clock milliseconds since 1970; 0 where it cannot be said. */
int64_t hf_pem_time_ms(const ASN1_TIME *time);
