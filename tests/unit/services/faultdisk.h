// SPDX-License-Identifier: Apache-2.0
/*
 * A disk under SQLite for tests: it notes what is written to the database and its WAL, so that a
 * power cut at any moment can be played, and it fails on demand. It becomes SQLite's default.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

enum faultdisk_fault {
    FAULTDISK_NONE,
    /* Files do not grow past their last page, but for 4 MiB once the reserve is gone. */
    FAULTDISK_FULL,
    FAULTDISK_WRITE_ERROR,
    FAULTDISK_SYNC_ERROR,
    FAULTDISK_READ_ONLY,
};

void faultdisk_install(void);

/* The fault begins after so many more writes. */
void faultdisk_fail(enum faultdisk_fault fault, unsigned after_writes);
/* Whether the fault has begun. */
bool faultdisk_has_failed(void);

/* The process is killed within that write, of which the first half arrives. */
void faultdisk_kill(unsigned after_writes);

/* What was done to the database and its WAL since the last call. */
struct faultdisk_work {
    size_t bytes, syncs;
    size_t rewritten; /* sectors of 4 KiB of the WAL, written again after they were synced */
};
struct faultdisk_work faultdisk_work(void);

/* A sync takes as long as a disk of that pace takes for what was written; 0: no longer than it
 * does. */
void faultdisk_pace(size_t bytes_per_s);

/* Notes all that is done to the files from now on; they must not exist yet. */
void faultdisk_record(void);
/* How much was done so far. */
size_t faultdisk_count(void);
/* Ends the notes. Syncs cost nothing from here on. */
void faultdisk_stop(void);

/* Puts into dir what a power cut after so many steps leaves: all that was synced, and of the rest
 * what the seed chooses: whole, torn or not at all. Steps must not decrease from call to call. */
void faultdisk_crash(const char *dir, size_t steps, unsigned *seed);
void faultdisk_forget(void);
