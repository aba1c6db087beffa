// SPDX-License-Identifier: Apache-2.0
#include "cli/format.h"

#include "base/clock.h"

#include <inttypes.h>
#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

enum { STEP = 1024, MINUTE = 60, HOUR = 3600, DAY = 86400, TWO_DAYS = 172800, SHORT_DIGITS = 12 };

/* One decimal below ten where there is something behind the point. */
static int
decimals(double value)
{
    return value < 9.95 && value != floor(value);
}

struct cli_word
cli_bytes(double bytes)
{
    static const char *const units[] = {"B", "kB", "MB", "GB", "TB"};
    struct cli_word w;
    size_t unit = 0;

    while (bytes >= STEP && unit + 1 < HF_LEN(units)) {
        bytes /= STEP;
        unit++;
    }
    snprintf(w.text, sizeof w.text, "%.*f %s", decimals(bytes), bytes, units[unit]);
    return w;
}

struct cli_word
cli_bytes_of(double used, double total)
{
    struct cli_word w;

    snprintf(w.text, sizeof w.text, "%.20s of %.20s", cli_bytes(used).text, cli_bytes(total).text);
    return w;
}

struct cli_word
cli_rate(double per_second)
{
    struct cli_word w;
    bool slow = per_second > 0 && per_second < 0.1;
    double value = slow ? per_second * MINUTE : per_second;

    snprintf(w.text, sizeof w.text, "%.*f/%s", decimals(value), value, slow ? "min" : "s");
    return w;
}

struct cli_word
cli_duration(int64_t seconds)
{
    struct cli_word w = {""};
    int64_t minutes = seconds / MINUTE, hours = seconds / HOUR;

    if (seconds < 0)
        return w;
    if (seconds < MINUTE)
        snprintf(w.text, sizeof w.text, "%" PRId64 " s", seconds);
    else if (seconds < HOUR)
        snprintf(w.text, sizeof w.text, "%" PRId64 " min", minutes);
    else if (seconds >= TWO_DAYS)
        snprintf(w.text, sizeof w.text, "%" PRId64 " days", seconds / DAY);
    else if (minutes % 60 == 0)
        snprintf(w.text, sizeof w.text, "%" PRId64 " h", hours);
    else
        snprintf(w.text, sizeof w.text, "%" PRId64 " h %" PRId64 " min", hours, minutes % 60);
    return w;
}

struct cli_word
cli_time(const char *rfc3339)
{
    struct cli_word w = {""};
    int64_t wall_ms;
    time_t seconds;
    struct tm local;

    if (!rfc3339 || !hf_clock_parse(rfc3339, &wall_ms))
        return w;
    seconds = (time_t)(wall_ms / 1000);
    if (localtime_r(&seconds, &local))
        strftime(w.text, sizeof w.text, "%Y-%m-%d %H:%M:%S", &local);
    return w;
}

struct cli_word
cli_age(const char *rfc3339, int64_t now_ms)
{
    struct cli_word w = {""};
    int64_t wall_ms;

    if (!rfc3339 || !hf_clock_parse(rfc3339, &wall_ms))
        return w;
    return cli_duration(now_ms > wall_ms ? (now_ms - wall_ms) / 1000 : 0);
}

struct cli_word
cli_short(const char *digest)
{
    struct cli_word w = {""};

    if (!digest)
        return w;
    if (strncmp(digest, "sha256:", 7) == 0)
        digest += 7;
    snprintf(w.text, sizeof w.text, "%.*s", SHORT_DIGITS, digest);
    return w;
}
