// SPDX-License-Identifier: Apache-2.0
#include "broker/config.h"

#include "base/file.h"
#include "base/text.h"
#include "broker/tls.h"

#include <arpa/inet.h>
#include <errno.h>
#include <ifaddrs.h>
#include <limits.h>
#include <net/if.h>
#include <netinet/in.h>
#include <openssl/evp.h>
#include <stdio.h>
#include <string.h>

enum {
    FILE_MAX = 65536,
    SALT_SIZE = 12,
    HASH_SIZE = 64,
    /* mosquitto_passwd's own default. The passwords are 128 bits and more from the kernel, so that
     * no number of rounds makes them easier to guess. */
    ROUNDS = 101,
    MAX_PACKET_LEAST = 1024,
    /* A record of 1 MiB can become 6 MiB of JSON; the services' memory is sized for that. */
    MAX_PACKET_MOST = 1024 * 1024,
    /* A connection by TLS costs 16 kB more (measured), which memory_limit does not see: it is
     * OpenSSL's. It comes out of the quarter of the container that mosquitto leaves. */
    TLS_CONNECTION_BYTES = 16 * 1024,
    /* A connection costs mosquitto about 2 kB besides its packets; a session that is left 1 kB.
     * Twice as many sessions as connections, so that a fleet can be exchanged once without a
     * thought. */
    MAX_DEVICES = 1000,
    MAX_DEVICES_MOST = 10000,
    /* Far more than there are behind one router of a plant, and few enough that one address leaves
     * most of the room to others. */
    ADDRESS_CONNECTIONS = 250,
    MAX_DEVICE_SESSIONS = 2000,
    MAX_DEVICE_SESSIONS_MOST = 100000,
    /* Not sooner: mosquitto has one such time for all, and a processor that is away for so long
     * loses what waits for it. It has long been shown as away by then, and its queue as full. */
    SESSION_DAYS = 90,
    SESSION_DAYS_LEAST = 7,
    SESSION_DAYS_MOST = 3650,
    MAX_QUEUED_MOST = 10 * 1000 * 1000,
    MAX_QUEUED_BYTES_MOST = 1024 * 1024 * 1024, /* mosquitto reads an int */
    /* How much may be on its way to a consumer unacknowledged: one commit of the buffer covers it
     * all. The bytes bound what lies in the broker's memory twice, queued and as packets. */
    MAX_INFLIGHT_MESSAGES = 2000,
    MAX_INFLIGHT_BYTES = 4 * 1024 * 1024,
    /* Each save writes the whole database. What devices published is handed on within milliseconds
     * and seldom in it; sessions are saved when they change. So the timer only bounds how old the
     * retained messages are after a power cut, and 288 small writes a day wear out no flash. */
    AUTOSAVE_S = 300,
    SYS_INTERVAL_S = 5,
};

static int
read_number(const struct hf_json *doc, const char *name, int64_t least, int64_t most, int64_t *out,
            struct hf_error *err)
{
    int64_t value = hf_json_get(doc, name) ? hf_json_int(doc, name, -1) : *out;
    char pointer[HF_ERROR_POINTER_MAX];

    if (value < least || value > most) {
        snprintf(pointer, sizeof pointer, "/%s", name);
        return hf_error_set_at(err, HF_ERROR_INVALID, pointer, "settings: %s is %lld to %lld", name,
                               (long long)least, (long long)most);
    }
    *out = value;
    return 0;
}

/* "off" is never sent. */
static int
read_tls(const struct hf_json *doc, enum hf_broker_tls *out, struct hf_error *err)
{
    const struct hf_json *member = hf_json_get(doc, "tls");
    const char *word = hf_json_as_string(member);

    *out = HF_BROKER_PLAIN;
    if (!member)
        return 0;
    if (!word || (strcmp(word, "on") != 0 && strcmp(word, "only") != 0))
        return hf_error_set_at(err, HF_ERROR_INVALID, "/tls", "settings: tls is on or only");
    *out = strcmp(word, "on") == 0 ? HF_BROKER_BOTH : HF_BROKER_TLS;
    return 0;
}

size_t
hf_broker_doors(const struct hf_broker_config *c, int ret_ports[HF_BROKER_DOORS_MAX])
{
    size_t count = 0;

    if (c->tls != HF_BROKER_TLS)
        ret_ports[count++] = c->field.port;
    if (c->tls != HF_BROKER_PLAIN) {
        ret_ports[count++] = c->field_tls.port;
        ret_ports[count++] = c->field_tls.port + 1;
    }
    return count;
}

