// SPDX-License-Identifier: Apache-2.0
/* reset */
#include "cli/groups.h"

#include "cli/format.h"

#include <string.h>

static int
show_reset(const struct cli_out *out, const struct hf_json *doc, struct hf_error *err)
{
    HF_AUTO(cli_table) struct cli_table *t = cli_facts_new();
    const struct hf_json *removes = hf_json_get(doc, "removes");
    const char *release = hf_json_string(doc, "release");

    cli_fact(t, "Gateway", CLI_BOLD, "%s", cli_text(doc, "gateway"));
    cli_fact(t, "Goes", CLI_PLAIN,
             "%lld accounts, %lld API tokens, %lld accounts of devices, %lld revisions of the "
             "configuration, certificates, history, logs",
             cli_int(removes, "accounts"), cli_int(removes, "tokens"),
             cli_int(removes, "device_accounts"), cli_int(removes, "revisions"));
    if (hf_json_is_null(hf_json_get(doc, "records")))
        cli_fact(t, "With wipe", CLI_PLAIN, "all records that are held, and what services stored");
    else
        cli_fact(t, "With wipe", CLI_PLAIN, "%lld records that are held, and what services stored",
                 cli_int(doc, "records"));
    cli_fact(t, "Stays", CLI_PLAIN, "the gateway's id, %s%s and its images",
             release ? "release " : "no release", release ? release : "");
    return cli_table_print(t, out, "", err);
}

static int
look(struct cli *c, struct hf_error *err)
{
    CLI_AUTO_ANSWER struct cli_answer a = {0};
    const struct cli_request r = {.method = "GET", .path = "/gateway/reset"};

    return cli_ask(c, &r, &a, err) < 0 ? -1 : cli_print(c, &a, show_reset, err);
}

static int
reset(struct cli *c, struct hf_error *err)
{
    HF_AUTO(hf_json) struct hf_json *body = hf_json_object();
    CLI_AUTO_ANSWER struct cli_answer a = {0};

    if (c->args->count == 0)
        return look(c, err);
    if (c->args->count < 2)
        return hf_error_set(err, HF_ERROR_INVALID,
                            "say which gateway, by its id: 'holdfast reset' shows it");
    hf_json_put_string(body, "data", c->args->words[0]);
    hf_json_put_string(body, "gateway", c->args->words[1]);
    if (cli_send(c, "POST", "/gateway/reset", body, &a, err) < 0 ||
        cli_print(c, &a, show_reset, err) < 0)
        return -1;
    cli_line(&c->told, CLI_GOOD,
             "It starts anew now, as nobody's: whoever has its setup code claims it.");
    return 0;
}

static const struct cli_command commands[] = {
    {
        .name = "reset",
        .words = "[keep|wipe GATEWAY]",
        .most = 2,
        .summary = "Make the gateway a new one that nobody has claimed",
        .help = "Without words it shows what would go. With keep, records and whatever else the "
                "services have stored stay; with wipe they go too. GATEWAY is its id, so that no "
                "other one is reset by mistake. The setup code is on its console and in its log.",
        .examples = "reset\nreset wipe hf-0123abcd",
        .show = show_reset,
        .run = reset,
    },
};
const struct cli_group cli_group_reset = {"Factory reset", commands, HF_LEN(commands)};
