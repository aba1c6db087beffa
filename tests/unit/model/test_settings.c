// SPDX-License-Identifier: Apache-2.0
#include "unit.h"

#include "model/settings.h"

#include <stdio.h>
#include <string.h>

static int
parse(const char *text, struct hf_settings *s, struct hf_error *err)
{
    HF_AUTO(hf_json) struct hf_json *doc = NULL;

    assert_int_equal(hf_json_parse(text, strlen(text), &doc, err), 0);
    return hf_settings_parse(doc, s, err);
}

static int
patch(const struct hf_settings *s, const char *text, struct hf_settings *ret, struct hf_error *err)
{
    HF_AUTO(hf_json) struct hf_json *doc = NULL;

    assert_int_equal(hf_json_parse(text, strlen(text), &doc, err), 0);
    return hf_settings_patch(s, doc, ret, err);
}

static const char whole[] =
    "{\"name\":\"pump-7\",\"sinks\":["
    "{\"name\":\"uplink\",\"type\":\"https\",\"url\":\"https://c.example/v1\",\"token\":\"t0k\"},"
    "{\"name\":\"plant\",\"type\":\"mqtt\",\"url\":\"mqtts://m.example:8883\",\"user\":\"gw\","
    "\"password\":\"pw\",\"topic\":\"{gateway}/{topic}\",\"version\":\"5\",\"inflight\":10}],"
    "\"buffer\":{\"window_ms\":0,\"max_bytes\":67108864,\"max_age_s\":86400,"
    "\"keep_free_bytes\":0,\"when_full\":\"drop_lower_first\",\"rated_endurance_bytes\":7},"
    "\"lanes\":[{\"filter\":\"alarms/#\",\"lane\":\"alarm\"}],"
    "\"rules\":[{\"filter\":\"s/+/t\",\"decode\":\"json\",\"select\":{\"t\":\"/temperature\"},"
    "\"scale\":{\"field\":\"/t\",\"factor\":0.1,\"offset\":-40,\"unit\":\"°C\"},"
    "\"deadband\":{\"field\":\"/t\",\"delta\":0.2},\"min_interval_ms\":1000,"
    "\"window\":{\"ms\":60000,\"field\":\"/t\",\"of\":[\"min\",\"count\"]}},"
    "{\"filter\":\"#\",\"drop\":true}],\"devices\":{\"topic\":\"plant/ID/#\"},"
    "\"limits\":{},\"own\":{},"
    "\"alarms\":{\"webhook\":{\"url\":\"https://h.example/x\",\"token\":\"h00k\"},"
    "\"silent_after_s\":60,\"uplink_away_s\":0,\"make_room\":false,\"thresholds\":{\"disk_"
    "percent\":[70,80.5],"
    "\"memory_percent\":[85,95],\"temperature_c\":[75,85],"
    "\"flash_bytes_per_day\":[1000000000,2000000000]}},"
    "\"broker\":{\"max_devices\":10,\"connections_per_address\":0,\"max_device_sessions\":0,"
    "\"session_days\":7,"
    "\"anonymous\":true,\"tls\":\"only\"},"
    "\"registry\":{\"host\":\"reg.example:5000\",\"ca_pem\":\"\",\"user\":\"gw\","
    "\"password\":\"r3g\",\"token_host\":\"\",\"proxy\":\"http://proxy.example:3128\","
    "\"proxy_user\":\"gw\",\"proxy_password\":\"pr0xy\",\"max_bytes_per_s\":65536,"
    "\"release_repository\":\"ours/releases\",\"check_hours\":24},"
    "\"release_keys\":[\"RWTF1O453dndpKIE5PVQvUF4+6muWhCQsJ6G+0jrh63qkBBV+HhJMOs9\"],"
    "\"stick_keys\":[\"RWTF1O453dndpKIE5PVQvUF4+6muWhCQsJ6G+0jrh63qkBBV+HhJMOs9\"],"
    "\"upgrade\":{\"freeze\":true,\"gate_s\":30,\"switch_s\":60,\"max_backlog\":100,"
    "\"busy_wait_s\":0,\"config_gate_s\":60,"
    "\"windows\":[{\"days\":[\"sat\",\"sun\"],\"from\":\"22:30\",\"to\":\"04:00\"}]},"
    "\"scan\":{\"policy\":{\"unknown\":\"warn\",\"low\":\"warn\",\"medium\":\"warn\","
    "\"high\":\"block\"},\"accept\":[{\"id\":\"CVE-2026-11\",\"reason\":\"no way in\","
    "\"expires\":\"2027-01-31T00:00:00Z\"}]}}";

