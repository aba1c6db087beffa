// SPDX-License-Identifier: Apache-2.0
/* Certificates out of one gateway and into another; and keys of passphrases. */
#include "tempdir.h"

#include "base/buf.h"
#include "base/file.h"
#include "identity/certificates.h"
#include "identity/identity.h"

#include <string.h>

static struct hf_certificates *
opened(const char *dir, const char *sub, char ret_path[PATH_MAX])
{
    struct hf_certificates *c = NULL;
    struct hf_error err = {0};
    char aside[PATH_MAX];

    snprintf(ret_path, PATH_MAX, "%s/%s", dir, sub);
    if (hf_certificates_open(ret_path, "pump-house-3", &c, aside, &err) < 0)
        fail_msg("%s", err.message);
    assert_string_equal(aside, "");
    return c;
}

static void
another_box_is_known_by_the_same_fingerprint(void **state)
{
    char path[PATH_MAX], before[HF_FINGERPRINT_SIZE], after[HF_FINGERPRINT_SIZE];
    char file[PATH_MAX + 16];
    struct hf_certificates *c = opened(*state, "old", path);
    HF_AUTO_BUF struct hf_buf own = HF_BUF_INIT(65536), site = HF_BUF_INIT(65536);
    HF_AUTO_BUF struct hf_buf copy = HF_BUF_INIT(65536), ca = HF_BUF_INIT(65536);
    struct hf_authority_info issuer, again;
    struct stat st;

    hf_certificates_fingerprint(c, before);
    assert_int_equal(hf_certificates_authority(c, &issuer, NULL, NULL), 0);
    assert_int_equal(hf_certificates_files(c, &own, &site, &ca, NULL), 0);
    hf_certificates_free(c);
    assert_int_equal(site.len, 0);
    assert_int_equal(hf_certificates_check(own.data, NULL), 0);
    assert_int_equal(hf_certificates_check("nothing", NULL), -1);

    c = opened(*state, "new", path);
    hf_certificates_fingerprint(c, after);
    assert_string_not_equal(after, before);
    hf_certificates_free(c);
    for (int twice = 0; twice < 2; twice++) { /* as after a power cut */
        assert_int_equal(hf_certificates_put_back(path, own.data, NULL, ca.data, NULL), 0);
        c = opened(*state, "new", path);
        hf_certificates_fingerprint(c, after);
        assert_string_equal(after, before);
        assert_int_equal(hf_certificates_authority(c, &again, NULL, NULL), 0);
        assert_string_equal(again.fingerprint, issuer.fingerprint);
        hf_certificates_free(c);
    }
    snprintf(file, sizeof file, "%s/server.pem", path);
    assert_int_equal(stat(file, &st), 0);
    assert_int_equal(st.st_mode & 0777, 0600);
    snprintf(file, sizeof file, "%s/cert.pem", path);
    assert_int_equal(hf_file_read(file, &copy, NULL), 0);
    assert_null(strstr(copy.data, "PRIVATE"));
}

/* What is as good as one of the site here is the own one of another gateway. */
static void
one_of_the_site_comes_and_goes(void **state)
{
    char path[PATH_MAX], of_site[HF_FINGERPRINT_SIZE], now[HF_FINGERPRINT_SIZE];
    struct hf_certificates *c = opened(*state, "site", path);
    HF_AUTO_BUF struct hf_buf own = HF_BUF_INIT(65536), site = HF_BUF_INIT(65536);
    HF_AUTO_BUF struct hf_buf none = HF_BUF_INIT(65536), again = HF_BUF_INIT(65536);
    HF_AUTO_BUF struct hf_buf ca = HF_BUF_INIT(65536);

    hf_certificates_fingerprint(c, of_site);
    assert_int_equal(hf_certificates_files(c, &site, &none, &ca, NULL), 0);
    hf_certificates_free(c);
    c = opened(*state, "new", path);
    hf_buf_clear(&ca);
    assert_int_equal(hf_certificates_files(c, &own, &none, &ca, NULL), 0);
    hf_certificates_free(c);

    assert_int_equal(hf_certificates_put_back(path, own.data, site.data, ca.data, NULL), 0);
    c = opened(*state, "new", path);
    hf_certificates_fingerprint(c, now);
    assert_string_equal(now, of_site);
    hf_buf_clear(&own);
    hf_buf_clear(&ca);
    assert_int_equal(hf_certificates_files(c, &own, &again, &ca, NULL), 0);
    assert_string_equal(again.data, site.data);
    hf_certificates_free(c);
    assert_int_equal(hf_certificates_put_back(path, own.data, NULL, ca.data, NULL), 0);
    c = opened(*state, "new", path);
    hf_certificates_fingerprint(c, now);
    assert_string_not_equal(now, of_site);
    hf_certificates_free(c);
}

