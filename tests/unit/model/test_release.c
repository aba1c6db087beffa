// SPDX-License-Identifier: Apache-2.0
#include "unit.h"

#include "model/release.h"

#include <stdio.h>
#include <string.h>

#define HEX64 "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
#define PIN(name)                                                                                  \
    "\"" name "\":{\"image\":\"127.0.0.1:5000/holdfast/" name "@sha256:" HEX64                     \
    "\",\"tag\":\"0.1.0\",\"image_id\":\"sha256:" HEX64 "\"}"
#define RELEASE(services)                                                                          \
    "{\"format\":1,\"name\":\"0.1.0\",\"created\":\"2026-11-24T00:00:00Z\",\"services\":"          \
    "{" services "}}"
#define OTHERS PIN("buffer") "," PIN("processor") "," PIN("forwarder")

static void
a_release_survives_print_and_parse(void **state)
{
    const char *text = RELEASE(PIN("broker") "," OTHERS);
    HF_AUTO_FREE char *printed = NULL;
    struct hf_release r;
    struct hf_error err;

    (void)state;
    assert_int_equal(hf_release_parse(text, strlen(text), &r, &err), 0);
    assert_string_equal(r.services[hf_service_index("buffer")].image.tag, "0.1.0");
    assert_int_equal(hf_release_print(&r, &printed, &err), 0);
    assert_string_equal(printed, text);
}

static void
only_exact_pins_are_taken(void **state)
{
    static const struct {
        const char *broker;
        const char *pointer;
        const char *says;
    } rows[] = {
        {"{\"image\":\"r/b@sha256:" HEX64 "\",\"tag\":\"latest\",\"image_id\":\"sha256:" HEX64
         "\"}",
         "/services/broker/tag", "moves"},
        {"{\"image\":\"r/b@sha256:" HEX64 "\",\"tag\":\"\",\"image_id\":\"sha256:" HEX64 "\"}",
         "/services/broker/tag", "no tag"},
        {"{\"image\":\"r/b@sha256:" HEX64 "\",\"tag\":\"2\",\"image_id\":\"sha256:" HEX64 "\"}",
         "/services/broker/tag", "may move"},
        {"{\"image\":\"r/b@sha256:" HEX64 "\",\"tag\":\"2.0\",\"image_id\":\"sha256:" HEX64 "\"}",
         "/services/broker/tag", "may move"},
        {"{\"image\":\"r/b:1.0.0\",\"tag\":\"1.0.0\",\"image_id\":\"sha256:" HEX64 "\"}",
         "/services/broker/image", "no digest"},
        {"{\"image\":\"r/b@sha256:12\",\"tag\":\"1.0.0\",\"image_id\":\"sha256:" HEX64 "\"}",
         "/services/broker/image", "64 hex digits"},
        {"{\"image\":\"r/b:1.0.0@sha256:" HEX64 "\",\"tag\":\"1.0.0\",\"image_id\":\"sha256:" HEX64
         "\"}",
         "/services/broker/image", "beside the digest"},
        {"{\"image\":\"../b@sha256:" HEX64 "\",\"tag\":\"1.0.0\",\"image_id\":\"sha256:" HEX64
         "\"}",
         "/services/broker/image", "repository name"},
        {"{\"image\":\"r/b@sha256:" HEX64 "\",\"tag\":\"1.0.0\"}", "/services/broker/image_id",
         "is missing"},
        {"{\"image\":\"r/b@sha256:" HEX64 "\",\"tag\":\"1.0.0\",\"image_id\":\"x\"}",
         "/services/broker/image_id", "config digest"},
        {"{\"image\":\"r/b@sha256:" HEX64 "\",\"tag\":\"1.0.0\",\"image_id\":\"sha256:" HEX64
         "\",\"pull\":true}",
         "/services/broker/pull", "unknown field"},
    };

    (void)state;
    for (size_t i = 0; i < HF_LEN(rows); i++) {
        struct hf_release r = {.name = "untouched"};
        struct hf_error err = {0};
        char text[4096];

        snprintf(text, sizeof text, RELEASE("\"broker\":%s," OTHERS), rows[i].broker);
        assert_int_equal(hf_release_parse(text, strlen(text), &r, &err), -1);
        assert_string_equal(err.pointer, rows[i].pointer);
        if (!strstr(err.message, rows[i].says))
            fail_msg("'%s' does not say '%s'", err.message, rows[i].says);
        assert_string_equal(r.name, "untouched");
    }
}

static void
a_missing_or_unknown_service_is_named(void **state)
{
    const char *missing = RELEASE(OTHERS);
    const char *unknown = RELEASE(PIN("broker") "," OTHERS "," PIN("miner"));
    struct hf_release r;
    struct hf_error err;

    (void)state;
    assert_int_equal(hf_release_parse(missing, strlen(missing), &r, &err), -1);
    assert_string_equal(err.pointer, "/services/broker");
    assert_int_equal(hf_release_parse(unknown, strlen(unknown), &r, &err), -1);
    assert_string_equal(err.pointer, "/services/miner");
}

static void
exact_tags_are_told_from_moving_ones(void **state)
{
    static const char *const exact[] = {"1.2.3", "v1.2.3", "1.2.3-rc.1", "2026.11.2"};
    static const char *const moving[] = {"",       "latest", "2",   "2.0",   "v2",
                                         "stable", "a b",    "rc1", "-1.2.3"};
    const char *why;

    (void)state;
    for (size_t i = 0; i < HF_LEN(exact); i++)
        assert_true(hf_tag_is_exact(exact[i], &why));
    for (size_t i = 0; i < HF_LEN(moving); i++) {
        assert_false(hf_tag_is_exact(moving[i], &why));
        assert_non_null(why);
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_release_survives_print_and_parse),
        cmocka_unit_test(only_exact_pins_are_taken),
        cmocka_unit_test(a_missing_or_unknown_service_is_named),
        cmocka_unit_test(exact_tags_are_told_from_moving_ones),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
