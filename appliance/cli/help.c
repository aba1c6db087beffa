// SPDX-License-Identifier: Apache-2.0
#include "cli/args.h"

#include <stdio.h>
#include <string.h>

enum { FLAG_WIDTH = 30, NAME_WIDTH = 18, LINE_WIDTH = 80 };

/* Words of text within LINE_WIDTH columns. */
static void
put_paragraph(FILE *to, const char *text)
{
    size_t at = 0;

    while (*text) {
        size_t len = strcspn(text, " ");

        if (at > 0 && at + 1 + len > LINE_WIDTH) {
            fputc('\n', to);
            at = 0;
        }
        at += (size_t)fprintf(to, "%s%.*s", at ? " " : "", (int)len, text);
        text += len + strspn(text + len, " ");
    }
    fputc('\n', to);
}

static void
put_flag(FILE *to, const struct cli_flag_info *flag)
{
    char left[64];
    int len = snprintf(left, sizeof left, "  %c%c%s --%s%s%s", flag->letter ? '-' : ' ',
                       flag->letter ? flag->letter : ' ', flag->letter ? "," : " ", flag->name,
                       flag->value ? " " : "", flag->value ? flag->value : "");

    /* "SHA256:…" is two bytes longer than it is wide. */
    len -= strstr(left, "…") ? 2 : 0;
    fprintf(to, "%s%*s%s\n", left, len < FLAG_WIDTH ? FLAG_WIDTH - len : 1, "", flag->help);
}

static void
put_flags(FILE *to, uint64_t flags)
{
    for (int i = 0; i < CLI_FLAG_COUNT; i++)
        if (flags & CLI_FLAG(i))
            put_flag(to, &cli_flags[i]);
}

static void
put_global_flags(FILE *to)
{
    put_flags(to, CLI_FLAG(CLI_GATEWAY) | CLI_FLAG(CLI_FINGERPRINT) | CLI_FLAG(CLI_JSON) |
                      CLI_FLAG(CLI_HELP) | CLI_FLAG(CLI_VERSION));
}

static void
put_examples(FILE *to, const char *lines)
{
    while (*lines) {
        size_t len = strcspn(lines, "\n");

        fprintf(to, "  holdfast %.*s\n", (int)len, lines);
        lines += len + (lines[len] == '\n');
    }
}

static void
help_of(FILE *to, const struct cli_command *c)
{
    fprintf(to, "Usage: holdfast %s%s%s%s\n", c->name, c->flags ? " [FLAG]..." : "",
            *c->words ? " " : "", c->words);
    fprintf(to, "%s.\n", c->summary);
    if (c->help) {
        fputc('\n', to);
        put_paragraph(to, c->help);
    }
    fputs("\nFlags:\n", to);
    put_flags(to, c->flags);
    put_global_flags(to);
    fputs("\nExamples:\n", to);
    put_examples(to, c->examples);
}

void
cli_help(FILE *to, const struct cli_command *command_or_null)
{
    if (command_or_null) {
        help_of(to, command_or_null);
        return;
    }
    fputs("Usage: holdfast COMMAND [FLAG]... [WORD]...\n"
          "Looks after a Holdfast gateway from the command line.\n",
          to);
    for (size_t g = 0; g < cli_group_count; g++) {
        fprintf(to, "\n%s:\n", cli_groups[g]->title);
        for (size_t i = 0; i < cli_groups[g]->count; i++)
            fprintf(to, "  %-*s %s\n", NAME_WIDTH, cli_groups[g]->commands[i].name,
                    cli_groups[g]->commands[i].summary);
    }
    fputs("\nFlags of every command:\n", to);
    put_global_flags(to);
    fputs("\n"
          "Exit status: 0 done, 1 the gateway refused, 2 usage, 3 not reachable, 4 not logged in,\n"
          "5 the operation failed, 6 another certificate, 7 a problem here, 130 interrupted.\n"
          "\n"
          "Begin with:\n"
          "  holdfast login --gateway https://press-hall-3.local:8443\n"
          "  holdfast status\n"
          "  holdfast logs --help\n",
          to);
}

/* ---- completion ---- */

static void
put_command_flags(FILE *to, uint64_t flags)
{
    for (int i = 0; i < CLI_FLAG_COUNT; i++)
        if (i <= CLI_VERSION || (flags & CLI_FLAG(i)))
            fprintf(to, " --%s", cli_flags[i].name);
}

void
cli_complete_bash(FILE *to)
{
    fputs("# holdfast in bash: source <(holdfast completion bash)\n"
          "_holdfast() {\n"
          "    local word words='' current=${COMP_WORDS[COMP_CWORD]}\n"
          "    for word in \"${COMP_WORDS[@]:1:COMP_CWORD-1}\"; do\n"
          "        [[ $word == -* ]] || words+=\"$word \"\n"
          "    done\n"
          "    local -A next=(\n",
          to);
    for (size_t g = 0; g < cli_group_count; g++)
        for (size_t i = 0; i < cli_groups[g]->count; i++) {
            fprintf(to, "        ['%s ']='", cli_groups[g]->commands[i].name);
            put_command_flags(to, cli_groups[g]->commands[i].flags);
            fputs("'\n", to);
        }
    fputs("    )\n"
          "    local name choices=''\n"
          "    for name in \"${!next[@]}\"; do\n"
          "        if [[ $current == -* ]]; then\n"
          "            [[ $words != \"$name\"* ]] || choices+=\" ${next[$name]}\"\n"
          "        elif [[ $name == \"$words\"* ]]; then\n"
          "            name=${name#\"$words\"}\n"
          "            choices+=\" ${name%% *}\"\n"
          "        fi\n"
          "    done\n"
          "    mapfile -t COMPREPLY < <(compgen -W \"$choices\" -- \"$current\" | sort -u)\n"
          "}\n"
          "complete -o default -F _holdfast holdfast\n",
          to);
}
