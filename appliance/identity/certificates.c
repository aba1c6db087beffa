// SPDX-License-Identifier: Apache-2.0
#include "identity/certificates_parts.h"

#include "base/buf.h"
#include "base/clock.h"
#include "base/file.h"
#include "base/text.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum {
    AGAIN_MS = 3600 * 1000,
    SUITED_MS =
        10 * 60 * 1000 /* a look at what has not changed takes pages of OpenSSL into memory */
};

/* ---- what is in force ---- */

/* Takes fresh over; what was there goes when the last handshake is done with it. */
static void
put_in_force(struct hf_certificates *c, struct hf_pem_pair *place, struct hf_pem_pair *fresh)
{
    struct hf_pem_pair old;

    pthread_mutex_lock(&c->mutex);
    old = *place;
    *place = *fresh;
    pthread_mutex_unlock(&c->mutex);
    *fresh = (struct hf_pem_pair){0};
    hf_pem_pair_done(&old);
}

static int
renew(struct hf_certificates *c, const char *name, struct hf_error *err)
{
    struct hf_pem_pair fresh = {0};

    if (hf_certificates_have_ca(c, err) < 0 ||
        hf_x509_make_own(c->dir, name, &c->ca, &c->own, &fresh, err) < 0)
        return hf_error_wrap(err, "make the TLS certificate anew");
    put_in_force(c, &c->own, &fresh);
    return 0;
}

/* One that signed itself is known by its fingerprint alone: an address is no reason to change it.
 * What cannot have a name (a host's name may be none that DNS takes) is not tried twice. */
static bool
lacks_names(const struct hf_certificates *c, const X509 *cert, const struct hf_x509_due *due)
{
    if (strcmp(c->in_vain, due->name) == 0)
        return false;
    return !hf_x509_has_names(cert, due) ||
           (!hf_x509_is_self_signed(cert) && !hf_x509_has_addresses(cert, due));
}

/* ---- opening ---- */

static void
set_site_aside(struct hf_certificates *c, char ret_set_aside[PATH_MAX])
{
    if (hf_text_put(ret_set_aside, PATH_MAX, "%s.unusable", c->site_path))
        (void)!rename(c->site_path, ret_set_aside);
}

/* Its dates do not count here: a clock that is wrong must not change what people trust. */
static void
load_site(struct hf_certificates *c, char ret_set_aside[PATH_MAX])
{
    HF_AUTO_BUF struct hf_buf text = HF_BUF_INIT((size_t)2 * HF_PEM_FILE_MAX);
    struct hf_error why = {0};

    if (hf_file_read(c->site_path, &text, &why) == 0 && text.len > 0 &&
        hf_pem_read_pair(text.data, text.data, &c->site, &why) == 0)
        return;
    if (why.class != HF_ERROR_NOT_FOUND)
        set_site_aside(c, ret_set_aside);
}

int
hf_certificates_open(const char *dir, const char *name, struct hf_certificates **ret_certificates,
                     char ret_set_aside[PATH_MAX], struct hf_error *err)
{
    HF_AUTO(hf_certificates) struct hf_certificates *c = calloc(1, sizeof *c);
    struct hf_certificate own;
    struct hf_x509_due due;
    char aside[PATH_MAX];

    if (!c)
        return hf_error_nomem(err);
    pthread_mutex_init(&c->mutex, NULL);
    pthread_mutex_init(&c->changing, NULL);
    ret_set_aside[0] = '\0';
    if (!hf_text_put(c->dir, sizeof c->dir, "%s", dir) ||
        !hf_text_put(c->site_path, sizeof c->site_path, "%s/site.pem", dir))
        return hf_error_set(err, HF_ERROR_INVALID, "path too long: '%s'", dir);
    if (hf_file_mkdirs(dir, 0700, err) < 0)
        return -1;
    /* A full disk must not keep it from starting: what there is serves without. */
    (void)!hf_authority_ensure(dir, &c->ca, aside, NULL);
    if (hf_x509_ensure_own(dir, name, &c->ca, &own, &c->own, err) < 0)
        return -1;
    memcpy(c->own_path, own.pem_path, sizeof c->own_path);
    load_site(c, ret_set_aside);
    hf_x509_due(name, &due);
    if (lacks_names(c, c->own.cert, &due))
        (void)!renew(c, name, NULL);
    if (aside[0])
        memcpy(ret_set_aside, aside, sizeof aside);
    if (own.set_aside[0])
        memcpy(ret_set_aside, own.set_aside, sizeof own.set_aside);
    *ret_certificates = hf_steal(&c);
    return 0;
}

