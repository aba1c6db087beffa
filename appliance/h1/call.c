// SPDX-License-Identifier: Apache-2.0
#include "h1/call.h"

#include "base/buf.h"
#include "base/clock.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

enum {
    REQUEST_HEAD_MAX = 8192,
    READ_BYTES = 8192,
    CHUNK_BYTES = 64 * 1024,
    CHUNK_FRAME_MAX = 16, /* its size in hex, and two line ends */
    BACKLOG_NAP_MS = 20,  /* until a Unix socket with a full backlog is tried again */
    WOKEN_LOOK_MS = 20,
    READS_AT_ONCE = 16 /* before the clock is looked at again */
};

static const int64_t NEVER = INT64_MAX;

struct transfer {
    const struct hf_h1_call *call;
    struct hf_h1_answer *answer;
    struct hf_error *err;
    int fd;
    bool woken;
    int64_t total_end_ms, idle_end_ms; /* monotonic */
    struct hf_h1_response response;
};

static int64_t
deadline(int64_t bound_ms)
{
    return bound_ms > 0 ? hf_clock_mono_ms() + bound_ms : NEVER;
}

static int
fail(struct transfer *t, enum hf_h1_end end, int os_error)
{
    t->answer->end = end;
    t->answer->os_error = os_error;
    switch (end) {
    case HF_H1_END_CANCELLED:
        return -1; /* no error to its caller */
    case HF_H1_END_TIMEOUT:
        return hf_error_set(t->err, HF_ERROR_TIMEOUT, "there was no answer in time");
    case HF_H1_END_NO_CONNECTION:
        return hf_error_set(t->err, HF_ERROR_UNAVAILABLE, "cannot connect: %s",
                            strerrordesc_np(os_error));
    default:
        return hf_error_set(t->err, HF_ERROR_UPSTREAM, "the connection broke: %s",
                            strerrordesc_np(os_error));
    }
}

/* ---- waiting ---- */

static int
poll_ms(const struct transfer *t, int64_t left_ms)
{
    int64_t look_ms = t->woken ? WOKEN_LOOK_MS : t->call->look_ms;

    if (t->call->cancelled && look_ms > 0 && look_ms < left_ms)
        left_ms = look_ms;
    return left_ms < INT32_MAX ? (int)left_ms : -1;
}

/* Until the socket is ready for one of events (0: none, only time passes) or the deadline; -1 with
 * the reason where the call ends. */
static int
wait_for(struct transfer *t, short events, int64_t end_ms)
{
    struct pollfd fds[2] = {{.fd = events ? t->fd : -1, .events = events},
                            {.fd = t->call->wake_fd, .events = POLLIN}};

    for (;;) {
        int64_t left_ms = end_ms == NEVER ? NEVER : end_ms - hf_clock_mono_ms();

        if (t->call->cancelled && t->call->cancelled(t->call->reader.context))
            return fail(t, HF_H1_END_CANCELLED, 0);
        if (left_ms <= 0)
            return events ? fail(t, HF_H1_END_TIMEOUT, 0) : 0;
        fds[1].fd = t->woken ? -1 : t->call->wake_fd;
        if (poll(fds, 2, poll_ms(t, left_ms)) < 0 && errno != EINTR)
            return fail(t, HF_H1_END_CUT, errno);
        t->woken |= fds[1].revents != 0;
        if (fds[0].revents)
            return 0;
        fds[1].revents = 0;
    }
}

static int64_t
sooner(int64_t a, int64_t b)
{
    return a < b ? a : b;
}

static int
wait_on(struct transfer *t, short events)
{
    return wait_for(t, events, sooner(t->total_end_ms, t->idle_end_ms));
}

/* ---- the question ---- */

static int
open_connection(struct transfer *t)
{
    int64_t end_ms = sooner(deadline(t->call->connect_ms), t->total_end_ms);
    int error;

    t->fd = hf_h1_socket(&t->call->place);
    if (t->fd < 0)
        return fail(t, HF_H1_END_NO_CONNECTION, errno);
    while ((error = hf_h1_dial(t->fd, &t->call->place)) == EAGAIN) {
        if (hf_clock_mono_ms() >= end_ms)
            return fail(t, HF_H1_END_TIMEOUT, 0);
        if (wait_for(t, 0, sooner(end_ms, deadline(BACKLOG_NAP_MS))) < 0)
            return -1;
    }
    if (error == EINPROGRESS) {
        if (wait_for(t, POLLOUT, end_ms) < 0)
            return -1;
        error = hf_h1_dial_result(t->fd);
    }
    return error ? fail(t, HF_H1_END_NO_CONNECTION, error) : 0;
}

