// SPDX-License-Identifier: Apache-2.0
/* Requests of commands, and refusals in words. */
#include "cli/cli.h"

#include "cli/text.h"

#include <stdarg.h>
#include <string.h>

enum cli_exit cli_exit_of(enum hf_error_class class)
{
    switch (class) {
    case HF_ERROR_INVALID:
    case HF_ERROR_MALFORMED:
        return CLI_USAGE;
    case HF_ERROR_UNAVAILABLE:
    case HF_ERROR_TIMEOUT:
    case HF_ERROR_UPSTREAM:
        return CLI_UNREACHABLE;
    case HF_ERROR_UNAUTHORIZED:
        return CLI_SIGNED_OUT;
    case HF_ERROR_FORBIDDEN:
        return CLI_UNTRUSTED;
    case HF_ERROR_CONFLICT:
        return CLI_INTERRUPTED;
    default:
        return CLI_LOCAL;
    }
}

int
cli_fail(struct cli *c, enum cli_exit exit, struct hf_error *err, const char *fmt, ...)
{
    char message[HF_ERROR_MESSAGE_MAX];
    va_list args;

    va_start(args, fmt);
    vsnprintf(message, sizeof message, fmt, args);
    va_end(args);
    c->exit = exit;
    return hf_error_set(err, HF_ERROR_INTERNAL, "%s", message);
}

void
cli_tell(const struct cli *c, const struct hf_error *err)
{
    if (err->message[0])
        cli_line(&c->told, CLI_BAD, "holdfast: %s", err->message);
}

/* ---- paths ---- */

int
cli_path_add(struct hf_buf *path, const char *text, struct hf_error *err)
{
    static const char plain[] =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~";
    /* Segments that mean a place. */
    bool is_dots = strcmp(text, ".") == 0 || strcmp(text, "..") == 0;

    if (!*text || is_dots)
        return hf_error_set(err, HF_ERROR_INVALID, "'%s' is no name", text);
    for (; *text; text++)
        if (strchr(plain, *text) ? hf_buf_add(path, text, 1, err) < 0
                                 : hf_buf_addf(path, err, "%%%02X", (unsigned char)*text) < 0)
            return -1;
    return 0;
}

int
cli_query_add(struct hf_buf *path, const char *name, const char *value, struct hf_error *err)
{
    if (hf_buf_addf(path, err, "%c%s=", strchr(path->data, '?') ? '&' : '?', name) < 0)
        return -1;
    return cli_path_add(path, value, err);
}

int
cli_query_flags(struct hf_buf *path, const struct cli_args *args, struct hf_error *err)
{
    for (int i = 0; i < CLI_FLAG_COUNT; i++)
        if (args->flags[i] && cli_flags[i].query &&
            cli_query_add(path, cli_flags[i].query, args->flags[i], err) < 0)
            return -1;
    return 0;
}

/* ---- refusals ---- */

/* Dangerous actions want the password shown within the last minutes (POST /session/reauth). */
static bool
wants_password(const struct cli_answer *a)
{
    HF_AUTO(hf_json) struct hf_json *problem = NULL;
    const char *type;

    if (a->status != 403 || !a->is_problem || cli_parse(a, &problem, NULL) < 0)
        return false;
    type = hf_json_string(problem, "type");
    return type && strcmp(type, "/api/docs/problems#password-needed") == 0;
}

static bool
is_below(const struct cli_request *r, const char *path)
{
    return strncmp(r->path, path, strlen(path)) == 0;
}

/* Where the role is not the reason, the detail is enough. */
static const char *
about_forbidden(const struct cli_request *r, const struct cli_answer *a)
{
    if (wants_password(a))
        return "It is dangerous, so the password is to be shown again: 'holdfast login', then the "
               "command, within ten minutes.";
    if (is_below(r, "/claim") || is_below(r, "/password") || is_below(r, "/session/reauth"))
        return NULL;
    return "'holdfast login --user NAME' logs in as somebody who may.";
}

