// SPDX-License-Identifier: Apache-2.0
/* The release and the signature beside it, as holdfastd takes them from a folder. */
#include "tempdir.h"
#include "unit.h"

#include "base/file.h"
#include "model/minisign.h"
#include "release.h"
#include "release_file.h"
#include "sign.h"

#include <string.h>
#include <sys/stat.h>

static const char TEXT[] = RELEASE(BUILT_IN);
static const char TOO_NEW[] = RELEASE_OF("\"format\":1,\"min_holdfastd\":\"99.0.0\",", BUILT_IN);
static struct signer signer;

static void
put(const char *path, const char *text)
{
    assert_int_equal(hf_file_replace(path, text, strlen(text), 0600, (uid_t)-1, (gid_t)-1, NULL),
                     0);
}

/* Settings with our key. */
static void
trust_us(struct hf_settings *s)
{
    signer_init(&signer);
    hf_settings_init(s);
    hf_json_add_string(s->release_keys, signer.key);
    strcpy(s->registry.host, "r.example");
}

static void
sign(const char *file, const char *path)
{
    char text[SIGN_TEXT_SIZE];

    signer_sign(&signer, file, text);
    put(path, text);
}

static void
refused(const char *path, const struct hf_settings *s, const char *says)
{
    HF_AUTO_BUF struct hf_buf signature = HF_BUF_INIT(HF_MINISIGN_TEXT_MAX);
    struct hf_release r;
    struct hf_error err = {0};

    if (hf_release_file_read(path, s, &r, &signature, &err) == 0)
        fail_msg("taken, where it should be said: %s", says);
    if (!strstr(err.message, says) || !strstr(err.message, path))
        fail_msg("'%s' does not say '%s' and '%s'", err.message, says, path);
}

static void
taken(const char *path, const struct hf_settings *s)
{
    HF_AUTO_BUF struct hf_buf signature = HF_BUF_INIT(HF_MINISIGN_TEXT_MAX);
    struct hf_release r;
    struct hf_error err = {0};

    if (hf_release_file_read(path, s, &r, &signature, &err) < 0)
        fail_msg("%s", err.message);
    assert_string_equal(r.services[0].image.image, *s->registry.host
                                                       ? "r.example/holdfast/broker@" SHA
                                                       : "holdfast/broker@" SHA);
    assert_true((signature.len > 0) == (hf_json_count(s->release_keys) > 0));
    hf_release_done(&r);
}

static void
a_signature_is_asked_for_where_there_is_a_key(void **state)
{
    const char *path = strdup(tempdir_path(*state, "release.json"));
    const char *beside = strdup(tempdir_path(*state, "release.json.minisig"));
    struct hf_settings none, ours;

    hf_settings_init(&none);
    trust_us(&ours);
    refused(path, &ours, "No such file");
    put(path, TEXT);
    taken(path, &none);
    refused(path, &ours, "it is not signed");
    sign(TEXT, beside);
    taken(path, &ours);
    put(path, TOO_NEW);
    refused(path, &ours, "is not of this file");
    sign(TOO_NEW, beside);
    refused(path, &ours, "needs holdfastd 99.0.0 or newer");
    put(beside, "nonsense");
    refused(path, &none, "needs holdfastd 99.0.0 or newer"); /* nobody looks at it */
    refused(path, &ours, "line 1");
    hf_settings_done(&none);
    hf_settings_done(&ours);
    free((void *)(uintptr_t)path);
    free((void *)(uintptr_t)beside);
}

/* What is no file must not count as none. */
static void
a_signature_that_cannot_be_read_is_said(void **state)
{
    const char *path = strdup(tempdir_path(*state, "release.json"));
    struct hf_settings none, ours;

    hf_settings_init(&none);
    trust_us(&ours);
    put(path, TEXT);
    assert_int_equal(mkdir(tempdir_path(*state, "release.json.minisig"), 0700), 0);
    refused(path, &ours, "release.json.minisig");
    taken(path, &none);
    hf_settings_done(&none);
    hf_settings_done(&ours);
    free((void *)(uintptr_t)path);
}

static void
a_file_has_its_bounds(void **state)
{
    const char *path = strdup(tempdir_path(*state, "release.json"));
    char *text = calloc(1, HF_RELEASE_TEXT_MAX + 2);
    struct hf_settings none;

    hf_settings_init(&none);
    put(path, "");
    refused(path, &none, "line 1");
    memset(text, ' ', HF_RELEASE_TEXT_MAX + 1);
    memcpy(text, TEXT, sizeof TEXT - 1);
    put(path, text);
    refused(path, &none, "larger than");
    text[HF_RELEASE_TEXT_MAX] = '\0';
    put(path, text);
    taken(path, &none);
    hf_settings_done(&none);
    free(text);
    free((void *)(uintptr_t)path);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        with_tempdir(a_signature_is_asked_for_where_there_is_a_key),
        with_tempdir(a_signature_that_cannot_be_read_is_said),
        with_tempdir(a_file_has_its_bounds),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
