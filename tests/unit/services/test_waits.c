// SPDX-License-Identifier: Apache-2.0
/* Waits between tries, and what of an address and an answer is used. */
#include "common/backoff.h"
#include "common/http.h"
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

static void
leads_to(const char *location, const char *wanted)
{
    char out[128] = "";
    bool same = hf_http_same_origin("https://user:pw@host/a/b?q", location, out, sizeof out);

    assert_int_equal(same, wanted != NULL);
    if (wanted)
        assert_string_equal(out, wanted);
}

static void
only_the_same_origin_is_followed(void **state)
{
    (void)state;
    leads_to("/c?d", "https://user:pw@host/c?d");
    leads_to("c", "https://user:pw@host/a/c");
    leads_to("https://HOST:443/x", "https://HOST:443/x");
    leads_to("https://host:8443/x", NULL);
    leads_to("http://host/x", NULL);
    leads_to("//other/x", NULL);
    leads_to("https://host.evil/x", NULL);
    leads_to("ftp://host/", NULL);
}

static void
addresses_are_taken_apart(void **state)
{
    struct hf_http_url u;

    (void)state;
    assert_int_equal(hf_http_url_parse("mqtts://[2001:db8::1]:8884", &u, NULL), 0);
    assert_string_equal(u.scheme, "mqtts");
    assert_string_equal(u.host, "2001:db8::1");
    assert_int_equal(u.port, 8884);
    assert_false(u.user);
    hf_http_url_done(&u);
    assert_int_equal(hf_http_url_parse("https://me:pw@host/p/q?r", &u, NULL), 0);
    assert_true(u.user);
    assert_int_equal(u.port, 0);
    assert_string_equal(u.path, "/p/q");
    hf_http_url_done(&u);
    assert_int_equal(hf_http_url_parse("host/path", &u, NULL), -1);
    assert_int_equal(hf_http_url_parse("https://", &u, NULL), -1);
    assert_int_equal(hf_http_url_parse("", &u, NULL), -1);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(backoff_grows_to_its_cap),
        cmocka_unit_test(no_credential_is_shown),
        cmocka_unit_test(headers_are_found_whole),
        cmocka_unit_test(only_the_same_origin_is_followed),
        cmocka_unit_test(addresses_are_taken_apart),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
