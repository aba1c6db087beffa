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

enum { DAY_MS = 24 * 3600 * 1000, HOUR_MS = 3600 * 1000, MINUTE_MS = 60 * 1000 };

/* 0000-03-01 and 10000-01-01 on the Unix clock. Each record's time is written, so without
 * gmtime_r() and its lock. */
static const int64_t YEAR_0_MS = -719468LL * DAY_MS, YEAR_10000_MS = 2932897LL * DAY_MS;

/* The proleptic Gregorian calendar in years from March on, so that a leap day is the last of one;
 * days since 0000-03-01. */
static void
civil_of_days(unsigned days, unsigned *year, unsigned *month, unsigned *day)
{
    enum { DAYS_400 = 146097, DAYS_100 = 36524, DAYS_4 = 1461, DAYS_5_MONTHS = 153 };
    unsigned era = days / DAYS_400, d = days % DAYS_400;
    unsigned y = (d - d / (DAYS_4 - 1) + d / DAYS_100 - d / (DAYS_400 - 1)) / 365;
    unsigned in_year = d - (365 * y + y / 4 - y / 100);
    unsigned m = (5 * in_year + 2) / DAYS_5_MONTHS;

    *day = in_year - (DAYS_5_MONTHS * m + 2) / 5 + 1;
    *month = m < 10 ? m + 3 : m - 9;
    *year = era * 400 + y + (m >= 10);
}

static void
put_digits(char *to, unsigned value, int count)
{
    for (int i = count - 1; i >= 0; i--, value /= 10)
        to[i] = (char)('0' + value % 10);
}

void
hf_clock_rfc3339(int64_t wall_ms, char out[HF_RFC3339_SIZE])
{
    const bool shown = wall_ms >= YEAR_0_MS && wall_ms < YEAR_10000_MS;
    int64_t since = shown ? wall_ms - YEAR_0_MS : -YEAR_0_MS;
    unsigned year, month, day, ms = (unsigned)(since % DAY_MS);

    civil_of_days((unsigned)(since / DAY_MS), &year, &month, &day);
    put_digits(out, year, 4);
    out[4] = out[7] = '-';
    put_digits(out + 5, month, 2);
    put_digits(out + 8, day, 2);
    out[10] = 'T';
    put_digits(out + 11, ms / HOUR_MS, 2);
    put_digits(out + 14, ms / MINUTE_MS % 60, 2);
    out[13] = out[16] = ':';
    put_digits(out + 17, ms / 1000 % 60, 2);
    out[19] = '.';
    put_digits(out + 20, ms % 1000, 3);
    out[23] = 'Z';
    out[24] = '\0';
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
