// SPDX-License-Identifier: Apache-2.0
#include "core/upgrade.h"

#include "base/clock.h"
#include "base/text.h"
#include "core/admit.h"
#include "core/internal.h"
#include "store/release.h"

#include <string.h>

/* Moves in one turn of the loop: from VERIFIED into SWITCHING, say. The bound is never met. */
enum { MOVES_AT_ONCE = 4, MS_A_SECOND = 1000, MIB = 1024 * 1024 };

/* Less room than this where the engine keeps images is not worth a try. */
enum { ROOM_LEAST_MIB = 64 };

/* ---- releases that live as long as the core ---- */

int
hf_core_parse_release(const struct hf_core *core, const char *json, struct hf_release *ret_release,
                      struct hf_error *err)
{
    const struct hf_release_host host = {hf_release_platform(), core->settings.registry.host,
                                         core->config.system};

    return hf_release_parse(json, strlen(json), &host, ret_release, err);
}

void
hf_core_place_releases(struct hf_core *core)
{
    const char *registry = core->settings.registry.host;

    hf_release_set_registry(&core->release, registry);
    for (struct held_release *h = core->upgrade.held; h; h = h->next)
        hf_release_set_registry(&h->release, registry);
}

int
hf_core_hold_release(struct hf_core *core, const char *json, const struct hf_release **ret_release,
                     struct hf_error *err)
{
    char id[HF_DIGEST_TEXT_SIZE];
    struct held_release *h;

    hf_release_id(json, id);
    for (h = core->upgrade.held; h; h = h->next) {
        if (strcmp(h->id, id) != 0)
            continue;
        *ret_release = &h->release;
        return 0;
    }
    h = calloc(1, sizeof *h);
    if (!h)
        return hf_error_nomem(err);
    if (hf_core_parse_release(core, json, &h->release, err) < 0) {
        free(h);
        return -1;
    }
    memcpy(h->id, id, sizeof h->id);
    h->next = core->upgrade.held;
    core->upgrade.held = h;
    *ret_release = &h->release;
    return 0;
}

void
hf_core_free_upgrade(struct hf_core *core)
{
    while (core->upgrade.held) {
        struct held_release *h = core->upgrade.held;

        core->upgrade.held = h->next;
        hf_release_done(&h->release);
        free(h);
    }
    fetcher_done(&core->upgrade.fetcher);
}

/* ---- what each service is to be ---- */

/* Services that do not change are as either release has them; past the last switch that is the new
 * one, whose words on health and order hold from then on. */
static bool
is_of_new_release(const struct upgrade *u, const char *service)
{
    if (u->machine.state == HF_UPGRADE_GATING || u->machine.state == HF_UPGRADE_COMMITTED)
        return true;
    for (size_t i = 0; i < u->record.count; i++)
        if (strcmp(u->record.services[i].name, service) == 0)
            return hf_upgrade_is_new(&u->machine, (unsigned)i);
    return false;
}

/* In the order of core->services, which is fixed. */
static void
compose(struct hf_core *core)
{
    const struct upgrade *u = &core->upgrade;
    const struct hf_release *named = u->machine.state == HF_UPGRADE_COMMITTED ? u->to : u->from;
    struct hf_release out = *named;

    out.count = core->release.count;
    for (size_t i = 0; i < out.count; i++) {
        const char *name = core->release.services[i].name;
        const struct hf_release *r = is_of_new_release(u, name) ? u->to : u->from;

        out.services[i] = r->services[hf_release_index(r, name)];
    }
    core->release = out;
}

static void
aim_all(struct hf_core *core)
{
    compose(core);
    for (size_t i = 0; i < core->service_count; i++)
        hf_lifecycle_adopt(&core->services[i].machine, hf_core_only_adopts(core));
    if (core->release.count > hf_service_count) { /* own ones have their accounts and secrets */
        core->hand_over_due = true;
        hf_core_hand_over_again(core);
    }
    hf_core_retarget_all(core);
}

bool
hf_core_only_adopts(const struct hf_core *core)
{
    return core->upgrade.active && core->upgrade.machine.state == HF_UPGRADE_INSTALLING;
}