int
hf_broker_settings(const struct hf_json *settings, struct hf_broker_config *c, struct hf_error *err)
{
    struct hf_broker_config n = *c;

    n.max_queued_messages = 50000;
    n.max_queued_bytes = 24LL * 1024 * 1024;
    n.max_packet_bytes = 256LL * 1024;
    n.max_devices = MAX_DEVICES;
    n.address_connections = ADDRESS_CONNECTIONS;
    n.max_device_sessions = MAX_DEVICE_SESSIONS;
    n.session_days = SESSION_DAYS;
    if (read_number(settings, "max_queued_messages", MAX_INFLIGHT_MESSAGES, MAX_QUEUED_MOST,
                    &n.max_queued_messages, err) < 0 ||
        read_number(settings, "max_queued_bytes", MAX_PACKET_MOST, MAX_QUEUED_BYTES_MOST,
                    &n.max_queued_bytes, err) < 0 ||
        read_number(settings, "max_packet_bytes", MAX_PACKET_LEAST, MAX_PACKET_MOST,
                    &n.max_packet_bytes, err) < 0 ||
        read_number(settings, "max_devices", 1, MAX_DEVICES_MOST, &n.max_devices, err) < 0 ||
        read_number(settings, "connections_per_address", 0, MAX_DEVICES_MOST,
                    &n.address_connections, err) < 0 ||
        read_number(settings, "max_device_sessions", 0, MAX_DEVICE_SESSIONS_MOST,
                    &n.max_device_sessions, err) < 0 ||
        read_number(settings, "session_days", SESSION_DAYS_LEAST, SESSION_DAYS_MOST,
                    &n.session_days, err) < 0 ||
        read_tls(settings, &n.tls, err) < 0)
        return -1;
    *c = n;
    return 0;
}

int
hf_broker_password_line(const char *user, const char *password, const unsigned char salt[SALT_SIZE],
                        char out[HF_PASSWORD_LINE_MAX], struct hf_error *err)
{
    unsigned char hash[HASH_SIZE];
    char salt64[4 * ((SALT_SIZE + 2) / 3) + 1], hash64[4 * ((HASH_SIZE + 2) / 3) + 1];
    int n;

    if (PKCS5_PBKDF2_HMAC(password, (int)strlen(password), salt, SALT_SIZE, ROUNDS, EVP_sha512(),
                          HASH_SIZE, hash) != 1)
        return hf_error_set(err, HF_ERROR_INTERNAL, "cannot hash the password of '%s'", user);
    hf_text_base64(salt, SALT_SIZE, salt64);
    hf_text_base64(hash, HASH_SIZE, hash64);
    n = snprintf(out, HF_PASSWORD_LINE_MAX, "%s:$7$%d$%s$%s\n", user, ROUNDS, salt64, hash64);
    if (n >= HF_PASSWORD_LINE_MAX || strpbrk(user, ":,\n"))
        return hf_error_set(err, HF_ERROR_INVALID, "credentials: no name for an account");
    return 0;
}

static int
write_file(const struct hf_broker_config *c, const char *name, const struct hf_buf *b,
           struct hf_error *err)
{
    char path[PATH_MAX];

    snprintf(path, sizeof path, "%s/%s", c->tmp_dir, name);
    return hf_file_replace(path, b->data, b->len, 0600, (uid_t)-1, (gid_t)-1, err);
}

static int
mask_of(const struct ifaddrs *all, struct in_addr address, struct hf_broker_config *c,
        struct hf_error *err)
{
    for (const struct ifaddrs *a = all; a; a = a->ifa_next) {
        const struct sockaddr_in *own = (const struct sockaddr_in *)(const void *)a->ifa_addr;
        const struct sockaddr_in *mask = (const struct sockaddr_in *)(const void *)a->ifa_netmask;

        if (!own || !mask || own->sin_family != AF_INET || own->sin_addr.s_addr != address.s_addr)
            continue;
        c->internal_mask[0] = '\0';
        if (!(a->ifa_flags & IFF_LOOPBACK))
            (void)inet_ntop(AF_INET, &mask->sin_addr, c->internal_mask, sizeof c->internal_mask);
        return 0;
    }
    return hf_error_set(err, HF_ERROR_NOT_FOUND, "no interface has the address %s", c->internal_ip);
}

