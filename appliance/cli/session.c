// SPDX-License-Identifier: Apache-2.0
/* claim, login, logout, completion */
#include "cli/groups.h"

#include "base/text.h"
#include "cli/format.h"

#include <string.h>

/* ---- keeping ---- */

/* What one is logged in by is kept with whom it is for, and that gateway is the one that is meant
 * from now on. */
static int
keep(struct cli *c, struct hf_error *err)
{
    hf_text_put(c->profile.fingerprint, sizeof c->profile.fingerprint, "%s", c->trust.wanted);
    if (c->trust.seen_key[0])
        memcpy(c->profile.key, c->trust.seen_key, sizeof c->profile.key);
    if (cli_profile_save(&c->profile, err) < 0 ||
        cli_profile_set_default(c->dir, c->profile.url, err) < 0)
        return hf_error_wrap(err, "the login worked but could not be kept");
    return 0;
}

static int
show_session(const struct cli_out *out, const struct hf_json *doc, struct hf_error *err)
{
    (void)err;
    cli_line(out, CLI_GOOD, "Logged in as %s (%s) until %s.", cli_text(doc, "user"),
             cli_text(doc, "role"), cli_time(hf_json_string(doc, "expires")).text);
    return 0;
}

/* The answer to a login or claim. */
static int
welcome(struct cli *c, const struct cli_answer *a, struct hf_error *err)
{
    if (!a->has_session || !cli_secret_valid(a->session))
        return hf_error_set(err, HF_ERROR_UPSTREAM, "the gateway's answer has no session in it");
    hf_text_put(c->profile.session, sizeof c->profile.session, "%s", a->session);
    c->profile.token[0] = '\0';
    if (keep(c, err) < 0)
        return -1;
    return cli_print(c, a, show_session, err);
}

static int
put_password(struct cli *c, struct hf_json *body, const char *prompt, bool is_new,
             struct hf_error *err)
{
    char password[CLI_PASSWORD_MAX];
    bool is_text;

    if (cli_password(c, prompt, is_new, password, sizeof password, err) < 0)
        return -1;
    is_text = hf_text_utf8(password, strlen(password));
    if (is_text)
        hf_json_put_string(body, "password", password);
    explicit_bzero(password, sizeof password);
    return is_text ? 0 : hf_error_set(err, HF_ERROR_INVALID, "a password must be UTF-8 text");
}

/* ---- login ---- */

/* A token is proved by using it, and then kept in place of a session. */
static int
keep_token(struct cli *c, struct hf_error *err)
{
    struct cli_request r = {.method = "GET", .path = "/session"};
    CLI_AUTO_ANSWER struct cli_answer a = {0};

    if (cli_read_stdin(c->profile.token, sizeof c->profile.token, err) < 0)
        return -1;
    if (!cli_secret_valid(c->profile.token))
        return hf_error_set(err, HF_ERROR_INVALID, "what stdin has is no API token");
    c->profile.session[0] = '\0';
    cli_http_credentials(c->http, (struct cli_credentials){.token = c->profile.token});
    if (cli_ask(c, &r, &a, err) < 0 || keep(c, err) < 0)
        return -1;
    return cli_print(c, &a, show_session, err);
}

static int
login(struct cli *c, struct hf_error *err)
{
    HF_AUTO(hf_json) struct hf_json *body = hf_json_object();
    CLI_AUTO_ANSWER struct cli_answer a = {0};
    const char *user = c->args->flags[CLI_USER];

    if (c->args->flags[CLI_TOKEN_STDIN] && (user || c->args->flags[CLI_PASSWORD_STDIN]))
        return hf_error_set(err, HF_ERROR_INVALID,
                            "a token says by itself whose it is: leave out --user and "
                            "--password-stdin");
    if (cli_connect(c, err) < 0)
        return -1;
    if (c->args->flags[CLI_TOKEN_STDIN])
        return keep_token(c, err);
    hf_json_put_string(body, "user", user ? user : "admin");
    if (put_password(c, body, "Password: ", false, err) < 0)
        return -1;
    cli_http_credentials(c->http, (struct cli_credentials){0});
    if (cli_send(c, "POST", "/login", body, &a, err) < 0)
        return -1;
    return welcome(c, &a, err);
}

/* ---- claim ---- */

