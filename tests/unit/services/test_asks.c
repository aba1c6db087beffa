// SPDX-License-Identifier: Apache-2.0
/* What is asked of the buffer, as texts; and who holds a lease. */
#include "buffer/asks.h"
#include "unit.h"

#include <stdio.h>
#include <string.h>

static void
a_lease_is_asked_for_exactly(void **state)
{
    static const struct {
        struct hf_lease_texts texts;
        const char *wrong;
    } cases[] = {
        {{.sink = NULL}, "sink"},
        {{.sink = ""}, "sink"},
        {{.sink = "a23456789012345678901234567890123"}, "sink"},
        {{.sink = "s", .lane = "fast"}, "lane"},
        {{.sink = "s", .lane = ""}, "lane"},
        {{.sink = "s", .max_bytes = "0"}, "max_bytes"},
        {{.sink = "s", .max_bytes = "4194305"}, "max_bytes"},
        {{.sink = "s", .max_bytes = "x"}, "max_bytes"},
        {{.sink = "s", .wait_ms = "20001"}, "wait_ms"},
        {{.sink = "s", .wait_ms = "-1"}, "wait_ms"},
        {{.sink = "s", .lease_ms = "0"}, "lease_ms"},
        {{.sink = "s", .lease_ms = "99999999999999999999999"}, "lease_ms"},
        {{.sink = "s",
          .holder = "12345678901234567890123456789012345678901234567890123456789012345"},
         "holder"},
    };
    struct hf_lease_texts all = {"uplink", "bulk", "4194304", "20000", "me", "1"};
    struct hf_lease_texts least = {.sink = "s"};
    struct hf_lease_ask ask;

    (void)state;
    for (size_t i = 0; i < HF_LEN(cases); i++) {
        struct hf_error err = {0};

        assert_int_equal(hf_lease_ask_read(&cases[i].texts, &ask, &err), -1);
        assert_int_equal(err.class, HF_ERROR_MALFORMED);
        assert_ptr_equal(strstr(err.message, cases[i].wrong), err.message);
    }
    assert_int_equal(hf_lease_ask_read(&all, &ask, NULL), 0);
    assert_string_equal(ask.sink, "uplink");
    assert_int_equal(ask.lane, HF_LANE_BULK);
    assert_int_equal(ask.max_bytes, 4194304);
    assert_int_equal(ask.wait_ms, 20000);
    assert_int_equal(ask.lease_ms, 1);
    assert_string_equal(ask.holder, "me");
    assert_int_equal(hf_lease_ask_read(&least, &ask, NULL), 0);
    assert_int_equal(ask.lane, HF_LANE_UNSAID);
    assert_int_equal(ask.max_bytes, 1048576);
    assert_int_equal(ask.wait_ms, 0);
    assert_int_equal(ask.lease_ms, 60000);
}

#define SPAN                                                                                       \
    "\"sink\":\"s\",\"lane\":\"bulk\",\"epoch\":\"00ff00aa\",\"first\":\"5\",\"last\":\"9\""

