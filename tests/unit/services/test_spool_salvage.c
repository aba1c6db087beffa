// SPDX-License-Identifier: Apache-2.0
/* A damaged file: what can be read of it is saved, what not is named, and both files have room. */
#include "spoolkit.h"

#define NORMAL HF_LANE_NORMAL

enum { PAGE = 1024 };

static struct hf_spool *
open_spool(const char *dir, int64_t max_bytes)
{
    struct hf_spool_settings settings = spoolkit_settings(max_bytes);

    return spoolkit_open(dir, &settings);
}

/* Overwrites each page in turn with noise: it opens, balances, and keeps all sound blocks but those
 * of the page. */
static void
pain_05_06_any_damaged_page_is_survived(void **state)
{
    enum { RECORDS = 200, DENSE = 30, STEP = 3 };
    struct hf_spool *s = open_spool(*state, 64 * MIB);
    HF_AUTO_BUF struct hf_buf whole = HF_BUF_INIT((size_t)(64 * MIB));
    char noise[PAGE], *copy;
    unsigned saved = 0, tried = 0, pages;
    FILE *f;

    for (unsigned i = 0; i < RECORDS; i += 10)
        assert_int_equal(spoolkit_append(s, NORMAL, i, i + 10, 1000), HF_ERROR_NONE);
    hf_spool_close(s);
    f = fopen(tempdir_path(*state, "buffer.db"), "r");
    assert_non_null(f);
    copy = hf_buf_reserve(&whole, MIB);
    whole.len = fread(copy, 1, MIB, f);
    assert_int_equal(fclose(f), 0);
    memset(noise, 0xA5, sizeof noise);
    pages = (unsigned)(whole.len / PAGE);
    for (size_t page = 0; page < pages; page += page < DENSE ? 1 : STEP, tried++) {
        HF_AUTO_FREE char *bytes = malloc(whole.len);
        struct hf_spool_status st;

        assert_non_null(bytes);
        memcpy(bytes, whole.data, whole.len);
        memcpy(bytes + page * PAGE, noise, PAGE);
        tempdir_write(*state, "buffer.db", bytes, whole.len);
        unlink(tempdir_path(*state, "buffer.db-wal"));
        s = open_spool(*state, 64 * MIB);
        (void)spoolkit_drain(s, "uplink");
        if (!hf_spool_is_open(s))
            hf_spool_tick(s);
        (void)spoolkit_drain(s, "uplink");
        st = spoolkit_status(s);
        assert_int_equal(st.books.held, 0);
        saved += st.books.delivered >= RECORDS - 20;
        assert_int_equal(spoolkit_append(s, NORMAL, 0, 1, 50), HF_ERROR_NONE);
        (void)spoolkit_status(s);
        hf_spool_close(s);
    }
    print_message("%u of %u pages cost at most two blocks\n", saved, tried);
    assert_true(saved > tried / 2);
}

/* Damages the page in the middle, where the blocks are. */
static void
damage(const char *dir)
{
    char noise[PAGE];
    FILE *f = fopen(tempdir_path(dir, "buffer.db"), "r+");

    assert_non_null(f);
    memset(noise, 0xA5, sizeof noise);
    assert_int_equal(fseek(f, 0, SEEK_END), 0);
    assert_int_equal(fseek(f, ftell(f) / PAGE / 2 * PAGE, SEEK_SET), 0);
    assert_int_equal(fwrite(noise, 1, PAGE, f), PAGE);
    assert_int_equal(fclose(f), 0);
}

static uint64_t
delivered_with_damage(const char *dir)
{
    HF_AUTO(hf_spool) struct hf_spool *s = open_spool(dir, 32 * MIB);
    struct hf_spool_status st;

    (void)spoolkit_drain(s, "uplink");
    hf_spool_tick(s);
    (void)spoolkit_drain(s, "uplink");
    st = spoolkit_status(s);
    assert_int_equal(st.books.held, 0);
    assert_string_not_equal(hf_spool_alarm(s), "");
    return st.books.delivered;
}

