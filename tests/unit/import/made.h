// SPDX-License-Identifier: Apache-2.0
/* An image made in memory, and a source that gives it out, or lies. */
#pragma once

#include "import/import.h"
#include "import/tar.h"
#include "model/sha256.h"
#include "unit.h"

#include <stdio.h>
#include <string.h>
#include <zlib.h>

struct made {
    struct hf_buf unpacked, layer, manifest, config;
    char diff_id[HF_DIGEST_SIZE], layer_digest[HF_DIGEST_SIZE];
    struct hf_import_pin pin;
    struct hf_release_image image;

    /* How the source lies. */
    size_t layer_len;  /* gives so many bytes of the layer, more than it has by zeros */
    bool wrong_config; /* another one */
    size_t at;
    size_t step; /* bytes at once; 0: as many as are asked for */
};

/* Sums of a header that was changed. */
static inline void
made_seal(char *block)
{
    unsigned sum = 0;

    memset(block + 148, ' ', 8);
    for (int i = 0; i < HF_TAR_BLOCK; i++)
        sum += (unsigned char)block[i];
    snprintf(block + 148, 8, "%06o", sum);
}

static inline void
made_entry(struct hf_buf *tar, const char *name, char type, const char *link, const char *content)
{
    static const char zeros[HF_TAR_BLOCK];
    size_t len = strlen(content);
    char block[HF_TAR_BLOCK];

    hf_tar_put(block, name, len);
    block[156] = type;
    memcpy(block + 157, link, strlen(link));
    made_seal(block);
    assert_int_equal(hf_buf_add(tar, block, sizeof block, NULL), 0);
    assert_int_equal(hf_buf_add(tar, content, len, NULL), 0);
    assert_int_equal(hf_buf_add(tar, zeros, hf_tar_padding(len), NULL), 0);
}

static inline void
made_end(struct hf_buf *tar)
{
    static const char zeros[2 * HF_TAR_BLOCK];

    assert_int_equal(hf_buf_add(tar, zeros, sizeof zeros, NULL), 0);
}

/* Appends a gzip member. */
static inline void
made_gzip(const struct hf_buf *from, struct hf_buf *to)
{
    z_stream z = {0};
    size_t room = compressBound(from->len) + 64;
    char *out = hf_buf_reserve(to, room);

    assert_non_null(out);
    assert_int_equal(deflateInit2(&z, 9, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY), Z_OK);
    z.next_in = (Bytef *)from->data;
    z.avail_in = (uInt)from->len;
    z.next_out = (Bytef *)out;
    z.avail_out = (uInt)room;
    assert_int_equal(deflate(&z, Z_FINISH), Z_STREAM_END);
    to->len += room - z.avail_out;
    deflateEnd(&z);
}

/* Documents for the layer as it is in m->unpacked. */
static inline void
made_finish(struct made *m)
{
    m->layer = m->manifest = m->config = HF_BUF_INIT(1 << 20);
    made_gzip(&m->unpacked, &m->layer);
    hf_sha256_of(m->unpacked.data, m->unpacked.len, m->diff_id);
    hf_sha256_of(m->layer.data, m->layer.len, m->layer_digest);
    assert_int_equal(hf_buf_addf(&m->config, NULL,
                                 "{\"os\":\"linux\",\"architecture\":\"amd64\",\"rootfs\":{"
                                 "\"type\":\"layers\",\"diff_ids\":[\"%s\"]}}",
                                 m->diff_id),
                     0);
    hf_sha256_of(m->config.data, m->config.len, m->pin.config);
    assert_int_equal(
        hf_buf_addf(&m->manifest, NULL,
                    "{\"schemaVersion\":2,\"config\":{\"mediaType\":"
                    "\"application/vnd.oci.image.config.v1+json\",\"digest\":\"%s\",\"size\":%zu},"
                    "\"layers\":[{\"mediaType\":\"application/vnd.oci.image.layer.v1.tar+gzip\","
                    "\"digest\":\"%s\",\"size\":%zu}]}",
                    m->pin.config, m->config.len, m->layer_digest, m->layer.len),
        0);
    hf_sha256_of(m->manifest.data, m->manifest.len, m->pin.manifest);
    snprintf(m->image.image, sizeof m->image.image, "reg.example:5000/a/b@%s", m->pin.manifest);
    snprintf(m->image.tag, sizeof m->image.tag, "1.0.0");
    snprintf(m->image.image_id, sizeof m->image.image_id, "%s", m->pin.config);
    assert_int_equal(hf_import_pin_of(&m->image, &m->pin, NULL), 0);
    m->layer_len = m->layer.len;
}

static inline void
made_begin(struct made *m)
{
    *m = (struct made){.unpacked = HF_BUF_INIT(1 << 20)};
    made_entry(&m->unpacked, "etc/", '5', "", "");
    made_entry(&m->unpacked, "etc/name", '0', "", "a name\n");
    made_end(&m->unpacked);
    made_finish(m);
}

static inline void
made_done(struct made *m)
{
    hf_buf_done(&m->unpacked);
    hf_buf_done(&m->layer);
    hf_buf_done(&m->manifest);
    hf_buf_done(&m->config);
}

/* ---- as a source ---- */

static inline int
made_document(void *context, const struct hf_import_pin *pin, const char *digest, bool is_manifest,
              struct hf_buf *out, struct hf_error *err)
{
    struct made *m = context;
    const struct hf_buf *b = is_manifest ? &m->manifest : &m->config;

    assert_string_equal(digest, is_manifest ? pin->manifest : pin->config);
    return hf_buf_add(out, b->data, b->len - (!is_manifest && m->wrong_config), err);
}

static inline int
made_begin_layer(void *context, const struct hf_import_layer *layers, size_t count, size_t *ret,
                 struct hf_error *err)
{
    struct made *m = context;

    (void)err;
    *ret = hf_import_first_wanted(layers, count);
    m->at = 0;
    return 0;
}

static inline int
made_read(void *context, char *out, size_t size, size_t *ret_len, struct hf_error *err)
{
    struct made *m = context;
    size_t left = m->layer_len - m->at;

    (void)err;
    size = m->step && m->step < size ? m->step : size;
    *ret_len = left < size ? left : size;
    for (size_t i = 0; i < *ret_len; i++, m->at++)
        out[i] = m->at < m->layer.len ? m->layer.data[m->at] : '\0';
    return 0;
}

static inline struct hf_import_source
made_source(struct made *m)
{
    static const struct hf_import_source_ops ops = {
        .document = made_document, .begin = made_begin_layer, .read = made_read};

    return (struct hf_import_source){&ops, m};
}
