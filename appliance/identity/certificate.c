// SPDX-License-Identifier: Apache-2.0
#include "identity/certificate.h"

#include "base/buf.h"
#include "base/clock.h"
#include "base/file.h"

#include <arpa/inet.h>
#include <errno.h>
#include <ifaddrs.h>
#include <net/if.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rand.h>
#include <openssl/x509v3.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

enum { PEM_FILE_MAX = 65536, NAMES_MAX = 48, SERIAL_BYTES = 16 };

/* Valid from a day that is past for every browser, whatever this box thinks the date is; and for
 * ten years from now or from when this was written, whichever is later. */
static const int64_t VALID_FROM_S = 1735689600;  /* 2025-01-01 */
static const int64_t CLOCK_FLOOR_S = 1767225600; /* 2026-01-01 */
static const int64_t LIFETIME_S = INT64_C(3652) * 24 * 3600;

static void
key_auto(EVP_PKEY **key)
{
    EVP_PKEY_free(*key);
}

static void
cert_auto(X509 **cert)
{
    X509_free(*cert);
}

static void
bio_auto(BIO **bio)
{
    BIO_free(*bio);
}

static void
names_auto(GENERAL_NAMES **names)
{
    GENERAL_NAMES_free(*names);
}

#define AUTO_KEY __attribute__((cleanup(key_auto))) EVP_PKEY *
#define AUTO_CERT __attribute__((cleanup(cert_auto))) X509 *
#define AUTO_BIO __attribute__((cleanup(bio_auto))) BIO *
#define AUTO_NAMES __attribute__((cleanup(names_auto))) GENERAL_NAMES *

static int
failed(struct hf_error *err)
{
    return hf_error_set(err, HF_ERROR_INTERNAL, "OpenSSL cannot make a certificate");
}

/* ---- subject alternative names ---- */

static bool
add_name(GENERAL_NAMES *names, int type, const void *data, size_t len)
{
    GENERAL_NAME *name;
    ASN1_STRING *value;

    if (sk_GENERAL_NAME_num(names) >= NAMES_MAX)
        return true;
    name = GENERAL_NAME_new();
    value = type == GEN_DNS ? ASN1_IA5STRING_new() : ASN1_OCTET_STRING_new();
    if (!name || !value || !ASN1_STRING_set(value, data, (int)len)) {
        GENERAL_NAME_free(name);
        ASN1_STRING_free(value);
        return false;
    }
    GENERAL_NAME_set0_value(name, type, value);
    if (!sk_GENERAL_NAME_push(names, name)) {
        GENERAL_NAME_free(name);
        return false;
    }
    return true;
}

static bool
add_dns(GENERAL_NAMES *names, const char *dns)
{
    for (int i = 0; i < sk_GENERAL_NAME_num(names); i++) {
        int type;
        const ASN1_STRING *have = GENERAL_NAME_get0_value(sk_GENERAL_NAME_value(names, i), &type);

        if (type == GEN_DNS && (size_t)ASN1_STRING_length(have) == strlen(dns) &&
            memcmp(ASN1_STRING_get0_data(have), dns, strlen(dns)) == 0)
            return true;
    }
    return !*dns || add_name(names, GEN_DNS, dns, strlen(dns));
}

static bool
add_addresses(GENERAL_NAMES *names)
{
    struct ifaddrs *all = NULL;
    bool ok = true;

    if (getifaddrs(&all) < 0)
        return true;
    for (struct ifaddrs *i = all; i && ok; i = i->ifa_next) {
        if (!i->ifa_addr || !(i->ifa_flags & IFF_UP))
            continue;
        if (i->ifa_addr->sa_family == AF_INET) {
            const struct sockaddr_in *in = (const void *)i->ifa_addr;

            ok = add_name(names, GEN_IPADD, &in->sin_addr, sizeof in->sin_addr);
        } else if (i->ifa_addr->sa_family == AF_INET6) {
            const struct sockaddr_in6 *in6 = (const void *)i->ifa_addr;

            ok = add_name(names, GEN_IPADD, &in6->sin6_addr, sizeof in6->sin6_addr);
        }
    }
    freeifaddrs(all);
    return ok;
}

