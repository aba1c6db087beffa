// SPDX-License-Identifier: Apache-2.0
#include "network/parts.h"

#include <stdio.h>
#include <sys/stat.h>

int
main(int argc, char **argv)
{
    struct network_options o = {0};
    struct hf_error err = {0};

    if (network_options_parse(argc, argv, &o, &err) < 0) {
        fprintf(stderr, "holdfast-network: %s\n", err.message);
        return 2;
    }
    if (o.show_help || o.show_version) {
        fputs(o.show_help ? network_help : "holdfast-network " HF_VERSION "\n", stdout);
        return 0;
    }
    umask(022);
    if (network_run(&o, &err) == 0)
        return 0;
    fprintf(stderr, "holdfast-network: %s\n", err.message);
    return 1;
}
