// SPDX-License-Identifier: Apache-2.0
/*
 * Operations: what a person asked of one service. The wish is written before anything is done, so
 * that after a power cut the service is brought to it all the same; the operation itself always has
 * an end, by success, failure or deadline.
 */
#include "base/clock.h"
#include "base/text.h"
#include "core/internal.h"
#include "model/changes.h"

#include <string.h>

/* A stop may take its 10 s, a start a pull; after this the person is told, and it goes on. */
enum { DEADLINE_MS = 180 * 1000, LEFT_MAX = 16 };

struct wish {
    const struct hf_operation *operation;
    bool wanted;
};

/* Whether it was to run, and is now; for the audit log. */
static int
print_wish(struct hf_store *store, const struct wish *w, char **ret_text, struct hf_error *err)
{
    HF_AUTO(hf_json) struct hf_json *changes = hf_json_array();
    bool before;

    if (hf_store_wanted(store, w->operation->service, &before, err) < 0)
        return -1;
    hf_changes_bool(changes, "/wanted", &before, &w->wanted);
    return hf_changes_print(changes, 0, ret_text, err);
}

static int
write_wish(struct hf_store *store, void *context, struct hf_error *err)
{
    const struct wish *w = context;
    HF_AUTO_FREE char *values = NULL;
    char what[HF_TEXT_SIZE];

    hf_text_put(what, sizeof what, "%s service %s", hf_operation_kind_name(w->operation->kind),
                w->operation->service);
    if (print_wish(store, w, &values, err) < 0 ||
        hf_store_set_wanted(store, w->operation->service, w->wanted, w->operation->actor, err) <
            0 ||
        hf_store_save_operation(store, w->operation, err) < 0)
        return -1;
    return hf_store_audit_note(
        store, &(struct hf_audit_note){.who = w->operation->actor, .what = what, .changes = values},
        err);
}

static enum hf_lifecycle_event_kind
event_of(enum hf_operation_kind kind)
{
    switch (kind) {
    case HF_OPERATION_START:
        return HF_EVENT_START;
    case HF_OPERATION_STOP:
        return HF_EVENT_STOP;
    default:
        return HF_EVENT_RESTART;
    }
}

static void
new_id(char out[HF_ID_SIZE])
{
    unsigned char raw[(HF_ID_SIZE - 1) / 2];

    hf_random(raw, sizeof raw);
    hf_text_hex(raw, sizeof raw, out);
}

/* With its entry in the audit log, where only the wish is until then. */
static int
write_end(struct hf_store *store, void *context, struct hf_error *err)
{
    const struct hf_operation *op = context;
    char what[HF_TEXT_SIZE];

    if (hf_store_save_operation(store, op, err) < 0)
        return -1;
    if (op->state != HF_OPERATION_FAILED)
        return 0;
    hf_text_put(what, sizeof what, "%s service %s failed: %s", hf_operation_kind_name(op->kind),
                op->service, op->detail);
    hf_text_whole(what);
    return hf_store_audit_note(
        store, &(struct hf_audit_note){.who = "holdfastd", .what = what, .result = HF_AUDIT_FAILED},
        err);
}

static void
end_operation(struct hf_core *core, struct service *s, enum hf_operation_state state,
              const char *detail)
{
    struct hf_error err;

    s->operation.state = state;
    s->operation.finished_ms = hf_clock_wall_ms();
    hf_text_put(s->operation.detail, sizeof s->operation.detail, "%s", detail);
    hf_log_info("service=%s event=operation-%s operation=%s detail=\"%s\"", s->operation.service,
                hf_operation_state_name(state), s->operation.id, detail);
    if (hf_store_transaction(core->config.store, write_end, &s->operation, &err) < 0)
        hf_log_error("event=operation-not-kept operation=%s error=\"%s\"", s->operation.id,
                     err.message);
    s->operation.id[0] = '\0';
    core->changed = true;
}

/* What is only fetched or waited for is given up for a later wish; a stop or start under way is
 * not. */
static bool
gives_way(const struct service *s, enum hf_operation_kind kind)
{
    if (s->machine.pending == HF_EFFECT_NONE)
        return kind == HF_OPERATION_STOP;
    return s->machine.pending == HF_EFFECT_PULL && kind != HF_OPERATION_START;
}

