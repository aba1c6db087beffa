// SPDX-License-Identifier: Apache-2.0
#include "forwarder/settings.h"
#include "unit.h"

#include <stdio.h>
#include <string.h>

static int
read_list(const char *sinks, const char *secrets, struct hf_sink_list *l, struct hf_error *err)
{
    HF_AUTO(hf_json) struct hf_json *settings = NULL;
    HF_AUTO(hf_json) struct hf_json *credentials = NULL;
    char text[8192];

    snprintf(text, sizeof text, "{\"gateway\":\"hf-1\",\"instance\":\"x\",\"sinks\":%s}", sinks);
    assert_int_equal(hf_json_parse(text, strlen(text), &settings, err), 0);
    snprintf(text, sizeof text, "{\"sinks\":%s}", secrets);
    assert_int_equal(hf_json_parse(text, strlen(text), &credentials, err), 0);
    return hf_sink_list_read(settings, credentials, l, err);
}

static void
sinks_are_read_with_their_secrets(void **state)
{
    static const char sinks[] =
        "[{\"name\":\"uplink\",\"type\":\"https\",\"url\":\"https://host/"
        "p\",\"format\":\"cloudevents\","
        "\"encoding\":\"zstd\",\"header_name\":\"X-Api-Key\",\"ca_pem\":\"C\",\"server_name\":"
        "\"n\","
        "\"proxy\":\"http://proxy:3128\",\"proxy_user\":\"u\",\"max_bytes_per_s\":10000,"
        "\"batch_bytes\":65536,\"linger_ms\":20},"
        "{\"name\":\"cloud-2\",\"type\":\"mqtt\",\"url\":\"mqtts://[::1]:8883\",\"version\":\"5\","
        "\"user\":\"me\",\"payload\":\"payload\",\"inflight\":7}]";
    struct hf_sink_list l = {0};

    (void)state;
    assert_int_equal(read_list(sinks,
                               "{\"uplink\":{\"token\":\"T\",\"header_value\":\"V\","
                               "\"proxy_password\":\"P\"},\"cloud-2\":{\"password\":\"W\"}}",
                               &l, NULL),
                     0);
    assert_int_equal(l.count, 2);
    assert_int_equal(l.sinks[0].format, HF_FORMAT_CLOUDEVENTS);
    assert_int_equal(l.sinks[0].encoding, HF_ENCODING_ZSTD);
    assert_string_equal(l.sinks[0].token, "T");
    assert_string_equal(l.sinks[0].header_value, "V");
    assert_string_equal(l.sinks[0].proxy_password, "P");
    assert_int_equal(l.sinks[0].linger_ms, 20);
    assert_int_equal(l.sinks[1].type, HF_SINK_MQTT);
    assert_true(l.sinks[1].version5);
    assert_true(l.sinks[1].payload_only);
    assert_string_equal(l.sinks[1].topic, "{gateway}/{topic}");
    assert_string_equal(l.sinks[1].client_id, "holdfast-hf-1");
    assert_string_equal(l.sinks[1].password, "W");
    assert_int_equal(l.sinks[1].inflight, 7);
    hf_sink_list_done(&l);
    assert_int_equal(read_list("[]", "{}", &l, NULL), 0);
    assert_int_equal(l.count, 0);
}

