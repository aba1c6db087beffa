// SPDX-License-Identifier: Apache-2.0
/* A folder of its own for each test, removed with all in it afterwards. */
#pragma once

#include "unit.h"

#include <ftw.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static inline int
tempdir_remove_one(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
    (void)st;
    (void)type;
    (void)ftw;
    return remove(path);
}

/* cmocka set-up and tear-down; *state is the path. */
static inline int
tempdir_make(void **state)
{
    char path[] = "/tmp/hf-test-XXXXXX";

    if (!mkdtemp(path))
        return -1;
    *state = strdup(path);
    return *state ? 0 : -1;
}

static inline int
tempdir_drop(void **state)
{
    nftw(*state, tempdir_remove_one, 16, FTW_DEPTH | FTW_PHYS);
    free(*state);
    return 0;
}

/* Joins into one of four buffers that take turns. */
static inline const char *
tempdir_path(const char *dir, const char *name)
{
    static char paths[4][PATH_MAX];
    static unsigned turn;
    char *out = paths[turn++ % 4];
    int len = snprintf(out, PATH_MAX, "%s/%s", dir, name);

    assert_in_range(len, 1, PATH_MAX - 1);
    return out;
}

static inline mode_t
tempdir_mode(const char *dir, const char *name)
{
    struct stat st;

    assert_int_equal(stat(tempdir_path(dir, name), &st), 0);
    return st.st_mode & 07777;
}

static inline void
tempdir_write(const char *dir, const char *name, const void *data, size_t len)
{
    FILE *f = fopen(tempdir_path(dir, name), "w");

    assert_non_null(f);
    assert_int_equal(fwrite(data, 1, len, f), len);
    assert_int_equal(fclose(f), 0);
}

#define with_tempdir(test) cmocka_unit_test_setup_teardown(test, tempdir_make, tempdir_drop)
