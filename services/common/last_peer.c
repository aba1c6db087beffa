// SPDX-License-Identifier: Apache-2.0
#include "common/last_peer.h"

#include <netdb.h>
#include <string.h>
#include <sys/socket.h>

int
hf_last_peer_connect(struct hf_last_peer *l, struct mosquitto *m, hf_mqtt_connect *connect_to,
                     const char *host, int port, int keepalive)
{
    int rc = connect_to(m, host, port, keepalive);

    if (rc == MOSQ_ERR_EAI && *l->address)
        rc = connect_to(m, l->address, port, keepalive);
    return rc;
}

void
hf_last_peer_keep(struct hf_last_peer *l, int fd)
{
    struct sockaddr_storage peer = {0};
    socklen_t len = sizeof peer;
    char address[sizeof l->address];

    if (getpeername(fd, (struct sockaddr *)&peer, &len) == 0 &&
        getnameinfo((struct sockaddr *)&peer, len, address, sizeof address, NULL, 0,
                    NI_NUMERICHOST) == 0)
        memcpy(l->address, address, sizeof address);
}