static void
what_is_wrong_is_named(void **state)
{
#define SINK(more) "[{\"name\":\"a\",\"type\":\"https\",\"url\":\"https://h/\"" more "}]"
#define MQTT(more) "[{\"name\":\"a\",\"type\":\"mqtt\",\"url\":\"mqtt://h\"" more "}]"
    static const struct {
        const char *sinks, *pointer;
    } cases[] = {
        {"{}", "/sinks"},
        {"[{\"name\":\"A\",\"type\":\"https\",\"url\":\"https://h\"}]", "/sinks/0/name"},
        {"[{\"name\":\"processor\",\"type\":\"https\",\"url\":\"https://h\"}]", "/sinks/0/name"},
        {"[{\"name\":\"1a\",\"type\":\"https\",\"url\":\"https://h\"}]", "/sinks/0/name"},
        {"[{\"name\":\"a\",\"type\":\"ftp\",\"url\":\"https://h\"}]", "/sinks/0/type"},
        {"[{\"name\":\"a\",\"type\":\"https\",\"url\":\"mqtt://h\"}]", "/sinks/0/url"},
        {"[{\"name\":\"a\",\"type\":\"mqtt\",\"url\":\"https://h\"}]", "/sinks/0/url"},
        {"[{\"name\":\"a\",\"type\":\"https\",\"url\":\"https://me:pw@h\"}]", "/sinks/0/url"},
        {"[{\"name\":\"a\",\"type\":\"https\",\"url\":\"nothing\"}]", "/sinks/0/url"},
        {"[{\"name\":\"a\",\"type\":\"https\"}]", "/sinks/0/url"},
        {SINK(",\"more\":1"), "/sinks/0/more"},
        {SINK(",\"format\":\"xml\""), "/sinks/0/format"},
        {SINK(",\"encoding\":\"br\""), "/sinks/0/encoding"},
        {SINK(",\"header_name\":\"Content-Length\""), "/sinks/0/header_name"},
        {SINK(",\"header_name\":\"X Y\""), "/sinks/0/header_name"},
        {SINK(",\"proxy\":\"socks5://h:1\""), "/sinks/0/proxy"},
        {SINK(",\"proxy\":\"http://u:p@h:1\""), "/sinks/0/proxy"},
        {SINK(",\"batch_bytes\":1"), "/sinks/0/batch_bytes"},
        {SINK(",\"batch_bytes\":9999999"), "/sinks/0/batch_bytes"},
        {SINK(",\"linger_ms\":60001"), "/sinks/0/linger_ms"},
        {SINK(",\"max_bytes_per_s\":5"), "/sinks/0/max_bytes_per_s"},
        {SINK(",\"client_cert_pem\":\"C\""), "/sinks/0/client_cert_pem"},
        {MQTT(",\"topic\":\"a/+\""), "/sinks/0/topic"},
        {MQTT(",\"topic\":\"a/{device}\""), "/sinks/0/topic"},
        {MQTT(",\"version\":\"4\""), "/sinks/0/version"},
        {MQTT(",\"inflight\":70000"), "/sinks/0/inflight"},
        {"[{\"name\":\"a\",\"type\":\"https\",\"url\":\"https://h\"},"
         "{\"name\":\"a\",\"type\":\"https\",\"url\":\"https://h\"}]",
         "/sinks/1/name"},
    };
    struct hf_sink_list l = {0};

    (void)state;
    for (size_t i = 0; i < HF_LEN(cases); i++) {
        struct hf_error err = {0};

        if (read_list(cases[i].sinks, "{}", &l, &err) == 0)
            fail_msg("taken: %s", cases[i].sinks);
        assert_string_equal(err.pointer, cases[i].pointer);
        assert_int_equal(l.count, 0);
    }
}

static void
a_secret_that_would_break_a_header_is_refused(void **state)
{
    struct hf_sink_list l = {0};
    struct hf_error err = {0};

    (void)state;
    assert_int_equal(read_list(SINK(""), "{\"a\":{\"token\":\"secret\\r\\nX: y\"}}", &l, &err), -1);
    assert_null(strstr(err.message, "secret"));
}

static void
another_secret_is_another_sink(void **state)
{
    struct hf_sink_list a = {0}, b = {0}, c = {0};

    (void)state;
    assert_int_equal(read_list(SINK(""), "{\"a\":{\"token\":\"1\"}}", &a, NULL), 0);
    assert_int_equal(read_list(SINK(""), "{\"a\":{\"token\":\"1\"},\"b\":{}}", &b, NULL), 0);
    assert_int_equal(read_list(SINK(""), "{\"a\":{\"token\":\"2\"}}", &c, NULL), 0);
    assert_string_equal(a.sinks[0].source, b.sinks[0].source);
    assert_string_not_equal(a.sinks[0].source, c.sinks[0].source);
    hf_sink_list_done(&a);
    hf_sink_list_done(&b);
    hf_sink_list_done(&c);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sinks_are_read_with_their_secrets),
        cmocka_unit_test(what_is_wrong_is_named),
        cmocka_unit_test(a_secret_that_would_break_a_header_is_refused),
        cmocka_unit_test(another_secret_is_another_sink),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
