// SPDX-License-Identifier: Apache-2.0
#include "import/bundle.h"

#include "base/text.h"
#include "import/names.h"
#include "import/tar.h"
#include "model/sha256.h"

#include <errno.h>
#include <string.h>

static const char BLOBS[] = "blobs/sha256/";

struct document {
    struct document *next;
    char digest[HF_DIGEST_SIZE];
    struct hf_buf text;
};

struct hf_bundle {
    struct hf_bundle_input input;
    struct hf_buf release, signature;

    /* The entry at hand. */
    bool has_entry;
    struct hf_tar_header header;
    uint64_t left; /* of its content */
    char digest[HF_DIGEST_SIZE];

    struct hf_names names;
    struct document *documents;
    size_t document_bytes;
};

void
hf_bundle_free(struct hf_bundle *b)
{
    if (!b)
        return;
    while (b->documents) {
        struct document *d = b->documents;

        b->documents = d->next;
        hf_buf_done(&d->text);
        free(d);
    }
    hf_names_done(&b->names);
    hf_buf_done(&b->release);
    hf_buf_done(&b->signature);
    free(b);
}

const struct hf_buf *
hf_bundle_release(const struct hf_bundle *b)
{
    return &b->release;
}

const struct hf_buf *
hf_bundle_signature(const struct hf_bundle *b)
{
    return &b->signature;
}

/* ---- entries ---- */

static int
cut_off(struct hf_error *err)
{
    return hf_error_set(err, HF_ERROR_INVALID, "the bundle is cut off: copy it anew");
}

/* Fills out; 1 where the end comes before the first byte. */
static int
read_whole(struct hf_bundle *b, char *out, size_t size, struct hf_error *err)
{
    size_t have = 0, len = 0;

    while (have < size) {
        if (b->input.read(b->input.context, out + have, size - have, &len, err) < 0)
            return -1;
        if (len == 0)
            return have == 0 ? 1 : cut_off(err);
        have += len;
    }
    return 0;
}

static int
skip(struct hf_bundle *b, uint64_t len, struct hf_error *err)
{
    char data[HF_TAR_BLOCK * 16];

    if (b->input.skip && len > sizeof data)
        return b->input.skip(b->input.context, len, err);
    while (len > 0) {
        size_t n = len < sizeof data ? (size_t)len : sizeof data;
        int rc = read_whole(b, data, n, err);

        if (rc != 0)
            return rc < 0 ? -1 : cut_off(err);
        len -= n;
    }
    return 0;
}

static int
check_entry(struct hf_bundle *b, struct hf_error *err)
{
    const char *name = b->header.name;
    size_t len = strlen(name);

    if (b->header.type != '0')
        return hf_error_set(err, HF_ERROR_INVALID,
                            "the bundle has an entry that is no plain file: '%.100s'", name);
    if (hf_names_find(&b->names, name, len) != HF_NAME_NONE)
        return hf_error_set(err, HF_ERROR_INVALID, "the bundle has '%.100s' twice", name);
    return hf_names_add(&b->names, name, len, HF_NAME_OTHER, err);
}

/* Passes over what is left of the entry at hand and reads the next header; 1 at the end. */
static int
next_entry(struct hf_bundle *b, struct hf_error *err)
{
    char block[HF_TAR_BLOCK];
    int rc;

    if (b->has_entry && skip(b, b->left + hf_tar_padding(b->header.size), err) < 0)
        return -1;
    b->has_entry = false;
    rc = read_whole(b, block, sizeof block, err);
    if (rc != 0)
        return rc < 0 ? -1 : cut_off(err);
    if (hf_tar_is_zero(block))
        return 1;
    if (hf_tar_read(block, &b->header, err) < 0)
        return hf_error_wrap(err, "this is no bundle");
    b->has_entry = true;
    b->left = b->header.size;
    return check_entry(b, err);
}

static int
read_entry(struct hf_bundle *b, struct hf_buf *out, struct hf_error *err)
{
    char *to;
    int rc;

    if (b->left > out->max - out->len || !(to = hf_buf_reserve(out, (size_t)b->left)))
        return hf_error_set(err, HF_ERROR_TOO_LARGE,
                            "'%.100s' in the bundle has more than %zu bytes", b->header.name,
                            out->max);
    rc = read_whole(b, to, (size_t)b->left, err);
    if (rc != 0)
        return rc < 0 ? -1 : cut_off(err);
    out->len += (size_t)b->left;
    out->data[out->len] = '\0';
    b->left = 0;
    return 0;
}

/* The next entry, which must have that name. */
static int
read_named(struct hf_bundle *b, const char *name, struct hf_buf *out, struct hf_error *err)
{
    int rc = next_entry(b, err);

    if (rc < 0)
        return -1;
    if (rc > 0 || strcmp(b->header.name, name) != 0)
        return hf_error_set(err, HF_ERROR_INVALID,
                            "this is no bundle of a release: '%s' should come here, not '%.100s'",
                            name, rc > 0 ? "its end" : b->header.name);
    return read_entry(b, out, err);
}

int
hf_bundle_open(const struct hf_bundle_input *input, struct hf_bundle **ret_bundle,
               struct hf_error *err)
{
    HF_AUTO(hf_bundle) struct hf_bundle *b = calloc(1, sizeof *b);

    if (!b)
        return hf_error_nomem(err);
    b->input = *input;
    b->release = HF_BUF_INIT(HF_BUNDLE_RELEASE_MAX);
    b->signature = HF_BUF_INIT(HF_BUNDLE_SIGNATURE_MAX);
    hf_names_init(&b->names);
    if (read_named(b, "release.json", &b->release, err) < 0 ||
        read_named(b, "release.json.minisig", &b->signature, err) < 0)
        return -1;
    *ret_bundle = hf_steal(&b);
    return 0;
}

