// SPDX-License-Identifier: Apache-2.0
/*
 * A request to holdfast-docker: its head, its target, its body in chunks or as JSON. In one piece
 * and byte by byte chunks mean the same; what is allowed, written anew, is allowed again and means
 * the same; and a body that is allowed holds what no body may be without.
 */
#include "dockerguard/body.h"
#include "dockerguard/chunks.h"
#include "dockerguard/request.h"
#include "dockerguard/route.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const struct hf_dguard_policy policy = {.instance = "hf", .run_dir = "/run/hf"};

static void
must(bool holds)
{
    if (!holds)
        __builtin_trap();
}

/* ---- chunks ---- */

static int
unchunk(const char *data, size_t size, size_t step, char *out, size_t *ret_len)
{
    struct hf_dguard_chunks c = {0};

    *ret_len = 0;
    for (size_t at = 0; at < size; at += step) {
        size_t len = size - at < step ? size - at : step, written;

        if (hf_dguard_chunks_take(&c, data + at, len, out + *ret_len, &written, NULL) < 0)
            return -1;
        *ret_len += written;
    }
    return c.state == HF_DGUARD_CHUNK_WHOLE;
}

static void
try_chunks(const char *data, size_t size)
{
    HF_AUTO_FREE char *whole = malloc(size + 1), *single = malloc(size + 1);
    size_t a, b;

    if (!whole || !single)
        return;
    must(unchunk(data, size, size ? size : 1, whole, &a) == unchunk(data, size, 1, single, &b));
    must(a == b ? memcmp(whole, single, a) == 0 : a < b); /* refused: earlier in one piece */
}

/* ---- bodies ---- */

static void
try_create(const char *name, const struct hf_json *body)
{
    const struct hf_json *host = hf_json_get(body, "HostConfig");
    struct hf_dguard_needs needs;
    const char *user, *mode;

    if (hf_dguard_check_create(&policy, name, body, &needs, NULL) < 0)
        return;
    user = hf_json_string(body, "User");
    mode = hf_json_string(host, "NetworkMode");
    must(!hf_json_bool(host, "Privileged", true));
    must(user && user[0] >= '0' && user[0] <= '9' && strspn(user, "0") != strcspn(user, ":"));
    must(mode && (strcmp(mode, "none") == 0 || strncmp(mode, "hf-", 3) == 0));
    must(hf_json_count(hf_json_get(host, "CapAdd")) == 0);
    must(hf_json_count(hf_json_get(host, "Devices")) == 0);
    must(hf_json_count(hf_json_get(host, "SecurityOpt")) == 1);
    for (const struct hf_json *v = hf_json_first(hf_json_get(host, "Binds")); v;
         v = hf_json_next(v))
        must(strncmp(hf_json_as_string(v), "/run/hf/services/", 17) == 0);
}

static void
try_body(enum hf_dguard_body kind, const char *name, const char *data, size_t size)
{
    HF_AUTO(hf_json) struct hf_json *body = NULL;

    if (hf_json_parse(data, size, &body, NULL) < 0)
        return;
    if (kind == HF_DGUARD_BODY_CREATE)
        try_create(name, body);
    (void)!hf_dguard_check_update(body, NULL);
    (void)!hf_dguard_check_network(&policy, body, NULL);
    (void)!hf_dguard_check_volume(&policy, body, NULL);
    (void)!hf_dguard_check_connect(body, NULL);
    (void)!hf_dguard_check_disconnect(&policy, body, NULL);
}

/* ---- requests ---- */

/* Returns what body it has; name gets the parameter. */
static enum hf_dguard_body
try_route(const struct hf_dguard_request *r, char name[HF_DGUARD_REF_SIZE])
{
    HF_AUTO_BUF struct hf_buf path = HF_BUF_INIT(8192), again = HF_BUF_INIT(8192);
    enum hf_dguard_body body = HF_DGUARD_BODY_COUNT;
    struct hf_dguard_call a, b;

    if (hf_dguard_route(&policy, r->method, r->target, &a, NULL) == 0) {
        must(hf_dguard_call_path(&a, &path, NULL) == 0);
        must(hf_dguard_route(&policy, r->method, path.data, &b, NULL) == 0);
        must(hf_dguard_call_path(&b, &again, NULL) == 0);
        must(strcmp(path.data, again.data) == 0);
        must(a.body == b.body && a.object == b.object && strcmp(a.ref, b.ref) == 0);
        memcpy(name, a.name, HF_DGUARD_REF_SIZE);
        body = a.body;
        hf_dguard_call_done(&b);
    }
    hf_dguard_call_done(&a);
    return body;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const char *text = (const char *)data;
    char name[HF_DGUARD_REF_SIZE] = "";
    struct hf_dguard_request r;
    enum hf_dguard_body kind;

    try_chunks(text, size);
    if (hf_dguard_request_read(text, size, &r, NULL) != 0)
        return 0;
    must(r.head_len <= size && !(r.chunked && r.has_length) && r.target[0] == '/');
    kind = try_route(&r, name);
    if (kind != HF_DGUARD_BODY_COUNT)
        try_body(kind, name, text + r.head_len, size - r.head_len);
    return 0;
}