bool
hf_core_upgrade_locks(const struct hf_core *core)
{
    const struct upgrade *u = &core->upgrade;

    return u->active && (u->machine.index > 0 || (u->machine.state != HF_UPGRADE_PLANNED &&
                                                  u->machine.state != HF_UPGRADE_PULLING &&
                                                  u->machine.state != HF_UPGRADE_VERIFIED));
}

/* ---- taking up what is written ---- */

/* What cannot be read cannot be gone on with: what ran before runs on. */
static int
give_up_unreadable(struct hf_core *core, const struct hf_error *why, struct hf_error *err)
{
    struct upgrade *u = &core->upgrade;

    hf_log_error("event=upgrade-unusable error=\"%s\"", why->message);
    u->record.state = HF_UPGRADE_ROLLED_BACK;
    u->record.finished_ms = hf_clock_wall_ms();
    hf_text_put(u->record.reason, sizeof u->record.reason,
                "what was written of it cannot be read: %s", why->message);
    hf_text_whole(u->record.reason);
    return hf_store_end_upgrade(core->config.store, &u->record, err);
}

static int
hold_both(struct hf_core *core, struct hf_error *err)
{
    struct upgrade *u = &core->upgrade;
    HF_AUTO_FREE char *to = NULL, *from = NULL;

    if (hf_store_upgrade_releases(core->config.store, u->record.n, &to, &from, err) < 0)
        return -1;
    if (hf_core_hold_release(core, to, &u->to, err) < 0 ||
        hf_core_hold_release(core, from, &u->from, err) < 0)
        return -1;
    for (size_t i = 0; i < u->from->count; i++)
        if (hf_release_index(u->to, u->from->services[i].name) < 0)
            return hf_error_set(err, HF_ERROR_INVALID, "the new release lacks the service '%s'",
                                u->from->services[i].name);
    return 0;
}

static void
init_machine(struct hf_core *core, int64_t now_ms)
{
    struct upgrade *u = &core->upgrade;
    struct hf_known_release known;
    HF_AUTO_FREE char *json = NULL;

    hf_upgrade_init(&u->machine, (unsigned)u->record.count,
                    core->settings.upgrade.gate_s * MS_A_SECOND,
                    core->settings.upgrade.switch_s * MS_A_SECOND, now_ms);
    u->machine.state = u->record.state;
    u->machine.index = u->record.index;
    memcpy(u->machine.reason, u->record.reason, sizeof u->machine.reason);
    u->machine.installs = hf_core_find_release(core, u->record.to.id, &known, &json, NULL) == 0 &&
                          hf_core_installs_daemon(core, &known, u->to, u->record.kind);
}

/* A store of before knew what runs, but no list of releases. */
static void
know_running(struct hf_core *core)
{
    HF_AUTO_FREE char *json = NULL;
    struct hf_store_release r = {.signature = "", .known = {.state = HF_RELEASE_RUNNING}};
    struct hf_known_release known;
    struct hf_error err = {0};

    if (!core->has_release || hf_store_release(core->config.store, &json, &err) < 0)
        return;
    hf_release_id(json, r.known.release.id);
    if (hf_store_known_release(core->config.store, r.known.release.id, &known, NULL, &err) == 0 ||
        err.class != HF_ERROR_NOT_FOUND)
        return;
    hf_release_label(&core->release, r.known.release.name);
    hf_text_put(r.known.created, sizeof r.known.created, "%s", core->release.created);
    hf_text_put(r.known.source, sizeof r.known.source, "start");
    r.known.added_ms = hf_clock_wall_ms();
    r.json = json;
    if (hf_store_add_release(core->config.store, &r, &err) < 0)
        hf_log_warn("event=release-not-listed error=\"%s\"", err.message);
}

static int
note_leftovers(void *context, const char *json, struct hf_error *err)
{
    (void)json, (void)err;
    *(bool *)context = true;
    return 0;
}

