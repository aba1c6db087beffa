// SPDX-License-Identifier: Apache-2.0
/* services, logs, start, stop, restart, operations and giving one up */
#include "cli/groups.h"

#include "cli/format.h"
#include "cli/sse.h"

#include <string.h>

enum { EVENT_MAX = 512 * 1024, FOLLOW_IDLE_S = 60 /* a comment comes every 15 s */ };

/* ---- services ---- */

static int
show_services(const struct cli_out *out, const struct hf_json *doc, struct hf_error *err)
{
    static const struct cli_column columns[] = {
        {"SERVICE", false}, {"STATE", false}, {"HEALTH", false}, {"UP", false},  {"RESTARTS", true},
        {"MEMORY", true},   {"CPU", true},    {"IMAGE", false},  {"WHY", false},
    };
    HF_AUTO(cli_table) struct cli_table *t = cli_table_new(columns, HF_LEN(columns));

    for (const struct hf_json *s = hf_json_first(hf_json_get(doc, "services")); s;
         s = hf_json_next(s)) {
        const struct hf_json *usage = hf_json_get(s, "usage");
        bool runs = hf_json_is_object(usage);
        const char *reason = cli_text(s, "reason"), *advice = cli_text(s, "advice");

        cli_cell_text(t, CLI_BOLD, cli_text(s, "name"));
        cli_cell_text(t, cli_tone_of(cli_text(s, "state")), cli_text(s, "state"));
        cli_cell_text(t, cli_tone_of(cli_text(s, "health")), cli_text(s, "health"));
        cli_cell_text(t, CLI_PLAIN, cli_duration(hf_json_int(s, "uptime_s", -1)).text);
        cli_cell(t, CLI_PLAIN, "%lld", cli_int(s, "restarts"));
        cli_cell_text(t, CLI_PLAIN, runs ? cli_bytes(cli_number(usage, "memory_bytes")).text : "");
        if (runs)
            cli_cell(t, CLI_PLAIN, "%.1f %%", cli_number(usage, "cpu_percent"));
        else
            cli_cell_text(t, CLI_PLAIN, "");
        cli_cell_text(t, CLI_PLAIN, cli_text(hf_json_get(s, "image"), "tag"));
        cli_cell(t, CLI_PLAIN, "%s%s%s", reason, *reason && *advice ? ". " : "", advice);
    }
    return cli_table_print(t, out, "There are no services yet.", err);
}

/* ---- commands to one ---- */

static int
command_service(struct cli *c, struct hf_error *err)
{
    HF_AUTO_BUF struct hf_buf path = HF_BUF_INIT(CLI_PATH_MAX);
    CLI_AUTO_ANSWER struct cli_answer a = {0};

    if (hf_buf_adds(&path, "/services/", err) < 0 ||
        cli_path_add(&path, c->args->words[0], err) < 0 ||
        hf_buf_addf(&path, err, "/%s", c->args->command->name) < 0 ||
        cli_begin_path(c, path.data, &a, err) < 0)
        return -1;
    return cli_follow_answer(c, &a, err);
}

/* ---- logs ---- */

static void
show_log_line(const struct cli_out *out, const struct hf_json *line)
{
    struct cli_word time = cli_time(hf_json_string(line, "time"));

    cli_line(out, CLI_PLAIN, "%s%s%s", time.text, *time.text ? "  " : "", cli_text(line, "text"));
}

static int
show_log(const struct cli_out *out, const struct hf_json *doc, struct hf_error *err)
{
    (void)err;
    for (const struct hf_json *l = hf_json_first(hf_json_get(doc, "lines")); l; l = hf_json_next(l))
        show_log_line(out, l);
    return 0;
}

struct follower {
    struct cli *c;
    bool ended; /* the container, not the line */
};

static int
on_log_event(void *context, const char *name, const char *data, size_t len, struct hf_error *err)
{
    struct follower *f = context;
    HF_AUTO(hf_json) struct hf_json *doc = NULL;
    bool json = f->c->args->flags[CLI_JSON];

    f->ended = strcmp(name, "end") == 0;
    if (hf_json_parse(data, len, &doc, NULL) < 0)
        return hf_error_set(err, HF_ERROR_UPSTREAM, "the gateway sent a line that cannot be read");
    if (f->ended)
        cli_line(&f->c->told, CLI_DIM, "%s", cli_text(doc, "detail"));
    else if (!json)
        show_log_line(&f->c->out, doc);
    else if (cli_print_json(&f->c->out, data, len, err) < 0)
        return -1;
    if (fflush(f->c->out.to) != 0)
        return hf_error_set(err, HF_ERROR_INTERNAL, "nobody reads the log any more");
    return f->ended;
}

