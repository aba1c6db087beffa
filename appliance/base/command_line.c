// SPDX-License-Identifier: Apache-2.0
#include "base/command_line.h"

#include <string.h>

enum { INSTANCE_MAX = 32 };

int
hf_command_line_read(int argc, char **argv, const struct option *table,
                     int (*take)(int which, void *context, struct hf_error *err), void *context,
                     struct hf_error *err)
{
    opterr = 0;
    optind = 0; /* anew, also where it was called before */
    for (;;) {
        int at = optind ? optind : 1;
        int which = getopt_long(argc, argv, ":", table, NULL);

        if (which == -1)
            break;
        if (which == ':')
            return hf_error_set(err, HF_ERROR_INVALID, "'%s' needs a value; see --help", argv[at]);
        if (which == '?')
            return hf_error_set(err, HF_ERROR_INVALID, "unknown option '%s'; see --help", argv[at]);
        if (take(which, context, err) < 0)
            return -1;
    }
    if (optind < argc)
        return hf_error_set(err, HF_ERROR_INVALID, "unexpected argument '%s'; see --help",
                            argv[optind]);
    return 0;
}

int
hf_command_line_instance(const char *name, struct hf_error *err)
{
    size_t len = strlen(name);

    if (len >= 1 && len <= INSTANCE_MAX && name[0] != '-' &&
        strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789-") == len)
        return 0;
    return hf_error_set(err, HF_ERROR_INVALID,
                        "--instance '%s': 1 to 32 lower-case letters, digits and dashes", name);
}
