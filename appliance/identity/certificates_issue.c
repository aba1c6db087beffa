// SPDX-License-Identifier: Apache-2.0
/* What the gateway's own authority issues: the broker's certificate, and those of devices. */
#include "base/buf.h"
#include "base/text.h"
#include "identity/certificates_parts.h"

#include <openssl/err.h>
#include <openssl/rsa.h>
#include <stdio.h>
#include <string.h>

enum { RSA_BITS_MIN = 2048, RSA_BITS_MOST = 8192, EC_BITS_MIN = 224 };

int
hf_certificates_have_ca(struct hf_certificates *c, struct hf_error *err)
{
    char aside[PATH_MAX];

    return c->ca.cert ? 0 : hf_authority_ensure(c->dir, &c->ca, aside, err);
}

static int
add_certificate(const X509 *cert, struct hf_buf *out, struct hf_error *err)
{
    AUTO_BIO bio = BIO_new(BIO_s_mem());
    char *text = NULL;
    long len;

    if (!bio || !PEM_write_bio_X509(bio, (X509 *)(uintptr_t)cert))
        return hf_error_set(err, HF_ERROR_INTERNAL, "OpenSSL cannot write the certificate");
    len = BIO_get_mem_data(bio, &text);
    return hf_buf_add(out, text, (size_t)len, err);
}

/* ---- the authority itself ---- */

int
hf_certificates_authority(struct hf_certificates *c, struct hf_authority_info *ret_info,
                          struct hf_buf *ret_pem_or_null, struct hf_error *err)
{
    int rc;

    pthread_mutex_lock(&c->changing);
    rc = hf_certificates_have_ca(c, err);
    if (rc == 0) {
        *ret_info = (struct hf_authority_info){.not_after_ms =
                                                   hf_pem_time_ms(X509_get0_notAfter(c->ca.cert))};
        hf_x509_put_dn(X509_get_subject_name(c->ca.cert), ret_info->subject,
                       sizeof ret_info->subject);
        rc = hf_x509_fingerprint(c->ca.cert, ret_info->fingerprint);
    }
    if (rc == 0 && ret_pem_or_null)
        rc = add_certificate(c->ca.cert, ret_pem_or_null, err);
    pthread_mutex_unlock(&c->changing);
    return rc;
}

/* ---- the broker ---- */

/* What cannot be written is in force all the same: after the next start it is another one. */
int
hf_certificates_renew_broker(struct hf_certificates *c, const char *name, struct hf_error *err)
{
    struct hf_pem_pair fresh = {0};
    char path[PATH_MAX];

    if (hf_certificates_have_ca(c, err) < 0 ||
        hf_issue_server(&c->ca, c->broker.key, name, c->broker.cert, &fresh, err) < 0)
        return hf_error_wrap(err, "make the broker's certificate");
    if (hf_text_put(path, sizeof path, "%s/broker.pem", c->dir))
        (void)!hf_x509_write(path, &fresh, NULL);
    hf_pem_pair_done(&c->broker);
    c->broker = fresh;
    return 0;
}

static int
have_broker(struct hf_certificates *c, const char *name, struct hf_error *err)
{
    struct hf_x509_due due;
    char path[PATH_MAX];

    if (hf_certificates_have_ca(c, err) < 0)
        return -1;
    hf_x509_due(name, &due);
    c->suited_until_ms = 0; /* this one has not been looked at */
    if (!c->broker.cert && hf_text_put(path, sizeof path, "%s/broker.pem", c->dir))
        (void)!hf_x509_read(path, &c->broker, NULL);
    if (c->broker.cert && !hf_x509_ends_soon(c->broker.cert) &&
        X509_verify(c->broker.cert, c->ca.key) == 1 &&
        (hf_x509_has_names(c->broker.cert, &due) || strcmp(c->in_vain, name) == 0))
        return 0;
    return hf_certificates_renew_broker(c, name, err);
}

int
hf_certificates_for_broker(struct hf_certificates *c, const char *name, struct hf_buf *ret_pem,
                           struct hf_buf *ret_ca, struct hf_error *err)
{
    int rc;

    pthread_mutex_lock(&c->changing);
    rc = have_broker(c, name, err);
    if (rc == 0)
        rc = hf_pem_print_pair(&c->broker, ret_pem, err);
    if (rc == 0)
        rc = add_certificate(c->ca.cert, ret_ca, err);
    pthread_mutex_unlock(&c->changing);
    return rc;
}

