// SPDX-License-Identifier: Apache-2.0
#include "base/text.h"
#include "model/release.h"
#include "sql.h"
#include "store/db.h"
#include "store/release.h"
#include "json/json.h"

#include <string.h>

/* ---- the services that change, as text ---- */

static int
print_services(const struct hf_upgrade_record *u, char **ret_text, struct hf_error *err)
{
    HF_AUTO(hf_json) struct hf_json *list = hf_json_array();

    for (size_t i = 0; i < u->count; i++) {
        struct hf_json *o = hf_json_object();

        hf_json_put_string(o, "name", u->services[i].name);
        hf_json_put_bool(o, "was_well", u->services[i].was_well);
        hf_json_put_int(o, "gap_ms", u->services[i].gap_ms);
        hf_json_add(list, o);
    }
    return hf_json_print(list, ret_text, err);
}

static void
read_services(const char *text, struct hf_upgrade_record *u)
{
    HF_AUTO(hf_json) struct hf_json *list = NULL;

    if (!text || hf_json_parse(text, strlen(text), &list, NULL) < 0)
        return;
    for (const struct hf_json *v = hf_json_first(list); v && u->count < HF_SERVICES_MAX;
         v = hf_json_next(v)) {
        struct hf_upgrade_service *s = &u->services[u->count];
        const char *name = hf_json_string(v, "name");

        if (!name)
            continue;
        hf_text_put(s->name, sizeof s->name, "%s", name);
        s->was_well = hf_json_bool(v, "was_well", false);
        s->gap_ms = hf_json_int(v, "gap_ms", -1);
        u->count++;
    }
}

/* ---- reading ---- */

/* A state that this program does not know is one that it cannot go on from: it goes back. */
static enum hf_upgrade_state
known_state(int state)
{
    return state < HF_UPGRADE_STATE_COUNT ? (enum hf_upgrade_state)state : HF_UPGRADE_ROLLING_BACK;
}

static void
read_upgrade(sqlite3_stmt *stmt, struct hf_upgrade_record *u)
{
    *u = (struct hf_upgrade_record){
        .n = sqlite3_column_int64(stmt, 0),
        .kind = sqlite3_column_int(stmt, 1) == HF_UPGRADE_BACK ? HF_UPGRADE_BACK : HF_UPGRADE_FORTH,
        .state = known_state(sqlite3_column_int(stmt, 2)),
        .index = (unsigned)sqlite3_column_int(stmt, 3),
        .started_ms = sqlite3_column_int64(stmt, 10),
        .since_ms = sqlite3_column_int64(stmt, 11),
        .finished_ms = sqlite3_column_int64(stmt, 12),
    };
    hf_db_text(stmt, 4, u->to.id, sizeof u->to.id);
    hf_db_text(stmt, 5, u->to.name, sizeof u->to.name);
    hf_db_text(stmt, 6, u->from.id, sizeof u->from.id);
    hf_db_text(stmt, 7, u->from.name, sizeof u->from.name);
    hf_db_text(stmt, 8, u->actor, sizeof u->actor);
    hf_db_text(stmt, 9, u->operation, sizeof u->operation);
    hf_db_text(stmt, 13, u->reason, sizeof u->reason);
    read_services((const char *)sqlite3_column_text(stmt, 14), u);
    if (u->index > u->count)
        u->index = (unsigned)u->count;
}

int
hf_store_upgrades(struct hf_store *st, struct hf_upgrade_record *ret_upgrades, size_t max,
                  size_t *ret_count, struct hf_error *err)
{
    HF_STMT stmt = NULL;
    size_t count = 0;
    int row;

    if (hf_db_query(st, &stmt, err, hf_sql_upgrade_list, "i", (int64_t)max) < 0)
        return -1;
    while ((row = hf_db_step(st, stmt, err)) > 0 && count < max)
        read_upgrade(stmt, &ret_upgrades[count++]);
    if (row < 0)
        return hf_error_wrap(err, "read the upgrades");
    *ret_count = count;
    return 0;
}

static int
take_text(sqlite3_stmt *stmt, int column, char **ret_text, struct hf_error *err)
{
    const char *text = (const char *)sqlite3_column_text(stmt, column);

    *ret_text = strdup(text ? text : "");
    return *ret_text ? 0 : hf_error_nomem(err);
}

int
hf_store_upgrade_releases(struct hf_store *st, int64_t n, char **ret_to, char **ret_from,
                          struct hf_error *err)
{
    HF_STMT stmt = NULL;
    HF_AUTO_FREE char *to = NULL, *from = NULL;
    int row;

    if (hf_db_query(st, &stmt, err, hf_sql_upgrade_texts, "i", n) < 0)
        return -1;
    row = hf_db_step(st, stmt, err);
    if (row < 0)
        return -1;
    if (!row)
        return hf_error_set(err, HF_ERROR_NOT_FOUND, "there is no upgrade %lld", (long long)n);
    if (take_text(stmt, 0, &to, err) < 0 || take_text(stmt, 1, &from, err) < 0)
        return -1;
    *ret_to = hf_steal(&to);
    *ret_from = hf_steal(&from);
    return 0;
}

/* ---- writing ---- */

struct beginning {
    const struct hf_upgrade_record *u;
    const char *to_json, *from_json, *services;
    int64_t n;
};

static int
begin(struct hf_store *st, void *context, struct hf_error *err)
{
    struct beginning *b = context;
    const struct hf_upgrade_record *u = b->u;

    if (hf_db_exec(st, err, hf_sql_upgrade_add, "iiittttttiittt", (int64_t)u->kind,
                   (int64_t)u->state, (int64_t)u->index, u->to.id, u->to.name, u->from.id,
                   u->from.name, u->actor, u->operation, u->started_ms, u->since_ms, b->services,
                   b->to_json, b->from_json) < 0)
        return -1;
    b->n = sqlite3_last_insert_rowid(st->db);
    return hf_db_exec(st, err, hf_sql_image_begin, "tt", b->to_json, hf_release_platform());
}

int
hf_store_begin_upgrade(struct hf_store *st, const struct hf_upgrade_record *u, const char *to_json,
                       const char *from_json, int64_t *ret_n, struct hf_error *err)
{
    HF_AUTO_FREE char *services = NULL;
    struct beginning b = {u, to_json, from_json, NULL, 0};

    if (print_services(u, &services, err) < 0)
        return -1;
    b.services = services;
    if (hf_store_transaction(st, begin, &b, err) < 0)
        return hf_error_wrap(err, "write down the upgrade to '%s'", u->to.name);
    *ret_n = b.n;
    return 0;
}

int
hf_store_save_upgrade(struct hf_store *st, const struct hf_upgrade_record *u, struct hf_error *err)
{
    HF_AUTO_FREE char *services = NULL;

    if (print_services(u, &services, err) < 0)
        return -1;
    if (hf_db_exec(st, err, hf_sql_upgrade_save, "iiiiitt", u->n, (int64_t)u->state,
                   (int64_t)u->index, u->since_ms, u->finished_ms, u->reason, services) < 0)
        return hf_error_wrap(err, "write down the state of the upgrade to '%s'", u->to.name);
    return 0;
}
