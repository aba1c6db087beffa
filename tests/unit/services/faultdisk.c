// SPDX-License-Identifier: Apache-2.0
#include "faultdisk.h"

#include "base/cleanup.h"
#include "unit.h"

#include <signal.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { DB, WAL, FILES, SECTOR = 512, STEPS_MAX = 65536, IMAGE_MAX = 32 * 1024 * 1024 };
enum { PATH_SIZE = 512, RESERVE_BYTES = 4 * 1024 * 1024, CARD_SECTOR = 4096, WAL_HEADER = 32 };

struct step {
    enum { WRITE, TRUNCATE, SYNC } kind;
    int file;
    size_t at, len;
    char *data;
};

/* What is on the disk for sure. */
struct image {
    char *data;
    size_t len, pending; /* the first step that is not in it */
};

struct file {
    sqlite3_file base;
    int which; /* FILES: another one */
    char reserve[PATH_SIZE];
    sqlite3_file *real;
};

static struct {
    sqlite3_vfs vfs, *real;
    enum faultdisk_fault fault;
    unsigned writes_left, kill_in; /* 0: not killed */
    size_t grown;
    bool recording, no_sync;
    struct step *steps;
    size_t count, played;
    struct image images[FILES];
    struct faultdisk_work work;
    size_t pace, unsynced; /* bytes a second, 0: as fast as it goes; written since the last sync */
    size_t wal_end, wal_synced; /* how far the WAL was written, and that synced, since it began */
} disk;

static sqlite3_file *
real_of(sqlite3_file *f)
{
    return ((struct file *)f)->real;
}

static void
note(const struct file *f, int kind, size_t at, const void *data, size_t len)
{
    struct step *s;

    if (!disk.recording || f->which == FILES)
        return;
    assert_true(disk.count < STEPS_MAX);
    s = &disk.steps[disk.count++];
    *s = (struct step){.kind = kind, .file = f->which, .at = at, .len = len};
    if (!data)
        return;
    s->data = malloc(len);
    assert_non_null(s->data);
    memcpy(s->data, data, len);
}

/* ---- files ---- */

static int
do_close(sqlite3_file *f)
{
    return real_of(f)->pMethods->xClose(real_of(f));
}

static int
do_read(sqlite3_file *f, void *to, int len, sqlite3_int64 at)
{
    return real_of(f)->pMethods->xRead(real_of(f), to, len, at);
}

/* The disk gives out whole pages: a write that finds no other one has filled up the last. */
static void
fill_page(struct file *f, const void *data, sqlite3_int64 at, sqlite3_int64 end)
{
    if (at < end)
        (void)f->real->pMethods->xWrite(f->real, data, (int)(end - at), at);
}

static int
fault_of(struct file *f, const void *data, size_t len, sqlite3_int64 at)
{
    sqlite3_int64 size = 0;

    if (disk.fault == FAULTDISK_NONE || f->which == FILES)
        return SQLITE_OK;
    if (disk.writes_left) {
        disk.writes_left--;
        return SQLITE_OK;
    }
    if (disk.fault == FAULTDISK_WRITE_ERROR)
        return SQLITE_IOERR_WRITE;
    if (disk.fault == FAULTDISK_READ_ONLY)
        return SQLITE_READONLY;
    (void)f->real->pMethods->xFileSize(f->real, &size);
    size = (size + CARD_SECTOR - 1) / CARD_SECTOR * CARD_SECTOR;
    if (disk.fault != FAULTDISK_FULL || at + (sqlite3_int64)len <= size)
        return SQLITE_OK;
    if (access(f->reserve, F_OK) == 0 || disk.grown + len > RESERVE_BYTES) {
        fill_page(f, data, at, size);
        return SQLITE_FULL;
    }
    disk.grown += len;
    return SQLITE_OK;
}

static void
count_write(const struct file *f, size_t at, size_t len)
{
    size_t end = at + len;

    if (f->which == FILES)
        return;
    disk.work.bytes += len;
    disk.unsynced += len;
    if (f->which != WAL)
        return;
    if (at == 0) /* it begins anew */
        disk.wal_end = disk.wal_synced = 0;
    if (at / CARD_SECTOR * CARD_SECTOR < disk.wal_synced)
        disk.work.rewritten++;
    disk.wal_end = end > disk.wal_end ? end : disk.wal_end;
}

