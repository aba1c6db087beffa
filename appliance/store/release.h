// SPDX-License-Identifier: Apache-2.0
/* Releases that are known, and upgrades; see store.h for what holds for every call. */
#pragma once

#include "model/upgrade.h"
#include "store/store.h"

enum {
    HF_STORE_RELEASES_MAX = 16,
    HF_STORE_UPGRADES_MAX = 50, /* that have ended */
    HF_STORE_SIGNATURE_MAX = 2000
};

/* ---- releases ---- */

struct hf_store_release {
    struct hf_known_release known;
    const char *json;      /* canonical */
    const char *signature; /* "": none */
};

/* Adds it; one that is there stays as it is, but for a signature that it lacked. The oldest that
 * failed, else that was never applied, gives way. */
HF_MUST int hf_store_add_release(struct hf_store *st, const struct hf_store_release *r,
                                 struct hf_error *err);
/* Newest first, at most max. */
HF_MUST int hf_store_releases(struct hf_store *st, struct hf_known_release *ret_releases,
                              size_t max, size_t *ret_count, struct hf_error *err);
/* NOT_FOUND. The caller frees *ret_json; ret_json may be NULL. */
HF_MUST int hf_store_known_release(struct hf_store *st, const char *id,
                                   struct hf_known_release *ret_release, char **ret_json,
                                   struct hf_error *err);
/* NOT_FOUND. Its canonical text and its signature ("": none). The caller frees both. */
HF_MUST int hf_store_release_file(struct hf_store *st, const char *id, char **ret_json,
                                  char **ret_signature, struct hf_error *err);
/* NOT_FOUND; CONFLICT for the one that runs and the one before it. */
HF_MUST int hf_store_forget_release(struct hf_store *st, const char *id, struct hf_error *err);

/* Takes a release that was given at the start, parsed as well as in its text, as the one to run,
 * unless it was given the last time too, or an upgrade is under way: what was applied since stays
 * then. CONFLICT where its counter is below the floor. */
HF_MUST int hf_store_start_release(struct hf_store *st, const struct hf_store_release *r,
                                   const struct hf_release *parsed, bool *ret_taken,
                                   struct hf_error *err);

/* Calls take with the canonical text of each release whose images may go (leftovers) or must stay.
 */
typedef int hf_store_release_text(void *context, const char *json, struct hf_error *err);
HF_MUST int hf_store_release_texts(struct hf_store *st, bool leftovers, hf_store_release_text *take,
                                   void *context, struct hf_error *err);
/* Of none of them there are images that could go (hf_store_old_images()). */
HF_MUST int hf_store_releases_collected(struct hf_store *st, struct hf_error *err);

/* ---- upgrades ---- */

/* Adds one with both releases whole; ret_n gets its number. */
HF_MUST int hf_store_begin_upgrade(struct hf_store *st, const struct hf_upgrade_record *u,
                                   const char *to_json, const char *from_json, int64_t *ret_n,
                                   struct hf_error *err);
/* Writes state, index, since, reason and services. */
HF_MUST int hf_store_save_upgrade(struct hf_store *st, const struct hf_upgrade_record *u,
                                  struct hf_error *err);
/* Its end, committed or rolled back: what runs from now on, and where a rollback leads. */
HF_MUST int hf_store_end_upgrade(struct hf_store *st, const struct hf_upgrade_record *u,
                                 struct hf_error *err);
/* Newest first, at most max, those that are under way too. */
HF_MUST int hf_store_upgrades(struct hf_store *st, struct hf_upgrade_record *ret_upgrades,
                              size_t max, size_t *ret_count, struct hf_error *err);
/* Both releases of one that is under way. The caller frees them. */
HF_MUST int hf_store_upgrade_releases(struct hf_store *st, int64_t n, char **ret_to,
                                      char **ret_from, struct hf_error *err);
