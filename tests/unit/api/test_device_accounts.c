// SPDX-License-Identifier: Apache-2.0
#include "unit.h"

#include "call.h"
#include "world.h"

#include "identity/device.h"

#include <stdio.h>
#include <string.h>

static const char ACCOUNTS[] = "/api/v1/devices/accounts";

/* Sends body as type; the answer is the caller's, for hf_buf_done(). */
static struct hf_buf
send(const char *method, const char *path, const char *type, const char *body, int status,
     const char *text)
{
    char length[24];
    struct call c = {.headers = {"Host", "10.0.0.1", "Cookie", call_cookie,
                                 body ? "Content-Type" : NULL, type, "Content-Length", length},
                     .body = body};

    snprintf(length, sizeof length, "%zu", body ? strlen(body) : 0);
    call_serve(&c, method, path, "", status);
    if (text && !call_has(&c, text))
        fail_msg("%s %s %s: no '%s' in %s", method, path, body ? body : "", text, c.out.data);
    if (call_has(&c, "$7$"))
        fail_msg("a hash in %s", c.out.data);
    return c.out;
}

static void
drop(struct hf_buf answer)
{
    hf_buf_done(&answer);
}

static void
post(const char *body, int status, const char *text)
{
    drop(send("POST", ACCOUNTS, "application/json", body, status, text));
}

static void
patch(const char *name, const char *body, int status, const char *text)
{
    char path[128];

    snprintf(path, sizeof path, "%s/%s", ACCOUNTS, name);
    drop(send("PATCH", path, "application/merge-patch+json", body, status, text));
}

/* The key that was made is in this answer alone. */
static void
a_certificate_is_issued_and_taken_back(void **state)
{
    static const char path[] = "/api/v1/devices/accounts/a/certificate";
    static const char json[] = "application/json";

    (void)state;
    post("{\"name\":\"a\",\"password\":\"s3cret pass\"}", 201, "\"certificate\":null");
    drop(send("DELETE", path, NULL, NULL, 404, "no certificate"));
    drop(send("POST", path, NULL, NULL, 200, "\"key\":\"-----BEGIN PRIVATE KEY-----\\n"));
    drop(send("GET", "/api/v1/devices/accounts/a", NULL, NULL, 200,
              "\"certificate\":{\"fingerprint\":\""));
    drop(send("POST", path, json, "{\"days\":1}", 200, "\"ca\":\"-----BEGIN CERTIFICATE-----\\n"));
    drop(send("POST", path, json, "{\"days\":0}", 422, "\"pointer\":\"/days\""));
    drop(send("POST", path, json, "{\"csr\":\"x\"}", 422, "\"pointer\":\"/csr\""));
    drop(send("POST", path, json, "{\"name\":\"x\"}", 422, "\"pointer\":\"/name\""));
    drop(send("POST", "/api/v1/devices/accounts/nobody/certificate", NULL, NULL, 404, NULL));
    drop(send("DELETE", path, NULL, NULL, 204, NULL));
    drop(send("GET", "/api/v1/devices/accounts/a", NULL, NULL, 200, "\"certificate\":null"));
    drop(send("POST", path, NULL, NULL, 200, NULL));
    drop(send("POST", "/api/v1/devices/accounts/a/password", NULL, NULL, 200,
              "\"certificate\":null"));
}

static int
set_up(void **state)
{
    world_forget_devices();
    return call_set_up(state);
}

static void
adding(void **state)
{
    (void)state;
    post("{\"name\":\"d7\"}", 201,
         "\"publish\":[\"sensors/%u/#\"],\"subscribe\":[],\"created\":\"1970-");
    assert_string_equal(world_audit, "admin: added 1");
    post("{\"name\":\"d7\"}", 409, "\"pointer\":\"/name\"");
    post("{\"name\":\"d8\",\"password\":\"s3cret pass\",\"publish\":[\"a/%u\",\"b\"],"
         "\"subscribe\":[\"c/#\"],\"description\":\"Hall\",\"enabled\":false}",
         201, "Location: /api/v1/devices/accounts/d8\r\n");
    call_expect("GET", "/api/v1/devices/accounts/d8", "", 200,
                "{\"name\":\"d8\",\"enabled\":false,\"description\":\"Hall\",\"publish\":[\"a/"
                "%u\",\"b\"],\"subscribe\":[\"c/#\"],");
    call_expect("GET", "/api/v1/devices/accounts/d9", "", 404, "'d9'");
}

