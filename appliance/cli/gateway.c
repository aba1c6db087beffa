// SPDX-License-Identifier: Apache-2.0
/* status, alarms, incidents, audit, diag */
#include "cli/groups.h"

#include "base/clock.h"
#include "cli/format.h"
#include "cli/sse.h"

#include <string.h>

/* ---- status ---- */

static void
host_facts(struct cli_table *t, const struct hf_json *gateway)
{
    const struct hf_json *host = hf_json_get(gateway, "host"),
                         *engine = hf_json_get(gateway, "engine");
    const char *state = cli_text(engine, "state"), *detail = cli_text(engine, "detail");

    cli_fact(t, "Engine", cli_tone_of(state), "%s%s%s%s%s", state,
             *cli_text(engine, "version") ? ", Docker " : "", cli_text(engine, "version"),
             *detail ? ": " : "", detail);
    cli_fact(
        t, "Box", CLI_PLAIN, "CPU %.0f %%, memory %s, disk %s, up %s",
        cli_number(host, "cpu_percent"),
        cli_bytes_of(cli_number(host, "memory_used_bytes"), cli_number(host, "memory_total_bytes"))
            .text,
        cli_bytes_of(cli_number(host, "disk_used_bytes"), cli_number(host, "disk_total_bytes"))
            .text,
        cli_duration(hf_json_int(host, "uptime_s", -1)).text);
    if (!hf_json_bool(gateway, "clock_synced", true))
        cli_fact(t, "Clock", CLI_WARN, "not synchronised; it says %s",
                 cli_time(hf_json_string(gateway, "time")).text);
}

static void
services_fact(struct cli_table *t, const struct hf_json *services)
{
    size_t count = hf_json_count(services), healthy = 0;
    char bad[256] = "";
    size_t len = 0;

    for (const struct hf_json *s = hf_json_first(services); s; s = hf_json_next(s)) {
        if (strcmp(cli_text(s, "health"), "healthy") == 0)
            healthy++;
        else if (len < sizeof bad)
            len += (size_t)snprintf(bad + len, sizeof bad - len, "%s%s %s", len ? ", " : "",
                                    cli_text(s, "name"), cli_text(s, "health"));
    }
    cli_fact(t, "Services", healthy == count ? CLI_GOOD : CLI_WARN, "%zu of %zu healthy%s%s",
             healthy, count, *bad ? ": " : "", bad);
}

static void
record_facts(struct cli_table *t, const struct hf_json *doc, int64_t now_ms)
{
    const struct hf_json *buffer = hf_json_get(doc, "buffer"), *uplink = hf_json_get(doc, "uplink");
    const char *state = cli_text(uplink, "state");
    struct cli_word age = cli_age(hf_json_string(buffer, "oldest"), now_ms);

    cli_fact(t, "Buffer", cli_tone_of(cli_text(buffer, "state")),
             "%s, %lld held%s%s, %s in, %s out, %s on disk", cli_text(buffer, "state"),
             cli_int(buffer, "held"), *age.text ? " for up to " : "", age.text,
             cli_rate(cli_number(buffer, "in_per_s")).text,
             cli_rate(cli_number(buffer, "out_per_s")).text,
             cli_bytes_of(cli_number(buffer, "disk_bytes"), cli_number(buffer, "disk_limit_bytes"))
                 .text);
    cli_fact(t, "Uplink", cli_tone_of(state), "%s%s%s%s%s", state,
             *cli_text(uplink, "url") ? ", " : "", cli_text(uplink, "url"),
             *cli_text(uplink, "last_error") ? ": " : "", cli_text(uplink, "last_error"));
}

static void
release_facts(struct cli_table *t, const struct hf_json *doc)
{
    const struct hf_json *release = hf_json_get(doc, "release"),
                         *upgrade = hf_json_get(doc, "upgrade");
    const char *state = cli_text(upgrade, "state");
    bool over = strcmp(state, "idle") == 0 || strcmp(state, "committed") == 0 ||
                strcmp(state, "rolled_back") == 0;

    cli_fact(t, "Release", CLI_PLAIN, "%s%s%s", cli_text(release, "name"),
             hf_json_is_object(release) ? " " : "", cli_text(release, "version"));
    if (!over && *state)
        cli_fact(t, "Upgrade", CLI_WARN, "%s to %s %s", state,
                 cli_text(hf_json_get(upgrade, "release"), "name"), cli_text(upgrade, "waiting"));
}