static int
put_setup_code(struct cli *c, struct hf_json *body, struct hf_error *err)
{
    char code[64];

    if (c->args->flags[CLI_SETUP_CODE]) {
        hf_json_put_string(body, "setup_code", c->args->flags[CLI_SETUP_CODE]);
        return 0;
    }
    if (!cli_has_person())
        return hf_error_set(err, HF_ERROR_INVALID,
                            "there is no terminal to ask for the setup code: give --setup-code");
    if (cli_question("Setup code, as the gateway printed it: ", true, code, sizeof code, err) < 0)
        return -1;
    hf_json_put_string(body, "setup_code", code);
    return 0;
}

static int
claim(struct cli *c, struct hf_error *err)
{
    HF_AUTO(hf_json) struct hf_json *body = hf_json_object();
    CLI_AUTO_ANSWER struct cli_answer a = {0};

    if (cli_connect(c, err) < 0 || put_setup_code(c, body, err) < 0 ||
        put_password(c, body, "Password for admin, at least 10 characters: ", true, err) < 0)
        return -1;
    if (c->args->flags[CLI_NAME])
        hf_json_put_string(body, "name", c->args->flags[CLI_NAME]);
    cli_http_credentials(c->http, (struct cli_credentials){0});
    if (cli_send(c, "POST", "/claim", body, &a, err) < 0)
        return -1;
    return welcome(c, &a, err);
}

/* ---- logout ---- */

/* Here it is forgotten whatever the gateway says; that it should end there too is told where it did
 * not. */
static int
logout(struct cli *c, struct hf_error *err)
{
    struct cli_request r = {.method = "POST", .path = "/logout"};
    CLI_AUTO_ANSWER struct cli_answer a = {0};
    struct hf_error own = {0};
    int rc = 0;

    if (cli_connect(c, err) < 0)
        return -1;
    if (c->profile.session[0]) {
        cli_http_credentials(c->http, (struct cli_credentials){.session = c->profile.session});
        rc = cli_ask(c, &r, &a, &own);
    }
    c->profile.session[0] = c->profile.token[0] = '\0';
    if (c->profile.fingerprint[0] && cli_profile_save(&c->profile, err) < 0)
        return -1;
    if (rc == 0 || cli_exit_of(own.class) == CLI_SIGNED_OUT)
        return 0;
    cli_line(&c->told, CLI_WARN,
             "It is forgotten here; at the gateway the session ends by itself after "
             "twelve idle hours.");
    if (err)
        *err = own;
    return -1;
}

static int
completion(struct cli *c, struct hf_error *err)
{
    if (strcmp(c->args->words[0], "bash") != 0)
        return hf_error_set(err, HF_ERROR_INVALID, "only for bash");
    cli_complete_bash(stdout);
    return 0;
}

static const struct cli_command commands[] = {
    {
        .name = "claim",
        .words = "",
        .flags = CLI_FLAG(CLI_SETUP_CODE) | CLI_FLAG(CLI_NAME) | CLI_FLAG(CLI_PASSWORD_STDIN),
        .summary = "Make a new gateway yours: set the admin password",
        .help = "Possible once. The setup code is what the gateway printed when it started; what "
                "is not "
                "given is asked for.",
        .examples = "claim --gateway https://192.0.2.7:8443\n"
                    "claim --setup-code 7KQ2-M9XD-4TBF --name press-hall-3",
        .run = claim,
    },
    {
        .name = "login",
        .words = "",
        .flags = CLI_FLAG(CLI_USER) | CLI_FLAG(CLI_PASSWORD_STDIN) | CLI_FLAG(CLI_TOKEN_STDIN),
        .summary = "Log in; this gateway is the one that is meant from then on",
        .help =
            "The session is kept in ~/.config/holdfast, for nobody else to read, and so is an API "
            "token given by --token-stdin. HOLDFAST_TOKEN goes before both.",
        .examples = "login --gateway https://press-hall-3.local:8443\n"
                    "login --user ann\n"
                    "login --token-stdin < token",
        .show = show_session,
        .run = login,
    },
    {
        .name = "logout",
        .words = "",
        .summary = "End the session, and forget it here",
        .examples = "logout",
        .run = logout,
    },
    {
        .name = "completion",
        .words = "bash",
        .least = 1,
        .most = 1,
        .summary = "Print what completes commands in bash",
        .examples = "completion bash > /etc/bash_completion.d/holdfast",
        .run = completion,
    },
};
const struct cli_group cli_group_session = {"Logging in", commands, HF_LEN(commands)};
