// SPDX-License-Identifier: Apache-2.0
#include "base/clock.h"
#include "base/text.h"
#include "core/internal.h"
#include "store/backup.h"

#include <limits.h>
#include <string.h>
#include <time.h>

enum {
    JOIN_MS = 2000, /* a worker still in an engine call after this is left behind at the end */
    OWNER_STACK_BYTES = 1024 * 1024,
    KEEP_FIRST_MS = 3600 * 1000 /* until the history is stored the first time */
};

/* ---- start ---- */

/* Without a release there are the built-in services all the same. */
static void
name_services(struct hf_core *core)
{
    if (!core->has_release)
        core->service_count = hf_service_count;
    for (size_t i = 0; i < core->service_count; i++)
        hf_text_put(core->services[i].name, sizeof core->services[i].name, "%s",
                    core->has_release ? core->release.services[i].name : hf_service_names[i]);
}

int
hf_core_service_index(const struct hf_core *core, const char *name)
{
    for (size_t i = 0; i < core->service_count; i++)
        if (strcmp(core->services[i].name, name) == 0)
            return (int)i;
    return -1;
}

/* What was stored by a program that knew another format must not keep this one from starting: it
 * goes on without, says so, and leaves what runs alone. */
static int
load_release(struct hf_core *core, struct hf_error *err)
{
    HF_AUTO_FREE char *json = NULL;
    const struct hf_release *held;

    if (hf_store_release(core->config.store, &json, err) < 0)
        return err->class == HF_ERROR_NOT_FOUND ? 0 : -1;
    if (hf_core_hold_release(core, json, &held, err) < 0) {
        hf_log_error("event=stored-release-unusable error=\"%s\"", err->message);
        return 0;
    }
    core->release = *held;
    core->has_release = true;
    core->service_count = core->release.count;
    return 0;
}

static int
load_settings(struct hf_core *core, struct hf_error *err)
{
    HF_AUTO_FREE char *json = NULL;
    HF_AUTO(hf_json) struct hf_json *doc = NULL;

    if (hf_store_settings(core->config.store, &json, &core->revision, err) < 0)
        return err->class == HF_ERROR_NOT_FOUND ? 0 : -1;
    if (hf_json_parse(json, strlen(json), &doc, err) < 0 ||
        hf_settings_parse_kept(doc, &core->settings, err) < 0)
        hf_log_error("event=stored-settings-unusable revision=%lld error=\"%s\"",
                     (long long)core->revision, err->message);
    return 0;
}

static int
load_services(struct hf_core *core, struct hf_error *err)
{
    int64_t now = hf_clock_mono_ms();

    name_services(core);
    for (size_t i = 0; i < core->service_count; i++) {
        struct service *s = &core->services[i];

        if (hf_store_wanted(core->config.store, s->name, &s->wish, err) < 0)
            return -1;
        if (hf_core_make_target(core, i, err) < 0)
            return -1;
        hf_lifecycle_init(&s->machine, s->wish && !*s->blocked, now);
        hf_lifecycle_adopt(&s->machine, hf_core_only_adopts(core));
        hf_core_aim(s);
    }
    return 0;
}

static int
load_path(struct hf_core *core, struct hf_error *err)
{
    char tokens[HF_PATH_PEER_COUNT][HF_PATH_TOKEN_SIZE], name[HF_NAME_SIZE];
    int rc;

    for (int i = 0; i < HF_PATH_PEER_COUNT; i++) {
        hf_text_put(name, sizeof name, "%s.holdfastd", hf_path_name((enum hf_path_peer)i));
        if (hf_store_secret(core->config.store, name, tokens[i], err) < 0)
            return -1;
    }
    rc = hf_path_new(tokens, &core->path, err);
    explicit_bzero(tokens, sizeof tokens);
    return rc;
}

/* Where that cannot be read it is as if there had been none. */
static void
load_restored(struct hf_core *core)
{
    HF_AUTO_FREE char *text = NULL;
    int64_t at_ms;

    if (hf_store_kept(core->config.store, hf_store_kept_mark, &at_ms, &text, NULL) == 0)
        hf_text_put(core->restored, sizeof core->restored, "%s", text);
}

