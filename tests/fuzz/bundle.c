// SPDX-License-Identifier: Apache-2.0
/* A bundle: in one piece and byte by byte it is the same, and its blobs are within it. */
#include "import/bundle.h"

#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct input {
    const uint8_t *data;
    size_t left, step;
};

static int
take(void *context, char *out, size_t size, size_t *ret_len, struct hf_error *err)
{
    struct input *in = context;

    (void)err;
    size = size < in->step ? size : in->step;
    *ret_len = in->left < size ? in->left : size;
    memcpy(out, in->data, *ret_len);
    in->data += *ret_len;
    in->left -= *ret_len;
    return 0;
}

static int
pass(void *context, uint64_t len, struct hf_error *err)
{
    struct input *in = context;
    size_t n = len < in->left ? (size_t)len : in->left;

    (void)err;
    in->data += n;
    in->left -= n;
    return 0;
}

/* As an import does: documents, then the layers it wants. Returns how far it came. */
static int
read_blobs(struct hf_bundle *b, size_t size)
{
    static const char first[] =
        "sha256:0000000000000000000000000000000000000000000000000000000000000000";
    const struct hf_import_source s = hf_bundle_source(b);
    HF_AUTO_BUF struct hf_buf document = HF_BUF_INIT(HF_IMPORT_DOCUMENT_MAX);
    struct hf_import_pin pin = {.host = ""};
    struct hf_import_layer layer = {.wanted = true};
    size_t index, len, total = 0;
    char data[1024];

    memcpy(layer.blob.digest, first, sizeof first);
    layer.blob.digest[70] = '1';
    if (s.ops->document(s.context, &pin, first, true, &document, NULL) < 0)
        return 1;
    if (document.len > size)
        __builtin_trap();
    if (s.ops->begin(s.context, &layer, 1, &index, NULL) < 0)
        return 2;
    do {
        if (s.ops->read(s.context, data, sizeof data, &len, NULL) < 0)
            return 3;
        total += len;
    } while (len > 0);
    if (total > size)
        __builtin_trap();
    return 4;
}

static int
read_bundle(const uint8_t *data, size_t size, size_t step)
{
    struct input in = {data, size, step};
    const struct hf_bundle_input input = {
        .read = take, .skip = step > 1 ? pass : NULL, .context = &in};
    HF_AUTO(hf_bundle) struct hf_bundle *b = NULL;

    if (hf_bundle_open(&input, &b, NULL) < 0)
        return 0;
    return read_blobs(b, size);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (read_bundle(data, size, size ? size : 1) != read_bundle(data, size, 1))
        __builtin_trap();
    return 0;
}
