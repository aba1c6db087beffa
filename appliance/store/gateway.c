// SPDX-License-Identifier: Apache-2.0
#include "base/clock.h"
#include "base/text.h"
#include "sql.h"
#include "store/db.h"

#include <string.h>

int
hf_store_clock_floor(struct hf_store *st, int64_t *ret_wall_ms, struct hf_error *err)
{
    HF_STMT stmt = NULL;

    if (hf_db_query(st, &stmt, err, hf_sql_clock_floor_get, "") < 0 ||
        hf_db_step(st, stmt, err) < 0)
        return hf_error_wrap(err, "read the clock floor");
    *ret_wall_ms = sqlite3_column_int64(stmt, 0);
    return 0;
}

int
hf_store_set_clock_floor(struct hf_store *st, int64_t wall_ms, struct hf_error *err)
{
    return hf_db_exec(st, err, hf_sql_clock_floor_set, "i", wall_ms);
}

struct secret {
    const char *name;
    char value[HF_STORE_SECRET_SIZE];
};

static int
get_or_make_secret(struct hf_store *st, void *context, struct hf_error *err)
{
    struct secret *s = context;
    HF_STMT stmt = NULL;
    unsigned char random[(HF_STORE_SECRET_SIZE - 1) / 2];
    int row;

    if (hf_db_query(st, &stmt, err, hf_sql_secret_get, "t", s->name) < 0)
        return -1;
    row = hf_db_step(st, stmt, err);
    if (row < 0)
        return -1;
    if (row) {
        hf_db_text(stmt, 0, s->value, sizeof s->value);
        return 0;
    }
    hf_random(random, sizeof random);
    hf_text_hex(random, sizeof random, s->value);
    return hf_db_exec(st, err, hf_sql_secret_add, "tt", s->name, s->value);
}

int
hf_store_secret(struct hf_store *st, const char *name, char ret_secret[HF_STORE_SECRET_SIZE],
                struct hf_error *err)
{
    struct secret s = {.name = name};

    if (hf_store_transaction(st, get_or_make_secret, &s, err) < 0)
        return hf_error_wrap(err, "secret '%s'", name);
    memcpy(ret_secret, s.value, sizeof s.value);
    return 0;
}

int
hf_db_copy_text(sqlite3_stmt *stmt, int column, char **ret_text, struct hf_error *err)
{
    const char *text = (const char *)sqlite3_column_text(stmt, column);
    char *copy = text ? strdup(text) : NULL;

    if (!copy)
        return hf_error_nomem(err);
    *ret_text = copy;
    return 0;
}

int
hf_store_settings(struct hf_store *st, char **ret_json, int64_t *ret_revision, struct hf_error *err)
{
    HF_STMT stmt = NULL;
    int row;

    if (hf_db_query(st, &stmt, err, hf_sql_settings_newest, "") < 0)
        return -1;
    row = hf_db_step(st, stmt, err);
    if (row < 0)
        return hf_error_wrap(err, "read the settings");
    if (!row)
        return hf_error_set(err, HF_ERROR_NOT_FOUND, "there are no settings yet");
    if (ret_revision)
        *ret_revision = sqlite3_column_int64(stmt, 0);
    return hf_db_copy_text(stmt, 1, ret_json, err);
}

struct revision {
    const char *json, *author;
    int64_t n;
};

static int
add_revision(struct hf_store *st, void *context, struct hf_error *err)
{
    struct revision *r = context;
    HF_STMT stmt = NULL;
    int row;

    if (hf_db_query(st, &stmt, err, hf_sql_settings_compare, "t", r->json) < 0)
        return -1;
    row = hf_db_step(st, stmt, err);
    if (row < 0)
        return -1;
    if (row && sqlite3_column_int(stmt, 1)) {
        r->n = sqlite3_column_int64(stmt, 0);
        return 0;
    }
    if (hf_db_exec(st, err, hf_sql_settings_add, "itt", hf_clock_wall_ms(), r->author, r->json) < 0)
        return -1;
    r->n = sqlite3_last_insert_rowid(st->db);
    return hf_db_exec(st, err, hf_sql_settings_trim, "i", (int64_t)HF_STORE_REVISIONS_MAX);
}

int
hf_store_add_settings(struct hf_store *st, const char *json, const char *author,
                      int64_t *ret_revision, struct hf_error *err)
{
    struct revision r = {.json = json, .author = author};

    if (hf_store_transaction(st, add_revision, &r, err) < 0)
        return hf_error_wrap(err, "save the settings");
    if (ret_revision)
        *ret_revision = r.n;
    return 0;
}

int
hf_store_release(struct hf_store *st, char **ret_json, struct hf_error *err)
{
    HF_STMT stmt = NULL;
    int row;

    if (hf_db_query(st, &stmt, err, hf_sql_release_get, "") < 0)
        return -1;
    row = hf_db_step(st, stmt, err);
    if (row < 0)
        return hf_error_wrap(err, "read the release");
    if (!row)
        return hf_error_set(err, HF_ERROR_NOT_FOUND, "no release was imported yet");
    return hf_db_copy_text(stmt, 0, ret_json, err);
}

struct new_release {
    const char *json;
    int64_t counter;
};

/* The same text again is no other release, and leaves the images as they were noted. */
static int
put_release(struct hf_store *st, void *context, struct hf_error *err)
{
    const struct new_release *r = context;

    if (hf_db_exec(st, err, hf_sql_release_set, "it", hf_clock_wall_ms(), r->json) < 0)
        return -1;
    if (sqlite3_changes(st->db) &&
        hf_db_exec(st, err, hf_sql_image_note, "tt", r->json, hf_release_platform()) < 0)
        return -1;
    return hf_db_exec(st, err, hf_sql_release_floor_raise, "i", r->counter);
}

int
hf_store_set_release(struct hf_store *st, const char *json, int64_t counter, struct hf_error *err)
{
    struct new_release r = {json, counter};

    return hf_store_transaction(st, put_release, &r, err) < 0
               ? hf_error_wrap(err, "save the release")
               : 0;
}

int
hf_store_release_floor(struct hf_store *st, int64_t *ret_floor, struct hf_error *err)
{
    HF_STMT stmt = NULL;

    if (hf_db_query(st, &stmt, err, hf_sql_release_floor_get, "") < 0 ||
        hf_db_step(st, stmt, err) < 0)
        return hf_error_wrap(err, "read the floor of releases");
    *ret_floor = sqlite3_column_int64(stmt, 0);
    return 0;
}
