// SPDX-License-Identifier: Apache-2.0
#include "checker/corpus.h"
#include "checker/journal.h"
#include "common/record.h"
#include "tempdir.h"
#include "json/json.h"

static const struct hf_corpus sensor = {
    .kind = HF_CORPUS_SENSOR, .seed = 7, .run = "r1", .sizes = {200, 2000}, .size_count = 2};
static const struct hf_corpus binary = {
    .kind = HF_CORPUS_BINARY, .seed = 7, .run = "r1", .sizes = {200, 2000}, .size_count = 2};

static char payload[HF_CORPUS_MOST], again[HF_CORPUS_MOST], scratch[3 * HF_CORPUS_MOST];

static void
sizes_are_exact_and_bytes_the_same_again(void **state)
{
    const struct hf_corpus *both[] = {&sensor, &binary};

    (void)state;
    for (size_t k = 0; k < 2; k++) {
        for (uint64_t n = 0; n < 500; n++) {
            size_t len = hf_corpus_make(both[k], n, 123456789, payload);

            assert_int_equal(len, n % 2 ? 2000 : 200);
            assert_int_equal(hf_corpus_make(both[k], n, 123456789, again), len);
            assert_memory_equal(payload, again, len);
        }
    }
}

static void
sensor_is_json_without_blanks(void **state)
{
    (void)state;
    for (uint64_t n = 0; n < 500; n++) {
        HF_AUTO_BUF struct hf_buf out = HF_BUF_INIT(HF_CORPUS_MOST);
        size_t len = hf_corpus_make(&sensor, n, 1, payload);

        assert_true(hf_json_compact(payload, len, &out));
        assert_int_equal(out.len, len);
        assert_memory_equal(out.data, payload, len);
    }
}

/* As the buffer makes a line of it, and the receiver gives it back. */
static void
check_line(const struct hf_corpus *c, uint64_t n)
{
    HF_AUTO_BUF struct hf_buf line = HF_BUF_INIT(HF_CORPUS_MOST);
    struct hf_record r = {.time_ms = 1, .topic = "a/b", .topic_len = 3, .payload = payload};
    struct hf_numbered is;
    struct hf_error err = {0};

    r.payload_len = hf_corpus_make(c, n, 987654321, payload);
    assert_int_equal(hf_record_line(&r, "gw", "0000abcd", 5, &line, &err), 0);
    assert_true(hf_corpus_read_line(line.data, line.len, &is));
    assert_string_equal(is.run, "r1");
    assert_int_equal(is.n, n);
    assert_int_equal(is.t_ns, 987654321);
    assert_true(hf_corpus_is_whole(c, line.data, line.len, &is, scratch));
    line.data[line.len - 20] ^= 1;
    assert_false(hf_corpus_is_whole(c, line.data, line.len, &is, scratch));
}

static void
lines_are_read_and_damage_is_seen(void **state)
{
    (void)state;
    for (uint64_t n = 0; n < 100; n++) {
        check_line(&sensor, n);
        check_line(&binary, n);
    }
}

static void
payloads_of_others_are_none_of_ours(void **state)
{
    static const char line[] = "{\"seq\":1,\"topic\":\"a\",\"payload\":{\"run\":5}}";
    struct hf_numbered is;

    (void)state;
    memset(payload, 'x', 300);
    assert_false(hf_corpus_read(payload, 300, &is));
    assert_false(hf_corpus_read("{}", 2, &is));
    assert_false(hf_corpus_read_line(line, sizeof line - 1, &is));
    assert_false(hf_corpus_read_line("{\"base64\":\"//4=\"}", 17, &is));
}

static void
a_journal_is_there_again(void **state)
{
    const char *path = tempdir_path(*state, "journal");
    struct hf_journal j = {0};
    struct hf_error err = {0};

    assert_int_equal(hf_journal_create(path, &sensor, 100, 4, &j, &err), 0);
    j.acknowledged[42] = 1;
    hf_journal_done(&j);
    assert_int_equal(hf_journal_open(path, &j, &err), 0);
    assert_int_equal(j.head->count, 100);
    assert_int_equal(j.head->topics, 4);
    assert_string_equal(j.head->corpus.run, "r1");
    assert_int_equal(j.acknowledged[41], 0);
    assert_int_equal(j.acknowledged[42], 1);
    hf_journal_done(&j);
    assert_int_equal(truncate(path, 120), 0);
    assert_int_equal(hf_journal_open(path, &j, &err), -1);
    assert_int_equal(err.class, HF_ERROR_MALFORMED);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sizes_are_exact_and_bytes_the_same_again),
        cmocka_unit_test(sensor_is_json_without_blanks),
        cmocka_unit_test(lines_are_read_and_damage_is_seen),
        cmocka_unit_test(payloads_of_others_are_none_of_ours),
        cmocka_unit_test_setup_teardown(a_journal_is_there_again, tempdir_make, tempdir_drop),
    };

    return cmocka_run_group_tests_name("checker", tests, NULL, NULL);
}