static void
an_ack_is_read_exactly(void **state)
{
    static const char *const wrong[] = {
        "",
        "{",
        "[]",
        "{}",
        "{\"lane\":\"bulk\",\"epoch\":\"00ff00aa\",\"first\":\"5\",\"last\":\"9\"}",
        "{\"sink\":\"s\",\"epoch\":\"00ff00aa\",\"first\":\"5\",\"last\":\"9\"}",
        "{\"sink\":\"s\",\"lane\":\"x\",\"epoch\":\"00ff00aa\",\"first\":\"5\",\"last\":\"9\"}",
        "{\"sink\":\"s\",\"lane\":\"bulk\",\"epoch\":\"00FF00AA\",\"first\":\"5\",\"last\":\"9\"}",
        "{\"sink\":\"s\",\"lane\":\"bulk\",\"epoch\":\"00ff00a\",\"first\":\"5\",\"last\":\"9\"}",
        "{\"sink\":\"s\",\"lane\":\"bulk\",\"epoch\":\"00ff00aa\",\"first\":5,\"last\":\"9\"}",
        "{\"sink\":\"s\",\"lane\":\"bulk\",\"epoch\":\"00ff00aa\",\"first\":\"0\",\"last\":\"9\"}",
        "{\"sink\":\"s\",\"lane\":\"bulk\",\"epoch\":\"00ff00aa\",\"first\":\"9\",\"last\":\"5\"}",
        "{\"sink\":\"s\",\"lane\":\"bulk\",\"epoch\":\"00ff00aa\",\"first\":\"5\","
        "\"last\":\"18446744073709551615\"}",
        "{" SPAN ",\"more\":1}",
        "{" SPAN ",\"refused\":{}}",
        "{" SPAN ",\"refused\":[7]}",
        "{" SPAN ",\"refused\":[{\"seq\":\"5\",\"status\":400}]}",
        "{" SPAN ",\"refused\":[{\"seq\":\"4\",\"status\":400,\"reason\":\"\"}]}",
        "{" SPAN ",\"refused\":[{\"seq\":\"10\",\"status\":400,\"reason\":\"\"}]}",
        "{" SPAN ",\"refused\":[{\"seq\":\"5\",\"status\":40,\"reason\":\"\"}]}",
        "{" SPAN ",\"refused\":[{\"seq\":\"5\",\"status\":4294967296,\"reason\":\"\"}]}",
        "{" SPAN ",\"refused\":[{\"seq\":\"5\",\"status\":400.5,\"reason\":\"\"}]}",
        "{" SPAN ",\"refused\":[{\"seq\":\"5\",\"status\":400,\"reason\":\"\"},"
        "{\"seq\":\"5\",\"status\":400,\"reason\":\"\"}]}",
        "{" SPAN "}x",
    };
    static const char good[] =
        "{" SPAN ",\"refused\":[{\"seq\":\"9\",\"status\":422,\"reason\":\"late\"},"
        "{\"seq\":\"5\",\"status\":400,\"reason\":\"early\"},"
        "{\"seq\":\"7\",\"status\":0,\"reason\":\"closed\"}]}";
    struct hf_ack_ask ask;

    (void)state;
    for (size_t i = 0; i < HF_LEN(wrong); i++) {
        struct hf_error err = {0};

        if (hf_ack_ask_read(wrong[i], strlen(wrong[i]), &ask, &err) == 0)
            fail_msg("%s", wrong[i]);
        assert_in_range(hf_error_http_status(err.class), 400, 422);
        assert_string_not_equal(err.message, "");
    }
    assert_int_equal(hf_ack_ask_read(good, strlen(good), &ask, NULL), 0);
    assert_string_equal(ask.sink, "s");
    assert_int_equal(ask.lane, HF_LANE_BULK);
    assert_string_equal(ask.epoch, "00ff00aa");
    assert_int_equal(ask.first, 5);
    assert_int_equal(ask.last, 9);
    assert_int_equal(ask.refused_count, 3);
    assert_int_equal(ask.refused[0].seq, 5); /* in order */
    assert_int_equal(ask.refused[0].status, 400);
    assert_string_equal(ask.refused[0].reason, "early");
    assert_int_equal(ask.refused[1].status, 0); /* over MQTT there may be none */
    assert_string_equal(ask.refused[2].reason, "late");
    hf_ack_ask_done(&ask);
    assert_int_equal(hf_ack_ask_read("{" SPAN "}", strlen("{" SPAN "}"), &ask, NULL), 0);
    assert_int_equal(ask.refused_count, 0);
    hf_ack_ask_done(&ask);
}

