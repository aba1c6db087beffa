// SPDX-License-Identifier: Apache-2.0
/* Which certificate is in force, and what is refused as one of the site. */
#include "identity/certificates.h"

#include "base/buf.h"
#include "base/file.h"
#include "tempdir.h"

#include <arpa/inet.h>
#include <ifaddrs.h>
#include <net/if.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>
#include <time.h>

enum { PEM_SIZE = 16384, DAY_S = 86400 };

/* ---- somebody else's certificates ---- */

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

static void
add_extension(X509 *cert, int nid, const char *value)
{
    X509_EXTENSION *e = value ? X509V3_EXT_conf_nid(NULL, NULL, nid, value) : NULL;

    if (e)
        assert_int_equal(X509_add_ext(cert, e, -1), 1);
    X509_EXTENSION_free(e);
}

static void
to_text(BIO *bio, char out[PEM_SIZE])
{
    int len = BIO_read(bio, out, PEM_SIZE - 1);

    assert_true(len > 0);
    out[len] = '\0';
    BIO_free(bio);
}

/* Issued by issuer, NULL for itself. */
static struct made
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

static void
drop(struct made *m)
{
    EVP_PKEY_free(m->key);
    X509_free(m->cert);
}

static const struct wish of_ca = {.name = "Plant CA", .is_ca = true};
static const struct wish of_site = {.name = "gw7", .san = "DNS:gw7.plant.example,IP:10.1.2.3"};

static const char *
joined(const char *a, const char *b)
{
    static char text[2 * PEM_SIZE];

    snprintf(text, sizeof text, "%s%s", a, b);
    return text;
}

/* ---- the gateway ---- */

static struct hf_certificates *
opened(const char *dir)
{
    struct hf_certificates *c = NULL;
    struct hf_error err = {0};
    char aside[PATH_MAX];

    if (hf_certificates_open(dir, "pump-house-3", &c, aside, &err) < 0)
        fail_msg("%s", err.message);
    return c;
}

static void
an_own_one_is_always_there(void **state)
{
    struct hf_certificate_info info;
    char fingerprint[HF_FINGERPRINT_SIZE];
    struct hf_error err = {0};
    struct hf_certificates *c = opened(*state);

    hf_certificates_info(c, &info);
    assert_false(info.site);
    assert_string_equal(info.subject, "CN=pump-house-3");
    assert_int_equal(strncmp(info.issuer, "CN=Holdfast CA ", 15), 0);
    assert_non_null(strstr(info.names, "pump-house-3\npump-house-3.local\n"));
    assert_non_null(strstr(info.names, "127.0.0.1\n"));
    hf_certificates_fingerprint(c, fingerprint);
    assert_string_equal(fingerprint, info.fingerprint);
    assert_false(hf_certificates_name(c, "pump-house-3"));
    assert_int_equal(hf_certificates_remove(c, &err), -1);
    assert_int_equal(err.class, HF_ERROR_NOT_FOUND);
    assert_int_equal(hf_certificates_tend(c, "pump-house-3", false, &err), 0);
    hf_certificates_free(c);
}

