// SPDX-License-Identifier: Apache-2.0
/* Inside the store: the connection, its errors and its statements. */
#pragma once

#include "store/store.h"

#include <limits.h>
#include <sqlite3.h>

enum { HF_STORE_REPORT_MAX = 1024 /* names every table that was lost */ };

struct hf_store {
    sqlite3 *db;
    int lock_fd; /* the folder, locked: one process has the store open */
    char dir[PATH_MAX];
    char gateway_id[16];
    enum hf_store_opened opened_as;
    char opened_text[HF_STORE_REPORT_MAX];
    bool export_due; /* export.c */
    bool ended;      /* restored or reset: nothing is written any more, until the next start */
    int depth;       /* of hf_store_transaction() */
    char asked_from[HF_ADDRESS_SIZE];
};

static inline void
hf_db_stmt_auto_(sqlite3_stmt **stmt)
{
    sqlite3_finalize(*stmt);
}

/* HF_STMT stmt = NULL; is finalized at the end of its scope. */
#define HF_STMT __attribute__((cleanup(hf_db_stmt_auto_))) sqlite3_stmt *

/* Opens path (which must be there) with the settings that every connection of ours has. */
HF_MUST int hf_db_open(const char *path, sqlite3 **ret_db, struct hf_error *err);

/* Fills err from the last failure of db; dir is the folder to name to the user. Returns -1. */
int hf_db_error(sqlite3 *db, const char *dir, struct hf_error *err);

/* Whether a SQLite result says that the file itself is bad. */
bool hf_db_is_damage(int rc);

/* Runs SQL text without parameters. */
HF_MUST int hf_db_script(struct hf_store *st, const char *sql, struct hf_error *err);

/* Prepares sql and binds its parameters in order: one letter of types and one argument each, 't'
 * const char * (NULL is null), 'i' int64_t. */
HF_MUST int hf_db_query(struct hf_store *st, sqlite3_stmt **ret_stmt, struct hf_error *err,
                        const char *sql, const char *types, ...);

/* 1: there is a row; 0: no more; -1. */
HF_MUST int hf_db_step(struct hf_store *st, sqlite3_stmt *stmt, struct hf_error *err);

/* hf_db_query() of a statement without rows, run. */
HF_MUST int hf_db_exec(struct hf_store *st, struct hf_error *err, const char *sql,
                       const char *types, ...);

/* Copies a text column, cut to size. */
void hf_db_text(sqlite3_stmt *stmt, int column, char *out, size_t size);

/* The whole of a text column; the caller frees *ret_text. */
HF_MUST int hf_db_copy_text(sqlite3_stmt *stmt, int column, char **ret_text, struct hf_error *err);

/* What leads from an empty database to the present version, a step each. */
extern const char *const hf_db_migrations[];
extern const int hf_db_version;

void hf_db_close(struct hf_store *st);

/* Which of them it has seen. */
HF_MUST int hf_db_version_of(struct hf_store *st, int *ret_version, struct hf_error *err);

/* Brings db to version count: runs migrations[user_version…count-1], each with its number in one
 * transaction. */
HF_MUST int hf_db_migrate(struct hf_store *st, const char *const *migrations, int count,
                          struct hf_error *err);
