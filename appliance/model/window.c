// SPDX-License-Identifier: Apache-2.0
#include "model/window.h"

#include "base/text.h"
#include "model/settings_parts.h"

#include <stdio.h>
#include <string.h>

static const char *const day_words[HF_WEEK_DAYS] = {"mon", "tue", "wed", "thu",
                                                    "fri", "sat", "sun"};

enum { ALL_DAYS = (1 << HF_WEEK_DAYS) - 1, POINTER_SIZE = 64 };

static int
day_of(const char *word)
{
    for (int i = 0; i < HF_WEEK_DAYS; i++)
        if (strcmp(word, day_words[i]) == 0)
            return i;
    return -1;
}

static int
read_days(const struct hf_json *days, const char *at, unsigned *ret_days, struct hf_error *err)
{
    unsigned some = 0;

    for (const struct hf_json *d = hf_json_first(days); d; d = hf_json_next(d)) {
        const char *word = hf_json_as_string(d);
        int day = word ? day_of(word) : -1;

        if (day < 0)
            return hf_wrong(err, at, "days", "has only mon, tue, wed, thu, fri, sat and sun");
        some |= 1U << day;
    }
    *ret_days = some ? some : ALL_DAYS;
    return 0;
}

/* "HH:MM" in minutes of the day; -1 for none. */
static int
minutes_of(const char *text)
{
    static const char digits[] = "0123456789";
    int hour, minute;

    if (strlen(text) != strlen("HH:MM") || text[2] != ':' || strspn(text, digits) != 2 ||
        strspn(text + 3, digits) != 2)
        return -1;
    hour = (text[0] - '0') * 10 + text[1] - '0';
    minute = (text[3] - '0') * 10 + text[4] - '0';
    return hour < 24 && minute < 60 ? hour * 60 + minute : -1;
}

static int
read_one(const struct hf_json *v, const char *at, struct hf_window *w, struct hf_error *err)
{
    static const struct hf_json_field fields[] = {{"days", HF_JSON_ARRAY, false},
                                                  {"from", HF_JSON_STRING, true},
                                                  {"to", HF_JSON_STRING, true}};
    static const char must[] = "must be a time of the day, HH:MM";

    if (hf_json_check(v, at, fields, HF_LEN(fields), err) < 0 ||
        read_days(hf_json_get(v, "days"), at, &w->days, err) < 0)
        return -1;
    w->from_min = minutes_of(hf_json_string(v, "from"));
    w->until_min = minutes_of(hf_json_string(v, "to"));
    if (w->from_min < 0)
        return hf_wrong(err, at, "from", must);
    if (w->until_min < 0)
        return hf_wrong(err, at, "to", must);
    return 0;
}

int
hf_windows_read(const struct hf_json *list, const char *pointer, struct hf_windows *ret_windows,
                struct hf_error *err)
{
    struct hf_windows w = {.count = 0};
    char at[POINTER_SIZE];

    for (const struct hf_json *v = hf_json_first(list); v; v = hf_json_next(v)) {
        if (w.count == HF_WINDOWS_MAX)
            return hf_error_set_at(err, HF_ERROR_INVALID, pointer, "%s has at most %d windows",
                                   pointer, HF_WINDOWS_MAX);
        snprintf(at, sizeof at, "%s/%zu", pointer, w.count);
        if (read_one(v, at, &w.list[w.count], err) < 0)
            return -1;
        w.count++;
    }
    *ret_windows = w;
    return 0;
}

static void
put_time(struct hf_json *o, const char *member, int minutes)
{
    char text[HF_WINDOW_TEXT_SIZE];

    snprintf(text, sizeof text, "%02d:%02d", minutes / 60, minutes % 60);
    hf_json_put_string(o, member, text);
}

struct hf_json *
hf_windows_print(const struct hf_windows *w)
{
    struct hf_json *list = hf_json_array();

    for (size_t i = 0; i < w->count; i++) {
        struct hf_json *o = hf_json_object(), *days = hf_json_array();

        for (int day = 0; day < HF_WEEK_DAYS; day++)
            if (w->list[i].days & 1U << day)
                hf_json_add_string(days, day_words[day]);
        hf_json_put(o, "days", days);
        put_time(o, "from", w->list[i].from_min);
        put_time(o, "to", w->list[i].until_min);
        hf_json_add(list, o);
    }
    return list;
}

/* Minutes until the one that opens on that day (counted from today; -1 is yesterday's, which may
 * still be open) is open; -1 where it is over or there is none. */
static int
wait_for(const struct hf_window *w, int day, int ahead, int minute)
{
    int begin = ahead * HF_DAY_MINUTES + w->from_min;
    int end = ahead * HF_DAY_MINUTES + w->until_min;

    if (!(w->days & 1U << (day + ahead + HF_WEEK_DAYS) % HF_WEEK_DAYS))
        return -1;
    if (end <= begin)
        end += HF_DAY_MINUTES;
    if (minute >= end)
        return -1;
    return begin > minute ? begin - minute : 0;
}

int
hf_windows_wait(const struct hf_windows *w, int day, int minute)
{
    int least = -1;

    for (size_t i = 0; i < w->count; i++)
        for (int ahead = -1; ahead <= HF_WEEK_DAYS; ahead++) {
            int wait = wait_for(&w->list[i], day, ahead, minute);

            if (wait >= 0 && (least < 0 || wait < least))
                least = wait;
        }
    return least < 0 ? 0 : least;
}

void
hf_window_text(int day, int minute, int wait_min, char out[HF_WINDOW_TEXT_SIZE])
{
    int at = minute + wait_min;
    int of_day = at % HF_DAY_MINUTES;
    const char *word = day_words[(day + at / HF_DAY_MINUTES) % HF_WEEK_DAYS];

    snprintf(out, HF_WINDOW_TEXT_SIZE, "%c%s %02d:%02d", word[0] - 'a' + 'A', word + 1, of_day / 60,
             of_day % 60);
}
