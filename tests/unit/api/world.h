// SPDX-License-Identifier: Apache-2.0
/* A small world for the API: a core that says what it is told to, an identity that keeps nothing,
 * an engine whose containers have written ten lines. */
#pragma once

#include "core/core.h"
#include "identity/identity.h"
#include "model/engine_ops.h"

#define WORLD_FINGERPRINT "SHA256:AA:BB"
#define WORLD_PASSWORD "correct horse battery"

/* A gateway with a release and four running services, all at 2026-11-24T03:01:33.123Z. */
void world_fill(struct hf_snapshot *s);

/* What the core shows from now on. Only between requests. */
extern struct hf_snapshot world_snapshot;

/* The state of every operation that is asked for. */
extern enum hf_operation_state world_operation_state;
extern enum hf_operation_kind world_operation_kind; /* of the one there is */

/* What hf_core_command() fails with; NONE: it succeeds. */
extern enum hf_error_class world_command_error;

/* Logs of containers that are gone; NULL where nobody asks. */
extern struct hf_archive *world_archive;

/* What all of the core fails with; NONE: nothing does. */
extern enum hf_error_class world_fault;
bool world_fails(struct hf_error *err);

/* The way to the services: to a server on this port, with the token WORLD_TOKEN; 0 for away. */
#define WORLD_TOKEN "t-world"
void world_reach(uint16_t port);
void world_leave(void);

/* The newest entry of the audit log, "who: what". */
extern char world_audit[512];
/* And of what was refused or failed: "who: what -> refused 403". */
extern char world_not_done[512];
/* The configuration and its revision; made by world_fill(). */
extern struct hf_settings world_settings;
extern int64_t world_revision;

/* world_devices.c: no device has an account. */
void world_forget_devices(void);

extern const struct hf_engine_ops world_engine_ops;

/* An identity that somebody has claimed with WORLD_PASSWORD; token gets a session. */
struct hf_identity *world_identity(char token[HF_TOKEN_SIZE]);
