// SPDX-License-Identifier: Apache-2.0
#include "unit.h"

#include "model/settings.h"

#include <string.h>

static int
parse(const char *text, struct hf_settings *s, struct hf_error *err)
{
    HF_AUTO(hf_json) struct hf_json *doc = NULL;

    assert_int_equal(hf_json_parse(text, strlen(text), &doc, err), 0);
    return hf_settings_parse(doc, s, err);
}

static void
settings_survive_print_and_parse(void **state)
{
    const char *text = "{\"name\":\"pump-7\",\"uplink\":{\"url\":\"https://c.example/v1\","
                       "\"token\":\"t0k\"},\"buffer\":{\"window_ms\":0,\"max_bytes\":67108864}}";
    struct hf_settings s;
    struct hf_error err;
    HF_AUTO_FREE char *printed = NULL;

    (void)state;
    hf_settings_init(&s);
    assert_int_equal(parse(text, &s, &err), 0);
    assert_int_equal(hf_settings_print(&s, &printed, &err), 0);
    assert_string_equal(printed, text);
    hf_settings_done(&s);
}

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
        {"{\"name\":\"ok\",\"uplink\":{\"url\":\"https://x/\",\"ca_pem\":\"no\"}}",
         "/uplink/ca_pem"},
        {"{\"name\":\"ok\",\"buffer\":{\"window_ms\":5001}}", "/buffer/window_ms"},
        {"{\"name\":\"ok\",\"buffer\":{\"max_bytes\":1}}", "/buffer/max_bytes"},
        {"{\"name\":\"ok\",\"colour\":1}", "/colour"},
    };

    (void)state;
    for (size_t i = 0; i < HF_LEN(rows); i++) {
        struct hf_settings s;
        struct hf_error err = {0};

        hf_settings_init(&s);
        assert_int_equal(parse(rows[i][0], &s, &err), -1);
        assert_string_equal(err.pointer, rows[i][1]);
        assert_string_equal(s.name, "holdfast");
        assert_string_equal(s.uplink_url, "");
        hf_settings_done(&s);
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(settings_survive_print_and_parse),
        cmocka_unit_test(a_bad_document_changes_nothing),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
