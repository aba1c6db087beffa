// SPDX-License-Identifier: Apache-2.0
/*
 * A plugin of mosquitto that tells its two listeners apart: on the internal network only services
 * connect, from anywhere else only devices. mosquitto's own way to do that, per_listener_settings,
 * loses what is queued for a client that is away (see config.c), and a plugin is not told the
 * listener; but the internal network's addresses are its own.
 *
 * And no device comes with the client id of a service: mosquitto has one set of ids for all its
 * listeners, so that a device called `processor` would take over the processor's session, with all
 * that is queued in it (tried). Nor with the name of another one's account; and who has an account
 * takes up no session but that of its name.
 *
 * Devices come by an account (fleet.h), by its password or its certificate (badge.h), or without
 * one where that is allowed. An account's user
 * name becomes `device:NAME`, which no service can be called, so that whose session it is stays
 * known, saved or not. The file of accounts is read again when it is another one, and only who is
 * no longer in it as before is disconnected.
 *
 * It also bounds what mosquitto does not: connections of one address (callers.h), sessions for ever
 * new client ids (bounded in number, sessions.h) and retained messages (taken as messages). Who has
 * no account subscribes to nothing, and for a device that is away nothing is queued.
 *
 *     plugin /usr/lib/holdfast/holdfast-gate.so
 *     plugin_opt_accounts processor,buffer           their ids, and the same with -status
 *     plugin_opt_database /data/mosquitto.db         the saved sessions
 *     plugin_opt_device_sessions 2000                so many may be left
 *     plugin_opt_devices /run/holdfast/devices       who may come; until it is there, nobody
 *     plugin_opt_address_connections 250             so many may come from one address; 0: any
 *     plugin_opt_ports 1883,8883,8884                to these,
 *     plugin_opt_places 2000                         and so many to all of them together
 *     plugin_opt_network 172.20.0.0                  both, or none in a trial on the loopback,
 *     plugin_opt_mask 255.255.0.0                    where nothing tells the listeners apart
 */
#include "broker/gate.h"

#include "base/text.h"
#include "broker/badge.h"
#include "broker/callers.h"
#include "broker/fleet.h"
#include "broker/insiders.h"
#include "broker/present.h"
#include "broker/sessions.h"

#include <arpa/inet.h>
#include <mosquitto.h>
#include <mosquitto_broker.h>
#include <mosquitto_plugin.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

/* Before the name of a device's account, as mosquitto knows it. */
#define DEVICE_PREFIX "device:"

enum {
    PLUGIN_VERSION = 5,
    ID_MAX = 64,
    NUMBER_MAX = 24,
    MQTT_5 = 5,
    STATUS_MAX = 8192,
    /* What PID 1 tells of sessions is up to 5 s of $SYS and 2 s of its own old. Who came within the
     * last one to two of these spans may not be counted in it. */
    SPAN_S = 8,
    SPAN_ROOM = 100, /* so many may come and go meanwhile without a thought */
    LOOK_MS = 500,   /* between two looks at the file of devices */
    WRONG_A_S = 50,  /* passwords that are wrong: each costs the only thread up to some ms */
    TELL_S = 60      /* between two words about what one account may not do */
};

struct gate {
    mosquitto_plugin_id_t *id;
    struct hf_insiders inside;
    char *database;
    struct hf_sessions sessions;
    uint64_t away;      /* sessions without a connection, as PID 1 tells */
    uint64_t recent[2]; /* devices with MQTT 5 that have gone in this span, and in the last */
    int64_t span_s;     /* when it began; monotonic */
    uint64_t refused;   /* that would have left one more */
    uint64_t said_sessions, said_refused;
    char *devices;             /* the file */
    struct hf_fleet *fleet;    /* NULL until it has been read */
    struct stat read;          /* of what was read, or tried */
    struct hf_present present; /* devices with an account that are connected */
    struct hf_callers callers;
    uint64_t said_callers;
    int64_t look_ms; /* the next look; monotonic */
    int64_t wrong_s; /* the second of wrong */
    unsigned wrong;
    bool reloading; /* mosquitto reads its configuration again, and does nothing else */
};

static bool
is_service_id(void *ctx, const char *id)
{
    const struct gate *g = ctx;

    return hf_insiders_have_id(&g->inside, id);
}

