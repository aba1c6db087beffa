// SPDX-License-Identifier: Apache-2.0
#include "identity/x509.h"

#include "base/file.h"
#include "base/text.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

static const int64_t RENEW_BEFORE_S = INT64_C(60) * 24 * 3600;

/* ---- making ---- */

static int
write_copy(const char *dir, const X509 *cert, struct hf_error *err)
{
    AUTO_BIO text = BIO_new(BIO_s_mem());
    char path[PATH_MAX];
    char *data = NULL;
    long len;

    if (!text || !PEM_write_bio_X509(text, (X509 *)(uintptr_t)cert))
        return hf_error_set(err, HF_ERROR_INTERNAL, "OpenSSL cannot write the certificate");
    if (!hf_text_put(path, sizeof path, "%s/cert.pem", dir))
        return hf_error_set(err, HF_ERROR_INVALID, "path too long: '%s'", dir);
    len = BIO_get_mem_data(text, &data);
    return hf_file_replace(path, data, (size_t)len, 0644, (uid_t)-1, (gid_t)-1, err);
}

int
hf_x509_make_own(const char *dir, const char *name, const struct hf_pem_pair *ca,
                 const struct hf_pem_pair *old, struct hf_pem_pair *ret_own, struct hf_error *err)
{
    struct hf_pem_pair own = {0};
    char path[PATH_MAX];

    if (!hf_text_put(path, sizeof path, "%s/server.pem", dir))
        return hf_error_set(err, HF_ERROR_INVALID, "path too long: '%s'", dir);
    if (hf_issue_server(ca, old ? old->key : NULL, name, old ? old->cert : NULL, &own, err) < 0)
        return -1;
    if (hf_x509_write(path, &own, err) < 0 || write_copy(dir, own.cert, err) < 0) {
        hf_pem_pair_done(&own);
        return -1;
    }
    *ret_own = own;
    return 0;
}

bool
hf_x509_ends_soon(const X509 *own)
{
    time_t soon = (time_t)(hf_x509_now_s() + RENEW_BEFORE_S);

    return X509_cmp_time(X509_get0_notAfter(own), &soon) <= 0;
}

bool
hf_x509_is_self_signed(const X509 *cert)
{
    return (X509_get_extension_flags((X509 *)(uintptr_t)cert) & EXFLAG_SS) != 0;
}

/* ---- loading ---- */

int
hf_x509_fingerprint(const X509 *cert, char out[HF_FINGERPRINT_SIZE])
{
    unsigned char hash[EVP_MAX_MD_SIZE];
    unsigned len = 0;
    int at;

    if (!X509_digest(cert, EVP_sha256(), hash, &len))
        return -1;
    at = snprintf(out, HF_FINGERPRINT_SIZE, "SHA256");
    for (unsigned i = 0; i < len; i++)
        at += snprintf(out + at, (size_t)(HF_FINGERPRINT_SIZE - at), ":%02X", hash[i]);
    return 0;
}

int
hf_x509_no_passphrase(char *buffer, int size, int writing, void *context)
{
    (void)buffer;
    (void)size;
    (void)writing;
    (void)context;
    return -1;
}

bool
hf_x509_is_unusable(const struct hf_error *why)
{
    return why->class == HF_ERROR_NOT_FOUND || why->class == HF_ERROR_INVALID ||
           why->class == HF_ERROR_TOO_LARGE;
}

static int
make_first(const char *dir, const char *name, const struct hf_pem_pair *ca,
           struct hf_certificate *c, struct hf_pem_pair *ret_own, struct hf_error *err)
{
    if (!ca->cert)
        return hf_error_set(err, HF_ERROR_INTERNAL, "the gateway's own authority is missing");
    if (hf_x509_make_own(dir, name, ca, NULL, ret_own, err) < 0)
        return hf_error_wrap(err, "make the TLS certificate");
    c->made = true;
    return 0;
}

int
hf_x509_ensure_own(const char *dir, const char *name, const struct hf_pem_pair *ca,
                   struct hf_certificate *ret_certificate, struct hf_pem_pair *ret_own,
                   struct hf_error *err)
{
    struct hf_certificate c = {.made = false};
    struct hf_pem_pair own = {0};
    struct hf_error why = {0};
    int rc = 0;

    if (!hf_text_put(c.pem_path, sizeof c.pem_path, "%s/server.pem", dir))
        return hf_error_set(err, HF_ERROR_INVALID, "path too long: '%s'", dir);
    if (hf_x509_read(c.pem_path, &own, &why) < 0) {
        if (!hf_x509_is_unusable(&why)) {
            if (err)
                *err = why;
            return -1;
        }
        if (why.class != HF_ERROR_NOT_FOUND)
            rc = hf_x509_set_aside(c.pem_path, c.set_aside, err);
        if (rc < 0 || make_first(dir, name, ca, &c, &own, err) < 0)
            return -1;
    }
    if (chmod(c.pem_path, 0600) < 0)
        rc = hf_error_errno(err, errno, "cannot set the mode of '%s'", c.pem_path);
    else
        rc = hf_x509_fingerprint(own.cert, c.fingerprint);
    if (rc < 0) {
        hf_pem_pair_done(&own);
        return -1;
    }
    *ret_certificate = c;
    *ret_own = own;
    return 0;
}

int
hf_certificate_ensure(const char *dir, const char *name, struct hf_certificate *ret_certificate,
                      struct hf_error *err)
{
    struct hf_pem_pair ca = {0}, own = {0};
    char aside[PATH_MAX];
    int rc;

    if (hf_file_mkdirs(dir, 0700, err) < 0 || hf_authority_ensure(dir, &ca, aside, err) < 0)
        return -1;
    rc = hf_x509_ensure_own(dir, name, &ca, ret_certificate, &own, err);
    hf_pem_pair_done(&ca);
    hf_pem_pair_done(&own);
    return rc;
}
