// SPDX-License-Identifier: Apache-2.0
/* Operations: begun at the gateway, followed here, and there whether somebody follows or not. */
#include "cli/cli.h"

#include "base/clock.h"
#include "base/text.h"
#include "cli/format.h"

#include <string.h>

enum {
    POLL_MS = 400,
    PATIENCE_MS = 120 * 1000, /* a gateway that begins anew is away for so long at most */
    ID_SIZE = 33,
};

static const char *
text_of(const struct hf_json *o, const char *member)
{
    const char *text = hf_json_string(o, member);

    return text ? text : "";
}

/* ---- how far it is ---- */

/* "fetches buffer, image 2 of 4: 3 MB of 12 MB" */
static void
describe_pull(const struct hf_json *pull, char *out, size_t size)
{
    hf_text_put(
        out, size, "fetches %s, image %lld of %lld: %s", text_of(pull, "service"),
        (long long)hf_json_int(pull, "number", 0), (long long)hf_json_int(pull, "of", 0),
        cli_bytes_of(hf_json_number(pull, "bytes", 0), hf_json_number(pull, "total_bytes", 0))
            .text);
}

static const char *
service_under_way(const struct hf_json *upgrade)
{
    for (const struct hf_json *s = hf_json_first(hf_json_get(upgrade, "services")); s;
         s = hf_json_next(s)) {
        const char *state = text_of(s, "state");

        if (strcmp(state, "switching") == 0 || strcmp(state, "going_back") == 0)
            return text_of(s, "service");
    }
    return "";
}

static void
describe_upgrade(const struct hf_json *upgrade, char *out, size_t size)
{
    const char *state = text_of(upgrade, "state"), *waiting = text_of(upgrade, "waiting");
    const struct hf_json *pull = hf_json_get(upgrade, "pull"), *gate = hf_json_get(upgrade, "gate");

    if (hf_json_is_object(pull))
        describe_pull(pull, out, size);
    else if (hf_json_is_object(gate) && strcmp(state, "gating") == 0)
        hf_text_put(out, size, "watches it for %lld s more%s%s",
                    (long long)hf_json_int(gate, "remaining_s", 0), *waiting ? "; " : "", waiting);
    else
        hf_text_put(out, size, "%s %s%s%s", state, service_under_way(upgrade), *waiting ? "; " : "",
                    waiting);
}

/* Of an upgrade there is more to say than its operation does. */
static void
tell_progress(struct cli *c, const struct hf_json *operation)
{
    HF_AUTO(hf_json) struct hf_json *upgrade = NULL;
    const char *kind = text_of(operation, "kind"), *service = text_of(operation, "service");
    char more[300];
    bool is_upgrade = strcmp(kind, "upgrade") == 0 || strcmp(kind, "rollback") == 0;

    hf_text_put(more, sizeof more, "%s%s%s", text_of(operation, "state"),
                *text_of(operation, "detail") ? ", " : "", text_of(operation, "detail"));
    if (is_upgrade && cli_get(c, "/releases/upgrade", &upgrade, NULL) == 0 &&
        strcmp(text_of(upgrade, "operation"), text_of(operation, "id")) == 0)
        describe_upgrade(upgrade, more, sizeof more);
    cli_progress(c, "%s%s%s: %s", kind, *service ? " " : "", service, more);
}

/* ---- until the end ---- */

static int
goes_on(struct cli *c, const char *id, struct hf_error *err)
{
    cli_progress_end(c);
    cli_line(&c->told, CLI_WARN,
             "The operation goes on at the gateway; 'holdfast operations %s --follow' follows it,",
             id);
    cli_line(&c->told, CLI_WARN, "'holdfast operations cancel %s' gives it up.", id);
    c->exit = CLI_INTERRUPTED;
    return hf_error_set(err, HF_ERROR_CONFLICT, "%s", "");
}

/* One look; where the line is broken, again until patience ends: the gateway may begin anew. */
static int
look(struct cli *c, const char *path, struct cli_answer *ret, struct hf_error *err)
{
    struct cli_request r = {.method = "GET", .path = path};
    int64_t since_ms = hf_clock_mono_ms();

    for (;;) {
        struct hf_error own = {0};

        if (cli_call(c, &r, ret, &own) == 0)
            return ret->status == 200 ? 0 : cli_refused(c, &r, ret, err);
        cli_answer_done(ret);
        if (cli_exit_of(own.class) != CLI_UNREACHABLE || cli_interrupted() ||
            hf_clock_mono_ms() - since_ms > PATIENCE_MS) {
            if (err)
                *err = own;
            return -1;
        }
        cli_progress(c, "the gateway does not answer; trying again");
        cli_pause_ms(2 * POLL_MS);
    }
}

static int
ended(struct cli *c, const struct cli_answer *a, const struct hf_json *o, struct hf_error *err)
{
    const char *service = text_of(o, "service"), *detail = text_of(o, "detail");
    bool good = strcmp(text_of(o, "state"), "succeeded") == 0;

    cli_progress_end(c);
    if (c->args->flags[CLI_JSON] && cli_print_json(&c->out, a->body.data, a->body.len, err) < 0)
        return -1;
    if (!good)
        return cli_fail(c, CLI_FAILED, err, "%s%s%s failed: %s", text_of(o, "kind"),
                        *service ? " " : "", service, *detail ? detail : "no reason was given");
    if (!c->args->flags[CLI_JSON])
        cli_line(&c->out, CLI_GOOD, "%s%s%s: done%s%s", text_of(o, "kind"), *service ? " " : "",
                 service, *detail ? "; " : "", detail);
    return 0;
}

int
cli_follow(struct cli *c, const char *id, struct hf_error *err)
{
    HF_AUTO_BUF struct hf_buf path = HF_BUF_INIT(CLI_PATH_MAX);

    if (hf_buf_adds(&path, "/operations/", err) < 0 || cli_path_add(&path, id, err) < 0)
        return -1;
    cli_interrupt_watch();
    for (;;) {
        CLI_AUTO_ANSWER struct cli_answer a = {0};
        HF_AUTO(hf_json) struct hf_json *o = NULL;

        if (look(c, path.data, &a, err) < 0)
            return cli_interrupted() ? goes_on(c, id, err) : -1;
        if (cli_parse(&a, &o, err) < 0)
            return -1;
        if (hf_json_string(o, "finished"))
            return ended(c, &a, o, err);
        tell_progress(c, o);
        if (!cli_pause_ms(POLL_MS))
            return goes_on(c, id, err);
    }
}

int
cli_follow_answer(struct cli *c, const struct cli_answer *a, struct hf_error *err)
{
    HF_AUTO(hf_json) struct hf_json *o = NULL;
    char id[ID_SIZE];

    if (cli_parse(a, &o, err) < 0)
        return -1;
    if (!hf_text_put(id, sizeof id, "%s", text_of(o, "id")) || !*id)
        return hf_error_set(err, HF_ERROR_UPSTREAM, "the gateway names no operation");
    if (!c->args->flags[CLI_NO_WAIT])
        return cli_follow(c, id, err);
    if (c->args->flags[CLI_JSON])
        return cli_print_json(&c->out, a->body.data, a->body.len, err);
    cli_line(&c->out, CLI_PLAIN, "%s", id);
    return 0;
}