static int64_t
now_ms(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static bool
is_device(const struct mosquitto *client)
{
    const char *user = mosquitto_client_username(client);

    return !user || strncmp(user, DEVICE_PREFIX, sizeof DEVICE_PREFIX - 1) == 0;
}

/* Its account; NULL where it has none, or no longer has. */
static struct hf_fleet_device *
account_of(const struct gate *g, const struct mosquitto *client)
{
    const char *user = mosquitto_client_username(client);

    if (!g->fleet || !user || strncmp(user, DEVICE_PREFIX, sizeof DEVICE_PREFIX - 1) != 0)
        return NULL;
    return hf_fleet_find(g->fleet, user + sizeof DEVICE_PREFIX - 1);
}

/* ---- who may come ---- */

static bool
comes_from_inside(const struct gate *g, const struct mosquitto_evt_basic_auth *auth)
{
    if (g->inside.mask)
        return hf_insiders_have_address(&g->inside, mosquitto_client_address(auth->client));
    return auth->username && is_service_id((void *)(uintptr_t)g, auth->username);
}

/* A guesser gets no more of the broker's time than that. Who has been here before is known without
 * it. */
static bool
may_guess(struct gate *g)
{
    int64_t second = now_ms() / 1000;

    if (second != g->wrong_s)
        g->wrong = 0;
    g->wrong_s = second;
    return g->wrong < WRONG_A_S;
}

static const char *
password_objection(struct gate *g, struct hf_fleet_device *device, const char *password)
{
    if (!password)
        return "the password is missing";
    if (hf_fleet_knows(g->fleet, device, password))
        return NULL;
    if (!may_guess(g))
        return "too many wrong passwords just now: try again";
    if (hf_fleet_verify(g->fleet, device, password))
        return NULL;
    g->wrong++;
    return "the password is wrong";
}

/* Which account it says it is; NULL in *ret_device where it says none, and may. */
static const char *
account_objection(const struct gate *g, const struct mosquitto_evt_basic_auth *auth, void *badge,
                  struct hf_fleet_device **ret_device)
{
    if (badge)
        return hf_badge_objection(g->fleet, badge, auth->username, ret_device);
    if (!auth->username)
        return g->fleet->anonymous ? NULL : "devices need an account here";
    *ret_device = hf_fleet_find(g->fleet, auth->username);
    if (!*ret_device)
        return "no such account is enabled";
    return *(*ret_device)->certificate ? "that account comes by its certificate" : NULL;
}

static const char *
device_objection(struct gate *g, const struct mosquitto_evt_basic_auth *auth,
                 struct hf_fleet_device **ret_device)
{
    const char *id = mosquitto_client_id(auth->client), *why;
    const struct hf_fleet_device *named;
    bool has_badge;
    void *badge;

    *ret_device = NULL;
    if (is_service_id(g, id))
        return "that client id is a service's";
    if (!g->fleet)
        return "which devices may come is not known yet";
    badge = mosquitto_client_certificate(auth->client);
    has_badge = badge != NULL;
    why = account_objection(g, auth, badge, ret_device);
    if (why)
        return why;
    named = id ? hf_fleet_find(g->fleet, id) : NULL;
    if (named && named != *ret_device)
        return "that client id is the name of another account";
    if (*ret_device && !named && !mosquitto_client_clean_session(auth->client))
        return "a session is kept for the client id that is the account's name: take that, or "
               "clean session";
    return *ret_device && !has_badge ? password_objection(g, *ret_device, auth->password) : NULL;
}

/* With MQTT 5 a session may outlive a clean start, for as long as the client says, which a plugin
 * is not told (MQTT 5, 3.1.2.11.2). mosquitto does not save such sessions, but counts them with the
 * others that are away; what may have been added since is counted here. */
static bool
may_outlive(struct gate *g, const struct mosquitto *client)
{
    return mosquitto_client_protocol_version(client) == MQTT_5 &&
           g->away + g->recent[0] + g->recent[1] > g->sessions.max + SPAN_ROOM;
}

static const char *
session_objection(struct gate *g, const struct mosquitto_evt_basic_auth *auth)
{
    const char *id = mosquitto_client_id(auth->client);

    if (!id)
        return NULL;
    if (mosquitto_client_clean_session(auth->client)) {
        hf_sessions_end(&g->sessions, id);
        if (!may_outlive(g, auth->client))
            return NULL;
        g->refused++;
        return "too many sessions are left: connect with MQTT 3.1.1 and clean session, or raise "
               "max_device_sessions";
    }
    if (hf_sessions_admit(&g->sessions, id, time(NULL)))
        return NULL;
    g->refused++;
    return "no room for one more session: connect with clean session, or raise "
           "max_device_sessions";
}

static int
refuse(const struct mosquitto_evt_basic_auth *auth, const char *why)
{
    mosquitto_log_printf(MOSQ_LOG_NOTICE, "Client %s from %s refused: %s.",
                         mosquitto_client_id(auth->client), mosquitto_client_address(auth->client),
                         why);
    return MOSQ_ERR_AUTH;
}

/* It is who it says. mosquitto frees what auth->username points to. */
static int
let_in(struct gate *g, const struct mosquitto_evt_basic_auth *auth,
       const struct hf_fleet_device *device)
{
    char name[ID_MAX + sizeof DEVICE_PREFIX];

    snprintf(name, sizeof name, DEVICE_PREFIX "%s", device->name);
    if (!hf_present_add(&g->present, auth->client) ||
        mosquitto_set_username(auth->client, name) != MOSQ_ERR_SUCCESS)
        return refuse(auth, "out of memory");
    return MOSQ_ERR_SUCCESS;
}

static int
on_basic_auth(int event, void *event_data, void *user_data)
{
    const struct mosquitto_evt_basic_auth *auth = event_data;
    struct gate *g = user_data;
    struct hf_fleet_device *device;
    const char *why;

    (void)event;
    if (g->reloading)
        return MOSQ_ERR_SUCCESS;
    if (comes_from_inside(g, auth)) {
        if (!auth->username || !is_service_id(g, auth->username))
            return refuse(auth, "the internal listener takes services only");
        return MOSQ_ERR_PLUGIN_DEFER; /* mosquitto checks the password */
    }
    why = device_objection(g, auth, &device);
    if (!why)
        why = session_objection(g, auth);
    if (why)
        return refuse(auth, why);
    return device ? let_in(g, auth, device) : MOSQ_ERR_PLUGIN_DEFER;
}

/* It then asks anew, before it goes on, about everybody who has been let in, sessions that are away
 * too, and cuts off who is refused. What has changed for a device disconnect_changed() sees to. */
static int
on_reload(int event, void *event_data, void *user_data)
{
    struct gate *g = user_data;

    (void)event;
    (void)event_data;
    g->reloading = true;
    return MOSQ_ERR_SUCCESS;
}

/* ---- what they may do ---- */

static bool
may(const struct gate *g, const struct mosquitto_evt_acl_check *check,
    const struct hf_fleet_device *device)
{
    switch (check->access) {
    case MOSQ_ACL_WRITE:
        return hf_fleet_may_publish(device, check->topic);
    case MOSQ_ACL_SUBSCRIBE:
        return hf_fleet_may_subscribe(device, check->topic);
    case MOSQ_ACL_READ: /* queueing is reading: not for one that is away */
        return hf_present_has(&g->present, check->client) &&
               hf_fleet_may_read(device, check->topic);
    default:
        return true; /* to unsubscribe */
    }
}

/* MQTT 3.1.1 has no way to tell a device that what it published was not taken. */
static void
tell_denied(const struct mosquitto_evt_acl_check *check, struct hf_fleet_device *device)
{
    int64_t second = now_ms() / 1000;

    if (check->access == MOSQ_ACL_READ || (device->told_s && second - device->told_s < TELL_S))
        return;
    device->told_s = second;
    mosquitto_log_printf(MOSQ_LOG_NOTICE, "Device %s may not %s %s.", device->name,
                         check->access == MOSQ_ACL_WRITE ? "publish to" : "subscribe to",
                         check->topic);
}

static int
on_acl_check(int event, void *event_data, void *user_data)
{
    const struct mosquitto_evt_acl_check *check = event_data;
    const struct gate *g = user_data;
    struct hf_fleet_device *device;

    (void)event;
    if (!mosquitto_client_username(check->client)) /* the rest is the ACL file's */
        return check->access == MOSQ_ACL_SUBSCRIBE ? MOSQ_ERR_ACL_DENIED : MOSQ_ERR_PLUGIN_DEFER;
    if (!is_device(check->client))
        return MOSQ_ERR_PLUGIN_DEFER;
    device = account_of(g, check->client);
    if (device && may(g, check, device))
        return MOSQ_ERR_SUCCESS;
    if (device)
        tell_denied(check, device);
    return MOSQ_ERR_ACL_DENIED;
}

static void
hear_status(struct gate *g, const struct mosquitto_evt_message *message)
{
    static const char name[] = "\"" HF_GATE_SESSIONS_AWAY "\":";
    char text[STATUS_MAX];
    const char *at;

    snprintf(text, sizeof text, "%.*s", (int)message->payloadlen, (const char *)message->payload);
    at = strstr(text, name);
    if (at)
        g->away = strtoull(at + strlen(name), NULL, 10);
}

static int
on_message(int event, void *event_data, void *user_data)
{
    struct mosquitto_evt_message *message = event_data;
    const char *user = mosquitto_client_username(message->client);

    (void)event;
    if (is_device(message->client))
        message->retain = false;
    else if (strcmp(user, HF_GATE_STATUS_USER) == 0 &&
             strcmp(message->topic, HF_GATE_STATUS_TOPIC) == 0)
        hear_status(user_data, message);
    return MOSQ_ERR_SUCCESS;
}

static int
on_disconnect(int event, void *event_data, void *user_data)
{
    const struct mosquitto_evt_disconnect *gone = event_data;
    struct gate *g = user_data;

    (void)event;
    hf_present_remove(&g->present, gone->client);
    if (is_device(gone->client) && mosquitto_client_protocol_version(gone->client) == MQTT_5)
        g->recent[0]++;
    return MOSQ_ERR_SUCCESS;
}

/* ---- the file of devices ---- */

/* Who is no longer let in as before. The new accounts are in force by then. */
static void
disconnect_changed(const struct gate *g, const struct hf_fleet *old)
{
    for (size_t i = 0; i < old->count; i++) {
        const struct hf_fleet_device *is = hf_fleet_find(g->fleet, old->all[i].name);
        char name[ID_MAX + sizeof DEVICE_PREFIX];

        if (is && hf_fleet_same(&old->all[i], is))
            continue;
        snprintf(name, sizeof name, DEVICE_PREFIX "%s", old->all[i].name);
        mosquitto_kick_client_by_username(name, false);
    }
    if (old->anonymous && !g->fleet->anonymous)
        mosquitto_kick_client_by_username(NULL, false);
}

static bool
is_read(const struct gate *g, const struct stat *st)
{
    return st->st_ino == g->read.st_ino && st->st_dev == g->read.st_dev &&
           st->st_size == g->read.st_size && st->st_mtim.tv_sec == g->read.st_mtim.tv_sec &&
           st->st_mtim.tv_nsec == g->read.st_mtim.tv_nsec;
}

/* One that is wrong changes nothing, and is not read again: holdfastd only ever puts a new one in
 * its place. */
static void
look_at_devices(struct gate *g)
{
    HF_AUTO(hf_fleet) struct hf_fleet *old = NULL;
    struct hf_fleet *fresh = NULL;
    struct hf_error err = {0};
    struct stat st;

    if (stat(g->devices, &st) < 0 || is_read(g, &st))
        return;
    g->read = st;
    if (hf_fleet_read(g->devices, &fresh, &err) < 0) {
        mosquitto_log_printf(MOSQ_LOG_ERR, "Error: holdfast-gate: %s", err.message);
        return;
    }
    old = g->fleet;
    if (old)
        hf_fleet_inherit(fresh, old);
    g->fleet = fresh;
    if (old)
        disconnect_changed(g, old);
    mosquitto_log_printf(MOSQ_LOG_INFO, "%zu accounts of devices, %s without one.", fresh->count,
                         fresh->anonymous ? "and who comes" : "nobody");
}

/* By the clock that only goes on. */
static void
turn_span(struct gate *g)
{
    int64_t second = now_ms() / 1000;

    if (second - g->span_s < SPAN_S)
        return;
    g->span_s = second;
    g->recent[1] = g->recent[0];
    g->recent[0] = 0;
}

static void
say(const char *topic, uint64_t value, uint64_t *said)
{
    char text[NUMBER_MAX];
    int len = snprintf(text, sizeof text, "%llu", (unsigned long long)value);

    if (value != *said &&
        mosquitto_broker_publish_copy(NULL, topic, len, text, 0, true, NULL) == MOSQ_ERR_SUCCESS)
        *said = value;
}

/* Whose they were first: PID 1 hears the number then. */
static void
say_callers(struct gate *g)
{
    struct hf_callers *c = &g->callers;

    if (c->refused != g->said_callers && *c->address)
        (void)!mosquitto_broker_publish_copy(NULL, HF_GATE_TOPIC_CALLER, (int)strlen(c->address),
                                             c->address, 0, true, NULL);
    say(HF_GATE_TOPIC_CALLERS, c->refused, &g->said_callers);
}

static int
on_tick(int event, void *event_data, void *user_data)
{
    struct gate *g = user_data;

    (void)event;
    (void)event_data;
    g->reloading = false;
    if (now_ms() >= g->look_ms) {
        g->look_ms = now_ms() + LOOK_MS;
        look_at_devices(g);
    }
    turn_span(g);
    hf_callers_tick(&g->callers, now_ms());
    say_callers(g);
    say(HF_GATE_TOPIC_SESSIONS, g->sessions.count, &g->said_sessions);
    say(HF_GATE_TOPIC_REFUSED, g->refused, &g->said_refused);
    return MOSQ_ERR_SUCCESS;
}

static void
gate_free(struct gate *g)
{
    hf_sessions_done(&g->sessions);
    hf_present_done(&g->present);
    hf_callers_done(&g->callers);
    hf_fleet_free(g->fleet);
    free(g->inside.accounts);
    free(g->database);
    free(g->devices);
    free(g);
}

static bool
read_options(struct gate *g, const struct mosquitto_opt *options, int count)
{
    struct in_addr network = {0}, mask = {0};
    uint64_t sessions = 0;

    for (int i = 0; i < count; i++) {
        const char *key = options[i].key, *value = options[i].value;

        if (strcmp(key, "network") == 0 && inet_pton(AF_INET, value, &network) != 1)
            return false;
        if (strcmp(key, "mask") == 0 && inet_pton(AF_INET, value, &mask) != 1)
            return false;
        if (strcmp(key, "accounts") == 0 && !g->inside.accounts &&
            asprintf(&g->inside.accounts, ",%s,", value) < 0)
            return false;
        if (strcmp(key, "database") == 0 && !g->database && !(g->database = strdup(value)))
            return false;
        if (strcmp(key, "devices") == 0 && !g->devices && !(g->devices = strdup(value)))
            return false;
        if ((strcmp(key, "device_sessions") == 0 && !hf_text_u64(value, &sessions)) ||
            !hf_callers_option(&g->callers, key, value))
            return false;
    }
    g->inside.mask = mask.s_addr;
    g->inside.network = network.s_addr & mask.s_addr;
    g->sessions = (struct hf_sessions){
        .db = g->database, .is_exempt = is_service_id, .ctx = g, .max = sessions};
    return g->inside.accounts && g->database && g->devices && !network.s_addr == !mask.s_addr;
}

static const struct {
    int event;
    MOSQ_FUNC_generic_callback call;
} callbacks[] = {
    {MOSQ_EVT_BASIC_AUTH, on_basic_auth}, {MOSQ_EVT_ACL_CHECK, on_acl_check},
    {MOSQ_EVT_MESSAGE, on_message},       {MOSQ_EVT_TICK, on_tick},
    {MOSQ_EVT_DISCONNECT, on_disconnect}, {MOSQ_EVT_RELOAD, on_reload},
};

static int
listen_to(struct gate *g)
{
    int rc = MOSQ_ERR_SUCCESS;

    for (size_t i = 0; rc == MOSQ_ERR_SUCCESS && i < HF_LEN(callbacks); i++)
        rc = mosquitto_callback_register(g->id, callbacks[i].event, callbacks[i].call, NULL, g);
    return rc;
}

int
mosquitto_plugin_version(int supported_version_count, const int *supported_versions)
{
    for (int i = 0; i < supported_version_count; i++)
        if (supported_versions[i] == PLUGIN_VERSION)
            return PLUGIN_VERSION;
    return -1;
}

int
mosquitto_plugin_init(mosquitto_plugin_id_t *identifier, void **userdata,
                      struct mosquitto_opt *options, int option_count)
{
    struct gate *g = calloc(1, sizeof *g);

    if (!g)
        return MOSQ_ERR_NOMEM;
    g->said_sessions = g->said_refused = g->said_callers = UINT64_MAX; /* nothing yet */
    if (!read_options(g, options, option_count) || !hf_callers_init(&g->callers)) {
        mosquitto_log_printf(MOSQ_LOG_ERR, "Error: holdfast-gate: wrong options.");
        gate_free(g);
        return MOSQ_ERR_INVAL;
    }
    if (!hf_sessions_init(&g->sessions))
        mosquitto_log_printf(MOSQ_LOG_WARNING, "holdfast-gate: the saved sessions were not read.");
    look_at_devices(g);
    g->id = identifier;
    *userdata = g;
    return listen_to(g);
}

int
mosquitto_plugin_cleanup(void *userdata, struct mosquitto_opt *options, int option_count)
{
    struct gate *g = userdata;

    (void)options;
    (void)option_count;
    for (size_t i = 0; i < HF_LEN(callbacks); i++)
        mosquitto_callback_unregister(g->id, callbacks[i].event, callbacks[i].call, NULL);
    gate_free(g);
    return MOSQ_ERR_SUCCESS;
}
