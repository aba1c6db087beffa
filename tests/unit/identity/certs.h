// SPDX-License-Identifier: Apache-2.0
/* Certificates of somebody else's, and what is looked at in those of a gateway. */
#pragma once

#include "identity/certificates.h"

#include "base/buf.h"
#include "tempdir.h"

#include <openssl/pem.h>
#include <openssl/x509v3.h>

enum { PEM_SIZE = 16384, DAY_S = 86400 };

/* ---- somebody else's ---- */

struct made {
    EVP_PKEY *key;
    X509 *cert;
    char key_pem[PEM_SIZE], cert_pem[PEM_SIZE];
};

struct wish {
    const char *name, *san, *usage;
    const EVP_MD *digest;
    long from_s, until_s; /* from now */
    int rsa_bits;         /* 0: EC */
    bool is_ca;
};

static inline void
add_extension(X509 *cert, int nid, const char *value)
{
    X509_EXTENSION *e = value ? X509V3_EXT_conf_nid(NULL, NULL, nid, value) : NULL;

    if (e)
        assert_int_equal(X509_add_ext(cert, e, -1), 1);
    X509_EXTENSION_free(e);
}

static inline void
to_text(BIO *bio, char out[PEM_SIZE])
{
    int len = BIO_read(bio, out, PEM_SIZE - 1);

    assert_true(len > 0);
    out[len] = '\0';
    BIO_free(bio);
}

/* Issued by issuer, NULL for itself. */
static inline struct made
make(const struct wish *w, const struct made *issuer)
{
    struct made m = {.key = w->rsa_bits ? EVP_RSA_gen((unsigned)w->rsa_bits) : EVP_EC_gen("P-256"),
                     .cert = X509_new()};
    X509_NAME *name = X509_get_subject_name(m.cert);
    BIO *key = BIO_new(BIO_s_mem()), *cert = BIO_new(BIO_s_mem());

    X509_set_version(m.cert, X509_VERSION_3);
    X509_gmtime_adj(X509_getm_notBefore(m.cert), w->from_s);
    X509_gmtime_adj(X509_getm_notAfter(m.cert), w->until_s ? w->until_s : 100L * DAY_S);
    X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC, (const unsigned char *)w->name, -1, -1, 0);
    X509_set_issuer_name(m.cert, issuer ? X509_get_subject_name(issuer->cert) : name);
    X509_set_pubkey(m.cert, m.key);
    add_extension(m.cert, NID_basic_constraints, w->is_ca ? "critical,CA:TRUE" : NULL);
    add_extension(m.cert, NID_subject_alt_name, w->san);
    add_extension(m.cert, NID_ext_key_usage, w->usage);
    assert_true(
        X509_sign(m.cert, issuer ? issuer->key : m.key, w->digest ? w->digest : EVP_sha256()) > 0);
    assert_int_equal(PEM_write_bio_PrivateKey(key, m.key, NULL, NULL, 0, NULL, NULL), 1);
    assert_int_equal(PEM_write_bio_X509(cert, m.cert), 1);
    to_text(key, m.key_pem);
    to_text(cert, m.cert_pem);
    return m;
}

static inline void
drop(struct made *m)
{
    EVP_PKEY_free(m->key);
    X509_free(m->cert);
}

static const struct wish of_ca = {.name = "Plant CA", .is_ca = true};
static const struct wish of_site = {.name = "gw7", .san = "DNS:gw7.plant.example,IP:10.1.2.3"};

static inline const char *
joined(const char *a, const char *b)
{
    static char text[2 * PEM_SIZE];

    snprintf(text, sizeof text, "%s%s", a, b);
    return text;
}

/* ---- the gateway's ---- */

static inline struct hf_certificates *
opened(const char *dir)
{
    struct hf_certificates *c = NULL;
    struct hf_error err = {0};
    char aside[PATH_MAX];

    if (hf_certificates_open(dir, "pump-house-3", &c, aside, &err) < 0)
        fail_msg("%s", err.message);
    return c;
}

static inline void
key_of(struct hf_certificates *c, EVP_PKEY **ret_key)
{
    STACK_OF(X509) *chain = NULL;
    X509 *cert = NULL;

    hf_certificates_take(c, true, &cert, ret_key, &chain);
    X509_free(cert);
    sk_X509_pop_free(chain, X509_free);
}

static inline const char *
all_names(void)
{
    static char san[512];
    char host[256] = "";

    gethostname(host, sizeof host - 1);
    snprintf(san, sizeof san,
             "DNS:pump-house-3,DNS:pump-house-3.local,DNS:%s,DNS:old-name,IP:10.9.8.7",
             host[0] ? host : "localhost");
    return san;
}

static inline X509 *
parse(const struct hf_buf *pem)
{
    BIO *bio = BIO_new_mem_buf(pem->data, (int)pem->len);
    X509 *cert = PEM_read_bio_X509(bio, NULL, NULL, NULL);

    BIO_free(bio);
    return cert;
}

static inline int
verify(X509 *ca, X509 *cert, int purpose)
{
    X509_STORE *store = X509_STORE_new();
    X509_STORE_CTX *ctx = X509_STORE_CTX_new();
    int good;

    X509_STORE_add_cert(store, ca);
    X509_STORE_CTX_init(ctx, store, cert, NULL);
    X509_STORE_CTX_set_purpose(ctx, purpose);
    good = X509_verify_cert(ctx);
    X509_STORE_CTX_free(ctx);
    X509_STORE_free(store);
    return good;
}
