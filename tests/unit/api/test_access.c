// SPDX-License-Identifier: Apache-2.0
/*
 * Who may ask what: every route, by everybody. No handler runs: each request is one that is refused
 * as a request (400, 415) once it is known who may ask, and before anything is done.
 */
#include "identity/people.h"

#include "call.h"
#include "world.h"

#include "api/router.h"
#include "api/server.h"
#include "base/file.h"
#include "identity/session.h"

#include <stdio.h>
#include <string.h>

enum who { PUBLIC, VIEWER, OPERATOR, ADMIN, PROVED };

/* Said once more, apart from the router's table: a new route is to be thought of here too. */
static const struct {
    const char *operation;
    enum who who;
} rules[] = {
    {"GET /health", PUBLIC},
    {"GET /openapi.yaml", PUBLIC},
    {"GET /claim", PUBLIC},
    {"POST /claim", PUBLIC},
    {"POST /login", PUBLIC},
    {"POST /logout", PUBLIC},
    {"GET /certificate/ca", PUBLIC},
    {"GET /session", VIEWER},
    {"POST /session/reauth", VIEWER},
    {"GET /sessions", VIEWER},
    {"DELETE /sessions", VIEWER},
    {"DELETE /sessions/{id}", VIEWER},
    {"POST /password", VIEWER},
    {"GET /users", ADMIN},
    {"POST /users", PROVED},
    {"GET /users/{name}", ADMIN},
    {"PATCH /users/{name}", PROVED},
    {"DELETE /users/{name}", PROVED},
    {"GET /tokens", VIEWER},
    {"POST /tokens", VIEWER},
    {"DELETE /tokens/{id}", VIEWER},
    {"GET /certificate", VIEWER},
    {"PUT /certificate", PROVED},
    {"DELETE /certificate", PROVED},
    {"GET /devices/accounts", VIEWER},
    {"POST /devices/accounts", ADMIN},
    {"POST /devices/accounts/import", ADMIN},
    {"GET /devices/accounts/{name}", VIEWER},
    {"PATCH /devices/accounts/{name}", ADMIN},
    {"DELETE /devices/accounts/{name}", ADMIN},
    {"POST /devices/accounts/{name}/password", ADMIN},
    {"POST /devices/accounts/{name}/certificate", ADMIN},
    {"DELETE /devices/accounts/{name}/certificate", ADMIN},
    {"GET /diagnostics", ADMIN},
    {"GET /gateway/reset", ADMIN},
    {"POST /gateway/reset", PROVED},
    {"GET /network", VIEWER},
    {"POST /network", PROVED},
    {"POST /network/confirm", ADMIN},
    {"PUT /config", ADMIN},
    {"POST /backup", PROVED},
    {"POST /restore", PROVED},
    {"GET /gateway", VIEWER},
    {"GET /release", VIEWER},
    {"GET /releases", VIEWER},
    {"POST /releases", ADMIN},
    {"GET /releases/bundle", VIEWER},
    {"POST /releases/bundle", ADMIN},
    {"PATCH /releases/bundle", ADMIN},
    {"DELETE /releases/bundle", ADMIN},
    {"POST /releases/check", OPERATOR},
    {"GET /releases/upgrade", VIEWER},
    {"POST /releases/rollback", PROVED},
    {"GET /releases/{id}", VIEWER},
    {"DELETE /releases/{id}", ADMIN},
    {"POST /releases/{id}/plan", OPERATOR},
    {"POST /releases/{id}/apply", ADMIN},
    {"GET /buffer", VIEWER},
    {"GET /buffer/records", VIEWER},
    {"GET /buffer/export", VIEWER},
    {"POST /buffer/drop", PROVED},
    {"GET /quarantine", VIEWER},
    {"POST /quarantine/replay", OPERATOR},
    {"POST /quarantine/drop", PROVED},
    {"GET /sinks", VIEWER},
    {"POST /sinks/test", ADMIN},
    {"POST /sinks/{name}/test", OPERATOR},
    {"GET /devices", VIEWER},
    {"GET /rules", VIEWER},
    {"POST /rules/dry-run", OPERATOR},
    {"GET /config", ADMIN},
    {"PATCH /config", ADMIN},
    {"GET /config/revisions", ADMIN},
    {"GET /config/revisions/{n}/diff", ADMIN},
    {"POST /config/revisions/{n}/restore", ADMIN},
    {"GET /audit", ADMIN},
    {"GET /uplink", VIEWER},
    {"GET /history", VIEWER},
    {"GET /alarms", VIEWER},
    {"POST /alarms/{id}/acknowledge", OPERATOR},
    {"GET /events", VIEWER},
    {"GET /services", VIEWER},
    {"GET /services/{name}", VIEWER},
    {"GET /services/{name}/logs", VIEWER},
    {"GET /services/{name}/logs/download", VIEWER},
    {"POST /services/{name}/restart", OPERATOR},
    {"POST /services/{name}/start", OPERATOR},
    {"POST /services/{name}/stop", OPERATOR},
    {"GET /incidents", VIEWER},
    {"GET /incidents/{id}", VIEWER},
    {"GET /scan", VIEWER},
    {"PUT /scan/data", ADMIN},
    {"GET /operations", VIEWER},
    {"GET /operations/{id}", VIEWER},
    {"POST /operations/{id}/cancel", OPERATOR},
};

