// SPDX-License-Identifier: Apache-2.0
#include "release_file.h"

#include "base/file.h"
#include "base/text.h"
#include "import/bundle.h"
#include "model/trust.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <sys/stat.h>

/* The signature of the file at path, where there is one. */
static int
read_signature(const char *path, struct hf_buf *text, struct hf_error *err)
{
    char beside[PATH_MAX];
    struct hf_error local;

    if (!hf_text_put(beside, sizeof beside, "%s.minisig", path))
        return hf_error_set(err, HF_ERROR_INVALID, "the path is too long");
    if (hf_file_read(beside, text, &local) == 0 || local.class == HF_ERROR_NOT_FOUND)
        return 0;
    if (err)
        *err = local;
    return -1;
}

static int
check_signature(const char *path, const struct hf_settings *settings, const struct hf_buf *file,
                struct hf_buf *signature, struct hf_error *err)
{
    char comment[HF_MINISIGN_COMMENT_MAX + 1];

    if (hf_json_count(settings->release_keys) > 0 && read_signature(path, signature, err) < 0)
        return -1;
    return hf_trust_check_signature(
        settings->release_keys, (struct hf_slice){file->data, file->len},
        (struct hf_slice){signature->data, signature->len}, comment, err);
}

/* What is signed as it must be. */
static int
parse(const struct hf_buf *file, const struct hf_settings *settings, struct hf_release *ret_release,
      struct hf_error *err)
{
    const struct hf_release_host host = {.platform = hf_release_platform(),
                                         .registry = settings->registry.host};
    struct hf_release r;

    if (hf_release_parse(file->data ? file->data : "", file->len, &host, &r, err) < 0)
        return -1;
    if (hf_release_check_fit(&r, HF_VERSION, HF_SETTINGS_SCHEMA, err) < 0) {
        hf_release_done(&r);
        return -1;
    }
    *ret_release = r;
    return 0;
}

static int
read_release(const char *path, const struct hf_settings *settings, struct hf_release *ret_release,
             struct hf_buf *signature, struct hf_error *err)
{
    HF_AUTO_BUF struct hf_buf file = HF_BUF_INIT(HF_RELEASE_TEXT_MAX);

    if (hf_file_read(path, &file, err) < 0 ||
        check_signature(path, settings, &file, signature, err) < 0)
        return -1;
    return parse(&file, settings, ret_release, err);
}

int
hf_release_file_read(const char *path, const struct hf_settings *settings,
                     struct hf_release *ret_release, struct hf_buf *signature, struct hf_error *err)
{
    return read_release(path, settings, ret_release, signature, err) < 0
               ? hf_error_wrap(err, "release '%s'", path)
               : 0;
}

/* ---- a bundle ---- */

static int
read_bundle(int fd, const struct hf_settings *settings, struct hf_release *ret_release,
            struct hf_buf *signature, struct hf_error *err)
{
    const struct hf_bundle_input input = hf_bundle_file(&fd);
    HF_AUTO(hf_bundle) struct hf_bundle *bundle = NULL;
    char comment[HF_MINISIGN_COMMENT_MAX + 1];
    const struct hf_buf *file, *given;

    if (hf_bundle_open(&input, &bundle, err) < 0)
        return -1;
    file = hf_bundle_release(bundle);
    given = hf_bundle_signature(bundle);
    if (hf_json_count(settings->release_keys) > 0 && given->len > 0 &&
        hf_buf_add(signature, given->data, given->len, err) < 0)
        return -1;
    if (hf_trust_check_signature(settings->release_keys, (struct hf_slice){file->data, file->len},
                                 (struct hf_slice){signature->data, signature->len}, comment,
                                 err) < 0)
        return -1;
    return parse(file, settings, ret_release, err);
}

int
hf_release_bundle_read(const char *path, const struct hf_settings *settings,
                       struct hf_release *ret_release, struct hf_buf *signature,
                       struct hf_error *err)
{
    HF_AUTO_CLOSE int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    struct stat st;

    if (fd < 0 || fstat(fd, &st) < 0)
        return hf_error_errno(err, errno, "cannot read the bundle '%s'", path);
    if (!S_ISREG(st.st_mode))
        return hf_error_set(err, HF_ERROR_INVALID, "bundle '%s': it is no file", path);
    return read_bundle(fd, settings, ret_release, signature, err) < 0
               ? hf_error_wrap(err, "bundle '%s'", path)
               : 0;
}
