// SPDX-License-Identifier: Apache-2.0
#include "common/commit.h"

#include "base/log.h"
#include "base/text.h"
#include "common/backoff.h"
#include "common/record.h"
#include "common/stop.h"

#include <string.h>

enum { RETRY_FIRST_MS = 100, RETRY_CAP_MS = 5000 };

enum result { DONE, STOPPING, REFUSED };

static bool
is_for_good(const struct hf_error *err)
{
    return err->class == HF_ERROR_MALFORMED || err->class == HF_ERROR_INVALID ||
           err->class == HF_ERROR_TOO_LARGE;
}

static enum result
commit_once_there(struct hf_commit *c, const char *frames, size_t len, size_t count,
                  struct hf_error *err)
{
    struct hf_backoff backoff = {.first_ms = RETRY_FIRST_MS, .cap_ms = RETRY_CAP_MS};

    for (;;) {
        int64_t left = 0;

        *err = (struct hf_error){0};
        if (c->commit(c->ctx, frames, len, count, &left, err) == 0) {
            c->window_left_ms = left;
            break;
        }
        if (is_for_good(err))
            return REFUSED;
        if (hf_stopping())
            return STOPPING;
        if (backoff.attempt == 0)
            hf_log_warn("event=holding records=%zu reason=\"%s\"", count, err->message);
        c->say(c->owner, err->message);
        if (hf_stop_sleep(hf_backoff_fail_now(&backoff)))
            return STOPPING;
    }
    if (backoff.attempt) {
        hf_log_info("event=holding-over records=%zu tries=%u", count, backoff.attempt + 1);
        c->say(c->owner, "");
    }
    return DONE;
}

/* One frame that the buffer does not take as it is: with the reason it is for the quarantine. */
static bool
give_as_refused(struct hf_commit *c, const char *frame, size_t len, const struct hf_error *why)
{
    HF_AUTO_BUF struct hf_buf again = HF_BUF_INIT(HF_RECORD_BODY_MAX);
    char reason[HF_RECORD_REASON_MAX];
    struct hf_error err = {0};
    struct hf_record r;
    size_t at = 0;
    enum result result = REFUSED;

    (void)hf_text_put(reason, sizeof reason, "%s", why->message);
    hf_text_whole(reason);
    if (hf_record_decode(frame, len, &at, &r, &err) > 0 && !r.reason_len) {
        r.reason = reason;
        r.reason_len = strlen(reason);
        if (hf_record_encode(&r, &again, &err) == 0)
            result = commit_once_there(c, again.data, again.len, 1, &err);
    }
    if (result == REFUSED) {
        c->refused++;
        hf_log_error("event=record-refused bytes=%zu reason=\"%s\"", len, why->message);
    }
    return result != STOPPING;
}

/* Bytes of the first count frames. */
static size_t
length_of(const char *frames, size_t len, size_t count)
{
    struct hf_record r;
    size_t at = 0;

    while (count-- && hf_record_decode(frames, len, &at, &r, NULL) > 0)
        ;
    return at;
}

bool
hf_commit_frames(struct hf_commit *c, const char *frames, size_t len, size_t count)
{
    struct hf_error err;
    size_t half = count / 2, at;
    enum result result = commit_once_there(c, frames, len, count, &err);

    if (result != REFUSED)
        return result == DONE;
    if (count <= 1)
        return give_as_refused(c, frames, len, &err);
    at = length_of(frames, len, half);
    return hf_commit_frames(c, frames, at, half) &&
           hf_commit_frames(c, frames + at, len - at, count - half);
}