static void
one_of_the_site_is_put_in_force_and_taken_back(void **state)
{
    struct made ca = make(&of_ca, NULL), site = make(&of_site, &ca);
    struct hf_certificates *c = opened(*state);
    struct hf_certificate_info own, info;
    struct hf_error err = {0};
    STACK_OF(X509) *chain = NULL;
    EVP_PKEY *key = NULL;
    X509 *cert = NULL;

    hf_certificates_info(c, &own);
    if (hf_certificates_replace(c, joined(site.cert_pem, ca.cert_pem), site.key_pem, &info, &err) <
        0)
        fail_msg("%s", err.message);
    assert_true(info.site);
    assert_string_equal(info.subject, "CN=gw7");
    assert_string_equal(info.issuer, "CN=Plant CA");
    assert_string_equal(info.names, "gw7.plant.example\n10.1.2.3\n");
    assert_true(hf_certificates_name(c, "gw7.plant.example"));
    assert_false(hf_certificates_name(c, "evil.example"));
    assert_int_equal(tempdir_mode(*state, "site.pem"), 0600);
    hf_certificates_take(c, false, &cert, &key, &chain);
    assert_int_equal(X509_cmp(cert, site.cert), 0);
    assert_int_equal(EVP_PKEY_eq(key, site.key), 1);
    assert_int_equal(sk_X509_num(chain), 1);
    hf_certificates_free(c);

    c = opened(*state); /* it is there after a restart */
    hf_certificates_info(c, &info);
    assert_true(info.site);
    assert_int_equal(hf_certificates_remove(c, &err), 0);
    hf_certificates_info(c, &info);
    assert_string_equal(info.fingerprint, own.fingerprint);
    assert_int_equal(access(tempdir_path(*state, "site.pem"), F_OK), -1);
    hf_certificates_free(c);
    /* what was taken lives on */
    assert_int_equal(X509_cmp(cert, site.cert), 0);
    sk_X509_pop_free(chain, X509_free);
    EVP_PKEY_free(key);
    X509_free(cert);
    drop(&site);
    drop(&ca);
}

/* Refused whole; what is in force stays. */
static void
expect_refused(struct hf_certificates *c, const char *what, const char *cert, const char *key,
               const char *pointer)
{
    struct hf_certificate_info before, info;
    struct hf_error err = {0};

    hf_certificates_info(c, &before);
    if (hf_certificates_replace(c, cert, key, &info, &err) == 0)
        fail_msg("%s is taken", what);
    if (err.class != HF_ERROR_INVALID || strcmp(err.pointer, pointer) != 0)
        fail_msg("%s: class %d at '%s': %s", what, err.class, err.pointer, err.message);
    hf_certificates_info(c, &info);
    assert_string_equal(info.fingerprint, before.fingerprint);
}

/* As a stick brings it, before anything is open. */
static void
one_of_the_site_is_there_from_the_start(void **state)
{
    struct made ca = make(&of_ca, NULL), site = make(&of_site, &ca);
    struct hf_certificate_info info;
    struct hf_certificates *c;
    struct hf_error err = {0};
    const char *dir = tempdir_path(*state, "tls");

    assert_int_equal(hf_certificates_put_site(dir, site.cert_pem, ca.key_pem, &err), -1);
    assert_string_equal(err.pointer, "/key");
    assert_int_equal(hf_certificates_put_site(dir, site.cert_pem, site.key_pem, &err), 0);
    assert_int_equal(tempdir_mode(*state, "tls/site.pem"), 0600);
    c = opened(dir);
    hf_certificates_info(c, &info);
    assert_true(info.site);
    assert_true(hf_certificates_site_ends_ms(c) == info.not_after_ms);
    hf_certificates_free(c);
    drop(&ca);
    drop(&site);
}

static void
what_cannot_be_served_is_refused(void **state)
{
    struct hf_certificates *c = opened(*state);
    struct made ca = make(&of_ca, NULL), other_ca = make(&of_ca, NULL), site = make(&of_site, &ca);
    struct {
        const char *what;
        struct wish wish;
        const char *pointer;
    } cases[] = {
        {"an expired one", of_site, "/certificate"},
        {"one without names", {.name = "gw7"}, "/certificate"},
        {"one for clients", of_site, "/certificate"},
        {"one by SHA-1", of_site, "/certificate"},
        {"a short RSA key", of_site, "/key"},
    };
    char cut[PEM_SIZE];

    cases[0].wish.from_s = -2L * DAY_S;
    cases[0].wish.until_s = -1L * DAY_S;
    cases[2].wish.usage = "clientAuth";
    cases[3].wish.digest = EVP_sha1();
    cases[4].wish.rsa_bits = 1024;
    for (size_t i = 0; i < HF_LEN(cases); i++) {
        struct made m = make(&cases[i].wish, &ca);

        expect_refused(c, cases[i].what, m.cert_pem, m.key_pem, cases[i].pointer);
        drop(&m);
    }
    expect_refused(c, "nothing", "", site.key_pem, "/certificate");
    expect_refused(c, "no key", site.cert_pem, "", "/key");
    expect_refused(c, "another key", site.cert_pem, ca.key_pem, "/key");
    expect_refused(c, "a key among the certificates", joined(site.cert_pem, site.key_pem),
                   site.key_pem, "/certificate");
    expect_refused(c, "another issuer", joined(site.cert_pem, other_ca.cert_pem), site.key_pem,
                   "/certificate");
    expect_refused(c, "the wrong order", joined(ca.cert_pem, site.cert_pem), ca.key_pem,
                   "/certificate");
    for (size_t len = 1; len < strlen(site.cert_pem) - 1; len += 37) {
        snprintf(cut, sizeof cut, "%.*s", (int)len, site.cert_pem);
        expect_refused(c, "one that is cut", cut, site.key_pem, "/certificate");
    }
    hf_certificates_free(c);
    drop(&site);
    drop(&ca);
    drop(&other_ca);
}

