// SPDX-License-Identifier: Apache-2.0
/* Where a neighbour is, and a connection to it. Private to the folder but for the struct. */
#pragma once

#include <stdint.h>

/* A Unix socket where socket_path is set, else an IPv4 address and port. */
struct hf_h1_place {
    const char *socket_path;
    const char *address;
    uint16_t port;
};

/* Makes a socket for it that never blocks; -1 and errno. */
int hf_h1_socket(const struct hf_h1_place *place);

/* Begins to connect, or tries again after EAGAIN: 0, EINPROGRESS (poll for writing, then ask
 * hf_h1_dial_result), EAGAIN (the backlog of a Unix socket is full) or what went wrong. */
int hf_h1_dial(int fd, const struct hf_h1_place *place);

/* How a connection that was in progress has ended: 0 or what went wrong. */
int hf_h1_dial_result(int fd);
