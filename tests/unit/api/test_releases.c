// SPDX-License-Identifier: Apache-2.0
#include "unit.h"

#include "call.h"
#include "world.h"

#include "base/text.h"

#include <stdio.h>
#include <string.h>

#define RUNNING "11111111111111111111111111111111"
#define NEW "22222222222222222222222222222222"
#define ETAG "\"eeeeeeeeeeeeeeeeeeeeeeeeeeeeeeee\""
#define NONE "33333333333333333333333333333333"

static void
send_body(const char *body, int status, const char *text)
{
    char length[24];
    struct call c = {.headers = {"Host", "10.0.0.1", "Cookie", call_cookie, "Content-Type",
                                 "application/json", "Content-Length", length},
                     .body = body};

    snprintf(length, sizeof length, "%zu", strlen(body));
    call_serve(&c, "POST", "/api/v1/releases", "", status);
    if (!call_has(&c, text))
        fail_msg("POST %s: no '%s' in %s", body, text, c.out.data);
    hf_buf_done(&c.out);
}

static void
apply(const char *id, const char *if_match, int status, const char *text)
{
    char path[128];
    struct call c = {.headers = {"Host", "10.0.0.1", "Cookie", call_cookie,
                                 if_match ? "If-Match" : NULL, if_match}};

    snprintf(path, sizeof path, "/api/v1/releases/%s/apply", id);
    call_serve(&c, "POST", path, "", status);
    if (!call_has(&c, text))
        fail_msg("apply: no '%s' in %s", text, c.out.data);
    hf_buf_done(&c.out);
}

static void
listing(void **state)
{
    (void)state;
    call_expect("GET", "/api/v1/releases", "", 200,
                "\"running\":{\"id\":\"" RUNNING "\",\"name\":\"run\"},\"previous\":null");
    call_expect("GET", "/api/v1/releases", "", 200,
                "\"outcome\":\"rolled_back\",\"actor\":\"\",\"started\":");
    call_expect("GET", "/api/v1/releases", "", 200,
                "\"gaps\":[{\"service\":\"broker\",\"gap_ms\":700}]");
    call_expect(
        "GET", "/api/v1/releases", "", 200,
        "\"registry\":{\"host\":\"r.example\",\"busy\":false,\"checked\":\"1970-01-01T00:00:01."
        "000Z\",\"failed\":false,\"found\":3,\"added\":1,\"refused\":1,\"detail\":\"1.0.9: ");
    call_expect("GET", "/api/v1/releases/" NEW, "", 200, "\"state\":\"available\"");
    call_expect("GET", "/api/v1/releases/" NONE, "", 404, "there is no release");
}

static void
adding_and_forgetting(void **state)
{
    (void)state;
    send_body("{\"release\":\"{}\"}", 201, "Location: /api/v1/releases/" NEW "\r\n");
    send_body("{\"release\":\"{}\",\"signature\":\"s\"}", 201, "\"signed\":true");
    send_body("{\"release\":\"{\"}", 422, "no JSON");
    send_body("{\"signature\":\"s\"}", 422, "\"/release\"");
    call_expect("DELETE", "/api/v1/releases/" NEW, "", 204, "");
    call_expect("DELETE", "/api/v1/releases/" RUNNING, "", 409, "it runs");
    call_expect("DELETE", "/api/v1/releases/" NONE, "", 404, "there is no release");
}

/* What has a name of its own is not a release of that name. */
static void
plain_paths_come_before_those_with_an_id(void **state)
{
    (void)state;
    call_expect("GET", "/api/v1/releases/upgrade", "", 200, "\"state\":\"idle\"");
    call_expect("DELETE", "/api/v1/releases/upgrade", "", 405, "Allow: GET, HEAD, OPTIONS\r\n");
    call_expect("GET", "/api/v1/releases/rollback", "", 405, "Allow: POST, OPTIONS\r\n");
    call_expect("GET", "/api/v1/releases/check", "", 405, "Allow: POST, OPTIONS\r\n");
    call_expect("POST", "/api/v1/releases/check", "", 202, "\"kind\":\"check\",\"service\":null");
    call_expect("PATCH", "/api/v1/releases/" NEW, "", 405, "Allow: GET, HEAD, DELETE, OPTIONS\r\n");
}

