// SPDX-License-Identifier: Apache-2.0
#include "api/tls.h"

#include "api/server.h"

#include <arpa/inet.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>
#include <pthread.h>
#include <sys/socket.h>

static const char CIPHERS_1_2[] = "ECDHE+AESGCM:ECDHE+CHACHA20";

static pthread_once_t once = PTHREAD_ONCE_INIT;
static int peer_index = -1;  /* of an SSL: its struct hf_peer */
static int peers_index = -1; /* of an SSL_CTX: its struct hf_peers */

/* Of the connection that this thread serves: civetweb's workers have one at a time, from the
 * handshake to its end. */
static _Thread_local struct hf_peer *served;

/* Runs when the SSL is freed, that is when the connection is closed, however that came. */
static void
leave(void *parent, void *peer, CRYPTO_EX_DATA *data, int index, long argl, void *argp)
{
    (void)parent, (void)data, (void)index, (void)argl, (void)argp;
    if (peer)
        hf_peers_leave(peer);
    if (peer == served)
        served = NULL;
}

void
hf_tls_keep(void)
{
    if (served)
        hf_peers_keep(served);
}

void
hf_tls_serve(bool serving)
{
    if (served)
        hf_peers_serve(served, serving);
}

void
hf_tls_local_address(char out[HF_TLS_ADDRESS_SIZE])
{
    struct sockaddr_storage address = {0};
    socklen_t len = sizeof address;
    const void *from;

    out[0] = '\0';
    if (!served || getsockname(served->fd, (struct sockaddr *)&address, &len) < 0)
        return;
    from = address.ss_family == AF_INET6
               ? (const void *)&((const struct sockaddr_in6 *)(const void *)&address)->sin6_addr
               : (const void *)&((const struct sockaddr_in *)(const void *)&address)->sin_addr;
    if (!inet_ntop(address.ss_family, from, out, HF_TLS_ADDRESS_SIZE))
        out[0] = '\0';
}

void
hf_api_prepare(void)
{
    (void)OPENSSL_init_ssl(OPENSSL_INIT_NO_LOAD_SSL_STRINGS | OPENSSL_INIT_NO_LOAD_CRYPTO_STRINGS,
                           NULL);
}

static void
make_indexes(void)
{
    peer_index = SSL_get_ex_new_index(0, NULL, NULL, NULL, leave);
    peers_index = SSL_CTX_get_ex_new_index(0, NULL, NULL, NULL, NULL);
}

static void
on_info(const SSL *ssl, int where, int value)
{
    struct hf_peers *peers = SSL_CTX_get_ex_data(SSL_get_SSL_CTX(ssl), peers_index);
    struct sockaddr_storage address = {0};
    socklen_t len = sizeof address;
    struct hf_peer *peer = NULL;
    int fd = SSL_get_fd(ssl);

    (void)value;
    if (where & SSL_CB_HANDSHAKE_DONE && served)
        hf_peers_met(served);
    /* TLS 1.3 also calls its session tickets a handshake. */
    if (!(where & SSL_CB_HANDSHAKE_START) || SSL_get_ex_data(ssl, peer_index))
        return;
    if (getpeername(fd, (struct sockaddr *)&address, &len) == 0)
        peer = hf_peers_enter(peers, (const struct sockaddr *)&address, fd);
    if (!peer || SSL_set_ex_data((SSL *)(uintptr_t)ssl, peer_index, peer) != 1) {
        if (peer)
            hf_peers_leave(peer);
        shutdown(fd, SHUT_RDWR);
        return;
    }
    served = peer;
}

/* In each handshake: what is in force now. One that OpenSSL does not take is no reason to be out of
 * reach. */
static int
on_certificate(SSL *ssl, void *context)
{
    struct hf_certificates *certificates = context;
    int taken = 0;

    for (int own = 0; own < 2 && taken != 1; own++) {
        STACK_OF(X509) *chain = NULL;
        EVP_PKEY *key = NULL;
        X509 *cert = NULL;

        hf_certificates_take(certificates, own, &cert, &key, &chain);
        taken = SSL_use_cert_and_key(ssl, cert, key, chain, 1);
        sk_X509_pop_free(chain, X509_free);
        EVP_PKEY_free(key);
        X509_free(cert);
    }
    return taken == 1;
}

int
hf_tls_setup(void *ssl_ctx, struct hf_peers *peers, struct hf_certificates *certificates,
             struct hf_error *err)
{
    SSL_CTX *ctx = ssl_ctx;

    pthread_once(&once, make_indexes);
    if (peer_index < 0 || peers_index < 0 || SSL_CTX_set_ex_data(ctx, peers_index, peers) != 1)
        return hf_error_set(err, HF_ERROR_INTERNAL, "TLS cannot be set up");
    if (SSL_CTX_set_min_proto_version(ctx, TLS1_2_VERSION) != 1 ||
        SSL_CTX_set_cipher_list(ctx, CIPHERS_1_2) != 1)
        return hf_error_set(err, HF_ERROR_INTERNAL, "TLS 1.2 with forward secrecy is not there");
    SSL_CTX_set_options(ctx, SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION |
                                 SSL_OP_CIPHER_SERVER_PREFERENCE | SSL_OP_PRIORITIZE_CHACHA);
    /* An idle connection gives its 34 KiB of buffers back. */
    SSL_CTX_set_mode(ctx, SSL_MODE_RELEASE_BUFFERS);
    SSL_CTX_set_session_cache_mode(ctx, SSL_SESS_CACHE_OFF);
    SSL_CTX_set_info_callback(ctx, on_info);
    SSL_CTX_set_cert_cb(ctx, on_certificate, certificates);
    return 0;
}
