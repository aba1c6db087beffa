// SPDX-License-Identifier: Apache-2.0
/* What a backup takes of the gateway, and its way back; see core.h. */
#pragma once

#include "core/core.h"
#include "model/upgrade.h"

/* The caller ends it with hf_core_backup_done(). */
struct hf_core_backup {
    struct hf_buf state;       /* hf_store_backup() */
    char *settings;            /* whole, with their secrets */
    char *release, *signature; /* NULL: none is set */
};

/* The schema of the store that state is of, and the newest that may come back. */
int hf_core_schema(void);

HF_MUST int hf_core_backup(struct hf_core *core, struct hf_core_backup *ret_backup,
                           struct hf_error *err);
void hf_core_backup_done(struct hf_core_backup *b);

/* Strings are borrowed. */
struct hf_core_restore {
    const char *state, *settings, *release, *signature; /* the last two may be NULL */
    const char *certificates; /* kept for main.c, which puts them back at the next start */
    const char *records;      /* name of a file in the state folder, see putback.h; NULL: none */
    const char *mark;         /* names this restore, and no other one */
    const char *who, *what;
    bool unclaimed; /* only while nobody has an account */
};

struct hf_core_restored {
    bool has_release;
    bool release_runs; /* here already */
    struct hf_release_short release;
};

/* Checks all of it, and puts it in the place of what is there, in one transaction. From then on
 * nothing is written any more: the caller has the program started anew. A release whose images this
 * machine cannot run is left out; another one than what runs is known from then on, and putback.h
 * says what becomes of it. INVALID, CONFLICT; nothing has changed then. */
HF_MUST int hf_core_restore(struct hf_core *core, const struct hf_core_restore *r,
                            struct hf_core_restored *ret_restored, struct hf_error *err);