int
hf_core_begin_operation(struct hf_core *core, enum hf_operation_kind kind, const char *service,
                        const char *actor, struct hf_operation *ret_operation, struct hf_error *err)
{
    int index = hf_core_service_index(core, service);
    struct hf_operation op = {.kind = kind, .state = HF_OPERATION_RUNNING};
    struct wish wish = {.operation = &op, .wanted = kind != HF_OPERATION_STOP};
    struct service *s;

    if (index < 0)
        return hf_error_set(err, HF_ERROR_NOT_FOUND, "there is no service '%.40s'", service);
    if (!core->has_release)
        return hf_error_set(err, HF_ERROR_CONFLICT,
                            "no release says what '%s' is; start holdfastd with --release FILE",
                            service);
    s = &core->services[index];
    if (*s->operation.id && gives_way(s, kind))
        end_operation(core, s, HF_OPERATION_FAILED, "given up for a later wish");
    if (*s->operation.id)
        return hf_error_set(err, HF_ERROR_CONFLICT,
                            "a %s of '%s' is under way; wait for its end or see operation %s",
                            hf_operation_kind_name(s->operation.kind), service, s->operation.id);
    if (wish.wanted && *s->blocked)
        return hf_error_set(err, HF_ERROR_CONFLICT, "'%s' cannot run: %s", service, s->blocked);
    new_id(op.id);
    op.created_ms = hf_clock_wall_ms();
    hf_text_put(op.service, sizeof op.service, "%s", service);
    hf_text_put(op.actor, sizeof op.actor, "%s", actor);
    if (hf_store_transaction(core->config.store, write_wish, &wish, err) < 0)
        return hf_error_wrap(err, "%s '%s'", hf_operation_kind_name(kind), service);

    s->was_wanted = s->wish;
    s->wish = wish.wanted;
    s->operation = op;
    s->operation_until_ms = hf_clock_mono_ms() + DEADLINE_MS;
    s->wake_ms = 0;
    hf_log_info("service=%s event=operation kind=%s operation=%s actor=%s", service,
                hf_operation_kind_name(kind), op.id, actor);
    /* A pull may take an hour; the wish is acted on after it. */
    if (s->machine.pending == HF_EFFECT_PULL && kind != HF_OPERATION_START)
        worker_cancel(&core->workers[index]);
    hf_core_step(core, (size_t)index, &(struct hf_lifecycle_event){.kind = event_of(kind)});
    *ret_operation = op;
    return 0;
}

void
hf_core_check_operations(struct hf_core *core, int64_t now_ms)
{
    for (size_t i = 0; i < core->service_count; i++) {
        struct service *s = &core->services[i];

        if (!*s->operation.id)
            continue;
        if (hf_lifecycle_settled(&s->machine))
            end_operation(core, s, HF_OPERATION_SUCCEEDED, "");
        else if (s->machine.state == HF_LIFECYCLE_FAILED && s->machine.crash_loop)
            end_operation(core, s, HF_OPERATION_FAILED, s->machine.reason);
        else if (now_ms >= s->operation_until_ms)
            end_operation(core, s, HF_OPERATION_FAILED,
                          "took longer than 3 minutes; it is still being tried");
    }
}

void
hf_core_end_left_operations(struct hf_core *core)
{
    struct hf_operation left[LEFT_MAX];
    struct hf_error err;
    size_t count = 0;

    if (hf_store_operations(core->config.store, NULL, left, LEFT_MAX, &count, &err) < 0) {
        hf_log_warn("event=operations-not-read error=\"%s\"", err.message);
        return;
    }
    for (size_t i = 0; i < count; i++) {
        if (left[i].state != HF_OPERATION_QUEUED && left[i].state != HF_OPERATION_RUNNING)
            continue;
        if (core->upgrade.active && strcmp(left[i].id, core->upgrade.record.operation) == 0)
            continue; /* it goes on */
        left[i].state = HF_OPERATION_FAILED;
        left[i].finished_ms = hf_clock_wall_ms();
        hf_text_put(left[i].detail, sizeof left[i].detail, "holdfastd ended meanwhile; %s",
                    *left[i].service ? "the service is brought to what was asked for"
                                     : "ask for it again");
        if (hf_store_save_operation(core->config.store, &left[i], &err) < 0)
            hf_log_warn("event=operation-not-kept error=\"%s\"", err.message);
    }
}

