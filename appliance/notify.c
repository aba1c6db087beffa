// SPDX-License-Identifier: Apache-2.0
#include "notify.h"

#include "base/cleanup.h"
#include "base/text.h"

#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

enum { MESSAGE_MAX = 512, US_PER_MS = 1000 };

/* A path, or with '@' a name in the abstract namespace (unix(7)). A manager that does not read must
 * hold up nothing, so what does not fit into the socket is lost. */
static void
tell(const char *message)
{
    const char *path = getenv("NOTIFY_SOCKET"); // NOLINT(concurrency-mt-unsafe): never set by us
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    size_t len = path ? strlen(path) : 0;
    HF_AUTO_CLOSE int fd = -1;

    if (len < 2 || len >= sizeof address.sun_path || (path[0] != '/' && path[0] != '@'))
        return;
    memcpy(address.sun_path, path, len);
    if (path[0] == '@')
        address.sun_path[0] = '\0';
    fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (fd < 0)
        return;
    (void)!sendto(fd, message, strlen(message), MSG_NOSIGNAL | MSG_DONTWAIT,
                  (const struct sockaddr *)&address,
                  (socklen_t)(offsetof(struct sockaddr_un, sun_path) + len));
}

void
hf_notify_ready(const char *status)
{
    char message[MESSAGE_MAX];

    snprintf(message, sizeof message, "READY=1\nSTATUS=%s", status);
    tell(message);
}

void
hf_notify_status(const char *status)
{
    static char last[MESSAGE_MAX];
    char message[MESSAGE_MAX];

    snprintf(message, sizeof message, "STATUS=%s", status);
    if (strcmp(message, last) == 0)
        return;
    memcpy(last, message, sizeof last);
    tell(message);
}

void
hf_notify_stopping(void)
{
    tell("STOPPING=1");
}

void
hf_notify_alive(void)
{
    tell("WATCHDOG=1");
}

int64_t
hf_notify_watchdog_ms(void)
{
    const char *us = getenv("WATCHDOG_USEC"); // NOLINT(concurrency-mt-unsafe)
    const char *pid = getenv("WATCHDOG_PID"); // NOLINT(concurrency-mt-unsafe)
    uint64_t number;

    if (pid && (!hf_text_u64(pid, &number) || number != (uint64_t)getpid()))
        return 0;
    return us && hf_text_u64(us, &number) ? (int64_t)(number / US_PER_MS) : 0;
}
