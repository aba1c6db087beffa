// SPDX-License-Identifier: Apache-2.0
#include "cli/args.h"

#include <string.h>

const struct cli_flag_info cli_flags[CLI_FLAG_COUNT] = {
    [CLI_GATEWAY] = {"gateway", 'g', "URL",
                     "the gateway; else HOLDFAST_GATEWAY, else the last login", NULL},
    [CLI_FINGERPRINT] = {"fingerprint", 0, "SHA256:…", "believe this certificate and no other",
                         NULL},
    [CLI_JSON] = {"json", 'j', NULL, "print what the gateway answers, for scripts", NULL},
    [CLI_HELP] = {"help", 'h', NULL, "show this, or the help of a command", NULL},
    [CLI_VERSION] = {"version", 0, NULL, "print the version of this program", NULL},
    [CLI_ADMIN] = {"admin", 0, NULL, "ask for the password of admin, and put its hash in", NULL},
    [CLI_ALL] = {"all", 'a', NULL, "also what is over", NULL},
    [CLI_ALLOW_OLDER] = {"allow-older", 0, NULL, "take a release that is older than one before",
                         NULL},
    [CLI_CURSOR] = {"cursor", 0, "NEXT", "go on where the page before ended", "cursor"},
    [CLI_DAYS] = {"days", 0, "N", "how long it is good for", NULL},
    [CLI_DISABLE] = {"disable", 0, NULL, "no login, session or token of the user is taken", NULL},
    [CLI_DRY_RUN] = {"dry-run", 'n', NULL, "only say what would change", NULL},
    [CLI_ENABLE] = {"enable", 0, NULL, "the user may log in again", NULL},
    [CLI_FILE] = {"file", 0, "FILE", "read it from a file; - is stdin", NULL},
    [CLI_FOLLOW] = {"follow", 'f', NULL, "go on until ^C or the end", NULL},
    [CLI_FROM] = {"from", 0, "TIME", "not before this time, as 2026-11-24T03:00:00Z", "from"},
    [CLI_KIND] = {"kind", 0, "KIND", "only of this kind", "kind"},
    [CLI_LANE] = {"lane", 0, "LANE", "only of this lane: alarm, normal or bulk", "lane"},
    [CLI_LIMIT] = {"limit", 'l', "N", "at most so many", "limit"},
    [CLI_NAME] = {"name", 0, "NAME", "the name that the gateway gets", NULL},
    [CLI_NEWEST] = {"newest", 0, NULL, "the newest first", NULL},
    [CLI_NEW_PASSWORD] = {"new-password", 0, NULL, "ask for another password of the user", NULL},
    [CLI_NO_WAIT] = {"no-wait", 0, NULL, "do not wait for the end of the operation", NULL},
    [CLI_OLDEST] = {"oldest", 0, NULL, "the oldest first", NULL},
    [CLI_OUTPUT] = {"output", 'o', "FILE", "write to this file; - is stdout", NULL},
    [CLI_PASSPHRASE_FILE] = {"passphrase-file", 0, "FILE", "its first line is the passphrase",
                             NULL},
    [CLI_PASSWORD_STDIN] = {"password-stdin", 0, NULL, "read the password from stdin", NULL},
    [CLI_PLAN] = {"plan", 0, "TAG", "only what this plan said", NULL},
    [CLI_PREVIOUS] = {"previous", 0, NULL, "of the containers before the present one", NULL},
    [CLI_PUBLISH] = {"publish", 0, "FILTERS", "what the device may publish to", NULL},
    [CLI_RECORDS] = {"records", 0, NULL, "with the records that the buffer holds", NULL},
    [CLI_REGISTRY] = {"registry", 0, "HOST", "where images are fetched from", NULL},
    [CLI_REPLACE] = {"replace", 0, NULL, "the file is the whole configuration, not a patch", NULL},
    [CLI_RESULT] = {"result", 0, "RESULT", "only what came to this: done, refused or failed",
                    "result"},
    [CLI_ROLE] = {"role", 0, "ROLE", "viewer, operator or admin", NULL},
    [CLI_SEARCH] = {"search", 0, "TEXT", "only names with this in them", "search"},
    [CLI_SERVICE] = {"service", 0, "SERVICE", "only of this service", "service"},
    [CLI_SETUP_CODE] = {"setup-code", 0, "CODE", "as the gateway printed it", NULL},
    [CLI_SSH_KEYS] = {"ssh-keys", 0, "FILE", "public keys that may log in by SSH, one a line",
                      NULL},
    [CLI_SUBSCRIBE] = {"subscribe", 0, "FILTERS", "what the device may hear", NULL},
    [CLI_TAIL] = {"tail", 't', "N", "begin with so many lines", "tail"},
    [CLI_TEXT] = {"text", 0, "TEXT", "only what has this in it", "text"},
    [CLI_TO] = {"to", 0, "TIME", "before this time", "to"},
    [CLI_TOKEN_STDIN] = {"token-stdin", 0, NULL, "read an API token from stdin, and keep it", NULL},
    [CLI_TOPIC] = {"topic", 0, "FILTER", "only topics that this MQTT filter matches", "topic"},
    [CLI_UPLINK] = {"uplink", 0, "URL", "where records are sent to", NULL},
    [CLI_USER] = {"user", 'u', "NAME", "who logs in (admin)", NULL},
    [CLI_WHO] = {"who", 0, "NAME", "only what this one did", "who"},
};

