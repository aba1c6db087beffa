// SPDX-License-Identifier: Apache-2.0
/* config */
#include "cli/groups.h"

#include "base/text.h"
#include "cli/format.h"
#include "cli/text.h"

#include <string.h>

enum { INDENT = 2 };

/* ---- get ---- */

static void
put_leaf(const struct cli_out *out, const struct hf_json *v)
{
    HF_AUTO_FREE char *json = NULL;
    HF_AUTO_BUF struct hf_buf text = HF_BUF_INIT((size_t)CLI_BODY_MAX * 6);

    if (hf_json_print(v, &json, NULL) == 0 &&
        cli_text_add_json(&text, json, strlen(json), NULL) == 0)
        fwrite(text.data, 1, text.len, out->to);
}

static void
put_key(const struct cli_out *out, const char *key)
{
    HF_AUTO(hf_json) struct hf_json *name = hf_json_of_string(key);

    put_leaf(out, name);
    fputs(": ", out->to);
}

/* Indented, so that a person can read it and a program too. */
// NOLINTNEXTLINE(misc-no-recursion): a document is HF_JSON_DEPTH_MAX deep at most
static void
put_pretty(const struct cli_out *out, const struct hf_json *v, int indent)
{
    bool object = hf_json_is_object(v);

    if ((!object && !hf_json_is_array(v)) || !hf_json_first(v)) {
        put_leaf(out, v);
        return;
    }
    fputs(object ? "{\n" : "[\n", out->to);
    for (const struct hf_json *m = hf_json_first(v); m; m = hf_json_next(m)) {
        fprintf(out->to, "%*s", indent + INDENT, "");
        if (object)
            put_key(out, hf_json_key(m));
        put_pretty(out, m, indent + INDENT);
        fputs(hf_json_next(m) ? ",\n" : "\n", out->to);
    }
    fprintf(out->to, "%*s%c", indent, "", object ? '}' : ']');
}

static int
show_config(const struct cli_out *out, const struct hf_json *doc, struct hf_error *err)
{
    (void)err;
    put_pretty(out, doc, 0);
    fputc('\n', out->to);
    return 0;
}

static int
get(struct cli *c, struct hf_error *err)
{
    struct cli_request r = {.method = "GET", .path = "/config"};
    CLI_AUTO_ANSWER struct cli_answer a = {0};
    HF_AUTO(hf_json) struct hf_json *doc = NULL;
    const char *path = c->args->count ? c->args->words[0] : NULL;
    const struct hf_json *v;

    if (cli_ask_json(c, &r, &a, &doc, err) < 0)
        return -1;
    if (!path)
        return cli_print(c, &a, show_config, err);
    v = cli_at(doc, path);
    if (!v)
        return cli_fail(c, CLI_REFUSED, err, "there is nothing at '%.100s' in the configuration",
                        path);
    if (!c->args->flags[CLI_JSON] && hf_json_as_string(v))
        cli_line(&c->out, CLI_PLAIN, "%s", hf_json_as_string(v));
    else
        return show_config(&c->out, v, err);
    return 0;
}

/* ---- revisions ---- */

static int
show_revisions(const struct cli_out *out, const struct hf_json *doc, struct hf_error *err)
{
    static const struct cli_column columns[] = {
        {"REVISION", true}, {"WHEN", false}, {"WHO", false}, {"", false}};
    HF_AUTO(cli_table) struct cli_table *t = cli_table_new(columns, HF_LEN(columns));
    const struct hf_json *trial = hf_json_get(doc, "trial");
    long long current = cli_int(doc, "current");

    for (const struct hf_json *r = hf_json_first(hf_json_get(doc, "revisions")); r;
         r = hf_json_next(r)) {
        bool is_current = cli_int(r, "revision") == current;

        cli_cell(t, is_current ? CLI_BOLD : CLI_PLAIN, "%lld", cli_int(r, "revision"));
        cli_cell_text(t, CLI_PLAIN, cli_time(hf_json_string(r, "created")).text);
        cli_cell_text(t, CLI_PLAIN, cli_text(r, "author"));
        cli_cell_text(t, CLI_GOOD, is_current ? "in force" : "");
    }
    if (cli_table_print(t, out, "There are only the defaults.", err) < 0)
        return -1;
    if (hf_json_is_object(trial))
        cli_line(out, CLI_WARN, "It is watched for %lld s more, else it goes back to %lld. %s",
                 cli_int(trial, "remaining_s"), cli_int(trial, "good"), cli_text(trial, "waiting"));
    return 0;
}

/* ---- diff ---- */

static void
value_cell(struct cli_table *t, enum cli_tone tone, const struct hf_json *v)
{
    HF_AUTO_FREE char *text = NULL;

    cli_cell_text(t, tone,
                  v && !hf_json_is_null(v) && hf_json_print(v, &text, NULL) == 0 ? text : "");
}

