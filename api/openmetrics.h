// SPDX-License-Identifier: Apache-2.0
/*
 * Writes metrics as text: OpenMetrics 1.0, or the older form of Prometheus (text format 0.0.4) for
 * who asks for that. The two differ in the names of counters and in how a text ends.
 */
#pragma once

#include "base/buf.h"

#include <stdbool.h>
#include <stdint.h>

enum hf_metric_type { HF_METRIC_GAUGE, HF_METRIC_COUNTER, HF_METRIC_INFO };

struct hf_metric {
    const char *name; /* of the family: without "_total" or "_info", with its unit at the end */
    const char *help;
    const char *unit; /* as OpenMetrics has it: "bytes", "seconds", "ratio"; NULL for none */
    enum hf_metric_type type;
};

/* Zeroed but for these. What cannot be written is remembered and said by hf_metrics_end(). */
struct hf_metrics {
    struct hf_buf *out;
    bool classic; /* the older form */
    const struct hf_metric *family;
    bool failed;
};

enum { HF_METRIC_LABELS_MAX = 3 };

struct hf_label {
    const char *name;
    const char *value; /* any text; what is no UTF-8 must not come here */
};

/* Begins a family; each begins once and has all its samples then. */
void hf_metrics_begin(struct hf_metrics *m, const struct hf_metric *family);

/* A sample of the family; labels end at the first without a name. NaN is not known, and no sample.
 */
void hf_metrics_add(struct hf_metrics *m, double value,
                    const struct hf_label labels[HF_METRIC_LABELS_MAX]);

/* Closes the text. TOO_LARGE where it had no room. */
HF_MUST int hf_metrics_end(struct hf_metrics *m, struct hf_error *err);
