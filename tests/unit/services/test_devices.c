// SPDX-License-Identifier: Apache-2.0
/* What the processor remembers of devices and messages, and its settings as a whole. */
#include "processor/devices.h"
#include "processor/recent.h"
#include "processor/work.h"
#include "unit.h"

#include <stdio.h>
#include <string.h>

static void
hear(struct hf_devices *d, const char *topic, const char *payload, int64_t ms)
{
    const struct hf_record r = {.time_ms = 1000 + ms,
                                .topic = topic,
                                .topic_len = strlen(topic),
                                .payload = payload,
                                .payload_len = strlen(payload)};

    hf_devices_hear(d, &r, ms);
}

/* A device that used to publish and does not any more; and only hearing it ends that. */
static void
test_silent_devices(void **state)
{
    HF_AUTO_BUF struct hf_buf out = HF_BUF_INIT(65536);
    HF_AUTO(hf_json) struct hf_json *known = NULL;
    static const char list[] = "[\"7\",\"10\",\"never\"]";
    struct hf_devices d;

    (void)state;
    assert_int_equal(hf_json_parse(list, sizeof list - 1, &known, NULL), 0);
    assert_int_equal(hf_devices_init(&d, NULL), 0);
    assert_int_equal(hf_devices_set_pattern(&d, "+/ID/#", NULL), 0);
    hear(&d, "sensors/7/temp", "1", 0);
    hear(&d, "sensors/10/temp", "1", 500);
    assert_int_equal(hf_devices_silent(&d, 1000, 999), 0);
    assert_int_equal(hf_devices_silent(&d, 1000, 1000), 1);
    assert_int_equal(hf_devices_silent(&d, 1000, 2000), 2);
    assert_int_equal(hf_devices_silent(&d, 0, 1000000), 0);
    assert_int_equal(hf_devices_print_silent(&d, 1000, 1200, known, &out, NULL), 0);
    assert_string_equal(out.data, "{\"silent\":[{\"device\":\"7\",\"last_seen_ms\":1000}],"
                                  "\"heard\":[\"10\"],\"total\":1}");
    hear(&d, "sensors/7/temp", "1", 1300);
    hf_buf_clear(&out);
    assert_int_equal(hf_devices_print_silent(&d, 1000, 1600, known, &out, NULL), 0);
    assert_string_equal(out.data, "{\"silent\":[{\"device\":\"10\",\"last_seen_ms\":1500}],"
                                  "\"heard\":[\"7\"],\"total\":1}");
    hf_devices_done(&d);
}

static void
test_devices(void **state)
{
    HF_AUTO_BUF struct hf_buf out = HF_BUF_INIT(65536);
    struct hf_devices d;
    char cut[HF_DEVICE_LAST_MAX + 10];

    (void)state;
    assert_int_equal(hf_devices_init(&d, NULL), 0);
    assert_int_equal(hf_devices_set_pattern(&d, "+/ID/#", NULL), 0);
    hear(&d, "sensors/7/temp", "21.5", 0);
    hear(&d, "sensors/7/hum", "text", 0);
    hear(&d, "sensors/10", "\xff", 5);
    hear(&d, "sensors", "1", 6);    /* no such level */
    hear(&d, "sensors//x", "1", 6); /* no name */
    assert_int_equal(hf_devices_print(&d, &(struct hf_devices_page){.limit = 1}, 5, &out, NULL), 0);
    assert_string_equal(out.data,
                        "{\"devices\":[{\"device\":\"10\",\"last_seen_ms\":1005,"
                        "\"first_seen_ms\":1005,\"messages\":1,\"rate_per_s\":0.017,"
                        "\"quiet\":false,\"topic\":\"sensors/10\",\"last\":{\"base64\":\"/w==\"}}],"
                        "\"next\":\"10\",\"total\":2,\"quiet\":0,\"forgotten\":0}");
    hf_buf_clear(&out);
    assert_int_equal(
        hf_devices_print(&d, &(struct hf_devices_page){.limit = 50, .cursor = "10"}, 0, &out, NULL),
        0);
    assert_non_null(strstr(out.data, "\"messages\":2,\"rate_per_s\":0.033,\"quiet\":false,"
                                     "\"topic\":\"sensors/7/hum\",\"last\":{\"text\":\"text\"}}],"
                                     "\"next\":null"));
    memset(cut, 'x', sizeof cut - 1);
    cut[sizeof cut - 1] = '\0';
    memcpy(cut + HF_DEVICE_LAST_MAX - 1, "é", 2); /* in two bytes, of which one has room */
    hear(&d, "sensors/7/hum", cut, 9);
    hf_buf_clear(&out);
    assert_int_equal(
        hf_devices_print(&d, &(struct hf_devices_page){.limit = 50, .cursor = "10"}, 0, &out, NULL),
        0);
    assert_non_null(strstr(out.data, "xxx\",\"cut\":true}}"));
    assert_int_equal(hf_devices_set_pattern(&d, "ID/#", NULL), 0);
    assert_int_equal(d.table.count, 0);
    hf_devices_done(&d);
}

