// SPDX-License-Identifier: Apache-2.0
#include "unit.h"

#include <time.h>

#include "base/buf.h"
#include "base/clock.h"
#include "base/file.h"
#include "base/memory.h"
#include "base/text.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>

static void
error_keeps_class_and_pointer_when_wrapped(void **state)
{
    struct hf_error err;

    (void)state;
    assert_int_equal(hf_error_set_at(&err, HF_ERROR_INVALID, "/a/b", "no %d", 7), -1);
    assert_int_equal(hf_error_wrap(&err, "load '%s'", "x"), -1);
    assert_string_equal(err.message, "load 'x': no 7");
    assert_string_equal(err.pointer, "/a/b");
    assert_int_equal(hf_error_http_status(err.class), 422);
}

static void
error_longer_than_its_room_is_cut(void **state)
{
    char big[HF_ERROR_MESSAGE_MAX + 100];
    struct hf_error err;

    (void)state;
    memset(big, 'x', sizeof big - 1);
    big[sizeof big - 1] = '\0';
    hf_error_set(&err, HF_ERROR_INTERNAL, "%s", big);
    hf_error_wrap(&err, "%s", big);
    assert_int_equal(strlen(err.message), HF_ERROR_MESSAGE_MAX - 1);
}

static void
disk_full_is_its_own_class(void **state)
{
    struct hf_error err;

    (void)state;
    hf_error_errno(&err, ENOSPC, "write");
    assert_int_equal(hf_error_http_status(err.class), 507);
}

static void
buffer_stops_at_its_maximum_and_keeps_what_it_has(void **state)
{
    HF_AUTO_BUF struct hf_buf b = HF_BUF_INIT(10);
    struct hf_error err;

    (void)state;
    assert_int_equal(hf_buf_adds(&b, "0123456789", &err), 0);
    assert_int_equal(hf_buf_add(&b, "x", 1, &err), -1);
    assert_int_equal(err.class, HF_ERROR_TOO_LARGE);
    assert_string_equal(b.data, "0123456789");
    hf_buf_consume(&b, 4);
    assert_string_equal(b.data, "456789");
    assert_int_equal(hf_buf_addf(&b, &err, "%d", 1234), 0);
    assert_string_equal(b.data, "4567891234");
}

static void
time_is_rfc3339(void **state)
{
    char text[HF_RFC3339_SIZE];

    (void)state;
    hf_clock_rfc3339(0, text);
    assert_string_equal(text, "1970-01-01T00:00:00.000Z");
    hf_clock_rfc3339(1763953293123, text);
    assert_string_equal(text, "2025-11-24T03:01:33.123Z");
    hf_clock_rfc3339(-1, text);
    assert_string_equal(text, "1969-12-31T23:59:59.999Z");
}

/* Beside what libc says, on both sides of the ends of days, years and centuries. */
static void
time_follows_the_calendar(void **state)
{
    static const int64_t day_ms = 86400000, first_ms = -62135596800000, last_ms = 253402300799999;
    char text[HF_RFC3339_SIZE], wanted[64];
    int64_t ms, back;

    (void)state;
    for (int64_t day = first_ms / day_ms; day < last_ms / day_ms; day += day % 3 ? 1 : 7) {
        time_t t = (time_t)(day * 86400 + 86399 - 86399 * (day & 1));
        struct tm tm;

        assert_non_null(gmtime_r(&t, &tm));
        ms = (int64_t)t * 1000 + 7;
        hf_clock_rfc3339(ms, text);
        snprintf(wanted, sizeof wanted, "%04d-%02d-%02dT%02d:%02d:%02d.007Z", tm.tm_year + 1900,
                 tm.tm_mon + 1, tm.tm_mday, tm.tm_hour, tm.tm_min, tm.tm_sec);
        if (strcmp(text, wanted) != 0)
            fail_msg("%s instead of %s", text, wanted);
        if (ms > 0)
            assert_true(hf_clock_parse(text, &back) && back == ms);
    }
    hf_clock_rfc3339(last_ms, text);
    assert_string_equal(text, "9999-12-31T23:59:59.999Z");
    hf_clock_rfc3339(last_ms + 1, text); /* has no such form */
    assert_string_equal(text, "1970-01-01T00:00:00.000Z");
    hf_clock_rfc3339(INT64_MAX, text);
    assert_string_equal(text, "1970-01-01T00:00:00.000Z");
    hf_clock_rfc3339(INT64_MIN, text);
    assert_string_equal(text, "1970-01-01T00:00:00.000Z");
}

static void
numbers_are_written_as_read(void **state)
{
    static const uint64_t numbers[] = {0, 7, 10, 99, 1234567890123, UINT64_MAX};

    (void)state;
    for (size_t i = 0; i < HF_LEN(numbers); i++) {
        char text[HF_TEXT_U64_MAX + 1];
        uint64_t back;

        text[hf_text_put_u64(text, numbers[i])] = '\0';
        assert_true(hf_text_u64(text, &back));
        assert_int_equal(back, numbers[i]);
    }
    assert_int_equal(hf_text_put_u64((char[HF_TEXT_U64_MAX]){0}, UINT64_MAX), HF_TEXT_U64_MAX);
}

