// SPDX-License-Identifier: Apache-2.0
#include "common/mqtt.h"

#include "unit.h"

#include <string.h>

enum { MAX = 300000 };

static void
look(const char *data, size_t len, int want, size_t want_size, struct hf_mqtt_packet *p)
{
    size_t size;

    assert_int_equal(hf_mqtt_look(data, len, MAX, &size, p, NULL), want);
    assert_int_equal(size, want_size);
}

static void
a_packet_is_whole_with_its_last_byte(void **state)
{
    /* QoS 1, topic "a/b", id 10 (3.3, as in figure 3.11), 200 bytes in all behind its head */
    char packet[3 + 200] = "\x32\xc8\x01\0\3a/b\0\12";
    struct hf_mqtt_publish m;
    struct hf_mqtt_packet p;

    (void)state;
    look(packet, 0, 0, 0, &p);
    look(packet, 1, 0, 0, &p);
    look(packet, 2, 0, 0, &p);
    for (size_t len = 3; len < sizeof packet; len++)
        look(packet, len, 0, sizeof packet, &p);
    look(packet, sizeof packet, 1, sizeof packet, &p);
    assert_int_equal(p.type, HF_MQTT_PUBLISH);
    assert_int_equal(hf_mqtt_publish_read(&p, &m, NULL), 0);
    assert_int_equal(m.topic_len, 3);
    assert_memory_equal(m.topic, "a/b", 3);
    assert_int_equal(m.id, 10);
    assert_int_equal(m.payload_len, 200 - 7);
    assert_ptr_equal(m.payload, packet + sizeof packet - m.payload_len);
    assert_false(m.retained);
}

static void
lengths_are_read_as_in_table_2_4(void **state)
{
    static const struct {
        const char *head;
        size_t len, rest;
    } heads[] = {
        {"\xd0\0", 2, 0},           {"\xd0\x7f", 2, 127},           {"\xd0\x80\x01", 3, 128},
        {"\xd0\xff\x7f", 3, 16383}, {"\xd0\x80\x80\x01", 4, 16384}, {"\xd0\xc0\xa7\x12", 4, 299968},
    };
    struct hf_mqtt_packet p;
    size_t size;

    (void)state;
    for (size_t i = 0; i < sizeof heads / sizeof *heads; i++) {
        int rc = hf_mqtt_look(heads[i].head, heads[i].len, MAX, &size, &p, NULL);

        assert_int_equal(rc, heads[i].rest == 0);
        assert_int_equal(size, heads[i].len + heads[i].rest);
    }
    assert_int_equal(hf_mqtt_look("\xd0\xff\xff\xff\xff\x01", 6, MAX, &size, &p, NULL), -1);
    assert_int_equal(hf_mqtt_look("\xd0\xff\xff\xff\x7f", 5, MAX, &size, &p, NULL), -1); /* > MAX */
}

static void
messages_that_are_none_are_refused(void **state)
{
    static const struct {
        unsigned flags;
        const char *body;
        size_t len;
        int want;
    } bodies[] = {
        {2, "\0\1t\0\7", 5, 0},  /* nothing in it */
        {0, "\0\1tx", 4, 0},     /* QoS 0 */
        {1, "\0\1t", 3, 0},      /* retained */
        {0, "\0", 1, -1},        /* no room for a topic's length */
        {0, "\0\2t", 3, -1},     /* nor for the topic */
        {2, "\0\1t\0", 4, -1},   /* nor for the id */
        {2, "\0\1t\0\0", 5, -1}, /* id 0 (2.3.1) */
        {4, "\0\1t\0\7", 5, -1}, /* QoS 2 */
        {6, "\0\1t\0\7", 5, -1}, /* QoS 3 (3.3.1.2) */
        {0, "\xff\xfft", 3, -1},
    };
    struct hf_mqtt_publish m;

    (void)state;
    for (size_t i = 0; i < sizeof bodies / sizeof *bodies; i++) {
        const struct hf_mqtt_packet p = {.type = HF_MQTT_PUBLISH,
                                         .flags = bodies[i].flags,
                                         .body = bodies[i].body,
                                         .len = bodies[i].len};

        assert_int_equal(hf_mqtt_publish_read(&p, &m, NULL), bodies[i].want);
    }
}

static void
answers_say_yes_or_why_not(void **state)
{
    struct hf_error err;

    (void)state;
#define ANSWER(text) (&(struct hf_mqtt_packet){.body = (text), .len = sizeof(text) - 1})
    assert_int_equal(hf_mqtt_connack_read(ANSWER("\1\0"), NULL), 0); /* its session is there */
    assert_int_equal(hf_mqtt_connack_read(ANSWER("\0\4"), &err), -1);
    assert_non_null(strstr(err.message, "bad user name or password"));
    assert_int_equal(hf_mqtt_connack_read(ANSWER("\0\x77"), &err), -1);
    assert_int_equal(hf_mqtt_connack_read(ANSWER("\0"), &err), -1);
    assert_int_equal(hf_mqtt_suback_read(ANSWER("\0\1\1"), NULL), 0);
    assert_int_equal(hf_mqtt_suback_read(ANSWER("\0\1\0"), NULL), 0);
    assert_int_equal(hf_mqtt_suback_read(ANSWER("\0\1\x80"), &err), -1);
    assert_int_equal(hf_mqtt_suback_read(ANSWER("\0\2\1"), &err), -1);
    assert_int_equal(hf_mqtt_suback_read(ANSWER("\0\1"), &err), -1);
#undef ANSWER
}

static void
what_is_sent_is_as_specified(void **state)
{
    HF_AUTO_BUF struct hf_buf b = HF_BUF_INIT(1 << 20);
    static const char want[] = "\x10\x18\0\4MQTT\4\xc0\0\0\0\2id\0\2us\0\4pass"
                               "\x82\x08\0\1\0\3f/#\1"
                               "\x40\2\x12\x34";
    static char long_id[70000];

    (void)state;
    assert_int_equal(hf_mqtt_add_connect(&b, "id", "us", "pass", NULL), 0);
    assert_int_equal(hf_mqtt_add_subscribe(&b, "f/#", NULL), 0);
    assert_int_equal(hf_mqtt_add_puback(&b, 0x1234, NULL), 0);
    assert_int_equal(b.len, sizeof want - 1);
    assert_memory_equal(b.data, want, b.len);
    hf_buf_clear(&b);
    assert_int_equal(hf_mqtt_add_connect(&b, "id", "", "", NULL), 0);
    assert_memory_equal(b.data, "\x10\x0e\0\4MQTT\4\0\0\0\0\2id", 16);
    memset(long_id, 'x', sizeof long_id - 1);
    assert_int_equal(hf_mqtt_add_connect(&b, long_id, "", "", NULL), -1);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_packet_is_whole_with_its_last_byte),
        cmocka_unit_test(lengths_are_read_as_in_table_2_4),
        cmocka_unit_test(messages_that_are_none_are_refused),
        cmocka_unit_test(answers_say_yes_or_why_not),
        cmocka_unit_test(what_is_sent_is_as_specified),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