static void
settings_survive_print_and_parse(void **state)
{
    struct hf_settings s;
    struct hf_error err;
    HF_AUTO_FREE char *printed = NULL;

    (void)state;
    hf_settings_init(&s);
    assert_int_equal(parse(whole, &s, &err), 0);
    assert_int_equal(hf_settings_print(&s, &printed, &err), 0);
    assert_string_equal(printed, whole);
    hf_settings_done(&s);
}

/* What was kept before there was the choice let devices in without an account. */
static void
what_was_kept_before_the_choice_goes_on(void **state)
{
    static const struct {
        const char *text;
        bool anonymous;
    } kept[] = {
        {"{}", true},
        {"{\"broker\":{\"max_devices\":5}}", true},
        {"{\"broker\":{\"anonymous\":false}}", false},
        {"{\"broker\":{\"max_devices\":0}}", false}, /* wrong: nothing is taken of it */
    };

    (void)state;
    for (size_t i = 0; i < HF_LEN(kept); i++) {
        HF_AUTO(hf_json) struct hf_json *doc = NULL;
        struct hf_settings s;

        hf_settings_init(&s);
        assert_false(s.broker.anonymous);
        assert_int_equal(hf_json_parse(kept[i].text, strlen(kept[i].text), &doc, NULL), 0);
        assert_int_equal(hf_settings_parse_kept(doc, &s, NULL), i == 3 ? -1 : 0);
        assert_int_equal(s.broker.anonymous, kept[i].anonymous);
        hf_settings_done(&s);
    }
}

static void
a_webhook_keeps_its_token_and_its_secret(void **state)
{
    struct hf_settings s, next = {0};
    struct hf_error err;
    HF_AUTO_FREE char *shown = NULL;

    (void)state;
    hf_settings_init(&s);
    assert_true(s.alarms.uplink_away_s == 900 && s.alarms.thresholds[HF_GUARD_DISK].bad == 95);
    assert_int_equal(parse(whole, &s, &err), 0);
    assert_int_equal(hf_settings_show(&s, &shown, &err), 0);
    assert_null(strstr(shown, "h00k"));
    assert_non_null(strstr(shown, "\"url\":\"https://h.example/x\",\"token\":\"***\""));
    assert_int_equal(patch(&s,
                           "{\"alarms\":{\"webhook\":{\"url\":\"https://i.example/\",\"token\":"
                           "\"***\"}}}",
                           &next, &err),
                     0);
    assert_string_equal(next.alarms.webhook_url, "https://i.example/");
    assert_string_equal(next.alarms.webhook_token, "h00k");
    assert_int_equal(next.alarms.silent_after_s, 60);
    hf_settings_done(&next);
    assert_int_equal(
        patch(&s, "{\"alarms\":{\"webhook\":null,\"silent_after_s\":null}}", &next, &err), 0);
    assert_string_equal(next.alarms.webhook_url, "");
    assert_string_equal(next.alarms.webhook_token, "");
    assert_int_equal(next.alarms.silent_after_s, 0);
    hf_settings_done(&next);
    hf_settings_done(&s);
}

static void
thresholds_that_make_no_sense_are_refused(void **state)
{
    static const struct {
        const char *alarms, *pointer;
    } wrong[] = {
        {"{\"thresholds\":{\"disk_percent\":[95,85]}}", "/alarms/thresholds/disk_percent"},
        {"{\"thresholds\":{\"disk_percent\":[95]}}", "/alarms/thresholds/disk_percent"},
        {"{\"thresholds\":{\"disk_percent\":[80,101]}}", "/alarms/thresholds/disk_percent"},
        {"{\"thresholds\":{\"disk_percent\":[1,2,3]}}", "/alarms/thresholds/disk_percent"},
        {"{\"thresholds\":{\"temperature_c\":[\"a\",80]}}", "/alarms/thresholds/temperature_c"},
        {"{\"thresholds\":{\"disc\":[1,2]}}", "/alarms/thresholds/disc"},
        {"{\"silent_after_s\":-1}", "/alarms/silent_after_s"},
        {"{\"webhook\":{\"url\":\"ftp://x\"}}", "/alarms/webhook/url"},
        {"{\"webhook\":{\"token\":\"x\"}}", "/alarms/webhook/url"},
        {"{\"webhook\":{\"url\":\"http://x\",\"token\":\"***\"}}", "/alarms/webhook/token"},
        {"{\"webhook\":7}", "/alarms/webhook"},
    };

    (void)state;
    for (size_t i = 0; i < HF_LEN(wrong); i++) {
        struct hf_settings s;
        struct hf_error err = {0};
        char text[256];

        hf_settings_init(&s);
        snprintf(text, sizeof text, "{\"alarms\":%s}", wrong[i].alarms);
        assert_int_equal(parse(text, &s, &err), -1);
        assert_string_equal(err.pointer, wrong[i].pointer);
        hf_settings_done(&s);
    }
}

