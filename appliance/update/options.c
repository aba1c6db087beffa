// SPDX-License-Identifier: Apache-2.0
#include "update/parts.h"

#include "base/command_line.h"
#include "base/text.h"

const char update_help[] =
    "Usage: holdfast-update [OPTION]...\n"
    "Installs the holdfastd that a signed release brings, and puts the old one back where the new\n"
    "one does not say soon that all is well.\n"
    "\n"
    "  --state DIR   of holdfastd, for what it asks (default /var/lib/holdfast)\n"
    "  --dir DIR     for packages, and what became of them (default /var/lib/holdfast-update)\n"
    "  --key FILE    of minisign: who may have signed the release; may be given again, and need\n"
    "                not be there (default /usr/share/holdfast/release.pub)\n"
    "  --patience S  for the word of a new holdfastd (default 120)\n"
    "  --version, --help\n"
    "\n"
    "Example:\n"
    "  holdfast-update --key /etc/holdfast/release.pub\n";

enum { STATE, DIR_, KEY, PATIENCE, VERSION, HELP };

enum { PATIENCE_S_DEFAULT = 120, PATIENCE_S_MOST = 86400 };

static const struct option table[] = {
    {"state", required_argument, NULL, STATE},
    {"dir", required_argument, NULL, DIR_},
    {"key", required_argument, NULL, KEY},
    {"patience", required_argument, NULL, PATIENCE},
    {"version", no_argument, NULL, VERSION},
    {"help", no_argument, NULL, HELP},
    {0},
};

static int
take_option(int which, void *options, struct hf_error *err)
{
    struct update_options *o = options;
    uint64_t seconds;

    switch (which) {
    case STATE:
        o->state = optarg;
        return 0;
    case DIR_:
        o->dir = optarg;
        return 0;
    case KEY:
        if (o->key_count == UPDATE_KEYS_MAX)
            return hf_error_set(err, HF_ERROR_INVALID, "--key: at most %d", UPDATE_KEYS_MAX);
        o->keys[o->key_count++] = optarg;
        return 0;
    case PATIENCE:
        if (!hf_text_u64(optarg, &seconds) || seconds < 1 || seconds > PATIENCE_S_MOST)
            return hf_error_set(err, HF_ERROR_INVALID, "--patience '%s': give 1 to %d seconds",
                                optarg, PATIENCE_S_MOST);
        o->patience_s = (int64_t)seconds;
        return 0;
    case VERSION:
        o->show_version = true;
        return 0;
    default:
        o->show_help = true;
        return 0;
    }
}

int
update_options_parse(int argc, char **argv, struct update_options *ret, struct hf_error *err)
{
    struct update_options o = {
        .state = "/var/lib/holdfast",
        .dir = "/var/lib/holdfast-update",
        .patience_s = PATIENCE_S_DEFAULT,
    };

    if (hf_command_line_read(argc, argv, table, take_option, &o, err) < 0)
        return -1;
    if (o.key_count == 0)
        o.keys[o.key_count++] = "/usr/share/holdfast/release.pub";
    *ret = o;
    return 0;
}
