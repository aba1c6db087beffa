// SPDX-License-Identifier: Apache-2.0
/* The routes that ask a service on the record path, against a real server in its place. */
#include "unit.h"

#include "call.h"
#include "world.h"

#include "path/path.h"
#include "path/peer_server.h"

#include <stdio.h>
#include <string.h>

static struct peer_server peer;

static int
set_up(void **state)
{
    call_set_up(state);
    peer = (struct peer_server){.token = WORLD_TOKEN, .status = 200, .body = "{}"};
    peer_server_start(&peer);
    world_reach(peer.port);
    return 0;
}

static int
tear_down(void **state)
{
    peer_server_stop(&peer);
    return call_tear_down(state);
}

static void
post(const char *path, const char *body, int status, const char *text)
{
    char length[24];
    struct call c = {.headers = {"Host", "10.0.0.1", "Cookie", call_cookie, "Content-Type",
                                 "application/json", "Content-Length", length},
                     .body = body};

    snprintf(length, sizeof length, "%zu", strlen(body));
    call_serve(&c, "POST", path, "", status);
    if (text && !call_has(&c, text))
        fail_msg("POST %s: no '%s' in %s", path, text, c.out.data);
    hf_buf_done(&c.out);
}

static const char status_json[] =
    "{\"epoch\":\"9f2c11ab\",\"policy\":\"hold\",\"last_commit_ms\":1795489293123,\"waiting\":2,"
    "\"newest_ms\":0,\"books\":{\"accepted\":9,\"delivered\":4,\"held\":3,\"dropped\":1,"
    "\"quarantined\":1},\"lanes\":[{\"lane\":\"alarm\",\"held\":0,\"bytes\":0,\"oldest_ms\":0}],"
    "\"sinks\":[{\"sink\":\"uplink\",\"accepted\":9,\"delivered\":4,\"held\":3,\"dropped\":1,"
    "\"quarantined\":1,\"oldest_ms\":1795489293123,\"leased\":2}],"
    "\"disk\":{\"bytes\":1,\"limit\":2,\"free\":3,\"keep_free\":4,\"blocks\":5,\"raw_bytes\":6,"
    "\"stored_bytes\":7},\"flash\":{\"written_bytes\":2000,\"since_ms\":1795402893123,\"for_ms\":"
    "86400000,"
    "\"payload_bytes\":1000,\"commits\":8,\"checkpoints\":9},"
    "\"dropped\":[{\"topic\":\"a/b\",\"reason\":\"full\",\"records\":1}],"
    "\"topics\":[{\"topic\":\"a/b\",\"lane\":\"normal\",\"held\":3}],\"new\":true}";

static void
the_buffer_with_its_details(void **state)
{
    (void)state;
    peer.body = status_json;
    call_expect("GET", "/api/v1/buffer", "", 200,
                "\"detail\":{\"policy\":\"hold\",\"last_commit\":\"2026-11-24T03:01:33.123Z\","
                "\"waiting\":2,\"newest\":null,\"books\":{\"accepted\":9,\"delivered\":4,"
                "\"held\":3,\"dropped\":1,\"quarantined\":1},");
    assert_string_equal(peer_server_last(&peer)->url, "/v1/status");
    call_expect("GET", "/api/v1/buffer", "", 200,
                "\"disk\":{\"bytes\":1,\"limit_bytes\":2,\"free_bytes\":3,\"keep_free_bytes\":4,");
    call_expect("GET", "/api/v1/buffer", "", 200, "\"leased\":2");
    /* one day, and no device that is known */
    call_expect("GET", "/api/v1/buffer", "", 200,
                "\"written_bytes_per_day\":2000,\"write_amplification\":2,");
    world_reach(0);
    call_expect("GET", "/api/v1/buffer", "", 200, "\"held\":17");
    call_expect("GET", "/api/v1/buffer", "", 200, "\"detail\":null}");
    world_reach(peer.port);
    peer.body = "{}";
    call_expect("GET", "/api/v1/buffer", "", 502, "the buffer answers without 'books'");
}

