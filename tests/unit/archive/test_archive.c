// SPDX-License-Identifier: Apache-2.0
#include "tempdir.h"

#include "archive/archive.h"

#include <dirent.h>
#include <stdint.h>

struct heard {
    size_t lines;
    char first[64], last[64];
    int64_t last_ms;
    bool last_is_stderr;
};

static bool
hear(void *context, const struct hf_log_line *line)
{
    struct heard *h = context;

    if (!h->lines++)
        snprintf(h->first, sizeof h->first, "%s", line->text);
    snprintf(h->last, sizeof h->last, "%s", line->text);
    h->last_ms = line->time_ms;
    h->last_is_stderr = line->is_stderr;
    return true;
}

static bool
never(void *context)
{
    (void)context;
    return false;
}

/* Lines that hardly compress, of 60 bytes. */
static void
keep(struct hf_archive *a, const char *service, int64_t at_ms, const char *container, size_t lines)
{
    struct hf_archive_writer *w;
    struct hf_error err;
    uint64_t noise = (uint64_t)at_ms * 6364136223846793005U + 1;

    assert_int_equal(hf_archive_begin(a, service, at_ms, container, &w, &err), 0);
    for (size_t i = 0; i < lines; i++) {
        char text[80];

        for (size_t k = 0; k < 50; k++) {
            noise = noise * 6364136223846793005U + 1442695040888963407U;
            text[k] = (char)('0' + (noise >> 33) % 64);
        }
        snprintf(text + 50, sizeof text - 50, " %zu", i);
        assert_true(hf_archive_line(w, &(struct hf_log_line){at_ms + (int64_t)i, i % 2, text}));
    }
    assert_int_equal(hf_archive_end(w, &err), 0);
}

static struct heard
heard(struct hf_archive *a, const char *service, size_t most)
{
    struct heard h = {0};
    struct hf_error err;

    assert_int_equal(hf_archive_read(a, service, most, hear, never, &h, &err), 0);
    return h;
}

static int64_t
disk_bytes(const char *folder)
{
    int64_t sum = 0;
    DIR *dir = opendir(folder);

    for (const struct dirent *d = dir ? readdir(dir) : NULL; d; d = readdir(dir)) {
        struct stat st;

        if (d->d_name[0] != '.' && fstatat(dirfd(dir), d->d_name, &st, 0) == 0)
            sum += st.st_size;
    }
    if (dir)
        closedir(dir);
    return sum;
}

static void
the_newest_lines_come_back_in_order(void **state)
{
    HF_AUTO(hf_archive) struct hf_archive *a = NULL;
    struct hf_error err;
    struct heard h;

    assert_int_equal(hf_archive_new(tempdir_path(*state, "logs"), &a, &err), 0);
    assert_int_equal(heard(a, "buffer", 10).lines, 0);
    keep(a, "buffer", 1000000000000, "aaaaaaaaaaaaaaaa", 20);
    keep(a, "buffer", 1000000100000, "bbbbbbbbbbbbbbbb", 20);
    keep(a, "broker", 1000000200000, "cccccccccccccccc", 3);
    h = heard(a, "buffer", SIZE_MAX);
    assert_int_equal(h.lines, 40);
    assert_int_equal(h.last_ms, 1000000100019);
    assert_true(h.last_is_stderr);
    h = heard(a, "buffer", 25);
    assert_int_equal(h.lines, 25);
    assert_non_null(strstr(h.first, " 15"));
    assert_non_null(strstr(h.last, " 19"));
}

/* Power went after the log was kept and before the container was removed. */
static void
what_is_kept_twice_is_there_once(void **state)
{
    HF_AUTO(hf_archive) struct hf_archive *a = NULL;
    struct hf_error err;

    assert_int_equal(hf_archive_new(tempdir_path(*state, "logs"), &a, &err), 0);
    keep(a, "buffer", 1000000000000, "aaaaaaaaaaaaaaaa", 20);
    keep(a, "buffer", 1000000000000, "aaaaaaaaaaaaaaaa", 20);
    assert_int_equal(heard(a, "buffer", SIZE_MAX).lines, 20);
}

static void
a_cut_file_gives_what_it_has(void **state)
{
    HF_AUTO(hf_archive) struct hf_archive *a = NULL;
    const char *folder = tempdir_path(*state, "logs");
    char path[PATH_MAX];
    struct hf_error err;
    struct stat st;

    assert_int_equal(hf_archive_new(folder, &a, &err), 0);
    keep(a, "buffer", 1000000000000, "aaaaaaaaaaaaaaaa", 2000);
    snprintf(path, sizeof path, "%s/buffer/1000000000000-aaaaaaaaaaaa-000.log.gz", folder);
    assert_int_equal(stat(path, &st), 0);
    assert_int_equal(truncate(path, st.st_size / 2), 0);
    assert_in_range(heard(a, "buffer", SIZE_MAX).lines, 100, 1999);
}

static void
pain_13_kept_logs_are_bounded_and_the_oldest_go_first(void **state)
{
    HF_AUTO(hf_archive) struct hf_archive *a = NULL;
    char folder[PATH_MAX];
    struct hf_error err;
    struct heard h;

    snprintf(folder, sizeof folder, "%s", tempdir_path(*state, "logs/buffer"));
    assert_int_equal(hf_archive_new(tempdir_path(*state, "logs"), &a, &err), 0);
    for (int64_t i = 0; i < 6; i++)
        keep(a, "buffer", 1000000000000 + i * 1000000, "aaaaaaaaaaaaaaaa", 30000);
    assert_in_range(disk_bytes(folder), HF_ARCHIVE_SERVICE_BYTES / 2, HF_ARCHIVE_SERVICE_BYTES);
    h = heard(a, "buffer", SIZE_MAX);
    assert_int_equal(h.last_ms, 1000005029999);
    assert_in_range(h.lines, 30000, 6 * 30000 - 1);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(the_newest_lines_come_back_in_order, tempdir_make,
                                        tempdir_drop),
        cmocka_unit_test_setup_teardown(what_is_kept_twice_is_there_once, tempdir_make,
                                        tempdir_drop),
        cmocka_unit_test_setup_teardown(a_cut_file_gives_what_it_has, tempdir_make, tempdir_drop),
        cmocka_unit_test_setup_teardown(pain_13_kept_logs_are_bounded_and_the_oldest_go_first,
                                        tempdir_make, tempdir_drop),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
