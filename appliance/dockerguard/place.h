// SPDX-License-Identifier: Apache-2.0
/* Whether a path of the host is what it seems to be, and stays it. */
#pragma once

#include "base/error.h"

/*
 * Docker follows symbolic links in the source of a mount, when the container is made and again at
 * each start of it. So no part of the path may be one, and nobody but root and the user of this
 * process may be able to put one there later: each folder on the way belongs to one of them and
 * lets nobody else write (or is sticky, and what is next in it belongs to one of them), or lies on
 * a file system mounted with nosymfollow. What is not there yet is fine, as Docker makes folders.
 * The path itself must be a folder or a regular file. It has to be clean: hf_dguard_is_path().
 * FORBIDDEN with the reason and what to do.
 */
HF_MUST int hf_dguard_place_check(const char *path, struct hf_error *err);
