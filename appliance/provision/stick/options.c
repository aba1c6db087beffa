// SPDX-License-Identifier: Apache-2.0
#include "stick/parts.h"

#include "base/command_line.h"
#include "base/text.h"

const char stick_help[] =
    "Usage: holdfast-stick [OPTION]...\n"
    "Hands the files of a stick to holdfastd, and writes its answer back onto the stick.\n"
    "\n"
    "  --device DEVICE   the stick, such as /dev/sdb1\n"
    "  --mounted FOLDER  read this folder in the place of a device\n"
    "  --banner          only write what the console shows: address, fingerprint, QR code\n"
    "  --dir DIR         what holdfastd --stick looks into (default /run/holdfast-stick)\n"
    "  --run DIR         of holdfastd, for its answer (default /run/holdfast)\n"
    "  --etc DIR         where settings of the host go (default " STICK_ETC ")\n"
    "  --issue FILE      the banner (default " STICK_ISSUE ")\n"
    "  --group NAME      of holdfastd (default holdfast)\n"
    "  --patience S      to wait for the answer (default 600)\n"
    "  --version, --help\n"
    "\n"
    "Example:\n"
    "  holdfast-stick --device /dev/sdb1\n";

enum { DEVICE, MOUNTED, BANNER, DIR_, RUN, ETC, ISSUE, GROUP, PATIENCE, VERSION, HELP };

enum { PATIENCE_S_DEFAULT = 600 /* a first start makes keys and waits for Docker */ };

static const struct option table[] = {
    {"device", required_argument, NULL, DEVICE},
    {"mounted", required_argument, NULL, MOUNTED},
    {"banner", no_argument, NULL, BANNER},
    {"dir", required_argument, NULL, DIR_},
    {"run", required_argument, NULL, RUN},
    {"etc", required_argument, NULL, ETC},
    {"issue", required_argument, NULL, ISSUE},
    {"group", required_argument, NULL, GROUP},
    {"patience", required_argument, NULL, PATIENCE},
    {"version", no_argument, NULL, VERSION},
    {"help", no_argument, NULL, HELP},
    {0},
};

static int
take_patience(struct stick_options *o, struct hf_error *err)
{
    uint64_t seconds;

    if (!hf_text_u64(optarg, &seconds) || seconds < 1 || seconds > 86400)
        return hf_error_set(err, HF_ERROR_INVALID, "--patience '%s': give 1 to 86400 seconds",
                            optarg);
    o->patience_s = (int64_t)seconds;
    return 0;
}

static int
take_option(int which, void *options, struct hf_error *err)
{
    struct stick_options *o = options;

    switch (which) {
    case DEVICE:
        o->device = optarg;
        return 0;
    case MOUNTED:
        o->mounted = optarg;
        return 0;
    case BANNER:
        o->banner = true;
        return 0;
    case DIR_:
        o->dir = optarg;
        return 0;
    case RUN:
        o->run = optarg;
        return 0;
    case ETC:
        o->etc = optarg;
        return 0;
    case ISSUE:
        o->issue = optarg;
        return 0;
    case GROUP:
        o->group = optarg;
        return 0;
    case PATIENCE:
        return take_patience(o, err);
    case VERSION:
        o->show_version = true;
        return 0;
    default:
        o->show_help = true;
        return 0;
    }
}

int
stick_options_parse(int argc, char **argv, struct stick_options *ret, struct hf_error *err)
{
    struct stick_options o = {
        .dir = "/run/holdfast-stick",
        .run = "/run/holdfast",
        .etc = STICK_ETC,
        .issue = STICK_ISSUE,
        .group = "holdfast",
        .patience_s = PATIENCE_S_DEFAULT,
        .udev = "/run/udev/data",
        .media = &stick_vfat,
    };

    if (hf_command_line_read(argc, argv, table, take_option, &o, err) < 0)
        return -1;
    if (!o.show_help && !o.show_version && (o.device != NULL) + (o.mounted != NULL) + o.banner != 1)
        return hf_error_set(err, HF_ERROR_INVALID,
                            "give one of --device, --mounted and --banner; see --help");
    *ret = o;
    return 0;
}
