// SPDX-License-Identifier: Apache-2.0
#include "network/parts.h"

#include "base/command_line.h"
#include "base/text.h"

const char network_help[] =
    "Usage: holdfast-network [OPTION]...\n"
    "Sets the network and the time of the host as holdfastd asks for it, and takes it back where\n"
    "nobody confirms it.\n"
    "\n"
    "  --boot         only take back what was on trial when power went\n"
    "  --run DIR      of holdfastd: what it asks for (default /run/holdfast)\n"
    "  --out DIR      what became of that (default /run/holdfast-network)\n"
    "  --state DIR    what is on trial (default /var/lib/holdfast-network)\n"
    "  --etc DIR      where settings of the host go (default /etc)\n"
    "  --trial S      how long a change waits for somebody (default 120)\n"
    "  --version, --help\n"
    "\n"
    "Example:\n"
    "  holdfast-network --boot\n";

enum { BOOT, RUN, OUT, STATE, ETC, TRIAL, VERSION, HELP };

static const struct option table[] = {
    {"boot", no_argument, NULL, BOOT},
    {"run", required_argument, NULL, RUN},
    {"out", required_argument, NULL, OUT},
    {"state", required_argument, NULL, STATE},
    {"etc", required_argument, NULL, ETC},
    {"trial", required_argument, NULL, TRIAL},
    {"version", no_argument, NULL, VERSION},
    {"help", no_argument, NULL, HELP},
    {0},
};

static int
take_trial(struct network_options *o, struct hf_error *err)
{
    uint64_t seconds;

    if (!hf_text_u64(optarg, &seconds) || seconds < 1 || seconds > 3600)
        return hf_error_set(err, HF_ERROR_INVALID, "--trial '%s': give 1 to 3600 seconds", optarg);
    o->trial_s = (int64_t)seconds;
    return 0;
}

static int
take_option(int which, void *options, struct hf_error *err)
{
    struct network_options *o = options;

    switch (which) {
    case BOOT:
        o->boot = true;
        return 0;
    case RUN:
        o->run = optarg;
        return 0;
    case OUT:
        o->out = optarg;
        return 0;
    case STATE:
        o->state = optarg;
        return 0;
    case ETC:
        o->etc = optarg;
        return 0;
    case TRIAL:
        return take_trial(o, err);
    case VERSION:
        o->show_version = true;
        return 0;
    default:
        o->show_help = true;
        return 0;
    }
}

int
network_options_parse(int argc, char **argv, struct network_options *ret, struct hf_error *err)
{
    struct network_options o = {
        .run = "/run/holdfast",
        .out = "/run/holdfast-network",
        .state = "/var/lib/holdfast-network",
        .etc = "/etc",
        .root = "",
        .trial_s = TRIAL_S,
    };

    if (hf_command_line_read(argc, argv, table, take_option, &o, err) < 0)
        return -1;
    *ret = o;
    return 0;
}