static int
show_state(const struct cli_out *out, const struct hf_json *doc, struct hf_error *err)
{
    HF_AUTO(cli_table) struct cli_table *t = cli_facts_new();
    const struct hf_json *gateway = hf_json_get(doc, "gateway"),
                         *sentence = hf_json_get(doc, "sentence"),
                         *alarms = hf_json_get(doc, "alarms");
    const char *detail = cli_text(sentence, "detail");
    int64_t now_ms = out->now_ms;

    (void)hf_clock_parse(cli_text(doc, "at"), &now_ms); /* by its own clock */
    cli_line(out, cli_tone_of(cli_text(sentence, "level")), "%s: %s", cli_text(sentence, "eyebrow"),
             cli_text(sentence, "title"));
    if (*detail)
        cli_line(out, CLI_PLAIN, "%s", detail);
    cli_fact(t, "Gateway", CLI_BOLD, "%s (%s), holdfastd %s", cli_text(gateway, "name"),
             cli_text(gateway, "id"), cli_text(gateway, "version"));
    release_facts(t, doc);
    services_fact(t, hf_json_get(doc, "services"));
    record_facts(t, doc, now_ms);
    cli_fact(t, "Alarms", cli_tone_of(cli_text(alarms, "worst")),
             "%lld active, %lld of them not acknowledged", cli_int(alarms, "active"),
             cli_int(alarms, "unacknowledged"));
    host_facts(t, gateway);
    return cli_table_print(t, out, "", err);
}

static int
on_state(void *context, const char *name, const char *data, size_t len, struct hf_error *err)
{
    struct hf_buf *state = context;

    if (strcmp(name, "state") != 0)
        return 0;
    return hf_buf_add(state, data, len, err) < 0 ? -1 : 1;
}

/* The first event of the stream is everything at one moment. */
static int
status(struct cli *c, struct hf_error *err)
{
    CLI_AUTO_ANSWER struct cli_answer a = {0}, state = {.body = HF_BUF_INIT(CLI_BODY_MAX)};
    struct cli_sse sse;
    struct cli_request r = {
        .method = "GET", .path = "/events", .take = cli_sse_take, .context = &sse, .idle_s = 30};
    int rc;

    cli_sse_begin(&sse, CLI_BODY_MAX, on_state, &state.body);
    rc = cli_ask(c, &r, &a, err);
    cli_sse_done(&sse);
    return rc < 0 ? -1 : cli_print(c, &state, show_state, err);
}

/* ---- alarms ---- */

static void
alarm_row(struct cli_table *t, const struct hf_json *a)
{
    const char *by = cli_text(hf_json_get(a, "acknowledged"), "by");
    bool over = hf_json_string(a, "cleared") != NULL;

    cli_cell_text(t, CLI_PLAIN, cli_text(a, "id"));
    cli_cell_text(t, over ? CLI_DIM : cli_tone_of(cli_text(a, "severity")),
                  cli_text(a, "severity"));
    cli_cell_text(t, CLI_PLAIN, cli_time(hf_json_string(a, "raised")).text);
    cli_cell_text(t, CLI_BOLD, cli_text(a, "kind"));
    cli_cell_text(t, CLI_PLAIN, cli_text(a, "subject"));
    cli_cell(t, CLI_PLAIN, "%s%s", over ? "over" : *by ? "seen by " : "", over ? "" : by);
    cli_cell(t, CLI_PLAIN, "%s. %s", cli_text(a, "cause"), cli_text(a, "advice"));
}

static int
show_alarms(const struct cli_out *out, const struct hf_json *doc, struct hf_error *err)
{
    static const struct cli_column columns[] = {
        {"ID", true},  {"LEVEL", false}, {"SINCE", false}, {"KIND", false},
        {"OF", false}, {"STATE", false}, {"WHAT", false},
    };
    HF_AUTO(cli_table) struct cli_table *t = cli_table_new(columns, HF_LEN(columns));
    const struct hf_json *list = hf_json_get(doc, "alarms");

    if (!list)
        alarm_row(t, doc);
    for (const struct hf_json *a = hf_json_first(list); a; a = hf_json_next(a))
        alarm_row(t, a);
    if (cli_table_print(t, out, "No alarm.", err) < 0)
        return -1;
    cli_next(out, doc);
    return 0;
}

static int
alarms(struct cli *c, struct hf_error *err)
{
    HF_AUTO_BUF struct hf_buf path = HF_BUF_INIT(CLI_PATH_MAX);
    CLI_AUTO_ANSWER struct cli_answer a = {0};
    struct cli_request r = {.method = "GET"};

    if (hf_buf_addf(&path, err, "/alarms?state=%s", c->args->flags[CLI_ALL] ? "all" : "active") <
            0 ||
        cli_query_flags(&path, c->args, err) < 0)
        return -1;
    r.path = path.data;
    if (cli_ask(c, &r, &a, err) < 0)
        return -1;
    return cli_print(c, &a, show_alarms, err);
}