/* Eight bytes are looked at together. */
static void
utf8_is_looked_at_to_the_last_byte(void **state)
{
    static const char good[] = "abcdefghijklmnopqrstuvwx";

    (void)state;
    for (size_t len = 1; len < sizeof good; len++)
        for (size_t at = 0; at < len; at++) {
            char text[sizeof good];

            memcpy(text, good, sizeof good);
            assert_true(hf_text_utf8(text, len));
            text[at] = (char)0xff;
            assert_false(hf_text_utf8(text, len));
            text[at] = '\0';
            assert_false(hf_text_utf8(text, len));
        }
}

static void
utf8_follows_rfc3629(void **state)
{
    static const struct {
        const char *text;
        bool good;
    } rows[] = {
        {"plain", true},
        {"\xc3\xa9", true},
        {"\xe2\x82\xac", true},
        {"\xf0\x9f\x98\x80", true},
        {"\xc0\xaf", false},
        {"\xed\xa0\x80", false},
        {"\xf4\x90\x80\x80", false},
        {"\xe2\x82", false},
        {"\xff", false},
    };

    (void)state;
    for (size_t i = 0; i < HF_LEN(rows); i++)
        assert_int_equal(hf_text_utf8(rows[i].text, strlen(rows[i].text)), rows[i].good);
    assert_false(hf_text_utf8("a\0b", 3));
}

static void
half_a_character_is_taken_away(void **state)
{
    static const struct {
        const char *text, *whole;
    } rows[] = {
        {"", ""},
        {"a", "a"},
        {"\xc3\xbc", "\xc3\xbc"},
        {"a\xc3", "a"},
        {"a\xe2\x82", "a"},
        {"a\xe2\x82\xac", "a\xe2\x82\xac"},
        {"\xf0\x9f\x98", ""},
        {"\xf0\x9f\x98\x80", "\xf0\x9f\x98\x80"},
    };

    (void)state;
    for (size_t i = 0; i < HF_LEN(rows); i++) {
        char text[8];

        hf_text_put(text, sizeof text, "%s", rows[i].text);
        hf_text_whole(text);
        assert_string_equal(text, rows[i].whole);
    }
    for (size_t pad = 0; pad < 2; pad++) {
        char umlauts[2 * HF_ERROR_MESSAGE_MAX + 2] = "";
        struct hf_error err = {0};

        for (size_t i = pad; i + 2 < sizeof umlauts; i += 2)
            memcpy(umlauts + i, "\xc3\xbc", 2);
        umlauts[0] = pad ? 'x' : umlauts[0];
        hf_error_set(&err, HF_ERROR_INVALID, "%s", umlauts);
        assert_true(hf_text_utf8(err.message, strlen(err.message)));
        hf_error_wrap(&err, "ab");
        assert_true(hf_text_utf8(err.message, strlen(err.message)));
    }
}

static void
base64_matches_rfc4648_vectors(void **state)
{
    static const char *const rows[][2] = {
        {"", ""},
        {"f", "Zg=="},
        {"fo", "Zm8="},
        {"foo", "Zm9v"},
        {"foob", "Zm9vYg=="},
        {"fooba", "Zm9vYmE="},
        {"foobar", "Zm9vYmFy"},
    };
    char out[16];

    (void)state;
    for (size_t i = 0; i < HF_LEN(rows); i++) {
        assert_int_equal(hf_text_base64(rows[i][0], strlen(rows[i][0]), out), strlen(rows[i][1]));
        assert_string_equal(out, rows[i][1]);
    }
}

static void
numbers_are_whole_or_refused(void **state)
{
    uint64_t n = 0;

    (void)state;
    assert_true(hf_text_u64("18446744073709551615", &n));
    assert_true(n == UINT64_MAX);
    assert_false(hf_text_u64("18446744073709551616", &n));
    assert_false(hf_text_u64("", &n));
    assert_false(hf_text_u64("-1", &n));
    assert_false(hf_text_u64("1 ", &n));
}

static void
a_replaced_file_is_whole_and_private(void **state)
{
    char dir[] = "/tmp/hf-base-XXXXXX";
    char path[64];
    struct hf_error err;
    struct stat st;
    HF_AUTO_BUF struct hf_buf b = HF_BUF_INIT(100);

    (void)state;
    assert_non_null(mkdtemp(dir));
    snprintf(path, sizeof path, "%s/f", dir);
    assert_int_equal(hf_file_replace(path, "one", 3, 0600, (uid_t)-1, (gid_t)-1, &err), 0);
    assert_int_equal(hf_file_replace(path, "second", 6, 0400, (uid_t)-1, (gid_t)-1, &err), 0);
    assert_int_equal(hf_file_read(path, &b, &err), 0);
    assert_string_equal(b.data, "second");
    assert_int_equal(stat(path, &st), 0);
    assert_int_equal(st.st_mode & 07777, 0400);

    b.max = 5;
    hf_buf_clear(&b);
    assert_int_equal(hf_file_read(path, &b, &err), -1);
    assert_int_equal(err.class, HF_ERROR_TOO_LARGE);
    assert_int_equal(hf_file_read(dir, &b, &err), -1);
    unlink(path);
    rmdir(dir);
}

