// SPDX-License-Identifier: Apache-2.0
/* The buffer's settings, and batches made ready by them. */
#include "buffer/batch.h"
#include "common/record.h"
#include "unit.h"

#include <stdio.h>
#include <string.h>

static struct hf_buffer_settings *
settings(const char *text, struct hf_error *err)
{
    HF_AUTO(hf_json) struct hf_json *doc = NULL;
    struct hf_buffer_settings *s = NULL;

    assert_int_equal(hf_json_parse(text, strlen(text), &doc, NULL), 0);
    if (hf_buffer_settings_read(doc, &s, err) < 0)
        assert_null(s);
    return s;
}

static void
settings_are_taken_whole_or_not_at_all(void **state)
{
    static const struct {
        const char *text, *pointer;
    } wrong[] = {
        {"[]", ""},
        {"{}", "/gateway"},
        {"{\"gateway\":\"a/b\"}", "/gateway"},
        {"{\"gateway\":\"g\",\"window_ms\":5001}", "/window_ms"},
        {"{\"gateway\":\"g\",\"window_ms\":\"50\"}", "/window_ms"},
        {"{\"gateway\":\"g\",\"max_bytes\":1}", "/max_bytes"},
        {"{\"gateway\":\"g\",\"max_age_s\":-1}", "/max_age_s"},
        {"{\"gateway\":\"g\",\"max_age_s\":1.5}", "/max_age_s"},
        {"{\"gateway\":\"g\",\"keep_free_bytes\":true}", "/keep_free_bytes"},
        {"{\"gateway\":\"g\",\"when_full\":\"panic\"}", "/when_full"},
        {"{\"gateway\":\"g\",\"when_full\":1}", "/when_full"},
        {"{\"gateway\":\"g\",\"sinks\":\"a\"}", "/sinks"},
        {"{\"gateway\":\"g\",\"sinks\":[\"a\",\"b\",\"c\",\"d\",\"e\",\"f\",\"g\",\"h\",\"i\"]}",
         "/sinks"},
        {"{\"gateway\":\"g\",\"sinks\":[\"a\",\"a\"]}", "/sinks/1"},
        {"{\"gateway\":\"g\",\"sinks\":[\"A\"]}", "/sinks/0"},
        {"{\"gateway\":\"g\",\"sinks\":[\"processor\"]}", "/sinks/0"},
        {"{\"gateway\":\"g\",\"sinks\":[7]}", "/sinks/0"},
        {"{\"gateway\":\"g\",\"lanes\":{}}", "/lanes"},
        {"{\"gateway\":\"g\",\"lanes\":[{\"filter\":\"a/#\"}]}", "/lanes/0/lane"},
        {"{\"gateway\":\"g\",\"lanes\":[{\"filter\":\"a\",\"lane\":\"bulk\"},"
         "{\"filter\":\"a/#/b\",\"lane\":\"bulk\"}]}",
         "/lanes/1"},
        {"{\"gateway\":\"g\",\"lanes\":[{\"filter\":\"a\",\"lane\":\"fast\"}]}", "/lanes/0"},
    };

    (void)state;
    for (size_t i = 0; i < HF_LEN(wrong); i++) {
        struct hf_error err = {0};

        assert_null(settings(wrong[i].text, &err));
        assert_int_equal(err.class, HF_ERROR_INVALID);
        assert_string_equal(err.pointer, wrong[i].pointer);
    }
}

static void
settings_have_their_defaults(void **state)
{
    HF_AUTO(hf_buffer_settings)
    struct hf_buffer_settings *least = settings("{\"gateway\":\"g\",\"instance\":\"i\"}", NULL);
    HF_AUTO(hf_buffer_settings)
    struct hf_buffer_settings *all = settings(
        "{\"gateway\":\"hf-1\",\"window_ms\":0,\"max_bytes\":16777216,\"max_age_s\":60,"
        "\"keep_free_bytes\":5,\"when_full\":\"drop_lower_first\",\"sinks\":[\"a\","
        "\"b-2\"],\"lanes\":[{\"filter\":\"alarm/#\",\"lane\":\"alarm\"},"
        "{\"filter\":\"+/log\",\"lane\":\"bulk\"},{\"filter\":\"#\",\"lane\":\"normal\"}]}",
        NULL);

    (void)state;
    assert_int_equal(least->window_ms, 50);
    assert_int_equal(least->max_bytes, 1 << 30);
    assert_int_equal(least->when_full, HF_WHEN_FULL_HOLD);
    assert_int_equal(least->sink_count, 0);
    assert_int_equal(hf_buffer_settings_lane(least, "alarm/1", 7), HF_LANE_NORMAL);
    assert_int_equal(all->window_ms, 0);
    assert_int_equal(all->max_age_ms, 60000);
    assert_int_equal(all->keep_free_bytes, 5);
    assert_int_equal(all->when_full, HF_WHEN_FULL_DROP_LOWER);
    assert_int_equal(all->sink_count, 2);
    assert_string_equal(all->sinks[1], "b-2");
    assert_int_equal(hf_buffer_settings_lane(all, "alarm/log", 9), HF_LANE_ALARM);
    assert_int_equal(hf_buffer_settings_lane(all, "x/log", 5), HF_LANE_BULK);
    assert_int_equal(hf_buffer_settings_lane(all, "$x/log", 6), HF_LANE_NORMAL);
}

