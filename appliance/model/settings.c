// SPDX-License-Identifier: Apache-2.0
#include "model/settings.h"

#include "model/settings_parts.h"
#include "model/trust.h"

#include <stdio.h>
#include <string.h>

static const int64_t MAX_BYTES_DEFAULT = 1024LL * 1024 * 1024;
static const int64_t MAX_BYTES_LEAST = 16LL * 1024 * 1024;
static const int64_t MAX_BYTES_MOST = 1024LL * 1024 * 1024 * 1024;
static const int64_t KEEP_FREE_DEFAULT = 128LL * 1024 * 1024; /* for the gateway's own recovery */
static const int64_t MAX_AGE_S_MOST = 10LL * 365 * 24 * 3600;
static const int64_t ENDURANCE_MOST = 1000000000000000; /* 1 PB, more than any card */
/* The bounds are the broker's own (services/broker/config.c). */
enum {
    DEVICES_DEFAULT = 1000,
    DEVICES_MOST = 10000,
    ADDRESS_CONNECTIONS_DEFAULT = 250,
    SESSIONS_DEFAULT = 2000,
    SESSIONS_MOST = 100000,
    SESSION_DAYS_DEFAULT = 90,
    SESSION_DAYS_LEAST = 7,
    SESSION_DAYS_MOST = 3650,
};

static const char DEVICE_TOPIC_DEFAULT[] = "+/ID/#";

static const char *const when_full_names[HF_WHEN_FULL_COUNT + 1] = {
    [HF_WHEN_FULL_HOLD] = "hold",
    [HF_WHEN_FULL_DROP_OLDEST] = "drop_oldest",
    [HF_WHEN_FULL_DROP_LOWER_FIRST] = "drop_lower_first",
};

static const char *const tls_names[HF_BROKER_TLS_COUNT + 1] = {
    [HF_BROKER_TLS_OFF] = "off",
    [HF_BROKER_TLS_ON] = "on",
    [HF_BROKER_TLS_ONLY] = "only",
};

const char *
hf_broker_tls_name(enum hf_broker_tls tls)
{
    return tls_names[tls];
}

const char *
hf_when_full_name(enum hf_when_full w)
{
    return when_full_names[w];
}

void
hf_settings_init(struct hf_settings *s)
{
    *s = (struct hf_settings){
        .name = "holdfast",
        .buffer =
            {
                .window_ms = HF_WINDOW_MS_DEFAULT,
                .max_bytes = MAX_BYTES_DEFAULT,
                .keep_free_bytes = KEEP_FREE_DEFAULT,
            },
        .broker =
            {
                .max_devices = DEVICES_DEFAULT,
                .address_connections = ADDRESS_CONNECTIONS_DEFAULT,
                .max_device_sessions = SESSIONS_DEFAULT,
                .session_days = SESSION_DAYS_DEFAULT,
            },
        .sinks = hf_json_array(),
        .lanes = hf_json_array(),
        .rules = hf_json_array(),
        .release_keys = hf_json_array(),
        .stick_keys = hf_json_array(),
        .limits = hf_json_object(),
        .own = hf_json_object(),
    };
    hf_alarm_settings_init(&s->alarms);
    hf_upgrade_settings_init(&s->upgrade);
    hf_registry_settings_init(&s->registry);
    hf_scan_settings_init(&s->scan);
    snprintf(s->device_topic, sizeof s->device_topic, "%s", DEVICE_TOPIC_DEFAULT);
}

void
hf_settings_done(struct hf_settings *s)
{
    hf_json_free(s->sinks);
    hf_json_free(s->lanes);
    hf_json_free(s->rules);
    hf_json_free(s->release_keys);
    hf_json_free(s->stick_keys);
    hf_json_free(s->limits);
    hf_json_free(s->own);
    s->sinks = s->lanes = s->rules = s->release_keys = s->stick_keys = s->limits = s->own = NULL;
    hf_scan_settings_done(&s->scan);
}