static void
records_pass_with_all_their_digits(void **state)
{
    (void)state;
    peer.body = "{\"records\":[{\"seq\":1,\"payload\":12345678901234567890}],\"next\":null}";
    call_expect("GET", "/api/v1/buffer/records", "topic=a%2F%2B%2F%23&lane=bulk&limit=7&cursor=x_1",
                200, "\"payload\":12345678901234567890");
    assert_string_equal(
        peer_server_last(&peer)->url,
        "/v1/records?order=newest&topic=a%2F%2B%2F%23&lane=bulk&limit=7&cursor=x_1");
    /* a plus is a plus, as in every filter that somebody types */
    call_expect("GET", "/api/v1/buffer/records", "topic=a/+&order=oldest", 200, NULL);
    assert_string_equal(peer_server_last(&peer)->url,
                        "/v1/records?order=oldest&topic=a%2F%2B&limit=50");
    peer.body = "{\"records\":7}";
    call_expect("GET", "/api/v1/buffer/records", "", 502, "without 'records'");
    world_reach(0);
    call_expect("GET", "/api/v1/buffer/records", "", 503, "the buffer does not run");
}

static void
queries_are_strict(void **state)
{
    static const char *const bad[] = {
        "order=any", "topic=",    "topic=%zz", "topic=%00",  "topic=%0a", "lane=fast",
        "limit=0",   "limit=501", "cursor=%",  "nonsense=1", "topic=%ff", "lane=bulk&lane=bulk",
    };
    char query[900];

    (void)state;
    for (size_t i = 0; i < HF_LEN(bad); i++)
        call_expect("GET", "/api/v1/buffer/records", bad[i], 400, NULL);
    snprintf(query, sizeof query, "topic=%0257d", 1);
    call_expect("GET", "/api/v1/buffer/records", query, 400, NULL);
    call_expect("GET", "/api/v1/buffer/export", "from=yesterday", 400, "RFC 3339");
    assert_int_equal(atomic_load(&peer.requests), 0);
}

static void
an_export_streams(void **state)
{
    struct call c = {.headers = {"Host", "10.0.0.1", "Cookie", call_cookie}, .writes_left = 10000};
    struct call head = {.headers = {"Host", "10.0.0.1", "Cookie", call_cookie}};
    struct call cut = {.headers = {"Host", "10.0.0.1", "Cookie", call_cookie},
                       .writes_left = 10000};
    int asked;

    (void)state;
    peer.body = "{\"seq\":1}\n";
    peer.chunks = 3;
    call_serve(&c, "GET", "/api/v1/buffer/export", "lane=alarm&from=2026-11-24T03:01:33Z", 200);
    assert_string_equal(peer_server_last(&peer)->url,
                        "/v1/export?lane=alarm&from=2026-11-24T03%3A01%3A33Z");
    assert_true(call_has(&c, "Content-Type: application/x-ndjson\r\n"));
    assert_true(call_has(&c, "Transfer-Encoding: chunked\r\n"));
    assert_true(call_has(&c, "Content-Disposition: attachment; filename=\"holdfast-records."));
    assert_true(call_has(&c, "{\"seq\":1}\n"));
    assert_string_equal(c.out.data + c.out.len - 7, "\r\n0\r\n\r\n");
    assert_false(c.closed);
    hf_buf_done(&c.out);

    asked = atomic_load(&peer.requests);
    call_serve(&head, "HEAD", "/api/v1/buffer/export", "", 200);
    assert_int_equal(atomic_load(&peer.requests), asked);
    hf_buf_done(&head.out);

    /* Where the buffer breaks off, the reader must see it: no last chunk. */
    atomic_store(&peer.cut, true);
    call_serve(&cut, "GET", "/api/v1/buffer/export", "", 200);
    assert_true(cut.closed);
    assert_null(strstr(cut.out.data, "\r\n0\r\n"));
    hf_buf_done(&cut.out);

    peer.chunks = 0;
    peer.status = 503;
    peer.body = "{\"detail\":\"two exports run already\"}";
    call_expect("GET", "/api/v1/buffer/export", "", 503, "two exports run already");
    peer.status = 200;
    peer.body = "";
    call_expect("GET", "/api/v1/buffer/export", "", 200, "\r\n\r\n0\r\n\r\n");
    assert_int_equal(call_common.streams.open[HF_STREAM_EXPORT], 0);
}

