// SPDX-License-Identifier: Apache-2.0
/* Releases: what there is, what applying one would do, applying it, and back. */
#include "api/handlers.h"

#include "api/begin.h"
#include "api/codec.h"
#include "api/codec_upgrade.h"
#include "api/server.h"

#include <stdio.h>
#include <string.h>

/* As many as the store keeps of either, and what is under way. */
enum { RELEASES_MAX = 16, UPGRADES_MAX = 51 };

static const char RELEASES_PATH[] = "/api/v1/releases/";

int
hf_handle_releases(struct hf_exchange *x, struct hf_error *err)
{
    struct hf_core *core = x->api->config->core;
    HF_AUTO_FREE struct hf_known_release *releases = calloc(RELEASES_MAX, sizeof *releases);
    HF_AUTO_FREE struct hf_upgrade_record *history = calloc(UPGRADES_MAX, sizeof *history);
    struct hf_registry_check check;
    size_t release_count, history_count;

    if (!releases || !history)
        return hf_error_nomem(err);
    if (hf_core_releases(core, releases, RELEASES_MAX, &release_count, err) < 0 ||
        hf_core_upgrades(core, history, UPGRADES_MAX, &history_count, err) < 0 ||
        hf_core_last_registry_check(core, &check, err) < 0)
        return -1;
    return hf_reply_json(
        x, 200, hf_codec_release_list(releases, release_count, history, history_count, &check),
        err);
}

int
hf_handle_release_add(struct hf_exchange *x, struct hf_error *err)
{
    static const struct hf_json_field fields[] = {
        {"release", HF_JSON_STRING, true},
        {"signature", HF_JSON_STRING, false},
    };
    HF_AUTO(hf_json) struct hf_json *doc = NULL;
    struct hf_known_release known;
    const char *text, *signature;
    char location[sizeof RELEASES_PATH + HF_DIGEST_TEXT_SIZE];

    if (hf_exchange_json(x, fields, HF_LEN(fields), &doc, err) < 0)
        return -1;
    text = hf_json_string(doc, "release");
    signature = hf_json_string(doc, "signature");
    if (strlen(text) > HF_RELEASE_UPLOAD_MAX)
        return hf_error_set_at(err, HF_ERROR_INVALID, "/release",
                               "/release: must have at most %d bytes", HF_RELEASE_UPLOAD_MAX);
    if (hf_core_add_release(x->api->config->core, text, signature ? signature : "", x->session.user,
                            &known, err) < 0) {
        /* What cannot be read is a field of this request. */
        if (err->class == HF_ERROR_MALFORMED)
            err->class = HF_ERROR_INVALID;
        return -1;
    }
    snprintf(location, sizeof location, "%s%s", RELEASES_PATH, known.release.id);
    hf_reply_header(x, "Location", location);
    return hf_reply_json(x, 201, hf_codec_known_release(&known), err);
}

int
hf_handle_known_release(struct hf_exchange *x, struct hf_error *err)
{
    struct hf_known_release known;
    struct hf_release release;
    struct hf_json *o;

    if (hf_core_known_release(x->api->config->core, x->param, &known, &release, err) < 0)
        return -1;
    o = hf_codec_known_release(&known);
    hf_json_put(o, "release", hf_codec_release(&release));
    hf_release_done(&release);
    return hf_reply_json(x, 200, o, err);
}

int
hf_handle_release_forget(struct hf_exchange *x, struct hf_error *err)
{
    if (hf_core_forget_release(x->api->config->core, x->param, x->session.user, err) < 0)
        return -1;
    hf_reply(x, 204, NULL, "no-store", NULL, 0);
    return 0;
}

int
hf_handle_plan(struct hf_exchange *x, struct hf_error *err)
{
    HF_AUTO_FREE struct hf_plan *plan = calloc(1, sizeof *plan);
    char etag[HF_DIGEST_TEXT_SIZE + 2];
    struct hf_json *o;

    if (!plan)
        return hf_error_nomem(err);
    if (hf_core_plan(x->api->config->core, x->param, plan, err) < 0)
        return -1;
    snprintf(etag, sizeof etag, "\"%s\"", plan->etag);
    hf_reply_header(x, "ETag", etag);
    o = hf_codec_plan(plan);
    hf_plan_done(plan);
    return hf_reply_json(x, 200, o, err);
}

static int
begin_check(struct hf_exchange *x, const void *context, struct hf_operation *ret_operation,
            struct hf_error *err)
{
    (void)context;
    return hf_core_check_registry(x->api->config->core, x->session.user, ret_operation, err);
}

int
hf_handle_registry_check(struct hf_exchange *x, struct hf_error *err)
{
    return hf_reply_begun(x, begin_check, NULL, err);
}

/* Of one strong tag, or "*" (RFC 9110, 13.1.1): what stands between its quotes. */
static int
read_etag(const char *header, char out[HF_DIGEST_TEXT_SIZE], struct hf_error *err)
{
    size_t len = strlen(header);

    out[0] = '\0';
    if (strcmp(header, "*") == 0)
        return 0;
    if (len != HF_DIGEST_TEXT_SIZE - 1 + 2 || header[0] != '"' || header[len - 1] != '"')
        return hf_error_set(err, HF_ERROR_STALE,
                            "If-Match is not an ETag of a plan: plan it again");
    memcpy(out, header + 1, len - 2);
    out[len - 2] = '\0';
    return 0;
}

/* The body may be left out. */
static int
read_apply(struct hf_exchange *x, struct hf_apply *asked, struct hf_error *err)
{
    static const struct hf_json_field fields[] = {{"allow_older", HF_JSON_BOOL, false}};
    HF_AUTO(hf_json) struct hf_json *doc = NULL;

    if (x->body.len == 0)
        return 0;
    if (hf_exchange_json(x, fields, HF_LEN(fields), &doc, err) < 0)
        return -1;
    asked->allow_older = hf_json_bool(doc, "allow_older", false);
    return 0;
}

static int
begin_apply(struct hf_exchange *x, const void *context, struct hf_operation *ret_operation,
            struct hf_error *err)
{
    return hf_core_apply(x->api->config->core, context, x->session.user, ret_operation, err);
}

int
hf_handle_apply(struct hf_exchange *x, struct hf_error *err)
{
    const char *if_match = hf_exchange_header(x, "If-Match");
    char etag[HF_DIGEST_TEXT_SIZE];
    struct hf_apply asked = {.id = x->param, .etag = etag};

    if (read_apply(x, &asked, err) < 0 || (asked.allow_older && hf_exchange_need_proof(x, err) < 0))
        return -1;
    if (!if_match) {
        hf_reply_problem(x, 428, "If-Match is missing: plan it, and send the plan's ETag", NULL);
        return 0;
    }
    if (read_etag(if_match, etag, err) < 0)
        return -1;
    return hf_reply_begun(x, begin_apply, &asked, err);
}

static int
begin_rollback(struct hf_exchange *x, const void *context, struct hf_operation *ret_operation,
               struct hf_error *err)
{
    (void)context;
    return hf_core_roll_back(x->api->config->core, x->session.user, ret_operation, err);
}

int
hf_handle_rollback(struct hf_exchange *x, struct hf_error *err)
{
    return hf_reply_begun(x, begin_rollback, NULL, err);
}

int
hf_handle_upgrade(struct hf_exchange *x, struct hf_error *err)
{
    const struct hf_snapshot *snapshot = hf_core_snapshot(x->api->config->core);
    struct hf_json *o = hf_codec_upgrade(&snapshot->upgrade);

    hf_snapshot_unref(snapshot);
    return hf_reply_json(x, 200, o, err);
}
