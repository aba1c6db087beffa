// SPDX-License-Identifier: Apache-2.0
#include "cli/groups.h"

#include <string.h>

enum { JOIN_MAX = 1 << 20 };

const char *
cli_text(const struct hf_json *object, const char *member)
{
    const char *text = hf_json_string(object, member);

    return text ? text : "";
}

long long
cli_int(const struct hf_json *object, const char *member)
{
    return (long long)hf_json_int(object, member, 0);
}

double
cli_number(const struct hf_json *object, const char *member)
{
    return hf_json_number(object, member, 0);
}

char *
cli_join(const struct hf_json *array, const char *separator)
{
    HF_AUTO_BUF struct hf_buf out = HF_BUF_INIT(JOIN_MAX);

    for (const struct hf_json *v = hf_json_first(array); v; v = hf_json_next(v)) {
        const char *text = hf_json_as_string(v);

        if (text && hf_buf_addf(&out, NULL, "%s%s", out.len ? separator : "", text) < 0)
            return NULL;
    }
    return hf_buf_take(&out);
}

enum cli_tone
cli_tone_of(const char *state)
{
    static const struct {
        const char *state;
        enum cli_tone tone;
    } rows[] = {
        {"ok", CLI_GOOD},         {"healthy", CLI_GOOD},    {"running", CLI_GOOD},
        {"succeeded", CLI_GOOD},  {"committed", CLI_GOOD},  {"delivering", CLI_GOOD},
        {"idle", CLI_GOOD},       {"done", CLI_GOOD},       {"bad", CLI_BAD},
        {"failed", CLI_BAD},      {"unreachable", CLI_BAD}, {"refused", CLI_BAD},
        {"rolled_back", CLI_BAD}, {"crash_loop", CLI_BAD},  {"oom", CLI_BAD},
        {"warn", CLI_WARN},       {"degraded", CLI_WARN},   {"starting", CLI_WARN},
        {"waiting", CLI_WARN},    {"backoff", CLI_WARN},    {"away", CLI_WARN},
        {"half-open", CLI_WARN},  {"stopped", CLI_DIM},     {"absent", CLI_DIM},
        {"unset", CLI_DIM},       {"unknown", CLI_WARN},
    };

    for (size_t i = 0; i < HF_LEN(rows); i++)
        if (strcmp(rows[i].state, state) == 0)
            return rows[i].tone;
    return CLI_PLAIN;
}

void
cli_next(const struct cli_out *out, const struct hf_json *doc)
{
    const char *next = hf_json_string(doc, "next");

    if (next)
        cli_line(out, CLI_DIM, "There is more: --cursor %s", next);
}

void
cli_cell_payload(struct cli_table *t, const struct hf_json *record)
{
    const struct hf_json *payload = hf_json_get(record, "payload");
    const char *cut = hf_json_bool(record, "cut", false) ? "…" : "";
    HF_AUTO_FREE char *json = NULL;

    if (payload && hf_json_print(payload, &json, NULL) == 0)
        cli_cell(t, CLI_PLAIN, "%s%s", json, cut);
    else if (hf_json_string(record, "text"))
        cli_cell(t, CLI_PLAIN, "%s%s", cli_text(record, "text"), cut);
    else
        cli_cell(t, CLI_DIM, "%s%s%s", *cli_text(record, "base64") ? "base64 " : "",
                 cli_text(record, "base64"), cut);
}