/* A salvage that was interrupted at each of its renames, or while it built the new file. */
static void
pain_06_an_interrupted_salvage_goes_on(void **state)
{
    enum { RECORDS = 400 };
    struct hf_spool *s = open_spool(*state, 32 * MIB);

    for (unsigned i = 0; i < RECORDS; i += 10)
        assert_int_equal(spoolkit_append(s, NORMAL, i, i + 10, 1000), HF_ERROR_NONE);
    hf_spool_close(s);
    /* Whole and closed, but the old one not yet aside. */
    assert_int_equal(
        rename(tempdir_path(*state, "buffer.db"), tempdir_path(*state, "buffer.db.salvaged")), 0);
    tempdir_write(*state, "buffer.db", "damaged", 7);
    tempdir_write(*state, "buffer.db-wal", "damaged", 7);
    s = open_spool(*state, 32 * MIB);
    assert_int_equal(spoolkit_status(s).books.held, RECORDS);
    assert_int_equal(access(tempdir_path(*state, "buffer.db.damaged"), F_OK), 0);
    hf_spool_close(s);
    /* The old one is aside. */
    assert_int_equal(
        rename(tempdir_path(*state, "buffer.db"), tempdir_path(*state, "buffer.db.salvaged")), 0);
    s = open_spool(*state, 32 * MIB);
    assert_int_equal(spoolkit_status(s).books.held, RECORDS);
    hf_spool_close(s);
    /* The new one is half built. */
    tempdir_write(*state, "buffer.db.new", "half", 4);
    tempdir_write(*state, "buffer.db.new-wal", "half", 4);
    damage(*state);
    assert_true(delivered_with_damage(*state) >= RECORDS - 20);
    assert_int_not_equal(access(tempdir_path(*state, "buffer.db.new"), F_OK), 0);
}

/* What is set aside counts, and goes before any record is refused. */
static void
pain_12_a_damaged_file_takes_no_records_room(void **state)
{
    enum { BIG = 4 };
    HF_AUTO_FREE char *big = calloc(1, (size_t)(BIG * MIB));
    struct hf_spool *s = open_spool(*state, 32 * MIB);
    unsigned n = 0;

    assert_non_null(big);
    hf_spool_close(s);
    tempdir_write(*state, "buffer.db.damaged", big, (size_t)(BIG * MIB));
    s = open_spool(*state, 32 * MIB);
    assert_true(spoolkit_status(s).disk_bytes >= BIG * MIB);
    assert_int_equal(access(tempdir_path(*state, "buffer.db.damaged"), F_OK), 0);
    for (; spoolkit_append(s, NORMAL, n, n + 500, 1000) == HF_ERROR_NONE; n += 500)
        assert_true(spoolkit_status(s).disk_bytes <= 32 * MIB);
    assert_true(n > 5000);
    assert_int_not_equal(access(tempdir_path(*state, "buffer.db.damaged"), F_OK), 0);
    hf_spool_close(s);
}

/* ---- pages of the tree ---- */

static void
read_file(const char *dir, const char *name, struct hf_buf *b)
{
    FILE *f = fopen(tempdir_path(dir, name), "r");
    char *to = hf_buf_reserve(b, b->max - 1);

    assert_non_null(f);
    assert_non_null(to);
    b->len = fread(to, 1, b->max - 1, f);
    assert_int_equal(fclose(f), 0);
}

/* Many blocks, of one page to several, in all lanes; some were delivered, so that there are pages
 * which are free and still hold them, and some merged into others. Returns how many are held. */
