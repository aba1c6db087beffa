// SPDX-License-Identifier: Apache-2.0
/* What an entry of the audit log says of values, and that it is bounded. */
#include "unit.h"

#include "base/text.h"
#include "model/changes.h"
#include "model/settings.h"

#include <stdio.h>
#include <string.h>

static char *
printed(const struct hf_json *changes, int64_t omitted)
{
    struct hf_error err = {0};
    char *text = NULL;

    if (hf_changes_print(changes, omitted, &text, &err) < 0)
        fail_msg("%s", err.message);
    return text;
}

static void
only_what_differs(void **state)
{
    HF_AUTO(hf_json) struct hf_json *changes = hf_json_array();
    HF_AUTO_FREE char *none = printed(changes, 0), *text = NULL;
    const bool on = true, off = false;

    (void)state;
    assert_null(none);
    hf_changes_text(changes, "/same", "a", "a");
    hf_changes_text(changes, "/none", NULL, NULL);
    hf_changes_text(changes, "/text", "a", "b");
    hf_changes_text(changes, "/new", NULL, "b");
    hf_changes_text(changes, "/gone", "a", NULL);
    hf_changes_bool(changes, "/same", &on, &on);
    hf_changes_bool(changes, "/off", &on, &off);
    hf_changes_bool(changes, "/on", NULL, &on);
    hf_changes_secret(changes, "/password", true, true);
    hf_changes_time(changes, "/same", 1, 1);
    hf_changes_time(changes, "/expires", 0, 1764000000123);
    text = printed(changes, 2);
    assert_string_equal(text, "{\"changes\":["
                              "{\"path\":\"/text\",\"before\":\"a\",\"after\":\"b\"},"
                              "{\"path\":\"/new\",\"before\":null,\"after\":\"b\"},"
                              "{\"path\":\"/gone\",\"before\":\"a\",\"after\":null},"
                              "{\"path\":\"/off\",\"before\":true,\"after\":false},"
                              "{\"path\":\"/on\",\"before\":null,\"after\":true},"
                              "{\"path\":\"/password\",\"before\":\"***\",\"after\":\"***\"},"
                              "{\"path\":\"/expires\",\"before\":null,\"after\":"
                              "\"2025-11-24T16:00:00.123Z\"}],\"omitted\":2}");
}

/* How many are in a text that is kept, which is whole JSON. */
static size_t
count_kept(const char *text, int64_t *ret_omitted)
{
    HF_AUTO(hf_json) struct hf_json *doc = NULL;

    assert_true(strlen(text) <= HF_CHANGES_BYTES_MAX);
    assert_int_equal(hf_json_parse(text, strlen(text), &doc, NULL), 0);
    *ret_omitted = hf_json_int(doc, "omitted", -1);
    return hf_json_count(hf_json_get(doc, "changes"));
}

static void
sixteen_places_at_most(void **state)
{
    HF_AUTO(hf_json) struct hf_json *changes = hf_json_array();
    HF_AUTO_FREE char *text = NULL;
    int64_t omitted;

    (void)state;
    for (int i = 0; i < HF_CHANGES_MAX + 4; i++)
        hf_changes_text(changes, "/a", NULL, "b");
    text = printed(changes, 3);
    assert_int_equal(count_kept(text, &omitted), HF_CHANGES_MAX);
    assert_int_equal(omitted, 4 + 3);
}