static void
a_drop_is_meant_and_written_down(void **state)
{
    static const char *const bad[][2] = {
        {"{\"lane\":null,\"until\":null}", "/confirm"},
        {"{\"lane\":null,\"until\":null,\"confirm\":\"yes\"}", "/confirm"},
        {"{\"lane\":\"fast\",\"until\":null,\"confirm\":\"drop\"}", "/lane"},
        {"{\"lane\":7,\"until\":null,\"confirm\":\"drop\"}", "/lane"},
        {"{\"lane\":null,\"until\":\"now\",\"confirm\":\"drop\"}", "/until"},
        {"{\"lane\":null,\"until\":7,\"confirm\":\"drop\"}", "/until"},
        {"{\"until\":null,\"confirm\":\"drop\"}", "/lane"},
    };

    (void)state;
    for (size_t i = 0; i < HF_LEN(bad); i++)
        post("/api/v1/buffer/drop", bad[i][0], 422, bad[i][1]);
    assert_int_equal(atomic_load(&peer.requests), 0);

    peer.body = "{\"dropped\":41}";
    post("/api/v1/buffer/drop",
         "{\"lane\":\"bulk\",\"until\":\"2026-11-24T03:01:33.123Z\",\"confirm\":\"drop\"}", 200,
         "{\"dropped\":41}");
    assert_string_equal(peer_server_last(&peer)->asked,
                        "{\"lane\":\"bulk\",\"until_ms\":1795489293123}");
    assert_string_equal(world_audit, "admin: dropped 41 records");
    post("/api/v1/buffer/drop", "{\"lane\":null,\"until\":null,\"confirm\":\"drop\"}", 200, NULL);
    assert_string_equal(peer_server_last(&peer)->asked, "{\"lane\":null,\"until_ms\":null}");

    /* What cannot be written down is not done. */
    world_command_error = HF_ERROR_NO_SPACE;
    post("/api/v1/buffer/drop", "{\"lane\":null,\"until\":null,\"confirm\":\"drop\"}", 507, NULL);
    world_command_error = HF_ERROR_NONE;
    assert_int_equal(atomic_load(&peer.requests), 2);
}

static void
the_quarantine(void **state)
{
    (void)state;
    peer.body = "{\"items\":[{\"id\":\"7\",\"sink\":\"uplink\",\"seq\":\"18\",\"epoch\":\"e\","
                "\"at_ms\":1795489293123,\"time\":\"2026-11-24T03:01:33.123Z\",\"topic\":\"a\","
                "\"status\":422,\"reason\":\"bad\",\"record\":{\"payload\":1}},"
                "{\"id\":\"8\",\"sink\":\"processor\",\"topic\":\"b\",\"reason\":\"no JSON\"}],"
                "\"next\":\"8\",\"total\":12,\"bytes\":3400}";
    call_expect("GET", "/api/v1/quarantine", "limit=2", 200,
                "{\"id\":\"7\",\"sink\":\"uplink\",\"seq\":\"18\",\"epoch\":\"e\","
                "\"at\":\"2026-11-24T03:01:33.123Z\",\"time\":\"2026-11-24T03:01:33.123Z\","
                "\"topic\":\"a\",\"status\":422,\"reason\":\"bad\",\"record\":{\"payload\":1}},"
                "{\"id\":\"8\",\"sink\":\"processor\",\"seq\":null,\"epoch\":\"\",\"at\":null,"
                "\"time\":null,\"topic\":\"b\",\"status\":null,\"reason\":\"no JSON\","
                "\"record\":null}],\"next\":\"8\",\"total\":12,\"bytes\":3400}");
    peer.body = "{\"count\":2}";
    post("/api/v1/quarantine/replay", "{\"ids\":[\"7\",\"8\"]}", 200, "{\"count\":2}");
    assert_string_equal(peer_server_last(&peer)->url, "/v1/quarantine/replay");
    assert_string_equal(peer_server_last(&peer)->asked, "{\"ids\":[\"7\",\"8\"]}");
    post("/api/v1/quarantine/drop", "{\"all\":true}", 200, NULL);
    assert_string_equal(peer_server_last(&peer)->url, "/v1/quarantine/drop");
    assert_string_equal(world_audit, "admin: quarantine: drop 2 records");
    post("/api/v1/quarantine/drop", "{}", 422, NULL);
    post("/api/v1/quarantine/drop", "{\"all\":false}", 422, "/all");
    post("/api/v1/quarantine/drop", "{\"all\":true,\"ids\":[\"7\"]}", 422, NULL);
    post("/api/v1/quarantine/drop", "{\"ids\":[]}", 422, "/ids");
    post("/api/v1/quarantine/drop", "{\"ids\":[7]}", 422, "/ids");
    post("/api/v1/quarantine/drop", "{\"ids\":[\"7 or 1=1\"]}", 422, "/ids");
}

