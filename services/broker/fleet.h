// SPDX-License-Identifier: Apache-2.0
/*
 * Which devices may come, and what each may do: the file `devices` that holdfastd writes and the
 * plugin reads (gate.c). Sorted by name, complete or not taken:
 *
 *     holdfast-devices 1
 *     anonymous no                          or yes: who has no account may publish
 *     account d7 $7$101$SALT$HASH           PBKDF2-HMAC-SHA512, as mosquitto_passwd writes it
 *     publish field/sensors/d7/#            as the broker sees it, below the mount point
 *     subscribe field/commands/d7/#
 *     certificate d8 2f0a…                  an account that comes by the certificate with that
 *                                           SHA-256 (64 hex digits), and by no password
 *     end 2                                 so many accounts
 *
 * An account that is disabled is not in it.
 */
#pragma once

#include "base/error.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    HF_FLEET_FILE_MAX = 2 * 1024 * 1024,
    HF_FLEET_ROUNDS_MOST = 100000, /* of a hash: 0.1 s, and the broker does nothing else then */
    HF_FLEET_PROOF_SIZE = 32
};

struct hf_fleet_device {
    const char *name;
    const char *hash, *certificate;                /* one of them, the other is "" */
    const char *const *publish, *const *subscribe; /* filters */
    size_t publish_count, subscribe_count;
    /* Of the password that was right last: the same one again costs no rounds. */
    unsigned char proof[HF_FLEET_PROOF_SIZE];
    bool proven;
    int64_t told_s; /* when somebody last said what it may not do; the caller's */
};

struct hf_fleet {
    bool anonymous;
    size_t count;
    struct hf_fleet_device *all; /* by name */
    const char **filters;
    char *text;
    unsigned char key[HF_FLEET_PROOF_SIZE]; /* of the proofs; of this process alone */
};

/* Reads the file. NOT_FOUND where there is none; MALFORMED with the line. */
HF_MUST int hf_fleet_read(const char *path, struct hf_fleet **ret_fleet, struct hf_error *err);
/* The same of a text, which is the result's from then on, on failure too. */
HF_MUST int hf_fleet_parse(char *consume_text, size_t len, struct hf_fleet **ret_fleet,
                           struct hf_error *err);
void hf_fleet_free(struct hf_fleet *d);
HF_DEFINE_AUTO(struct hf_fleet, hf_fleet, hf_fleet_free)

/* NULL where there is none of that name. */
struct hf_fleet_device *hf_fleet_find(const struct hf_fleet *d, const char *name);

/* Whether both may do the same, with the same password or certificate. */
bool hf_fleet_same(const struct hf_fleet_device *a, const struct hf_fleet_device *b);

/* Takes over from old what was proven of accounts that are the same. */
void hf_fleet_inherit(struct hf_fleet *d, const struct hf_fleet *old);

/* Whether it is its password, as far as that is known without computing the hash; and by computing
 * it, which is remembered. */
bool hf_fleet_knows(const struct hf_fleet *d, const struct hf_fleet_device *device,
                    const char *password);
bool hf_fleet_verify(const struct hf_fleet *d, struct hf_fleet_device *device,
                     const char *password);

/* topic has no wildcards, and the mount point. */
bool hf_fleet_may_publish(const struct hf_fleet_device *device, const char *topic);
bool hf_fleet_may_read(const struct hf_fleet_device *device, const char *topic);
/* Whether every topic of filter is one of a filter that it has. */
bool hf_fleet_may_subscribe(const struct hf_fleet_device *device, const char *filter);

/* Whether every topic of filter is one of within; a topic is a filter without wildcards (MQTT
 * 3.1.1, 4.7). */
bool hf_fleet_covers(const char *within, const char *filter);
