// SPDX-License-Identifier: Apache-2.0
/* The start after a restore from a backup: what is in the memory of this process is of before, so
 * it ends as for a stop and becomes a new one, under the same process id. */
#pragma once

#include "store/store.h"

#include <signal.h>

enum { HF_RESTORED_SIGNAL = SIGUSR1 /* blocked everywhere; the main thread waits for it */ };

/* From any thread: asks the main one to begin anew. */
void hf_restored_ask(void);
/* Returns only where that fails. */
void hf_restored_begin(char **argv);

/* Puts the certificates of a backup where hf_certificates_open() looks, where a restore has left
 * some. Done again after a power cut it changes nothing. */
HF_MUST int hf_restored_certificates(struct hf_store *store, const char *state_dir,
                                     struct hf_error *err);
