// SPDX-License-Identifier: Apache-2.0
#include "unit.h"

#include "call.h"
#include "world.h"

#include "path/path.h"
#include "path/peer_server.h"

#include <stdio.h>
#include <string.h>

static const char CONFIG[] = "/api/v1/config";

static void
patch(const char *if_match, const char *query, const char *body, int status, const char *text)
{
    char length[24];
    struct call c = {.headers = {"Host", "10.0.0.1", "Cookie", call_cookie, "Content-Type",
                                 "application/merge-patch+json", "Content-Length", length,
                                 if_match ? "If-Match" : NULL, if_match},
                     .body = body};

    snprintf(length, sizeof length, "%zu", strlen(body));
    call_serve(&c, "PATCH", CONFIG, query, status);
    if (text && !call_has(&c, text))
        fail_msg("PATCH %s: no '%s' in %s", body, text, c.out.data);
    hf_buf_done(&c.out);
}

static void
reading(void **state)
{
    (void)state;
    call_expect("GET", CONFIG, "", 200, "ETag: \"7\"\r\n");
    call_expect("GET", CONFIG, "", 200,
                "\"devices\":{\"topic\":\"+/ID/#\"},\"limits\":{},\"own\":{},");
    call_expect("GET", CONFIG, "", 200, "\"alarms\":{\"webhook\":null,\"silent_after_s\":0,");
    call_expect(
        "GET", CONFIG, "", 200,
        "\"broker\":{\"max_devices\":1000,\"connections_per_address\":250,\"max_device_sessions\":"
        "2000,\"session_days\":90,"
        "\"anonymous\":false,\"tls\":\"off\"},"
        "\"registry\":{\"host\":\"\",\"ca_pem\":\"\",\"user\":\"\",\"password\":\"\","
        "\"token_host\":\"\",\"proxy\":\"\",\"proxy_user\":\"\",\"proxy_password\":\"\","
        "\"max_bytes_per_s\":0,\"release_repository\":\"holdfast/release\","
        "\"check_hours\":0},");
    call_expect("GET", CONFIG, "", 200,
                "\"release_keys\":[],\"stick_keys\":[],\"upgrade\":{\"freeze\":false,\"gate_s\":60,"
                "\"switch_s\":120,"
                "\"max_backlog\":0,"
                "\"busy_wait_s\":600,\"config_gate_s\":60,\"windows\":[]},\"scan\":{");
    call_expect("DELETE", CONFIG, "", 405, "Allow: GET, HEAD, PUT, PATCH, OPTIONS\r\n");
}

static void
a_change_of_limits_says_what_it_does(void **state)
{
    (void)state;
    patch("\"7\"", "dry_run=true", "{\"limits\":{\"buffer\":{\"pids\":64}}}", 200,
          "\"effects\":[{\"service\":\"buffer\",\"change\":\"pids 32 → 64\",\"how\":\"live\"}]}");
    patch("\"7\"", "", "{\"limits\":{\"buffer\":{\"pids\":1}}}", 422, "\"/limits/buffer/pids\"");
}

static void
changing(void **state)
{
    (void)state;
    patch("\"7\"", "dry_run=true", "{\"name\":\"a\"}", 200, "ETag: \"7\"\r\n");
    patch("\"7\"", "", "{\"name\":\"a\"}", 200, "ETag: \"8\"\r\n");
    patch("\"7\"", "", "{\"name\":\"b\"}", 412, NULL);
    patch("7", "", "{\"name\":\"b\"}", 412, NULL);
    patch("\"-1\"", "", "{\"name\":\"b\"}", 412, NULL);
    patch("\"\"", "", "{\"name\":\"b\"}", 412, NULL);
    patch("W/\"8\"", "", "{\"name\":\"b\"}", 412, NULL);
    patch("\"99999999999999999999\"", "", "{\"name\":\"b\"}", 412, NULL);
    patch(NULL, "", "{\"name\":\"b\"}", 428, "If-Match is missing");
    patch("*", "", "{\"name\":\"b\"}", 200, "\"name\":\"b\"");
    patch("*", "", "{\"name\":\"B\"}", 422, "\"pointer\":\"/name\"");
    patch("*", "", "{", 400, NULL);
    patch("*", "", "[]", 422, NULL);
    patch("*", "dry_run=1", "{}", 400, NULL);
    patch("*", "", "{\"uplink\":{\"url\":\"https://x/\",\"token\":\"s3cret\"}}", 200,
          "\"sinks\":[{\"name\":\"uplink\",\"type\":\"https\",\"url\":\"https://x/\","
          "\"token\":\"***\"}]");
    assert_string_equal(hf_json_string(hf_settings_sink(&world_settings, "uplink"), "token"),
                        "s3cret");
}

