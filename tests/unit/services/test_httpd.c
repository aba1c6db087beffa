// SPDX-License-Identifier: Apache-2.0
/* What services/common/httpd adds to a server, over a real socket; and the settings files. */
#include "common/conf.h"
#include "common/http.h"
#include "common/httpd.h"
#include "freeport.h"
#include "tempdir.h"

struct stand {
    struct hf_httpd *httpd;
    struct hf_http *http;
    struct hf_http_response answer;
    int port;
};

static void
say(struct hf_request *q, const char *text)
{
    hf_request_answer(q, 200, "text/plain", NULL, text, strlen(text));
}

static void
get_thing(void *ctx, struct hf_request *q)
{
    static const char *const names[] = {"a", "bc"};
    struct hf_error err;

    (void)ctx;
    if (hf_request_parameters(q, names, HF_LEN(names), &err) < 0)
        hf_request_answer_error(q, &err);
    else
        say(q, hf_request_accepts(q, "zstd") ? "zstd" : "plain");
}

static void
put_thing(void *ctx, struct hf_request *q)
{
    HF_AUTO_BUF struct hf_buf body = HF_BUF_INIT(100);
    char text[32];

    (void)ctx;
    snprintf(text, sizeof text, "%lld", (long long)hf_request_body_length(q));
    assert_int_equal(hf_request_body(q, &body, NULL), 0);
    say(q, text);
}

enum { PIECES = 300, PIECE_BYTES = 1000 };

/* The whole of it, or two thirds and then nothing. */
static void
stream(struct hf_request *q, bool whole)
{
    char piece[PIECE_BYTES];

    hf_request_stream_begin(q, 200, "text/plain", NULL);
    for (int i = 0; i < (whole ? PIECES : PIECES * 2 / 3); i++) {
        memset(piece, 'a' + i % 26, sizeof piece);
        if (!hf_request_stream_write(q, piece, sizeof piece))
            break;
    }
    hf_request_stream_end(q, whole);
}

static void
stream_whole(void *ctx, struct hf_request *q)
{
    (void)ctx;
    stream(q, true);
}

static void
stream_part(void *ctx, struct hf_request *q)
{
    (void)ctx;
    stream(q, false);
}

static void
handle(void *ctx, struct hf_request *q)
{
    static const struct hf_route routes[] = {
        {"GET", "/thing", 0, get_thing},
        {"POST", "/thing", 1, put_thing},
        {"GET", "/stream", 0, stream_whole},
        {"GET", "/cut", 0, stream_part},
    };
    static const char *const tokens[] = {"t0", "t1"};

    hf_request_route(q, routes, HF_LEN(routes), tokens, ctx);
}

static int
set_up(void **state)
{
    struct stand *s = calloc(1, sizeof *s);
    char listen[32];

    if (!s)
        return -1;
    s->port = freeport();
    snprintf(listen, sizeof listen, "127.0.0.1:%d", s->port);
    hf_http_response_init(&s->answer, 1 << 20);
    if (hf_http_new(&s->http, NULL) < 0 ||
        hf_httpd_start(&(struct hf_httpd_options){.listen = listen, .threads = 2, .handle = handle},
                       &s->httpd, NULL) < 0)
        return -1;
    *state = s;
    return 0;
}

static int
tear_down(void **state)
{
    struct stand *s = *state;

    hf_http_response_done(&s->answer);
    hf_http_free(s->http);
    hf_httpd_stop(s->httpd);
    free(s);
    return 0;
}

static int
ask(struct stand *s, bool post, const char *path, const char *token, const char *header)
{
    const char *const headers[] = {header, NULL};
    char url[128];
    struct hf_http_request q = {.url = url,
                                .content_type = post ? "text/plain" : NULL,
                                .bearer = token,
                                .headers = header ? headers : NULL,
                                .body = "body",
                                .body_len = post ? 4 : 0,
                                .connect_timeout_ms = 5000,
                                .timeout_ms = 20000};

    snprintf(url, sizeof url, "http://127.0.0.1:%d%s", s->port, path);
    if ((post ? hf_http_post : hf_http_get)(s->http, &q, &s->answer, NULL) < 0)
        return -1;
    return s->answer.status;
}

