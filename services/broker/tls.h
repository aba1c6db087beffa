// SPDX-License-Identifier: Apache-2.0
/* The certificate that the broker shows to devices, as holdfastd hands it over (core/handover.c),
 * and the authority by which it knows theirs. */
#pragma once

#include "base/error.h"

#include <sys/stat.h>

/* In the run folder. */
#define HF_BROKER_TLS_FILE "tls.pem" /* key, certificate, authority */
#define HF_BROKER_CA_FILE "ca.pem"

struct hf_broker_tls_files {
    struct stat tls, ca; /* as they were looked at last */
};

/* Looks at both in dir, whose content can be used: key and certificate belong together. */
HF_MUST int hf_broker_tls_check(const char *dir, struct hf_broker_tls_files *ret_seen,
                                struct hf_error *err);

enum hf_broker_tls_news {
    HF_BROKER_TLS_SAME,
    HF_BROKER_TLS_RENEWED,  /* mosquitto takes another certificate by a signal */
    HF_BROKER_TLS_AUTHORITY /* but no other authority */
};

/* Whether they are others than *seen, which follows; SAME too where they cannot be used (err says
 * why, once). */
enum hf_broker_tls_news hf_broker_tls_poll(const char *dir, struct hf_broker_tls_files *seen,
                                           struct hf_error *err);