/* ---- who asks ---- */

enum { SESSION_COUNT = 4, EXPIRED_TOKEN = HF_ROLE_COUNT, TOKEN_COUNT = HF_ROLE_COUNT + 1 };

static struct kept kept;
static struct hf_identity *identity;
static struct hf_api_config config;
/* Of viewer, operator, admin, and of admin before a restart. */
static char cookies[SESSION_COUNT][CALL_COOKIE_SIZE];
static char bearers[TOKEN_COUNT][HF_API_TOKEN_SIZE + 8];
static const char *const names[] = {"vic", "opa", "admin"};

static void
add_token(struct hf_token_record *t, int i, const char *user, enum hf_role role, int64_t expires_ms)
{
    char text[HF_API_TOKEN_SIZE];

    snprintf(text, sizeof text, "hft_%064d", i);
    *t = (struct hf_token_record){.role = role, .created_ms = 1, .expires_ms = expires_ms};
    hf_token_hash(text, t->token_hash);
    hf_text_put(t->user, sizeof t->user, "%s", user);
    hf_text_put(t->name, sizeof t->name, "t%d", i);
    snprintf(bearers[i], sizeof bearers[i], "Bearer %s", text);
}

static void
log_in(int i)
{
    struct hf_login login;

    assert_int_equal(hf_identity_login(identity, names[i], PASSWORD, "10.0.0.9", &login, NULL), 0);
    snprintf(cookies[i], sizeof cookies[i], "__Host-holdfast=%s", login.token);
}

static int
set_up(void **state)
{
    int64_t now_ms = hf_clock_wall_ms();
    struct hf_account accounts[HF_ROLE_COUNT];
    struct hf_token_record tokens[TOKEN_COUNT];
    struct hf_session_record old = {
        .user = "admin", .seen_ms = now_ms, .expires_ms = now_ms + 3600000};
    const struct hf_identity_start start = {.accounts = accounts,
                                            .account_count = HF_LEN(accounts),
                                            .tokens = tokens,
                                            .token_count = HF_LEN(tokens),
                                            .sessions = &old,
                                            .session_count = 1};
    char text[HF_TOKEN_SIZE];

    assert_int_equal(call_set_up(state), 0);
    assert_int_equal(make_password_hash(state), 0);
    for (int role = 0; role < HF_ROLE_COUNT; role++) {
        accounts[role] = account(names[role], (enum hf_role)role);
        add_token(&tokens[role], role, "admin", (enum hf_role)role, now_ms + 3600000);
    }
    add_token(&tokens[EXPIRED_TOKEN], EXPIRED_TOKEN, "admin", HF_ROLE_ADMIN, now_ms - 1);
    snprintf(text, sizeof text, "%064d", 7);
    hf_token_hash(text, old.token_hash);
    snprintf(cookies[3], sizeof cookies[3], "__Host-holdfast=%s", text);
    identity = begun(&kept, &start);
    for (int i = 0; i < HF_ROLE_COUNT; i++)
        log_in(i);
    config = *call_common.config;
    config.identity = identity;
    call_common.config = &config;
    return 0;
}

static int
tear_down(void **state)
{
    hf_identity_free(identity);
    return call_tear_down(state);
}

/* ---- asking ---- */

static void
path_of(const struct hf_route *route, char out[128])
{
    const char *brace = strchr(route->pattern, '{');

    if (!brace)
        snprintf(out, 128, "/api/v1%s", route->pattern);
    else
        snprintf(out, 128, "/api/v1%.*s7%s", (int)(brace - route->pattern), route->pattern,
                 strchr(brace, '}') + 1);
}

static const char *const methods[HF_METHOD_COUNT] = {
    [HF_METHOD_GET] = "GET",     [HF_METHOD_POST] = "POST",     [HF_METHOD_PUT] = "PUT",
    [HF_METHOD_PATCH] = "PATCH", [HF_METHOD_DELETE] = "DELETE",
};

static enum who
rule_of(const struct hf_route *route)
{
    char operation[128];

    snprintf(operation, sizeof operation, "%s %s", methods[route->method], route->pattern);
    for (size_t i = 0; i < HF_LEN(rules); i++)
        if (strcmp(rules[i].operation, operation) == 0)
            return rules[i].who;
    fail_msg("%s: say in rules[] who may ask it", operation);
    return PROVED;
}