static uint64_t
fill(const char *dir)
{
    enum { ROUNDS = 1000, AWAY_US = 10100 * 1000, MERGES = 6 };
    struct hf_spool *s = open_spool(dir, 64 * MIB);
    uint64_t held;
    struct hf_lease l;

    for (unsigned i = 0; i < ROUNDS; i++)
        for (int lane = HF_LANE_ALARM; lane < HF_LANE_COUNT; lane++)
            assert_int_equal(spoolkit_append(s, (enum hf_lane)lane, i, i + 1, i % 2 ? 300 : 3000),
                             HF_ERROR_NONE);
    for (unsigned i = 0; i < ROUNDS / 10; i++) {
        assert_int_equal(spoolkit_lease(s, "uplink", i % 2 ? NORMAL : HF_LANE_BULK, 9000, &l), 1);
        hf_buf_done(&l.body);
        assert_int_equal(spoolkit_ack(s, "uplink", &l, NULL, 0), HF_ERROR_NONE);
    }
    usleep(AWAY_US);
    for (int i = 0; i < MERGES; i++)
        hf_spool_tick(s);
    held = spoolkit_status(s).books.held;
    assert_true(spoolkit_status(s).blocks < held);
    hf_spool_close(s);
    return held;
}

/* All that was held is saved, and nothing that was delivered comes again. */
static bool
check_all_saved(const char *dir, uint64_t held)
{
    HF_AUTO(hf_spool) struct hf_spool *s = open_spool(dir, 64 * MIB);
    struct hf_spool_status st = spoolkit_status(s);

    assert_int_equal(st.books.held, held);
    assert_int_equal(st.books.dropped, 0);
    assert_int_equal(spoolkit_drain(s, "uplink"), held);
    return strstr(hf_spool_alarm(s), "built anew");
}

static void
pain_06_blocks_below_a_destroyed_inner_page_are_found(void **state)
{
    enum { INNER = 5 };
    HF_AUTO_BUF struct hf_buf whole = HF_BUF_INIT((size_t)(16 * MIB));
    uint64_t held = fill(*state);
    unsigned inner = 0;

    read_file(*state, "buffer.db", &whole);
    for (size_t at = PAGE; at < whole.len; at += PAGE) {
        char kept[PAGE];

        if (whole.data[at] != INNER) /* or free, or something else that begins so */
            continue;
        memcpy(kept, whole.data + at, PAGE);
        memset(whole.data + at, 0xA5, PAGE);
        tempdir_write(*state, "buffer.db", whole.data, whole.len);
        unlink(tempdir_path(*state, "buffer.db-wal"));
        inner += check_all_saved(*state, held);
        memcpy(whole.data + at, kept, PAGE);
    }
    print_message("%u inner pages destroyed in turn, %llu records each\n", inner,
                  (unsigned long long)held);
    assert_true(inner >= 2);
}

/* What a power cut leaves, and the head of the file is noise on top: what came last is in the WAL
 * alone. */
static void
pain_06_blocks_in_the_wal_are_found_too(void **state)
{
    HF_AUTO_BUF struct hf_buf whole = HF_BUF_INIT((size_t)(16 * MIB));
    HF_AUTO_BUF struct hf_buf wal = HF_BUF_INIT((size_t)(16 * MIB));
    struct hf_spool *s = open_spool(*state, 64 * MIB);

    for (unsigned i = 0; i < 50; i++)
        assert_int_equal(spoolkit_append(s, NORMAL, i, i + 1, 3000), HF_ERROR_NONE);
    read_file(*state, "buffer.db", &whole);
    read_file(*state, "buffer.db-wal", &wal);
    hf_spool_close(s);
    memset(whole.data, 0xA5, PAGE);
    tempdir_write(*state, "buffer.db", whole.data, whole.len);
    tempdir_write(*state, "buffer.db-wal", wal.data, wal.len);
    s = open_spool(*state, 64 * MIB);
    assert_int_equal(spoolkit_status(s).books.held, 50);
    hf_spool_close(s);
}

/* A first page that is noise leaves no tree at all: the blocks are found, but no book. */
static void
pain_06_a_file_without_its_head_still_gives_its_blocks(void **state)
{
    HF_AUTO_BUF struct hf_buf whole = HF_BUF_INIT((size_t)(16 * MIB));
    uint64_t held = fill(*state);
    struct hf_spool *s;

    read_file(*state, "buffer.db", &whole);
    memset(whole.data, 0xA5, PAGE);
    tempdir_write(*state, "buffer.db", whole.data, whole.len);
    s = open_spool(*state, 64 * MIB);
    assert_int_equal(spoolkit_status(s).books.held, held);
    assert_int_equal(spoolkit_drain(s, "uplink"), held);
    hf_spool_close(s);
}