/* Whether text can stand in a line of the head without ending or dividing it. */
static bool
is_one_word(const char *text)
{
    for (const char *c = text; *c; c++)
        if ((unsigned char)*c <= ' ' || (unsigned char)*c >= 0x7f)
            return false;
    return *text != '\0';
}

static int
make_head(const struct hf_h1_call *call, struct hf_buf *head, struct hf_error *err)
{
    const char *type = call->type ? call->type : "application/json";

    if (!is_one_word(call->path) || call->path[0] != '/' || !is_one_word(call->host) ||
        !is_one_word(type) || (call->bearer && !is_one_word(call->bearer)))
        return hf_error_set(err, HF_ERROR_INVALID, "the question cannot be put into a request");
    if (hf_buf_addf(head, err, "%s %s HTTP/1.1\r\nHost: %s\r\nConnection: close\r\nAccept: */*\r\n",
                    call->method, call->path, call->host) < 0)
        return -1;
    if (call->bearer && hf_buf_addf(head, err, "Authorization: Bearer %s\r\n", call->bearer) < 0)
        return -1;
    if (call->more &&
        hf_buf_addf(head, err, "Content-Type: %s\r\nTransfer-Encoding: chunked\r\n", type) < 0)
        return -1;
    if (!call->more && (call->body || strcmp(call->method, "POST") == 0) &&
        hf_buf_addf(head, err, "Content-Type: %s\r\nContent-Length: %zu\r\n", type,
                    call->body ? strlen(call->body) : 0) < 0)
        return -1;
    return hf_buf_adds(head, "\r\n", err);
}

/* 1 where the other side takes no more; it may have answered already (RFC 9112 §9.5). */
static int
send_all(struct transfer *t, const char *data, size_t len)
{
    while (len > 0) {
        ssize_t n = send(t->fd, data, len, MSG_NOSIGNAL);

        if (n > 0) {
            data += n;
            len -= (size_t)n;
            t->idle_end_ms = deadline(t->call->idle_ms);
        } else if (errno == EAGAIN) {
            if (wait_on(t, POLLOUT) < 0)
                return -1;
        } else if (errno != EINTR) {
            return 1;
        }
    }
    return 0;
}

/* ---- the answer ---- */

static int
take(struct transfer *t, const char *data, size_t len)
{
    if (hf_h1_response_feed(&t->response, data, len, t->err) == 0)
        return 0;
    t->answer->end = HF_H1_END_GARBAGE;
    return -1;
}

static int
closed(struct transfer *t)
{
    if (hf_h1_response_close(&t->response, t->err) == 0)
        return 0;
    t->answer->end = HF_H1_END_CUT;
    return -1;
}

/* Takes what is there now, and not for ever where it comes faster than it is taken. 1 at the end.
 */
static int
read_some(struct transfer *t)
{
    char data[READ_BYTES];

    for (int i = 0; i < READS_AT_ONCE; i++) {
        ssize_t n = recv(t->fd, data, sizeof data, 0);

        if (n == 0)
            return closed(t) < 0 ? -1 : 1;
        if (n < 0 && errno == EAGAIN)
            return 0;
        if (n < 0 && errno != EINTR)
            return fail(t, HF_H1_END_CUT, errno);
        if (n < 0)
            continue;
        if (take(t, data, (size_t)n) < 0)
            return -1;
        t->idle_end_ms = deadline(t->call->idle_ms); /* the reader's time is not its silence */
        if (t->response.stopped || t->response.state == HF_H1_WHOLE)
            return 1;
    }
    return 0;
}

/* ---- a body in chunks ---- */

/* Whether the other side has answered all it will before the body is whole: with an error, say. */
static bool
is_answered(const struct transfer *t)
{
    return t->response.stopped || t->response.state == HF_H1_WHOLE || t->response.status >= 300;
}

