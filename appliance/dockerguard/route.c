// SPDX-License-Identifier: Apache-2.0
#include "dockerguard/route.h"

#include "base/text.h"
#include "dockerguard/query.h"

#include <string.h>

enum { MINOR_LEAST = 41, MINOR_MOST = 99, PATH_MAX_BYTES = 1024 };

#define JSON "application/json"
#define BYTES "application/octet-stream"

struct route {
    const char *method;
    const char *before, *after; /* of the reference; after NULL: there is none */
    enum hf_dguard_object object;
    enum hf_dguard_body body;
    const char *type;
    struct hf_dguard_parameter query[HF_DGUARD_PARAMETERS_MAX];
};

#define NO_QUERY {{0}}

static const struct route routes[] = {
    {"GET", "/info", NULL, HF_DGUARD_OBJECT_NONE, HF_DGUARD_BODY_NONE, JSON, NO_QUERY},
    {"GET",
     "/events",
     NULL,
     HF_DGUARD_OBJECT_NONE,
     HF_DGUARD_BODY_NONE,
     JSON,
     {{"filters", HF_DGUARD_FORM_EVENTS, NULL, true},
      {"since", HF_DGUARD_FORM_DIGITS, NULL, false}}},
    {"GET",
     "/containers/json",
     NULL,
     HF_DGUARD_OBJECT_NONE,
     HF_DGUARD_BODY_NONE,
     JSON,
     {{"all", HF_DGUARD_FORM_EXACT, "true", false}}},
    {"GET", "/containers/", "/json", HF_DGUARD_OBJECT_CONTAINER_SEEN, HF_DGUARD_BODY_NONE, JSON,
     NO_QUERY},
    {"GET",
     "/containers/",
     "/logs",
     HF_DGUARD_OBJECT_CONTAINER,
     HF_DGUARD_BODY_NONE,
     BYTES,
     {{"stdout", HF_DGUARD_FORM_EXACT, "1", false},
      {"stderr", HF_DGUARD_FORM_EXACT, "1", false},
      {"timestamps", HF_DGUARD_FORM_EXACT, "1", false},
      {"tail", HF_DGUARD_FORM_DIGITS, NULL, false},
      {"follow", HF_DGUARD_FORM_DIGITS, NULL, false}}},
    {"GET",
     "/containers/",
     "/archive",
     HF_DGUARD_OBJECT_CONTAINER,
     HF_DGUARD_BODY_NONE,
     BYTES,
     {{"path", HF_DGUARD_FORM_EXACT, "/usr/share/sbom", true}}},
    {"POST",
     "/containers/create",
     NULL,
     HF_DGUARD_OBJECT_NONE,
     HF_DGUARD_BODY_CREATE,
     JSON,
     {{"name", HF_DGUARD_FORM_NAME, NULL, true}}},
    {"POST", "/containers/", "/start", HF_DGUARD_OBJECT_CONTAINER, HF_DGUARD_BODY_NONE, JSON,
     NO_QUERY},
    {"POST",
     "/containers/",
     "/stop",
     HF_DGUARD_OBJECT_CONTAINER,
     HF_DGUARD_BODY_NONE,
     JSON,
     {{"t", HF_DGUARD_FORM_DIGITS, NULL, false}}},
    {"POST", "/containers/", "/update", HF_DGUARD_OBJECT_CONTAINER, HF_DGUARD_BODY_UPDATE, JSON,
     NO_QUERY},
    {"DELETE",
     "/containers/",
     "",
     HF_DGUARD_OBJECT_CONTAINER,
     HF_DGUARD_BODY_NONE,
     JSON,
     {{"force", HF_DGUARD_FORM_EXACT, "true", false}}},
    {"GET",
     "/networks",
     NULL,
     HF_DGUARD_OBJECT_NONE,
     HF_DGUARD_BODY_NONE,
     JSON,
     {{"filters", HF_DGUARD_FORM_LABEL, NULL, true}}},
    {"GET", "/networks/", "", HF_DGUARD_OBJECT_NAME, HF_DGUARD_BODY_NONE, JSON, NO_QUERY},
    {"POST", "/networks/create", NULL, HF_DGUARD_OBJECT_NONE, HF_DGUARD_BODY_NETWORK, JSON,
     NO_QUERY},
    {"POST", "/networks/", "/connect", HF_DGUARD_OBJECT_NETWORK, HF_DGUARD_BODY_CONNECT, JSON,
     NO_QUERY},
    {"POST", "/networks/", "/disconnect", HF_DGUARD_OBJECT_NETWORK, HF_DGUARD_BODY_DISCONNECT, JSON,
     NO_QUERY},
    {"GET",
     "/volumes",
     NULL,
     HF_DGUARD_OBJECT_NONE,
     HF_DGUARD_BODY_NONE,
     JSON,
     {{"filters", HF_DGUARD_FORM_LABEL, NULL, true}}},
    {"GET", "/volumes/", "", HF_DGUARD_OBJECT_NAME, HF_DGUARD_BODY_NONE, JSON, NO_QUERY},
    {"DELETE", "/volumes/", "", HF_DGUARD_OBJECT_VOLUME, HF_DGUARD_BODY_NONE, JSON, NO_QUERY},
    {"POST", "/volumes/create", NULL, HF_DGUARD_OBJECT_NONE, HF_DGUARD_BODY_VOLUME, JSON, NO_QUERY},
    {"GET",
     "/images/json",
     NULL,
     HF_DGUARD_OBJECT_NONE,
     HF_DGUARD_BODY_NONE,
     JSON,
     {{"all", HF_DGUARD_FORM_EXACT, "1", false}}},
    {"GET", "/images/", "/json", HF_DGUARD_OBJECT_IMAGE, HF_DGUARD_BODY_NONE, JSON, NO_QUERY},
    {"DELETE", "/images/", "", HF_DGUARD_OBJECT_IMAGE_PINNED, HF_DGUARD_BODY_NONE, JSON, NO_QUERY},
    {"POST",
     "/images/load",
     NULL,
     HF_DGUARD_OBJECT_NONE,
     HF_DGUARD_BODY_TAR,
     JSON,
     {{"quiet", HF_DGUARD_FORM_EXACT, "0", false}}},
};

