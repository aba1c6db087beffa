// SPDX-License-Identifier: Apache-2.0
/* The entries of a layer's tar archive, each judged by its header. */
#include "base/text.h"
#include "import/layer.h"

#include <string.h>

enum { PAX_KEY_MAX = 256 };

void
hf_entries_init(struct hf_entries *e)
{
    *e = (struct hf_entries){
        .meta = HF_BUF_INIT(HF_ENTRY_META_MAX),
        .path = HF_BUF_INIT(HF_ENTRY_PATH_MAX),
        .link = HF_BUF_INIT(HF_ENTRY_PATH_MAX),
    };
    hf_names_init(&e->names);
}

void
hf_entries_done(struct hf_entries *e)
{
    hf_buf_done(&e->meta);
    hf_buf_done(&e->path);
    hf_buf_done(&e->link);
    hf_names_done(&e->names);
}

/* ---- paths ---- */

static int
refuse(struct hf_error *err, const char *path, const char *why)
{
    char shown[160];

    hf_text_put(shown, sizeof shown, "%s", path);
    hf_text_whole(shown);
    for (char *c = shown; *c; c++)
        if ((unsigned char)*c < ' ' || *c == 0x7f)
            *c = '?';
    return hf_error_set(err, HF_ERROR_INVALID, "'%s' %s", shown, why);
}

/* Takes the next part of a path that is not "" or "."; NULL at its end. */
static const char *
next_part(const char **path, size_t *ret_len)
{
    const char *part;

    do {
        part = *path + strspn(*path, "/");
        *ret_len = strcspn(part, "/");
        *path = part + *ret_len;
    } while (*ret_len == 1 && *part == '.');
    return *ret_len ? part : NULL;
}

static bool
is_parent(const char *part, size_t len)
{
    return len == 2 && part[0] == '.' && part[1] == '.';
}

/* Without empty parts and ".", and without a slash at either end. */
static int
normalize(const char *path, struct hf_buf *out, struct hf_error *err)
{
    const char *part, *rest = path;
    size_t len;

    while ((part = next_part(&rest, &len))) {
        if (is_parent(part, len))
            return refuse(err, path, "has '..' in its path");
        if ((out->len && hf_buf_add(out, "/", 1, err) < 0) || hf_buf_add(out, part, len, err) < 0)
            return -1;
    }
    return out->len ? 0 : hf_buf_adds(out, "", err);
}

/* Whether a relative link at path (normalized) climbs above the root. */
static bool
leads_out(const char *path, const char *link)
{
    const char *part;
    long depth = 0;
    size_t len;

    if (*link == '/')
        path = "";
    for (const char *c = path; *c; c++)
        depth += *c == '/';
    while ((part = next_part(&link, &len))) {
        depth += is_parent(part, len) ? -1 : 1;
        if (depth < 0)
            return true;
    }
    return false;
}

static int
check_parents(const struct hf_entries *e, const char *name, const char *path, struct hf_error *err)
{
    for (const char *slash = strchr(path, '/'); slash; slash = strchr(slash + 1, '/'))
        if (hf_names_find(&e->names, path, (size_t)(slash - path)) == HF_NAME_SYMLINK)
            return refuse(err, name, "lies behind a symbolic link of the same layer");
    return 0;
}

/* ---- entries ---- */

static bool
is_folder(char type, const char *name)
{
    size_t len = strlen(name);

    return type == '5' || (type == '0' && len > 0 && name[len - 1] == '/');
}

static int
check_link(const char *name, const char *path, char type, const char *link, struct hf_error *err)
{
    HF_AUTO_BUF struct hf_buf target = HF_BUF_INIT(HF_ENTRY_PATH_MAX);

    if (type == '1' && normalize(link, &target, NULL) < 0)
        return refuse(err, name, "is a hard link that leads out of the image");
    if (type == '2' && leads_out(path, link))
        return refuse(err, name, "is a symbolic link that leads out of the image");
    return 0;
}

static int
check_type(const char *name, char type, uint64_t size, struct hf_error *err)
{
    switch (type) {
    case '0':
    case '7':
        if (size && is_folder(type, name))
            return refuse(err, name, "is a folder with a content");
        return 0;
    case '1':
    case '2':
    case '5':
    case '6':
        return size ? refuse(err, name, "has a content, which its kind never has") : 0;
    case '3':
    case '4':
        return refuse(err, name, "is a device: an image brings none");
    case 'S':
        return refuse(err, name, "is a sparse file: these are not taken");
    default:
        return refuse(err, name, "is of a kind that is not known");
    }
}

