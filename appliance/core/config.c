// SPDX-License-Identifier: Apache-2.0
/*
 * Reading and changing the configuration. The new revision is on the disk before a service hears of
 * it; after a power cut between the two the services are handed what is stored.
 */
#include "base/text.h"
#include "core/internal.h"

#include <string.h>

/* ---- the audit log ---- */

struct note {
    const char *who, *what;
};

static int
write_note(struct hf_core *core, void *context, struct hf_error *err)
{
    const struct note *n = context;

    return hf_store_audit(core->config.store, n->who, n->what, err);
}

int
hf_core_audit(struct hf_core *core, const char *who, const char *what, struct hf_error *err)
{
    struct note n = {who, what};

    hf_log_info("event=audit who=%s what=\"%s\"", who, what);
    return mailbox_call(&core->mail, write_note, &n, err);
}

/* ---- reading ---- */

struct shown {
    char **ret_text;
    int64_t *ret_revision;
};

static int
show(struct hf_core *core, void *context, struct hf_error *err)
{
    const struct shown *s = context;

    *s->ret_revision = core->revision;
    return hf_settings_show(&core->settings, s->ret_text, err);
}

int
hf_core_config(struct hf_core *core, char **ret_text, int64_t *ret_revision, struct hf_error *err)
{
    struct shown s = {ret_text, ret_revision};

    return mailbox_call(&core->mail, show, &s, err);
}

/* ---- changing ---- */

struct revision {
    const struct hf_config_change *change;
    const char *json;
    int64_t before, n;
};

static int
keep_revision(struct hf_store *store, void *context, struct hf_error *err)
{
    struct revision *r = context;
    char what[HF_TEXT_SIZE];
    const char *comma = "";

    if (hf_store_add_settings(store, r->json, r->change->actor, &r->n, err) < 0)
        return -1;
    if (r->n == r->before)
        return 0;
    hf_text_put(what, sizeof what, "changed the configuration to revision %lld: ", (long long)r->n);
    for (const struct hf_json *m = hf_json_first(r->change->patch); m; m = hf_json_next(m)) {
        size_t used = strlen(what);

        hf_text_put(what + used, sizeof what - used, "%s%s", comma, hf_json_key(m));
        comma = ", ";
    }
    return hf_store_audit(store, r->change->actor, what, err);
}

static void
take_over(struct hf_core *core, struct hf_settings *consume, int64_t revision)
{
    hf_settings_done(&core->settings);
    core->settings = *consume;
    core->revision = revision;
    core->hand_over_due = true;
    core->changed = true;
    hf_core_place_releases(core);
    hf_log_info("event=config revision=%lld", (long long)revision);
    hf_core_hand_over_again(core);
    hf_core_retarget_all(core);
}

struct change {
    const struct hf_config_change *asked;
    struct shown shown;
};

static int
change_config(struct hf_core *core, void *context, struct hf_error *err)
{
    struct change *c = context;
    struct revision r = {.change = c->asked, .before = core->revision};
    struct hf_settings fresh = {0};
    HF_AUTO_FREE char *json = NULL, *text = NULL;

    if (c->asked->revision != HF_REVISION_ANY && c->asked->revision != core->revision)
        return hf_error_set(err, HF_ERROR_STALE,
                            "the configuration is at revision %lld by now: read it again and "
                            "repeat the change",
                            (long long)core->revision);
    if (!c->asked->dry_run && hf_core_upgrade_locks(core))
        return hf_error_set(err, HF_ERROR_CONFLICT,
                            "an upgrade to '%s' is under way: wait for its end, or give it up",
                            core->upgrade.record.to.name);
    if (hf_settings_patch(&core->settings, c->asked->patch, &fresh, err) < 0)
        return -1;
    if (hf_core_check_limits(core, &fresh, err) < 0 || hf_settings_print(&fresh, &json, err) < 0 ||
        hf_settings_show(&fresh, &text, err) < 0) {
        hf_settings_done(&fresh);
        return -1;
    }
    r.json = json;
    if (c->asked->ret_effects)
        hf_core_effects(core, &fresh, c->asked->ret_effects);
    if (!c->asked->dry_run &&
        hf_store_transaction(core->config.store, keep_revision, &r, err) < 0) {
        hf_settings_done(&fresh);
        return hf_error_wrap(err, "keep the configuration");
    }
    if (c->asked->dry_run || r.n == core->revision)
        hf_settings_done(&fresh);
    else
        take_over(core, &fresh, r.n);
    *c->shown.ret_text = hf_steal(&text);
    *c->shown.ret_revision = core->revision;
    return 0;
}

int
hf_core_change_config(struct hf_core *core, const struct hf_config_change *change, char **ret_text,
                      int64_t *ret_revision, struct hf_error *err)
{
    struct change c = {change, {ret_text, ret_revision}};

    return mailbox_call(&core->mail, change_config, &c, err);
}
