// SPDX-License-Identifier: Apache-2.0
#include "base/file.h"
#include "buffer/spool.h"
#include "records.h"
#include "tempdir.h"

#include <fcntl.h>
#include <sqlite3.h>
#include <sys/mount.h>

static const int64_t MIB = 1024 * 1024;

static struct hf_spool *
open_spool(const char *dir, int64_t max_bytes)
{
    const struct hf_spool_options options = {
        .dir = dir, .max_bytes = max_bytes, .reserve_bytes = max_bytes / 16};
    struct hf_spool *s = NULL;
    struct hf_error err = {0};

    if (hf_spool_open(&options, &s, &err) < 0)
        fail_msg("%s", err.message);
    return s;
}

/* Appends records as one transaction; returns the error's class. */
static enum hf_error_class
append(struct hf_spool *s, unsigned from, unsigned to, size_t size)
{
    HF_AUTO_BUF struct hf_buf frames = HF_BUF_INIT(HF_RECORD_BODY_MAX);
    struct hf_error err = {0};
    uint64_t first, last;

    records_number(&frames, from, to, size);
    if (hf_spool_begin(s, &err) < 0 ||
        hf_spool_append(s, "hf-1", frames.data, frames.len, &first, &last, &err) < 0 ||
        hf_spool_commit(s, &err) < 0) {
        hf_spool_rollback(s);
        return err.class;
    }
    assert_int_equal(last - first + 1, to - from);
    return HF_ERROR_NONE;
}

static enum hf_error_class
ack(struct hf_spool *s, const char *epoch, uint64_t first, uint64_t last)
{
    struct hf_error err = {0};
    int rc = hf_spool_begin(s, &err);

    if (rc == 0)
        rc = hf_spool_ack(s, epoch, first, last, &err);
    if (hf_spool_commit(s, rc == 0 ? &err : NULL) < 0)
        hf_spool_rollback(s);
    return err.class;
}

static struct hf_books
books(const struct hf_spool *s)
{
    struct hf_books b;

    hf_spool_get_books(s, &b);
    assert_int_equal(b.accepted, b.delivered + b.dropped + b.held);
    return b;
}

/* Leases and checks the span; returns how many bytes. */
static size_t
lease(struct hf_spool *s, size_t max, uint64_t first, uint64_t last)
{
    HF_AUTO_BUF struct hf_buf lines = HF_BUF_INIT(64 * 1024 * 1024);
    struct hf_lease l;
    size_t count = 0;

    assert_int_equal(hf_spool_lease(s, max, &l, &lines, NULL), 1);
    assert_int_equal(l.first, first);
    assert_int_equal(l.last, last);
    for (size_t i = 0; i < lines.len; i++)
        count += lines.data[i] == '\n';
    assert_int_equal(count, l.count);
    return lines.len;
}

static bool
nothing_to_lease(struct hf_spool *s)
{
    HF_AUTO_BUF struct hf_buf lines = HF_BUF_INIT(MIB);
    struct hf_lease l;

    return hf_spool_lease(s, 1000, &l, &lines, NULL) == 0;
}

static void
records_are_held_until_acknowledged(void **state)
{
    HF_AUTO(hf_spool) struct hf_spool *s = open_spool(*state, 64 * MIB);
    struct hf_books b = books(s);
    char epoch[HF_EPOCH_SIZE];

    memcpy(epoch, b.epoch, sizeof epoch);
    assert_true(nothing_to_lease(s));
    assert_int_equal(append(s, 0, 10, 50), HF_ERROR_NONE);
    assert_int_equal(append(s, 10, 15, 50), HF_ERROR_NONE);
    assert_int_equal(lease(s, MIB, 1, 15), lease(s, MIB, 1, 15));
    assert_int_equal(append(s, 15, 20, 50), HF_ERROR_NONE);
    (void)lease(s, MIB, 1, 15); /* the span stays, whatever has come meanwhile */
    b = books(s);
    assert_int_equal(b.held, 20);
    assert_int_equal(b.oldest_ms, 1795493037227);

    assert_int_equal(ack(s, epoch, 1, 20), HF_ERROR_CONFLICT);  /* beyond the lease */
    assert_int_equal(ack(s, epoch, 1, 12), HF_ERROR_CONFLICT);  /* within a block */
    assert_int_equal(ack(s, epoch, 11, 15), HF_ERROR_CONFLICT); /* not from the oldest */
    assert_int_equal(ack(s, "00000000", 1, 15), HF_ERROR_CONFLICT);
    assert_int_equal(books(s).held, 20);

    assert_int_equal(ack(s, epoch, 1, 15), HF_ERROR_NONE);
    assert_int_equal(ack(s, epoch, 1, 15), HF_ERROR_NONE); /* idempotent */
    assert_int_equal(books(s).delivered, 15);
    (void)lease(s, MIB, 16, 20);
    assert_int_equal(ack(s, epoch, 16, 20), HF_ERROR_NONE);
    assert_int_equal(books(s).held, 0);
    assert_int_equal(books(s).oldest_ms, 0);
    assert_true(nothing_to_lease(s));
}