int
hf_settings_copy(const struct hf_settings *from, struct hf_settings *to, struct hf_error *err)
{
    struct hf_settings s = *from;

    s.sinks = hf_json_copy(from->sinks);
    s.lanes = hf_json_copy(from->lanes);
    s.rules = hf_json_copy(from->rules);
    s.release_keys = hf_json_copy(from->release_keys);
    s.stick_keys = hf_json_copy(from->stick_keys);
    s.limits = hf_json_copy(from->limits);
    s.own = hf_json_copy(from->own);
    s.scan.accept = hf_json_copy(from->scan.accept);
    if (!s.sinks || !s.lanes || !s.rules || !s.release_keys || !s.stick_keys || !s.limits ||
        !s.own || !s.scan.accept) {
        hf_settings_done(&s);
        return hf_error_nomem(err);
    }
    hf_settings_done(to);
    *to = s;
    return 0;
}

/* ---- parts of the document ---- */

static int
parse_buffer(const struct hf_json *v, struct hf_buffer_settings *b, struct hf_error *err)
{
    static const struct hf_json_field fields[] = {
        {"window_ms", HF_JSON_INT, false},    {"max_bytes", HF_JSON_INT, false},
        {"max_age_s", HF_JSON_INT, false},    {"keep_free_bytes", HF_JSON_INT, false},
        {"when_full", HF_JSON_STRING, false}, {"rated_endurance_bytes", HF_JSON_INT, false},
    };
    static const char at[] = "/buffer";
    const char *when_full;

    if (hf_json_check(v, at, fields, HF_LEN(fields), err) < 0 ||
        hf_check_range(v, "window_ms", 0, HF_WINDOW_MS_MAX, at, err) < 0 ||
        hf_check_range(v, "max_bytes", MAX_BYTES_LEAST, MAX_BYTES_MOST, at, err) < 0 ||
        hf_check_range(v, "max_age_s", 0, MAX_AGE_S_MOST, at, err) < 0 ||
        hf_check_range(v, "keep_free_bytes", 0, MAX_BYTES_MOST, at, err) < 0 ||
        hf_check_range(v, "rated_endurance_bytes", 0, ENDURANCE_MOST, at, err) < 0 ||
        hf_check_word(v, "when_full", when_full_names, at, err) < 0)
        return -1;
    b->window_ms = hf_json_int(v, "window_ms", b->window_ms);
    b->max_bytes = hf_json_int(v, "max_bytes", b->max_bytes);
    b->max_age_s = hf_json_int(v, "max_age_s", b->max_age_s);
    b->keep_free_bytes = hf_json_int(v, "keep_free_bytes", b->keep_free_bytes);
    b->rated_endurance_bytes = hf_json_int(v, "rated_endurance_bytes", b->rated_endurance_bytes);
    when_full = hf_json_string(v, "when_full");
    for (int i = 0; when_full && i < HF_WHEN_FULL_COUNT; i++)
        if (strcmp(when_full_names[i], when_full) == 0)
            b->when_full = (enum hf_when_full)i;
    return 0;
}

static int
parse_broker(const struct hf_json *v, struct hf_broker_settings *b, struct hf_error *err)
{
    static const struct hf_json_field fields[] = {
        {"max_devices", HF_JSON_INT, false},  {"max_device_sessions", HF_JSON_INT, false},
        {"session_days", HF_JSON_INT, false}, {"anonymous", HF_JSON_BOOL, false},
        {"tls", HF_JSON_STRING, false},       {"connections_per_address", HF_JSON_INT, false},
    };
    static const char at[] = "/broker";
    const char *tls;

    if (hf_json_check(v, at, fields, HF_LEN(fields), err) < 0 ||
        hf_check_range(v, "max_devices", 1, DEVICES_MOST, at, err) < 0 ||
        hf_check_range(v, "connections_per_address", 0, DEVICES_MOST, at, err) < 0 ||
        hf_check_range(v, "max_device_sessions", 0, SESSIONS_MOST, at, err) < 0 ||
        hf_check_range(v, "session_days", SESSION_DAYS_LEAST, SESSION_DAYS_MOST, at, err) < 0 ||
        hf_check_word(v, "tls", tls_names, at, err) < 0)
        return -1;
    b->max_devices = hf_json_int(v, "max_devices", b->max_devices);
    b->address_connections = hf_json_int(v, "connections_per_address", b->address_connections);
    b->max_device_sessions = hf_json_int(v, "max_device_sessions", b->max_device_sessions);
    b->session_days = hf_json_int(v, "session_days", b->session_days);
    b->anonymous = hf_json_bool(v, "anonymous", b->anonymous);
    tls = hf_json_string(v, "tls");
    for (int i = 0; tls && i < HF_BROKER_TLS_COUNT; i++)
        if (strcmp(tls_names[i], tls) == 0)
            b->tls = (enum hf_broker_tls)i;
    return 0;
}

