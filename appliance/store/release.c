// SPDX-License-Identifier: Apache-2.0
#include "store/release.h"

#include "base/clock.h"
#include "base/text.h"
#include "model/trust.h"
#include "sql.h"
#include "store/db.h"
#include "json/json.h"

#include <string.h>

/* ---- reading ---- */

static void
read_release(sqlite3_stmt *stmt, struct hf_known_release *r)
{
    int state = sqlite3_column_int(stmt, 3);

    *r = (struct hf_known_release){
        .state =
            state < HF_RELEASE_STATE_COUNT ? (enum hf_release_state)state : HF_RELEASE_AVAILABLE,
        .is_signed = sqlite3_column_int(stmt, 5) != 0,
        .added_ms = sqlite3_column_int64(stmt, 6),
    };
    hf_db_text(stmt, 0, r->release.id, sizeof r->release.id);
    hf_db_text(stmt, 1, r->release.name, sizeof r->release.name);
    hf_db_text(stmt, 2, r->created, sizeof r->created);
    hf_db_text(stmt, 4, r->source, sizeof r->source);
    hf_db_text(stmt, 7, r->detail, sizeof r->detail);
}

int
hf_store_releases(struct hf_store *st, struct hf_known_release *ret_releases, size_t max,
                  size_t *ret_count, struct hf_error *err)
{
    HF_STMT stmt = NULL;
    size_t count = 0;
    int row;

    if (hf_db_query(st, &stmt, err, hf_sql_known_release_list, "i", (int64_t)max) < 0)
        return -1;
    while ((row = hf_db_step(st, stmt, err)) > 0 && count < max)
        read_release(stmt, &ret_releases[count++]);
    if (row < 0)
        return hf_error_wrap(err, "read the releases");
    *ret_count = count;
    return 0;
}

static int
copy_text(sqlite3_stmt *stmt, int column, char **ret_text, struct hf_error *err)
{
    const char *text = (const char *)sqlite3_column_text(stmt, column);
    char *copy = text ? strdup(text) : NULL;

    if (!copy)
        return hf_error_nomem(err);
    *ret_text = copy;
    return 0;
}

/* The row of that release; the caller's HF_STMT ends it. */
static int
find(struct hf_store *st, const char *sql, const char *id, sqlite3_stmt **ret_stmt,
     struct hf_error *err)
{
    int row;

    if (hf_db_query(st, ret_stmt, err, sql, "t", id) < 0)
        return -1;
    row = hf_db_step(st, *ret_stmt, err);
    if (row < 0)
        return hf_error_wrap(err, "read release '%.32s'", id);
    if (!row)
        return hf_error_set(err, HF_ERROR_NOT_FOUND, "there is no release '%.32s'", id);
    return 0;
}

int
hf_store_known_release(struct hf_store *st, const char *id, struct hf_known_release *ret_release,
                       char **ret_json, struct hf_error *err)
{
    HF_STMT stmt = NULL;

    if (find(st, hf_sql_known_release_get, id, &stmt, err) < 0)
        return -1;
    read_release(stmt, ret_release);
    return ret_json ? copy_text(stmt, 8, ret_json, err) : 0;
}

int
hf_store_release_file(struct hf_store *st, const char *id, char **ret_json, char **ret_signature,
                      struct hf_error *err)
{
    HF_AUTO_FREE char *json = NULL;
    HF_STMT stmt = NULL;

    if (find(st, hf_sql_known_release_file, id, &stmt, err) < 0)
        return -1;
    if (copy_text(stmt, 0, &json, err) < 0 || copy_text(stmt, 1, ret_signature, err) < 0)
        return -1;
    *ret_json = hf_steal(&json);
    return 0;
}

int
hf_store_release_texts(struct hf_store *st, bool leftovers, hf_store_release_text *take,
                       void *context, struct hf_error *err)
{
    HF_STMT stmt = NULL;
    int row;

    if (hf_db_query(st, &stmt, err,
                    leftovers ? hf_sql_known_release_leftovers : hf_sql_known_release_needed,
                    "") < 0)
        return -1;
    while ((row = hf_db_step(st, stmt, err)) > 0)
        if (take(context, (const char *)sqlite3_column_text(stmt, 0), err) < 0)
            return -1;
    return row < 0 ? hf_error_wrap(err, "read the releases") : 0;
}