static void
an_ack_of_many_refusals_is_read(void **state)
{
    enum { REFUSED = 20000 };
    HF_AUTO_BUF struct hf_buf b = HF_BUF_INIT(HF_ACK_BODY_MAX);
    struct hf_ack_ask ask;

    (void)state;
    assert_int_equal(hf_buf_addf(&b, NULL,
                                 "{\"sink\":\"s\",\"lane\":\"bulk\",\"epoch\":\"00ff00aa\","
                                 "\"first\":\"1\",\"last\":\"40000\",\"refused\":["),
                     0);
    for (int i = REFUSED; i > 0; i--)
        assert_int_equal(hf_buf_addf(&b, NULL,
                                     "%s{\"seq\":\"%d\",\"status\":400,\"reason\":\"%s\"}",
                                     i == REFUSED ? "" : ",", 2 * i, "see others"),
                         0);
    assert_int_equal(hf_buf_adds(&b, "]}", NULL), 0);
    assert_int_equal(hf_ack_ask_read(b.data, b.len, &ask, NULL), 0);
    assert_int_equal(ask.refused_count, REFUSED);
    assert_int_equal(ask.refused[0].seq, 2);
    assert_int_equal(ask.refused[REFUSED - 1].seq, 2 * REFUSED);
    hf_ack_ask_done(&ask);
}

static int
read_drop(const char *text, struct hf_drop_ask *ask)
{
    return hf_drop_ask_read(text, strlen(text), ask, NULL);
}

static int
read_ids(const char *text, struct hf_ids_ask *ask)
{
    return hf_ids_ask_read(text, strlen(text), ask, NULL);
}

static void
nothing_is_dropped_by_a_slip(void **state)
{
    static const char *const wrong_drops[] = {
        "{}",
        "{\"lane\":null}",
        "{\"until_ms\":null}",
        "{\"lane\":\"\",\"until_ms\":null}",
        "{\"lane\":7,\"until_ms\":null}",
        "{\"lane\":null,\"until_ms\":\"7\"}",
        "{\"lane\":null,\"until_ms\":-1}",
        "{\"lane\":null,\"until_ms\":1.5}",
    };
    static const char *const wrong_ids[] = {
        "{}",
        "{\"all\":false}",
        "{\"ids\":[]}",
        "{\"ids\":[7]}",
        "{\"ids\":[\"x\"]}",
        "{\"ids\":[\"7\"],\"all\":true}",
        "{\"ids\":\"7\"}",
    };
    struct hf_drop_ask drop;
    struct hf_ids_ask ids;

    (void)state;
    for (size_t i = 0; i < HF_LEN(wrong_drops); i++)
        assert_int_equal(read_drop(wrong_drops[i], &drop), -1);
    for (size_t i = 0; i < HF_LEN(wrong_ids); i++)
        assert_int_equal(read_ids(wrong_ids[i], &ids), -1);
    assert_int_equal(read_drop("{\"lane\":null,\"until_ms\":null}", &drop), 0);
    assert_int_equal(drop.lane, HF_LANE_UNSAID);
    assert_int_equal(drop.until_ms, INT64_MAX);
    assert_int_equal(read_drop("{\"lane\":\"alarm\",\"until_ms\":17}", &drop), 0);
    assert_int_equal(drop.lane, HF_LANE_ALARM);
    assert_int_equal(drop.until_ms, 17);
    assert_int_equal(read_ids("{\"all\":true}", &ids), 0);
    assert_int_equal(ids.count, 0);
    assert_int_equal(read_ids("{\"ids\":[\"7\",\"8\"]}", &ids), 0);
    assert_int_equal(ids.count, 2);
    assert_int_equal(ids.ids[1], 8);
    free(ids.ids);
}