int
hf_broker_find_mask(struct hf_broker_config *c, struct hf_error *err)
{
    struct ifaddrs *all = NULL;
    struct in_addr address;
    int rc;

    if (inet_pton(AF_INET, c->internal_ip, &address) != 1)
        return hf_error_set(err, HF_ERROR_INVALID, "'%s' is not an IPv4 address", c->internal_ip);
    if (getifaddrs(&all) < 0)
        return hf_error_errno(err, errno, "cannot list the network interfaces");
    rc = mask_of(all, address, c, err);
    freeifaddrs(all);
    return rc;
}

static int
add_password(const char *user, const char *password, struct hf_buf *b, struct hf_error *err)
{
    unsigned char salt[SALT_SIZE];
    char line[HF_PASSWORD_LINE_MAX];

    hf_random(salt, sizeof salt);
    if (hf_broker_password_line(user, password, salt, line, err) < 0)
        return -1;
    return hf_buf_adds(b, line, err);
}

/* Each account twice: NAME for the connection that subscribes, NAME-status for the other one. */
static int
write_passwords(const struct hf_broker_config *c, const struct hf_json *credentials,
                struct hf_error *err)
{
    HF_AUTO_BUF struct hf_buf b = HF_BUF_INIT(FILE_MAX);
    const struct hf_json *accounts = hf_json_get(credentials, "accounts");
    const struct hf_json *a = hf_json_first(accounts);

    if (!hf_json_is_object(accounts) || !a)
        return hf_error_set_at(err, HF_ERROR_INVALID, "/accounts", "credentials: no accounts");
    for (; a; a = hf_json_next(a)) {
        const char *password = hf_json_as_string(a);
        char second[HF_PASSWORD_LINE_MAX];

        if (!password || !*password)
            return hf_error_set_at(err, HF_ERROR_INVALID, "/accounts",
                                   "credentials: an account has no password");
        snprintf(second, sizeof second, "%s-status", hf_json_key(a));
        if (add_password(hf_json_key(a), password, &b, err) < 0 ||
            add_password(second, password, &b, err) < 0)
            return -1;
    }
    return write_file(c, "passwd", &b, err);
}

static int
add_topics(const struct hf_json *filters, const char *access, const char *root, struct hf_buf *b,
           struct hf_error *err)
{
    for (const struct hf_json *f = hf_json_first(filters); f; f = hf_json_next(f)) {
        const char *filter = hf_json_as_string(f);

        if (!filter || strncmp(filter, root, strlen(root)) != 0 || strpbrk(filter, "\r\n"))
            return hf_error_set_at(err, HF_ERROR_INVALID, "/own",
                                   "credentials: an own service may not %s '%.64s'", access,
                                   filter ? filter : "");
        if (hf_buf_addf(b, err, "topic %s %s\n", access, filter) < 0)
            return -1;
    }
    return 0;
}

/* An operator's own services: below uplink/ and field/ alone, whatever the file says, and their own
 * status. Both accounts of each may do the same: many a client has one connection only. */
static int
add_own(const struct hf_json *credentials, struct hf_buf *b, struct hf_error *err)
{
    static const char *const endings[] = {"", "-status"};

    for (const struct hf_json *o = hf_json_first(hf_json_get(credentials, "own")); o;
         o = hf_json_next(o))
        for (size_t i = 0; i < HF_LEN(endings); i++)
            if (hf_buf_addf(b, err, "user %s%s\ntopic write status/%s\n", hf_json_key(o),
                            endings[i], hf_json_key(o)) < 0 ||
                add_topics(hf_json_get(o, "write"), "write", "uplink/", b, err) < 0 ||
                add_topics(hf_json_get(o, "read"), "read", "field/", b, err) < 0)
                return -1;
    return 0;
}

static int
write_acl(const struct hf_broker_config *c, const struct hf_json *credentials, struct hf_error *err)
{
    static const char acl[] = "topic write field/#\n" /* who has no account: devices */
                              "user processor\n"
                              "topic read field/#\n"
                              "topic write uplink/#\n"
                              "user processor-status\n"
                              "topic write uplink/#\n"
                              "topic write status/processor\n"
                              "user buffer\n"
                              "topic read uplink/#\n"
                              "user buffer-status\n"
                              "topic write status/buffer\n"
                              "user forwarder-status\n"
                              "topic write status/forwarder\n"
                              "user broker-status\n"
                              "topic write status/broker\n"
                              "topic read $SYS/#\n"
                              "user holdfastd\n"
                              "topic read status/#\n"
                              "topic readwrite ping/#\n"
                              "topic write field/holdfast/canary\n"
                              "topic read $SYS/#\n";
    HF_AUTO_BUF struct hf_buf b = HF_BUF_INIT(FILE_MAX);

    if (hf_buf_adds(&b, acl, err) < 0 || add_own(credentials, &b, err) < 0)
        return -1;
    return write_file(c, "acl", &b, err);
}

