// SPDX-License-Identifier: Apache-2.0
/*
 * The gateway's own TLS certificate: EC P-256, issued by the gateway's own authority, made at the
 * first start and kept; see certificates.h for when it is made anew. Its dates come from a floor
 * and not from a clock that may say 1970.
 */
#pragma once

#include "base/error.h"

#include <limits.h>
#include <stdbool.h>

enum { HF_FINGERPRINT_SIZE = 104 }; /* "SHA256:" and 32 pairs with colons */

struct hf_certificate {
    char pem_path[PATH_MAX];               /* key and certificate in one file, 0600 */
    char fingerprint[HF_FINGERPRINT_SIZE]; /* SHA256:AA:BB:… of the DER certificate */
    bool made;                             /* by this call */
    char set_aside[PATH_MAX];              /* where the unusable one before it is now, or "" */
};

/* Loads dir/server.pem, or makes it, and dir/ca.pem before it, if it is not there or unusable
 * (half-written, no match of key and certificate; the old file is set aside). dir is made, 0700, if
 * it is not there. The certificate names `name`, `name.local`, the host name, localhost and every
 * address that this host has now, link-local ones aside. dir/cert.pem is a copy of the certificate
 * alone, for people. */
HF_MUST int hf_certificate_ensure(const char *dir, const char *name,
                                  struct hf_certificate *ret_certificate, struct hf_error *err);
