// SPDX-License-Identifier: Apache-2.0
/* The JSON Canonicalization Scheme (RFC 8785): one text for one value. */
#include "json/json.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const double EXACT_INT_MAX = 9007199254740991.0; /* 2^53 - 1 */

enum { NUMBER_TEXT = 40, DIGITS_MAX = 17 /* of a double, always enough */ };

static int put(struct hf_buf *b, const struct hf_json *v, struct hf_error *err);

/* The fewest digits that read back as the same number (RFC 8785 §3.2.2.3). */
static int
put_number(struct hf_buf *b, double number, struct hf_error *err)
{
    char text[NUMBER_TEXT];

    if (floor(number) == number && fabs(number) <= EXACT_INT_MAX)
        return hf_buf_addf(b, err, "%lld", (long long)number);
    for (int digits = 1; digits <= DIGITS_MAX; digits++) {
        snprintf(text, sizeof text, "%.*g", digits, number);
        if (strtod(text, NULL) == number)
            break;
    }
    return hf_buf_adds(b, text, err);
}

/* What has no parts: strings as the printer writes them are as §3.2.2.2 wants them. */
static int
put_plain(struct hf_buf *b, const struct hf_json *v, struct hf_error *err)
{
    double number = hf_json_as_number(v, NAN);
    HF_AUTO_FREE char *text = NULL;

    if (!isnan(number))
        return put_number(b, number, err);
    return hf_json_print(v, &text, err) < 0 ? -1 : hf_buf_adds(b, text, err);
}

static int
put_key(struct hf_buf *b, const char *key, struct hf_error *err)
{
    HF_AUTO(hf_json) struct hf_json *name = hf_json_of_string(key);

    if (!name)
        return hf_error_nomem(err);
    return put_plain(b, name, err) < 0 ? -1 : hf_buf_adds(b, ":", err);
}

struct member {
    const struct hf_json *value;
};

static int
by_key(const void *a, const void *b)
{
    const struct member *left = a, *right = b;

    return strcmp(hf_json_key(left->value), hf_json_key(right->value));
}

/* By their names' code units, which for ASCII are bytes (§3.2.3). */
static int
put_members(struct hf_buf *b, const struct hf_json *object, struct hf_error *err)
{
    size_t count = hf_json_count(object), n = 0;
    HF_AUTO_FREE struct member *members = calloc(count + 1, sizeof *members);

    if (!members)
        return hf_error_nomem(err);
    for (const struct hf_json *m = hf_json_first(object); m; m = hf_json_next(m))
        members[n++].value = m;
    qsort(members, count, sizeof *members, by_key);
    for (size_t i = 0; i < count; i++)
        if ((i && hf_buf_adds(b, ",", err) < 0) ||
            put_key(b, hf_json_key(members[i].value), err) < 0 || put(b, members[i].value, err) < 0)
            return -1;
    return 0;
}

static int
put_elements(struct hf_buf *b, const struct hf_json *array, struct hf_error *err)
{
    for (const struct hf_json *e = hf_json_first(array); e; e = hf_json_next(e))
        if ((e != hf_json_first(array) && hf_buf_adds(b, ",", err) < 0) || put(b, e, err) < 0)
            return -1;
    return 0;
}

static int
put(struct hf_buf *b, const struct hf_json *v,
    struct hf_error *err) // NOLINT(misc-no-recursion): bounded by HF_JSON_DEPTH_MAX
{
    if (hf_json_is_object(v)) {
        if (hf_buf_adds(b, "{", err) < 0 || put_members(b, v, err) < 0)
            return -1;
        return hf_buf_adds(b, "}", err);
    }
    if (hf_json_is_array(v)) {
        if (hf_buf_adds(b, "[", err) < 0 || put_elements(b, v, err) < 0)
            return -1;
        return hf_buf_adds(b, "]", err);
    }
    return put_plain(b, v, err);
}

int
hf_json_print_canonical(const struct hf_json *v, char **ret_text, struct hf_error *err)
{
    HF_AUTO_BUF struct hf_buf b = HF_BUF_INIT(HF_JSON_TEXT_MAX);
    char *text;

    if (put(&b, v, err) < 0)
        return -1;
    text = hf_buf_take(&b);
    if (!text)
        return hf_error_nomem(err);
    *ret_text = text;
    return 0;
}
