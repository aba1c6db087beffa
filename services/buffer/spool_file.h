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

/* The paths of the file that a salvage builds, without anything left of one that was interrupted:
 * until it is complete, the damaged one keeps its name, and the next opening begins anew. */
void hf_spool_fresh_paths(const struct hf_spool_paths *p, struct hf_spool_paths *ret_fresh);
/* Puts the complete and closed new file in the place of the damaged one, and that aside. */
HF_MUST int hf_spool_replace(const struct hf_spool_paths *p, const struct hf_spool_paths *fresh,
                             struct hf_error *err);
/* Ends a replacement that was interrupted, and removes what an interrupted salvage left. */
HF_MUST int hf_spool_end_replace(const struct hf_spool_paths *p, struct hf_error *err);
/* Removes what a salvage has built that came to no end. */
void hf_spool_fresh_remove(const struct hf_spool_paths *p);
/* Damage that was found and could not be mended yet is known at the next opening, where it might
 * be met only later; a replacement takes the mark away. */
void hf_spool_mark_damaged(const struct hf_spool_paths *p);
bool hf_spool_marked_damaged(const struct hf_spool_paths *p);
/* What is set aside: how much it takes, and away with it. */
int64_t hf_spool_aside_bytes(const struct hf_spool_paths *p);
void hf_spool_aside_remove(const struct hf_spool_paths *p);

/* Makes the reserve of exactly that size; false while the disk has no room for it. */
bool hf_spool_reserve_make(const struct hf_spool_paths *p, int64_t bytes);
void hf_spool_reserve_free(const struct hf_spool_paths *p);

int64_t hf_spool_file_bytes(const struct hf_spool_paths *p);
