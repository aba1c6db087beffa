// SPDX-License-Identifier: Apache-2.0
#include "h1/dial.h"

#include "base/text.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/un.h>

int
hf_h1_socket(const struct hf_h1_place *place)
{
    return socket(place->socket_path ? AF_UNIX : AF_INET,
                  SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
}

static int
try_connect(int fd, const void *address, socklen_t len)
{
    while (connect(fd, address, len) < 0)
        if (errno != EINTR)
            return errno == EALREADY ? EINPROGRESS : errno;
    return 0;
}

int
hf_h1_dial(int fd, const struct hf_h1_place *place)
{
    struct sockaddr_un local = {.sun_family = AF_UNIX};
    struct sockaddr_in remote = {.sin_family = AF_INET, .sin_port = htons(place->port)};

    if (!place->socket_path) {
        if (inet_pton(AF_INET, place->address, &remote.sin_addr) != 1)
            return EADDRNOTAVAIL;
        return try_connect(fd, &remote, sizeof remote);
    }
    if (!hf_text_put(local.sun_path, sizeof local.sun_path, "%s", place->socket_path))
        return ENAMETOOLONG;
    return try_connect(fd, &local, sizeof local);
}

int
hf_h1_dial_result(int fd)
{
    int error = 0;
    socklen_t len = sizeof error;

    return getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &len) < 0 ? errno : error;
}
