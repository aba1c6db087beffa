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
 *     plugin /usr/lib/holdfast/holdfast-gate.so
 *     plugin_opt_accounts processor,buffer           their ids, and the same with -status
 *     plugin_opt_network 172.20.0.0                  both, or none in a trial on the loopback,
 *     plugin_opt_mask 255.255.0.0                    where nothing tells the listeners apart
 */
#include <arpa/inet.h>
#include <mosquitto.h>
#include <mosquitto_broker.h>
#include <mosquitto_plugin.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { PLUGIN_VERSION = 5, ID_MAX = 64 };

struct gate {
    mosquitto_plugin_id_t *id;
    in_addr_t network, mask; /* network byte order; mask 0: not known */
    char *accounts;          /* with a comma before and after each */
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
is_service_id(const struct gate *g, const char *id)
{
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
objection(const struct gate *g, const struct mosquitto_evt_basic_auth *auth)
{
    bool internal = is_internal(g, mosquitto_client_address(auth->client));

    if (!auth->username && is_service_id(g, mosquitto_client_id(auth->client)))
        return "that client id is a service's";
    if (!g->mask || internal == (auth->username != NULL))
        return NULL;
    return internal ? "the internal listener takes services only"
                    : "there are no accounts for devices yet, leave out the user name";
}

static int
on_basic_auth(int event, void *event_data, void *user_data)
{
    const struct mosquitto_evt_basic_auth *auth = event_data;
    const char *why = objection(user_data, auth);

    (void)event;
    if (!why)
        return MOSQ_ERR_PLUGIN_DEFER; /* mosquitto checks the password, or lets the device in */
    mosquitto_log_printf(MOSQ_LOG_NOTICE, "Client %s from %s refused: %s.",
                         mosquitto_client_id(auth->client), mosquitto_client_address(auth->client),
                         why);
    return MOSQ_ERR_AUTH;
}

static void
gate_free(struct gate *g)
{
    free(g->accounts);
    free(g);
}

static bool
read_options(struct gate *g, const struct mosquitto_opt *options, int count)
{
    struct in_addr network = {0}, mask = {0};

    for (int i = 0; i < count; i++) {
        const char *key = options[i].key, *value = options[i].value;

        if (strcmp(key, "network") == 0 && inet_pton(AF_INET, value, &network) != 1)
            return false;
        if (strcmp(key, "mask") == 0 && inet_pton(AF_INET, value, &mask) != 1)
            return false;
        if (strcmp(key, "accounts") == 0 && !g->accounts &&
            asprintf(&g->accounts, ",%s,", value) < 0)
            return false;
    }
    g->mask = mask.s_addr;
    g->network = network.s_addr & mask.s_addr;
    return g->accounts && !network.s_addr == !mask.s_addr;
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
    if (!read_options(g, options, option_count)) {
        mosquitto_log_printf(MOSQ_LOG_ERR, "Error: holdfast-gate: wrong options.");
        gate_free(g);
        return MOSQ_ERR_INVAL;
    }
    g->id = identifier;
    *userdata = g;
    return mosquitto_callback_register(identifier, MOSQ_EVT_BASIC_AUTH, on_basic_auth, NULL, g);
}

int
mosquitto_plugin_cleanup(void *userdata, struct mosquitto_opt *options, int option_count)
{
    struct gate *g = userdata;

    (void)options;
    (void)option_count;
    mosquitto_callback_unregister(g->id, MOSQ_EVT_BASIC_AUTH, on_basic_auth, NULL);
    gate_free(g);
    return MOSQ_ERR_SUCCESS;
}
