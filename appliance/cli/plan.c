// SPDX-License-Identifier: Apache-2.0
/* plan, apply, rollback */
#include "cli/groups.h"

#include "base/text.h"
#include "cli/format.h"

#include <string.h>

enum { ID_SIZE = 33, TAG_DIGITS = 32 };

/* ---- the plan ---- */

static int
show_changes(const struct cli_out *out, const struct hf_json *doc, struct hf_error *err)
{
    static const struct cli_column columns[] = {{"SERVICE", false}, {"FROM", false}, {"TO", false},
                                                {"HOW", false},     {"FETCH", true}, {"AWAY", true},
                                                {"CHANGES", false}};
    HF_AUTO(cli_table) struct cli_table *t = cli_table_new(columns, HF_LEN(columns));

    for (const struct hf_json *s = hf_json_first(hf_json_get(doc, "services")); s;
         s = hf_json_next(s)) {
        int64_t gap_ms = hf_json_int(s, "last_gap_ms", -1);
        const char *limits = cli_text(s, "limits");
        bool settings = hf_json_bool(s, "settings", false);

        cli_cell_text(t, CLI_BOLD, cli_text(s, "service"));
        cli_cell_text(t, CLI_PLAIN, cli_text(s, "from_tag"));
        cli_cell_text(t, CLI_PLAIN, cli_text(s, "to_tag"));
        cli_cell_text(t, CLI_PLAIN, hf_json_bool(s, "restarts", true) ? "new container" : "live");
        cli_cell_text(t, CLI_PLAIN,
                      hf_json_bool(s, "present", false)
                          ? "is here"
                          : cli_bytes(cli_number(s, "fetch_bytes")).text);
        if (gap_ms >= 0)
            cli_cell(t, CLI_PLAIN, "%.1f s", (double)gap_ms / 1000);
        else
            cli_cell_text(t, CLI_PLAIN, "");
        cli_cell(t, CLI_PLAIN, "%s%s%s%s%s", hf_json_bool(s, "image", false) ? "image" : "",
                 *limits ? " " : "", limits, settings ? " " : "", settings ? "settings" : "");
    }
    return cli_table_print(t, out, "No service changes.", err);
}

static void
lines_of(const struct cli_out *out, enum cli_tone tone, const char *what,
         const struct hf_json *list, const char *member)
{
    for (const struct hf_json *l = hf_json_first(list); l; l = hf_json_next(l)) {
        const char *text = member ? hf_json_string(l, member) : hf_json_as_string(l);

        if (text)
            cli_line(out, tone, "%s: %s", what, text);
    }
}

static void
daemon_fact(struct cli_table *t, const struct hf_json *daemon)
{
    if (!hf_json_is_object(daemon))
        return;
    cli_fact(t, "holdfastd", CLI_PLAIN, "%s, in place of %s; %s%s", cli_text(daemon, "to_version"),
             cli_text(daemon, "from_version"),
             hf_json_bool(daemon, "present", false) ? "is here"
                                                    : cli_bytes(cli_number(daemon, "bytes")).text,
             hf_json_bool(daemon, "installs", false) ? "; no service restarts for it"
                                                     : "; it is not installed");
}

static void
room_facts(struct cli_table *t, const struct hf_json *doc)
{
    const struct hf_json *fetch = hf_json_get(doc, "fetch"), *disk = hf_json_get(doc, "disk"),
                         *backlog = hf_json_get(doc, "backlog"), *gate = hf_json_get(doc, "gate");
    HF_AUTO_FREE char *checks = cli_join(hf_json_get(gate, "checks"), ", ");
    HF_AUTO_FREE char *unchanged = cli_join(hf_json_get(doc, "unchanged"), ", ");
    int64_t room_s = hf_json_int(backlog, "room_s", -1);

    daemon_fact(t, hf_json_get(doc, "daemon"));
    cli_fact(t, "Unchanged", CLI_PLAIN, "%s", unchanged ? unchanged : "");
    cli_fact(t, "Fetch", CLI_PLAIN, "%lld images, %lld layers, %s", cli_int(fetch, "images"),
             cli_int(fetch, "layers"), cli_bytes(cli_number(fetch, "bytes")).text);
    cli_fact(t, "Disk", CLI_PLAIN, "%s more at the end, %s meanwhile, %s free",
             cli_bytes(cli_number(disk, "needed_bytes")).text,
             cli_bytes(cli_number(disk, "peak_bytes")).text,
             cli_bytes(cli_number(disk, "free_bytes")).text);
    cli_fact(t, "Backlog", CLI_PLAIN, "%lld records, %s more; room for %s",
             cli_int(backlog, "held"), cli_rate(cli_number(backlog, "in_per_s")).text,
             room_s >= 0 ? cli_duration(room_s).text : "an unknown time");
    cli_fact(t, "Gate", CLI_PLAIN, "%lld s of %s", cli_int(gate, "seconds"), checks ? checks : "");
    cli_fact(t, "Way back", CLI_PLAIN, "%s", cli_text(hf_json_get(doc, "rollback"), "detail"));
}

