// SPDX-License-Identifier: Apache-2.0
#include "unit.h"

#include "base/log.h"

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
        hf_log_warn("event=same text=\"a\nb\"");
    hf_log_warn("event=other");
    n = read(pipe_end, text, sizeof text - 1);
    stderr_back(old);
    close(pipe_end);
    assert_true(n > 0);
    text[n] = '\0';
    assert_non_null(strstr(text, "a b"));
    assert_non_null(strstr(text, "event=log-repeated times=49"));
    assert_non_null(strstr(text, "event=other"));
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(pain_13_a_full_pipe_never_blocks_and_the_loss_is_counted),
        cmocka_unit_test(pain_13_repeats_collapse_and_lines_stay_lines),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
