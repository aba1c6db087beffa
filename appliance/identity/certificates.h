// SPDX-License-Identifier: Apache-2.0
/*
 * The certificates that HTTPS is served with: the gateway's own, which is always there, and before
 * it one of the site, where somebody has given one. Thread-safe; what is in force changes between
 * two handshakes. They lie in a folder: server.pem and site.pem, key and certificates in one file.
 *
 * The own one is issued by the gateway's own authority, ca.pem: who trusts that needs to know no
 * other one. It is made anew, with the same key: where it lacks a name of the gateway or the host's
 * or an IPv4 address, and two months before its end. Each time its fingerprint is another one, and
 * a browser that does not trust the authority asks again; so the names and addresses that it had
 * stay in it. One from before there was an authority signed itself, and people and programs know it
 * by its fingerprint alone: it stays until a name or its end makes another one, an address is no
 * reason. One of the site is never taken away because of a date: the clock may be what is wrong.
 *
 * The authority also issues what the broker shows to devices (broker.pem), and certificates of
 * devices, which are not kept.
 */
#pragma once

#include "base/buf.h"
#include "identity/certificate.h"
#include "model/device.h"

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
/* The same before hf_certificates_open(): puts it into the folder. */
HF_MUST int hf_certificates_put_site(const char *dir, const char *certificates, const char *key,
                                     struct hf_error *err);
/* Back to the own one; NOT_FOUND where that is in force. */
HF_MUST int hf_certificates_remove(struct hf_certificates *c, struct hf_error *err);

/* ---- for a backup ---- */

/* The own one, the site's and the authority's with their keys, PEM; ret_site stays empty where
 * there is none. */
HF_MUST int hf_certificates_files(struct hf_certificates *c, struct hf_buf *ret_own,
                                  struct hf_buf *ret_site, struct hf_buf *ret_ca,
                                  struct hf_error *err);
/* Whether text could be one of them: a key and its certificates. INVALID. */
HF_MUST int hf_certificates_check(const char *text, struct hf_error *err);
/* Puts them in place of what is there, before hf_certificates_open(); site or ca NULL: there is
 * none any more. Done again it changes nothing. */
HF_MUST int hf_certificates_put_back(const char *dir, const char *own, const char *site,
                                     const char *ca, struct hf_error *err);

/* When the site's ends, by the wall clock; 0: there is none. */
int64_t hf_certificates_site_ends_ms(struct hf_certificates *c);

/* What hf_certificates_tend() has made anew. */
enum { HF_CERTIFICATE_OWN = 1, HF_CERTIFICATE_BROKER = 2 };

/* To be called every few seconds: makes anew what ends soon or lacks a name or address, and says
 * what. Where it cannot be, the one that is there stays, and it is tried again after an hour. While
 * somebody watches in a browser, which may have been told to believe the own one as it is, that one
 * gets no other names. */
HF_MUST int hf_certificates_tend(struct hf_certificates *c, const char *name, bool watched,
                                 struct hf_error *err);

/* ---- the authority: certificates_issue.c ---- */

struct hf_authority_info {
    char subject[256];
    char fingerprint[HF_FINGERPRINT_SIZE];
    int64_t not_after_ms;
};

/* Also appends its certificate as PEM. */
HF_MUST int hf_certificates_authority(struct hf_certificates *c, struct hf_authority_info *ret_info,
                                      struct hf_buf *ret_pem_or_null, struct hf_error *err);

/* Appends what the broker needs: its key, its certificate and the authority's; and the authority's
 * alone. Made at the first call. */
HF_MUST int hf_certificates_for_broker(struct hf_certificates *c, const char *name,
                                       struct hf_buf *ret_pem, struct hf_buf *ret_ca,
                                       struct hf_error *err);

enum { HF_ISSUED_PEM_MAX = 16 * 1024 };

struct hf_issued {
    struct hf_buf certificate, key, ca;           /* PEM; key empty where it was not made here */
    char fingerprint[HF_DEVICE_FINGERPRINT_SIZE]; /* of the certificate */
    int64_t not_after_ms;
};

#define HF_ISSUED_INIT                                                                             \
    {.certificate = HF_BUF_INIT(HF_ISSUED_PEM_MAX),                                                \
     .key = HF_BUF_INIT(HF_ISSUED_PEM_MAX),                                                        \
     .ca = HF_BUF_INIT(HF_ISSUED_PEM_MAX)}

/* A certificate by which the device of that name may come, for so many days: for the key of a
 * signing request (PEM), or for a new one. INVALID with pointer /csr. The caller calls
 * hf_issued_done(), on failure too. */
HF_MUST int hf_certificates_issue_device(struct hf_certificates *c, const char *name,
                                         const char *csr_or_null, int64_t days,
                                         struct hf_issued *ret_issued, struct hf_error *err);
void hf_issued_done(struct hf_issued *issued);

/* For OpenSSL: the one in force, or the own one. The caller frees all three; *ret_chain may be
 * NULL. */
struct x509_st;
struct evp_pkey_st;
struct stack_st_X509;
void hf_certificates_take(struct hf_certificates *c, bool own, struct x509_st **ret_cert,
                          struct evp_pkey_st **ret_key, struct stack_st_X509 **ret_chain);
