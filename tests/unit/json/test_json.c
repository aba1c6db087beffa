// SPDX-License-Identifier: Apache-2.0
#include "unit.h"

#include "json/json.h"

#include <string.h>

static void
refused(const char *text, size_t len, const char *because)
{
    struct hf_json *doc = NULL;
    struct hf_error err = {0};

    assert_int_equal(hf_json_parse(text, len, &doc, &err), -1);
    assert_null(doc);
    assert_int_equal(err.class, HF_ERROR_MALFORMED);
    if (!strstr(err.message, because))
        fail_msg("'%s' does not say '%s'", err.message, because);
}

static void
bad_text_is_refused_with_its_place(void **state)
{
    char deep[20001];

    (void)state;
    refused("", 0, "line 1, column 1");
    refused("{\n  \"a\": 1,\n  \"b\": oops\n}", 24, "line 3");
    refused("{} x", 4, "line 1");
    refused("{}\0", 3, "UTF-8");
    refused("{\"a\":1,\"a\":2}", 13, "'a' is there twice");
    refused("\"\xff\"", 3, "line 1, column 2: not UTF-8");
    refused("\xff\xfe{\0}\0", 6, "UTF-16");
    refused("{\n\v\"a\":1}", 9, "line 2, column 1: a control character");
    refused("{\"a\":\"x\\u0000\"}", 15, "line 1, column 8: \\u0000");
    refused("{\"a\":1,\n\"\\u0061\":2}", 19, "line 2, column 1: member 'a'");
    memset(deep, '[', 10000);
    memset(deep + 10000, ']', 10000);
    refused(deep, 20000, "nested deeper than 32");
}

static void
parse_needs_no_terminator(void **state)
{
    HF_AUTO(hf_json) struct hf_json *doc = NULL;
    struct hf_error err;
    char *exact = malloc(7);

    (void)state;
    memcpy(exact, "{\"a\":1}", 7);
    assert_int_equal(hf_json_parse(exact, 7, &doc, &err), 0);
    assert_int_equal(hf_json_int(doc, "a", 0), 1);
    free(exact);
}

static void
check_names_what_is_wrong_and_what_is_allowed(void **state)
{
    static const struct hf_json_field fields[] = {
        {"name", HF_JSON_STRING, true},
        {"port", HF_JSON_INT, false},
    };
    static const char *const rows[][3] = {
        {"{}", "/x/name", "is missing"},
        {"{\"name\":1}", "/x/name", "must be a string"},
        {"{\"name\":\"n\",\"port\":1.5}", "/x/port", "must be a whole number"},
        {"{\"name\":\"n\",\"Port\":1}", "/x/Port", "allowed here: name, port"},
        {"[]", "/x", "must be an object"},
    };

    (void)state;
    for (size_t i = 0; i < HF_LEN(rows); i++) {
        HF_AUTO(hf_json) struct hf_json *doc = NULL;
        struct hf_error err;

        assert_int_equal(hf_json_parse(rows[i][0], strlen(rows[i][0]), &doc, &err), 0);
        assert_int_equal(hf_json_check(doc, "/x", fields, HF_LEN(fields), &err), -1);
        assert_string_equal(err.pointer, rows[i][1]);
        assert_non_null(strstr(err.message, rows[i][2]));
    }
}

static void
writing_and_reading_agree(void **state)
{
    HF_AUTO(hf_json) struct hf_json *doc = hf_json_object();
    HF_AUTO_FREE char *text = NULL;
    struct hf_json *list = hf_json_array();
    struct hf_error err;

    (void)state;
    hf_json_add_string(list, "a\"b");
    hf_json_put_int(doc, "n", 9007199254740991);
    hf_json_put_number(doc, "nan", 0.0 / 0.0);
    hf_json_put_time(doc, "t", 1000);
    hf_json_put_time(doc, "never", 0);
    hf_json_put(doc, "list", list);
    assert_int_equal(hf_json_print(doc, &text, &err), 0);
    assert_string_equal(text, "{\"n\":9007199254740991,\"nan\":null,"
                              "\"t\":\"1970-01-01T00:00:01.000Z\",\"never\":null,"
                              "\"list\":[\"a\\\"b\"]}");
}