/* By its own rhythm, whatever the wall clock did; a page has those that are, and all are counted.
 */
static void
test_quiet_devices(void **state)
{
    struct hf_devices_page page = {.limit = 1, .quiet = true};
    HF_AUTO_BUF struct hf_buf out = HF_BUF_INIT(65536);
    struct hf_devices d;

    (void)state;
    assert_int_equal(hf_devices_init(&d, NULL), 0);
    assert_int_equal(hf_devices_set_pattern(&d, "+/ID/#", NULL), 0);
    for (int i = 0; i < 3; i++) {
        hear(&d, "s/fast", "1", i * 1000);
        hear(&d, "s/slow", "1", i * 600000);
    }
    hear(&d, "s/once", "1", 1200000);
    assert_int_equal(hf_devices_print(&d, &page, 1200000, &out, NULL), 0);
    assert_non_null(strstr(out.data, "[{\"device\":\"fast\","));
    assert_non_null(strstr(out.data, "\"next\":null,\"total\":3,\"quiet\":1,"));
    hf_buf_clear(&out);
    assert_int_equal(
        hf_devices_print(&d, &page, 1200000 + HF_DEVICE_QUIET_ALONE_MS + 1, &out, NULL), 0);
    assert_non_null(strstr(out.data, "\"next\":\"fast\",\"total\":3,\"quiet\":2,"));
    memcpy(page.cursor, "fast", sizeof "fast");
    hf_buf_clear(&out);
    assert_int_equal(hf_devices_print(&d, &page, 1200000 + 5 * 600000, &out, NULL), 0);
    assert_non_null(strstr(out.data, "[{\"device\":\"once\","));
    assert_non_null(strstr(out.data, "\"next\":null,\"total\":3,\"quiet\":2,"));
    hf_buf_clear(&out);
    assert_int_equal(hf_devices_print(&d, &page, 1200000 + 5 * 600000 + 1, &out, NULL), 0);
    assert_non_null(strstr(out.data, "\"next\":\"once\",\"total\":3,\"quiet\":3,"));
    hf_devices_done(&d);
}

/* Pages of what is searched for, and the count of all. */
static void
test_devices_by_a_part_of_the_name(void **state)
{
    HF_AUTO_BUF struct hf_buf out = HF_BUF_INIT(65536);
    struct hf_devices_page page = {.limit = 1, .search = "RESS-"};
    struct hf_devices d;

    (void)state;
    assert_int_equal(hf_devices_init(&d, NULL), 0);
    assert_int_equal(hf_devices_set_pattern(&d, "ID", NULL), 0);
    hear(&d, "press-2", "1", 0);
    hear(&d, "oven", "1", 0);
    hear(&d, "Press-1", "1", 0);
    assert_int_equal(hf_devices_print(&d, &page, 0, &out, NULL), 0);
    assert_non_null(strstr(out.data, "[{\"device\":\"Press-1\""));
    assert_non_null(strstr(out.data, "\"next\":\"Press-1\",\"total\":3"));
    strcpy(page.cursor, "Press-1");
    hf_buf_clear(&out);
    assert_int_equal(hf_devices_print(&d, &page, 0, &out, NULL), 0);
    assert_non_null(strstr(out.data, "[{\"device\":\"press-2\""));
    assert_non_null(strstr(out.data, "\"next\":null"));
    strcpy(page.search, "none");
    hf_buf_clear(&out);
    assert_int_equal(hf_devices_print(&d, &page, 0, &out, NULL), 0);
    assert_non_null(strstr(out.data, "{\"devices\":[],\"next\":null"));
    hf_devices_done(&d);
}