/* Not while holdfast-update may yet put the old holdfastd back, of whatever this one thinks. */
static void
forget_before(struct hf_core *core)
{
    if (!core->upgrade.has_before || hf_core_daemon_is_undecided(core))
        return;
    hf_store_forget_before(core->config.store);
    core->upgrade.has_before = false;
}

int
hf_core_load_upgrade(struct hf_core *core, struct hf_error *err)
{
    struct upgrade *u = &core->upgrade;
    struct hf_error why = {0};
    size_t count = 0;

    if (hf_store_upgrades(core->config.store, &u->record, 1, &count, err) < 0)
        return -1;
    know_running(core);
    if (hf_store_release_texts(core->config.store, true, note_leftovers, &u->collecting.due, err) <
        0)
        return -1;
    u->has_before = true;
    if (!count || u->record.finished_ms || u->record.state != HF_UPGRADE_INSTALLING)
        forget_before(core);
    if (!count || u->record.finished_ms || !core->has_release)
        return 0;
    if (hold_both(core, &why) < 0)
        return give_up_unreadable(core, &why, err);
    init_machine(core, hf_clock_mono_ms());
    u->active = true;
    compose(core);
    hf_log_info("event=upgrade-taken-up to=\"%s\" state=%s index=%u", u->record.to.name,
                hf_upgrade_state_name(u->record.state), u->record.index);
    return 0;
}

/* ---- effects ---- */

static int
check_room(const struct hf_core *core, struct hf_error *err)
{
    const struct hf_host_view *h = &core->host;
    const struct hf_disk_view *d = &h->disks[h->disk_count ? h->disk_count - 1 : 0];

    if (h->disk_count == 0 || d->free_bytes >= (int64_t)ROOM_LEAST_MIB * MIB)
        return 0;
    return hf_error_set(err, HF_ERROR_NO_SPACE,
                        "%s has %lld MB free, too little to fetch images: free some space there",
                        d->mount, (long long)(d->free_bytes / MIB));
}

static int
give_fetch(struct hf_core *core, struct hf_error *err)
{
    struct upgrade *u = &core->upgrade;
    struct fetch_job job = {.count = 0};

    memcpy(job.release_id, u->record.to.id, sizeof job.release_id);
    for (size_t i = 0; i < u->record.count; i++) {
        int at = hf_release_index(u->to, u->record.services[i].name);
        struct fetch_item *item = &job.items[job.count++];

        hf_text_put(item->service, sizeof item->service, "%s", u->record.services[i].name);
        item->image = u->to->services[at].image;
    }
    if (u->machine.installs) {
        job.daemon = u->to->daemon;
        memcpy(job.repository, core->settings.registry.release_repository, sizeof job.repository);
    }
    u->news = (struct fetch_news){.some = false};
    if (check_room(core, err) < 0)
        return -1;
    return fetcher_give(&u->fetcher, &job, err);
}

/* With the last lines and the curve of the one that failed, while its container is still there. */
static void
note_failure(struct hf_core *core)
{
    const struct upgrade *u = &core->upgrade;
    const char *name = *u->culprit ? u->culprit : u->record.services[0].name;
    int index = hf_core_service_index(core, name);
    struct hf_finding f = {.some = true, .kind = HF_INCIDENT_UPGRADE, .uptime_s = -1};

    hf_text_put(f.found, sizeof f.found, "release %s: %s", u->record.to.name, u->machine.reason);
    hf_text_whole(f.found);
    hf_text_put(f.done, sizeof f.done, "goes back to release %s", u->record.from.name);
    hf_text_whole(f.done);
    if (index >= 0)
        hf_core_note(core, (size_t)index, &f);
}

static void
carry_out(struct hf_core *core, const struct hf_upgrade_step *step, bool failed)
{
    struct upgrade *u = &core->upgrade;
    struct hf_error err = {0};

    switch (step->effect) {
    case HF_UPGRADE_FETCH:
        if (give_fetch(core, &err) < 0)
            u->news = (struct fetch_news){.some = true, .done = true, .result = -1, .err = err};
        break;
    case HF_UPGRADE_INSTALL:
        if (hf_core_request_daemon(core, &err) < 0)
            hf_log_error("event=daemon-not-asked-for error=\"%s\"", err.message);
        break;
    case HF_UPGRADE_RESTORE:
        fetcher_cancel(&u->fetcher);
        hf_core_withdraw_daemon(core);
        if (failed)
            note_failure(core);
        break;
    case HF_UPGRADE_COLLECT:
        hf_core_collect_all(core);
        break;
    default:
        break;
    }
    if (step->moved || step->effect != HF_UPGRADE_NOTHING)
        aim_all(core);
}