/* ---- changing ---- */

static int
make_room(struct hf_store *st, const char *id, struct hf_error *err)
{
    HF_STMT stmt = NULL;
    int64_t count;

    if (hf_db_query(st, &stmt, err, hf_sql_known_release_count, "t", id) < 0 ||
        hf_db_step(st, stmt, err) < 0)
        return -1;
    count = sqlite3_column_int64(stmt, 0);
    sqlite3_reset(stmt);
    if (count < HF_STORE_RELEASES_MAX)
        return 0;
    return hf_db_exec(st, err, hf_sql_known_release_give_way, "iit", (int64_t)HF_RELEASE_FAILED,
                      (int64_t)HF_RELEASE_AVAILABLE, id);
}

static int
add(struct hf_store *st, void *context, struct hf_error *err)
{
    const struct hf_store_release *r = context;
    const struct hf_known_release *k = &r->known;

    if (make_room(st, k->release.id, err) < 0)
        return -1;
    return hf_db_exec(st, err, hf_sql_known_release_add, "titttittt", k->release.id,
                      (int64_t)k->state, k->release.name, k->created, k->source, k->added_ms,
                      k->detail, r->signature, r->json);
}

int
hf_store_add_release(struct hf_store *st, const struct hf_store_release *r, struct hf_error *err)
{
    struct hf_store_release copy = *r;

    if (hf_store_transaction(st, add, &copy, err) < 0)
        return hf_error_wrap(err, "keep release '%s'", r->known.release.name);
    return 0;
}

static int
forget(struct hf_store *st, void *context, struct hf_error *err)
{
    const char *id = context;
    struct hf_known_release r;

    if (hf_store_known_release(st, id, &r, NULL, err) < 0)
        return -1;
    if (r.state == HF_RELEASE_RUNNING || r.state == HF_RELEASE_PREVIOUS)
        return hf_error_set(err, HF_ERROR_CONFLICT,
                            "release '%s' is the %s one and cannot be forgotten", r.release.name,
                            hf_release_state_name(r.state));
    return hf_db_exec(st, err, hf_sql_known_release_delete, "t", id);
}

int
hf_store_forget_release(struct hf_store *st, const char *id, struct hf_error *err)
{
    return hf_store_transaction(st, forget, (void *)(uintptr_t)id, err);
}

int
hf_store_releases_collected(struct hf_store *st, struct hf_error *err)
{
    return hf_db_exec(st, err, hf_sql_known_release_collected, "");
}

/* Those that ran or were the way back, all but these two, are so no longer: their images may go. */
static int
set_running(struct hf_store *st, const char *running, const char *previous, struct hf_error *err)
{
    if (hf_db_exec(st, err, hf_sql_known_release_leave, "iiit", (int64_t)HF_RELEASE_RUNNING,
                   (int64_t)HF_RELEASE_AVAILABLE, (int64_t)HF_RELEASE_PREVIOUS, running) < 0 ||
        hf_db_exec(st, err, hf_sql_known_release_set, "titi", running, (int64_t)HF_RELEASE_RUNNING,
                   "", (int64_t)0) < 0)
        return -1;
    if (!*previous || strcmp(previous, running) == 0)
        return 0;
    return hf_db_exec(st, err, hf_sql_known_release_set, "titi", previous,
                      (int64_t)HF_RELEASE_PREVIOUS, "", (int64_t)0);
}

/* ---- at the start ---- */

struct start {
    const struct hf_store_release *release;
    const struct hf_release *parsed;
    bool taken;
};

static int
read_start_id(struct hf_store *st, char id[HF_DIGEST_TEXT_SIZE], struct hf_error *err)
{
    HF_STMT stmt = NULL;
    int row;

    id[0] = '\0';
    if (hf_db_query(st, &stmt, err, hf_sql_start_release_get, "") < 0)
        return -1;
    row = hf_db_step(st, stmt, err);
    if (row > 0)
        hf_db_text(stmt, 0, id, HF_DIGEST_TEXT_SIZE);
    return row < 0 ? -1 : 0;
}

