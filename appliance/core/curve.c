// SPDX-License-Identifier: Apache-2.0
/* What a service used in the last minutes, out of the history. */
#include "base/clock.h"
#include "base/text.h"
#include "core/internal.h"

#include <math.h>
#include <string.h>

enum { POINTS_MAX = 120, JSON_MAX = 16 * 1024 };

/* The newest values of a series; none where it is not there. */
static int
add_series(const struct hf_history *h, const char *service, const char *what, const char *member,
           struct hf_buf *out)
{
    char name[HF_NAME_SIZE + 16];
    size_t from = h->points > POINTS_MAX ? h->points - POINTS_MAX : 0;
    bool first = true;

    hf_text_put(name, sizeof name, "%s.%s", service, what);
    if (hf_buf_addf(out, NULL, ",\"%s\":[", member) < 0)
        return -1;
    for (size_t i = 0; i < h->series_count; i++) {
        if (strcmp(h->series[i].name, name) != 0)
            continue;
        for (size_t k = from; k < h->points; k++, first = false) {
            float v = h->series[i].values[k];
            int rc = isfinite(v) ? hf_buf_addf(out, NULL, "%s%.7g", first ? "" : ",", (double)v)
                                 : hf_buf_addf(out, NULL, "%snull", first ? "" : ",");

            if (rc < 0)
                return -1;
        }
    }
    return hf_buf_adds(out, "]", NULL);
}

char *
hf_core_curve(struct hf_core *core, const char *service)
{
    HF_AUTO_BUF struct hf_buf out = HF_BUF_INIT(JSON_MAX);
    HF_AUTO_FREE struct hf_history *h = malloc(sizeof *h);
    char end[HF_RFC3339_SIZE];

    if (!h)
        return NULL;
    history_read(&core->history, h);
    hf_clock_rfc3339(h->end_ms ? h->end_ms : hf_clock_wall_ms(), end);
    if (hf_buf_addf(&out, NULL, "{\"interval_s\":%d,\"end\":\"%s\"", HF_HISTORY_INTERVAL_S, end) <
            0 ||
        add_series(h, service, "memory", "memory_bytes", &out) < 0 ||
        add_series(h, service, "cpu", "cpu_percent", &out) < 0 || hf_buf_adds(&out, "}", NULL) < 0)
        return NULL;
    return hf_buf_take(&out);
}
