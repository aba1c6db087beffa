// SPDX-License-Identifier: Apache-2.0
#include "base/file.h"
#include "cli/cli.h"
#include "shown.h"

#include <stdio.h>
#include <string.h>

/* Parses words that are parted by blanks. */
static int
parse(const char *line, struct cli_args *a, struct hf_error *err)
{
    static char words[512];
    char name[] = "holdfast", *argv[40] = {name}, *save = NULL;
    int argc = 1;

    snprintf(words, sizeof words, "%s", line);
    for (char *w = strtok_r(words, " ", &save); w; w = strtok_r(NULL, " ", &save))
        argv[argc++] = w;
    memset(err, 0, sizeof *err);
    return cli_args_parse(argc, argv, a, err);
}

static void
words_and_flags_stand_anywhere(void **state)
{
    struct cli_args a;
    struct hf_error err;

    (void)state;
    assert_int_equal(parse("--gateway a logs -f buffer --tail=5", &a, &err), 0);
    assert_string_equal(a.command->name, "logs");
    assert_int_equal(a.count, 1);
    assert_string_equal(a.words[0], "buffer");
    assert_string_equal(a.flags[CLI_GATEWAY], "a");
    assert_string_equal(a.flags[CLI_TAIL], "5");
    assert_non_null(a.flags[CLI_FOLLOW]);
    assert_null(a.flags[CLI_JSON]);
    assert_int_equal(parse("config set -- -x=1", &a, &err), 0);
    assert_string_equal(a.words[0], "-x=1");
    assert_int_equal(parse("config set --file -", &a, &err), 0);
    assert_string_equal(a.flags[CLI_FILE], "-");
    assert_int_equal(parse("releases add file", &a, &err), 0);
    assert_string_equal(a.command->name, "releases add");
    assert_int_equal(parse("releases", &a, &err), 0);
    assert_string_equal(a.command->name, "releases");
    assert_int_equal(parse("logs --help", &a, &err), 0); /* its word is not missed */
    assert_int_equal(parse("", &a, &err), 0);
    assert_null(a.command);
}

static void
what_is_wrong_is_said(void **state)
{
    static const struct {
        const char *line, *said;
    } rows[] = {
        {"nonsense", "there is no command 'nonsense'"},
        {"releases nonsense", "one word too many"},
        {"logs", "something is missing: the usage is 'holdfast logs SERVICE'"},
        {"status now", "one word too many"},
        {"status --nonsense", "unknown flag '--nonsense'"},
        {"status --js", "unknown flag '--js'"}, /* not abbreviated */
        {"status -jx", "unknown flag '-jx'"},
        {"status --json=yes", "--json has no value"},
        {"status --json -j", "--json is given twice"},
        {"logs buffer --tail", "--tail needs a value"},
        {"logs buffer --tail=", "--tail needs a value"},
        {"status --follow", "'status' does not take --follow"},
    };
    struct cli_args a;
    struct hf_error err;

    (void)state;
    for (size_t i = 0; i < HF_LEN(rows); i++) {
        assert_int_equal(parse(rows[i].line, &a, &err), -1);
        if (!strstr(err.message, rows[i].said))
            fail_msg("'%s' says: %s", rows[i].line, err.message);
        assert_int_equal(cli_exit_of(err.class), CLI_USAGE);
    }
}

static void
statuses_are_those_of_the_man_page(void **state)
{
    static const struct {
        enum hf_error_class class;
        int exit;
    } rows[] = {
        {HF_ERROR_INVALID, 2},   {HF_ERROR_MALFORMED, 2},  {HF_ERROR_UNAVAILABLE, 3},
        {HF_ERROR_TIMEOUT, 3},   {HF_ERROR_UPSTREAM, 3},   {HF_ERROR_UNAUTHORIZED, 4},
        {HF_ERROR_FORBIDDEN, 6}, {HF_ERROR_INTERNAL, 7},   {HF_ERROR_NO_SPACE, 7},
        {HF_ERROR_NOT_FOUND, 7}, {HF_ERROR_CONFLICT, 130},
    };

    (void)state;
    for (size_t i = 0; i < HF_LEN(rows); i++)
        assert_int_equal(cli_exit_of(rows[i].class), rows[i].exit);
}

/* ---- the table of commands, its help and the man page ---- */

static struct hf_buf man = {.max = 65536};

