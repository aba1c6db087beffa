// SPDX-License-Identifier: Apache-2.0
#include "options.h"

#include "base/command_line.h"
#include "base/text.h"

#include <string.h>

const char hf_options_help[] =
    "Usage: holdfastd [OPTION]...\n"
    "Supervises the services of this gateway and serves its dashboard.\n"
    "\n"
    "  --config FILE          of these options --listen to --release-key, one a line without\n"
    "                         dashes; what comes behind it on the command line counts more\n"
    "  --state DIR            what must survive (default /var/lib/holdfast)\n"
    "  --run DIR              what need not: settings and credentials of the services, best on a\n"
    "                         tmpfs (default /run/holdfast)\n"
    "  --listen ADDR:PORT     dashboard and REST API by HTTPS (default 0.0.0.0:8443)\n"
    "  --http-redirect ADDR:PORT\n"
    "                         plain HTTP that only points to HTTPS (default none)\n"
    "  --field-bind ADDR:PORT MQTT for devices (default 0.0.0.0:1883)\n"
    "  --field-tls-port PORT  MQTT by TLS on the same address, where the configuration has it: "
    "with\n"
    "                         passwords; with certificates on the next one (default 8883)\n"
    "  --release FILE         images to run, pinned by digest, and FILE.minisig, their signature;\n"
    "                         kept for later starts\n"
    "  --bundle FILE          release and images in one file, where there is one: run where there\n"
    "                         is no release yet, else made known; images are taken from it before\n"
    "                         a registry is asked\n"
    "  --release-key FILE     of minisign: who must have signed releases, until the configuration\n"
    "                         says otherwise\n"
    "  --provision DIR        apply DIR/holdfast/provision.json, once; and recovery.json beside "
    "it,\n"
    "                         which says who gets in where nobody can any more\n"
    "  --stick DIR            where holdfast-stick puts the files of a stick that is plugged in,\n"
    "                         also later (default none)\n"
    "  --network DIR          where holdfast-network answers, which sets the network of the host\n"
    "                         (default none: it is managed elsewhere)\n"
    "  --provision-passphrase FILE\n"
    "                         its first line opens what is sealed in such a file\n"
    "  --update DIR           where holdfast-update says what became of a new holdfastd (default: "
    "nobody\n"
    "                         is there to install one)\n"
    "  --instance NAME        prefix of containers, networks and volumes (default holdfast)\n"
    "  --docker-socket PATH   (default /var/run/docker.sock)\n"
    "  --version, --help\n"
    "\n"
    "Example:\n"
    "  holdfastd --release release.json --listen 0.0.0.0:8443\n";

/* "ADDR:PORT", "[v6]:PORT" */
static int
parse_endpoint(const char *option, const char *text, struct hf_endpoint *ret, struct hf_error *err)
{
    const char *colon = strrchr(text, ':');
    const char *from = text;
    size_t len = colon ? (size_t)(colon - text) : 0;
    uint64_t port = 0;

    if (len >= 2 && text[0] == '[' && text[len - 1] == ']') {
        from++;
        len -= 2;
    }
    if (!len || len >= sizeof ret->address || !hf_text_u64(colon + 1, &port) || port < 1 ||
        port > UINT16_MAX)
        return hf_error_set(err, HF_ERROR_INVALID,
                            "--%s '%s': give an address and a port, e.g. 0.0.0.0:8443", option,
                            text);
    hf_text_put(ret->address, sizeof ret->address, "%.*s", (int)len, from);
    ret->port = (uint16_t)port;
    return 0;
}

/* Room for the next one. */
static int
parse_port(const char *option, const char *text, uint16_t *ret_port, struct hf_error *err)
{
    uint64_t port;

    if (!hf_text_u64(text, &port) || port < 1 || port >= UINT16_MAX)
        return hf_error_set(err, HF_ERROR_INVALID, "--%s '%s': give a port of 1 to 65534", option,
                            text);
    *ret_port = (uint16_t)port;
    return 0;
}

enum { CONFIG_BYTES_MAX = 64 * 1024 };

enum {
    CONFIG,
    STATE,
    RUN,
    LISTEN,
    REDIRECT,
    FIELD,
    FIELD_TLS,
    RELEASE,
    BUNDLE,
    KEY,
    PROVISION,
    STICK,
    NETWORK,
    PASSPHRASE,
    UPDATE,
    INSTANCE,
    SOCKET,
    VERSION,
    HELP
};