static bool
add_names(GENERAL_NAMES *names, const char *name)
{
    char local[320], host[256] = "";

    snprintf(local, sizeof local, "%s.local", name);
    if (gethostname(host, sizeof host - 1) < 0)
        host[0] = '\0';
    return add_dns(names, name) && add_dns(names, local) && add_dns(names, host) &&
           add_dns(names, "localhost") && add_addresses(names);
}

/* ---- making ---- */

static bool
set_serial(X509 *cert)
{
    unsigned char bytes[SERIAL_BYTES];
    BIGNUM *number;
    bool ok;

    if (RAND_bytes(bytes, sizeof bytes) != 1)
        return false;
    bytes[0] &= 0x7f; /* positive, RFC 5280 §4.1.2.2 */
    bytes[0] |= 0x40;
    number = BN_bin2bn(bytes, sizeof bytes, NULL);
    ok = number && BN_to_ASN1_INTEGER(number, X509_get_serialNumber(cert));
    BN_free(number);
    return ok;
}

static bool
set_dates(X509 *cert)
{
    int64_t now_s = hf_clock_wall_ms() / 1000;
    int64_t until_s = (now_s > CLOCK_FLOOR_S ? now_s : CLOCK_FLOOR_S) + LIFETIME_S;

    return ASN1_TIME_set(X509_getm_notBefore(cert), (time_t)VALID_FROM_S) &&
           ASN1_TIME_set(X509_getm_notAfter(cert), (time_t)until_s);
}

static bool
add_extension(X509 *cert, int nid, const char *value)
{
    X509V3_CTX ctx;
    X509_EXTENSION *extension;
    bool ok;

    X509V3_set_ctx_nodb(&ctx);
    X509V3_set_ctx(&ctx, cert, cert, NULL, NULL, 0);
    extension = X509V3_EXT_conf_nid(NULL, &ctx, nid, value);
    ok = extension && X509_add_ext(cert, extension, -1);
    X509_EXTENSION_free(extension);
    return ok;
}

static bool
fill_certificate(X509 *cert, EVP_PKEY *key, const char *name)
{
    AUTO_NAMES names = GENERAL_NAMES_new();
    X509_NAME *subject = X509_get_subject_name(cert);

    return names && add_names(names, name) && X509_set_version(cert, X509_VERSION_3) &&
           set_serial(cert) && set_dates(cert) &&
           X509_NAME_add_entry_by_txt(subject, "CN", MBSTRING_ASC, (const unsigned char *)name, -1,
                                      -1, 0) &&
           X509_set_issuer_name(cert, subject) && X509_set_pubkey(cert, key) &&
           add_extension(cert, NID_basic_constraints, "critical,CA:FALSE") &&
           add_extension(cert, NID_key_usage, "critical,digitalSignature") &&
           add_extension(cert, NID_ext_key_usage, "serverAuth") &&
           add_extension(cert, NID_subject_key_identifier, "hash") &&
           X509_add1_ext_i2d(cert, NID_subject_alt_name, names, 0, X509V3_ADD_DEFAULT) == 1 &&
           X509_sign(cert, key, EVP_sha256()) > 0;
}

static int
replace_file(const char *path, BIO *content, mode_t mode, struct hf_error *err)
{
    char *data = NULL;
    long len = BIO_get_mem_data(content, &data);

    return hf_file_replace(path, data, (size_t)len, mode, (uid_t)-1, (gid_t)-1, err);
}

