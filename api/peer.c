// SPDX-License-Identifier: Apache-2.0
#include "api/peer.h"

#include "api/server.h"

#include <ctype.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

enum { PAGE_MAX = 500 };

int
hf_peer_param(struct hf_buf *path, const char *name, const char *value, struct hf_error *err)
{
    const char *mark = path->data && strchr(path->data, '?') ? "&" : "?";

    if (!*value)
        return 0;
    if (hf_buf_addf(path, err, "%s%s=", mark, name) < 0)
        return -1;
    for (const char *c = value; *c; c++) {
        bool plain = isalnum((unsigned char)*c) || strchr("-._~", *c); /* RFC 3986, 2.3 */

        if (hf_buf_addf(path, err, plain ? "%c" : "%%%02X", (unsigned char)*c) < 0)
            return -1;
    }
    return 0;
}

int
hf_peer_refused(enum hf_peer_kind kind, struct hf_error *err)
{
    if (!err)
        return -1;
    switch (err->class) {
    case HF_ERROR_MALFORMED:
    case HF_ERROR_UNAVAILABLE:
    case HF_ERROR_TIMEOUT:
        break;
    case HF_ERROR_INVALID:
        if (kind != HF_PEER_POST)
            err->class = HF_ERROR_MALFORMED;
        break;
    case HF_ERROR_TOO_LARGE:
    case HF_ERROR_NO_SPACE:
        if (kind != HF_PEER_POST)
            err->class = HF_ERROR_UPSTREAM;
        break;
    case HF_ERROR_NOT_FOUND:
    case HF_ERROR_CONFLICT:
        if (kind != HF_PEER_NAMED)
            err->class = HF_ERROR_UPSTREAM;
        break;
    default:
        err->class = HF_ERROR_UPSTREAM;
        break;
    }
    return -1;
}

int
hf_peer_ask(struct hf_exchange *x, enum hf_path_peer peer, const char *path,
            struct hf_json *consume_body, struct hf_json **ret_doc, struct hf_error *err)
{
    HF_AUTO(hf_json) struct hf_json *body = consume_body;
    HF_AUTO_FREE char *text = NULL;
    struct hf_path_call call = {.peer = peer, .path = path};

    if (body && hf_json_print(body, &text, err) < 0)
        return -1;
    call.body = text;
    if (hf_path_ask_json(hf_core_path(x->api->config->core), &call, ret_doc, err) < 0)
        return hf_peer_refused(text ? HF_PEER_POST : HF_PEER_GET, err);
    return 0;
}

int
hf_peer_ask_page(struct hf_exchange *x, enum hf_path_peer peer, const char *path,
                 enum hf_peer_search takes, uint64_t limit, struct hf_json **ret_doc,
                 struct hf_error *err)
{
    char cursor[HF_CURSOR_SIZE] = "", search[HF_CURSOR_SIZE] = "", limit_text[24];
    uint64_t quiet = 0;
    const struct hf_query_field fields[] = {
        {.name = "limit", .min = 1, .max = PAGE_MAX, .ret_value = &limit},
        {.name = "cursor", .ret_text = cursor, .text_size = sizeof cursor},
        {.name = "search", .ret_text = search, .text_size = sizeof search},
        {.name = "quiet", .is_bool = true, .ret_value = &quiet},
    };
    size_t taken = HF_LEN(fields) - (size_t)(HF_PEER_QUIET - takes);
    HF_AUTO_BUF struct hf_buf full = HF_BUF_INIT(HF_PEER_PATH_MAX);

    if (hf_query_read(x->query, fields, taken, err) < 0)
        return -1;
    snprintf(limit_text, sizeof limit_text, "%llu", (unsigned long long)limit);
    if (hf_buf_adds(&full, path, err) < 0 || hf_peer_param(&full, "limit", limit_text, err) < 0 ||
        hf_peer_param(&full, "cursor", cursor, err) < 0 ||
        hf_peer_param(&full, "search", search, err) < 0 ||
        hf_peer_param(&full, "quiet", quiet ? "1" : "", err) < 0)
        return -1;
    return hf_peer_ask(x, peer, full.data, NULL, ret_doc, err);
}

int
hf_peer_nonsense(enum hf_path_peer peer, const char *member, struct hf_error *err)
{
    return hf_error_set(err, HF_ERROR_UPSTREAM,
                        "the %s answers without '%s': is its version right?", hf_path_name(peer),
                        member);
}

void
hf_peer_count(struct hf_json *to, const char *member, const struct hf_json *from, const char *its)
{
    int64_t value = hf_json_int(from, its, 0);

    hf_json_put_int(to, member, value > 0 ? value : 0);
}

void
hf_peer_number(struct hf_json *to, const char *member, const struct hf_json *from)
{
    double value = hf_json_number(from, member, 0);

    hf_json_put_number(to, member, isfinite(value) && value > 0 ? value : 0);
}

void
hf_peer_time(struct hf_json *to, const char *member, const struct hf_json *from, const char *its)
{
    int64_t value = hf_json_int(from, its, 0);

    hf_json_put_time(to, member, value > 0 ? value : 0);
}

void
hf_peer_text(struct hf_json *to, const char *member, const struct hf_json *from)
{
    const char *text = hf_json_string(from, member);

    hf_json_put_string(to, member, text ? text : "");
}

void
hf_peer_copy(struct hf_json *to, const char *member, const struct hf_json *from)
{
    const struct hf_json *value = hf_json_get(from, member);

    if (value)
        hf_json_put(to, member, hf_json_copy(value));
    else
        hf_json_put_null(to, member);
}

void
hf_peer_list(struct hf_json *to, const char *member, const struct hf_json *list,
             hf_peer_encode *encode)
{
    struct hf_json *out = hf_json_array();

    for (const struct hf_json *e = hf_json_first(list); e; e = hf_json_next(e))
        hf_json_add(out, encode(e));
    hf_json_put(to, member, out);
}

int
hf_peer_audit(struct hf_exchange *x, struct hf_error *err, const char *fmt, ...)
{
    char what[HF_TEXT_SIZE];
    va_list args;

    va_start(args, fmt);
    vsnprintf(what, sizeof what, fmt, args);
    va_end(args);
    return hf_core_audit(x->api->config->core, x->session.user, what, err);
}
