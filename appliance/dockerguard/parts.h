// SPDX-License-Identifier: Apache-2.0
/* Parts of bodies. Private to the folder. */
#pragma once

#include "dockerguard/body.h"

/* Limits that can be changed while a container runs, wherever they stand; required: memory and
 * processes must have one. */
#define HF_DGUARD_LIMIT_FIELDS(required)                                                           \
    {"Memory", HF_JSON_INT, required}, {"MemorySwap", HF_JSON_INT, required},                      \
        {"MemoryReservation", HF_JSON_INT, false}, {"PidsLimit", HF_JSON_INT, required},           \
        {"NanoCpus", HF_JSON_INT, false},                                                          \
    {                                                                                              \
        "BlkioWeight", HF_JSON_INT, false                                                          \
    }

int hf_dguard_limits(const struct hf_json *v, const char *pointer, struct hf_error *err);

/* The labels of an object of this gateway. */
int hf_dguard_labels(const struct hf_dguard_policy *p, const struct hf_json *labels,
                     const char *pointer, struct hf_error *err);

/* {"Aliases": […]} */
int hf_dguard_endpoint(const struct hf_json *v, const char *pointer, struct hf_error *err);

/* The member is an array of strings, at most max, and each passes test. */
int hf_dguard_strings(const struct hf_json *v, const char *pointer, const char *member, size_t max,
                      bool (*test)(const struct hf_dguard_policy *p, const char *text),
                      const struct hf_dguard_policy *p, const char *must, struct hf_error *err);

/* HostConfig of a new container called instance-service. */
int hf_dguard_host(const struct hf_dguard_policy *p, const struct hf_json *host,
                   const char *service, struct hf_dguard_needs *needs, struct hf_error *err);

/* Its Binds, Mounts and Tmpfs. */
int hf_dguard_mounts(const struct hf_dguard_policy *p, const struct hf_json *host,
                     const char *service, struct hf_dguard_needs *needs, struct hf_error *err);