static void
the_short_form_is_one_sink_and_leaves_the_others(void **state)
{
    struct hf_settings s;
    struct hf_error err;

    (void)state;
    hf_settings_init(&s);
    assert_int_equal(parse("{\"uplink\":{\"url\":\"https://a/\",\"token\":\"x\"}}", &s, &err), 0);
    assert_int_equal(hf_json_count(s.sinks), 1);
    hf_settings_done(&s);

    hf_settings_init(&s);
    assert_int_equal(parse(whole, &s, &err), 0);
    assert_int_equal(parse("{\"uplink\":{\"url\":\"http://b/\"}}", &s, &err), 0);
    assert_int_equal(hf_json_count(s.sinks), 2);
    assert_string_equal(hf_json_string(hf_json_first(s.sinks), "url"), "http://b/");
    assert_null(hf_json_string(hf_settings_sink(&s, "uplink"), "token"));
    assert_string_equal(hf_json_string(hf_settings_sink(&s, "plant"), "password"), "pw");
    assert_int_equal(parse("{\"uplink\":{\"url\":\"\"}}", &s, &err), 0);
    assert_null(hf_settings_sink(&s, "uplink"));
    assert_non_null(hf_settings_sink(&s, "plant"));
    hf_settings_done(&s);
}

#define SINK(rest)                                                                                 \
    "{\"sinks\":[{\"name\":\"a\",\"type\":\"https\",\"url\":\"https://x/\"" rest "}]}"
#define RULE(rest) "{\"rules\":[{\"filter\":\"a/+\"" rest "}]}"

