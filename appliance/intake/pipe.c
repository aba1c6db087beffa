// SPDX-License-Identifier: Apache-2.0
#include "intake/parts.h"

#include "base/clock.h"

#include <errno.h>
#include <string.h>
#include <time.h>

enum { PATIENCE_MS = 5 * 60 * 1000, LOOK_MS = 200 };

uint64_t
hf_intake_offset(const struct hf_intake *in)
{
    const struct hf_intake_pipe *p = &in->pipe;

    return p->skip_to > p->taken ? p->skip_to : p->taken;
}

static int
cut_off(struct hf_error *err)
{
    return hf_error_set(err, HF_ERROR_INVALID, "the bundle is cut off: make it anew");
}

/* ---- who brings ---- */

static int
say_end(const struct hf_intake *in, struct hf_error *err)
{
    if (in->stopped)
        return hf_error_set(err, HF_ERROR_UNAVAILABLE, "holdfastd is about to end");
    if (in->view.state != HF_INTAKE_FAILED)
        return hf_error_set(err, HF_ERROR_NOT_FOUND, "no bundle is being uploaded");
    if (err)
        *err = in->view.error;
    return -1;
}

int
hf_intake_open(struct hf_intake *in, uint64_t offset, struct hf_error *err)
{
    struct hf_intake_pipe *p = &in->pipe;
    int rc = 0;

    pthread_mutex_lock(&in->lock);
    if (in->stopped || (!in->active && in->view.state != HF_INTAKE_DONE) || !p->ring)
        rc = say_end(in, err);
    else if (in->writing)
        rc = hf_error_set(err, HF_ERROR_CONFLICT, "a piece of the bundle is still being sent");
    else if (offset < p->taken || offset > hf_intake_offset(in))
        rc = hf_error_set(err, HF_ERROR_CONFLICT, "the next byte of the bundle is %llu, not %llu",
                          (unsigned long long)hf_intake_offset(in), (unsigned long long)offset);
    if (rc == 0) {
        p->taken = offset;
        in->writing = true;
    }
    pthread_mutex_unlock(&in->lock);
    return rc;
}

void
hf_intake_close(struct hf_intake *in)
{
    pthread_mutex_lock(&in->lock);
    in->writing = false;
    pthread_mutex_unlock(&in->lock);
}

/* Takes what there is room for; 0: nothing. */
static size_t
put(struct hf_intake_pipe *p, const char *data, size_t len)
{
    size_t room = HF_INTAKE_PIPE_BYTES - p->len;
    size_t end = (p->at + p->len) % HF_INTAKE_PIPE_BYTES, n, first;

    if (p->taken < p->skip_to) {
        n = p->skip_to - p->taken < len ? (size_t)(p->skip_to - p->taken) : len;
        p->taken += n;
        return n;
    }
    n = len < room ? len : room;
    first = HF_INTAKE_PIPE_BYTES - end < n ? HF_INTAKE_PIPE_BYTES - end : n;
    memcpy(p->ring + end, data, first);
    memcpy(p->ring, data + first, n - first);
    p->len += n;
    p->taken += n;
    return n;
}

int
hf_intake_write(struct hf_intake *in, const void *data, size_t len, struct hf_error *err)
{
    const char *from = data;
    int rc = 0;

    pthread_mutex_lock(&in->lock);
    if (len > in->view.length - in->pipe.taken)
        rc = hf_error_set(err, HF_ERROR_INVALID, "more comes than the %llu bytes of the bundle",
                          (unsigned long long)in->view.length);
    while (rc == 0 && len > 0) {
        size_t n = 0;

        if (in->stopped || (!in->active && in->view.state != HF_INTAKE_DONE)) {
            rc = say_end(in, err);
            break;
        }
        n = put(&in->pipe, from, len);
        from += n;
        len -= n;
        in->pipe.last_ms = hf_clock_mono_ms();
        pthread_cond_broadcast(&in->changed);
        if (n == 0)
            pthread_cond_wait(&in->changed, &in->lock);
    }
    pthread_mutex_unlock(&in->lock);
    return rc;
}

/* ---- who reads ---- */

