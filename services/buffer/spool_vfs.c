// SPDX-License-Identifier: Apache-2.0
#include "buffer/spool_vfs.h"

#include <pthread.h>
#include <sqlite3.h>
#include <stddef.h>

/* What a flash device and the page cache write at least. */
enum { WAL_SECTOR = 4096 };
/* The pages of the database are smaller, and SQLite would write all those of a sector where one
 * changes. Nothing is gained by that: a checkpoint that is torn is done again from the WAL. */
enum { DATABASE_SECTOR = 512 };

static const char name[] = "holdfast-spool";
static sqlite3_vfs vfs, *base;
static size_t own_at; /* in a file */

/* Behind SQLite's own part of a file. */
struct own {
    sqlite3_io_methods methods;
    const sqlite3_io_methods *base;
};

static struct own *
own_of(sqlite3_file *f)
{
    return (struct own *)(void *)((char *)f + own_at);
}

static int
wal_sector(sqlite3_file *f)
{
    (void)f;
    return WAL_SECTOR;
}

static int
database_sector(sqlite3_file *f)
{
    (void)f;
    return DATABASE_SECTOR;
}

static int
characteristics(sqlite3_file *f)
{
    return own_of(f)->base->xDeviceCharacteristics(f) & ~SQLITE_IOCAP_POWERSAFE_OVERWRITE;
}

static int
open_file(sqlite3_vfs *v, const char *path, sqlite3_file *f, int flags, int *ret_flags)
{
    int rc = base->xOpen(base, path, f, flags, ret_flags);
    struct own *o = own_of(f);

    (void)v;
    if (rc != SQLITE_OK || !f->pMethods || !(flags & (SQLITE_OPEN_MAIN_DB | SQLITE_OPEN_WAL)))
        return rc;
    o->base = f->pMethods;
    o->methods = *f->pMethods;
    o->methods.xSectorSize = flags & SQLITE_OPEN_WAL ? wal_sector : database_sector;
    o->methods.xDeviceCharacteristics = characteristics;
    f->pMethods = &o->methods;
    return SQLITE_OK;
}

static void
make_vfs(void)
{
    const size_t step = _Alignof(max_align_t);

    base = sqlite3_vfs_find(NULL);
    own_at = ((size_t)base->szOsFile + step - 1) / step * step;
    vfs = *base;
    vfs.zName = name;
    vfs.szOsFile = (int)(own_at + sizeof(struct own));
    vfs.xOpen = open_file;
    (void)sqlite3_vfs_register(&vfs, 0); /* where it fails, opening says so */
}

const char *
hf_spool_vfs(void)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;

    pthread_once(&once, make_vfs);
    return name;
}
