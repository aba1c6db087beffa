// SPDX-License-Identifier: Apache-2.0
/* The body that makes a container, but for its HostConfig. */
#include "base/text.h"
#include "dockerguard/parts.h"

#include <stdio.h>
#include <string.h>

enum {
    ARGS_MAX = 64,
    ENV_MAX = 64,
    TEXT_MAX = 2048,
    USER_DIGITS = 10,
    STOP_S_MAX = 3600,
    PORT_DIGITS = 5
};

static bool
is_text(const struct hf_dguard_policy *p, const char *text)
{
    (void)p;
    return strlen(text) <= TEXT_MAX;
}

static bool
is_variable(const struct hf_dguard_policy *p, const char *text)
{
    return is_text(p, text) && strchr(text, '=') && text[0] != '=';
}

/* N:N, and not root's: Docker takes names and an empty text too. */
static int
check_user(const struct hf_dguard_policy *p, const char *user, struct hf_error *err)
{
    char number[USER_DIGITS + 1];
    const char *colon = strchr(user, ':');
    size_t len = colon ? (size_t)(colon - user) : 0;
    uint64_t id;

    if (len == 0 || len > USER_DIGITS || strcmp(colon + 1, "") == 0)
        return hf_dguard_refuse(err, "/User", "must be two numbers, user:group");
    hf_text_put(number, sizeof number, "%.*s", (int)len, user);
    if (strcmp(number, colon + 1) != 0 || !hf_text_u64(number, &id) || id > INT32_MAX)
        return hf_dguard_refuse(err, "/User", "must be the same number twice, user:group");
    if (id == 0 && !p->root)
        return hf_dguard_refuse(err, "/User", "must not be root's; --allow-root allows it");
    return 0;
}

static int
check_program(const struct hf_dguard_policy *p, const struct hf_json *body, struct hf_error *err)
{
    int64_t stop_s = hf_json_int(body, "StopTimeout", 0);

    if (!hf_dguard_is_pinned(hf_json_string(body, "Image")))
        return hf_dguard_refuse(err, "/Image", "must be an id or a digest (sha256:…)");
    if (check_user(p, hf_json_string(body, "User"), err) < 0)
        return -1;
    if (stop_s < 0 || stop_s > STOP_S_MAX)
        return hf_dguard_refuse(err, "/StopTimeout", "must be 0 to 3600");
    if (hf_dguard_strings(body, "", "Cmd", ARGS_MAX, is_text, p, "must have at most 64 short texts",
                          err) < 0)
        return -1;
    return hf_dguard_strings(body, "", "Env", ENV_MAX, is_variable, p,
                             "must have at most 64 short texts NAME=VALUE", err);
}

/* "1883/tcp": {} */
static int
check_exposed(const struct hf_json *ports, struct hf_error *err)
{
    for (const struct hf_json *v = hf_json_first(ports); v; v = hf_json_next(v)) {
        const char *slash = strchr(hf_json_key(v), '/');
        char port[PORT_DIGITS + 1];

        if (!slash || strcmp(slash, "/tcp") != 0 || slash - hf_json_key(v) > PORT_DIGITS ||
            !hf_json_is_object(v) || hf_json_first(v))
            return hf_dguard_refuse(err, "/ExposedPorts", "must have ports such as 1883/tcp");
        hf_text_put(port, sizeof port, "%.*s", (int)(slash - hf_json_key(v)), hf_json_key(v));
        if (!hf_dguard_is_digits(port, PORT_DIGITS))
            return hf_dguard_refuse(err, "/ExposedPorts", "must have ports such as 1883/tcp");
    }
    return 0;
}

/* Where one is named here, it is the one of NetworkMode: the rest comes by connect. */
static int
check_networking(const struct hf_json *body, struct hf_error *err)
{
    static const struct hf_json_field fields[] = {{"EndpointsConfig", HF_JSON_OBJECT, true}};
    static const char at[] = "/NetworkingConfig/EndpointsConfig";
    const struct hf_json *networking = hf_json_get(body, "NetworkingConfig");
    const struct hf_json *endpoints = hf_json_get(networking, "EndpointsConfig");
    const char *mode = hf_json_string(hf_json_get(body, "HostConfig"), "NetworkMode");

    if (hf_json_check(networking, "/NetworkingConfig", fields, HF_LEN(fields), err) < 0)
        return -1;
    for (const struct hf_json *v = hf_json_first(endpoints); v; v = hf_json_next(v)) {
        if (!mode || strcmp(hf_json_key(v), mode) != 0)
            return hf_dguard_refuse(err, at,
                                    "must have the network of HostConfig/NetworkMode only");
        if (hf_dguard_endpoint(v, at, err) < 0)
            return -1;
    }
    return 0;
}

/* What runs under a service's name is known as that service. */
static int
check_labels(const struct hf_dguard_policy *p, const struct hf_json *labels, const char *service,
             struct hf_error *err)
{
    const char *said = hf_json_string(labels, HF_DGUARD_LABEL_SERVICE);

    if (hf_dguard_labels(p, labels, "/Labels", err) < 0)
        return -1;
    if (!said || strcmp(said, service) != 0)
        return hf_dguard_refuse(err, "/Labels",
                                "must have the container's name as " HF_DGUARD_LABEL_SERVICE);
    return 0;
}

static int
check(const struct hf_dguard_policy *p, const char *name, const struct hf_json *body,
      struct hf_dguard_needs *needs, struct hf_error *err)
{
    static const struct hf_json_field fields[] = {
        {"Image", HF_JSON_STRING, true},         {"User", HF_JSON_STRING, true},
        {"Labels", HF_JSON_OBJECT, true},        {"Cmd", HF_JSON_ARRAY, false},
        {"Env", HF_JSON_ARRAY, false},           {"StopTimeout", HF_JSON_INT, false},
        {"ExposedPorts", HF_JSON_OBJECT, false}, {"NetworkingConfig", HF_JSON_OBJECT, true},
        {"HostConfig", HF_JSON_OBJECT, true},
    };
    const char *service;

    if (!hf_dguard_is_ours(p, name))
        return hf_dguard_refuse(err, "name", "must begin with this gateway's instance and a dash");
    service = name + strlen(p->instance) + 1;
    if (hf_json_check(body, "", fields, HF_LEN(fields), err) < 0 ||
        check_labels(p, hf_json_get(body, "Labels"), service, err) < 0 ||
        check_program(p, body, err) < 0 ||
        check_exposed(hf_json_get(body, "ExposedPorts"), err) < 0 ||
        check_networking(body, err) < 0)
        return -1;
    return hf_dguard_host(p, hf_json_get(body, "HostConfig"), service, needs, err);
}

int
hf_dguard_check_create(const struct hf_dguard_policy *p, const char *name,
                       const struct hf_json *body, struct hf_dguard_needs *ret_needs,
                       struct hf_error *err)
{
    struct hf_dguard_needs needs = {0};
    struct hf_error local = {0};

    if (check(p, name, body, &needs, &local) < 0) {
        if (local.class == HF_ERROR_INVALID) /* hf_json_check() */
            local.class = HF_ERROR_FORBIDDEN;
        if (err)
            *err = local;
        return -1;
    }
    *ret_needs = needs;
    return 0;
}
