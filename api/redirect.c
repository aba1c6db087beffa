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
    SERVE_MS = 2000 /* for one connection, then it is cut */
};

static const char DECLINE[] = "HTTP/1.1 %s\r\nContent-Length: 0\r\nCache-Control: no-store\r\n"
                              "Connection: close\r\n\r\n";

struct hf_redirect {
    pthread_t thread;
    int listen_fd;
    int stop_fd; /* readable: end */
    uint16_t https_port;
    hf_redirect_check *check;
    void *context;
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

/* Whether fd can be read before the deadline and nobody wants us to end. */
static bool
await(const struct hf_redirect *r, int fd, int64_t deadline_ms)
{
    struct pollfd fds[] = {{.fd = fd, .events = POLLIN}, {.fd = r->stop_fd, .events = POLLIN}};
    int64_t left = deadline_ms - hf_clock_mono_ms();

    return left > 0 && poll(fds, HF_LEN(fds), (int)left) > 0 && fds[1].revents == 0;
}

static void
serve(const struct hf_redirect *r, int fd)
{
    int64_t deadline_ms = hf_clock_mono_ms() + SERVE_MS;
    char request[REQUEST_MAX + 1] = "", answer[ANSWER_MAX];
    size_t used = 0, len;

    while (used < REQUEST_MAX && !strstr(request, "\r\n\r\n")) {
        ssize_t got;

        if (!await(r, fd, deadline_ms))
            return;
        got = recv(fd, request + used, REQUEST_MAX - used, MSG_DONTWAIT);
        if (got <= 0)
            return;
        used += (size_t)got;
        request[used] = '\0';
    }
    len = hf_redirect_answer(request, r->https_port, r->check, r->context, answer, sizeof answer);
    if (len > 0 && send(fd, answer, len, MSG_NOSIGNAL | MSG_DONTWAIT) == (ssize_t)len)
        shutdown(fd, SHUT_WR);
}

static void *
run(void *context)
{
    const struct hf_redirect *r = context;
    struct pollfd fds[] = {
        {.fd = r->listen_fd, .events = POLLIN},
        {.fd = r->stop_fd, .events = POLLIN},
    };

    while (fds[1].revents == 0) {
        if (poll(fds, HF_LEN(fds), -1) > 0 && fds[0].revents) {
            HF_AUTO_CLOSE int fd = accept4(r->listen_fd, NULL, NULL, SOCK_CLOEXEC);

            if (fd >= 0)
                serve(r, fd);
        }
    }
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
