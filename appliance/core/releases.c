// SPDX-License-Identifier: Apache-2.0
/* Releases, as they are asked for by other threads; what is asked is done on the owner's. */
#include "core/releases.h"

#include "base/clock.h"
#include "base/text.h"
#include "core/admit.h"
#include "core/internal.h"
#include "store/release.h"

#include <string.h>

/* ---- reading ---- */

struct release_list {
    struct hf_known_release *list;
    size_t max, count;
};

static int
read_releases(struct hf_core *core, void *context, struct hf_error *err)
{
    struct release_list *l = context;

    if (hf_store_releases(core->config.store, l->list, l->max, &l->count, err) < 0)
        return -1;
    for (size_t i = 0; i < l->count; i++)
        hf_core_verify(core, &l->list[i]);
    return 0;
}

int
hf_core_releases(struct hf_core *core, struct hf_known_release *ret_releases, size_t max,
                 size_t *ret_count, struct hf_error *err)
{
    struct release_list l = {ret_releases, max, 0};

    if (mailbox_call(&core->mail, read_releases, &l, err) < 0)
        return -1;
    *ret_count = l.count;
    return 0;
}

struct upgrade_list {
    struct hf_upgrade_record *list;
    size_t max, count;
};

static int
read_upgrades(struct hf_store *store, void *context, struct hf_error *err)
{
    struct upgrade_list *l = context;

    return hf_store_upgrades(store, l->list, l->max, &l->count, err);
}

int
hf_core_upgrades(struct hf_core *core, struct hf_upgrade_record *ret_upgrades, size_t max,
                 size_t *ret_count, struct hf_error *err)
{
    struct upgrade_list l = {ret_upgrades, max, 0};

    if (hf_core_run(core, read_upgrades, &l, err) < 0)
        return -1;
    *ret_count = 0;
    for (size_t i = 0; i < l.count; i++)
        if (l.list[i].finished_ms)
            ret_upgrades[(*ret_count)++] = l.list[i];
    return 0;
}

struct one_release {
    const char *id, *actor;
    struct hf_known_release *known;
    struct hf_release *release; /* may be NULL */
};

static int
read_release(struct hf_core *core, void *context, struct hf_error *err)
{
    const struct one_release *o = context;
    HF_AUTO_FREE char *json = NULL;

    if (hf_core_find_release(core, o->id, o->known, &json, err) < 0)
        return -1;
    return o->release ? hf_core_parse_release(core, json, o->release, err) : 0;
}

int
hf_core_known_release(struct hf_core *core, const char *id, struct hf_known_release *ret_known,
                      struct hf_release *ret_release, struct hf_error *err)
{
    struct one_release o = {.id = id, .known = ret_known, .release = ret_release};

    return mailbox_call(&core->mail, read_release, &o, err);
}

/* ---- forgetting ---- */

static int
forget(struct hf_core *core, void *context, struct hf_error *err)
{
    const struct one_release *o = context;
    const struct upgrade *u = &core->upgrade;
    char what[HF_TEXT_SIZE];

    if (u->active && (strcmp(u->record.to.id, o->id) == 0 || strcmp(u->record.from.id, o->id) == 0))
        return hf_error_set(err, HF_ERROR_CONFLICT, "an upgrade with this release is under way");
    if (hf_store_known_release(core->config.store, o->id, o->known, NULL, err) < 0 ||
        hf_store_forget_release(core->config.store, o->id, err) < 0)
        return -1;
    hf_text_put(what, sizeof what, "forgot release '%s'", o->known->release.name);
    return hf_store_audit(core->config.store, o->actor, what, err);
}

int
hf_core_forget_release(struct hf_core *core, const char *id, const char *actor,
                       struct hf_error *err)
{
    struct hf_known_release known;
    struct one_release o = {.id = id, .actor = actor, .known = &known};

    return mailbox_call(&core->mail, forget, &o, err);
}

/* ---- planning ---- */

/* A release that is only looked at is not kept for the life of the core. */
static int
plan_known(struct hf_core *core, const char *id, const struct plan_wish *wish,
           struct hf_plan *ret_plan, char **ret_json, struct hf_error *err)
{
    struct hf_known_release known;
    struct hf_release to;

