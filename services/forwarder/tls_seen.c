// SPDX-License-Identifier: Apache-2.0
#include "forwarder/tls_seen.h"

#include "base/text.h"

#include <openssl/x509.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

enum { NAME_MAX_BYTES = 96, DATE_SIZE = 16 };

static pthread_once_t index_once = PTHREAD_ONCE_INIT;
static int index_of_seen;

static void
make_index(void)
{
    index_of_seen = SSL_CTX_get_ex_new_index(0, NULL, NULL, NULL, NULL);
}

/* The common name of who signed the certificate, or else its organisation; what a stranger wrote
 * there must be text. */
static void
issuer_of(X509 *cert, char out[NAME_MAX_BYTES])
{
    X509_NAME *name = X509_get_issuer_name(cert);
    int len = X509_NAME_get_text_by_NID(name, NID_commonName, out, NAME_MAX_BYTES);

    if (len <= 0)
        len = X509_NAME_get_text_by_NID(name, NID_organizationName, out, NAME_MAX_BYTES);
    if (len <= 0 || !hf_text_utf8(out, strlen(out)))
        snprintf(out, NAME_MAX_BYTES, "an authority without a name");
    for (char *c = out; *c; c++)
        if ((unsigned char)*c < ' ' || *c == 0x7F)
            *c = ' ';
}

static void
end_of(X509 *cert, char out[DATE_SIZE])
{
    struct tm tm;

    if (ASN1_TIME_to_tm(X509_get0_notAfter(cert), &tm) != 1 ||
        strftime(out, DATE_SIZE, "%Y-%m-%d", &tm) == 0)
        snprintf(out, DATE_SIZE, "?");
}

void
hf_tls_seen_note(struct hf_tls_seen *seen, const SSL *ssl)
{
    X509 *cert = SSL_get1_peer_certificate(ssl);
    char issuer[NAME_MAX_BYTES], end[DATE_SIZE];

    if (!cert)
        return;
    issuer_of(cert, issuer);
    end_of(cert, end);
    snprintf(seen->text, sizeof seen->text, "%s, issued by %s, valid until %s",
             SSL_get_version(ssl), issuer, end);
    X509_free(cert);
}

static void
on_info(const SSL *ssl, int where, int rc)
{
    (void)rc;
    if (where & SSL_CB_HANDSHAKE_DONE)
        hf_tls_seen_note(SSL_CTX_get_ex_data(SSL_get_SSL_CTX(ssl), index_of_seen), ssl);
}

void
hf_tls_seen_watch(void *ctx, void *seen)
{
    pthread_once(&index_once, make_index);
    if (SSL_CTX_set_ex_data(ctx, index_of_seen, seen) == 1)
        SSL_CTX_set_info_callback(ctx, on_info);
}
