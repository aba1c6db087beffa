// SPDX-License-Identifier: Apache-2.0
#include "scan/version.h"

#include "base/buf.h"

#include <limits.h>
#include <string.h>

struct version {
    struct hf_slice epoch, upstream, revision;
};

/* The C library's depend on the locale. */
static bool
is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static bool
is_letter(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

/* The epoch ends at the first colon, the revision begins behind the last dash. */
static struct version
split(const char *text)
{
    struct version v = {0};
    const char *colon = strchr(text, ':');
    const char *dash;

    if (colon) {
        v.epoch = (struct hf_slice){text, (size_t)(colon - text)};
        text = colon + 1;
    }
    dash = strrchr(text, '-');
    v.upstream = (struct hf_slice){text, dash ? (size_t)(dash - text) : strlen(text)};
    if (dash)
        v.revision = (struct hf_slice){dash + 1, strlen(dash + 1)};
    return v;
}

/* ---- order ---- */

/* "the letters sort earlier than all the non-letters and … a tilde sorts before anything, even the
 * end of a part"; a digit ends the part. */
static int
weight(struct hf_slice s)
{
    if (s.len == 0 || is_digit(*s.data))
        return 0;
    if (*s.data == '~')
        return -1;
    return is_letter(*s.data) ? *s.data : *s.data + UCHAR_MAX + 1;
}

static void
step(struct hf_slice *s)
{
    s->data++;
    s->len--;
}

static int
compare_text(struct hf_slice *a, struct hf_slice *b)
{
    for (;;) {
        int left = weight(*a), right = weight(*b);

        if (left != right)
            return left - right;
        if (left == 0)
            return 0;
        step(a);
        step(b);
    }
}

/* No number is too long to be compared. */
static int
compare_digits(struct hf_slice *a, struct hf_slice *b)
{
    int first = 0;

    while (a->len > 0 && *a->data == '0')
        step(a);
    while (b->len > 0 && *b->data == '0')
        step(b);
    while (a->len > 0 && b->len > 0 && is_digit(*a->data) && is_digit(*b->data)) {
        if (first == 0)
            first = *a->data - *b->data;
        step(a);
        step(b);
    }
    if (a->len > 0 && is_digit(*a->data))
        return 1;
    if (b->len > 0 && is_digit(*b->data))
        return -1;
    return first;
}

static int
compare_part(struct hf_slice a, struct hf_slice b)
{
    while (a.len > 0 || b.len > 0) {
        int order = compare_text(&a, &b);

        if (order == 0)
            order = compare_digits(&a, &b);
        if (order != 0)
            return order;
    }
    return 0;
}

int
hf_debian_version_compare(const char *a, const char *b)
{
    struct version left = split(a), right = split(b);
    int order = compare_part(left.epoch, right.epoch);

    if (order == 0)
        order = compare_part(left.upstream, right.upstream);
    /* None is as good as 0, and "" compares so. */
    return order != 0 ? order : compare_part(left.revision, right.revision);
}

/* ---- what is one ---- */

static bool
made_of(struct hf_slice s, const char *others)
{
    for (size_t i = 0; i < s.len; i++)
        if (!is_digit(s.data[i]) && !is_letter(s.data[i]) && !strchr(others, s.data[i]))
            return false;
    return true;
}

/* dpkg keeps it in an int. */
static bool
is_epoch(struct hf_slice s)
{
    long long value = 0;

    for (size_t i = 0; i < s.len; i++) {
        if (!is_digit(s.data[i]))
            return false;
        value = value * 10 + (s.data[i] - '0');
        if (value > INT_MAX)
            return false;
    }
    return s.len > 0;
}

bool
hf_debian_version_valid(const char *text)
{
    struct version v = split(text);

    return strlen(text) <= HF_DEBIAN_VERSION_MAX && (!v.epoch.data || is_epoch(v.epoch)) &&
           v.upstream.len > 0 && is_digit(*v.upstream.data) && made_of(v.upstream, ".+-~:") &&
           (!v.revision.data || (v.revision.len > 0 && made_of(v.revision, ".+~")));
}