static int
load(struct hf_core *core, struct hf_error *err)
{
    struct hf_account account;
    char code[HF_CODE_HASH_SIZE];
    size_t accounts;

    hf_text_put(core->gateway_id, sizeof core->gateway_id, "%s",
                hf_store_gateway_id(core->config.store));
    if (hf_store_accounts(core->config.store, &account, 1, &accounts, err) < 0 ||
        hf_store_setup_code(core->config.store, code, err) < 0 || load_settings(core, err) < 0 ||
        load_release(core, err) < 0 || hf_core_load_upgrade(core, err) < 0 ||
        hf_core_load_reset(core, err) < 0 || load_services(core, err) < 0 ||
        hf_store_secret(core->config.store, "bus.holdfastd", core->bus_password, err) < 0 ||
        load_path(core, err) < 0)
        return -1;
    if (hf_core_watch_start(core, err) < 0 ||
        hf_store_clock_floor(core->config.store, &core->clock_floor_ms, err) < 0)
        return -1;
    core->clock_floor_at_ms = hf_clock_mono_ms();
    core->keep_at_ms = core->clock_floor_at_ms + KEEP_FIRST_MS;
    hf_core_load_history(core);
    core->claimed = accounts > 0 && !*code;
    hf_core_order_starts(core, hf_clock_mono_ms());
    hf_core_load_trial(core);
    load_restored(core);
    core->disk_full = hf_store_opened_as(core->config.store, NULL) == HF_STORE_FULL;
    hf_core_end_left_operations(core);
    if (hf_core_hand_over(core, err) == 0)
        return 0;
    if (err->class != HF_ERROR_NO_SPACE)
        return -1;
    hf_log_error("event=hand-over-failed error=\"%s\"", err->message);
    core->hand_over_due = true;
    return 0;
}

static void
on_status(void *context, const char *service, const struct hf_service_status *status)
{
    struct hf_core *core = context;
    int index = hf_core_service_index(core, service);

    if (index >= 0)
        mailbox_status(&core->mail, (size_t)index, status);
}

static void
on_bus_lost(void *context, const char *reason)
{
    (void)context;
    hf_log_warn("event=bus-lost reason=\"%s\"", reason);
}

static void
on_bus_connected(void *context)
{
    (void)context;
    hf_log_info("event=bus-connected");
}

static void
on_round_trip(void *context)
{
    struct hf_core *core = context;

    mailbox_pong(&core->mail);
}

static int
start_owner(struct hf_core *core, struct hf_error *err)
{
    pthread_attr_t attr;
    int rc;

    pthread_attr_init(&attr);
    pthread_attr_setstacksize(&attr, OWNER_STACK_BYTES);
    rc = pthread_create(&core->owner, &attr, hf_core_owner, core);
    pthread_attr_destroy(&attr);
    if (rc != 0)
        return hf_error_errno(err, rc, "cannot start a thread");
    core->owner_runs = true;
    return 0;
}

static struct hf_core *
new_core(const struct hf_core_config *config)
{
    struct hf_core *core = calloc(1, sizeof *core);
    pthread_condattr_t monotonic;

    if (!core)
        return NULL;
    core->config = *config;
    core->started_ms = hf_clock_wall_ms();
    core->look_due = core->info_due = true;
    hf_settings_init(&core->settings);
    mailbox_init(&core->mail);
    history_init(&core->history);
    courier_init(&core->courier, core);
    putback_init(&core->putback, core);
    fetcher_init(&core->upgrade.fetcher, core);
    finder_init(&core->finder, core);
    pthread_mutex_init(&core->snapshot_lock, NULL);
    pthread_condattr_init(&monotonic);
    pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
    pthread_cond_init(&core->snapshot_new, &monotonic);
    pthread_condattr_destroy(&monotonic);
    return core;
}

static int
open_archive(struct hf_core *core, struct hf_error *err)
{
    char folder[PATH_MAX];

    hf_text_put(folder, sizeof folder, "%s/logs", core->config.state_dir);
    return hf_archive_new(folder, &core->archive, err);
}

int
hf_core_new(const struct hf_core_config *config, struct hf_core **ret_core, struct hf_error *err)
{
    struct hf_core *core = new_core(config);

    if (!core)
        return hf_error_nomem(err);
    if (hf_telemetry_new("", &core->telemetry, err) < 0 || open_archive(core, err) < 0) {
        (void)hf_core_stop(core);
        return -1;
    }
    hf_core_measure_host(core, hf_clock_mono_ms());
    if (load(core, err) < 0) {
        (void)hf_core_stop(core);
        return -1;
    }
    hf_core_find_address(core, hf_clock_mono_ms());
    core->snapshot = hf_core_present(core, hf_clock_mono_ms());
    if (!core->snapshot) {
        (void)hf_core_stop(core);
        return hf_error_nomem(err);
    }
    *ret_core = core;
    return 0;
}

