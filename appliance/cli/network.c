// SPDX-License-Identifier: Apache-2.0
/* network, network set, network confirm */
#include "cli/groups.h"

#include "cli/format.h"

#include <string.h>

enum { FILE_MAX = 64 * 1024 };

/* ---- showing ---- */

static int
show_links(const struct cli_out *out, const struct hf_json *doc, struct hf_error *err)
{
    static const struct cli_column columns[] = {
        {"INTERFACE", false}, {"MANAGED", false}, {"ADDRESSES", false}};
    HF_AUTO(cli_table) struct cli_table *t = cli_table_new(columns, HF_LEN(columns));

    for (const struct hf_json *l = hf_json_first(hf_json_get(doc, "links")); l;
         l = hf_json_next(l)) {
        HF_AUTO_FREE char *addresses = cli_join(hf_json_get(l, "addresses"), " ");

        cli_cell_text(t, CLI_BOLD, cli_text(l, "name"));
        cli_cell_text(t, CLI_PLAIN, hf_json_bool(l, "managed", false) ? "here" : "elsewhere");
        cli_cell_text(t, CLI_PLAIN, addresses ? addresses : "");
    }
    return cli_table_print(t, out, "There is no wired interface.", err);
}

static void
show_trial(const struct cli_out *out, const struct hf_json *doc)
{
    const struct hf_json *trial = hf_json_get(doc, "trial"), *last = hf_json_get(doc, "last");
    HF_AUTO_FREE char *addresses = cli_join(hf_json_get(trial, "addresses"), " or ");

    if (hf_json_is_object(trial))
        cli_line(
            out, CLI_WARN,
            "Another network is on trial: within %lld s 'holdfast network confirm' at %s keeps "
            "it; else the old one comes back.",
            cli_int(trial, "seconds_left"),
            addresses && *addresses ? addresses : "the address that it is given");
    else if (hf_json_is_object(last) && !hf_json_bool(last, "kept", true))
        cli_line(out, CLI_WARN, "Nobody confirmed the last change: the old settings came back.");
    if (*cli_text(doc, "why"))
        cli_line(out, CLI_PLAIN, "It cannot be changed here: %s.", cli_text(doc, "why"));
}

static int
show_network(const struct cli_out *out, const struct hf_json *doc, struct hf_error *err)
{
    const struct hf_json *time = hf_json_get(doc, "time");
    HF_AUTO_FREE char *servers = cli_join(hf_json_get(time, "servers"), " ");

    if (show_links(out, doc, err) < 0)
        return -1;
    if (hf_json_is_object(time))
        cli_line(out, CLI_PLAIN, "Time zone %s, time servers %s.",
                 *cli_text(time, "zone") ? cli_text(time, "zone") : "of the system",
                 servers && *servers ? servers : "of the system");
    show_trial(out, doc);
    return 0;
}

/* ---- changing ---- */

static int
set(struct cli *c, struct hf_error *err)
{
    HF_AUTO_BUF struct hf_buf text = HF_BUF_INIT(FILE_MAX);
    HF_AUTO(hf_json) struct hf_json *doc = NULL;
    CLI_AUTO_ANSWER struct cli_answer a = {0};

    if (cli_read_file(c->args->words[0], &text, err) < 0)
        return -1;
    if (hf_json_parse(text.data ? text.data : "", text.len, &doc, err) < 0)
        return hf_error_wrap(err, "'%s'", c->args->words[0]);
    if (cli_send(c, "POST", "/network", doc, &a, err) < 0)
        return -1;
    return cli_print(c, &a, show_network, err);
}

static int
confirm(struct cli *c, struct hf_error *err)
{
    HF_AUTO(hf_json) struct hf_json *now = NULL;
    HF_AUTO(hf_json) struct hf_json *body = hf_json_object();
    CLI_AUTO_ANSWER struct cli_answer a = {0};
    const char *id;

    if (cli_get(c, "/network", &now, err) < 0)
        return -1;
    id = hf_json_string(hf_json_get(now, "trial"), "id");
    if (!id)
        return cli_fail(c, CLI_REFUSED, err, "nothing is on trial");
    hf_json_put_string(body, "id", id);
    if (cli_send(c, "POST", "/network/confirm", body, &a, err) < 0)
        return -1;
    return cli_print(c, &a, show_network, err);
}

static const struct cli_command commands[] = {
    {
        .name = "network",
        .words = "",
        .summary = "Show network and time of the host, and what is on trial",
        .examples = "network",
        .path = "/network",
        .show = show_network,
    },
    {
        .name = "network set",
        .words = "FILE",
        .least = 1,
        .most = 1,
        .summary = "Put another network of the host on trial, or set its time",
        .help =
            "FILE has network, time or both as a provisioning file has them; - is stdin. The "
            "network comes back as it was where nobody confirms it within two minutes, from its "
            "new address: network confirm, with --gateway.",
        .examples = "network set network.json",
        .show = show_network,
        .run = set,
    },
    {
        .name = "network confirm",
        .words = "",
        .summary = "Keep the network that is on trial",
        .help = "Only where this very request reaches the gateway at the new address.",
        .examples = "network confirm --gateway 192.0.2.10",
        .show = show_network,
        .run = confirm,
    },
};
const struct cli_group cli_group_network = {"The host's network", commands, HF_LEN(commands)};
