// SPDX-License-Identifier: Apache-2.0
/* releases: which there are, and how they come here */
#include "cli/groups.h"

#include "base/file.h"
#include "base/text.h"
#include "cli/format.h"

#include <string.h>

enum { RELEASE_MAX = 60000, SIGNATURE_MAX = 2000, ID_DIGITS = 32, PREFIX_LEAST = 6 };

/* ---- list ---- */

static int
show_history(const struct cli_out *out, const struct hf_json *doc, struct hf_error *err)
{
    static const struct cli_column columns[] = {
        {"WHEN", false}, {"WHAT", false}, {"RELEASE", false}, {"END", false}, {"WHY", false}};
    HF_AUTO(cli_table) struct cli_table *t = cli_table_new(columns, HF_LEN(columns));

    for (const struct hf_json *u = hf_json_first(hf_json_get(doc, "history")); u;
         u = hf_json_next(u)) {
        cli_cell_text(t, CLI_PLAIN, cli_time(hf_json_string(u, "finished")).text);
        cli_cell_text(t, CLI_PLAIN, cli_text(u, "kind"));
        cli_cell_text(t, CLI_BOLD, cli_text(hf_json_get(u, "release"), "name"));
        cli_cell_text(t, cli_tone_of(cli_text(u, "outcome")), cli_text(u, "outcome"));
        cli_cell_text(t, CLI_PLAIN, cli_text(u, "reason"));
    }
    fputc('\n', out->to);
    return cli_table_print(t, out, "There were no upgrades yet.", err);
}

static void
show_registry(const struct cli_out *out, const struct hf_json *registry)
{
    const char *host = cli_text(registry, "host"), *detail = cli_text(registry, "detail");
    struct cli_word when = cli_time(hf_json_string(registry, "checked"));

    if (!*host)
        return;
    cli_line(out, CLI_PLAIN, "\nRegistry %s: %s%s%s%s", host,
             hf_json_bool(registry, "busy", false) ? "being asked now"
             : *when.text                          ? "asked "
                                                   : "not asked yet",
             when.text, *detail ? "; " : "", detail);
}

static int
show_releases(const struct cli_out *out, const struct hf_json *doc, struct hf_error *err)
{
    static const struct cli_column columns[] = {
        {"ID", false},     {"RELEASE", false}, {"STATE", false}, {"SIGNED", false},
        {"SOURCE", false}, {"ADDED", false},   {"WHY", false},
    };
    HF_AUTO(cli_table) struct cli_table *t = cli_table_new(columns, HF_LEN(columns));

    for (const struct hf_json *r = hf_json_first(hf_json_get(doc, "releases")); r;
         r = hf_json_next(r)) {
        cli_cell_text(t, CLI_PLAIN, cli_short(hf_json_string(r, "id")).text);
        cli_cell_text(t, CLI_BOLD, cli_text(r, "name"));
        cli_cell_text(t, cli_tone_of(cli_text(r, "state")), cli_text(r, "state"));
        cli_cell_text(t, CLI_PLAIN, hf_json_bool(r, "signed", false) ? "yes" : "no");
        cli_cell_text(t, CLI_PLAIN, cli_text(r, "source"));
        cli_cell_text(t, CLI_PLAIN, cli_time(hf_json_string(r, "added")).text);
        cli_cell_text(t, CLI_PLAIN, cli_text(r, "detail"));
    }
    if (cli_table_print(t, out, "No release is known.", err) < 0 || show_history(out, doc, err) < 0)
        return -1;
    show_registry(out, hf_json_get(doc, "registry"));
    return 0;
}

/* ---- which one ---- */

static bool
is_meant(const struct hf_json *release, const char *word, bool by_id)
{
    const char *id = cli_text(release, "id"), *name = cli_text(release, "name");
    const char *version = strrchr(name, ' ');

    if (by_id && strlen(word) >= PREFIX_LEAST && strncmp(id, word, strlen(word)) == 0)
        return true;
    return strcmp(name, word) == 0 || (version && strcmp(version + 1, word) == 0);
}

int
cli_release_id(struct cli *c, const char *word, char out[33], struct hf_error *err)
{
    HF_AUTO(hf_json) struct hf_json *doc = NULL;
    bool by_id = word[strspn(word, "0123456789abcdef")] == '\0';
    const char *found = NULL;

    if (by_id && strlen(word) == ID_DIGITS) {
        memcpy(out, word, ID_DIGITS + 1);
        return 0;
    }
    if (cli_get(c, "/releases", &doc, err) < 0)
        return -1;
    for (const struct hf_json *r = hf_json_first(hf_json_get(doc, "releases")); r;
         r = hf_json_next(r)) {
        if (!is_meant(r, word, by_id))
            continue;
        if (found)
            return cli_fail(c, CLI_REFUSED, err,
                            "'%.60s' may be several releases; give more of its id", word);
        found = cli_text(r, "id");
    }
    if (!found || !hf_text_put(out, ID_DIGITS + 1, "%s", found))
        return cli_fail(c, CLI_REFUSED, err,
                        "no release here is called '%.60s'; 'holdfast releases' lists them", word);
    return 0;
}

/* ---- add, check, forget ---- */

/* A file's text as a member of body; where it is not there and need not be, none. */
static int
put_file(struct hf_json *body, const char *member, const char *path, size_t max, bool required,
         struct hf_error *err)
{
    HF_AUTO_BUF struct hf_buf text = HF_BUF_INIT(max);
    struct hf_error own = {0};

