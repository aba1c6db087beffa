// SPDX-License-Identifier: Apache-2.0
#include "stick/parts.h"

#include <sodium.h>
#include <stdio.h>
#include <sys/stat.h>

int
main(int argc, char **argv)
{
    struct stick_options o = {0};
    struct hf_error err = {0};
    int rc;

    if (stick_options_parse(argc, argv, &o, &err) < 0) {
        fprintf(stderr, "holdfast-stick: %s\n", err.message);
        return 2;
    }
    if (o.show_help || o.show_version) {
        fputs(o.show_help ? stick_help : "holdfast-stick " HF_VERSION "\n", stdout);
        return 0;
    }
    umask(022);
    if (sodium_init() < 0)
        rc = hf_error_set(&err, HF_ERROR_INTERNAL, "the library for hashes does not start");
    else
        rc = o.banner ? stick_banner(&o, &err) : stick_take(&o, &err);
    if (rc == 0)
        return 0;
    stick_clean(err.message);
    fprintf(stderr, "holdfast-stick: %s\n", err.message);
    return 1;
}
