// SPDX-License-Identifier: Apache-2.0
#include "provision/sieve.h"

#include "base/text.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* What is found, replaced and then taken out with what it stands in: each fault at most three. */
enum { TAKEN_MAX = 3 * HF_JSON_FAULTS_MAX, FILLER_SIZE = 128 };

/* An element of a list that is there no more: those behind it have another number now. */
struct taken {
    char list[HF_ERROR_POINTER_MAX];
    uint64_t index; /* as it was */
};

struct sieve {
    const char *text;
    size_t len;
    const struct hf_json *whole;
    struct hf_json *rest;
    struct hf_json_faults *faults;
    size_t before; /* faults that are no business of this */
    struct taken taken[TAKEN_MAX];
    size_t count;
};

/* ---- pointers ---- */

static const char *
last_name(const char *pointer)
{
    const char *slash = strrchr(pointer, '/');

    return slash ? slash + 1 : pointer;
}

/* False where there is nothing above it but the document. */
static bool
go_up(char pointer[HF_ERROR_POINTER_MAX])
{
    char *slash = strrchr(pointer, '/');

    if (!slash)
        return false;
    *slash = '\0';
    return *pointer != '\0';
}

static uint64_t
number_before(const struct sieve *s, const char *list, uint64_t now)
{
    uint64_t was = now, last;

    do {
        last = was;
        was = now;
        for (size_t i = 0; i < s->count; i++)
            was += s->taken[i].index <= last && strcmp(s->taken[i].list, list) == 0;
    } while (was != last);
    return was;
}

/* From where something is now to where it was in the whole. */
static void
original(const struct sieve *s, const char *pointer, char out[HF_ERROR_POINTER_MAX])
{
    const struct hf_json *v = s->rest;
    char here[HF_ERROR_POINTER_MAX] = "";
    size_t len = 0;

    out[0] = '\0';
    while (*pointer == '/') {
        size_t token = 1 + strcspn(pointer + 1, "/");
        char name[HF_ERROR_POINTER_MAX];
        uint64_t index;

        hf_text_put(name, sizeof name, "%.*s", (int)token - 1, pointer + 1);
        if (hf_json_is_array(v) && hf_text_u64(name, &index))
            hf_text_put(name, sizeof name, "%llu",
                        (unsigned long long)number_before(s, out, index));
        hf_text_put(here + len, sizeof here - len, "%.*s", (int)token, pointer);
        len = strlen(here);
        hf_text_put(out + strlen(out), HF_ERROR_POINTER_MAX - strlen(out), "/%s", name);
        v = hf_json_at(s->rest, here);
        pointer += token;
    }
}

/* ---- noting ---- */

/* Of what pointer leads to in the whole, or what is above it. */
static struct hf_json_place
place_of(const struct sieve *s, const char *pointer)
{
    const struct hf_json *v = hf_json_at(s->whole, pointer);
    char up[HF_ERROR_POINTER_MAX];

    hf_text_put(up, sizeof up, "%s", pointer);
    while (!v && go_up(up))
        v = hf_json_at(s->whole, up);
    return hf_json_place_of(s->text, s->len, s->whole, v ? v : s->whole);
}

static bool
is_noted(const struct sieve *s, const char *pointer)
{
    for (size_t i = s->before; i < s->faults->count; i++)
        if (strcmp(s->faults->list[i].pointer, pointer) == 0)
            return true;
    return false;
}

static bool
note(struct sieve *s, const struct hf_error *err, const char *pointer)
{
    size_t len = strlen(err->pointer);
    const char *message = err->message;

    if (len && strncmp(message, err->pointer, len) == 0 && strncmp(message + len, ": ", 2) == 0)
        message += len + 2;
    return hf_json_faults_note(s->faults, place_of(s, pointer), pointer, "%s", message);
}

/* ---- taking out ---- */

/* For what must be there, or what something else goes with, lest what is wrong beside it is not
 * found, or something is called wrong that is not. */
