// SPDX-License-Identifier: Apache-2.0
/* The certificates as files that a backup takes and brings back. */
#include "base/file.h"
#include "base/text.h"
#include "identity/certificates_parts.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

static int
print(struct hf_certificates *c, bool own, struct hf_buf *out, struct hf_error *err)
{
    struct hf_pem_pair pair = {0};
    int rc;

    hf_certificates_take(c, own, &pair.cert, &pair.key, &pair.chain);
    rc = hf_pem_print_pair(&pair, out, err);
    hf_pem_pair_done(&pair);
    return rc;
}

static int
print_ca(struct hf_certificates *c, struct hf_buf *out, struct hf_error *err)
{
    int rc;

    pthread_mutex_lock(&c->changing);
    rc = hf_certificates_have_ca(c, err);
    if (rc == 0)
        rc = hf_pem_print_pair(&c->ca, out, err);
    pthread_mutex_unlock(&c->changing);
    return rc;
}

int
hf_certificates_files(struct hf_certificates *c, struct hf_buf *ret_own, struct hf_buf *ret_site,
                      struct hf_buf *ret_ca, struct hf_error *err)
{
    struct hf_certificate_info info;

    if (print(c, true, ret_own, err) < 0 || print_ca(c, ret_ca, err) < 0)
        return -1;
    hf_certificates_info(c, &info);
    return info.site ? print(c, false, ret_site, err) : 0;
}

int
hf_certificates_check(const char *text, struct hf_error *err)
{
    struct hf_pem_pair pair = {0};

    if (hf_pem_read_pair(text, text, &pair, err) < 0)
        return -1;
    hf_pem_pair_done(&pair);
    return 0;
}

static int
put(const char *dir, const char *name, const char *text, mode_t mode, struct hf_error *err)
{
    char path[PATH_MAX];

    if (!hf_text_put(path, sizeof path, "%s/%s", dir, name))
        return hf_error_set(err, HF_ERROR_INVALID, "path too long: '%s'", dir);
    if (text)
        return hf_file_replace(path, text, strlen(text), mode, (uid_t)-1, (gid_t)-1, err);
    if (unlink(path) < 0 && errno != ENOENT)
        return hf_error_errno(err, errno, "cannot remove '%s'", path);
    return 0;
}

int
hf_certificates_put_back(const char *dir, const char *own, const char *site, const char *ca,
                         struct hf_error *err)
{
    HF_AUTO_CLOSE int fd = -1;
    const char *certificate = strstr(own, "-----BEGIN CERTIFICATE-----");

    if (hf_file_mkdirs(dir, 0700, err) < 0 || put(dir, "site.pem", site, 0600, err) < 0 ||
        put(dir, "ca.pem", ca, 0600, err) < 0 || put(dir, "broker.pem", NULL, 0600, err) < 0 ||
        put(dir, "cert.pem", certificate, 0644, err) < 0 ||
        put(dir, "server.pem", own, 0600, err) < 0)
        return -1;
    fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    return fd < 0 || fsync(fd) < 0 ? hf_error_errno(err, errno, "cannot write '%s'", dir) : 0;
}
