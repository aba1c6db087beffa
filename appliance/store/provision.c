// SPDX-License-Identifier: Apache-2.0
#include "base/clock.h"
#include "sql.h"
#include "store/account.h"
#include "store/reset.h"

#include <stdio.h>
#include <string.h>

struct applying {
    const struct hf_store_provision *p;
    bool applied;
};

/* Whether the file that query names is this one. */
static int
is_known(struct hf_store *st, const char *query, const char *file_hash, struct hf_error *err)
{
    HF_STMT stmt = NULL;
    char known[HF_TEXT_SIZE];
    int row;

    if (hf_db_query(st, &stmt, err, query, "") < 0)
        return -1;
    row = hf_db_step(st, stmt, err);
    if (row <= 0)
        return row;
    hf_db_text(stmt, 0, known, sizeof known);
    return strcmp(known, file_hash) == 0;
}

int
hf_store_knows_file(struct hf_store *st, const char *file_hash, bool *ret_known,
                    struct hf_error *err)
{
    int provision = is_known(st, hf_sql_provision_get, file_hash, err);
    int recovery = provision ? 0 : is_known(st, hf_sql_recovery_get, file_hash, err);

    if (provision < 0 || recovery < 0)
        return -1;
    *ret_known = provision || recovery;
    return 0;
}

static int
apply_access(struct hf_store *st, const struct hf_store_provision *p, struct hf_error *err)
{
    struct hf_account admin = {
        .user = "admin", .role = HF_ROLE_ADMIN, .created_ms = hf_clock_wall_ms()};
    int has;

    if (!p->password_hash && !p->setup_code_hash)
        return 0;
    has = hf_db_has_account(st, err);
    if (has < 0)
        return -1;
    if (has)
        return hf_error_set_at(err, HF_ERROR_CONFLICT, p->password_hash ? "/admin" : "/setup_code",
                               "this gateway is already claimed: take 'admin' and 'setup_code' out "
                               "of the file to change its settings");
    if (!p->password_hash)
        return hf_db_exec(st, err, hf_sql_setup_code_set, "t", p->setup_code_hash);
    snprintf(admin.password_hash, sizeof admin.password_hash, "%s", p->password_hash);
    return hf_store_claim(st, &admin, err);
}

static int
apply(struct hf_store *st, void *context, struct hf_error *err)
{
    struct applying *a = context;
    const struct hf_audit_note note = {
        .who = "provision",
        .what = "settings from a provisioning file",
        .changes = a->p->changes,
    };
    int known = is_known(st, hf_sql_provision_get, a->p->file_hash, err);

    if (known)
        return known < 0 ? -1 : 0;
    if (apply_access(st, a->p, err) < 0 ||
        hf_store_add_settings(st, a->p->settings_json, "provision", NULL, err) < 0 ||
        hf_db_exec(st, err, hf_sql_provision_set, "ti", a->p->file_hash, hf_clock_wall_ms()) < 0 ||
        hf_store_unkeep(st, hf_store_kept_before_reset, err) < 0 ||
        hf_store_audit_note(st, &note, err) < 0 ||
        (a->p->also && a->p->also(a->p->context, err) < 0))
        return -1;
    a->applied = true;
    return 0;
}

int
hf_store_apply_provision(struct hf_store *st, const struct hf_store_provision *p, bool *ret_applied,
                         struct hf_error *err)
{
    struct applying a = {.p = p};

    if (hf_store_transaction(st, apply, &a, err) < 0)
        return hf_error_wrap(err, "apply the provisioning file");
    *ret_applied = a.applied;
    return 0;
}

/* ---- recovery ---- */

struct recovering {
    const struct hf_store_recovery *r;
    bool applied;
};

static int
recover_access(struct hf_store *st, const struct hf_store_recovery *r, struct hf_error *err)
{
    struct hf_account admin = {
        .user = "admin", .role = HF_ROLE_ADMIN, .created_ms = hf_clock_wall_ms()};
    const struct hf_account_change change = {
        .user = admin.user,
        .account = &admin,
        .end_sessions = true,
        .note = {.who = "recovery", .what = "password of admin set by a recovery file"},
    };

    if (!r->password_hash)
        return hf_db_exec(st, err, hf_sql_setup_code_set, "t", r->setup_code_hash) < 0
                   ? -1
                   : hf_store_audit(st, "recovery", "setup code set by a recovery file", err);
    snprintf(admin.password_hash, sizeof admin.password_hash, "%s", r->password_hash);
    /* a code that waits would let somebody else in */
    if (hf_db_exec(st, err, hf_sql_setup_code_delete, "") < 0)
        return -1;
    return hf_store_change_account(st, &change, err);
}

static int
recover(struct hf_store *st, void *context, struct hf_error *err)
{
    struct recovering *c = context;
    int known = is_known(st, hf_sql_recovery_get, c->r->file_hash, err);

    if (known)
        return known < 0 ? -1 : 0;
    if (recover_access(st, c->r, err) < 0 ||
        hf_db_exec(st, err, hf_sql_recovery_set, "ti", c->r->file_hash, hf_clock_wall_ms()) < 0)
        return -1;
    c->applied = true;
    return 0;
}

int
hf_store_apply_recovery(struct hf_store *st, const struct hf_store_recovery *r, bool *ret_applied,
                        struct hf_error *err)
{
    struct recovering c = {.r = r};

    if (hf_store_transaction(st, recover, &c, err) < 0)
        return hf_error_wrap(err, "apply the recovery file");
    *ret_applied = c.applied;
    return 0;
}
