// SPDX-License-Identifier: Apache-2.0
/* Users, sessions and tokens over the API, each body as openapi.yaml has it. */
#include "unit.h"

#include "call.h"
#include "world.h"

#include <stdio.h>
#include <string.h>

enum { ANSWER_SIZE = 4096 };

/* The answer's body goes to out. */
static void
ask(const char *method, const char *path, const char *body, int status, char out[ANSWER_SIZE])
{
    char length[24];
    struct call c = {
        .headers = {"Host", "10.0.0.1", "Cookie", call_cookie, "Content-Length", length}};
    const char *end;

    c.body = body ? body : "";
    snprintf(length, sizeof length, "%zu", strlen(c.body));
    if (body) {
        c.headers[6] = "Content-Type";
        c.headers[7] =
            strcmp(method, "PATCH") == 0 ? "application/merge-patch+json" : "application/json";
    }
    call_serve(&c, method, path, "", status);
    end = strstr(c.out.data, "\r\n\r\n");
    assert_non_null(end);
    snprintf(out, ANSWER_SIZE, "%s", end + 4);
    hf_buf_done(&c.out);
}

static void
expect(const char *method, const char *path, const char *body, int status, const char *text)
{
    char out[ANSWER_SIZE];

    ask(method, path, body, status, out);
    if (text && !strstr(out, text))
        fail_msg("%s %s: no '%s' in %s", method, path, text, out);
}

/* The value of a text member. */
static void
member(const char *json, const char *name, char *out, size_t size)
{
    char key[32];
    const char *at;

    snprintf(key, sizeof key, "\"%s\":\"", name);
    at = strstr(json, key);
    assert_non_null(at);
    at += strlen(key);
    snprintf(out, size, "%.*s", (int)strcspn(at, "\""), at);
}

static void
users(void **state)
{
    (void)state;
    expect("POST", "/api/v1/users",
           "{\"name\":\"ann\",\"password\":\"a new battery\",\"role\":\"operator\"}", 201,
           "{\"name\":\"ann\",\"role\":\"operator\",\"disabled\":false,\"created\":\"20");
    expect("GET", "/api/v1/users", NULL, 200, "{\"users\":[{\"name\":\"admin\"");
    expect("GET", "/api/v1/users/ann", NULL, 200, "\"sessions\":0,\"tokens\":0}");
    expect("PATCH", "/api/v1/users/ann", "{\"role\":\"viewer\"}", 200, "\"role\":\"viewer\"");
    expect("PATCH", "/api/v1/users/ann", "{\"disabled\":true}", 200, "\"disabled\":true");
    expect("PATCH", "/api/v1/users/ann", "{}", 200, NULL);
    expect("PATCH", "/api/v1/users/ann", "{\"role\":\"king\"}", 422, "\"pointer\":\"/role\"");
    expect("PATCH", "/api/v1/users/ann", "{\"role\":null}", 422, "\"pointer\":\"/role\"");
    expect("PATCH", "/api/v1/users/ann", "{\"name\":\"x\"}", 422, "\"pointer\":\"/name\"");
    expect("PATCH", "/api/v1/users/bob", "{}", 404, NULL);
    expect("PATCH", "/api/v1/users/admin", "{\"role\":\"viewer\"}", 409, "last admin");
    expect("DELETE", "/api/v1/users/admin", NULL, 409, "last admin");
    expect("DELETE", "/api/v1/users/ann", NULL, 204, NULL);
    expect("GET", "/api/v1/users/ann", NULL, 404, NULL);
}

static void
passwords(void **state)
{
    (void)state;
    expect("POST", "/api/v1/password", "{\"current\":\"wrong password\",\"new\":\"a new battery\"}",
           403, "\"pointer\":\"/current\"");
    expect("POST", "/api/v1/password", "{\"current\":\"" WORLD_PASSWORD "\",\"new\":\"short\"}",
           422, "\"pointer\":\"/new\"");
    expect("POST", "/api/v1/password",
           "{\"current\":\"" WORLD_PASSWORD "\",\"new\":\"a new battery\"}", 204, NULL);
    expect("POST", "/api/v1/session/reauth", "{\"password\":\"" WORLD_PASSWORD "\"}", 403,
           "\"pointer\":\"/password\"");
    expect("POST", "/api/v1/session/reauth", "{\"password\":\"a new battery\"}", 204, NULL);
}

