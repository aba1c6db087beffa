// SPDX-License-Identifier: Apache-2.0
/*
 * An operator's own service, as a release describes it among its "services":
 *
 *     "adapter": {
 *       "repository": "plant/adapter", "tag": "1.4.2", "platforms": {…},       as of every service
 *       "user": 20001,                                      uid and gid; not root
 *       "limits": { "memory_bytes": …, "cpus": 0.5, "pids": 32, … }       see model/limits.h
 *     and, all of it optional:
 *       "title": "Modbus adapter", "command": ["/bin/adapter", "-v"], "env": { "NAME": "value" },
 *       "secrets": ["api-key"],       files /run/holdfast/secrets/NAME; values: configuration "own"
 *       "volumes": [{ "name": "data", "target": "/data", "read_only": false }],
 *       "tmpfs": [{ "target": "/tmp", "size_bytes": 4194304 }],
 *       "networks": ["bus", "egress", "plant"],         own names are internal networks of their
 * own "ports": [{ "port": 502, "container_port": 1502 }],    TCP; allowed in configuration "own"
 *       "bus": { "write": ["uplink/plc/#"], "read": ["field/plc/#"] },     an account on the broker
 *       "health": { "bus": true } or { "tcp": 1502 } or { "http": { "port": 80, "path": "/up" } },
 *       "depends_on": ["broker"], "stop_timeout_s": 10,
 *       "relaxations": { "capabilities": ["NET_RAW"], "devices": ["/dev/ttyUSB0"],
 *         "binds": [{ "source": "/srv/x", "target": "/x", "read_only": true }],
 *         "writable_root": true, "new_privileges": true, "root": true } }
 *
 * What is not relaxed there is as for the built-in ones: read-only root, all capabilities dropped,
 * no new privileges, no root.
 */
#pragma once

#include "base/error.h"
#include "json/json.h"

#include <stdbool.h>

enum {
    HF_OWN_NAME_MAX = 32,
    HF_OWN_ARGS_MAX = 32,
    HF_OWN_VARIABLES_MAX = 32,
    HF_OWN_TEXT_MAX = 1024, /* of an argument or the value of a variable */
    HF_OWN_ENV_MAX = HF_OWN_TEXT_MAX + 68,
    HF_OWN_SECRETS_MAX = 8,
    HF_OWN_STOP_S_MAX = 120
};

enum hf_own_health { HF_OWN_HEALTH_NONE, HF_OWN_HEALTH_BUS, HF_OWN_HEALTH_TCP, HF_OWN_HEALTH_HTTP };

/* Whether it can be the name of an own service: a host label of at most HF_OWN_NAME_MAX that no
 * account or network of the gateway has. On false why gets the reason, a static string. */
bool hf_own_is_name(const char *name, const char **ret_why);

/* Checks a whole description but for repository, tag and platforms, which every service has;
 * pointer is where it stands. */
HF_MUST int hf_own_check(const struct hf_json *v, const char *pointer, struct hf_error *err);

enum hf_own_health hf_own_health_kind(const struct hf_json *own);

/* Whether a name is in an array of strings; false for NULL. */
bool hf_own_lists(const struct hf_json *array, const char *name);