/* The one that can be asked before the version is known. */
static const struct route version_route = {
    "GET", "/version", NULL, HF_DGUARD_OBJECT_NONE, HF_DGUARD_BODY_NONE, JSON, NO_QUERY};

static int
not_known(const char *method, const char *path, struct hf_error *err)
{
    return hf_error_set(err, HF_ERROR_FORBIDDEN,
                        "%.8s %.100s is no call that the gateway's supervision needs", method,
                        path);
}

/* ---- path ---- */

/* "/v1.41/…": what follows the version; NULL where there is none. */
static const char *
behind_version(const char *path, int *ret_minor)
{
    static const char prefix[] = "/v1.";
    size_t len = sizeof prefix - 1;
    char digits[3];
    uint64_t minor;

    if (strncmp(path, prefix, len) != 0 || strcspn(path + len, "/") != 2)
        return NULL;
    hf_text_put(digits, sizeof digits, "%.2s", path + len);
    if (!hf_text_u64(digits, &minor) || minor < MINOR_LEAST || minor > MINOR_MOST)
        return NULL;
    *ret_minor = (int)minor;
    return path + len + 2;
}

/* The reference between before and after, into ref. */
static bool
matches(const struct route *r, const char *method, const char *path, char ref[HF_DGUARD_REF_SIZE])
{
    size_t len = strlen(path), before = strlen(r->before);
    size_t after = r->after ? strlen(r->after) : 0;

    ref[0] = '\0';
    if (strcmp(method, r->method) != 0)
        return false;
    if (!r->after)
        return strcmp(path, r->before) == 0;
    if (len <= before + after || strncmp(path, r->before, before) != 0 ||
        strcmp(path + len - after, r->after) != 0)
        return false;
    return hf_text_put(ref, HF_DGUARD_REF_SIZE, "%.*s", (int)(len - before - after), path + before);
}

/* Of an image a reference has slashes, of all else none. */
static bool
is_object(const struct hf_dguard_policy *p, enum hf_dguard_object object, const char *ref)
{
    switch (object) {
    case HF_DGUARD_OBJECT_NONE:
        return true;
    case HF_DGUARD_OBJECT_CONTAINER:
    case HF_DGUARD_OBJECT_CONTAINER_SEEN:
        return hf_dguard_is_ref(ref);
    case HF_DGUARD_OBJECT_IMAGE:
        return hf_dguard_is_image(ref);
    case HF_DGUARD_OBJECT_IMAGE_PINNED:
        return hf_dguard_is_pinned(ref);
    default:
        return hf_dguard_is_ours(p, ref);
    }
}

static const struct route *
find(const struct hf_dguard_policy *p, const char *method, const char *path, bool has_version,
     char ref[HF_DGUARD_REF_SIZE])
{
    if (!has_version)
        return matches(&version_route, method, path, ref) ? &version_route : NULL;
    for (size_t i = 0; i < HF_LEN(routes); i++)
        if (matches(&routes[i], method, path, ref) && is_object(p, routes[i].object, ref))
            return &routes[i];
    return NULL;
}

/* ---- interface ---- */

int
hf_dguard_route(const struct hf_dguard_policy *p, const char *method, const char *target,
                struct hf_dguard_call *ret_call, struct hf_error *err)
{
    struct hf_dguard_call *c = ret_call;
    char path[PATH_MAX_BYTES];
    size_t path_len = strcspn(target, "?");
    const struct route *r;
    const char *rest;

    *c = (struct hf_dguard_call){.query = HF_BUF_INIT(HF_DGUARD_QUERY_MAX)};
    if (hf_dguard_decode(target, path_len, path, sizeof path, err) < 0)
        return -1;
    rest = behind_version(path, &c->minor);
    r = find(p, method, rest ? rest : path, rest != NULL, c->ref);
    if (!r)
        return not_known(method, path, err);
    c->method = r->method;
    c->before = r->before;
    c->after = r->after;
    c->type = r->type;
    c->body = r->body;
    c->object = r->object;
    return hf_dguard_query(p, r->query, target + path_len, &c->query, c->name, sizeof c->name, err);
}

void
hf_dguard_call_done(struct hf_dguard_call *call)
{
    hf_buf_done(&call->query);
}

int
hf_dguard_call_path(const struct hf_dguard_call *call, struct hf_buf *path, struct hf_error *err)
{
    if (call->minor && hf_buf_addf(path, err, "/v1.%d", call->minor) < 0)
        return -1;
    return hf_buf_addf(path, err, "%s%s%s%s", call->before, call->ref,
                       call->after ? call->after : "", call->query.data ? call->query.data : "");
}
