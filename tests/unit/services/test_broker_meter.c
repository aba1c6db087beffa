// SPDX-License-Identifier: Apache-2.0
#include "broker/meter.h"
#include "unit.h"

static void
test_only_devices_count(void **state)
{
    static const char table[] =
        "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid\n"
        "   0: 00000000:075B 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0\n"
        "   1: 0200A8C0:075B 0500A8C0:D431 01 00000000:00000000 00:00000000 00000000     0\n"
        "   2: 0200A8C0:075C 0500A8C0:D432 01 00000000:00000000 00:00000000 00000000     0\n"
        "   3: 0500A8C0:D431 0200A8C0:075B 01 00000000:00000000 00:00000000 00000000     0\n"
        "   4: 0200A8C0:075B 0600A8C0:D431 06 00000000:00000000 00:00000000 00000000     0\n"
        "  15: 0000000000000000FFFF00000200A8C0:075B 0000000000000000FFFF00000700A8C0:9C40 01 "
        "0:0\n";

    (void)state;
    assert_int_equal(hf_meter_count(table, 1883), 2);
    assert_int_equal(hf_meter_count(table, 1884), 1);
    assert_int_equal(hf_meter_count("", 1883), 0);
    assert_int_equal(hf_meter_count("\n\n", 1883), 0);
}

static void
test_minutes(void **state)
{
    struct hf_queue q = {.max_messages = 50000, .max_bytes = 24 << 20};

    (void)state;
    assert_int_equal(hf_queue_minutes(&q), -1);
    q.messages_a_min = 1000;
    assert_int_equal(hf_queue_minutes(&q), 50);
    q.messages = 10000;
    assert_int_equal(hf_queue_minutes(&q), 40);
    q.bytes_a_min = 1 << 20; /* now the bytes are the narrower bound */
    q.bytes = 4 << 20;
    assert_int_equal(hf_queue_minutes(&q), 20);
    q.bytes = 25 << 20;
    assert_int_equal(hf_queue_minutes(&q), 0);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_only_devices_count),
        cmocka_unit_test(test_minutes),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
