// SPDX-License-Identifier: Apache-2.0
/* HostConfig: what a container is given of the host, and the bounds it is held in. */
#include "base/text.h"
#include "dockerguard/parts.h"

#include <arpa/inet.h>
#include <string.h>

enum {
    OPTIONS_MAX = 8,
    BINDINGS_MAX = 16,
    PORT_DIGITS = 5,
    PORT_MOST = 65535,
    OOM_MOST = 1000,
    LOG_DIGITS = 12,
    FILES_DIGITS = 3
};

static int
refuse(struct hf_error *err, const char *member, const char *must)
{
    char at[HF_ERROR_POINTER_MAX];

    hf_text_put(at, sizeof at, "/HostConfig/%s", member);
    return hf_dguard_refuse(err, at, must);
}

/* Whether it is an array with that one text in it. */
static bool
is_only(const struct hf_json *list, const char *text)
{
    const char *first = hf_json_as_string(hf_json_first(list));

    return hf_json_count(list) == 1 && first && strcmp(first, text) == 0;
}

/* ---- privileges ---- */

static bool
is_allowed_capability(const struct hf_dguard_policy *p, const char *text)
{
    return hf_dguard_lists(&p->capabilities, text);
}

static int
check_privileges(const struct hf_dguard_policy *p, const struct hf_json *host, struct hf_error *err)
{
    const struct hf_json *security = hf_json_get(host, "SecurityOpt");

    if (hf_json_bool(host, "Privileged", true))
        return refuse(err, "Privileged", "must be false");
    if (!is_only(hf_json_get(host, "CapDrop"), "ALL"))
        return refuse(err, "CapDrop", "must be [\"ALL\"]");
    if (!is_only(security, "no-new-privileges") && !(p->new_privileges && !hf_json_first(security)))
        return refuse(err, "SecurityOpt",
                      "must be [\"no-new-privileges\"]; --allow-new-privileges allows it to be "
                      "empty");
    if (hf_json_bool(host, "Init", false))
        return refuse(err, "Init", "must be false");
    return hf_dguard_strings(host, "/HostConfig", "CapAdd", HF_DGUARD_ALLOW_MAX,
                             is_allowed_capability, p,
                             "must have capabilities only that --allow-capability names", err);
}

/* Under its own path, and without the right to make nodes. */
static int
check_devices(const struct hf_dguard_policy *p, const struct hf_json *list, struct hf_error *err)
{
    static const struct hf_json_field fields[] = {
        {"PathOnHost", HF_JSON_STRING, true},
        {"PathInContainer", HF_JSON_STRING, true},
        {"CgroupPermissions", HF_JSON_STRING, true},
    };

    for (const struct hf_json *v = hf_json_first(list); v; v = hf_json_next(v)) {
        const char *path;

        if (hf_json_check(v, "/HostConfig/Devices", fields, HF_LEN(fields), err) < 0)
            return -1;
        path = hf_json_string(v, "PathOnHost");
        if (!hf_dguard_lists(&p->devices, path))
            return refuse(err, "Devices", "must have devices only that --allow-device names");
        if (strcmp(path, hf_json_string(v, "PathInContainer")) != 0 ||
            strcmp(hf_json_string(v, "CgroupPermissions"), "rw") != 0)
            return refuse(err, "Devices", "must have the host's path and the permissions \"rw\"");
    }
    return 0;
}

/* ---- how it runs ---- */

static int
check_log(const struct hf_json *log, struct hf_error *err)
{
    static const struct hf_json_field fields[] = {
        {"Type", HF_JSON_STRING, true},
        {"Config", HF_JSON_OBJECT, true},
    };
    static const struct hf_json_field options[] = {
        {"max-size", HF_JSON_STRING, true},
        {"max-file", HF_JSON_STRING, true},
    };
    const struct hf_json *config = hf_json_get(log, "Config");

    if (hf_json_check(log, "/HostConfig/LogConfig", fields, HF_LEN(fields), err) < 0 ||
        hf_json_check(config, "/HostConfig/LogConfig/Config", options, HF_LEN(options), err) < 0)
        return -1;
    if (strcmp(hf_json_string(log, "Type"), "json-file") != 0 ||
        !hf_dguard_is_digits(hf_json_string(config, "max-size"), LOG_DIGITS) ||
        !hf_dguard_is_digits(hf_json_string(config, "max-file"), FILES_DIGITS))
        return refuse(err, "LogConfig", "must be json-file with max-size and max-file in digits");
    return 0;
}

static int
check_restart(const struct hf_json *policy, struct hf_error *err)
{
    static const struct hf_json_field fields[] = {{"Name", HF_JSON_STRING, true}};

    if (hf_json_check(policy, "/HostConfig/RestartPolicy", fields, HF_LEN(fields), err) < 0)
        return -1;
    if (strcmp(hf_json_string(policy, "Name"), "unless-stopped") != 0)
        return refuse(err, "RestartPolicy", "must be unless-stopped");
    return 0;
}

static int
check_life(const struct hf_json *host, struct hf_error *err)
{
    int64_t oom = hf_json_int(host, "OomScoreAdj", 0);

    if (oom < 0 || oom > OOM_MOST)
        return refuse(err, "OomScoreAdj", "must be 0 to 1000");
    if (check_restart(hf_json_get(host, "RestartPolicy"), err) < 0)
        return -1;
    return check_log(hf_json_get(host, "LogConfig"), err);
}

