// SPDX-License-Identifier: Apache-2.0
/* Accounts of devices: what is taken, what the broker is given, and many at once. */
#include "unit.h"

#include "model/device.h"

#include <stdlib.h>
#include <string.h>

static void
names_are_levels_of_a_topic(void **state)
{
    static const char *const fine[] = {"a", "press-7", "0", "A.b_c-1"};
    static const char *const wrong[] = {"",    "-a", ".a",        "a/b",    "a+", "#",
                                        "a b", "%u", "h\xc3\xa4", "import", "a:b"};
    char longest[65];

    (void)state;
    for (size_t i = 0; i < HF_LEN(fine); i++)
        assert_int_equal(hf_device_check_name(fine[i], "/name", NULL), 0);
    for (size_t i = 0; i < HF_LEN(wrong); i++) {
        struct hf_error err = {0};

        if (hf_device_check_name(wrong[i], "/name", &err) == 0)
            fail_msg("'%s'", wrong[i]);
        assert_int_equal(err.class, HF_ERROR_INVALID);
        assert_string_equal(err.pointer, "/name");
    }
    memset(longest, 'a', sizeof longest);
    longest[64] = '\0';
    assert_int_equal(hf_device_check_name(longest, "", NULL), -1);
    longest[63] = '\0';
    assert_int_equal(hf_device_check_name(longest, "", NULL), 0);
}

static void
passwords_and_descriptions(void **state)
{
    char text[130];

    (void)state;
    assert_int_equal(hf_device_check_password("1234567", "", NULL), -1);
    assert_int_equal(hf_device_check_password("12345678", "", NULL), 0);
    assert_int_equal(hf_device_check_password("1234\n5678", "", NULL), -1);
    assert_int_equal(hf_device_check_password("1234\xff"
                                              "5678",
                                              "", NULL),
                     -1);
    memset(text, 'x', sizeof text);
    text[129] = '\0';
    assert_int_equal(hf_device_check_password(text, "", NULL), -1);
    assert_int_equal(hf_device_check_description(text, "", NULL), -1);
    text[128] = '\0';
    assert_int_equal(hf_device_check_password(text, "", NULL), 0);
    assert_int_equal(hf_device_check_description(text, "", NULL), 0);
    assert_int_equal(hf_device_check_description("", "", NULL), 0);
    assert_int_equal(hf_device_check_description("a\tb", "", NULL), -1);
}

static void
templates_are_filters(void **state)
{
    static const char *const fine[] = {"",      "#",     "sensors/%u/#", "%u",
                                       "a/+/b", "a b c", "/a//b",        "x%uy/%u"};
    static const char *const wrong[] = {"a#",        "a/#/b", "+a",   "$SYS/#",
                                        "%",         "%x",    "a  b", " a",
                                        "a ",        "a\tb",  "%U/#", "1 2 3 4 5 6 7 8 9",
                                        "$share/g/a"};
    char many[520], long_name[64];

    (void)state;
    for (size_t i = 0; i < HF_LEN(fine); i++)
        if (hf_device_check_topics(fine[i], "d7", "/publish", NULL) < 0)
            fail_msg("'%s'", fine[i]);
    for (size_t i = 0; i < HF_LEN(wrong); i++)
        if (hf_device_check_topics(wrong[i], "d7", "/publish", NULL) == 0)
            fail_msg("'%s'", wrong[i]);
    memset(many, 'a', sizeof many);
    many[513] = '\0';
    assert_int_equal(hf_device_check_topics(many, "d7", "", NULL), -1);
    many[512] = '\0';
    assert_int_equal(hf_device_check_topics(many, "d7", "", NULL), 0);
    memset(long_name, 'n', 63);
    long_name[63] = '\0';
    memcpy(many, "%u%u%u%u%u%u%u%u%u", 18); /* 567 bytes then */
    many[18] = '\0';
    assert_int_equal(hf_device_check_topics(many, "d7", "", NULL), 0);
    assert_int_equal(hf_device_check_topics(many, long_name, "", NULL), -1);
}

static void
the_broker_is_given_what_it_may_do(void **state)
{
    HF_AUTO_BUF struct hf_buf b = HF_BUF_INIT(1024);
    struct hf_buf small = HF_BUF_INIT(40);
    struct hf_error err = {0};
    const struct hf_device_account a = {.name = "d7",
                                        .password_hash = "$7$101$s$h",
                                        .publish = "sensors/%u/# all/%u",
                                        .subscribe = "commands/%u/#"};

    (void)state;
    assert_int_equal(hf_device_write(&a, &b, NULL), 0);
    assert_string_equal(b.data, "account d7 $7$101$s$h\npublish field/sensors/d7/#\n"
                                "publish field/all/d7\nsubscribe field/commands/d7/#\n");
    assert_int_equal(hf_device_write(&a, &small, &err), -1);
    assert_int_equal(err.class, HF_ERROR_TOO_LARGE);
    hf_buf_done(&small);
}

/* ---- CSV ---- */

static struct hf_device_csv *
read_csv(const char *text)
{
    struct hf_device_csv *csv = calloc(1, sizeof *csv);

    assert_int_equal(hf_device_csv_read(text, strlen(text), csv, NULL), 0);
    return csv;
}

static void
drop(struct hf_device_csv *csv)
{
    hf_device_csv_done(csv);
    free(csv);
}

