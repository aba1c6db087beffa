// SPDX-License-Identifier: Apache-2.0
/*
 * How much of the host one container may take. Written in a release (of an own service) and in the
 * configuration (of any) as
 *
 *     { "memory_bytes": 67108864, "memory_reservation_bytes": 33554432, "cpus": 0.5, "pids": 32,
 *       "io_weight": 500, "log_bytes": 3145728 }
 *
 * Memory is the limit of memory and swap together, so nothing of a container is ever swapped out.
 */
#pragma once

#include "base/error.h"
#include "json/json.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    HF_IO_WEIGHT_LEAST = 10, /* Docker's bounds */
    HF_IO_WEIGHT_MOST = 1000,
    HF_LOG_FILES = 3, /* that Docker keeps of one container; together log_bytes */
    HF_CHANGE_SIZE = 192
};

struct hf_limits {
    int64_t memory_bytes;
    int64_t memory_reservation_bytes; /* what it keeps while the host is short of memory */
    int64_t nano_cpus;
    int64_t pids;
    int64_t io_weight; /* share of the disk; 0: the host's default */
    int64_t log_bytes;
    int oom_score_adj; /* the greater, the sooner the kernel kills it when the host has no more */
};

/* Checks a description; pointer is where it stands. With complete set, memory_bytes, cpus and pids
 * must be there. A member that is null is as absent. */
HF_MUST int hf_limits_check(const struct hf_json *v, const char *pointer, bool complete,
                            struct hf_error *err);

/* Puts what a checked description says over l. A reservation that would be above the limit of
 * memory comes down to it. */
void hf_limits_apply(const struct hf_json *v, struct hf_limits *l);

/* Whether a container has what is wanted, as far as it can be changed while it runs: all but log
 * and oom_score_adj. 0 in is: not known, or not enforced by this kernel. */
bool hf_limits_live_equal(const struct hf_limits *want, const struct hf_limits *is);

/* What differs, for people: "memory 64 MB → 96 MB, pids 32 → 64"; "" for nothing. ret_live says
 * whether it can be changed while the container runs. */
void hf_limits_change(const struct hf_limits *from, const struct hf_limits *to,
                      char out[HF_CHANGE_SIZE], bool *ret_live);
