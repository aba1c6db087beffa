// SPDX-License-Identifier: Apache-2.0
#include "processor/window.h"

#include "base/clock.h"

#include <string.h>

bool
hf_window_over(const struct hf_window *w, int64_t length_ms, int64_t now_ms)
{
    return w->count && (now_ms < w->from_ms || now_ms >= w->from_ms + length_ms);
}

void
hf_window_take(struct hf_window *w, int64_t length_ms, int64_t since_ms, int64_t now_ms,
               double value)
{
    if (w->count == 0) {
        w->from_ms = now_ms - now_ms % length_ms;
        w->min = w->max = value;
        w->mean = 0;
        w->partial = w->from_ms < since_ms;
    }
    w->count++;
    if (value < w->min)
        w->min = value;
    if (value > w->max)
        w->max = value;
    /* A running mean: a sum would lose digits, and could leave a double's range. */
    w->mean += value / (double)w->count - w->mean / (double)w->count;
}

static int
put(struct hf_buf *out, const char *name, double value, struct hf_error *err)
{
    if (hf_buf_addf(out, err, "\"%s\":", name) < 0 || hf_value_put_number(out, value, err) < 0)
        return -1;
    return hf_buf_add(out, ",", 1, err);
}

int
hf_window_give(struct hf_window *w, const struct hf_rule *rule, bool cut, struct hf_buf *out,
               struct hf_error *err)
{
    const struct {
        unsigned bit;
        const char *name;
        double value;
    } of[] = {{HF_OF_MIN, "min", w->min},
              {HF_OF_MAX, "max", w->max},
              {HF_OF_MEAN, "mean", w->mean},
              {HF_OF_COUNT, "count", (double)w->count}};
    char from[HF_RFC3339_SIZE], to[HF_RFC3339_SIZE];

    w->count = 0;
    hf_clock_rfc3339(w->from_ms, from);
    hf_clock_rfc3339(w->from_ms + rule->window_ms, to);
    if (hf_buf_add(out, "{", 1, err) < 0)
        return -1;
    for (size_t i = 0; i < HF_LEN(of); i++)
        if (rule->window_of & of[i].bit && put(out, of[i].name, of[i].value, err) < 0)
            return -1;
    if (rule->unit && (hf_buf_adds(out, "\"unit\":", err) < 0 ||
                       hf_value_put_string(out, rule->unit, strlen(rule->unit), err) < 0 ||
                       hf_buf_add(out, ",", 1, err) < 0))
        return -1;
    return hf_buf_addf(out, err, "\"from\":\"%s\",\"to\":\"%s\"%s}", from, to,
                       w->partial || cut ? ",\"partial\":true" : "");
}
