// SPDX-License-Identifier: Apache-2.0
#include "dockerguard/options.h"

#include "base/command_line.h"
#include "base/text.h"

#include <grp.h>
#include <stdlib.h>
#include <string.h>

const char hf_dguard_help[] =
    "Usage: holdfast-docker [OPTION]...\n"
    "Stands between holdfastd and Docker: passes on what supervision needs, on this gateway's\n"
    "containers, networks and volumes, and refuses all else.\n"
    "\n"
    "  --listen PATH            Unix socket for holdfastd; without it the one that the service\n"
    "                           manager passes\n"
    "  --mode OCTAL             of that socket (default 0660)\n"
    "  --group NAME             of that socket\n"
    "  --docker-socket PATH     (default /run/docker.sock)\n"
    "  --instance NAME          as of holdfastd (default holdfast)\n"
    "  --run-dir DIR            as holdfastd's --run (default /run/holdfast)\n"
    "  --keep-port PORT[-LAST]  of the host, never for a container: holdfastd's own\n"
    "                           (default 8443)\n"
    "  --version, --help\n"
    "\n"
    "What own services may have beyond the usual, besides the release and the configuration:\n"
    "  --allow-bind PATH        a folder or file of the host, with all below it\n"
    "  --allow-device PATH\n"
    "  --allow-capability NAME  such as NET_RAW\n"
    "  --allow-port PORT[-LAST] of the host, for containers, besides 1024-65535\n"
    "  --allow-root             user 0 in a container\n"
    "  --allow-new-privileges   setuid programs\n"
    "\n"
    "Example:\n"
    "  holdfast-docker --listen /run/holdfast-docker.sock --group holdfast\n";

enum { MODE_MOST = 0777, PORT_DIGITS = 5, HTTPS_PORT = 8443 /* of holdfastd, by default */ };

enum {
    LISTEN,
    MODE,
    GROUP,
    SOCKET,
    INSTANCE,
    RUN_DIR,
    KEEP_PORT,
    BIND,
    DEVICE,
    CAPABILITY,
    PORT,
    ROOT,
    NEW_PRIVILEGES,
    VERSION,
    HELP
};

static const struct option table[] = {
    {"listen", required_argument, NULL, LISTEN},
    {"mode", required_argument, NULL, MODE},
    {"group", required_argument, NULL, GROUP},
    {"docker-socket", required_argument, NULL, SOCKET},
    {"instance", required_argument, NULL, INSTANCE},
    {"run-dir", required_argument, NULL, RUN_DIR},
    {"keep-port", required_argument, NULL, KEEP_PORT},
    {"allow-bind", required_argument, NULL, BIND},
    {"allow-device", required_argument, NULL, DEVICE},
    {"allow-capability", required_argument, NULL, CAPABILITY},
    {"allow-port", required_argument, NULL, PORT},
    {"allow-root", no_argument, NULL, ROOT},
    {"allow-new-privileges", no_argument, NULL, NEW_PRIVILEGES},
    {"version", no_argument, NULL, VERSION},
    {"help", no_argument, NULL, HELP},
    {0},
};

static int
take_mode(const char *text, mode_t *ret_mode, struct hf_error *err)
{
    char *end;
    unsigned long mode = strtoul(text, &end, 8);

    if (*end || end == text || mode > MODE_MOST)
        return hf_error_set(err, HF_ERROR_INVALID, "--mode '%s': give it as 0660", text);
    *ret_mode = (mode_t)mode;
    return 0;
}

static int
take_group(const char *name, gid_t *ret_group, struct hf_error *err)
{
    const struct group *g = getgrnam(name);

    if (!g)
        return hf_error_set(err, HF_ERROR_INVALID, "--group '%s': there is no such group", name);
    *ret_group = g->gr_gid;
    return 0;
}

static int
add(struct hf_dguard_list *list, const char *option, const char *text, bool good, const char *must,
    struct hf_error *err)
{
    if (!good)
        return hf_error_set(err, HF_ERROR_INVALID, "--%s '%s': %s", option, text, must);
    if (list->count == HF_DGUARD_ALLOW_MAX)
        return hf_error_set(err, HF_ERROR_INVALID, "--%s: at most %d", option, HF_DGUARD_ALLOW_MAX);
    list->items[list->count++] = text;
    return 0;
}