enum { MAY = 0 }; /* else the status */

/* A header of each; NULL for none. */
struct asking {
    const char *cookie, *authorization, *origin, *site;
};

static void
expect(const struct hf_route *route, const struct asking *a, int status, const char *text)
{
    struct call c = {.headers = {"Host", "10.0.0.1", "Content-Length", "2"}, .body = "{}"};
    size_t at = 4;
    char path[128];
    bool has_type = route->body != HF_BODY_NONE && route->body != HF_BODY_JSON_OR_NONE;

    path_of(route, path);
    if (a->cookie)
        c.headers[at++] = "Cookie", c.headers[at++] = a->cookie;
    if (a->authorization)
        c.headers[at++] = "Authorization", c.headers[at++] = a->authorization;
    if (a->origin)
        c.headers[at++] = "Origin", c.headers[at++] = a->origin;
    if (a->site)
        c.headers[at++] = "Sec-Fetch-Site", c.headers[at++] = a->site;
    call_serve(&c, methods[route->method], path, "", status != MAY ? status : has_type ? 415 : 400);
    if (text && !call_has(&c, text))
        fail_msg("%s %s: no '%s' in %s", methods[route->method], path, text, c.out.data);
    hf_buf_done(&c.out);
}

static int
status_for(enum who needed, enum who is)
{
    return is >= needed ? MAY : 403;
}

static void
every_rule_has_a_route(void **state)
{
    (void)state;
    for (size_t i = 0; i < hf_route_count; i++)
        (void)rule_of(&hf_routes[i]);
    assert_int_equal(HF_LEN(rules), hf_route_count);
}

static void
sessions_of_each_role(void **state)
{
    static const enum who is[SESSION_COUNT] = {VIEWER, OPERATOR, PROVED, ADMIN};

    (void)state;
    for (size_t i = 0; i < hf_route_count; i++) {
        for (int s = 0; s < SESSION_COUNT; s++) {
            int status = status_for(rule_of(&hf_routes[i]), is[s]);

            expect(&hf_routes[i], &(struct asking){.cookie = cookies[s]}, status,
                   status && is[s] == ADMIN ? "/api/docs/problems#password-needed" : NULL);
        }
    }
    assert_non_null(strstr(world_audit, ": was refused, as "));
    assert_null(strstr(world_audit, "as admin")); /* who has to show the password is not refused */
    assert_null(strstr(world_audit, "GET"));
}

/* One of role admin needs no password. */
static void
tokens_of_each_role(void **state)
{
    static const enum who is[HF_ROLE_COUNT] = {VIEWER, OPERATOR, PROVED};

    (void)state;
    for (size_t i = 0; i < hf_route_count; i++) {
        enum who needed = rule_of(&hf_routes[i]);

        for (int t = 0; t < HF_ROLE_COUNT; t++)
            expect(&hf_routes[i], &(struct asking){.authorization = bearers[t]},
                   status_for(needed, is[t]), NULL);
        /* a cookie beside it adds nothing */
        expect(&hf_routes[i],
               &(struct asking){.cookie = cookies[HF_ROLE_ADMIN], .authorization = bearers[0]},
               status_for(needed, VIEWER), NULL);
    }
}

static void
nobody(void **state)
{
    const struct asking askings[] = {
        {.cookie = NULL},
        {.cookie = "__Host-holdfast="},
        {.cookie =
             "__Host-holdfast=0000000000000000000000000000000000000000000000000000000000000001"},
        {.cookie = "holdfast=1"},
        {.authorization = bearers[EXPIRED_TOKEN]},
        {.cookie = cookies[HF_ROLE_ADMIN], .authorization = bearers[EXPIRED_TOKEN]},
        {.cookie = cookies[HF_ROLE_ADMIN], .authorization = "Basic YWRtaW46eA=="},
        {.cookie = cookies[HF_ROLE_ADMIN], .authorization = ""},
    };

    (void)state;
    for (size_t i = 0; i < hf_route_count; i++)
        for (size_t k = 0; k < HF_LEN(askings); k++)
            expect(&hf_routes[i], &askings[k], rule_of(&hf_routes[i]) == PUBLIC ? MAY : 401, NULL);
}

static void
pages_of_others(void **state)
{
    static const char evil[] = "https://evil.example";

    (void)state;
    for (size_t i = 0; i < hf_route_count; i++) {
        const struct hf_route *route = &hf_routes[i];
        bool is_public = rule_of(route) == PUBLIC, is_get = route->method == HF_METHOD_GET;

        for (int s = 0; s < HF_ROLE_COUNT; s++) {
            expect(route, &(struct asking){.cookie = cookies[s], .site = "cross-site"}, 403, NULL);
            if (!is_get)
                expect(route, &(struct asking){.cookie = cookies[s], .origin = evil}, 403, NULL);
        }
        expect(route, &(struct asking){.site = "cross-site"}, 403, NULL);
        /* no page can send a token */
        expect(route,
               &(struct asking){
                   .authorization = bearers[HF_ROLE_ADMIN], .origin = evil, .site = "cross-site"},
               is_public ? 403 : MAY, NULL);
    }
}