static int
acknowledge(struct cli *c, struct hf_error *err)
{
    HF_AUTO_BUF struct hf_buf path = HF_BUF_INIT(CLI_PATH_MAX);
    CLI_AUTO_ANSWER struct cli_answer a = {0};

    if (hf_buf_adds(&path, "/alarms/", err) < 0 ||
        cli_path_add(&path, c->args->words[0], err) < 0 ||
        hf_buf_adds(&path, "/acknowledge", err) < 0 ||
        cli_send(c, "POST", path.data, NULL, &a, err) < 0)
        return -1;
    return cli_print(c, &a, show_alarms, err);
}

/* ---- incidents ---- */

static void
incident_row(struct cli_table *t, const struct hf_json *i)
{
    cli_cell_text(t, CLI_PLAIN, cli_text(i, "id"));
    cli_cell_text(t, CLI_PLAIN, cli_time(hf_json_string(i, "at")).text);
    cli_cell_text(t, CLI_BOLD, cli_text(i, "service"));
    cli_cell_text(t, cli_tone_of(cli_text(i, "kind")), cli_text(i, "kind"));
    cli_cell(t, CLI_PLAIN, "%lld", cli_int(i, "times"));
    cli_cell(t, CLI_PLAIN, "%s. %s", cli_text(i, "found"), cli_text(i, "done"));
}

/* A page of them, or one with its log. */
static int
show_incidents(const struct cli_out *out, const struct hf_json *doc, struct hf_error *err)
{
    static const struct cli_column columns[] = {
        {"ID", true},    {"WHEN", false}, {"SERVICE", false},
        {"KIND", false}, {"TIMES", true}, {"WHAT", false},
    };
    HF_AUTO(cli_table) struct cli_table *t = cli_table_new(columns, HF_LEN(columns));
    const struct hf_json *list = hf_json_get(doc, "incidents"), *log = hf_json_get(doc, "log");

    if (!list)
        incident_row(t, doc);
    for (const struct hf_json *i = hf_json_first(list); i; i = hf_json_next(i))
        incident_row(t, i);
    if (cli_table_print(t, out, "No incident.", err) < 0)
        return -1;
    if (hf_json_first(log))
        cli_line(out, CLI_BOLD, "Its last lines:");
    for (const struct hf_json *l = hf_json_first(log); l; l = hf_json_next(l))
        cli_line(out, CLI_PLAIN, "%s  %s", cli_time(hf_json_string(l, "time")).text,
                 cli_text(l, "text"));
    cli_next(out, doc);
    return 0;
}

static int
incidents(struct cli *c, struct hf_error *err)
{
    HF_AUTO_BUF struct hf_buf path = HF_BUF_INIT(CLI_PATH_MAX);
    CLI_AUTO_ANSWER struct cli_answer a = {0};
    struct cli_request r = {.method = "GET"};
    bool one = c->args->count > 0;

    if (hf_buf_addf(&path, err, "/incidents%s", one ? "/" : "") < 0 ||
        (one && cli_path_add(&path, c->args->words[0], err) < 0) ||
        cli_query_flags(&path, c->args, err) < 0)
        return -1;
    r.path = path.data;
    if (cli_ask(c, &r, &a, err) < 0)
        return -1;
    return cli_print(c, &a, show_incidents, err);
}

/* ---- audit ---- */

static int
add_value(struct hf_buf *text, const struct hf_json *v, struct hf_error *err)
{
    HF_AUTO_FREE char *json = NULL;

    if (!v || hf_json_is_null(v))
        return hf_buf_adds(text, "nothing", err);
    return hf_json_print(v, &json, err) < 0 ? -1 : hf_buf_adds(text, json, err);
}

/* What was done, and in brackets each value that was changed. */
static int
add_what(struct hf_buf *text, const struct hf_json *e, struct hf_error *err)
{
    long long omitted = cli_int(e, "omitted");
    const char *mark = " (";

    if (hf_buf_adds(text, cli_text(e, "what"), err) < 0)
        return -1;
    for (const struct hf_json *c = hf_json_first(hf_json_get(e, "changes")); c;
         c = hf_json_next(c)) {
        if (hf_buf_addf(text, err, "%s%s: ", mark, cli_text(c, "path")) < 0 ||
            add_value(text, hf_json_get(c, "before"), err) < 0 ||
            hf_buf_adds(text, " -> ", err) < 0 || add_value(text, hf_json_get(c, "after"), err) < 0)
            return -1;
        mark = "; ";
    }
    if (omitted > 0 && hf_buf_addf(text, err, "%sand %lld more", mark, omitted) < 0)
        return -1;
    return *mark == ';' || omitted > 0 ? hf_buf_adds(text, ")", err) : 0;
}

