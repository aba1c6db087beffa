// SPDX-License-Identifier: Apache-2.0
/* What a package lays beside the daemon: a bundle, and the key that its release is signed by. */
#include "tempdir.h"
#include "unit.h"

#include "base/text.h"
#include "import/tar.h"
#include "release.h"
#include "sign.h"
#include "start_release.h"
#include "store/release.h"

static const char FIRST[] = RELEASE(BUILT_IN);
static const char SECOND[] =
    RELEASE_OF("\"format\":1,\"min_holdfastd\":\"0.1.0\",\"notes\":\"another\",", BUILT_IN);

static struct signer signer;

static void
put_entry(struct hf_buf *tar, const char *name, const char *text)
{
    static const char zeros[HF_TAR_BLOCK];
    char block[HF_TAR_BLOCK];
    size_t len = strlen(text);

    hf_tar_put(block, name, len);
    assert_int_equal(hf_buf_add(tar, block, sizeof block, NULL), 0);
    assert_int_equal(hf_buf_add(tar, text, len, NULL), 0);
    assert_int_equal(hf_buf_add(tar, zeros, hf_tar_padding(len), NULL), 0);
}

/* Its beginning, which is all that a start reads. */
static const char *
lay_bundle(const char *dir, const char *release, const char *signature)
{
    HF_AUTO_BUF struct hf_buf tar = HF_BUF_INIT(1 << 20);

    put_entry(&tar, "release.json", release);
    put_entry(&tar, "release.json.minisig", signature);
    tempdir_write(dir, "bundle", tar.data, tar.len);
    return tempdir_path(dir, "bundle");
}

static const char *
lay_signed(const char *dir, const char *release)
{
    char signature[SIGN_TEXT_SIZE];

    signer_sign(&signer, release, signature);
    return lay_bundle(dir, release, signature);
}

static const char *
lay_key(const char *dir, const char *key)
{
    char text[SIGN_BASE64_SIZE + 64];
    int len = snprintf(text, sizeof text, "untrusted comment: a test\n%s\n", key);

    tempdir_write(dir, "key", text, (size_t)len);
    return tempdir_path(dir, "key");
}

static struct hf_store *
open_store(const char *dir)
{
    struct hf_store *store;

    signer_init(&signer);
    assert_int_equal(hf_store_open(tempdir_path(dir, "state"), &store, NULL), 0);
    return store;
}

static void
stored_settings(struct hf_store *store, struct hf_settings *ret)
{
    HF_AUTO_FREE char *text = NULL;
    HF_AUTO(hf_json) struct hf_json *doc = NULL;
    int64_t revision;

    hf_settings_init(ret);
    if (hf_store_settings(store, &text, &revision, NULL) == 0) {
        assert_int_equal(hf_json_parse(text, strlen(text), &doc, NULL), 0);
        assert_int_equal(hf_settings_parse_kept(doc, ret, NULL), 0);
    }
}

static int
take_bundle(struct hf_store *store, const char *path, struct hf_error *err)
{
    struct hf_settings settings;
    int rc;

    stored_settings(store, &settings);
    rc = hf_start_release_bundle(store, &settings, path, err);
    hf_settings_done(&settings);
    return rc;
}

static void
runs(struct hf_store *store, const char *release)
{
    HF_AUTO_FREE char *json = NULL;

    assert_int_equal(hf_store_release(store, &json, NULL), 0);
    assert_string_equal(json, release);
}

static size_t
known(struct hf_store *store, struct hf_known_release ret[HF_STORE_RELEASES_MAX])
{
    size_t count;

    assert_int_equal(hf_store_releases(store, ret, HF_STORE_RELEASES_MAX, &count, NULL), 0);
    return count;
}

