// SPDX-License-Identifier: Apache-2.0
/* devices, and the accounts that they log in with */
#include "cli/groups.h"

#include "base/file.h"
#include "base/text.h"
#include "cli/format.h"

#include <string.h>

enum {
    CSV_MAX = 1024 * 1024, /* as the gateway has it */
    CSR_MAX = 32 * 1024
};

/* ---- who publishes ---- */

static int
show_devices(const struct cli_out *out, const struct hf_json *doc, struct hf_error *err)
{
    static const struct cli_column columns[] = {{"DEVICE", false},  {"LAST SEEN", false},
                                                {"MESSAGES", true}, {"RATE", true},
                                                {"TOPIC", false},   {"LAST", false}};
    HF_AUTO(cli_table) struct cli_table *t = cli_table_new(columns, HF_LEN(columns));

    for (const struct hf_json *d = hf_json_first(hf_json_get(doc, "devices")); d;
         d = hf_json_next(d)) {
        struct cli_word seen = cli_age(hf_json_string(d, "last_seen"), out->now_ms);

        cli_cell_text(t, CLI_BOLD, cli_text(d, "device"));
        cli_cell(t, CLI_PLAIN, "%s%s", seen.text, *seen.text ? " ago" : "");
        cli_cell(t, CLI_PLAIN, "%lld", cli_int(d, "messages"));
        cli_cell_text(t, CLI_PLAIN, cli_rate(cli_number(d, "rate_per_s")).text);
        cli_cell_text(t, CLI_PLAIN, cli_text(d, "topic"));
        cli_cell_payload(t, hf_json_get(d, "last"));
    }
    if (cli_table_print(t, out, "No device has published since the processor started.", err) < 0)
        return -1;
    cli_next(out, doc);
    return 0;
}

/* ---- accounts ---- */

static int
show_accounts(const struct cli_out *out, const struct hf_json *doc, struct hf_error *err)
{
    static const struct cli_column columns[] = {
        {"ACCOUNT", false},   {"STATE", false}, {"COMES BY", false}, {"SINCE", false},
        {"PUBLISHES", false}, {"HEARS", false}, {"WHAT", false}};
    HF_AUTO(cli_table) struct cli_table *t = cli_table_new(columns, HF_LEN(columns));

    for (const struct hf_json *a = hf_json_first(hf_json_get(doc, "accounts")); a;
         a = hf_json_next(a)) {
        HF_AUTO_FREE char *publish = cli_join(hf_json_get(a, "publish"), " ");
        HF_AUTO_FREE char *subscribe = cli_join(hf_json_get(a, "subscribe"), " ");
        bool enabled = hf_json_bool(a, "enabled", true);

        cli_cell_text(t, CLI_BOLD, cli_text(a, "name"));
        cli_cell_text(t, enabled ? CLI_GOOD : CLI_DIM, enabled ? "enabled" : "disabled");
        cli_cell_text(t, CLI_PLAIN,
                      hf_json_is_object(hf_json_get(a, "certificate")) ? "certificate"
                                                                       : "password");
        cli_cell_text(t, CLI_PLAIN, cli_time(hf_json_string(a, "created")).text);
        cli_cell_text(t, CLI_PLAIN, publish);
        cli_cell_text(t, CLI_PLAIN, subscribe);
        cli_cell_text(t, CLI_PLAIN, cli_text(a, "description"));
    }
    if (cli_table_print(t, out, "There are no accounts of devices.", err) < 0)
        return -1;
    if (hf_json_bool(doc, "anonymous", false))
        cli_line(out, CLI_WARN, "Devices without an account are let in too (broker.anonymous).");
    cli_next(out, doc);
    return 0;
}

/* One account and its password, or those of an import. */
static int
show_passwords(const struct cli_out *out, const struct hf_json *doc, struct hf_error *err)
{
    static const struct cli_column columns[] = {{"ACCOUNT", false}, {"PASSWORD", false}};
    HF_AUTO(cli_table) struct cli_table *t = cli_table_new(columns, HF_LEN(columns));
    const struct hf_json *one = hf_json_get(doc, "account");

    if (one && hf_json_string(doc, "password")) {
        cli_cell_text(t, CLI_BOLD, cli_text(one, "name"));
        cli_cell_text(t, CLI_PLAIN, cli_text(doc, "password"));
    }
    for (const struct hf_json *p = hf_json_first(hf_json_get(doc, "passwords")); p;
         p = hf_json_next(p)) {
        cli_cell_text(t, CLI_BOLD, cli_text(p, "name"));
        cli_cell_text(t, CLI_PLAIN, cli_text(p, "password"));
    }
    return cli_table_print(t, out, "Done; no password was made.", err);
}