    if (hf_core_find_release(core, id, &known, ret_json, err) < 0 ||
        hf_core_parse_release(core, *ret_json, &to, err) < 0)
        return -1;
    hf_core_make_plan(core, &known, &to, wish, ret_plan);
    hf_release_done(&to);
    return 0;
}

struct planning {
    const char *id;
    struct plan_wish wish;
    struct hf_plan *plan;
    struct plan_scan scan;
};

static int
do_plan(struct hf_core *core, void *context, struct hf_error *err)
{
    struct planning *p = context;
    struct hf_known_release known;
    struct hf_release to;
    HF_AUTO_FREE char *json = NULL;
    int rc;

    if (hf_core_find_release(core, p->id, &known, &json, err) < 0 ||
        hf_core_parse_release(core, json, &to, err) < 0)
        return -1;
    hf_core_make_plan(core, &known, &to, &p->wish, p->plan);
    rc = hf_core_begin_scan(core, &to, &p->scan, err);
    hf_release_done(&to);
    return rc;
}

/* With what is known of vulnerabilities. */
static int
plan_and_scan(struct hf_core *core, struct planning *p, struct hf_error *err)
{
    int rc;

    if (mailbox_call(&core->mail, do_plan, p, err) < 0)
        return -1;
    rc = hf_core_scan_plan(core, &p->scan, p->plan, err);
    hf_scan_settings_done(&p->scan.settings);
    return rc;
}

static int
find_previous(struct hf_store *store, char ret_id[HF_DIGEST_TEXT_SIZE], struct hf_error *err)
{
    struct hf_known_release list[HF_STORE_RELEASES_MAX];
    size_t count;

    if (hf_store_releases(store, list, HF_STORE_RELEASES_MAX, &count, err) < 0)
        return -1;
    for (size_t i = 0; i < count; i++) {
        if (list[i].state != HF_RELEASE_PREVIOUS)
            continue;
        memcpy(ret_id, list[i].release.id, HF_DIGEST_TEXT_SIZE);
        return 0;
    }
    return hf_error_set(err, HF_ERROR_CONFLICT,
                        "there is no release before the one that runs to go back to");
}

/* What ran before is kept here. */
static bool
read_previous(struct hf_core *core, struct hf_release *ret_release)
{
    struct hf_known_release known;
    HF_AUTO_FREE char *json = NULL;
    char id[HF_DIGEST_TEXT_SIZE];

    return find_previous(core->config.store, id, NULL) == 0 &&
           hf_store_known_release(core->config.store, id, &known, &json, NULL) == 0 &&
           hf_core_parse_release(core, json, ret_release, NULL) == 0;
}

static int
do_weigh(struct hf_core *core, void *context, struct hf_error *err)
{
    const struct planning *p = context;
    struct hf_known_release known;
    HF_AUTO_FREE char *json = NULL;
    struct hf_release to, ran;
    bool has_ran;

    if (hf_store_known_release(core->config.store, p->id, &known, &json, err) < 0 ||
        hf_core_parse_release(core, json, &to, err) < 0)
        return -1;
    has_ran = read_previous(core, &ran);
    hf_core_weigh_plan(core, &to, has_ran ? &ran : NULL, p->plan);
    hf_release_done(&to);
    if (has_ran)
        hf_release_done(&ran);
    return 0;
}

/* Which images are here; where the engine does not say, none is. */
static void
ask_engine(struct hf_core *core, struct hf_plan *plan)
{
    const struct hf_engine_ops *ops = core->config.engine_ops;

    plan->back_present = true;
    for (size_t i = 0; i < plan->count; i++) {
        struct hf_plan_service *p = &plan->services[i];
        bool has = false;

        p->present =
            ops->has_image(core->config.engine, p->to_image.image_id, &has, NULL) == 0 && has;
        plan->fetch_count += !p->present;
        has = false;
        if (ops->has_image(core->config.engine, p->from_image.image_id, &has, NULL) < 0 || !has)
            plan->back_present = false;
    }
    if (!plan->back_present)
        hf_plan_warn(
            plan, HF_WARNING_IMAGE_MISSING,
            "An image of the release that runs is not here: a rollback would have to fetch it.");
}

