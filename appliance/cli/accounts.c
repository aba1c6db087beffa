// SPDX-License-Identifier: Apache-2.0
/* users, sessions, tokens, password */
#include "cli/groups.h"

#include "base/text.h"
#include "cli/format.h"

#include <string.h>

/* ---- users ---- */

static void
user_row(struct cli_table *t, const struct hf_json *u)
{
    bool disabled = hf_json_bool(u, "disabled", false);

    cli_cell_text(t, CLI_BOLD, cli_text(u, "name"));
    cli_cell_text(t, CLI_PLAIN, cli_text(u, "role"));
    cli_cell_text(t, disabled ? CLI_WARN : CLI_PLAIN, disabled ? "disabled" : "may log in");
    cli_cell(t, CLI_PLAIN, "%lld", cli_int(u, "sessions"));
    cli_cell(t, CLI_PLAIN, "%lld", cli_int(u, "tokens"));
    cli_cell_text(t, CLI_PLAIN, cli_time(hf_json_string(u, "created")).text);
}

/* A list of them, or one. */
static int
show_users(const struct cli_out *out, const struct hf_json *doc, struct hf_error *err)
{
    static const struct cli_column columns[] = {{"USER", false},  {"ROLE", false},
                                                {"STATE", false}, {"SESSIONS", true},
                                                {"TOKENS", true}, {"SINCE", false}};
    HF_AUTO(cli_table) struct cli_table *t = cli_table_new(columns, HF_LEN(columns));
    const struct hf_json *list = hf_json_get(doc, "users");

    if (!list)
        user_row(t, doc);
    for (const struct hf_json *u = hf_json_first(list); u; u = hf_json_next(u))
        user_row(t, u);
    return cli_table_print(t, out, "There are no users.", err);
}

/* "/users/NAME" of the first word. */
static int
path_of(struct cli *c, const char *list, struct hf_buf *path, struct hf_error *err)
{
    return hf_buf_addf(path, err, "%s/", list) < 0 ? -1
                                                   : cli_path_add(path, c->args->words[0], err);
}

static int
need_role(const struct cli *c, struct hf_error *err)
{
    if (c->args->flags[CLI_ROLE])
        return 0;
    return hf_error_set(err, HF_ERROR_INVALID, "--role is missing: viewer, operator or admin");
}

static int
put_password(struct cli *c, struct hf_json *body, const char *member, const char *prompt,
             bool is_new, struct hf_error *err)
{
    char password[CLI_PASSWORD_MAX];
    bool is_text;

    if (cli_password(c, prompt, is_new, password, sizeof password, err) < 0)
        return -1;
    is_text = hf_text_utf8(password, strlen(password));
    if (is_text)
        hf_json_put_string(body, member, password);
    explicit_bzero(password, sizeof password);
    return is_text ? 0 : hf_error_set(err, HF_ERROR_INVALID, "a password must be UTF-8 text");
}

static int
add_user(struct cli *c, struct hf_error *err)
{
    HF_AUTO(hf_json) struct hf_json *body = hf_json_object();
    CLI_AUTO_ANSWER struct cli_answer a = {0};

    hf_json_put_string(body, "name", c->args->words[0]);
    hf_json_put_string(body, "role", c->args->flags[CLI_ROLE]);
    if (need_role(c, err) < 0 || cli_connect(c, err) < 0 ||
        put_password(c, body, "password", "Password of the new user: ", true, err) < 0 ||
        cli_send(c, "POST", "/users", body, &a, err) < 0)
        return -1;
    return cli_print(c, &a, show_users, err);
}

static int
set_user(struct cli *c, struct hf_error *err)
{
    HF_AUTO(hf_json) struct hf_json *body = hf_json_object();
    HF_AUTO_BUF struct hf_buf path = HF_BUF_INIT(CLI_PATH_MAX);
    HF_AUTO_FREE char *text = NULL;
    CLI_AUTO_ANSWER struct cli_answer a = {0};
    struct cli_request r = {.method = "PATCH", .type = "application/merge-patch+json"};
    const char *const *flags = c->args->flags;
    int rc;

    if (flags[CLI_DISABLE] && flags[CLI_ENABLE])
        return hf_error_set(err, HF_ERROR_INVALID, "say --disable or --enable, not both");
    if (flags[CLI_ROLE])
        hf_json_put_string(body, "role", flags[CLI_ROLE]);
    if (flags[CLI_DISABLE] || flags[CLI_ENABLE])
        hf_json_put_bool(body, "disabled", flags[CLI_DISABLE] != NULL);
    if (path_of(c, "/users", &path, err) < 0 || cli_connect(c, err) < 0)
        return -1;
    if ((flags[CLI_NEW_PASSWORD] || flags[CLI_PASSWORD_STDIN]) &&
        put_password(c, body, "password", "New password of the user: ", true, err) < 0)
        return -1;
    if (!hf_json_first(body))
        return hf_error_set(err, HF_ERROR_INVALID,
                            "nothing is to change: --role, --new-password, --disable or --enable");
    if (hf_json_print(body, &text, err) < 0)
        return -1;
    r.path = path.data;
    r.body = text;
    r.len = strlen(text);
    rc = cli_ask(c, &r, &a, err);
    explicit_bzero(text, strlen(text));
    return rc < 0 ? -1 : cli_print(c, &a, show_users, err);
}

