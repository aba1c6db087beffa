// SPDX-License-Identifier: Apache-2.0
#include "store/before.h"

#include "base/clock.h"
#include "base/file.h"
#include "sql.h"
#include "store/files.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

static const char BEFORE[] = ".before", NEWER[] = ".newer";

static const char text[] = "A newer holdfastd had changed the gateway's database. This one goes on "
                           "with the copy of before; what the newer one kept is in "
                           "holdfast.db.newer.";

/* SQLite does not say when it has synchronised what it copied. */
static int
sync_file(const char *path, struct hf_error *err)
{
    HF_AUTO_CLOSE int fd = open(path, O_RDONLY | O_CLOEXEC);

    if (fd < 0 || fsync(fd) < 0)
        return hf_error_errno(err, errno, "cannot sync '%s'", path);
    return 0;
}

int
hf_before_keep(struct hf_store *st, struct hf_error *err)
{
    char copy[PATH_MAX], path[PATH_MAX];
    int version = 0;

    if (hf_db_version_of(st, &version, err) < 0)
        return -1;
    if (version == 0 || version >= hf_db_version)
        return 0;
    hf_files_path(st, ".before-new", copy);
    hf_files_path(st, BEFORE, path);
    unlink(copy);
    if (hf_db_exec(st, err, "VACUUM INTO ?", "t", copy) < 0 || sync_file(copy, err) < 0 ||
        hf_file_move(copy, path, err) < 0) {
        unlink(copy);
        return hf_error_wrap(err, "keep the database as it is before version %d", hf_db_version);
    }
    return 0;
}

int
hf_before_take(struct hf_store *st, bool *ret_taken, struct hf_error *err)
{
    char path[PATH_MAX];
    int version = 0;

    *ret_taken = false;
    if (hf_db_version_of(st, &version, err) < 0)
        return -1;
    if (version <= hf_db_version || !hf_files_exist(st, BEFORE))
        return 0;
    hf_db_close(st);
    /* Whatever is cut short here is gone on with: by this again, or by what finishes
     * holdfast.db.new where there is no database. */
    if (hf_files_link_new(st, BEFORE, err) < 0 || hf_files_set_aside(st, NEWER, err) < 0 ||
        hf_files_install_new(st, err) < 0)
        return hf_error_wrap(err, "go back to the database of before");
    hf_files_path(st, BEFORE, path);
    unlink(path);
    *ret_taken = true;
    return 0;
}

int
hf_before_refuse(const struct hf_store *st, struct hf_error *err)
{
    if (!hf_files_exist(st, BEFORE))
        return 0;
    return hf_error_set(err, HF_ERROR_CONFLICT,
                        "a new holdfastd is on trial, and the old one may have to go on with what "
                        "was kept before it: wait for the end of that, which takes minutes");
}

int
hf_before_say(struct hf_store *st, struct hf_error *err)
{
    if (hf_db_exec(st, err, hf_sql_audit_add, "itt", hf_clock_wall_ms(), "holdfastd", text) < 0)
        return -1;
    return hf_db_exec(st, err, hf_sql_gateway_set_recovery, "t", text);
}

void
hf_store_forget_before(struct hf_store *st)
{
    char path[PATH_MAX];

    hf_files_path(st, BEFORE, path);
    unlink(path);
}
