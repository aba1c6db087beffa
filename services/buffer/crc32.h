// SPDX-License-Identifier: Apache-2.0
/* CRC-32 (IEEE 802.3), to notice that a disk gives back other bytes than it was given. */
#pragma once

#include <stddef.h>
#include <stdint.h>

uint32_t hf_crc32(const void *data, size_t len);
