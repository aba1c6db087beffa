// SPDX-License-Identifier: Apache-2.0
/* The power goes, the disk is full, the disk gives errors: under SQLite, at any moment. */
#include "faultdisk.h"
#include "spoolkit.h"

#include <sys/stat.h>

enum { ROUNDS = 350, RECORDS_MAX = 16384, CUTS = 300, PER_ROUND = 30, SIZE = 500 };

/* What was known when. */
static struct {
    size_t steps[ROUNDS];        /* done when a round ended */
    uint64_t accepted[ROUNDS];   /* and the number of the last record then */
    unsigned acked[RECORDS_MAX]; /* the round in which a record was acknowledged; 0: never */
    uint8_t lane[RECORDS_MAX];
    char epoch[HF_EPOCH_SIZE];
} done;

static void
acknowledge(struct hf_spool *s, unsigned round, unsigned *seed)
{
    struct hf_lease l;

    if (!spoolkit_lease(s, "uplink", HF_LANE_UNSAID, (size_t)rand_r(seed) % (1 << 17), &l))
        return;
    hf_buf_done(&l.body);
    if (rand_r(seed) % 4 == 0) /* leased only */
        return;
    for (uint64_t n = l.first; n <= l.last; n++)
        if (done.lane[n] == l.lane)
            done.acked[n] = round;
    assert_int_equal(spoolkit_ack(s, "uplink", &l, NULL, 0), HF_ERROR_NONE);
}

static void
work(const char *dir, unsigned *seed)
{
    struct hf_spool_settings settings = spoolkit_settings(16 * MIB);
    HF_AUTO(hf_spool) struct hf_spool *s = spoolkit_open(dir, &settings);
    struct hf_spool_status st = spoolkit_status(s);

    memcpy(done.epoch, st.books.epoch, sizeof done.epoch);
    for (unsigned round = 1; round < ROUNDS; round++) {
        enum hf_lane lane = HF_LANE_ALARM + (enum hf_lane)((unsigned)rand_r(seed) % 3);
        unsigned count = 1 + (unsigned)rand_r(seed) % PER_ROUND;

        for (uint64_t n = st.books.accepted + 1; n <= st.books.accepted + count; n++)
            done.lane[n] = (uint8_t)lane;
        assert_int_equal(spoolkit_append(s, lane, 0, count, SIZE), HF_ERROR_NONE);
        if (rand_r(seed) % 3)
            acknowledge(s, round, seed);
        if (rand_r(seed) % 5 == 0)
            hf_spool_tick(s);
        st = spoolkit_status(s);
        done.steps[round] = faultdisk_count();
        done.accepted[round] = st.books.accepted;
    }
    assert_true(st.checkpoints > 0);
    faultdisk_stop(); /* before it is closed: a power cut does not close */
}

static uint64_t
number_of(const char *line)
{
    const char *at = strstr(line, "\"seq\":");

    assert_non_null(at);
    return strtoull(at + strlen("\"seq\":"), NULL, 10);
}

static void
see_all(struct hf_spool *s, bool *seen)
{
    struct hf_read_ask ask = {.oldest_first = true,
                              .max_blocks = HF_READ_BLOCKS_MAX,
                              .max_bytes = (size_t)MIB,
                              .to_ms = INT64_MAX};
    struct hf_read r;

    do {
        HF_AUTO_BUF struct hf_buf lines = HF_BUF_INIT((size_t)(64 * MIB));

        assert_int_equal(hf_spool_read(s, &ask, &r, NULL), 0);
        assert_int_equal(hf_block_unpack(r.body.data, r.body.len, &lines, NULL), 0);
        hf_buf_done(&r.body);
        for (const char *c = lines.data, *end; c && *c; c = end + 1) {
            uint64_t n = number_of(c);

            end = strchr(c, '\n');
            assert_non_null(end);
            assert_true(n > 0 && n < RECORDS_MAX);
            assert_false(seen[n]);
            seen[n] = true;
        }
        ask.from_block = r.next_block;
    } while (r.next_block);
}

