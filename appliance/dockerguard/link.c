// SPDX-License-Identifier: Apache-2.0
#include "dockerguard/link.h"

#include "base/clock.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/uio.h>

enum {
    REQUEST_MS = 10000,       /* for a head, and for a body of JSON */
    TAR_IDLE_MS = 900 * 1000, /* an image may come over a line that is broken for minutes */
    ANSWER_IDLE_MS = 60 * 1000,
    READ_BYTES = 16384,
    HEAD_MAX = 256,
    CHUNK_HEAD_MAX = 20
};

/* ---- reading ---- */

/* Until there is something to read; a deadline of monotonic time. */
static int
wait_readable(const struct hf_dguard_link *l, int64_t end_ms, struct hf_error *err)
{
    for (;;) {
        struct pollfd p = {.fd = l->fd, .events = POLLIN};
        int64_t left_ms = end_ms - hf_clock_mono_ms();
        int rc;

        if (left_ms <= 0)
            return hf_error_set(err, HF_ERROR_TIMEOUT, "the request did not come in time");
        rc = poll(&p, 1, (int)left_ms);
        if (rc > 0)
            return 0;
        if (rc < 0 && errno != EINTR)
            return hf_error_errno(err, errno, "poll");
    }
}

/* Reads at most size bytes, and at least one. */
static int
read_some(struct hf_dguard_link *l, char *out, size_t size, size_t *ret_len, int64_t end_ms,
          struct hf_error *err)
{
    for (;;) {
        ssize_t n;

        if (wait_readable(l, end_ms, err) < 0)
            return -1;
        n = recv(l->fd, out, size, 0);
        if (n > 0) {
            *ret_len = (size_t)n;
            return 0;
        }
        if (n == 0)
            return hf_error_set(err, HF_ERROR_MALFORMED, "the request ends before it is whole");
        if (errno != EINTR && errno != EAGAIN)
            return hf_error_errno(err, errno, "read the request");
    }
}

static int
read_more(struct hf_dguard_link *l, int64_t end_ms, struct hf_error *err)
{
    char *to = hf_buf_reserve(&l->in, READ_BYTES);
    size_t len = 0;

    if (!to)
        return hf_error_nomem(err);
    if (read_some(l, to, READ_BYTES, &len, end_ms, err) < 0)
        return -1;
    l->in.len += len;
    l->in.data[l->in.len] = '\0';
    return 0;
}

int
hf_dguard_link_head(struct hf_dguard_link *l, struct hf_error *err)
{
    int64_t end_ms = hf_clock_mono_ms() + REQUEST_MS;
    int rc = 1;

    while (rc == 1) {
        if (read_more(l, end_ms, err) < 0)
            return -1;
        rc = hf_dguard_request_read(l->in.data, l->in.len, &l->request, err);
    }
    if (rc == 0)
        hf_buf_consume(&l->in, l->request.head_len);
    return rc;
}

int
hf_dguard_link_body(struct hf_dguard_link *l, size_t len, struct hf_error *err)
{
    int64_t end_ms = hf_clock_mono_ms() + REQUEST_MS;

    while (l->in.len < len)
        if (read_more(l, end_ms, err) < 0)
            return -1;
    if (l->in.len > len)
        return hf_error_set(err, HF_ERROR_MALFORMED, "something stands behind the request");
    return 0;
}

static int
next_bytes(struct hf_dguard_link *l, char *out, size_t size, size_t *ret_len, struct hf_error *err)
{
    if (l->in.len == 0)
        return read_some(l, out, size, ret_len, hf_clock_mono_ms() + TAR_IDLE_MS, err);
    *ret_len = l->in.len < size ? l->in.len : size;
    memcpy(out, l->in.data, *ret_len);
    hf_buf_consume(&l->in, *ret_len);
    return 0;
}

int
hf_dguard_link_more(struct hf_dguard_link *l, char *out, size_t size, size_t *ret_len,
                    struct hf_error *err)
{
    char raw[READ_BYTES];
    size_t len = 0;

    *ret_len = 0;
    while (*ret_len == 0 && l->chunks.state != HF_DGUARD_CHUNK_WHOLE)
        if (next_bytes(l, raw, size < sizeof raw ? size : sizeof raw, &len, err) < 0 ||
            hf_dguard_chunks_take(&l->chunks, raw, len, out, ret_len, err) < 0)
            return -1;
    return 0;
}