static void
test_devices_are_bounded(void **state)
{
    HF_AUTO_BUF struct hf_buf out = HF_BUF_INIT(65536);
    struct hf_devices d;
    char topic[32];

    (void)state;
    assert_int_equal(hf_devices_init(&d, NULL), 0);
    assert_int_equal(hf_devices_set_pattern(&d, "ID", NULL), 0);
    for (int i = 0; i < HF_DEVICES_MAX + 3; i++) {
        snprintf(topic, sizeof topic, "%05d", i);
        hear(&d, topic, "1", i);
        if (i == HF_DEVICES_MAX - 1)
            hear(&d, "00000", "1", i); /* used again: not the oldest any more */
    }
    assert_int_equal(hf_devices_print(&d, &(struct hf_devices_page){.limit = 2}, 0, &out, NULL), 0);
    assert_non_null(
        strstr(out.data, "\"next\":\"00004\",\"total\":10000,\"quiet\":0,\"forgotten\":3}"));
    assert_non_null(strstr(out.data, "\"device\":\"00000\""));
    hf_devices_done(&d);
}

static void
test_patterns(void **state)
{
    static const char *const wrong[] = {"", "a/b", "ID/ID", "#/ID", "x+/ID"};

    (void)state;
    for (size_t i = 0; i < HF_LEN(wrong); i++) {
        struct hf_error err = {0};

        assert_int_equal(hf_devices_check_pattern(wrong[i], &err), -1);
        assert_string_equal(err.pointer, "/devices/topic");
    }
    assert_int_equal(hf_devices_check_pattern("site/ID/x/+", NULL), 0);
}

static void
test_recent_is_bounded(void **state)
{
    struct hf_recent r = {.count = 0}, copy;
    static char large[HF_RECENT_BYTES];
    struct hf_record m = {.topic = "t", .topic_len = 1, .payload = large, .payload_len = 1};

    (void)state;
    for (int i = 0; i < HF_RECENT_MAX + 5; i++) {
        m.time_ms = i;
        hf_recent_keep(&r, &m);
    }
    assert_int_equal(r.count, HF_RECENT_MAX);
    assert_int_equal(hf_recent_at(&r, 0)->time_ms, 5);
    m.payload_len =
        sizeof large; /* with its topic more than fits: is not kept, and takes nothing */
    hf_recent_keep(&r, &m);
    assert_int_equal(r.count, HF_RECENT_MAX);
    m.payload_len = sizeof large - 1;
    hf_recent_keep(&r, &m);
    assert_int_equal(r.count, 1);
    assert_int_equal(hf_recent_copy(&r, &copy, NULL), 0);
    assert_int_equal(hf_recent_at(&copy, 0)->payload_len, sizeof large - 1);
    hf_recent_done(&copy);
    hf_recent_done(&r);
}

static int
set(struct hf_work *w, const char *text, struct hf_error *err)
{
    HF_AUTO(hf_json) struct hf_json *doc = NULL;

    assert_int_equal(hf_json_parse(text, strlen(text), &doc, NULL), 0);
    return hf_work_set(w, doc, err);
}

static size_t
take(struct hf_work *w, struct hf_buf *frames)
{
    const struct hf_record r = {
        .time_ms = 1, .topic = "a/b", .topic_len = 3, .payload = "x", .payload_len = 1};

    return hf_work_take(w, &r, frames);
}

