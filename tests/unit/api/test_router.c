// SPDX-License-Identifier: Apache-2.0
/* Requests against the router over a connection in memory. */
#include "unit.h"

#include "call.h"
#include "world.h"

#include "api/router.h"
#include "api/server.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

static void
methods(void **state)
{
    struct call head = {.headers = {"Host", "10.0.0.1"}};

    (void)state;
    call_expect("DELETE", "/api/v1/health", "", 405, "Allow: GET, HEAD, OPTIONS\r\n");
    call_expect("GET", "/api/v1/login", "", 405, "Allow: POST, OPTIONS\r\n");
    call_expect("PUT", "/api/v1/claim", "", 405, "Allow: GET, HEAD, POST, OPTIONS\r\n");
    call_expect("OPTIONS", "/api/v1/claim", "", 204, "Allow: GET, HEAD, POST, OPTIONS\r\n");
    call_expect("POST", "/", "", 405, "Allow: GET, HEAD, OPTIONS\r\n");
    call_expect("GET", "/api/v1/nothing", "", 404, "application/problem+json");
    call_expect("GET", "/api/v1", "", 404, "application/problem+json");
    call_expect("GET", "/api/v2/health", "", 404, "application/problem+json");
    call_expect("GET", "/api", "", 404, "application/problem+json");

    call_serve(&head, "HEAD", "/api/v1/health", "", 200);
    assert_true(call_has(&head, "Content-Length: 33\r\n"));
    assert_string_equal(strstr(head.out.data, "\r\n\r\n"), "\r\n\r\n");
    hf_buf_done(&head.out);
}

static void
strangers(void **state)
{
    static const struct {
        const char *headers[8];
        const char *method, *path;
        int status;
    } cases[] = {
        {{"Host", "evil.example"}, "GET", "/", 421},
        {{"Host", "evil.example"}, "GET", "/api/v1/health", 421},
        {{NULL}, "GET", "/api/v1/health", 421},
        {{"Host", "10.0.0.1", "Host", "10.0.0.1"}, "GET", "/api/v1/health", 421},
        {{"Host", "press-hall-3.local"}, "GET", "/api/v1/health", 200},
        {{"Host", "10.0.0.1", "Sec-Fetch-Site", "cross-site"}, "GET", "/api/v1/health", 403},
        {{"Host", "10.0.0.1", "Origin", "https://10.0.0.2"}, "POST", "/api/v1/logout", 403},
        {{"Host", "10.0.0.1", "Origin", "null"}, "POST", "/api/v1/login", 403},
        {{"Host", "10.0.0.1", "Origin", "https://10.0.0.1"}, "POST", "/api/v1/logout", 204},
        {{"Host", "10.0.0.1"}, "GET", "/api/v1/gateway", 401},
        {{"Host", "10.0.0.1", "Cookie", "__Host-holdfast=x"}, "GET", "/api/v1/gateway", 401},
        {{"Host", "10.0.0.1"}, "POST", "/api/v1/services/broker/stop", 401},
        {{"Host", "10.0.0.1"}, "GET", "/api/v1/events", 401},
    };

    (void)state;
    for (size_t i = 0; i < HF_LEN(cases); i++) {
        struct call c = {0};

        memcpy(c.headers, cases[i].headers, sizeof cases[i].headers);
        call_serve(&c, cases[i].method, cases[i].path, "", cases[i].status);
        assert_true(call_has(&c, "X-Content-Type-Options: nosniff\r\n"));
        assert_true(call_has(&c, "frame-ancestors 'none'"));
        assert_false(call_has(&c, "Access-Control"));
        hf_buf_done(&c.out);
    }
}

