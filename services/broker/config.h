// SPDX-License-Identifier: Apache-2.0
/* mosquitto's configuration, password and ACL files, written into the temporary folder. */
#pragma once

#include "common/env.h"
#include "json/json.h"

#include <stdbool.h>
#include <stdint.h>

/* How devices may come. */
enum hf_broker_tls { HF_BROKER_PLAIN, HF_BROKER_BOTH, HF_BROKER_TLS };

struct hf_broker_config {
    bool open;                   /* with the listener for devices */
    char internal_ip[HF_IP_MAX]; /* where the internal listener stands */
    /* Of that network, by hf_broker_find_mask(); "": nothing tells the listeners apart. */
    char internal_mask[HF_IP_MAX];
    int internal_port;
    struct hf_address field;
    enum hf_broker_tls tls;
    struct hf_address field_tls; /* with passwords; with certificates on the next port */
    const char *data_dir;
    const char *tmp_dir;
    int64_t max_queued_messages;
    int64_t max_queued_bytes;
    int64_t max_packet_bytes;
    int64_t max_devices;         /* connected at once, to each listener */
    int64_t address_connections; /* of one address, to all listeners; 0: no bound */
    int64_t max_device_sessions; /* left by devices, connected or not */
    int64_t session_days;        /* after which a session of a client that is away ends */
    int64_t memory_limit;        /* bytes of heap; 0 for none */
};

/* Takes the bounds of queues and devices, and how these come, from settings.json; refuses what is
 * out of range by name. */
HF_MUST int hf_broker_settings(const struct hf_json *settings, struct hf_broker_config *c,
                               struct hf_error *err);

/* Finds the mask of the network with address c->internal_ip; "" where that is the loopback, by
 * which nothing but a trial outside a container is reached. NOT_FOUND where no interface has it. */
HF_MUST int hf_broker_find_mask(struct hf_broker_config *c, struct hf_error *err);

enum { HF_BROKER_DOORS_MAX = 3 };
/* The ports that devices may come to; returns how many. */
size_t hf_broker_doors(const struct hf_broker_config *c, int ret_ports[HF_BROKER_DOORS_MAX]);

/* How many may come to each of the two by TLS: as memory allows, but not more than max_devices. */
int64_t hf_broker_tls_devices(const struct hf_broker_config *c);

/* How many may be connected to all listeners together. */
int64_t hf_broker_places(const struct hf_broker_config *c);

/* Writes mosquitto.conf, passwd (from credentials' accounts) and acl. */
HF_MUST int hf_broker_write(const struct hf_broker_config *c, const struct hf_json *credentials,
                            struct hf_error *err);

/* Three quarters of this container's memory limit (cgroup v2 or v1); 0 where there is none. */
int64_t hf_broker_memory_limit(void);

enum { HF_PASSWORD_LINE_MAX = 256 };

/* `user:$7$101$salt$hash\n`: PBKDF2-HMAC-SHA512 as mosquitto_passwd writes it. */
HF_MUST int hf_broker_password_line(const char *user, const char *password,
                                    const unsigned char salt[12], char out[HF_PASSWORD_LINE_MAX],
                                    struct hf_error *err);