int64_t
hf_broker_places(const struct hf_broker_config *c)
{
    return (c->tls == HF_BROKER_TLS ? 0 : c->max_devices) +
           (c->tls == HF_BROKER_PLAIN ? 0 : 2 * hf_broker_tls_devices(c));
}

static int
add_callers(const struct hf_broker_config *c, struct hf_buf *b, struct hf_error *err)
{
    int ports[HF_BROKER_DOORS_MAX];
    size_t count = hf_broker_doors(c, ports);

    if (!c->open)
        return 0;
    if (hf_buf_addf(b, err, "plugin_opt_address_connections %lld\nplugin_opt_places %lld\n",
                    (long long)c->address_connections, (long long)hf_broker_places(c)) < 0)
        return -1;
    for (size_t i = 0; i < count; i++)
        if (hf_buf_addf(b, err, "%s%d", i ? "," : "plugin_opt_ports ", ports[i]) < 0)
            return -1;
    return hf_buf_adds(b, "\n", err);
}

/* The plugin that tells services and devices apart: see gate.c. */
static int
add_gate(const struct hf_broker_config *c, const struct hf_json *credentials, struct hf_buf *b,
         struct hf_error *err)
{
    const struct hf_json *a = hf_json_first(hf_json_get(credentials, "accounts"));

    if (hf_buf_addf(b, err, "plugin %s\nplugin_opt_accounts ", hf_env_gate()) < 0)
        return -1;
    for (; a; a = hf_json_next(a))
        if (hf_buf_addf(b, err, "%s%s", hf_json_key(a), hf_json_next(a) ? "," : "\n") < 0)
            return -1;
    if (hf_buf_addf(b, err,
                    "plugin_opt_database %s/mosquitto.db\nplugin_opt_device_sessions %lld\n"
                    "plugin_opt_devices %s/devices\n",
                    c->data_dir, (long long)c->max_device_sessions, hf_env_run_dir()) < 0 ||
        add_callers(c, b, err) < 0)
        return -1;
    if (!*c->internal_mask)
        return 0;
    return hf_buf_addf(b, err, "plugin_opt_network %s\nplugin_opt_mask %s\n", c->internal_ip,
                       c->internal_mask);
}

int64_t
hf_broker_tls_devices(const struct hf_broker_config *c)
{
    int64_t room = c->memory_limit / 3 / TLS_CONNECTION_BYTES / 2; /* two listeners */

    return c->memory_limit && room < c->max_devices ? room : c->max_devices;
}

static int
add_door(const char *host, int port, int64_t most, struct hf_buf *b, struct hf_error *err)
{
    return hf_buf_addf(b, err,
                       "listener %d %s\n"
                       "mount_point field/\n"
                       "max_connections %lld\n",
                       port, host, (long long)most);
}

/* Two of them, since mosquitto asks for a certificate or does not. Never
 * use_identity_as_username: then it asks no plugin, and who has a certificate for the name of a
 * service would be that service. Names, and whether a certificate still counts, are gate.c's. */
static int
add_tls_doors(const struct hf_broker_config *c, struct hf_buf *b, struct hf_error *err)
{
    for (int with_certificate = 0; with_certificate < 2; with_certificate++)
        if (add_door(c->field_tls.host, c->field_tls.port + with_certificate,
                     hf_broker_tls_devices(c), b, err) < 0 ||
            hf_buf_addf(b, err,
                        "cafile %s/" HF_BROKER_CA_FILE "\n"
                        "certfile %s/" HF_BROKER_TLS_FILE "\n"
                        "keyfile %s/" HF_BROKER_TLS_FILE "\n"
                        "tls_version tlsv1.2\n"
                        "ciphers ECDHE+AESGCM:ECDHE+CHACHA20\n"
                        "require_certificate %s\n",
                        hf_env_run_dir(), hf_env_run_dir(), hf_env_run_dir(),
                        with_certificate ? "true" : "false") < 0)
            return -1;
    return 0;
}