static void
rows_are_read(void **state)
{
    struct hf_device_csv *csv =
        read_csv("\xef\xbb\xbfname,password,publish,subscribe,description\r\n"
                 "d1,,,,\r\n\r\n"
                 "d2,s3cret-pass,\"a/%u b/%u\",c/#,\"Hall \"\"2\"\", left\"\n"
                 "d3\n"
                 "\"d4\",\"with,comma\"");

    (void)state;
    assert_int_equal(csv->error_count, 0);
    assert_int_equal(csv->count, 4);
    assert_string_equal(csv->rows[0].name, "d1");
    assert_string_equal(csv->rows[0].password, "");
    assert_string_equal(csv->rows[0].publish, HF_DEVICE_PUBLISH_DEFAULT);
    assert_int_equal(csv->rows[0].line, 2);
    assert_string_equal(csv->rows[1].publish, "a/%u b/%u");
    assert_string_equal(csv->rows[1].subscribe, "c/#");
    assert_string_equal(csv->rows[1].description, "Hall \"2\", left");
    assert_int_equal(csv->rows[1].line, 4);
    assert_string_equal(csv->rows[2].name, "d3");
    assert_string_equal(csv->rows[3].password, "with,comma");
    drop(csv);
}

static void
has_error(const struct hf_device_csv *csv, size_t line, size_t column, const char *what)
{
    for (size_t i = 0; i < csv->error_count; i++)
        if (csv->errors[i].line == line && csv->errors[i].column == column &&
            strstr(csv->errors[i].detail, what))
            return;
    for (size_t i = 0; i < csv->error_count; i++)
        print_message("%zu:%zu %s\n", csv->errors[i].line, csv->errors[i].column,
                      csv->errors[i].detail);
    fail_msg("no error at %zu:%zu '%s'", line, column, what);
}

static void
everything_wrong_is_said_with_its_place(void **state)
{
    struct hf_device_csv *csv = read_csv("d1,short,,,\n"
                                         "d 2,,a/#/b,,\n"
                                         "d3,,,$SYS/#,x,y\n"
                                         "d1,,,,\n"
                                         "d5,\"a\"b,,,\n"
                                         "d6,,,,\xff\n"
                                         "fine,,,,\n"
                                         "fine,,,,\n"
                                         "d8,\"open\n,,,");

    (void)state;
    has_error(csv, 1, 4, "password: ");
    has_error(csv, 2, 1, "name: ");
    has_error(csv, 2, 6, "publish: ");
    has_error(csv, 3, 6, "subscribe: ");
    has_error(csv, 3, 15, "one comma too many");
    has_error(csv, 5, 7, "after the closing quote");
    has_error(csv, 6, 7, "UTF-8");
    has_error(csv, 8, 1, "'fine' is in line 7 already");
    has_error(csv, 9, 4, "never closed");
    drop(csv);
}

static void
a_file_without_devices_is_wrong(void **state)
{
    static const char *const texts[] = {"", "\n\n", "name\n", "name,password\n"};

    (void)state;
    for (size_t i = 0; i < HF_LEN(texts); i++) {
        struct hf_device_csv *csv = read_csv(texts[i]);

        has_error(csv, 1, 1, "no device");
        drop(csv);
    }
}

static void
columns_in_another_order_are_wrong(void **state)
{
    struct hf_device_csv *csv = read_csv("name,password,subscribe,publish\nd1,,,\n");

    (void)state;
    has_error(csv, 1, 15, "in this order");
    drop(csv);
}

static void
a_field_may_be_as_long_as_it_may_be(void **state)
{
    char text[3000];
    struct hf_device_csv *csv;

    (void)state;
    memcpy(text, "d1,", 3);
    memset(text + 3, 'x', 2000);
    text[2003] = '\0';
    csv = read_csv(text);
    has_error(csv, 1, 4, "too long");
    drop(csv);
}

static void
errors_are_bounded_and_counted(void **state)
{
    enum { LINES = 500 };
    HF_AUTO_BUF struct hf_buf text = HF_BUF_INIT(65536);
    struct hf_device_csv *csv;

    (void)state;
    for (int i = 0; i < LINES; i++)
        assert_int_equal(hf_buf_adds(&text, "no name\n", NULL), 0);
    csv = read_csv(text.data);
    assert_int_equal(csv->error_count, LINES);
    assert_int_equal(csv->count, 0);
    drop(csv);
}

static void
there_are_not_more_than_there_may_be(void **state)
{
    HF_AUTO_BUF struct hf_buf text = HF_BUF_INIT(1 << 20);
    struct hf_device_csv *csv;

    (void)state;
    for (int i = 0; i <= HF_DEVICE_ACCOUNTS_MAX; i++)
        assert_int_equal(hf_buf_addf(&text, NULL, "d%d\n", i), 0);
    csv = read_csv(text.data);
    assert_int_equal(csv->count, HF_DEVICE_ACCOUNTS_MAX);
    has_error(csv, HF_DEVICE_ACCOUNTS_MAX + 1, 1, "more than 5000");
    drop(csv);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(names_are_levels_of_a_topic),
        cmocka_unit_test(passwords_and_descriptions),
        cmocka_unit_test(templates_are_filters),
        cmocka_unit_test(the_broker_is_given_what_it_may_do),
        cmocka_unit_test(rows_are_read),
        cmocka_unit_test(everything_wrong_is_said_with_its_place),
        cmocka_unit_test(a_file_without_devices_is_wrong),
        cmocka_unit_test(columns_in_another_order_are_wrong),
        cmocka_unit_test(a_field_may_be_as_long_as_it_may_be),
        cmocka_unit_test(errors_are_bounded_and_counted),
        cmocka_unit_test(there_are_not_more_than_there_may_be),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
