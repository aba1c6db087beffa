// SPDX-License-Identifier: Apache-2.0
/*
 * What is in a sealed file: parts, in the order of their numbers, each at most once. A part is its
 * number (1 byte) and pieces, each of 4 bytes for its length (little-endian) and so many bytes; a
 * piece of none ends the part, and a part 0 without pieces ends the whole.
 */
#pragma once

#include "backup/seal.h"

enum hf_backup_part {
    HF_BACKUP_END,
    HF_BACKUP_MANIFEST,       /* manifest.h; always the first */
    HF_BACKUP_STATE,          /* what somebody has set up: hf_store_backup() */
    HF_BACKUP_CONFIG,         /* the configuration, with its secrets */
    HF_BACKUP_RELEASE,        /* the release that ran, canonical */
    HF_BACKUP_SIGNATURE,      /* of it */
    HF_BACKUP_OWN_PEM,        /* the gateway's own certificate, with its key */
    HF_BACKUP_SITE_PEM,       /* that of the site */
    HF_BACKUP_CA_PEM,         /* that of the gateway's authority */
    HF_BACKUP_RECORDS_ALARM,  /* records that were held, as lines of api/uplink.md */
    HF_BACKUP_RECORDS_NORMAL, /* … */
    HF_BACKUP_RECORDS_BULK,
    HF_BACKUP_PART_COUNT
};

enum { HF_PACK_PIECE_MAX = 64 * 1024 };

/* ---- writing ---- */

HF_MUST int hf_pack_begin(struct hf_seal *s, enum hf_backup_part part, struct hf_error *err);
HF_MUST int hf_pack_add(struct hf_seal *s, const void *data, size_t len, struct hf_error *err);
HF_MUST int hf_pack_end(struct hf_seal *s, struct hf_error *err);
/* A whole part. */
HF_MUST int hf_pack_put(struct hf_seal *s, enum hf_backup_part part, const void *data, size_t len,
                        struct hf_error *err);
/* Ends the whole, and the sealed file. */
HF_MUST int hf_pack_finish(struct hf_seal *s, struct hf_error *err);

/* ---- reading ---- */

struct hf_unpack_ops {
    void *context;
    int (*begin)(void *context, enum hf_backup_part part, struct hf_error *err);
    int (*add)(void *context, enum hf_backup_part part, const void *data, size_t len,
               struct hf_error *err);
    int (*end)(void *context, enum hf_backup_part part, struct hf_error *err);
};

/* All zero at first. */
struct hf_unpack {
    enum hf_backup_part part; /* that is open; 0: none */
    enum hf_backup_part last; /* that was begun */
    bool ended;
    uint32_t left; /* bytes of the piece */
    unsigned char head[4];
    unsigned head_len;
};

/* INVALID where it is not as above. */
HF_MUST int hf_unpack_add(struct hf_unpack *u, const struct hf_unpack_ops *ops, const void *data,
                          size_t len, struct hf_error *err);
HF_MUST int hf_unpack_end(const struct hf_unpack *u, struct hf_error *err);