static const char *
filler(const struct hf_json *parent, const char *name, size_t nth, char out[FILLER_SIZE])
{
    static const struct {
        const char *name, *json;
    } fixed[] = {
        {"format", "1"},
        {"type", "\"https\""},
        {"filter", "\"#\""},
        {"lane", "\"normal\""},
        {"topic", "\"ID\""},
        {"delta", "0"},
        {"ms", "1000"},
        {"of", "[\"count\"]"},
        {"reason", "\"-\""},
        {"certificate", "\"-\""},
        {"key", "\"-\""},
        {"password", "\"filled-in\""},
        {"user", "\"filled\""},
        {"header_name", "\"X-Filled\""},
        {"header_value", "\"filled\""},
        {"setup_code", "\"AAAA-AAAA-AAAA\""},
        {"password_hash", "\"$argon2id$v=19$m=19456,t=2,p=1$AAAAAAAAAAAAAAAAAAAAAA$"
                          "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA\""},
        {"interfaces", "[{}]"},
        {"expires", "\"2100-01-01T00:00:00Z\""},
    };
    const char *type = hf_json_string(parent, "type"), *router = hf_json_string(parent, "router");

    for (size_t i = 0; i < HF_LEN(fixed); i++)
        if (strcmp(fixed[i].name, name) == 0)
            return fixed[i].json;
    if (strcmp(name, "url") == 0)
        return type && strcmp(type, "mqtt") == 0 ? "\"mqtts://filled\"" : "\"https://filled\"";
    if (strcmp(name, "address") == 0)
        return router && strchr(router, ':') ? "\"2001:db8::2/64\"" : "\"192.0.2.2/24\"";
    if (strcmp(name, "name") != 0 && strcmp(name, "id") != 0)
        return NULL;
    hf_text_put(out, FILLER_SIZE, "\"filled-%zu\"", nth); /* no two may be the same */
    return out;
}

/* False where none is known. */
static bool
fill(struct sieve *s, const char *pointer)
{
    char up[HF_ERROR_POINTER_MAX], text[FILLER_SIZE];
    const char *name = last_name(pointer), *json;
    struct hf_json *parent, *value = NULL;

    hf_text_put(up, sizeof up, "%s", pointer);
    (void)go_up(up);
    parent = (struct hf_json *)(uintptr_t)hf_json_at(s->rest, up);
    if (!hf_json_is_object(parent))
        return false;
    json = filler(parent, name, s->faults->count, text);
    if (!json || hf_json_parse(json, strlen(json), &value, NULL) < 0)
        return false;
    hf_json_set(parent, name, value);
    return true;
}

/* The other one of two that are there together or not at all, where no value will do for one. */
static void
take_out_partner(struct hf_json *parent, const char *name)
{
    static const char *const pair[] = {"client_cert_pem", "client_key_pem"};

    for (size_t i = 0; i < HF_LEN(pair); i++)
        if (strcmp(name, pair[i]) == 0)
            hf_json_remove(parent, pair[1 - i]);
}

/* pointer leads to something below the document. */
static bool
take_out(struct sieve *s, const char *pointer)
{
    char up[HF_ERROR_POINTER_MAX], was[HF_ERROR_POINTER_MAX];
    struct hf_json *parent;

    hf_text_put(up, sizeof up, "%s", pointer);
    (void)go_up(up);
    parent = (struct hf_json *)(uintptr_t)hf_json_at(s->rest, up);
    if (hf_json_is_array(parent)) {
        struct taken *t = &s->taken[s->count];

        if (s->count == TAKEN_MAX)
            return false;
        original(s, pointer, was);
        if (!hf_text_u64(last_name(was), &t->index))
            return false;
        original(s, up, t->list);
        s->count++;
    }
    hf_json_drop(parent, hf_json_at(s->rest, pointer));
    take_out_partner(parent, last_name(pointer));
    return true;
}

/* Whether there is something left to look at. */
static bool
pass_over(struct sieve *s, const struct hf_error *err)
{
    char pointer[HF_ERROR_POINTER_MAX], was[HF_ERROR_POINTER_MAX];

    original(s, err->pointer, was);
    if (!is_noted(s, was)) {
        if (!note(s, err, was))
            return false;
        if (fill(s, err->pointer))
            return true;
    }
    hf_text_put(pointer, sizeof pointer, "%s", err->pointer);
    while (*pointer) {
        if (hf_json_at(s->rest, pointer))
            return take_out(s, pointer);
        if (!go_up(pointer))
            break;
    }
    return false;
}

static bool
is_about_document(const struct hf_error *err)
{
    return err->class == HF_ERROR_INVALID || err->class == HF_ERROR_CONFLICT ||
           err->class == HF_ERROR_TOO_LARGE;
}

int
hf_sieve(const char *text, size_t len, const struct hf_json *tree, const struct hf_json *doc,
         hf_sieve_check *check, void *context, struct hf_json_faults *faults, struct hf_error *err)
{
    HF_AUTO_FREE struct sieve *s = calloc(1, sizeof *s);
    HF_AUTO(hf_json) struct hf_json *rest = hf_json_copy(doc);
    struct hf_error found = {0};

    if (!s || !rest)
        return hf_error_nomem(err);
    hf_json_drop_doubled(rest);
    s->text = text;
    s->len = len;
    s->whole = tree;
    s->rest = rest;
    s->faults = faults;
    s->before = faults->count;
    while (check(context, rest, &found) < 0) {
        if (!is_about_document(&found)) {
            if (err)
                *err = found;
            return -1;
        }
        if (!pass_over(s, &found)) {
            faults->more = faults->more || *found.pointer;
            break;
        }
    }
    return 0;
}
