// SPDX-License-Identifier: Apache-2.0
/*
 * A plugin of mosquitto that tells its two listeners apart: on the internal network only accounts
 * connect, from anywhere else only devices, which have none. mosquitto's own way to do that,
 * per_listener_settings, loses what is queued for a client that is away (see config.c), and a
 * plugin is not told the listener; but the internal network's addresses are its own.
 *
 *     plugin /usr/lib/holdfast/holdfast-gate.so
 *     plugin_opt_network 172.20.0.0
 *     plugin_opt_mask 255.255.0.0
 */
#include <arpa/inet.h>
#include <mosquitto.h>
#include <mosquitto_broker.h>
#include <mosquitto_plugin.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

enum { PLUGIN_VERSION = 5 };

struct gate {
    mosquitto_plugin_id_t *id;
    in_addr_t network, mask; /* network byte order */
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

static int
on_basic_auth(int event, void *event_data, void *user_data)
{
    const struct mosquitto_evt_basic_auth *auth = event_data;
    bool internal = is_internal(user_data, mosquitto_client_address(auth->client));

    (void)event;
    if (internal == (auth->username != NULL))
        return MOSQ_ERR_PLUGIN_DEFER; /* mosquitto checks the password, or lets the device in */
    mosquitto_log_printf(MOSQ_LOG_NOTICE, "Client %s from %s refused: %s.",
                         mosquitto_client_id(auth->client), mosquitto_client_address(auth->client),
                         internal
                             ? "the internal listener takes services only"
                             : "there are no accounts for devices yet, leave out the user name");
    return MOSQ_ERR_AUTH;
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
    struct in_addr network = {0}, mask = {0};

    if (!g)
        return MOSQ_ERR_NOMEM;
    for (int i = 0; i < option_count; i++) {
        if (strcmp(options[i].key, "network") == 0)
            (void)inet_pton(AF_INET, options[i].value, &network);
        if (strcmp(options[i].key, "mask") == 0)
            (void)inet_pton(AF_INET, options[i].value, &mask);
    }
    if (!network.s_addr || !mask.s_addr) {
        mosquitto_log_printf(MOSQ_LOG_ERR, "holdfast-gate: network and mask are needed");
        free(g);
        return MOSQ_ERR_INVAL;
    }
    g->id = identifier;
    g->mask = mask.s_addr;
    g->network = network.s_addr & mask.s_addr;
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
    free(g);
    return MOSQ_ERR_SUCCESS;
}