static int
start_threads(struct hf_core *core, struct hf_error *err)
{
    const struct hf_bus_callbacks callbacks = {
        .context = core,
        .status = on_status,
        .connected = on_bus_connected,
        .lost = on_bus_lost,
        .round_trip = on_round_trip,
    };

    if (hf_bus_new(&callbacks, &core->bus, err) < 0)
        return -1;
    for (size_t i = 0; i < core->service_count; i++)
        if (worker_start(&core->workers[i], core, i, worker_effects, err) < 0)
            return -1;
    if (worker_start(&core->observer, core, 0, worker_observer, err) < 0 ||
        worker_start(&core->listener, core, 0, worker_listener, err) < 0 ||
        worker_start(&core->keeper, core, 0, worker_keeper, err) < 0 ||
        courier_start(&core->courier, err) < 0 || putback_start(&core->putback, err) < 0)
        return -1;
    return start_owner(core, err);
}

int
hf_core_start(struct hf_core *core, struct hf_error *err)
{
    if (start_threads(core, err) == 0)
        return 0;
    mailbox_close(&core->mail); /* nobody shall wait for an owner that never comes */
    return -1;
}

/* ---- stop ---- */

static bool
join_workers(struct hf_core *core)
{
    bool all = true;

    for (size_t i = 0; i < core->service_count; i++)
        worker_stop(&core->workers[i]);
    worker_stop(&core->observer);
    worker_stop(&core->listener);
    worker_stop(&core->keeper);
    fetcher_stop(&core->upgrade.fetcher);
    finder_stop(&core->finder);
    for (size_t i = 0; i < core->service_count; i++)
        all &= worker_join(&core->workers[i], JOIN_MS);
    all &= worker_join(&core->observer, JOIN_MS);
    all &= worker_join(&core->listener, JOIN_MS);
    all &= worker_join(&core->keeper, JOIN_MS);
    all &= fetcher_join(&core->upgrade.fetcher, JOIN_MS);
    all &= finder_join(&core->finder, JOIN_MS);
    return all;
}

bool
hf_core_stop(struct hf_core *core)
{
    bool all;

    if (!core)
        return true;
    pthread_mutex_lock(&core->snapshot_lock);
    core->stopping = true;
    pthread_cond_broadcast(&core->snapshot_new);
    pthread_mutex_unlock(&core->snapshot_lock);
    mailbox_stop(&core->mail);
    if (core->owner_runs)
        pthread_join(core->owner, NULL);
    hf_bus_free(core->bus);
    courier_stop(&core->courier);
    putback_stop(&core->putback);
    all = join_workers(core);
    if (!all) {
        hf_log_warn("event=engine-call-left-behind text=\"Docker did not answer before the end\"");
        return false;
    }
    hf_core_free_incidents(core);
    hf_telemetry_free(core->telemetry);
    hf_path_free(core->path);
    hf_archive_free(core->archive);
    hf_core_free_upgrade(core);
    hf_settings_done(&core->settings);
    hf_snapshot_unref(core->snapshot);
    history_done(&core->history);
    roster_done(&core->watch.roster);
    courier_done(&core->courier);
    putback_done(&core->putback);
    mailbox_done(&core->mail);
    pthread_cond_destroy(&core->snapshot_new);
    pthread_mutex_destroy(&core->snapshot_lock);
    free(core);
    return true;
}

/* ---- for other threads ---- */

/* Until there is a picture newer than seen with at least so many changes; false on timeout or stop.
 */
static bool
wait_for_picture(struct hf_core *core, uint64_t seen, uint64_t changes, int timeout_ms)
{
    int64_t until_ms = hf_clock_mono_ms() + timeout_ms;
    struct timespec until = {.tv_sec = until_ms / 1000, .tv_nsec = until_ms % 1000 * 1000000};
    bool fresh = false;
    int rc = 0;

    pthread_mutex_lock(&core->snapshot_lock);
    while (!core->stopping && rc == 0) {
        fresh = core->snapshot->version > seen && core->snapshot->changes >= changes;
        if (fresh)
            break;
        rc = pthread_cond_timedwait(&core->snapshot_new, &core->snapshot_lock, &until);
    }
    pthread_mutex_unlock(&core->snapshot_lock);
    return fresh;
}

const struct hf_snapshot *
hf_core_wait(struct hf_core *core, uint64_t seen, int timeout_ms)
{
    return wait_for_picture(core, seen, 0, timeout_ms) ? hf_core_snapshot(core) : NULL;
}

