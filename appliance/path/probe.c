// SPDX-License-Identifier: Apache-2.0
#include "path/probe.h"

#include "base/buf.h"
#include "base/clock.h"
#include "base/text.h"

#include <arpa/inet.h>
#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { REQUEST_MAX = 512, STATUS_LINE_MAX = 64 };

static int
says(struct hf_error *err, uint16_t port, const char *what)
{
    return hf_error_set(err, HF_ERROR_UNAVAILABLE, "port %u: %s", port, what);
}

/* True once the descriptor is ready for it, false where the time is over. */
static bool
wait_for(int fd, short what, int64_t until_ms)
{
    struct pollfd p = {.fd = fd, .events = what};
    int64_t left = until_ms - hf_clock_mono_ms();

    return left > 0 && poll(&p, 1, (int)left) == 1;
}

static int
connect_to(int fd, const char *address, uint16_t port, int64_t until_ms, struct hf_error *err)
{
    struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons(port)};
    int failure = 0;
    socklen_t size = sizeof failure;

    if (inet_pton(AF_INET, address, &to.sin_addr) != 1)
        return hf_error_set(err, HF_ERROR_UNAVAILABLE, "it has no address");
    if (connect(fd, (const struct sockaddr *)&to, sizeof to) < 0 && errno != EINPROGRESS)
        return says(err, port, strerror(errno));
    if (!wait_for(fd, POLLOUT, until_ms))
        return says(err, port, "takes no connection");
    if (getsockopt(fd, SOL_SOCKET, SO_ERROR, &failure, &size) < 0 || failure)
        return says(err, port, strerror(failure));
    return 0;
}

static int
open_connection(const char *address, uint16_t port, int64_t until_ms, int *ret_fd,
                struct hf_error *err)
{
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

    if (fd < 0)
        return hf_error_errno(err, errno, "cannot open a socket");
    if (connect_to(fd, address, port, until_ms, err) < 0) {
        close(fd);
        return -1;
    }
    *ret_fd = fd;
    return 0;
}

int
hf_probe_tcp(const char *address, uint16_t port, struct hf_error *err)
{
    HF_AUTO_CLOSE int fd = -1;

    return open_connection(address, port, hf_clock_mono_ms() + HF_PROBE_MS, &fd, err);
}

/* The first line of the answer, RFC 9112 §4; what follows is nobody's business here. */
static int
read_status(int fd, uint16_t port, int64_t until_ms, struct hf_error *err)
{
    char line[STATUS_LINE_MAX + 1];
    size_t len = 0;
    long status;

    do {
        ssize_t n;

        if (!wait_for(fd, POLLIN, until_ms))
            return says(err, port, "does not answer");
        n = recv(fd, line + len, STATUS_LINE_MAX - len, 0);
        if (n <= 0)
            return says(err, port, "ends the connection without an answer");
        len += (size_t)n;
        line[len] = '\0';
    } while (len < STATUS_LINE_MAX && !strchr(line, '\n'));
    if (strncmp(line, "HTTP/1.", 7) != 0 || line[7] == '\0' || line[8] != ' ')
        return says(err, port, "does not speak HTTP");
    status = strtol(line + 9, NULL, 10);
    if (status >= 200 && status < 400)
        return 0;
    return hf_error_set(err, HF_ERROR_UNAVAILABLE, "port %u: answers %ld", port, status);
}

int
hf_probe_http(const char *address, uint16_t port, const char *path, struct hf_error *err)
{
    int64_t until_ms = hf_clock_mono_ms() + HF_PROBE_MS;
    HF_AUTO_CLOSE int fd = -1;
    char request[REQUEST_MAX];

    if (open_connection(address, port, until_ms, &fd, err) < 0)
        return -1;
    hf_text_put(request, sizeof request,
                "GET %s HTTP/1.1\r\nHost: %s:%u\r\nUser-Agent: holdfastd\r\nConnection: close\r\n"
                "\r\n",
                path, address, port);
    if (send(fd, request, strlen(request), MSG_NOSIGNAL) != (ssize_t)strlen(request))
        return says(err, port, "takes no request");
    return read_status(fd, port, until_ms, err);
}
