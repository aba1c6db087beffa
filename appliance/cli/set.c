// SPDX-License-Identifier: Apache-2.0
/* config set and config restore: what would change is looked at first, and then only that is done.
 */
#include "cli/groups.h"

#include "base/text.h"

#include <string.h>

enum { FILE_MAX = 65536 /* as the gateway has it */, SHOWN_MAX = 200, POINTER_MAX = 512 };

/* ---- what differs ---- */

struct difference {
    struct cli_table *table;
    size_t count;
};

static bool
is_same(const struct hf_json *a, const struct hf_json *b)
{
    HF_AUTO_FREE char *text_a = NULL;
    HF_AUTO_FREE char *text_b = NULL;

    return hf_json_print_canonical(a, &text_a, NULL) == 0 &&
           hf_json_print_canonical(b, &text_b, NULL) == 0 && strcmp(text_a, text_b) == 0;
}

static void
value_cell(struct cli_table *t, enum cli_tone tone, const struct hf_json *v)
{
    HF_AUTO_FREE char *text = NULL;

    cli_cell_text(t, tone, v && hf_json_print(v, &text, NULL) == 0 ? text : "");
}

static void compare(struct difference *d, const char *at, const struct hf_json *before,
                    const struct hf_json *after);

static void
compare_member(struct difference *d, const char *at, const char *name, const struct hf_json *before,
               const struct hf_json *after)
{
    char pointer[POINTER_MAX];

    hf_text_put(pointer, sizeof pointer, "%s/%s", at, name);
    compare(d, pointer, before, after);
}

// NOLINTBEGIN(misc-no-recursion): a document is HF_JSON_DEPTH_MAX deep at most
static void
compare(struct difference *d, const char *at, const struct hf_json *before,
        const struct hf_json *after)
{
    if (before && after && is_same(before, after))
        return;
    if (hf_json_is_object(before) && hf_json_is_object(after)) {
        for (const struct hf_json *m = hf_json_first(before); m; m = hf_json_next(m))
            compare_member(d, at, hf_json_key(m), m, hf_json_get(after, hf_json_key(m)));
        for (const struct hf_json *m = hf_json_first(after); m; m = hf_json_next(m))
            if (!hf_json_get(before, hf_json_key(m)))
                compare_member(d, at, hf_json_key(m), NULL, m);
        return;
    }
    if (d->count++ >= SHOWN_MAX)
        return;
    cli_cell_text(d->table, CLI_BOLD, *at ? at : "/");
    value_cell(d->table, CLI_BAD, before);
    value_cell(d->table, CLI_GOOD, after);
}
// NOLINTEND(misc-no-recursion)

/* `effects` is in answers to changes only, and no part of the configuration. */
static struct hf_json *
without_effects(const struct hf_json *doc)
{
    struct hf_json *copy = hf_json_copy(doc);

    if (copy)
        hf_json_remove(copy, "effects");
    return copy;
}

int
cli_show_difference(const struct cli_out *out, const struct hf_json *before,
                    const struct hf_json *after, struct hf_error *err)
{
    static const struct cli_column columns[] = {
        {"PATH", false}, {"BEFORE", false}, {"AFTER", false}};
    HF_AUTO(cli_table) struct cli_table *t = cli_table_new(columns, HF_LEN(columns));
    HF_AUTO(hf_json) struct hf_json *old = without_effects(before), *new = without_effects(after);
    struct difference d = {.table = t};

    if (!old || !new)
        return hf_error_nomem(err);
    compare(&d, "", old, new);
    if (cli_table_print(
            t, out, "Nothing differs that can be shown; a secret is shown as *** always.", err) < 0)
        return -1;
    if (d.count > SHOWN_MAX)
        cli_line(out, CLI_DIM, "and %zu more", d.count - SHOWN_MAX);
    for (const struct hf_json *e = hf_json_first(hf_json_get(after, "effects")); e;
         e = hf_json_next(e))
        cli_line(out, CLI_WARN, "%s: %s, %s", cli_text(e, "service"), cli_text(e, "change"),
                 strcmp(cli_text(e, "how"), "live") == 0 ? "while it runs" : "by a new container");
    return 0;
}

/* ---- a change, looked at first ---- */

struct change {
    const char *method, *path, *type;
    char *body; /* NULL: none */
};

static int
ask_change(struct cli *c, const struct change *change, const char *etag, bool dry,
           struct cli_answer *ret, struct hf_json **ret_doc, struct hf_error *err)
{
    char if_match[CLI_ETAG_MAX + 16], path[96];
    struct cli_request r = {.method = change->method,
                            .path = path,
                            .type = change->body ? change->type : NULL,
                            .body = change->body,
                            .len = change->body ? strlen(change->body) : 0,
                            .headers = {if_match}};