/* ---- giving one up ---- */

struct giving_up {
    const char *id, *actor;
    struct hf_operation *operation;
};

static int
write_giving_up(struct hf_store *store, void *context, struct hf_error *err)
{
    const struct giving_up *g = context;
    struct hf_operation *op = g->operation;
    char what[HF_TEXT_SIZE];

    hf_text_put(what, sizeof what, "gave up the %s of service %s", hf_operation_kind_name(op->kind),
                op->service);
    if (hf_store_set_wanted(store, op->service, false, g->actor, err) < 0 ||
        hf_store_save_operation(store, op, err) < 0)
        return -1;
    return hf_store_audit(store, g->actor, what, err);
}

/* Only what brings in a service that was stopped can be taken back: it stays stopped. */
static int
check_service(const struct service *s, struct hf_error *err)
{
    const char *kind = hf_operation_kind_name(s->operation.kind);

    if (s->operation.kind == HF_OPERATION_STOP)
        return hf_error_set(err, HF_ERROR_CONFLICT,
                            "a stop of '%s' is carried out to its end; start it after that",
                            s->name);
    if (s->was_wanted)
        return hf_error_set(err, HF_ERROR_CONFLICT,
                            "'%s' was to run before this %s too; stop it where it is not to",
                            s->name, kind);
    if (!gives_way(s, HF_OPERATION_STOP))
        return hf_error_set(err, HF_ERROR_CONFLICT,
                            "the %s of '%s' is past what can be given up; stop it after that", kind,
                            s->name);
    return 0;
}

static int
give_up_service(struct hf_core *core, struct giving_up *g, struct hf_error *err)
{
    int index = hf_core_service_index(core, g->operation->service);
    struct service *s = index < 0 ? NULL : &core->services[index];
    struct hf_operation *op = g->operation;

    if (!s || strcmp(s->operation.id, g->id) != 0)
        return hf_error_set(err, HF_ERROR_CONFLICT, "operation %s is about to end", g->id);
    if (check_service(s, err) < 0)
        return -1;
    op->state = HF_OPERATION_FAILED;
    op->finished_ms = hf_clock_wall_ms();
    hf_text_put(op->detail, sizeof op->detail, "given up by %s", g->actor);
    if (hf_store_transaction(core->config.store, write_giving_up, g, err) < 0)
        return hf_error_wrap(err, "give up operation %s", g->id);

    hf_log_info("service=%s event=operation-failed operation=%s detail=\"%s\"", s->name, op->id,
                op->detail);
    s->operation.id[0] = '\0';
    s->wish = false;
    s->wake_ms = 0;
    core->changed = true;
    if (s->machine.pending == HF_EFFECT_PULL)
        worker_cancel(&core->workers[index]);
    hf_core_step(core, (size_t)index, &(struct hf_lifecycle_event){.kind = HF_EVENT_STOP});
    return 0;
}

static int
do_give_up(struct hf_core *core, void *context, struct hf_error *err)
{
    struct giving_up *g = context;
    struct hf_operation *op = g->operation;

    if (hf_store_operation(core->config.store, g->id, op, err) < 0)
        return -1;
    if (op->state == HF_OPERATION_SUCCEEDED || op->state == HF_OPERATION_FAILED)
        return hf_error_set(err, HF_ERROR_CONFLICT, "operation %s has ended: it %s", g->id,
                            hf_operation_state_name(op->state));
    if (*op->service)
        return give_up_service(core, g, err);
    if (op->kind == HF_OPERATION_CHECK && strcmp(core->finder.operation.id, g->id) == 0)
        return finder_give_up(&core->finder, g->actor, err);
    if (core->upgrade.active && strcmp(core->upgrade.record.operation, g->id) == 0)
        return hf_core_give_up_upgrade(core, g->actor, op, err);
    return hf_error_set(err, HF_ERROR_CONFLICT, "operation %s is about to end", g->id);
}

int
hf_core_give_up(struct hf_core *core, const char *id, const char *actor,
                struct hf_operation *ret_operation, struct hf_error *err)
{
    struct giving_up g = {id, actor, ret_operation};

    return mailbox_call(&core->mail, do_give_up, &g, err);
}
