// SPDX-License-Identifier: Apache-2.0
/*
 * What may be asked of Docker through holdfast-docker, and nothing else may: the calls that
 * engine/ makes, on objects of one gateway, with the bodies that engine/ writes. What a release or
 * the configuration of holdfastd relaxes beyond that does not count here; it has to be allowed in
 * the options of this program too, which the HTTP side cannot change.
 */
#pragma once

#include "base/error.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Carried by all that a gateway makes; the same as in engine/inspect.h (a test compares). */
#define HF_DGUARD_LABEL_INSTANCE "io.holdfast.instance"
#define HF_DGUARD_LABEL_SERVICE "io.holdfast.service"
#define HF_DGUARD_LABELS "io.holdfast."

enum { HF_DGUARD_ALLOW_MAX = 16 };

struct hf_dguard_list {
    const char *items[HF_DGUARD_ALLOW_MAX];
    size_t count;
};

struct hf_dguard_range {
    uint16_t first, last;
};

struct hf_dguard_ports {
    struct hf_dguard_range items[HF_DGUARD_ALLOW_MAX];
    size_t count;
};

/* Borrowed strings. */
struct hf_dguard_policy {
    const char *instance;
    const char *run_dir;                /* of holdfastd: services/NAME below it is a service's */
    struct hf_dguard_list binds;        /* paths of the host, with all below them */
    struct hf_dguard_list devices;      /* exactly */
    struct hf_dguard_list capabilities; /* as NET_RAW */
    struct hf_dguard_ports ports;       /* of the host, besides those from 1024 on */
    struct hf_dguard_ports kept_ports;  /* of the host, for no container */
    bool root;                          /* user 0 in a container */
    bool new_privileges;                /* a container without no-new-privileges */
};

/* Whether a container may be published at this port of the host. Below 1024 are the host's own:
 * SSH, and what a person takes for the host's word. */
bool hf_dguard_may_publish(const struct hf_dguard_policy *p, uint64_t port);

bool hf_dguard_lists(const struct hf_dguard_list *list, const char *text);

/* FORBIDDEN, saying that what stands at pointer (RFC 6901) must be otherwise. Returns -1. */
int hf_dguard_refuse(struct hf_error *err, const char *pointer, const char *must);

/* ---- forms of text ---- */

/* What Docker takes as a name (of at most 128 bytes) and is never part of an id, since it begins
 * with the instance and a dash. */
bool hf_dguard_is_ours(const struct hf_dguard_policy *p, const char *name);

/* A name or an id of a container, network or volume. */
bool hf_dguard_is_ref(const char *text);

/* sha256:… or repository@sha256:… */
bool hf_dguard_is_pinned(const char *image);

/* A reference of an image, pinned or not. */
bool hf_dguard_is_image(const char *image);

/* An absolute path of at most 255 bytes, not "/", without "..", ".", "//", ':', ',', '"', '\' and
 * control characters. */
bool hf_dguard_is_path(const char *text);

/* Decimal digits, one to max of them. */
bool hf_dguard_is_digits(const char *text, size_t max);
