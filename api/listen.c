// SPDX-License-Identifier: Apache-2.0
#include "api/listen.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>

enum { BACKLOG = 4096 }; /* as HF_API_BACKLOG in server.c */

static int
read_address(const char *text, uint16_t port, struct sockaddr_storage *ret, socklen_t *ret_len)
{
    struct sockaddr_in *v4 = (void *)ret;
    struct sockaddr_in6 *v6 = (void *)ret;

    memset(ret, 0, sizeof *ret);
    if (inet_pton(AF_INET, text, &v4->sin_addr) == 1) {
        v4->sin_family = AF_INET;
        v4->sin_port = htons(port);
        *ret_len = sizeof *v4;
        return 0;
    }
    if (inet_pton(AF_INET6, text, &v6->sin6_addr) == 1) {
        v6->sin6_family = AF_INET6;
        v6->sin6_port = htons(port);
        *ret_len = sizeof *v6;
        return 0;
    }
    return -1;
}

static int
explain(int errnum, const char *address, uint16_t port, const char *option, struct hf_error *err)
{
    switch (errnum) {
    case EADDRINUSE:
        return hf_error_set(
            err, HF_ERROR_CONFLICT,
            "listen on %s port %u: another program has this port; end it (`ss -ltnp` "
            "shows it) or choose another by %s",
            address, port, option);
    case EADDRNOTAVAIL:
        return hf_error_set(err, HF_ERROR_CONFLICT,
                            "listen on %s port %u: this machine does not have that address; choose "
                            "one of its own or 0.0.0.0 by %s",
                            address, port, option);
    case EACCES:
        return hf_error_set(err, HF_ERROR_CONFLICT,
                            "listen on %s port %u: not allowed; ports below 1024 need root or "
                            "CAP_NET_BIND_SERVICE, or choose another by %s",
                            address, port, option);
    default:
        return hf_error_errno(err, errnum, "listen on %s port %u", address, port);
    }
}

static int
set_up(int fd, const struct sockaddr_storage *to, socklen_t len)
{
    int on = 1;

    if (setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on) < 0)
        return -1;
    if (bind(fd, (const struct sockaddr *)to, len) < 0)
        return -1;
    return listen(fd, BACKLOG);
}

int
hf_listen(const char *address, uint16_t port, const char *option, int *ret_fd, struct hf_error *err)
{
    struct sockaddr_storage to;
    socklen_t len;
    int fd, errnum;

    if (read_address(address, port, &to, &len) < 0)
        return hf_error_set(err, HF_ERROR_INVALID, "%s: '%s' is no IP address", option, address);
    fd = socket(to.ss_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd < 0)
        return hf_error_errno(err, errno, "socket");
    if (set_up(fd, &to, len) < 0) {
        errnum = errno;
        close(fd);
        return explain(errnum, address, port, option, err);
    }
    *ret_fd = fd;
    return 0;
}