static void
sinks_and_their_test(void **state)
{
    (void)state;
    peer.body = "{\"sinks\":[{\"sink\":\"uplink\",\"type\":\"https\",\"url\":\"https://x/\","
                "\"state\":\"away\",\"circuit\":\"open\",\"attempt\":3,\"last_status\":0,"
                "\"last_error\":\"no route\",\"last_success_ms\":0,\"next_try_ms\":1795489293123,"
                "\"delivered\":5,\"secret\":\"x\"}]}";
    call_expect("GET", "/api/v1/sinks", "", 200,
                "{\"sinks\":[{\"sink\":\"uplink\",\"type\":\"https\",\"url\":\"https://x/\","
                "\"state\":\"away\",\"circuit\":\"open\",\"attempt\":3,\"last_status\":null,"
                "\"last_error\":\"no route\",\"last_success\":null,"
                "\"next_try\":\"2026-11-24T03:01:33.123Z\",\"away_since\":null,\"delivered\":5,"
                "\"refused\":0,\"requests\":0,\"failures\":0,\"bytes_out\":0,\"latency_ms\":0,"
                "\"batch_bytes\":0}]}");
    peer.body = "{\"steps\":[{\"step\":\"resolve\",\"ok\":true,\"ms\":3,\"detail\":\"::1\"}]}";
    call_expect("POST", "/api/v1/sinks/uplink/test", "", 200, peer.body);
    assert_string_equal(peer_server_last(&peer)->asked, "{\"sink\":\"uplink\"}");
    peer.status = 404;
    peer.body = "{\"detail\":\"there is no sink 'x'\"}";
    call_expect("POST", "/api/v1/sinks/x/test", "", 404, "there is no sink 'x'");
}

#define TRIED "{\"name\":\"uplink\",\"type\":\"https\",\"url\":\"https://x/in?key=k1\","

/* Secrets go to the forwarder apart from the rest, and nowhere else. */
static void
settings_that_are_not_in_use_are_tried(void **state)
{
    (void)state;
    peer.body = "{\"steps\":[{\"step\":\"auth\",\"ok\":false,\"ms\":3,\"detail\":\"401\"}]}";
    post("/api/v1/sinks/test", TRIED "\"token\":\"s3cret\",\"encoding\":\"zstd\"}", 200, peer.body);
    assert_string_equal(peer_server_last(&peer)->asked,
                        "{\"settings\":" TRIED "\"encoding\":\"zstd\"},"
                        "\"secrets\":{\"token\":\"s3cret\"}}");
    assert_string_equal(world_audit, "admin: tried the way to https://x/in");
    post("/api/v1/sinks/test", TRIED "\"token\":\"***\"}", 422, "\"pointer\":\"/token\"");
    post("/api/v1/sinks/test", TRIED "\"colour\":1}", 422, "\"pointer\":\"/colour\"");
    post("/api/v1/sinks/test", "{\"name\":\"uplink\",\"type\":\"https\",\"url\":\"ftp://x\"}", 422,
         "\"pointer\":\"/url\"");
    post("/api/v1/sinks/test", "[]", 422, NULL);
    post("/api/v1/sinks/test", "{", 400, NULL);
    peer.status = 422;
    peer.body = "{\"detail\":\"no\",\"errors\":[{\"pointer\":\"/sinks/0/topic\"}]}";
    post("/api/v1/sinks/test", TRIED "\"encoding\":\"zstd\"}", 422, "\"pointer\":\"/topic\"");
    peer.status = 429;
    peer.body = "{\"detail\":\"another test is under way\"}";
    post("/api/v1/sinks/test", TRIED "\"encoding\":\"zstd\"}", 409, "another test");
}