static void
compact_keeps_every_byte_that_means_something(void **state)
{
    static const char *const rows[][2] = {
        {" { \"t\" : 21.50 ,\n \"s\":\"a b\\n\" } ", "{\"t\":21.50,\"s\":\"a b\\n\"}"},
        {"1e5", "1e5"},
        {"-0.10E+3", "-0.10E+3"},
        {"12345678901234567890", "12345678901234567890"},
        {"[ ]", "[]"},
        {"\"\xc3\xa9\\u00e9\"", "\"\xc3\xa9\\u00e9\""},
        {"null", "null"},
        {"\"\\ud83d\\uDE00\"", "\"\\ud83d\\uDE00\""},
    };

    (void)state;
    for (size_t i = 0; i < HF_LEN(rows); i++) {
        HF_AUTO_BUF struct hf_buf out = HF_BUF_INIT(1000);

        assert_true(hf_json_compact(rows[i][0], strlen(rows[i][0]), &out));
        assert_string_equal(out.data, rows[i][1]);
    }
}

/* Strings are taken eight bytes at a time: what ends or escapes one counts wherever it stands. */
static void
compact_looks_at_every_byte_of_a_string(void **state)
{
    enum { LONGEST = 40 };
    static const char *const pieces[] = {"\\n", "\\\"", "\\\\", "\xc3\xbc", " ", "!", "\x7f"};
    static const char wrong[] = "\"\\\x01\x1f\n\x80";

    (void)state;
    for (size_t len = 0; len < LONGEST; len++)
        for (size_t at = 0; at <= len; at++) {
            for (size_t i = 0; i < HF_LEN(pieces); i++) {
                HF_AUTO_BUF struct hf_buf out = HF_BUF_INIT(1000);
                char text[4 * LONGEST];

                snprintf(text, sizeof text, "\"%.*s%s%.*s\"", (int)at,
                         "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx", pieces[i], (int)(len - at),
                         "yyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyy");
                assert_true(hf_json_compact(text, strlen(text), &out));
                assert_string_equal(out.data, text);
            }
            for (size_t i = 0; i < sizeof wrong; i++) { /* the NUL too */
                HF_AUTO_BUF struct hf_buf out = HF_BUF_INIT(1000);
                char text[LONGEST + 3];

                memset(text, 'x', sizeof text);
                text[0] = text[len + 2] = '"';
                text[at + 1] = wrong[i];
                assert_false(hf_json_compact(text, len + 3, &out));
            }
        }
}

static void
compact_refuses_what_is_no_json(void **state)
{
    static const char *const rows[] = {
        "",    " ",  "{",     "{\"a\"}", "[1,]",    "01",        "1.",       ".5",
        "1e",  "+1", "nul",   "truex",   "\"\\x\"", "\"\\u12\"", "\"a\nb\"", "{} {}",
        "'a'", "\"", "[1 2]", "{a:1}",   "NaN",     "\xff",      "-",        "\"\xc3\"",
    };
    char deep[67];

    (void)state;
    for (size_t i = 0; i < HF_LEN(rows); i++) {
        HF_AUTO_BUF struct hf_buf out = HF_BUF_INIT(1000);

        assert_false(hf_json_compact(rows[i], strlen(rows[i]), &out));
        assert_int_equal(out.len, 0);
    }
    memset(deep, '[', 33);
    memset(deep + 33, ']', 33);
    HF_AUTO_BUF struct hf_buf out = HF_BUF_INIT(1000);
    assert_false(hf_json_compact(deep, 66, &out));
    assert_true(hf_json_compact(deep + 1, 64, &out));
}

