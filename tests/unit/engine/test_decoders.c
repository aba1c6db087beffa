// SPDX-License-Identifier: Apache-2.0
/* The incremental decoders of what Docker streams, with input in pieces of every size and hostile.
 */
#include "unit.h"

#include "base/text.h"
#include "engine/line_decoder.h"
#include "engine/log_decoder.h"
#include "engine/stamp.h"

#include <stdio.h>
#include <string.h>

enum { LINES_MAX = 16, RANDOM_RUNS = 3000 };

/* ---- times ---- */

static void
times_of_docker_are_read(void **state)
{
    static const struct {
        const char *text;
        int64_t ms;
    } good[] = {
        {"1970-01-01T00:00:00Z", 0},
        {"2026-11-24T03:01:33.123456789Z", 1795489293123},
        {"2026-11-24T03:01:33.1Z", 1795489293100},
        {"2026-11-24T04:01:33+01:00", 1795489293000},
        {"2026-11-24T02:31:33.5-00:30", 1795489293500},
        {"0001-01-01T00:00:00Z", 0},
    };
    static const char *const bad[] = {
        "",
        "2026",
        "2026-11-24",
        "2026-11-24T03:01:33",
        "2026-11-24T03:01:33.Z",
        "2026-13-24T03:01:33Z",
        "2026-11-24T24:01:33Z",
        "2026-11-24 03:01:33Z",
        "2026-11-24T03:01:33.1234567890Z",
        "2026-11-24T03:01:33Zx",
        "2026-11-24T03:01:33+1:00",
        "-026-11-24T03:01:33Z",
    };

    (void)state;
    for (size_t i = 0; i < HF_LEN(good); i++) {
        int64_t ms = -1;

        assert_true(hf_stamp_parse(good[i].text, strlen(good[i].text), &ms));
        assert_int_equal(ms, good[i].ms);
    }
    for (size_t i = 0; i < HF_LEN(bad); i++) {
        int64_t ms;

        if (hf_stamp_parse(bad[i], strlen(bad[i]), &ms))
            fail_msg("'%s' was taken for a time", bad[i]);
    }
}

/* ---- lines ---- */

struct lines {
    char text[LINES_MAX][64];
    size_t len[LINES_MAX];
    bool cut[LINES_MAX];
    size_t count;
};

static int
on_line(void *context, const char *line, size_t len, bool cut, struct hf_error *err)
{
    struct lines *l = context;

    (void)err;
    assert_true(l->count < LINES_MAX);
    snprintf(l->text[l->count], sizeof l->text[0], "%.*s", (int)(len < 63 ? len : 63), line);
    l->len[l->count] = len;
    l->cut[l->count++] = cut;
    return 0;
}

static void
lines_are_cut_in_pieces_of_any_size(void **state)
{
    static const char text[] = "one\r\n\ntwo\nthree\r";

    (void)state;
    for (size_t piece = 1; piece <= sizeof text; piece++) {
        struct lines l = {0};
        struct hf_line_decoder d;
        struct hf_error err;

        hf_line_decoder_init(&d, on_line, &l);
        for (size_t at = 0; at < sizeof text - 1; at += piece) {
            size_t left = sizeof text - 1 - at;

            assert_int_equal(hf_line_decoder_feed(&d, text + at, left < piece ? left : piece, &err),
                             0);
        }
        assert_int_equal(l.count, 3); /* the last one has no end yet */
        assert_string_equal(l.text[0], "one");
        assert_string_equal(l.text[1], "");
        assert_string_equal(l.text[2], "two");
        hf_line_decoder_done(&d);
    }
}