static int
add_entry(struct hf_entries *e, const char *name, const char *path, char type, struct hf_error *err)
{
    enum hf_name_kind before = hf_names_find(&e->names, path, strlen(path));
    enum hf_name_kind kind = is_folder(type, name) ? HF_NAME_FOLDER
                             : type == '2'         ? HF_NAME_SYMLINK
                                                   : HF_NAME_OTHER;

    if (before == HF_NAME_NONE)
        return hf_names_add(&e->names, path, strlen(path), kind, err);
    return before == HF_NAME_FOLDER && kind == HF_NAME_FOLDER ? 0
                                                              : refuse(err, name, "is there twice");
}

static int
judge(struct hf_entries *e, char type, const char *name, const char *link, uint64_t size,
      struct hf_error *err)
{
    HF_AUTO_BUF struct hf_buf path = HF_BUF_INIT(HF_ENTRY_PATH_MAX);

    if (check_type(name, type, size, err) < 0 || normalize(name, &path, err) < 0)
        return -1;
    if (path.len == 0 && type != '5')
        return refuse(err, name, "has no name");
    if (check_parents(e, name, path.data, err) < 0 ||
        check_link(name, path.data, type, link, err) < 0)
        return -1;
    return add_entry(e, name, path.data, type, err);
}

/* ---- what is said of the entry that follows ---- */

static int
set_once(struct hf_buf *to, const char *text, size_t len, struct hf_error *err)
{
    if (to->data)
        return hf_error_set(err, HF_ERROR_INVALID, "an entry has two names");
    if (memchr(text, '\0', len))
        return hf_error_set(err, HF_ERROR_INVALID, "a path has a NUL in it");
    if (len >= HF_ENTRY_PATH_MAX)
        return hf_error_set(err, HF_ERROR_INVALID, "a path has more than %d bytes",
                            HF_ENTRY_PATH_MAX - 1);
    return hf_buf_add(to, text, len, err);
}

static int
take_pax_record(struct hf_entries *e, const char *key, const char *value, size_t len,
                struct hf_error *err)
{
    char number[HF_TEXT_U64_MAX + 1];

    if (strcmp(key, "path") == 0)
        return set_once(&e->path, value, len, err);
    if (strcmp(key, "linkpath") == 0)
        return set_once(&e->link, value, len, err);
    if (strncmp(key, "GNU.sparse.", 11) == 0)
        return hf_error_set(err, HF_ERROR_INVALID, "it has a sparse file: these are not taken");
    if (strcmp(key, "size") != 0)
        return 0;
    e->has_size = hf_text_put(number, sizeof number, "%.*s", (int)len, value) &&
                  hf_text_u64(number, &e->size) && e->size <= INT64_MAX;
    return e->has_size ? 0 : hf_error_set(err, HF_ERROR_INVALID, "a pax size is no number");
}

/* "LENGTH KEY=VALUE\n", LENGTH of all of it (POSIX.1-2017, pax Extended Header). */
static int
take_pax(struct hf_entries *e, struct hf_error *err)
{
    const char *at = e->meta.data ? e->meta.data : "", *end = at + e->meta.len;

    while (at < end) {
        const char *blank = memchr(at, ' ', (size_t)(end - at)), *equals;
        char number[8], key[PAX_KEY_MAX];
        uint64_t len;

        if (!blank || !hf_text_put(number, sizeof number, "%.*s", (int)(blank - at), at) ||
            !hf_text_u64(number, &len) || len > (uint64_t)(end - at) ||
            len < (uint64_t)(blank - at) + 3 || at[len - 1] != '\n')
            return hf_error_set(err, HF_ERROR_INVALID, "a pax header is damaged");
        equals = memchr(blank, '=', len - (size_t)(blank - at));
        if (!equals)
            return hf_error_set(err, HF_ERROR_INVALID, "a pax header is damaged");
        if (hf_text_put(key, sizeof key, "%.*s", (int)(equals - blank - 1), blank + 1) &&
            take_pax_record(e, key, equals + 1, (size_t)(at + len - 1 - (equals + 1)), err) < 0)
            return -1;
        at += len;
    }
    return 0;
}

static int
take_meta(struct hf_entries *e, struct hf_error *err)
{
    const char *text = e->meta.data ? e->meta.data : "";
    int rc;

    switch (e->meta_type) {
    case 'L':
        rc = set_once(&e->path, text, strnlen(text, e->meta.len), err);
        break;
    case 'K':
        rc = set_once(&e->link, text, strnlen(text, e->meta.len), err);
        break;
    case 'x':
        rc = take_pax(e, err);
        break;
    default: /* 'g': Docker passes over what is said of all entries */
        rc = 0;
        break;
    }
    hf_buf_done(&e->meta);
    return rc;
}

