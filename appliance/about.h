// SPDX-License-Identifier: Apache-2.0
/*
 * RUN/gateway.json: how people get to this gateway, for a screen (holdfast-stick --banner): name,
 * port, fingerprint, addresses. It is written again whenever one of them is another one, and only
 * then. RUN/gateway.changed comes after it, and is taken away by who draws it, before it is read:
 * a change while it is drawn is not lost, as it would be to who watches the file itself.
 */
#pragma once

#include "core/core.h"
#include "identity/certificates.h"

#include <stdbool.h>

struct hf_about {
    char *told; /* what was written last */
};

/* The same as JSON, for what says more. NULL where there is no memory. */
struct hf_json *hf_about_json(const struct hf_snapshot *shown, struct hf_certificates *certificates,
                              uint16_t port);
/* To be called every few seconds, by one thread. */
void hf_about_tell(struct hf_about *a, const char *run_dir, struct hf_core *core,
                   struct hf_certificates *certificates, uint16_t port);
void hf_about_done(struct hf_about *a);
/*
 * Puts text into a file of the run folder, for everybody on this host: no secret may be in it. What
 * goes wrong is logged.
 */
bool hf_about_write(const char *run_dir, const char *name, const char *text);
