// SPDX-License-Identifier: Apache-2.0
/* Files out of a tar archive in memory (POSIX.1-1988, ustar). Private to the folder. */
#pragma once

#include "base/buf.h"

#include <stdbool.h>

enum { HF_TAR_NAME_SIZE = 257 };

struct hf_tar_file {
    char name[HF_TAR_NAME_SIZE];
    struct hf_slice content; /* borrowed */
};

/* Takes the next regular file from the front of archive; false at its end, or where it is no
 * archive any more. Folders, links and the like are passed over, and so are names that need an
 * extension. */
bool hf_tar_next(struct hf_slice *archive, struct hf_tar_file *ret_file);
