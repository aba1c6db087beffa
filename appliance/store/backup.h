// SPDX-License-Identifier: Apache-2.0
/* What a backup takes of the store, and its way back; see store.h for what holds for every call. */
#pragma once

#include "store/release.h"
#include "store/store.h"

enum { HF_STORE_STATE_MAX = 4 * 1024 * 1024 };

/* The schema of this program's stores. */
int hf_store_schema(void);

/* Under which names hf_store_kept() has what is still to be done after a restore (see struct
 * hf_store_restore), and what the last one was. */
extern const char hf_store_kept_certificates[], hf_store_kept_records[], hf_store_kept_release[],
    hf_store_kept_mark[];

/* Appends, as one JSON object, what somebody has set up: gateway id, accounts of people and of
 * devices, desired state, the floor of releases. Not in it are the settings, which are a document
 * of their own, and what a restore must not bring back: API tokens, since one that was revoked
 * meanwhile would be good again and nobody would notice; sessions; the secrets that the services
 * prove themselves to each other with, since each gateway makes its own; and whatever says which
 * files this one has already taken. */
HF_MUST int hf_store_backup(struct hf_store *st, struct hf_buf *out, struct hf_error *err);

/* The release that runs, canonical, and its signature ("": none). NOT_FOUND. The caller frees both.
 */
HF_MUST int hf_store_backup_release(struct hf_store *st, char **ret_json, char **ret_signature,
                                    struct hf_error *err);

/* Strings are borrowed. */
struct hf_store_restore {
    const char *state;                      /* of hf_store_backup() */
    const char *settings;                   /* whole, as they are kept */
    const struct hf_store_release *release; /* is known from then on; NULL: none came */
    bool apply_release;                     /* its id is kept for the next start */
    const char *certificates;               /* to be kept for the next start */
    const char *records;                    /* the same; NULL: none came */
    const char *mark;                       /* names this restore, and no other one */
    const char *who, *what;                 /* for the audit log */
    bool unclaimed;                         /* only while nobody has an account */
};

/* Takes it all, in one transaction, in place of what is there: accounts, settings, desired state,
 * gateway id. Sessions, API tokens and a setup code end; the floor of releases only rises; the
 * release that runs stays; records of a restore before that still wait are given up, which the
 * audit log says. From then on the store takes nothing more (UNAVAILABLE), because the program
 * still has in memory what was there before: it has to be started anew. INVALID where something in
 * it cannot be; CONFLICT while a release is applied or a holdfastd of a newer schema on trial, or
 * where the gateway was claimed meanwhile. */
HF_MUST int hf_store_apply_restore(struct hf_store *st, const struct hf_store_restore *r,
                                   struct hf_error *err);
