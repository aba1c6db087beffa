// SPDX-License-Identifier: Apache-2.0
/* Answers whole, cut anywhere, and wrong, each fed in pieces of every size. */
#include "unit.h"

#include "h1/response.h"

#include <stdio.h>
#include <string.h>

struct heard {
    char body[64];
    size_t len, most;
    int status, begun;
};

static bool
on_begun(void *context, int status)
{
    struct heard *h = context;

    h->status = status;
    h->begun++;
    return true;
}

static bool
on_body(void *context, const char *data, size_t len)
{
    struct heard *h = context;

    assert_true(len > 0 && h->len + len < sizeof h->body);
    memcpy(h->body + h->len, data, len);
    h->len += len;
    h->body[h->len] = '\0';
    return h->len < h->most;
}

/* Feeds all of it, step bytes at a time; 0 where it was taken. */
static int
feed(struct hf_h1_response *r, struct heard *h, const char *text, size_t len, size_t step,
     struct hf_error *err)
{
    const struct hf_h1_reader reader = {.context = h, .begun = on_begun, .body = on_body};

    *h = (struct heard){.most = sizeof h->body};
    hf_h1_response_init(r, &reader);
    for (size_t at = 0; at < len; at += step)
        if (hf_h1_response_feed(r, text + at, len - at < step ? len - at : step, err) < 0)
            return -1;
    return 0;
}

#define HEAD "HTTP/1.1 200 OK\r\n"
#define CHUNKED HEAD "Transfer-Encoding: chunked\r\n\r\n"

static const struct {
    const char *text;
    const char *body;
    int status;
    bool to_end; /* whole only once the connection ends */
} good[] = {
    {HEAD "Content-Length: 5\r\n\r\nhello", "hello", 200, false},
    {HEAD "content-length:5\r\n\r\nhello and what is not ours", "hello", 200, false},
    {HEAD "Content-Length: \t5 \r\nX: \xc3\xa9\t!\r\n\r\nhello", "hello", 200, false},
    {HEAD "Content-Length: 5\r\nContent-Length: 5\r\n\r\nhello", "hello", 200, false},
    {HEAD "Content-Length: 0\r\n\r\n", "", 200, false},
    {HEAD "\r\nto the end", "to the end", 200, true},
    {HEAD "\r\n", "", 200, true},
    {"HTTP/1.1 204\r\n\r\n", "", 204, false},
    {"HTTP/1.1 304 Not Modified\r\nContent-Length: 7\r\n\r\n", "", 304, false},
    {"HTTP/1.1 503 \r\nContent-Length: 2\r\n\r\nno", "no", 503, false},
    {"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Hints\r\nX: y\r\n\r\n" HEAD
     "Content-Length: 2\r\n\r\nok",
     "ok", 200, false},
    {CHUNKED "5\r\nhello\r\n0\r\n\r\n", "hello", 200, false},
    {CHUNKED "0005;a=b\r\nhello\r\n3 ;x\r\n, y\r\n0\r\nT: r\r\n\r\n", "hello, y", 200, false},
    {HEAD "transfer-encoding: Chunked\r\n\r\nA\r\n0123456789\r\n0;\r\n\r\n", "0123456789", 200,
     false},
};

static void
good_answers_in_pieces_of_every_size(void **state)
{
    struct hf_h1_response r;
    struct heard h;

    (void)state;
    for (size_t i = 0; i < HF_LEN(good); i++) {
        size_t len = strlen(good[i].text);

        for (size_t step = 1; step <= len; step++) {
            assert_int_equal(feed(&r, &h, good[i].text, len, step, NULL), 0);
            assert_int_equal(r.state == HF_H1_WHOLE, !good[i].to_end);
            assert_int_equal(hf_h1_response_close(&r, NULL), 0);
            assert_int_equal(h.begun, 1);
            assert_int_equal(h.status, good[i].status);
            assert_string_equal(h.body, good[i].body);
        }
    }
}

