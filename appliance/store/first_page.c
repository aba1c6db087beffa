// SPDX-License-Identifier: Apache-2.0
/*
 * The first page is the root of the schema, which says where each table begins. Once there are more
 * tables than fit on it, it only points to the pages that do: those are found by what they look
 * like, and a new root points to them. Where there are none the schema was on the lost page itself:
 * the step that makes a database puts the tables of version 1 always in the same places, so that
 * the first page of an empty one serves. Offsets: SQLite file format, §1.3, §1.6 and §2.1.
 */
#include "store/first_page.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    PAGE_SIZE = 4096,
    FILE_MAX = 64 * 1024 * 1024,
    HEADER_SIZE = 100,
    INTERIOR = 0x05,
    LEAF = 0x0d,
    INTERIOR_HEADER = 12,
    LEAF_HEADER = 8,
    LEAVES_MAX = 32,
    SCHEMA_COLUMNS = 5
};

/* A page of the schema. */
struct leaf {
    uint32_t page; /* from 1 */
    uint64_t last; /* the greatest row id on it */
};

static void
put_u32(unsigned char *at, uint32_t value)
{
    for (int i = 0; i < 4; i++)
        at[i] = (unsigned char)(value >> (24 - 8 * i));
}

static void
put_u16(unsigned char *at, size_t value)
{
    at[0] = (unsigned char)(value >> 8);
    at[1] = (unsigned char)value;
}

static size_t
get_u16(const unsigned char *at)
{
    return (size_t)at[0] << 8 | at[1];
}

/* ---- what looks like a page of the schema ---- */

/* Of at most eight bytes, as row ids and sizes of ours have; *at moves behind it. False past end.
 */
static bool
get_varint(const unsigned char **at, const unsigned char *end, uint64_t *ret)
{
    uint64_t value = 0;

    for (int i = 0; i < 8 && *at < end; i++) {
        unsigned char byte = *(*at)++;

        value = value << 7 | (byte & 0x7f);
        if (byte < 0x80) {
            *ret = value;
            return true;
        }
    }
    return false;
}

/* Moves to the record of a cell. */
static bool
open_cell(const unsigned char *page, size_t index, const unsigned char **ret_record,
          uint64_t *ret_rowid)
{
    const unsigned char *end = page + PAGE_SIZE;
    size_t offset = get_u16(page + LEAF_HEADER + 2 * index);
    uint64_t size;

    if (offset < LEAF_HEADER || offset >= PAGE_SIZE)
        return false;
    *ret_record = page + offset;
    return get_varint(ret_record, end, &size) && get_varint(ret_record, end, ret_rowid);
}

static bool
is_text(uint64_t type)
{
    return type >= 13 && type % 2 == 1;
}

/* type, name, tbl_name: text; rootpage: a number; sql: text, or NULL for an index of its own. */
static bool
is_schema_row(const unsigned char *record, const unsigned char *end)
{
    const unsigned char *at = record;
    uint64_t header, types[SCHEMA_COLUMNS];

    if (!get_varint(&at, end, &header))
        return false;
    for (int i = 0; i < SCHEMA_COLUMNS; i++)
        if (!get_varint(&at, end, &types[i]))
            return false;
    if (at != record + header || !is_text(types[0]) || !is_text(types[1]) || !is_text(types[2]) ||
        types[3] > 9 || (types[4] && !is_text(types[4])))
        return false;
    return end - at >= 5 && (memcmp(at, "table", 5) == 0 || memcmp(at, "index", 5) == 0);
}

static bool
is_schema_leaf(const unsigned char *page, uint64_t *ret_last)
{
    size_t cells = get_u16(page + 3);
    const unsigned char *record;
    uint64_t first;

    return page[0] == LEAF && cells > 0 && cells < PAGE_SIZE / 4 &&
           open_cell(page, 0, &record, &first) && is_schema_row(record, page + PAGE_SIZE) &&
           open_cell(page, cells - 1, &record, ret_last);
}

static int
compare_leaves(const void *a, const void *b)
{
    const struct leaf *x = a, *y = b;

    return (x->last > y->last) - (x->last < y->last);
}