/* Until the container ends. A line that breaks is an error: what was said meanwhile would be
 * missing. */
static int
follow_log(struct cli *c, const struct cli_request *r, struct hf_error *err)
{
    CLI_AUTO_ANSWER struct cli_answer a = {0};
    struct follower f = {.c = c};
    struct cli_sse sse;
    struct cli_request follow = *r;
    int rc;

    cli_sse_begin(&sse, EVENT_MAX, on_log_event, &f);
    follow.take = cli_sse_take;
    follow.context = &sse;
    follow.idle_s = FOLLOW_IDLE_S;
    rc = cli_ask(c, &follow, &a, err);
    cli_sse_done(&sse);
    if (rc == 0 && !f.ended)
        return hf_error_set(err, HF_ERROR_UNAVAILABLE, "the gateway has ended the log");
    return rc;
}

static int
logs(struct cli *c, struct hf_error *err)
{
    HF_AUTO_BUF struct hf_buf path = HF_BUF_INIT(CLI_PATH_MAX);
    CLI_AUTO_ANSWER struct cli_answer a = {0};
    struct cli_request r = {.method = "GET"};
    const struct cli_args *args = c->args;

    if (args->flags[CLI_FOLLOW] && args->flags[CLI_PREVIOUS])
        return hf_error_set(err, HF_ERROR_INVALID,
                            "a container that is gone says nothing more: leave out --follow or "
                            "--previous");
    if (hf_buf_adds(&path, "/services/", err) < 0 || cli_path_add(&path, args->words[0], err) < 0 ||
        hf_buf_adds(&path, "/logs", err) < 0 || cli_query_flags(&path, args, err) < 0 ||
        (args->flags[CLI_FOLLOW] && cli_query_add(&path, "follow", "true", err) < 0) ||
        (args->flags[CLI_PREVIOUS] && cli_query_add(&path, "previous", "true", err) < 0))
        return -1;
    r.path = path.data;
    if (args->flags[CLI_FOLLOW])
        return follow_log(c, &r, err);
    if (cli_ask(c, &r, &a, err) < 0)
        return -1;
    return cli_print(c, &a, show_log, err);
}

/* ---- operations ---- */

static void
operation_row(struct cli_table *t, const struct hf_json *o)
{
    cli_cell_text(t, CLI_PLAIN, cli_text(o, "id"));
    cli_cell_text(t, CLI_PLAIN, cli_time(hf_json_string(o, "created")).text);
    cli_cell_text(t, CLI_BOLD, cli_text(o, "kind"));
    cli_cell_text(t, CLI_PLAIN, cli_text(o, "service"));
    cli_cell_text(t, cli_tone_of(cli_text(o, "state")), cli_text(o, "state"));
    cli_cell_text(t, CLI_PLAIN, cli_text(o, "detail"));
}

/* A list of them, or one. */
static int
show_operations(const struct cli_out *out, const struct hf_json *doc, struct hf_error *err)
{
    static const struct cli_column columns[] = {
        {"OPERATION", false}, {"WHEN", false},  {"WHAT", false},
        {"SERVICE", false},   {"STATE", false}, {"DETAIL", false},
    };
    HF_AUTO(cli_table) struct cli_table *t = cli_table_new(columns, HF_LEN(columns));
    const struct hf_json *list = hf_json_get(doc, "operations");

    if (!list)
        operation_row(t, doc);
    for (const struct hf_json *o = hf_json_first(list); o; o = hf_json_next(o))
        operation_row(t, o);
    if (cli_table_print(t, out, "There were no operations yet.", err) < 0)
        return -1;
    cli_next(out, doc);
    return 0;
}

static int
operations(struct cli *c, struct hf_error *err)
{
    HF_AUTO_BUF struct hf_buf path = HF_BUF_INIT(CLI_PATH_MAX);
    CLI_AUTO_ANSWER struct cli_answer a = {0};
    struct cli_request r = {.method = "GET"};
    bool one = c->args->count > 0;

    if (c->args->flags[CLI_FOLLOW]) {
        if (!one)
            return hf_error_set(err, HF_ERROR_INVALID, "--follow needs the id of an operation");
        return cli_follow(c, c->args->words[0], err);
    }
    if (hf_buf_addf(&path, err, "/operations%s", one ? "/" : "") < 0 ||
        (one && cli_path_add(&path, c->args->words[0], err) < 0) ||
        cli_query_flags(&path, c->args, err) < 0)
        return -1;
    r.path = path.data;
    if (cli_ask(c, &r, &a, err) < 0)
        return -1;
    return cli_print(c, &a, show_operations, err);
}

