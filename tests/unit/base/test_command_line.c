// SPDX-License-Identifier: Apache-2.0
#include "tempdir.h"
#include "unit.h"

#include "base/command_line.h"

#include <string.h>

enum { NAME, QUIET };

static const struct option table[] = {
    {"name", required_argument, NULL, NAME},
    {"quiet", no_argument, NULL, QUIET},
    {0},
};

struct taken {
    const char *name;
    bool quiet;
};

static int
take(int which, void *context, struct hf_error *err)
{
    struct taken *t = context;

    if (which == QUIET) {
        t->quiet = true;
        return 0;
    }
    t->name = optarg;
    return hf_command_line_instance(optarg, err);
}

static int
read_words(const char *a, const char *b, const char *c, struct taken *t, struct hf_error *err)
{
    char *argv[] = {(char *)"program", (char *)(uintptr_t)a, (char *)(uintptr_t)b,
                    (char *)(uintptr_t)c, NULL};
    int argc = 1;

    while (argv[argc])
        argc++;
    *t = (struct taken){0};
    return hf_command_line_read(argc, argv, table, take, t, err);
}

static void
options_are_handed_over(void **state)
{
    struct taken t;

    (void)state;
    for (int again = 0; again < 2; again++) {
        assert_int_equal(read_words("--name", "gw-1", "--quiet", &t, NULL), 0);
        assert_string_equal(t.name, "gw-1");
        assert_true(t.quiet);
    }
    assert_int_equal(read_words("--name=gw-1", NULL, NULL, &t, NULL), 0);
    assert_false(t.quiet);
}

static void
what_is_wrong_is_said(void **state)
{
    static const struct {
        const char *words[3], *says;
    } rows[] = {
        {{"--quiet", "--nonsense"}, "unknown option '--nonsense'; see --help"},
        {{"--quiet", "--name"}, "'--name' needs a value; see --help"},
        {{"--quiet", "stray"}, "unexpected argument 'stray'; see --help"},
        {{"--name", "Gw"}, "--instance 'Gw': 1 to 32 lower-case letters, digits and dashes"},
        {{"--name", "-gw"}, "--instance '-gw'"},
        {{"--name", ""}, "--instance ''"},
        {{"--name", "a23456789012345678901234567890123"}, "--instance 'a2"},
    };
    struct hf_error err;
    struct taken t;

    (void)state;
    for (size_t i = 0; i < HF_LEN(rows); i++) {
        err = (struct hf_error){0};
        assert_int_equal(read_words(rows[i].words[0], rows[i].words[1], rows[i].words[2], &t, &err),
                         -1);
        assert_int_equal(err.class, HF_ERROR_INVALID);
        if (!strstr(err.message, rows[i].says))
            fail_msg("'%s' instead of '%s'", err.message, rows[i].says);
    }
}

static int
read_file(const char *dir, const char *text, struct taken *t, struct hf_buf *buf,
          struct hf_error *err)
{
    tempdir_write(dir, "conf", text, strlen(text));
    hf_buf_done(buf);
    *t = (struct taken){0};
    return hf_command_line_file(tempdir_path(dir, "conf"), table, take, t, buf, err);
}

static void
a_file_says_the_same(void **state)
{
    static const char *const texts[] = {
        "name gw-1\nquiet\n",
        "# name x\n\n  name\t gw-1 \r\n   # y\nquiet",
        "name=gw-1\nquiet",
        "quiet\nname = gw-1",
    };
    HF_AUTO_BUF struct hf_buf buf = HF_BUF_INIT(100);
    struct taken t;
    struct hf_error err;

    for (size_t i = 0; i < HF_LEN(texts); i++) {
        if (read_file(*state, texts[i], &t, &buf, &err) < 0)
            fail_msg("%s", err.message);
        assert_string_equal(t.name, "gw-1");
        assert_true(t.quiet);
    }
    assert_int_equal(read_file(*state, "", &t, &buf, NULL), 0);
    assert_null(t.name);
}

static void
what_is_wrong_in_a_file_is_said_with_its_line(void **state)
{
    static const struct {
        const char *text, *says;
    } rows[] = {
        {"quiet\nnonsense 1\n", "line 2: 'nonsense' is no setting here; there are: name, quiet"},
        {"\n\nname\n", "line 3: 'name' needs a value"},
        {"name =\n", "line 1: 'name' needs a value"},
        {"quiet yes", "line 1: 'quiet' takes no value"},
        {"--quiet", "line 1: '--quiet' is no setting"},
        {"name Gw", "line 1: --instance 'Gw': 1 to 32"},
        {"name gw-1 # mine", "line 1: --instance 'gw-1 # mine'"},
        {"= gw", "line 1: '' is no setting"},
    };
    HF_AUTO_BUF struct hf_buf buf = HF_BUF_INIT(100);
    struct hf_error err;
    struct taken t;
    char big[102];

    for (size_t i = 0; i < HF_LEN(rows); i++) {
        err = (struct hf_error){0};
        assert_int_equal(read_file(*state, rows[i].text, &t, &buf, &err), -1);
        assert_int_equal(err.class, HF_ERROR_INVALID);
        if (!strstr(err.message, rows[i].says) || !strstr(err.message, "/conf', line"))
            fail_msg("'%s' instead of '%s'", err.message, rows[i].says);
    }
    memset(big, '#', sizeof big - 1);
    big[sizeof big - 1] = '\0';
    assert_int_equal(read_file(*state, big, &t, &buf, &err), -1);
    assert_int_equal(err.class, HF_ERROR_TOO_LARGE);
    hf_buf_done(&buf);
    tempdir_write(*state, "conf", "quiet\0x", 7);
    assert_int_equal(
        hf_command_line_file(tempdir_path(*state, "conf"), table, take, &t, &buf, &err), -1);
    assert_non_null(strstr(err.message, "is no text"));
    hf_buf_done(&buf);
    assert_int_equal(
        hf_command_line_file(tempdir_path(*state, "none"), table, take, &t, &buf, &err), -1);
    assert_int_equal(err.class, HF_ERROR_NOT_FOUND);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(options_are_handed_over),
        cmocka_unit_test(what_is_wrong_is_said),
        with_tempdir(a_file_says_the_same),
        with_tempdir(what_is_wrong_in_a_file_is_said_with_its_line),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
