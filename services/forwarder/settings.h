// SPDX-License-Identifier: Apache-2.0
/* The sinks that settings.json names, with their secrets from credentials.json
 * (api/record-path.md). */
#pragma once

#include "json/json.h"

enum {
    HF_SINKS_MAX = 8,
    HF_SINK_NAME_MAX = 32,
    HF_GATEWAY_MAX = 64,
    HF_SINK_BATCH_MIN = 16 * 1024,
    HF_SINK_BATCH_MAX = 4 * 1024 * 1024,
};

enum hf_sink_type { HF_SINK_HTTPS, HF_SINK_MQTT, HF_SINK_TYPE_COUNT };
enum hf_sink_format { HF_FORMAT_NDJSON, HF_FORMAT_CLOUDEVENTS, HF_FORMAT_COUNT };
enum hf_sink_encoding {
    HF_ENCODING_IDENTITY,
    HF_ENCODING_GZIP,
    HF_ENCODING_ZSTD,
    HF_ENCODING_COUNT
};

/* Texts are owned; "" where not given. */
struct hf_sink_settings {
    char name[HF_SINK_NAME_MAX + 1];
    char gateway[HF_GATEWAY_MAX];
    enum hf_sink_type type;
    char *url;
    char *ca_pem, *client_cert_pem, *client_key_pem, *server_name;
    int64_t max_bytes_per_s; /* 0: no cap */
    int64_t batch_bytes;     /* 0: not said */
    int64_t linger_ms;
    /* https */
    enum hf_sink_format format;
    enum hf_sink_encoding encoding;
    char *token, *header_name, *header_value;
    char *proxy, *proxy_user, *proxy_password;
    /* mqtt */
    bool version5;
    bool payload_only; /* what the device sent and not the record */
    char *client_id, *user, *password, *topic;
    int64_t inflight;
    /* All it was read from: another text is another sink. */
    char *source;
};

struct hf_sink_list {
    struct hf_sink_settings sinks[HF_SINKS_MAX];
    size_t count;
};

/* Reads and checks all; *ret_list is only written when all of it is right. The error carries the
 * pointer into settings.json. Secrets are looked up in credentials /sinks/NAME. */
HF_MUST int hf_sink_list_read(const struct hf_json *settings, const struct hf_json *credentials,
                              struct hf_sink_list *ret_list, struct hf_error *err);

void hf_sink_settings_done(struct hf_sink_settings *s);
void hf_sink_list_done(struct hf_sink_list *l);

const char *hf_sink_type_name(enum hf_sink_type type);