static void
planning(void **state)
{
    (void)state;
    call_expect("POST", "/api/v1/releases/" NEW "/plan", "", 200, "ETag: " ETAG "\r\n");
    call_expect("POST", "/api/v1/releases/" NEW "/plan", "", 200,
                "\"possible\":true,\"obstacles\":[],\"needs_allow_older\":false,\"daemon\":null,"
                "\"services\":[{\"service\":\"broker\",");
    call_expect("POST", "/api/v1/releases/" NEW "/plan", "", 200,
                "\"room_s\":null,\"queue_s\":240,\"max_backlog\":null},"
                "\"schema_changes\":[\"the configuration: version 1 → 2\"]");
    call_expect("POST", "/api/v1/releases/" NEW "/plan", "", 200,
                "\"fetch\":{\"images\":1,\"layers\":2,\"bytes\":1000},"
                "\"disk\":{\"free_bytes\":null,\"needed_bytes\":2500,\"peak_bytes\":3500}");
    call_expect("POST", "/api/v1/releases/" RUNNING "/plan", "", 200,
                "\"possible\":false,\"obstacles\":[\"it runs already\"]");
    call_expect("POST", "/api/v1/releases/" NONE "/plan", "", 404, "there is no release");
}

static void
applying_what_was_planned(void **state)
{
    (void)state;
    apply(NEW, ETAG, 202, "Location: /api/v1/operations/aaaa");
    apply(NEW, ETAG, 202, "\"kind\":\"upgrade\",\"service\":null,");
    apply(NEW, "*", 202, "\"kind\":\"upgrade\"");
    apply(NEW, NULL, 428, "If-Match is missing");
    apply(NEW, "\"ffffffffffffffffffffffffffffffff\"", 412, "plan it again");
    apply(NEW, "eeee", 412, "plan it again");
    apply(RUNNING, "*", 409, "it runs already");
    apply(NONE, "*", 404, "there is no release");
    call_expect("POST", "/api/v1/releases/rollback", "", 202, "\"kind\":\"rollback\"");
}

static void
the_upgrade_under_way_is_shown(void **state)
{
    struct hf_upgrade_view *v = &world_snapshot.upgrade;

    (void)state;
    *v = (struct hf_upgrade_view){
        .record = {.n = 1,
                   .state = HF_UPGRADE_VERIFIED,
                   .index = 1,
                   .count = 2,
                   .services = {{.name = "broker", .gap_ms = 5}, {.name = "buffer", .gap_ms = -1}}},
        .waiting = "'buffer' says that it is busy"};
    call_expect("GET", "/api/v1/releases/upgrade", "", 200, "\"state\":\"switching\"");
    call_expect("GET", "/api/v1/releases/upgrade", "", 200,
                "\"waiting\":\"'buffer' says that it is busy\"");
    call_expect("GET", "/api/v1/releases/upgrade", "", 200,
                "{\"service\":\"broker\",\"state\":\"switched\",\"gap_ms\":5},"
                "{\"service\":\"buffer\",\"state\":\"waiting\",\"gap_ms\":null}");
    v->record.state = HF_UPGRADE_GATING;
    v->gate_s = 60;
    v->gate_left_s = 12;
    v->gate[HF_GATE_CANARY].state = HF_GATE_PASSING;
    call_expect("GET", "/api/v1/releases/upgrade", "", 200,
                "\"gate\":{\"seconds\":60,\"remaining_s\":12,\"checks\":[{\"name\":\"health\","
                "\"state\":\"waiting\",\"detail\":\"\"}");
    v->record.state = HF_UPGRADE_PULLING;
    v->gate_s = 0;
    v->pull_number = 1;
    v->pull_of = 2;
    call_expect("GET", "/api/v1/releases/upgrade", "", 200,
                "\"pull\":{\"service\":\"\",\"number\":1,\"of\":2,\"bytes\":null,"
                "\"total_bytes\":null,\"layer\":null},\"gate\":null");
    v->pull = (struct hf_pull_bytes){"sha256:1", 5, 50, 7, 70};
    call_expect("GET", "/api/v1/releases/upgrade", "", 200,
                "\"bytes\":7,\"total_bytes\":70,"
                "\"layer\":{\"digest\":\"sha256:1\",\"bytes\":5,\"total_bytes\":50}}");
    memset(v->record.operation, 'a', sizeof v->record.operation - 1);
    hf_text_put(v->pull_service, sizeof v->pull_service, "broker");
    v->waiting[0] = '\0';
    call_expect(
        "GET", "/api/v1/operations/aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", "", 200,
        "\"detail\":\"fetches image 1 of 2, of 'broker': 7 of 70 bytes; of layer sha256:1 5 "
        "of 50\"");
    *v = (struct hf_upgrade_view){.record = {.n = 0}};
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(listing),
        cmocka_unit_test(adding_and_forgetting),
        cmocka_unit_test(plain_paths_come_before_those_with_an_id),
        cmocka_unit_test(planning),
        cmocka_unit_test(applying_what_was_planned),
        cmocka_unit_test(the_upgrade_under_way_is_shown),
    };

    return cmocka_run_group_tests(tests, call_set_up, call_tear_down);
}