/* ---- network ---- */

static bool
is_dns_option(const struct hf_dguard_policy *p, const char *text)
{
    static const char *const names[] = {"timeout:", "attempts:"};

    (void)p;
    for (size_t i = 0; i < HF_LEN(names); i++)
        if (strncmp(text, names[i], strlen(names[i])) == 0)
            return hf_dguard_is_digits(text + strlen(names[i]), 2);
    return false;
}

/* A network of this gateway or none: not the host's, and not another container's. */
static int
check_mode(const struct hf_dguard_policy *p, const struct hf_json *host,
           struct hf_dguard_needs *needs, struct hf_error *err)
{
    const char *mode = hf_json_string(host, "NetworkMode");

    if (strcmp(mode, "none") == 0)
        return 0;
    if (!hf_dguard_is_ours(p, mode))
        return refuse(err, "NetworkMode", "must be a network of this gateway, or none");
    needs->networks[needs->network_count++] = mode;
    return 0;
}

static int
check_binding(const struct hf_dguard_policy *p, const struct hf_json *v, struct hf_error *err)
{
    static const struct hf_json_field fields[] = {
        {"HostIp", HF_JSON_STRING, true},
        {"HostPort", HF_JSON_STRING, true},
    };
    struct in6_addr address;
    const char *ip, *port;
    uint64_t number;

    if (hf_json_check(v, "/HostConfig/PortBindings", fields, HF_LEN(fields), err) < 0)
        return -1;
    ip = hf_json_string(v, "HostIp");
    port = hf_json_string(v, "HostPort");
    if ((inet_pton(AF_INET, ip, &address) != 1 && inet_pton(AF_INET6, ip, &address) != 1) ||
        !hf_dguard_is_digits(port, PORT_DIGITS) || !hf_text_u64(port, &number) || number < 1 ||
        number > PORT_MOST)
        return refuse(err, "PortBindings", "must have an address and a port of 1 to 65535 each");
    if (!hf_dguard_may_publish(p, number))
        return refuse(err, "PortBindings",
                      "must have ports from 1024 on, or such as --allow-port names, and none that "
                      "--keep-port does");
    return 0;
}

static int
check_bindings(const struct hf_dguard_policy *p, const struct hf_json *body_ports,
               struct hf_error *err)
{
    if (hf_json_count(body_ports) > BINDINGS_MAX)
        return refuse(err, "PortBindings", "must have at most 16 ports");
    for (const struct hf_json *v = hf_json_first(body_ports); v; v = hf_json_next(v)) {
        size_t len = strlen(hf_json_key(v));

        if (!hf_json_is_array(v) || hf_json_count(v) != 1 || len < sizeof "/tcp" ||
            strcmp(hf_json_key(v) + len - strlen("/tcp"), "/tcp") != 0)
            return refuse(err, "PortBindings", "must have one binding each for ports by TCP");
        if (check_binding(p, hf_json_first(v), err) < 0)
            return -1;
    }
    return 0;
}

static int
check_network(const struct hf_dguard_policy *p, const struct hf_json *host,
              struct hf_dguard_needs *needs, struct hf_error *err)
{
    if (check_mode(p, host, needs, err) < 0 ||
        check_bindings(p, hf_json_get(host, "PortBindings"), err) < 0)
        return -1;
    return hf_dguard_strings(host, "/HostConfig", "DnsOptions", OPTIONS_MAX, is_dns_option, p,
                             "must have timeout:N and attempts:N only", err);
}

/* ---- all of it ---- */

int
hf_dguard_host(const struct hf_dguard_policy *p, const struct hf_json *host, const char *service,
               struct hf_dguard_needs *needs, struct hf_error *err)
{
    static const struct hf_json_field fields[] = {
        HF_DGUARD_LIMIT_FIELDS(true),
        {"DnsOptions", HF_JSON_ARRAY, false},
        {"ReadonlyRootfs", HF_JSON_BOOL, true},
        {"Privileged", HF_JSON_BOOL, true},
        {"CapDrop", HF_JSON_ARRAY, true},
        {"CapAdd", HF_JSON_ARRAY, false},
        {"Devices", HF_JSON_ARRAY, false},
        {"OomScoreAdj", HF_JSON_INT, false},
        {"SecurityOpt", HF_JSON_ARRAY, true},
        {"RestartPolicy", HF_JSON_OBJECT, true},
        {"LogConfig", HF_JSON_OBJECT, true},
        {"Init", HF_JSON_BOOL, false},
        {"PortBindings", HF_JSON_OBJECT, false},
        {"NetworkMode", HF_JSON_STRING, true},
        {"Mounts", HF_JSON_ARRAY, false},
        {"Binds", HF_JSON_ARRAY, false},
        {"Tmpfs", HF_JSON_OBJECT, false},
    };

    if (hf_json_check(host, "/HostConfig", fields, HF_LEN(fields), err) < 0 ||
        hf_dguard_limits(host, "/HostConfig", err) < 0 || check_privileges(p, host, err) < 0 ||
        check_devices(p, hf_json_get(host, "Devices"), err) < 0 || check_life(host, err) < 0 ||
        check_network(p, host, needs, err) < 0)
        return -1;
    return hf_dguard_mounts(p, host, service, needs, err);
}