static void
put(const char *if_match, const char *query, const char *body, int status, const char *text)
{
    char length[24];
    struct call c = {.headers = {"Host", "10.0.0.1", "Cookie", call_cookie, "Content-Type",
                                 "application/json", "Content-Length", length,
                                 if_match ? "If-Match" : NULL, if_match},
                     .body = body};

    snprintf(length, sizeof length, "%zu", strlen(body));
    call_serve(&c, "PUT", CONFIG, query, status);
    if (text && !call_has(&c, text))
        fail_msg("PUT %s: no '%s' in %s", body, text, c.out.data);
    hf_buf_done(&c.out);
}

/* What is absent is the default again; what is masked stays, where there is something. */
static void
replacing(void **state)
{
    (void)state;
    patch("*", "",
          "{\"buffer\":{\"window_ms\":100},\"sinks\":[{\"name\":\"uplink\",\"type\":\"https\","
          "\"url\":\"https://x/\",\"token\":\"s3cret\"}]}",
          200, NULL);
    put(NULL, "", "{}", 428, "If-Match is missing");
    put("\"1\"", "", "{}", 412, NULL);
    put("*", "dry_run=true", "{}", 200, "\"window_ms\":50,");
    put("*", "",
        "{\"name\":\"b\",\"rules\":null,\"sinks\":[{\"name\":\"uplink\",\"type\":\"https\","
        "\"url\":\"https://y/\",\"token\":\"***\"}]}",
        200, "\"window_ms\":50,");
    assert_string_equal(hf_json_string(hf_settings_sink(&world_settings, "uplink"), "token"),
                        "s3cret");
    put("*", "",
        "{\"sinks\":[{\"name\":\"other\",\"type\":\"https\",\"url\":\"https://y/\","
        "\"token\":\"***\"}]}",
        422, "\"pointer\":\"/sinks/0/token\"");
    put("*", "", "{\"nonsense\":1}", 422, "\"pointer\":\"/nonsense\"");
    put("*", "", "[]", 422, NULL);
    put("*", "", "{", 400, NULL);
    assert_string_equal(world_settings.name, "b");
}

static void
restore(const char *path, const char *if_match, const char *query, int status, const char *text)
{
    struct call c = {.headers = {"Host", "10.0.0.1", "Cookie", call_cookie,
                                 if_match ? "If-Match" : NULL, if_match}};

    call_serve(&c, "POST", path, query, status);
    if (!call_has(&c, text))
        fail_msg("POST %s: no '%s' in %s", path, text, c.out.data);
    hf_buf_done(&c.out);
}

static void
revisions(void **state)
{
    (void)state;
    call_expect("GET", "/api/v1/config/revisions", "", 200,
                "{\"current\":7,\"trial\":null,\"revisions\":[{\"revision\":7,\"created\":");
    call_expect("GET", "/api/v1/config/revisions/7/diff", "", 200,
                "{\"changes\":[],\"from\":6,\"to\":7}");
    call_expect("GET", "/api/v1/config/revisions/7/diff", "from=0", 200, "\"from\":0");
    call_expect("GET", "/api/v1/config/revisions/7/diff", "from=5", 404, "revision 5 is not kept");
    call_expect("GET", "/api/v1/config/revisions/0/diff", "", 404, "there is no revision '0'");
    call_expect("GET", "/api/v1/config/revisions/7x/diff", "", 404, "there is no revision '7x'");
    restore("/api/v1/config/revisions/3/restore", NULL, "", 428, "If-Match is missing");
    restore("/api/v1/config/revisions/3/restore", "\"6\"", "", 412, "another revision");
    restore("/api/v1/config/revisions/4/restore", "\"7\"", "", 404, "not kept");
    restore("/api/v1/config/revisions/3/restore", "\"7\"", "dry_run=true", 200, "ETag: \"7\"\r\n");
    restore("/api/v1/config/revisions/3/restore", "\"7\"", "", 200, "ETag: \"8\"\r\n");
    call_expect("GET", "/api/v1/config/revisions", "", 200,
                "\"trial\":{\"good\":7,\"seconds\":60,\"remaining_s\":12,"
                "\"waiting\":\"'buffer': stuck\"}");
}

