// SPDX-License-Identifier: Apache-2.0
#include "base/clock.h"

#include <stdio.h>
#include <string.h>
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

/* By the kernel's own word, not by clock_gettime(), so that a program that is shown another time
 * (a test) does not set the machine's. */
int
hf_clock_raise(int64_t floor_ms)
{
    const struct timespec floor = {.tv_sec = floor_ms / 1000, .tv_nsec = floor_ms % 1000 * 1000000};
    struct timex tx = {.modes = 0};

    if (adjtimex(&tx) < 0)
        return -1;
    if ((int64_t)tx.time.tv_sec >= floor.tv_sec)
        return 0;
    return clock_settime(CLOCK_REALTIME, &floor) < 0 ? -1 : 1;
}

bool
hf_clock_jumped(int64_t wall_ms, int64_t mono_ms, int64_t later_wall_ms, int64_t later_mono_ms)
{
    enum { JUMP_MS = 60 * 1000 }; /* what is less is slewed, or does no harm */
    int64_t by = (later_wall_ms - wall_ms) - (later_mono_ms - mono_ms);

    return by > JUMP_MS || by < -JUMP_MS;
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

/* Exactly so many digits. */
static bool
digits(const char **at, int count, int most, int *ret_value)
{
    int value = 0;

    for (int i = 0; i < count; i++) {
        if ((*at)[i] < '0' || (*at)[i] > '9')
            return false;
        value = value * 10 + ((*at)[i] - '0');
    }
    *at += count;
    *ret_value = value;
    return value <= most;
}

static bool
one_of(const char **at, const char *set)
{
    if (!**at || !strchr(set, **at))
        return false;
    ++*at;
    return true;
}

static bool
is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static bool
fraction(const char **at, int *ret_ms)
{
    const char *c = *at;

    *ret_ms = 0;
    if (*c != '.')
        return true;
    c++;
    if (!is_digit(*c))
        return false;
    for (int weight = 100; is_digit(*c); c++, weight /= 10)
        *ret_ms += (*c - '0') * weight;
    *at = c;
    return true;
}

/* "Z", or hours and minutes ahead of UTC. */
static bool
offset(const char **at, int *ret_s)
{
    int hours, minutes, sign = **at == '-' ? -1 : 1;

    *ret_s = 0;
    if (strcmp(*at, "Z") == 0 || strcmp(*at, "z") == 0)
        return true;
    if (!one_of(at, "+-") || !digits(at, 2, 23, &hours) || !one_of(at, ":") ||
        !digits(at, 2, 59, &minutes))
        return false;
    *ret_s = sign * (hours * 3600 + minutes * 60);
    return **at == '\0';
}

bool
hf_clock_parse(const char *text, int64_t *ret_wall_ms)
{
    struct tm tm = {0}, back;
    int year, month, seconds, ms, ahead_s;
    int64_t at_s;

    if (!digits(&text, 4, 9999, &year) || !one_of(&text, "-") || !digits(&text, 2, 12, &month) ||
        !one_of(&text, "-") || !digits(&text, 2, 31, &tm.tm_mday) || !one_of(&text, "Tt ") ||
        !digits(&text, 2, 23, &tm.tm_hour) || !one_of(&text, ":") ||
        !digits(&text, 2, 59, &tm.tm_min) || !one_of(&text, ":") ||
        !digits(&text, 2, 60 /* a leap second */, &seconds) || !fraction(&text, &ms) ||
        !offset(&text, &ahead_s) || year < 1970)
        return false;
    tm.tm_year = year - 1900;
    tm.tm_mon = month - 1;
    back = tm;
    at_s = (int64_t)timegm(&back) + seconds - ahead_s;
    /* timegm() takes a 31st of February, and makes it March. */
    if (back.tm_mday != tm.tm_mday || back.tm_mon != tm.tm_mon || at_s < 0)
        return false;
    *ret_wall_ms = at_s * 1000 + ms;
    return true;
}
