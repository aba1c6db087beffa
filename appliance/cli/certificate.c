// SPDX-License-Identifier: Apache-2.0
/* The certificate of HTTPS, and the gateway's own authority */
#include "cli/groups.h"

#include "base/file.h"
#include "cli/format.h"

#include <string.h>

enum { PEM_MAX = 48 * 1024 };

static int
show_certificate(const struct cli_out *out, const struct hf_json *doc, struct hf_error *err)
{
    HF_AUTO_FREE char *names = cli_join(hf_json_get(doc, "names"), " ");
    const struct hf_json *ca = hf_json_get(doc, "ca");
    bool site = strcmp(cli_text(doc, "source"), "site") == 0;

    (void)err;
    cli_line(out, CLI_BOLD, "%s", site ? "A certificate of the site" : "The gateway's own");
    cli_line(out, CLI_PLAIN, "  %s", cli_text(doc, "fingerprint"));
    cli_line(out, CLI_PLAIN, "  ends        %s", cli_time(hf_json_string(doc, "not_after")).text);
    cli_line(out, CLI_PLAIN, "  for         %s", names ? names : "");
    cli_line(out, CLI_PLAIN, "  issued by   %s", cli_text(doc, "issuer"));
    if (hf_json_is_object(ca)) {
        cli_line(out, CLI_BOLD, "The gateway's own authority");
        cli_line(out, CLI_PLAIN, "  %s", cli_text(ca, "fingerprint"));
        cli_line(out, CLI_PLAIN, "  %s", cli_text(ca, "subject"));
    }
    return 0;
}

static int
put_file(struct hf_json *body, const char *member, const char *path, struct hf_error *err)
{
    HF_AUTO_BUF struct hf_buf text = HF_BUF_INIT(PEM_MAX);

    if (hf_file_read(path, &text, err) < 0)
        return -1;
    hf_json_put_string(body, member, text.data ? text.data : "");
    if (text.data)
        explicit_bzero(text.data, text.len);
    return 0;
}

static int
set(struct cli *c, struct hf_error *err)
{
    HF_AUTO(hf_json) struct hf_json *body = hf_json_object();
    CLI_AUTO_ANSWER struct cli_answer a = {0};

    if (put_file(body, "certificate", c->args->words[0], err) < 0 ||
        put_file(body, "key", c->args->words[1], err) < 0 ||
        cli_send(c, "PUT", "/certificate", body, &a, err) < 0)
        return -1;
    return cli_print(c, &a, show_certificate, err);
}

static int
take_away(struct cli *c, struct hf_error *err)
{
    CLI_AUTO_ANSWER struct cli_answer a = {0};

    if (cli_send(c, "DELETE", "/certificate", NULL, &a, err) < 0)
        return -1;
    return cli_print(c, &a, show_certificate, err);
}

/* PEM is ASCII: what else comes does not reach the terminal. */
static int
authority(struct cli *c, struct hf_error *err)
{
    CLI_AUTO_ANSWER struct cli_answer a = {0};
    const struct cli_request r = {.method = "GET", .path = "/certificate/ca"};

    if (cli_ask(c, &r, &a, err) < 0)
        return -1;
    for (size_t i = 0; i < a.body.len; i++)
        if ((unsigned char)a.body.data[i] >= 0x7f ||
            ((unsigned char)a.body.data[i] < ' ' && a.body.data[i] != '\n'))
            return hf_error_set(err, HF_ERROR_UPSTREAM, "the gateway sent no certificate");
    if (fwrite(a.body.data ? a.body.data : "", 1, a.body.len, c->out.to) != a.body.len)
        return hf_error_set(err, HF_ERROR_INTERNAL, "cannot write the certificate");
    return 0;
}

static const struct cli_command commands[] = {
    {
        .name = "certificate",
        .words = "",
        .summary = "Show the certificate of HTTPS, and the gateway's own authority",
        .examples = "certificate",
        .path = "/certificate",
        .show = show_certificate,
    },
    {
        .name = "certificate set",
        .words = "CERTIFICATE KEY",
        .least = 2,
        .most = 2,
        .summary = "Put a certificate of the site in force",
        .help = "Two files with PEM: the gateway's certificate and then who issued it; and its key "
                "without a passphrase. From then on the gateway is known by another fingerprint.",
        .examples = "certificate set gw7.pem gw7.key",
        .show = show_certificate,
        .run = set,
    },
    {
        .name = "certificate remove",
        .words = "",
        .summary = "Go back to the gateway's own certificate",
        .examples = "certificate remove",
        .show = show_certificate,
        .run = take_away,
    },
    {
        .name = "certificate ca",
        .words = "",
        .summary = "Print the certificate of the gateway's own authority, as PEM",
        .help =
            "Who trusts it knows the gateway's own certificate and the broker's, also when they "
            "are made anew.",
        .examples = "certificate ca >holdfast-ca.crt",
        .run = authority,
    },
};
const struct cli_group cli_group_certificate = {"Certificate", commands, HF_LEN(commands)};