static int
replace(struct hf_json **list, const struct hf_json *by, struct hf_error *err)
{
    struct hf_json *copy;

    if (!by)
        return 0;
    copy = hf_json_copy(by);
    if (!copy)
        return hf_error_nomem(err);
    hf_json_free(*list);
    *list = copy;
    return 0;
}

static int
parse_lists(const struct hf_json *doc, struct hf_settings *s, struct hf_error *err)
{
    const struct hf_json *sinks = hf_json_get(doc, "sinks"), *lanes = hf_json_get(doc, "lanes");
    const struct hf_json *rules = hf_json_get(doc, "rules");
    const struct hf_json *uplink = hf_json_get(doc, "uplink");
    const struct hf_json *limits = hf_json_get(doc, "limits"), *own = hf_json_get(doc, "own");
    const struct hf_json *keys = hf_json_get(doc, "release_keys");
    const struct hf_json *stick_keys = hf_json_get(doc, "stick_keys");

    if (hf_check_limits(limits, err) < 0 || hf_check_own(own, err) < 0 ||
        hf_check_sinks(sinks, err) < 0 || hf_check_lanes(lanes, err) < 0 ||
        hf_settings_check_rules(rules, "/rules", err) < 0 ||
        hf_trust_check_keys(keys, "/release_keys", err) < 0 ||
        hf_trust_check_keys(stick_keys, "/stick_keys", err) < 0)
        return -1;
    if (replace(&s->sinks, sinks, err) < 0 || replace(&s->lanes, lanes, err) < 0 ||
        replace(&s->rules, rules, err) < 0 || replace(&s->limits, limits, err) < 0 ||
        replace(&s->own, own, err) < 0 || replace(&s->release_keys, keys, err) < 0 ||
        replace(&s->stick_keys, stick_keys, err) < 0)
        return -1;
    return uplink ? hf_put_uplink(&s->sinks, uplink, err) : 0;
}

static int
parse_into(const struct hf_json *doc, struct hf_settings *s, struct hf_error *err)
{
    static const struct hf_json_field fields[] = {
        {"name", HF_JSON_STRING, false},        {"uplink", HF_JSON_OBJECT, false},
        {"sinks", HF_JSON_ARRAY, false},        {"buffer", HF_JSON_OBJECT, false},
        {"lanes", HF_JSON_ARRAY, false},        {"rules", HF_JSON_ARRAY, false},
        {"devices", HF_JSON_OBJECT, false},     {"limits", HF_JSON_OBJECT, false},
        {"own", HF_JSON_OBJECT, false},         {"alarms", HF_JSON_OBJECT, false},
        {"broker", HF_JSON_OBJECT, false},      {"registry", HF_JSON_OBJECT, false},
        {"release_keys", HF_JSON_ARRAY, false}, {"stick_keys", HF_JSON_ARRAY, false},
        {"upgrade", HF_JSON_OBJECT, false},     {"scan", HF_JSON_OBJECT, false},
    };
    const struct hf_json *buffer, *devices, *alarms, *broker, *registry, *upgrade, *scan;
    const char *name;

    if (hf_json_check(doc, "", fields, HF_LEN(fields), err) < 0)
        return -1;
    name = hf_json_string(doc, "name");
    if (name) {
        if (hf_settings_check_name(name, "/name", err) < 0)
            return -1;
        snprintf(s->name, sizeof s->name, "%s", name);
    }
    buffer = hf_json_get(doc, "buffer");
    devices = hf_json_get(doc, "devices");
    alarms = hf_json_get(doc, "alarms");
    broker = hf_json_get(doc, "broker");
    registry = hf_json_get(doc, "registry");
    upgrade = hf_json_get(doc, "upgrade");
    scan = hf_json_get(doc, "scan");
    if ((buffer && parse_buffer(buffer, &s->buffer, err) < 0) ||
        (broker && parse_broker(broker, &s->broker, err) < 0) ||
        (registry && hf_parse_registry(registry, &s->registry, err) < 0) ||
        (upgrade && hf_parse_upgrade(upgrade, &s->upgrade, err) < 0) ||
        (alarms && hf_parse_alarms(alarms, &s->alarms, err) < 0) ||
        (scan && hf_parse_scan(scan, &s->scan, err) < 0))
        return -1;
    if (devices) {
        if (hf_check_device_topic(devices, err) < 0)
            return -1;
        snprintf(s->device_topic, sizeof s->device_topic, "%s", hf_json_string(devices, "topic"));
    }
    return parse_lists(doc, s, err);
}

