// SPDX-License-Identifier: Apache-2.0
/* Which certificate is in force, and what is refused as one of the site. */
#include "certs.h"

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
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
