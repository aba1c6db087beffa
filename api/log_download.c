// SPDX-License-Identifier: Apache-2.0
/*
 * All that is kept of a service's log, as text: containers that are gone first, then the present
 * one. It comes in pieces and takes little memory, however long it is.
 */
#include "api/handlers.h"

#include "api/server.h"
#include "base/clock.h"

#include <limits.h>
#include <stdio.h>
#include <string.h>

enum { PIECE_BYTES = 16 * 1024, PIECE_MAX = 512 * 1024, DEADLINE_MS = 120 * 1000 };

struct download {
    struct hf_exchange *x;
    struct hf_buf text;
    int64_t deadline_ms;
    bool gone; /* the reader */
};

static bool
flush(struct download *d)
{
    if (d->text.len > 0 && !d->gone)
        d->gone = !hf_reply_piece(d->x, d->text.data, d->text.len);
    hf_buf_clear(&d->text);
    return !d->gone;
}

static bool
add_line(void *context, const struct hf_log_line *line)
{
    struct download *d = context;
    char time[HF_RFC3339_SIZE];

    hf_clock_rfc3339(line->time_ms, time);
    if (hf_buf_addf(&d->text, NULL, "%s %s\n", time, line->text) < 0)
        return false;
    return d->text.len < PIECE_BYTES || flush(d);
}

static bool
is_cancelled(void *context)
{
    const struct download *d = context;

    return d->gone || hf_streams_stopping(&d->x->api->streams) ||
           hf_clock_mono_ms() > d->deadline_ms;
}

/* False where it is cut off: then the answer must not look whole. */
static bool
send_all(struct download *d, const char *container)
{
    const struct hf_api_config *config = d->x->api->config;

    if (hf_archive_read(hf_core_archive(config->core), d->x->param, SIZE_MAX, add_line,
                        is_cancelled, d, NULL) < 0)
        return false;
    if (container[0] && config->engine_ops->logs(config->engine, container, INT_MAX, false,
                                                 add_line, is_cancelled, d, NULL) < 0)
        return false;
    return flush(d) && !is_cancelled(d);
}

int
hf_handle_log_download(struct hf_exchange *x, struct hf_error *err)
{
    struct download d = {
        .x = x,
        .text = HF_BUF_INIT(PIECE_MAX),
        .deadline_ms = hf_clock_mono_ms() + DEADLINE_MS,
    };
    char container[HF_HASH_SIZE], disposition[HF_NAME_SIZE + 48];

    if (hf_service_container(x, x->param, container, err) < 0 ||
        hf_streams_enter(&x->api->streams, HF_STREAM_EXPORT, err) < 0)
        return -1;
    snprintf(disposition, sizeof disposition, "attachment; filename=\"%s.log\"", x->param);
    hf_reply_header(x, "Content-Disposition", disposition);
    if (hf_reply_begin(x, "text/plain; charset=utf-8") && send_all(&d, container))
        hf_reply_end(x);
    hf_streams_leave(&x->api->streams, HF_STREAM_EXPORT);
    hf_buf_done(&d.text);
    return 0;
}