static void
a_bad_document_changes_nothing(void **state)
{
    static const char *const rows[][2] = {
        {"{\"name\":\"Pump 7\"}", "/name"},
        {"{\"name\":\"ok\",\"uplink\":{}}", "/uplink/url"},
        {"{\"name\":\"ok\",\"uplink\":{\"url\":\"ftp://x\"}}", "/uplink/url"},
        {"{\"name\":\"ok\",\"uplink\":{\"url\":\"https://\"}}", "/uplink/url"},
        {"{\"name\":\"ok\",\"uplink\":{\"url\":\"https://u:p@x/\"}}", "/uplink/url"},
        {"{\"name\":\"ok\",\"uplink\":{\"url\":\"https://x/\",\"token\":\"a b\"}}",
         "/uplink/token"},
        {"{\"uplink\":{\"url\":\"https://x/\",\"token\":\"a\\u001b\"}}", "/uplink/token"},
        {"{\"name\":\"ok\",\"uplink\":{\"url\":\"https://x/\",\"token\":\"***\"}}",
         "/uplink/token"},
        {"{\"name\":\"ok\",\"uplink\":{\"url\":\"https://x/\",\"ca_pem\":\"no\"}}",
         "/uplink/ca_pem"},
        {"{\"name\":\"ok\",\"buffer\":{\"window_ms\":5001}}", "/buffer/window_ms"},
        {"{\"name\":\"ok\",\"buffer\":{\"max_bytes\":1}}", "/buffer/max_bytes"},
        {"{\"buffer\":{\"max_age_s\":-1}}", "/buffer/max_age_s"},
        {"{\"buffer\":{\"when_full\":\"panic\"}}", "/buffer/when_full"},
        {"{\"broker\":{\"max_devices\":0}}", "/broker/max_devices"},
        {"{\"broker\":{\"max_device_sessions\":100001}}", "/broker/max_device_sessions"},
        {"{\"broker\":{\"session_days\":6}}", "/broker/session_days"},
        {"{\"broker\":{\"connections_per_address\":-1}}", "/broker/connections_per_address"},
        {"{\"broker\":{\"anonymous\":1}}", "/broker/anonymous"},
        {"{\"broker\":{\"tls\":\"yes\"}}", "/broker/tls"},
        {"{\"broker\":{\"tls\":true}}", "/broker/tls"},
        {"{\"broker\":{\"max_queued\":6}}", "/broker/max_queued"},
        {"{\"upgrade\":{\"freeze\":1}}", "/upgrade/freeze"},
        {"{\"upgrade\":{\"gate_s\":0}}", "/upgrade/gate_s"},
        {"{\"upgrade\":{\"switch_s\":3601}}", "/upgrade/switch_s"},
        {"{\"upgrade\":{\"max_backlog\":-1}}", "/upgrade/max_backlog"},
        {"{\"upgrade\":{\"busy_wait_s\":86401}}", "/upgrade/busy_wait_s"},
        {"{\"upgrade\":{\"config_gate_s\":-1}}", "/upgrade/config_gate_s"},
        {"{\"upgrade\":{\"windows\":[{\"from\":\"24:00\",\"to\":\"04:00\"}]}}",
         "/upgrade/windows/0/from"},
        {"{\"upgrade\":{\"windows\":[{\"from\":\"02:00\",\"to\":\"4:00\"}]}}",
         "/upgrade/windows/0/to"},
        {"{\"upgrade\":{\"windows\":[{\"days\":[\"day\"],\"from\":\"02:00\",\"to\":\"04:00\"}]}}",
         "/upgrade/windows/0/days"},
        {"{\"upgrade\":{\"windows\":[1,1,1,1,1,1,1,1,1]}}", "/upgrade/windows/0"},
        {"{\"scan\":{\"policy\":{\"high\":\"accept\"}}}", "/scan/policy/high"},
        {"{\"scan\":{\"policy\":{\"critical\":\"warn\"}}}", "/scan/policy/critical"},
        {"{\"scan\":{\"accept\":[{\"id\":\"CVE-1\",\"reason\":\"r\"}]}}", "/scan/accept/0/expires"},
        {"{\"scan\":{\"accept\":[{\"id\":\"CVE-1\",\"reason\":\"r\",\"expires\":\"soon\"}]}}",
         "/scan/accept/0/expires"},
        {"{\"scan\":{\"accept\":[{\"id\":\"CVE 1\",\"reason\":\"r\","
         "\"expires\":\"2027-01-31T00:00:00Z\"}]}}",
         "/scan/accept/0/id"},
        {"{\"scan\":{\"accept\":[{\"id\":\"CVE-1\",\"reason\":\"\","
         "\"expires\":\"2027-01-31T00:00:00Z\"}]}}",
         "/scan/accept/0/reason"},
        {"{\"scan\":{\"accept\":[{\"id\":\"CVE-1\",\"reason\":\"r\","
         "\"expires\":\"2027-01-31T00:00:00Z\"},{\"id\":\"CVE-1\",\"reason\":\"r\","
         "\"expires\":\"2027-01-31T00:00:00Z\"}]}}",
         "/scan/accept/1/id"},
        {"{\"registry\":{\"host\":\"https://x\"}}", "/registry/host"},
        {"{\"registry\":{\"host\":\"holdfast\"}}", "/registry/host"},
        {"{\"registry\":{\"host\":\"x.example:0\"}}", "/registry/host"},
        {"{\"registry\":{\"token_host\":\"a/b\"}}", "/registry/token_host"},
        {"{\"registry\":{\"ca_pem\":\"x\"}}", "/registry/ca_pem"},
        {"{\"registry\":{\"user\":\"a:b\"}}", "/registry/user"},
        {"{\"registry\":{\"password\":\"a\\nb\"}}", "/registry/password"},
        {"{\"registry\":{\"password\":\"***\"}}", "/registry/password"},
        {"{\"registry\":{\"proxy\":\"proxy.example:3128\"}}", "/registry/proxy"},
        {"{\"registry\":{\"proxy\":\"http://proxy.example\"}}", "/registry/proxy"},
        {"{\"registry\":{\"proxy\":\"https://proxy.example:3128\"}}", "/registry/proxy"},
        {"{\"registry\":{\"proxy\":\"http://gw:pw@proxy.example:3128\"}}", "/registry/proxy"},
        {"{\"registry\":{\"proxy\":\"http://proxy.example:3128/x\"}}", "/registry/proxy"},
        {"{\"registry\":{\"proxy_user\":\"a:b\"}}", "/registry/proxy_user"},
        {"{\"registry\":{\"proxy_password\":\"***\"}}", "/registry/proxy_password"},
        {"{\"registry\":{\"max_bytes_per_s\":100}}", "/registry/max_bytes_per_s"},
        {"{\"registry\":{\"release_repository\":\"\"}}", "/registry/release_repository"},
        {"{\"registry\":{\"release_repository\":\"a/b:1\"}}", "/registry/release_repository"},
        {"{\"registry\":{\"check_hours\":721}}", "/registry/check_hours"},
        {"{\"registry\":{\"proxy\":\"x\"}}", "/registry/proxy"},
        {"{\"registry\":{\"host\":\"registry\"}}", "/registry/host"},
        {"{\"registry\":{\"host\":\"https://r.example\"}}", "/registry/host"},
        {"{\"registry\":{\"host\":\"r.example/path\"}}", "/registry/host"},
        {"{\"registry\":{\"host\":\"r.example:0\"}}", "/registry/host"},
        {"{\"registry\":{\"host\":\"r.example:65536\"}}", "/registry/host"},
        {"{\"registry\":{\"host\":\"R.example\"}}", "/registry/host"},
        {"{\"release_keys\":[7]}", "/release_keys/0"},
        {"{\"stick_keys\":[7]}", "/stick_keys/0"},
        {"{\"release_keys\":[\"RWTF1O453dndpKIE5PVQvUF4+6muWhCQsJ6G+0jrh63qkBBV+HhJMOs\"]}",
         "/release_keys/0"},
        {"{\"name\":\"ok\",\"colour\":1}", "/colour"},
        {"{\"sinks\":{}}", "/sinks"},
        {"{\"sinks\":[7]}", "/sinks/0"},
        {"{\"sinks\":[{\"name\":\"a\",\"type\":\"ftp\",\"url\":\"x\"}]}", "/sinks/0/type"},
        {"{\"sinks\":[{\"name\":\"A\",\"type\":\"https\",\"url\":\"https://x\"}]}",
         "/sinks/0/name"},
        {"{\"sinks\":[{\"name\":\"processor\",\"type\":\"https\",\"url\":\"https://x\"}]}",
         "/sinks/0/name"},
        {"{\"sinks\":[{\"name\":\"a\",\"type\":\"mqtt\",\"url\":\"https://x\"}]}", "/sinks/0/url"},
        {"{\"sinks\":[{\"name\":\"a\",\"type\":\"mqtt\",\"url\":\"mqtt://x\",\"token\":\"t\"}]}",
         "/sinks/0/token"},
        {"{\"sinks\":[{\"name\":\"a\",\"type\":\"mqtt\",\"url\":\"mqtt://x\",\"topic\":\"a/#\"}]}",
         "/sinks/0/topic"},
        {SINK(",\"password\":\"p\""), "/sinks/0/password"},
        {SINK(",\"token\":\"***\""), "/sinks/0/token"},
        {SINK(",\"token\":\"a\\nHost: b\""), "/sinks/0/token"},
        {SINK(",\"header_name\":\"X-Key\""), "/sinks/0/header_name"},
        {SINK(",\"header_name\":\"X: y\",\"header_value\":\"v\""), "/sinks/0/header_name"},
        {SINK(",\"header_name\":\"Content-Length\",\"header_value\":\"9\""),
         "/sinks/0/header_name"},
        {SINK(",\"client_key_pem\":\"-----BEGIN PRIVATE KEY-----\""), "/sinks/0/client_cert_pem"},
        {SINK(",\"batch_bytes\":5000000"), "/sinks/0/batch_bytes"},
        {SINK(",\"batch_bytes\":1024"), "/sinks/0/batch_bytes"},
        {SINK(",\"max_bytes_per_s\":1000"), "/sinks/0/max_bytes_per_s"},
        {SINK(",\"header_name\":\"Authorization\",\"header_value\":\"x\""), "/sinks/0/header_name"},
        {SINK(",\"proxy\":\"http://p\""), "/sinks/0/proxy"},
        {SINK(",\"proxy\":\"http://p:3128/x\""), "/sinks/0/proxy"},
        {"{\"uplink\":{\"url\":\"https://x:0/\"}}", "/uplink/url"},
        {"{\"uplink\":{\"url\":\"https://x:65536/\"}}", "/uplink/url"},
        {"{\"uplink\":{\"url\":\"https://x:/\"}}", "/uplink/url"},
        {"{\"uplink\":{\"url\":\"https://a:b:1/\"}}", "/uplink/url"},
        {"{\"uplink\":{\"url\":\"https://[::1/\"}}", "/uplink/url"},
        {"{\"sinks\":[{\"name\":\"a\",\"type\":\"mqtt\",\"url\":\"mqtt://"
         "x\",\"topic\":\"{device}\"}]}",
         "/sinks/0/topic"},
        {"{\"sinks\":[{\"name\":\"a\",\"type\":\"mqtt\",\"url\":\"mqtt://x\",\"password\":\"p\"}]}",
         "/sinks/0/user"},
        {SINK(",\"encoding\":\"br\""), "/sinks/0/encoding"},
        {SINK(",\"proxy\":\"socks://p\""), "/sinks/0/proxy"},
        {"{\"sinks\":[{\"name\":\"a\",\"type\":\"https\",\"url\":\"https://x\"},"
         "{\"name\":\"a\",\"type\":\"https\",\"url\":\"https://y\"}]}",
         "/sinks/1/name"},
        {"{\"lanes\":[{\"filter\":\"a/#/b\",\"lane\":\"bulk\"}]}", "/lanes/0/filter"},
        {"{\"lanes\":[{\"filter\":\"a+/b\",\"lane\":\"bulk\"}]}", "/lanes/0/filter"},
        {"{\"lanes\":[{\"filter\":\"\",\"lane\":\"bulk\"}]}", "/lanes/0/filter"},
        {"{\"lanes\":[{\"filter\":\"a\",\"lane\":\"fast\"}]}", "/lanes/0/lane"},
        {RULE(",\"colour\":1"), "/rules/0/colour"},
        {RULE(",\"drop\":true,\"lane\":\"bulk\""), "/rules/0/drop"},
        {RULE(",\"topic\":\"x/+\""), "/rules/0/topic"},
        {RULE(",\"decode\":\"xml\""), "/rules/0/decode"},
        {RULE(",\"select\":{}"), "/rules/0/select"},
        {RULE(",\"select\":{\"t\":\"temperature\"}"), "/rules/0/select/t"},
        {RULE(",\"select\":{\"t\":\"/a~2\"}"), "/rules/0/select/t"},
        {RULE(",\"scale\":{\"factor\":\"1\"}"), "/rules/0/scale/factor"},
        {RULE(",\"deadband\":{}"), "/rules/0/deadband/delta"},
        {RULE(",\"deadband\":{\"delta\":-1}"), "/rules/0/deadband/delta"},
        {RULE(",\"min_interval_ms\":0"), "/rules/0/min_interval_ms"},
        {RULE(",\"window\":{\"ms\":60000,\"of\":[\"min\",\"min\"]}"), "/rules/0/window/of"},
        {RULE(",\"window\":{\"ms\":60000,\"of\":[]}"), "/rules/0/window/of"},
        {RULE(",\"window\":{\"ms\":1,\"of\":[\"min\"]}"), "/rules/0/window/ms"},
        {"{\"devices\":{\"topic\":\"+/+/#\"}}", "/devices/topic"},
        {"{\"devices\":{\"topic\":\"ID/ID\"}}", "/devices/topic"},
    };

    (void)state;
    for (size_t i = 0; i < HF_LEN(rows); i++) {
        struct hf_settings s;
        struct hf_error err = {0};

        hf_settings_init(&s);
        if (parse(rows[i][0], &s, &err) == 0)
            fail_msg("taken: %s", rows[i][0]);
        assert_string_equal(err.pointer, rows[i][1]);
        assert_string_equal(s.name, "holdfast");
        assert_int_equal(hf_json_count(s.sinks), 0);
        hf_settings_done(&s);
    }
}

