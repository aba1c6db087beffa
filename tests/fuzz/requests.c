// SPDX-License-Identifier: Apache-2.0
/*
 * Requests as the router takes them: a letter for the route and its query, header lines, an empty
 * line, a body. Behind it is the world of the unit tests (tests/unit/api): a core that says what it
 * is told to, an identity in memory, no service that answers.
 */
#include "unit.h"

#include "call.h"
#include "world.h"

#include "api/router.h"
#include "api/server.h"
#include "base/log.h"
#include "base/text.h"

#include <sodium.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define RELEASE "22222222222222222222222222222222"
#define OPERATION "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"

enum { ANSWER_MAX = 1024 * 1024, WRITES = 64 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Seeds begin with the letters; new routes go to the end. */
static const struct {
    const char *method, *path, *type;
} routes[] = {
    {"POST", "/users", "application/json"},
    {"PATCH", "/users/ann", "application/merge-patch+json"},
    {"POST", "/password", "application/json"},
    {"POST", "/session/reauth", "application/json"},
    {"POST", "/login", "application/json"},
    {"POST", "/claim", "application/json"},
    {"POST", "/tokens", "application/json"},
    {"POST", "/devices/accounts", "application/json"},
    {"PATCH", "/devices/accounts/press-7", "application/merge-patch+json"},
    {"POST", "/devices/accounts/press-7/password", "application/json"},
    {"POST", "/devices/accounts/press-7/certificate", "application/json"},
    {"POST", "/devices/accounts/import", "text/csv"},
    {"PUT", "/certificate", "application/json"},
    {"POST", "/backup", "application/json"},
    {"POST", "/releases", "application/json"},
    {"POST", "/releases/" RELEASE "/apply", "application/json"},
    {"POST", "/quarantine/replay", "application/json"},
    {"POST", "/quarantine/drop", "application/json"},
    {"POST", "/buffer/drop", "application/json"},
    {"POST", "/rules/dry-run", "application/json"},
    {"PUT", "/config", "application/json"},
    {"PATCH", "/config", "application/merge-patch+json"},
    {"POST", "/operations/" OPERATION "/cancel", NULL},
    {"GET", "/operations", NULL},
    {"GET", "/alarms", NULL},
    {"GET", "/audit", NULL},
    {"GET", "/incidents", NULL},
    {"GET", "/history", NULL},
    {"GET", "/devices", NULL},
    {"GET", "/devices/accounts", NULL},
    {"GET", "/buffer/records", NULL},
    {"GET", "/config/revisions/7/diff", NULL},
};

/* ---- in place of libsodium's Argon2, which takes a tenth of a second and 19 MiB each time ---- */

int
crypto_pwhash_str_alg(char out[crypto_pwhash_STRBYTES], const char *password,
                      unsigned long long len, unsigned long long passes, size_t memory,
                      int algorithm)
{
    (void)passes, (void)memory, (void)algorithm;
    hf_text_put(out, crypto_pwhash_STRBYTES, "%.*s", (int)(len < 100 ? len : 100), password);
    return 0;
}

int
crypto_pwhash_str_verify(const char *hash, const char *password, unsigned long long len)
{
    return strncmp(hash, password, len < 100 ? len : 100) == 0 ? 0 : -1;
}

int
crypto_pwhash(unsigned char *out, unsigned long long out_len, const char *password,
              unsigned long long len, const unsigned char *salt, unsigned long long passes,
              size_t memory, int algorithm)
{
    (void)password, (void)len, (void)salt, (void)passes, (void)memory, (void)algorithm;
    memset(out, 7, out_len);
    return 0;
}

/* ---- the world ---- */

static void
end_world(void)
{
    (void)call_tear_down(NULL);
}

/* What routes name. */
static void
add_device(void)
{
    struct hf_device_account a = {
        .name = "press-7", .publish = "sensors/%u/#", .enabled = true, .password_hash = "x"};

    world_forget_devices();
    if (hf_core_add_devices(NULL, &a, 1, "admin", NULL) < 0)
        abort();
}

static void
add_user(void)
{
    const struct hf_session admin = {.user = "admin", .role = HF_ROLE_ADMIN};
    const struct hf_actor actor = {&admin, "10.0.0.9"};
    struct hf_user user;

    if (hf_identity_add_user(call_common.config->identity, &actor, "ann", "a battery of ann",
                             HF_ROLE_OPERATOR, &user, NULL) < 0)
        abort();
}

/* Anew where a request has ended the session: by another password, say. */
static void
begin_world(void)
{
    struct hf_session session;
    const char *token = call_cookie + strlen("__Host-holdfast=");
    static bool there;

    if (there && hf_identity_session(call_common.config->identity, token, &session))
        return;
    if (there)
        end_world();
    else
        atexit(end_world);
    there = true;
    hf_log_set_level(HF_LOG_ERROR);
    if (call_set_up(NULL) != 0)
        abort();
    add_user();
}

/* ---- a request ---- */

/* What would wait, or end what is asked, is left out. */
static bool
is_left_out(const char *name)
{
    static const char *const names[] = {"Prefer", "Cookie", "Host", "Authorization"};

    for (size_t i = 0; i < HF_LEN(names); i++)
        if (strcasecmp(name, names[i]) == 0)
            return true;
    return false;
}

/* Reads "Name: value" lines up to an empty one. */
static char *
read_headers(char *text, struct call *c, size_t at)
{
    char *line;

    while ((line = strsep(&text, "\n")) && *line) {
        char *value = strstr(line, ": ");

        if (!value || at + 2 >= HF_LEN(c->headers))
            continue;
        *value = '\0';
        if (is_left_out(line))
            continue;
        c->headers[at++] = line;
        c->headers[at++] = value + 2;
    }
    return text;
}

static void
serve(size_t route, const char *query, struct call *c)
{
    char path[128];
    struct hf_exchange x = {
        .api = &call_common,
        .wire = call_wire(c),
        .method = routes[route].method,
        .path = path,
        .query = query,
        .peer = "10.0.0.9",
        .body = HF_BUF_INIT(HF_API_BODY_MAX),
    };

    hf_text_put(path, sizeof path, "/api/v1%s", routes[route].path);
    c->writes_left = WRITES;
    c->out = HF_BUF_INIT(ANSWER_MAX);
    hf_router_serve(&x);
    /* Each request has one answer, and none of them is our fault. */
    if (x.status < 200 || x.status == 500)
        __builtin_trap();
    hf_buf_done(&x.body);
    hf_buf_done(&c->out);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    HF_AUTO_FREE char *text = size ? strndup((const char *)data, size) : NULL;
    size_t route = text ? (unsigned char)(*text - 'A') : HF_LEN(routes);
    char length[24], *rest, *query;
    struct call c = {.headers = {"Host", "10.0.0.1", "Cookie", call_cookie}};
    size_t at = 4;

    if (route >= HF_LEN(routes))
        return -1;
    begin_world();
    add_device();
    rest = text + 1;
    query = strsep(&rest, "\n");
    if (routes[route].type)
        c.headers[at++] = "Content-Type", c.headers[at++] = routes[route].type;
    c.headers[at++] = "Content-Length", c.headers[at++] = length;
    rest = read_headers(rest, &c, at);
    c.body = rest ? rest : "";
    hf_text_put(length, sizeof length, "%zu", strlen(c.body));
    serve(route, query, &c);
    world_fill(&world_snapshot);
    return 0;
}
