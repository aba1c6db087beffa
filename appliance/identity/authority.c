// SPDX-License-Identifier: Apache-2.0
#include "base/buf.h"
#include "base/file.h"
#include "base/text.h"
#include "identity/x509.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

int
hf_x509_write(const char *path, const struct hf_pem_pair *pair, struct hf_error *err)
{
    HF_AUTO_BUF struct hf_buf text = HF_BUF_INIT((size_t)2 * HF_PEM_FILE_MAX);
    int rc = hf_pem_print_pair(pair, &text, err);

    if (rc == 0)
        rc = hf_file_replace(path, text.data, text.len, 0600, (uid_t)-1, (gid_t)-1, err);
    if (text.data)
        OPENSSL_cleanse(text.data, text.len);
    return rc;
}

int
hf_x509_read(const char *path, struct hf_pem_pair *ret_pair, struct hf_error *err)
{
    HF_AUTO_BUF struct hf_buf text = HF_BUF_INIT((size_t)2 * HF_PEM_FILE_MAX);
    int rc;

    if (hf_file_read(path, &text, err) < 0)
        return -1;
    if (text.len == 0)
        return hf_error_set(err, HF_ERROR_INVALID, "'%s' is empty", path);
    rc = hf_pem_read_pair(text.data, text.data, ret_pair, err);
    OPENSSL_cleanse(text.data, text.len);
    return rc < 0 ? hf_error_wrap(err, "'%s'", path) : 0;
}

int
hf_x509_set_aside(const char *path, char ret_set_aside[PATH_MAX], struct hf_error *err)
{
    char aside[PATH_MAX];

    if (!hf_text_put(aside, sizeof aside, "%s.unusable", path))
        return hf_error_set(err, HF_ERROR_INVALID, "path too long: '%s'", path);
    if (rename(path, aside) < 0)
        return hf_error_errno(err, errno, "cannot move '%s' aside", path);
    memcpy(ret_set_aside, aside, sizeof aside);
    return 0;
}

static int
load(const char *path, struct hf_pem_pair *ret_ca, struct hf_error *err)
{
    struct hf_pem_pair ca = {0};

    if (hf_x509_read(path, &ca, err) < 0)
        return -1;
    if (X509_check_ca(ca.cert) == 1) {
        *ret_ca = ca;
        return 0;
    }
    hf_pem_pair_done(&ca);
    return hf_error_set(err, HF_ERROR_INVALID, "'%s' is no authority", path);
}

int
hf_authority_ensure(const char *dir, struct hf_pem_pair *ret_ca, char ret_set_aside[PATH_MAX],
                    struct hf_error *err)
{
    struct hf_error why = {0};
    struct hf_pem_pair ca = {0};
    char path[PATH_MAX];

    ret_set_aside[0] = '\0';
    if (!hf_text_put(path, sizeof path, "%s/ca.pem", dir))
        return hf_error_set(err, HF_ERROR_INVALID, "path too long: '%s'", dir);
    if (load(path, ret_ca, &why) == 0)
        return 0;
    if (!hf_x509_is_unusable(&why)) {
        if (err)
            *err = why;
        return -1;
    }
    if (why.class != HF_ERROR_NOT_FOUND && hf_x509_set_aside(path, ret_set_aside, err) < 0)
        return -1;
    if (hf_issue_authority(&ca, err) < 0)
        return -1;
    if (hf_x509_write(path, &ca, err) < 0) {
        hf_pem_pair_done(&ca);
        return hf_error_wrap(err, "make the gateway's own authority");
    }
    *ret_ca = ca;
    return 0;
}
