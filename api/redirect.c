// SPDX-License-Identifier: Apache-2.0
#include "api/redirect.h"

#include "api/listen.h"
#include "base/clock.h"

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <sys/eventfd.h>
#include <sys/socket.h>

enum {
    REQUEST_MAX = 2048,
    ANSWER_MAX = 2560,
    HOST_SIZE = 262, /* a name, a colon and a port */
    TARGET_SIZE = 1024,
    SERVE_MS = 2000, /* for one connection, then it is cut */
    VISITORS_MAX = 16
};

static const char DECLINE[] = "HTTP/1.1 %s\r\nContent-Length: 0\r\nCache-Control: no-store\r\n"
                              "Connection: close\r\n\r\n";

/* One that has not yet said all it has to. */
struct visitor {
    int fd; /* -1: none */
    int64_t until_ms;
    size_t used;
    char request[REQUEST_MAX + 1];
};

struct hf_redirect {
    pthread_t thread;
    int listen_fd;
    int stop_fd; /* readable: end */
    uint16_t https_port;
    hf_redirect_check *check;
    void *context;
    struct visitor visitors[VISITORS_MAX];
};

/* ---- the answer ---- */

static bool
read_target(const char *request, char *out, size_t size)
{
    const char *target = strchr(request, ' ');
    size_t len = target ? strcspn(++target, " \r\n") : 0;

    if (len == 0 || len >= size || target[0] != '/')
        return false;
    for (size_t i = 0; i < len; i++) {
        if (target[i] <= 0x20 || target[i] >= 0x7f)
            return false;
    }
    memcpy(out, target, len);
    out[len] = '\0';
    return true;
}

static bool
read_host(const char *request, char *out, size_t size)
{
    const char *line = strstr(request, "\r\n");

    for (; line; line = strstr(line, "\r\n")) {
        size_t len;

        line += 2;
        if (strncasecmp(line, "Host:", 5) != 0)
            continue;
        line += 5 + strspn(line + 5, " \t");
        len = strcspn(line, " \t\r\n");
        if (len == 0 || len >= size)
            return false;
        memcpy(out, line, len);
        out[len] = '\0';
        return true;
    }
    return false;
}

static void
cut_port(char *host)
{
    char *end = host[0] == '[' ? strchr(host, ']') : NULL;
    char *port = strchr(end ? end : host, ':');

    if (port)
        *port = '\0';
}

size_t
hf_redirect_answer(const char *request, uint16_t https_port, hf_redirect_check *check,
                   void *context, char *out, size_t size)
{
    char target[TARGET_SIZE], host[HOST_SIZE];
    int len;

    if (!read_target(request, target, sizeof target) || !read_host(request, host, sizeof host)) {
        len = snprintf(out, size, DECLINE, "400 Bad Request");
    } else if (!check(context, host)) {
        len = snprintf(out, size, DECLINE, "421 Misdirected Request");
    } else {
        cut_port(host);
        len = snprintf(out, size,
                       "HTTP/1.1 307 Temporary Redirect\r\nLocation: https://%s:%u%s\r\n"
                       "Content-Length: 0\r\nCache-Control: no-store\r\nConnection: close\r\n\r\n",
                       host, https_port, target);
    }
    return len > 0 && (size_t)len < size ? (size_t)len : 0;
}

/* ---- the listener ---- */

static void
leave(struct visitor *v)
{
    close(v->fd);
    v->fd = -1;
}

static void
answer(const struct hf_redirect *r, const struct visitor *v)
{
    char text[ANSWER_MAX];
    size_t len =
        hf_redirect_answer(v->request, r->https_port, r->check, r->context, text, sizeof text);

    if (len > 0 && send(v->fd, text, len, MSG_NOSIGNAL | MSG_DONTWAIT) == (ssize_t)len)
        shutdown(v->fd, SHUT_WR);
}

static void
hear(const struct hf_redirect *r, struct visitor *v)
{
    ssize_t got = recv(v->fd, v->request + v->used, REQUEST_MAX - v->used, MSG_DONTWAIT);

    if (got < 0 && (errno == EAGAIN || errno == EINTR))
        return;
    if (got > 0) {
        v->used += (size_t)got;
        v->request[v->used] = '\0';
        if (v->used < REQUEST_MAX && !strstr(v->request, "\r\n\r\n"))
            return;
        answer(r, v);
    }
    leave(v);
}