/* Examples of RFC 7396, appendix A, and that members keep their places. */
static void
a_merge_patch_is_applied(void **state)
{
    static const char *const rows[][3] = {
        {"{\"a\":\"b\"}", "{\"a\":\"c\"}", "{\"a\":\"c\"}"},
        {"{\"a\":\"b\"}", "{\"b\":\"c\"}", "{\"a\":\"b\",\"b\":\"c\"}"},
        {"{\"a\":\"b\",\"b\":\"c\"}", "{\"a\":null}", "{\"b\":\"c\"}"},
        {"{\"a\":[\"b\"]}", "{\"a\":\"c\"}", "{\"a\":\"c\"}"},
        {"{\"a\":{\"b\":\"c\"}}", "{\"a\":{\"b\":\"d\",\"c\":null}}", "{\"a\":{\"b\":\"d\"}}"},
        {"{\"a\":[{\"b\":\"c\"}]}", "{\"a\":[1]}", "{\"a\":[1]}"},
        {"{\"a\":\"foo\"}", "\"bar\"", "\"bar\""},
        {"[1,2]", "{\"a\":\"b\",\"c\":null}", "{\"a\":\"b\"}"},
        {"{}", "{\"a\":{\"bb\":{\"ccc\":null}}}", "{\"a\":{\"bb\":{}}}"},
        {"{\"a\":1,\"b\":2,\"c\":3}", "{\"b\":7}", "{\"a\":1,\"b\":7,\"c\":3}"},
    };

    (void)state;
    for (size_t i = 0; i < HF_LEN(rows); i++) {
        HF_AUTO(hf_json) struct hf_json *v = NULL, *patch = NULL, *merged = NULL;
        HF_AUTO_FREE char *text = NULL;

        assert_int_equal(hf_json_parse(rows[i][0], strlen(rows[i][0]), &v, NULL), 0);
        assert_int_equal(hf_json_parse(rows[i][1], strlen(rows[i][1]), &patch, NULL), 0);
        merged = hf_json_merge(v, patch);
        assert_int_equal(hf_json_print(merged, &text, NULL), 0);
        assert_string_equal(text, rows[i][2]);
    }
}

static void
values_are_found_in_their_text(void **state)
{
    static const char text[] = "{\n  \"a\": [1, \"},]\\\"\", {\"b/c\": 2}],\n"
                               "  \"d\": {\n    \"e\": null, \"\": 3 }\n}";
    static const struct {
        const char *pointer;
        size_t line, column;
    } rows[] = {
        {"", 1, 1},       {"/a", 2, 3},         {"/a/0", 2, 9},       {"/a/1", 2, 12},
        {"/a/2", 2, 21},  {"/a/2/b~1c", 2, 22}, {"/d/e", 4, 5},       {"/d/", 4, 16},
        {"/a/3", 2, 3},   {"/a/x", 2, 3},       {"/d/nowhere", 3, 3}, {"/nowhere/e", 1, 1},
        {"/d/e/f", 4, 5},
    };

    (void)state;
    for (size_t i = 0; i < HF_LEN(rows); i++) {
        struct hf_json_place p = hf_json_find(text, sizeof text - 1, rows[i].pointer);

        if (p.line != rows[i].line || p.column != rows[i].column)
            fail_msg("'%s' is at %zu:%zu, not %zu:%zu", rows[i].pointer, p.line, p.column,
                     rows[i].line, rows[i].column);
    }
}

static void
values_of_the_tree_are_found_in_their_text(void **state)
{
    static const char text[] = "{\n  \"a\": [1, \"},]\\\"\", {\"b/c\": 2}],\n"
                               "  \"\\u0064\": {\n    \"e\": [ ], \"\": 3 }\n}";
    static const struct {
        const char *pointer;
        size_t line, column;
    } rows[] = {
        {"", 1, 1},           {"/a", 2, 3}, {"/a/0", 2, 9}, {"/a/1", 2, 12}, {"/a/2", 2, 21},
        {"/a/2/b~1c", 2, 22}, {"/d", 3, 3}, {"/d/e", 4, 5}, {"/d/", 4, 15},
    };
    static const char *const nowhere[] = {"/a/3", "/a/x", "/d/f", "/a/0/1", "/b~1c", "/d/e/0"};
    HF_AUTO(hf_json) struct hf_json *doc = NULL;

    (void)state;
    assert_int_equal(hf_json_parse(text, sizeof text - 1, &doc, NULL), 0);
    for (size_t i = 0; i < HF_LEN(rows); i++) {
        const struct hf_json *v = hf_json_at(doc, rows[i].pointer);
        struct hf_json_place p = hf_json_place_of(text, sizeof text - 1, doc, v);

        assert_non_null(v);
        if (p.line != rows[i].line || p.column != rows[i].column)
            fail_msg("'%s' is at %zu:%zu, not %zu:%zu", rows[i].pointer, p.line, p.column,
                     rows[i].line, rows[i].column);
    }
    for (size_t i = 0; i < HF_LEN(nowhere); i++)
        assert_null(hf_json_at(doc, nowhere[i]));
}