static void
a_bundle_is_the_first_release_and_then_one_to_choose(void **state)
{
    HF_AUTO(hf_store) struct hf_store *store = open_store(*state);
    struct hf_known_release releases[HF_STORE_RELEASES_MAX];
    struct hf_error err = {0};

    assert_int_equal(take_bundle(store, tempdir_path(*state, "bundle"), &err), 0); /* none yet */
    assert_int_equal(known(store, releases), 0);
    assert_int_equal(take_bundle(store, lay_signed(*state, FIRST), &err), 0);
    runs(store, FIRST);
    assert_int_equal(known(store, releases), 1);
    assert_string_equal(releases[0].source, "bundle");
    assert_int_equal(take_bundle(store, lay_signed(*state, SECOND), &err), 0);
    runs(store, FIRST);
    assert_int_equal(known(store, releases), 2);
    assert_int_equal(take_bundle(store, lay_signed(*state, SECOND), &err), 0);
    assert_int_equal(known(store, releases), 2);
}

static void
a_key_counts_from_the_first_start_on(void **state)
{
    HF_AUTO(hf_store) struct hf_store *store = open_store(*state);
    struct hf_settings settings;
    struct hf_error err = {0};
    struct signer other;
    int64_t revision;
    HF_AUTO_FREE char *json = NULL;

    assert_false(hf_start_release_key_alone(store));
    assert_int_equal(hf_start_release_key(store, lay_key(*state, signer.key), &err), 0);
    assert_true(hf_start_release_key_alone(store));
    stored_settings(store, &settings);
    assert_false(settings.broker.anonymous); /* all else is as in a new gateway */
    hf_settings_done(&settings);
    assert_int_equal(take_bundle(store, lay_bundle(*state, FIRST, ""), &err), -1);
    assert_non_null(strstr(err.message, "/bundle': "));
    assert_non_null(strstr(err.message, "it is not signed"));
    assert_int_equal(take_bundle(store, lay_signed(*state, FIRST), &err), 0);
    runs(store, FIRST);
    /* What somebody has set since stays. */
    signer_init(&other);
    assert_int_equal(hf_start_release_key(store, lay_key(*state, other.key), &err), 0);
    assert_int_equal(take_bundle(store, lay_signed(*state, SECOND), &err), 0);
    assert_int_equal(hf_store_settings(store, &json, &revision, NULL), 0);
    assert_int_equal(revision, 1);
    assert_int_equal(hf_store_add_settings(store, "{}", "admin", NULL, NULL), 0);
    assert_false(hf_start_release_key_alone(store));
}

static void
a_key_that_is_none_is_said(void **state)
{
    HF_AUTO(hf_store) struct hf_store *store = open_store(*state);
    const char *path = tempdir_path(*state, "key");
    HF_AUTO_FREE char *json = NULL;
    struct hf_error err = {0};
    int64_t revision;

    assert_int_equal(hf_start_release_key(store, path, &err), -1);
    assert_non_null(strstr(err.message, "--release-key: cannot read"));
    assert_int_equal(hf_start_release_key(store, lay_key(*state, "RWnonsense"), &err), -1);
    assert_non_null(strstr(err.message, "/key': /release_keys"));
    tempdir_write(*state, "key", "one line", 8);
    assert_int_equal(hf_start_release_key(store, path, &err), -1);
    assert_non_null(strstr(err.message, "is no public key of minisign"));
    assert_int_equal(hf_store_settings(store, &json, &revision, &err), -1);
    assert_int_equal(err.class, HF_ERROR_NOT_FOUND);
}

static void
a_bundle_that_is_none_is_said(void **state)
{
    HF_AUTO(hf_store) struct hf_store *store = open_store(*state);
    struct hf_error err = {0};

    assert_int_equal(take_bundle(store, *state, &err), -1);
    assert_non_null(strstr(err.message, "it is no file"));
    tempdir_write(*state, "bundle", "rubbish", 7);
    assert_int_equal(take_bundle(store, tempdir_path(*state, "bundle"), &err), -1);
    assert_non_null(strstr(err.message, "is cut off"));
    assert_int_equal(take_bundle(store, lay_bundle(*state, "{}", ""), &err), -1);
    assert_non_null(strstr(err.message, "line 1"));
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        with_tempdir(a_bundle_is_the_first_release_and_then_one_to_choose),
        with_tempdir(a_key_counts_from_the_first_start_on),
        with_tempdir(a_key_that_is_none_is_said),
        with_tempdir(a_bundle_that_is_none_is_said),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
