// SPDX-License-Identifier: Apache-2.0
#include "broker/tls.h"

#include "base/buf.h"
#include "base/file.h"

#include <errno.h>
#include <limits.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

enum { FILE_MAX = 65536 };

static int
no_passphrase(char *buffer, int size, int writing, void *context)
{
    (void)buffer;
    (void)size;
    (void)writing;
    (void)context;
    return -1;
}

static int
check_pair(const char *path, struct hf_error *err)
{
    HF_AUTO_BUF struct hf_buf text = HF_BUF_INIT(FILE_MAX);
    BIO *for_key, *for_cert;
    EVP_PKEY *key;
    X509 *cert;
    bool good;

    if (hf_file_read(path, &text, err) < 0)
        return -1;
    for_key = BIO_new_mem_buf(text.data ? text.data : "", (int)text.len);
    for_cert = BIO_new_mem_buf(text.data ? text.data : "", (int)text.len);
    key = for_key ? PEM_read_bio_PrivateKey(for_key, NULL, no_passphrase, NULL) : NULL;
    cert = for_cert ? PEM_read_bio_X509(for_cert, NULL, no_passphrase, NULL) : NULL;
    good = key && cert && X509_check_private_key(cert, key) == 1;
    X509_free(cert);
    EVP_PKEY_free(key);
    BIO_free(for_cert);
    BIO_free(for_key);
    ERR_clear_error();
    if (text.data)
        OPENSSL_cleanse(text.data, text.len);
    return good ? 0
                : hf_error_set(err, HF_ERROR_INVALID, "'%s' has no key with its certificate", path);
}

static int
look(const char *dir, const char *name, char path[PATH_MAX], struct stat *ret, struct hf_error *err)
{
    snprintf(path, PATH_MAX, "%s/%s", dir, name);
    return stat(path, ret) == 0 ? 0 : hf_error_errno(err, errno, "cannot look at '%s'", path);
}

int
hf_broker_tls_check(const char *dir, struct hf_broker_tls_files *ret_seen, struct hf_error *err)
{
    struct hf_broker_tls_files seen;
    char path[PATH_MAX];

    if (look(dir, HF_BROKER_CA_FILE, path, &seen.ca, err) < 0 ||
        look(dir, HF_BROKER_TLS_FILE, path, &seen.tls, err) < 0)
        return -1;
    *ret_seen = seen;
    return check_pair(path, err);
}

static bool
same(const struct stat *a, const struct stat *b)
{
    return a->st_ino == b->st_ino && a->st_dev == b->st_dev && a->st_size == b->st_size &&
           a->st_mtim.tv_sec == b->st_mtim.tv_sec && a->st_mtim.tv_nsec == b->st_mtim.tv_nsec;
}

enum hf_broker_tls_news
hf_broker_tls_poll(const char *dir, struct hf_broker_tls_files *seen, struct hf_error *err)
{
    struct hf_broker_tls_files now;
    enum hf_broker_tls_news news = HF_BROKER_TLS_RENEWED;
    char path[PATH_MAX];

    if (look(dir, HF_BROKER_CA_FILE, path, &now.ca, NULL) < 0 ||
        look(dir, HF_BROKER_TLS_FILE, path, &now.tls, NULL) < 0 ||
        (same(&now.ca, &seen->ca) && same(&now.tls, &seen->tls)))
        return HF_BROKER_TLS_SAME;
    if (!same(&now.ca, &seen->ca))
        news = HF_BROKER_TLS_AUTHORITY;
    return hf_broker_tls_check(dir, seen, err) < 0 ? HF_BROKER_TLS_SAME : news;
}
