// SPDX-License-Identifier: Apache-2.0
/* buffer, records */
#include "cli/groups.h"

#include "cli/format.h"

#include <string.h>

/* ---- buffer ---- */

static void
buffer_facts(struct cli_table *t, const struct hf_json *doc, int64_t now_ms)
{
    const char *state = cli_text(doc, "state"), *reason = cli_text(doc, "reason");
    int64_t drain_s = hf_json_int(doc, "drain_s", -1), full_s = hf_json_int(doc, "full_s", -1);

    cli_fact(t, "State", cli_tone_of(state), "%s%s%s", state, *reason ? ": " : "", reason);
    cli_fact(t, "Held", CLI_PLAIN, "%lld records", cli_int(doc, "held"));
    cli_fact(t, "Oldest", CLI_PLAIN, "%s", cli_age(hf_json_string(doc, "oldest"), now_ms).text);
    cli_fact(t, "In, out", CLI_PLAIN, "%s, %s", cli_rate(cli_number(doc, "in_per_s")).text,
             cli_rate(cli_number(doc, "out_per_s")).text);
    cli_fact(t, "Disk", CLI_PLAIN, "%s",
             cli_bytes_of(cli_number(doc, "disk_bytes"), cli_number(doc, "disk_limit_bytes")).text);
    if (drain_s >= 0)
        cli_fact(t, "Empty in", CLI_PLAIN, "%s", cli_duration(drain_s).text);
    if (full_s >= 0)
        cli_fact(t, "Full in", CLI_WARN, "%s", cli_duration(full_s).text);
    cli_fact(t, "Books", CLI_PLAIN,
             "%lld accepted = %lld delivered + %lld held + %lld dropped + %lld quarantined",
             cli_int(doc, "accepted"), cli_int(doc, "delivered"), cli_int(doc, "held"),
             cli_int(doc, "dropped"), cli_int(doc, "quarantined"));
    cli_fact(t, "Window", CLI_PLAIN, "%lld ms", cli_int(doc, "window_ms"));
}

static int
show_lanes(const struct cli_out *out, const struct hf_json *detail, struct hf_error *err)
{
    static const struct cli_column columns[] = {
        {"LANE", false}, {"HELD", true}, {"BYTES", true}, {"OLDEST", false}};
    HF_AUTO(cli_table) struct cli_table *t = cli_table_new(columns, HF_LEN(columns));

    for (const struct hf_json *l = hf_json_first(hf_json_get(detail, "lanes")); l;
         l = hf_json_next(l)) {
        cli_cell_text(t, CLI_BOLD, cli_text(l, "lane"));
        cli_cell(t, CLI_PLAIN, "%lld", cli_int(l, "held"));
        cli_cell_text(t, CLI_PLAIN, cli_bytes(cli_number(l, "bytes")).text);
        cli_cell_text(t, CLI_PLAIN, cli_time(hf_json_string(l, "oldest")).text);
    }
    fputc('\n', out->to);
    return cli_table_print(t, out, "No lanes.", err);
}

static int
show_sinks(const struct cli_out *out, const struct hf_json *detail, struct hf_error *err)
{
    static const struct cli_column columns[] = {{"SINK", false},   {"DELIVERED", true},
                                                {"HELD", true},    {"LEASED", true},
                                                {"DROPPED", true}, {"QUARANTINED", true}};
    HF_AUTO(cli_table) struct cli_table *t = cli_table_new(columns, HF_LEN(columns));

    for (const struct hf_json *s = hf_json_first(hf_json_get(detail, "sinks")); s;
         s = hf_json_next(s)) {
        cli_cell_text(t, CLI_BOLD, cli_text(s, "sink"));
        cli_cell(t, CLI_PLAIN, "%lld", cli_int(s, "delivered"));
        cli_cell(t, CLI_PLAIN, "%lld", cli_int(s, "held"));
        cli_cell(t, CLI_PLAIN, "%lld", cli_int(s, "leased"));
        cli_cell(t, CLI_PLAIN, "%lld", cli_int(s, "dropped"));
        cli_cell(t, CLI_PLAIN, "%lld", cli_int(s, "quarantined"));
    }
    fputc('\n', out->to);
    return cli_table_print(t, out, "There is no sink.", err);
}