static void
wait_a_little(struct hf_intake *in)
{
    struct timespec until;

    clock_gettime(CLOCK_MONOTONIC, &until);
    until.tv_nsec += (long)LOOK_MS * 1000000;
    until.tv_sec += until.tv_nsec / 1000000000;
    until.tv_nsec %= 1000000000;
    (void)pthread_cond_timedwait(&in->changed, &in->lock, &until);
}

static bool
is_over(const struct hf_intake *in)
{
    return in->stopped || *in->given_up_by;
}

/* Until there is something, or the end. */
static int
wait_for_bytes(struct hf_intake *in, struct hf_error *err)
{
    int64_t patience_ms = in->config.patience_ms ? in->config.patience_ms : PATIENCE_MS;

    while (in->pipe.len == 0 && in->pipe.taken < in->view.length) {
        if (is_over(in))
            return hf_error_set(err, HF_ERROR_UNAVAILABLE, "the bundle was given up");
        if (hf_clock_mono_ms() - in->pipe.last_ms > patience_ms)
            return hf_error_set(err, HF_ERROR_TIMEOUT,
                                "nothing more of the bundle came for %lld s: begin anew",
                                (long long)(patience_ms / 1000));
        wait_a_little(in);
    }
    return 0;
}

static size_t
get(struct hf_intake_pipe *p, char *out, size_t size)
{
    size_t n = p->len < size ? p->len : size;
    size_t first = HF_INTAKE_PIPE_BYTES - p->at < n ? HF_INTAKE_PIPE_BYTES - p->at : n;

    memcpy(out, p->ring + p->at, first);
    memcpy(out + first, p->ring, n - first);
    p->at = (p->at + n) % HF_INTAKE_PIPE_BYTES;
    p->len -= n;
    return n;
}

static int
read_upload(void *context, char *out, size_t size, size_t *ret_len, struct hf_error *err)
{
    struct hf_intake *in = context;
    int rc;

    pthread_mutex_lock(&in->lock);
    rc = wait_for_bytes(in, err);
    if (rc == 0) {
        *ret_len = get(&in->pipe, out, size);
        pthread_cond_broadcast(&in->changed);
    }
    pthread_mutex_unlock(&in->lock);
    return rc;
}

static int
skip_upload(void *context, uint64_t len, struct hf_error *err)
{
    struct hf_intake *in = context;
    struct hf_intake_pipe *p = &in->pipe;
    size_t here;
    int rc = 0;

    pthread_mutex_lock(&in->lock);
    here = p->len < len ? p->len : (size_t)len;
    if (len - here > in->view.length - p->taken) {
        rc = cut_off(err);
    } else {
        p->at = (p->at + here) % HF_INTAKE_PIPE_BYTES;
        p->len -= here;
        p->skip_to = p->taken + (len - here);
    }
    pthread_cond_broadcast(&in->changed);
    pthread_mutex_unlock(&in->lock);
    return rc;
}

/* ---- a file ---- */

static int
pass_on(struct hf_intake *in, uint64_t len, struct hf_error *err)
{
    int rc = 0;

    pthread_mutex_lock(&in->lock);
    if (is_over(in))
        rc = hf_error_set(err, HF_ERROR_UNAVAILABLE, "the bundle was given up");
    in->pipe.taken += len;
    pthread_mutex_unlock(&in->lock);
    return rc;
}

static int
read_file(void *context, char *out, size_t size, size_t *ret_len, struct hf_error *err)
{
    struct hf_intake *in = context;
    const struct hf_bundle_input file = hf_bundle_file(&in->fd);

    if (file.read(file.context, out, size, ret_len, err) < 0)
        return -1;
    return pass_on(in, *ret_len, err);
}

static int
skip_file(void *context, uint64_t len, struct hf_error *err)
{
    struct hf_intake *in = context;
    const struct hf_bundle_input file = hf_bundle_file(&in->fd);

    if (len > in->view.length - in->pipe.taken)
        return cut_off(err);
    if (file.skip(file.context, len, err) < 0)
        return -1;
    return pass_on(in, len, err);
}

struct hf_bundle_input
hf_intake_input(struct hf_intake *in)
{
    if (in->fd >= 0)
        return (struct hf_bundle_input){.read = read_file, .skip = skip_file, .context = in};
    return (struct hf_bundle_input){.read = read_upload, .skip = skip_upload, .context = in};
}
