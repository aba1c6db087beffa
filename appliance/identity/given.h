// SPDX-License-Identifier: Apache-2.0
/*
 * Certificates that somebody gives as PEM, looked at before they are used. All are INVALID with
 * pointer /certificate or /key and what is wrong: not readable, another key, ended, not yet in
 * force by a clock that is right.
 */
#pragma once

#include "base/error.h"

/* Whether HTTPS may be served with it: as hf_certificates_replace() asks. */
HF_MUST int hf_given_server(const char *certificates, const char *key, struct hf_error *err);
/* Whether a client may show it. */
HF_MUST int hf_given_client(const char *certificates, const char *key, struct hf_error *err);
/* Whether a server may be checked by them; one that has ended among others is none the worse. */
HF_MUST int hf_given_authorities(const char *certificates, struct hf_error *err);