/* Numbers begin again with 1, but never under an epoch that was: the file is lost, or damaged. */
static void
a_lost_or_saved_store_has_a_new_epoch(void **state)
{
    struct hf_spool *s = open_spool(*state, 32 * MIB);
    char first[HF_EPOCH_SIZE], second[HF_EPOCH_SIZE];

    memcpy(first, spoolkit_status(s).books.epoch, sizeof first);
    hf_spool_close(s);
    s = open_spool(*state, 32 * MIB);
    assert_string_equal(spoolkit_status(s).books.epoch, first);
    hf_spool_close(s);
    assert_int_equal(unlink(tempdir_path(*state, "buffer.db")), 0);
    s = open_spool(*state, 32 * MIB);
    memcpy(second, spoolkit_status(s).books.epoch, sizeof second);
    assert_string_not_equal(second, first);
    hf_spool_close(s);
    tempdir_write(*state, "buffer.db", "damaged", 7);
    s = open_spool(*state, 32 * MIB);
    assert_string_not_equal(spoolkit_status(s).books.epoch, second);
    assert_string_not_equal(spoolkit_status(s).books.epoch, first);
    hf_spool_close(s);
}

/* ---- room ---- */

static void
refuses_for_room(const char *dir, const struct hf_spool_settings *settings, const char *why)
{
    struct hf_spool *s = NULL;
    struct hf_error err = {0};

    assert_int_equal(hf_spool_open(dir, settings, &s, &err), -1);
    assert_int_equal(err.class, HF_ERROR_NO_SPACE);
    assert_non_null(strstr(err.message, "the store is damaged"));
    assert_non_null(strstr(err.message, why));
    assert_int_equal(access(tempdir_path(dir, "buffer.db"), F_OK), 0);
    assert_int_not_equal(access(tempdir_path(dir, "buffer.db.new"), F_OK), 0);
}

/* Takes and acknowledges until the damage is met, or nothing is left. */
static void
meet_damage(struct hf_spool *s)
{
    for (struct hf_lease l; hf_spool_lease(s, "uplink", NORMAL, (size_t)MIB, &l, NULL) > 0;) {
        hf_buf_done(&l.body);
        if (*hf_spool_alarm(s) || spoolkit_ack(s, "uplink", &l, NULL, 0) != HF_ERROR_NONE)
            break;
    }
    hf_spool_tick(s);
}

static bool
is_there(const char *dir, const char *name)
{
    return access(tempdir_path(dir, name), F_OK) == 0;
}

/* A full store and its copy are more than the cap: it is saved all the same, and within the cap
 * again before it takes anything. */
static void
pain_12_a_full_store_is_salvaged_under_its_cap(void **state)
{
    struct hf_spool_settings settings = spoolkit_settings(32 * MIB);
    struct hf_spool *s = spoolkit_open(*state, &settings);
    HF_AUTO_FREE char *big = calloc(1, (size_t)settings.max_bytes);
    struct hf_spool_status st;
    unsigned n = 0;

    assert_non_null(big);
    while (spoolkit_append(s, NORMAL, n, n + 100, 1000) == HF_ERROR_NONE)
        n += 100;
    assert_true(spoolkit_status(s).disk_bytes > 16 * MIB);
    hf_spool_close(s);
    damage(*state);
    s = spoolkit_open(*state, &settings);
    meet_damage(s);
    assert_non_null(strstr(hf_spool_alarm(s), "built anew"));
    st = spoolkit_status(s);
    assert_true(st.books.held + st.books.delivered >= n - 200);
    assert_true(st.disk_bytes <= settings.max_bytes);
    assert_false(is_there(*state, "buffer.db.damaged"));
    (void)spoolkit_drain(s, "uplink");
    assert_int_equal(spoolkit_append(s, NORMAL, 0, 1, 50), HF_ERROR_NONE);
    hf_spool_close(s);
    /* As a power cut leaves it that comes before the damaged one is removed. */
    tempdir_write(*state, "buffer.db.damaged", big, (size_t)settings.max_bytes);
    s = spoolkit_open(*state, &settings);
    assert_true(spoolkit_status(s).disk_bytes <= settings.max_bytes);
    hf_spool_close(s);
}

