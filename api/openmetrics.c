// SPDX-License-Identifier: Apache-2.0
#include "api/openmetrics.h"

#include <math.h>

static const double EXACT_MAX = 9007199254740992.0; /* 2^53 */

static void
put(struct hf_metrics *m, const char *text)
{
    m->failed = m->failed || hf_buf_adds(m->out, text, NULL) < 0;
}

/* What the name of a sample has behind that of its family. */
static const char *
suffix(const struct hf_metric *family)
{
    static const char *const suffixes[] = {
        [HF_METRIC_GAUGE] = "", [HF_METRIC_COUNTER] = "_total", [HF_METRIC_INFO] = "_info"};

    return suffixes[family->type];
}

static const char *
type_name(const struct hf_metrics *m)
{
    static const char *const names[] = {
        [HF_METRIC_GAUGE] = "gauge", [HF_METRIC_COUNTER] = "counter", [HF_METRIC_INFO] = "info"};

    /* The older form knows no info. */
    return m->classic && m->family->type == HF_METRIC_INFO ? "gauge" : names[m->family->type];
}

static void
put_line(struct hf_metrics *m, const char *word, const char *text)
{
    put(m, "# ");
    put(m, word);
    put(m, " ");
    put(m, m->family->name);
    put(m, m->classic ? suffix(m->family) : "");
    put(m, " ");
    put(m, text);
    put(m, "\n");
}

void
hf_metrics_begin(struct hf_metrics *m, const struct hf_metric *family)
{
    m->family = family;
    put_line(m, "HELP", family->help);
    put_line(m, "TYPE", type_name(m));
    if (family->unit && !m->classic)
        put_line(m, "UNIT", family->unit);
}

static void
put_escaped(struct hf_metrics *m, const char *text)
{
    for (; *text; text++) {
        char one[2] = {*text, '\0'};

        if (*text == '\n')
            put(m, "\\n");
        else if (*text == '"')
            put(m, "\\\"");
        else if (*text == '\\')
            put(m, "\\\\");
        else
            put(m, one);
    }
}

void
hf_metrics_add(struct hf_metrics *m, double value,
               const struct hf_label labels[HF_METRIC_LABELS_MAX])
{
    const char *open = "{", *end = "";
    bool whole = fabs(value) < EXACT_MAX && trunc(value) == value;

    if (!isfinite(value))
        return;
    put(m, m->family->name);
    put(m, suffix(m->family));
    for (int i = 0; labels && i < HF_METRIC_LABELS_MAX && labels[i].name; i++) {
        put(m, open);
        put(m, labels[i].name);
        put(m, "=\"");
        put_escaped(m, labels[i].value);
        open = "\",", end = "\"}";
    }
    put(m, end);
    m->failed = m->failed || hf_buf_addf(m->out, NULL, whole ? " %.0f\n" : " %.9g\n", value) < 0;
}

int
hf_metrics_end(struct hf_metrics *m, struct hf_error *err)
{
    if (!m->classic)
        put(m, "# EOF\n");
    return m->failed ? hf_error_set(err, HF_ERROR_INTERNAL,
                                    "the figures are too long, or there is no memory for them")
                     : 0;
}
