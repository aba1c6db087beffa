// SPDX-License-Identifier: Apache-2.0
/* The command line of holdfast-docker. */
#pragma once

#include "dockerguard/serve.h"

#include <sys/types.h>

struct hf_dguard_options {
    struct hf_dguard_server server;
    const char *listen; /* path; NULL: the socket comes from the service manager */
    mode_t mode;
    gid_t group; /* (gid_t)-1: as it is */
    bool show_version, show_help;
};

extern const char hf_dguard_help[];

/* Strings are borrowed from argv. INVALID with what to do. */
HF_MUST int hf_dguard_options_parse(int argc, char **argv, struct hf_dguard_options *ret_options,
                                    struct hf_error *err);