static void
bodies(void **state)
{
    static const struct {
        const char *length, *name, *value, *body;
        int status;
        const char *text;
    } cases[] = {
        {"2", "Content-Type", "text/plain", "{}", 415, NULL},
        {"2", "X", "", "{}", 415, NULL},
        {"2", "Content-Type", "application/json", "{}", 422, "\"pointer\":\"/user\""},
        {"3", "Content-Type", "application/json", "{}x", 400, NULL},
        {"9", "Content-Type", "application/json", "{}", 400, "did not come"},
        {"x", "Content-Type", "application/json", "{}", 400, "Content-Length"},
        {"65537", "Content-Type", "application/json", "{}", 413, NULL},
        {"11", "Content-Type", "application/json", "{\"extra\":1}", 422, "\"pointer\":\"/extra\""},
    };

    (void)state;
    for (size_t i = 0; i < HF_LEN(cases); i++) {
        struct call c = {.headers = {"Host", "10.0.0.1", "Content-Length", cases[i].length,
                                     cases[i].name, cases[i].value},
                         .body = cases[i].body};

        call_serve(&c, "POST", "/api/v1/login", "", cases[i].status);
        if (cases[i].text)
            assert_true(call_has(&c, cases[i].text));
        assert_int_equal(c.closed, c.body_read == 0);
        hf_buf_done(&c.out);
    }
}

static void
smuggled_bodies(void **state)
{
    struct call chunked = {.headers = {"Host", "10.0.0.1", "Transfer-Encoding", "chunked"}};
    struct call twice = {
        .headers = {"Host", "10.0.0.1", "Content-Length", "0", "Content-Length", "5"}};
    struct call get = {.headers = {"Host", "10.0.0.1", "Content-Length", "5"}, .body = "12345"};

    (void)state;
    call_serve(&chunked, "POST", "/api/v1/logout", "", 400);
    assert_true(chunked.closed);
    call_serve(&twice, "POST", "/api/v1/logout", "", 400);
    call_serve(&get, "GET", "/api/v1/health", "", 400);
    assert_true(get.closed);
    hf_buf_done(&chunked.out);
    hf_buf_done(&twice.out);
    hf_buf_done(&get.out);
}

/* An answer in pieces, each of three writes. */
static void
expect_pieces(const char *path, const char *query, const char *text)
{
    struct call c = {.headers = {"Host", "10.0.0.1", "Cookie", call_cookie}, .writes_left = 20};

    call_serve(&c, "GET", path, query, 200);
    if (!call_has(&c, text))
        fail_msg("%s: no '%s' in %s", path, text, c.out.data);
    assert_true(call_has(&c, "0\r\n\r\n"));
    hf_buf_done(&c.out);
}

static void
reading(void **state)
{
    (void)state;
    call_expect("GET", "/api/v1/session", "", 200, "\"user\":\"admin\",\"role\":\"admin\"");
    call_expect("GET", "/api/v1/gateway", "", 200, "\"id\":\"hf-1a2b3c4d\"");
    call_expect("GET", "/api/v1/gateway", "x=1", 400, NULL);
    call_expect("GET", "/api/v1/services", "", 200, "{\"services\":[{\"name\":\"broker\"");
    call_expect("GET", "/api/v1/services/buffer", "", 200, "{\"name\":\"buffer\"");
    call_expect("GET", "/api/v1/services/nobody", "", 404, "there is no service 'nobody'");
    call_expect("GET", "/api/v1/release", "", 200, "\"created\":\"2026-11-24T03:01:33Z\"");
    call_expect("GET", "/api/v1/buffer", "", 200, "\"held\":17");
    call_expect("GET", "/api/v1/uplink", "", 200, "\"state\":\"idle\"");
    expect_pieces("/api/v1/history", "", "\"series\":{\"buffer.held\":[null,1,2.5]");
    expect_pieces("/api/v1/history", "range=3d&series=a,b", "\"interval_s\":60");
    expect_pieces("/api/v1/history", "range=3d&series=a,b", "\"series\":{\"a\":[null,1,2.5]");
    call_expect("GET", "/api/v1/history", "range=1y", 400, "range");
    call_expect("GET", "/api/v1/alarms", "", 200, "\"id\":\"3\",\"kind\":\"disk_full\"");
    call_expect("GET", "/api/v1/alarms", "state=all&limit=2", 200, "\"next\":\"2\"");
    call_expect("GET", "/api/v1/alarms", "cursor=3&limit=1", 200, "\"next\":null");
    call_expect("GET", "/api/v1/alarms", "state=old", 400, "state");
    call_expect("GET", "/api/v1/alarms", "kind=disk_full", 200, "\"id\":\"3\"");
    call_expect("GET", "/api/v1/alarms", "kind=quarantine", 200, "\"alarms\":[],\"next\":null");
    call_expect("GET", "/api/v1/alarms", "kind=odd", 400, "'kind' is none of the words");
    call_expect("POST", "/api/v1/alarms/3/acknowledge", "", 200, "\"acknowledged\":{\"by\":\"");
    call_expect("POST", "/api/v1/alarms/2/acknowledge", "", 409, "over");
    call_expect("POST", "/api/v1/alarms/9/acknowledge", "", 404, "no such");
    call_expect("POST", "/api/v1/alarms/x/acknowledge", "", 404, "no alarm");
    call_expect("GET", "/api/v1/operations", "limit=2", 200, "\"state\":\"queued\"");
    call_expect("GET", "/api/v1/operations", "limit=101", 400, NULL);
    call_expect("GET", "/api/v1/incidents", "limit=2", 200, "\"next\":\"2\"");
    call_expect("GET", "/api/v1/incidents", "limit=2&cursor=2&kind=oom", 200, "\"next\":null");
    call_expect("GET", "/api/v1/incidents", "kind=flood", 400, NULL);
    call_expect("GET", "/api/v1/incidents/3", "", 200,
                "\"log\":[{\"text\":\"bye\"}],\"curve\":{}}");
    call_expect("GET", "/api/v1/incidents/4", "", 404, NULL);
    call_expect("GET", "/api/v1/incidents/x", "", 404, NULL);
    call_expect("GET", "/api/v1/operations/aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", "", 200,
                "\"kind\":\"stop\"");
    call_expect("GET", "/api/v1/operations/bbb", "", 404, NULL);
    call_expect("GET", "/api/v1/openapi.yaml", "", 200, "openapi: 3.1.0");
    world_snapshot.has_release = false;
    call_expect("GET", "/api/v1/release", "", 404, "no release");
    world_snapshot.has_release = true;
}