/* "\fBreleases add\fR", "\fB\-\-no\-wait\fR" */
static bool
man_has(const char *name)
{
    char text[128] = "\\fB";
    size_t len = 3;

    for (; *name; name++)
        len += (size_t)snprintf(text + len, sizeof text - len, *name == '-' ? "\\-" : "%c", *name);
    snprintf(text + len, sizeof text - len, "\\fR");
    return strstr(man.data, text) != NULL;
}

static char *
help_of(const struct cli_command *command)
{
    char *text = NULL;
    size_t len = 0;
    FILE *to = open_memstream(&text, &len);

    cli_help(to, command);
    fclose(to);
    return text;
}

static void
check_flags(const struct cli_command *command, const char *help)
{
    char flag[64];

    for (int i = 0; i < CLI_FLAG_COUNT; i++) {
        if (!(command->flags & CLI_FLAG(i)))
            continue;
        snprintf(flag, sizeof flag, "--%s", cli_flags[i].name);
        if (!strstr(help, flag) || !man_has(flag))
            fail_msg("%s: help or man page lacks %s", command->name, flag);
    }
}

static void
check_command(const struct cli_command *command, const char *all)
{
    HF_AUTO_FREE char *help = help_of(command);
    char line[256];

    snprintf(line, sizeof line, "\n  %-18s %s\n", command->name, command->summary);
    if (!strstr(all, line))
        fail_msg("holdfast --help lacks %s", command->name);
    if (!man_has(command->name))
        fail_msg("the man page lacks %s", command->name);
    snprintf(line, sizeof line, "\nExamples:\n  holdfast %s", command->name);
    if (!strstr(help, line))
        fail_msg("%s --help has no example", command->name);
    if (!command->path == !command->run || (command->path && !command->show) ||
        command->least > command->most || command->most > CLI_WORDS_MAX)
        fail_msg("%s: its line in the table makes no sense", command->name);
    check_flags(command, help);
}

static void
every_command_is_in_table_help_and_man_page(void **state)
{
    HF_AUTO_FREE char *all = help_of(NULL);
    size_t count = 0;

    (void)state;
    for (size_t g = 0; g < cli_group_count; g++)
        for (size_t i = 0; i < cli_groups[g]->count; i++, count++)
            check_command(&cli_groups[g]->commands[i], all);
    assert_true(count > 30);
}

/* What the man page calls a command is one. */
static void
the_man_page_invents_nothing(void **state)
{
    const char *at = strstr(man.data, "\n.SH COMMANDS"), *end = strstr(man.data, "\n.SH FLAGS");

    (void)state;
    while ((at = strstr(at, "\n.TP\n\\fB")) && at < end) {
        char name[64] = "";
        const char *words[2], *stop;
        size_t used;

        at += strlen("\n.TP\n\\fB");
        stop = strstr(at, "\\fR");
        snprintf(name, sizeof name, "%.*s", (int)(stop - at), at);
        words[0] = name;
        words[1] = strchr(name, ' ');
        if (words[1]) {
            name[words[1] - name] = '\0';
            words[1]++;
        }
        if (!cli_command_find(words, words[1] ? 2 : 1, &used) || used != (words[1] ? 2 : 1))
            fail_msg("the man page has a command '%s' that is none", name);
    }
}

static void
letters_and_names_are_one_each(void **state)
{
    (void)state;
    for (int i = 0; i < CLI_FLAG_COUNT; i++) {
        char name[64];

        snprintf(name, sizeof name, "--%s", cli_flags[i].name);
        assert_true(man_has(name));
        for (int k = i + 1; k < CLI_FLAG_COUNT; k++) {
            assert_string_not_equal(cli_flags[i].name, cli_flags[k].name);
            assert_true(!cli_flags[i].letter || cli_flags[i].letter != cli_flags[k].letter);
        }
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(words_and_flags_stand_anywhere),
        cmocka_unit_test(what_is_wrong_is_said),
        cmocka_unit_test(statuses_are_those_of_the_man_page),
        cmocka_unit_test(every_command_is_in_table_help_and_man_page),
        cmocka_unit_test(the_man_page_invents_nothing),
        cmocka_unit_test(letters_and_names_are_one_each),
    };
    int failed;

    if (hf_file_read(HF_MAN_PAGE, &man, NULL) < 0)
        return 1;
    failed = cmocka_run_group_tests(tests, NULL, NULL);
    hf_buf_done(&man);
    return failed;
}