static void
pointers_grow_by_names_and_stay_within_bounds(void **state)
{
    char pointer[HF_ERROR_POINTER_MAX] = "/a", name[HF_ERROR_POINTER_MAX];

    (void)state;
    hf_json_pointer_add(pointer, "b/c~d");
    assert_string_equal(pointer, "/a/b~1c~0d");
    memset(name, '~', sizeof name - 1);
    name[sizeof name - 1] = '\0';
    hf_json_pointer_add(pointer, name);
    assert_true(strlen(pointer) < HF_ERROR_POINTER_MAX);
    hf_json_pointer_add(pointer, name);
    assert_true(strlen(pointer) < HF_ERROR_POINTER_MAX);
}

/* The samples of RFC 8785 §3.2.2 to §3.2.4, as far as ASCII names and plain numbers go. */
static void
canonical_is_one_text_for_one_value(void **state)
{
    static const char *const rows[][2] = {
        {"{ \"b\": 1, \"a\": [ ], \"\": {} }", "{\"\":{},\"a\":[],\"b\":1}"},
        {"{\"10\":1,\"1\":{\"f\":{\"f\":\"hi\",\"F\":5},\"\\n\":56},\"A\":{}}",
         "{\"1\":{\"\\n\":56,\"f\":{\"F\":5,\"f\":\"hi\"}},\"10\":1,\"A\":{}}"},
        {"[1.0, -0, 1e3, 4.50, 2e-3, 0.1, 333333333.33333329, 9007199254740991, "
         "0.30000000000000004]",
         "[1,0,1000,4.5,0.002,0.1,333333333.3333333,9007199254740991,0.30000000000000004]"},
        {"[true,false , null]", "[true,false,null]"},
        {"\"\\u20ac$\\u000F\\u000aA'\\u0042\\u0022\\u005c\\\\\\\"\\/\"",
         "\"€$\\u000f\\nA'B\\\"\\\\\\\\\\\"/\""},
    };

    (void)state;
    for (size_t i = 0; i < HF_LEN(rows); i++) {
        HF_AUTO(hf_json) struct hf_json *v = NULL;
        HF_AUTO_FREE char *text = NULL;

        assert_int_equal(hf_json_parse(rows[i][0], strlen(rows[i][0]), &v, NULL), 0);
        assert_int_equal(hf_json_print_canonical(v, &text, NULL), 0);
        assert_string_equal(text, rows[i][1]);
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(bad_text_is_refused_with_its_place),
        cmocka_unit_test(parse_needs_no_terminator),
        cmocka_unit_test(check_names_what_is_wrong_and_what_is_allowed),
        cmocka_unit_test(writing_and_reading_agree),
        cmocka_unit_test(compact_keeps_every_byte_that_means_something),
        cmocka_unit_test(compact_looks_at_every_byte_of_a_string),
        cmocka_unit_test(compact_refuses_what_is_no_json),
        cmocka_unit_test(a_merge_patch_is_applied),
        cmocka_unit_test(values_are_found_in_their_text),
        cmocka_unit_test(values_of_the_tree_are_found_in_their_text),
        cmocka_unit_test(pointers_grow_by_names_and_stay_within_bounds),
        cmocka_unit_test(canonical_is_one_text_for_one_value),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
