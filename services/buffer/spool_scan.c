// SPDX-License-Identifier: Apache-2.0
#include "buffer/spool_scan.h"

#include <string.h>
#include <unistd.h>

enum {
    PAGE = HF_SPOOL_PAGE, /* without reserved bytes, as our files are made */
    NUMBER = 4,           /* bytes of a page's number */
    /* A leaf of a table: its kind, the count of its cells, and where each begins. */
    LEAF = 0x0d,
    LEAF_COUNT_AT = 3,
    LEAF_HEAD = 8,
    CELL_POINTER = 2,
    /* How much of a row lies in its leaf: all up to MOST, or so much more than LEAST that what
     * follows fills overflow pages. */
    LOCAL_MOST = PAGE - 35,
    LOCAL_LEAST = (PAGE - 12) * 32 / 255 - 23,
    OVERFLOW_ROOM = PAGE - NUMBER,
    /* The pointer map: a page of entries, and then the pages that they are of. */
    MAP_FIRST = 2,
    MAP_ENTRY = 5,
    MAP_ENTRIES = PAGE / MAP_ENTRY,
    MAP_ROOT = 1,
    MAP_LAST_KIND = 5,
    MAP_TREE = 5,
    LOCK_PAGE = 0x40000000 / PAGE + 1, /* never used, for what SQLite locks lies there */
    ROW_MAX = 96 * 1024 * 1024,        /* lines, topics and spans at their most */
    COLUMNS = 15,
    TOPICS = 12,
    SPANS = 13,
    BODY = 14,
};

struct scan {
    int fd;
    uint32_t pages;
    uint32_t map_page; /* whose entries are in map */
    unsigned char map[PAGE];
    struct hf_buf row;
    hf_spool_scan_each *each;
    void *ctx;
};

static uint32_t
get16(const unsigned char *p)
{
    return (uint32_t)p[0] << 8 | p[1];
}

static uint32_t
get32(const unsigned char *p)
{
    return get16(p) << 16 | get16(p + 2);
}

static bool
read_page(const struct scan *s, uint32_t page, unsigned char to[PAGE])
{
    return page > 0 && page <= s->pages && pread(s->fd, to, PAGE, (off_t)(page - 1) * PAGE) == PAGE;
}

/* ---- which pages ---- */

/* Whether the page may belong to a tree: the pointer map says so, or does not say. */
static bool
may_be_tree(struct scan *s, uint32_t page)
{
    uint32_t map = (page - MAP_FIRST) / (MAP_ENTRIES + 1) * (MAP_ENTRIES + 1) + MAP_FIRST;
    unsigned char kind;
    size_t at;

    map += map == LOCK_PAGE;
    if (page <= map || page == LOCK_PAGE)
        return false;
    if (s->map_page != map) {
        if (!read_page(s, map, s->map))
            memset(s->map, 0, sizeof s->map);
        s->map_page = map;
    }
    at = (size_t)(page - map - 1) * MAP_ENTRY;
    if (at >= PAGE)
        return true;
    kind = s->map[at];
    return kind == MAP_ROOT || kind == MAP_TREE || kind == 0 || kind > MAP_LAST_KIND;
}

/* ---- rows ---- */

/* Big-endian groups of seven bits; a ninth byte has eight. */
static bool
get_varint(const unsigned char **at, const unsigned char *end, uint64_t *ret)
{
    enum { LAST = 8 };

    *ret = 0;
    for (int i = 0; *at < end; i++) {
        unsigned char c = *(*at)++;

        if (i == LAST) {
            *ret = *ret << 8 | c;
            return true;
        }
        *ret = *ret << 7 | (c & 0x7F);
        if (!(c & 0x80))
            return true;
    }
    return false;
}

struct column {
    uint64_t kind;
    const unsigned char *data;
    size_t len;
};

static bool
is_blob(uint64_t kind)
{
    return kind >= 12 && kind % 2 == 0;
}

static bool
is_integer(uint64_t kind)
{
    return (kind >= 1 && kind <= 6) || kind == 8 || kind == 9;
}

static uint64_t
length_of(uint64_t kind)
{
    static const unsigned char lengths[] = {0, 1, 2, 3, 4, 6, 8, 8, 0, 0, 0, 0};

    return kind < HF_LEN(lengths) ? lengths[kind] : (kind - 12) / 2;
}

/* Reads the head of a row, and sees whether it has the columns of a block, and the length. */
static bool
read_columns(const unsigned char *row, size_t local, uint64_t len, struct column c[COLUMNS])
{
    const unsigned char *at = row, *end = row + local;
    uint64_t head, place;

    if (!get_varint(&at, end, &head) || head > local)
        return false;
    end = row + head;
    place = head;
    for (int i = 0; i < COLUMNS; i++) {
        bool fits;

        if (!get_varint(&at, end, &c[i].kind) || length_of(c[i].kind) > len - place)
            return false;
        if (i == 0)
            fits = c[i].kind == 0; /* it is the row's id */
        else if (i < TOPICS)
            fits = is_integer(c[i].kind);
        else
            fits = is_blob(c[i].kind) || (i == SPANS && c[i].kind == 0);
        if (!fits)
            return false;
        c[i].len = (size_t)length_of(c[i].kind);
        place += c[i].len;
    }
    return at == end && place == len;
}

