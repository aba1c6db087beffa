// SPDX-License-Identifier: Apache-2.0
#include "buffer/look.h"

#include "base/text.h"
#include "buffer/block.h"
#include "buffer/look_cut.h"
#include "common/line.h"
#include "common/record.h"

#include <stdio.h>
#include <string.h>

enum {
    FETCH_BYTES = 256 * 1024, /* of compressed blocks at once */
    PIECE_BYTES = 64 * 1024,  /* of an export */
    LINES_MOST = 1024 * 1024, /* lines of one block; more are no block of ours */
};

/* One page or export in the making. */
struct look {
    const struct hf_look_ask *ask;
    struct hf_read_ask read;
    struct hf_read got;
    struct hf_buf lines; /* of one block */
    struct hf_buf work;
};

static bool
wants_topic(void *ctx, const char *topic, size_t len)
{
    const struct hf_look_ask *ask = ctx;

    return hf_topic_matches(ask->filter, topic, len);
}

static void
look_init(struct look *l, const struct hf_look_ask *ask)
{
    *l = (struct look){
        .ask = ask,
        .read =
            {
                .lane = ask->lane,
                .oldest_first = ask->oldest_first,
                .max_blocks = HF_READ_BLOCKS_MAX,
                .max_bytes = FETCH_BYTES,
                .from_ms = ask->from_ms,
                .to_ms = ask->to_ms,
                .wants_topic = *ask->filter ? wants_topic : NULL,
                .ctx = (void *)(uintptr_t)ask,
            },
        .lines = HF_BUF_INIT(HF_LOOK_LINES_MAX),
        .work = HF_BUF_INIT(HF_LINE_TOPIC_MAX),
    };
}

static void
look_done(struct look *l)
{
    hf_buf_done(&l->got.body);
    hf_buf_done(&l->lines);
    hf_buf_done(&l->work);
}

static int
read_blocks(struct hf_spool *spool, void *ctx, struct hf_error *err)
{
    struct look *l = ctx;

    return hf_spool_read(spool, &l->read, &l->got, err);
}

static int
fetch(struct hf_owner *o, struct look *l, struct hf_error *err)
{
    hf_buf_done(&l->got.body);
    l->got = (struct hf_read){0};
    return hf_owner_read(o, read_blocks, l, err);
}

static int
unpack(struct look *l, const struct hf_read_block *b, struct hf_error *err)
{
    hf_buf_clear(&l->lines);
    return hf_block_unpack(l->got.body.data + b->at, b->len, &l->lines, err);
}

/* 1 where the line is wanted, 0 where not. */
static int
wanted(struct look *l, const char *line, size_t len, struct hf_line *ret_line, struct hf_error *err)
{
    const struct hf_look_ask *ask = l->ask;
    const char *topic;
    size_t topic_len;

    if (!hf_line_read(line, len, ret_line))
        return hf_error_set(err, HF_ERROR_INTERNAL, "a line on disk is none of ours");
    if (ask->from_ms > 0 || ask->to_ms < INT64_MAX) {
        int64_t ms = hf_line_time_ms(ret_line);

        if (ms < ask->from_ms || ms > ask->to_ms)
            return 0;
    }
    if (!*ask->filter)
        return 1;
    if (hf_line_topic(ret_line, &l->work, &topic, &topic_len, err) < 0)
        return -1;
    return hf_topic_matches(ask->filter, topic, topic_len);
}

/* ---- pages ---- */

/* `BLOCK-SEQ`: go on in that block behind that number; 0: with the whole block. */
struct cursor {
    uint64_t block, seq;
};

static int
read_cursor(const char *text, struct cursor *ret_cursor, struct hf_error *err)
{
    char block[HF_CURSOR_SIZE];
    const char *dash = strchr(text, '-');
    struct cursor c = {0};

    *ret_cursor = c;
    if (!*text)
        return 0;
    hf_text_put(block, sizeof block, "%.*s", dash ? (int)(dash - text) : 0, text);
    if (!dash || !hf_text_u64(block, &c.block) || !hf_text_u64(dash + 1, &c.seq) ||
        c.block > INT64_MAX)
        return hf_error_set(err, HF_ERROR_MALFORMED,
                            "cursor: expected what next said in the answer before");
    *ret_cursor = c;
    return 0;
}

struct page {
    struct look look;
    struct hf_buf *out;
    struct cursor from, next;
    unsigned count, blocks;
    bool full;
};

/* Adds the line as an object with its lane. */
static int
add_record(struct page *p, const char *line, size_t len, enum hf_lane lane, struct hf_error *err)
{
    if (hf_buf_adds(p->out, p->count ? ",\n" : "", err) < 0 ||
        hf_look_add_line(line, len, p->out, err) < 0)
        return -1;
    p->count++;
    return hf_buf_addf(p->out, err, ",\"lane\":\"%s\"}", hf_lane_name(lane));
}

/* The bounds of each line; they are at most as many as the block has records. */
static size_t *
find_lines(const struct hf_buf *lines, size_t *ret_count, struct hf_error *err)
{
    size_t *at, count = 0, n = 0;

    for (const char *c = lines->data; c && (c = strchr(c, '\n')); c++)
        count++;
    at = count > LINES_MOST ? NULL : calloc(count + 1, sizeof *at);
    if (!at) {
        hf_error_nomem(err);
        return NULL;
    }
    for (const char *c = lines->data; c && (c = strchr(c, '\n')); c++)
        at[++n] = (size_t)(c - lines->data) + 1;
    *ret_count = count;
    return at;
}

static bool
behind_cursor(const struct page *p, const struct hf_read_block *b, uint64_t seq)
{
    if (!p->from.seq || (uint64_t)b->id != p->from.block)
        return true;
    return p->look.ask->oldest_first ? seq > p->from.seq : seq < p->from.seq;
}