static void
a_full_disk_is_named_before_it_matters(void **state)
{
    char dir[] = "/tmp/hf-full-XXXXXX";
    char path[64];
    struct hf_error err;
    FILE *f;

    (void)state;
    assert_non_null(mkdtemp(dir));
    if (mount("tmpfs", dir, "tmpfs", 0, "size=64k") < 0) {
        rmdir(dir);
        skip();
    }
    assert_int_equal(hf_file_prove_writable(dir, &err), 0);
    snprintf(path, sizeof path, "%s/filler", dir);
    f = fopen(path, "w");
    assert_non_null(f);
    while (fputc('x', f) != EOF && fflush(f) == 0)
        ;
    fclose(f);
    assert_int_equal(hf_file_prove_writable(dir, &err), -1);
    assert_int_equal(err.class, HF_ERROR_NO_SPACE);
    assert_non_null(strstr(err.message, dir));
    assert_non_null(strstr(err.message, "free some space"));
    umount(dir);
    rmdir(dir);
}

static void
times_are_read_back(void **state)
{
    static const struct {
        const char *text;
        int64_t ms;
    } good[] = {
        {"1970-01-01T00:00:00Z", 0},
        {"2026-11-24T03:01:33.123Z", 1795489293123},
        {"2026-11-24T03:01:33.1239999z", 1795489293123},
        {"2026-11-24 04:01:33.1+01:00", 1795489293100},
        {"2026-11-23T21:31:33-05:30", 1795489293000},
        {"2024-02-29T00:00:00Z", 1709164800000},
        {"2016-12-31T23:59:60Z", 1483228800000},
        {"9999-12-31T23:59:59.999Z", 253402300799999},
    };
    static const char *const bad[] = {
        "",
        "2026",
        "2026-11-24",
        "2026-11-24T03:01:33",
        "2026-13-01T00:00:00Z",
        "2026-02-29T00:00:00Z",
        "2026-11-24T24:00:00Z",
        "2026-11-24T03:01:33.Z",
        "2026-11-24T03:01:33Zx",
        "1969-12-31T23:59:59Z",
        "2026-11-24T03:01:33+1:00",
        "-026-11-24T03:01:33Z",
        "2026-00-24T03:01:33Z",
        "2026-11-00T03:01:33Z",
        "26-11-24T03:01:33Z",
        "2026-11-24T03:60:33Z",
        "2026-11-24T03:01:61Z",
        "2026-11-24T03:01:33+24:00",
        "1970-01-01T00:00:00+00:01",
    };

    (void)state;
    for (size_t i = 0; i < HF_LEN(good); i++) {
        int64_t ms = -1;

        assert_true(hf_clock_parse(good[i].text, &ms));
        assert_true(ms == good[i].ms);
    }
    for (size_t i = 0; i < HF_LEN(bad); i++) {
        int64_t ms = -1;

        if (hf_clock_parse(bad[i], &ms))
            fail_msg("taken: %s", bad[i]);
        assert_true(ms == -1);
    }
}

/* What the linker wrote (the table of pointers) and what nobody did (the text) are there after it.
 */
static void
nothing_that_is_used_is_given_back_for_good(void **state)
{
    static const char *const words[] = {"one", "two"};
    static int written = 41;
    const char *const *volatile table = words;
    HF_AUTO_FREE char *kept = strdup("kept");

    (void)state;
    written++;
    hf_memory_give_back();
    assert_string_equal(table[1], "two");
    assert_string_equal(kept, "kept");
    assert_int_equal(written, 42);
    assert_int_equal(hf_error_http_status(HF_ERROR_NOT_FOUND), 404);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(error_keeps_class_and_pointer_when_wrapped),
        cmocka_unit_test(error_longer_than_its_room_is_cut),
        cmocka_unit_test(disk_full_is_its_own_class),
        cmocka_unit_test(buffer_stops_at_its_maximum_and_keeps_what_it_has),
        cmocka_unit_test(time_is_rfc3339),
        cmocka_unit_test(time_follows_the_calendar),
        cmocka_unit_test(numbers_are_written_as_read),
        cmocka_unit_test(utf8_is_looked_at_to_the_last_byte),
        cmocka_unit_test(utf8_follows_rfc3629),
        cmocka_unit_test(half_a_character_is_taken_away),
        cmocka_unit_test(base64_matches_rfc4648_vectors),
        cmocka_unit_test(numbers_are_whole_or_refused),
        cmocka_unit_test(a_replaced_file_is_whole_and_private),
        cmocka_unit_test(a_full_disk_is_named_before_it_matters),
        cmocka_unit_test(times_are_read_back),
        cmocka_unit_test(nothing_that_is_used_is_given_back_for_good),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
