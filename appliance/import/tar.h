// SPDX-License-Identifier: Apache-2.0
/* Headers of tar archives (POSIX.1-2017, pax, "ustar Interchange Format"; GNU tar manual, "Basic
 * Tar Format"), read as Go's archive/tar does, which is what Docker reads them with. */
#pragma once

#include "base/error.h"

#include <stdbool.h>
#include <stdint.h>

enum { HF_TAR_BLOCK = 512, HF_TAR_NAME_SIZE = 260, HF_TAR_LINK_SIZE = 101 };

struct hf_tar_header {
    char name[HF_TAR_NAME_SIZE]; /* with its prefix */
    char link[HF_TAR_LINK_SIZE];
    char type;     /* '0' for a regular file, also where the archive has a NUL */
    uint64_t size; /* of what follows, without the padding */
};

/* Writes the header of a regular file that everybody may read, of 1970; name has at most 100 bytes.
 */
void hf_tar_put(char block[HF_TAR_BLOCK], const char *name, uint64_t size);

/* Bytes of zeros that follow a content of so many bytes. */
size_t hf_tar_padding(uint64_t size);

bool hf_tar_is_zero(const char block[HF_TAR_BLOCK]);

/* INVALID where it is no header. */
HF_MUST int hf_tar_read(const char block[HF_TAR_BLOCK], struct hf_tar_header *ret,
                        struct hf_error *err);
