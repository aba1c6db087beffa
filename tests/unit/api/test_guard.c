// SPDX-License-Identifier: Apache-2.0
#include "unit.h"

#include "api/exchange.h"
#include "api/guard.h"
#include "api/redirect.h"
#include "api/router.h"

#include <string.h>

static const char *const NAMES[] = {"press-hall-3", NULL, ""};

static void
hosts(void **state)
{
    static const struct {
        const char *host;
        bool allowed;
    } cases[] = {
        {"192.168.1.7", true},
        {"192.168.1.7:8443", true},
        {"[fe80::1]", true},
        {"[::1]:8443", true},
        {"localhost", true},
        {"LOCALHOST:1", true},
        {"press-hall-3", true},
        {"Press-Hall-3.local:8443", true},
        {NULL, false},
        {"", false},
        {":8443", false},
        {"evil.example", false},
        {"press-hall-3.evil.example", false},
        {"press-hall-33", false},
        {".local", false},
        {"localhost.evil.example", false},
        {"192.168.1.7.evil.example", false},
        {"192.168.1.7:", false},
        {"192.168.1.7:0", false},
        {"192.168.1.7:65536", false},
        {"192.168.1.7:8443x", false},
        {"[::1", false},
        {"[::1]x", false},
        {"[press-hall-3]", false},
        {"::1", false},
        {"user@192.168.1.7", false},
        {"0x7f000001", false},
        {"2130706433", false},
    };

    (void)state;
    for (size_t i = 0; i < HF_LEN(cases); i++) {
        if (hf_guard_host(cases[i].host, NAMES, HF_LEN(NAMES)) != cases[i].allowed)
            fail_msg("host '%s'", cases[i].host ? cases[i].host : "(none)");
    }
}

static void
origins(void **state)
{
    static const struct {
        const char *origin, *host;
        bool allowed;
    } cases[] = {
        {NULL, "10.0.0.1:8443", true},
        {"https://10.0.0.1:8443", "10.0.0.1:8443", true},
        {"https://Gate.local", "gate.local:443", true},
        {"https://[::1]:8443", "[::1]:8443", true},
        {"http://10.0.0.1:8443", "10.0.0.1:8443", false},
        {"https://10.0.0.1", "10.0.0.1:8443", false},
        {"https://10.0.0.1:8444", "10.0.0.1:8443", false},
        {"https://evil.example", "10.0.0.1:8443", false},
        {"https://10.0.0.1:8443.evil.example", "10.0.0.1:8443", false},
        {"https://10.0.0.1:8443/", "10.0.0.1:8443", false},
        {"null", "10.0.0.1:8443", false},
        {"", "10.0.0.1:8443", false},
        {"https://10.0.0.1:8443", NULL, false},
    };

    (void)state;
    for (size_t i = 0; i < HF_LEN(cases); i++) {
        if (hf_guard_origin(cases[i].origin, cases[i].host) != cases[i].allowed)
            fail_msg("origin '%s'", cases[i].origin ? cases[i].origin : "(none)");
    }
}

static void
fetch_sites_and_types(void **state)
{
    (void)state;
    assert_true(hf_guard_fetch_site(NULL));
    assert_true(hf_guard_fetch_site("same-origin"));
    assert_true(hf_guard_fetch_site("none"));
    assert_false(hf_guard_fetch_site("same-site"));
    assert_false(hf_guard_fetch_site("cross-site"));
    assert_false(hf_guard_fetch_site(""));

    assert_true(hf_guard_type("application/json", "application/json"));
    assert_true(hf_guard_type("Application/JSON; charset=utf-8", "application/json"));
    assert_true(hf_guard_type("application/json ;charset=utf-8", "application/json"));
    assert_false(hf_guard_type(NULL, "application/json"));
    assert_false(hf_guard_type("application/jsonp", "application/json"));
    assert_false(hf_guard_type("text/plain", "application/json"));
}

