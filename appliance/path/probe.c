// SPDX-License-Identifier: Apache-2.0
#include "path/probe.h"

#include "base/text.h"

#include <arpa/inet.h>
#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static int
says(struct hf_error *err, uint16_t port, const char *what)
{
    return hf_error_set(err, HF_ERROR_UNAVAILABLE, "port %u: %s", port, what);
}

static bool
is_ready(int fd, short what)
{
    struct pollfd p = {.fd = fd, .events = what};

    return poll(&p, 1, 0) == 1;
}

static int
connect_to(int fd, const char *address, uint16_t port, struct hf_error *err)
{
    struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons(port)};

    if (inet_pton(AF_INET, address, &to.sin_addr) != 1)
        return hf_error_set(err, HF_ERROR_UNAVAILABLE, "it has no address");
    if (connect(fd, (const struct sockaddr *)&to, sizeof to) < 0 && errno != EINPROGRESS)
        return says(err, port, strerror(errno));
    return 0;
}

int
hf_probe_begin(struct hf_probe *p, const char *address, uint16_t port, const char *path,
               int64_t now_ms, struct hf_error *err)
{
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

    if (fd < 0)
        return hf_error_errno(err, errno, "cannot open a socket");
    if (connect_to(fd, address, port, err) < 0) {
        close(fd);
        return -1;
    }
    *p = (struct hf_probe){
        .under_way = true, .fd = fd, .port = port, .until_ms = now_ms + HF_PROBE_MS};
    if (path)
        hf_text_put(p->request, sizeof p->request,
                    "GET %s HTTP/1.1\r\nHost: %s:%u\r\nUser-Agent: holdfastd\r\n"
                    "Connection: close\r\n\r\n",
                    path, address, port);
    return 0;
}

void
hf_probe_end(struct hf_probe *p)
{
    if (p->under_way)
        close(p->fd);
    p->under_way = false;
}

/* Once the connection is there: the whole request, which is far smaller than an empty socket's
 * buffer. */
static int
speak(struct hf_probe *p, struct hf_error *err)
{
    int failure = 0;
    socklen_t size = sizeof failure;

    if (getsockopt(p->fd, SOL_SOCKET, SO_ERROR, &failure, &size) < 0 || failure)
        return says(err, p->port, strerror(failure));
    p->connected = true;
    if (send(p->fd, p->request, strlen(p->request), MSG_NOSIGNAL) != (ssize_t)strlen(p->request))
        return says(err, p->port, "takes no request");
    return 0;
}

/* The first line of the answer, RFC 9112 §4; what follows is nobody's business here. */
static int
judge(const struct hf_probe *p, struct hf_error *err)
{
    const char *line = p->line;
    long status;

    if (strncmp(line, "HTTP/1.", 7) != 0 || line[7] == '\0' || line[8] != ' ')
        return says(err, p->port, "does not speak HTTP");
    status = strtol(line + 9, NULL, 10);
    if (status >= 200 && status < 400)
        return 0;
    return hf_error_set(err, HF_ERROR_UNAVAILABLE, "port %u: answers %ld", p->port, status);
}

/* 1 once the line is there. */
static int
hear(struct hf_probe *p, struct hf_error *err)
{
    ssize_t n = recv(p->fd, p->line + p->len, sizeof p->line - 1 - p->len, 0);

    if (n <= 0)
        return says(err, p->port, "ends the connection without an answer");
    p->len += (size_t)n;
    p->line[p->len] = '\0';
    return p->len == sizeof p->line - 1 || strchr(p->line, '\n');
}

/* 1 where it is over and good, 0 where there is nothing to be done now. */
static int
go_on(struct hf_probe *p, struct hf_error *err)
{
    int rc = 0;

    if (!p->connected && is_ready(p->fd, POLLOUT) && speak(p, err) < 0)
        return -1;
    if (p->connected && !*p->request)
        return 1;
    while (rc == 0 && p->connected && is_ready(p->fd, POLLIN))
        rc = hear(p, err);
    if (rc <= 0)
        return rc;
    return judge(p, err) < 0 ? -1 : 1;
}

enum hf_probe_end
hf_probe_step(struct hf_probe *p, int64_t now_ms, struct hf_error *err)
{
    int rc = go_on(p, err);

    if (rc == 0 && now_ms < p->until_ms)
        return HF_PROBE_UNDER_WAY;
    if (rc == 0)
        rc = says(err, p->port, p->connected ? "does not answer" : "takes no connection");
    hf_probe_end(p);
    return rc < 0 ? HF_PROBE_BAD : HF_PROBE_GOOD;
}
