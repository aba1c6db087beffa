// SPDX-License-Identifier: Apache-2.0
/* What a start says of releases, before anything runs: which one, in a file or a bundle, and who
 * must have signed it. */
#pragma once

#include "model/settings.h"
#include "store/store.h"

/* The file is the release to run, unless it was given the last time too: what was applied since
 * stays. What has run here is the floor; a lower counter is taken only where somebody asks for it,
 * which a file at the start does not. */
HF_MUST int hf_start_release_file(struct hf_store *store, const struct hf_settings *settings,
                                  const char *path, struct hf_error *err);

/* The release of the bundle is the one to run where there is none; else it is made known, to be
 * applied like any other. No file is no error: it may come later. */
HF_MUST int hf_start_release_bundle(struct hf_store *store, const struct hf_settings *settings,
                                    const char *path, struct hf_error *err);

/* The key in a file of minisign's is the configuration's only one, where there is no configuration
 * yet: its first revision. */
HF_MUST int hf_start_release_key(struct hf_store *store, const char *path, struct hf_error *err);

/* Whether that revision is all the configuration there is. */
bool hf_start_release_key_alone(struct hf_store *store);
