// SPDX-License-Identifier: Apache-2.0
/*
 * What one container is created from. Two specs with the same hash make the same container but for
 * the limits that can be changed while it runs (hf_limits_live_equal()), so that a restarted
 * holdfastd touches nothing that matches, and other limits make no other container.
 */
#pragma once

#include "base/error.h"
#include "model/limits.h"
#include "model/release.h"

#include <stdint.h>
#include <sys/types.h>

enum {
    HF_SPEC_LIST_MAX = 6,
    HF_SPEC_MOUNTS_MAX = 12,
    HF_SPEC_RELAXATIONS_MAX = 4, /* capabilities, and devices */
    HF_CAPABILITY_SIZE = 24,
    HF_PATH_SIZE = 256,
    HF_HASH_SIZE = 65
};

enum hf_mount_kind { HF_MOUNT_VOLUME, HF_MOUNT_BIND, HF_MOUNT_TMPFS };

struct hf_mount {
    enum hf_mount_kind kind;
    char source[HF_PATH_SIZE]; /* volume name or host path; "" for tmpfs */
    char target[HF_PATH_SIZE];
    bool read_only;
    int64_t size_bytes; /* tmpfs only */
};

struct hf_port {
    char host_address[64];
    uint16_t host_port;
    uint16_t container_port; /* TCP */
};

struct hf_attachment {
    char network[HF_NAME_SIZE];
    char alias[HF_NAME_SIZE]; /* "" for none */
};

struct hf_spec {
    char instance[HF_NAME_SIZE];
    char service[HF_NAME_SIZE];
    char title[HF_NAME_SIZE]; /* for people */
    bool own;                 /* an operator's */
    char container[2 * HF_NAME_SIZE];
    struct hf_release_image image;
    uid_t uid; /* and gid */
    struct hf_limits limits;
    int stop_timeout_s;
    struct hf_mount mounts[HF_SPEC_MOUNTS_MAX];
    size_t mount_count;
    struct hf_port ports[HF_SPEC_LIST_MAX];
    size_t port_count;
    struct hf_attachment networks[HF_SPEC_LIST_MAX];
    size_t network_count;

    const struct hf_json *pin; /* all that its release says of it, borrowed; may be NULL */

    /* Of own services only. Arrays and objects borrowed from the release, NULL for none. */
    const struct hf_json *command; /* instead of the image's; strings */
    const struct hf_json *env;     /* name: value */

    /* What is less than the usual hardening; all of it is written in the release. */
    bool writable_root, new_privileges;
    char capabilities[HF_SPEC_RELAXATIONS_MAX][HF_CAPABILITY_SIZE]; /* as NET_RAW, in order */
    size_t capability_count;
    char devices[HF_SPEC_RELAXATIONS_MAX][HF_PATH_SIZE];
    size_t device_count;

    char hash[HF_HASH_SIZE]; /* hex; set by hf_spec_make() */
};

struct hf_network_spec {
    char name[HF_NAME_SIZE];
    bool internal; /* no way out and no published ports */
};

/* How this gateway names and places things; borrowed strings. */
struct hf_placement {
    const char *instance;
    const char *run_dir; /* host folder of services/<name>/ */
    const char *field_address;
    uint16_t field_port;
    /* Of TLS on that address, for devices with a password; those with a certificate have the next
     * one. Published where it is to be. */
    uint16_t field_tls_port;
    enum hf_field_doors { HF_FIELD_PLAIN, HF_FIELD_BOTH, HF_FIELD_TLS } field_doors;
};

/* The spec of the release's service index, sealed. It borrows from the release. */
HF_MUST int hf_spec_make(const struct hf_placement *p, const struct hf_release *r, size_t index,
                         struct hf_spec *ret_spec, struct hf_error *err);

/* The same container with other limits: seals it anew. */
void hf_spec_set_limits(struct hf_spec *s, const struct hf_limits *limits);

/* The networks of a gateway; at most HF_SPEC_LIST_MAX. Returns how many. */
size_t hf_spec_networks(const struct hf_placement *p, struct hf_network_spec *ret_networks);

/* Fixed user and group id of a service's image, by index. */
uid_t hf_service_uid(size_t index);