/* After a power cut in the round that follows the one given. */
static void
check(const char *dir, unsigned round)
{
    struct hf_spool_settings settings = spoolkit_settings(16 * MIB);
    HF_AUTO(hf_spool) struct hf_spool *s = spoolkit_open(dir, &settings);
    static bool seen[RECORDS_MAX];
    struct hf_spool_status st = spoolkit_status(s);
    uint64_t held = 0;

    assert_string_equal(hf_spool_alarm(s), "");
    assert_string_equal(st.books.epoch, done.epoch); /* so its numbers go on */
    assert_in_range(st.books.accepted, done.accepted[round], done.accepted[round + 1]);
    assert_int_equal(st.books.dropped, 0);
    memset(seen, 0, sizeof seen);
    see_all(s, seen);
    for (uint64_t n = 1; n <= st.books.accepted; n++) {
        held += seen[n];
        if (!done.acked[n] || done.acked[n] > round + 1)
            assert_true(seen[n] || n > done.accepted[round]);
        else if (done.acked[n] <= round)
            assert_false(seen[n]);
    }
    assert_int_equal(held, st.books.held);
    assert_int_equal(spoolkit_append(s, HF_LANE_NORMAL, 0, 1, 50), HF_ERROR_NONE);
    memset(seen, 0, sizeof seen);
    see_all(s, seen); /* no number twice */
    assert_true(seen[st.books.accepted + 1]);
}

/* HF_POWER_CUTS makes it a longer one. */
static void
pain_04_power_cut_at_any_moment(void **state)
{
    const char *wanted = getenv("HF_POWER_CUTS"); // NOLINT(concurrency-mt-unsafe)
    unsigned cuts = wanted ? (unsigned)strtoul(wanted, NULL, 10) : CUTS;
    char dir[256];
    unsigned seed = 20261124, round = 1, points = 0;
    size_t total;

    snprintf(dir, sizeof dir, "%s", tempdir_path(*state, "after"));
    assert_int_equal(mkdir(dir, 0700), 0);
    faultdisk_record();
    work(*state, &seed);
    total = done.steps[ROUNDS - 1];
    for (size_t step = done.steps[1]; step < total; points++) {
        while (round + 1 < ROUNDS - 1 && done.steps[round + 1] <= step)
            round++;
        faultdisk_crash(dir, step, &seed);
        check(dir, round);
        step += 1 + (size_t)rand_r(&seed) % (2 * total / cuts);
    }
    print_message("%u power cuts within %zu steps\n", points, total);
    assert_true(points > cuts / 2);
    faultdisk_forget();
}

static void
pain_11_full_disk_still_delivers(void **state)
{
    struct hf_spool_settings settings = spoolkit_settings(64 * MIB);
    HF_AUTO(hf_spool) struct hf_spool *s = spoolkit_open(*state, &settings);
    enum hf_error_class class;
    uint64_t accepted, drained = 0;
    struct hf_lease l;
    unsigned n = 0;

    while (n < 1000) {
        assert_int_equal(spoolkit_append(s, HF_LANE_NORMAL, n, n + 100, 500), HF_ERROR_NONE);
        n += 100;
    }
    hf_spool_tick(s);
    faultdisk_fail(FAULTDISK_FULL, 0);
    accepted = spoolkit_status(s).books.accepted;
    do
        class = spoolkit_append(s, HF_LANE_NORMAL, 0, 100, 5000);
    while (class == HF_ERROR_NONE);
    assert_int_equal(class, HF_ERROR_NO_SPACE);
    assert_string_not_equal(hf_spool_full(s), "");
    assert_true(hf_spool_is_open(s));
    assert_int_equal(spoolkit_append(s, HF_LANE_NORMAL, 0, 1, 50), HF_ERROR_NO_SPACE);
    assert_true(spoolkit_status(s).books.accepted >= accepted);
    accepted = spoolkit_status(s).books.accepted;
    while (spoolkit_lease(s, "uplink", HF_LANE_UNSAID, (size_t)MIB, &l)) {
        hf_buf_done(&l.body);
        class = spoolkit_ack(s, "uplink", &l, NULL, 0);
        if (class == HF_ERROR_NO_SPACE) /* then the reserve is given up */
            class = spoolkit_ack(s, "uplink", &l, NULL, 0);
        assert_int_equal(class, HF_ERROR_NONE);
        drained += l.count;
    }
    assert_int_equal(drained, accepted);
    faultdisk_fail(FAULTDISK_NONE, 0);
    for (int i = 0; *hf_spool_full(s) && i < 30; i++) {
        usleep(100 * 1000);
        hf_spool_tick(s);
    }
    assert_string_equal(hf_spool_full(s), "");
    assert_int_equal(spoolkit_append(s, HF_LANE_NORMAL, 0, 1, 50), HF_ERROR_NONE);
    assert_int_equal(spoolkit_drain(s, "uplink"), 1);
}

