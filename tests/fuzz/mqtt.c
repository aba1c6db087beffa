// SPDX-License-Identifier: Apache-2.0
/* What a broker says to a consumer. */
#include "common/mqtt.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
check_publish(const struct hf_mqtt_packet *p)
{
    const char *end = p->body + p->len;
    struct hf_mqtt_publish m;

    if (hf_mqtt_publish_read(p, &m, NULL) < 0)
        return;
    if (m.topic < p->body || m.topic + m.topic_len > m.payload || m.payload + m.payload_len != end)
        __builtin_trap();
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const char *text = (const char *)data;
    struct hf_mqtt_packet p;
    size_t at = 0, len;

    for (; at < size && hf_mqtt_look(text + at, size - at, 4096, &len, &p, NULL) > 0; at += len) {
        if (len < 2 || p.body + p.len != text + at + len)
            __builtin_trap();
        check_publish(&p);
        (void)!hf_mqtt_connack_read(&p, NULL);
        (void)!hf_mqtt_suback_read(&p, NULL);
    }
    return 0;
}
