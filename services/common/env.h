// SPDX-License-Identifier: Apache-2.0
/*
 * Where a service finds things. In a container every name has its default; the variables are for
 * running a service as a plain process:
 *
 *     HF_RUN_DIR=/run/holdfast   credentials.json, settings.json
 *     HF_DATA_DIR=/data          what must survive
 *     HF_TMP_DIR=/tmp            what need not (the broker's generated configuration)
 *     HF_BROKER=broker:1884      the internal MQTT listener
 *     HF_BUFFER=buffer:8081      the buffer's HTTP
 *     HF_FORWARDER=forwarder:8083   the forwarder's HTTP
 *     HF_PROCESSOR=processor:8082   the processor's HTTP
 *     HF_FIELD=0.0.0.0:1883      where the broker takes devices
 *     HF_FIELD_TLS=0.0.0.0:8883  the same by TLS, and on the next port with their certificates
 *     HF_MOSQUITTO=/usr/sbin/mosquitto
 *     HF_GATE=/usr/lib/holdfast/holdfast-gate.so   our plugin in it
 */
#pragma once

#include "base/error.h"

#include <stddef.h>

const char *hf_env_run_dir(void);
const char *hf_env_data_dir(void);
const char *hf_env_tmp_dir(void);
const char *hf_env_broker(void);
const char *hf_env_buffer(void);
const char *hf_env_forwarder(void);
const char *hf_env_processor(void);
const char *hf_env_field(void);
const char *hf_env_field_tls(void);
const char *hf_env_mosquitto(void);
const char *hf_env_gate(void);

enum { HF_HOST_MAX = 256 };

struct hf_address {
    char host[HF_HOST_MAX];
    int port;
};

/* Reads `host:port`. */
HF_MUST int hf_address_parse(const char *text, struct hf_address *ret_address,
                             struct hf_error *err);

enum { HF_IP_MAX = 46 }; /* INET6_ADDRSTRLEN */

/* The first IPv4 address of the host, as text. */
HF_MUST int hf_address_resolve(const struct hf_address *address, char ret_ip[HF_IP_MAX],
                               struct hf_error *err);

/* The same of a name of our own, and waits for it: a container may start before its name is known.
 * -1 only where the service is to stop. */
HF_MUST int hf_address_await(const struct hf_address *own, char ret_ip[HF_IP_MAX],
                             struct hf_error *err);
