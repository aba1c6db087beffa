// SPDX-License-Identifier: Apache-2.0
#include "identity/x509.h"

#include "base/buf.h"
#include "base/clock.h"
#include "base/file.h"
#include "base/text.h"

#include <arpa/inet.h>
#include <errno.h>
#include <ifaddrs.h>
#include <net/if.h>
#include <openssl/rand.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

enum { NAMES_MAX = 48, SERIAL_BYTES = 16, HOST_SIZE = 256 };

/* Valid from a day that is past for every browser, whatever this box thinks the date is; and for
 * ten years from now or from when this was written, whichever is later. */
static const int64_t VALID_FROM_S = 1735689600;  /* 2025-01-01 */
static const int64_t CLOCK_FLOOR_S = 1767225600; /* 2026-01-01 */
static const int64_t LIFETIME_S = INT64_C(3652) * 24 * 3600;
static const int64_t RENEW_BEFORE_S = INT64_C(60) * 24 * 3600;

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
add_address(GENERAL_NAMES *names, const struct in6_addr *address)
{
    bool v4 = IN6_IS_ADDR_V4MAPPED(address);
    const unsigned char *bytes = address->s6_addr + (v4 ? 12 : 0);
    size_t len = v4 ? 4 : sizeof *address;

    for (int i = 0; i < sk_GENERAL_NAME_num(names); i++) {
        int type;
        const ASN1_STRING *have = GENERAL_NAME_get0_value(sk_GENERAL_NAME_value(names, i), &type);

        if (type == GEN_IPADD && (size_t)ASN1_STRING_length(have) == len &&
            memcmp(ASN1_STRING_get0_data(have), bytes, len) == 0)
            return true;
    }
    return add_name(names, GEN_IPADD, bytes, len);
}

static void
map_v4(const struct in_addr *v4, struct in6_addr *ret)
{
    *ret = (struct in6_addr){.s6_addr = {[10] = 0xff, [11] = 0xff}};
    memcpy(ret->s6_addr + 12, v4, sizeof *v4);
}

/* Nobody can write a link-local one into a browser. */
static bool
add_interfaces(GENERAL_NAMES *names)
{
    struct ifaddrs *all = NULL;
    bool ok = true;

    if (getifaddrs(&all) < 0)
        return true;
    for (struct ifaddrs *i = all; i && ok; i = i->ifa_next) {
        struct in6_addr address = in6addr_any;

        if (!i->ifa_addr || !(i->ifa_flags & IFF_UP))
            continue;
        if (i->ifa_addr->sa_family == AF_INET)
            map_v4(&((const struct sockaddr_in *)(const void *)i->ifa_addr)->sin_addr, &address);
        else if (i->ifa_addr->sa_family == AF_INET6)
            address = ((const struct sockaddr_in6 *)(const void *)i->ifa_addr)->sin6_addr;
        if (!IN6_IS_ADDR_UNSPECIFIED(&address) && !IN6_IS_ADDR_LINKLOCAL(&address))
            ok = add_address(names, &address);
    }
    freeifaddrs(all);
    return ok;
}

/* What it had stays: names and addresses that come and go by turns make no difference. */
static bool
add_old_names(GENERAL_NAMES *names, const X509 *old)
{
    AUTO_NAMES had = old ? X509_get_ext_d2i(old, NID_subject_alt_name, NULL, NULL) : NULL;
    bool ok = true;

    for (int i = 0; ok && i < sk_GENERAL_NAME_num(had); i++) {
        int type;
        const ASN1_STRING *value = GENERAL_NAME_get0_value(sk_GENERAL_NAME_value(had, i), &type);
        const unsigned char *data = ASN1_STRING_get0_data(value);
        int len = ASN1_STRING_length(value);
        struct in6_addr address;
        char dns[HOST_SIZE];

        if (type == GEN_DNS && hf_text_put(dns, sizeof dns, "%.*s", len, (const char *)data)) {
            ok = add_dns(names, dns);
        } else if (type == GEN_IPADD && (len == 4 || len == sizeof address)) {
            if (len == 4)
                map_v4((const struct in_addr *)(const void *)data, &address);
            else
                memcpy(&address, data, sizeof address);
            ok = add_address(names, &address);
        }
    }
    return ok;
}

static void
host_name(char out[HOST_SIZE])
{
    out[0] = out[HOST_SIZE - 1] = '\0';
    if (gethostname(out, HOST_SIZE - 1) < 0)
        out[0] = '\0';
}

