// SPDX-License-Identifier: Apache-2.0
/* What a service used in the last minutes, out of the history. */
#include "base/clock.h"
#include "base/text.h"
#include "core/internal.h"

#include <math.h>
#include <string.h>

enum { POINTS_MAX = 120, JSON_MAX = 16 * 1024, SERIES_NAME_SIZE = 2 * HF_NAME_SIZE };

static const char *const members[] = {"memory_bytes", "cpu_percent"};

static int
add_series(const struct hf_history *h, size_t index, struct hf_buf *out)
{
    if (hf_buf_addf(out, NULL, ",\"%s\":[", members[index]) < 0)
        return -1;
    for (size_t k = 0; k < h->points; k++) {
        double v = hf_history_value(&h->series[index], k);
        const char *comma = k ? "," : "";
        int rc = isfinite(v) ? hf_buf_addf(out, NULL, "%s%.7g", comma, v)
                             : hf_buf_addf(out, NULL, "%snull", comma);

        if (rc < 0)
            return -1;
    }
    return hf_buf_adds(out, "]", NULL);
}

static int
add_all(const struct hf_history *h, struct hf_buf *out)
{
    char end[HF_RFC3339_SIZE];

    hf_clock_rfc3339(h->end_ms ? h->end_ms : hf_clock_wall_ms(), end);
    if (hf_buf_addf(out, NULL, "{\"interval_s\":%d,\"end\":\"%s\"", hf_history_interval_s(h->range),
                    end) < 0)
        return -1;
    for (size_t i = 0; i < HF_LEN(members); i++)
        if (add_series(h, i, out) < 0)
            return -1;
    return hf_buf_adds(out, "}", NULL);
}

char *
hf_core_curve(struct hf_core *core, const char *service)
{
    HF_AUTO_BUF struct hf_buf out = HF_BUF_INIT(JSON_MAX);
    char names[HF_LEN(members)][SERIES_NAME_SIZE];
    const char *wanted[HF_LEN(members)];
    struct hf_history_query query = {
        .range = HF_HISTORY_10M, .names = wanted, .name_count = HF_LEN(wanted), .most = POINTS_MAX};
    struct hf_history h = {0};
    int rc;

    for (size_t i = 0; i < HF_LEN(members); i++) {
        hf_text_put(names[i], sizeof names[i], "%s.%s", service, members[i]);
        wanted[i] = names[i];
    }
    if (history_read(&core->history, &query, &h, NULL) < 0)
        return NULL;
    rc = h.series_count == HF_LEN(members) ? add_all(&h, &out) : -1;
    hf_history_done(&h);
    return rc < 0 ? NULL : hf_buf_take(&out);
}