int
cli_show_plan(const struct cli_out *out, const struct hf_json *doc, struct hf_error *err)
{
    HF_AUTO(cli_table) struct cli_table *facts = cli_facts_new();
    const char *from = cli_text(hf_json_get(doc, "from"), "name");

    cli_line(out, CLI_BOLD, "%s%s%s", cli_text(hf_json_get(doc, "release"), "name"),
             *from ? ", in place of " : "", from);
    room_facts(facts, doc);
    if (show_changes(out, doc, err) < 0 || cli_table_print(facts, out, "", err) < 0)
        return -1;
    lines_of(out, CLI_PLAIN, "Stored data", hf_json_get(doc, "schema_changes"), NULL);
    lines_of(out, CLI_WARN, "Warning", hf_json_get(doc, "warnings"), "text");
    lines_of(out, CLI_BAD, "In the way", hf_json_get(doc, "obstacles"), NULL);
    if (hf_json_bool(doc, "needs_allow_older", false))
        cli_line(out, CLI_WARN,
                 "It is older than one that has run here: apply it with --allow-older.");
    return 0;
}

/* Makes the plan; out: its tag, without quotes. */
static int
make_plan(struct cli *c, char id[ID_SIZE], struct cli_answer *a, char tag[CLI_ETAG_MAX],
          struct hf_error *err)
{
    char path[64];
    size_t len;

    if (cli_release_id(c, c->args->words[0], id, err) < 0)
        return -1;
    hf_text_put(path, sizeof path, "/releases/%s/plan", id);
    if (cli_send(c, "POST", path, NULL, a, err) < 0)
        return -1;
    hf_text_put(tag, CLI_ETAG_MAX, "%s", a->etag + (a->etag[0] == '"'));
    len = strlen(tag);
    if (len > 0 && tag[len - 1] == '"')
        tag[len - 1] = '\0';
    if (strlen(tag) != TAG_DIGITS || tag[strspn(tag, "0123456789abcdef")])
        return hf_error_set(err, HF_ERROR_UPSTREAM, "the gateway's plan has no tag");
    return 0;
}

int
cli_plan(struct cli *c, struct hf_error *err)
{
    CLI_AUTO_ANSWER struct cli_answer a = {0};
    char id[ID_SIZE], tag[CLI_ETAG_MAX];

    if (make_plan(c, id, &a, tag, err) < 0 || cli_print(c, &a, cli_show_plan, err) < 0)
        return -1;
    if (!c->args->flags[CLI_JSON])
        cli_line(&c->out, CLI_DIM, "Next: holdfast apply %s --plan %s", cli_short(id).text, tag);
    return 0;
}

/* ---- apply ---- */

/* What would happen now, where nobody names a plan that was looked at. */
static int
plan_for_apply(struct cli *c, char id[ID_SIZE], char tag[CLI_ETAG_MAX], struct hf_error *err)
{
    HF_AUTO(hf_json) struct hf_json *doc = NULL;
    CLI_AUTO_ANSWER struct cli_answer a = {0};

    if (make_plan(c, id, &a, tag, err) < 0 || cli_parse(&a, &doc, err) < 0)
        return -1;
    if (hf_json_bool(doc, "possible", true) ||
        (c->args->flags[CLI_ALLOW_OLDER] && hf_json_bool(doc, "needs_allow_older", false)))
        return 0;
    lines_of(&c->told, CLI_BAD, "In the way", hf_json_get(doc, "obstacles"), NULL);
    return cli_fail(c, CLI_REFUSED, err, "it cannot be applied now; 'holdfast plan %s' says more",
                    c->args->words[0]);
}

int
cli_apply(struct cli *c, struct hf_error *err)
{
    CLI_AUTO_ANSWER struct cli_answer a = {0};
    const char *given = c->args->flags[CLI_PLAN];
    char id[ID_SIZE], tag[CLI_ETAG_MAX], path[64], if_match[CLI_ETAG_MAX + 16];
    struct cli_request r = {.method = "POST", .path = path, .headers = {if_match}};

    if (given && (strlen(given) != TAG_DIGITS || given[strspn(given, "0123456789abcdef")]))
        return hf_error_set(err, HF_ERROR_INVALID,
                            "--plan: give the tag that 'holdfast plan' shows");
    if (given ? cli_release_id(c, c->args->words[0], id, err) < 0
              : plan_for_apply(c, id, tag, err) < 0)
        return -1;
    hf_text_put(path, sizeof path, "/releases/%s/apply", id);
    hf_text_put(if_match, sizeof if_match, "If-Match: \"%s\"", given ? given : tag);
    if (c->args->flags[CLI_ALLOW_OLDER]) {
        r.type = "application/json";
        r.body = "{\"allow_older\":true}";
        r.len = strlen(r.body);
    }
    if (cli_begin(c, &r, &a, err) < 0)
        return -1;
    return cli_follow_answer(c, &a, err);
}

int
cli_rollback(struct cli *c, struct hf_error *err)
{
    CLI_AUTO_ANSWER struct cli_answer a = {0};

    if (cli_begin_path(c, "/releases/rollback", &a, err) < 0)
        return -1;
    return cli_follow_answer(c, &a, err);
}