/* What it is due for comes first: there is room for NAMES_MAX. */
static bool
add_names(GENERAL_NAMES *names, const char *name, const X509 *old)
{
    char local[320], host[HOST_SIZE];

    snprintf(local, sizeof local, "%s.local", name);
    host_name(host);
    return add_dns(names, name) && add_dns(names, local) && add_dns(names, host) &&
           add_dns(names, "localhost") && add_interfaces(names) && add_old_names(names, old);
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

int64_t
hf_x509_now_s(void)
{
    int64_t now_s = hf_clock_wall_ms() / 1000;

    return now_s > CLOCK_FLOOR_S ? now_s : CLOCK_FLOOR_S;
}

static bool
set_dates(X509 *cert)
{
    int64_t until_s = hf_x509_now_s() + LIFETIME_S;

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
fill_certificate(X509 *cert, EVP_PKEY *key, const char *name, const X509 *old)
{
    AUTO_NAMES names = GENERAL_NAMES_new();
    X509_NAME *subject = X509_get_subject_name(cert);

    return names && add_names(names, name, old) && X509_set_version(cert, X509_VERSION_3) &&
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

int
hf_x509_make_own(const char *dir, const char *name, EVP_PKEY *key, const X509 *old,
                 struct hf_error *err)
{
    AUTO_KEY made = key ? NULL : EVP_EC_gen("P-256");
    AUTO_CERT cert = X509_new();
    AUTO_BIO both = BIO_new(BIO_s_secmem());
    AUTO_BIO alone = BIO_new(BIO_s_mem());
    char path[PATH_MAX], pem_path[PATH_MAX];

    key = key ? key : made;
    if (!key || !cert || !both || !alone || !fill_certificate(cert, key, name, old) ||
        !PEM_write_bio_PrivateKey(both, key, NULL, NULL, 0, NULL, NULL) ||
        !PEM_write_bio_X509(both, cert) || !PEM_write_bio_X509(alone, cert))
        return failed(err);
    if (!hf_text_put(path, sizeof path, "%s/cert.pem", dir) ||
        !hf_text_put(pem_path, sizeof pem_path, "%s/server.pem", dir))
        return hf_error_set(err, HF_ERROR_INVALID, "path too long: '%s'", dir);
    if (replace_file(pem_path, both, 0600, err) < 0)
        return -1;
    return replace_file(path, alone, 0644, err);
}

/* ---- when a new one is due ---- */

bool
hf_x509_ends_soon(const X509 *own)
{
    time_t soon = (time_t)(hf_x509_now_s() + RENEW_BEFORE_S);

    return X509_cmp_time(X509_get0_notAfter(own), &soon) <= 0;
}

static bool
has_host(const X509 *own, const char *host)
{
    return !*host || X509_check_host((X509 *)(uintptr_t)own, host, 0, 0, NULL) == 1;
}

bool
hf_x509_has_names(const X509 *own, const char *name)
{
    char local[320], host[HOST_SIZE];

    snprintf(local, sizeof local, "%s.local", name);
    host_name(host);
    return has_host(own, name) && has_host(own, local) && has_host(own, host);
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

int
hf_x509_load_own(const char *path, EVP_PKEY **ret_key, X509 **ret_cert, struct hf_error *err)
{
    HF_AUTO_BUF struct hf_buf text = HF_BUF_INIT(HF_PEM_FILE_MAX);

    if (hf_file_read(path, &text, err) < 0)
        return -1;

    AUTO_BIO for_key = BIO_new_mem_buf(text.data ? text.data : "", (int)text.len);
    AUTO_BIO for_cert = BIO_new_mem_buf(text.data ? text.data : "", (int)text.len);
    if (!for_key || !for_cert)
        return hf_error_nomem(err);
    AUTO_KEY key = PEM_read_bio_PrivateKey(for_key, NULL, hf_x509_no_passphrase, NULL);
    AUTO_CERT cert = PEM_read_bio_X509(for_cert, NULL, hf_x509_no_passphrase, NULL);
    if (!key || !cert || !X509_check_private_key(cert, key))
        return hf_error_set(err, HF_ERROR_INVALID, "'%s' has no key with its certificate", path);
    *ret_key = hf_steal(&key);
    *ret_cert = hf_steal(&cert);
    return 0;
}

static int
load(const char *path, struct hf_certificate *c, struct hf_error *err)
{
    AUTO_KEY key = NULL;
    AUTO_CERT cert = NULL;

    if (hf_x509_load_own(path, &key, &cert, err) < 0)
        return -1;
    return hf_x509_fingerprint(cert, c->fingerprint) < 0 ? failed(err) : 0;
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
        if (hf_x509_make_own(dir, name, NULL, NULL, err) < 0 || load(c.pem_path, &c, err) < 0)
            return hf_error_wrap(err, "make the TLS certificate");
        c.made = true;
    }
    if (chmod(c.pem_path, 0600) < 0)
        return hf_error_errno(err, errno, "cannot set the mode of '%s'", c.pem_path);
    *ret_certificate = c;
    return 0;
}
