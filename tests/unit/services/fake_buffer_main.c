// SPDX-License-Identifier: Apache-2.0
/*
 * fake-buffer ADDR:PORT TOKEN: the buffer in memory as a program. Commands on stdin, a line each,
 * each answered by one line on stdout:
 *
 *     put LANE COUNT SIZE        LANE 0 alarm, 1 normal, 2 bulk
 *     one LANE TOPIC MEMBER      as "payload":…
 *     pause 1|0                  answers 503 from now on, or no longer
 *     held SINK                  → a number
 *     refused                    → a number and what was refused
 */
#include "fake_buffer.h"

#include <stdio.h>
#include <string.h>

enum { LINE_BYTES = 8192 };

static void
answer(struct fake_buffer *f, char *line)
{
    char topic[256], sink[64];
    unsigned long lane, count, size, on;
    int at = 0;

    // NOLINTBEGIN(cert-err34-c): commands of our own scripts
    if (sscanf(line, "put %lu %lu %lu", &lane, &count, &size) == 3 && lane < FAKE_LANES) {
        fake_buffer_put(f, (int)lane, count, size);
        puts("ok");
    } else if (sscanf(line, "one %lu %255s %n", &lane, topic, &at) == 2 && lane < FAKE_LANES) {
        fake_buffer_put_one(f, (int)lane, topic, line + at);
        puts("ok");
    } else if (sscanf(line, "pause %lu", &on) == 1) {
        fake_buffer_pause(f, on);
        puts("ok");
    } else if (sscanf(line, "held %63s", sink) == 1) {
        printf("%zu\n", fake_buffer_held(f, sink));
    } else if (strcmp(line, "refused") == 0) {
        HF_AUTO_FREE char *refused = fake_buffer_refused(f);

        printf("%zu %s\n", fake_buffer_refused_count(f), refused);
    } else {
        puts("what?");
    }
    // NOLINTEND(cert-err34-c)
    fflush(stdout);
}

int
main(int argc, char **argv)
{
    struct fake_buffer *f;
    char line[LINE_BYTES];

    if (argc != 3) {
        fputs("usage: fake-buffer ADDR:PORT TOKEN\n", stderr);
        return 2;
    }
    f = fake_buffer_start(argv[1], argv[2]);
    while (fgets(line, sizeof line, stdin)) {
        line[strcspn(line, "\n")] = '\0';
        answer(f, line);
    }
    fake_buffer_stop(f);
    return 0;
}
