// SPDX-License-Identifier: Apache-2.0
/* The configuration. */
#include "api/handlers.h"

#include "api/peer.h"
#include "api/server.h"
#include "base/text.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { CURSOR_DIGITS_MAX = 18, ETAG_SIZE = 32 };

/* ---- the configuration ---- */

static void
say_etag(int64_t revision, char out[ETAG_SIZE])
{
    snprintf(out, ETAG_SIZE, "\"%lld\"", (long long)revision);
}

static void
reply_config(struct hf_exchange *x, const char *text, int64_t revision)
{
    char etag[ETAG_SIZE];

    say_etag(revision, etag);
    hf_reply_header(x, "ETag", etag);
    hf_reply_json_text(x, 200, text, strlen(text));
}

int
hf_handle_config(struct hf_exchange *x, struct hf_error *err)
{
    HF_AUTO_FREE char *text = NULL;
    int64_t revision;

    const char *known = hf_exchange_header(x, "If-None-Match");
    char etag[ETAG_SIZE];

    if (hf_core_config(x->api->config->core, &text, &revision, err) < 0)
        return -1;
    say_etag(revision, etag);
    if (known && (strcmp(known, "*") == 0 || strstr(known, etag))) {
        hf_reply_header(x, "ETag", etag);
        hf_reply(x, 304, NULL, "no-store", NULL, 0);
    } else {
        reply_config(x, text, revision);
    }
    return 0;
}

/* The configuration with what a change of limits does. */
static int
add_effects(const struct hf_effects *effects, char **text, struct hf_error *err)
{
    HF_AUTO(hf_json) struct hf_json *doc = NULL;
    struct hf_json *list;
    char *whole;

    if (hf_json_parse(*text, strlen(*text), &doc, err) < 0)
        return -1;
    list = hf_json_array();
    for (size_t i = 0; i < effects->count; i++) {
        const struct hf_limit_effect *e = &effects->list[i];
        struct hf_json *o = hf_json_object();

        hf_json_put_string(o, "service", e->service);
        hf_json_put_string(o, "change", e->change);
        hf_json_put_string(o, "how", e->live ? "live" : "recreate");
        hf_json_add(list, o);
    }
    hf_json_put(doc, "effects", list);
    if (hf_json_print(doc, &whole, err) < 0)
        return -1;
    free(*text);
    *text = whole;
    return 0;
}

/* The number in an If-Match of one strong tag, or "*" (RFC 9110, 13.1.1). What was never given out
 * matches nothing. */
static int
read_if_match(const char *header, int64_t *ret_revision, struct hf_error *err)
{
    size_t len = strlen(header);
    char digits[CURSOR_DIGITS_MAX + 1];
    uint64_t revision;

    *ret_revision = HF_REVISION_ANY;
    if (strcmp(header, "*") == 0)
        return 0;
    if (len < 3 || len - 2 > CURSOR_DIGITS_MAX || header[0] != '"' || header[len - 1] != '"')
        return hf_error_set(err, HF_ERROR_STALE,
                            "If-Match is not an ETag of the configuration: read it again");
    memcpy(digits, header + 1, len - 2);
    digits[len - 2] = '\0';
    if (!hf_text_u64(digits, &revision))
        return hf_error_set(err, HF_ERROR_STALE,
                            "If-Match is not an ETag of the configuration: read it again");
    *ret_revision = (int64_t)revision;
    return 0;
}

/* The processor knows rules better than we do. Where it is away they are taken as they are; it says
 * in its status what it does not take. */
static int
ask_processor(struct hf_exchange *x, const struct hf_json *rules, struct hf_error *err)
{
    HF_AUTO(hf_json) struct hf_json *answer = NULL;
    struct hf_json *body = hf_json_object();
    struct hf_error why = {0};

    hf_json_put(body, "rules", hf_json_copy(rules));
    if (hf_peer_ask(x, HF_PATH_PROCESSOR, "/v1/dry-run", body, &answer, &why) == 0 ||
        why.class != HF_ERROR_INVALID)
        return 0;
    if (err)
        *err = why;
    return -1;
}

static int
read_document(struct hf_exchange *x, struct hf_json **ret_doc, struct hf_error *err)
{
    HF_AUTO(hf_json) struct hf_json *doc = NULL;
    const struct hf_json *rules;

    if (hf_json_parse(x->body.data ? x->body.data : "", x->body.len, &doc, err) < 0)
        return hf_error_wrap(err, "the body is no JSON");
    rules = hf_json_get(doc, "rules");
    if (hf_json_is_array(rules) &&
        (hf_settings_check_rules(rules, "/rules", err) < 0 || ask_processor(x, rules, err) < 0))
        return -1;
    *ret_doc = hf_steal(&doc);
    return 0;
}

/* With what it does to the services; a dry run says what it would. */
static int
change(struct hf_exchange *x, const struct hf_config_change *asked, struct hf_error *err)
{
    const char *if_match = hf_exchange_header(x, "If-Match");
    struct hf_effects effects = {0};
    struct hf_config_change change = *asked;
    HF_AUTO_FREE char *text = NULL;
    int64_t revision;

    if (!if_match) {
        hf_reply_problem(x, 428, "If-Match is missing: read the configuration, and send its ETag",
                         NULL);
        return 0;
    }
    change.actor = x->session.user;
    change.ret_effects = &effects;
    if (read_if_match(if_match, &change.revision, err) < 0 ||
        hf_core_change_config(x->api->config->core, &change, &text, &revision, err) < 0 ||
        add_effects(&effects, &text, err) < 0)
        return -1;
    reply_config(x, text, revision);
    return 0;
}

static int
read_dry_run(struct hf_exchange *x, bool *ret_dry_run, struct hf_error *err)
{
    uint64_t dry_run = 0;
    const struct hf_query_field fields[] = {
        {.name = "dry_run", .is_bool = true, .ret_value = &dry_run},
    };

    if (hf_query_read(x->query, fields, HF_LEN(fields), err) < 0)
        return -1;
    *ret_dry_run = dry_run;
    return 0;
}

int
hf_handle_config_patch(struct hf_exchange *x, struct hf_error *err)
{
    struct hf_config_change asked = {.patch = NULL};
    HF_AUTO(hf_json) struct hf_json *patch = NULL;

    if (read_dry_run(x, &asked.dry_run, err) < 0 || read_document(x, &patch, err) < 0)
        return -1;
    asked.patch = patch;
    return change(x, &asked, err);
}

int
hf_handle_config_put(struct hf_exchange *x, struct hf_error *err)
{
    struct hf_config_change asked = {.patch = NULL};
    HF_AUTO(hf_json) struct hf_json *whole = NULL;

    if (read_dry_run(x, &asked.dry_run, err) < 0 || read_document(x, &whole, err) < 0)
        return -1;
    asked.whole = whole;
    return change(x, &asked, err);
}

int
hf_handle_revision_restore(struct hf_exchange *x, struct hf_error *err)
{
    struct hf_config_change asked = {.patch = NULL};

    if (read_dry_run(x, &asked.dry_run, err) < 0 || hf_revision_of(x, &asked.again, err) < 0)
        return -1;
    return change(x, &asked, err);
}