static void
a_lease_takes_whole_blocks_up_to_its_size(void **state)
{
    HF_AUTO(hf_spool) struct hf_spool *s = open_spool(*state, 64 * MIB);

    for (unsigned i = 0; i < 4; i++)
        assert_int_equal(append(s, i * 100, i * 100 + 100, 1000), HF_ERROR_NONE);
    assert_in_range(lease(s, 300 * 1000, 1, 200), 200 * 1000, 300 * 1000);
    assert_int_equal(ack(s, books(s).epoch, 1, 200), HF_ERROR_NONE);
    (void)lease(s, 10, 201, 300); /* one block at least */
}

static void
a_large_batch_becomes_several_blocks(void **state)
{
    HF_AUTO(hf_spool) struct hf_spool *s = open_spool(*state, 64 * MIB);

    HF_AUTO_BUF struct hf_buf lines = HF_BUF_INIT(64 * MIB);
    struct hf_lease l;

    assert_int_equal(append(s, 0, 1000, 2000), HF_ERROR_NONE);
    assert_int_equal(hf_spool_lease(s, 10, &l, &lines, NULL), 1);
    assert_in_range(lines.len, 256 * 1024, 260 * 1024);
    assert_in_range(l.count, 110, 130);
}

static void
numbers_and_books_survive_a_restart(void **state)
{
    struct hf_spool *s = open_spool(*state, 64 * MIB);
    struct hf_books before, after;

    assert_int_equal(append(s, 0, 10, 50), HF_ERROR_NONE);
    assert_int_equal(append(s, 10, 20, 50), HF_ERROR_NONE);
    (void)lease(s, 1, 1, 10);
    assert_int_equal(ack(s, books(s).epoch, 1, 10), HF_ERROR_NONE);
    before = books(s);
    hf_spool_close(s);

    s = open_spool(*state, 64 * MIB);
    after = books(s);
    assert_string_equal(after.epoch, before.epoch);
    assert_int_equal(after.accepted, 20);
    assert_int_equal(after.delivered, 10);
    assert_string_equal(hf_spool_alarm(s), "");
    /* A span leased before the restart may be given back after it. */
    assert_int_equal(ack(s, after.epoch, 11, 20), HF_ERROR_NONE);
    assert_int_equal(append(s, 0, 1, 50), HF_ERROR_NONE);
    (void)lease(s, MIB, 21, 21);
    hf_spool_close(s);
}

static void
a_rolled_back_transaction_leaves_nothing(void **state)
{
    HF_AUTO(hf_spool) struct hf_spool *s = open_spool(*state, 64 * MIB);
    HF_AUTO_BUF struct hf_buf frames = HF_BUF_INIT(MIB);
    struct hf_error err = {0};
    uint64_t first, last;

    records_number(&frames, 0, 3, 50);
    assert_int_equal(hf_buf_add(&frames, "junk", 4, NULL), 0);
    assert_int_equal(hf_spool_begin(s, &err), 0);
    assert_int_equal(hf_spool_append(s, "g", frames.data, frames.len, &first, &last, &err), -1);
    hf_spool_rollback(s);
    assert_int_equal(books(s).accepted, 0);
    assert_int_equal(append(s, 0, 2, 50), HF_ERROR_NONE);
    (void)lease(s, MIB, 1, 2);
}

