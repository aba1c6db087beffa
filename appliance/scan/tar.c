// SPDX-License-Identifier: Apache-2.0
#include "scan/tar.h"

#include "base/text.h"

#include <string.h>

enum { BLOCK = 512, SIZE_FIELD = 12, CHECKSUM_FIELD = 8 };

struct header {
    char name[100], mode[8], uid[8], gid[8], size[SIZE_FIELD], mtime[12];
    char checksum[CHECKSUM_FIELD];
    char type, link[100], magic[6], version[2], uname[32], gname[32], major[8], minor[8];
    char prefix[155], padding[12];
};
_Static_assert(sizeof(struct header) == BLOCK, "as the standard has it");

/* Octal digits up to a blank or NUL; false where there is anything else. */
static bool
octal(const char *field, size_t len, size_t *ret)
{
    size_t value = 0, i = 0;

    while (i < len && field[i] >= '0' && field[i] <= '7')
        value = value * 8 + (size_t)(field[i++] - '0');
    *ret = value;
    return i > 0 && (i == len || field[i] == ' ' || field[i] == '\0');
}

/* The sum of all bytes, those of the sum itself taken as blanks. */
static bool
is_sound(const struct header *h)
{
    const unsigned char *bytes = (const unsigned char *)h;
    size_t sum = (size_t)CHECKSUM_FIELD * ' ', said;

    for (size_t i = 0; i < BLOCK; i++)
        if (i < offsetof(struct header, checksum) || i >= offsetof(struct header, type))
            sum += bytes[i];
    return octal(h->checksum, sizeof h->checksum, &said) && said == sum &&
           memcmp(h->magic, "ustar", 5) == 0;
}

static void
name_of(const struct header *h, char out[HF_TAR_NAME_SIZE])
{
    int prefix = (int)strnlen(h->prefix, sizeof h->prefix);
    int name = (int)strnlen(h->name, sizeof h->name);

    hf_text_put(out, HF_TAR_NAME_SIZE, "%.*s%s%.*s", prefix, h->prefix, prefix ? "/" : "", name,
                h->name);
}

bool
hf_tar_next(struct hf_slice *archive, struct hf_tar_file *ret_file)
{
    while (archive->len >= BLOCK) {
        struct header h;
        size_t size, whole;

        memcpy(&h, archive->data, sizeof h);
        if (!is_sound(&h) || !octal(h.size, sizeof h.size, &size))
            return false;
        archive->data += BLOCK;
        archive->len -= BLOCK;
        if (size > archive->len)
            return false;
        name_of(&h, ret_file->name);
        ret_file->content = (struct hf_slice){archive->data, size};
        whole = (size + BLOCK - 1) / BLOCK * BLOCK;
        whole = whole < archive->len ? whole : archive->len;
        archive->data += whole;
        archive->len -= whole;
        if (h.type == '0' || h.type == '\0')
            return true;
    }
    return false;
}
