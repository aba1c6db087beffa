// SPDX-License-Identifier: Apache-2.0
/* TLS for MQTT from PEM texts in memory: libmosquitto's own way wants files. */
#pragma once

#include "forwarder/settings.h"
#include "forwarder/tls_seen.h"

#include <openssl/ssl.h>

struct hf_mqtt_tls {
    SSL_CTX *ctx;
    const char *name; /* asked for by SNI, looked for in the certificate */
    bool done;        /* the handshake came to its end */
    char wrong[128];  /* what is wrong with the certificate shown to us */
    struct hf_tls_seen seen;
};

/* name outlives t, and t must not move. HF_ERROR_INVALID where a PEM of ours is none. */
HF_MUST int hf_mqtt_tls_init(struct hf_mqtt_tls *t, const struct hf_sink_settings *s,
                             const char *name, struct hf_error *err);
void hf_mqtt_tls_done(struct hf_mqtt_tls *t);
