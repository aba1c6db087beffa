// SPDX-License-Identifier: Apache-2.0
/* Inside the store: the database's files and what they are called. */
#pragma once

#include "store/db.h"

/* dir/holdfast.db and suffix. */
void hf_files_path(const struct hf_store *st, const char *suffix, char out[PATH_MAX]);

bool hf_files_exist(const struct hf_store *st, const char *suffix);

/* Takes the folder for this process. */
HF_MUST int hf_files_lock(struct hf_store *st, struct hf_error *err);

#define HF_FILES_NEW ".new"
#define HF_FILES_RESET ".reset"
#define HF_FILES_RESET_NEW ".reset-new"

/* An empty dir/holdfast.db<suffix>, 0600, in place of one that was cut short. */
HF_MUST int hf_files_make(const struct hf_store *st, const char *suffix, struct hf_error *err);

/* Makes dir/holdfast.db.new another name of that file, in place of what is there. */
HF_MUST int hf_files_link_new(struct hf_store *st, const char *suffix, struct hf_error *err);

enum { HF_STORE_ASIDE_SUFFIX = 64 };

/* Sets suffix to ".corrupt-<time>", one that nothing has yet. */
void hf_files_pick_aside(const struct hf_store *st, char suffix[HF_STORE_ASIDE_SUFFIX]);

/* Moves database, log and index (those that are there) to that name, then forgets all but the
 * newest HF_STORE_ASIDE_MAX of them. */
HF_MUST int hf_files_set_aside(struct hf_store *st, const char *suffix, struct hf_error *err);

/* Gives dir/holdfast.db.new its final name, for good. */
HF_MUST int hf_files_install_new(struct hf_store *st, struct hf_error *err);

/* The same of HF_FILES_RESET_NEW and HF_FILES_RESET: the reset will be. */
HF_MUST int hf_files_promise_reset(struct hf_store *st, struct hf_error *err);
/* Takes away all that the store has in its folder, and gives HF_FILES_RESET its final name. */
HF_MUST int hf_files_finish_reset(struct hf_store *st, struct hf_error *err);
/* Fine where it is not there. */
void hf_files_remove(const struct hf_store *st, const char *suffix);