struct faultdisk_work
faultdisk_work(void)
{
    struct faultdisk_work done = disk.work;

    disk.work = (struct faultdisk_work){0};
    return done;
}

static int
do_write(sqlite3_file *f, const void *data, int len, sqlite3_int64 at)
{
    int rc = fault_of((struct file *)f, data, (size_t)len, at);

    if (rc != SQLITE_OK)
        return rc;
    if (disk.kill_in && --disk.kill_in == 0) {
        (void)real_of(f)->pMethods->xWrite(real_of(f), data, len / 2, at);
        (void)raise(SIGKILL);
    }
    count_write((struct file *)f, (size_t)at, (size_t)len);
    note((struct file *)f, WRITE, (size_t)at, data, (size_t)len);
    return real_of(f)->pMethods->xWrite(real_of(f), data, len, at);
}

static int
do_truncate(sqlite3_file *f, sqlite3_int64 len)
{
    note((struct file *)f, TRUNCATE, (size_t)len, NULL, 0);
    return real_of(f)->pMethods->xTruncate(real_of(f), len);
}

void
faultdisk_pace(size_t bytes_per_s)
{
    disk.pace = bytes_per_s;
}

static void
take_time(void)
{
    if (disk.pace)
        (void)usleep((useconds_t)(disk.unsynced * 1000000 / disk.pace));
    disk.unsynced = 0;
}

static int
do_sync(sqlite3_file *f, int flags)
{
    if (disk.fault == FAULTDISK_SYNC_ERROR && !disk.writes_left)
        return SQLITE_IOERR_FSYNC;
    disk.work.syncs += ((struct file *)f)->which != FILES;
    if (((struct file *)f)->which == WAL && disk.wal_end > WAL_HEADER)
        disk.wal_synced = disk.wal_end;
    note((struct file *)f, SYNC, 0, NULL, 0);
    if (((struct file *)f)->which != FILES)
        take_time();
    return disk.no_sync ? SQLITE_OK : real_of(f)->pMethods->xSync(real_of(f), flags);
}

static int
do_size(sqlite3_file *f, sqlite3_int64 *len)
{
    return real_of(f)->pMethods->xFileSize(real_of(f), len);
}

static int
do_lock(sqlite3_file *f, int level)
{
    return real_of(f)->pMethods->xLock(real_of(f), level);
}

static int
do_unlock(sqlite3_file *f, int level)
{
    return real_of(f)->pMethods->xUnlock(real_of(f), level);
}

static int
do_check(sqlite3_file *f, int *out)
{
    return real_of(f)->pMethods->xCheckReservedLock(real_of(f), out);
}

static int
do_control(sqlite3_file *f, int op, void *arg)
{
    return real_of(f)->pMethods->xFileControl(real_of(f), op, arg);
}

static int
sector_size(sqlite3_file *f)
{
    (void)f;
    return SECTOR;
}

static int
characteristics(sqlite3_file *f)
{
    (void)f;
    return 0;
}

static int
do_open(sqlite3_vfs *vfs, const char *name, sqlite3_file *out, int flags, int *out_flags)
{
    static const sqlite3_io_methods methods = {.iVersion = 1,
                                               .xClose = do_close,
                                               .xRead = do_read,
                                               .xWrite = do_write,
                                               .xTruncate = do_truncate,
                                               .xSync = do_sync,
                                               .xFileSize = do_size,
                                               .xLock = do_lock,
                                               .xUnlock = do_unlock,
                                               .xCheckReservedLock = do_check,
                                               .xFileControl = do_control,
                                               .xSectorSize = sector_size,
                                               .xDeviceCharacteristics = characteristics};
    struct file *f = (struct file *)out;
    const char *base = name ? strrchr(name, '/') : NULL;
    int rc;

    (void)vfs;
    memset(f, 0, sizeof *f);
    f->real = (sqlite3_file *)(f + 1);
    f->which = FILES;
    if (base && (flags & SQLITE_OPEN_MAIN_DB))
        f->which = DB;
    if (base && (flags & SQLITE_OPEN_WAL))
        f->which = WAL;
    if (base)
        snprintf(f->reserve, sizeof f->reserve, "%.*s/buffer.reserve", (int)(base - name), name);
    rc = disk.real->xOpen(disk.real, name, f->real, flags, out_flags);
    if (rc == SQLITE_OK)
        f->base.pMethods = &methods;
    return rc;
}

