// SPDX-License-Identifier: Apache-2.0
/* The gateway's own authority, and what it issues: for HTTPS, for the broker and for devices. */
#include "certs.h"

#include <arpa/inet.h>
#include <ifaddrs.h>
#include <net/if.h>

/* Who trusts the authority takes what is served now, and what is made anew. */
static void
the_authority_outlives_what_it_issues(void **state)
{
    HF_AUTO_BUF struct hf_buf pem = HF_BUF_INIT(PEM_SIZE);
    struct hf_certificates *c = opened(*state);
    struct hf_authority_info info, again;
    STACK_OF(X509) *chain = NULL;
    EVP_PKEY *key = NULL;
    X509 *cert = NULL, *ca;

    assert_int_equal(hf_certificates_authority(c, &info, &pem, NULL), 0);
    ca = parse(&pem);
    for (int i = 0; i < 2; i++) {
        hf_certificates_take(c, true, &cert, &key, &chain);
        assert_int_equal(verify(ca, cert, X509_PURPOSE_SSL_SERVER), 1);
        assert_int_equal(verify(ca, cert, X509_PURPOSE_SSL_CLIENT), 0);
        assert_int_equal(sk_X509_num(chain), 1);
        assert_int_equal(X509_cmp(sk_X509_value(chain, 0), ca), 0);
        X509_free(cert);
        EVP_PKEY_free(key);
        sk_X509_pop_free(chain, X509_free);
        assert_int_equal(hf_certificates_tend(c, "yard-2", false, NULL),
                         i ? 0 : HF_CERTIFICATE_OWN);
    }
    hf_certificates_free(c);
    c = opened(*state);
    assert_int_equal(hf_certificates_authority(c, &again, NULL, NULL), 0);
    assert_string_equal(again.fingerprint, info.fingerprint);
    hf_certificates_free(c);
    X509_free(ca);
}

static void
a_damaged_authority_is_set_aside(void **state)
{
    struct hf_certificates *c = opened(*state);
    struct hf_certificate_info before, info;
    char aside[PATH_MAX];

    hf_certificates_info(c, &before);
    hf_certificates_free(c);
    tempdir_write(*state, "ca.pem", "-----BEGIN", 10);
    assert_int_equal(hf_certificates_open(*state, "pump-house-3", &c, aside, NULL), 0);
    assert_string_equal(aside, tempdir_path(*state, "ca.pem.unusable"));
    hf_certificates_info(c, &info);
    assert_string_equal(info.fingerprint, before.fingerprint); /* it serves on */
    hf_certificates_free(c);
}

static void
the_broker_has_one_of_its_own(void **state)
{
    HF_AUTO_BUF struct hf_buf pem = HF_BUF_INIT(PEM_SIZE), ca_pem = HF_BUF_INIT(PEM_SIZE);
    HF_AUTO_BUF struct hf_buf again = HF_BUF_INIT(PEM_SIZE), fresh = HF_BUF_INIT(PEM_SIZE);
    struct hf_certificates *c = opened(*state);
    EVP_PKEY *own = NULL;
    X509 *cert, *ca;

    assert_int_equal(hf_certificates_for_broker(c, "pump-house-3", &pem, &ca_pem, NULL), 0);
    cert = parse(&pem);
    ca = parse(&ca_pem);
    key_of(c, &own);
    assert_int_equal(verify(ca, cert, X509_PURPOSE_SSL_SERVER), 1);
    assert_int_equal(X509_check_host(cert, "pump-house-3.local", 0, 0, NULL), 1);
    assert_int_equal(EVP_PKEY_eq(own, X509_get0_pubkey(cert)), 0);
    hf_certificates_free(c);
    c = opened(*state);
    hf_buf_clear(&ca_pem);
    assert_int_equal(hf_certificates_for_broker(c, "pump-house-3", &again, &ca_pem, NULL), 0);
    assert_string_equal(again.data, pem.data);
    assert_int_equal(hf_certificates_tend(c, "yard-2", false, NULL),
                     HF_CERTIFICATE_OWN | HF_CERTIFICATE_BROKER);
    hf_buf_clear(&ca_pem);
    assert_int_equal(hf_certificates_for_broker(c, "yard-2", &fresh, &ca_pem, NULL), 0);
    assert_string_not_equal(fresh.data, pem.data);
    hf_certificates_free(c);
    EVP_PKEY_free(own);
    X509_free(cert);
    X509_free(ca);
}

/* An IPv4 address by which others reach this host; "" where it has none. */
static void
find_address(char out[INET_ADDRSTRLEN])
{
    struct ifaddrs *all = NULL;

    out[0] = '\0';
    assert_int_equal(getifaddrs(&all), 0);
    for (const struct ifaddrs *i = all; i && !*out; i = i->ifa_next)
        if (i->ifa_addr && i->ifa_addr->sa_family == AF_INET && (i->ifa_flags & IFF_UP) &&
            !(i->ifa_flags & IFF_LOOPBACK) && strncmp(i->ifa_name, "docker", 6) != 0 &&
            strncmp(i->ifa_name, "br-", 3) != 0)
            inet_ntop(AF_INET, &((const struct sockaddr_in *)(const void *)i->ifa_addr)->sin_addr,
                      out, INET_ADDRSTRLEN);
    freeifaddrs(all);
}

