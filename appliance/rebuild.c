// SPDX-License-Identifier: Apache-2.0
#include "rebuild.h"

#include "base/log.h"
#include "base/text.h"
#include "model/release.h"

#include <string.h>

/* Checked and in its canonical form, as one that came from a file. */
static int
read_release(struct hf_engine *engine, const char *instance, int64_t counter, char **ret_text,
             struct hf_error *err)
{
    const struct hf_release_host host = {.platform = hf_release_platform(), .registry = ""};
    HF_AUTO_FREE char *raw = NULL;
    struct hf_release release;
    int rc;

    if (hf_engine_release(engine, instance, counter, &raw, err) < 0 ||
        hf_release_parse(raw, strlen(raw), &host, &release, err) < 0)
        return -1;
    rc = hf_release_print(&release, ret_text, err);
    hf_release_done(&release);
    return rc;
}

bool
hf_rebuild_release(struct hf_engine *engine, struct hf_store *store, const char *instance,
                   char *said, size_t size)
{
    static const char done[] =
        "The release was lost; it was put together again from the containers that run.";
    HF_AUTO_FREE char *known = NULL;
    HF_AUTO_FREE char *text = NULL;
    struct hf_error err = {0};
    int64_t floor = 0;

    said[0] = '\0';
    if (hf_store_opened_as(store, NULL) == HF_STORE_FRESH ||
        hf_store_release(store, &known, &err) == 0 || err.class != HF_ERROR_NOT_FOUND)
        return true;
    if (hf_store_release_floor(store, &floor, &err) < 0 || floor < 1)
        floor = 1;
    if (read_release(engine, instance, floor, &text, &err) < 0) {
        /* Nothing was ever set up, or it is not to be had now: then the next start tries again. */
        hf_log_warn("event=release-not-rebuilt error=\"%s\"", err.message);
        if (err.class != HF_ERROR_NOT_FOUND)
            hf_text_put(said, size,
                        "No release is known, and it could not be had from the containers (%s).",
                        err.message);
        return err.class == HF_ERROR_NOT_FOUND;
    }
    if (hf_store_set_release(store, text, floor, &err) < 0 ||
        hf_store_audit(store, "holdfastd", done, &err) < 0) {
        hf_log_error("event=release-not-rebuilt error=\"%s\"", err.message);
        return false;
    }
    hf_log_warn("event=release-rebuilt text=\"%s\"", done);
    hf_text_put(said, size, "%s", done);
    return true;
}
