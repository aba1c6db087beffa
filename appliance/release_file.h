// SPDX-License-Identifier: Apache-2.0
/* The release that holdfastd is started with: a file, and its signature beside it. */
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
