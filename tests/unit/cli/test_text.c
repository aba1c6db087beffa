// SPDX-License-Identifier: Apache-2.0
#include "cli/format.h"
#include "cli/text.h"
#include "shown.h"
#include "json/json.h"

#include <string.h>

static void
assert_clean(const char *text, size_t len, const char *wanted)
{
    HF_AUTO_BUF struct hf_buf out = HF_BUF_INIT(4096);

    assert_int_equal(cli_text_add(&out, text, len, NULL), 0);
    assert_string_equal(out.data ? out.data : "", wanted);
}

static void
nothing_reaches_the_terminal_raw(void **state)
{
    static const struct {
        const char *text, *wanted;
    } rows[] = {
        {"plain – ü 温度", "plain – ü 温度"},
        {"\033[2J\033]0;title\a", "\\x1b[2J\\x1b]0;title\\x07"},
        {"a\tb\nc\r\n", "a b c  "},
        {"del\x7f", "del\\x7f"},
        {"c1 \xc2\x9b"
         "31m",
         "c1 \\x9b31m"},
        {"turned \xe2\x80\xae round", "turned \\u202e round"},
        {"line\xe2\x80\xa8separator", "line\\u2028separator"},
        {"bad \xff \xc0\xaf \xed\xa0\x80.", "bad � �� ���."},
        {"cut \xe6\xb8", "cut ��"},
        {"tag \xf3\xa0\x80\x81", "tag \\ue0001"},
    };

    (void)state;
    for (size_t i = 0; i < HF_LEN(rows); i++)
        assert_clean(rows[i].text, strlen(rows[i].text), rows[i].wanted);
    assert_clean("nul\0 in it", 10, "nul\\x00 in it");
}

static void
widths_are_those_of_a_terminal(void **state)
{
    (void)state;
    assert_int_equal(cli_text_width(""), 0);
    assert_int_equal(cli_text_width("ü–x"), 3);
    assert_int_equal(cli_text_width("温度"), 4);
    assert_int_equal(cli_text_width("e\xcc\x81"), 1); /* a combining accent */
    assert_int_equal(cli_text_fit("温度x", 3), 3);
    assert_int_equal(cli_text_fit("温度x", 1), 3); /* at least one */
    assert_int_equal(cli_text_fit("abc", 9), 3);
}

/* The same value for every reader, and nothing for the terminal. */
static void
json_stays_the_same_value(void **state)
{
    static const char json[] =
        "{\"a\": \"x\033[2J\xc2\x9b\\u001b\\\\\", \"b\xe2\x80\xae\": [1,\n\t9007199254740993]}";
    HF_AUTO_BUF struct hf_buf out = HF_BUF_INIT(4096);
    HF_AUTO(hf_json) struct hf_json *before = NULL, *after = NULL;

    (void)state;
    assert_int_equal(cli_text_add_json(&out, json, strlen(json), NULL), 0);
    assert_string_equal(out.data, "{\"a\": \"x\\u001b[2J\\u009b\\u001b\\\\\", \"b\\u202e\": [1,\n\t"
                                  "9007199254740993]}");
    assert_int_equal(hf_json_parse(json, strlen(json), &before, NULL), 0);
    assert_int_equal(hf_json_parse(out.data, out.len, &after, NULL), 0);
    assert_string_equal(hf_json_string(before, "a"), hf_json_string(after, "a"));
}

static const struct cli_column columns[] = {{"NAME", false}, {"N", true}, {"WHAT", false}};

static void
columns_fit_what_is_in_them(void **state)
{
    HF_AUTO(cli_table) struct cli_table *t = cli_table_new(columns, HF_LEN(columns));
    struct shown s;

    (void)state;
    shown_begin(&s, 0);
    cli_cell_text(t, CLI_GOOD, "温度");
    cli_cell(t, CLI_PLAIN, "%d", 7);
    cli_cell_text(t, CLI_PLAIN, "of a\033[31m device that has a lot to say about itself");
    cli_cell_text(t, CLI_PLAIN, "broker");
    cli_cell(t, CLI_PLAIN, "%d", 1234);
    cli_cell_text(t, CLI_PLAIN, NULL);
    assert_int_equal(cli_table_print(t, &s.out, "none", NULL), 0);
    assert_string_equal(shown_text(&s), "NAME       N  WHAT\n"
                                        "温度       7  of a\\x1b[31m device that has a lot to say "
                                        "about itself\n"
                                        "broker  1234  -\n");
    shown_end(&s);
}