    hf_text_put(if_match, sizeof if_match, "If-Match: %s", etag);
    hf_text_put(path, sizeof path, "%s%s", change->path, dry ? "?dry_run=true" : "");
    return cli_ask_json(c, &r, ret, ret_doc, err);
}

/* Shows what it would do; does it unless --dry-run; what was looked at is what is done, or nothing.
 */
static int
carry_out(struct cli *c, const struct change *change, struct hf_error *err)
{
    struct cli_request get = {.method = "GET", .path = "/config"};
    CLI_AUTO_ANSWER struct cli_answer now = {0}, would = {0}, done = {0};
    HF_AUTO(hf_json) struct hf_json *before = NULL, *after = NULL, *is = NULL;
    bool dry = c->args->flags[CLI_DRY_RUN] != NULL, json = c->args->flags[CLI_JSON] != NULL;

    if (cli_ask_json(c, &get, &now, &before, err) < 0)
        return -1;
    if (!now.etag[0])
        return hf_error_set(err, HF_ERROR_UPSTREAM, "the gateway's configuration has no revision");
    if (ask_change(c, change, now.etag, true, &would, &after, err) < 0)
        return -1;
    if (!json && cli_show_difference(&c->out, before, after, err) < 0)
        return -1;
    if (dry) {
        if (json)
            return cli_print_json(&c->out, would.body.data, would.body.len, err);
        cli_line(&c->out, CLI_DIM, "Nothing was changed.");
        return 0;
    }
    if (ask_change(c, change, now.etag, false, &done, &is, err) < 0)
        return -1;
    if (json)
        return cli_print_json(&c->out, done.body.data, done.body.len, err);
    cli_line(&c->out, CLI_GOOD, "Revision %.*s is in force.",
             (int)strcspn(done.etag + (done.etag[0] == '"'), "\""),
             done.etag + (done.etag[0] == '"'));
    return 0;
}

/* ---- set ---- */

/* Checked here only for being JSON: what may be in it knows the gateway. */
static int
read_document(const char *path, char **ret_text, struct hf_error *err)
{
    HF_AUTO_BUF struct hf_buf text = HF_BUF_INIT(FILE_MAX);
    HF_AUTO(hf_json) struct hf_json *doc = NULL;

    if (cli_read_file(path, &text, err) < 0)
        return -1;
    if (hf_json_parse(text.data ? text.data : "", text.len, &doc, err) < 0)
        return hf_error_wrap(err, "'%s'", path);
    *ret_text = hf_buf_take(&text);
    return *ret_text ? 0 : hf_error_nomem(err);
}

static int
make_patch(const struct cli_args *args, char **ret_text, struct hf_error *err)
{
    HF_AUTO(hf_json) struct hf_json *patch = hf_json_object();

    if (!patch)
        return hf_error_nomem(err);
    for (size_t i = 0; i < args->count; i++)
        if (cli_patch_add(patch, args->words[i], err) < 0)
            return -1;
    return hf_json_print(patch, ret_text, err);
}

int
cli_config_set(struct cli *c, struct hf_error *err)
{
    const char *file = c->args->flags[CLI_FILE];
    bool replace = c->args->flags[CLI_REPLACE] != NULL;
    HF_AUTO_FREE char *body = NULL;
    struct change change = {.method = replace ? "PUT" : "PATCH",
                            .path = "/config",
                            .type = replace ? "application/json" : "application/merge-patch+json"};

    if (!file == (c->args->count == 0))
        return hf_error_set(err, HF_ERROR_INVALID, "say PATH=VALUE, or --file FILE");
    if (replace && !file)
        return hf_error_set(err, HF_ERROR_INVALID, "--replace needs --file");
    if (file ? read_document(file, &body, err) < 0 : make_patch(c->args, &body, err) < 0)
        return -1;
    change.body = body;
    return carry_out(c, &change, err);
}

int
cli_config_restore(struct cli *c, struct hf_error *err)
{
    HF_AUTO_BUF struct hf_buf path = HF_BUF_INIT(64);
    struct change change = {.method = "POST"};
    uint64_t number;

    if (!hf_text_u64(c->args->words[0], &number))
        return hf_error_set(err, HF_ERROR_INVALID, "'%.60s' is no number of a revision",
                            c->args->words[0]);
    if (hf_buf_addf(&path, err, "/config/revisions/%llu/restore", (unsigned long long)number) < 0)
        return -1;
    change.path = path.data;
    return carry_out(c, &change, err);
}
