// SPDX-License-Identifier: Apache-2.0
#include "fetch/transfer.h"
#include "unit.h"

#include <string.h>

static void
challenges(void **state)
{
    static const struct {
        const char *text;
        bool whole, basic, bearer;
        const char *realm, *service;
    } rows[] = {
        {"Basic realm=\"x\"", true, true, false, "", ""},
        {"basic", true, true, false, "", ""},
        {"Bearer realm=\"https://a/t\",service=\"s\",scope=\"repository:a:pull\"", true, false,
         true, "https://a/t", "s"},
        {"bearer service = s , realm=\"a\\\"b\"", true, false, true, "a\"b", "s"},
        {"Negotiate, Basic realm=\"a, Bearer realm=b\"", true, true, false, "", ""},
        {"Basic realm=\"x\", Bearer realm=\"y\", Bearer realm=\"z\"", true, true, true, "y", ""},
        {"Bearer realm=\"y\", realm=\"z\"", false, false, true, "y", ""},
        {"realm=\"x\"", false, false, false, "", ""},
        {"Bearer realm=\"x", false, false, true, "x", ""},
        {"Bearer realm=\"x\\", false, false, true, NULL, ""},
        {"Bearer =", false, false, false, "", ""},
        {"Bearer realm=", false, false, true, "", ""},
        {"", true, false, false, "", ""},
        {" ,\t, ", true, false, false, "", ""},
        {"\x01", false, false, false, "", ""},
    };

    (void)state;
    for (size_t i = 0; i < HF_LEN(rows); i++) {
        struct hf_challenge c = {0};

        assert_int_equal(hf_challenge_parse(rows[i].text, strlen(rows[i].text), &c), rows[i].whole);
        assert_int_equal(c.basic, rows[i].basic);
        assert_int_equal(c.bearer, rows[i].bearer);
        assert_string_equal(c.service, rows[i].service);
        if (rows[i].realm)
            assert_string_equal(c.realm, rows[i].realm);
    }
}

#define ASK(host, more)                                                                            \
    "{\"host\":\"" host "\",\"repository\":\"a/b\",\"kind\":\"manifest\",\"reference\":\"1.0\","   \
    "\"stall_ms\":1000" more "}"

static struct hf_fetch_request
asked(const char *text)
{
    struct hf_fetch_request r;
    struct hf_error err = {0};

    if (hf_fetch_request_parse(text, strlen(text), &r, &err) < 0)
        fail_msg("%s", err.message);
    return r;
}

#define ASK_TAGS(more)                                                                             \
    "{\"host\":\"reg.example\",\"repository\":\"a/b\",\"kind\":\"tags\",\"stall_ms\":1000" more "}"

static void
tags_come_in_pages(void **state)
{
    static const struct {
        const char *request, *url;
    } rows[] = {
        {ASK_TAGS(""), "https://reg.example/v2/a/b/tags/list?n=100"},
        {ASK_TAGS(",\"reference\":\"\""), "https://reg.example/v2/a/b/tags/list?n=100"},
        {ASK_TAGS(",\"reference\":\"1.0.0-rc.1\""),
         "https://reg.example/v2/a/b/tags/list?n=100&last=1.0.0-rc.1"},
    };
    struct hf_fetch_request r;
    char url[HF_FETCH_URL_SIZE];

    (void)state;
    for (size_t i = 0; i < HF_LEN(rows); i++) {
        r = asked(rows[i].request);
        assert_int_equal(hf_fetch_url(&r, url, NULL), 0);
        assert_string_equal(url, rows[i].url);
        hf_fetch_request_done(&r);
    }
    assert_int_equal(hf_fetch_request_parse(ASK_TAGS(",\"reference\":\"a&n=9\""),
                                            strlen(ASK_TAGS(",\"reference\":\"a&n=9\"")), &r, NULL),
                     -1);
}