static void
gives_up(enum hf_operation_kind kind, const char *cookie, int status, const char *text)
{
    struct call c = {.headers = {"Host", "10.0.0.1", "Cookie", cookie}};

    world_operation_kind = kind;
    call_serve(&c, "POST", "/api/v1/operations/aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa/cancel", "",
               status);
    if (!call_has(&c, text))
        fail_msg("%s: no '%s' in %s", hf_operation_kind_name(kind), text, c.out.data);
    hf_buf_done(&c.out);
}

/* The route takes an operator; what the operation itself takes holds too. */
static void
an_operation_is_given_up_by_who_may_begin_it(void **state)
{
    const char *viewer = cookies[HF_ROLE_VIEWER], *operator= cookies[HF_ROLE_OPERATOR];
    const char *proved = cookies[HF_ROLE_ADMIN], *admin = cookies[3];

    (void)state;
    for (int kind = 0; kind < HF_OPERATION_KIND_COUNT; kind++) {
        bool is_upgrade = kind == HF_OPERATION_UPGRADE, is_back = kind == HF_OPERATION_ROLLBACK;

        gives_up(kind, viewer, 403, "this needs the role operator");
        if (is_upgrade || is_back)
            gives_up(kind, operator, 403, "this needs the role admin");
        else
            gives_up(kind, operator, 200, "\"detail\":\"given up by opa\"");
        if (is_back)
            gives_up(kind, admin, 403, "/api/docs/problems#password-needed");
        else
            gives_up(kind, admin, 200, "\"state\":\"failed\"");
        gives_up(kind, proved, 200, "given up by admin");
    }
    world_command_error = HF_ERROR_CONFLICT;
    gives_up(HF_OPERATION_STOP, proved, 409, "it has ended");
    world_command_error = HF_ERROR_NONE;
}

static size_t
lines_with(const char *text, const char *start)
{
    size_t count = 0;

    for (const char *at = text; (at = strstr(at, start)); at += strlen(start))
        count += at == text || at[-1] == '\n';
    return count;
}

static void
is_said(const char *text, const char *prefix, const struct hf_route *route, size_t *said)
{
    char line[160];

    if (route->access != HF_ACCESS_PUBLIC)
        return;
    snprintf(line, sizeof line, "- `%s %s%s`", methods[route->method], prefix, route->pattern);
    if (lines_with(text, line) != 1)
        fail_msg("SECURITY.md, What answers before login: no line '%s'", line);
    (*said)++;
}

/* What a person is told answers before login is all that does. */
static void
public_routes_are_those_in_security_md(void **state)
{
    HF_AUTO_BUF struct hf_buf text = HF_BUF_INIT(65536);
    size_t said = 0, lines = 0;

    (void)state;
    assert_int_equal(hf_file_read(SECURITY_MD, &text, NULL), 0);
    for (size_t i = 0; i < hf_route_count; i++)
        is_said(text.data, "/api/v1", &hf_routes[i], &said);
    for (size_t i = 0; i < hf_top_route_count; i++)
        is_said(text.data, "", &hf_top_routes[i], &said);
    for (size_t i = 0; i < HF_METHOD_COUNT; i++) {
        char start[16];

        snprintf(start, sizeof start, "- `%s /", methods[i]);
        lines += lines_with(text.data, start);
    }
    assert_int_equal(lines, said);
}

/* The session that was there is gone, for every route at once. */
static void
after_logout(void **state)
{
    (void)state;
    hf_identity_logout(identity, cookies[HF_ROLE_ADMIN] + strlen("__Host-holdfast="));
    for (size_t i = 0; i < hf_route_count; i++)
        expect(&hf_routes[i], &(struct asking){.cookie = cookies[HF_ROLE_ADMIN]},
               rule_of(&hf_routes[i]) == PUBLIC ? MAY : 401, NULL);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_rule_has_a_route),
        cmocka_unit_test(sessions_of_each_role),
        cmocka_unit_test(tokens_of_each_role),
        cmocka_unit_test(nobody),
        cmocka_unit_test(pages_of_others),
        cmocka_unit_test(an_operation_is_given_up_by_who_may_begin_it),
        cmocka_unit_test(public_routes_are_those_in_security_md),
        cmocka_unit_test(after_logout),
    };

    return cmocka_run_group_tests(tests, set_up, tear_down);
}