static void
looking_is_bounded(void **state)
{
    static const struct {
        struct hf_look_texts texts;
        const char *wrong;
    } cases[] = {
        {{.order = "random"}, "order"},  {{.topic = "a/#/b"}, "topic"}, {{.topic = ""}, "topic"},
        {{.lane = "x"}, "lane"},         {{.limit = "0"}, "limit"},     {{.limit = "501"}, "limit"},
        {{.from = "yesterday"}, "from"}, {{.to = "2026-01-01"}, "to"},
    };
    struct hf_look_texts all = {
        "oldest", "a/+", "alarm", "500", "12-3", "2026-01-01T00:00:00Z", "2026-01-01T00:00:01Z"};
    struct hf_look_texts none = {0};
    struct hf_look_ask ask;

    (void)state;
    for (size_t i = 0; i < HF_LEN(cases); i++) {
        struct hf_error err = {0};

        assert_int_equal(hf_look_ask_read(&cases[i].texts, &ask, &err), -1);
        assert_ptr_equal(strstr(err.message, cases[i].wrong), err.message);
    }
    assert_int_equal(hf_look_ask_read(&all, &ask, NULL), 0);
    assert_true(ask.oldest_first);
    assert_string_equal(ask.filter, "a/+");
    assert_int_equal(ask.lane, HF_LANE_ALARM);
    assert_int_equal(ask.limit, 500);
    assert_string_equal(ask.cursor, "12-3");
    assert_int_equal(ask.to_ms - ask.from_ms, 1000);
    assert_int_equal(hf_look_ask_read(&none, &ask, NULL), 0);
    assert_false(ask.oldest_first);
    assert_int_equal(ask.limit, 50);
    assert_int_equal(ask.from_ms, 0);
    assert_true(ask.to_ms == INT64_MAX);
}

static void
a_lease_has_one_holder_for_its_time(void **state)
{
    struct hf_holders h = {0};
    char sink[16];

    (void)state;
    assert_true(hf_holders_may(&h, "s", HF_LANE_BULK, "a", 0));
    hf_holders_take(&h, "s", HF_LANE_BULK, "a", 100);
    assert_true(hf_holders_may(&h, "s", HF_LANE_BULK, "a", 50));
    assert_false(hf_holders_may(&h, "s", HF_LANE_BULK, "b", 99));
    assert_true(hf_holders_may(&h, "s", HF_LANE_ALARM, "b", 99));
    assert_true(hf_holders_may(&h, "t", HF_LANE_BULK, "b", 99));
    assert_true(hf_holders_may(&h, "s", HF_LANE_BULK, "b", 100));
    assert_true(hf_holders_extend(&h, "s", HF_LANE_BULK, 99, 200));
    assert_false(hf_holders_may(&h, "s", HF_LANE_BULK, "b", 199));
    assert_false(hf_holders_extend(&h, "s", HF_LANE_BULK, 200, 300));
    assert_false(hf_holders_extend(&h, "s", HF_LANE_ALARM, 0, 300));
    hf_holders_take(&h, "s", HF_LANE_BULK, "b", 300);
    assert_false(hf_holders_may(&h, "s", HF_LANE_BULK, "a", 250));
    hf_holders_end(&h, "s", HF_LANE_BULK);
    hf_holders_end(&h, "s", HF_LANE_BULK);
    assert_true(hf_holders_may(&h, "s", HF_LANE_BULK, "a", 250));

    /* Sinks that were taken out leave places behind; the longest over is taken first. */
    for (int i = 0; i < 3 * HF_HOLDERS_MAX; i++) {
        snprintf(sink, sizeof sink, "s%d", i);
        hf_holders_take(&h, sink, HF_LANE_BULK, "a", 1000 + i);
    }
    assert_false(hf_holders_may(&h, sink, HF_LANE_BULK, "b", 1000));
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_ack_of_many_refusals_is_read),
        cmocka_unit_test(a_lease_is_asked_for_exactly),
        cmocka_unit_test(an_ack_is_read_exactly),
        cmocka_unit_test(nothing_is_dropped_by_a_slip),
        cmocka_unit_test(looking_is_bounded),
        cmocka_unit_test(a_lease_has_one_holder_for_its_time),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
