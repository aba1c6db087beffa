// SPDX-License-Identifier: Apache-2.0
/*
 * From a finding to an incident in the store. The last log lines are fetched by the service's
 * worker; until they come, or for want of an answer, the incident waits as a draft.
 *
 * A service that crashes all night must not wear the flash: of one kind and service (drift,
 * upgrade: and text) at most INCIDENTS_AN_HOUR are kept whole, and what follows is counted in the
 * newest of them. These counts are written together, every ten minutes.
 *
 * Owner thread only.
 */
#pragma once

#include "model/incident.h"
#include "supervisor/finding.h"

#include <stdbool.h>
#include <stdint.h>

struct hf_core;

/* Of one service. */
struct incidents {
    bool drafted;
    struct hf_incident draft;
    char *curve;
    int64_t until_ms; /* when the draft is kept without its log; monotonic */
    struct {
        int64_t n, times, last_ms; /* what was counted and not written yet; times 0: nothing */
    } again[HF_INCIDENT_KIND_COUNT];
};

/* A service's; asks for its last log lines. */
void hf_core_note(struct hf_core *core, size_t index, const struct hf_finding *finding);

/* Of what belongs to no service, or of what a service stands on. */
void hf_core_note_drift(struct hf_core *core, const char *service, const char *found,
                        const char *done);

/* The lines have come: json is taken, NULL where there are none. */
void hf_core_take_lines(struct hf_core *core, size_t index, char *json, int64_t count);

/* Keeps drafts that have waited long enough, and writes what was counted; all of it where last. */
void hf_core_keep_incidents(struct hf_core *core, int64_t now_ms, bool last);

void hf_core_free_incidents(struct hf_core *core);

/* last_lines.c: the last lines that a container wrote until then (the engine's clock; 0: all), as
 * the API shows them; NULL where the engine does not tell. Any thread but the owner. */
char *hf_core_last_lines(const struct hf_core *core, const char *container, int64_t until_ms,
                         int64_t *ret_count);

/* curve.c: what it used before it died, as a JSON object; NULL without memory. */
char *hf_core_curve(struct hf_core *core, const char *service);