static int
remove_one(struct cli *c, const char *list, struct hf_error *err)
{
    HF_AUTO_BUF struct hf_buf path = HF_BUF_INIT(CLI_PATH_MAX);
    CLI_AUTO_ANSWER struct cli_answer a = {0};

    if (path_of(c, list, &path, err) < 0)
        return -1;
    return cli_send(c, "DELETE", path.data, NULL, &a, err);
}

static int
remove_user(struct cli *c, struct hf_error *err)
{
    return remove_one(c, "/users", err);
}

/* ---- sessions ---- */

static int
show_sessions(const struct cli_out *out, const struct hf_json *doc, struct hf_error *err)
{
    static const struct cli_column columns[] = {{"ID", false},   {"USER", false}, {"ROLE", false},
                                                {"FROM", false}, {"USED", false}, {"", false}};
    HF_AUTO(cli_table) struct cli_table *t = cli_table_new(columns, HF_LEN(columns));

    for (const struct hf_json *s = hf_json_first(hf_json_get(doc, "sessions")); s;
         s = hf_json_next(s)) {
        cli_cell_text(t, CLI_PLAIN, cli_text(s, "id"));
        cli_cell_text(t, CLI_BOLD, cli_text(s, "user"));
        cli_cell_text(t, CLI_PLAIN, cli_text(s, "role"));
        cli_cell_text(t, CLI_PLAIN, cli_text(s, "address"));
        cli_cell_text(t, CLI_PLAIN, cli_time(hf_json_string(s, "used")).text);
        cli_cell_text(t, CLI_GOOD, hf_json_bool(s, "current", false) ? "this one" : "");
    }
    return cli_table_print(t, out, "Nobody is logged in.", err);
}

static int
end_session(struct cli *c, struct hf_error *err)
{
    return remove_one(c, "/sessions", err);
}

/* ---- tokens ---- */

static int
show_tokens(const struct cli_out *out, const struct hf_json *doc, struct hf_error *err)
{
    static const struct cli_column columns[] = {{"ID", false},      {"USER", false},
                                                {"NAME", false},    {"ROLE", false},
                                                {"EXPIRES", false}, {"LAST USE", false}};
    HF_AUTO(cli_table) struct cli_table *t = cli_table_new(columns, HF_LEN(columns));

    for (const struct hf_json *k = hf_json_first(hf_json_get(doc, "tokens")); k;
         k = hf_json_next(k)) {
        cli_cell_text(t, CLI_PLAIN, cli_text(k, "id"));
        cli_cell_text(t, CLI_PLAIN, cli_text(k, "user"));
        cli_cell_text(t, CLI_BOLD, cli_text(k, "name"));
        cli_cell_text(t, CLI_PLAIN, cli_text(k, "role"));
        cli_cell_text(t, CLI_PLAIN, cli_time(hf_json_string(k, "expires")).text);
        cli_cell_text(t, CLI_PLAIN, cli_time(hf_json_string(k, "used")).text);
    }
    return cli_table_print(t, out, "There are no API tokens.", err);
}

/* The token alone on stdout, so that a script can keep it. */
static int
show_new_token(const struct cli_out *out, const struct hf_json *doc, struct hf_error *err)
{
    (void)err;
    cli_line(out, CLI_PLAIN, "%s", cli_text(doc, "token"));
    return 0;
}