static void
commanding(void **state)
{
    (void)state;
    call_expect("POST", "/api/v1/services/broker/restart", "", 202,
                "Location: /api/v1/operations/aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\r\n");
    call_expect("POST", "/api/v1/services/broker/stop", "", 202, "\"kind\":\"stop\"");
    world_command_error = HF_ERROR_CONFLICT;
    call_expect("POST", "/api/v1/services/broker/start", "", 409, NULL);
    world_command_error = HF_ERROR_UNAVAILABLE;
    call_expect("POST", "/api/v1/services/broker/start", "", 503, "Retry-After: 5\r\n");
    world_command_error = HF_ERROR_NONE;
}

static void
throttled_login(void **state)
{
    static const char body[] = "{\"user\":\"admin\",\"password\":\"wrong password\"}";
    char length[8];
    struct call c = {.headers = {"Host", "10.0.0.1", "Content-Type", "application/json",
                                 "Content-Length", length},
                     .body = body};

    (void)state;
    snprintf(length, sizeof length, "%zu", sizeof body - 1);
    call_serve(&c, "POST", "/api/v1/login", "", 401);
    for (int i = 0; i < 20 && c.status == 401; i++) {
        struct hf_exchange x = {.api = &call_common,
                                .wire = call_wire(&c),
                                .method = "POST",
                                .path = "/api/v1/login",
                                .query = "",
                                .peer = "10.0.0.9",
                                .body = HF_BUF_INIT(HF_API_BODY_MAX)};

        hf_buf_clear(&c.out);
        c.body_read = 0;
        c.writes_left = 2;
        hf_router_serve(&x);
        hf_buf_done(&x.body);
        c.status = x.status;
    }
    assert_int_equal(c.status, 429);
    assert_true(call_has(&c, "Retry-After: "));
    hf_buf_done(&c.out);
}

