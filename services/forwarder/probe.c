// SPDX-License-Identifier: Apache-2.0
#include "forwarder/probe.h"

#include "base/clock.h"

#include <errno.h>
#include <netdb.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

/* The first of what was found, as text. */
static void
first_address(const struct addrinfo *found, char out[HF_SINK_TEXT_MAX])
{
    if (getnameinfo(found->ai_addr, found->ai_addrlen, out, HF_SINK_TEXT_MAX, NULL, 0,
                    NI_NUMERICHOST) != 0)
        out[0] = '\0';
}

/* -1 with the reason of the last. */
static int
try_all(const struct addrinfo *found, int timeout_ms, char detail[HF_SINK_TEXT_MAX])
{
    int why = 0;

    for (const struct addrinfo *a = found; a; a = a->ai_next) {
        HF_AUTO_CLOSE int fd =
            socket(a->ai_family, a->ai_socktype | SOCK_NONBLOCK | SOCK_CLOEXEC, a->ai_protocol);
        struct pollfd p = {.fd = fd, .events = POLLOUT};
        socklen_t len = sizeof why;

        if (fd < 0 || (connect(fd, a->ai_addr, a->ai_addrlen) < 0 && errno != EINPROGRESS)) {
            why = errno;
            continue;
        }
        if (poll(&p, 1, timeout_ms) <= 0)
            why = ETIMEDOUT;
        else if (getsockopt(fd, SOL_SOCKET, SO_ERROR, &why, &len) == 0 && why == 0)
            return 0;
    }
    snprintf(detail, HF_SINK_TEXT_MAX, "%s", strerror(why)); // NOLINT(concurrency-mt-unsafe)
    return -1;
}

bool
hf_probe_tcp(const char *host, int port, int timeout_ms, struct hf_sink_steps *steps)
{
    struct addrinfo hints = {.ai_socktype = SOCK_STREAM};
    struct addrinfo *found = NULL;
    char service[8], detail[HF_SINK_TEXT_MAX] = "";
    int64_t begin_ms = hf_clock_mono_ms(), found_ms;
    int rc;

    snprintf(service, sizeof service, "%d", port);
    rc = getaddrinfo(host, service, &hints, &found);
    found_ms = hf_clock_mono_ms();
    if (rc == 0)
        first_address(found, detail);
    hf_sink_step_add(steps, "resolve", rc == 0, found_ms - begin_ms,
                     rc ? gai_strerror(rc) : detail);
    if (rc)
        return false;
    detail[0] = '\0';
    rc = try_all(found, timeout_ms, detail);
    freeaddrinfo(found);
    hf_sink_step_add(steps, "connect", rc == 0, hf_clock_mono_ms() - found_ms, detail);
    return rc == 0;
}