/* ---- the stream ---- */

static bool
is_meta(char type)
{
    return type == 'x' || type == 'g' || type == 'L' || type == 'K';
}

static int
begin_meta(struct hf_entries *e, const struct hf_tar_header *h, struct hf_error *err)
{
    if (h->size > HF_ENTRY_META_MAX)
        return hf_error_set(err, HF_ERROR_INVALID, "a header of %llu bytes is longer than any",
                            (unsigned long long)h->size);
    e->meta_type = h->type;
    e->meta_len = h->size;
    e->left = h->size + hf_tar_padding(h->size);
    e->state = HF_ENTRIES_META;
    return e->left ? 0 : take_meta(e, err);
}

static int
take_entry(struct hf_entries *e, const struct hf_tar_header *h, struct hf_error *err)
{
    uint64_t size = e->has_size ? e->size : h->size;
    int rc = judge(e, h->type, e->path.data ? e->path.data : h->name,
                   e->link.data ? e->link.data : h->link, size, err);

    hf_buf_done(&e->path);
    hf_buf_done(&e->link);
    e->has_size = false;
    e->left = size + hf_tar_padding(size);
    e->state = e->left ? HF_ENTRIES_SKIP : HF_ENTRIES_HEADER;
    return rc;
}

static int
take_block(struct hf_entries *e, struct hf_error *err)
{
    struct hf_tar_header h;

    e->block_len = 0;
    if (hf_tar_is_zero(e->block)) {
        if (e->zero_before)
            e->state = HF_ENTRIES_END;
        e->zero_before = true;
        return 0;
    }
    if (e->zero_before)
        return hf_error_set(err, HF_ERROR_INVALID, "its archive goes on after its end");
    if (hf_tar_read(e->block, &h, err) < 0)
        return -1;
    if (!is_meta(h.type))
        return take_entry(e, &h, err);
    if (begin_meta(e, &h, err) < 0)
        return -1;
    if (e->left == 0)
        e->state = HF_ENTRIES_HEADER;
    return 0;
}

/* Bytes of the content that data begins with. */
static size_t
min_left(const struct hf_entries *e, size_t len)
{
    return e->left < len ? (size_t)e->left : len;
}

static int
feed_meta(struct hf_entries *e, const char *data, size_t len, struct hf_error *err)
{
    size_t wanted = (size_t)e->meta_len - e->meta.len;

    if (hf_buf_add(&e->meta, data, wanted < len ? wanted : len, err) < 0)
        return -1;
    e->left -= len;
    if (e->left > 0)
        return 0;
    e->state = HF_ENTRIES_HEADER;
    return take_meta(e, err);
}

static int
feed_block(struct hf_entries *e, const char *data, size_t len, struct hf_error *err)
{
    memcpy(e->block + e->block_len, data, len);
    e->block_len += len;
    return e->block_len == HF_TAR_BLOCK ? take_block(e, err) : 0;
}

static int
feed_piece(struct hf_entries *e, const char *data, size_t len, size_t *ret_used,
           struct hf_error *err)
{
    size_t room = HF_TAR_BLOCK - e->block_len;

    switch (e->state) {
    case HF_ENTRIES_HEADER:
        *ret_used = len < room ? len : room;
        return feed_block(e, data, *ret_used, err);
    case HF_ENTRIES_META:
        *ret_used = min_left(e, len);
        return feed_meta(e, data, *ret_used, err);
    case HF_ENTRIES_SKIP:
        *ret_used = min_left(e, len);
        e->left -= *ret_used;
        if (e->left == 0)
            e->state = HF_ENTRIES_HEADER;
        return 0;
    default:
        *ret_used = len;
        return 0;
    }
}

int
hf_entries_feed(struct hf_entries *e, const char *data, size_t len, struct hf_error *err)
{
    while (len > 0) {
        size_t used;

        if (feed_piece(e, data, len, &used, err) < 0)
            return -1;
        data += used;
        len -= used;
    }
    return 0;
}

int
hf_entries_end(struct hf_entries *e, struct hf_error *err)
{
    bool whole = e->state == HF_ENTRIES_END || (e->state == HF_ENTRIES_HEADER && e->block_len == 0);

    if (whole && !e->path.data && !e->link.data && !e->has_size)
        return 0;
    return hf_error_set(err, HF_ERROR_INVALID, "its archive is cut off");
}
