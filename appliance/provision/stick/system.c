// SPDX-License-Identifier: Apache-2.0
#include "stick/parts.h"

#include "base/text.h"
#include "provision/host.h"
#include "provision/provision.h"

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
    hf_provision_done(&file);
    return rc;
}
