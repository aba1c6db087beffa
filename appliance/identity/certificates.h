// SPDX-License-Identifier: Apache-2.0
/*
 * The certificates that HTTPS is served with: the gateway's own, which is always there, and before
 * it one of the site, where somebody has given one. Thread-safe; what is in force changes between
 * two handshakes. Both lie in a folder: server.pem and site.pem, key and certificates in one file.
 *
 * The own one is made anew, with the same key: at the start where it lacks a name of the gateway or
 * the host's, and two months before its end. Not more often, because each time its fingerprint is
 * another one, by which people and programs know the gateway, and a browser that is open loses it.
 * So an address that the host has got since is no reason; the names and addresses that it had stay
 * in it. One of the site is never taken away because of a date: the clock may be what is wrong.
 */
#pragma once

#include "base/buf.h"
#include "identity/certificate.h"

#include <stdint.h>

enum { HF_CERTIFICATE_PEM_MAX = 48 * 1024, HF_CERTIFICATE_NAMES_SIZE = 2048 };

struct hf_certificates;

/* Loads both, makes the own one where there is none or it lacks a name; one of the site that is
 * unusable is set aside. *ret_set_aside gets its path, or "" (the own one's where both are). */
HF_MUST int hf_certificates_open(const char *dir, const char *name,
                                 struct hf_certificates **ret_certificates,
                                 char ret_set_aside[PATH_MAX], struct hf_error *err);
void hf_certificates_free(struct hf_certificates *c);
HF_DEFINE_AUTO(struct hf_certificates, hf_certificates, hf_certificates_free)

/* Of the one in force. */
struct hf_certificate_info {
    bool site;
    char fingerprint[HF_FINGERPRINT_SIZE];
    char subject[256], issuer[256];        /* RFC 4514, cut where they are longer */
    char names[HF_CERTIFICATE_NAMES_SIZE]; /* DNS names and addresses, each ended by '\n' */
    int64_t not_before_ms, not_after_ms;   /* of the wall clock */
};

void hf_certificates_info(struct hf_certificates *c, struct hf_certificate_info *ret_info);
void hf_certificates_fingerprint(struct hf_certificates *c, char out[HF_FINGERPRINT_SIZE]);

/* Whether the site's certificate is for this host (RFC 6125): it then is a name of the gateway. */
bool hf_certificates_name(struct hf_certificates *c, const char *host);

/* Of the own one; lives as long as c. */
const char *hf_certificates_own_path(const struct hf_certificates *c);

/* Puts a certificate of the site in force: PEM texts, in certificates the one of the gateway first
 * and then each that has issued the one before it. INVALID with pointer /certificate or /key: not
 * readable, another key, RSA below 2048 bits or neither RSA nor EC, signed with SHA-1 or MD5, not
 * for servers, without a name, expired or not yet valid. Nothing changes where it fails. */
HF_MUST int hf_certificates_replace(struct hf_certificates *c, const char *certificates,
                                    const char *key, struct hf_certificate_info *ret_info,
                                    struct hf_error *err);
/* Back to the own one; NOT_FOUND where that is in force. */
HF_MUST int hf_certificates_remove(struct hf_certificates *c, struct hf_error *err);

/* ---- for a backup ---- */

/* Both files as they are, PEM; ret_site stays empty where there is none. */
HF_MUST int hf_certificates_files(struct hf_certificates *c, struct hf_buf *ret_own,
                                  struct hf_buf *ret_site, struct hf_error *err);
/* Whether text could be one of them: a key and its certificates. INVALID. */
HF_MUST int hf_certificates_check(const char *text, struct hf_error *err);
/* Puts them in place of what is there, before hf_certificates_open(); site NULL: there is none any
 * more. Done again it changes nothing. */
HF_MUST int hf_certificates_put_back(const char *dir, const char *own, const char *site,
                                     struct hf_error *err);

/* To be called every minute or so; looks once an hour. 1: the own one was made anew, because it
 * ends soon. Where it cannot be, the one that is there stays. */
HF_MUST int hf_certificates_tend(struct hf_certificates *c, const char *name, struct hf_error *err);

/* For OpenSSL: the one in force, or the own one. The caller frees all three; *ret_chain may be
 * NULL. */
struct x509_st;
struct evp_pkey_st;
struct stack_st_X509;
void hf_certificates_take(struct hf_certificates *c, bool own, struct x509_st **ret_cert,
                          struct evp_pkey_st **ret_key, struct stack_st_X509 **ret_chain);