static int
make(const char *dir, const char *pem_path, const char *name, struct hf_error *err)
{
    AUTO_KEY key = EVP_EC_gen("P-256");
    AUTO_CERT cert = X509_new();
    AUTO_BIO both = BIO_new(BIO_s_secmem());
    AUTO_BIO alone = BIO_new(BIO_s_mem());
    char path[PATH_MAX];

    if (!key || !cert || !both || !alone || !fill_certificate(cert, key, name) ||
        !PEM_write_bio_PrivateKey(both, key, NULL, NULL, 0, NULL, NULL) ||
        !PEM_write_bio_X509(both, cert) || !PEM_write_bio_X509(alone, cert))
        return failed(err);
    snprintf(path, sizeof path, "%s/cert.pem", dir);
    if (replace_file(pem_path, both, 0600, err) < 0)
        return -1;
    return replace_file(path, alone, 0644, err);
}

/* ---- loading ---- */

static int
fingerprint(const X509 *cert, char out[HF_FINGERPRINT_SIZE])
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

/* No passphrase is ever asked for on a terminal. */
static int
no_passphrase(char *buffer, int size, int writing, void *context)
{
    (void)buffer;
    (void)size;
    (void)writing;
    (void)context;
    return -1;
}

/* INVALID where the content is unusable; another class where it cannot be read. */
static int
load(const char *path, struct hf_certificate *c, struct hf_error *err)
{
    HF_AUTO_BUF struct hf_buf text = HF_BUF_INIT(PEM_FILE_MAX);

    if (hf_file_read(path, &text, err) < 0)
        return -1;

    AUTO_BIO for_key = BIO_new_mem_buf(text.data ? text.data : "", (int)text.len);
    AUTO_BIO for_cert = BIO_new_mem_buf(text.data ? text.data : "", (int)text.len);
    if (!for_key || !for_cert)
        return hf_error_nomem(err);
    AUTO_KEY key = PEM_read_bio_PrivateKey(for_key, NULL, no_passphrase, NULL);
    AUTO_CERT cert = PEM_read_bio_X509(for_cert, NULL, no_passphrase, NULL);
    if (!key || !cert || !X509_check_private_key(cert, key) ||
        fingerprint(cert, c->fingerprint) < 0)
        return hf_error_set(err, HF_ERROR_INVALID, "'%s' has no key with its certificate", path);
    return 0;
}

static int
set_aside(struct hf_certificate *c, struct hf_error *err)
{
    char aside[PATH_MAX];

    if (snprintf(aside, sizeof aside, "%s.unusable", c->pem_path) >= (int)sizeof aside)
        return hf_error_set(err, HF_ERROR_INVALID, "path too long: '%s'", c->pem_path);
    if (rename(c->pem_path, aside) < 0)
        return hf_error_errno(err, errno, "cannot move '%s' aside", c->pem_path);
    memcpy(c->set_aside, aside, sizeof aside);
    return 0;
}

int
hf_certificate_ensure(const char *dir, const char *name, struct hf_certificate *ret_certificate,
                      struct hf_error *err)
{
    struct hf_certificate c = {.made = false};
    struct hf_error why = {0};

    if (hf_file_mkdirs(dir, 0700, err) < 0)
        return -1;
    if (snprintf(c.pem_path, sizeof c.pem_path, "%s/server.pem", dir) >= (int)sizeof c.pem_path)
        return hf_error_set(err, HF_ERROR_INVALID, "path too long: '%s'", dir);
    if (load(c.pem_path, &c, &why) < 0) {
        if (why.class != HF_ERROR_NOT_FOUND && why.class != HF_ERROR_INVALID &&
            why.class != HF_ERROR_TOO_LARGE) {
            if (err)
                *err = why;
            return -1;
        }
        if (why.class != HF_ERROR_NOT_FOUND && set_aside(&c, err) < 0)
            return -1;
        if (make(dir, c.pem_path, name, err) < 0 || load(c.pem_path, &c, err) < 0)
            return hf_error_wrap(err, "make the TLS certificate");
        c.made = true;
    }
    if (chmod(c.pem_path, 0600) < 0)
        return hf_error_errno(err, errno, "cannot set the mode of '%s'", c.pem_path);
    *ret_certificate = c;
    return 0;
}
