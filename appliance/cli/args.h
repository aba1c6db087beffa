// SPDX-License-Identifier: Apache-2.0
/*
 * The command line: words and flags. Flags may stand anywhere; each has one meaning in all commands
 * and one long name that is not abbreviated; a command refuses those it does not take.
 */
#pragma once

#include "cli/table.h"
#include "json/json.h"

#include <stdbool.h>
#include <stdint.h>

enum cli_flag {
    /* of every command */
    CLI_GATEWAY,
    CLI_FINGERPRINT,
    CLI_JSON,
    CLI_HELP,
    CLI_VERSION,
    /* of some */
    CLI_ADMIN,
    CLI_ALL,
    CLI_ALLOW_OLDER,
    CLI_CURSOR,
    CLI_DAYS,
    CLI_DISABLE,
    CLI_DRY_RUN,
    CLI_ENABLE,
    CLI_FILE,
    CLI_FOLLOW,
    CLI_FROM,
    CLI_KIND,
    CLI_LANE,
    CLI_LIMIT,
    CLI_NAME,
    CLI_NEWEST,
    CLI_NEW_PASSWORD,
    CLI_NO_WAIT,
    CLI_OLDEST,
    CLI_OUTPUT,
    CLI_PASSPHRASE_FILE,
    CLI_PASSWORD_STDIN,
    CLI_PLAN,
    CLI_PREVIOUS,
    CLI_PUBLISH,
    CLI_RECORDS,
    CLI_REGISTRY,
    CLI_REPLACE,
    CLI_RESULT,
    CLI_ROLE,
    CLI_SEARCH,
    CLI_SERVICE,
    CLI_SETUP_CODE,
    CLI_SSH_KEYS,
    CLI_SUBSCRIBE,
    CLI_TAIL,
    CLI_TEXT,
    CLI_TO,
    CLI_TOKEN_STDIN,
    CLI_TOPIC,
    CLI_UPLINK,
    CLI_USER,
    CLI_WHO,
    CLI_FLAG_COUNT
};

#define CLI_FLAG(flag) (UINT64_C(1) << (flag))

struct cli_flag_info {
    const char *name;  /* without -- */
    char letter;       /* 0: none */
    const char *value; /* what its value is called; NULL: it has none */
    const char *help;
    const char *query; /* its name in a query; NULL: it is not for one */
};
extern const struct cli_flag_info cli_flags[CLI_FLAG_COUNT];

struct cli;
struct cli_command;

/* Shows a JSON document of the gateway, whatever is in it, to a person. */
typedef int cli_show(const struct cli_out *out, const struct hf_json *doc, struct hf_error *err);
typedef int cli_run(struct cli *c, struct hf_error *err);

struct cli_command {
    const char *name;     /* one word or two */
    const char *words;    /* as in its usage; "" for none */
    unsigned least, most; /* how many words */
    uint64_t flags;       /* besides those of every command */
    const char *summary;  /* one line */
    const char *help;     /* a paragraph more, or NULL */
    const char *examples; /* lines, each without "holdfast " */
    const char *path;     /* of a command that only GETs and shows; else NULL */
    cli_show *show;       /* what it shows; NULL where that is no document */
    cli_run *run;         /* where path is NULL */
};

struct cli_group {
    const char *title;
    const struct cli_command *commands;
    size_t count;
};
extern const struct cli_group *const cli_groups[];
extern const size_t cli_group_count;

enum { CLI_WORDS_MAX = 64 };

struct cli_args {
    const struct cli_command *command; /* NULL: none was named */
    const char
        *flags[CLI_FLAG_COUNT]; /* its value, "" where it has none, NULL where it is not given */
    const char *words[CLI_WORDS_MAX];
    size_t count;
};

/* argv is borrowed. Errors: INVALID. With --help or --version words are not counted. */
HF_MUST int cli_args_parse(int argc, char **argv, struct cli_args *ret, struct hf_error *err);

/* The command of these words, the longest name first; NULL where there is none. */
const struct cli_command *cli_command_find(const char *const *words, size_t count,
                                           size_t *ret_used);

/* ---- help.c ---- */

/* All commands, or one of them. */
void cli_help(FILE *to, const struct cli_command *command_or_null);

/* For `source`: completes commands and flags in bash. */
void cli_complete_bash(FILE *to);
