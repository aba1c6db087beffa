// SPDX-License-Identifier: Apache-2.0
/*
 * Whom to believe to be the gateway: its certificate is its own, so it is known by its fingerprint,
 * SHA-256 of the whole certificate, which the gateway prints at its start, writes on the stick and
 * shows in the dashboard. It is compared within the handshake: nothing is sent to anybody else. A
 * gateway makes its certificate anew with the same key, so one with the key that was seen with the
 * fingerprint is that gateway's too; but the key is what people see nowhere, and --fingerprint
 * means that certificate.
 */
#pragma once

#include "base/error.h"

#include <stdbool.h>

enum {
    CLI_FINGERPRINT_SIZE = 104, /* "SHA256" and 32 times ":AA" */
    CLI_KEY_SIZE = CLI_FINGERPRINT_SIZE
};

struct cli_trust {
    char wanted[CLI_FINGERPRINT_SIZE]; /* "": nobody is believed yet */
    char wanted_key[CLI_KEY_SIZE];     /* believed too, whichever certificate it has; "": none */
    char seen[CLI_FINGERPRINT_SIZE];   /* of the newest handshake; "" where there was none */
    char seen_key[CLI_KEY_SIZE];       /* SHA-256 of the public key (RFC 5280 SubjectPublicKeyInfo),
                                        * written the same way */
};

/* Reads a fingerprint as people copy it: with or without "SHA256:" and colons, in any case. Errors:
 * INVALID. */
HF_MUST int cli_fingerprint_parse(const char *text, char out[CLI_FINGERPRINT_SIZE],
                                  struct hf_error *err);

/* For CURLOPT_SSL_CTX_FUNCTION (of libcurl with OpenSSL) with a struct cli_trust: this alone
 * decides about the certificate. */
void cli_trust_set(void *ssl_ctx, struct cli_trust *trust);
