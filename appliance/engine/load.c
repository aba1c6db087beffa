// SPDX-License-Identifier: Apache-2.0
#include "engine/load.h"

#include "base/text.h"
#include "engine/image.h"
#include "engine/layers.h"
#include "engine/line_decoder.h"

#include <string.h>
#include <sys/statvfs.h>

enum {
    LOAD_IDLE_MS = 600 * 1000, /* a slow disk unpacks a layer for minutes, saying nothing */
    LOAD_MS = 4 * 3600 * 1000,
};

/* What the gateway itself needs to go on, and to say what is wrong. */
static const uint64_t KEEP_FREE = 64 * UINT64_C(1024) * 1024;
static const uint64_t LOOK_EVERY = 8 * UINT64_C(1024) * 1024;

struct load {
    const struct hf_import_watch *watch;
    struct hf_import *import;
    const char *data_dir;
    uint64_t since_look;
    struct hf_line_decoder lines;
};

/* ---- room ---- */

/* False where the engine's disk is not seen from here. */
static bool
free_bytes(const char *dir, uint64_t *ret)
{
    struct statvfs v;

    if (!*dir || statvfs(dir, &v) < 0)
        return false;
    *ret = (uint64_t)v.f_bavail * v.f_frsize;
    return true;
}

/* The engine keeps the archive until it has unpacked it, and a layer is about two and a half times
 * as big then. */
static uint64_t
needed(uint64_t packed)
{
    return packed + packed * 5 / 2 + KEEP_FREE;
}

static int
check_room(struct hf_import *im, const char *data_dir, struct hf_error *err)
{
    uint64_t bytes = hf_import_bytes(im), room;

    if (bytes == 0 || !free_bytes(data_dir, &room))
        return 0;
    if (room < needed(bytes))
        return hf_error_set(err, HF_ERROR_NO_SPACE,
                            "%llu MB of layers are to come and take up to %llu MB while they are "
                            "unpacked, but %s has %llu MB free: remove what is not needed there",
                            (unsigned long long)(bytes / 1000000),
                            (unsigned long long)(needed(bytes) / 1000000), data_dir,
                            (unsigned long long)(room / 1000000));
    hf_import_limit(im, room - bytes - KEEP_FREE);
    return 0;
}

/* Others write to that disk too. */
static int
look_at_room(struct load *l, size_t len, struct hf_error *err)
{
    uint64_t room;

    l->since_look += len;
    if (l->since_look < LOOK_EVERY)
        return 0;
    l->since_look = 0;
    if (!free_bytes(l->data_dir, &room) || room >= KEEP_FREE)
        return 0;
    return hf_error_set(err, HF_ERROR_NO_SPACE,
                        "%s has less than %llu MB free, which the gateway needs to go on",
                        l->data_dir, (unsigned long long)(KEEP_FREE / 1000000));
}

/* ---- sending ---- */

static bool
is_cancelled(void *context)
{
    const struct load *l = context;

    return l->watch->cancelled && l->watch->cancelled(l->watch->context);
}

static int
on_more(void *context, char *out, size_t size, size_t *ret_len, struct hf_error *err)
{
    struct load *l = context;

    if (is_cancelled(l))
        return hf_error_set(err, HF_ERROR_UNAVAILABLE, "the import was cancelled");
    if (hf_import_read(l->import, out, size, ret_len, err) < 0)
        return -1;
    return look_at_room(l, *ret_len, err);
}

/* ---- what the engine says ---- */

/* Docker answers 200 before it begins; how it ended is in the lines. */
static int
on_line(void *context, const char *line, size_t len, bool cut, struct hf_error *err)
{
    HF_AUTO(hf_json) struct hf_json *doc = NULL;
    const char *error;

    (void)context;
    if (len == 0)
        return 0;
    if (cut || hf_json_parse(line, len, &doc, NULL) < 0)
        return hf_error_set(err, HF_ERROR_UPSTREAM,
                            "Docker reports the progress of a load in a form we do not know");
    error = hf_json_string(doc, "error");
    if (!error)
        return 0;
    return hf_error_set(
        err, strstr(error, "no space left on device") ? HF_ERROR_NO_SPACE : HF_ERROR_UPSTREAM,
        "Docker: %.400s", error);
}

static int
on_answer(void *context, const char *data, size_t len, bool *ret_ended, struct hf_error *err)
{
    struct load *l = context;

    (void)ret_ended;
    return hf_line_decoder_feed(&l->lines, data, len, err);
}

static int
send_archive(struct hf_engine *e, struct load *l, struct hf_error *err)
{
    const struct hf_client_call call = {
        .method = "POST",
        .path = "/images/load?quiet=0",
        .more = on_more,
        .total_ms = LOAD_MS,
        .idle_ms = LOAD_IDLE_MS,
        .sink = on_answer,
        .cancelled = is_cancelled,
        .context = l,
    };
    int rc;

    hf_line_decoder_init(&l->lines, on_line, NULL);
    rc = hf_client_call(e, &call, NULL, err);
    hf_line_decoder_done(&l->lines);
    if (rc == 0 && is_cancelled(l))
        return hf_error_set(err, HF_ERROR_UNAVAILABLE, "the import was cancelled");
    return rc;
}

int
hf_load(struct hf_engine *e, const struct hf_import_order *order,
        const struct hf_release_image *images, const struct hf_import_watch *watch,
        struct hf_error *err)
{
    HF_AUTO(hf_import) struct hf_import *im = NULL;
    struct hf_store_facts store;
    struct load l = {.watch = watch, .data_dir = store.data_dir};
    char reference[HF_IMAGE_REF_SIZE];

    if (hf_import_new(order, &im, err) < 0 || hf_layers_store(e, &store, err) < 0 ||
        hf_layers_compare(e, im, order->count, &store, err) < 0 ||
        check_room(im, store.data_dir, err) < 0)
        return -1;
    l.import = im;
    if (send_archive(e, &l, err) < 0)
        return -1;
    for (size_t i = 0; i < order->count; i++)
        if (hf_image_find(e, &images[i], reference, err) < 0)
            return hf_error_wrap(err, "after the import");
    return 0;
}