static void
devices_and_rules(void **state)
{
    (void)state;
    peer.body =
        "{\"devices\":[{\"device\":\"7\",\"last_seen_ms\":1795489293123,\"messages\":9,"
        "\"rate_per_s\":0.5,\"quiet\":true,\"topic\":\"s/7/t\",\"last\":{\"text\":\"on\"}}],"
        "\"next\":null,\"total\":1,\"quiet\":1,\"forgotten\":0}";
    call_expect(
        "GET", "/api/v1/devices", "limit=3&cursor=7", 200,
        "{\"devices\":[{\"device\":\"7\",\"last_seen\":\"2026-11-24T03:01:33.123Z\","
        "\"first_seen\":null,\"messages\":9,\"rate_per_s\":0.5,\"quiet\":true,\"topic\":\"s/7/t\","
        "\"last\":{\"text\":\"on\"}}],\"next\":null,\"total\":1,\"quiet\":1,\"forgotten\":0}");
    assert_string_equal(peer_server_last(&peer)->url, "/v1/devices?limit=3&cursor=7");
    call_expect("GET", "/api/v1/devices", "search=Press%2d7&limit=3", 200, NULL);
    assert_string_equal(peer_server_last(&peer)->url, "/v1/devices?limit=3&search=Press-7");
    call_expect("GET", "/api/v1/devices", "quiet=true", 200, NULL);
    assert_string_equal(peer_server_last(&peer)->url, "/v1/devices?limit=100&quiet=1");
    call_expect("GET", "/api/v1/devices", "quiet=1", 400, "'quiet' is true or false");
    call_expect("GET", "/api/v1/devices", "search=", 400, "'search' is a percent-encoded text");
    call_expect("GET", "/api/v1/quarantine", "search=x", 400, NULL);
    peer.body = "{\"rules\":[{\"filter\":\"#\",\"action\":\"drop\",\"matched\":3}]}";
    call_expect("GET", "/api/v1/rules", "", 200,
                "{\"rules\":[{\"filter\":\"#\",\"action\":\"drop\",\"matched\":3,\"dropped\":0,"
                "\"quarantined\":0,\"out\":0}]}");
    peer.body = "{\"results\":[{\"topic\":\"a\",\"in\":{\"text\":\"x\"},\"out\":[],"
                "\"dropped\":true,\"quarantined\":null,\"rule\":0}]}";
    post("/api/v1/rules/dry-run", "{\"rules\":[{\"filter\":\"#\",\"drop\":true}]}", 200, peer.body);
    post("/api/v1/rules/dry-run", "{\"rules\":[{\"filter\":\"a/#/b\"}]}", 422, "/rules/0/filter");
    peer.status = 422;
    peer.body = "{\"detail\":\"{3} is no wildcard\",\"errors\":[{\"pointer\":\"/rules/0/topic\"}]}";
    post("/api/v1/rules/dry-run", "{\"rules\":[{\"filter\":\"#\",\"topic\":\"{3}\"}]}", 422,
         "\"pointer\":\"/rules/0/topic\"");
}

/* Only what the contract of the operation knows comes out, whatever a service answers. */
static void
refusals_are_translated(void **state)
{
    static const struct {
        int peer, get, post, named;
    } rows[] = {
        {400, 400, 400, 400}, {401, 502, 502, 502}, {404, 502, 502, 404}, {409, 502, 502, 409},
        {413, 502, 413, 502}, {422, 400, 422, 400}, {429, 502, 502, 409}, {500, 502, 502, 502},
        {503, 503, 503, 503}, {507, 502, 507, 502},
    };

    (void)state;
    for (size_t i = 0; i < HF_LEN(rows); i++) {
        peer.status = rows[i].peer;
        call_expect("GET", "/api/v1/devices", "", rows[i].get, NULL);
        call_expect("GET", "/api/v1/buffer/records", "", rows[i].get, NULL);
        call_expect("GET", "/api/v1/buffer/export", "", rows[i].get, NULL);
        post("/api/v1/quarantine/drop", "{\"all\":true}", rows[i].post, NULL);
        call_expect("POST", "/api/v1/sinks/x/test", "", rows[i].named, NULL);
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(the_buffer_with_its_details, set_up, tear_down),
        cmocka_unit_test_setup_teardown(records_pass_with_all_their_digits, set_up, tear_down),
        cmocka_unit_test_setup_teardown(queries_are_strict, set_up, tear_down),
        cmocka_unit_test_setup_teardown(an_export_streams, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_drop_is_meant_and_written_down, set_up, tear_down),
        cmocka_unit_test_setup_teardown(the_quarantine, set_up, tear_down),
        cmocka_unit_test_setup_teardown(sinks_and_their_test, set_up, tear_down),
        cmocka_unit_test_setup_teardown(settings_that_are_not_in_use_are_tried, set_up, tear_down),
        cmocka_unit_test_setup_teardown(devices_and_rules, set_up, tear_down),
        cmocka_unit_test_setup_teardown(refusals_are_translated, set_up, tear_down),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