/* As send_all, but takes what comes meanwhile. 1 where the rest need not be sent. */
static int
send_heeding(struct transfer *t, const char *data, size_t len)
{
    while (len > 0 && !is_answered(t)) {
        ssize_t n = send(t->fd, data, len, MSG_NOSIGNAL);
        int rc;

        if (n > 0) {
            data += n;
            len -= (size_t)n;
            t->idle_end_ms = deadline(t->call->idle_ms);
        } else if (errno != EAGAIN && errno != EINTR) {
            return 1;
        } else if (wait_on(t, POLLOUT | POLLIN) < 0) {
            return -1;
        }
        rc = read_some(t);
        if (rc != 0)
            return rc;
    }
    return is_answered(t);
}

static int
make_chunk(struct transfer *t, char *chunk, size_t *ret_at, size_t *ret_len)
{
    char size[CHUNK_FRAME_MAX];
    size_t len, frame;

    if (t->call->more(t->call->reader.context, chunk + CHUNK_FRAME_MAX, CHUNK_BYTES, &len, t->err) <
        0) {
        t->answer->end = HF_H1_END_NO_BODY;
        return -1;
    }
    frame = (size_t)snprintf(size, sizeof size, "%zx\r\n", len);
    *ret_at = CHUNK_FRAME_MAX - frame;
    memcpy(chunk + *ret_at, size, frame);
    memcpy(chunk + CHUNK_FRAME_MAX + len, "\r\n", 2);
    *ret_len = frame + len + 2;
    t->idle_end_ms = deadline(t->call->idle_ms); /* what makes it has its own patience */
    return len == 0;
}

/* 1 where the answer is there already, or the other side takes no more. */
static int
send_chunks(struct transfer *t)
{
    HF_AUTO_FREE char *chunk = malloc(CHUNK_FRAME_MAX + CHUNK_BYTES + 2);
    int last = 0, rc;

    if (!chunk) {
        t->answer->end = HF_H1_END_UNSENT;
        return hf_error_nomem(t->err);
    }
    while (!last) {
        size_t at, len;

        last = make_chunk(t, chunk, &at, &len);
        if (last < 0)
            return -1;
        rc = send_heeding(t, chunk + at, len);
        if (rc != 0)
            return rc;
    }
    return 0;
}

/* ---- both ---- */

static int
ask(struct transfer *t)
{
    HF_AUTO_BUF struct hf_buf head = HF_BUF_INIT(REQUEST_HEAD_MAX);
    int rc;

    if (make_head(t->call, &head, t->err) < 0) {
        t->answer->end = HF_H1_END_UNSENT;
        return -1;
    }
    rc = open_connection(t);
    if (rc == 0)
        rc = send_all(t, head.data, head.len);
    if (rc == 0 && t->call->body)
        rc = send_all(t, t->call->body, strlen(t->call->body));
    if (rc == 0 && t->call->more)
        rc = send_chunks(t);
    explicit_bzero(head.data, head.len); /* the token */
    return rc < 0 ? -1 : 0;
}

static int
hear(struct transfer *t)
{
    int rc = t->response.stopped || t->response.state == HF_H1_WHOLE;

    while (rc == 0) {
        if (wait_on(t, POLLIN) < 0)
            return -1;
        rc = read_some(t);
    }
    return rc < 0 ? -1 : 0;
}

int
hf_h1_call(const struct hf_h1_call *call, struct hf_h1_answer *ret_answer, struct hf_error *err)
{
    struct transfer t = {
        .call = call,
        .answer = ret_answer,
        .err = err,
        .fd = -1,
        .total_end_ms = deadline(call->total_ms),
        .idle_end_ms = deadline(call->idle_ms),
    };
    int rc;

    *ret_answer = (struct hf_h1_answer){0};
    hf_h1_response_init(&t.response, &call->reader);
    rc = ask(&t) < 0 ? -1 : hear(&t);
    ret_answer->status = t.response.status;
    if (t.fd >= 0)
        close(t.fd);
    if (rc == 0)
        ret_answer->end = t.response.stopped ? HF_H1_END_STOPPED : HF_H1_END_WHOLE;
    return ret_answer->end == HF_H1_END_CANCELLED ? 0 : rc;
}
