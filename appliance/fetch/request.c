// SPDX-License-Identifier: Apache-2.0
#include "fetch/request.h"

#include "base/text.h"

#include <string.h>

static const char *const kinds[HF_FETCH_KIND_COUNT] = {"blob", "config", "manifest", "tags"};

bool
hf_fetch_is_local(const char *host)
{
    size_t len = strcspn(host, ":");

    return (len == strlen("localhost") && strncmp(host, "localhost", len) == 0) ||
           (strncmp(host, "127.", 4) == 0 && strspn(host, "0123456789.") == len);
}

static const char *
text_of(const struct hf_json *doc, const char *member)
{
    const char *text = hf_json_string(doc, member);

    return text ? text : "";
}

static bool
only(const char *text, const char *allowed)
{
    return *text && text[strspn(text, allowed)] == '\0';
}

#define LETTERS "abcdefghijklmnopqrstuvwxyz"
#define DIGITS "0123456789"

static bool
is_proxy(const char *text)
{
    static const char http[] = "http://";

    return !*text || (strncmp(text, http, sizeof http - 1) == 0 &&
                      only(text + sizeof http - 1, LETTERS DIGITS ".-:"));
}

/* Distribution spec, "Pulling manifests": names and references. */
static bool
is_sane(const struct hf_fetch_request *r)
{
    bool has_reference = r->kind != HF_FETCH_TAGS || *r->reference;

    return only(r->host, LETTERS DIGITS ".-:") && is_proxy(r->proxy) &&
           only(r->repository, LETTERS DIGITS "._-/") && !strstr(r->repository, "..") &&
           !strstr(r->repository, "//") && r->repository[0] != '/' &&
           (!has_reference ||
            (only(r->reference, LETTERS "ABCDEFGHIJKLMNOPQRSTUVWXYZ" DIGITS "._:-") &&
             r->reference[0] != '.'));
}

static int
fill(struct hf_fetch_request *r, struct hf_error *err)
{
    const char *kind = text_of(r->doc, "kind");

    r->kind = HF_FETCH_KIND_COUNT;
    for (int i = 0; i < HF_FETCH_KIND_COUNT; i++)
        if (strcmp(kind, kinds[i]) == 0)
            r->kind = (enum hf_fetch_kind)i;
    r->host = text_of(r->doc, "host");
    r->repository = text_of(r->doc, "repository");
    r->reference = text_of(r->doc, "reference");
    r->ca_pem = text_of(r->doc, "ca_pem");
    r->user = text_of(r->doc, "user");
    r->password = text_of(r->doc, "password");
    r->token_host = text_of(r->doc, "token_host");
    r->proxy = text_of(r->doc, "proxy");
    r->proxy_user = text_of(r->doc, "proxy_user");
    r->proxy_password = text_of(r->doc, "proxy_password");
    r->size = hf_json_int(r->doc, "size", -1);
    r->max_bytes_per_s = hf_json_int(r->doc, "max_bytes_per_s", 0);
    r->stall_ms = hf_json_int(r->doc, "stall_ms", 0);
    r->plain = hf_fetch_is_local(r->host) && !*r->ca_pem;
    if (r->kind == HF_FETCH_KIND_COUNT || !is_sane(r) || r->stall_ms <= 0 ||
        r->max_bytes_per_s < 0 || (r->kind == HF_FETCH_BLOB && r->size < 0))
        return hf_error_set(err, HF_ERROR_INVALID,
                            "this cannot be asked of a registry: %.40s of '%.80s' at '%.80s'", kind,
                            r->repository, r->host);
    return 0;
}

int
hf_fetch_request_parse(const char *text, size_t len, struct hf_fetch_request *ret,
                       struct hf_error *err)
{
    static const struct hf_json_field fields[] = {
        {"host", HF_JSON_STRING, true},        {"repository", HF_JSON_STRING, true},
        {"kind", HF_JSON_STRING, true},        {"reference", HF_JSON_STRING, false},
        {"size", HF_JSON_INT, false},          {"ca_pem", HF_JSON_STRING, false},
        {"user", HF_JSON_STRING, false},       {"password", HF_JSON_STRING, false},
        {"token_host", HF_JSON_STRING, false}, {"max_bytes_per_s", HF_JSON_INT, false},
        {"stall_ms", HF_JSON_INT, true},       {"proxy", HF_JSON_STRING, false},
        {"proxy_user", HF_JSON_STRING, false}, {"proxy_password", HF_JSON_STRING, false},
    };
    struct hf_fetch_request r = {0};

    if (hf_json_parse(text, len, &r.doc, err) < 0)
        return -1;
    if (hf_json_check(r.doc, "", fields, HF_LEN(fields), err) < 0 || fill(&r, err) < 0) {
        hf_fetch_request_done(&r);
        return -1;
    }
    *ret = r;
    return 0;
}

void
hf_fetch_request_done(struct hf_fetch_request *r)
{
    hf_json_free(r->doc);
    r->doc = NULL;
}
