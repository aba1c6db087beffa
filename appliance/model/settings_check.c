// SPDX-License-Identifier: Apache-2.0
#include "model/settings_parts.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

enum { POINTER_TEXT_MAX = 128 };

int
hf_wrong(struct hf_error *err, const char *pointer, const char *member, const char *must)
{
    char where[HF_ERROR_POINTER_MAX];

    snprintf(where, sizeof where, "%s/%s", pointer, member);
    return hf_error_set_at(err, HF_ERROR_INVALID, where, "%s: %s", where, must);
}

int
hf_settings_check_name(const char *name, const char *pointer, struct hf_error *err)
{
    size_t len = strlen(name);
    bool fine = len >= 1 && len <= 63 && name[0] != '-' && name[len - 1] != '-';

    for (size_t i = 0; fine && i < len; i++)
        fine = islower((unsigned char)name[i]) || isdigit((unsigned char)name[i]) || name[i] == '-';
    if (!fine)
        return hf_error_set_at(err, HF_ERROR_INVALID, pointer,
                               "%s: a name has 1 to 63 lower-case letters, digits and dashes and "
                               "neither begins nor ends with a dash (RFC 1123)",
                               pointer);
    return 0;
}

int
hf_check_range(const struct hf_json *o, const char *member, int64_t least, int64_t most,
               const char *pointer, struct hf_error *err)
{
    int64_t value = hf_json_int(o, member, least);
    char must[64];

    if (value >= least && value <= most)
        return 0;
    snprintf(must, sizeof must, "must be %lld to %lld", (long long)least, (long long)most);
    return hf_wrong(err, pointer, member, must);
}

int
hf_check_word(const struct hf_json *o, const char *member, const char *const *words,
              const char *pointer, struct hf_error *err)
{
    const char *value = hf_json_string(o, member);
    char must[128] = "must be one of";

    if (!value)
        return 0;
    for (const char *const *w = words; *w; w++) {
        size_t len = strlen(must);

        if (strcmp(*w, value) == 0)
            return 0;
        snprintf(must + len, sizeof must - len, "%s %s", w == words ? "" : ",", *w);
    }
    return hf_wrong(err, pointer, member, must);
}

int
hf_check_text(const struct hf_json *o, const char *member, size_t max, const char *pointer,
              struct hf_error *err)
{
    const char *value = hf_json_string(o, member);
    size_t len = value ? strlen(value) : 1;
    char must[80];

    if (!value)
        return 0;
    if (len == 0 || len > max) {
        snprintf(must, sizeof must, "must have 1 to %zu bytes", max);
        return hf_wrong(err, pointer, member, must);
    }
    for (const char *c = value; *c; c++)
        if ((unsigned char)*c < 0x20 || *c == 0x7f)
            return hf_wrong(err, pointer, member, "must have no line breaks or control characters");
    return 0;
}

int
hf_check_pem(const struct hf_json *o, const char *member, const char *begin, const char *pointer,
             struct hf_error *err)
{
    const char *pem = hf_json_string(o, member);
    char must[128];

    if (!pem || (strlen(pem) <= HF_PEM_MAX && strstr(pem, begin)))
        return 0;
    snprintf(must, sizeof must, "must be PEM (%s…), at most %d bytes", begin, HF_PEM_MAX);
    return hf_wrong(err, pointer, member, must);
}

/* "+" and "#" stand alone in their level, "#" in the last one. */
bool
hf_is_filter(const char *text)
{
    for (const char *level = text;;) {
        size_t len = strcspn(level, "/");
        bool wild = memchr(level, '+', len) || memchr(level, '#', len);

        if (wild && (len != 1 || (*level == '#' && level[len])))
            return false;
        if (!level[len])
            return true;
        level += len + 1;
    }
}

int
hf_check_filter(const struct hf_json *o, const char *member, const char *pointer,
                struct hf_error *err)
{
    if (hf_check_text(o, member, HF_FILTER_MAX, pointer, err) < 0)
        return -1;
    if (!hf_is_filter(hf_json_string(o, member)))
        return hf_wrong(err, pointer, member,
                        "must be an MQTT filter: '+' is a level of its own, '#' the last one");
    return 0;
}

int
hf_check_pointer(const struct hf_json *o, const char *member, const char *pointer,
                 struct hf_error *err)
{
    const char *text = hf_json_string(o, member);

    if (!text)
        return 0;
    if (*text && *text != '/')
        return hf_wrong(err, pointer, member,
                        "must be a JSON pointer such as /temperature (RFC 6901)");
    for (const char *c = text; *c; c++)
        if (*c == '~' && c[1] != '0' && c[1] != '1')
            return hf_wrong(err, pointer, member,
                            "has a '~' that is neither '~0' nor '~1' (RFC 6901)");
    return *text ? hf_check_text(o, member, POINTER_TEXT_MAX, pointer, err) : 0;
}
