// SPDX-License-Identifier: Apache-2.0
/* The gateway's certificates, as core asks for them, and kept up to date. */
#pragma once

#include "core/core.h"
#include "identity/certificates.h"

/* With a struct hf_certificates as context. */
extern const struct hf_certificate_ops hf_tls_ops;

/* To be called every few seconds: makes anew what is due, and tells whom it concerns. */
void hf_tls_tend(struct hf_certificates *certificates, struct hf_core *core, bool watched);