static void
line_without_end_is_bounded(void **state)
{
    static char flood[HF_LINE_BYTES_MAX];
    struct lines l = {0};
    struct hf_line_decoder d;
    struct hf_error err;

    (void)state;
    memset(flood, 'x', sizeof flood);
    hf_line_decoder_init(&d, on_line, &l);
    assert_int_equal(hf_line_decoder_feed(&d, flood, sizeof flood, &err), 0);
    assert_int_equal(l.count, 0); /* exactly the most is no cut line */
    for (int i = 0; i < 50; i++)
        assert_int_equal(hf_line_decoder_feed(&d, flood, sizeof flood, &err), 0);
    assert_int_equal(l.count, 1);
    assert_true(l.cut[0]);
    assert_int_equal(l.len[0], HF_LINE_BYTES_MAX);
    assert_int_equal(hf_line_decoder_feed(&d, "\nok\n", 4, &err), 0);
    assert_int_equal(l.count, 2);
    assert_string_equal(l.text[1], "ok");
    hf_line_decoder_done(&d);
}

/* ---- log frames ---- */

struct log {
    char text[LINES_MAX][64];
    size_t len[LINES_MAX];
    int64_t time_ms[LINES_MAX];
    bool is_stderr[LINES_MAX];
    size_t count;
    size_t end_after; /* 0: never */
};

static bool
on_log(void *context, const struct hf_log_line *line)
{
    struct log *l = context;

    assert_true(hf_text_utf8(line->text, strlen(line->text)));
    if (l->count < LINES_MAX) {
        snprintf(l->text[l->count], sizeof l->text[0], "%.63s", line->text);
        l->len[l->count] = strlen(line->text);
        l->time_ms[l->count] = line->time_ms;
        l->is_stderr[l->count] = line->is_stderr;
    }
    l->count++;
    return l->count != l->end_after;
}

static size_t
frame(char *out, int type, const char *body, size_t len)
{
    const unsigned char header[8] = {(unsigned char)type,
                                     0,
                                     0,
                                     0,
                                     (unsigned char)(len >> 24),
                                     (unsigned char)(len >> 16),
                                     (unsigned char)(len >> 8),
                                     (unsigned char)len};

    memcpy(out, header, sizeof header);
    memcpy(out + sizeof header, body, len);
    return sizeof header + len;
}

#define STAMP "2026-11-24T03:01:33.123456789Z "

static size_t
sample(char *out)
{
    static const char *const bodies[] = {STAMP "hello\n",
                                         STAMP "bad \xff\xc3 end\r\n",
                                         STAMP "half",
                                         STAMP " and half\n",
                                         "no time\n",
                                         STAMP "",
                                         ""};
    static const int types[] = {1, 2, 1, 1, 1, 1, 2};
    size_t len = 0;

    for (size_t i = 0; i < HF_LEN(bodies); i++)
        len += frame(out + len, types[i], bodies[i], strlen(bodies[i]));
    return len;
}

static void
check_sample(const struct log *l)
{
    assert_int_equal(l->count, 4);
    assert_string_equal(l->text[0], "hello");
    assert_int_equal(l->time_ms[0], 1795489293123);
    assert_false(l->is_stderr[0]);
    assert_string_equal(l->text[1], "bad \xEF\xBF\xBD\xEF\xBF\xBD end");
    assert_true(l->is_stderr[1]);
    assert_string_equal(l->text[2], "half and half");
    assert_string_equal(l->text[3], "no time");
}

static void
log_frames_are_decoded_in_pieces_of_any_size(void **state)
{
    char text[512];
    size_t len = sample(text);

    (void)state;
    for (size_t piece = 1; piece <= len; piece++) {
        HF_AUTO(hf_log_decoder) struct hf_log_decoder *d = NULL;
        struct log l = {0};
        struct hf_error err;
        bool ended = true;

        assert_int_equal(hf_log_decoder_new(on_log, &l, &d, &err), 0);
        for (size_t at = 0; at < len; at += piece)
            assert_int_equal(hf_log_decoder_feed(d, text + at, len - at < piece ? len - at : piece,
                                                 &ended, &err),
                             0);
        assert_false(ended);
        hf_log_decoder_finish(d);
        check_sample(&l);
    }
}