static const struct option table[] = {
    {"config", required_argument, NULL, CONFIG},
    {"state", required_argument, NULL, STATE},
    {"run", required_argument, NULL, RUN},
    {"listen", required_argument, NULL, LISTEN},
    {"http-redirect", required_argument, NULL, REDIRECT},
    {"field-bind", required_argument, NULL, FIELD},
    {"field-tls-port", required_argument, NULL, FIELD_TLS},
    {"release", required_argument, NULL, RELEASE},
    {"bundle", required_argument, NULL, BUNDLE},
    {"release-key", required_argument, NULL, KEY},
    {"provision", required_argument, NULL, PROVISION},
    {"stick", required_argument, NULL, STICK},
    {"network", required_argument, NULL, NETWORK},
    {"provision-passphrase", required_argument, NULL, PASSPHRASE},
    {"update", required_argument, NULL, UPDATE},
    {"instance", required_argument, NULL, INSTANCE},
    {"docker-socket", required_argument, NULL, SOCKET},
    {"version", no_argument, NULL, VERSION},
    {"help", no_argument, NULL, HELP},
    {0},
};

/* Where state and sockets are is the unit's, which lets it see these places alone. */
static const struct option in_file[] = {
    {"listen", required_argument, NULL, LISTEN},
    {"http-redirect", required_argument, NULL, REDIRECT},
    {"field-bind", required_argument, NULL, FIELD},
    {"field-tls-port", required_argument, NULL, FIELD_TLS},
    {"bundle", required_argument, NULL, BUNDLE},
    {"release-key", required_argument, NULL, KEY},
    {0},
};

static int
take_option(int which, void *options, struct hf_error *err)
{
    struct hf_options *o = options;

    switch (which) {
    case CONFIG:
        if (o->file.data)
            return hf_error_set(err, HF_ERROR_INVALID, "--config: one file is all it reads");
        return hf_command_line_file(optarg, in_file, take_option, o, &o->file, err);
    case STATE:
        o->state_dir = optarg;
        return 0;
    case RUN:
        o->run_dir = optarg;
        return 0;
    case LISTEN:
        return parse_endpoint("listen", optarg, &o->listen, err);
    case REDIRECT:
        return parse_endpoint("http-redirect", optarg, &o->http_redirect, err);
    case FIELD:
        return parse_endpoint("field-bind", optarg, &o->field, err);
    case FIELD_TLS:
        return parse_port("field-tls-port", optarg, &o->field_tls_port, err);
    case RELEASE:
        o->release_path = optarg;
        return 0;
    case BUNDLE:
        o->bundle_path = optarg;
        return 0;
    case KEY:
        o->key_path = optarg;
        return 0;
    case PROVISION:
        o->provision_dir = optarg;
        return 0;
    case STICK:
        o->stick_dir = optarg;
        return 0;
    case NETWORK:
        o->network_dir = optarg;
        return 0;
    case PASSPHRASE:
        o->passphrase_path = optarg;
        return 0;
    case UPDATE:
        o->update_dir = optarg;
        return 0;
    case INSTANCE:
        o->instance = optarg;
        return hf_command_line_instance(optarg, err);
    case SOCKET:
        o->docker_socket = optarg;
        return 0;
    case VERSION:
        o->show_version = true;
        return 0;
    default:
        o->show_help = true;
        return 0;
    }
}

static int
check(const struct hf_options *o, struct hf_error *err)
{
    if (o->run_dir[0] == '/' && o->state_dir[0] == '/')
        return 0;
    return hf_error_set(err, HF_ERROR_INVALID, "--state and --run need absolute paths");
}

void
hf_options_done(struct hf_options *o)
{
    hf_buf_done(&o->file);
}

int
hf_options_parse(int argc, char **argv, struct hf_options *ret_options, struct hf_error *err)
{
    struct hf_options o = {
        .state_dir = "/var/lib/holdfast",
        .run_dir = "/run/holdfast",
        .instance = "holdfast",
        .docker_socket = "/var/run/docker.sock",
        .listen = {"0.0.0.0", 8443},
        .field = {"0.0.0.0", 1883},
        .field_tls_port = 8883,
        .file = HF_BUF_INIT(CONFIG_BYTES_MAX),
    };

    if (hf_command_line_read(argc, argv, table, take_option, &o, err) < 0 || check(&o, err) < 0) {
        hf_options_done(&o);
        return -1;
    }
    *ret_options = o;
    return 0;
}