static const uint64_t OF_EVERY_COMMAND = CLI_FLAG(CLI_GATEWAY) | CLI_FLAG(CLI_FINGERPRINT) |
                                         CLI_FLAG(CLI_JSON) | CLI_FLAG(CLI_HELP) |
                                         CLI_FLAG(CLI_VERSION);

/* ---- flags ---- */

static int
flag_named(const char *name, size_t len)
{
    for (int i = 0; i < CLI_FLAG_COUNT; i++)
        if (strlen(cli_flags[i].name) == len && strncmp(cli_flags[i].name, name, len) == 0)
            return i;
    return CLI_FLAG_COUNT;
}

static int
flag_lettered(char letter)
{
    for (int i = 0; i < CLI_FLAG_COUNT; i++)
        if (cli_flags[i].letter == letter)
            return i;
    return CLI_FLAG_COUNT;
}

/* argv[*at] is one: "--name", "--name=value" or "-n"; a value may be the next word. */
static int
take_flag(int argc, char **argv, int *at, struct cli_args *a, struct hf_error *err)
{
    const char *text = argv[*at], *value = "";
    bool is_long = text[1] == '-';
    size_t len = is_long ? strcspn(text + 2, "=") : 1;
    int flag = is_long        ? flag_named(text + 2, len)
               : text[2] == 0 ? flag_lettered(text[1])
                              : CLI_FLAG_COUNT;
    bool has_value = is_long && text[2 + len] == '=';

    if (flag == CLI_FLAG_COUNT)
        return hf_error_set(err, HF_ERROR_INVALID, "unknown flag '%.60s'; see --help", text);
    if (a->flags[flag])
        return hf_error_set(err, HF_ERROR_INVALID, "--%s is given twice", cli_flags[flag].name);
    if (!cli_flags[flag].value && has_value)
        return hf_error_set(err, HF_ERROR_INVALID, "--%s has no value", cli_flags[flag].name);
    if (cli_flags[flag].value && !has_value) {
        if (*at + 1 >= argc)
            return hf_error_set(err, HF_ERROR_INVALID, "--%s needs a value: %s",
                                cli_flags[flag].name, cli_flags[flag].value);
        value = argv[++*at];
    } else if (has_value) {
        value = text + 2 + len + 1;
    }
    if (cli_flags[flag].value && !*value)
        return hf_error_set(err, HF_ERROR_INVALID, "--%s needs a value: %s", cli_flags[flag].name,
                            cli_flags[flag].value);
    a->flags[flag] = value;
    return 0;
}

static int
check_flags(const struct cli_args *a, struct hf_error *err)
{
    for (int i = 0; i < CLI_FLAG_COUNT; i++)
        if (a->flags[i] && !((OF_EVERY_COMMAND | a->command->flags) & CLI_FLAG(i)))
            return hf_error_set(err, HF_ERROR_INVALID,
                                "'%s' does not take --%s; see 'holdfast %s --help'",
                                a->command->name, cli_flags[i].name, a->command->name);
    return 0;
}

/* ---- commands ---- */

/* Words that name has, where the first of words are these; else 0. */
static size_t
match(const char *name, const char *const *words, size_t count)
{
    size_t used = 0;

    while (*name && used < count) {
        size_t len = strcspn(name, " ");

        if (strlen(words[used]) != len || strncmp(words[used], name, len) != 0)
            return 0;
        used++;
        name += len + (name[len] == ' ');
    }
    return *name ? 0 : used;
}

const struct cli_command *
cli_command_find(const char *const *words, size_t count, size_t *ret_used)
{
    const struct cli_command *found = NULL;

    *ret_used = 0;
    for (size_t g = 0; g < cli_group_count; g++) {
        for (size_t i = 0; i < cli_groups[g]->count; i++) {
            const struct cli_command *command = &cli_groups[g]->commands[i];
            size_t used = match(command->name, words, count);

            if (used > *ret_used) {
                *ret_used = used;
                found = command;
            }
        }
    }
    return found;
}

static int
find_command(struct cli_args *a, struct hf_error *err)
{
    size_t used = 0;

    if (a->count == 0)
        return 0;
    a->command = cli_command_find(a->words, a->count, &used);
    if (!a->command)
        return hf_error_set(err, HF_ERROR_INVALID,
                            "there is no command '%.60s'; 'holdfast --help' lists them",
                            a->words[0]);
    a->count -= used;
    for (size_t i = 0; i < a->count; i++)
        a->words[i] = a->words[i + used];
    if (a->flags[CLI_HELP] || a->flags[CLI_VERSION])
        return 0;
    if (a->count < a->command->least || a->count > a->command->most)
        return hf_error_set(err, HF_ERROR_INVALID, "%s: the usage is 'holdfast %s%s%s'",
                            a->count < a->command->least ? "something is missing"
                                                         : "that is one word too many",
                            a->command->name, *a->command->words ? " " : "", a->command->words);
    return check_flags(a, err);
}

int
cli_args_parse(int argc, char **argv, struct cli_args *ret, struct hf_error *err)
{
    struct cli_args a = {0};
    bool only_words = false;

    for (int i = 1; i < argc; i++) {
        if (!only_words && strcmp(argv[i], "--") == 0) {
            only_words = true;
        } else if (!only_words && argv[i][0] == '-' && argv[i][1]) {
            if (take_flag(argc, argv, &i, &a, err) < 0)
                return -1;
        } else if (a.count == CLI_WORDS_MAX) {
            return hf_error_set(err, HF_ERROR_INVALID, "more than %d words", CLI_WORDS_MAX);
        } else {
            a.words[a.count++] = argv[i];
        }
    }
    if (find_command(&a, err) < 0)
        return -1;
    *ret = a;
    return 0;
}