/* Shown where it was made, and nowhere where somebody knows it. */
static void
a_password_is_shown_once(void **state)
{
    struct hf_buf answer;
    const char *made;

    (void)state;
    answer = send("POST", ACCOUNTS, "application/json", "{\"name\":\"a\"}", 201, "\"password\":\"");
    made = strstr(answer.data, "\"password\":\"") + strlen("\"password\":\"");
    assert_int_equal(strcspn(made, "\""), HF_DEVICE_MADE_SIZE - 1);
    drop(answer);
    post("{\"name\":\"b\",\"password\":\"s3cret pass\"}", 201, "\"password\":null}");
    drop(send("POST", "/api/v1/devices/accounts/b/password", NULL, NULL, 200, "\"password\":\""));
    drop(send("POST", "/api/v1/devices/accounts/b/password", "application/json",
              "{\"password\":\"another one\"}", 200, "\"password\":null}"));
    drop(send("POST", "/api/v1/devices/accounts/b/password", "application/json",
              "{\"password\":\"short\"}", 422, "\"pointer\":\"/password\""));
    drop(send("POST", "/api/v1/devices/accounts/nobody/password", NULL, NULL, 404, NULL));
    call_expect("GET", ACCOUNTS, "", 200, "\"total\":2,\"enabled\":2,\"anonymous\":false}");
}

static void
what_is_wrong_is_said_where(void **state)
{
    (void)state;
    post("{}", 422, "\"pointer\":\"/name\"");
    post("{\"name\":\"a b\"}", 422, "\"pointer\":\"/name\"");
    post("{\"name\":\"a\",\"role\":1}", 422, "\"pointer\":\"/role\"");
    post("{\"name\":\"a\",\"password\":\"x\"}", 422, "\"pointer\":\"/password\"");
    post("{\"name\":\"a\",\"publish\":[\"a\",1]}", 422, "\"pointer\":\"/publish/1\"");
    post("{\"name\":\"a\",\"publish\":[\"a b\"]}", 422, "\"pointer\":\"/publish/0\"");
    post("{\"name\":\"a\",\"publish\":[\"\"]}", 422, "\"pointer\":\"/publish/0\"");
    post("{\"name\":\"a\",\"subscribe\":[\"$SYS/#\"]}", 422, "\"pointer\":\"/subscribe\"");
    post("{\"name\":\"a\",\"description\":\"a\\nb\"}", 422, "\"pointer\":\"/description\"");
    post("{", 400, NULL);
    call_expect("GET", ACCOUNTS, "", 200, "\"accounts\":[],\"next\":null,\"total\":0");
}

static void
changing(void **state)
{
    (void)state;
    post("{\"name\":\"d7\",\"publish\":[\"x/%u\"],\"subscribe\":[\"y\"],\"description\":\"z\"}",
         201, NULL);
    patch("d7", "{\"enabled\":false}", 200,
          "\"enabled\":false,\"description\":\"z\",\"publish\":[\"x/%u\"],\"subscribe\":[\"y\"]");
    patch("d7", "{\"enabled\":null,\"publish\":null,\"subscribe\":null,\"description\":null}", 200,
          "\"enabled\":true,\"description\":\"\",\"publish\":[\"sensors/%u/#\"],\"subscribe\":[]");
    patch("d7", "{\"publish\":[]}", 200, "\"publish\":[]");
    patch("d7", "{\"name\":\"d8\"}", 422, "\"pointer\":\"/name\"");
    patch("d7", "{\"password\":\"s3cret pass\"}", 422, "\"pointer\":\"/password\"");
    patch("d7", "{\"subscribe\":[\"a/#/b\"]}", 422, "\"pointer\":\"/subscribe\"");
    patch("d7", "[]", 422, NULL);
    patch("d8", "{}", 404, NULL);
    drop(send("DELETE", "/api/v1/devices/accounts/d7", NULL, NULL, 204, NULL));
    assert_string_equal(world_audit, "admin: deleted d7");
    drop(send("DELETE", "/api/v1/devices/accounts/d7", NULL, NULL, 404, NULL));
}