static void
addresses_of_every_kind(void **state)
{
    static const char *const good[] = {
        "https://x",
        "http://x:1",
        "https://x:65535/a?b=c:d@e",
        "https://[::1]/v1",
        "https://[fe80::1]:8443",
        "https://192.0.2.7:443/",
    };

    (void)state;
    for (size_t i = 0; i < HF_LEN(good); i++) {
        struct hf_error err = {0};

        if (hf_settings_check_url(good[i], "/url", &err) < 0)
            fail_msg("%s: %s", good[i], err.message);
    }
}

static void
lists_are_bounded(void **state)
{
    static const struct {
        const char *head, *element;
        int most;
        const char *pointer;
    } rows[] = {
        {"{\"lanes\":[", "{\"filter\":\"a\",\"lane\":\"bulk\"}", HF_LANE_FILTERS_MAX, "/lanes"},
        {"{\"rules\":[", "{\"filter\":\"a\"}", HF_RULES_MAX, "/rules"},
    };

    (void)state;
    for (size_t i = 0; i < HF_LEN(rows); i++)
        for (int more = 0; more <= 1; more++) {
            HF_AUTO_BUF struct hf_buf text = HF_BUF_INIT(65536);
            struct hf_settings s;
            struct hf_error err = {0};

            assert_int_equal(hf_buf_adds(&text, rows[i].head, NULL), 0);
            for (int n = 0; n < rows[i].most + more; n++)
                assert_int_equal(hf_buf_addf(&text, NULL, "%s%s", n ? "," : "", rows[i].element),
                                 0);
            assert_int_equal(hf_buf_adds(&text, "]}", NULL), 0);
            hf_settings_init(&s);
            assert_int_equal(parse(text.data, &s, &err), -more);
            if (more)
                assert_string_equal(err.pointer, rows[i].pointer);
            hf_settings_done(&s);
        }
}

