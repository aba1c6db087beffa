// SPDX-License-Identifier: Apache-2.0
#include "identity/certificate.h"

#include "base/buf.h"
#include "base/file.h"
#include "tempdir.h"

#include <openssl/pem.h>
#include <openssl/x509v3.h>
#include <time.h>

static struct hf_certificate
ensured(const char *dir)
{
    struct hf_certificate c;
    struct hf_error err = {0};

    if (hf_certificate_ensure(dir, "pump-house-3", &c, &err) < 0)
        fail_msg("%s", err.message);
    return c;
}

static X509 *
read_cert(const char *path)
{
    FILE *f = fopen(path, "r");
    X509 *cert;

    assert_non_null(f);
    cert = PEM_read_X509(f, NULL, NULL, NULL);
    fclose(f);
    assert_non_null(cert);
    return cert;
}

static void
first_start_makes_one_that_stays(void **state)
{
    const char *dir = tempdir_path(*state, "tls");
    struct hf_certificate a = ensured(dir), b = ensured(dir);

    assert_true(a.made);
    assert_false(b.made);
    assert_string_equal(a.set_aside, "");
    assert_string_equal(a.fingerprint, b.fingerprint);
    assert_int_equal(strlen(a.fingerprint), HF_FINGERPRINT_SIZE - 2);
    assert_int_equal(strncmp(a.fingerprint, "SHA256:", 7), 0);
    assert_int_equal(tempdir_mode(*state, "tls"), 0700);
    assert_int_equal(tempdir_mode(*state, "tls/server.pem"), 0600);
}

static void
certificate_says_what_it_shall(void **state)
{
    struct hf_certificate c = ensured(*state);
    X509 *cert = read_cert(c.pem_path), *copy = read_cert(tempdir_path(*state, "cert.pem"));
    X509 *ca = read_cert(tempdir_path(*state, "ca.pem"));
    time_t early = 1735776000, late = 1767225600 + INT64_C(3650) * 86400,
           much_later = late + INT64_C(7000) * 86400;

    assert_int_equal(X509_cmp(cert, copy), 0);
    assert_int_equal(X509_check_host(cert, "pump-house-3", 0, 0, NULL), 1);
    assert_int_equal(X509_check_host(cert, "pump-house-3.local", 0, 0, NULL), 1);
    assert_int_equal(X509_check_host(cert, "localhost", 0, 0, NULL), 1);
    assert_int_equal(X509_check_ip_asc(cert, "127.0.0.1", 0), 1);
    assert_int_equal(X509_check_host(cert, "example.com", 0, 0, NULL), 0);
    assert_int_equal(X509_check_purpose(cert, X509_PURPOSE_SSL_SERVER, 0), 1);
    assert_int_equal(X509_check_ca(cert), 0);
    assert_int_equal(X509_check_issued(ca, cert), X509_V_OK);
    assert_int_equal(X509_verify(cert, X509_get0_pubkey(ca)), 1);
    assert_int_equal(X509_check_ca(ca), 1);
    assert_int_equal(X509_verify(ca, X509_get0_pubkey(ca)), 1);
    /* pain 1: valid for a browser with the true date, though this box may think it is 1970 */
    assert_int_equal(X509_cmp_time(X509_get0_notBefore(cert), &early), -1);
    assert_int_equal(X509_cmp_time(X509_get0_notAfter(cert), &late), 1);
    assert_int_equal(X509_cmp_time(X509_get0_notAfter(ca), &much_later), 1);
    assert_int_equal(tempdir_mode(*state, "ca.pem"), 0600);
    X509_free(ca);
    X509_free(cert);
    X509_free(copy);
}

static void
pain_05_unusable_ones_are_set_aside_and_replaced(void **state)
{
    struct hf_certificate good = ensured(*state), c;
    HF_AUTO_BUF struct hf_buf text = HF_BUF_INIT(65536);
    size_t cuts[] = {0, 1, 100, 300, 0};

    assert_int_equal(hf_file_read(good.pem_path, &text, NULL), 0);
    cuts[4] = text.len / 2;
    for (size_t i = 0; i < HF_LEN(cuts); i++) {
        tempdir_write(*state, "server.pem", text.data, cuts[i]);
        c = ensured(*state);
        assert_true(c.made);
        assert_string_not_equal(c.fingerprint, good.fingerprint);
        assert_int_equal(access(c.set_aside, F_OK), 0);
    }
}

static void
key_of_another_certificate_is_refused(void **state)
{
    struct hf_certificate a = ensured(tempdir_path(*state, "a"));
    struct hf_certificate b = ensured(tempdir_path(*state, "b")), c;
    HF_AUTO_BUF struct hf_buf ta = HF_BUF_INIT(65536);
    HF_AUTO_BUF struct hf_buf tb = HF_BUF_INIT(65536);
    const char *cert;

    assert_int_equal(hf_file_read(a.pem_path, &ta, NULL), 0);
    assert_int_equal(hf_file_read(b.pem_path, &tb, NULL), 0);
    cert = strstr(tb.data, "-----BEGIN CERT");
    assert_non_null(cert);
    *strstr(ta.data, "-----BEGIN CERT") = '\0';
    ta.len = strlen(ta.data);
    assert_int_equal(hf_buf_adds(&ta, cert, NULL), 0);
    tempdir_write(*state, "a/server.pem", ta.data, ta.len);
    c = ensured(tempdir_path(*state, "a"));
    assert_true(c.made);
}

static void
folder_that_cannot_be_is_an_error(void **state)
{
    struct hf_certificate c;
    struct hf_error err = {0};

    tempdir_write(*state, "file", "x", 1);
    assert_int_equal(hf_certificate_ensure(tempdir_path(*state, "file/tls"), "n", &c, &err), -1);
    assert_int_not_equal(err.class, HF_ERROR_NONE);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        with_tempdir(first_start_makes_one_that_stays),
        with_tempdir(certificate_says_what_it_shall),
        with_tempdir(pain_05_unusable_ones_are_set_aside_and_replaced),
        with_tempdir(key_of_another_certificate_is_refused),
        with_tempdir(folder_that_cannot_be_is_an_error),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