bool
hf_dguard_link_gone(const struct hf_dguard_link *l)
{
    bool waits = l->call.body != HF_DGUARD_BODY_TAR;
    struct pollfd p = {.fd = l->fd, .events = (short)(waits ? POLLIN | POLLRDHUP : POLLRDHUP)};

    return poll(&p, 1, 0) > 0 && p.revents;
}

/* ---- writing ---- */

/* Whether the socket takes more within ANSWER_IDLE_MS. */
static bool
is_taken(const struct hf_dguard_link *l)
{
    struct pollfd p = {.fd = l->fd, .events = POLLOUT};

    return poll(&p, 1, ANSWER_IDLE_MS) > 0 || errno == EINTR;
}

static void
advance(struct msghdr *m, size_t sent)
{
    while (m->msg_iovlen > 0 && sent >= m->msg_iov->iov_len) {
        sent -= m->msg_iov->iov_len;
        m->msg_iov++;
        m->msg_iovlen--;
    }
    if (m->msg_iovlen > 0) {
        m->msg_iov->iov_base = (char *)m->msg_iov->iov_base + sent;
        m->msg_iov->iov_len -= sent;
    }
}

static bool
send_parts(struct hf_dguard_link *l, struct iovec *parts, size_t count)
{
    struct msghdr m = {.msg_iov = parts, .msg_iovlen = count};

    while (m.msg_iovlen > 0) {
        ssize_t n = sendmsg(l->fd, &m, MSG_NOSIGNAL | MSG_DONTWAIT);

        if (n >= 0)
            advance(&m, (size_t)n);
        else if (errno == EAGAIN ? !is_taken(l) : errno != EINTR)
            return false;
    }
    return true;
}

static struct iovec
part(const void *data, size_t len)
{
    return (struct iovec){(void *)(uintptr_t)data, len};
}

bool
hf_dguard_link_answer(struct hf_dguard_link *l, int status, const char *body, size_t len)
{
    char head[HEAD_MAX];
    int head_len = snprintf(head, sizeof head,
                            "HTTP/1.1 %d \r\nContent-Type: application/json\r\n"
                            "Content-Length: %zu\r\nConnection: close\r\n\r\n",
                            status, len);
    struct iovec parts[] = {part(head, (size_t)head_len), part(body, len)};

    return send_parts(l, parts, HF_LEN(parts));
}

bool
hf_dguard_link_begin(struct hf_dguard_link *l, int status)
{
    bool has_body = status != 204 && status != 304; /* RFC 9112 §6.3 */
    char head[HEAD_MAX];
    int len = snprintf(head, sizeof head,
                       "HTTP/1.1 %d \r\nContent-Type: %s\r\n%sConnection: close\r\n\r\n", status,
                       l->call.type, has_body ? "Transfer-Encoding: chunked\r\n" : "");
    struct iovec parts[] = {part(head, (size_t)len)};

    return send_parts(l, parts, HF_LEN(parts));
}

bool
hf_dguard_link_piece(struct hf_dguard_link *l, const char *data, size_t len)
{
    char size[CHUNK_HEAD_MAX];
    int size_len = snprintf(size, sizeof size, "%zx\r\n", len);
    struct iovec parts[] = {part(size, (size_t)size_len), part(data, len), part("\r\n", 2)};

    return send_parts(l, parts, HF_LEN(parts));
}

bool
hf_dguard_link_end(struct hf_dguard_link *l)
{
    struct iovec parts[] = {part("0\r\n\r\n", 5)};

    return send_parts(l, parts, HF_LEN(parts));
}

void
hf_dguard_link_fail(struct hf_dguard_link *l, int status, const char *message)
{
    HF_AUTO(hf_json) struct hf_json *doc = hf_json_object();
    HF_AUTO_FREE char *text = NULL;
    char said[HF_ERROR_MESSAGE_MAX + 32];

    snprintf(said, sizeof said, "holdfast-docker: %s", message);
    hf_json_put_string(doc, "message", said);
    if (hf_json_print(doc, &text, NULL) == 0)
        (void)hf_dguard_link_answer(l, status, text, strlen(text));
}
