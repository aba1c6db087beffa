// SPDX-License-Identifier: Apache-2.0
#include "api/streams.h"

#include "base/clock.h"

#include <string.h>
#include <time.h>

const char hf_sse_heartbeat[] = ": still here\n\n";
const char hf_sse_opening[] = "retry: 2000\n\n";

void
hf_streams_init(struct hf_streams *s)
{
    pthread_condattr_t attr;

    *s = (struct hf_streams){.lock = PTHREAD_MUTEX_INITIALIZER};
    pthread_condattr_init(&attr);
    pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
    pthread_cond_init(&s->changed, &attr);
    pthread_condattr_destroy(&attr);
}

void
hf_streams_done(struct hf_streams *s)
{
    pthread_cond_destroy(&s->changed);
    pthread_mutex_destroy(&s->lock);
}

int
hf_streams_enter(struct hf_streams *s, enum hf_stream_kind kind, struct hf_error *err)
{
    static const int most[HF_STREAM_KIND_COUNT] = {[HF_STREAM_EVENTS] = HF_STREAMS_MAX,
                                                   [HF_STREAM_LOGS] = HF_STREAMS_LOGS_MAX,
                                                   [HF_STREAM_EXPORT] = HF_STREAMS_EXPORTS_MAX,
                                                   [HF_STREAM_WAIT] = HF_STREAMS_WAITS_MAX};
    int total = 0, rc = 0;

    pthread_mutex_lock(&s->lock);
    for (size_t i = 0; i < HF_LEN(s->open); i++)
        total += s->open[i];
    if (s->stopping)
        rc = hf_error_set(err, HF_ERROR_UNAVAILABLE, "the gateway is about to end");
    else if (total >= HF_STREAMS_MAX || s->open[kind] >= most[kind])
        rc = hf_error_set(err, HF_ERROR_UNAVAILABLE,
                          "too many live views or exports are open: end one and try again");
    else
        s->open[kind]++;
    pthread_mutex_unlock(&s->lock);
    return rc;
}

int
hf_streams_open(struct hf_streams *s, enum hf_stream_kind kind)
{
    int open;

    pthread_mutex_lock(&s->lock);
    open = s->open[kind];
    pthread_mutex_unlock(&s->lock);
    return open;
}

void
hf_streams_leave(struct hf_streams *s, enum hf_stream_kind kind)
{
    pthread_mutex_lock(&s->lock);
    s->open[kind]--;
    pthread_mutex_unlock(&s->lock);
}

bool
hf_streams_pause(struct hf_streams *s, int64_t ms)
{
    int64_t until_ms = hf_clock_mono_ms() + ms;
    struct timespec until = {.tv_sec = until_ms / 1000, .tv_nsec = until_ms % 1000 * 1000000};
    bool stopping;
    int rc = 0;

    pthread_mutex_lock(&s->lock);
    while (ms > 0 && !s->stopping && rc == 0)
        rc = pthread_cond_timedwait(&s->changed, &s->lock, &until);
    stopping = s->stopping;
    pthread_mutex_unlock(&s->lock);
    return !stopping;
}

bool
hf_streams_stopping(struct hf_streams *s)
{
    return !hf_streams_pause(s, 0);
}

void
hf_streams_stop(struct hf_streams *s)
{
    pthread_mutex_lock(&s->lock);
    s->stopping = true;
    pthread_cond_broadcast(&s->changed);
    pthread_mutex_unlock(&s->lock);
}

int
hf_sse_event(struct hf_buf *out, const char *id, const char *name, const char *data, size_t len,
             struct hf_error *err)
{
    const char *end = data + len;

    if (id && hf_buf_addf(out, err, "id: %s\n", id) < 0)
        return -1;
    if (hf_buf_addf(out, err, "event: %s\n", name) < 0)
        return -1;
    for (;;) {
        const char *line_end = memchr(data, '\n', (size_t)(end - data));
        size_t line = (size_t)((line_end ? line_end : end) - data);

        if (hf_buf_adds(out, "data: ", err) < 0 || hf_buf_add(out, data, line, err) < 0 ||
            hf_buf_add(out, "\n", 1, err) < 0)
            return -1;
        if (!line_end)
            break;
        data = line_end + 1;
    }
    return hf_buf_add(out, "\n", 1, err);
}