static int
feed_once(const char *data, size_t len, struct log *l, struct hf_error *err)
{
    HF_AUTO(hf_log_decoder) struct hf_log_decoder *d = NULL;
    bool ended;
    int result;

    assert_int_equal(hf_log_decoder_new(on_log, l, &d, err), 0);
    result = hf_log_decoder_feed(d, data, len, &ended, err);
    if (result == 0)
        hf_log_decoder_finish(d);
    return result;
}

static void
what_is_no_log_stream_is_refused(void **state)
{
    static const char *const bad[] = {
        "\x04\0\0\0\0\0\0\1x",         /* unknown type */
        "\x01\0\0\1\0\0\0\1x",         /* padding that is none */
        "\x01\0\0\0\x7f\xff\xff\xffx", /* 2 GiB */
        "\x01\0\0\0\0\x10\0\1x",       /* one byte more than the most */
        "plain text, no frames",
    };

    (void)state;
    for (size_t i = 0; i < HF_LEN(bad); i++) {
        struct log l = {0};
        struct hf_error err = {0};

        assert_int_equal(feed_once(bad[i], 9, &l, &err), -1);
        assert_int_equal(err.class, HF_ERROR_UPSTREAM);
        assert_int_equal(l.count, 0);
    }
}

static void
long_lines_come_in_pieces_at_character_borders(void **state)
{
    enum { BYTES = 2 * HF_LOG_TEXT_MAX + 100 };
    char *body = malloc(BYTES + 1);
    char *text = malloc(BYTES + 16);
    struct log l = {0};
    struct hf_error err;
    size_t len = 0;

    (void)state;
    body[len++] = 'a'; /* so that the cap falls inside a character */
    while (len + 3 < BYTES) {
        body[len++] = '\xE2'; /* the euro sign */
        body[len++] = '\x82';
        body[len++] = '\xAC';
    }
    body[len++] = '\n';
    assert_int_equal(feed_once(text, frame(text, 1, body, len), &l, &err), 0);
    assert_int_equal(l.count, 3);
    assert_int_equal(l.len[0] + l.len[1] + l.len[2], len - 1); /* nothing was replaced */
    assert_true(l.len[0] <= HF_LOG_TEXT_MAX && l.len[0] > HF_LOG_TEXT_MAX - 4);
    free(body);
    free(text);
}

static void
sink_ends_the_stream(void **state)
{
    HF_AUTO(hf_log_decoder) struct hf_log_decoder *d = NULL;
    char text[512];
    size_t len = sample(text);
    struct log l = {.end_after = 2};
    struct hf_error err;
    bool ended = false;

    (void)state;
    assert_int_equal(hf_log_decoder_new(on_log, &l, &d, &err), 0);
    assert_int_equal(hf_log_decoder_feed(d, text, len, &ended, &err), 0);
    assert_true(ended);
    hf_log_decoder_finish(d);
    assert_int_equal(l.count, 2);
}

static void
random_bytes_do_no_harm(void **state)
{
    unsigned seed = 1;

    (void)state;
    for (int run = 0; run < RANDOM_RUNS; run++) {
        char text[512];
        size_t len = sample(text);
        struct log l = {0};
        struct hf_error err;

        for (int i = 0; i < 1 + run % 8; i++) {
            seed = seed * 1664525U + 1013904223U;
            text[(seed >> 8) % len] = (char)(seed >> 24);
        }
        (void)!feed_once(text, len, &l, &err);
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(times_of_docker_are_read),
        cmocka_unit_test(lines_are_cut_in_pieces_of_any_size),
        cmocka_unit_test(line_without_end_is_bounded),
        cmocka_unit_test(log_frames_are_decoded_in_pieces_of_any_size),
        cmocka_unit_test(what_is_no_log_stream_is_refused),
        cmocka_unit_test(long_lines_come_in_pieces_at_character_borders),
        cmocka_unit_test(sink_ends_the_stream),
        cmocka_unit_test(random_bytes_do_no_harm),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