static void
put(struct hf_buf *frames, const char *topic, const char *payload, enum hf_lane lane,
    const char *reason)
{
    const struct hf_record r = {.time_ms = 1000,
                                .lane = lane,
                                .topic = topic,
                                .topic_len = strlen(topic),
                                .payload = payload,
                                .payload_len = strlen(payload),
                                .reason = reason,
                                .reason_len = reason ? strlen(reason) : 0};

    assert_int_equal(hf_record_encode(&r, frames, NULL), 0);
}

static void
record_is(const struct hf_spool_record *r, enum hf_lane lane, const char *topic, const char *rest,
          size_t payload_len, const char *reason)
{
    char tail[512];
    int len =
        snprintf(tail, sizeof tail,
                 ",\"time\":\"1970-01-01T00:00:01.000Z\",\"synced\":false,\"topic\":\"%s\",%s}\n",
                 topic, rest);

    assert_int_equal(r->lane, lane);
    assert_int_equal(r->time_ms, 1000);
    assert_int_equal(r->topic_len, strlen(topic));
    assert_memory_equal(r->topic, topic, r->topic_len);
    assert_int_equal(r->tail_len, len);
    assert_memory_equal(r->tail, tail, r->tail_len);
    assert_int_equal(r->payload_len, payload_len);
    assert_int_equal(r->reason_len, reason ? strlen(reason) : 0);
    if (reason)
        assert_memory_equal(r->reason, reason, r->reason_len);
}

#define LANES "{\"gateway\":\"g\",\"lanes\":[{\"filter\":\"log/#\",\"lane\":\"bulk\"}]}"

static void
frames_become_a_batch(void **state)
{
    HF_AUTO(hf_buffer_settings) struct hf_buffer_settings *s = settings(LANES, NULL);
    HF_AUTO_BUF struct hf_buf frames = HF_BUF_INIT(1 << 20);
    HF_AUTO_BATCH struct hf_batch b = HF_BATCH_INIT;

    (void)state;
    for (int i = 0; i < 500; i++) /* enough for all to be moved about */
        put(&frames, "log/x", "{\"n\": 1}", HF_LANE_UNSAID, NULL);
    put(&frames, "log/x", "a\xc3\xa9", HF_LANE_ALARM, NULL);
    put(&frames, "t", "7", HF_LANE_UNSAID, NULL);
    put(&frames, "t", "x", HF_LANE_UNSAID, "no number");
    put(&frames, "$holdfast/gap", "1", HF_LANE_UNSAID, NULL);
    put(&frames, "a/+", "1", HF_LANE_UNSAID, NULL);
    assert_int_equal(hf_batch_from_frames(&b, frames.data, frames.len, s, NULL), 0);
    hf_buf_done(&frames); /* nothing of it is needed any more */
    assert_int_equal(b.count, 505);
    record_is(&b.records[0], HF_LANE_BULK, "log/x", "\"payload\":{\"n\":1}", 8, NULL);
    record_is(&b.records[499], HF_LANE_BULK, "log/x", "\"payload\":{\"n\":1}", 8, NULL);
    record_is(&b.records[500], HF_LANE_ALARM, "log/x", "\"text\":\"a\xc3\xa9\"", 3, NULL);
    record_is(&b.records[501], HF_LANE_NORMAL, "t", "\"payload\":7", 1, NULL);
    record_is(&b.records[502], HF_LANE_NORMAL, "t", "\"text\":\"x\"", 1, "no number");
    record_is(&b.records[503], HF_LANE_NORMAL, "$holdfast/gap", "\"payload\":1", 1,
              "topics below $holdfast/ are the gateway's own");
    record_is(&b.records[504], HF_LANE_NORMAL, "a/+", "\"payload\":1", 1,
              "a topic has no + and no #");
}