static int
page_block(struct page *p, const struct hf_read_block *b, struct hf_error *err)
{
    HF_AUTO_FREE size_t *at = NULL;
    size_t count;

    if (unpack(&p->look, b, err) < 0)
        return -1;
    at = find_lines(&p->look.lines, &count, err);
    if (!at)
        return -1;
    for (size_t i = 0; i < count; i++) {
        size_t k = p->look.ask->oldest_first ? i : count - 1 - i;
        const char *line = p->look.lines.data + at[k];
        size_t len = at[k + 1] - at[k];
        struct hf_line l;
        int rc = wanted(&p->look, line, len, &l, err);

        if (rc < 0)
            return -1;
        if (rc == 0 || !behind_cursor(p, b, l.seq))
            continue;
        if (p->count == p->look.ask->limit || p->out->len > HF_LOOK_PAGE_BYTES) {
            p->full = true;
            return 0;
        }
        if (add_record(p, line, len, b->lane, err) < 0)
            return -1;
        p->next = (struct cursor){(uint64_t)b->id, l.seq};
    }
    return 0;
}

static int
fill_page(struct hf_owner *o, struct page *p, struct hf_error *err)
{
    struct look *l = &p->look;

    l->read.from_block = (int64_t)p->from.block;
    do {
        if (fetch(o, l, err) < 0)
            return -1;
        for (size_t i = 0; i < l->got.count && !p->full; i++)
            if (page_block(p, &l->got.blocks[i], err) < 0)
                return -1;
        if (p->full)
            return 0;
        p->blocks += HF_READ_BLOCKS_MAX;
        p->next = (struct cursor){(uint64_t)l->got.next_block, 0};
        l->read.from_block = l->got.next_block;
    } while (l->got.next_block && p->blocks < HF_LOOK_BLOCKS_MAX);
    return 0;
}

int
hf_look_page(struct hf_owner *o, const struct hf_look_ask *ask, struct hf_buf *page,
             struct hf_error *err)
{
    struct page p = {.out = page};
    int rc;

    if (read_cursor(ask->cursor, &p.from, err) < 0 || hf_buf_adds(page, "{\"records\":[", err) < 0)
        return -1;
    look_init(&p.look, ask);
    rc = fill_page(o, &p, err);
    look_done(&p.look);
    if (rc < 0)
        return -1;
    if (!p.next.block)
        return hf_buf_adds(page, "],\"next\":null}", err);
    return hf_buf_addf(page, err, "],\"next\":\"%llu-%llu\"}", (unsigned long long)p.next.block,
                       (unsigned long long)p.next.seq);
}

/* ---- export ---- */

struct export
{
    struct look look;
    struct hf_buf out;
    bool (*write)(void *ctx, const char *lines, size_t len);
    void *ctx;
};

static int
flush(struct export *e, struct hf_error *err)
{
    if (e->out.len && !e->write(e->ctx, e->out.data, e->out.len))
        return hf_error_set(err, HF_ERROR_UPSTREAM, "the reader is gone");
    hf_buf_clear(&e->out);
    return 0;
}

static int
export_block(struct export *e, const struct hf_read_block *b, struct hf_error *err)
{
    const char *at, *end, *next;

    if (unpack(&e->look, b, err) < 0)
        return -1;
    at = e->look.lines.data;
    end = at + e->look.lines.len;
    for (; at < end; at = next) {
        const char *newline = memchr(at, '\n', (size_t)(end - at));
        struct hf_line l;
        int rc;

        next = newline ? newline + 1 : end;
        rc = wanted(&e->look, at, (size_t)(next - at), &l, err);
        if (rc < 0 || (rc > 0 && hf_buf_add(&e->out, at, (size_t)(next - at), err) < 0) ||
            (e->out.len >= PIECE_BYTES && flush(e, err) < 0))
            return -1;
    }
    return 0;
}

/* The block that is the newest now; 0 where there is none. */
static int
newest_block(struct hf_owner *o, int64_t *ret_id, struct hf_error *err)
{
    static const struct hf_look_ask any = {.to_ms = INT64_MAX};
    struct look l;
    int rc;

    look_init(&l, &any);
    l.read.max_blocks = 1;
    rc = fetch(o, &l, err);
    if (rc == 0)
        *ret_id = l.got.count ? l.got.blocks[0].id : 0;
    look_done(&l);
    return rc;
}

static int
export_blocks(struct hf_owner *o, struct export *e, struct hf_error *err)
{
    struct look *l = &e->look;
    int64_t last = 0;

    if (newest_block(o, &last, err) < 0)
        return -1;
    do {
        if (fetch(o, l, err) < 0)
            return -1;
        for (size_t i = 0; i < l->got.count; i++) {
            if (l->got.blocks[i].id > last)
                return flush(e, err);
            if (export_block(e, &l->got.blocks[i], err) < 0)
                return -1;
        }
        l->read.from_block = l->got.next_block;
    } while (l->got.next_block && l->got.next_block <= last);
    return flush(e, err);
}

int
hf_look_export(struct hf_owner *o, const struct hf_look_ask *ask,
               bool (*write)(void *ctx, const char *lines, size_t len), void *ctx,
               struct hf_error *err)
{
    struct hf_look_ask oldest_first = *ask;
    struct export e = {.out = HF_BUF_INIT(HF_LOOK_LINES_MAX), .write = write, .ctx = ctx};
    int rc;

    oldest_first.oldest_first = true;
    look_init(&e.look, &oldest_first);
    rc = export_blocks(o, &e, err);
    look_done(&e.look);
    hf_buf_done(&e.out);
    return rc;
}
