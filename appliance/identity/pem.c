// SPDX-License-Identifier: Apache-2.0
#include "identity/pem.h"

#include "base/clock.h"
#include "identity/x509.h"

#include <openssl/err.h>
#include <openssl/rsa.h>
#include <string.h>
#include <time.h>

enum { RSA_BITS_MIN = 2048, EC_BITS_MIN = 224 };

static const char CERTIFICATE[] = "/certificate";
static const char KEY[] = "/key";

void
hf_pem_pair_done(struct hf_pem_pair *p)
{
    EVP_PKEY_free(p->key);
    X509_free(p->cert);
    sk_X509_pop_free(p->chain, X509_free);
    *p = (struct hf_pem_pair){0};
}

static int
bad(struct hf_error *err, const char *pointer, const char *why)
{
    ERR_clear_error();
    return hf_error_set_at(err, HF_ERROR_INVALID, pointer, "%s: %s", pointer, why);
}

/* ---- reading ---- */

/* The next block, DER in *ret_data, which the caller frees with OPENSSL_free(). 0: there is none;
 * -1: one that is broken. */
static int
next_block(BIO *bio, char **ret_name, unsigned char **ret_data, long *ret_len)
{
    char *header = NULL;

    ERR_clear_error();
    if (PEM_read_bio(bio, ret_name, &header, ret_data, ret_len) == 1) {
        OPENSSL_free(header);
        return 1;
    }
    return ERR_GET_REASON(ERR_peek_last_error()) == PEM_R_NO_START_LINE ? 0 : -1;
}

/* Calls take with the DER of each certificate in text, of which there must be one. with_keys: keys
 * between them are passed over, as in a file of both. */
static int
each_certificate(const char *text, bool with_keys,
                 int (*take)(void *context, const unsigned char *der, long len,
                             struct hf_error *err),
                 void *context, struct hf_error *err)
{
    AUTO_BIO bio = BIO_new_mem_buf(text, -1);
    size_t count = 0;
    int got = 0, rc = 0;

    if (!bio)
        return hf_error_nomem(err);
    while (rc == 0) {
        char *name = NULL;
        unsigned char *der = NULL;
        long len = 0;
        bool is_certificate;

        got = next_block(bio, &name, &der, &len);
        if (got <= 0)
            break;
        is_certificate = strcmp(name, PEM_STRING_X509) == 0;
        count += is_certificate;
        if (is_certificate)
            rc = take(context, der, len, err);
        else if (!with_keys)
            rc = bad(err, CERTIFICATE, "there is something else in it than certificates");
        OPENSSL_clear_free(der, (size_t)len);
        OPENSSL_free(name);
    }
    ERR_clear_error();
    if (rc < 0)
        return -1;
    if (got < 0)
        return bad(err, CERTIFICATE, "it is broken: not PEM from its beginning to its end");
    if (count == 0)
        return bad(err, CERTIFICATE,
                   "there is no certificate in it: '-----BEGIN CERTIFICATE-----' …");
    return 0;
}

static int
take_certificate(void *context, const unsigned char *der, long len, struct hf_error *err)
{
    struct hf_pem_pair *p = context;
    const unsigned char *at = der;
    AUTO_CERT cert = d2i_X509(NULL, &at, len);

    if (!cert || at != der + len)
        return bad(err, CERTIFICATE, "a certificate in it cannot be read");
    if (!p->cert) {
        p->cert = hf_steal(&cert);
        return 0;
    }
    if (!p->chain)
        p->chain = sk_X509_new_null();
    if (!p->chain || sk_X509_num(p->chain) >= HF_PEM_CHAIN_MAX)
        return bad(err, CERTIFICATE, "there are too many certificates in it");
    if (sk_X509_push(p->chain, cert) <= 0)
        return hf_error_nomem(err);
    cert = NULL;
    return 0;
}

static int
read_key(struct hf_pem_pair *p, const char *text, struct hf_error *err)
{
    AUTO_BIO bio = BIO_new_mem_buf(text, -1);

    if (!bio)
        return hf_error_nomem(err);
    p->key = PEM_read_bio_PrivateKey(bio, NULL, hf_x509_no_passphrase, NULL);
    ERR_clear_error();
    return p->key ? 0
                  : bad(err, KEY,
                        "there is no private key in it, or it has a passphrase: give it "
                        "as PEM without one");
}

static int
check_chain(const struct hf_pem_pair *p, struct hf_error *err)
{
    X509 *one = p->cert;

    for (int i = 0; i < sk_X509_num(p->chain); i++) {
        X509 *issuer = sk_X509_value(p->chain, i);

        if (X509_check_issued(issuer, one) != X509_V_OK ||
            X509_verify(one, X509_get0_pubkey(issuer)) != 1)
            return bad(err, CERTIFICATE,
                       "each certificate must have been issued by the next one: put the "
                       "gateway's first, then its issuer");
        one = issuer;
    }
    return 0;
}

int
hf_pem_read_pair(const char *certificates, const char *key, struct hf_pem_pair *ret_pair,
                 struct hf_error *err)
{
    struct hf_pem_pair p = {0};

    if (each_certificate(certificates, certificates == key, take_certificate, &p, err) < 0 ||
        read_key(&p, key, err) < 0 || check_chain(&p, err) < 0) {
        hf_pem_pair_done(&p);
        return -1;
    }
    if (X509_check_private_key(p.cert, p.key) != 1) {
        hf_pem_pair_done(&p);
        return bad(err, KEY, "it is not the key of the first certificate");
    }
    *ret_pair = p;
    return 0;
}

/* ---- checking ---- */

int64_t
hf_pem_time_ms(const ASN1_TIME *time)
{
    struct tm tm = {0};
    time_t seconds;

    if (ASN1_TIME_to_tm(time, &tm) != 1)
        return 0;
    seconds = timegm(&tm);
    return (int64_t)seconds * 1000;
}