/* What is shown can always be sent back, so the document must fit a request. */
static void
a_document_that_is_too_large_is_not_printed(void **state)
{
    HF_AUTO_BUF struct hf_buf text = HF_BUF_INIT(HF_JSON_TEXT_MAX);
    HF_AUTO_FREE char *printed = NULL;
    struct hf_settings s;
    struct hf_error err = {0};

    (void)state;
    assert_int_equal(hf_buf_adds(&text, "{\"sinks\":[", NULL), 0);
    for (int i = 0; i < 4; i++)
        assert_int_equal(
            hf_buf_addf(&text, NULL,
                        "%s{\"name\":\"s%d\",\"type\":\"https\",\"url\":\"https://x/\","
                        "\"ca_pem\":\"-----BEGIN CERTIFICATE-----%016000d\"}",
                        i ? "," : "", i, i),
            0);
    assert_int_equal(hf_buf_adds(&text, "]}", NULL), 0);
    hf_settings_init(&s);
    assert_int_equal(parse(text.data, &s, &err), 0);
    assert_int_equal(hf_settings_print(&s, &printed, &err), -1);
    assert_int_equal(err.class, HF_ERROR_TOO_LARGE);
    hf_settings_done(&s);
}

static void
no_secret_is_shown(void **state)
{
    HF_AUTO_FREE char *shown = NULL;
    struct hf_settings s;
    struct hf_error err;

    (void)state;
    hf_settings_init(&s);
    assert_int_equal(parse(whole, &s, &err), 0);
    assert_int_equal(hf_settings_show(&s, &shown, &err), 0);
    assert_null(strstr(shown, "t0k"));
    assert_null(strstr(shown, "\"pw\""));
    assert_null(strstr(shown, "r3g"));
    assert_non_null(strstr(shown, "\"token\":\"***\""));
    assert_non_null(strstr(shown, "\"password\":\"***\""));
    hf_settings_done(&s);
}

