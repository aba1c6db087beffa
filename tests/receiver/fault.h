// SPDX-License-Identifier: Apache-2.0
/* How badly the receiver behaves: what a cloud does on its bad days, on demand. */
#pragma once

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { HF_FAULT_STATUSES = 16, HF_FAULT_TEXT_MAX = 200 };

struct hf_fault {
    uint64_t delay_ms;
    uint64_t fail_every; /* each so-manieth request is not stored and answered with fail_status */
    uint64_t fail_status;
    uint64_t cut_every; /* each so-manieth is stored, and its connection closed without an answer */
    uint64_t max_body;  /* larger ones get 413; 0: any */
    char match[HF_FAULT_TEXT_MAX]; /* a request with this in a line gets match_status */
    uint64_t match_status;
    uint64_t random_percent; /* of the requests are not stored and get one of the statuses */
    int statuses[HF_FAULT_STATUSES];
    size_t status_count;
    _Atomic uint64_t seed;
};

/* N:STATUS, TEXT:STATUS, SEED:STATUS[,STATUS…]:PERCENT; false where it is not. */
bool hf_fault_read_every(struct hf_fault *f, const char *text);
bool hf_fault_read_match(struct hf_fault *f, const char *text);
bool hf_fault_read_random(struct hf_fault *f, const char *text);

/* The status that the request with this number gets instead of being stored; 0: none. */
int hf_fault_status(struct hf_fault *f, uint64_t number);

/* The same for what is in it. */
int hf_fault_match(const struct hf_fault *f, const char *lines, size_t len);

bool hf_fault_cuts(const struct hf_fault *f, uint64_t number);