static int
show_buffer(const struct cli_out *out, const struct hf_json *doc, struct hf_error *err)
{
    HF_AUTO(cli_table) struct cli_table *facts = cli_facts_new();
    const struct hf_json *detail = hf_json_get(doc, "detail");

    buffer_facts(facts, doc, out->now_ms);
    if (cli_table_print(facts, out, "", err) < 0)
        return -1;
    if (!hf_json_is_object(detail)) {
        cli_line(out, CLI_WARN, "The buffer does not answer now; this is what it said last.");
        return 0;
    }
    return show_lanes(out, detail, err) < 0 ? -1 : show_sinks(out, detail, err);
}

/* ---- records ---- */

static int
show_records(const struct cli_out *out, const struct hf_json *doc, struct hf_error *err)
{
    static const struct cli_column columns[] = {
        {"NUMBER", true}, {"TIME", false}, {"LANE", false}, {"TOPIC", false}, {"PAYLOAD", false}};
    HF_AUTO(cli_table) struct cli_table *t = cli_table_new(columns, HF_LEN(columns));

    for (const struct hf_json *r = hf_json_first(hf_json_get(doc, "records")); r;
         r = hf_json_next(r)) {
        cli_cell(t, CLI_PLAIN, "%lld", cli_int(r, "seq"));
        cli_cell(t, CLI_PLAIN, "%s%s", cli_time(hf_json_string(r, "time")).text,
                 hf_json_bool(r, "synced", true) ? "" : "?");
        cli_cell_text(t, CLI_PLAIN, cli_text(r, "lane"));
        cli_cell_text(t, CLI_BOLD, cli_text(r, "topic"));
        cli_cell_payload(t, r);
    }
    if (cli_table_print(t, out, "No records are held here.", err) < 0)
        return -1;
    cli_next(out, doc);
    return 0;
}

static int
records(struct cli *c, struct hf_error *err)
{
    HF_AUTO_BUF struct hf_buf path = HF_BUF_INIT(CLI_PATH_MAX);
    CLI_AUTO_ANSWER struct cli_answer a = {0};
    struct cli_request r = {.method = "GET"};

    if (c->args->flags[CLI_NEWEST] && c->args->flags[CLI_OLDEST])
        return hf_error_set(err, HF_ERROR_INVALID, "say --newest or --oldest, not both");
    if (hf_buf_adds(&path, "/buffer/records", err) < 0 ||
        cli_query_add(&path, "order", c->args->flags[CLI_OLDEST] ? "oldest" : "newest", err) < 0 ||
        cli_query_flags(&path, c->args, err) < 0)
        return -1;
    r.path = path.data;
    if (cli_ask(c, &r, &a, err) < 0)
        return -1;
    return cli_print(c, &a, show_records, err);
}

static const struct cli_command commands[] = {
    {
        .name = "buffer",
        .words = "",
        .summary = "Show what is held, by lane and sink, and whether the books balance",
        .examples = "buffer\nbuffer --json | jq .held",
        .path = "/buffer",
        .show = show_buffer,
    },
    {
        .name = "records",
        .words = "",
        .flags = CLI_FLAG(CLI_NEWEST) | CLI_FLAG(CLI_OLDEST) | CLI_FLAG(CLI_TOPIC) |
                 CLI_FLAG(CLI_LANE) | CLI_FLAG(CLI_LIMIT) | CLI_FLAG(CLI_CURSOR),
        .summary = "Show records that are held",
        .help =
            "A '?' behind a time means that the clock was not synchronised. Numbers past 2^53 are "
            "rounded in the table, not with --json.",
        .examples = "records --oldest --limit 10\nrecords --topic 'sensors/+/temp'",
        .show = show_records,
        .run = records,
    },
};
const struct cli_group cli_group_records = {"Records", commands, HF_LEN(commands)};
