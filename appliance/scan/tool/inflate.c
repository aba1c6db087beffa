// SPDX-License-Identifier: Apache-2.0
#include "tool/tool.h"

#include <errno.h>
#include <zlib.h>

enum { PIECE = 65536, ANY_HEADER = MAX_WBITS + 32 /* zlib or gzip, as the data says */ };

static const long long PLAIN_MAX = 1024LL * 1024 * 1024; /* of what unpacks to more than that */

static int
inflate_piece(z_stream *z, FILE *to, long long *written, int *ret_end)
{
    unsigned char out[PIECE];

    do {
        size_t len;

        z->next_out = out;
        z->avail_out = sizeof out;
        *ret_end = inflate(z, Z_NO_FLUSH);
        if (*ret_end != Z_OK && *ret_end != Z_STREAM_END && *ret_end != Z_BUF_ERROR)
            return -1;
        len = sizeof out - z->avail_out;
        *written += (long long)len;
        if (*written > PLAIN_MAX || fwrite(out, 1, len, to) != len)
            return -1;
    } while (z->avail_out == 0 && *ret_end != Z_STREAM_END);
    return 0;
}

static int
inflate_file(FILE *from, FILE *to)
{
    unsigned char in[PIECE];
    z_stream z = {0};
    long long written = 0;
    int end = Z_OK, rc = 0;

    if (inflateInit2(&z, ANY_HEADER) != Z_OK)
        return -1;
    while (rc == 0 && end != Z_STREAM_END) {
        z.next_in = in;
        z.avail_in = (unsigned)fread(in, 1, sizeof in, from);
        rc = z.avail_in == 0 ? -1 : inflate_piece(&z, to, &written, &end);
    }
    inflateEnd(&z);
    return rc < 0 || fflush(to) != 0 ? -1 : 0;
}

/* By the first byte (RFC 1950, 2.2, as everybody's zlib has it; RFC 1952, 2.3.1): f may be a pipe.
 * No text that is read here begins so. */
static bool
is_compressed(FILE *f)
{
    int first = fgetc(f);

    ungetc(first, f);
    return first == 0x1f || first == 0x78;
}

int
tool_open(const char *path, FILE **ret_file, struct hf_error *err)
{
    HF_AUTO_FCLOSE FILE *f = fopen(path, "re");
    HF_AUTO_FCLOSE FILE *plain = NULL;

    if (!f)
        return hf_error_errno(err, errno, "cannot read '%s'", path);
    if (!is_compressed(f)) {
        *ret_file = hf_steal(&f);
        return 0;
    }
    plain = tmpfile();
    if (!plain || inflate_file(f, plain) < 0 || fseek(plain, 0, SEEK_SET) < 0)
        return hf_error_set(err, HF_ERROR_INVALID,
                            "'%s' cannot be unpacked: it is cut, damaged, or larger than 1 GiB",
                            path);
    *ret_file = hf_steal(&plain);
    return 0;
}