/* Works until the fault shows; returns how many records were accepted. */
static uint64_t
work_until_fault(struct hf_spool *s, bool *ret_acked)
{
    uint64_t accepted = spoolkit_status(s).books.accepted;

    for (int round = 0; round < 1000; round++) {
        struct hf_lease l;
        enum hf_error_class class = spoolkit_append(s, HF_LANE_NORMAL, 0, 20, 500);
        struct hf_error err = {0};

        if (class != HF_ERROR_NONE) {
            assert_int_equal(class, HF_ERROR_UNAVAILABLE);
            return accepted;
        }
        accepted += 20;
        if (round % 3 == 0 && hf_spool_lease(s, "uplink", HF_LANE_NORMAL, 20000, &l, &err) > 0) {
            hf_buf_done(&l.body);
            if (hf_spool_is_open(s) && spoolkit_ack(s, "uplink", &l, NULL, 0) == HF_ERROR_NONE)
                *ret_acked = true;
        }
        if (round % 5 == 0)
            hf_spool_tick(s);
    }
    fail_msg("the fault never showed");
    return 0;
}

static void
pain_11_disk_errors_lose_nothing(void **state)
{
    static const enum faultdisk_fault faults[] = {FAULTDISK_WRITE_ERROR, FAULTDISK_SYNC_ERROR,
                                                  FAULTDISK_READ_ONLY};
    struct hf_spool_settings settings = spoolkit_settings(16 * MIB);
    bool acked = false;

    for (unsigned n = 0; n < 48; n++) {
        struct hf_spool *s = spoolkit_open(*state, &settings);
        uint64_t accepted;
        struct hf_spool_status st;

        faultdisk_fail(faults[n % HF_LEN(faults)], n * 11);
        accepted = work_until_fault(s, &acked);
        assert_false(hf_spool_is_open(s));
        assert_string_not_equal(hf_spool_full(s), "");
        hf_spool_close(s);
        faultdisk_fail(FAULTDISK_NONE, 0);
        s = spoolkit_open(*state, &settings);
        assert_string_equal(hf_spool_alarm(s), "");
        st = spoolkit_status(s);
        /* A commit that was answered with an error may be there all the same. */
        assert_in_range(st.books.accepted, accepted, accepted + 20);
        assert_int_equal(st.books.dropped, 0);
        (void)spoolkit_drain(s, "uplink");
        assert_int_equal(spoolkit_status(s).books.delivered, st.books.accepted);
        hf_spool_close(s);
    }
    assert_true(acked);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        with_tempdir(pain_04_power_cut_at_any_moment),
        with_tempdir(pain_11_full_disk_still_delivers),
        with_tempdir(pain_11_disk_errors_lose_nothing),
    };

    faultdisk_install();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
