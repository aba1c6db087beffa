// SPDX-License-Identifier: Apache-2.0
#include "base/text.h"
#include "model/own_parts.h"
#include "model/settings_parts.h"
#include "model/spec.h"

#include <string.h>

enum { PORTS_MAX = 4, PORT_MOST = 65535, FILTERS_MAX = 8, LABEL_MAX = 20, HTTP_PATH_MAX = 128 };

static int
check_networks(const struct hf_json *v, const char *pointer, struct hf_error *err)
{
    const struct hf_json *networks = hf_json_get(v, "networks");

    if (hf_json_count(networks) > HF_SPEC_LIST_MAX)
        return hf_wrong(err, pointer, "networks", "must have at most 6");
    for (const struct hf_json *n = hf_json_first(networks); n; n = hf_json_next(n)) {
        const char *name = hf_json_as_string(n);

        if (!name || !hf_own_is_label(name, LABEL_MAX))
            return hf_wrong(err, pointer, "networks",
                            "must be names of at most 20 lower-case letters, digits and dashes");
        if (strcmp(name, "lease") == 0)
            return hf_wrong(err, pointer, "networks",
                            "'lease' is for processor, buffer and forwarder alone");
        for (const struct hf_json *o = hf_json_next(n); o; o = hf_json_next(o))
            if (hf_json_as_string(o) && strcmp(hf_json_as_string(o), name) == 0)
                return hf_wrong(err, pointer, "networks", "must have each network once");
    }
    return 0;
}

static int
check_ports(const struct hf_json *v, const char *pointer, struct hf_error *err)
{
    static const struct hf_json_field fields[] = {
        {"port", HF_JSON_INT, true},
        {"container_port", HF_JSON_INT, true},
    };
    const struct hf_json *ports = hf_json_get(v, "ports");
    char at[HF_ERROR_POINTER_MAX];
    size_t i = 0;

    if (hf_json_count(ports) > PORTS_MAX)
        return hf_wrong(err, pointer, "ports", "must have at most 4");
    for (const struct hf_json *p = hf_json_first(ports); p; p = hf_json_next(p)) {
        hf_text_put(at, sizeof at, "%s/ports/%zu", pointer, i++);
        if (hf_json_check(p, at, fields, HF_LEN(fields), err) < 0 ||
            hf_check_range(p, "port", 1, PORT_MOST, at, err) < 0 ||
            hf_check_range(p, "container_port", 1, PORT_MOST, at, err) < 0)
            return -1;
    }
    return 0;
}

/* ---- the bus ---- */

/* Filters that stay below one root: uplink/… is what leaves the gateway, field/… what devices say.
 */
static int
check_filters(const struct hf_json *bus, const char *member, const char *root, const char *pointer,
              struct hf_error *err)
{
    const struct hf_json *filters = hf_json_get(bus, member);
    char must[96];

    hf_text_put(must, sizeof must, "must have at most 8 MQTT filters below %s", root);
    if (hf_json_count(filters) > FILTERS_MAX)
        return hf_wrong(err, pointer, member, must);
    for (const struct hf_json *f = hf_json_first(filters); f; f = hf_json_next(f)) {
        const char *text = hf_json_as_string(f);
        HF_AUTO(hf_json) struct hf_json *one = hf_json_object();

        if (!text || strncmp(text, root, strlen(root)) != 0)
            return hf_wrong(err, pointer, member, must);
        hf_json_put_string(one, member, text);
        if (hf_check_filter(one, member, pointer, err) < 0)
            return -1;
    }
    return 0;
}

static int
check_bus(const struct hf_json *v, const char *pointer, struct hf_error *err)
{
    static const struct hf_json_field fields[] = {
        {"write", HF_JSON_ARRAY, false},
        {"read", HF_JSON_ARRAY, false},
    };
    const struct hf_json *bus = hf_json_get(v, "bus");
    char at[HF_ERROR_POINTER_MAX];

    if (!bus)
        return 0;
    hf_text_put(at, sizeof at, "%s/bus", pointer);
    if (hf_json_check(bus, at, fields, HF_LEN(fields), err) < 0 ||
        check_filters(bus, "write", "uplink/", at, err) < 0)
        return -1;
    return check_filters(bus, "read", "field/", at, err);
}

/* ---- health ---- */

static int
check_http(const struct hf_json *http, const char *pointer, struct hf_error *err)
{
    static const struct hf_json_field fields[] = {
        {"port", HF_JSON_INT, true},
        {"path", HF_JSON_STRING, true},
    };
    const char *path;

    if (hf_json_check(http, pointer, fields, HF_LEN(fields), err) < 0 ||
        hf_check_range(http, "port", 1, PORT_MOST, pointer, err) < 0 ||
        hf_check_text(http, "path", HTTP_PATH_MAX, pointer, err) < 0)
        return -1;
    path = hf_json_string(http, "path");
    if (path[0] != '/' || strpbrk(path, " #"))
        return hf_wrong(err, pointer, "path", "must be a path such as /healthz");
    return 0;
}

static int
check_health(const struct hf_json *v, const char *pointer, struct hf_error *err)
{
    static const struct hf_json_field fields[] = {
        {"bus", HF_JSON_BOOL, false},
        {"tcp", HF_JSON_INT, false},
        {"http", HF_JSON_OBJECT, false},
    };
    const struct hf_json *health = hf_json_get(v, "health");
    char at[HF_ERROR_POINTER_MAX], http[HF_ERROR_POINTER_MAX];

    if (!health)
        return 0;
    hf_text_put(at, sizeof at, "%s/health", pointer);
    hf_text_put(http, sizeof http, "%.200s/http", at);
    if (hf_json_check(health, at, fields, HF_LEN(fields), err) < 0)
        return -1;
    if (hf_json_count(health) != 1 ||
        (hf_json_get(health, "bus") && !hf_json_bool(health, "bus", false)))
        return hf_wrong(err, pointer, "health",
                        "must be one of {\"bus\": true}, {\"tcp\": PORT} and {\"http\": {…}}");
    if (hf_json_get(health, "http"))
        return check_http(hf_json_get(health, "http"), http, err);
    return hf_check_range(health, "tcp", 1, PORT_MOST, at, err);
}

int
hf_own_check_network(const struct hf_json *v, const char *pointer, struct hf_error *err)
{
    if (check_networks(v, pointer, err) < 0 || check_ports(v, pointer, err) < 0 ||
        check_bus(v, pointer, err) < 0)
        return -1;
    return check_health(v, pointer, err);
}
