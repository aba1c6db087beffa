// SPDX-License-Identifier: Apache-2.0
#include "scan/names.h"

#include "base/text.h"
#include "scan/version.h"

#include <string.h>

#define LOWER "abcdefghijklmnopqrstuvwxyz"
#define UPPER "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
#define DIGITS "0123456789"

static bool
take(const char *text, const char *first, const char *others, char *out, size_t size)
{
    size_t len = strlen(text);

    return len > 0 && strchr(first, text[0]) && strspn(text, others) == len &&
           hf_text_put(out, size, "%s", text);
}

bool
hf_scan_name(const char *text, char *out, size_t size)
{
    return strlen(text) >= 2 && take(text, LOWER DIGITS, LOWER DIGITS "+-.", out, size);
}

bool
hf_scan_version(const char *text, char *out, size_t size)
{
    return hf_debian_version_valid(text) && hf_text_put(out, size, "%s", text);
}

bool
hf_scan_id(const char *text, char *out, size_t size)
{
    return strlen(text) >= 2 && take(text, UPPER, UPPER DIGITS "-", out, size);
}

bool
hf_scan_word(const char *text, char *out, size_t size)
{
    return take(text, LOWER, LOWER DIGITS "-.", out, size);
}
