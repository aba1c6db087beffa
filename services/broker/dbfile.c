// SPDX-License-Identifier: Apache-2.0
#include "broker/dbfile.h"

#include <endian.h>
#include <errno.h>
#include <limits.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

enum {
    MAGIC_SIZE = 15,
    HEAD_SIZE = MAGIC_SIZE + 4 + 4, /* magic, checksum (always 0), version */
    CHUNK_HEAD = 8,
    FIXED_MAX = 32,
    NAME_MAX_BYTES = 64, /* names that we look for are shorter */
};

/* A chunk begins with a fixed struct as a 64-bit or ARM EABI compiler lays it out; then come parts
 * whose lengths stand in it, big endian. What may follow is properties. */
struct layout {
    uint32_t type;
    uint32_t fixed;      /* size of the struct in version 6 */
    uint32_t fixed_v5;   /* in version 5 */
    unsigned lengths[5]; /* where 16-bit lengths stand; 0 ends */
    unsigned length32;   /* where a 32-bit length stands; 0 for none */
    bool open_end;       /* properties may follow */
};

enum { TYPE_CFG = 1, TYPE_STORE, TYPE_CLIENT_MSG, TYPE_RETAIN, TYPE_SUB, TYPE_CLIENT };

static const struct layout layouts[] = {
    {TYPE_CFG, 16, 16, {0}, 0, false},        {TYPE_STORE, 32, 32, {22, 24, 26}, 16, true},
    {TYPE_CLIENT_MSG, 16, 16, {10}, 0, true}, {TYPE_RETAIN, 8, 8, {0}, 0, false},
    {TYPE_SUB, 12, 12, {4, 6}, 0, false},     {TYPE_CLIENT, 24, 16, {14, 18}, 0, false},
};

struct reader {
    FILE *f;
    uint64_t left; /* bytes of the file behind the present place */
    uint32_t version;
    struct hf_db_report *report;
    bool (*each)(void *ctx, const char *id); /* NULL: nobody asks for the clients */
    void *ctx;
};

static bool
take(struct reader *r, void *out, size_t len)
{
    if (len > r->left || fread(out, 1, len, r->f) != len)
        return false;
    r->left -= len;
    return true;
}

static bool
skip(struct reader *r, uint64_t len)
{
    if (len > r->left || fseeko(r->f, (off_t)len, SEEK_CUR) < 0)
        return false;
    r->left -= len;
    return true;
}

static uint16_t
be16(const unsigned char *p)
{
    return (uint16_t)(p[0] << 8 | p[1]);
}

static uint32_t
be32(const unsigned char *p)
{
    return (uint32_t)be16(p) << 16 | be16(p + 2);
}

static const struct layout *
layout_of(uint32_t type)
{
    for (size_t i = 0; i < HF_LEN(layouts); i++)
        if (layouts[i].type == type)
            return &layouts[i];
    return NULL;
}

/* Reads the client id and topic of a subscription; longer ones are none of ours. */
static bool
read_subscription(struct reader *r, const unsigned char *fixed)
{
    char id[NAME_MAX_BYTES] = "", topic[NAME_MAX_BYTES] = "";
    uint16_t id_len = be16(fixed + 4), topic_len = be16(fixed + 6);

    if (id_len >= sizeof id || topic_len >= sizeof topic)
        return skip(r, (uint64_t)id_len + topic_len);
    if (!take(r, id, id_len) || !take(r, topic, topic_len))
        return false;
    if (strcmp(id, "processor") == 0 && strncmp(topic, "field/", 6) == 0)
        r->report->processor = true;
    if (strcmp(id, "buffer") == 0 && strncmp(topic, "uplink/", 7) == 0)
        r->report->buffer = true;
    return true;
}

/* A session: its client id is the first part, and what else there is follows. */
static bool
read_client(struct reader *r, const unsigned char *fixed, uint32_t left)
{
    uint32_t id_len = be16(fixed + layout_of(TYPE_CLIENT)->lengths[0]);
    HF_AUTO_FREE char *id = r->each ? calloc(1, id_len + 1) : NULL;

    if (!r->each)
        return skip(r, left);
    return id && take(r, id, id_len) && r->each(r->ctx, id) && skip(r, left - id_len);
}