void
hf_certificates_free(struct hf_certificates *c)
{
    if (!c)
        return;
    hf_pem_pair_done(&c->ca);
    hf_pem_pair_done(&c->own);
    hf_pem_pair_done(&c->broker);
    hf_pem_pair_done(&c->site);
    X509_free(c->fingerprint_of);
    pthread_mutex_destroy(&c->mutex);
    pthread_mutex_destroy(&c->changing);
    free(c);
}

const char *
hf_certificates_own_path(const struct hf_certificates *c)
{
    return c->own_path;
}

/* ---- looking ---- */

/* Under the mutex. */
static const struct hf_pem_pair *
in_force(const struct hf_certificates *c)
{
    return c->site.cert ? &c->site : &c->own;
}

void
hf_certificates_take(struct hf_certificates *c, bool own, X509 **ret_cert, EVP_PKEY **ret_key,
                     STACK_OF(X509) * *ret_chain)
{
    const struct hf_pem_pair *pair;

    pthread_mutex_lock(&c->mutex);
    pair = own ? &c->own : in_force(c);
    X509_up_ref(pair->cert);
    EVP_PKEY_up_ref(pair->key);
    *ret_cert = pair->cert;
    *ret_key = pair->key;
    *ret_chain = pair->chain ? X509_chain_up_ref(pair->chain) : NULL;
    pthread_mutex_unlock(&c->mutex);
}

void
hf_x509_put_dn(const X509_NAME *name, char *out, size_t size)
{
    AUTO_BIO bio = BIO_new(BIO_s_mem());
    char *text = NULL;
    long len = 0;

    out[0] = '\0';
    if (!bio || X509_NAME_print_ex(bio, name, 0, XN_FLAG_RFC2253 & ~ASN1_STRFLGS_ESC_MSB) < 0)
        return;
    len = BIO_get_mem_data(bio, &text);
    hf_text_put(out, size, "%.*s", (int)len, text);
    hf_text_whole(out);
    if (!hf_text_utf8(out, strlen(out)))
        hf_text_put(out, size, "?");
}

static bool
is_plain(const char *text, size_t len)
{
    for (size_t i = 0; i < len; i++)
        if (text[i] <= ' ' || text[i] > '~')
            return false;
    return len > 0;
}

static void
put_names(const X509 *cert, char out[HF_CERTIFICATE_NAMES_SIZE])
{
    AUTO_NAMES names = X509_get_ext_d2i(cert, NID_subject_alt_name, NULL, NULL);
    size_t used = 0;

    out[0] = '\0';
    for (int i = 0; i < sk_GENERAL_NAME_num(names); i++) {
        int type;
        const ASN1_STRING *value = GENERAL_NAME_get0_value(sk_GENERAL_NAME_value(names, i), &type);
        const char *data = (const char *)ASN1_STRING_get0_data(value);
        int len = ASN1_STRING_length(value);
        char one[320] = "";

        if (type == GEN_DNS && is_plain(data, (size_t)len))
            hf_text_put(one, sizeof one, "%.*s", len, data);
        else if (type == GEN_IPADD && (len == 4 || len == 16))
            inet_ntop(len == 4 ? AF_INET : AF_INET6, data, one, sizeof one);
        if (one[0] && used + strlen(one) + 2 <= HF_CERTIFICATE_NAMES_SIZE)
            used += (size_t)snprintf(out + used, HF_CERTIFICATE_NAMES_SIZE - used, "%s\n", one);
    }
}

