// SPDX-License-Identifier: Apache-2.0
#include "buffer/crc32.h"

#include <pthread.h>

enum { SLICES = 8 };

static const uint32_t polynomial = 0xEDB88320U; /* reflected */
static uint32_t table[SLICES][256];

static void
fill_table(void)
{
    for (uint32_t i = 0; i < 256; i++) {
        uint32_t crc = i;

        for (int bit = 0; bit < 8; bit++)
            crc = crc & 1 ? crc >> 1 ^ polynomial : crc >> 1;
        table[0][i] = crc;
    }
    for (int s = 1; s < SLICES; s++)
        for (uint32_t i = 0; i < 256; i++)
            table[s][i] = table[s - 1][i] >> 8 ^ table[0][table[s - 1][i] & 255];
}

/* Eight bytes a step ("slicing by 8"). */
uint32_t
hf_crc32(const void *data, size_t len)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    const unsigned char *p = data;
    uint32_t crc = 0xFFFFFFFFU;

    pthread_once(&once, fill_table);
    for (; len >= SLICES; len -= SLICES, p += SLICES) {
        uint32_t low = crc ^ ((uint32_t)p[0] | (uint32_t)p[1] << 8 | (uint32_t)p[2] << 16 |
                              (uint32_t)p[3] << 24);

        crc = table[7][low & 255] ^ table[6][low >> 8 & 255] ^ table[5][low >> 16 & 255] ^
              table[4][low >> 24] ^ table[3][p[4]] ^ table[2][p[5]] ^ table[1][p[6]] ^
              table[0][p[7]];
    }
    for (; len; len--, p++)
        crc = crc >> 8 ^ table[0][(crc ^ *p) & 255];
    return ~crc;
}
