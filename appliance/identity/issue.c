// SPDX-License-Identifier: Apache-2.0
/* Making certificates: of the gateway's own authority, and those that it issues. */
#include "base/clock.h"
#include "identity/x509.h"

#include <openssl/rand.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

enum { SERIAL_BYTES = 16, AUTHORITY_BYTES = 8, AUTHORITY_NAME_SIZE = 64 };

/* Valid from a day that is past for every browser, whatever this box thinks the date is; and for
 * years from now or from when this was written, whichever is later. */
static const int64_t VALID_FROM_S = 1735689600;  /* 2025-01-01 */
static const int64_t CLOCK_FLOOR_S = 1767225600; /* 2026-01-01 */
static const int64_t DAY_S = INT64_C(24) * 3600;
static const int64_t SERVER_DAYS = 3652;
/* Longer than any gateway lives: who trusts it never has to again. */
static const int64_t AUTHORITY_DAYS = INT64_C(30) * 366;

static int
failed(struct hf_error *err)
{
    return hf_error_set(err, HF_ERROR_INTERNAL, "OpenSSL cannot make a certificate");
}

int64_t
hf_x509_now_s(void)
{
    int64_t now_s = hf_clock_wall_ms() / 1000;

    return now_s > CLOCK_FLOOR_S ? now_s : CLOCK_FLOOR_S;
}

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

/* None outlives who issued it: no client would take it then. */
static bool
set_dates(X509 *cert, int64_t days, const X509 *issuer)
{
    time_t until = (time_t)(hf_x509_now_s() + days * DAY_S);

    if (!ASN1_TIME_set(X509_getm_notBefore(cert), (time_t)VALID_FROM_S))
        return false;
    if (issuer && X509_cmp_time(X509_get0_notAfter(issuer), &until) < 0)
        return X509_set1_notAfter(cert, X509_get0_notAfter(issuer));
    return ASN1_TIME_set(X509_getm_notAfter(cert), until);
}

static bool
add_extension(X509 *cert, const X509 *issuer, int nid, const char *value)
{
    X509V3_CTX ctx;
    X509_EXTENSION *extension;
    bool ok;

    X509V3_set_ctx_nodb(&ctx);
    X509V3_set_ctx(&ctx, (X509 *)(uintptr_t)issuer, cert, NULL, NULL, 0);
    extension = X509V3_EXT_conf_nid(NULL, &ctx, nid, value);
    ok = extension && X509_add_ext(cert, extension, -1);
    X509_EXTENSION_free(extension);
    return ok;
}

/* issuer NULL: itself. */
static bool
begin(X509 *cert, EVP_PKEY *key, const char *name, int64_t days, const X509 *issuer)
{
    X509_NAME *subject = X509_get_subject_name(cert);

    return X509_set_version(cert, X509_VERSION_3) && set_serial(cert) &&
           set_dates(cert, days, issuer) &&
           X509_NAME_add_entry_by_txt(subject, "CN", MBSTRING_ASC, (const unsigned char *)name, -1,
                                      -1, 0) &&
           X509_set_issuer_name(cert, issuer ? X509_get_subject_name(issuer) : subject) &&
           X509_set_pubkey(cert, key) &&
           add_extension(cert, issuer ? issuer : cert, NID_subject_key_identifier, "hash") &&
           add_extension(cert, issuer ? issuer : cert, NID_authority_key_identifier, "keyid");
}

/* Each gateway's has a name of its own, so that a client that trusts several tells them apart. */
int
hf_issue_authority(struct hf_pem_pair *ret_ca, struct hf_error *err)
{
    AUTO_KEY key = EVP_EC_gen("P-256");
    AUTO_CERT cert = X509_new();
    unsigned char random[AUTHORITY_BYTES];
    char name[AUTHORITY_NAME_SIZE] = "Holdfast CA ";
    size_t len = strlen(name);

    if (!key || !cert || RAND_bytes(random, sizeof random) != 1)
        return failed(err);
    for (size_t i = 0; i < sizeof random; i++)
        len += (size_t)snprintf(name + len, sizeof name - len, "%02x", random[i]);
    if (!begin(cert, key, name, AUTHORITY_DAYS, NULL) ||
        !add_extension(cert, cert, NID_basic_constraints, "critical,CA:TRUE,pathlen:0") ||
        !add_extension(cert, cert, NID_key_usage, "critical,keyCertSign,cRLSign") ||
        X509_sign(cert, key, EVP_sha256()) <= 0)
        return failed(err);
    *ret_ca = (struct hf_pem_pair){.key = hf_steal(&key), .cert = hf_steal(&cert)};
    return 0;
}

static bool
end(X509 *cert, const struct hf_pem_pair *ca, const char *usage)
{
    return add_extension(cert, ca->cert, NID_basic_constraints, "critical,CA:FALSE") &&
           add_extension(cert, ca->cert, NID_key_usage, "critical,digitalSignature") &&
           add_extension(cert, ca->cert, NID_ext_key_usage, usage) &&
           X509_sign(cert, ca->key, EVP_sha256()) > 0;
}

int
hf_issue_server(const struct hf_pem_pair *ca, EVP_PKEY *key, const char *name, const X509 *old,
                struct hf_pem_pair *ret_pair, struct hf_error *err)
{
    AUTO_NAMES names = hf_x509_names(name, old);
    AUTO_KEY own_key = key && EVP_PKEY_up_ref(key) ? key : EVP_EC_gen("P-256");
    AUTO_CERT cert = X509_new();
    AUTO_CHAIN chain = sk_X509_new_null();

    if (!names || !own_key || !cert || !chain ||
        !begin(cert, own_key, name, SERVER_DAYS, ca->cert) ||
        X509_add1_ext_i2d(cert, NID_subject_alt_name, names, 0, X509V3_ADD_DEFAULT) != 1 ||
        !end(cert, ca, "serverAuth") || !X509_up_ref(ca->cert))
        return failed(err);
    if (sk_X509_push(chain, ca->cert) <= 0) {
        X509_free(ca->cert);
        return failed(err);
    }
    *ret_pair = (struct hf_pem_pair){
        .key = hf_steal(&own_key), .cert = hf_steal(&cert), .chain = hf_steal(&chain)};
    return 0;
}

int
hf_issue_client(const struct hf_pem_pair *ca, EVP_PKEY *key, const char *name, int64_t days,
                X509 **ret_cert, struct hf_error *err)
{
    AUTO_CERT cert = X509_new();

    if (!cert || !begin(cert, key, name, days, ca->cert) || !end(cert, ca, "clientAuth"))
        return failed(err);
    *ret_cert = hf_steal(&cert);
    return 0;
}