int
hf_core_plan(struct hf_core *core, const char *id, struct hf_plan *ret_plan, struct hf_error *err)
{
    struct planning p = {.id = id, .wish = {.kind = HF_UPGRADE_FORTH}, .plan = ret_plan};

    *ret_plan = (struct hf_plan){.scan = NULL};
    if (plan_and_scan(core, &p, err) == 0) {
        ask_engine(core, ret_plan);
        if (mailbox_call(&core->mail, do_weigh, &p, err) == 0)
            return 0;
    }
    hf_plan_done(ret_plan);
    return -1;
}

/* ---- applying ---- */

struct application {
    const char *id, *etag, *actor;
    struct plan_wish wish;
    struct hf_operation *operation;
};

struct beginning {
    struct hf_upgrade_record *record;
    const struct hf_operation *operation;
    const char *to_json, *from_json;
    bool older;
};

static int
write_beginning(struct hf_store *store, void *context, struct hf_error *err)
{
    const struct beginning *b = context;
    char what[HF_TEXT_SIZE];

    hf_text_put(what, sizeof what, "%s from release '%s' to '%s'%s",
                hf_upgrade_kind_name(b->record->kind), b->record->from.name, b->record->to.name,
                b->older ? ", older ones allowed" : "");
    hf_text_whole(what);
    if (hf_store_begin_upgrade(store, b->record, b->to_json, b->from_json, &b->record->n, err) <
            0 ||
        hf_store_save_operation(store, b->operation, err) < 0)
        return -1;
    return hf_store_audit(store, b->record->actor, what, err);
}

static void
new_operation(const struct application *a, struct hf_operation *op)
{
    unsigned char raw[(HF_ID_SIZE - 1) / 2];

    *op = (struct hf_operation){
        .kind = a->wish.kind == HF_UPGRADE_BACK ? HF_OPERATION_ROLLBACK : HF_OPERATION_UPGRADE,
        .state = HF_OPERATION_RUNNING,
        .created_ms = hf_clock_wall_ms(),
    };
    hf_random(raw, sizeof raw);
    hf_text_hex(raw, sizeof raw, op->id);
    hf_text_put(op->actor, sizeof op->actor, "%s", a->actor);
}

static void
new_record(struct hf_core *core, const struct application *a, const struct hf_plan *plan,
           const struct hf_release *to, struct hf_upgrade_record *r)
{
    *r = (struct hf_upgrade_record){
        .kind = a->wish.kind,
        .state = HF_UPGRADE_PLANNED,
        .to = plan->to,
        .from = plan->from,
        .started_ms = a->operation->created_ms,
        .since_ms = a->operation->created_ms,
    };
    hf_text_put(r->actor, sizeof r->actor, "%s", a->actor);
    hf_text_put(r->operation, sizeof r->operation, "%s", a->operation->id);
    hf_core_list_changes(core, to, r);
}

static int
begin(struct hf_core *core, const struct application *a, const struct hf_plan *plan,
      const char *to_json, struct hf_error *err)
{
    struct upgrade *u = &core->upgrade;
    HF_AUTO_FREE char *from_json = NULL;
    const struct hf_release *to, *from;
    struct hf_upgrade_record record;
    struct beginning b = {&record, a->operation, to_json, NULL, a->wish.allow_older};

    if (hf_store_release(core->config.store, &from_json, err) < 0 ||
        hf_core_hold_release(core, to_json, &to, err) < 0 ||
        hf_core_hold_release(core, from_json, &from, err) < 0)
        return -1;
    b.from_json = from_json;
    new_operation(a, a->operation);
    new_record(core, a, plan, to, &record);
    if (hf_store_transaction(core->config.store, write_beginning, &b, err) < 0)
        return -1;
    u->record = record;
    u->to = to;
    u->from = from;
    u->culprit[0] = '\0';
    hf_upgrade_init(&u->machine, (unsigned)record.count, plan->gate_s * 1000, plan->switch_s * 1000,
                    hf_clock_mono_ms());
    u->machine.installs = plan->daemon_installs;
    u->active = u->resumed = true;
    hf_core_say_upgrade(core);
    core->changed = true;
    return 0;
}

