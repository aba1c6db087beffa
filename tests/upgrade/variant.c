// SPDX-License-Identifier: Apache-2.0
/*
 * What an image of ours is made wrong with: it goes in front of the image's own program.
 *
 *     variant exit             ends at once
 *     variant idle             runs and does nothing
 *     variant dies S CMD...    runs CMD, and ends it after S seconds
 *     variant leaks MB CMD...  runs CMD, and takes so much memory more each second
 */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

static pid_t
run(char **command)
{
    pid_t child = fork();

    if (child == 0) {
        execv(command[0], command);
        _exit(127);
    }
    return child;
}

/* Until the kernel ends it. */
static _Noreturn void
leak(unsigned mib_a_second, char **command)
{
    enum { MIB = 1024 * 1024, SECOND_US = 1000 * 1000 };

    run(command);
    for (;;) {
        char *more = malloc(MIB);

        if (more)
            memset(more, 1, MIB);
        usleep(SECOND_US / mib_a_second);
    }
}

static int
die_after(unsigned seconds, char **command)
{
    pid_t child = run(command);

    sleep(seconds);
    kill(child, SIGKILL);
    waitpid(child, NULL, 0);
    fputs("event=end reason=\"this image is made to die\"\n", stderr);
    return 3;
}

/* PID 1 ignores what it has no handler for. */
static void
end(int number)
{
    (void)number;
    _exit(0);
}

int
main(int argc, char **argv)
{
    signal(SIGTERM, end);
    if (argc > 3 && strcmp(argv[1], "dies") == 0)
        return die_after((unsigned)strtoul(argv[2], NULL, 10), argv + 3);
    if (argc > 3 && strcmp(argv[1], "leaks") == 0)
        leak((unsigned)strtoul(argv[2], NULL, 10), argv + 3);
    if (argc > 1 && strcmp(argv[1], "idle") == 0)
        for (;;)
            pause();
    fputs("event=end reason=\"this image is made to end\"\n", stderr);
    return 2;
}