/* That it has failed is what was asked for. */
static int
show_given_up(const struct cli_out *out, const struct hf_json *o, struct hf_error *err)
{
    const char *service = cli_text(o, "service");

    (void)err;
    if (hf_json_string(o, "finished"))
        cli_line(out, CLI_GOOD, "%s%s%s: %s", cli_text(o, "kind"), *service ? " " : "", service,
                 cli_text(o, "detail"));
    else
        cli_line(out, CLI_PLAIN,
                 "%s is being given up; 'holdfast operations %s --follow' follows it.",
                 cli_text(o, "kind"), cli_text(o, "id"));
    return 0;
}

static int
cancel_operation(struct cli *c, struct hf_error *err)
{
    HF_AUTO_BUF struct hf_buf path = HF_BUF_INIT(CLI_PATH_MAX);
    CLI_AUTO_ANSWER struct cli_answer a = {0};
    struct cli_request r = {.method = "POST", .headers = {"Prefer: wait=30"}};

    if (c->args->flags[CLI_NO_WAIT])
        r.headers[0] = NULL;
    if (hf_buf_adds(&path, "/operations/", err) < 0 ||
        cli_path_add(&path, c->args->words[0], err) < 0 || hf_buf_adds(&path, "/cancel", err) < 0)
        return -1;
    r.path = path.data;
    if (cli_begin(c, &r, &a, err) < 0)
        return -1;
    return cli_print(c, &a, show_given_up, err);
}

static const struct cli_command commands[] = {
    {
        .name = "services",
        .words = "",
        .summary = "Show the services: state, health, what they use",
        .examples =
            "services\nservices --json | jq -r '.services[] | select(.health != \"healthy\") | "
            ".name'",
        .path = "/services",
        .show = show_services,
    },
    {
        .name = "logs",
        .words = "SERVICE",
        .least = 1,
        .most = 1,
        .flags = CLI_FLAG(CLI_FOLLOW) | CLI_FLAG(CLI_TAIL) | CLI_FLAG(CLI_PREVIOUS),
        .summary = "Show the log of a service",
        .help = "The newest lines, at most 1000; with --follow also those that come, until the "
                "container ends. With --json and --follow each line is a JSON document.",
        .examples = "logs buffer\nlogs --follow --tail 0 processor\nlogs --previous broker",
        .show = show_log,
        .run = logs,
    },
    {
        .name = "restart",
        .words = "SERVICE",
        .least = 1,
        .most = 1,
        .flags = CLI_FLAG(CLI_NO_WAIT),
        .summary = "Restart a service, and wait until it has",
        .help = "No record is lost by it; a few may be sent twice under the same id.",
        .examples = "restart forwarder\nrestart forwarder --no-wait",
        .run = command_service,
    },
    {
        .name = "start",
        .words = "SERVICE",
        .least = 1,
        .most = 1,
        .flags = CLI_FLAG(CLI_NO_WAIT),
        .summary = "Start a service; it is wanted from now on",
        .examples = "start processor",
        .run = command_service,
    },
    {
        .name = "stop",
        .words = "SERVICE",
        .least = 1,
        .most = 1,
        .flags = CLI_FLAG(CLI_NO_WAIT),
        .summary = "Stop a service until somebody starts it",
        .help = "It stays stopped after a restart of the box too.",
        .examples = "stop processor",
        .run = command_service,
    },
    {
        .name = "operations",
        .words = "[ID]",
        .most = 1,
        .flags = CLI_FLAG(CLI_FOLLOW) | CLI_FLAG(CLI_SERVICE) | CLI_FLAG(CLI_LIMIT) |
                 CLI_FLAG(CLI_CURSOR),
        .summary = "Show the latest operations, or one; follow it to its end",
        .examples = "operations\noperations 9f2c11ab9f2c11ab9f2c11ab9f2c11ab --follow",
        .show = show_operations,
        .run = operations,
    },
    {
        .name = "operations cancel",
        .words = "ID",
        .least = 1,
        .most = 1,
        .flags = CLI_FLAG(CLI_NO_WAIT),
        .summary = "Give up an operation that is under way",
        .help = "An upgrade or rollback goes back to what ran before, a look into the registry "
                "ends, and a stopped service that is only fetched or waited for stays stopped. "
                "The operation ends as failed. A stop, and a start that Docker carries out, "
                "cannot be given up.",
        .examples = "operations cancel 9f2c11ab9f2c11ab9f2c11ab9f2c11ab",
        .show = show_given_up,
        .run = cancel_operation,
    },
};
const struct cli_group cli_group_services = {"Services", commands, HF_LEN(commands)};