static int
show_audit(const struct cli_out *out, const struct hf_json *doc, struct hf_error *err)
{
    static const struct cli_column columns[] = {
        {"WHEN", false}, {"WHO", false}, {"FROM", false}, {"RESULT", false}, {"WHAT", false}};
    HF_AUTO(cli_table) struct cli_table *t = cli_table_new(columns, HF_LEN(columns));
    HF_AUTO_BUF struct hf_buf what = HF_BUF_INIT((size_t)CLI_BODY_MAX * 6);

    for (const struct hf_json *e = hf_json_first(hf_json_get(doc, "entries")); e;
         e = hf_json_next(e)) {
        cli_cell_text(t, CLI_PLAIN, cli_time(hf_json_string(e, "at")).text);
        cli_cell_text(t, CLI_BOLD, cli_text(e, "who"));
        cli_cell_text(t, CLI_PLAIN, cli_text(e, "from"));
        cli_cell_text(t, strcmp(cli_text(e, "result"), "done") == 0 ? CLI_PLAIN : CLI_WARN,
                      cli_text(e, "result"));
        hf_buf_clear(&what);
        if (add_what(&what, e, err) < 0)
            return -1;
        cli_cell_text(t, CLI_PLAIN, what.data);
    }
    if (cli_table_print(t, out, "Nothing yet.", err) < 0)
        return -1;
    cli_next(out, doc);
    return 0;
}

/* ---- diag ---- */

/* More than the logs of all services are; a gateway that sends for ever does not fill the disk. */
static const uint64_t DIAG_MAX = UINT64_C(1) << 30;

static int
diag(struct cli *c, struct hf_error *err)
{
    const struct cli_request r = {.method = "GET", .path = "/diagnostics"};
    const char *path = c->args->flags[CLI_OUTPUT];

    if (!path)
        return hf_error_set(err, HF_ERROR_INVALID, "where to? Say --output FILE");
    return cli_download(c, &r, path, DIAG_MAX, err);
}

static const struct cli_command commands[] = {
    {
        .name = "status",
        .words = "",
        .summary = "Show how the gateway is, in a few lines",
        .examples = "status\nstatus --json | jq .sentence",
        .show = show_state,
        .run = status,
    },
    {
        .name = "alarms",
        .words = "",
        .flags =
            CLI_FLAG(CLI_ALL) | CLI_FLAG(CLI_KIND) | CLI_FLAG(CLI_LIMIT) | CLI_FLAG(CLI_CURSOR),
        .summary = "Show what somebody should look at",
        .examples = "alarms\nalarms --all --kind disk_full --limit 20",
        .show = show_alarms,
        .run = alarms,
    },
    {
        .name = "alarms ack",
        .words = "ID",
        .least = 1,
        .most = 1,
        .summary = "Say that you have seen an alarm",
        .examples = "alarms ack 7",
        .show = show_alarms,
        .run = acknowledge,
    },
    {
        .name = "incidents",
        .words = "[ID]",
        .most = 1,
        .flags =
            CLI_FLAG(CLI_SERVICE) | CLI_FLAG(CLI_KIND) | CLI_FLAG(CLI_LIMIT) | CLI_FLAG(CLI_CURSOR),
        .summary = "Show what went wrong with services; one with its last log lines",
        .examples = "incidents --service buffer\nincidents --kind oom\nincidents 12",
        .show = show_incidents,
        .run = incidents,
    },
    {
        .name = "audit",
        .words = "",
        .flags = CLI_FLAG(CLI_WHO) | CLI_FLAG(CLI_TEXT) | CLI_FLAG(CLI_RESULT) |
                 CLI_FLAG(CLI_FROM) | CLI_FLAG(CLI_TO) | CLI_FLAG(CLI_LIMIT) | CLI_FLAG(CLI_CURSOR),
        .summary = "Show who did what, what came of it, and the values that were changed",
        .examples = "audit --limit 20\naudit --who ann --text configuration\n"
                    "audit --result refused",
        .path = "/audit",
        .show = show_audit,
    },
    {
        .name = "diag",
        .words = "",
        .flags = CLI_FLAG(CLI_OUTPUT),
        .summary = "Save states, logs and versions as one file for whoever helps",
        .help = "Without secrets. A file of that name is replaced when all has come.",
        .examples = "diag --output press-hall-3.tar.gz\ndiag -o - | tar tz",
        .run = diag,
    },
};
const struct cli_group cli_group_gateway = {"The gateway", commands, HF_LEN(commands)};