static void
routes_ask_for_their_token(void **state)
{
    struct stand *s = *state;
    char allow[64];

    assert_int_equal(ask(s, false, "/thing", "t0", NULL), 200);
    assert_int_equal(ask(s, false, "/thing", "t1", NULL), 401);
    assert_int_equal(ask(s, true, "/thing", "t0", NULL), 401);
    assert_int_equal(ask(s, true, "/thing", "t1", NULL), 200);
    assert_string_equal(s->answer.body.data, "4");
    assert_int_equal(ask(s, false, "/other", "t0", NULL), 404);
    assert_int_equal(ask(s, true, "/stream", "t0", NULL), 405);
    assert_true(hf_http_header(&s->answer, "Allow", allow, sizeof allow));
    assert_string_equal(allow, "GET");
}

static void
parameters_and_codings_are_read(void **state)
{
    static const struct {
        const char *accept, *answer;
    } codings[] = {
        {"Accept-Encoding: zstd", "zstd"},
        {"Accept-Encoding: gzip, ZSTD;q=0.5", "zstd"},
        {"Accept-Encoding: gzip,zstd ; q=0.001", "zstd"},
        {"Accept-Encoding: zstd;q=0", "plain"},
        {"Accept-Encoding: zstd;q=0.000, gzip", "plain"},
        {"Accept-Encoding: zstdx, xzstd", "plain"},
        {"Accept-Encoding: ", "plain"},
        {NULL, "plain"},
    };
    struct stand *s = *state;

    for (size_t i = 0; i < HF_LEN(codings); i++) {
        assert_int_equal(ask(s, false, "/thing", "t0", codings[i].accept), 200);
        assert_string_equal(s->answer.body.data, codings[i].answer);
    }
    assert_int_equal(ask(s, false, "/thing?a=1&bc=2", "t0", NULL), 200);
    assert_int_equal(ask(s, false, "/thing?bc", "t0", NULL), 200);
    assert_int_equal(ask(s, false, "/thing?b=1", "t0", NULL), 400);
    assert_non_null(strstr(s->answer.body.data, "'b'"));
    assert_int_equal(ask(s, false, "/thing?a=1&a=2", "t0", NULL), 400);
    assert_int_equal(ask(s, false, "/thing?=1", "t0", NULL), 400);
}

static void
an_answer_in_pieces_is_whole_or_seen_to_be_cut(void **state)
{
    struct stand *s = *state;

    for (int i = 0; i < 2; i++) { /* the connection is good for another one */
        assert_int_equal(ask(s, false, "/stream", "t0", NULL), 200);
        assert_int_equal(s->answer.body.len, PIECES * PIECE_BYTES);
        assert_int_equal(s->answer.body.data[27 * PIECE_BYTES], 'b');
    }
    assert_int_equal(ask(s, false, "/cut", "t0", NULL), -1);
}

