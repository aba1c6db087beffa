// SPDX-License-Identifier: Apache-2.0
/* The release that holdfastd is started with: a file and its signature beside it, or a bundle. */
#pragma once

#include "model/release.h"
#include "model/settings.h"

/* Reads path and, where the settings have release_keys, path.minisig; the signature is checked
 * before anything in the file is looked at. Refuses what this holdfastd cannot run. The error
 * begins with path. Give ret_release back with hf_release_done(); signature gets the text of the
 * signature that was checked, nothing where there are no keys. */
HF_MUST int hf_release_file_read(const char *path, const struct hf_settings *settings,
                                 struct hf_release *ret_release, struct hf_buf *signature,
                                 struct hf_error *err);

/* The same of a bundle (import/bundle.h) on this machine's disk, of which no more is read.
 * NOT_FOUND where there is none. */
HF_MUST int hf_release_bundle_read(const char *path, const struct hf_settings *settings,
                                   struct hf_release *ret_release, struct hf_buf *signature,
                                   struct hf_error *err);
