// SPDX-License-Identifier: Apache-2.0
/* The packets of a subscriber in MQTT 3.1.1 (OASIS Standard, 2014; sections in brackets). Pure. */
#pragma once

#include "base/buf.h"

#include <stdbool.h>

enum hf_mqtt_type {
    HF_MQTT_CONNACK = 2,
    HF_MQTT_PUBLISH = 3,
    HF_MQTT_SUBACK = 9,
    HF_MQTT_PINGRESP = 13
};

struct hf_mqtt_packet {
    unsigned type, flags; /* the halves of its first byte (2.2) */
    const char *body;     /* borrowed */
    size_t len;
};

/* Looks at the packet that begins at data: 1 where it is whole, 0 where more must come, and
 * *ret_size is how long it is in all (0: not yet known); -1 where it is none, or longer than max.
 */
HF_MUST int hf_mqtt_look(const char *data, size_t len, size_t max, size_t *ret_size,
                         struct hf_mqtt_packet *ret_packet, struct hf_error *err);

struct hf_mqtt_publish {
    const char *topic, *payload; /* borrowed; not NUL-terminated */
    size_t topic_len, payload_len;
    unsigned id; /* to be acknowledged; 0: with QoS 0 */
    bool retained;
};

/* What a PUBLISH brings to a subscriber with QoS 1 at most (3.3). */
HF_MUST int hf_mqtt_publish_read(const struct hf_mqtt_packet *p, struct hf_mqtt_publish *ret,
                                 struct hf_error *err);

/* Whether a CONNACK says yes (3.2.2.3); an error says what it says instead. */
HF_MUST int hf_mqtt_connack_read(const struct hf_mqtt_packet *p, struct hf_error *err);

/* Whether a SUBACK grants the one filter that was asked for (3.9.3). */
HF_MUST int hf_mqtt_suback_read(const struct hf_mqtt_packet *p, struct hf_error *err);

/* CONNECT to a session that is kept, without a keep-alive (3.1). Texts have 65535 bytes at most;
 * user may be "". */
HF_MUST int hf_mqtt_add_connect(struct hf_buf *out, const char *client_id, const char *user,
                                const char *password, struct hf_error *err);

/* SUBSCRIBE to one filter with QoS 1 (3.8). */
HF_MUST int hf_mqtt_add_subscribe(struct hf_buf *out, const char *filter, struct hf_error *err);

/* PUBACK (3.4). */
HF_MUST int hf_mqtt_add_puback(struct hf_buf *out, unsigned id, struct hf_error *err);
