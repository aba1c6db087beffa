// SPDX-License-Identifier: Apache-2.0
/* What came about in a TLS handshake, for a person who tries a way out. */
#pragma once

#include <openssl/ssl.h>

enum { HF_TLS_SEEN_MAX = 256 };

struct hf_tls_seen {
    char text[HF_TLS_SEEN_MAX]; /* "TLSv1.3, issued by Example CA, valid until 2027-01-31" */
};

/* Of a connection whose handshake is over. */
void hf_tls_seen_note(struct hf_tls_seen *seen, const SSL *ssl);

/* Has the next handshake by ctx, an SSL_CTX, noted in seen, a struct hf_tls_seen that outlives it;
 * in the form that common/http.h takes. */
void hf_tls_seen_watch(void *ctx, void *seen);