static void
the_content_type_is_that_of_a_patch(void **state)
{
    struct call c = {.headers = {"Host", "10.0.0.1", "Cookie", call_cookie, "Content-Type",
                                 "application/json", "Content-Length", "2"},
                     .body = "{}"};

    (void)state;
    call_serve(&c, "PATCH", CONFIG, "", 415);
    assert_true(call_has(&c, "the body must be application/merge-patch+json"));
    hf_buf_done(&c.out);
}

/* The processor is asked where it can be; where it is away the rules are taken as they look. */
static void
rules_are_asked_of_the_processor(void **state)
{
    static struct peer_server peer;
    const char *rules = "{\"rules\":[{\"filter\":\"#\",\"topic\":\"{3}\"}]}";

    (void)state;
    peer = (struct peer_server){
        .token = WORLD_TOKEN,
        .status = 422,
        .body =
            "{\"detail\":\"{3} is no wildcard\",\"errors\":[{\"pointer\":\"/rules/0/topic\"}]}"};
    peer_server_start(&peer);
    world_reach(peer.port);
    patch("*", "", rules, 422, "\"pointer\":\"/rules/0/topic\"");
    assert_string_equal(peer_server_last(&peer)->url, "/v1/dry-run");
    patch("*", "", "{\"rules\":[{\"filter\":\"a+\"}]}", 422, "\"pointer\":\"/rules/0/filter\"");
    peer.status = 200;
    peer.body = "{\"results\":[]}";
    patch("*", "", rules, 200, NULL);
    peer_server_stop(&peer);
    patch("*", "", rules, 200, NULL);
    world_reach(0);
    patch("*", "", rules, 200, NULL);
}

static void
the_audit_log_in_pages(void **state)
{
    (void)state;
    call_expect("GET", "/api/v1/audit", "limit=2", 200,
                "{\"entries\":[{\"id\":\"9\",\"at\":\"2026-11-24T03:01:33.123Z\",\"who\":\"ann\","
                "\"from\":null,\"what\":\"did 9\",\"result\":\"done\",\"problem\":null,"
                "\"changes\":[],\"omitted\":0},{\"id\":\"8\"");
    call_expect(
        "GET", "/api/v1/audit", "limit=2", 200,
        "\"what\":\"did "
        "8\",\"result\":\"done\",\"problem\":null,\"changes\":[{\"path\":\"/role\",\"before\":null,"
        "\"after\":\"viewer\"}],\"omitted\":3}],\"next\":\"8\"}");
    call_expect("GET", "/api/v1/audit", "limit=2&cursor=7", 200, "{\"entries\":[{\"id\":\"6\"");
    call_expect("GET", "/api/v1/audit", "limit=2&cursor=7", 200, "],\"next\":null}");
    call_expect("GET", "/api/v1/audit", "cursor=8&limit=1&result=refused", 200,
                "\"what\":\"did 7\",\"result\":\"refused\","
                "\"problem\":\"/api/docs/problems#forbidden\"");
    call_expect("GET", "/api/v1/audit", "result=failed", 200, "{\"entries\":[],");
    call_expect("GET", "/api/v1/audit", "result=odd", 400, NULL);
    call_expect("GET", "/api/v1/audit", "cursor=0", 400, NULL);
    call_expect("GET", "/api/v1/audit", "limit=501", 400, NULL);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(reading, call_set_up, call_tear_down),
        cmocka_unit_test_setup_teardown(a_change_of_limits_says_what_it_does, call_set_up,
                                        call_tear_down),
        cmocka_unit_test_setup_teardown(changing, call_set_up, call_tear_down),
        cmocka_unit_test_setup_teardown(replacing, call_set_up, call_tear_down),
        cmocka_unit_test_setup_teardown(revisions, call_set_up, call_tear_down),
        cmocka_unit_test_setup_teardown(the_content_type_is_that_of_a_patch, call_set_up,
                                        call_tear_down),
        cmocka_unit_test_setup_teardown(rules_are_asked_of_the_processor, call_set_up,
                                        call_tear_down),
        cmocka_unit_test_setup_teardown(the_audit_log_in_pages, call_set_up, call_tear_down),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