/* What browsers and OpenSSL's level 2 take. */
static int
check_key(const struct hf_pem_pair *p, struct hf_error *err)
{
    int kind = EVP_PKEY_get_base_id(p->key), bits = EVP_PKEY_get_bits(p->key);

    if (kind == EVP_PKEY_RSA ? bits < RSA_BITS_MIN : kind != EVP_PKEY_EC || bits < EC_BITS_MIN)
        return bad(err, KEY, "it must be RSA of at least 2048 bits, or EC");
    return 0;
}

static int
check_signature(const X509 *cert, struct hf_error *err)
{
    int digest = NID_undef;

    if (X509_get_signature_info((X509 *)(uintptr_t)cert, &digest, NULL, NULL, NULL) == 1 &&
        (digest == NID_sha1 || digest == NID_md5 || digest == NID_md5_sha1))
        return bad(err, CERTIFICATE, "one in it is signed with SHA-1 or MD5, which nobody trusts");
    return 0;
}

/* Whoever is trusted by itself may be signed in any way. */
static int
check_signatures(const struct hf_pem_pair *p, struct hf_error *err)
{
    if (check_signature(p->cert, err) < 0)
        return -1;
    for (int i = 0; i < sk_X509_num(p->chain); i++) {
        X509 *cert = sk_X509_value(p->chain, i);

        if (!(X509_get_extension_flags(cert) & EXFLAG_SS) && check_signature(cert, err) < 0)
            return -1;
    }
    return 0;
}

/* A clock that is not synchronised may be late, but is not early: no "not yet" is believed then. */
static int
check_dates(const X509 *cert, struct hf_error *err)
{
    time_t now = (time_t)hf_x509_now_s();
    char time[HF_RFC3339_SIZE];

    if (X509_cmp_time(X509_get0_notAfter(cert), &now) <= 0) {
        hf_clock_rfc3339(hf_pem_time_ms(X509_get0_notAfter(cert)), time);
        ERR_clear_error();
        return hf_error_set_at(err, HF_ERROR_INVALID, CERTIFICATE, "%s: one in it ended at %s",
                               CERTIFICATE, time);
    }
    if (X509_cmp_time(X509_get0_notBefore(cert), &now) > 0 && hf_clock_synced()) {
        hf_clock_rfc3339(hf_pem_time_ms(X509_get0_notBefore(cert)), time);
        ERR_clear_error();
        return hf_error_set_at(err, HF_ERROR_INVALID, CERTIFICATE,
                               "%s: one in it does not begin before %s", CERTIFICATE, time);
    }
    return 0;
}

static int
check_names(const X509 *cert, struct hf_error *err)
{
    AUTO_NAMES names = X509_get_ext_d2i(cert, NID_subject_alt_name, NULL, NULL);

    for (int i = 0; i < sk_GENERAL_NAME_num(names); i++) {
        int type;

        (void)GENERAL_NAME_get0_value(sk_GENERAL_NAME_value(names, i), &type);
        if (type == GEN_DNS || type == GEN_IPADD)
            return 0;
    }
    return bad(err, CERTIFICATE, "it has no subject alternative name: no browser takes it");
}

int
hf_pem_check_dates(const struct hf_pem_pair *p, struct hf_error *err)
{
    if (check_dates(p->cert, err) < 0)
        return -1;
    for (int i = 0; i < sk_X509_num(p->chain); i++)
        if (check_dates(sk_X509_value(p->chain, i), err) < 0)
            return -1;
    return 0;
}

int
hf_pem_check(const struct hf_pem_pair *p, struct hf_error *err)
{
    if (check_key(p, err) < 0 || check_signatures(p, err) < 0 || check_names(p->cert, err) < 0 ||
        hf_pem_check_dates(p, err) < 0)
        return -1;
    if (X509_check_purpose(p->cert, X509_PURPOSE_SSL_SERVER, 0) != 1)
        return bad(err, CERTIFICATE, "it is not meant for a server");
    return 0;
}

struct authorities {
    bool some_good;
    struct hf_error ended; /* of the last one that is over, or not yet good */
};

static int
check_authority(void *context, const unsigned char *der, long len, struct hf_error *err)
{
    struct authorities *a = context;
    const unsigned char *at = der;
    AUTO_CERT cert = d2i_X509(NULL, &at, len);

    if (!cert || at != der + len)
        return bad(err, CERTIFICATE, "a certificate in it cannot be read");
    if (check_dates(cert, &a->ended) == 0)
        a->some_good = true;
    return 0;
}

int
hf_pem_check_authorities(const char *text, struct hf_error *err)
{
    struct authorities a = {.some_good = false};

    if (each_certificate(text, false, check_authority, &a, err) < 0)
        return -1;
    if (a.some_good)
        return 0;
    if (err)
        *err = a.ended;
    return -1;
}

/* ---- writing ---- */

int
hf_pem_print_pair(const struct hf_pem_pair *p, struct hf_buf *out, struct hf_error *err)
{
    AUTO_BIO bio = BIO_new(BIO_s_secmem());
    bool ok = bio && PEM_write_bio_PrivateKey(bio, p->key, NULL, NULL, 0, NULL, NULL) &&
              PEM_write_bio_X509(bio, p->cert);
    char *text = NULL;
    long len;

    for (int i = 0; ok && i < sk_X509_num(p->chain); i++)
        ok = PEM_write_bio_X509(bio, sk_X509_value(p->chain, i));
    if (!ok)
        return hf_error_set(err, HF_ERROR_INTERNAL, "OpenSSL cannot write the certificate");
    len = BIO_get_mem_data(bio, &text);
    return hf_buf_add(out, text, (size_t)len, err);
}