/* What a person can do about a status; NULL where the detail is all there is to say. */
static const char *
what_to_do(const struct cli *c, const struct cli_request *r, const struct cli_answer *a)
{
    bool known = c->profile.session[0] || c->profile.token[0] || getenv("HOLDFAST_TOKEN");

    switch (a->status) {
    case 401:
        if (is_below(r, "/login"))
            return NULL;
        return known ? "The session or token is no longer good: 'holdfast login'."
                     : "Log in first: 'holdfast login', or set HOLDFAST_TOKEN to an API token.";
    case 403:
        return about_forbidden(r, a);
    case 404:
        return is_below(r, "/services/")     ? "'holdfast services' lists them."
               : is_below(r, "/operations/") ? "'holdfast operations' lists them."
               : is_below(r, "/releases/")   ? "'holdfast releases' lists them."
                                             : NULL;
    case 409:
        return is_below(r, "/services/") || is_below(r, "/releases/") || is_below(r, "/config")
                   ? "'holdfast status' shows what is under way."
                   : NULL;
    case 412:
        return "Look at it anew and repeat the command.";
    case 421:
        return "Use the gateway's address, or its name with .local.";
    case 500:
    case 502:
    case 504:
        return "The gateway's log says more: 'journalctl -u holdfastd' there.";
    case 507:
        return "Make room on the gateway's disk.";
    default:
        return NULL;
    }
}

/* Paths that a gateway does not have it answers so (api/router.c). */
static bool
is_older(const struct cli_answer *a, const char *detail)
{
    return (a->status == 404 && strcmp(detail, "there is no such path") == 0) || a->status == 405;
}

/* The fields of a body, or the places of a file, that are wrong. */
static void
tell_fields(const struct cli *c, const struct hf_json *problem, const char *detail)
{
    for (const struct hf_json *e = hf_json_first(hf_json_get(problem, "errors")); e;
         e = hf_json_next(e)) {
        const char *pointer = hf_json_string(e, "pointer"), *what = hf_json_string(e, "detail");
        int64_t line = hf_json_int(e, "line", 0);
        bool more = what && strcmp(what, detail) != 0;

        if (pointer)
            cli_line(&c->told, CLI_PLAIN, "  at %s%s%s", *pointer ? pointer : "/", more ? ": " : "",
                     more ? what : "");
        else if (line > 0)
            cli_line(&c->told, CLI_PLAIN, "  line %lld, column %lld: %s", (long long)line,
                     (long long)hf_json_int(e, "column", 0), what ? what : "");
    }
}

int
cli_refused(struct cli *c, const struct cli_request *r, const struct cli_answer *a,
            struct hf_error *err)
{
    HF_AUTO(hf_json) struct hf_json *problem = NULL;
    const char *title, *detail, *help;
    int path_len = (int)strcspn(r->path, "?");

    c->exit = a->status == 401 ? CLI_SIGNED_OUT : CLI_REFUSED;
    if (!a->is_problem || cli_parse(a, &problem, NULL) < 0)
        return cli_fail(
            c, CLI_UNREACHABLE, err,
            "%s answers %s %.*s with status %d and no reason: is it a Holdfast gateway?",
            c->profile.url, r->method, path_len, r->path, a->status);
    title = hf_json_string(problem, "title");
    detail = hf_json_string(problem, "detail");
    title = title ? title : "Refused";
    detail = detail ? detail : "";
    if (c->args->flags[CLI_JSON] && cli_print_json(&c->out, a->body.data, a->body.len, err) < 0)
        return -1;
    if (is_older(a, detail)) {
        cli_line(&c->told, CLI_BAD,
                 "holdfast: this gateway has no %s %.*s: it is older than this command", r->method,
                 path_len, r->path);
        return hf_error_set(err, HF_ERROR_INTERNAL, "%s", "");
    }
    cli_line(&c->told, CLI_BAD, "holdfast: %s: %s", title, detail);
    tell_fields(c, problem, detail);
    if (a->retry_after_s)
        cli_line(&c->told, CLI_PLAIN, "  Try again in %d s.", a->retry_after_s);
    help = what_to_do(c, r, a);
    if (help)
        cli_line(&c->told, CLI_PLAIN, "  %s", help);
    return hf_error_set(err, HF_ERROR_INTERNAL, "%s", "");
}

/* ---- requests ---- */

/* Where the gateway is not the one that is trusted, there is more to say than fits into an error.
 */
static void
tell_other_certificate(const struct cli *c)
{
    cli_line(&c->told, CLI_BAD,
             "holdfast: %s shows another certificate than the one that is trusted.",
             c->profile.url);
    cli_line(&c->told, CLI_PLAIN, "  It has      %s", c->trust.seen);
    cli_line(&c->told, CLI_PLAIN, "  trusted is  %s", c->trust.wanted);
    cli_line(&c->told, CLI_PLAIN,
             "  Nothing was sent. Either the gateway has a new certificate, or something else "
             "answers in its place.");
    cli_line(
        &c->told, CLI_PLAIN,
        "  Compare with what the gateway prints at its start. Where it is right: 'holdfast login "
        "--fingerprint SHA256:…'.");
}

