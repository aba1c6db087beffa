// SPDX-License-Identifier: Apache-2.0
/* The command line of holdfastd. */
#pragma once

#include "base/buf.h"

#include <stdbool.h>
#include <stdint.h>

struct hf_endpoint {
    char address[64];
    uint16_t port; /* 0: not set */
};

struct hf_options {
    const char *state_dir;
    const char *run_dir;
    const char *release_path;    /* NULL: keep what is stored */
    const char *bundle_path;     /* NULL for none */
    const char *key_path;        /* NULL for none */
    const char *provision_dir;   /* NULL for none */
    const char *network_dir;     /* where holdfast-network answers; NULL: it does not run here */
    const char *stick_dir;       /* where holdfast-stick puts the files of a stick; NULL for none */
    const char *passphrase_path; /* of what is sealed in provisioning files; NULL for none */
    const char *update_dir;      /* of holdfast-update; NULL: there is none */
    const char *instance;
    const char *docker_socket;
    struct hf_endpoint listen;
    struct hf_endpoint http_redirect;
    struct hf_endpoint field;
    uint16_t field_tls_port; /* and the next one */
    bool show_help, show_version;
    struct hf_buf file; /* owned; of --config, what it says is in here */
};

/* Strings are borrowed from argv. The error names the argument, or file and line, and what it
 * takes. */
HF_MUST int hf_options_parse(int argc, char **argv, struct hf_options *ret_options,
                             struct hf_error *err);
void hf_options_done(struct hf_options *o);

extern const char hf_options_help[];
