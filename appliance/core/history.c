// SPDX-License-Identifier: Apache-2.0
#include "core/history.h"

#include "base/text.h"

#include <math.h>
#include <string.h>

void
history_init(struct hf_history_ring *h)
{
    memset(h, 0, sizeof *h);
    pthread_mutex_init(&h->lock, NULL);
}

void
history_done(struct hf_history_ring *h)
{
    pthread_mutex_destroy(&h->lock);
}

static void
put(struct hf_history_ring *h, size_t *series, const char *name, const char *what, bool known,
    double value)
{
    size_t i = (*series)++;

    if (i == h->series_count) {
        hf_text_put(h->names[i], sizeof h->names[i], "%s.%s", name, what);
        h->series_count++;
    }
    h->values[i][h->next] = known ? (float)value : NAN;
}

void
history_add(struct hf_history_ring *h, const struct hf_snapshot *s)
{
    const struct hf_buffer_view *b = &s->buffer;
    const struct hf_host_view *host = &s->gateway.host;
    size_t series = 0;

    pthread_mutex_lock(&h->lock);
    put(h, &series, "buffer", "held", b->known, (double)b->held);
    put(h, &series, "buffer", "in", b->known, b->in_per_s);
    put(h, &series, "buffer", "out", b->known, b->out_per_s);
    put(h, &series, "host", "cpu", true, host->cpu_percent);
    put(h, &series, "host", "memory", true, (double)host->memory_used_bytes);
    for (size_t i = 0; i < s->service_count; i++) {
        const struct hf_usage *u = &s->services[i].usage;
        const char *name = s->services[i].spec.service;

        put(h, &series, name, "memory", u->known, (double)u->memory_bytes);
        put(h, &series, name, "cpu", u->known, u->cpu_percent);
    }
    h->next = (h->next + 1) % HF_HISTORY_POINTS;
    if (h->points < HF_HISTORY_POINTS)
        h->points++;
    h->end_ms = s->at_ms;
    pthread_mutex_unlock(&h->lock);
}

void
history_read(struct hf_history_ring *h, struct hf_history *ret_history)
{
    pthread_mutex_lock(&h->lock);
    ret_history->end_ms = h->end_ms;
    ret_history->points = h->points;
    ret_history->series_count = h->series_count;
    for (size_t i = 0; i < h->series_count; i++) {
        size_t from = (h->next + HF_HISTORY_POINTS - h->points) % HF_HISTORY_POINTS;

        memcpy(ret_history->series[i].name, h->names[i], sizeof h->names[i]);
        for (size_t k = 0; k < h->points; k++)
            ret_history->series[i].values[k] = h->values[i][(from + k) % HF_HISTORY_POINTS];
    }
    pthread_mutex_unlock(&h->lock);
}
