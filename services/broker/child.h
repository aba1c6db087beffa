// SPDX-License-Identifier: Apache-2.0
/*
 * mosquitto as our child. It writes its log into a pipe that a thread of ours empties whatever
 * happens to our own log: a full pipe would stop the broker. (To its stderr: what it writes to
 * stdout waits in its buffer for hours.)
 */
#pragma once

#include "base/error.h"

#include <stdbool.h>
#include <sys/types.h>

struct hf_child;

/* Starts PROGRAM -c CONFIG. The child is killed when we die. */
HF_MUST int hf_child_start(const char *program, const char *config, struct hf_child **ret_child,
                           struct hf_error *err);

/* True once it has ended; *ret_status as from waitpid(2). Also collects orphans, as PID 1 must. */
bool hf_child_ended(struct hf_child *c, int *ret_status);

pid_t hf_child_pid(const struct hf_child *c);

void hf_child_signal(struct hf_child *c, int sig);

/* SIGTERM, which saves the database; SIGKILL after grace_ms. Returns once it has ended. */
void hf_child_stop(struct hf_child *c, int grace_ms);

/* Whether it has said that it runs. */
bool hf_child_ran(const struct hf_child *c);

/* Whether one that has ended complained about its database; reads its log to the end. */
bool hf_child_blames_database(struct hf_child *c);

/* Kills it if it still runs, and frees. */
void hf_child_free(struct hf_child *c);
HF_DEFINE_AUTO(struct hf_child, hf_child, hf_child_free)
