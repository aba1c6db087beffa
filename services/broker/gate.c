// SPDX-License-Identifier: Apache-2.0
/*
 * A plugin of mosquitto that tells its two listeners apart: on the internal network only accounts
 * connect, from anywhere else only devices, which have none. mosquitto's own way to do that,
 * per_listener_settings, loses what is queued for a client that is away (see config.c), and a
 * plugin is not told the listener; but the internal network's addresses are its own.
 *
 * And no device comes with the client id of a service: mosquitto has one set of ids for all its
 * listeners, so that a device called `processor` would take over the processor's session, with all
 * that is queued in it (tried).
 *
 * It also bounds what mosquitto does not. Devices only publish, so what else they could leave in
 * the broker's memory serves nobody: sessions for ever new client ids (bounded in number,
 * sessions.h), subscriptions (refused in the SUBACK) and retained messages (taken as messages).
 *
 *     plugin /usr/lib/holdfast/holdfast-gate.so
 *     plugin_opt_accounts processor,buffer           their ids, and the same with -status
 *     plugin_opt_database /data/mosquitto.db         the saved sessions
 *     plugin_opt_device_sessions 2000                so many may be left
 *     plugin_opt_network 172.20.0.0                  both, or none in a trial on the loopback,
 *     plugin_opt_mask 255.255.0.0                    where nothing tells the listeners apart
 */
#include "broker/gate.h"

#include "base/text.h"
#include "broker/sessions.h"

#include <arpa/inet.h>
#include <mosquitto.h>
#include <mosquitto_broker.h>
#include <mosquitto_plugin.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

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
};

struct gate {
    mosquitto_plugin_id_t *id;
    in_addr_t network, mask; /* network byte order; mask 0: not known */
    char *accounts;          /* with a comma before and after each */
    char *database;
    struct hf_sessions sessions;
    uint64_t away;      /* sessions without a connection, as PID 1 tells */
    uint64_t recent[2]; /* devices with MQTT 5 that have gone in this span, and in the last */
    time_t span_s;      /* when it began */
    uint64_t refused;   /* that would have left one more */
    uint64_t said_sessions, said_refused;
};

static bool
is_internal(const struct gate *g, const char *address)
{
    struct in_addr a;

    /* A dual-stack socket gives IPv4 peers as ::ffff:a.b.c.d (RFC 4291 §2.5.5.2). */
    if (address && strncmp(address, "::ffff:", 7) == 0)
        address += 7;
    return address && inet_pton(AF_INET, address, &a) == 1 && (a.s_addr & g->mask) == g->network;
}

static bool
is_service_id(void *ctx, const char *id)
{
    const struct gate *g = ctx;
    static const char second[] = "-status";
    size_t len = id ? strlen(id) : 0;
    char wanted[ID_MAX + 3];

    if (len > sizeof second - 1 && strcmp(id + len - (sizeof second - 1), second) == 0)
        len -= sizeof second - 1;
    if (len == 0 || len > ID_MAX)
        return false;
    snprintf(wanted, sizeof wanted, ",%.*s,", (int)len, id);
    return strstr(g->accounts, wanted);
}

/* Why the client may not even be asked for its password; NULL when it may. */
static const char *
objection(struct gate *g, const struct mosquitto_evt_basic_auth *auth)
{
    bool internal = is_internal(g, mosquitto_client_address(auth->client));

    if (!auth->username && is_service_id(g, mosquitto_client_id(auth->client)))
        return "that client id is a service's";
    if (!g->mask || internal == (auth->username != NULL))
        return NULL;
    return internal ? "the internal listener takes services only"
                    : "there are no accounts for devices yet, leave out the user name";
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

    if (auth->username || !id)
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
on_basic_auth(int event, void *event_data, void *user_data)
{
    const struct mosquitto_evt_basic_auth *auth = event_data;
    const char *why = objection(user_data, auth);

    if (!why)
        why = session_objection(user_data, auth);

    (void)event;
    if (!why)
        return MOSQ_ERR_PLUGIN_DEFER; /* mosquitto checks the password, or lets the device in */
    mosquitto_log_printf(MOSQ_LOG_NOTICE, "Client %s from %s refused: %s.",
                         mosquitto_client_id(auth->client), mosquitto_client_address(auth->client),
                         why);
    return MOSQ_ERR_AUTH;
}

static int
on_acl_check(int event, void *event_data, void *user_data)
{
    const struct mosquitto_evt_acl_check *check = event_data;

    (void)event;
    (void)user_data;
    if (check->access != MOSQ_ACL_SUBSCRIBE || mosquitto_client_username(check->client))
        return MOSQ_ERR_PLUGIN_DEFER; /* to the ACL file */
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
    if (!user)
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
    if (!mosquitto_client_username(gone->client) &&
        mosquitto_client_protocol_version(gone->client) == MQTT_5)
        g->recent[0]++;
    return MOSQ_ERR_SUCCESS;
}

/* By the clock that only goes on. */
static void
turn_span(struct gate *g)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    if (now.tv_sec - g->span_s < SPAN_S)
        return;
    g->span_s = now.tv_sec;
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

static int
on_tick(int event, void *event_data, void *user_data)
{
    struct gate *g = user_data;

    (void)event;
    (void)event_data;
    turn_span(g);
    say(HF_GATE_TOPIC_SESSIONS, g->sessions.count, &g->said_sessions);
    say(HF_GATE_TOPIC_REFUSED, g->refused, &g->said_refused);
    return MOSQ_ERR_SUCCESS;
}

static void
gate_free(struct gate *g)
{
    hf_sessions_done(&g->sessions);
    free(g->accounts);
    free(g->database);
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
        if (strcmp(key, "accounts") == 0 && !g->accounts &&
            asprintf(&g->accounts, ",%s,", value) < 0)
            return false;
        if (strcmp(key, "database") == 0 && !g->database && !(g->database = strdup(value)))
            return false;
        if (strcmp(key, "device_sessions") == 0 && !hf_text_u64(value, &sessions))
            return false;
    }
    g->mask = mask.s_addr;
    g->network = network.s_addr & mask.s_addr;
    g->sessions = (struct hf_sessions){
        .db = g->database, .is_exempt = is_service_id, .ctx = g, .max = sessions};
    return g->accounts && g->database && !network.s_addr == !mask.s_addr;
}

static const struct {
    int event;
    MOSQ_FUNC_generic_callback call;
} callbacks[] = {
    {MOSQ_EVT_BASIC_AUTH, on_basic_auth}, {MOSQ_EVT_ACL_CHECK, on_acl_check},
    {MOSQ_EVT_MESSAGE, on_message},       {MOSQ_EVT_TICK, on_tick},
    {MOSQ_EVT_DISCONNECT, on_disconnect},
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
    g->said_sessions = g->said_refused = UINT64_MAX; /* nothing yet */
    if (!read_options(g, options, option_count)) {
        mosquitto_log_printf(MOSQ_LOG_ERR, "Error: holdfast-gate: wrong options.");
        gate_free(g);
        return MOSQ_ERR_INVAL;
    }
    if (!hf_sessions_init(&g->sessions))
        mosquitto_log_printf(MOSQ_LOG_WARNING, "holdfast-gate: the saved sessions were not read.");
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