static int
add_doors(const struct hf_broker_config *c, struct hf_buf *b, struct hf_error *err)
{
    if (!c->open)
        return 0;
    if (c->tls != HF_BROKER_TLS &&
        add_door(c->field.host, c->field.port, c->max_devices, b, err) < 0)
        return -1;
    return c->tls == HF_BROKER_PLAIN ? 0 : add_tls_doors(c, b, err);
}

/* What is left as mosquitto has it, and why: max_keepalive (a bound would refuse every MQTT 3.1.1
 * device with a keep-alive of 0), max_qos (would cut off devices that publish with QoS 2),
 * max_topic_alias (10 a client), message_size_limit (max_packet_size says more) and
 * set_tcp_nodelay, which would put each message and each acknowledgement into a segment of its own:
 * that took a third of the record path's throughput. Who reads in batches asks for what was held
 * back (consumer.c).
 *
 * Not with per_listener_settings: since 2.0.12 a client that is away then has no listener, by that
 * no right to read, and nothing is queued for it (mosquitto issues 2526, 2618, 3202; tried with
 * 2.0.21: all that was published while a consumer was away was lost). What each may do is the
 * ACL's; a device without an account field/# and nothing else, one with an account what the plugin
 * says. On the internal listener the user name is
 * the client id, so that no account takes over the session of another one. */
static int
write_conf(const struct hf_broker_config *c, const struct hf_json *credentials,
           struct hf_error *err)
{
    HF_AUTO_BUF struct hf_buf b = HF_BUF_INIT(FILE_MAX);

    if (hf_buf_addf(&b, err,
                    "allow_anonymous true\n"
                    "password_file %s/passwd\n"
                    "acl_file %s/acl\n"
                    "persistence true\n"
                    "persistence_location %s/\n"
                    "persistence_file mosquitto.db\n"
                    "autosave_interval %d\n"
                    "sys_interval %d\n"
                    "max_inflight_messages %d\n"
                    "max_inflight_bytes %d\n"
                    "max_queued_messages %lld\n"
                    "max_queued_bytes %lld\n"
                    "max_packet_size %lld\n"
                    "persistent_client_expiration %lldd\n"
                    "queue_qos0_messages true\n"
                    "log_dest stderr\n"
                    "log_timestamp false\n"
                    "log_type error\nlog_type warning\nlog_type notice\n"
                    "log_type information\n",
                    c->tmp_dir, c->tmp_dir, c->data_dir, AUTOSAVE_S, SYS_INTERVAL_S,
                    MAX_INFLIGHT_MESSAGES, MAX_INFLIGHT_BYTES, (long long)c->max_queued_messages,
                    (long long)c->max_queued_bytes, (long long)c->max_packet_bytes,
                    (long long)c->session_days) < 0)
        return -1;
    if (c->memory_limit &&
        hf_buf_addf(&b, err, "memory_limit %lld\n", (long long)c->memory_limit) < 0)
        return -1;
    if (add_gate(c, credentials, &b, err) < 0 ||
        hf_buf_addf(&b, err, "listener %d %s\nuse_username_as_clientid true\n", c->internal_port,
                    c->internal_ip) < 0)
        return -1;
    if (add_doors(c, &b, err) < 0)
        return -1;
    return write_file(c, "mosquitto.conf", &b, err);
}

int
hf_broker_write(const struct hf_broker_config *c, const struct hf_json *credentials,
                struct hf_error *err)
{
    if (write_passwords(c, credentials, err) < 0 || write_acl(c, credentials, err) < 0)
        return -1;
    return write_conf(c, credentials, err);
}

int64_t
hf_broker_memory_limit(void)
{
    static const char *const files[] = {"/sys/fs/cgroup/memory.max",
                                        "/sys/fs/cgroup/memory/memory.limit_in_bytes"};
    const uint64_t absurd = 1ULL << 40; /* cgroup v1 writes "no limit" as a huge number */

    for (size_t i = 0; i < HF_LEN(files); i++) {
        HF_AUTO_BUF struct hf_buf b = HF_BUF_INIT(64);
        uint64_t limit;

        if (hf_file_read(files[i], &b, NULL) < 0 || !b.len)
            continue;
        b.data[strcspn(b.data, "\n")] = '\0';
        if (hf_text_u64(b.data, &limit) && limit < absurd)
            return (int64_t)(limit / 4 * 3);
    }
    return 0;
}