static int
check_plan(const struct application *a, const struct hf_plan *plan, struct hf_error *err)
{
    if (*a->etag && strcmp(a->etag, plan->etag) != 0)
        return hf_error_set(err, HF_ERROR_STALE,
                            "applying it would do something else by now: plan it again");
    if (plan->obstacle_count)
        return hf_error_set(err, HF_ERROR_CONFLICT, "release '%s' cannot be applied: %s",
                            plan->to.name, plan->obstacles[0]);
    return 0;
}

static int
apply(struct hf_core *core, const struct application *a, struct hf_error *err)
{
    HF_AUTO_FREE struct hf_plan *plan = calloc(1, sizeof *plan);
    HF_AUTO_FREE char *json = NULL;

    if (!plan)
        return hf_error_nomem(err);
    if (plan_known(core, a->id, &a->wish, plan, &json, err) < 0 || check_plan(a, plan, err) < 0)
        return -1;
    return begin(core, a, plan, json, err);
}

static int
do_apply(struct hf_core *core, void *context, struct hf_error *err)
{
    return apply(core, context, err);
}

/* The engine and the registry are asked, so it is done before the owner is. A way back is gone
 * whatever is known of it. */
static int
check_scan(struct hf_core *core, const struct application *a, struct hf_error *err)
{
    HF_AUTO_FREE struct hf_plan *plan = calloc(1, sizeof *plan);
    struct planning p = {.id = a->id, .wish = a->wish, .plan = plan};
    int rc;

    if (!plan)
        return hf_error_nomem(err);
    rc = plan_and_scan(core, &p, err);
    if (rc == 0)
        rc = check_plan(a, plan, err);
    hf_plan_done(plan);
    return rc;
}

int
hf_core_apply(struct hf_core *core, const struct hf_apply *asked, const char *actor,
              struct hf_operation *ret_operation, struct hf_error *err)
{
    struct application a = {
        asked->id, asked->etag, actor, {HF_UPGRADE_FORTH, asked->allow_older}, ret_operation};

    if (check_scan(core, &a, err) < 0)
        return -1;
    return mailbox_call(&core->mail, do_apply, &a, err);
}

/* ---- going back ---- */

int
hf_core_give_up_upgrade(struct hf_core *core, const char *actor, struct hf_operation *ret_operation,
                        struct hf_error *err)
{
    struct upgrade *u = &core->upgrade;
    char why[HF_TEXT_SIZE], what[HF_TEXT_SIZE];
    struct hf_upgrade_event cancel = {.kind = HF_UPGRADE_CANCEL, .reason = why};

    if (u->machine.state == HF_UPGRADE_ROLLING_BACK)
        return hf_error_set(err, HF_ERROR_CONFLICT, "the upgrade to '%s' is being rolled back",
                            u->record.to.name);
    if (hf_core_daemon_is_begun(core))
        return hf_error_set(err, HF_ERROR_CONFLICT,
                            "holdfastd %s is being installed, which ends by itself within minutes",
                            u->to->daemon.version);
    hf_text_put(why, sizeof why, "given up by %s", actor);
    hf_text_put(what, sizeof what, "gave up the %s to release '%s'",
                hf_upgrade_kind_name(u->record.kind), u->record.to.name);
    hf_text_whole(what);
    if (hf_store_operation(core->config.store, u->record.operation, ret_operation, err) < 0 ||
        hf_store_audit(core->config.store, actor, what, err) < 0)
        return -1;
    return hf_core_upgrade_event(core, &cancel, hf_clock_mono_ms(), err);
}

static int
do_roll_back(struct hf_core *core, void *context, struct hf_error *err)
{
    struct application *a = context;
    char id[HF_DIGEST_TEXT_SIZE];

    if (core->upgrade.active)
        return hf_core_give_up_upgrade(core, a->actor, a->operation, err);
    if (find_previous(core->config.store, id, err) < 0)
        return -1;
    a->id = id;
    return apply(core, a, err);
}

int
hf_core_roll_back(struct hf_core *core, const char *actor, struct hf_operation *ret_operation,
                  struct hf_error *err)
{
    struct application a = {"", "", actor, {HF_UPGRADE_BACK, false}, ret_operation};

    return mailbox_call(&core->mail, do_roll_back, &a, err);
}
