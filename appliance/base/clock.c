// SPDX-License-Identifier: Apache-2.0
#include "base/clock.h"

#include <stdio.h>
#include <sys/timex.h>
#include <time.h>

static int64_t
read_ms(clockid_t id)
{
    struct timespec ts;

    clock_gettime(id, &ts);
    return (int64_t)ts.tv_sec * 1000 + ts.tv_nsec / 1000000;
}

int64_t
hf_clock_mono_ms(void)
{
    return read_ms(CLOCK_MONOTONIC);
}

int64_t
hf_clock_wall_ms(void)
{
    return read_ms(CLOCK_REALTIME);
}

bool
hf_clock_synced(void)
{
    struct timex tx = {.modes = 0};

    return adjtimex(&tx) != TIME_ERROR && !(tx.status & STA_UNSYNC);
}

void
hf_clock_rfc3339(int64_t wall_ms, char out[HF_RFC3339_SIZE])
{
    int64_t seconds = wall_ms / 1000;
    int64_t millis = wall_ms % 1000;
    struct tm tm;
    time_t t;

    if (millis < 0) {
        millis += 1000;
        seconds--;
    }
    t = (time_t)seconds;
    if (!gmtime_r(&t, &tm) || tm.tm_year > 9999 - 1900)
        tm = (struct tm){.tm_year = 70, .tm_mday = 1};
    snprintf(out, HF_RFC3339_SIZE, "%04d-%02d-%02dT%02d:%02d:%02d.%03dZ",
             (tm.tm_year + 1900) % 10000, (tm.tm_mon + 1) % 100, tm.tm_mday % 100, tm.tm_hour % 100,
             tm.tm_min % 100, tm.tm_sec % 100, (int)(millis % 1000));
}