int
hf_settings_parse(const struct hf_json *doc, struct hf_settings *ret_settings, struct hf_error *err)
{
    struct hf_settings s = {0};

    if (hf_settings_copy(ret_settings, &s, err) < 0)
        return -1;
    if (parse_into(doc, &s, err) < 0) {
        hf_settings_done(&s);
        return -1;
    }
    hf_settings_done(ret_settings);
    *ret_settings = s;
    return 0;
}

int
hf_settings_parse_kept(const struct hf_json *doc, struct hf_settings *ret_settings,
                       struct hf_error *err)
{
    bool before = ret_settings->broker.anonymous;

    ret_settings->broker.anonymous = true;
    if (hf_settings_parse(doc, ret_settings, err) == 0)
        return 0;
    ret_settings->broker.anonymous = before;
    return -1;
}

/* ---- printing ---- */

static struct hf_json *
document(const struct hf_settings *s, bool masked)
{
    const struct hf_buffer_settings *b = &s->buffer;
    struct hf_json *doc = hf_json_object(), *buffer = hf_json_object();
    struct hf_json *devices = hf_json_object(), *broker = hf_json_object();

    hf_json_put_string(doc, "name", s->name);
    hf_json_put(doc, "sinks", masked ? hf_mask_sinks(s->sinks) : hf_json_copy(s->sinks));
    hf_json_put_int(buffer, "window_ms", b->window_ms);
    hf_json_put_int(buffer, "max_bytes", b->max_bytes);
    hf_json_put_int(buffer, "max_age_s", b->max_age_s);
    hf_json_put_int(buffer, "keep_free_bytes", b->keep_free_bytes);
    hf_json_put_string(buffer, "when_full", hf_when_full_name(b->when_full));
    hf_json_put_int(buffer, "rated_endurance_bytes", b->rated_endurance_bytes);
    hf_json_put(doc, "buffer", buffer);
    hf_json_put(doc, "lanes", hf_json_copy(s->lanes));
    hf_json_put(doc, "rules", hf_json_copy(s->rules));
    hf_json_put_string(devices, "topic", s->device_topic);
    hf_json_put(doc, "devices", devices);
    hf_json_put(doc, "limits", hf_json_copy(s->limits));
    hf_json_put(doc, "own", masked ? hf_mask_own(s->own) : hf_json_copy(s->own));
    hf_json_put(doc, "alarms", hf_print_alarms(&s->alarms, masked));
    hf_json_put_int(broker, "max_devices", s->broker.max_devices);
    hf_json_put_int(broker, "connections_per_address", s->broker.address_connections);
    hf_json_put_int(broker, "max_device_sessions", s->broker.max_device_sessions);
    hf_json_put_int(broker, "session_days", s->broker.session_days);
    hf_json_put_bool(broker, "anonymous", s->broker.anonymous);
    hf_json_put_string(broker, "tls", hf_broker_tls_name(s->broker.tls));
    hf_json_put(doc, "broker", broker);
    hf_json_put(doc, "registry", hf_print_registry(&s->registry, masked));
    hf_json_put(doc, "release_keys", hf_json_copy(s->release_keys));
    hf_json_put(doc, "stick_keys", hf_json_copy(s->stick_keys));
    hf_json_put(doc, "upgrade", hf_print_upgrade(&s->upgrade));
    hf_json_put(doc, "scan", hf_print_scan(&s->scan));
    return doc;
}

