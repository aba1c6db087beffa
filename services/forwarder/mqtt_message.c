// SPDX-License-Identifier: Apache-2.0
#include "forwarder/mqtt_message.h"

#include <stdio.h>
#include <string.h>

enum { TOPIC_MAX = 65535, PAYLOAD_MAX = 64 * 1024 * 1024 };

void
hf_mqtt_message_init(struct hf_mqtt_message *m)
{
    *m = (struct hf_mqtt_message){.topic = HF_BUF_INIT(TOPIC_MAX),
                                  .scratch = HF_BUF_INIT(PAYLOAD_MAX)};
}

void
hf_mqtt_message_done(struct hf_mqtt_message *m)
{
    hf_buf_done(&m->topic);
    hf_buf_done(&m->scratch);
}

static int
add_topic(struct hf_buf *out, const char *template, const struct hf_view *v, struct hf_error *err)
{
    static const char gateway[] = "{gateway}", topic[] = "{topic}";

    for (const char *at = template; *at;) {
        size_t plain = strcspn(at, "{");

        if (hf_buf_add(out, at, plain, err) < 0)
            return -1;
        at += plain;
        if (strncmp(at, gateway, sizeof gateway - 1) == 0) {
            at += sizeof gateway - 1;
            if (hf_buf_add(out, v->gateway.data, v->gateway.len, err) < 0)
                return -1;
        } else if (*at) {
            at += sizeof topic - 1;
            if (hf_view_unescape(v->topic, out, err) < 0)
                return -1;
        }
    }
    return 0;
}

static int
make_topic(struct hf_mqtt_message *m, const struct hf_sink_settings *s, const struct hf_view *v,
           struct hf_error *err)
{
    struct hf_error why = {0};

    hf_buf_clear(&m->topic);
    if (add_topic(&m->topic, s->topic, v, &why) < 0)
        return hf_error_set(err, HF_ERROR_INVALID, "its topic cannot be one of MQTT: %s",
                            why.message);
    /* Topics that begin with $ are the broker's own (MQTT 5, 4.7.2). */
    if (m->topic.len && m->topic.data[0] == '$')
        hf_buf_consume(&m->topic, 1);
    if (!m->topic.len || memchr(m->topic.data, '+', m->topic.len) ||
        memchr(m->topic.data, '#', m->topic.len) || memchr(m->topic.data, '\0', m->topic.len))
        return hf_error_set(err, HF_ERROR_INVALID, "its topic cannot be published to");
    return 0;
}

int
hf_mqtt_message_make(struct hf_mqtt_message *m, const struct hf_sink_settings *s,
                     struct hf_slice line, struct hf_error *err)
{
    struct hf_view v;

    while (line.len && line.data[line.len - 1] == '\n')
        line.len--;
    if (hf_view_parse(line.data, line.len, &v, err) < 0 || make_topic(m, s, &v, err) < 0)
        return -1;
    snprintf(m->id, sizeof m->id, "%.*s/%.*s/%llu", (int)v.gateway.len, v.gateway.data,
             (int)v.epoch.len, v.epoch.data, (unsigned long long)v.seq);
    m->payload = line;
    if (!s->payload_only)
        return 0;
    if (v.kind == HF_VIEW_PAYLOAD) {
        m->payload = v.value;
        return 0;
    }
    hf_buf_clear(&m->scratch);
    if (hf_view_payload(&v, &m->scratch, err) < 0)
        return -1;
    m->payload = (struct hf_slice){.data = m->scratch.data, .len = m->scratch.len};
    return 0;
}
