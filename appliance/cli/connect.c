// SPDX-License-Identifier: Apache-2.0
/* Which gateway, and whether it is the one that is trusted. */
#include "cli/cli.h"

#include "base/text.h"

#include <string.h>

/* ---- which ---- */

static int
find_url(struct cli *c, char out[CLI_URL_MAX], struct hf_error *err)
{
    const char *flag = c->args->flags[CLI_GATEWAY], *env = getenv("HOLDFAST_GATEWAY");

    if (flag)
        return cli_url_parse(flag, out, err);
    if (env && *env) {
        if (cli_url_parse(env, out, err) < 0)
            return hf_error_wrap(err, "HOLDFAST_GATEWAY");
        return 0;
    }
    if (cli_profile_default(c->dir, out, err) < 0)
        return -1;
    if (out[0])
        return 0;
    return hf_error_set(err, HF_ERROR_INVALID,
                        "which gateway? Say --gateway URL, set HOLDFAST_GATEWAY, or log in once: "
                        "holdfast login --gateway https://press-hall-3.local:8443");
}

/* ---- whether to believe it ---- */

static int
nobody_to_ask(struct cli *c, struct hf_error *err)
{
    cli_line(&c->told, CLI_BAD,
             "holdfast: nobody has said yet whether %s is the gateway it should be.",
             c->profile.url);
    cli_line(&c->told, CLI_PLAIN, "  It shows the certificate with the fingerprint");
    cli_line(&c->told, CLI_BOLD, "    %s", c->trust.seen);
    cli_line(&c->told, CLI_PLAIN,
             "  Compare it with what the gateway prints at its start. If it is the same, give it "
             "with --fingerprint;");
    cli_line(&c->told, CLI_PLAIN, "  'holdfast login' at a terminal asks, and keeps the answer.");
    c->exit = CLI_UNTRUSTED;
    return hf_error_set(err, HF_ERROR_FORBIDDEN, "%s", "");
}

static int
ask_person(struct cli *c, struct hf_error *err)
{
    char answer[8];

    cli_line(&c->told, CLI_PLAIN, "%s is not known here yet. Its certificate has the fingerprint",
             c->profile.url);
    cli_line(&c->told, CLI_BOLD, "  %s", c->trust.seen);
    cli_line(
        &c->told, CLI_PLAIN,
        "The gateway prints it at its start, and its dashboard shows it. Only if it is the same "
        "is this your gateway.");
    if (cli_question("Is it the same? [yes/no] ", true, answer, sizeof answer, err) < 0)
        return -1;
    if (strcmp(answer, "yes") != 0)
        return cli_fail(c, CLI_UNTRUSTED, err, "not trusted; nothing was sent");
    return 0;
}

static int
first_meeting(struct cli *c, struct hf_error *err)
{
    if (cli_http_look(c->http, err) < 0)
        return -1;
    if (!cli_has_person())
        return nobody_to_ask(c, err);
    if (ask_person(c, err) < 0)
        return -1;
    hf_text_put(c->trust.wanted, sizeof c->trust.wanted, "%s", c->trust.seen);
    hf_text_put(c->profile.fingerprint, sizeof c->profile.fingerprint, "%s", c->trust.seen);
    memcpy(c->profile.key, c->trust.seen_key, sizeof c->profile.key);
    return cli_profile_save(&c->profile, err);
}

int
cli_connect(struct cli *c, struct hf_error *err)
{
    const char *given = c->args->flags[CLI_FINGERPRINT], *token = getenv("HOLDFAST_TOKEN");
    char url[CLI_URL_MAX];

    if (c->http)
        return 0;
    if (cli_profile_dir(c->dir, err) < 0 || find_url(c, url, err) < 0 ||
        cli_profile_load(c->dir, url, &c->profile, err) < 0)
        return -1;
    if (given && cli_fingerprint_parse(given, c->trust.wanted, err) < 0)
        return -1;
    if (!given) {
        hf_text_put(c->trust.wanted, sizeof c->trust.wanted, "%s", c->profile.fingerprint);
        memcpy(c->trust.wanted_key, c->profile.key, sizeof c->trust.wanted_key);
    }
    if (token && *token && !cli_secret_valid(token))
        return hf_error_set(err, HF_ERROR_INVALID, "HOLDFAST_TOKEN is no API token");
    if (cli_http_new(url, &c->trust, &c->http, err) < 0)
        return -1;
    cli_http_credentials(
        c->http, (struct cli_credentials){.session = c->profile.session,
                                          .token = token && *token ? token : c->profile.token});
    return c->trust.wanted[0] ? 0 : first_meeting(c, err);
}
