// SPDX-License-Identifier: Apache-2.0
#include "fetch/challenge.h"

#include <string.h>
#include <strings.h>

enum { WORD_SIZE = 64 };

enum scheme { OTHER, BASIC, BEARER };

struct reader {
    const char *at, *end;
    struct hf_challenge *c;
    enum scheme scheme;
    bool has_scheme;
    bool had_bearer; /* before this field, or before in it */
};

/* RFC 9110 §5.6.2. */
static bool
is_tchar(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
           (c && strchr("!#$%&'*+-.^_`|~", c));
}

static void
skip(struct reader *r, const char *what)
{
    while (r->at < r->end && *r->at && strchr(what, *r->at))
        r->at++;
}

/* Into out, cut where it does not fit; false where there is none. */
static bool
read_token(struct reader *r, char *out, size_t size)
{
    const char *from = r->at;
    size_t len;

    while (r->at < r->end && is_tchar(*r->at))
        r->at++;
    len = (size_t)(r->at - from);
    if (len == 0 || len >= size)
        return false;
    memcpy(out, from, len);
    out[len] = '\0';
    return true;
}

/* What stands between the quotes; `\` takes the next one as it is. */
static bool
read_quoted(struct reader *r, char *out, size_t size)
{
    bool escaped = false;
    size_t len = 0;

    for (r->at++; r->at < r->end; r->at++) {
        if (*r->at == '"' && !escaped)
            break;
        escaped = *r->at == '\\' && !escaped;
        if (escaped)
            continue;
        if ((unsigned char)*r->at < ' ' || *r->at == 0x7f || len + 1 >= size)
            return false;
        out[len++] = *r->at;
    }
    out[len] = '\0';
    if (r->at == r->end)
        return false;
    r->at++;
    return true;
}

static void
begin_scheme(struct reader *r, const char *name)
{
    r->has_scheme = true;
    r->scheme = OTHER;
    if (strcasecmp(name, "Basic") == 0) {
        r->scheme = BASIC;
        r->c->basic = true;
    } else if (strcasecmp(name, "Bearer") == 0 && !r->had_bearer) {
        r->scheme = BEARER;
        r->had_bearer = r->c->bearer = true;
    }
}

/* A parameter that is there already is no parameter of ours. */
static bool
take_value(struct reader *r, char *to, size_t size)
{
    if (*to)
        return false;
    return r->at < r->end && *r->at == '"' ? read_quoted(r, to, size) : read_token(r, to, size);
}

static bool
take_param(struct reader *r, const char *name)
{
    char ignored[1024] = "";

    r->at++; /* = */
    skip(r, " \t");
    if (!r->has_scheme)
        return false;
    if (r->scheme == BEARER && strcasecmp(name, "realm") == 0)
        return take_value(r, r->c->realm, sizeof r->c->realm);
    if (r->scheme == BEARER && strcasecmp(name, "service") == 0)
        return take_value(r, r->c->service, sizeof r->c->service);
    return take_value(r, ignored, sizeof ignored);
}

bool
hf_challenge_parse(const char *text, size_t len, struct hf_challenge *c)
{
    struct reader r = {.at = text, .end = text + len, .c = c, .had_bearer = c->bearer};
    char word[WORD_SIZE];

    for (;;) {
        skip(&r, " \t,");
        if (r.at == r.end)
            return true;
        if (!read_token(&r, word, sizeof word))
            return false;
        skip(&r, " \t");
        if (r.at == r.end || *r.at != '=')
            begin_scheme(&r, word);
        else if (!take_param(&r, word))
            return false;
    }
}
