// SPDX-License-Identifier: Apache-2.0
/* What a record is as an MQTT message. Pure. */
#pragma once

#include "forwarder/settings.h"
#include "forwarder/view.h"

enum { HF_MQTT_ID_MAX = 192 };

struct hf_mqtt_message {
    struct hf_buf topic;
    struct hf_buf scratch; /* payload, where it is not as it lies in the line */
    struct hf_slice payload;
    char id[HF_MQTT_ID_MAX]; /* <gateway>/<epoch>/<seq> */
};

void hf_mqtt_message_init(struct hf_mqtt_message *m);
void hf_mqtt_message_done(struct hf_mqtt_message *m);

/* Renders the line (with or without its newline), borrowing from it. HF_ERROR_INVALID where MQTT
 * has no way to say it. */
HF_MUST int hf_mqtt_message_make(struct hf_mqtt_message *m, const struct hf_sink_settings *s,
                                 struct hf_slice line, struct hf_error *err);