static size_t
find_leaves(const unsigned char *image, uint32_t page_count, struct leaf leaves[LEAVES_MAX])
{
    size_t count = 0;

    for (uint32_t p = 1; p < page_count && count < LEAVES_MAX; p++)
        if (is_schema_leaf(image + (size_t)p * PAGE_SIZE, &leaves[count].last))
            leaves[count++].page = p + 1;
    qsort(leaves, count, sizeof *leaves, compare_leaves);
    return count;
}

/* ---- a new first page ---- */

static size_t
put_varint(unsigned char *at, uint64_t value)
{
    unsigned char reversed[10];
    size_t len = 0;

    do {
        reversed[len] = (unsigned char)((value & 0x7f) | (len ? 0x80 : 0));
        len++;
        value >>= 7;
    } while (value && len < sizeof reversed);
    for (size_t i = 0; i < len; i++)
        at[i] = reversed[len - 1 - i];
    return len;
}

/* A root that points to all of them, in the order of their rows. */
static void
put_root(unsigned char *page, const struct leaf *leaves, size_t count)
{
    unsigned char *root = page + HEADER_SIZE, cell[4 + 10];
    size_t free_to = PAGE_SIZE;

    memset(root, 0, PAGE_SIZE - HEADER_SIZE);
    root[0] = INTERIOR;
    put_u16(root + 3, count - 1);
    for (size_t i = 0; i + 1 < count; i++) {
        size_t len;

        put_u32(cell, leaves[i].page);
        len = 4 + put_varint(cell + 4, leaves[i].last);
        free_to -= len;
        memcpy(page + free_to, cell, len);
        put_u16(root + INTERIOR_HEADER + 2 * i, free_to);
    }
    put_u16(root + 5, free_to);
    put_u32(root + 8, leaves[count - 1].page);
}

static bool
put_first_page(unsigned char *image, uint32_t page_count)
{
    struct leaf leaves[LEAVES_MAX];
    size_t count = find_leaves(image, page_count, leaves);
    sqlite3 *empty = NULL;
    sqlite3_int64 size = 0;
    unsigned char *made = NULL;

    if (sqlite3_open(":memory:", &empty) == SQLITE_OK &&
        sqlite3_exec(empty, hf_db_migrations[0], NULL, NULL, NULL) == SQLITE_OK)
        made = sqlite3_serialize(empty, "main", &size, 0);
    if (made && size >= PAGE_SIZE) {
        memcpy(image, made, PAGE_SIZE);
        put_u32(image + 28, page_count);
        put_u32(image + 32, 0); /* no free pages */
        put_u32(image + 36, 0);
        if (count)
            put_root(image, leaves, count);
    }
    sqlite3_free(made);
    sqlite3_close(empty);
    return made && size >= PAGE_SIZE;
}

sqlite3 *
hf_first_page_open(const char *path)
{
    HF_AUTO_FCLOSE FILE *f = fopen(path, "re");
    unsigned char *image;
    sqlite3 *db = NULL;
    size_t size = 0;
    long end;

    if (!f || fseek(f, 0, SEEK_END) < 0 || (end = ftell(f)) < PAGE_SIZE || end > FILE_MAX)
        return NULL;
    if (fseek(f, 0, SEEK_SET) < 0)
        return NULL;
    size = (size_t)end / PAGE_SIZE * PAGE_SIZE;
    image = sqlite3_malloc64(size);
    if (!image || fread(image, 1, size, f) != size ||
        !put_first_page(image, (uint32_t)(size / PAGE_SIZE)) ||
        sqlite3_open(":memory:", &db) != SQLITE_OK) {
        sqlite3_free(image);
        sqlite3_close(db);
        return NULL;
    }
    /* takes image, on failure too */
    if (sqlite3_deserialize(db, "main", image, (sqlite3_int64)size, (sqlite3_int64)size,
                            SQLITE_DESERIALIZE_FREEONCLOSE | SQLITE_DESERIALIZE_READONLY) ==
        SQLITE_OK)
        return db;
    sqlite3_close(db);
    return NULL;
}
