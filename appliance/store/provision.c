// SPDX-License-Identifier: Apache-2.0
#include "base/clock.h"
#include "sql.h"
#include "store/account.h"

#include <stdio.h>
#include <string.h>

struct applying {
    const struct hf_store_provision *p;
    bool applied;
};

static int
is_known(struct hf_store *st, const char *file_hash, struct hf_error *err)
{
    HF_STMT stmt = NULL;
    char known[HF_TEXT_SIZE];
    int row;

    if (hf_db_query(st, &stmt, err, hf_sql_provision_get, "") < 0)
        return -1;
    row = hf_db_step(st, stmt, err);
    if (row <= 0)
        return row;
    hf_db_text(stmt, 0, known, sizeof known);
    return strcmp(known, file_hash) == 0;
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
    int known = is_known(st, a->p->file_hash, err);

    if (known)
        return known < 0 ? -1 : 0;
    if (apply_access(st, a->p, err) < 0 ||
        hf_store_add_settings(st, a->p->settings_json, "provision", NULL, err) < 0 ||
        hf_db_exec(st, err, hf_sql_provision_set, "ti", a->p->file_hash, hf_clock_wall_ms()) < 0 ||
        hf_store_audit(st, "provision", "settings from a provisioning file", err) < 0)
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
