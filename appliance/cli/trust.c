// SPDX-License-Identifier: Apache-2.0
#include "cli/trust.h"

#include <ctype.h>
#include <openssl/ssl.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

static const char PREFIX[] = "SHA256";

static void
write_fingerprint(const unsigned char hash[32], char out[CLI_FINGERPRINT_SIZE])
{
    int at = snprintf(out, CLI_FINGERPRINT_SIZE, "%s", PREFIX);

    for (int i = 0; i < 32; i++)
        at += snprintf(out + at, (size_t)(CLI_FINGERPRINT_SIZE - at), ":%02X", hash[i]);
}

static int
hex_digit(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    c = (char)tolower((unsigned char)c);
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

int
cli_fingerprint_parse(const char *text, char out[CLI_FINGERPRINT_SIZE], struct hf_error *err)
{
    unsigned char hash[32] = {0};
    const char *c = text;
    int digits = 0;

    if (strncasecmp(c, PREFIX, sizeof PREFIX - 1) == 0)
        c += sizeof PREFIX - 1;
    for (; *c; c++) {
        int digit = hex_digit(*c);

        if (*c == ':' && digits % 2 == 0)
            continue;
        if (digit < 0 || digits == 64)
            break;
        hash[digits / 2] = (unsigned char)(hash[digits / 2] << 4 | digit);
        digits++;
    }
    if (*c || digits != 64)
        return hf_error_set(
            err, HF_ERROR_INVALID,
            "'%.120s' is no fingerprint: give SHA256: and 64 hexadecimal digits, as "
            "the gateway prints it",
            text);
    write_fingerprint(hash, out);
    return 0;
}

static bool
hash_key(const X509 *cert, unsigned char hash[EVP_MAX_MD_SIZE])
{
    unsigned char *der = NULL;
    int len = i2d_X509_PUBKEY(X509_get_X509_PUBKEY(cert), &der);
    unsigned hash_len = 0;
    bool ok = len > 0 && EVP_Digest(der, (size_t)len, hash, &hash_len, EVP_sha256(), NULL) == 1;

    OPENSSL_free(der);
    return ok && hash_len == 32;
}

/* As SSL_CTX_set_cert_verify_callback(3) has it: 1 for good. */
static int
verify(X509_STORE_CTX *ctx, void *context)
{
    struct cli_trust *trust = context;
    const X509 *cert = X509_STORE_CTX_get0_cert(ctx);
    unsigned char hash[EVP_MAX_MD_SIZE];
    unsigned len = 0;
    int good;

    trust->seen[0] = trust->seen_key[0] = '\0';
    if (cert && X509_digest(cert, EVP_sha256(), hash, &len) && len == 32)
        write_fingerprint(hash, trust->seen);
    if (cert && hash_key(cert, hash))
        write_fingerprint(hash, trust->seen_key);
    good = trust->seen[0] && (strcmp(trust->seen, trust->wanted) == 0 ||
                              (trust->wanted_key[0] && trust->seen_key[0] &&
                               strcmp(trust->seen_key, trust->wanted_key) == 0));
    X509_STORE_CTX_set_error(ctx, good ? X509_V_OK : X509_V_ERR_CERT_REJECTED);
    return good;
}

void
cli_trust_set(void *ssl_ctx, struct cli_trust *trust)
{
    SSL_CTX_set_verify(ssl_ctx, SSL_VERIFY_PEER, NULL);
    SSL_CTX_set_cert_verify_callback(ssl_ctx, verify, trust);
}
