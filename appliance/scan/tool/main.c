// SPDX-License-Identifier: Apache-2.0
/* holdfast-scan: makes scan data of what Debian publishes, and compares SBOMs with it. */
#include "tool/tool.h"

#include "base/text.h"

#include <getopt.h>
#include <string.h>

static const char HELP[] =
    "Usage: holdfast-scan data --suite NAME --distro NAME --created TIME [--debsecan FILE]\n"
    "                          --out FILE PACKAGES...\n"
    "       holdfast-scan check --data FILE [--settings FILE] NAME=SBOM...\n"
    "\n"
    "data   writes scan data: PACKAGES are the Packages files of the suite, TIME (RFC 3339) is "
    "the\n"
    "       suite's own date. --debsecan takes the file that Debian's security tracker has below\n"
    "       /tracker/debsecan/release/1/, as it comes or inflated; without it findings are not "
    "rated.\n"
    "check  prints what is older than the suite has it, a line each. The settings are the section\n"
    "       \"scan\" of a configuration. Exit status: 0 nothing blocks, 1 something does, 2 an "
    "error.\n";

enum { SUITE, DISTRO, CREATED, DEBSECAN, OUT, DATA, SETTINGS, HELP_OPTION };

static const struct option options[] = {
    {"suite", required_argument, NULL, SUITE},
    {"distro", required_argument, NULL, DISTRO},
    {"created", required_argument, NULL, CREATED},
    {"debsecan", required_argument, NULL, DEBSECAN},
    {"out", required_argument, NULL, OUT},
    {"data", required_argument, NULL, DATA},
    {"settings", required_argument, NULL, SETTINGS},
    {"help", no_argument, NULL, HELP_OPTION},
    {0},
};

static int
take_option(int which, struct tool_options *o, struct hf_error *err)
{
    switch (which) {
    case SUITE:
        o->suite = optarg;
        return 0;
    case DISTRO:
        o->distro = optarg;
        return 0;
    case CREATED:
        o->created = optarg;
        return 0;
    case DEBSECAN:
        o->debsecan = optarg;
        return 0;
    case OUT:
        o->out = optarg;
        return 0;
    case DATA:
        o->data = optarg;
        return 0;
    case SETTINGS:
        o->settings = optarg;
        return 0;
    case HELP_OPTION:
        o->help = true;
        return 0;
    default:
        return hf_error_set(err, HF_ERROR_INVALID, "see --help");
    }
}

/* The verb is the first word that is no option. */
static int
run(int argc, char **argv, bool *ret_blocked, struct hf_error *err)
{
    struct tool_options o = {0};
    int which;

    while ((which = getopt_long(argc, argv, "", options, NULL)) != -1)
        if (take_option(which, &o, err) < 0)
            return -1;
    if (o.help) {
        fputs(HELP, stdout);
        return 0;
    }
    if (optind + 1 < argc && strcmp(argv[optind], "data") == 0)
        return tool_data(&o, argv + optind + 1, (size_t)(argc - optind - 1), err);
    if (optind + 1 < argc && strcmp(argv[optind], "check") == 0)
        return tool_check(&o, argv + optind + 1, (size_t)(argc - optind - 1), ret_blocked, err);
    return hf_error_set(err, HF_ERROR_INVALID, "say data or check, and of which files; see --help");
}

int
main(int argc, char **argv)
{
    struct hf_error err = {0};
    bool blocked = false;

    if (run(argc, argv, &blocked, &err) < 0) {
        fprintf(stderr, "holdfast-scan: %s\n", err.message);
        return 2;
    }
    return blocked;
}