/* Showing, and sending back what was shown, changes nothing. */
static void
masks_keep_their_secrets(void **state)
{
    HF_AUTO_FREE char *shown = NULL, *printed = NULL;
    struct hf_settings s, after = {0};
    struct hf_error err = {0};

    (void)state;
    hf_settings_init(&s);
    assert_int_equal(parse(whole, &s, &err), 0);
    assert_int_equal(hf_settings_show(&s, &shown, &err), 0);
    assert_int_equal(patch(&s, shown, &after, &err), 0);
    assert_int_equal(hf_settings_print(&after, &printed, &err), 0);
    assert_string_equal(printed, whole);
    hf_settings_done(&after);

    /* of the sink of that name only */
    assert_int_equal(patch(&s, SINK(",\"token\":\"***\""), &after, &err), -1);
    assert_string_equal(err.pointer, "/sinks/0/token");
    assert_int_equal(
        patch(&s, "{\"uplink\":{\"url\":\"https://new/\",\"token\":\"***\"}}", &after, &err), 0);
    assert_string_equal(hf_json_string(hf_settings_sink(&after, "uplink"), "token"), "t0k");
    assert_string_equal(hf_json_string(hf_settings_sink(&after, "uplink"), "url"), "https://new/");
    hf_settings_done(&after);
    hf_settings_done(&s);
}

static void
a_patch_merges_and_null_is_the_default(void **state)
{
    HF_AUTO_FREE char *printed = NULL;
    struct hf_settings s, after = {0};
    struct hf_error err = {0};

    (void)state;
    hf_settings_init(&s);
    assert_int_equal(parse(whole, &s, &err), 0);
    assert_int_equal(patch(&s,
                           "{\"buffer\":{\"window_ms\":1000,\"when_full\":null},\"rules\":null}",
                           &after, &err),
                     0);
    assert_int_equal(after.buffer.window_ms, 1000);
    assert_int_equal(after.buffer.when_full, HF_WHEN_FULL_HOLD);
    assert_int_equal(after.buffer.max_age_s, 86400);
    assert_int_equal(hf_json_count(after.rules), 0);
    assert_int_equal(hf_json_count(after.sinks), 2);
    assert_string_equal(after.name, "pump-7");
    hf_settings_done(&after);

    assert_int_equal(patch(&s, "{\"buffer\":{\"window_ms\":9999}}", &after, &err), -1);
    assert_string_equal(err.pointer, "/buffer/window_ms");
    assert_int_equal(patch(&s, "[]", &after, &err), -1);
    assert_int_equal(patch(&s, "{\"sinks\":\"x\"}", &after, &err), -1);
    assert_int_equal(patch(&s, "{\"buffer\":null,\"devices\":null}", &after, &err), 0);
    assert_string_equal(after.device_topic, "+/ID/#");
    assert_int_equal(after.buffer.window_ms, HF_WINDOW_MS_DEFAULT);
    hf_settings_done(&after);
    assert_int_equal(hf_settings_print(&s, &printed, &err), 0);
    assert_string_equal(printed, whole);
    hf_settings_done(&s);
}

static struct hf_settings
settings_of(const char *text)
{
    HF_AUTO(hf_json) struct hf_json *doc = NULL;
    struct hf_settings s;
    struct hf_error err = {0};

    hf_settings_init(&s);
    if (hf_json_parse(text, strlen(text), &doc, &err) < 0 || hf_settings_parse(doc, &s, &err) < 0)
        fail_msg("%s", err.message);
    return s;
}

static void
differ(const char *a, const char *b, const char *expected)
{
    struct hf_settings one = settings_of(a), other = settings_of(b);
    HF_AUTO(hf_json) struct hf_json *diff = NULL;
    HF_AUTO_FREE char *text = NULL;

    assert_int_equal(hf_settings_diff(&one, &other, &diff, NULL), 0);
    assert_int_equal(hf_json_print(diff, &text, NULL), 0);
    assert_string_equal(text, expected);
    hf_settings_done(&one);
    hf_settings_done(&other);
}

