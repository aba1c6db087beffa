// SPDX-License-Identifier: Apache-2.0
#include "update/parts.h"

#include <sodium.h>
#include <stdio.h>
#include <sys/stat.h>

int
main(int argc, char **argv)
{
    struct update_options o = {.state = NULL};
    struct hf_error err = {0};

    if (update_options_parse(argc, argv, &o, &err) < 0) {
        fprintf(stderr, "holdfast-update: %s\n", err.message);
        return 2;
    }
    if (o.show_help || o.show_version) {
        fputs(o.show_help ? update_help : "holdfast-update " HF_VERSION "\n", stdout);
        return 0;
    }
    umask(022);
    if (sodium_init() < 0) {
        fputs("holdfast-update: the library for signatures does not start\n", stderr);
        return 1;
    }
    update_run(&o);
    return 0;
}