/* Filters that are parted by blanks, as a list. */
static void
put_filters(struct hf_json *body, const char *member, const char *text_or_null)
{
    struct hf_json *list;

    if (!text_or_null)
        return;
    list = hf_json_array();
    for (const char *at = text_or_null; *(at += strspn(at, " "));) {
        size_t len = strcspn(at, " ");
        HF_AUTO_FREE char *one = strndup(at, len);

        hf_json_add_string(list, one);
        at += len;
    }
    hf_json_put(body, member, list);
}

static int
add(struct cli *c, struct hf_error *err)
{
    HF_AUTO(hf_json) struct hf_json *body = hf_json_object();
    CLI_AUTO_ANSWER struct cli_answer a = {0};
    char password[CLI_PASSWORD_MAX];

    hf_json_put_string(body, "name", c->args->words[0]);
    put_filters(body, "publish", c->args->flags[CLI_PUBLISH]);
    put_filters(body, "subscribe", c->args->flags[CLI_SUBSCRIBE]);
    if (c->args->flags[CLI_PASSWORD_STDIN]) {
        if (cli_read_stdin(password, sizeof password, err) < 0)
            return -1;
        hf_json_put_string(body, "password", password);
        explicit_bzero(password, sizeof password);
    }
    if (cli_send(c, "POST", "/devices/accounts", body, &a, err) < 0)
        return -1;
    return cli_print(c, &a, show_passwords, err);
}

static int
import(struct cli *c, struct hf_error *err)
{
    HF_AUTO_BUF struct hf_buf csv = HF_BUF_INIT(CSV_MAX);
    CLI_AUTO_ANSWER struct cli_answer a = {0};
    struct cli_request r = {
        .method = "POST", .path = "/devices/accounts/import", .type = "text/csv"};

    if (hf_file_read(c->args->words[0], &csv, err) < 0)
        return -1;
    r.body = csv.data ? csv.data : "";
    r.len = csv.len;
    if (cli_ask(c, &r, &a, err) < 0)
        return -1;
    return cli_print(c, &a, show_passwords, err);
}

static int
path_of(struct cli *c, struct hf_buf *path, const char *rest, struct hf_error *err)
{
    return hf_buf_adds(path, "/devices/accounts/", err) < 0 ||
                   cli_path_add(path, c->args->words[0], err) < 0 ||
                   hf_buf_adds(path, rest, err) < 0
               ? -1
               : 0;
}

static int
rotate(struct cli *c, struct hf_error *err)
{
    HF_AUTO_BUF struct hf_buf path = HF_BUF_INIT(CLI_PATH_MAX);
    CLI_AUTO_ANSWER struct cli_answer a = {0};

    if (path_of(c, &path, "/password", err) < 0 ||
        cli_send(c, "POST", path.data, NULL, &a, err) < 0)
        return -1;
    return cli_print(c, &a, show_passwords, err);
}

/* ---- certificates ---- */

/* Certificate, key and authority, one after the other: many a program reads all from one file. */
static int
show_certificate(const struct cli_out *out, const struct hf_json *doc, struct hf_error *err)
{
    static const char *const parts[] = {"certificate", "key", "ca"};

    (void)err;
    for (size_t i = 0; i < HF_LEN(parts); i++)
        for (const char *line = cli_text(doc, parts[i]); *line;) {
            size_t len = strcspn(line, "\n");

            cli_line(out, CLI_PLAIN, "%.*s", (int)len, line);
            line += len + (line[len] == '\n');
        }
    return 0;
}

static int
certificate(struct cli *c, struct hf_error *err)
{
    HF_AUTO_BUF struct hf_buf path = HF_BUF_INIT(CLI_PATH_MAX), csr = HF_BUF_INIT(CSR_MAX);
    HF_AUTO(hf_json) struct hf_json *body = hf_json_object();
    CLI_AUTO_ANSWER struct cli_answer a = {0};
    const char *days = c->args->flags[CLI_DAYS], *file = c->args->flags[CLI_FILE];
    uint64_t number;

    if (days && (!hf_text_u64(days, &number) || number > INT32_MAX))
        return hf_error_set(err, HF_ERROR_INVALID, "--days: say for how many days it is good");
    if (days)
        hf_json_put_int(body, "days", (int64_t)number);
    if (file && cli_read_file(file, &csr, err) < 0)
        return -1;
    if (file)
        hf_json_put_string(body, "csr", csr.data ? csr.data : "");
    if (path_of(c, &path, "/certificate", err) < 0 ||
        cli_send(c, "POST", path.data, body, &a, err) < 0)
        return -1;
    return cli_print(c, &a, show_certificate, err);
}