/* Feeds the text in steps of so many bytes. */
static int
feed(struct hf_batch *b, const char *text, size_t len, size_t step, bool frames,
     const struct hf_buffer_settings *s, struct hf_error *err)
{
    HF_AUTO_BUF struct hf_buf pending = HF_BUF_INIT(HF_RECORD_BODY_MAX);
    struct hf_ndjson lines;
    int rc = 0;

    hf_ndjson_init(&lines, NULL, 0, 1000, false);
    for (size_t at = 0; rc == 0 && at < len; at += step) {
        size_t n = len - at < step ? len - at : step;

        assert_int_equal(hf_buf_add(&pending, text + at, n, NULL), 0);
        rc = frames ? hf_batch_feed_frames(b, &pending, s, err)
                    : hf_batch_feed_lines(b, &lines, &pending, at + n == len, s, err);
    }
    hf_ndjson_done(&lines);
    if (rc == 0)
        assert_int_equal(pending.len, 0);
    hf_batch_finish(b);
    return rc;
}

static void
lines_become_a_batch(void **state)
{
    static const char text[] = "{\"topic\":\"log/x\",\"payload\":{\"n\": 1}}\n"
                               "{\"topic\":\"log/x\",\"text\":\"7\",\"lane\":\"alarm\"}\n"
                               "{\"topic\":\"t\",\"base64\":\"/wABAg==\"}";
    static const char wrong[] = "{\"topic\":\"t\",\"payload\":1}\n{\"topic\":\"t\"}\n";
    HF_AUTO(hf_buffer_settings) struct hf_buffer_settings *s = settings(LANES, NULL);
    struct hf_error err;

    (void)state;
    for (size_t step = 1; step < sizeof text; step++) {
        HF_AUTO_BATCH struct hf_batch b = HF_BATCH_INIT;
        HF_AUTO_BATCH struct hf_batch none = HF_BATCH_INIT;

        assert_int_equal(feed(&b, text, strlen(text), step, false, s, NULL), 0);
        assert_int_equal(b.count, 3);
        record_is(&b.records[0], HF_LANE_BULK, "log/x", "\"payload\":{\"n\":1}", 7, NULL);
        record_is(&b.records[1], HF_LANE_ALARM, "log/x", "\"text\":\"7\"", 1, NULL);
        record_is(&b.records[2], HF_LANE_NORMAL, "t", "\"base64\":\"/wABAg==\"", 4, NULL);
        assert_int_equal(feed(&none, wrong, strlen(wrong), step, false, s, &err), -1);
        assert_non_null(strstr(err.message, "line 2"));
    }
}

static void
frames_come_in_any_pieces(void **state)
{
    HF_AUTO(hf_buffer_settings) struct hf_buffer_settings *s = settings(LANES, NULL);
    HF_AUTO_BUF struct hf_buf frames = HF_BUF_INIT(1 << 20);
    struct hf_error err = {0};

    (void)state;
    put(&frames, "t", "7", HF_LANE_UNSAID, NULL);
    put(&frames, "log/x", "", HF_LANE_UNSAID, "r");
    for (size_t step = 1; step <= frames.len; step++) {
        HF_AUTO_BATCH struct hf_batch b = HF_BATCH_INIT;

        assert_int_equal(feed(&b, frames.data, frames.len, step, true, s, NULL), 0);
        assert_int_equal(b.count, 2);
        record_is(&b.records[0], HF_LANE_NORMAL, "t", "\"payload\":7", 1, NULL);
        record_is(&b.records[1], HF_LANE_BULK, "log/x", "\"text\":\"\"", 0, "r");
    }
    {
        HF_AUTO_BATCH struct hf_batch b = HF_BATCH_INIT;

        assert_int_equal(feed(&b, "\xff\xff\xff\x7f", 4, 1, true, s, &err), -1);
        assert_int_equal(err.class, HF_ERROR_MALFORMED);
    }
}

static void
a_batch_has_a_largest_size(void **state)
{
    HF_AUTO(hf_buffer_settings) struct hf_buffer_settings *s = settings(LANES, NULL);
    HF_AUTO_BUF struct hf_buf frames = HF_BUF_INIT(HF_RECORD_BODY_MAX);
    HF_AUTO_BATCH struct hf_batch full = HF_BATCH_INIT;
    HF_AUTO_BATCH struct hf_batch over = HF_BATCH_INIT;
    struct hf_error err = {0};

    (void)state;
    for (int i = 0; i < HF_BATCH_RECORDS_MAX; i++)
        put(&frames, "t", "1", HF_LANE_UNSAID, NULL);
    assert_int_equal(hf_batch_from_frames(&full, frames.data, frames.len, s, NULL), 0);
    put(&frames, "t", "1", HF_LANE_UNSAID, NULL);
    assert_int_equal(hf_batch_from_frames(&over, frames.data, frames.len, s, &err), -1);
    assert_int_equal(err.class, HF_ERROR_TOO_LARGE);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(settings_are_taken_whole_or_not_at_all),
        cmocka_unit_test(settings_have_their_defaults),
        cmocka_unit_test(frames_become_a_batch),
        cmocka_unit_test(lines_become_a_batch),
        cmocka_unit_test(frames_come_in_any_pieces),
        cmocka_unit_test(a_batch_has_a_largest_size),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
