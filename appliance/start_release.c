// SPDX-License-Identifier: Apache-2.0
#include "start_release.h"

#include "base/clock.h"
#include "base/file.h"
#include "base/log.h"
#include "base/text.h"
#include "model/trust.h"
#include "release_file.h"
#include "store/release.h"

#include <string.h>

static const char KEY_AUTHOR[] = "release-key";

/* ---- a release ---- */

/* How it came here, and whether it may take the place of what runs. */
struct origin {
    const char *source;
    bool replaces;
};

static int
has_release(struct hf_store *store, bool *ret_has, struct hf_error *err)
{
    HF_AUTO_FREE char *json = NULL;

    *ret_has = hf_store_release(store, &json, err) == 0;
    return *ret_has || err->class == HF_ERROR_NOT_FOUND ? 0 : -1;
}

static int
keep(struct hf_store *store, const struct hf_store_release *r, const struct hf_release *parsed,
     const struct origin *origin, struct hf_error *err)
{
    bool has = false, taken = false;

    if (!origin->replaces && has_release(store, &has, err) < 0)
        return -1;
    if (has ? hf_store_add_release(store, r, err) < 0
            : hf_store_start_release(store, r, parsed, &taken, err) < 0)
        return -1;
    hf_log_info("event=release-of-start name=\"%s\" source=%s taken=%s", r->known.release.name,
                origin->source,
                taken ? "yes"
                : has ? "no, it is known"
                      : "no, it was before");
    return 0;
}

static int
take(struct hf_store *store, const struct hf_release *release, const struct hf_buf *signature,
     const struct origin *origin, struct hf_error *err)
{
    HF_AUTO_FREE char *canonical = NULL;
    struct hf_store_release r = {.signature = signature->data ? signature->data : ""};

    if (hf_release_print(release, &canonical, err) < 0)
        return -1;
    r.json = canonical;
    hf_release_id(canonical, r.known.release.id);
    hf_release_label(release, r.known.release.name);
    hf_text_put(r.known.created, sizeof r.known.created, "%s", release->created);
    hf_text_put(r.known.source, sizeof r.known.source, "%s", origin->source);
    r.known.added_ms = hf_clock_wall_ms();
    return keep(store, &r, release, origin, err);
}

int
hf_start_release_file(struct hf_store *store, const struct hf_settings *settings, const char *path,
                      struct hf_error *err)
{
    static const struct origin origin = {"start", true};
    HF_AUTO_BUF struct hf_buf signature = HF_BUF_INIT(HF_MINISIGN_TEXT_MAX);
    struct hf_release release;
    int rc;

    if (hf_release_file_read(path, settings, &release, &signature, err) < 0)
        return -1;
    rc = take(store, &release, &signature, &origin, err);
    hf_release_done(&release);
    return rc;
}

int
hf_start_release_bundle(struct hf_store *store, const struct hf_settings *settings,
                        const char *path, struct hf_error *err)
{
    static const struct origin origin = {"bundle", false};
    HF_AUTO_BUF struct hf_buf signature = HF_BUF_INIT(HF_MINISIGN_TEXT_MAX);
    struct hf_release release;
    struct hf_error local;
    int rc;

    if (hf_release_bundle_read(path, settings, &release, &signature, &local) < 0) {
        if (local.class == HF_ERROR_NOT_FOUND)
            return 0;
        if (err)
            *err = local;
        return -1;
    }
    rc = take(store, &release, &signature, &origin, err);
    hf_release_done(&release);
    return rc;
}

/* ---- a key ---- */

/* The second line of the file; the first is a comment. */
static int
read_key(const char *path, struct hf_json *keys, struct hf_error *err)
{
    HF_AUTO_BUF struct hf_buf file = HF_BUF_INIT(HF_MINISIGN_TEXT_MAX);
    char *line;

    if (hf_file_read(path, &file, err) < 0)
        return -1;
    line = file.data ? strchr(file.data, '\n') : NULL;
    if (!line)
        return hf_error_set(err, HF_ERROR_INVALID,
                            "'%s' is no public key of minisign: a line of comment, and the key",
                            path);
    line++;
    line[strcspn(line, "\r\n")] = '\0';
    hf_json_add_string(keys, line);
    if (hf_trust_check_keys(keys, "/release_keys", err) < 0)
        return hf_error_wrap(err, "'%s'", path);
    return 0;
}

static int
store_key(struct hf_store *store, struct hf_settings *settings, const char *path,
          struct hf_error *err)
{
    HF_AUTO_FREE char *json = NULL;

    if (read_key(path, settings->release_keys, err) < 0 ||
        hf_settings_print(settings, &json, err) < 0)
        return -1;
    return hf_store_add_settings(store, json, KEY_AUTHOR, NULL, err);
}

int
hf_start_release_key(struct hf_store *store, const char *path, struct hf_error *err)
{
    HF_AUTO_FREE char *json = NULL;
    struct hf_settings settings;
    struct hf_error local;
    int64_t revision;
    int rc;

    if (hf_store_settings(store, &json, &revision, &local) == 0)
        return 0;
    if (local.class != HF_ERROR_NOT_FOUND) {
        if (err)
            *err = local;
        return -1;
    }
    hf_settings_init(&settings);
    rc = store_key(store, &settings, path, err);
    hf_settings_done(&settings);
    return rc < 0 ? hf_error_wrap(err, "--release-key") : 0;
}

bool
hf_start_release_key_alone(struct hf_store *store)
{
    struct hf_settings_revision newest;
    size_t count = 0;

    return hf_store_revisions(store, &newest, 1, &count, NULL) == 0 && count == 1 &&
           strcmp(newest.author, KEY_AUTHOR) == 0;
}
