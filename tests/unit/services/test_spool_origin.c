// SPDX-License-Identifier: Apache-2.0
/* Whose numbers an epoch has: another gateway, or one restored from a backup, begins a new one. */
#include "spoolkit.h"

#include <sqlite3.h>
#include <stdio.h>
#include <string.h>

static struct hf_spool_settings
settings_of(const char *gateway, const char *restored)
{
    struct hf_spool_settings s = spoolkit_settings(64 * MIB);

    strcpy(s.gateway, gateway);
    strcpy(s.restored, restored);
    return s;
}

static struct hf_spool *
open_as(const char *dir, const char *gateway, const char *restored)
{
    const struct hf_spool_settings s = settings_of(gateway, restored);

    return spoolkit_open(dir, &s);
}

static struct hf_books
books(struct hf_spool *s)
{
    return spoolkit_status(s).books;
}

/* The newest lease begins with that. */
static void
expect_head(struct hf_spool *s, const char *gateway, const char *epoch, unsigned first)
{
    HF_AUTO_BUF struct hf_buf lines = HF_BUF_INIT((size_t)MIB);
    struct hf_lease l;
    char head[160];

    assert_int_equal(spoolkit_lease(s, "uplink", HF_LANE_UNSAID, (size_t)MIB, &l), 1);
    assert_int_equal(hf_block_unpack(l.body.data, l.body.len, &lines, NULL), 0);
    hf_buf_done(&l.body);
    snprintf(head, sizeof head, "{\"gateway\":\"%s\",\"epoch\":\"%s\",\"seq\":%u,", gateway, epoch,
             first);
    assert_memory_equal(lines.data, head, strlen(head));
    assert_string_equal(l.epoch, epoch);
    assert_int_equal(spoolkit_ack(s, "uplink", &l, NULL, 0), HF_ERROR_NONE);
}

static void
the_same_gateway_goes_on(void **state)
{
    HF_AUTO(hf_spool) struct hf_spool *s = open_as(*state, "hf-a", "");
    const struct hf_spool_settings same = settings_of("hf-a", "");
    struct hf_books before = books(s);

    assert_int_equal(spoolkit_append(s, HF_LANE_NORMAL, 0, 3, 100), HF_ERROR_NONE);
    assert_int_equal(hf_spool_configure(s, &same, NULL), 0);
    hf_spool_close(hf_steal(&s));
    s = open_as(*state, "hf-a", "");
    assert_string_equal(books(s).epoch, before.epoch);
    expect_head(s, "hf-a", before.epoch, 1);
}

/* What was held before keeps its numbers, and comes first. */
static void
another_gateway_begins_a_new_epoch(void **state)
{
    HF_AUTO(hf_spool) struct hf_spool *s = open_as(*state, "hf-a", "");
    const struct hf_spool_settings other = settings_of("hf-b", "1f");
    char first[HF_EPOCH_SIZE], second[HF_EPOCH_SIZE];

    strcpy(first, books(s).epoch);
    assert_int_equal(spoolkit_append(s, HF_LANE_NORMAL, 0, 3, 100), HF_ERROR_NONE);
    assert_int_equal(hf_spool_configure(s, &other, NULL), 0);
    strcpy(second, books(s).epoch);
    assert_string_not_equal(second, first);
    assert_int_equal(spoolkit_append(s, HF_LANE_NORMAL, 3, 5, 100), HF_ERROR_NONE);
    hf_spool_close(hf_steal(&s));
    s = open_as(*state, "hf-b", "1f");
    assert_string_equal(books(s).epoch, second);
    expect_head(s, "hf-a", first, 1);
    expect_head(s, "hf-b", second, 1);
    assert_int_equal(books(s).delivered, 5);
}

static void
a_restore_while_it_was_away_does_too(void **state)
{
    HF_AUTO(hf_spool) struct hf_spool *s = open_as(*state, "hf-a", "");
    char before[HF_EPOCH_SIZE];

    strcpy(before, books(s).epoch);
    hf_spool_close(hf_steal(&s));
    s = open_as(*state, "hf-a", "77");
    assert_string_not_equal(books(s).epoch, before);
    strcpy(before, books(s).epoch);
    hf_spool_close(hf_steal(&s));
    s = open_as(*state, "hf-a", "77");
    assert_string_equal(books(s).epoch, before);
}

/* A file that was made before this was kept. */
static void
one_that_is_not_known_goes_on(void **state)
{
    HF_AUTO(hf_spool) struct hf_spool *s = open_as(*state, "hf-a", "");
    char before[HF_EPOCH_SIZE], path[PATH_MAX];
    sqlite3 *db = NULL;

    strcpy(before, books(s).epoch);
    hf_spool_close(hf_steal(&s));
    snprintf(path, sizeof path, "%s/buffer.db", (const char *)*state);
    assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
    assert_int_equal(
        sqlite3_exec(db, "UPDATE state SET name = NULL WHERE kind = 0", NULL, NULL, NULL),
        SQLITE_OK);
    sqlite3_close(db);
    s = open_as(*state, "hf-a", "");
    assert_string_equal(books(s).epoch, before);
    hf_spool_close(hf_steal(&s));
    s = open_as(*state, "hf-b", "");
    assert_string_not_equal(books(s).epoch, before);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        with_tempdir(the_same_gateway_goes_on),
        with_tempdir(another_gateway_begins_a_new_epoch),
        with_tempdir(a_restore_while_it_was_away_does_too),
        with_tempdir(one_that_is_not_known_goes_on),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