static int
keep(void *context, const struct hf_account *a, struct hf_error *err)
{
    (void)context, (void)a, (void)err;
    return 0;
}

static void
a_key_is_of_passphrase_and_salt(void **state)
{
    static const struct hf_identity_ops ops = {.claim = keep};
    static const struct hf_identity_start nothing = {0};
    HF_AUTO(hf_identity) struct hf_identity *id = NULL;
    struct hf_kdf kdf = {.passes = 1, .memory_kib = 1024};
    unsigned char a[32], b[32];

    (void)state;
    assert_int_equal(hf_identity_new(&ops, &nothing, &id, NULL), 0);
    assert_int_equal(hf_identity_derive(id, "a passphrase", &kdf, a, sizeof a, NULL), 0);
    assert_int_equal(hf_identity_derive(id, "a passphrase", &kdf, b, sizeof b, NULL), 0);
    assert_memory_equal(a, b, sizeof a);
    assert_int_equal(hf_identity_derive(id, "b passphrase", &kdf, b, sizeof b, NULL), 0);
    assert_memory_not_equal(a, b, sizeof a);
    kdf.salt[3] = 1;
    assert_int_equal(hf_identity_derive(id, "a passphrase", &kdf, b, sizeof b, NULL), 0);
    assert_memory_not_equal(a, b, sizeof a);
}

/* It claims nothing, and wrong ones are slowed down as in a claim. */
static void
a_setup_code_is_only_looked_at(void **state)
{
    static const struct hf_identity_ops ops = {.claim = keep};
    static const struct hf_identity_start nothing = {0};
    HF_AUTO(hf_identity) struct hf_identity *id = NULL;
    struct hf_error err = {0};
    struct hf_login login;
    char code[HF_SETUP_CODE_SIZE];
    int wait = -1, rc = 0;

    (void)state;
    assert_int_equal(hf_identity_new(&ops, &nothing, &id, NULL), 0);
    assert_true(hf_identity_setup_code(id, code));
    assert_int_equal(hf_identity_check_code(id, code, "10.0.0.9", &wait, &err), 0);
    assert_int_equal(wait, 0);
    assert_false(hf_identity_claimed(id));
    for (int i = 0; i < 20 && err.class != HF_ERROR_THROTTLED; i++)
        rc = hf_identity_check_code(id, "AAAA-AAAA-AAAA", "10.0.0.9", &wait, &err);
    assert_int_equal(rc, -1);
    assert_int_equal(err.class, HF_ERROR_THROTTLED);
    assert_true(wait > 0);
    assert_int_equal(hf_identity_claim(id, code, "correct horse battery", "10.0.0.8", &login, &err),
                     0);
    assert_int_equal(hf_identity_check_code(id, code, "10.0.0.8", &wait, &err), -1);
    assert_int_equal(err.class, HF_ERROR_CONFLICT);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        with_tempdir(another_box_is_known_by_the_same_fingerprint),
        with_tempdir(one_of_the_site_comes_and_goes),
        cmocka_unit_test(a_key_is_of_passphrase_and_salt),
        cmocka_unit_test(a_setup_code_is_only_looked_at),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
