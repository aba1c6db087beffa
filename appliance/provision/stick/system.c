// SPDX-License-Identifier: Apache-2.0
#include "stick/parts.h"

#include "base/file.h"
#include "base/text.h"
#include "provision/host.h"
#include "provision/provision.h"

#include <string.h>

int
stick_system_write(const char *dir, const char *etc, bool *ret_changed, struct hf_error *err)
{
    static struct hf_json_faults faults;
    const struct hf_provision_with with = {.leave_sealed = true};
    struct hf_provision file;
    char in[STICK_PATH_SIZE];
    int rc = 0;

    *ret_changed = false;
    if (!hf_text_put(in, sizeof in, "%s/in", dir))
        return hf_error_set(err, HF_ERROR_INVALID, "--dir: the path is too long");
    if (hf_provision_read(in, &with, &file, &faults, err) < 0)
        return -1;
    if (file.network)
        rc = hf_host_put_network(file.network, etc, ret_changed, err);
    if (rc == 0 && file.time)
        rc = hf_host_put_time(file.time, etc, ret_changed, err);
    if (rc == 0 && file.ssh)
        rc = hf_host_put_ssh(file.ssh, etc, ret_changed, err);
    hf_provision_done(&file);
    return rc;
}

/* ---- which file was the last ---- */

/* Read by nobody else there: networkd wants names that end as its own do. */
static bool
kept_path(const char *etc, char out[STICK_PATH_SIZE])
{
    return hf_text_put(out, STICK_PATH_SIZE, "%s/systemd/network/.holdfast-stick", etc);
}

static int
hash_of(const char *dir, char hash[HF_PROVISION_HASH_SIZE], struct hf_error *err)
{
    HF_AUTO_BUF struct hf_buf text = HF_BUF_INIT(HF_PROVISION_FILE_MAX);
    char path[STICK_PATH_SIZE];

    if (!hf_text_put(path, sizeof path, "%s/in/holdfast/" HF_PROVISION_FILE, dir))
        return hf_error_set(err, HF_ERROR_INVALID, "--dir: the path is too long");
    if (hf_file_read(path, &text, err) < 0)
        return -1;
    hf_provision_hash(text.data ? text.data : "", text.len, hash);
    return 0;
}

int
stick_system_keep(const char *dir, const char *etc, struct hf_error *err)
{
    char hash[HF_PROVISION_HASH_SIZE], path[STICK_PATH_SIZE], folder[STICK_PATH_SIZE];

    if (!kept_path(etc, path) || !hf_text_put(folder, sizeof folder, "%s/systemd/network", etc))
        return hf_error_set(err, HF_ERROR_INVALID, "--etc: the path is too long");
    if (stick_system_is_kept(dir, etc))
        return 0;
    return hash_of(dir, hash, err) < 0 || hf_file_mkdirs(folder, 0755, err) < 0 ||
                   hf_file_replace(path, hash, strlen(hash), 0644, (uid_t)-1, (gid_t)-1, err) < 0
               ? -1
               : 0;
}

bool
stick_system_is_kept(const char *dir, const char *etc)
{
    HF_AUTO_BUF struct hf_buf kept = HF_BUF_INIT(HF_PROVISION_HASH_SIZE);
    char hash[HF_PROVISION_HASH_SIZE], path[STICK_PATH_SIZE];

    return kept_path(etc, path) && hf_file_read(path, &kept, NULL) == 0 && kept.data &&
           hash_of(dir, hash, NULL) == 0 && strcmp(kept.data, hash) == 0;
}
