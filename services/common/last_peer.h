// SPDX-License-Identifier: Apache-2.0
/* For MQTT what last_address.h is for HTTP: a broker is reached at its last address where no
 * resolver answers. */
#pragma once

#include <mosquitto.h>

struct hf_last_peer {
    char address[64]; /* of the one host that this is used for; "": none known */
};

typedef int hf_mqtt_connect(struct mosquitto *m, const char *host, int port, int keepalive);

/* Connects by mosquitto_connect or mosquitto_connect_async; what these return. */
int hf_last_peer_connect(struct hf_last_peer *l, struct mosquitto *m, hf_mqtt_connect *connect_to,
                         const char *host, int port, int keepalive);
/* Notes whom the socket is connected to: once CONNACK has come, so that it was the right one. */
void hf_last_peer_keep(struct hf_last_peer *l, int fd);
