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

/* Both files, for who needs them together: what belongs together carries the same `revision` (none
 * in both will do too), so that no new secret meets old settings while they are being replaced. */
struct hf_conf_pair {
    struct hf_conf credentials_file, settings_file;
    struct hf_json *credentials, *settings;           /* in use: of one revision */
    struct hf_json *next_credentials, *next_settings; /* read, and waiting for the other one */
    int64_t apart_ms; /* monotonic; since when they wait, or were last said to; 0: they do not */
};

#define HF_CONF_PAIR_INIT                                                                          \
    ((struct hf_conf_pair){.credentials_file = HF_CONF_INIT("credentials.json"),                   \
                           .settings_file = HF_CONF_INIT("settings.json")})

/* 1: credentials and settings are others than before; 0: nothing new; -1: one cannot be read, or
 * they have been of two revisions for HF_CONF_RETRY_MS. What was in use stays where it is not 1. */
HF_MUST int hf_conf_pair_poll(struct hf_conf_pair *p, struct hf_error *err);

/* Waits for the first pair; -1 when the service is to stop first. */
HF_MUST int hf_conf_pair_wait(struct hf_conf_pair *p);

/* What was taken last cannot be used: it is given again after HF_CONF_RETRY_MS. */
void hf_conf_pair_refuse(struct hf_conf_pair *p, const struct hf_error *err);

void hf_conf_pair_done(struct hf_conf_pair *p);

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