void
hf_core_wait_change(struct hf_core *core, uint64_t changes, int timeout_ms)
{
    (void)wait_for_picture(core, 0, changes + 1, timeout_ms);
}

size_t
hf_core_happenings(struct hf_core *core, uint64_t n, struct hf_happening *ret_happenings,
                   size_t max, uint64_t *ret_missed)
{
    size_t count;

    pthread_mutex_lock(&core->snapshot_lock);
    count = hf_happenings_after(&core->happenings, n, ret_happenings, max, ret_missed);
    pthread_mutex_unlock(&core->snapshot_lock);
    return count;
}

struct command {
    enum hf_operation_kind kind;
    const char *service, *actor;
    struct hf_operation *ret_operation;
};

static int
do_command(struct hf_core *core, void *context, struct hf_error *err)
{
    const struct command *c = context;

    return hf_core_begin_operation(core, c->kind, c->service, c->actor, c->ret_operation, err);
}

int
hf_core_command(struct hf_core *core, enum hf_operation_kind kind, const char *service,
                const char *actor, struct hf_operation *ret_operation, struct hf_error *err)
{
    struct command c = {kind, service, actor, ret_operation};

    return mailbox_call(&core->mail, do_command, &c, err);
}

struct store_work {
    hf_core_work *work;
    void *context;
};

static int
do_store_work(struct hf_core *core, void *context, struct hf_error *err)
{
    const struct store_work *w = context;

    return w->work(core->config.store, w->context, err);
}

int
hf_core_run(struct hf_core *core, hf_core_work *work, void *context, struct hf_error *err)
{
    struct store_work w = {work, context};

    return mailbox_call(&core->mail, do_store_work, &w, err);
}

struct operations {
    const struct hf_operation_filter *filter;
    struct hf_operation *list;
    size_t max, count;
};

static int
read_operations(struct hf_store *store, void *context, struct hf_error *err)
{
    struct operations *o = context;

    return hf_store_operations(store, o->filter, o->list, o->max, &o->count, err);
}

int
hf_core_operations(struct hf_core *core, const struct hf_operation_filter *filter,
                   struct hf_operation *ret_operations, size_t max, size_t *ret_count,
                   struct hf_error *err)
{
    struct operations o = {filter, ret_operations, max, 0};

    if (hf_core_run(core, read_operations, &o, err) < 0)
        return -1;
    *ret_count = o.count;
    return 0;
}

struct one_operation {
    const char *id;
    struct hf_operation *operation;
};

static int
read_operation(struct hf_store *store, void *context, struct hf_error *err)
{
    const struct one_operation *o = context;

    return hf_store_operation(store, o->id, o->operation, err);
}

int
hf_core_operation(struct hf_core *core, const char *id, struct hf_operation *ret_operation,
                  struct hf_error *err)
{
    struct one_operation o = {id, ret_operation};

    return hf_core_run(core, read_operation, &o, err);
}

static int
do_claimed(struct hf_core *core, void *context, struct hf_error *err)
{
    const char *name = context;
    HF_AUTO_FREE char *json = NULL;
    char before[HF_NAME_SIZE];

    core->claimed = true;
    core->changed = true;
    if (!name)
        return 0;
    if (hf_settings_check_name(name, "/name", err) < 0)
        return -1;
    memcpy(before, core->settings.name, sizeof before);
    hf_text_put(core->settings.name, sizeof core->settings.name, "%s", name);
    if (hf_settings_print(&core->settings, &json, err) < 0 ||
        hf_store_add_settings(core->config.store, json, "admin", &core->revision, err) < 0) {
        memcpy(core->settings.name, before, sizeof before);
        return -1;
    }
    return 0;
}

int
hf_core_claimed(struct hf_core *core, const char *name, struct hf_error *err)
{
    return mailbox_call(&core->mail, do_claimed, (void *)(uintptr_t)name, err);
}

struct hf_archive *
hf_core_archive(struct hf_core *core)
{
    return core->archive;
}

uint64_t
hf_core_turns(const struct hf_core *core)
{
    return atomic_load(&core->turns);
}

struct hf_path *
hf_core_path(struct hf_core *core)
{
    return core->path;
}

int
hf_core_history(struct hf_core *core, const struct hf_history_query *query,
                struct hf_history *ret_history, struct hf_error *err)
{
    return history_read(&core->history, query, ret_history, err);
}