/* Issued by the authority in dir, for the names and an address that this host no longer has. */
static void
write_issued(const char *dir)
{
    const struct wish w = {.name = "pump-house-3", .san = all_names(), .until_s = 900L * DAY_S};
    struct made ca = {.key = NULL}, m;
    FILE *f = fopen(tempdir_path(dir, "ca.pem"), "re");

    assert_non_null(f);
    ca.key = PEM_read_PrivateKey(f, NULL, NULL, NULL);
    ca.cert = PEM_read_X509(f, NULL, NULL, NULL);
    fclose(f);
    m = make(&w, &ca);
    tempdir_write(dir, "server.pem", joined(m.key_pem, m.cert_pem),
                  strlen(m.key_pem) + strlen(m.cert_pem));
    drop(&m);
    drop(&ca);
}

static void
an_address_counts_where_the_authority_is_known(void **state)
{
    struct hf_certificates *c = opened(*state);
    char address[INET_ADDRSTRLEN];
    struct hf_certificate_info info;

    hf_certificates_free(c);
    find_address(address);
    if (!*address)
        skip();
    write_issued(*state);
    c = opened(*state);
    hf_certificates_info(c, &info);
    assert_non_null(strstr(info.names, address));
    assert_non_null(strstr(info.names, "10.9.8.7\n"));
    assert_int_equal(hf_certificates_tend(c, "pump-house-3", false, NULL), 0);
    hf_certificates_free(c);
}

/* ---- devices ---- */

/* A signing request of key, for another name. */
static const char *
request(EVP_PKEY *key, EVP_PKEY *signer)
{
    static char text[PEM_SIZE];
    X509_REQ *r = X509_REQ_new();
    BIO *bio = BIO_new(BIO_s_mem());

    X509_REQ_set_version(r, 0);
    X509_NAME_add_entry_by_txt(X509_REQ_get_subject_name(r), "CN", MBSTRING_ASC,
                               (const unsigned char *)"processor", -1, -1, 0);
    X509_REQ_set_pubkey(r, key);
    assert_true(X509_REQ_sign(r, signer, EVP_sha256()) > 0);
    assert_int_equal(PEM_write_bio_X509_REQ(bio, r), 1);
    to_text(bio, text);
    X509_REQ_free(r);
    return text;
}

static void
a_device_gets_one_for_its_key_or_a_new_one(void **state)
{
    struct hf_certificates *c = opened(*state);
    EVP_PKEY *key = EVP_EC_gen("P-256");

    for (int with_request = 0; with_request < 2; with_request++) {
        struct hf_issued issued = HF_ISSUED_INIT;
        char name[64];
        X509 *cert, *ca;

        assert_int_equal(hf_certificates_issue_device(c, "press-7",
                                                      with_request ? request(key, key) : NULL, 30,
                                                      &issued, NULL),
                         0);
        cert = parse(&issued.certificate);
        ca = parse(&issued.ca);
        assert_int_equal(verify(ca, cert, X509_PURPOSE_SSL_CLIENT), 1);
        assert_int_equal(verify(ca, cert, X509_PURPOSE_SSL_SERVER), 0);
        X509_NAME_get_text_by_NID(X509_get_subject_name(cert), NID_commonName, name, sizeof name);
        assert_string_equal(name, "press-7");
        assert_int_equal(issued.key.len == 0, with_request);
        assert_int_equal(EVP_PKEY_eq(key, X509_get0_pubkey(cert)), with_request);
        assert_int_equal(strlen(issued.fingerprint), 64);
        X509_free(cert);
        X509_free(ca);
        hf_issued_done(&issued);
    }
    EVP_PKEY_free(key);
    hf_certificates_free(c);
}

static void
a_request_that_proves_nothing_is_refused(void **state)
{
    struct hf_certificates *c = opened(*state);
    EVP_PKEY *key = EVP_EC_gen("P-256"), *other = EVP_EC_gen("P-256"), *weak = EVP_RSA_gen(1024);
    char whole[PEM_SIZE];
    const char *bad[4];

    snprintf(whole, sizeof whole, "%s", request(key, key));
    whole[strlen(whole) / 2] = '\0';
    bad[0] = "";
    bad[1] = whole;
    for (size_t i = 0; i < HF_LEN(bad); i++) {
        struct hf_issued issued = HF_ISSUED_INIT;
        struct hf_error err = {0};
        const char *csr = i == 2 ? request(key, other) : i == 3 ? request(weak, weak) : bad[i];

        assert_int_equal(hf_certificates_issue_device(c, "press-7", csr, 30, &issued, &err), -1);
        assert_int_equal(err.class, HF_ERROR_INVALID);
        assert_string_equal(err.pointer, "/csr");
        hf_issued_done(&issued);
    }
    EVP_PKEY_free(key);
    EVP_PKEY_free(other);
    EVP_PKEY_free(weak);
    hf_certificates_free(c);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        with_tempdir(the_authority_outlives_what_it_issues),
        with_tempdir(a_damaged_authority_is_set_aside),
        with_tempdir(the_broker_has_one_of_its_own),
        with_tempdir(an_address_counts_where_the_authority_is_known),
        with_tempdir(a_device_gets_one_for_its_key_or_a_new_one),
        with_tempdir(a_request_that_proves_nothing_is_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