    if (hf_file_read(path, &text, &own) < 0) {
        if (own.class == HF_ERROR_NOT_FOUND && !required)
            return 0;
        if (err)
            *err = own;
        return -1;
    }
    if (!text.len || !hf_text_utf8(text.data, text.len))
        return hf_error_set(err, HF_ERROR_INVALID, "'%s' is empty or no text", path);
    hf_json_put_string(body, member, text.data);
    return 0;
}

static int
show_release(const struct cli_out *out, const struct hf_json *doc, struct hf_error *err)
{
    (void)err;
    cli_line(out, CLI_PLAIN, "%s is known now, %s, as %s", cli_text(doc, "name"),
             hf_json_bool(doc, "signed", false) ? "signed" : "not signed", cli_text(doc, "id"));
    cli_line(out, CLI_DIM, "Next: holdfast plan %s", cli_short(hf_json_string(doc, "id")).text);
    return 0;
}

static int
add(struct cli *c, struct hf_error *err)
{
    HF_AUTO(hf_json) struct hf_json *body = hf_json_object();
    HF_AUTO_FREE char *signature = NULL;
    CLI_AUTO_ANSWER struct cli_answer a = {0};
    const char *path = c->args->words[0];

    if (asprintf(&signature, "%s.minisig", path) < 0)
        return hf_error_nomem(err);
    if (put_file(body, "release", path, RELEASE_MAX, true, err) < 0 ||
        put_file(body, "signature", signature, SIGNATURE_MAX, false, err) < 0 ||
        cli_send(c, "POST", "/releases", body, &a, err) < 0)
        return -1;
    return cli_print(c, &a, show_release, err);
}

static int
check(struct cli *c, struct hf_error *err)
{
    CLI_AUTO_ANSWER struct cli_answer a = {0};

    if (cli_begin_path(c, "/releases/check", &a, err) < 0)
        return -1;
    return cli_follow_answer(c, &a, err);
}

static int
forget(struct cli *c, struct hf_error *err)
{
    CLI_AUTO_ANSWER struct cli_answer a = {0};
    char id[ID_DIGITS + 1], path[64];

    if (cli_release_id(c, c->args->words[0], id, err) < 0)
        return -1;
    hf_text_put(path, sizeof path, "/releases/%s", id);
    return cli_send(c, "DELETE", path, NULL, &a, err);
}

static const struct cli_command commands[] = {
    {
        .name = "releases",
        .words = "",
        .summary = "Show which releases there are, and what became of them",
        .examples = "releases",
        .path = "/releases",
        .show = show_releases,
    },
    {
        .name = "releases add",
        .words = "FILE",
        .least = 1,
        .most = 1,
        .summary = "Make a release known from its file",
        .help =
            "Its signature is taken from FILE.minisig where that is there. Changes nothing that "
            "runs.",
        .examples = "releases add release-1.3.0.json",
        .show = show_release,
        .run = add,
    },
    {
        .name = "releases check",
        .words = "",
        .flags = CLI_FLAG(CLI_NO_WAIT),
        .summary = "Look for releases in the registry",
        .examples = "releases check",
        .run = check,
    },
    {
        .name = "releases upload",
        .words = "BUNDLE",
        .least = 1,
        .most = 1,
        .summary = "Bring a release with its images in one file",
        .help = "For a gateway without a registry. Where the line breaks it goes on by itself; "
                "after ^C "
                "the same command goes on within five minutes.",
        .examples = "releases upload holdfast-1.3.0.bundle",
        .run = cli_upload,
    },
    {
        .name = "releases forget",
        .words = "ID",
        .least = 1,
        .most = 1,
        .summary = "Forget a release that does not run",
        .examples = "releases forget 0c1d77aa0c1d",
        .run = forget,
    },
    {
        .name = "plan",
        .words = "RELEASE",
        .least = 1,
        .most = 1,
        .summary = "Show what applying a release would do",
        .help =
            "RELEASE is its id, the beginning of it, or its version. Changes nothing. The tag at "
            "the end stands for the plan: 'holdfast apply --plan TAG' does that and nothing else.",
        .examples = "plan 1.3.0\nplan 0c1d77aa0c1d --json | jq .obstacles",
        .show = cli_show_plan,
        .run = cli_plan,
    },
    {
        .name = "apply",
        .words = "RELEASE",
        .least = 1,
        .most = 1,
        .flags = CLI_FLAG(CLI_PLAN) | CLI_FLAG(CLI_ALLOW_OLDER) | CLI_FLAG(CLI_NO_WAIT),
        .summary = "Make a release the one that runs, and wait for the end",
        .help =
            "Ends with the release healthy, or with the one before running again, which is status "
            "5. ^C does not end the upgrade; 'holdfast operations cancel' does.",
        .examples = "apply 1.3.0\napply 1.3.0 --plan 0f9a3c2e5b7d4e6f8a1b2c3d4e5f6071",
        .run = cli_apply,
    },
    {
        .name = "rollback",
        .words = "",
        .flags = CLI_FLAG(CLI_NO_WAIT),
        .summary = "Go back to the release before, or give up the upgrade under way",
        .examples = "rollback",
        .run = cli_rollback,
    },
};
const struct cli_group cli_group_releases = {"Releases", commands, HF_LEN(commands)};
