// SPDX-License-Identifier: Apache-2.0
#include "unit.h"

#include "base/log.h"
#include "base/log_format.h"

#include <fcntl.h>
#include <string.h>

/* stderr becomes a pipe that nobody reads, as when the engine that drains the logs is away. */
static int
stderr_to_pipe(int *ret_old)
{
    int ends[2];

    assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
    fcntl(ends[0], F_SETFL, O_NONBLOCK);
    *ret_old = dup(STDERR_FILENO);
    dup2(ends[1], STDERR_FILENO);
    close(ends[1]);
    return ends[0];
}

static void
stderr_back(int old)
{
    dup2(old, STDERR_FILENO);
    close(old);
}

static void
pain_13_a_full_pipe_never_blocks_and_the_loss_is_counted(void **state)
{
    char text[65536];
    int old, pipe_end;
    ssize_t n;

    (void)state;
    pipe_end = stderr_to_pipe(&old);
    for (int i = 0; i < 3000; i++)
        hf_log_info("event=flood n=%d", i);
    assert_true(hf_log_dropped() > 0);
    while (read(pipe_end, text, sizeof text) > 0)
        ;
    hf_log_info("event=after");
    n = read(pipe_end, text, sizeof text - 1);
    stderr_back(old);
    close(pipe_end);
    assert_true(n > 0);
    text[n] = '\0';
    assert_non_null(strstr(text, "event=log-dropped"));
    assert_non_null(strstr(text, "event=after"));
}

static void
pain_13_repeats_collapse_and_lines_stay_lines(void **state)
{
    char text[65536];
    int old, pipe_end;
    ssize_t n;

    (void)state;
    pipe_end = stderr_to_pipe(&old);
    for (int i = 0; i < 50; i++)
        hf_log_warn("event=same text=\"a\nb\" said=\"%s\"", "c\nd");
    hf_log_warn("event=other");
    n = read(pipe_end, text, sizeof text - 1);
    stderr_back(old);
    close(pipe_end);
    assert_true(n > 0);
    text[n] = '\0';
    assert_non_null(strstr(text, "text=\"a b\" said=\"c\\nd\""));
    assert_non_null(strstr(text, "event=log-repeated times=49"));
    assert_non_null(strstr(text, "event=other"));
}

/* As a fault says it that has two sides, once a second. */
static void
pain_13_lines_that_take_turns_collapse_too(void **state)
{
    char text[65536];
    int old, pipe_end, lines = 0;
    ssize_t n;

    (void)state;
    pipe_end = stderr_to_pipe(&old);
    for (int i = 0; i < 200; i++) {
        hf_log_error("event=turn-one error=\"no room\"");
        hf_log_error("event=turn-two error=\"no room either\"");
    }
    hf_log_warn("event=turn-end");
    n = read(pipe_end, text, sizeof text - 1);
    stderr_back(old);
    close(pipe_end);
    assert_true(n > 0);
    text[n] = '\0';
    for (const char *c = text; *c; c++)
        lines += *c == '\n';
    assert_int_equal(lines, 4);
    assert_non_null(strstr(text, "event=log-repeated times=398"));
}

static void
formatted(char out[128], const char *fmt, ...)
{
    va_list args;

    va_start(args, fmt);
    hf_log_format(out, 128, fmt, args);
    va_end(args);
}

static void
no_value_ends_its_own_quotes(void **state)
{
    char out[128];

    (void)state;
    formatted(out, "a=%s reason=\"%s\" n=%d", "x", "say \"hi\" level=error \\ \n\x1b", -3);
    assert_string_equal(out, "a=x reason=\"say \\\"hi\\\" level=error \\\\ \\n\\x1b\" n=-3");
    formatted(out, "a=%s b=\"%.3s\" c=\"%.*s\"", "new\nline", "abcdef", 2, "xyz");
    assert_string_equal(out, "a=new line b=\"abc\" c=\"xy\"");
    formatted(out, "%u %lld %zu %x %c %lu 100%%", 7U, 9007199254740993LL, (size_t)8, 255U, 'q',
              9UL);
    assert_string_equal(out, "7 9007199254740993 8 ff q 9 100%");
    formatted(out, "v=\"%s\"", (const char *)NULL);
    assert_string_equal(out, "v=\"(null)\"");
}

/* An escape that does not fit is left out whole. */
static void
a_long_line_is_cut(void **state)
{
    char text[300], out[128];

    (void)state;
    memset(text, '"', sizeof text - 1);
    text[sizeof text - 1] = '\0';
    formatted(out, "v=\"%s\"", text);
    assert_in_range(strlen(out), 120, 127);
    assert_int_equal(out[strlen(out) - 1], '"');
    assert_int_equal(out[strlen(out) - 2], '\\');
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(pain_13_a_full_pipe_never_blocks_and_the_loss_is_counted),
        cmocka_unit_test(pain_13_lines_that_take_turns_collapse_too),
        cmocka_unit_test(pain_13_repeats_collapse_and_lines_stay_lines),
        cmocka_unit_test(no_value_ends_its_own_quotes),
        cmocka_unit_test(a_long_line_is_cut),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
