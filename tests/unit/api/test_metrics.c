// SPDX-License-Identifier: Apache-2.0
#include "unit.h"

#include "call.h"
#include "world.h"

#include "api/handlers.h"
#include "api/openmetrics.h"

#include <math.h>
#include <string.h>

static void
says(const struct hf_buf *out, const char *text)
{
    if (!strstr(out->data, text))
        fail_msg("no '%s' in %s", text, out->data);
}

static void
both_forms(void **state)
{
    static const struct hf_metric counter = {"x_bytes", "All.", "bytes", HF_METRIC_COUNTER};
    static const struct hf_metric info = {"build", "Which.", NULL, HF_METRIC_INFO};
    static const char *const expected[] = {
        "# HELP x_bytes All.\n# TYPE x_bytes counter\n# UNIT x_bytes bytes\n"
        "x_bytes_total{a=\"q\\\"b\\\\\\n\",b=\"c\"} 9007199254740991\nx_bytes_total 0.25\n"
        "# HELP build Which.\n# TYPE build info\nbuild_info{b=\"c\"} 1\n# EOF\n",
        "# HELP x_bytes_total All.\n# TYPE x_bytes_total counter\n"
        "x_bytes_total{a=\"q\\\"b\\\\\\n\",b=\"c\"} 9007199254740991\nx_bytes_total 0.25\n"
        "# HELP build_info Which.\n# TYPE build_info gauge\nbuild_info{b=\"c\"} 1\n"};
    const struct hf_label labels[HF_METRIC_LABELS_MAX] = {{"a", "q\"b\\\n"}, {"b", "c"}};
    const struct hf_label one[HF_METRIC_LABELS_MAX] = {{"b", "c"}};

    (void)state;
    for (int classic = 0; classic < 2; classic++) {
        HF_AUTO_BUF struct hf_buf out = HF_BUF_INIT(1024);
        struct hf_metrics m = {.out = &out, .classic = classic};

        hf_metrics_begin(&m, &counter);
        hf_metrics_add(&m, 9007199254740991, labels);
        hf_metrics_add(&m, NAN, labels);
        hf_metrics_add(&m, 0.25, NULL);
        hf_metrics_begin(&m, &info);
        hf_metrics_add(&m, 1, one);
        assert_int_equal(hf_metrics_end(&m, NULL), 0);
        assert_string_equal(out.data, expected[classic]);
    }
}

static void
what_has_no_room_is_said(void **state)
{
    static const struct hf_metric one = {"x", "All.", NULL, HF_METRIC_GAUGE};
    HF_AUTO_BUF struct hf_buf out = HF_BUF_INIT(8);
    struct hf_metrics m = {.out = &out};
    struct hf_error err = {0};

    (void)state;
    hf_metrics_begin(&m, &one);
    assert_int_equal(hf_metrics_end(&m, &err), -1);
    assert_int_equal(err.class, HF_ERROR_INTERNAL);
}

static void
of_a_gateway(void **state)
{
    static const char *const there[] = {
        "\nholdfast_service_up{service=\"broker\"} 1\n",
        "\nholdfast_service_memory_bytes{service=\"buffer\"} 4096\n",
        "\nholdfast_service_cpu_ratio{service=\"buffer\"} 0.01239\n",
        "\nholdfast_service_health{service=\"buffer\",health=\"healthy\"} 1\n",
        "\nholdfast_service_health{service=\"buffer\",health=\"failed\"} 0\n",
        "\nholdfast_service_number{service=\"buffer\",number=\"held\"} -3\n",
        "\nholdfast_buffer_held_records 17\n",
        "\nholdfast_buffer_full_seconds 5\n",
        "\nholdfast_uplink_state{state=\"idle\"} 1\n",
        "\nholdfast_host_disk_used_bytes{mount=\"/var\"} 9\n",
        "\nholdfast_event_streams 3\n",
        "\nholdfast_release_info{name=\"0.1.0\",version=\"0.1.0\"} 1\n",
    };
    HF_AUTO_BUF struct hf_buf out = HF_BUF_INIT(256 * 1024);

    (void)state;
    world_snapshot.services[1].status.numbers[0] = (struct hf_number){"held", -3};
    assert_int_equal(hf_metrics_of(&world_snapshot, 3, false, &out, NULL), 0);
    for (size_t i = 0; i < HF_LEN(there); i++)
        says(&out, there[i]);
    /* What is not known is not there. */
    assert_null(strstr(out.data, "\nholdfast_buffer_drain_seconds "));
    assert_null(strstr(out.data, "\nholdfast_host_cpu_ratio "));
    assert_null(strstr(out.data, "\nholdfast_service_io_written_bytes_total{"));
}

static void
by_what_is_asked_for(void **state)
{
    struct call classic = {.headers = {"Host", "10.0.0.1", "Cookie", call_cookie, "Accept",
                                       "text/plain;version=0.0.4"}};
    struct call stranger = {.headers = {"Host", "10.0.0.1"}};

    (void)state;
    call_expect("GET", "/metrics", "", 200,
                "Content-Type: application/openmetrics-text; version=1.0.0; charset=utf-8\r\n");
    call_expect("GET", "/metrics", "x=1", 400, NULL);
    call_expect("POST", "/metrics", "", 405, "Allow: GET, HEAD, OPTIONS\r\n");
    call_serve(&classic, "GET", "/metrics", "", 200);
    assert_true(call_has(&classic, "Content-Type: text/plain; version=0.0.4"));
    assert_false(call_has(&classic, "# EOF"));
    hf_buf_done(&classic.out);
    call_serve(&stranger, "GET", "/metrics", "", 401);
    hf_buf_done(&stranger.out);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(both_forms),
        cmocka_unit_test(what_has_no_room_is_said),
        cmocka_unit_test_setup_teardown(of_a_gateway, call_set_up, call_tear_down),
        cmocka_unit_test_setup_teardown(by_what_is_asked_for, call_set_up, call_tear_down),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
