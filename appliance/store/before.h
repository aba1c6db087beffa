// SPDX-License-Identifier: Apache-2.0
/*
 * The database as it was before a newer program changed its schema: holdfast.db.before. An older
 * program that is put back in the newer one's place goes on with it; what the newer one has kept
 * since then is in holdfast.db.newer. It goes when the newer program is there for good
 * (hf_store_forget_before()), so that nobody ever goes back by weeks. Private to the folder.
 */
#pragma once

#include "store/db.h"

/* Before a migration; nothing where there is none to come. */
HF_MUST int hf_before_keep(struct hf_store *st, struct hf_error *err);

/* Puts it in the place of a database that is of a newer version than this program knows, and closes
 * that; ret_taken is false, and nothing has happened, where there is no need or no such file. */
HF_MUST int hf_before_take(struct hf_store *st, bool *ret_taken, struct hf_error *err);

/* CONFLICT while there is one: whoever goes on with it would lose what is begun now, or, without
 * it, could not read what comes of that. */
HF_MUST int hf_before_refuse(const struct hf_store *st, struct hf_error *err);

/* For people; of a store that was opened after a hf_before_take(). */
HF_MUST int hf_before_say(struct hf_store *st, struct hf_error *err);