static int64_t
integer_of(const struct column *c)
{
    uint64_t value = c->len && (c->data[0] & 0x80) ? UINT64_MAX : 0;

    if (!c->len)
        return c->kind == 9; /* 8 and 9 stand for 0 and 1 */
    for (size_t i = 0; i < c->len; i++)
        value = value << 8 | c->data[i];
    return (int64_t)value;
}

/* Puts the whole row together from its leaf and the pages that follow. */
static bool
gather(struct scan *s, const unsigned char *local, size_t local_len, uint64_t len)
{
    unsigned char page[PAGE];
    uint64_t left = len - local_len;
    uint32_t next = left ? get32(local + local_len) : 0;

    hf_buf_clear(&s->row);
    if (hf_buf_add(&s->row, local, local_len, NULL) < 0)
        return false;
    while (left) {
        size_t n = left < OVERFLOW_ROOM ? (size_t)left : OVERFLOW_ROOM;

        if (!read_page(s, next, page) || hf_buf_add(&s->row, page + NUMBER, n, NULL) < 0)
            return false;
        next = get32(page);
        left -= n;
    }
    return true;
}

static bool
make_block(const struct hf_buf *row, int64_t id, struct column c[COLUMNS], struct hf_block_row *b)
{
    const unsigned char *at = (const unsigned char *)row->data, *end = at + row->len;
    uint64_t head;
    int64_t lane;

    if (!get_varint(&at, end, &head))
        return false;
    at = (const unsigned char *)row->data + head;
    for (int i = 0; i < COLUMNS; at += c[i++].len)
        c[i].data = at;
    lane = integer_of(&c[1]);
    if (lane < HF_LANE_ALARM || lane >= HF_LANE_COUNT)
        return false;
    *b = (struct hf_block_row){
        .id = id,
        .lane = (enum hf_lane)lane,
        .epoch = (uint32_t)integer_of(&c[2]),
        .first = (uint64_t)integer_of(&c[3]),
        .last = (uint64_t)integer_of(&c[4]),
        .count = (uint64_t)integer_of(&c[5]),
        .weight = (uint64_t)integer_of(&c[6]),
        .mask = (unsigned)integer_of(&c[7]),
        .oldest_ms = integer_of(&c[8]),
        .newest_ms = integer_of(&c[9]),
        .raw = (uint64_t)integer_of(&c[10]),
        .crc = (uint32_t)integer_of(&c[11]),
        .topics = c[TOPICS].data,
        .topics_len = c[TOPICS].len,
        .spans = c[SPANS].kind ? c[SPANS].data : NULL,
        .spans_len = c[SPANS].len,
        .body = c[BODY].data,
        .body_len = c[BODY].len,
    };
    return hf_spool_block_sound(b);
}

static int
take_cell(struct scan *s, const unsigned char *page, size_t at, struct hf_error *err)
{
    const unsigned char *from = page + at, *end = page + PAGE;
    struct column columns[COLUMNS] = {{0}};
    struct hf_block_row b;
    uint64_t len, id;
    size_t local;

    if (!get_varint(&from, end, &len) || !get_varint(&from, end, &id) || len == 0 ||
        len > ROW_MAX || len > (uint64_t)s->pages * PAGE)
        return 0;
    local = (size_t)len;
    if (len > LOCAL_MOST) {
        local = LOCAL_LEAST + (size_t)((len - LOCAL_LEAST) % OVERFLOW_ROOM);
        if (local > LOCAL_MOST)
            local = LOCAL_LEAST;
    }
    if ((size_t)(end - from) < local + (local < len ? NUMBER : 0))
        return 0;
    if (!read_columns(from, local, len, columns) || !gather(s, from, local, len) ||
        !make_block(&s->row, (int64_t)id, columns, &b))
        return 0;
    return s->each(s->ctx, &b, err);
}

static int
take_page(struct scan *s, uint32_t number, struct hf_error *err)
{
    unsigned char page[PAGE];
    uint32_t cells;

    if (!may_be_tree(s, number) || !read_page(s, number, page) || page[0] != LEAF)
        return 0;
    cells = get16(page + LEAF_COUNT_AT);
    for (size_t at = LEAF_HEAD; cells-- && at + CELL_POINTER <= PAGE; at += CELL_POINTER) {
        size_t cell = get16(page + at);

        if (cell >= LEAF_HEAD && cell < PAGE && take_cell(s, page, cell, err) < 0)
            return -1;
    }
    return 0;
}

int
hf_spool_scan(int fd, hf_spool_scan_each *each, void *ctx, struct hf_error *err)
{
    struct scan s = {.fd = fd, .row = HF_BUF_INIT(ROW_MAX + 1), .each = each, .ctx = ctx};
    off_t size = lseek(fd, 0, SEEK_END);
    int rc = 0;

    s.pages = size > 0 && size / PAGE < UINT32_MAX ? (uint32_t)(size / PAGE) : 0;
    for (uint32_t page = MAP_FIRST + 1; rc == 0 && page <= s.pages; page++)
        rc = take_page(&s, page, err);
    hf_buf_done(&s.row);
    return rc;
}
