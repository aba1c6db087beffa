// SPDX-License-Identifier: Apache-2.0
#include "common/rfc3339.h"

#include <time.h>

/* Reads exactly count digits and what follows them, where end is not '\0'; -1 where wrong. */
static int
digits(const char **text, int count, char end)
{
    int value = 0;

    for (; count > 0; count--, (*text)++) {
        if (**text < '0' || **text > '9')
            return -1;
        value = value * 10 + (**text - '0');
    }
    if (end && *(*text)++ != end)
        return -1;
    return value;
}

static bool
read_date(const char **text, struct tm *tm)
{
    static const int days[] = {31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    int year = digits(text, 4, '-');
    int month = year < 1970 ? -1 : digits(text, 2, '-');
    int day = month < 1 || month > 12 ? -1 : digits(text, 2, '\0');
    bool leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);

    if (day < 1 || day > days[month - 1] || (month == 2 && day == 29 && !leap))
        return false;
    tm->tm_year = year - 1900;
    tm->tm_mon = month - 1;
    tm->tm_mday = day;
    return true;
}

static bool
read_time(const char **text, struct tm *tm)
{
    tm->tm_hour = digits(text, 2, ':');
    if (tm->tm_hour < 0 || tm->tm_hour > 23)
        return false;
    tm->tm_min = digits(text, 2, ':');
    if (tm->tm_min < 0 || tm->tm_min > 59)
        return false;
    tm->tm_sec = digits(text, 2, '\0');
    return tm->tm_sec >= 0 && tm->tm_sec <= 60; /* 60: a leap second */
}

static bool
read_fraction(const char **text, int *ret_ms)
{
    int weight = 100;

    *ret_ms = 0;
    if (**text != '.')
        return true;
    (*text)++;
    if (**text < '0' || **text > '9')
        return false;
    for (; **text >= '0' && **text <= '9'; (*text)++, weight /= 10)
        *ret_ms += weight * (**text - '0');
    return true;
}

static bool
read_zone(const char **text, int *ret_minutes)
{
    int sign = **text == '-' ? -1 : 1;
    int hours, minutes;

    *ret_minutes = 0;
    if (**text == 'Z' || **text == 'z') {
        (*text)++;
        return true;
    }
    if (**text != '+' && **text != '-')
        return false;
    (*text)++;
    hours = digits(text, 2, ':');
    if (hours < 0 || hours > 23)
        return false;
    minutes = digits(text, 2, '\0');
    if (minutes < 0 || minutes > 59)
        return false;
    *ret_minutes = sign * (60 * hours + minutes);
    return true;
}

bool
hf_rfc3339_parse(const char *text, int64_t *ret_ms)
{
    struct tm tm = {0};
    int ms, zone_minutes;
    int64_t value;

    if (!read_date(&text, &tm))
        return false;
    if (*text != 'T' && *text != 't' && *text != ' ')
        return false;
    text++;
    if (!read_time(&text, &tm) || !read_fraction(&text, &ms) || !read_zone(&text, &zone_minutes) ||
        *text)
        return false;
    value = ((int64_t)timegm(&tm) - (int64_t)60 * zone_minutes) * 1000 + ms;
    if (value < 0)
        return false;
    *ret_ms = value;
    return true;
}