/* Wherever it is cut, it is not taken as whole. */
static void
a_cut_answer_is_an_error(void **state)
{
    struct hf_h1_response r;
    struct heard h;

    (void)state;
    for (size_t i = 0; i < HF_LEN(good); i++) {
        size_t len = strlen(good[i].text);

        if (good[i].to_end)
            continue;
        for (size_t cut = 0; cut < len; cut++) {
            struct hf_error err = {0};

            assert_int_equal(feed(&r, &h, good[i].text, cut, cut + 1, NULL), 0);
            if (r.state == HF_H1_WHOLE)
                break; /* the rest is not ours */
            assert_int_equal(hf_h1_response_close(&r, &err), -1);
            assert_int_equal(err.class, HF_ERROR_UPSTREAM);
            assert_non_null(strstr(err.message, "ended before"));
        }
    }
}

static void
wrong_answers_are_refused_by_name(void **state)
{
    static const struct {
        const char *text, *says;
    } wrong[] = {
        {"SSH-2.0-OpenSSH\r\n\r\n", "status line"},
        {"\r\n" HEAD "\r\n", "status line"},
        {"HTTP/1.0 200 OK\r\n\r\n", "status line"},
        {"HTTP/2 200 OK\r\n\r\n", "status line"},
        {"http/1.1 200 OK\r\n\r\n", "status line"},
        {"HTTP/1.1 20 OK\r\n\r\n", "status line"},
        {"HTTP/1.1 2000 OK\r\n\r\n", "status line"},
        {"HTTP/1.1 600 OK\r\n\r\n", "status line"},
        {"HTTP/1.1 200\tOK\r\n\r\n", "status line"},
        {"HTTP/1.1 200 O\x01K\r\n\r\n", "status line"},
        {"HTTP/1.1 101 Switching\r\nUpgrade: tcp\r\n\r\n", "switches"},
        {"HTTP/1.1 200 OK\n\n", "CR and LF"},
        {HEAD "A: b\n\r\n", "CR and LF"},
        {HEAD "A: b\rc\r\n\r\n", "CR and LF"},
        {HEAD "A: b\r\r\n\r\n", "CR and LF"},
        {HEAD "A b\r\n\r\n", "no field"},
        {HEAD "A : b\r\n\r\n", "no field"},
        {HEAD ": b\r\n\r\n", "no field"},
        {HEAD "A: b\r\n c\r\n\r\n", "no field"},
        {HEAD "A: \x7f\r\n\r\n", "no field"},
        {HEAD "Content-Length: 5\r\nContent-Length: 6\r\n\r\n", "two lengths"},
        {HEAD "Content-Length: 5, 5\r\n\r\n", "no number"},
        {HEAD "Content-Length: +5\r\n\r\n", "no number"},
        {HEAD "Content-Length: -1\r\n\r\n", "no number"},
        {HEAD "Content-Length: 0x5\r\n\r\n", "no number"},
        {HEAD "Content-Length:\r\n\r\n", "no number"},
        {HEAD "Content-Length: 18446744073709551617\r\n\r\n", "no number"},
        {HEAD "Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n", "as well"},
        {HEAD "Transfer-Encoding: gzip, chunked\r\n\r\n", "not chunked"},
        {HEAD "Transfer-Encoding: identity\r\n\r\n", "not chunked"},
        {HEAD "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n", "not chunked"},
        {CHUNKED "\r\n", "no size"},
        {CHUNKED "x\r\n", "no size"},
        {CHUNKED "-5\r\n", "no size"},
        {CHUNKED " 5\r\n", "no size"},
        {CHUNKED "0x5\r\n", "no size"},
        {CHUNKED "5_\r\n", "no size"},
        {CHUNKED "0000000000000005\r\n", "no size"},
        {CHUNKED "ffffffffffffffff\r\n", "no size"},
        {CHUNKED "5\nhello", "CR and LF"},
        {CHUNKED "2\r\nhello\r\n", "longer than it says"},
        {CHUNKED "2\r\nhe\n", "CR and LF"},
        {CHUNKED "0\r\nnonsense\r\n\r\n", "no field"},
    };
    struct hf_h1_response r;
    struct heard h;

    (void)state;
    for (size_t i = 0; i < HF_LEN(wrong); i++) {
        for (size_t step = 1; step < 4; step++) {
            struct hf_error err = {0};

            if (feed(&r, &h, wrong[i].text, strlen(wrong[i].text), step, &err) == 0)
                fail_msg("was taken: %s", wrong[i].text);
            assert_int_equal(err.class, HF_ERROR_UPSTREAM);
            if (!strstr(err.message, wrong[i].says))
                fail_msg("'%s' is not about '%s'", err.message, wrong[i].says);
        }
    }
}

