// SPDX-License-Identifier: Apache-2.0
#include "common/env.h"

#include "base/log.h"
#include "base/text.h"
#include "common/stop.h"

#include <arpa/inet.h>
#include <netdb.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>

enum { RETRY_MS = 1000 };

static const char *
value_or(const char *name, const char *otherwise)
{
    const char *value = getenv(name); // NOLINT(concurrency-mt-unsafe): nobody calls setenv

    return value && *value ? value : otherwise;
}

const char *
hf_env_run_dir(void)
{
    return value_or("HF_RUN_DIR", "/run/holdfast");
}

const char *
hf_env_data_dir(void)
{
    return value_or("HF_DATA_DIR", "/data");
}

const char *
hf_env_tmp_dir(void)
{
    return value_or("HF_TMP_DIR", "/tmp");
}

const char *
hf_env_broker(void)
{
    return value_or("HF_BROKER", "broker:1884");
}

const char *
hf_env_buffer(void)
{
    return value_or("HF_BUFFER", "buffer:8081");
}

const char *
hf_env_forwarder(void)
{
    return value_or("HF_FORWARDER", "forwarder:8083");
}

const char *
hf_env_processor(void)
{
    return value_or("HF_PROCESSOR", "processor:8082");
}

const char *
hf_env_field(void)
{
    return value_or("HF_FIELD", "0.0.0.0:1883");
}

const char *
hf_env_field_tls(void)
{
    return value_or("HF_FIELD_TLS", "0.0.0.0:8883");
}

const char *
hf_env_mosquitto(void)
{
    return value_or("HF_MOSQUITTO", "/usr/sbin/mosquitto");
}

const char *
hf_env_gate(void)
{
    return value_or("HF_GATE", "/usr/lib/holdfast/holdfast-gate.so");
}

int
hf_address_parse(const char *text, struct hf_address *ret_address, struct hf_error *err)
{
    const char *colon = strrchr(text, ':');
    uint64_t port;

    if (!colon || colon == text || (size_t)(colon - text) >= sizeof ret_address->host ||
        !hf_text_u64(colon + 1, &port) || port < 1 || port > 65535)
        return hf_error_set(err, HF_ERROR_INVALID, "'%s' is not HOST:PORT", text);
    memcpy(ret_address->host, text, (size_t)(colon - text));
    ret_address->host[colon - text] = '\0';
    ret_address->port = (int)port;
    return 0;
}

int
hf_address_resolve(const struct hf_address *address, char ret_ip[HF_IP_MAX], struct hf_error *err)
{
    struct addrinfo hints = {.ai_family = AF_INET, .ai_socktype = SOCK_STREAM};
    struct addrinfo *found = NULL;
    struct sockaddr_in first;
    int rc = getaddrinfo(address->host, NULL, &hints, &found);

    if (rc)
        return hf_error_set(err, HF_ERROR_UNAVAILABLE, "cannot resolve '%s': %s", address->host,
                            gai_strerror(rc));
    memcpy(&first, found->ai_addr, sizeof first);
    freeaddrinfo(found);
    if (!inet_ntop(AF_INET, &first.sin_addr, ret_ip, HF_IP_MAX))
        return hf_error_set(err, HF_ERROR_INTERNAL, "cannot print the address of '%s'",
                            address->host);
    return 0;
}

int
hf_address_await(const struct hf_address *own, char ret_ip[HF_IP_MAX], struct hf_error *err)
{
    bool said = false;

    while (hf_address_resolve(own, ret_ip, err) < 0) {
        if (!said)
            hf_log_info("event=waiting-for-own-address reason=\"%s\"", err->message);
        said = true;
        if (hf_stop_sleep(RETRY_MS))
            return -1;
    }
    return 0;
}
