// SPDX-License-Identifier: Apache-2.0
/*
 * The two files that the gateway gives to each service, credentials.json and settings.json: waited
 * for at start, and read again when they are replaced.
 */
#pragma once

#include "json/json.h"

#include <stdbool.h>
#include <sys/types.h>
#include <time.h>

enum {
    HF_CONF_MAX = 256 * 1024,
    HF_CONF_RETRY_MS = 30000 /* a file that could not be taken over is looked at again */
};

struct hf_conf {
    const char *name; /* file name inside the run folder */
    dev_t dev;
    ino_t ino;
    struct timespec mtime;
    off_t size;
    int64_t retry_ms;                 /* monotonic; 0: what was read is in use */
    char wrong[HF_ERROR_MESSAGE_MAX]; /* why it is not; empty when all is well */
};

#define HF_CONF_INIT(file) ((struct hf_conf){.name = (file)})

/* Reads the file if it is another one than last time: 1 and a tree, 0 nothing new, -1 error. One
 * that could not be read, or was refused, is read again every HF_CONF_RETRY_MS, and c->wrong says
 * why. */
HF_MUST int hf_conf_poll(struct hf_conf *c, struct hf_json **ret_doc, struct hf_error *err);

/* What was read last cannot be used. */
void hf_conf_refuse(struct hf_conf *c, const struct hf_error *err);

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
