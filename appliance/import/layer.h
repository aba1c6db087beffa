// SPDX-License-Identifier: Apache-2.0
/*
 * Looks at a layer on its way to Docker, which would unpack whatever it gets: names what a layer of
 * ours never has. Refused are: a gzip stream that is damaged, cut off or followed by anything; one
 * that unpacks to much more than it is, or to more than fits; paths with `..`; links that lead out
 * of the image; what lies behind a symbolic link of the same layer; devices; a path twice; sparse
 * and unknown entries. What was looked at is what Docker unpacks, because its SHA-256 is the diff
 * id that Docker checks again.
 *
 * Feeds of any size; at most a header's worth of the layer is kept.
 */
#pragma once

#include "base/buf.h"
#include "import/names.h"
#include "import/tar.h"
#include "model/sha256.h"

/* ---- the tar stream inside ---- */

enum hf_entries_state {
    HF_ENTRIES_HEADER,
    HF_ENTRIES_SKIP, /* content and padding */
    HF_ENTRIES_META, /* a pax header or a long name, into meta */
    HF_ENTRIES_END,  /* after the two blocks of zeros */
    HF_ENTRIES_STATE_COUNT
};

enum {
    HF_ENTRY_PATH_MAX = 4096,      /* of Linux */
    HF_ENTRY_META_MAX = 256 * 1024 /* of a pax header: extended attributes have 64 KiB each */
};

struct hf_entries {
    enum hf_entries_state state;
    bool zero_before; /* one block of zeros has come */
    char block[HF_TAR_BLOCK];
    size_t block_len;
    uint64_t left; /* to skip, or of meta and its padding */
    uint64_t meta_len;
    char meta_type;
    struct hf_buf meta;
    struct hf_buf path, link; /* for the entry that follows; NULL: as in its header */
    uint64_t size;
    bool has_size;
    struct hf_names names;
};

void hf_entries_init(struct hf_entries *e);
void hf_entries_done(struct hf_entries *e);
HF_MUST int hf_entries_feed(struct hf_entries *e, const char *data, size_t len,
                            struct hf_error *err);
/* INVALID where the archive is cut off. */
HF_MUST int hf_entries_end(struct hf_entries *e, struct hf_error *err);

/* ---- the layer ---- */

struct hf_layer;

struct hf_layer_limits {
    uint64_t size;         /* packed */
    uint64_t unpacked_max; /* what the disk has */
};

/* A layer more than 64 MiB of which are unpacked has at most this many bytes for each packed one.
 */
enum { HF_LAYER_RATIO_MAX = 100 };

HF_MUST int hf_layer_new(bool gzip, const char *diff_id, const struct hf_layer_limits *limits,
                         struct hf_layer **ret_layer, struct hf_error *err);
void hf_layer_free(struct hf_layer *l);
HF_DEFINE_AUTO(struct hf_layer, hf_layer, hf_layer_free)

HF_MUST int hf_layer_feed(struct hf_layer *l, const char *data, size_t len, struct hf_error *err);
/* All of it was fed: whole, and its unpacked bytes are those of the diff id. */
HF_MUST int hf_layer_end(struct hf_layer *l, struct hf_error *err);
uint64_t hf_layer_unpacked(const struct hf_layer *l);
