// SPDX-License-Identifier: Apache-2.0
/* The program of the image that the engine's test runs: says a line on each stream, waits for its
 * end. */
#include <signal.h>
#include <stdio.h>
#include <unistd.h>

static void
end(int number)
{
    (void)number;
    _exit(0);
}

int
main(void)
{
    signal(SIGTERM, end);
    puts("hello");
    fflush(stdout);
    fputs("world\n", stderr);
    for (;;)
        pause();
}