/* ---- devices ---- */

static int
bad_request(struct hf_error *err, const char *why)
{
    ERR_clear_error();
    return hf_error_set_at(err, HF_ERROR_INVALID, "/csr", "/csr: %s", why);
}

/* Who asks has the key: it has signed the request. What else the request wishes for counts for
 * nothing. */
static int
read_request(const char *csr, EVP_PKEY **ret_key, struct hf_error *err)
{
    AUTO_BIO bio = BIO_new_mem_buf(csr, -1);
    AUTO_KEY key = NULL;
    X509_REQ *request;
    int kind, bits;
    bool is_signed;

    if (!bio)
        return hf_error_nomem(err);
    request = PEM_read_bio_X509_REQ(bio, NULL, hf_x509_no_passphrase, NULL);
    if (!request)
        return bad_request(err, "it cannot be read: give a certificate signing request as PEM, "
                                "'-----BEGIN CERTIFICATE REQUEST-----' …");
    key = X509_REQ_get_pubkey(request);
    is_signed = key && X509_REQ_verify(request, key) == 1;
    X509_REQ_free(request);
    if (!is_signed)
        return bad_request(err, "it is not signed by the key in it");
    kind = EVP_PKEY_get_base_id(key);
    bits = EVP_PKEY_get_bits(key);
    if (kind != EVP_PKEY_ED25519 && (kind != EVP_PKEY_EC || bits < EC_BITS_MIN) &&
        (kind != EVP_PKEY_RSA || bits < RSA_BITS_MIN || bits > RSA_BITS_MOST))
        return bad_request(err, "its key must be EC, Ed25519 or RSA of 2048 to 8192 bits");
    ERR_clear_error();
    *ret_key = hf_steal(&key);
    return 0;
}

static int
add_key(EVP_PKEY *key, struct hf_buf *out, struct hf_error *err)
{
    AUTO_BIO bio = BIO_new(BIO_s_secmem());
    char *text = NULL;
    long len;

    if (!bio || !PEM_write_bio_PrivateKey(bio, key, NULL, NULL, 0, NULL, NULL))
        return hf_error_set(err, HF_ERROR_INTERNAL, "OpenSSL cannot write the key");
    len = BIO_get_mem_data(bio, &text);
    return hf_buf_add(out, text, (size_t)len, err);
}

static int
put_digest(const X509 *cert, char out[HF_DEVICE_FINGERPRINT_SIZE], struct hf_error *err)
{
    unsigned char hash[EVP_MAX_MD_SIZE];
    unsigned len = 0;

    if (!X509_digest(cert, EVP_sha256(), hash, &len) || len * 2 >= HF_DEVICE_FINGERPRINT_SIZE)
        return hf_error_set(err, HF_ERROR_INTERNAL, "OpenSSL cannot hash the certificate");
    hf_text_hex(hash, len, out);
    return 0;
}

int
hf_certificates_issue_device(struct hf_certificates *c, const char *name, const char *csr_or_null,
                             int64_t days, struct hf_issued *ret_issued, struct hf_error *err)
{
    AUTO_KEY key = csr_or_null ? NULL : EVP_EC_gen("P-256");
    AUTO_CERT cert = NULL;
    int rc;

    if (csr_or_null ? read_request(csr_or_null, &key, err) < 0 : !key)
        return csr_or_null ? -1 : hf_error_set(err, HF_ERROR_INTERNAL, "OpenSSL makes no key");
    pthread_mutex_lock(&c->changing);
    rc = hf_certificates_have_ca(c, err);
    if (rc == 0)
        rc = hf_issue_client(&c->ca, key, name, days, &cert, err);
    if (rc == 0)
        rc = add_certificate(c->ca.cert, &ret_issued->ca, err);
    pthread_mutex_unlock(&c->changing);
    if (rc < 0 || add_certificate(cert, &ret_issued->certificate, err) < 0 ||
        put_digest(cert, ret_issued->fingerprint, err) < 0)
        return -1;
    ret_issued->not_after_ms = hf_pem_time_ms(X509_get0_notAfter(cert));
    return csr_or_null ? 0 : add_key(key, &ret_issued->key, err);
}

void
hf_issued_done(struct hf_issued *issued)
{
    if (issued->key.data)
        OPENSSL_cleanse(issued->key.data, issued->key.len);
    hf_buf_done(&issued->certificate);
    hf_buf_done(&issued->key);
    hf_buf_done(&issued->ca);
}
