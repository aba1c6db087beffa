// SPDX-License-Identifier: Apache-2.0
#include "api/handlers.h"

#include "api/assets.h"
#include "api/index.h"
#include "api/server.h"

#include <stdio.h>
#include <string.h>

static const char INDEX_PATH[] = "/index.html";
static const char OPENAPI_PATH[] = "/openapi.yaml";
static const char DOCS_PATH[] = "/api/docs";
static const char CACHE_IMMUTABLE[] = "public, max-age=31536000, immutable";
enum { DOCS_PAGE_SIZE = 64 };
static const char CACHE_ASK[] = "no-cache";
enum { INDEX_MAX = 32 * 1024 };

static const struct hf_asset *
find(const char *path)
{
    for (size_t i = 0; i < hf_asset_count; i++) {
        if (strcmp(hf_assets[i].path, path) == 0)
            return &hf_assets[i];
    }
    return NULL;
}

static void
reply_asset(struct hf_exchange *x, const struct hf_asset *a)
{
    bool gzip = a->gzip && hf_reply_lists(hf_exchange_header(x, "Accept-Encoding"), "gzip");
    const char *cache = a->immutable ? CACHE_IMMUTABLE : CACHE_ASK;
    const char *known = hf_exchange_header(x, "If-None-Match");
    char etag[64];

    snprintf(etag, sizeof etag, "\"%s%s\"", a->etag, gzip ? "-gz" : "");
    hf_reply_header(x, "ETag", etag);
    hf_reply_header(x, "Vary", "Accept-Encoding");
    if (known && (strcmp(known, "*") == 0 || strstr(known, etag))) {
        hf_reply(x, 304, NULL, cache, NULL, 0);
        return;
    }
    if (gzip)
        hf_reply_header(x, "Content-Encoding", "gzip");
    x->encoded = true;
    hf_reply(x, 200, a->type, cache, gzip ? a->gzip : a->data, gzip ? a->gzip_size : a->size);
}

/* With the sentence of the overview, for who has a session. False where the page goes out as it is.
 */
static bool
reply_overview(struct hf_exchange *x, const struct hf_asset *index)
{
    const struct hf_api_config *config = x->api->config;
    struct hf_slice page = {(const char *)index->data, index->size};
    HF_AUTO_BUF struct hf_buf out = HF_BUF_INIT(INDEX_MAX);
    const struct hf_snapshot *snapshot;
    bool filled = false;

    if (!hf_identity_session(config->identity, x->token, &x->session))
        return false;
    snapshot = hf_core_snapshot(config->core);
    if (hf_index_fill(page, &snapshot->sentence, &out, &filled, NULL) < 0)
        filled = false;
    hf_snapshot_unref(snapshot);
    if (filled)
        hf_reply(x, 200, index->type, "no-store", out.data, out.len);
    return filled;
}

int
hf_handle_openapi(struct hf_exchange *x, struct hf_error *err)
{
    const struct hf_asset *a = find(OPENAPI_PATH);

    if (!a)
        return hf_error_set(err, HF_ERROR_INTERNAL, "openapi.yaml is not in this program");
    reply_asset(x, a);
    return 0;
}

bool
hf_static_is_docs(const char *path)
{
    size_t len = sizeof DOCS_PATH - 1;

    return strncmp(path, DOCS_PATH, len) == 0 && (!path[len] || path[len] == '/');
}

/* The pages of the reference have names without an end. */
static const struct hf_asset *
find_docs(const char *path)
{
    const struct hf_asset *a = find(path);
    char page[DOCS_PAGE_SIZE];
    int len = snprintf(page, sizeof page, "%s%s", path,
                       strcmp(path, DOCS_PATH) == 0 ? "/index.html" : ".html");

    return a || len >= DOCS_PAGE_SIZE ? a : find(page);
}

void
hf_static_serve(struct hf_exchange *x)
{
    const char *name = strrchr(x->path, '/');
    bool docs = hf_static_is_docs(x->path);
    const struct hf_asset *a = docs ? find_docs(x->path) : find(x->path);

    if (strcmp(x->path, OPENAPI_PATH) == 0)
        a = NULL;
    /* The dashboard has pages of its own, which the server does not know; a file it does. */
    if (!a && !docs && (!name || !strchr(name, '.')))
        a = find(INDEX_PATH);
    if (a && strcmp(x->path, "/") == 0 && reply_overview(x, a))
        return;
    if (a)
        reply_asset(x, a);
    else
        hf_reply_problem(x, 404, "there is no such file", NULL);
}