static void
a_refused_file_is_tried_again(void **state)
{
    struct hf_conf c = HF_CONF_INIT("settings.json");
    struct hf_error err = {0};
    HF_AUTO(hf_json) struct hf_json *first = NULL;
    HF_AUTO(hf_json) struct hf_json *again = NULL;
    struct hf_json *none = NULL;

    setenv("HF_RUN_DIR", *state, 1);
    assert_int_equal(hf_conf_poll(&c, &none, &err), 0); /* not there yet */
    tempdir_write(*state, "settings.json", "{\"a\":1}", 7);
    assert_int_equal(hf_conf_poll(&c, &first, &err), 1);
    assert_int_equal(hf_conf_poll(&c, &none, &err), 0);
    hf_error_set(&err, HF_ERROR_INVALID, "a is no number");
    hf_conf_refuse(&c, &err);
    assert_string_equal(c.wrong, "a is no number");
    assert_int_equal(hf_conf_poll(&c, &none, &err), 0); /* not at once */
    c.retry_ms = 1;
    assert_int_equal(hf_conf_poll(&c, &again, &err), 1);
    assert_string_equal(c.wrong, "");
    assert_int_equal(hf_conf_poll(&c, &none, &err), 0);

    tempdir_write(*state, "settings.json", "{\"b\"", 4);
    assert_int_equal(hf_conf_poll(&c, &none, &err), -1);
    assert_non_null(strstr(c.wrong, "line 1"));
    assert_int_equal(hf_conf_poll(&c, &none, &err), 0);
    c.retry_ms = 1;
    assert_int_equal(hf_conf_poll(&c, &none, &err), -1);
    unsetenv("HF_RUN_DIR");
}

static void
write_text(const char *dir, const char *name, const char *text)
{
    tempdir_write(dir, name, text, strlen(text));
}

/* One after the other is replaced, either first: nobody sees the new token with the old URL. */
static void
a_pair_is_taken_up_when_both_are_of_one_revision(void **state)
{
    struct hf_conf_pair p = HF_CONF_PAIR_INIT;
    struct hf_error err = {0};

    setenv("HF_RUN_DIR", *state, 1);
    write_text(*state, "credentials.json", "{\"revision\":\"1\",\"token\":\"old\"}");
    assert_int_equal(hf_conf_pair_poll(&p, &err), 0);
    write_text(*state, "settings.json", "{\"revision\":\"1\",\"url\":\"old\"}");
    assert_int_equal(hf_conf_pair_poll(&p, &err), 1);
    assert_int_equal(hf_conf_pair_poll(&p, &err), 0);

    write_text(*state, "credentials.json", "{\"revision\":\"2\",\"token\":\"new\"}");
    assert_int_equal(hf_conf_pair_poll(&p, &err), 0);
    assert_string_equal(hf_json_string(p.credentials, "token"), "old");
    p.apart_ms = 1; /* for long */
    assert_int_equal(hf_conf_pair_poll(&p, &err), -1);
    assert_non_null(strstr(err.message, "of two revisions"));
    assert_int_equal(hf_conf_pair_poll(&p, &err), 0); /* and said once */
    write_text(*state, "settings.json", "{\"revision\":\"2\",\"url\":\"new\"}");
    assert_int_equal(hf_conf_pair_poll(&p, &err), 1);
    assert_string_equal(hf_json_string(p.credentials, "token"), "new");
    assert_string_equal(hf_json_string(p.settings, "url"), "new");

    write_text(*state, "settings.json", "{\"revision\":\"3\",\"url\":\"newest\"}");
    assert_int_equal(hf_conf_pair_poll(&p, &err), 0);
    assert_string_equal(hf_json_string(p.settings, "url"), "new");
    write_text(*state, "credentials.json", "{\"revision\":\"3\",\"token\":\"newest\"}");
    assert_int_equal(hf_conf_pair_poll(&p, &err), 1);
    assert_string_equal(hf_json_string(p.settings, "url"), "newest");

    p.settings_file.retry_ms = 1; /* what was refused is given again */
    assert_int_equal(hf_conf_pair_poll(&p, &err), 1);
    hf_conf_pair_done(&p);
    unsetenv("HF_RUN_DIR");
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(routes_ask_for_their_token, set_up, tear_down),
        cmocka_unit_test_setup_teardown(parameters_and_codings_are_read, set_up, tear_down),
        cmocka_unit_test_setup_teardown(an_answer_in_pieces_is_whole_or_seen_to_be_cut, set_up,
                                        tear_down),
        with_tempdir(a_refused_file_is_tried_again),
        with_tempdir(a_pair_is_taken_up_when_both_are_of_one_revision),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