/* ---- blobs ---- */

/* 1 at the end of the bundle. */
static int
next_blob(struct hf_bundle *b, struct hf_error *err)
{
    size_t prefix = strlen(BLOBS);
    int rc;

    for (;;) {
        rc = next_entry(b, err);
        if (rc != 0)
            return rc;
        if (strcmp(b->header.name, "oci-layout") == 0 || strcmp(b->header.name, "index.json") == 0)
            continue;
        if (strncmp(b->header.name, BLOBS, prefix) == 0 &&
            hf_text_put(b->digest, sizeof b->digest, "sha256:%s", b->header.name + prefix) &&
            hf_sha256_is_digest(b->digest))
            return 0;
        return hf_error_set(err, HF_ERROR_INVALID,
                            "the bundle has '%.100s', which is no part of a release",
                            b->header.name);
    }
}

static int
missing(const char *what, const char *digest, struct hf_error *err)
{
    return hf_error_set(err, HF_ERROR_INVALID, "the bundle has no %s %s where it should come", what,
                        digest);
}

static struct document *
find_document(const struct hf_bundle *b, const char *digest)
{
    struct document *d = b->documents;

    while (d && strcmp(d->digest, digest) != 0)
        d = d->next;
    return d;
}

/* Keeps the blob at hand for later. */
static int
keep_document(struct hf_bundle *b, struct hf_error *err)
{
    struct document *d;

    b->document_bytes += (size_t)b->left;
    if (b->document_bytes > HF_BUNDLE_DOCUMENTS_MAX)
        return hf_error_set(
            err, HF_ERROR_TOO_LARGE,
            "the manifests and configurations in the bundle have more than %d bytes",
            HF_BUNDLE_DOCUMENTS_MAX);
    d = calloc(1, sizeof *d);
    if (!d)
        return hf_error_nomem(err);
    d->text = HF_BUF_INIT(HF_IMPORT_DOCUMENT_MAX);
    hf_text_put(d->digest, sizeof d->digest, "%s", b->digest);
    d->next = b->documents;
    b->documents = d;
    return read_entry(b, &d->text, err);
}

static int
document(void *context, const struct hf_import_pin *pin, const char *digest, bool is_manifest,
         struct hf_buf *out, struct hf_error *err)
{
    const char *what = is_manifest ? "manifest" : "configuration";
    struct hf_bundle *b = context;
    struct document *d;

    (void)pin;
    while (!(d = find_document(b, digest))) {
        int rc = next_blob(b, err);

        if (rc < 0)
            return -1;
        if (rc > 0 || b->left > HF_IMPORT_DOCUMENT_MAX)
            return missing(what, digest, err);
        if (keep_document(b, err) < 0)
            return -1;
    }
    return hf_buf_add(out, d->text.data ? d->text.data : "", d->text.len, err);
}

static int
begin(void *context, const struct hf_import_layer *layers, size_t count, size_t *ret_index,
      struct hf_error *err)
{
    struct hf_bundle *b = context;
    int rc;

    while ((rc = next_blob(b, err)) == 0)
        for (size_t i = 0; i < count; i++)
            if (layers[i].wanted && strcmp(layers[i].blob.digest, b->digest) == 0) {
                *ret_index = i;
                return 0;
            }
    if (rc < 0)
        return -1;
    return missing("layer", layers[hf_import_first_wanted(layers, count)].blob.digest, err);
}

static int
read_blob(void *context, char *out, size_t size, size_t *ret_len, struct hf_error *err)
{
    struct hf_bundle *b = context;

    *ret_len = 0;
    if (b->left == 0)
        return 0;
    if (b->input.read(b->input.context, out, b->left < size ? (size_t)b->left : size, ret_len,
                      err) < 0)
        return -1;
    if (*ret_len == 0)
        return cut_off(err);
    b->left -= *ret_len;
    return 0;
}

struct hf_import_source
hf_bundle_source(struct hf_bundle *b)
{
    static const struct hf_import_source_ops ops = {
        .document = document,
        .begin = begin,
        .read = read_blob,
    };

    return (struct hf_import_source){&ops, b};
}

int
hf_bundle_blob(struct hf_bundle *b, const char *digest, struct hf_buf *out, struct hf_error *err)
{
    int rc;

    while ((rc = next_blob(b, err)) == 0)
        if (strcmp(b->digest, digest) == 0)
            return read_entry(b, out, err);
    return rc < 0 ? -1 : missing("blob", digest, err);
}

/* ---- from a file ---- */

static int
read_file(void *context, char *out, size_t size, size_t *ret_len, struct hf_error *err)
{
    const int *fd = context;
    ssize_t n;

    do {
        n = read(*fd, out, size);
    } while (n < 0 && errno == EINTR);
    if (n < 0)
        return hf_error_errno(err, errno, "cannot read the bundle");
    *ret_len = (size_t)n;
    return 0;
}

/* A pipe has no place; what is cut off is seen at the next read. */
static int
skip_file(void *context, uint64_t len, struct hf_error *err)
{
    const int *fd = context;
    char data[HF_TAR_BLOCK * 16];
    size_t n = 1;

    if (len <= INT64_MAX && lseek(*fd, (off_t)len, SEEK_CUR) >= 0)
        return 0;
    while (len > 0 && n > 0) {
        if (read_file(context, data, len < sizeof data ? (size_t)len : sizeof data, &n, err) < 0)
            return -1;
        len -= n;
    }
    return 0;
}

struct hf_bundle_input
hf_bundle_file(const int *fd)
{
    return (struct hf_bundle_input){
        .read = read_file, .skip = skip_file, .context = (void *)(uintptr_t)fd};
}
