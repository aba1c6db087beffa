// SPDX-License-Identifier: Apache-2.0
/* The files of a spool: opening and checking, setting aside, the reserve. Private to spool*.c. */
#pragma once

#include "buffer/spool.h"

#include <limits.h>
#include <sqlite3.h>

/* A commit of few records changes few bytes of several pages: small ones keep the writing low. */
enum { HF_SPOOL_PAGE = 1024 };

struct hf_spool_paths {
    char db[PATH_MAX];
    char wal[PATH_MAX];
    char reserve[PATH_MAX];
};

HF_MUST int hf_spool_paths_make(const char *dir, struct hf_spool_paths *ret_paths,
                                struct hf_error *err);

/* Whether the code means that the file's content cannot be trusted. */
bool hf_spool_rc_damaged(int rc);

/* Fills err from a SQLite result: SQLITE_FULL becomes HF_ERROR_NO_SPACE. Returns -1. */
int hf_spool_fail(sqlite3 *db, int rc, const char *what, struct hf_error *err);

/* Opens the file with our settings and makes the schema where there is none. Returns a SQLite code;
 * on an error *ret_db is closed and err is filled. */
int hf_spool_file_open(const struct hf_spool_paths *p, sqlite3 **ret_db, struct hf_error *err);

/* Moves the database and its WAL out of the way; keeps the one set aside before, too. */
HF_MUST int hf_spool_set_aside(const struct hf_spool_paths *p, struct hf_error *err);

/* Makes the reserve of exactly that size; false while the disk has no room for it. */
bool hf_spool_reserve_make(const struct hf_spool_paths *p, int64_t bytes);
void hf_spool_reserve_free(const struct hf_spool_paths *p);

int64_t hf_spool_file_bytes(const struct hf_spool_paths *p);
