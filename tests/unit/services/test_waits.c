// SPDX-License-Identifier: Apache-2.0
/* What decides whether and when the forwarder tries again, and what it may show. */
#include "common/backoff.h"
#include "common/http.h"
#include "forwarder/outcome.h"
#include "unit.h"

#include <stdint.h>
#include <string.h>

static void
backoff_grows_to_its_cap(void **state)
{
    struct hf_backoff b = {.first_ms = 1000, .cap_ms = 60000};
    const int64_t longest[] = {1000, 2000, 4000, 8000, 16000, 32000, 60000, 60000};

    (void)state;
    for (size_t i = 0; i < sizeof longest / sizeof *longest; i++)
        assert_int_equal(hf_backoff_fail(&b, UINT32_MAX), longest[i]);
    assert_int_equal(b.attempt, 8);
    hf_backoff_reset(&b);
    assert_int_equal(hf_backoff_fail(&b, 0), 500);
    for (int i = 0; i < 1000; i++)
        assert_in_range(hf_backoff_fail_now(&b), 500, 60000);
}

static void
an_answer_means(void **state)
{
    static const struct {
        int status;
        enum hf_outcome outcome;
    } cases[] = {
        {200, HF_OUTCOME_STORED},  {204, HF_OUTCOME_STORED},  {299, HF_OUTCOME_STORED},
        {0, HF_OUTCOME_LATER},     {100, HF_OUTCOME_LATER},   {408, HF_OUTCOME_LATER},
        {425, HF_OUTCOME_LATER},   {429, HF_OUTCOME_LATER},   {500, HF_OUTCOME_LATER},
        {503, HF_OUTCOME_LATER},   {599, HF_OUTCOME_LATER},   {301, HF_OUTCOME_REFUSED},
        {307, HF_OUTCOME_REFUSED}, {400, HF_OUTCOME_REFUSED}, {401, HF_OUTCOME_REFUSED},
        {403, HF_OUTCOME_REFUSED}, {404, HF_OUTCOME_REFUSED}, {413, HF_OUTCOME_REFUSED},
        {422, HF_OUTCOME_REFUSED},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        assert_int_equal(hf_outcome_of(cases[i].status), cases[i].outcome);
}

static void
retry_after_is_honoured_within_reason(void **state)
{
    (void)state;
    assert_int_equal(hf_outcome_wait_ms(700, 0), 700);
    assert_int_equal(hf_outcome_wait_ms(700, 30), 30000);
    assert_int_equal(hf_outcome_wait_ms(50000, 30), 50000);
    assert_int_equal(hf_outcome_wait_ms(700, INT64_MAX), 3600 * 1000);
}

static void
shown(const char *url, const char *wanted)
{
    char out[128];

    hf_http_safe_url(url, out, sizeof out);
    assert_string_equal(out, wanted);
}

static void
no_credential_is_shown(void **state)
{
    (void)state;
    shown("https://user:pass@host:8443/a/b?key=secret#frag", "https://host:8443/a/b");
    shown("https://us@er:p@ss@host/a@b?x", "https://host/a@b");
    shown("http://host", "http://host");
    shown("user:pass@host/x", "host/x");
    shown("https://host?token=1", "https://host");
    shown("", "");
}

static void
headers_are_found_whole(void **state)
{
    struct hf_http_response r;
    char value[16];

    (void)state;
    hf_http_response_init(&r, 100);
    assert_int_equal(hf_buf_adds(&r.headers,
                                 "HTTP/1.1 200 OK\r\nHoldfast-First: 17\r\n"
                                 "X-Holdfast-Last: 1\r\nholdfast-last:40\r\n\r\n",
                                 NULL),
                     0);
    assert_true(hf_http_header(&r, "Holdfast-First", value, sizeof value));
    assert_string_equal(value, "17");
    assert_true(hf_http_header(&r, "Holdfast-Last", value, sizeof value));
    assert_string_equal(value, "40");
    assert_false(hf_http_header(&r, "Holdfast", value, sizeof value));
    assert_false(hf_http_header(&r, "Holdfast-First", value, 2));
    hf_http_response_done(&r);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(backoff_grows_to_its_cap),
        cmocka_unit_test(an_answer_means),
        cmocka_unit_test(retry_after_is_honoured_within_reason),
        cmocka_unit_test(no_credential_is_shown),
        cmocka_unit_test(headers_are_found_whole),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
