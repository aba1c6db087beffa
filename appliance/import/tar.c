// SPDX-License-Identifier: Apache-2.0
#include "import/tar.h"

#include <stdio.h>
#include <string.h>

/* Places in the block. */
enum {
    NAME = 0,
    NAME_LEN = 100,
    MODE = 100,
    UID = 108,
    GID = 116,
    ID_LEN = 8,
    SIZE = 124,
    SIZE_LEN = 12,
    TIME = 136,
    SUM = 148,
    SUM_LEN = 8,
    TYPE = 156,
    LINK = 157,
    LINK_LEN = 100,
    MAGIC = 257,
    PREFIX = 345,
    PREFIX_LEN = 155,
    STAR_PREFIX_LEN = 131, /* of Schilling's tar, which keeps times behind it */
    STAR_TRAILER = 508,
    SUM_MOST = 0777777 /* 512 bytes of 255 are less */
};

static const char USTAR[] = {'u', 's', 't', 'a', 'r', '\0', '0', '0'};
static const uint64_t OCTAL_MOST = (UINT64_C(1) << 33) - 1; /* eleven digits */
static const uint64_t SIZE_MOST = INT64_MAX;

/* ---- writing ---- */

static void
put_size(char *field, uint64_t size)
{
    if (size <= OCTAL_MOST) {
        snprintf(field, SIZE_LEN, "%011llo", (unsigned long long)size);
        return;
    }
    memset(field, 0, SIZE_LEN);
    field[0] = (char)0x80; /* base 256 */
    for (int i = SIZE_LEN - 1; size > 0; i--, size >>= 8)
        field[i] = (char)(size & 0xff);
}

static void
sums(const char *block, int64_t *ret_unsigned, int64_t *ret_signed)
{
    *ret_unsigned = *ret_signed = 0;
    for (int i = 0; i < HF_TAR_BLOCK; i++) {
        char c = block[i];

        if (i >= SUM && i < SUM + SUM_LEN)
            c = ' ';
        *ret_unsigned += (unsigned char)c;
        *ret_signed += (signed char)c;
    }
}

void
hf_tar_put(char block[HF_TAR_BLOCK], const char *name, uint64_t size)
{
    int64_t sum, ignored;

    memset(block, 0, HF_TAR_BLOCK);
    memcpy(block + NAME, name, strnlen(name, NAME_LEN));
    snprintf(block + MODE, ID_LEN, "%07o", 0444U);
    snprintf(block + UID, ID_LEN, "%07o", 0U);
    snprintf(block + GID, ID_LEN, "%07o", 0U);
    put_size(block + SIZE, size);
    snprintf(block + TIME, SIZE_LEN, "%011o", 0U);
    block[TYPE] = '0';
    memcpy(block + MAGIC, USTAR, sizeof USTAR);
    sums(block, &sum, &ignored);
    snprintf(block + SUM, SUM_LEN, "%06o", (unsigned)sum & SUM_MOST);
    block[SUM + SUM_LEN - 1] = ' ';
}

size_t
hf_tar_padding(uint64_t size)
{
    return (size_t)((HF_TAR_BLOCK - size % HF_TAR_BLOCK) % HF_TAR_BLOCK);
}

/* ---- reading ---- */

bool
hf_tar_is_zero(const char block[HF_TAR_BLOCK])
{
    for (int i = 0; i < HF_TAR_BLOCK; i++)
        if (block[i])
            return false;
    return true;
}

static bool
read_base256(const unsigned char *field, size_t len, uint64_t *ret)
{
    uint64_t value = field[0] & 0x3f;

    if (field[0] & 0x40) /* negative */
        return false;
    for (size_t i = 1; i < len; i++) {
        if (value > SIZE_MOST >> 8)
            return false;
        value = value << 8 | field[i];
    }
    *ret = value;
    return true;
}

/* Octal digits between blanks and NULs; none are 0. */
static bool
read_number(const char *field, size_t len, uint64_t *ret)
{
    uint64_t value = 0;
    size_t i = 0;

    if (field[0] & 0x80)
        return read_base256((const unsigned char *)field, len, ret);
    while (i < len && (field[i] == ' ' || field[i] == '\0'))
        i++;
    for (; i < len && field[i] >= '0' && field[i] <= '7'; i++)
        value = value << 3 | (uint64_t)(field[i] - '0');
    for (; i < len; i++)
        if (field[i] != ' ' && field[i] != '\0')
            return false;
    *ret = value;
    return true;
}

static void
read_name(const char *block, struct hf_tar_header *ret)
{
    size_t prefix_max = 0, prefix;

    if (memcmp(block + MAGIC, "ustar", 6) == 0) /* with its NUL: GNU's has a blank there */
        prefix_max = memcmp(block + STAR_TRAILER, "tar", 4) == 0 ? STAR_PREFIX_LEN : PREFIX_LEN;
    prefix = strnlen(block + PREFIX, prefix_max);
    snprintf(ret->name, sizeof ret->name, "%.*s%s%.*s", (int)prefix, block + PREFIX,
             prefix ? "/" : "", NAME_LEN, block + NAME);
    snprintf(ret->link, sizeof ret->link, "%.*s", LINK_LEN, block + LINK);
}

int
hf_tar_read(const char block[HF_TAR_BLOCK], struct hf_tar_header *ret, struct hf_error *err)
{
    int64_t as_unsigned, as_signed;
    uint64_t sum, size;

    sums(block, &as_unsigned, &as_signed);
    if (!read_number(block + SUM, SUM_LEN, &sum) ||
        ((int64_t)sum != as_unsigned && (int64_t)sum != as_signed))
        return hf_error_set(err, HF_ERROR_INVALID, "a header has a wrong checksum");
    if (!read_number(block + SIZE, SIZE_LEN, &size) || size > SIZE_MOST)
        return hf_error_set(err, HF_ERROR_INVALID, "a header has a size that is no number");
    read_name(block, ret);
    ret->size = size;
    ret->type = block[TYPE];
    if (!ret->type)
        ret->type = '0';
    return 0;
}