/* ---- moving ---- */

static void
end_operation(struct hf_operation *op, const struct hf_upgrade_record *r)
{
    bool wanted = r->state == HF_UPGRADE_COMMITTED;

    op->state = wanted ? HF_OPERATION_SUCCEEDED : HF_OPERATION_FAILED;
    op->finished_ms = r->finished_ms;
    hf_text_put(op->detail, sizeof op->detail, "%s%s",
                wanted ? "" : "rolled back: ", wanted ? "" : r->reason);
    hf_text_whole(op->detail);
}

static int
write_end(struct hf_store *store, void *context, struct hf_error *err)
{
    const struct hf_upgrade_record *r = context;
    struct hf_operation op;
    char what[HF_TEXT_SIZE];
    const struct hf_audit_note note = {
        .who = "holdfastd",
        .what = what,
        .result = r->state == HF_UPGRADE_COMMITTED ? HF_AUDIT_DONE : HF_AUDIT_FAILED,
    };

    if (hf_store_end_upgrade(store, r, err) < 0)
        return -1;
    hf_text_put(what, sizeof what, "%s to release '%s' %s%s%s", hf_upgrade_kind_name(r->kind),
                r->to.name, r->state == HF_UPGRADE_COMMITTED ? "committed" : "rolled back",
                *r->reason ? ": " : "", r->reason);
    hf_text_whole(what);
    if (hf_store_audit_note(store, &note, err) < 0)
        return -1;
    if (hf_store_operation(store, r->operation, &op, NULL) < 0)
        return 0; /* it has given way to newer ones */
    end_operation(&op, r);
    return hf_store_save_operation(store, &op, err);
}

static int
write_move(struct hf_core *core, const struct hf_upgrade_machine *m, struct hf_error *err)
{
    struct hf_upgrade_record r = core->upgrade.record;

    r.state = m->state;
    r.index = m->index;
    r.since_ms = hf_clock_wall_ms();
    memcpy(r.reason, m->reason, sizeof r.reason);
    if (hf_upgrade_ended(m->state)) {
        r.finished_ms = r.since_ms;
        if (hf_store_transaction(core->config.store, write_end, &r, err) < 0)
            return -1;
    } else if (hf_store_save_upgrade(core->config.store, &r, err) < 0) {
        return -1;
    }
    core->upgrade.record = r;
    return 0;
}

void
hf_core_say_upgrade(const struct hf_core *core)
{
    const struct hf_upgrade_record *r = &core->upgrade.record;

    hf_log_info("event=upgrade state=%s to=\"%s\" from=\"%s\" service=%s reason=\"%s\"",
                hf_upgrade_state_name(r->state), r->to.name, r->from.name,
                r->state == HF_UPGRADE_SWITCHING ? r->services[r->index].name : "-", r->reason);
}

static void
forget_measures(struct upgrade *u)
{
    u->gap_from_ms = 0;
    u->base.taken = false;
    memset(u->gate, 0, sizeof u->gate);
}

int
hf_core_upgrade_event(struct hf_core *core, const struct hf_upgrade_event *event, int64_t now_ms,
                      struct hf_error *err)
{
    struct upgrade *u = &core->upgrade;
    struct hf_upgrade_machine m = u->machine;
    struct hf_upgrade_step step = hf_upgrade_step(&m, event, now_ms);

    if (step.moved && write_move(core, &m, err) < 0)
        return -1;
    core->changed |= step.moved || strcmp(m.waiting, u->machine.waiting) != 0;
    u->machine = m;
    if (step.moved) {
        hf_core_say_upgrade(core);
        forget_measures(u);
        u->active = !hf_upgrade_ended(m.state);
    }
    carry_out(core, &step, step.moved && event->kind != HF_UPGRADE_CANCEL);
    return 0;
}

