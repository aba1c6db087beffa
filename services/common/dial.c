// SPDX-License-Identifier: Apache-2.0
#include "common/dial.h"

#include "base/clock.h"
#include "common/stop.h"

#include <errno.h>
#include <netdb.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static void
free_addresses(struct addrinfo **list)
{
    if (*list)
        freeaddrinfo(*list);
}

static struct addrinfo *
addresses_of(const struct hf_address *to, const struct hf_last_peer *last, struct hf_error *err)
{
    struct addrinfo hints = {.ai_socktype = SOCK_STREAM, .ai_family = AF_UNSPEC};
    struct addrinfo *list = NULL;
    char port[8];
    int rc;

    snprintf(port, sizeof port, "%d", to->port);
    rc = getaddrinfo(to->host, port, &hints, &list);
    if (rc == 0)
        return list;
    hints.ai_flags = AI_NUMERICHOST;
    if (*last->address && getaddrinfo(last->address, port, &hints, &list) == 0)
        return list;
    hf_error_set(err, HF_ERROR_UNAVAILABLE, "%s", gai_strerror(rc));
    return NULL;
}

bool
hf_dial_ready(int fd, short events, int64_t deadline_ms)
{
    struct pollfd p[2] = {{.fd = fd, .events = events}, {.fd = hf_stop_fd(), .events = POLLIN}};
    int64_t left = deadline_ms - hf_clock_mono_ms();

    return poll(p, 2, left < 0 ? 0 : (int)left) > 0 && !hf_stopping() && p[0].revents;
}

static int
begin(int fd, const struct addrinfo *a, int64_t deadline_ms, struct hf_error *err)
{
    int why = 0;
    socklen_t len = sizeof why;

    if (connect(fd, a->ai_addr, a->ai_addrlen) == 0)
        return 0;
    if (errno != EINPROGRESS)
        return hf_error_set(err, HF_ERROR_UNAVAILABLE, "%s", strerror(errno));
    if (!hf_dial_ready(fd, POLLOUT, deadline_ms))
        return hf_error_set(err, HF_ERROR_UNAVAILABLE, "no answer in time");
    if (getsockopt(fd, SOL_SOCKET, SO_ERROR, &why, &len) < 0)
        why = errno;
    return why ? hf_error_set(err, HF_ERROR_UNAVAILABLE, "%s", strerror(why)) : 0;
}

static int
connect_to(const struct addrinfo *a, int64_t deadline_ms, struct hf_error *err)
{
    int fd = socket(a->ai_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

    if (fd < 0)
        return hf_error_errno(err, errno, "cannot make a socket");
    if (begin(fd, a, deadline_ms, err) == 0)
        return fd;
    close(fd);
    return -1;
}

int
hf_dial(const struct hf_address *to, const struct hf_last_peer *last, int64_t deadline_ms,
        struct hf_error *err)
{
    __attribute__((cleanup(free_addresses))) struct addrinfo *list = addresses_of(to, last, err);
    int fd = -1;

    for (const struct addrinfo *a = list; a && fd < 0; a = a->ai_next)
        fd = connect_to(a, deadline_ms, err);
    return fd;
}
