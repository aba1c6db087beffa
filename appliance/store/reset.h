// SPDX-License-Identifier: Apache-2.0
/*
 * Back to the first start. The database of after it is made beside the one in force, complete, and
 * gets the name `holdfast.db.reset`: from that moment on the reset will be. The next
 * hf_store_open() takes away every file of the store and gives that one its place, which is the
 * end of it; cut anywhere between, it does so again. What is left to do outside of the store is
 * kept in the new one, and done in turn.
 */
#pragma once

#include "store/store.h"

enum hf_reset_left {
    HF_RESET_FILES,      /* certificates, logs and the like in the state folder */
    HF_RESET_CONTAINERS, /* and volumes, where they are to go */
    HF_RESET_NOTHING
};

/* Strings are borrowed. */
struct hf_store_reset {
    bool wipe;                   /* what the services have stored goes too */
    const char *who, *what;      /* for the audit log, of which it is the first entry */
    const char *file_hash;       /* of the recovery file that asks for it; NULL: a person does */
    const char *password_hash;   /* of user "admin"; NULL for none */
    const char *setup_code_hash; /* NULL for none: one is made */
};

/* What would go. */
struct hf_reset_counts {
    int64_t accounts, tokens, device_accounts, revisions;
};

HF_MUST int hf_store_reset_counts(struct hf_store *st, struct hf_reset_counts *ret_counts,
                                  struct hf_error *err);

/* Makes it certain. What goes over: the gateway's id and the last time known; the release that is
 * in force, all that are known with their images, and the floor; the mark of the last restore; by a
 * person also which provisioning file was applied, so that one which still lies there is not
 * applied again. From then on the store takes nothing more, as after a restore. On an error nothing
 * has changed. CONFLICT while a holdfastd of a newer schema is on trial. */
HF_MUST int hf_store_begin_reset(struct hf_store *st, const struct hf_store_reset *r,
                                 struct hf_error *err);

/* What is left of a reset to be done; wipe as it was asked for. */
HF_MUST int hf_store_reset_left(struct hf_store *st, enum hf_reset_left *ret_left, bool *ret_wipe,
                                struct hf_error *err);
/* Whether the host has still to be told that who might log in may no more (provision/ask.h); apart
 * from the others, since nothing waits for it. */
HF_MUST int hf_store_reset_host_left(struct hf_store *st, bool *ret_left, struct hf_error *err);
HF_MUST int hf_store_reset_host_did(struct hf_store *st, struct hf_error *err);
/* Whether a provisioning file was applied before the reset, and none since: its hash is kept under
 * that name. */
extern const char hf_store_kept_before_reset[];
HF_MUST int hf_store_reset_is_before(struct hf_store *st, const char *file_hash, bool *ret_before,
                                     struct hf_error *err);
/* That much is done: what comes next is left. */
HF_MUST int hf_store_reset_did(struct hf_store *st, enum hf_reset_left did, struct hf_error *err);
