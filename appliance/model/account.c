// SPDX-License-Identifier: Apache-2.0
#include "model/account.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

/* Weaker than 19 MiB and 2 passes (OWASP's least for Argon2id) is refused, and so is what would let
 * one login take the memory of a small box. */
enum {
    MEMORY_KIB_MIN = 19456,
    MEMORY_KIB_MAX = 65536,
    PASSES_MIN = 2,
    PASSES_MAX = 10,
    SALT_CHARS = 22, /* 16 bytes in base64 without padding */
    HASH_CHARS = 43, /* 32 bytes */
    DIGITS_MAX = 6   /* of a parameter */
};

const char hf_setup_code_alphabet[] = "23456789ABCDEFGHJKMNPQRSTUVWXYZ";

const char *
hf_role_name(enum hf_role role)
{
    static const char *const names[HF_ROLE_COUNT] = {"viewer", "operator", "admin"};

    return (unsigned)role < HF_ROLE_COUNT ? names[role] : "none";
}

int
hf_role_read(const char *word, const char *pointer, enum hf_role *ret_role, struct hf_error *err)
{
    for (int role = 0; role < HF_ROLE_COUNT; role++) {
        if (strcmp(word, hf_role_name((enum hf_role)role)) == 0) {
            *ret_role = (enum hf_role)role;
            return 0;
        }
    }
    return hf_error_set_at(err, HF_ERROR_INVALID, pointer, "%s: must be viewer, operator or admin",
                           pointer);
}

#define LOWER "abcdefghijklmnopqrstuvwxyz"
#define UPPER "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
#define DIGITS "0123456789"

int
hf_user_name_check(const char *text, const char *pointer, struct hf_error *err)
{
    size_t len = strlen(text);

    if (len < 1 || len > HF_USER_CHARS || !strchr(LOWER DIGITS, text[0]) ||
        strspn(text, LOWER DIGITS "._-") != len)
        return hf_error_set_at(err, HF_ERROR_INVALID, pointer,
                               "%s: must be 1 to %d of a-z, 0-9, dot, dash and underscore, a "
                               "letter or digit first",
                               pointer, HF_USER_CHARS);
    return 0;
}

int
hf_token_name_check(const char *text, const char *pointer, struct hf_error *err)
{
    size_t len = strlen(text);

    if (len < 1 || len > HF_TOKEN_NAME_CHARS || strspn(text, LOWER UPPER DIGITS "._-") != len)
        return hf_error_set_at(err, HF_ERROR_INVALID, pointer,
                               "%s: must be 1 to %d of A-Z, a-z, 0-9, dot, dash and underscore",
                               pointer, HF_TOKEN_NAME_CHARS);
    return 0;
}

bool
hf_setup_code_normalise(const char *typed, char out[HF_SETUP_CODE_SIZE])
{
    char code[HF_SETUP_CODE_SIZE] = "";
    size_t chars = 0, len = 0;

    for (const char *c = typed; *c; c++) {
        char upper = (char)toupper((unsigned char)*c);

        if (*c == '-' || *c == ' ')
            continue;
        if (chars == HF_SETUP_CODE_CHARS || !strchr(hf_setup_code_alphabet, upper))
            return false;
        if (chars && chars % 4 == 0)
            code[len++] = '-';
        code[len++] = upper;
        chars++;
    }
    if (chars != HF_SETUP_CODE_CHARS)
        return false;
    memcpy(out, code, sizeof code);
    return true;
}

static size_t
base64_span(const char *text)
{
    return strspn(text, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/");
}

/* Reads `prefix` and a short decimal number at *at and moves behind them; -1 where there is none.
 */
static long
number_after(const char **at, const char *prefix)
{
    size_t len = strlen(prefix), digits;
    const char *number = *at + len;

    if (strncmp(*at, prefix, len) != 0)
        return -1;
    digits = strspn(number, "0123456789");
    if (digits == 0 || digits > DIGITS_MAX)
        return -1;
    *at = number + digits;
    return strtol(number, NULL, 10);
}

static bool
is_salt_and_hash(const char *text)
{
    return base64_span(text) == SALT_CHARS && text[SALT_CHARS] == '$' &&
           base64_span(text + SALT_CHARS + 1) == HASH_CHARS &&
           text[SALT_CHARS + 1 + HASH_CHARS] == '\0';
}

int
hf_password_hash_check(const char *hash, const char *pointer, struct hf_error *err)
{
    static const char parallel[] = ",p=1$";
    const char *at = hash;
    long memory = number_after(&at, "$argon2id$v=19$m=");
    long passes = memory < 0 ? -1 : number_after(&at, ",t=");

    if (passes < 0 || strncmp(at, parallel, strlen(parallel)) != 0 ||
        !is_salt_and_hash(at + strlen(parallel)))
        return hf_error_set_at(err, HF_ERROR_INVALID, pointer,
                               "%s: must be a hash like "
                               "$argon2id$v=19$m=19456,t=2,p=1$<salt>$<hash>",
                               pointer);
    if (memory < MEMORY_KIB_MIN || memory > MEMORY_KIB_MAX || passes < PASSES_MIN ||
        passes > PASSES_MAX)
        return hf_error_set_at(err, HF_ERROR_INVALID, pointer,
                               "%s: m must be %d to %d (KiB) and t %d to %d", pointer,
                               MEMORY_KIB_MIN, MEMORY_KIB_MAX, PASSES_MIN, PASSES_MAX);
    return 0;
}
