// SPDX-License-Identifier: Apache-2.0
#include "model/version.h"

#include <stddef.h>
#include <string.h>

static const char DIGITS[] = "0123456789";
static const char IDENTIFIER[] = "0123456789abcdefghijklmnopqrstuvwxyz"
                                 "ABCDEFGHIJKLMNOPQRSTUVWXYZ-";

enum { CORE_PARTS = 3 };

/* A number without leading zeros (§2, §9). */
static bool
is_number(const char *text, size_t len)
{
    return len && strspn(text, DIGITS) >= len && (len == 1 || *text != '0');
}

static bool
is_identifier(const char *text, size_t len)
{
    if (!len || strspn(text, IDENTIFIER) < len)
        return false;
    return strspn(text, DIGITS) < len || is_number(text, len);
}

bool
hf_version_is_exact(const char *text)
{
    if (strlen(text) >= HF_VERSION_SIZE)
        return false;
    for (int i = 0; i < CORE_PARTS; i++) {
        size_t len = strcspn(text, ".-");

        if (!is_number(text, len))
            return false;
        text += len;
        if (i < CORE_PARTS - 1 && *text++ != '.')
            return false;
    }
    if (!*text)
        return true;
    if (*text != '-')
        return false;
    do {
        size_t len = strcspn(++text, ".");

        if (!is_identifier(text, len))
            return false;
        text += len;
    } while (*text);
    return true;
}

static int
sign(int difference)
{
    return (difference > 0) - (difference < 0);
}

/* Digits without leading zeros: the longer is the greater. */
static int
compare_numbers(const char *a, size_t a_len, const char *b, size_t b_len)
{
    return a_len != b_len ? (a_len > b_len ? 1 : -1) : sign(strncmp(a, b, a_len));
}

static int
compare_identifiers(const char *a, size_t a_len, const char *b, size_t b_len)
{
    bool a_number = strspn(a, DIGITS) >= a_len, b_number = strspn(b, DIGITS) >= b_len;
    int order;

    if (a_number && b_number)
        return compare_numbers(a, a_len, b, b_len);
    if (a_number != b_number)
        return a_number ? -1 : 1;
    order = sign(strncmp(a, b, a_len < b_len ? a_len : b_len));
    return order || a_len == b_len ? order : (a_len > b_len ? 1 : -1);
}

/* What follows the dash; "" for none, which is newer than any (§11.3). */
static int
compare_prereleases(const char *a, const char *b)
{
    if (!*a || !*b)
        return (*b != '\0') - (*a != '\0');
    for (;;) {
        size_t a_len = strcspn(a, "."), b_len = strcspn(b, ".");
        int order = compare_identifiers(a, a_len, b, b_len);

        if (order)
            return order;
        a += a_len;
        b += b_len;
        if (!*a || !*b)
            return (*a != '\0') - (*b != '\0');
        a++;
        b++;
    }
}

int
hf_version_compare(const char *a, const char *b)
{
    for (int i = 0; i < CORE_PARTS; i++) {
        size_t a_len = strcspn(a, ".-"), b_len = strcspn(b, ".-");
        int order = compare_numbers(a, a_len, b, b_len);

        if (order)
            return order;
        a += a_len + (a[a_len] != '\0');
        b += b_len + (b[b_len] != '\0');
    }
    return compare_prereleases(a, b);
}