/* "502" or "1883-1890" */
static int
add_ports(struct hf_dguard_ports *ports, const char *option, const char *text, struct hf_error *err)
{
    char first[PORT_DIGITS + 1];
    const char *dash = strchr(text, '-');
    size_t len = dash ? (size_t)(dash - text) : strlen(text);
    uint64_t from = 0, to = 0;

    if (len > PORT_DIGITS || !hf_text_put(first, sizeof first, "%.*s", (int)len, text) ||
        !hf_text_u64(first, &from) || !hf_text_u64(dash ? dash + 1 : first, &to) || from < 1 ||
        to < from || to > UINT16_MAX)
        return hf_error_set(err, HF_ERROR_INVALID,
                            "--%s '%s': give a port, or two with a dash, of 1 to 65535", option,
                            text);
    if (ports->count == HF_DGUARD_ALLOW_MAX)
        return hf_error_set(err, HF_ERROR_INVALID, "--%s: at most %d", option, HF_DGUARD_ALLOW_MAX);
    ports->items[ports->count++] = (struct hf_dguard_range){(uint16_t)from, (uint16_t)to};
    return 0;
}

static bool
is_capability(const char *text)
{
    return *text && strcmp(text, "ALL") != 0 && strncmp(text, "CAP_", 4) != 0 &&
           strspn(text, "ABCDEFGHIJKLMNOPQRSTUVWXYZ_") == strlen(text);
}

static int
take_permission(int which, struct hf_dguard_policy *p, struct hf_error *err)
{
    switch (which) {
    case BIND:
        return add(&p->binds, "allow-bind", optarg, hf_dguard_is_path(optarg),
                   "give a clean absolute path", err);
    case DEVICE:
        return add(&p->devices, "allow-device", optarg,
                   hf_dguard_is_path(optarg) && strncmp(optarg, "/dev/", 5) == 0,
                   "give a path such as /dev/ttyUSB0", err);
    case CAPABILITY:
        return add(&p->capabilities, "allow-capability", optarg, is_capability(optarg),
                   "give a name such as NET_RAW", err);
    case PORT:
        return add_ports(&p->ports, "allow-port", optarg, err);
    case ROOT:
        p->root = true;
        return 0;
    default:
        p->new_privileges = true;
        return 0;
    }
}

static int
take_option(int which, void *options, struct hf_error *err)
{
    struct hf_dguard_options *o = options;

    switch (which) {
    case LISTEN:
        o->listen = optarg;
        return 0;
    case MODE:
        return take_mode(optarg, &o->mode, err);
    case GROUP:
        return take_group(optarg, &o->group, err);
    case SOCKET:
        o->server.docker_socket = optarg;
        return 0;
    case INSTANCE:
        o->server.policy.instance = optarg;
        return 0;
    case RUN_DIR:
        o->server.policy.run_dir = optarg;
        return 0;
    case KEEP_PORT:
        return add_ports(&o->server.policy.kept_ports, "keep-port", optarg, err);
    case VERSION:
        o->show_version = true;
        return 0;
    case HELP:
        o->show_help = true;
        return 0;
    default:
        return take_permission(which, &o->server.policy, err);
    }
}

/* ---- what does not go together ---- */

static bool
is_below(const char *path, const char *folder)
{
    size_t len = strlen(folder);

    return strncmp(path, folder, len) == 0 && (!path[len] || path[len] == '/');
}

/* Docker's socket in a container is the host. */
static int
check_binds(const struct hf_dguard_server *s, struct hf_error *err)
{
    HF_AUTO_FREE char *real = realpath(s->docker_socket, NULL);

    for (size_t i = 0; i < s->policy.binds.count; i++) {
        const char *bind = s->policy.binds.items[i];

        if (is_below(s->docker_socket, bind) || (real && is_below(real, bind)))
            return hf_error_set(err, HF_ERROR_INVALID,
                                "--allow-bind '%s': the Docker socket is in there", bind);
    }
    return 0;
}

static int
check(const struct hf_dguard_options *o, struct hf_error *err)
{
    const struct hf_dguard_policy *p = &o->server.policy;

    if (hf_command_line_instance(p->instance, err) < 0)
        return -1;
    if (!hf_dguard_is_path(p->run_dir))
        return hf_error_set(err, HF_ERROR_INVALID, "--run-dir '%s': give a clean absolute path",
                            p->run_dir);
    return check_binds(&o->server, err);
}

int
hf_dguard_options_parse(int argc, char **argv, struct hf_dguard_options *ret_options,
                        struct hf_error *err)
{
    struct hf_dguard_options o = {
        .server = {.policy = {.instance = "holdfast", .run_dir = "/run/holdfast"},
                   .docker_socket = "/run/docker.sock"},
        .mode = 0660,
        .group = (gid_t)-1,
    };

    if (hf_command_line_read(argc, argv, table, take_option, &o, err) < 0)
        return -1;
    if (o.server.policy.kept_ports.count == 0)
        o.server.policy.kept_ports = (struct hf_dguard_ports){{{HTTPS_PORT, HTTPS_PORT}}, 1};
    if (check(&o, err) < 0)
        return -1;
    *ret_options = o;
    return 0;
}