static void
pain_05_an_unusable_one_is_set_aside(void **state)
{
    struct made site = make(&of_site, NULL);
    struct hf_certificates *c = NULL;
    struct hf_certificate_info info;
    char aside[PATH_MAX];

    tempdir_write(*state, "site.pem", site.cert_pem, strlen(site.cert_pem)); /* the key is lost */
    assert_int_equal(hf_certificates_open(*state, "pump-house-3", &c, aside, NULL), 0);
    assert_string_equal(aside, tempdir_path(*state, "site.pem.unusable"));
    assert_int_equal(access(aside, F_OK), 0);
    hf_certificates_info(c, &info);
    assert_false(info.site);
    hf_certificates_free(c);
    drop(&site);
}

/* pain 1: the clock may be what is wrong, and people trust it as it is. */
static void
pain_01_an_expired_one_is_served_on(void **state)
{
    struct wish past = of_site;
    struct hf_certificates *c;
    struct hf_certificate_info info;
    struct made site;

    past.from_s = -2L * DAY_S;
    past.until_s = -1L * DAY_S;
    site = make(&past, NULL);
    tempdir_write(*state, "site.pem", joined(site.key_pem, site.cert_pem),
                  strlen(site.key_pem) + strlen(site.cert_pem));
    c = opened(*state);
    hf_certificates_info(c, &info);
    assert_true(info.site);
    hf_certificates_free(c);
    drop(&site);
}

/* ---- the own one, made anew ---- */

/* Puts one in its place that ends then. */
static void
write_own(const char *dir, const char *san, long until_s)
{
    const struct wish w = {.name = "pump-house-3", .san = san, .until_s = until_s};
    struct made m = make(&w, NULL);
    const char *both = joined(m.key_pem, m.cert_pem);

    tempdir_write(dir, "server.pem", both, strlen(both));
    drop(&m);
}

static void
key_of(struct hf_certificates *c, EVP_PKEY **ret_key)
{
    STACK_OF(X509) *chain = NULL;
    X509 *cert = NULL;

    hf_certificates_take(c, true, &cert, ret_key, &chain);
    X509_free(cert);
    sk_X509_pop_free(chain, X509_free);
}

static const char *
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

static void
pain_21_the_own_one_is_made_anew_before_its_end(void **state)
{
    struct hf_certificate_info before, info;
    struct hf_certificates *c;
    EVP_PKEY *old = NULL, *fresh = NULL;

    write_own(*state, all_names(), 59L * DAY_S);
    c = opened(*state);
    hf_certificates_info(c, &before);
    key_of(c, &old);
    assert_int_equal(hf_certificates_tend(c, "pump-house-3", false, NULL), HF_CERTIFICATE_OWN);
    hf_certificates_info(c, &info);
    key_of(c, &fresh);
    assert_int_equal(strncmp(info.issuer, "CN=Holdfast CA ", 15), 0);
    assert_string_not_equal(info.fingerprint, before.fingerprint);
    assert_true(info.not_after_ms - before.not_after_ms > INT64_C(3500) * DAY_S * 1000);
    assert_int_equal(EVP_PKEY_eq(old, fresh), 1);
    assert_non_null(strstr(info.names, "10.9.8.7\n")); /* it stays */
    assert_non_null(strstr(info.names, "old-name\n"));
    assert_int_equal(hf_certificates_tend(c, "pump-house-3", false, NULL), 0);
    hf_certificates_free(c);
    c = opened(*state);
    hf_certificates_info(c, &before);
    assert_string_equal(info.fingerprint, before.fingerprint);
    hf_certificates_free(c);
    EVP_PKEY_free(old);
    EVP_PKEY_free(fresh);
}

