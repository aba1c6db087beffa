// SPDX-License-Identifier: Apache-2.0
/*
 * What holdfast-fetch is asked for: one JSON object on standard input, since it carries secrets.
 *
 *     { "host": "registry.example.com", "repository": "holdfast/broker", "kind": "blob",
 *       "reference": "sha256:…", "size": 123, "ca_pem": "…", "user": "…", "password": "…",
 *       "token_host": "…", "proxy": "http://…", "proxy_user": "…", "proxy_password": "…",
 *       "max_bytes_per_s": 0, "stall_ms": 30000 }
 *
 * kind is "blob" (size is needed), "config" (a blob that is a document, of any size up to 4 MiB),
 * "manifest" (reference is a digest or a tag) or "tags" (a page of them: what comes behind the
 * reference, which is the last one known; without it the first page). What is fetched comes on
 * standard output. Where it fails, one JSON object comes on standard error, {"status","message"},
 * with the HTTP status of the error's class, and the program ends with 1; what came until then is
 * worthless or the beginning of it. Nothing is checked against a digest here: who started the
 * program does that, and so need not trust it.
 */
#pragma once

#include "base/error.h"
#include "json/json.h"

#include <stdbool.h>
#include <stdint.h>

enum hf_fetch_kind {
    HF_FETCH_BLOB,
    HF_FETCH_CONFIG,
    HF_FETCH_MANIFEST,
    HF_FETCH_TAGS,
    HF_FETCH_KIND_COUNT
};

enum {
    HF_FETCH_REQUEST_MAX = 64 * 1024,        /* a pipe holds as much without a reader */
    HF_FETCH_DOCUMENT_MAX = 4 * 1024 * 1024, /* distribution spec: of a manifest */
};

/* Texts are the document's. */
struct hf_fetch_request {
    struct hf_json *doc;
    enum hf_fetch_kind kind;
    const char *host, *repository, *reference;
    const char *ca_pem, *user, *password, *token_host; /* "" for none */
    const char *proxy, *proxy_user, *proxy_password;   /* "" for none */
    int64_t size;
    int64_t max_bytes_per_s; /* 0: no bound */
    int64_t stall_ms;
    bool plain; /* HTTP without TLS: a registry on this machine that no CA is given for */
};

/* INVALID where anything is missing or would not stay in its place in a URL or header. */
HF_MUST int hf_fetch_request_parse(const char *text, size_t len, struct hf_fetch_request *ret,
                                   struct hf_error *err);
void hf_fetch_request_done(struct hf_fetch_request *r);

/* Whether host (with a port or without) is this machine: 127.0.0.0/8 or localhost. */
bool hf_fetch_is_local(const char *host);