#define UPLINK(token) "{\"uplink\":{\"url\":\"https://x.example/\",\"token\":\"" token "\"}}"

static void
a_difference_names_values_and_no_secret(void **state)
{
    (void)state;
    differ("{}", "{}", "{\"changes\":[],\"omitted\":0}");
    differ("{\"name\":\"a\"}", "{\"name\":\"b\",\"upgrade\":{\"freeze\":true}}",
           "{\"changes\":[{\"path\":\"/name\",\"before\":\"a\",\"after\":\"b\"},"
           "{\"path\":\"/upgrade/freeze\",\"before\":false,\"after\":true}],\"omitted\":0}");
    differ(UPLINK("one"), UPLINK("two"),
           "{\"changes\":[{\"path\":\"/sinks/0/token\",\"before\":\"***\",\"after\":\"***\"}],"
           "\"omitted\":0}");
    differ("{\"limits\":{\"buffer\":{\"pids\":64}}}", "{\"limits\":{}}",
           "{\"changes\":[{\"path\":\"/limits/buffer\",\"before\":{\"pids\":64},\"after\":null}],"
           "\"omitted\":0}");
    differ("{}", "{\"rules\":[{\"filter\":\"a\"}]}",
           "{\"changes\":[{\"path\":\"/rules/0\",\"before\":null,\"after\":{\"filter\":\"a\"}}],"
           "\"omitted\":0}");
}

static void
a_long_difference_is_cut(void **state)
{
    struct hf_buf text = HF_BUF_INIT(64 * 1024);

    (void)state;
    assert_int_equal(hf_buf_addf(&text, NULL, "{\"limits\":{"), 0);
    for (int i = 0; i < HF_SETTINGS_DIFF_MAX + 3; i++)
        assert_int_equal(hf_buf_addf(&text, NULL, "%s\"s%d\":{\"pids\":64}", i ? "," : "", i), 0);
    assert_int_equal(hf_buf_addf(&text, NULL, "}}"), 0);
    {
        struct hf_settings none = settings_of("{}"), many = settings_of(text.data);
        HF_AUTO(hf_json) struct hf_json *diff = NULL;
        HF_AUTO_FREE char *printed = NULL;

        assert_int_equal(hf_settings_diff(&none, &many, &diff, NULL), 0);
        assert_int_equal(hf_json_count(hf_json_get(diff, "changes")), HF_SETTINGS_DIFF_MAX);
        assert_int_equal(hf_json_print(diff, &printed, NULL), 0);
        assert_non_null(strstr(printed, "],\"omitted\":3}"));
        hf_settings_done(&none);
        hf_settings_done(&many);
    }
    hf_buf_done(&text);
}

static void
touch(const char *a, const char *b, bool touches)
{
    struct hf_settings one = settings_of(a), other = settings_of(b);

    assert_int_equal(hf_settings_touch_services(&one, &other), touches);
    hf_settings_done(&one);
    hf_settings_done(&other);
}

static void
it_is_known_what_services_read(void **state)
{
    (void)state;
    touch("{\"name\":\"a\"}", "{\"name\":\"b\",\"upgrade\":{\"gate_s\":9}}", false);
    touch("{}", "{\"limits\":{\"buffer\":{\"pids\":64}}}", true);
    touch(UPLINK("one"), UPLINK("two"), true);
    touch("{}", "{\"broker\":{\"anonymous\":true}}", false);
    touch("{}", "{\"broker\":{\"tls\":\"on\"}}", true);
    touch("{}", "{\"broker\":{\"max_devices\":9}}", true);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(settings_survive_print_and_parse),
        cmocka_unit_test(what_was_kept_before_the_choice_goes_on),
        cmocka_unit_test(a_webhook_keeps_its_token_and_its_secret),
        cmocka_unit_test(thresholds_that_make_no_sense_are_refused),
        cmocka_unit_test(the_short_form_is_one_sink_and_leaves_the_others),
        cmocka_unit_test(a_bad_document_changes_nothing),
        cmocka_unit_test(addresses_of_every_kind),
        cmocka_unit_test(lists_are_bounded),
        cmocka_unit_test(a_document_that_is_too_large_is_not_printed),
        cmocka_unit_test(no_secret_is_shown),
        cmocka_unit_test(masks_keep_their_secrets),
        cmocka_unit_test(a_patch_merges_and_null_is_the_default),
        cmocka_unit_test(a_difference_names_values_and_no_secret),
        cmocka_unit_test(a_long_difference_is_cut),
        cmocka_unit_test(it_is_known_what_services_read),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