static void
sessions(void **state)
{
    char body[ANSWER_SIZE], id[64], path[96];

    (void)state;
    ask("GET", "/api/v1/sessions", NULL, 200, body);
    assert_non_null(strstr(body, "\"address\":\"10.0.0.2\""));
    assert_non_null(strstr(body, "\"current\":true"));
    expect("DELETE", "/api/v1/sessions", NULL, 204, NULL);
    expect("DELETE", "/api/v1/sessions/0000000000000000", NULL, 404, NULL);
    member(body, "id", id, sizeof id);
    snprintf(path, sizeof path, "/api/v1/sessions/%s", id);
    expect("GET", "/api/v1/session", NULL, 200, NULL);
    expect("DELETE", path, NULL, 204, NULL);
    expect("GET", "/api/v1/session", NULL, 401, NULL);
}

static void
tokens(void **state)
{
    static const char asked[] = "{\"name\":\"ci\",\"role\":\"viewer\",\"days\":30}";
    char body[ANSWER_SIZE], id[64], token[96], bearer[128], path[96];
    struct call c = {.headers = {"Host", "10.0.0.1", "Authorization", bearer}};

    (void)state;
    ask("POST", "/api/v1/tokens", asked, 201, body);
    member(body, "id", id, sizeof id);
    member(body, "token", token, sizeof token);
    assert_non_null(strstr(body, "\"used\":null"));
    expect("POST", "/api/v1/tokens", asked, 409, "\"pointer\":\"/name\"");
    expect("POST", "/api/v1/tokens", "{\"name\":\"b\",\"role\":\"viewer\",\"days\":0}", 422,
           "\"pointer\":\"/days\"");
    snprintf(bearer, sizeof bearer, "bearer %s", token); /* RFC 9110: the scheme in any case */
    call_serve(&c, "GET", "/api/v1/session", "", 200);
    assert_true(call_has(&c, "{\"user\":\"admin\",\"role\":\"viewer\""));
    assert_false(call_has(&c, "WWW-Authenticate"));
    hf_buf_done(&c.out);
    ask("GET", "/api/v1/tokens", NULL, 200, body);
    assert_null(strstr(body, token));
    assert_null(strstr(body, "\"used\":null"));
    snprintf(path, sizeof path, "/api/v1/tokens/%s", id);
    expect("DELETE", path, NULL, 204, NULL);
    expect("DELETE", path, NULL, 404, NULL);
    call_serve(&c, "GET", "/api/v1/session", "", 401);
    assert_true(call_has(&c, "WWW-Authenticate: Bearer\r\n"));
    hf_buf_done(&c.out);
}

static void
certificate(void **state)
{
    (void)state;
    expect("GET", "/api/v1/certificate", NULL, 200,
           "{\"source\":\"own\",\"subject\":\"CN=press-hall-3\",\"issuer\":\"CN=Holdfast CA ");
    expect("GET", "/api/v1/certificate", NULL, 200,
           "\"names\":[\"press-hall-3\",\"press-hall-3.local\",");
    expect("GET", "/api/v1/certificate", NULL, 200, "\"ca\":{\"subject\":\"CN=Holdfast CA ");
    expect("GET", "/api/v1/certificate/ca", NULL, 200, "-----BEGIN CERTIFICATE-----\n");
    expect("PUT", "/api/v1/certificate", "{\"certificate\":\"x\",\"key\":\"y\"}", 422,
           "\"pointer\":\"/certificate\"");
    expect("DELETE", "/api/v1/certificate", NULL, 404, "own is used");
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(users),       cmocka_unit_test(tokens),   cmocka_unit_test(passwords),
        cmocka_unit_test(certificate), cmocka_unit_test(sessions), /* the last one: the session is
                                                                      gone after it */
    };

    return cmocka_run_group_tests(tests, call_set_up, call_tear_down);
}