static void
the_last_column_wraps_on_a_terminal(void **state)
{
    HF_AUTO(cli_table) struct cli_table *t = cli_table_new(columns, HF_LEN(columns));
    struct shown s;

    (void)state;
    shown_begin(&s, 32);
    cli_cell_text(t, CLI_PLAIN, "a");
    cli_cell_text(t, CLI_PLAIN, "1");
    cli_cell_text(t, CLI_PLAIN, "words that go on and a_word_that_is_longer_than_the_line");
    assert_int_equal(cli_table_print(t, &s.out, "none", NULL), 0);
    assert_string_equal(shown_text(&s), "NAME  N  WHAT\n"
                                        "a     1  words that go on and\n"
                                        "         a_word_that_is_longer_t\n"
                                        "         han_the_line\n");
    shown_end(&s);
}

static void
colour_is_only_where_it_is_wanted(void **state)
{
    struct shown s;

    (void)state;
    shown_begin(&s, 0);
    cli_line(&s.out, CLI_BAD, "%s", "bad\033[m");
    s.out.colour = true;
    cli_line(&s.out, CLI_BAD, "%s", "bad\033[m");
    assert_string_equal(shown_text(&s), "bad\\x1b[m\n\033[31mbad\\x1b[m\033[m\n");
    shown_end(&s);
}

static void
an_empty_table_says_so(void **state)
{
    HF_AUTO(cli_table) struct cli_table *t = cli_table_new(columns, HF_LEN(columns));
    struct hf_error err = {0};
    struct shown s;

    (void)state;
    shown_begin(&s, 0);
    assert_int_equal(cli_table_print(t, &s.out, "There is none.", NULL), 0);
    assert_string_equal(shown_text(&s), "There is none.\n");
    assert_int_equal(cli_table_print(NULL, &s.out, "", &err), -1); /* memory ran out */
    shown_end(&s);
}

static void
figures_read_as_in_the_dashboard(void **state)
{
    (void)state;
    assert_string_equal(cli_bytes(0).text, "0 B");
    assert_string_equal(cli_bytes(8808038).text, "8.4 MB");
    assert_string_equal(cli_bytes(67108864).text, "64 MB");
    assert_string_equal(cli_bytes_of(1536, 1048576).text, "1.5 kB of 1 MB");
    assert_string_equal(cli_rate(154.2).text, "154/s");
    assert_string_equal(cli_rate(0.04).text, "2.4/min");
    assert_string_equal(cli_duration(14).text, "14 s");
    assert_string_equal(cli_duration(7800).text, "2 h 10 min");
    assert_string_equal(cli_duration(7200).text, "2 h");
    assert_string_equal(cli_duration(19 * 86400).text, "19 days");
    assert_string_equal(cli_duration(-1).text, "");
    assert_string_equal(cli_time("2026-11-24T03:01:33.123Z").text, "2026-11-24 03:01:33");
    assert_string_equal(cli_time(NULL).text, "");
    assert_string_equal(cli_time("yesterday").text, "");
    assert_string_equal(cli_age("2026-11-24T03:00:00Z", 1795489200000 + 14000).text, "14 s");
    assert_string_equal(cli_short("sha256:0c1d77aa0c1d77aa").text, "0c1d77aa0c1d");
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nothing_reaches_the_terminal_raw),
        cmocka_unit_test(widths_are_those_of_a_terminal),
        cmocka_unit_test(json_stays_the_same_value),
        cmocka_unit_test(columns_fit_what_is_in_them),
        cmocka_unit_test(the_last_column_wraps_on_a_terminal),
        cmocka_unit_test(colour_is_only_where_it_is_wanted),
        cmocka_unit_test(an_empty_table_says_so),
        cmocka_unit_test(figures_read_as_in_the_dashboard),
    };

    setenv("TZ", "UTC", 1);
    cli_text_init();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