int
hf_settings_print(const struct hf_settings *s, char **ret_text, struct hf_error *err)
{
    HF_AUTO(hf_json) struct hf_json *doc = document(s, false);
    HF_AUTO_FREE char *text = NULL;

    if (hf_json_print(doc, &text, err) < 0)
        return -1;
    if (strlen(text) > HF_SETTINGS_TEXT_MAX)
        return hf_error_set(err, HF_ERROR_TOO_LARGE,
                            "the configuration has more than %d KiB; certificates and rules take "
                            "the most",
                            HF_SETTINGS_TEXT_MAX / 1024);
    *ret_text = hf_steal(&text);
    return 0;
}

int
hf_settings_show(const struct hf_settings *s, char **ret_text, struct hf_error *err)
{
    HF_AUTO(hf_json) struct hf_json *doc = document(s, true);

    return hf_json_print(doc, ret_text, err);
}

/* ---- changing ---- */

/* "***" for the token of the short form stands for that of the sink. */
static int
unmask_uplink(const struct hf_settings *s, const struct hf_json *doc, struct hf_error *err)
{
    const struct hf_json *uplink = hf_json_get(doc, "uplink");
    const char *token = hf_json_string(uplink, "token");
    const char *kept = hf_json_string(hf_settings_sink(s, HF_SINK_UPLINK), "token");

    if (!token || !kept || strcmp(token, HF_SECRET_MASK) != 0)
        return 0;
    hf_json_set((struct hf_json *)(uintptr_t)uplink, "token", hf_json_of_string(kept));
    return hf_json_string(uplink, "token") ? 0 : hf_error_nomem(err);
}

/* doc, in which masks stand for secrets of s, over the defaults. */
static int
take_document(const struct hf_settings *s, struct hf_json *doc, struct hf_settings *ret_settings,
              struct hf_error *err)
{
    struct hf_settings fresh;

    if (unmask_uplink(s, doc, err) < 0 ||
        hf_unmask_alarms(hf_json_get(doc, "alarms"), &s->alarms, err) < 0 ||
        hf_unmask_registry(hf_json_get(doc, "registry"), &s->registry, err) < 0 ||
        hf_unmask_sinks((struct hf_json *)(uintptr_t)hf_json_get(doc, "sinks"), s->sinks, err) <
            0 ||
        hf_unmask_own(hf_json_get(doc, "own"), s->own, err) < 0)
        return -1;
    hf_settings_init(&fresh);
    if (hf_settings_parse(doc, &fresh, err) < 0) {
        hf_settings_done(&fresh);
        return -1;
    }
    *ret_settings = fresh;
    return 0;
}

int
hf_settings_replace(const struct hf_settings *s, const struct hf_json *whole,
                    struct hf_settings *ret_settings, struct hf_error *err)
{
    HF_AUTO(hf_json) struct hf_json *nothing = hf_json_object(), *doc = NULL;

    if (!hf_json_is_object(whole))
        return hf_error_set(err, HF_ERROR_INVALID, "the configuration must be an object");
    doc = hf_json_merge(nothing, whole); /* without what is null */
    if (!doc)
        return hf_error_nomem(err);
    return take_document(s, doc, ret_settings, err);
}

int
hf_settings_patch(const struct hf_settings *s, const struct hf_json *patch,
                  struct hf_settings *ret_settings, struct hf_error *err)
{
    HF_AUTO_FREE char *text = NULL;
    HF_AUTO(hf_json) struct hf_json *doc = NULL, *merged = NULL;

    if (!hf_json_is_object(patch))
        return hf_error_set(err, HF_ERROR_INVALID, "the patch must be an object (RFC 7396)");
    if (hf_settings_print(s, &text, err) < 0 || hf_json_parse(text, strlen(text), &doc, err) < 0)
        return -1;
    merged = hf_json_merge(doc, patch);
    if (!merged)
        return hf_error_nomem(err);
    return take_document(s, merged, ret_settings, err);
}