static void
a_nul_is_no_text(void **state)
{
    static const char text[] = HEAD "A: b\0c\r\n\r\n";
    struct hf_h1_response r;
    struct heard h;

    (void)state;
    assert_int_equal(feed(&r, &h, text, sizeof text - 1, 7, NULL), -1);
}

/* Lines, and all of them together, also where each is short. */
static void
heads_are_bounded(void **state)
{
    char text[HF_H1_LINE_MAX + 64];
    struct hf_h1_response r;
    struct hf_error err = {0};
    struct heard h;
    int rc = 0;

    (void)state;
    memset(text, 'a', sizeof text);
    memcpy(text, HEAD "X: ", strlen(HEAD "X: "));
    assert_int_equal(feed(&r, &h, text, sizeof text, sizeof text, &err), -1);
    assert_non_null(strstr(err.message, "too long"));
    assert_int_equal(feed(&r, &h, HEAD, strlen(HEAD), 1, NULL), 0);
    for (size_t sent = 0; rc == 0 && sent < 2 * HF_H1_HEAD_MAX; sent += 6)
        rc = hf_h1_response_feed(&r, "X: y\r\n", 6, &err);
    assert_int_equal(rc, -1);
    assert_non_null(strstr(err.message, "too large"));
    assert_int_equal(feed(&r, &h, "", 0, 1, NULL), 0);
    rc = 0;
    for (size_t sent = 0; rc == 0 && sent < 2 * HF_H1_HEAD_MAX; sent += 20)
        rc = hf_h1_response_feed(&r, "HTTP/1.1 102 P\r\n\r\n", 18, &err);
    assert_int_equal(rc, -1);
}

static void
many_chunks_are_no_large_head(void **state)
{
    struct hf_h1_response r;
    struct heard h;

    (void)state;
    assert_int_equal(feed(&r, &h, CHUNKED, strlen(CHUNKED), 1, NULL), 0);
    for (int i = 0; i < HF_H1_HEAD_MAX; i++) {
        assert_int_equal(hf_h1_response_feed(&r, "1\r\nx\r\n", 6, NULL), 0);
        h.len = 0;
    }
    assert_int_equal(hf_h1_response_feed(&r, "0\r\n\r\n", 5, NULL), 0);
    assert_int_equal(r.state, HF_H1_WHOLE);
}

static void
a_reader_may_stop(void **state)
{
    struct hf_h1_response r;
    struct heard h;

    (void)state;
    assert_int_equal(feed(&r, &h, CHUNKED, strlen(CHUNKED), 1, NULL), 0);
    h.most = 2;
    assert_int_equal(hf_h1_response_feed(&r, "2\r\nab\r\n2\r\ncd\r\nrubbish\n", 22, NULL), 0);
    assert_true(r.stopped);
    assert_string_equal(h.body, "ab");
    assert_int_equal(hf_h1_response_close(&r, NULL), 0);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(good_answers_in_pieces_of_every_size),
        cmocka_unit_test(a_cut_answer_is_an_error),
        cmocka_unit_test(wrong_answers_are_refused_by_name),
        cmocka_unit_test(a_nul_is_no_text),
        cmocka_unit_test(heads_are_bounded),
        cmocka_unit_test(many_chunks_are_no_large_head),
        cmocka_unit_test(a_reader_may_stop),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