static void
pain_12_the_file_never_outgrows_its_cap(void **state)
{
    HF_AUTO(hf_spool) struct hf_spool *s = open_spool(*state, 32 * MIB);
    unsigned n = 0;

    while (append(s, n, n + 100, 1000) == HF_ERROR_NONE) {
        n += 100;
        hf_spool_tick(s);
        assert_true(hf_spool_disk_bytes(s) <= 32 * MIB);
        assert_true(n < 40000);
    }
    assert_true(n > 15000);
    assert_string_not_equal(hf_spool_full(s), "");
    assert_int_equal(books(s).held, n);

    /* Delivered, it takes again, and gives the room back to the disk. */
    while (books(s).held) {
        HF_AUTO_BUF struct hf_buf lines = HF_BUF_INIT(64 * MIB);
        struct hf_lease l;

        assert_int_equal(hf_spool_lease(s, MIB, &l, &lines, NULL), 1);
        assert_int_equal(ack(s, l.epoch, l.first, l.last), HF_ERROR_NONE);
        hf_spool_tick(s);
    }
    assert_string_equal(hf_spool_full(s), "");
    assert_int_equal(append(s, 0, 1, 50), HF_ERROR_NONE);
    for (int i = 0; i < 100; i++)
        hf_spool_tick(s);
    assert_true(hf_spool_disk_bytes(s) < 26 * MIB);
}

/* A disk of its own, where we may mount one. */
static bool
mount_small_disk(const char *dir, int mib)
{
    char size[32];

    snprintf(size, sizeof size, "size=%dm", mib);
    return mount("hf-test", dir, "tmpfs", 0, size) == 0;
}

static void
pain_11_a_full_disk_is_a_state(void **state)
{
    struct hf_spool *s;
    HF_AUTO_BUF struct hf_buf lines = HF_BUF_INIT(64 * MIB);
    HF_AUTO_FREE char *filler = calloc(1, (size_t)MIB);
    struct hf_lease l;
    unsigned n = 0;
    int fd;

    if (!mount_small_disk(*state, 24)) {
        print_message("skipped: may not mount\n");
        skip();
    }
    s = open_spool(*state, 64 * MIB);
    assert_int_equal(append(s, 0, 1000, 1000), HF_ERROR_NONE);
    n = 1000;
    fd = open(tempdir_path(*state, "filler"), O_WRONLY | O_CREAT, 0600);
    while (write(fd, filler, (size_t)MIB) > 0) /* somebody else fills it */
        ;
    while (append(s, n, n + 100, 1000) == HF_ERROR_NONE)
        n += 100;
    assert_int_equal(append(s, n, n + 1, 1000), HF_ERROR_NO_SPACE);
    assert_string_not_equal(hf_spool_full(s), "");
    hf_spool_tick(s);

    /* Delivering and deleting go on, and so does a restart. */
    hf_spool_close(s);
    s = open_spool(*state, 64 * MIB);
    assert_int_equal(books(s).held, n);
    assert_int_equal(hf_spool_lease(s, 1, &l, &lines, NULL), 1);
    if (ack(s, l.epoch, l.first, l.last) == HF_ERROR_NO_SPACE) /* the reserve is free now */
        assert_int_equal(ack(s, l.epoch, l.first, l.last), HF_ERROR_NONE);
    assert_int_equal(books(s).delivered, l.count);

    close(fd);
    unlink(tempdir_path(*state, "filler"));
    usleep(1100 * 1000); /* the reserve is tried once a second */
    hf_spool_tick(s);
    assert_string_equal(hf_spool_full(s), "");
    assert_int_equal(append(s, 0, 100, 1000), HF_ERROR_NONE);
    hf_spool_close(s);
    umount2(*state, MNT_DETACH);
}

static void
pain_05_a_damaged_file_is_set_aside(void **state)
{
    HF_AUTO(hf_spool) struct hf_spool *s = NULL;
    char epoch[HF_EPOCH_SIZE];
    struct stat st;

    s = open_spool(*state, 64 * MIB);
    assert_int_equal(append(s, 0, 10, 50), HF_ERROR_NONE);
    memcpy(epoch, books(s).epoch, sizeof epoch);
    hf_spool_close(s);
    tempdir_write(*state, "buffer.db", "this is no database at all, whatever its name says", 50);

    s = open_spool(*state, 64 * MIB);
    assert_string_not_equal(books(s).epoch, epoch);
    assert_non_null(strstr(hf_spool_alarm(s), "buffer.db.damaged"));
    assert_int_equal(stat(tempdir_path(*state, "buffer.db.damaged"), &st), 0);
    assert_int_equal(st.st_size, 50);
    assert_int_equal(append(s, 0, 10, 50), HF_ERROR_NONE);
    (void)lease(s, MIB, 1, 10);
}

/* Changes bytes behind the spool's back. */
static void
damage(const char *dir, const char *sql)
{
    sqlite3 *db = NULL;

    assert_int_equal(sqlite3_open(tempdir_path(dir, "buffer.db"), &db), SQLITE_OK);
    assert_int_equal(sqlite3_exec(db, sql, NULL, NULL, NULL), SQLITE_OK);
    sqlite3_close(db);
}