static void
logs(void **state)
{
    struct call follow = {.headers = {"Host", "10.0.0.1", "Cookie", call_cookie}, .writes_left = 8};

    (void)state;
    call_expect(
        "GET", "/api/v1/services/broker/logs", "tail=2", 200,
        "{\"lines\":[{\"time\":\"2026-11-24T03:01:33.123Z\",\"stream\":\"stderr\","
        "\"text\":\"line \\\"8\\\"\"},{\"time\":\"2026-11-24T03:01:33.123Z\",\"stream\":\"stderr\","
        "\"text\":\"line \\\"9\\\"\"}],\"truncated\":true}");
    call_expect("GET", "/api/v1/services/broker/logs", "tail=10", 200, "\"truncated\":false}");
    call_expect("GET", "/api/v1/services/broker/logs", "tail=0", 200,
                "{\"lines\":[],\"truncated\":true}");
    call_expect("GET", "/api/v1/services/nobody/logs", "", 404, NULL);

    call_serve(&follow, "GET", "/api/v1/services/broker/logs", "tail=1&follow=true", 200);
    assert_true(call_has(&follow, "Content-Type: text/event-stream\r\n"));
    assert_true(call_has(&follow, "event: line\ndata: {\"time\""));
    assert_true(
        call_has(&follow, "event: end\ndata: {\"detail\":\"the container has ended\"}\n\n"));
    hf_buf_done(&follow.out);
    assert_int_equal(call_common.streams.open[HF_STREAM_LOGS], 0);
}

static void
events(void **state)
{
    struct call head = {.headers = {"Host", "10.0.0.1", "Cookie", call_cookie}};
    struct call two = {.headers = {"Host", "10.0.0.1", "Cookie", call_cookie}, .writes_left = 3};

    (void)state;
    call_serve(&head, "HEAD", "/api/v1/events", "", 200);
    assert_false(call_has(&head, "event: state"));
    hf_buf_done(&head.out);

    call_serve(&two, "GET", "/api/v1/events", "", 200);
    assert_true(call_has(
        &two, "retry: 2000\n\nid: 1a20b4974c3-0\nevent: state\ndata: {\"at\":\"2026-11-24T03"));
    assert_true(two.closed);
    hf_buf_done(&two.out);
    assert_int_equal(call_common.streams.open[HF_STREAM_EVENTS], 0);
}

static void
dashboard(void **state)
{
    struct call asked = {.headers = {"Host", "10.0.0.1", "Accept-Encoding", "br, gzip;q=0"}};
    struct call known = {.headers = {"Host", "10.0.0.1", "If-None-Match", "*"}};

    (void)state;
    call_expect("GET", "/", "", 200, "Content-Type: text/html");
    call_expect("GET", "/", "", 200, "Cache-Control: no-store\r\n");
    call_expect("GET", "/", "", 200, "data-level=\"ok\"");
    call_expect("GET", "/data", "", 200, "Cache-Control: no-cache\r\n");
    call_expect("GET", "/index.html", "", 200, "Cache-Control: no-cache\r\n");
    call_expect("GET", "/services/broker", "", 200, "Content-Type: text/html");
    call_expect("GET", "/nothing.js", "", 404, "application/problem+json");
    call_expect("GET", "/openapi.yaml", "", 404, NULL);
    call_serve(&asked, "GET", "/", "", 200);
    assert_false(call_has(&asked, "Content-Encoding"));
    assert_true(call_has(&asked, "data-level=\"{level}\"")); /* nobody is logged in */
    hf_buf_done(&asked.out);
    call_serve(&known, "GET", "/", "", 304);
    assert_false(call_has(&known, "Content-Length"));
    hf_buf_done(&known.out);
}

/* The last one: the session is gone after it. */
static void
logout(void **state)
{
    (void)state;
    call_expect("POST", "/api/v1/logout", "", 204, "Max-Age=0");
    call_expect("GET", "/api/v1/session", "", 401, NULL);
    call_expect("GET", "/api/v1/events", "", 401, NULL);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(methods),         cmocka_unit_test(strangers),
        cmocka_unit_test(bodies),          cmocka_unit_test(smuggled_bodies),
        cmocka_unit_test(reading),         cmocka_unit_test(commanding),
        cmocka_unit_test(throttled_login), cmocka_unit_test(logs),
        cmocka_unit_test(events),          cmocka_unit_test(dashboard),
        cmocka_unit_test(logout),
    };

    return cmocka_run_group_tests(tests, call_set_up, call_tear_down);
}