/* The id of the one that was to run until now; "" for none. */
static int
read_running_id(struct hf_store *st, char id[HF_DIGEST_TEXT_SIZE], struct hf_error *err)
{
    HF_AUTO_FREE char *json = NULL;
    struct hf_error local = {0};

    id[0] = '\0';
    if (hf_store_release(st, &json, &local) == 0) {
        hf_release_id(json, id);
        return 0;
    }
    if (local.class == HF_ERROR_NOT_FOUND)
        return 0;
    if (err)
        *err = local;
    return -1;
}

/* Where keys were set since the last start, its signature is there now. */
static int
learn_signature(struct hf_store *st, const struct hf_store_release *r, struct hf_error *err)
{
    struct hf_known_release known;

    if (!*r->signature || hf_store_known_release(st, r->known.release.id, &known, NULL, NULL) < 0 ||
        known.is_signed)
        return 0;
    return hf_store_add_release(st, r, err);
}

static int
take_start(struct hf_store *st, void *context, struct hf_error *err)
{
    struct start *s = context;
    const char *id = s->release->known.release.id;
    char last[HF_DIGEST_TEXT_SIZE], running[HF_DIGEST_TEXT_SIZE];
    struct hf_upgrade_record newest = {0};
    int64_t floor;
    size_t count;

    if (read_start_id(st, last, err) < 0 || read_running_id(st, running, err) < 0 ||
        hf_store_upgrades(st, &newest, 1, &count, err) < 0)
        return -1;
    if (count && !newest.finished_ms)
        return 0;
    s->taken = !*running || strcmp(last, id) != 0;
    if (!s->taken)
        return learn_signature(st, s->release, err);
    if (hf_store_release_floor(st, &floor, err) < 0 ||
        hf_release_check_floor(s->parsed, floor, err) < 0 ||
        hf_store_add_release(st, s->release, err) < 0 ||
        hf_store_set_release(st, s->release->json, s->parsed->counter, err) < 0 ||
        set_running(st, id, running, err) < 0)
        return -1;
    return hf_db_exec(st, err, hf_sql_start_release_set, "t", id);
}

int
hf_store_start_release(struct hf_store *st, const struct hf_store_release *r,
                       const struct hf_release *parsed, bool *ret_taken, struct hf_error *err)
{
    struct start s = {.release = r, .parsed = parsed};

    if (hf_store_transaction(st, take_start, &s, err) < 0)
        return hf_error_wrap(err, "take the release of the start");
    *ret_taken = s.taken;
    return 0;
}

/* ---- the end of an upgrade ---- */

/* What has begun was read and checked. */
static int
put_into_force(struct hf_store *st, const char *json, struct hf_error *err)
{
    HF_AUTO(hf_json) struct hf_json *doc = NULL;

    if (hf_json_parse(json, strlen(json), &doc, err) < 0)
        return -1;
    return hf_store_set_release(st, json, hf_json_int(doc, "counter", 1), err);
}

static int
end_upgrade(struct hf_store *st, void *context, struct hf_error *err)
{
    const struct hf_upgrade_record *u = context;
    HF_AUTO_FREE char *to = NULL, *from = NULL;

    if (u->state == HF_UPGRADE_COMMITTED) {
        if (hf_store_upgrade_releases(st, u->n, &to, &from, err) < 0 ||
            put_into_force(st, to, err) < 0 || set_running(st, u->to.id, u->from.id, err) < 0)
            return -1;
    } else if (hf_db_exec(st, err, hf_sql_known_release_failed, "ttii", u->to.id, u->reason,
                          (int64_t)HF_RELEASE_FAILED, (int64_t)HF_RELEASE_PREVIOUS) < 0) {
        return -1; /* a way back that was not gone stays one */
    }
    if (hf_store_save_upgrade(st, u, err) < 0)
        return -1;
    return hf_db_exec(st, err, hf_sql_upgrade_trim, "i", (int64_t)HF_STORE_UPGRADES_MAX);
}

int
hf_store_end_upgrade(struct hf_store *st, const struct hf_upgrade_record *u, struct hf_error *err)
{
    struct hf_upgrade_record copy = *u;

    if (hf_store_transaction(st, end_upgrade, &copy, err) < 0)
        return hf_error_wrap(err, "end the upgrade to '%s'", u->to.name);
    return 0;
}