/* Who comes when all places are taken has that of whoever has been there longest: a browser says
 * all it has to at once, and who says nothing keeps nobody out. */
static void
welcome(const struct hf_redirect *r, struct visitor *visitors)
{
    int fd = accept4(r->listen_fd, NULL, NULL, SOCK_CLOEXEC);
    struct visitor *v = &visitors[0];

    if (fd < 0)
        return;
    for (size_t i = 1; i < VISITORS_MAX && v->fd >= 0; i++)
        if (visitors[i].fd < 0 || visitors[i].until_ms < v->until_ms)
            v = &visitors[i];
    if (v->fd >= 0)
        leave(v);
    v->fd = fd;
    v->until_ms = hf_clock_mono_ms() + SERVE_MS;
    v->used = 0;
    v->request[0] = '\0';
    hear(r, v); /* mostly it has come by now */
}

static void
run_with(const struct hf_redirect *r, struct visitor *visitors)
{
    struct pollfd fds[VISITORS_MAX + 2] = {
        [VISITORS_MAX] = {.fd = r->listen_fd, .events = POLLIN},
        [VISITORS_MAX + 1] = {.fd = r->stop_fd, .events = POLLIN},
    };

    while (fds[VISITORS_MAX + 1].revents == 0) {
        int64_t now_ms = hf_clock_mono_ms();
        int wait_ms = -1;

        for (size_t i = 0; i < VISITORS_MAX; i++) {
            struct visitor *v = &visitors[i];

            if (v->fd >= 0 && v->until_ms <= now_ms)
                leave(v);
            if (v->fd >= 0 && (wait_ms < 0 || v->until_ms - now_ms < wait_ms))
                wait_ms = (int)(v->until_ms - now_ms);
            fds[i] = (struct pollfd){.fd = v->fd, .events = POLLIN};
        }
        if (poll(fds, HF_LEN(fds), wait_ms) <= 0)
            continue;
        for (size_t i = 0; i < VISITORS_MAX; i++)
            if (fds[i].revents)
                hear(r, &visitors[i]);
        if (fds[VISITORS_MAX].revents)
            welcome(r, visitors);
    }
}

static void *
run(void *context)
{
    struct hf_redirect *r = context;

    for (size_t i = 0; i < VISITORS_MAX; i++)
        r->visitors[i].fd = -1;
    run_with(r, r->visitors);
    for (size_t i = 0; i < VISITORS_MAX; i++)
        if (r->visitors[i].fd >= 0)
            leave(&r->visitors[i]);
    return NULL;
}

static void
redirect_free(struct hf_redirect *r)
{
    if (!r)
        return;
    if (r->listen_fd >= 0)
        close(r->listen_fd);
    if (r->stop_fd >= 0)
        close(r->stop_fd);
    free(r);
}
HF_DEFINE_AUTO(struct hf_redirect, redirect, redirect_free)

int
hf_redirect_start(const char *address, uint16_t port, uint16_t https_port, hf_redirect_check *check,
                  void *context, struct hf_redirect **ret_redirect, struct hf_error *err)
{
    HF_AUTO(redirect) struct hf_redirect *r = malloc(sizeof *r);

    if (!r)
        return hf_error_nomem(err);
    *r = (struct hf_redirect){.listen_fd = -1,
                              .stop_fd = -1,
                              .https_port = https_port,
                              .check = check,
                              .context = context};
    if (hf_listen(address, port, "--http-redirect", &r->listen_fd, err) < 0)
        return -1;
    r->stop_fd = eventfd(0, EFD_CLOEXEC);
    if (r->stop_fd < 0)
        return hf_error_errno(err, errno, "eventfd");
    if (pthread_create(&r->thread, NULL, run, r) != 0)
        return hf_error_set(err, HF_ERROR_INTERNAL, "cannot start a thread");
    *ret_redirect = hf_steal(&r);
    return 0;
}

void
hf_redirect_stop(struct hf_redirect *redirect)
{
    if (!redirect)
        return;
    eventfd_write(redirect->stop_fd, 1);
    pthread_join(redirect->thread, NULL);
    redirect_free(redirect);
}
