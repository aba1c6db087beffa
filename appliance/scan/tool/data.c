// SPDX-License-Identifier: Apache-2.0
#include "tool/tool.h"

#include "base/clock.h"
#include "base/text.h"
#include "scan/index.h"
#include "scan/names.h"

#include <errno.h>
#include <unistd.h>

static int
read_info(const struct tool_options *o, struct hf_scan_data_info *info, struct hf_error *err)
{
    if (!o->suite || !o->distro || !o->created || !o->out)
        return hf_error_set(err, HF_ERROR_INVALID,
                            "data needs --suite, --distro, --created and --out; see --help");
    if (!hf_scan_word(o->suite, info->suite, sizeof info->suite) ||
        !hf_scan_word(o->distro, info->distro, sizeof info->distro))
        return hf_error_set(err, HF_ERROR_INVALID,
                            "--suite and --distro are words such as trixie-security, debian-13");
    if (!hf_clock_parse(o->created, &info->created_ms))
        return hf_error_set(err, HF_ERROR_INVALID, "--created is no time (RFC 3339)");
    return 0;
}

static int
fill(struct hf_scan_index *index, const struct tool_options *o, char *const *packages, size_t count,
     struct hf_error *err)
{
    for (size_t i = 0; i < count; i++) {
        HF_AUTO_FCLOSE FILE *f = NULL;

        if (tool_open(packages[i], &f, err) < 0)
            return -1;
        if (hf_scan_index_packages(index, f, err) < 0)
            return hf_error_wrap(err, "%s", packages[i]);
    }
    if (o->debsecan) {
        HF_AUTO_FCLOSE FILE *f = NULL;

        if (tool_open(o->debsecan, &f, err) < 0)
            return -1;
        if (hf_scan_index_debsecan(index, f, err) < 0)
            return hf_error_wrap(err, "%s", o->debsecan);
    }
    return 0;
}

int
tool_data(const struct tool_options *o, char *const *packages, size_t count, struct hf_error *err)
{
    HF_AUTO(hf_scan_index) struct hf_scan_index *index = NULL;
    HF_AUTO_FCLOSE FILE *out = NULL;
    struct hf_scan_data_info info = {0};

    if (read_info(o, &info, err) < 0 || hf_scan_index_new(&index, err) < 0 ||
        fill(index, o, packages, count, err) < 0)
        return -1;
    out = fopen(o->out, "we");
    if (!out)
        return hf_error_errno(err, errno, "cannot write '%s'", o->out);
    if (hf_scan_index_write(index, &info, out, err) < 0) {
        (void)unlink(o->out);
        return hf_error_wrap(err, "'%s'", o->out);
    }
    return 0;
}