/* ---- gaps ---- */

static struct service *
under_way(struct hf_core *core)
{
    const struct upgrade *u = &core->upgrade;
    int index;

    if (u->machine.state != HF_UPGRADE_SWITCHING)
        return NULL;
    index = hf_core_service_index(core, u->record.services[u->machine.index].name);
    return index < 0 ? NULL : &core->services[index];
}

/* From the stop of the old container until the new one runs. */
static void
measure_gap(struct hf_core *core, int64_t now_ms)
{
    struct upgrade *u = &core->upgrade;
    const struct service *s = under_way(core);
    struct hf_upgrade_service *to = &u->record.services[u->machine.index];

    if (!s || to->gap_ms >= 0)
        return;
    if (!u->gap_from_ms &&
        (s->machine.pending == HF_EFFECT_STOP || s->machine.pending == HF_EFFECT_REMOVE))
        u->gap_from_ms = now_ms;
    if (u->gap_from_ms && hf_lifecycle_settled(&s->machine) && s->machine.wanted) {
        to->gap_ms = now_ms - u->gap_from_ms;
        hf_log_info("service=%s event=switched gap_ms=%lld", s->name, (long long)to->gap_ms);
        core->changed = true;
    }
}

/* ---- turns ---- */

void
hf_core_take_fetch(struct hf_core *core, const struct fetch_news *news)
{
    if (!news->some)
        return;
    core->changed = true;
    if (news->remove)
        hf_core_collected(core, news);
    else if (strcmp(news->release_id, core->upgrade.record.to.id) == 0)
        core->upgrade.news = *news;
}

static bool
move_once(struct hf_core *core, int64_t now_ms)
{
    struct upgrade *u = &core->upgrade;
    enum hf_upgrade_state state = u->machine.state;
    unsigned index = u->machine.index;
    struct hf_upgrade_event event;
    struct hf_error err;

    if (u->resumed)
        event = hf_core_upgrade_look(core, now_ms);
    else
        event = (struct hf_upgrade_event){.kind = HF_UPGRADE_RESUME};
    if (hf_core_upgrade_event(core, &event, now_ms, &err) < 0) {
        hf_log_error("event=upgrade-not-written error=\"%s\"", err.message);
        return false;
    }
    u->resumed = true;
    if (state == HF_UPGRADE_PULLING && u->news.done)
        u->news.some = u->news.done = false; /* it was acted on */
    return u->active && (u->machine.state != state || u->machine.index != index);
}

void
hf_core_upgrade(struct hf_core *core, int64_t now_ms)
{
    struct upgrade *u = &core->upgrade;

    if (u->active)
        measure_gap(core, now_ms);
    for (int i = 0; u->active && i < MOVES_AT_ONCE && move_once(core, now_ms); i++)
        ;
    if (!hf_core_only_adopts(core))
        forget_before(core);
    if (!u->active && core->engine.state == HF_ENGINE_OK)
        hf_core_collect(core, now_ms);
}

/* ---- showing ---- */

void
hf_core_present_upgrade(const struct hf_core *core, struct hf_upgrade_view *v)
{
    const struct upgrade *u = &core->upgrade;
    int64_t left_ms = hf_upgrade_gate_left_ms(&u->machine);

    v->record = u->record;
    if (!u->active)
        return;
    memcpy(v->waiting, u->machine.waiting, sizeof v->waiting);
    if (u->machine.state == HF_UPGRADE_PULLING && u->news.some && !u->news.done) {
        v->pull_number = u->news.number;
        v->pull_of = u->news.of;
        memcpy(v->pull_service, u->news.service, sizeof v->pull_service);
        v->pull = u->news.bytes;
    }
    if (u->machine.state != HF_UPGRADE_GATING)
        return;
    v->gate_s = u->machine.gate_ms / MS_A_SECOND;
    v->gate_left_s = (left_ms + MS_A_SECOND - 1) / MS_A_SECOND;
    memcpy(v->gate, u->gate, sizeof v->gate);
}