void
hf_certificates_info(struct hf_certificates *c, struct hf_certificate_info *ret_info)
{
    AUTO_CERT cert = NULL;
    AUTO_KEY key = NULL;
    AUTO_CHAIN chain = NULL;

    hf_certificates_take(c, false, &cert, &key, &chain);
    *ret_info = (struct hf_certificate_info){
        .not_before_ms = hf_pem_time_ms(X509_get0_notBefore(cert)),
        .not_after_ms = hf_pem_time_ms(X509_get0_notAfter(cert)),
    };
    pthread_mutex_lock(&c->mutex);
    ret_info->site = c->site.cert == cert;
    pthread_mutex_unlock(&c->mutex);
    (void)!hf_x509_fingerprint(cert, ret_info->fingerprint);
    hf_x509_put_dn(X509_get_subject_name(cert), ret_info->subject, sizeof ret_info->subject);
    hf_x509_put_dn(X509_get_issuer_name(cert), ret_info->issuer, sizeof ret_info->issuer);
    put_names(cert, ret_info->names);
}

void
hf_certificates_fingerprint(struct hf_certificates *c, char out[HF_FINGERPRINT_SIZE])
{
    pthread_mutex_lock(&c->mutex);
    if (c->fingerprint_of != in_force(c)->cert) {
        X509_free(c->fingerprint_of);
        c->fingerprint_of = in_force(c)->cert;
        X509_up_ref(c->fingerprint_of);
        c->fingerprint[0] = '\0';
        (void)!hf_x509_fingerprint(c->fingerprint_of, c->fingerprint);
    }
    memcpy(out, c->fingerprint, HF_FINGERPRINT_SIZE);
    pthread_mutex_unlock(&c->mutex);
}

bool
hf_certificates_name(struct hf_certificates *c, const char *host)
{
    bool is;

    pthread_mutex_lock(&c->mutex);
    is = c->site.cert && X509_check_host(c->site.cert, host, 0, 0, NULL) == 1;
    pthread_mutex_unlock(&c->mutex);
    return is;
}

/* ---- changing ---- */

static int
take_site(const char *path, const char *certificates, const char *key,
          struct hf_pem_pair *ret_fresh, struct hf_error *err)
{
    struct hf_pem_pair fresh = {0};

    if (hf_pem_read_pair(certificates, key, &fresh, err) < 0)
        return -1;
    if (hf_pem_check(&fresh, err) < 0 || hf_x509_write(path, &fresh, err) < 0) {
        hf_pem_pair_done(&fresh);
        return -1;
    }
    *ret_fresh = fresh;
    return 0;
}

int
hf_certificates_replace(struct hf_certificates *c, const char *certificates, const char *key,
                        struct hf_certificate_info *ret_info, struct hf_error *err)
{
    struct hf_pem_pair fresh = {0};
    int rc;

    pthread_mutex_lock(&c->changing);
    rc = take_site(c->site_path, certificates, key, &fresh, err);
    if (rc == 0)
        put_in_force(c, &c->site, &fresh);
    pthread_mutex_unlock(&c->changing);
    if (rc == 0)
        hf_certificates_info(c, ret_info);
    return rc;
}

int
hf_certificates_put_site(const char *dir, const char *certificates, const char *key,
                         struct hf_error *err)
{
    struct hf_pem_pair fresh = {0};
    char path[PATH_MAX];

    if (!hf_text_put(path, sizeof path, "%s/site.pem", dir))
        return hf_error_set(err, HF_ERROR_INVALID, "path too long: '%s'", dir);
    if (hf_file_mkdirs(dir, 0700, err) < 0 || take_site(path, certificates, key, &fresh, err) < 0)
        return -1;
    hf_pem_pair_done(&fresh);
    return 0;
}