/* Where the disk has no room beside what is to be kept free, the damaged one stays and nothing is
 * accepted; with room it goes on by itself. */
static void
pain_12_a_salvage_waits_for_room_on_the_disk(void **state)
{
    enum { RECORDS = 8000 };
    struct hf_spool_settings settings = spoolkit_settings(64 * MIB);
    struct hf_spool *s = spoolkit_open(*state, &settings);
    struct hf_spool_status st;

    for (unsigned i = 0; i < RECORDS; i += 100)
        assert_int_equal(spoolkit_append(s, NORMAL, i, i + 100, 1000), HF_ERROR_NONE);
    hf_spool_close(s);
    damage(*state);
    s = spoolkit_open(*state, &settings);
    settings.keep_free_bytes = INT64_MAX / 2;
    assert_int_equal(hf_spool_configure(s, &settings, NULL), 0);
    meet_damage(s);
    assert_false(hf_spool_is_open(s));
    assert_int_equal(spoolkit_append(s, NORMAL, 0, 1, 50), HF_ERROR_NO_SPACE);
    hf_spool_close(s);
    refuses_for_room(*state, &settings, "to spare");
    settings.keep_free_bytes = 0;
    s = spoolkit_open(*state, &settings);
    assert_non_null(strstr(hf_spool_alarm(s), "built anew"));
    st = spoolkit_status(s);
    assert_true(st.books.held + st.books.delivered >= RECORDS - 200);
    assert_true(st.disk_bytes <= 64 * MIB);
    assert_true(is_there(*state, "buffer.db.damaged")); /* both fit */
    assert_int_equal(spoolkit_append(s, NORMAL, 0, 1, 50), HF_ERROR_NONE);
    hf_spool_close(s);
    s = spoolkit_open(*state, &settings); /* and is sound from here on */
    assert_string_equal(hf_spool_alarm(s), "");
    hf_spool_close(s);
}

static void
what_was_accepted_is_counted_over_a_salvage(void **state)
{
    struct hf_spool *s = open_spool(*state, 64 * MIB);
    uint64_t payload;

    for (unsigned i = 0; i < 2000; i += 100)
        assert_int_equal(spoolkit_append(s, NORMAL, i, i + 100, 1000), HF_ERROR_NONE);
    hf_spool_close(s);
    damage(*state);
    s = open_spool(*state, 64 * MIB);
    assert_int_equal(spoolkit_append(s, NORMAL, 0, 1, 1000), HF_ERROR_NONE);
    payload = spoolkit_status(s).payload_bytes;
    assert_true(payload > 0);
    meet_damage(s);
    assert_string_not_equal(hf_spool_alarm(s), "");
    assert_int_equal(spoolkit_status(s).payload_bytes, payload);
    hf_spool_close(s);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        with_tempdir(pain_06_an_interrupted_salvage_goes_on),
        with_tempdir(pain_12_a_damaged_file_takes_no_records_room),
        with_tempdir(pain_05_06_any_damaged_page_is_survived),
        with_tempdir(pain_06_blocks_below_a_destroyed_inner_page_are_found),
        with_tempdir(pain_06_blocks_in_the_wal_are_found_too),
        with_tempdir(pain_06_a_file_without_its_head_still_gives_its_blocks),
        with_tempdir(a_lost_or_saved_store_has_a_new_epoch),
        with_tempdir(pain_12_a_full_store_is_salvaged_under_its_cap),
        with_tempdir(pain_12_a_salvage_waits_for_room_on_the_disk),
        with_tempdir(what_was_accepted_is_counted_over_a_salvage),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
