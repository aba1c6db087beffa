// SPDX-License-Identifier: Apache-2.0
/* The buffer's HTTP, over a real socket. */
#include "buffer/api.h"
#include "common/http.h"
#include "records.h"
#include "tempdir.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>

struct stand {
    struct hf_buffer_api api;
    struct hf_httpd *httpd;
    struct hf_http *http;
    struct hf_http_response answer;
    void *dir;
    int port;
};

static int
free_port(void)
{
    struct sockaddr_in a = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t len = sizeof a;
    HF_AUTO_CLOSE int fd = socket(AF_INET, SOCK_STREAM, 0);

    assert_int_equal(bind(fd, (struct sockaddr *)&a, sizeof a), 0);
    assert_int_equal(getsockname(fd, (struct sockaddr *)&a, &len), 0);
    return ntohs(a.sin_port);
}

static int
set_up(void **state)
{
    static const struct hf_owner_settings settings = {
        .gateway = "hf-1", .window_ms = 5, .max_bytes = 64LL * 1024 * 1024};
    struct stand *s = calloc(1, sizeof *s);
    char listen[32];

    if (!s || tempdir_make(&s->dir) < 0)
        return -1;
    pthread_mutex_init(&s->api.lock, NULL);
    strcpy(s->api.tokens.processor, "tp");
    strcpy(s->api.tokens.forwarder, "tf");
    s->port = free_port();
    snprintf(listen, sizeof listen, "127.0.0.1:%d", s->port);
    hf_http_response_init(&s->answer, 8 << 20);
    if (hf_owner_start(s->dir, &settings, &s->api.owner, NULL) < 0 ||
        hf_http_new(&s->http, NULL) < 0 ||
        hf_httpd_start(
            &(struct hf_httpd_options){
                .listen = listen, .threads = 4, .handle = hf_buffer_api_handle, .ctx = &s->api},
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
    hf_owner_stop(s->api.owner);
    tempdir_drop(&s->dir);
    free(s);
    return 0;
}

static int
post(struct stand *s, const char *path, const char *token, const void *body, size_t len)
{
    char url[128];
    struct hf_http_request q = {.url = url,
                                .content_type = "application/octet-stream",
                                .bearer = token,
                                .body = body,
                                .body_len = len,
                                .connect_timeout_ms = 5000,
                                .timeout_ms = 20000};

    snprintf(url, sizeof url, "http://127.0.0.1:%d%s", s->port, path);
    assert_int_equal(hf_http_post(s->http, &q, &s->answer, NULL), 0);
    return s->answer.status;
}

static int
post_text(struct stand *s, const char *path, const char *token, const char *text)
{
    return post(s, path, token, text, strlen(text));
}

static void
records_go_through(void **state)
{
    struct stand *s = *state;
    HF_AUTO_BUF struct hf_buf frames = HF_BUF_INIT(1 << 20);
    char value[64], ack[128];

    assert_int_equal(post(s, "/v1/lease?wait_ms=0", "tf", NULL, 0), 204);
    records_number(&frames, 0, 24, 50);
    assert_int_equal(post(s, "/v1/records", "tp", frames.data, frames.len), 200);
    assert_string_equal(s->answer.body.data, "{\"first\":\"1\",\"last\":\"24\"}");
    for (int again = 0; again < 2; again++) {
        assert_int_equal(post(s, "/v1/lease?max_bytes=100000&wait_ms=1000", "tf", NULL, 0), 200);
        assert_true(hf_http_header(&s->answer, "Holdfast-First", value, sizeof value));
        assert_string_equal(value, "1");
        assert_true(hf_http_header(&s->answer, "Holdfast-Last", value, sizeof value));
        assert_string_equal(value, "24");
        assert_true(hf_http_header(&s->answer, "Holdfast-Count", value, sizeof value));
        assert_string_equal(value, "24");
    }
    assert_non_null(strstr(s->answer.body.data, "\"seq\":24,"));
    assert_true(hf_http_header(&s->answer, "Holdfast-Epoch", value, sizeof value));
    snprintf(ack, sizeof ack, "{\"epoch\":\"%s\",\"first\":\"1\",\"last\":\"24\"}", value);
    assert_int_equal(post_text(s, "/v1/ack", "tf", ack), 200);
    assert_int_equal(post_text(s, "/v1/ack", "tf", ack), 200);
    assert_int_equal(post(s, "/v1/lease?wait_ms=0", "tf", NULL, 0), 204);
}

static void
only_the_right_token_is_let_in(void **state)
{
    struct stand *s = *state;

    assert_int_equal(post_text(s, "/v1/records", NULL, "x"), 401);
    assert_int_equal(post_text(s, "/v1/records", "tf", "x"), 401);
    assert_int_equal(post_text(s, "/v1/records", "tpx", "x"), 401);
    assert_int_equal(post(s, "/v1/lease", "tp", NULL, 0), 401);
    assert_int_equal(post_text(s, "/v1/ack", "t", "{}"), 401);
    assert_non_null(strstr(s->answer.body.data, "\"status\":401"));
    strcpy(s->api.tokens.forwarder, "");
    assert_int_equal(post(s, "/v1/lease", "", NULL, 0), 401);
}

static void
bad_input_is_refused_by_name(void **state)
{
    static const char *const acks[] = {
        "",
        "{",
        "{}",
        "[1]",
        "{\"epoch\":\"x\",\"first\":1,\"last\":2}",
        "{\"epoch\":\"x\",\"first\":\"1\",\"last\":\"2\",\"more\":1}",
        "{\"epoch\":\"x\",\"first\":\"-1\",\"last\":\"2\"}",
        "{\"epoch\":\"x\",\"first\":\"1\",\"last\":\"99999999999999999999999\"}",
    };
    struct stand *s = *state;
    HF_AUTO_FREE char *big = calloc(1, HF_RECORD_BODY_MAX + 1);

    assert_int_equal(post_text(s, "/v1/records", "tp", "garbage"), 400);
    assert_int_equal(post_text(s, "/v1/records", "tp", ""), 400);
    assert_int_equal(post(s, "/v1/records", "tp", big, HF_RECORD_BODY_MAX + 1), 413);
    assert_int_equal(post(s, "/v1/lease?max_bytes=0", "tf", NULL, 0), 400);
    assert_int_equal(post(s, "/v1/lease?max_bytes=5000000", "tf", NULL, 0), 400);
    assert_int_equal(post(s, "/v1/lease?wait_ms=-1", "tf", NULL, 0), 400);
    assert_int_equal(post(s, "/v1/lease?wait_ms=99999999999999999999999999", "tf", NULL, 0), 400);
    for (size_t i = 0; i < HF_LEN(acks); i++)
        assert_in_range(post_text(s, "/v1/ack", "tf", acks[i]), 400, 422);
    assert_int_equal(
        post_text(s, "/v1/ack", "tf", "{\"epoch\":\"00000000\",\"first\":\"1\",\"last\":\"2\"}"),
        409);
    assert_int_equal(post(s, "/v1/lease/", "tf", NULL, 0), 404);
    assert_int_equal(post(s, "/", "tf", NULL, 0), 404);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(records_go_through, set_up, tear_down),
        cmocka_unit_test_setup_teardown(only_the_right_token_is_let_in, set_up, tear_down),
        cmocka_unit_test_setup_teardown(bad_input_is_refused_by_name, set_up, tear_down),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
