// SPDX-License-Identifier: Apache-2.0
/*
 * Reading and changing the configuration. The new revision is on the disk before a service hears of
 * it; after a power cut between the two the services are handed what is stored.
 */
#include "base/text.h"
#include "core/internal.h"

#include <string.h>

/* ---- the audit log ---- */

static int
write_note(struct hf_core *core, void *context, struct hf_error *err)
{
    return hf_store_audit_note(core->config.store, context, err);
}

int
hf_core_audit_note(struct hf_core *core, const struct hf_audit_note *note, struct hf_error *err)
{
    struct hf_audit_note copy = *note;

    hf_log_info("event=audit who=%s what=\"%s\"", note->who, note->what);
    return mailbox_call(&core->mail, write_note, &copy, err);
}

int
hf_core_audit(struct hf_core *core, const char *who, const char *what, struct hf_error *err)
{
    return hf_core_audit_note(core, &(struct hf_audit_note){.who = who, .what = what}, err);
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

/* A change that is being made. */
struct change {
    const struct hf_config_change *asked;
    struct hf_core *core;
    const char *json, *values; /* what it is to be, and what that changes */
    bool touches;              /* what services read */
    const char *why;           /* of a return that nobody asked for; NULL */
    int64_t n;                 /* what it became */
    char **ret_text;
    int64_t *ret_revision;
};

static void
say_change(const struct change *c, char what[HF_TEXT_SIZE])
{
    const struct hf_config_change *asked = c->asked;
    const char *comma = "";

    if (asked->whole) {
        hf_text_put(what, HF_TEXT_SIZE, "replaced the configuration by revision %lld",
                    (long long)c->n);
        return;
    }
    if (!asked->patch) {
        hf_text_put(
            what, HF_TEXT_SIZE, "returned to revision %lld of the configuration, as %lld%s%s",
            (long long)asked->again, (long long)c->n, c->why ? ": " : "", c->why ? c->why : "");
        hf_text_whole(what);
        return;
    }
    hf_text_put(what, HF_TEXT_SIZE,
                "changed the configuration to revision %lld: ", (long long)c->n);
    for (const struct hf_json *m = hf_json_first(asked->patch); m; m = hf_json_next(m)) {
        size_t used = strlen(what);

        hf_text_put(what + used, HF_TEXT_SIZE - used, "%s%s", comma, hf_json_key(m));
        comma = ", ";
    }
}

static int
keep_revision(struct hf_store *store, void *context, struct hf_error *err)
{
    struct change *c = context;
    char what[HF_TEXT_SIZE];

    if (hf_store_add_settings(store, c->json, c->asked->actor, &c->n, err) < 0)
        return -1;
    if (c->n == c->core->revision)
        return 0;
    if (c->touches && hf_core_write_trial(c->core, c->core->revision, err) < 0)
        return -1;
    say_change(c, what);
    return hf_store_audit_note(
        store, &(struct hf_audit_note){.who = c->asked->actor, .what = what, .changes = c->values},
        err);
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

/* A kept one, as it would be read at a start. */
static int
read_revision(const struct hf_core *core, int64_t n, struct hf_settings *ret_settings,
              struct hf_error *err)
{
    HF_AUTO_FREE char *text = NULL;
    HF_AUTO(hf_json) struct hf_json *doc = NULL;
    struct hf_settings s;

    if (n > 0 && (hf_store_revision(core->config.store, n, &text, err) < 0 ||
                  hf_json_parse(text, strlen(text), &doc, err) < 0))
        return -1;
    hf_settings_init(&s);
    if (n > 0 && hf_settings_parse_kept(doc, &s, err) < 0) {
        hf_settings_done(&s);
        return hf_error_wrap(err, "revision %lld of the configuration", (long long)n);
    }
    *ret_settings = s;
    return 0;
}

/* consume is what is to be in force. */
static int
put_into_force(struct hf_core *core, struct change *c, struct hf_settings *consume,
               struct hf_error *err)
{
    HF_AUTO_FREE char *json = NULL, *values = NULL;
    int64_t before = core->revision;

    c->touches = !c->why && consume->upgrade.config_gate_s > 0 &&
                 hf_settings_touch_services(&core->settings, consume);
    if (hf_settings_print(consume, &json, err) < 0 ||
        hf_settings_print_changes(&core->settings, consume, &values, err) < 0)
        return -1;
    c->json = json;
    c->values = values;
    if (hf_store_transaction(core->config.store, keep_revision, c, err) < 0)
        return hf_error_wrap(err, "keep the configuration");
    if (c->n == before)
        return 0;
    if (c->touches)
        hf_core_begin_trial(core, before, &consume->upgrade);
    take_over(core, consume, c->n);
    *consume = (struct hf_settings){.sinks = NULL};
    return 0;
}

static int
make_fresh(struct hf_core *core, const struct hf_config_change *asked,
           struct hf_settings *ret_fresh, struct hf_error *err)
{
    if (asked->patch)
        return hf_settings_patch(&core->settings, asked->patch, ret_fresh, err);
    if (asked->whole)
        return hf_settings_replace(&core->settings, asked->whole, ret_fresh, err);
    return read_revision(core, asked->again, ret_fresh, err);
}

static int
change_config(struct hf_core *core, void *context, struct hf_error *err)
{
    struct change *c = context;
    const struct hf_config_change *asked = c->asked;
    struct hf_settings fresh = {0};
    HF_AUTO_FREE char *text = NULL;
    int rc;

    if (asked->revision != HF_REVISION_ANY && asked->revision != core->revision)
        return hf_error_set(err, HF_ERROR_STALE,
                            "the configuration is at revision %lld by now: read it again and "
                            "repeat the change",
                            (long long)core->revision);
    if (!asked->dry_run && hf_core_upgrade_locks(core))
        return hf_error_set(err, HF_ERROR_CONFLICT,
                            "an upgrade to '%s' is under way: wait for its end, or give it up",
                            core->upgrade.record.to.name);
    if (make_fresh(core, asked, &fresh, err) < 0)
        return -1;
    rc = hf_core_check_limits(core, &fresh, err) < 0 || hf_settings_show(&fresh, &text, err) < 0
             ? -1
             : 0;
    if (rc == 0 && asked->ret_effects)
        hf_core_effects(core, &fresh, asked->ret_effects);
    if (rc == 0 && !asked->dry_run)
        rc = put_into_force(core, c, &fresh, err);
    hf_settings_done(&fresh);
    if (rc < 0)
        return -1;
    *c->ret_text = hf_steal(&text);
    *c->ret_revision = core->revision;
    return 0;
}

int
hf_core_return_to(struct hf_core *core, int64_t revision, const char *actor, const char *why,
                  struct hf_error *err)
{
    const struct hf_config_change asked = {.again = revision, .actor = actor};
    struct change c = {.asked = &asked, .core = core, .why = why};
    struct hf_settings fresh = {0};
    int rc;

    if (read_revision(core, revision, &fresh, err) < 0)
        return -1;
    rc = put_into_force(core, &c, &fresh, err);
    hf_settings_done(&fresh);
    return rc;
}

int
hf_core_change_config(struct hf_core *core, const struct hf_config_change *change, char **ret_text,
                      int64_t *ret_revision, struct hf_error *err)
{
    struct change c = {
        .asked = change, .core = core, .ret_text = ret_text, .ret_revision = ret_revision};

    return mailbox_call(&core->mail, change_config, &c, err);
}

/* ---- revisions ---- */

struct revisions {
    struct hf_settings_revision *list;
    size_t max, *ret_count;
    struct hf_config_trial *ret_trial;
};

static int
read_revisions(struct hf_core *core, void *context, struct hf_error *err)
{
    const struct revisions *r = context;
    const struct trial *t = &core->trial;
    struct hf_config_trial *out = r->ret_trial;

    *out = (struct hf_config_trial){.active = t->active};
    if (t->active) {
        out->good = t->good;
        out->gate_s = t->machine.gate_ms / 1000;
        out->left_s = (hf_upgrade_gate_left_ms(&t->machine) + 999) / 1000;
        memcpy(out->waiting, t->machine.waiting, sizeof out->waiting);
    }
    return hf_store_revisions(core->config.store, r->list, r->max, r->ret_count, err);
}

int
hf_core_config_revisions(struct hf_core *core, struct hf_settings_revision *ret_list, size_t max,
                         size_t *ret_count, struct hf_config_trial *ret_trial, struct hf_error *err)
{
    struct revisions r = {ret_list, max, ret_count, ret_trial};

    return mailbox_call(&core->mail, read_revisions, &r, err);
}

struct comparison {
    int64_t from, to;
    struct hf_json **ret_diff;
};

static int
compare(struct hf_core *core, void *context, struct hf_error *err)
{
    const struct comparison *c = context;
    struct hf_settings from, to;
    int rc;

    if (read_revision(core, c->from, &from, err) < 0)
        return -1;
    if (read_revision(core, c->to, &to, err) < 0) {
        hf_settings_done(&from);
        return -1;
    }
    rc = hf_settings_diff(&from, &to, c->ret_diff, err);
    hf_settings_done(&from);
    hf_settings_done(&to);
    return rc;
}

int
hf_core_config_diff(struct hf_core *core, int64_t from, int64_t to, struct hf_json **ret_diff,
                    struct hf_error *err)
{
    struct comparison c = {from, to, ret_diff};

    return mailbox_call(&core->mail, compare, &c, err);
}