static void
lists_come_in_pages(void **state)
{
    char body[32];

    (void)state;
    for (int i = 0; i < 5; i++) {
        snprintf(body, sizeof body, "{\"name\":\"d%d\"}", i);
        post(body, 201, NULL);
    }
    call_expect("GET", ACCOUNTS, "limit=2", 200, "\"next\":\"d1\",\"total\":5");
    call_expect("GET", ACCOUNTS, "limit=2&cursor=d1", 200, "\"accounts\":[{\"name\":\"d2\"");
    call_expect("GET", ACCOUNTS, "limit=5", 200, "\"next\":null");
    call_expect("GET", ACCOUNTS, "search=D2&limit=1", 200, "\"accounts\":[{\"name\":\"d2\"");
    call_expect("GET", ACCOUNTS, "search=nobody", 200, "\"accounts\":[],\"next\":null");
    call_expect("GET", ACCOUNTS, "cursor=d4", 200, "\"accounts\":[],\"next\":null");
    call_expect("GET", ACCOUNTS, "limit=0", 400, NULL);
    call_expect("GET", ACCOUNTS, "limit=501", 400, NULL);
    call_expect("GET", ACCOUNTS, "nonsense=1", 400, NULL);
    world_settings.broker.anonymous = true;
    call_expect("GET", ACCOUNTS, "", 200, "\"anonymous\":true}");
}

static void
import(const char *body, int status, const char *text)
{
    drop(send("POST", "/api/v1/devices/accounts/import", "text/csv", body, status, text));
}

static void
a_file_is_taken_whole_or_not_at_all(void **state)
{
    (void)state;
    post("{\"name\":\"d3\"}", 201, NULL);
    import("d1\nd 2\nd3\nd4,short\n", 422,
           "{\"type\":\"/api/docs/problems#unprocessable-content\",\"title\":"
           "\"Unprocessable Content\",\"status\":422,"
           "\"detail\":\"nothing was imported: 3 things in the file are wrong\",\"errors\":["
           "{\"line\":2,\"column\":1,\"detail\":\"name: ");
    import("d1\nd3\n", 422, "{\"line\":2,\"column\":1,\"detail\":\"name: 'd3' has an account");
    import("", 422, "no device");
    call_expect("GET", ACCOUNTS, "", 200, "\"total\":1");
    import("name,password\nd1,s3cret-pass\nd2,\n", 201,
           "{\"imported\":2,\"passwords\":[{\"name\":\"d2\",\"password\":\"");
    assert_string_equal(world_audit, "admin: added 2");
    call_expect("GET", ACCOUNTS, "", 200, "\"total\":3");
    drop(send("POST", "/api/v1/devices/accounts/import", "application/json", "{}", 415, NULL));
    call_expect("GET", "/api/v1/devices/accounts/import", "", 405, "Allow: POST, OPTIONS\r\n");
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(adding, set_up, call_tear_down),
        cmocka_unit_test_setup_teardown(a_password_is_shown_once, set_up, call_tear_down),
        cmocka_unit_test_setup_teardown(a_certificate_is_issued_and_taken_back, set_up,
                                        call_tear_down),
        cmocka_unit_test_setup_teardown(what_is_wrong_is_said_where, set_up, call_tear_down),
        cmocka_unit_test_setup_teardown(changing, set_up, call_tear_down),
        cmocka_unit_test_setup_teardown(lists_come_in_pages, set_up, call_tear_down),
        cmocka_unit_test_setup_teardown(a_file_is_taken_whole_or_not_at_all, set_up,
                                        call_tear_down),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
