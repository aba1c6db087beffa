// SPDX-License-Identifier: Apache-2.0
#include "forwarder/mqtt_tls.h"

#include <arpa/inet.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>
#include <stdio.h>
#include <string.h>

/* Where Debian's ca-certificates puts the authorities; the images have no OPENSSLDIR. */
static const char system_authorities[] = "/etc/ssl/certs/ca-certificates.crt";

static bool
is_address(const char *name)
{
    unsigned char out[16];

    return inet_pton(AF_INET, name, out) == 1 || inet_pton(AF_INET6, name, out) == 1;
}

/* libmosquitto asks for the host it connects to; the name may be another. At the begin of the
 * handshake it can still be set. */
static void
on_info(const SSL *ssl, int where, int rc)
{
    struct hf_mqtt_tls *t = SSL_CTX_get_app_data(SSL_get_SSL_CTX(ssl));

    (void)rc;
    if (where & SSL_CB_HANDSHAKE_START && !is_address(t->name))
        (void)SSL_set_tlsext_host_name((SSL *)(uintptr_t)ssl, t->name);
    if (where & SSL_CB_HANDSHAKE_DONE) {
        t->done = true;
        hf_tls_seen_note(&t->seen, ssl);
    }
}

static int
on_verify(int ok, X509_STORE_CTX *store)
{
    const SSL *ssl = X509_STORE_CTX_get_ex_data(store, SSL_get_ex_data_X509_STORE_CTX_idx());
    struct hf_mqtt_tls *t = SSL_CTX_get_app_data(SSL_get_SSL_CTX(ssl));

    if (!ok)
        snprintf(t->wrong, sizeof t->wrong, "%s",
                 X509_verify_cert_error_string(X509_STORE_CTX_get_error(store)));
    return ok;
}

static int
wrong_pem(struct hf_error *err, const char *what)
{
    ERR_clear_error();
    return hf_error_set(err, HF_ERROR_INVALID, "%s is no PEM that can be used", what);
}

static int
trust(SSL_CTX *ctx, const char *pem, struct hf_error *err)
{
    BIO *bio = BIO_new_mem_buf(pem, -1);
    X509_STORE *store = SSL_CTX_get_cert_store(ctx);
    X509 *cert;
    int count = 0;

    while (bio && (cert = PEM_read_bio_X509(bio, NULL, NULL, NULL))) {
        count += X509_STORE_add_cert(store, cert);
        X509_free(cert);
    }
    BIO_free(bio);
    ERR_clear_error(); /* the end of the text is an error, too */
    return count ? 0 : wrong_pem(err, "ca_pem");
}

static int
use_chain(SSL_CTX *ctx, const char *pem, struct hf_error *err)
{
    BIO *bio = BIO_new_mem_buf(pem, -1);
    X509 *cert = bio ? PEM_read_bio_X509(bio, NULL, NULL, NULL) : NULL;
    bool ok = cert && SSL_CTX_use_certificate(ctx, cert) == 1;

    X509_free(cert);
    while (ok && (cert = PEM_read_bio_X509(bio, NULL, NULL, NULL)))
        if (SSL_CTX_add_extra_chain_cert(ctx, cert) != 1) {
            X509_free(cert);
            ok = false;
        }
    BIO_free(bio);
    ERR_clear_error();
    return ok ? 0 : wrong_pem(err, "client_cert_pem");
}

/* A key that asks for a passphrase has nobody to ask. */
static int
no_passphrase(char *out, int size, int write, void *ctx)
{
    (void)out, (void)size, (void)write, (void)ctx;
    return -1;
}

static int
use_key(SSL_CTX *ctx, const char *pem, struct hf_error *err)
{
    BIO *bio = BIO_new_mem_buf(pem, -1);
    EVP_PKEY *key = bio ? PEM_read_bio_PrivateKey(bio, NULL, no_passphrase, NULL) : NULL;
    bool ok = key && SSL_CTX_use_PrivateKey(ctx, key) == 1 && SSL_CTX_check_private_key(ctx) == 1;

    EVP_PKEY_free(key);
    BIO_free(bio);
    ERR_clear_error();
    return ok ? 0 : wrong_pem(err, "client_key_pem");
}

static int
set_name(SSL_CTX *ctx, const char *name, struct hf_error *err)
{
    X509_VERIFY_PARAM *param = SSL_CTX_get0_param(ctx);
    bool ok = is_address(name) ? X509_VERIFY_PARAM_set1_ip_asc(param, name) == 1
                               : X509_VERIFY_PARAM_set1_host(param, name, 0) == 1;

    X509_VERIFY_PARAM_set_hostflags(param, X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS);
    return ok ? 0 : hf_error_set(err, HF_ERROR_INVALID, "'%s' is no name for a server", name);
}

static int
set_up(SSL_CTX *ctx, const struct hf_sink_settings *s, const char *name, struct hf_error *err)
{
    SSL_CTX_set_min_proto_version(ctx, TLS1_2_VERSION);
    SSL_CTX_set_verify(ctx, SSL_VERIFY_PEER, on_verify);
    SSL_CTX_set_info_callback(ctx, on_info);
    SSL_CTX_set_mode(ctx, SSL_MODE_AUTO_RETRY | SSL_MODE_RELEASE_BUFFERS);
    if (*s->ca_pem) {
        if (trust(ctx, s->ca_pem, err) < 0)
            return -1;
    } else if (SSL_CTX_load_verify_file(ctx, system_authorities) != 1) {
        ERR_clear_error();
        (void)SSL_CTX_set_default_verify_paths(ctx);
    }
    if (*s->client_cert_pem &&
        (use_chain(ctx, s->client_cert_pem, err) < 0 || use_key(ctx, s->client_key_pem, err) < 0))
        return -1;
    return set_name(ctx, name, err);
}

int
hf_mqtt_tls_init(struct hf_mqtt_tls *t, const struct hf_sink_settings *s, const char *name,
                 struct hf_error *err)
{
    *t = (struct hf_mqtt_tls){.name = name, .ctx = SSL_CTX_new(TLS_client_method())};
    if (!t->ctx)
        return hf_error_nomem(err);
    SSL_CTX_set_app_data(t->ctx, t);
    if (set_up(t->ctx, s, name, err) < 0) {
        hf_mqtt_tls_done(t);
        return -1;
    }
    return 0;
}

void
hf_mqtt_tls_done(struct hf_mqtt_tls *t)
{
    SSL_CTX_free(t->ctx);
    t->ctx = NULL;
}