static bool
read_chunk(struct reader *r, const struct layout *l, uint32_t length)
{
    unsigned char fixed[FIXED_MAX];
    uint32_t size = r->version == 5 ? l->fixed_v5 : l->fixed;
    uint64_t parts = 0;

    if (length < size || !take(r, fixed, size))
        return false;
    for (size_t i = 0; i < HF_LEN(l->lengths) && l->lengths[i]; i++)
        if (l->lengths[i] + 2 <= size)
            parts += be16(fixed + l->lengths[i]);
    if (l->type == TYPE_STORE) /* the fourth 16-bit length, of the topic, stands at 24 */
        parts += be32(fixed + l->length32);
    if (l->open_end ? size + parts > length : size + parts != length)
        return false;
    if (l->type == TYPE_SUB)
        return read_subscription(r, fixed);
    if (l->type == TYPE_CLIENT)
        return read_client(r, fixed, length - size);
    return skip(r, length - size);
}

static enum hf_db_state
read_all(struct reader *r)
{
    static const char magic[MAGIC_SIZE] = "\0\xB5\0mosquitto db";
    unsigned char head[HEAD_SIZE];

    if (r->left == 0)
        return HF_DB_ABSENT;
    if (!take(r, head, sizeof head) || memcmp(head, magic, MAGIC_SIZE) != 0)
        return HF_DB_DAMAGED;
    r->version = be32(head + MAGIC_SIZE + 4);
    if (r->version != 5 && r->version != 6)
        return HF_DB_UNKNOWN;
    while (r->left) {
        unsigned char chunk[CHUNK_HEAD];
        const struct layout *l;

        if (!take(r, chunk, sizeof chunk))
            return HF_DB_DAMAGED;
        l = layout_of(be32(chunk));
        if (!l || !read_chunk(r, l, be32(chunk + 4)))
            return HF_DB_DAMAGED;
    }
    return HF_DB_SOUND;
}

int
hf_db_check(const char *path, struct hf_db_report *ret_report, struct hf_error *err)
{
    HF_AUTO_FCLOSE FILE *f = fopen(path, "rbe");
    struct reader r = {.f = f, .report = ret_report};
    struct stat st;

    *ret_report = (struct hf_db_report){.state = HF_DB_ABSENT};
    if (!f && errno == ENOENT)
        return 0;
    if (!f || fstat(fileno(f), &st) < 0)
        return hf_error_errno(err, errno, "cannot read '%s'", path);
    r.left = (uint64_t)st.st_size;
    ret_report->state = read_all(&r);
    if (ret_report->state != HF_DB_SOUND)
        ret_report->processor = ret_report->buffer = false;
    return 0;
}

int
hf_db_each_client(const char *path, bool (*each)(void *ctx, const char *id), void *ctx)
{
    HF_AUTO_FCLOSE FILE *f = fopen(path, "rbe");
    struct hf_db_report report = {.state = HF_DB_ABSENT};
    struct reader r = {.f = f, .report = &report, .each = each, .ctx = ctx};
    struct stat st;
    enum hf_db_state state;

    if (!f || fstat(fileno(f), &st) < 0)
        return -1;
    r.left = (uint64_t)st.st_size;
    state = read_all(&r);
    return state == HF_DB_SOUND || state == HF_DB_ABSENT ? 0 : -1;
}

int
hf_db_set_aside(const char *path, struct hf_error *err)
{
    char aside[PATH_MAX], older[PATH_MAX];

    if (snprintf(aside, sizeof aside, "%s.damaged", path) >= (int)sizeof aside ||
        snprintf(older, sizeof older, "%s.old", aside) >= (int)sizeof older)
        return hf_error_set(err, HF_ERROR_INVALID, "path too long: '%s'", path);
    if ((rename(aside, older) < 0 && errno != ENOENT) || rename(path, aside) < 0)
        return hf_error_errno(err, errno, "cannot set '%s' aside", path);
    return 0;
}