/* The folder too: after a power cut it must not be back. */
static int
unlink_site(struct hf_certificates *c, struct hf_error *err)
{
    HF_AUTO_CLOSE int dir = open(c->dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

    if (unlink(c->site_path) < 0)
        return errno == ENOENT
                   ? hf_error_set(err, HF_ERROR_NOT_FOUND,
                                  "there is no certificate of the site: the gateway's own is used")
                   : hf_error_errno(err, errno, "cannot remove '%s'", c->site_path);
    if (dir < 0 || fsync(dir) < 0)
        return hf_error_errno(err, errno, "cannot write '%s'", c->dir);
    return 0;
}

int
hf_certificates_remove(struct hf_certificates *c, struct hf_error *err)
{
    struct hf_pem_pair none = {0};
    int rc;

    pthread_mutex_lock(&c->changing);
    rc = unlink_site(c, err);
    if (rc == 0)
        put_in_force(c, &c->site, &none);
    pthread_mutex_unlock(&c->changing);
    return rc;
}

int64_t
hf_certificates_site_ends_ms(struct hf_certificates *c)
{
    int64_t ends_ms;

    pthread_mutex_lock(&c->mutex);
    ends_ms = c->site.cert ? hf_pem_time_ms(X509_get0_notAfter(c->site.cert)) : 0;
    pthread_mutex_unlock(&c->mutex);
    return ends_ms;
}

static int
tend_own(struct hf_certificates *c, const struct hf_x509_due *due, bool watched,
         struct hf_error *err)
{
    bool lacking = !watched && lacks_names(c, c->own.cert, due);

    if (!lacking && !hf_x509_ends_soon(c->own.cert))
        return 0;
    if (renew(c, due->name, err) < 0)
        return -1;
    if (lacking && lacks_names(c, c->own.cert, due))
        hf_text_put(c->in_vain, sizeof c->in_vain, "%s", due->name);
    return HF_CERTIFICATE_OWN;
}

static int
tend_broker(struct hf_certificates *c, const struct hf_x509_due *due, struct hf_error *err)
{
    bool lacking = c->broker.cert && lacks_names(c, c->broker.cert, due);

    if (!c->broker.cert || (!lacking && !hf_x509_ends_soon(c->broker.cert)))
        return 0;
    return hf_certificates_renew_broker(c, due->name, err) < 0 ? -1 : HF_CERTIFICATE_BROKER;
}

/* Under changing. */
static void
look(struct hf_certificates *c, const struct hf_x509_due *due, bool watched, int *ret_own,
     int *ret_broker, struct hf_error *err)
{
    int64_t now_ms = hf_clock_mono_ms();

    *ret_own = *ret_broker = 0;
    if (now_ms < c->tend_at_ms ||
        (now_ms < c->suited_until_ms && memcmp(due, &c->suited, sizeof *due) == 0))
        return;
    *ret_own = tend_own(c, due, watched, err);
    *ret_broker = *ret_own < 0 ? 0 : tend_broker(c, due, err);
    if (*ret_own < 0 || *ret_broker < 0)
        c->tend_at_ms = now_ms + AGAIN_MS;
    c->suited = *due;
    c->suited_until_ms = watched || *ret_own || *ret_broker ? 0 : now_ms + SUITED_MS;
}

int
hf_certificates_tend(struct hf_certificates *c, const char *name, bool watched,
                     struct hf_error *err)
{
    struct hf_x509_due due;
    int own, broker;

    hf_x509_due(name, &due);
    pthread_mutex_lock(&c->changing);
    look(c, &due, watched, &own, &broker, err);
    pthread_mutex_unlock(&c->changing);
    if (own < 0 || (own == 0 && broker < 0))
        return -1;
    return broker < 0 ? own : own | broker;
}