/* Values as long as they may be, and one more byte; of characters that are not cut in two. */
static void
bytes_are_bounded(void **state)
{
    HF_AUTO(hf_json) struct hf_json *changes = hf_json_array();
    HF_AUTO(hf_json) struct hf_json *doc = NULL;
    HF_AUTO_FREE char *text = NULL, *many = NULL;
    char fits[HF_CHANGES_VALUE_MAX + 1], longer[HF_CHANGES_VALUE_MAX + 2];
    const struct hf_json *one;
    const char *after;
    int64_t omitted;

    (void)state;
    memset(fits, 'x', sizeof fits - 1);
    fits[sizeof fits - 1] = '\0';
    memset(longer, 'y', sizeof longer - 3);
    memcpy(longer + sizeof longer - 3, "ä", 3); /* the last byte of it is one too many */
    hf_changes_text(changes, "/a", fits, longer);
    text = printed(changes, 0);
    assert_int_equal(hf_json_parse(text, strlen(text), &doc, NULL), 0);
    one = hf_json_first(hf_json_get(doc, "changes"));
    assert_string_equal(hf_json_string(one, "before"), fits);
    after = hf_json_string(one, "after");
    assert_int_equal(strlen(after), HF_CHANGES_VALUE_MAX - 1 + strlen("…"));
    assert_string_equal(after + HF_CHANGES_VALUE_MAX - 1, "…");
    for (int i = 0; i < 6; i++)
        hf_changes_text(changes, "/a", fits, longer);
    many = printed(changes, 0);
    assert_int_equal(count_kept(many, &omitted), 3);
    assert_int_equal(omitted, 4);
}

static void
an_object_is_cut_as_text(void **state)
{
    static const char given[] = "[{\"path\":\"/rules/0\",\"before\":null,\"after\":{\"filter\":"
                                "\"%0300d\"}},{\"path\":\"/n\",\"before\":1.5,\"after\":{}}]";
    HF_AUTO(hf_json) struct hf_json *changes = NULL;
    HF_AUTO_FREE char *text = NULL;
    char json[512];

    (void)state;
    hf_text_put(json, sizeof json, given, 7);
    assert_int_equal(hf_json_parse(json, strlen(json), &changes, NULL), 0);
    text = printed(changes, 0);
    assert_non_null(strstr(text, "\"after\":\"{\\\"filter\\\":\\\"0000"));
    assert_non_null(strstr(text, "0…\"},{\"path\":\"/n\",\"before\":1.5,\"after\":{}}]"));
}

static void
settings_keep_their_secrets(void **state)
{
    static const char patch[] =
        "{\"sinks\":[{\"name\":\"cloud\",\"type\":\"https\",\"url\":\"https://c/\","
        "\"token\":\"s3cret\"}],\"buffer\":{\"window_ms\":777}}";
    static const char other[] = "{\"sinks\":[{\"name\":\"cloud\",\"type\":\"https\",\"url\":"
                                "\"https://c/\",\"token\":\"0ther\"}]}";
    HF_AUTO(hf_json) struct hf_json *one = NULL, *two = NULL;
    HF_AUTO_FREE char *first = NULL, *second = NULL;
    struct hf_settings a, b = {0}, c = {0};
    struct hf_error err = {0};

    (void)state;
    hf_settings_init(&a);
    assert_int_equal(hf_json_parse(patch, strlen(patch), &one, NULL), 0);
    assert_int_equal(hf_json_parse(other, strlen(other), &two, NULL), 0);
    assert_int_equal(hf_settings_patch(&a, one, &b, &err), 0);
    assert_int_equal(hf_settings_patch(&b, two, &c, &err), 0);
    assert_int_equal(hf_settings_print_changes(&a, &b, &first, &err), 0);
    assert_non_null(strstr(first, "{\"path\":\"/buffer/window_ms\",\"before\":50,\"after\":777}"));
    assert_null(strstr(first, "s3cret"));
    assert_int_equal(hf_settings_print_changes(&b, &c, &second, &err), 0);
    assert_string_equal(second, "{\"changes\":[{\"path\":\"/sinks/0/token\",\"before\":\"***\","
                                "\"after\":\"***\"}],\"omitted\":0}");
    hf_settings_done(&a);
    hf_settings_done(&b);
    hf_settings_done(&c);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(only_what_differs),           cmocka_unit_test(sixteen_places_at_most),
        cmocka_unit_test(bytes_are_bounded),           cmocka_unit_test(an_object_is_cut_as_text),
        cmocka_unit_test(settings_keep_their_secrets),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
