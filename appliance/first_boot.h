// SPDX-License-Identifier: Apache-2.0
/* What provisioning and recovery files say, put into the store before anything runs. */
#pragma once

#include "options.h"
#include "provision/provision.h"
#include "store/store.h"

struct hf_first_boot {
    const struct hf_options *options;
    struct hf_store *store;
    bool has_recovery; /* by hf_first_boot_recovery() */
};

/* The files of --provision: each is taken once, whatever a stick has brought since. What is wrong
 * with one is logged, all of it; err has the first. */
HF_MUST int hf_first_boot_recovery(struct hf_first_boot *f, struct hf_error *err);
HF_MUST int hf_first_boot_provision(struct hf_first_boot *f, struct hf_error *err);

/* Reads a provisioning file over the configuration that is there, with all that this gateway has to
 * look at it. */
HF_MUST int hf_first_boot_parse(const struct hf_first_boot *f, const char *text, size_t len,
                                struct hf_provision *ret_file, struct hf_json_faults *faults,
                                struct hf_error *err);

/* One transaction each; the file applied last changes nothing again. A recovery file may ask for a
 * reset: the store has ended then, and is to be opened anew. */
HF_MUST int hf_first_boot_apply(const struct hf_first_boot *f, const struct hf_provision *file,
                                bool *ret_applied, struct hf_error *err);
HF_MUST int hf_first_boot_recover(const struct hf_first_boot *f, const struct hf_recovery *file,
                                  bool *ret_applied, struct hf_error *err);

/* A line for each. */
void hf_first_boot_log_faults(const char *file, const struct hf_json_faults *faults);
