// SPDX-License-Identifier: Apache-2.0
#include "engine/stamp.h"

#include <string.h>
#include <time.h>

/* Reads count digits at *at; -1 where there are others. */
static int
digits(const char **at, const char *end, int count)
{
    int value = 0;

    for (int i = 0; i < count; i++, (*at)++) {
        if (*at == end || **at < '0' || **at > '9')
            return -1;
        value = value * 10 + (**at - '0');
    }
    return value;
}

static bool
skip(const char **at, const char *end, char c)
{
    if (*at == end || **at != c)
        return false;
    (*at)++;
    return true;
}

static bool
date_and_time(const char **at, const char *end, struct tm *tm)
{
    tm->tm_year = digits(at, end, 4) - 1900;
    if (!skip(at, end, '-'))
        return false;
    tm->tm_mon = digits(at, end, 2) - 1;
    if (!skip(at, end, '-'))
        return false;
    tm->tm_mday = digits(at, end, 2);
    if (!skip(at, end, 'T'))
        return false;
    tm->tm_hour = digits(at, end, 2);
    if (!skip(at, end, ':'))
        return false;
    tm->tm_min = digits(at, end, 2);
    if (!skip(at, end, ':'))
        return false;
    tm->tm_sec = digits(at, end, 2);
    return tm->tm_year >= -1900 && tm->tm_mon >= 0 && tm->tm_mon < 12 && tm->tm_mday >= 1 &&
           tm->tm_mday <= 31 && tm->tm_hour >= 0 && tm->tm_hour < 24 && tm->tm_min >= 0 &&
           tm->tm_min < 60 && tm->tm_sec >= 0 && tm->tm_sec <= 60;
}

/* `.` and one to nine digits, or nothing. */
static bool
fraction(const char **at, const char *end, int *ret_ms)
{
    int ms = 0;
    int weight = 100;
    int count = 0;

    *ret_ms = 0;
    if (!skip(at, end, '.'))
        return true;
    for (; *at < end && **at >= '0' && **at <= '9'; (*at)++, count++) {
        ms += (**at - '0') * weight;
        weight /= 10;
    }
    *ret_ms = ms;
    return count >= 1 && count <= 9;
}

/* `Z` or `+01:00`, in minutes east of UTC. */
static bool
zone(const char **at, const char *end, int *ret_minutes)
{
    int sign;
    int hours;
    int minutes;

    *ret_minutes = 0;
    if (skip(at, end, 'Z'))
        return true;
    if (*at == end || (**at != '+' && **at != '-'))
        return false;
    sign = *(*at)++ == '+' ? 1 : -1;
    hours = digits(at, end, 2);
    if (!skip(at, end, ':'))
        return false;
    minutes = digits(at, end, 2);
    *ret_minutes = sign * (hours * 60 + minutes);
    return hours >= 0 && hours < 24 && minutes >= 0 && minutes < 60;
}

bool
hf_stamp_parse(const char *text, size_t len, int64_t *ret_ms)
{
    const char *at = text;
    const char *end = text + len;
    struct tm tm = {0};
    int64_t seconds;
    int ms;
    int east;

    if (!date_and_time(&at, end, &tm) || !fraction(&at, end, &ms) || !zone(&at, end, &east) ||
        at != end)
        return false;
    seconds = timegm(&tm) - (int64_t)east * 60;
    *ret_ms = seconds < 0 ? 0 : seconds * 1000 + ms;
    return true;
}
