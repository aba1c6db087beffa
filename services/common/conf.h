// SPDX-License-Identifier: Apache-2.0
/*
 * The two files that the gateway gives to each service, credentials.json and settings.json: waited
 * for at start, and read again when they are replaced.
 */
#pragma once

#include "json/json.h"

#include <sys/types.h>
#include <time.h>

enum { HF_CONF_MAX = 256 * 1024 };

struct hf_conf {
    const char *name; /* file name inside the run folder */
    dev_t dev;
    ino_t ino;
    struct timespec mtime;
    off_t size;
};

#define HF_CONF_INIT(file) ((struct hf_conf){.name = (file)})

/* Reads the file if it is another one than last time: 1 and a tree, 0 nothing new, -1 error (the
 * file stays "seen", so that a wrong one is reported once). */
HF_MUST int hf_conf_poll(struct hf_conf *c, struct hf_json **ret_doc, struct hf_error *err);

/* Waits until the file is there and readable, saying once what it waits for; -1 when the service
 * is to stop first. */
HF_MUST int hf_conf_wait(struct hf_conf *c, struct hf_json **ret_doc);

enum { HF_SECRET_MAX = 256 };

/* What `bus` in credentials.json says. */
struct hf_account {
    char user[HF_SECRET_MAX];
    char password[HF_SECRET_MAX];
};

HF_MUST int hf_conf_account(const struct hf_json *credentials, struct hf_account *ret_account,
                            struct hf_error *err);

/* Copies a text member; empty where absent. */
void hf_conf_text(const struct hf_json *object, const char *member, char *out, size_t size);
