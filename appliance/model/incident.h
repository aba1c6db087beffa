// SPDX-License-Identifier: Apache-2.0
/*
 * An incident: something that happened to a service, or to what it stands on, that a person should
 * be able to read about later: what was found, and what the gateway did.
 */
#pragma once

#include "model/view.h"

enum hf_incident_kind {
    HF_INCIDENT_EXIT,
    HF_INCIDENT_OOM,
    HF_INCIDENT_CRASH_LOOP,
    HF_INCIDENT_UNHEALTHY,
    HF_INCIDENT_DRIFT,   /* somebody else changed, stopped, removed or added something */
    HF_INCIDENT_UPGRADE, /* a release was not kept */
    HF_INCIDENT_KIND_COUNT
};

struct hf_incident {
    int64_t n;                  /* grows; 0: not kept yet */
    char service[HF_NAME_SIZE]; /* "" for what belongs to none */
    enum hf_incident_kind kind;
    int64_t at_ms, last_ms; /* wall clock: the first one, and the newest counted with it */
    int64_t times;
    char found[HF_TEXT_SIZE];
    char done[HF_TEXT_SIZE];
    bool has_exit_code;
    int exit_code;
    bool oom_killed;
    int64_t uptime_s; /* -1: not known */
    int64_t restarts;
    char image_tag[HF_TAG_SIZE]; /* "" where there is no image */
    char image_digest[HF_DIGEST_SIZE];
    int64_t log_lines;
};

/* The words of the API: "exit", "oom", "crash_loop", "unhealthy", "drift", "upgrade". */
const char *hf_incident_kind_name(enum hf_incident_kind kind);
