// SPDX-License-Identifier: Apache-2.0
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

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(options_are_handed_over),
        cmocka_unit_test(what_is_wrong_is_said),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