static void
pain_06_a_damaged_block_is_dropped_and_counted(void **state)
{
    struct hf_spool *s = open_spool(*state, 64 * MIB);

    for (unsigned i = 0; i < 3; i++)
        assert_int_equal(append(s, i * 10, i * 10 + 10, 50), HF_ERROR_NONE);
    hf_spool_close(s);
    damage(*state, "UPDATE block SET body = CAST(replace(body, 'pad', 'pat') AS BLOB)"
                   " WHERE first = 11");
    s = open_spool(*state, 64 * MIB);
    (void)lease(s, 1, 1, 10);
    assert_int_equal(ack(s, books(s).epoch, 1, 10), HF_ERROR_NONE);
    (void)lease(s, MIB, 21, 30);
    assert_int_equal(books(s).dropped, 10);
    assert_non_null(strstr(hf_spool_alarm(s), "records 11 to 20"));
    assert_int_equal(ack(s, books(s).epoch, 21, 30), HF_ERROR_NONE);
    assert_int_equal(books(s).delivered, 20);
    assert_int_equal(books(s).held, 0);
    hf_spool_close(s);
}

static void
missing_blocks_are_counted(void **state)
{
    struct hf_spool *s = open_spool(*state, 64 * MIB);

    assert_int_equal(append(s, 0, 10, 50), HF_ERROR_NONE);
    assert_int_equal(append(s, 0, 5, 50), HF_ERROR_NONE);
    hf_spool_close(s);
    damage(*state, "DELETE FROM block WHERE first = 1");
    s = open_spool(*state, 64 * MIB);
    assert_int_equal(books(s).dropped, 10);
    assert_int_equal(books(s).held, 5);
    assert_non_null(strstr(hf_spool_alarm(s), "10 records are missing"));
    (void)lease(s, MIB, 11, 15);
    hf_spool_close(s);
}

/* Overwrites each page in turn with noise: every time it opens, balances, and goes on. */
static void
any_damaged_page_is_survived(void **state)
{
    enum { PAGE = 4096 };
    struct hf_spool *s = open_spool(*state, 64 * MIB);
    HF_AUTO_BUF struct hf_buf whole = HF_BUF_INIT(64 * MIB);
    char noise[PAGE];

    for (unsigned i = 0; i < 10; i++)
        assert_int_equal(append(s, i * 10, i * 10 + 10, 1000), HF_ERROR_NONE);
    hf_spool_close(s);
    assert_int_equal(hf_file_read(tempdir_path(*state, "buffer.db"), &whole, NULL), 0);
    memset(noise, 0xA5, sizeof noise);
    for (size_t page = 0; page < whole.len / PAGE; page++) {
        HF_AUTO_FREE char *copy = malloc(whole.len);

        memcpy(copy, whole.data, whole.len);
        memcpy(copy + page * PAGE, noise, PAGE);
        tempdir_write(*state, "buffer.db", copy, whole.len);
        s = open_spool(*state, 64 * MIB);
        for (int i = 0; i < 50 && books(s).held; i++) {
            HF_AUTO_BUF struct hf_buf lines = HF_BUF_INIT(MIB);
            struct hf_lease l;

            if (hf_spool_lease(s, 1, &l, &lines, NULL) == 1)
                (void)ack(s, l.epoch, l.first, l.last);
            assert_true(hf_spool_is_open(s));
        }
        assert_int_equal(books(s).held, 0);
        assert_int_equal(append(s, 0, 1, 50), HF_ERROR_NONE);
        assert_int_equal(books(s).held, 1);
        hf_spool_close(s);
        unlink(tempdir_path(*state, "buffer.db-wal"));
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        with_tempdir(records_are_held_until_acknowledged),
        with_tempdir(a_lease_takes_whole_blocks_up_to_its_size),
        with_tempdir(a_large_batch_becomes_several_blocks),
        with_tempdir(numbers_and_books_survive_a_restart),
        with_tempdir(a_rolled_back_transaction_leaves_nothing),
        with_tempdir(pain_12_the_file_never_outgrows_its_cap),
        with_tempdir(pain_11_a_full_disk_is_a_state),
        with_tempdir(pain_05_a_damaged_file_is_set_aside),
        with_tempdir(pain_06_a_damaged_block_is_dropped_and_counted),
        with_tempdir(missing_blocks_are_counted),
        with_tempdir(any_damaged_page_is_survived),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