static int
show_diff(const struct cli_out *out, const struct hf_json *doc, struct hf_error *err)
{
    static const struct cli_column columns[] = {
        {"PATH", false}, {"BEFORE", false}, {"AFTER", false}};
    HF_AUTO(cli_table) struct cli_table *t = cli_table_new(columns, HF_LEN(columns));

    for (const struct hf_json *d = hf_json_first(hf_json_get(doc, "changes")); d;
         d = hf_json_next(d)) {
        cli_cell_text(t, CLI_BOLD, cli_text(d, "path"));
        value_cell(t, CLI_BAD, hf_json_get(d, "before"));
        value_cell(t, CLI_GOOD, hf_json_get(d, "after"));
    }
    cli_line(out, CLI_BOLD, "From revision %lld to %lld", cli_int(doc, "from"), cli_int(doc, "to"));
    if (cli_table_print(t, out, "They are the same.", err) < 0)
        return -1;
    if (cli_int(doc, "omitted") > 0)
        cli_line(out, CLI_DIM, "and %lld more", cli_int(doc, "omitted"));
    return 0;
}

/* The number of a word, or of the revision in force. */
static int
revision_of(struct cli *c, const char *word_or_null, uint64_t *ret, struct hf_error *err)
{
    HF_AUTO(hf_json) struct hf_json *doc = NULL;

    if (word_or_null && hf_text_u64(word_or_null, ret))
        return 0;
    if (word_or_null)
        return hf_error_set(err, HF_ERROR_INVALID, "'%.60s' is no number of a revision",
                            word_or_null);
    if (cli_get(c, "/config/revisions", &doc, err) < 0)
        return -1;
    *ret = (uint64_t)cli_int(doc, "current");
    if (*ret == 0)
        return cli_fail(c, CLI_REFUSED, err,
                        "there are only the defaults; nothing has been changed");
    return 0;
}

static int
diff(struct cli *c, struct hf_error *err)
{
    const struct cli_args *args = c->args;
    HF_AUTO_BUF struct hf_buf path = HF_BUF_INIT(CLI_PATH_MAX);
    CLI_AUTO_ANSWER struct cli_answer a = {0};
    struct cli_request r = {.method = "GET"};
    uint64_t from = 0, to;

    if (revision_of(c, args->count ? args->words[args->count - 1] : NULL, &to, err) < 0 ||
        (args->count > 1 && revision_of(c, args->words[0], &from, err) < 0))
        return -1;
    if (hf_buf_addf(&path, err, "/config/revisions/%llu/diff", (unsigned long long)to) < 0 ||
        (args->count > 1 && hf_buf_addf(&path, err, "?from=%llu", (unsigned long long)from) < 0))
        return -1;
    r.path = path.data;
    if (cli_ask(c, &r, &a, err) < 0)
        return -1;
    return cli_print(c, &a, show_diff, err);
}

static const struct cli_command commands[] = {
    {
        .name = "config get",
        .words = "[PATH]",
        .most = 1,
        .summary = "Show the configuration, or what is at one place of it",
        .help =
            "PATH is as in buffer.window_ms or /buffer/window_ms; lists count from 0. Secrets are "
            "shown as ***.",
        .examples = "config get\nconfig get sinks.0.url\nconfig get --json > press-hall-3.json",
        .show = show_config,
        .run = get,
    },
    {
        .name = "config set",
        .words = "[PATH=VALUE]...",
        .most = CLI_WORDS_MAX,
        .flags = CLI_FLAG(CLI_FILE) | CLI_FLAG(CLI_REPLACE) | CLI_FLAG(CLI_DRY_RUN),
        .summary = "Change the configuration, and show what differs",
        .help =
            "VALUE is JSON where it reads as JSON, else a text; null goes back to the default. A "
            "file is a merge patch (RFC 7396). The gateway checks it whole first; what somebody "
            "else has changed meanwhile is not overwritten.",
        .examples = "config set buffer.window_ms=1000 buffer.when_full=drop_oldest\n"
                    "config set --dry-run limits.buffer.memory_bytes=100663296\n"
                    "config set --file patch.json\n"
                    "config set --replace --file press-hall-3.json",
        .run = cli_config_set,
    },
    {
        .name = "config diff",
        .words = "[[FROM] TO]",
        .most = 2,
        .summary = "Show how two revisions differ; by default the newest from the one before",
        .help = "Revision 0 is the defaults.",
        .examples = "config diff\nconfig diff 7\nconfig diff 0 7",
        .show = show_diff,
        .run = diff,
    },
    {
        .name = "config revisions",
        .words = "",
        .summary = "Show the revisions that are kept",
        .examples = "config revisions",
        .path = "/config/revisions",
        .show = show_revisions,
    },
    {
        .name = "config restore",
        .words = "REVISION",
        .least = 1,
        .most = 1,
        .flags = CLI_FLAG(CLI_DRY_RUN),
        .summary = "Return to a revision, as a new one",
        .examples = "config restore 7 --dry-run\nconfig restore 7",
        .run = cli_config_restore,
    },
};
const struct cli_group cli_group_config = {"Configuration", commands, HF_LEN(commands)};