static void
requests_stay_in_their_place(void **state)
{
    static const struct {
        const char *text, *url; /* NULL: refused */
    } rows[] = {
        {ASK("reg.example", ""), "https://reg.example/v2/a/b/manifests/1.0"},
        {ASK("127.0.0.1:5000", ""), "http://127.0.0.1:5000/v2/a/b/manifests/1.0"},
        {ASK("localhost", ""), "http://localhost/v2/a/b/manifests/1.0"},
        {ASK("127.0.0.1:5000", ",\"ca_pem\":\"x\""), "https://127.0.0.1:5000/v2/a/b/manifests/1.0"},
        {ASK("127.example.com", ""), "https://127.example.com/v2/a/b/manifests/1.0"},
        {ASK("localhost.example.com", ""), "https://localhost.example.com/v2/a/b/manifests/1.0"},
        {ASK("reg.example/x", ""), NULL},
        {ASK("user@reg.example", ""), NULL},
        {ASK("reg.example\\r\\nX: y", ""), NULL},
        {ASK("", ""), NULL},
        {ASK("reg.example", ",\"colour\":1"), NULL},
        {ASK("reg.example", ",\"proxy\":\"http://p:3128\""),
         "https://reg.example/v2/a/b/manifests/1.0"},
        {ASK("reg.example", ",\"proxy\":\"socks5://p:1080\""), NULL},
        {ASK("reg.example", ",\"proxy\":\"http://u@p:3128\""), NULL},
        {ASK("reg.example", ",\"proxy\":\"http://p:3128/\\r\\nX: y\""), NULL},
        {"{\"host\":\"r\",\"repository\":\"a/../b\",\"kind\":\"tags\",\"stall_ms\":1}", NULL},
        {"{\"host\":\"r\",\"repository\":\"a?b\",\"kind\":\"tags\",\"stall_ms\":1}", NULL},
        {"{\"host\":\"r\",\"repository\":\"a\",\"kind\":\"catalog\",\"stall_ms\":1}", NULL},
        {"{\"host\":\"r\",\"repository\":\"a\",\"kind\":\"tags\",\"stall_ms\":1}",
         "https://r/v2/a/tags/list?n=100"},
        {"{\"host\":\"r\",\"repository\":\"a\",\"kind\":\"tags\",\"stall_ms\":0}", NULL},
        {"{\"host\":\"r\",\"repository\":\"a\",\"kind\":\"blob\",\"reference\":\"sha256:00\","
         "\"stall_ms\":1}",
         NULL},
        {"{\"host\":\"r\",\"repository\":\"a\",\"kind\":\"blob\",\"reference\":\"sha256:00\","
         "\"stall_ms\":1,\"size\":0}",
         "https://r/v2/a/blobs/sha256:00"},
        {"{\"host\":\"r\",\"repository\":\"a\",\"kind\":\"manifest\",\"reference\":\"../x\","
         "\"stall_ms\":1}",
         NULL},
    };

    (void)state;
    for (size_t i = 0; i < HF_LEN(rows); i++) {
        struct hf_fetch_request r;
        char url[HF_FETCH_URL_SIZE];
        int rc = hf_fetch_request_parse(rows[i].text, strlen(rows[i].text), &r, NULL);

        if (rc != (rows[i].url ? 0 : -1))
            fail_msg("row %zu: %d", i, rc);
        if (rc < 0)
            continue;
        assert_int_equal(hf_fetch_url(&r, url, NULL), 0);
        assert_string_equal(url, rows[i].url);
        hf_fetch_request_done(&r);
    }
}

static void
a_password_goes_only_where_it_belongs(void **state)
{
    static const struct {
        const char *ask, *realm, *url; /* NULL: refused */
    } rows[] = {
        {ASK("reg.example:5000", ""), "https://reg.example/token",
         "https://reg.example/token?service=s&scope=repository%3aa%2fb%3apull"},
        {ASK("reg.example", ""), "https://REG.example/token?x=y",
         "https://REG.example/token?x=y&service=s&scope=repository%3aa%2fb%3apull"},
        {ASK("reg.example", ""), "http://reg.example/token", NULL},
        {ASK("reg.example", ""), "https://reg.example.evil/token", NULL},
        {ASK("reg.example", ""), "https://evil.example/token", NULL},
        {ASK("reg.example", ""), "https://reg.example@evil.example/token", NULL},
        {ASK("reg.example", ""), "https://evil.example#@reg.example/token", NULL},
        {ASK("reg.example", ""), "ftp://reg.example/token", NULL},
        {ASK("reg.example", ""), "/token", NULL},
        {ASK("reg.example", ""), "", NULL},
        {ASK("reg.example", ",\"token_host\":\"auth.example\""), "https://auth.example/t",
         "https://auth.example/t?service=s&scope=repository%3aa%2fb%3apull"},
        {ASK("reg.example", ",\"token_host\":\"auth.example:444\""), "https://auth.example/t",
         NULL},
        {ASK("reg.example", ",\"token_host\":\"auth.example\""), "https://reg.example/t", NULL},
        {ASK("127.0.0.1:5000", ""), "http://127.0.0.1:5001/t",
         "http://127.0.0.1:5001/t?service=s&scope=repository%3aa%2fb%3apull"},
        {ASK("127.0.0.1:5000", ",\"ca_pem\":\"x\""), "http://127.0.0.1:5001/t", NULL},
    };

    (void)state;
    for (size_t i = 0; i < HF_LEN(rows); i++) {
        struct hf_fetch_request r = asked(rows[i].ask);
        struct hf_challenge c = {.bearer = true, .service = "s"};
        char url[HF_FETCH_URL_SIZE];
        int rc;

        strcpy(c.realm, rows[i].realm);
        rc = hf_fetch_token_url(&r, &c, url, NULL);
        if (rc != (rows[i].url ? 0 : -1))
            fail_msg("row %zu: %d %s", i, rc, rc ? "" : url);
        if (rc == 0 && strcasecmp(url, rows[i].url) != 0)
            fail_msg("row %zu: %s", i, url);
        hf_fetch_request_done(&r);
    }
}

static void
origins(void **state)
{
    (void)state;
    assert_true(hf_fetch_same_origin("https://a/x", "https://A:443/y?z"));
    assert_false(hf_fetch_same_origin("https://a/x", "http://a/x"));
    assert_false(hf_fetch_same_origin("https://a/x", "https://a:444/x"));
    assert_false(hf_fetch_same_origin("https://a/x", "https://a.b/x"));
    assert_false(hf_fetch_same_origin("https://a/x", "https://a@b/x"));
    assert_false(hf_fetch_same_origin("https://a/x", ""));
}

int
main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(challenges),
        cmocka_unit_test(tags_come_in_pages),
        cmocka_unit_test(requests_stay_in_their_place),
        cmocka_unit_test(a_password_goes_only_where_it_belongs),
        cmocka_unit_test(origins),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