void
faultdisk_install(void)
{
    disk.real = sqlite3_vfs_find(NULL);
    disk.vfs = *disk.real;
    disk.vfs.zName = "faultdisk";
    disk.vfs.szOsFile = (int)sizeof(struct file) + disk.real->szOsFile;
    disk.vfs.xOpen = do_open;
    assert_int_equal(sqlite3_vfs_register(&disk.vfs, 1), SQLITE_OK);
}

void
faultdisk_fail(enum faultdisk_fault fault, unsigned after_writes)
{
    disk.fault = fault;
    disk.writes_left = after_writes;
    disk.grown = 0;
}

bool
faultdisk_has_failed(void)
{
    return disk.fault != FAULTDISK_NONE && !disk.writes_left;
}

void
faultdisk_kill(unsigned after_writes)
{
    disk.kill_in = after_writes + 1;
}

/* ---- power cuts ---- */

void
faultdisk_record(void)
{
    disk.steps = calloc(STEPS_MAX, sizeof *disk.steps);
    assert_non_null(disk.steps);
    disk.count = disk.played = 0;
    for (int i = 0; i < FILES; i++) {
        disk.images[i] = (struct image){.data = malloc(IMAGE_MAX)};
        assert_non_null(disk.images[i].data);
    }
    disk.recording = true;
}

size_t
faultdisk_count(void)
{
    return disk.count;
}

void
faultdisk_stop(void)
{
    disk.recording = false;
    disk.no_sync = true;
}

/* len: how much of a write arrives. */
static void
apply(struct image *i, const struct step *s, size_t len)
{
    if (s->kind == WRITE && len) {
        assert_true(s->at + len <= IMAGE_MAX);
        if (s->at > i->len)
            memset(i->data + i->len, 0, s->at - i->len);
        memcpy(i->data + s->at, s->data, len);
        if (s->at + len > i->len)
            i->len = s->at + len;
    } else if (s->kind == TRUNCATE) {
        if (s->at > i->len)
            memset(i->data + i->len, 0, s->at - i->len);
        i->len = s->at;
    }
}

static void
play_to(size_t steps)
{
    for (; disk.played < steps; disk.played++) {
        const struct step *s = &disk.steps[disk.played];
        struct image *i = &disk.images[s->file];

        if (s->kind != SYNC)
            continue;
        for (; i->pending <= disk.played; i->pending++)
            if (disk.steps[i->pending].file == s->file)
                apply(i, &disk.steps[i->pending], disk.steps[i->pending].len);
    }
}

static void
write_image(const char *dir, int file, size_t steps, unsigned *seed)
{
    static const char *const names[] = {"buffer.db", "buffer.db-wal"};
    const struct image *from = &disk.images[file];
    struct image i = {.data = malloc(IMAGE_MAX), .len = from->len};
    char path[PATH_SIZE];
    FILE *f;

    assert_non_null(i.data);
    memcpy(i.data, from->data, from->len);
    for (size_t n = from->pending; n < steps; n++) {
        const struct step *s = &disk.steps[n];
        unsigned fate = (unsigned)rand_r(seed) % 3;

        if (s->file != file || fate == 0)
            continue;
        apply(&i, s, fate == 1 ? s->len : s->len * ((unsigned)rand_r(seed) % 8) / 8);
    }
    snprintf(path, sizeof path, "%s/%s", dir, names[file]);
    f = fopen(path, "w");
    assert_non_null(f);
    assert_int_equal(fwrite(i.data, 1, i.len, f), i.len);
    assert_int_equal(fclose(f), 0);
    free(i.data);
}

void
faultdisk_crash(const char *dir, size_t steps, unsigned *seed)
{
    play_to(steps);
    for (int file = 0; file < FILES; file++)
        write_image(dir, file, steps, seed);
}

void
faultdisk_forget(void)
{
    for (size_t n = 0; n < disk.count; n++)
        free(disk.steps[n].data);
    free(disk.steps);
    for (int i = 0; i < FILES; i++)
        free(disk.images[i].data);
    disk.count = 0;
    disk.no_sync = false;
}