static int
add_token(struct cli *c, struct hf_error *err)
{
    HF_AUTO(hf_json) struct hf_json *body = hf_json_object();
    CLI_AUTO_ANSWER struct cli_answer a = {0};
    const char *days = c->args->flags[CLI_DAYS];
    uint64_t number = 0;

    if (need_role(c, err) < 0)
        return -1;
    if (!days || !hf_text_u64(days, &number) || number > INT32_MAX)
        return hf_error_set(err, HF_ERROR_INVALID, "--days: say for how many days it is good");
    hf_json_put_string(body, "name", c->args->words[0]);
    hf_json_put_string(body, "role", c->args->flags[CLI_ROLE]);
    hf_json_put_int(body, "days", (int64_t)number);
    if (cli_send(c, "POST", "/tokens", body, &a, err) < 0 ||
        cli_print(c, &a, show_new_token, err) < 0)
        return -1;
    cli_line(&c->told, CLI_PLAIN,
             "It is shown this once. HOLDFAST_TOKEN takes it, and 'Authorization: Bearer'.");
    return 0;
}

static int
revoke_token(struct cli *c, struct hf_error *err)
{
    return remove_one(c, "/tokens", err);
}

/* ---- one's own password ---- */

static int
change_password(struct cli *c, struct hf_error *err)
{
    HF_AUTO(hf_json) struct hf_json *body = hf_json_object();
    CLI_AUTO_ANSWER struct cli_answer a = {0};

    /* With --password-stdin: two lines. */
    if (cli_connect(c, err) < 0 ||
        put_password(c, body, "current", "Present password: ", false, err) < 0 ||
        put_password(c, body, "new", "New password: ", true, err) < 0 ||
        cli_send(c, "POST", "/password", body, &a, err) < 0)
        return -1;
    cli_line(&c->told, CLI_GOOD, "It is set; other sessions have ended.");
    return 0;
}

#define ONE_WORD .least = 1, .most = 1

static const struct cli_command commands[] = {
    {
        .name = "users",
        .words = "",
        .summary = "Show who may log in",
        .examples = "users",
        .path = "/users",
        .show = show_users,
    },
    {
        .name = "users add",
        .words = "NAME",
        ONE_WORD,
        .flags = CLI_FLAG(CLI_ROLE) | CLI_FLAG(CLI_PASSWORD_STDIN),
        .summary = "Add a user",
        .examples = "users add ann --role operator",
        .show = show_users,
        .run = add_user,
    },
    {
        .name = "users set",
        .words = "NAME",
        ONE_WORD,
        .flags = CLI_FLAG(CLI_ROLE) | CLI_FLAG(CLI_NEW_PASSWORD) | CLI_FLAG(CLI_PASSWORD_STDIN) |
                 CLI_FLAG(CLI_DISABLE) | CLI_FLAG(CLI_ENABLE),
        .summary = "Change role or password of a user, or lock the user out",
        .help = "All sessions of the user end by it.",
        .examples = "users set ann --role admin\nusers set ann --disable",
        .show = show_users,
        .run = set_user,
    },
    {
        .name = "users remove",
        .words = "NAME",
        ONE_WORD,
        .summary = "Remove a user with all sessions and tokens",
        .examples = "users remove ann",
        .run = remove_user,
    },
    {
        .name = "sessions",
        .words = "",
        .summary = "Show who is logged in, from where",
        .examples = "sessions",
        .path = "/sessions",
        .show = show_sessions,
    },
    {
        .name = "sessions end",
        .words = "ID",
        ONE_WORD,
        .summary = "End a session",
        .examples = "sessions end 9f2c11ab9f2c11ab",
        .run = end_session,
    },
    {
        .name = "tokens",
        .words = "",
        .summary = "Show the API tokens, without what is secret of them",
        .examples = "tokens",
        .path = "/tokens",
        .show = show_tokens,
    },
    {
        .name = "tokens add",
        .words = "NAME",
        ONE_WORD,
        .flags = CLI_FLAG(CLI_ROLE) | CLI_FLAG(CLI_DAYS),
        .summary = "Make an API token, and print it this once",
        .examples = "tokens add monitoring --role viewer --days 365",
        .show = show_new_token,
        .run = add_token,
    },
    {
        .name = "tokens remove",
        .words = "ID",
        ONE_WORD,
        .summary = "Revoke an API token",
        .examples = "tokens remove 9f2c11ab9f2c11ab",
        .run = revoke_token,
    },
    {
        .name = "password",
        .words = "",
        .flags = CLI_FLAG(CLI_PASSWORD_STDIN),
        .summary = "Set your own password",
        .help = "With --password-stdin: the present one and the new one, a line each.",
        .examples = "password",
        .run = change_password,
    },
};
const struct cli_group cli_group_accounts = {"Users and tokens", commands, HF_LEN(commands)};
