// SPDX-License-Identifier: Apache-2.0
#include "common/mqtt.h"

#include <string.h>

enum {
    TYPE_SHIFT = 4,
    FLAGS_MASK = 0x0F,
    CONNECT = 0x10,
    PUBACK = 0x40,
    SUBSCRIBE = 0x82, /* with the flags that it must have (3.8.1) */
    LENGTH_BYTES_MAX = 4,
    LENGTH_MASK = 0x7F,
    LENGTH_GOES_ON = 0x80,
    TEXT_MAX = 65535,
    LEVEL_3_1_1 = 4,
    WITH_USER = 0x80,
    WITH_PASSWORD = 0x40,
    QOS_SHIFT = 1,
    QOS_MASK = 3,
    RETAIN = 1,
    SUBSCRIPTION = 1, /* the id of the only SUBSCRIBE of a connection */
    REFUSED = 0x80,
};

static unsigned
u16_at(const char *data)
{
    return (unsigned)(unsigned char)data[0] << 8 | (unsigned char)data[1];
}

int
hf_mqtt_look(const char *data, size_t len, size_t max, size_t *ret_size,
             struct hf_mqtt_packet *ret_packet, struct hf_error *err)
{
    size_t rest = 0, head = 1;
    unsigned char byte = LENGTH_GOES_ON;

    *ret_size = 0;
    for (unsigned shift = 0; byte & LENGTH_GOES_ON; shift += 7, head++) {
        if (head > LENGTH_BYTES_MAX)
            return hf_error_set(err, HF_ERROR_MALFORMED, "a length of more than four bytes");
        if (head >= len)
            return 0;
        byte = (unsigned char)data[head];
        rest |= (size_t)(byte & LENGTH_MASK) << shift;
    }
    if (head + rest > max)
        return hf_error_set(err, HF_ERROR_TOO_LARGE, "a packet of %zu bytes", head + rest);
    *ret_size = head + rest;
    if (len < head + rest)
        return 0;
    *ret_packet = (struct hf_mqtt_packet){
        .type = (unsigned char)data[0] >> TYPE_SHIFT,
        .flags = (unsigned char)data[0] & FLAGS_MASK,
        .body = data + head,
        .len = rest,
    };
    return 1;
}

int
hf_mqtt_publish_read(const struct hf_mqtt_packet *p, struct hf_mqtt_publish *ret,
                     struct hf_error *err)
{
    unsigned qos = p->flags >> QOS_SHIFT & QOS_MASK;
    size_t at = 2, id_len = qos ? 2 : 0;

    if (qos > 1)
        return hf_error_set(err, HF_ERROR_MALFORMED, "a message of QoS %u", qos);
    *ret = (struct hf_mqtt_publish){.retained = p->flags & RETAIN};
    if (p->len < at || p->len < at + u16_at(p->body) + id_len)
        return hf_error_set(err, HF_ERROR_MALFORMED, "a message shorter than its topic");
    ret->topic = p->body + at;
    ret->topic_len = u16_at(p->body);
    at += ret->topic_len;
    if (qos) {
        ret->id = u16_at(p->body + at);
        if (ret->id == 0)
            return hf_error_set(err, HF_ERROR_MALFORMED, "a message of QoS 1 with the id 0");
        at += id_len;
    }
    ret->payload = p->body + at;
    ret->payload_len = p->len - at;
    return 0;
}

int
hf_mqtt_connack_read(const struct hf_mqtt_packet *p, struct hf_error *err)
{
    static const char *const reasons[] = {
        [1] = "unacceptable protocol version",
        [2] = "identifier rejected",
        [3] = "broker unavailable",
        [4] = "bad user name or password",
        [5] = "not authorised",
    };
    unsigned code;

    if (p->len != 2)
        return hf_error_set(err, HF_ERROR_MALFORMED, "a CONNACK of %zu bytes", p->len);
    code = (unsigned char)p->body[1];
    if (code == 0)
        return 0;
    return hf_error_set(err, HF_ERROR_UNAVAILABLE, "connection refused: %s",
                        code < sizeof reasons / sizeof *reasons ? reasons[code] : "unknown reason");
}

int
hf_mqtt_suback_read(const struct hf_mqtt_packet *p, struct hf_error *err)
{
    if (p->len != 3 || u16_at(p->body) != SUBSCRIPTION)
        return hf_error_set(err, HF_ERROR_MALFORMED, "a SUBACK for something else");
    if ((unsigned char)p->body[2] >= REFUSED)
        return hf_error_set(err, HF_ERROR_UNAVAILABLE, "subscription refused");
    return 0;
}

/* ---- what is sent ---- */

static int
add_head(struct hf_buf *out, unsigned char first, size_t rest, struct hf_error *err)
{
    unsigned char head[1 + LENGTH_BYTES_MAX] = {first};
    size_t len = 1;

    do {
        head[len++] =
            (unsigned char)((rest & LENGTH_MASK) | (rest > LENGTH_MASK ? LENGTH_GOES_ON : 0));
        rest >>= 7;
    } while (rest);
    return hf_buf_add(out, head, len, err);
}

static int
add_u16(struct hf_buf *out, size_t value, struct hf_error *err)
{
    const unsigned char bytes[] = {(unsigned char)(value >> 8), (unsigned char)value};

    return hf_buf_add(out, bytes, sizeof bytes, err);
}

static int
add_text(struct hf_buf *out, const char *text, struct hf_error *err)
{
    size_t len = strlen(text);

    if (len > TEXT_MAX)
        return hf_error_set(err, HF_ERROR_TOO_LARGE, "a text of %zu bytes", len);
    return add_u16(out, len, err) < 0 || hf_buf_add(out, text, len, err) < 0 ? -1 : 0;
}

int
hf_mqtt_add_connect(struct hf_buf *out, const char *client_id, const char *user,
                    const char *password, struct hf_error *err)
{
    const char variable[] = {
        0, 4, 'M', 'Q', 'T', 'T', LEVEL_3_1_1, (char)(*user ? WITH_USER | WITH_PASSWORD : 0), 0, 0};
    size_t rest = sizeof variable + 2 + strlen(client_id);

    if (*user)
        rest += 2 + strlen(user) + 2 + strlen(password);
    if (add_head(out, CONNECT, rest, err) < 0 ||
        hf_buf_add(out, variable, sizeof variable, err) < 0 || add_text(out, client_id, err) < 0)
        return -1;
    return *user && (add_text(out, user, err) < 0 || add_text(out, password, err) < 0) ? -1 : 0;
}

int
hf_mqtt_add_subscribe(struct hf_buf *out, const char *filter, struct hf_error *err)
{
    if (add_head(out, SUBSCRIBE, 2 + 2 + strlen(filter) + 1, err) < 0 ||
        add_u16(out, SUBSCRIPTION, err) < 0 || add_text(out, filter, err) < 0)
        return -1;
    return hf_buf_add(out, "\1", 1, err);
}

int
hf_mqtt_add_puback(struct hf_buf *out, unsigned id, struct hf_error *err)
{
    return add_head(out, PUBACK, 2, err) < 0 || add_u16(out, id, err) < 0 ? -1 : 0;
}
