// SPDX-License-Identifier: Apache-2.0
#include "reset.h"

#include "base/log.h"
#include "base/text.h"
#include "store/reset.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <fnmatch.h>
#include <ftw.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum { DESCRIPTORS = 8 };

/* Of everybody who keeps something there but the store. */
static const char *const ours[] = {"tls", "logs", "scan", "restore-*.records"};

static int
remove_one(const char *path, const struct stat *st, int type, struct FTW *at)
{
    (void)st;
    (void)type;
    (void)at;
    return remove(path);
}

static bool
is_ours(const char *name)
{
    for (size_t i = 0; i < HF_LEN(ours); i++)
        if (fnmatch(ours[i], name, FNM_PERIOD) == 0)
            return true;
    return false;
}

static int
remove_ours(const char *state_dir, struct hf_error *err)
{
    DIR *dir = opendir(state_dir);
    const struct dirent *e;
    char path[PATH_MAX];
    int rc = 0;

    if (!dir)
        return hf_error_errno(err, errno, "cannot read '%s'", state_dir);
    while (rc == 0 && (e = readdir(dir))) { // NOLINT(concurrency-mt-unsafe): a stream of our own
        if (!is_ours(e->d_name) || !hf_text_put(path, sizeof path, "%s/%s", state_dir, e->d_name))
            continue;
        if (nftw(path, remove_one, DESCRIPTORS, FTW_DEPTH | FTW_PHYS) != 0 && errno != ENOENT)
            rc = hf_error_errno(err, errno, "cannot remove '%s'", path);
    }
    if (rc == 0 && fsync(dirfd(dir)) < 0)
        rc = hf_error_errno(err, errno, "cannot sync '%s'", state_dir);
    closedir(dir);
    return rc;
}

int
hf_reset_files(struct hf_store *store, const char *state_dir, struct hf_error *err)
{
    enum hf_reset_left left;
    bool wipe;

    if (hf_store_reset_left(store, &left, &wipe, err) < 0)
        return -1;
    if (left != HF_RESET_FILES)
        return 0;
    hf_log_warn("event=reset gateway=%s data=%s", hf_store_gateway_id(store),
                wipe ? "wipe" : "keep");
    if (remove_ours(state_dir, err) < 0 || hf_store_reset_did(store, HF_RESET_FILES, err) < 0)
        return hf_error_wrap(err, "reset");
    return 0;
}

int
hf_reset_host(struct hf_store *store, const struct hf_host_hand *hand, struct hf_error *err)
{
    HF_AUTO(hf_json) struct hf_json *request = NULL, *told = NULL;
    bool left;

    if (hf_store_reset_host_left(store, &left, err) < 0)
        return -1;
    if (!left || !hand->out)
        return 0;
    request = hf_json_object();
    hf_json_put_string(request, "do", "forget");
    if (hf_host_ask(hand, request, &told, err) < 0)
        return hf_error_wrap(err, "the reset goes on at the next start: who might log in by SSH "
                                  "before it still may");
    return hf_store_reset_host_did(store, err);
}
