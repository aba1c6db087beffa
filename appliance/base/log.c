// SPDX-License-Identifier: Apache-2.0
#include "base/log.h"

#include "base/clock.h"
#include "base/log_format.h"

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static atomic_int threshold = HF_LOG_INFO;
static atomic_uint_fast64_t dropped;

/* A fault often says two or three lines in turn: so of warnings and errors more than the last line
 * is remembered. What is told of a run of things (requests, say) is told. */
enum { RECENT_LINES = 8 };

struct said {
    char text[HF_LOG_LINE_MAX]; /* "": none */
    int64_t at_ms;              /* when it was written */
};

/* Guarded by lock. */
static struct said last;
static struct said recent[RECENT_LINES];
static size_t next_recent; /* they take turns: many are of one millisecond */
static unsigned repeats;   /* of all of them, not said yet */
static uint64_t dropped_said;

void
hf_log_set_level(enum hf_log_level level)
{
    atomic_store(&threshold, (int)level);
}

uint64_t
hf_log_dropped(void)
{
    return atomic_load(&dropped);
}

/* A line of at most PIPE_BUF bytes is written whole or, where the pipe is full, not at all: poll
 * says whether there is room, so the descriptor that others share need not be made non-blocking. */
static void
emit(enum hf_log_level level, const char *text)
{
    static const char *const names[] = {"debug", "info", "warn", "error"};
    struct pollfd room = {.fd = STDERR_FILENO, .events = POLLOUT};
    char line[HF_LOG_LINE_MAX + 80];
    char time[HF_RFC3339_SIZE];
    int len;

    hf_clock_rfc3339(hf_clock_wall_ms(), time);
    len = snprintf(line, sizeof line, "time=%s level=%s %s\n", time, names[level], text);
    if (len >= (int)sizeof line)
        len = (int)sizeof line - 1;
    if (poll(&room, 1, 0) != 1 || !(room.revents & POLLOUT) ||
        write(STDERR_FILENO, line, (size_t)len) < 0)
        atomic_fetch_add(&dropped, 1);
}

static void
say_what_was_kept_back(void)
{
    char text[128];

    if (repeats) {
        snprintf(text, sizeof text, "event=log-repeated times=%u", repeats);
        repeats = 0;
        emit(HF_LOG_INFO, text);
    }
    if (atomic_load(&dropped) != dropped_said) {
        uint64_t now = atomic_load(&dropped);

        snprintf(text, sizeof text, "event=log-dropped lines=%llu total=%llu",
                 (unsigned long long)(now - dropped_said), (unsigned long long)now);
        dropped_said = now;
        emit(HF_LOG_WARN, text);
    }
}

static bool
is_same(const struct said *s, const char *text, int64_t now)
{
    return s->text[0] && now - s->at_ms < HF_LOG_REPEAT_MS && strcmp(s->text, text) == 0;
}

static void
remember(struct said *s, const char *text, int64_t now)
{
    memcpy(s->text, text, strlen(text) + 1);
    s->at_ms = now;
}

/* Whether the line was written not long ago; if not, it is remembered as written now. */
static bool
is_repeat(enum hf_log_level level, const char *text, int64_t now)
{
    if (is_same(&last, text, now))
        return true;
    for (size_t i = 0; level >= HF_LOG_WARN && i < RECENT_LINES; i++)
        if (is_same(&recent[i], text, now))
            return true;
    remember(&last, text, now);
    if (level >= HF_LOG_WARN) {
        remember(&recent[next_recent], text, now);
        next_recent = (next_recent + 1) % RECENT_LINES;
    }
    return false;
}

void
hf_log_write(enum hf_log_level level, const char *fmt, ...)
{
    char text[HF_LOG_LINE_MAX];
    va_list args;

    if ((int)level < atomic_load(&threshold))
        return;
    va_start(args, fmt);
    hf_log_format(text, sizeof text, fmt, args);
    va_end(args);

    pthread_mutex_lock(&lock);
    if (is_repeat(level, text, hf_clock_mono_ms())) {
        repeats++;
    } else {
        say_what_was_kept_back();
        emit(level, text);
    }
    pthread_mutex_unlock(&lock);
}