static void
cookies(void **state)
{
    char token[HF_TOKEN_SIZE], header[256], longest[HF_TOKEN_SIZE];

    (void)state;
    hf_cookie_token("a=b; __Host-holdfast=abc; c=d", token);
    assert_string_equal(token, "abc");
    hf_cookie_token("__Host-holdfast=abc", token);
    assert_string_equal(token, "abc");
    hf_cookie_token(NULL, token);
    assert_string_equal(token, "");
    hf_cookie_token("x__Host-holdfast=abc; __Host-holdfast=; ;;", token);
    assert_string_equal(token, "");

    memset(longest, 'f', sizeof longest - 1);
    longest[sizeof longest - 1] = '\0';
    snprintf(header, sizeof header, "__Host-holdfast=%s", longest);
    hf_cookie_token(header, token);
    assert_string_equal(token, longest);
    snprintf(header, sizeof header, "__Host-holdfast=%sf", longest);
    hf_cookie_token(header, token);
    assert_string_equal(token, "");
}

static void
queries(void **state)
{
    static const char *const wrong[] = {
        "tail=",
        "tail",
        "tail=x",
        "tail=1x",
        "tail=-1",
        "tail=11",
        "tail=99999999999999999999999",
        "tail=1&tail=1",
        "follow=1",
        "follow=TRUE",
        "other=1",
        "tai=1",
        "=1",
        "tail=%31",
    };
    uint64_t tail = 7, follow = 0;
    const struct hf_query_field fields[] = {
        {.name = "tail", .max = 10, .ret_value = &tail},
        {.name = "follow", .is_bool = true, .ret_value = &follow},
    };
    struct hf_error err;

    (void)state;
    assert_int_equal(hf_query_read("", fields, 2, &err), 0);
    assert_int_equal(tail, 7);
    assert_int_equal(hf_query_read("follow=true&tail=10", fields, 2, &err), 0);
    assert_int_equal(tail, 10);
    assert_int_equal(follow, 1);
    for (size_t i = 0; i < HF_LEN(wrong); i++) {
        if (hf_query_read(wrong[i], fields, 2, &err) == 0 || err.class != HF_ERROR_MALFORMED)
            fail_msg("query '%s'", wrong[i]);
    }
    assert_int_equal(hf_query_read("tail=1", NULL, 0, &err), -1);
}

static void
patterns(void **state)
{
    char param[HF_API_PARAM_SIZE];

    (void)state;
    assert_true(hf_route_match("/services", "/services", param));
    assert_false(hf_route_match("/services", "/services/", param));
    assert_false(hf_route_match("/services", "/service", param));
    assert_true(hf_route_match("/services/{name}/logs", "/services/broker/logs", param));
    assert_string_equal(param, "broker");
    assert_false(hf_route_match("/services/{name}/logs", "/services//logs", param));
    assert_false(hf_route_match("/services/{name}/logs", "/services/a/b/logs", param));
    assert_false(hf_route_match("/services/{name}", "/services/a%2f", param));
    assert_false(hf_route_match("/services/{name}", "/services/a/", param));
}

static bool
our_host(void *context, const char *host)
{
    (void)context;
    return hf_guard_host(host, NULL, 0);
}

static void
redirects(void **state)
{
    static const struct {
        const char *request, *answer;
    } cases[] = {
        {"GET /a?b HTTP/1.1\r\nHost: 10.0.0.1:80\r\n\r\n",
         "Location: https://10.0.0.1:8443/a?b\r\n"},
        {"GET / HTTP/1.1\r\nX: y\r\nhost:\t[::1]\r\n\r\n", "Location: https://[::1]:8443/\r\n"},
        {"GET / HTTP/1.1\r\nHost: evil.example\r\n\r\n", "421 Misdirected"},
        {"GET / HTTP/1.1\r\n\r\n", "400 Bad"},
        {"GET http://evil.example/ HTTP/1.1\r\nHost: 10.0.0.1\r\n\r\n", "400 Bad"},
        {"GET", "400 Bad"},
        {"", "400 Bad"},
        {"GET /\x01 HTTP/1.1\r\nHost: 10.0.0.1\r\n\r\n", "400 Bad"},
    };
    char answer[2560];

    (void)state;
    for (size_t i = 0; i < HF_LEN(cases); i++) {
        size_t len =
            hf_redirect_answer(cases[i].request, 8443, our_host, NULL, answer, sizeof answer);

        assert_int_equal(len, strlen(answer));
        assert_non_null(strstr(answer, cases[i].answer));
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(hosts),
        cmocka_unit_test(origins),
        cmocka_unit_test(fetch_sites_and_types),
        cmocka_unit_test(cookies),
        cmocka_unit_test(queries),
        cmocka_unit_test(patterns),
        cmocka_unit_test(redirects),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