/* It signed itself, so that who knows it knows its fingerprint: no address of this host is in it,
 * and it stays all the same. */
static void
with_time_left_it_stays(void **state)
{
    struct hf_certificate_info before, info;
    struct hf_certificates *c;

    write_own(*state, all_names(), 62L * DAY_S);
    c = opened(*state);
    hf_certificates_info(c, &before);
    assert_int_equal(hf_certificates_tend(c, "pump-house-3", false, NULL), 0);
    hf_certificates_info(c, &info);
    assert_string_equal(info.fingerprint, before.fingerprint);
    assert_string_equal(info.issuer, info.subject);
    hf_certificates_free(c);
}

static void
another_name_counts_at_once(void **state)
{
    struct hf_certificates *c = opened(*state);
    struct hf_certificate_info before, info;

    hf_certificates_info(c, &before);
    assert_int_equal(hf_certificates_tend(c, "pump-house-3", false, NULL), 0);
    assert_int_equal(hf_certificates_tend(c, "yard-2", true, NULL), 0); /* somebody watches */
    assert_int_equal(hf_certificates_tend(c, "yard-2", false, NULL), HF_CERTIFICATE_OWN);
    hf_certificates_info(c, &info);
    assert_string_equal(info.subject, "CN=yard-2");
    assert_string_equal(info.issuer, before.issuer);
    assert_non_null(strstr(info.names, "yard-2.local\n"));
    assert_non_null(strstr(info.names, "pump-house-3\n"));
    assert_int_equal(hf_certificates_tend(c, "yard-2", false, NULL), 0);
    hf_certificates_free(c);
}

/* No certificate can have it: nobody is troubled twice. */
static void
a_name_that_cannot_be_is_tried_once(void **state)
{
    struct hf_certificates *c = opened(*state);
    int made = hf_certificates_tend(c, "no name", false, NULL);

    assert_true(made == HF_CERTIFICATE_OWN || made == 0);
    for (int i = 0; i < 3; i++)
        assert_int_equal(hf_certificates_tend(c, "no name", false, NULL), 0);
    hf_certificates_free(c);
}

/* ---- the authority ---- */

static X509 *
parse(const struct hf_buf *pem)
{
    BIO *bio = BIO_new_mem_buf(pem->data, (int)pem->len);
    X509 *cert = PEM_read_bio_X509(bio, NULL, NULL, NULL);

    BIO_free(bio);
    return cert;
}

static int
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
        with_tempdir(an_own_one_is_always_there),
        with_tempdir(one_of_the_site_is_put_in_force_and_taken_back),
        with_tempdir(one_of_the_site_is_there_from_the_start),
        with_tempdir(what_cannot_be_served_is_refused),
        with_tempdir(pain_05_an_unusable_one_is_set_aside),
        with_tempdir(pain_01_an_expired_one_is_served_on),
        with_tempdir(pain_21_the_own_one_is_made_anew_before_its_end),
        with_tempdir(with_time_left_it_stays),
        with_tempdir(another_name_counts_at_once),
        with_tempdir(a_name_that_cannot_be_is_tried_once),
        with_tempdir(the_authority_outlives_what_it_issues),
        with_tempdir(a_damaged_authority_is_set_aside),
        with_tempdir(the_broker_has_one_of_its_own),
        with_tempdir(an_address_counts_where_the_authority_is_known),
        with_tempdir(a_device_gets_one_for_its_key_or_a_new_one),
        with_tempdir(a_request_that_proves_nothing_is_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
