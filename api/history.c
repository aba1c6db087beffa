// SPDX-License-Identifier: Apache-2.0
/* The history, written piece by piece: three days of many services are a megabyte of numbers. */
#include "api/handlers.h"

#include "api/server.h"
#include "base/clock.h"

#include <math.h>
#include <string.h>

enum {
    SERIES_TEXT_MAX = 4096, /* of the parameter */
    SERIES_ASKED_MAX = 128,
    PIECE_MAX = 128 * 1024 /* 4,320 values of at most 24 characters, and a name */
};

/* One value; four digits are as many as a history has. */
static int
add_value(struct hf_buf *out, double value, const char *comma, struct hf_error *err)
{
    return isnan(value) ? hf_buf_addf(out, err, "%snull", comma)
                        : hf_buf_addf(out, err, "%s%.4g", comma, value);
}

static int
add_series(struct hf_buf *out, const struct hf_history *h, size_t i, struct hf_error *err)
{
    const struct hf_history_series *s = &h->series[i];

    if (hf_buf_addf(out, err, "%s\"%s\":[", i ? "," : "", s->name) < 0)
        return -1;
    for (size_t k = 0; k < h->points; k++)
        if (add_value(out, hf_history_value(s, k), k ? "," : "", err) < 0)
            return -1;
    return hf_buf_adds(out, "]", err);
}

static int
add_head(struct hf_buf *out, const struct hf_history *h, struct hf_error *err)
{
    char end[HF_RFC3339_SIZE + 2] = "null", text[HF_RFC3339_SIZE];

    if (h->end_ms > 0) {
        hf_clock_rfc3339(h->end_ms, text);
        snprintf(end, sizeof end, "\"%s\"", text);
    }
    return hf_buf_addf(out, err, "{\"range\":\"%s\",\"interval_s\":%d,\"end\":%s,\"series\":{",
                       hf_history_range_name(h->range), hf_history_interval_s(h->range), end);
}

static void
send_history(struct hf_exchange *x, const struct hf_history *h)
{
    HF_AUTO_BUF struct hf_buf piece = HF_BUF_INIT(PIECE_MAX);

    if (!hf_reply_begin(x, "application/json"))
        return;
    if (add_head(&piece, h, NULL) < 0)
        return;
    for (size_t i = 0; i < h->series_count; i++) {
        if (add_series(&piece, h, i, NULL) < 0 || !hf_reply_piece(x, piece.data, piece.len))
            return;
        hf_buf_clear(&piece);
    }
    if (hf_buf_adds(&piece, "}}", NULL) == 0 && hf_reply_piece(x, piece.data, piece.len))
        hf_reply_end(x);
}

static int
split_names(char *text, const char *names[SERIES_ASKED_MAX], size_t *ret_count,
            struct hf_error *err)
{
    char *rest = NULL;

    *ret_count = 0;
    for (char *name = strtok_r(text, ",", &rest); name; name = strtok_r(NULL, ",", &rest)) {
        if (*ret_count == SERIES_ASKED_MAX)
            return hf_error_set(err, HF_ERROR_MALFORMED, "series: at most %d names",
                                SERIES_ASKED_MAX);
        names[(*ret_count)++] = name;
    }
    return 0;
}

int
hf_handle_history(struct hf_exchange *x, struct hf_error *err)
{
    static const char *const ranges[] = {"10m", "6h", "3d", NULL};
    char range[8] = "10m", series[SERIES_TEXT_MAX] = "";
    const char *names[SERIES_ASKED_MAX];
    const struct hf_query_field fields[] = {
        {.name = "range", .ret_text = range, .text_size = sizeof range, .words = ranges},
        {.name = "series", .ret_text = series, .text_size = sizeof series},
    };
    struct hf_history_query q = {.names = names};
    struct hf_history h;

    if (hf_query_read(x->query, fields, HF_LEN(fields), err) < 0 ||
        split_names(series, names, &q.name_count, err) < 0)
        return -1;
    for (unsigned r = 0; ranges[r]; r++)
        if (strcmp(ranges[r], range) == 0)
            q.range = (enum hf_history_range)r;
    if (hf_core_history(x->api->config->core, &q, &h, err) < 0)
        return -1;
    send_history(x, &h);
    hf_history_done(&h);
    return 0;
}