/* New settings take over between batches; wrong ones change nothing. */
static void
test_settings(void **state)
{
    HF_AUTO_BUF struct hf_buf frames = HF_BUF_INIT(65536), out = HF_BUF_INIT(65536);
    HF_AUTO(hf_work) struct hf_work *w = NULL;
    struct hf_error err = {0};
    struct hf_record r;
    size_t at = 0;
    int wait_ms = 1000;

    (void)state;
    assert_int_equal(hf_work_new(&w, NULL), 0);
    assert_int_equal(set(w,
                         "{\"gateway\":\"g\",\"instance\":\"i\",\"rules\":[{\"filter\":\"#\","
                         "\"decode\":\"number\"}],\"devices\":{\"topic\":\"ID/#\"}}",
                         NULL),
                     0);
    assert_int_equal(take(w, &frames), 1);
    assert_int_equal(hf_record_decode(frames.data, frames.len, &at, &r, NULL), 1);
    assert_null(r.reason); /* the batch had begun before */
    assert_int_equal(hf_work_due(w, false, &frames, &wait_ms), 0);
    assert_int_equal(take(w, &frames), 1);
    assert_int_equal(hf_record_decode(frames.data, frames.len, &at, &r, NULL), 1);
    assert_non_null(r.reason);
    assert_int_equal(set(w, "{\"rules\":[{\"filter\":\"#\",\"x\":1}]}", &err), -1);
    assert_string_equal(err.pointer, "/rules/0/x");
    assert_int_equal(set(w, "{\"rules\":[],\"devices\":{\"topic\":\"x\"}}", &err), -1);
    assert_string_equal(err.pointer, "/devices/topic");
    (void)hf_work_due(w, false, &frames, &wait_ms);
    assert_int_equal(hf_work_print_rules(w, &out, NULL), 0);
    assert_string_equal(out.data, "{\"rules\":[{\"filter\":\"#\",\"action\":\"decode number\","
                                  "\"matched\":1,\"dropped\":0,\"quarantined\":1,\"out\":0}]}");
}

/* No rule sees it, it is no device's, and nobody looks at it. */
static void
test_a_canary_is_handed_on(void **state)
{
    static const char topic[] = "holdfast/canary", payload[] = "{\"upgrade\":\"1\"}";
    const struct hf_record canary = {.time_ms = 1,
                                     .topic = topic,
                                     .topic_len = strlen(topic),
                                     .payload = payload,
                                     .payload_len = strlen(payload)};
    HF_AUTO_BUF struct hf_buf frames = HF_BUF_INIT(65536);
    HF_AUTO(hf_work) struct hf_work *w = NULL;
    struct hf_work_numbers numbers;
    struct hf_record r;
    size_t at = 0;
    int wait_ms = 1000;

    (void)state;
    assert_int_equal(hf_work_new(&w, NULL), 0);
    assert_int_equal(set(w, "{\"rules\":[{\"filter\":\"#\",\"drop\":true}]}", NULL), 0);
    (void)hf_work_due(w, false, &frames, &wait_ms);
    assert_int_equal(take(w, &frames), 0);
    assert_int_equal(hf_work_take(w, &canary, &frames), 1);
    assert_int_equal(hf_record_decode(frames.data, frames.len, &at, &r, NULL), 1);
    assert_memory_equal(r.payload, payload, r.payload_len);
    hf_work_get_numbers(w, &numbers);
    assert_int_equal(numbers.canaries, 1);
    assert_int_equal(numbers.dropped, 1);
    assert_int_equal(numbers.devices, 1);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_devices),
        cmocka_unit_test(test_silent_devices),
        cmocka_unit_test(test_quiet_devices),
        cmocka_unit_test(test_devices_are_bounded),
        cmocka_unit_test(test_devices_by_a_part_of_the_name),
        cmocka_unit_test(test_patterns),
        cmocka_unit_test(test_recent_is_bounded),
        cmocka_unit_test(test_settings),
        cmocka_unit_test(test_a_canary_is_handed_on),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
