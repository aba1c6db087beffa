// SPDX-License-Identifier: Apache-2.0
#include "api/handlers.h"

#include "api/assets.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

static const char INDEX_PATH[] = "/index.html";
static const char OPENAPI_PATH[] = "/openapi.yaml";
static const char CACHE_IMMUTABLE[] = "public, max-age=31536000, immutable";
static const char CACHE_ASK[] = "no-cache";

static const struct hf_asset *
find(const char *path)
{
    for (size_t i = 0; i < hf_asset_count; i++) {
        if (strcmp(hf_assets[i].path, path) == 0)
            return &hf_assets[i];
    }
    return NULL;
}

/* Whether item is in a comma-separated list, parameters (";q=0" refuses it) looked at. */
static bool
lists(const char *list, const char *item)
{
    size_t item_len = strlen(item);

    while (list && *list) {
        size_t len;

        list += strspn(list, ", \t");
        len = strcspn(list, ",");
        if (len >= item_len && strncasecmp(list, item, item_len) == 0) {
            const char *rest = list + item_len + strspn(list + item_len, " \t");

            if (*rest == ',' || !*rest)
                return true;
            if (*rest == ';')
                return !strstr(rest, "q=0") || strstr(rest, "q=0.");
        }
        list += len;
    }
    return false;
}

static void
reply_asset(struct hf_exchange *x, const struct hf_asset *a)
{
    bool gzip = a->gzip && lists(hf_exchange_header(x, "Accept-Encoding"), "gzip");
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
    hf_reply(x, 200, a->type, cache, gzip ? a->gzip : a->data, gzip ? a->gzip_size : a->size);
}

int
hf_handle_openapi(struct hf_exchange *x, struct hf_error *err)
{
    const struct hf_asset *a = find(OPENAPI_PATH);

    if (!a)
        return hf_error_set(err, HF_ERROR_INTERNAL, "openapi.yaml is not in this program");
    hf_reply(x, 200, a->type, "no-store", a->data, a->size);
    return 0;
}

void
hf_static_serve(struct hf_exchange *x)
{
    const char *name = strrchr(x->path, '/');
    const struct hf_asset *a = strcmp(x->path, OPENAPI_PATH) == 0 ? NULL : find(x->path);

    /* The dashboard has pages of its own, which the server does not know; a file it does. */
    if (!a && (!name || !strchr(name, '.')))
        a = find(INDEX_PATH);
    if (a)
        reply_asset(x, a);
    else
        hf_reply_problem(x, 404, "there is no such file", NULL);
}