int
cli_call(struct cli *c, const struct cli_request *r, struct cli_answer *ret, struct hf_error *err)
{
    struct hf_error own = {0};

    if (cli_connect(c, err) < 0)
        return -1;
    if (cli_http_call(c->http, r, ret, &own) == 0)
        return 0;
    if (own.class == HF_ERROR_FORBIDDEN) {
        tell_other_certificate(c);
        own.message[0] = '\0';
    }
    if (err)
        *err = own;
    return -1;
}

static int
show_password(struct cli *c, struct hf_error *err)
{
    HF_AUTO(hf_json) struct hf_json *body = hf_json_object();
    CLI_AUTO_ANSWER struct cli_answer a = {0};
    char password[CLI_PASSWORD_MAX];
    int rc;

    cli_line(&c->told, CLI_PLAIN,
             "This is dangerous, so the gateway wants to see your password again.");
    if (cli_question("Password: ", false, password, sizeof password, err) < 0)
        return -1;
    hf_json_put_string(body, "password", password);
    rc = cli_send(c, "POST", "/session/reauth", body, &a, err);
    explicit_bzero(password, sizeof password);
    return rc;
}

int
cli_ask(struct cli *c, const struct cli_request *r, struct cli_answer *ret, struct hf_error *err)
{
    if (cli_call(c, r, ret, err) < 0)
        return -1;
    if (wants_password(ret) && cli_has_person()) {
        cli_answer_done(ret);
        if (show_password(c, err) < 0 || cli_call(c, r, ret, err) < 0)
            return -1;
    }
    return ret->status >= 200 && ret->status < 300 ? 0 : cli_refused(c, r, ret, err);
}

int
cli_parse(const struct cli_answer *a, struct hf_json **ret_doc, struct hf_error *err)
{
    struct hf_error own = {0};

    if (hf_json_parse(a->body.data ? a->body.data : "", a->body.len, ret_doc, &own) == 0)
        return 0;
    return hf_error_set(err, HF_ERROR_UPSTREAM, "the gateway's answer cannot be read: %.300s",
                        own.message);
}

int
cli_ask_json(struct cli *c, const struct cli_request *r, struct cli_answer *ret,
             struct hf_json **doc_or_null, struct hf_error *err)
{
    if (cli_ask(c, r, ret, err) < 0)
        return -1;
    return doc_or_null ? cli_parse(ret, doc_or_null, err) : 0;
}

int
cli_get(struct cli *c, const char *path, struct hf_json **ret_doc, struct hf_error *err)
{
    struct cli_request r = {.method = "GET", .path = path};
    CLI_AUTO_ANSWER struct cli_answer a = {0};

    return cli_ask_json(c, &r, &a, ret_doc, err);
}

int
cli_send(struct cli *c, const char *method, const char *path, const struct hf_json *body,
         struct cli_answer *ret, struct hf_error *err)
{
    struct cli_request r = {.method = method, .path = path};
    HF_AUTO_FREE char *text = NULL;
    int rc;

    if (body) {
        if (hf_json_print(body, &text, err) < 0)
            return -1;
        r.type = "application/json";
        r.body = text;
        r.len = strlen(text);
    }
    rc = cli_ask(c, &r, ret, err);
    if (text)
        explicit_bzero(text, strlen(text)); /* it may be a password */
    return rc;
}

/* ---- answers ---- */

int
cli_print_json(const struct cli_out *out, const char *json, size_t len, struct hf_error *err)
{
    /* An escape takes six bytes for one. */
    HF_AUTO_BUF struct hf_buf text = HF_BUF_INIT((size_t)CLI_BODY_MAX * 6 + 2);

    if (cli_text_add_json(&text, json ? json : "", len, err) < 0)
        return -1;
    while (text.len > 0 && (text.data[text.len - 1] == '\n' || text.data[text.len - 1] == ' '))
        text.len--;
    if (hf_buf_add(&text, "\n", 1, err) < 0)
        return -1;
    fwrite(text.data, 1, text.len, out->to);
    return 0;
}

int
cli_print(struct cli *c, const struct cli_answer *a, cli_show *show, struct hf_error *err)
{
    HF_AUTO(hf_json) struct hf_json *doc = NULL;

    if (cli_parse(a, &doc, err) < 0)
        return -1;
    if (c->args->flags[CLI_JSON])
        return cli_print_json(&c->out, a->body.data, a->body.len, err);
    return show(&c->out, doc, err);
}