static int
take_certificate_away(struct cli *c, struct hf_error *err)
{
    HF_AUTO_BUF struct hf_buf path = HF_BUF_INIT(CLI_PATH_MAX);
    CLI_AUTO_ANSWER struct cli_answer a = {0};

    return path_of(c, &path, "/certificate", err) < 0
               ? -1
               : cli_send(c, "DELETE", path.data, NULL, &a, err);
}

static int
take_away(struct cli *c, struct hf_error *err)
{
    HF_AUTO_BUF struct hf_buf path = HF_BUF_INIT(CLI_PATH_MAX);
    CLI_AUTO_ANSWER struct cli_answer a = {0};

    return path_of(c, &path, "", err) < 0 ? -1 : cli_send(c, "DELETE", path.data, NULL, &a, err);
}

static const struct cli_command commands[] = {
    {
        .name = "devices",
        .words = "",
        .flags = CLI_FLAG(CLI_SEARCH) | CLI_FLAG(CLI_LIMIT) | CLI_FLAG(CLI_CURSOR),
        .summary = "Show who publishes",
        .examples = "devices\ndevices --search press\ndevices --limit 500 --json",
        .path = "/devices",
        .show = show_devices,
    },
    {
        .name = "devices accounts",
        .words = "",
        .flags = CLI_FLAG(CLI_SEARCH) | CLI_FLAG(CLI_LIMIT) | CLI_FLAG(CLI_CURSOR),
        .summary = "Show the accounts that devices log in with",
        .examples = "devices accounts\ndevices accounts --search press",
        .path = "/devices/accounts",
        .show = show_accounts,
    },
    {
        .name = "devices add",
        .words = "NAME",
        .least = 1,
        .most = 1,
        .flags = CLI_FLAG(CLI_PUBLISH) | CLI_FLAG(CLI_SUBSCRIBE) | CLI_FLAG(CLI_PASSWORD_STDIN),
        .summary = "Give a device an account; its password is shown this once",
        .help = "Topics are MQTT filters, parted by blanks; %u in them is the name of the account.",
        .examples = "devices add press-7\n"
                    "devices add press-8 --publish 'sensors/%u/#' --subscribe 'commands/%u/#'",
        .show = show_passwords,
        .run = add,
    },
    {
        .name = "devices import",
        .words = "FILE",
        .least = 1,
        .most = 1,
        .summary = "Give many devices accounts, from a CSV file; all of them or none",
        .help = "A device a line: name,password,publish,subscribe,description. A password that is "
                "empty is made, and shown this once.",
        .examples = "devices import hall-2.csv",
        .show = show_passwords,
        .run = import,
    },
    {
        .name = "devices password",
        .words = "NAME",
        .least = 1,
        .most = 1,
        .summary = "Give a device another password; the old one no longer counts",
        .examples = "devices password press-7",
        .show = show_passwords,
        .run = rotate,
    },
    {
        .name = "devices certificate",
        .words = "NAME",
        .least = 1,
        .most = 1,
        .flags = CLI_FLAG(CLI_DAYS) | CLI_FLAG(CLI_FILE),
        .summary = "Give a device a certificate to come by, instead of its password",
        .help = "Prints the certificate, its key and the authority by which the device knows the "
                "broker, as PEM; the key this once. With --file a signing request: the key stays "
                "where it was made. A certificate from before no longer counts.",
        .examples = "devices certificate press-7 >press-7.pem\n"
                    "devices certificate press-7 --file press-7.csr --days 730",
        .show = show_certificate,
        .run = certificate,
    },
    {
        .name = "devices uncertify",
        .words = "NAME",
        .least = 1,
        .most = 1,
        .summary = "Take a device's certificate away; it comes by its password again",
        .examples = "devices uncertify press-7",
        .run = take_certificate_away,
    },
    {
        .name = "devices remove",
        .words = "NAME",
        .least = 1,
        .most = 1,
        .summary = "Take a device's account away",
        .examples = "devices remove press-7",
        .run = take_away,
    },
};
const struct cli_group cli_group_devices = {"Devices", commands, HF_LEN(commands)};
