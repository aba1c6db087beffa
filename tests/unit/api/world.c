// SPDX-License-Identifier: Apache-2.0
#include "unit.h"

#include "world.h"

#include "base/text.h"
#include "core/history.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { LOG_LINES = 10 };

static const int64_t AT_MS = 1795489293123; /* 2026-11-24T03:01:33.123Z */

struct hf_snapshot world_snapshot;
enum hf_error_class world_command_error = HF_ERROR_NONE;
enum hf_operation_state world_operation_state = HF_OPERATION_QUEUED;
enum hf_operation_kind world_operation_kind = HF_OPERATION_STOP;
struct hf_archive *world_archive;
enum hf_error_class world_fault = HF_ERROR_NONE;
char world_audit[512];
char world_not_done[512];
struct hf_settings world_settings;
int64_t world_revision;
static struct hf_path *path;

static void
fill_service(struct hf_snapshot *s, size_t i)
{
    static const struct hf_placement placement = {.instance = "holdfast",
                                                  .run_dir = "/run/holdfast",
                                                  .field_address = "0.0.0.0",
                                                  .field_port = 1883};
    struct hf_release_image *image = &s->release.services[i].image;
    struct hf_service_view *v = &s->services[i];

    hf_text_put(s->release.services[i].name, HF_NAME_SIZE, "%s", hf_service_names[i]);
    snprintf(image->image, sizeof image->image, "127.0.0.1:5000/holdfast/%s@sha256:%064d",
             hf_service_names[i], 1);
    hf_text_put(image->tag, sizeof image->tag, "0.1.0");
    snprintf(image->image_id, sizeof image->image_id, "sha256:%064d", 2);
    assert_int_equal(hf_spec_make(&placement, &s->release, i, &v->spec, NULL), 0);
    hf_text_put(v->title, sizeof v->title, "Title of %s", hf_service_names[i]);
    v->wanted = true;
    v->lifecycle = HF_LIFECYCLE_RUNNING;
    v->health = HF_HEALTH_HEALTHY;
    v->started_ms = AT_MS - 60000;
    hf_text_put(v->container_id, sizeof v->container_id, "c%zu", i);
    v->usage = (struct hf_usage){.known = true,
                                 .memory_bytes = 4096,
                                 .cpu_percent = 1.239,
                                 .pids = 3,
                                 .io_write_bytes = -1,
                                 .has_pressure = true,
                                 .pressure = {.memory = 1.5}};
    v->rate_in = 12.5;
    v->status.number_count = 1;
    v->status.numbers[0] = (struct hf_number){.name = "clients", .value = 9007199254740993};
}

void
world_fill(struct hf_snapshot *s)
{
    hf_settings_done(&world_settings);
    hf_settings_init(&world_settings);
    world_revision = 7;
    world_audit[0] = '\0';
    world_not_done[0] = '\0';
    memset(s, 0, sizeof *s);
    s->version = 1;
    s->at_ms = AT_MS;
    hf_text_put(s->gateway.id, sizeof s->gateway.id, "hf-1a2b3c4d");
    hf_text_put(s->gateway.name, sizeof s->gateway.name, "press-hall-3");
    s->gateway.started_ms = AT_MS - 3600000;
    s->gateway.claimed = true;
    s->gateway.engine.state = HF_ENGINE_OK;
    s->gateway.host.cgroup_version = 1;
    s->gateway.host.disk_count = 1;
    s->gateway.host.disks[0] = (struct hf_disk_view){
        .mount = "/var", .used_bytes = 9, .total_bytes = 10, .inodes_used = 1, .inodes_total = 2};
    s->gateway.host.flash_percent_used = -1;
    s->gateway.host.memory_used_bytes = -1;
    s->gateway.host.cpu_percent = NAN;
    s->has_release = true;
    hf_text_put(s->release.name, sizeof s->release.name, "0.1.0");
    hf_text_put(s->release.version, sizeof s->release.version, "0.1.0");
    s->release.counter = 7;
    hf_text_put(s->release.created, sizeof s->release.created, "2026-11-24T03:01:33Z");
    s->service_count = s->release.count = hf_service_count;
    for (size_t i = 0; i < hf_service_count; i++)
        fill_service(s, i);
    s->buffer =
        (struct hf_buffer_view){.known = true, .ok = true, .held = 17, .drain_s = -1, .full_s = 5};
    hf_text_put(s->uplink.state, sizeof s->uplink.state, "idle");
    hf_text_put(s->sentence.level, sizeof s->sentence.level, "ok");
}

/* ---- core ---- */

bool
world_fails(struct hf_error *err)
{
    return world_fault != HF_ERROR_NONE && hf_error_set(err, world_fault, "a fault of a test") < 0;
}

const struct hf_snapshot *
hf_core_snapshot(struct hf_core *core)
{
    (void)core;
    return &world_snapshot;
}

/* Always something new. */
const struct hf_snapshot *
hf_core_wait(struct hf_core *core, uint64_t seen, int timeout_ms)
{
    (void)core, (void)seen, (void)timeout_ms;
    return &world_snapshot;
}

void
hf_core_wait_change(struct hf_core *core, uint64_t changes, int timeout_ms)
{
    (void)core, (void)changes, (void)timeout_ms;
}

/* Ten have happened, the newest eight of which are kept. */
size_t
hf_core_happenings(struct hf_core *core, uint64_t n, struct hf_happening *ret_happenings,
                   size_t max, uint64_t *ret_missed)
{
    size_t count = 0;

    (void)core;
    *ret_missed = n < 2 ? 2 - n : 0;
    for (uint64_t i = n < 2 ? 3 : n + 1; i <= 10 && count < max; i++) {
        struct hf_happening *h = &ret_happenings[count++];

        *h = (struct hf_happening){.n = i, .at_ms = AT_MS, .kind = HF_HAPPENED_HEALTH};
        hf_text_put(h->subject, sizeof h->subject, "buffer");
        hf_text_put(h->from, sizeof h->from, "starting");
        hf_text_put(h->to, sizeof h->to, "healthy");
    }
    return count;
}

void
hf_snapshot_unref(const struct hf_snapshot *snapshot)
{
    (void)snapshot;
}

static struct hf_operation
operation(enum hf_operation_kind kind, const char *service)
{
    struct hf_operation o = {.kind = kind, .state = HF_OPERATION_QUEUED, .created_ms = AT_MS};

    memset(o.id, 'a', sizeof o.id - 1);
    hf_text_put(o.service, sizeof o.service, "%s", service);
    return o;
}

int
hf_core_command(struct hf_core *core, enum hf_operation_kind kind, const char *service,
                const char *actor, struct hf_operation *ret_operation, struct hf_error *err)
{
    if (world_fails(err))
        return -1;
    (void)core;
    assert_int_equal(strncmp(actor, "admin", 5), 0); /* or a token of admin */
    if (world_command_error != HF_ERROR_NONE)
        return hf_error_set(err, world_command_error, "no");
    *ret_operation = operation(kind, service);
    return 0;
}

int
hf_core_operations(struct hf_core *core, const struct hf_operation_filter *filter,
                   struct hf_operation *ret_operations, size_t max, size_t *ret_count,
                   struct hf_error *err)
{
    if (world_fails(err))
        return -1;
    (void)core;
    (void)err;
    *ret_count = 0;
    for (int64_t n = filter->before ? filter->before - 1 : 3; n > 0 && *ret_count < max; n--) {
        ret_operations[*ret_count] = operation(HF_OPERATION_RESTART, "broker");
        ret_operations[(*ret_count)++].n = n;
    }
    return 0;
}

int
hf_core_operation(struct hf_core *core, const char *id, struct hf_operation *ret_operation,
                  struct hf_error *err)
{
    if (world_fails(err))
        return -1;
    struct hf_operation one = operation(world_operation_kind, "broker");

    (void)core;
    if (strcmp(id, one.id) != 0)
        return hf_error_set(err, HF_ERROR_NOT_FOUND, "there is no such operation");
    one.state = world_operation_state;
    *ret_operation = one;
    return 0;
}

int
hf_core_give_up(struct hf_core *core, const char *id, const char *actor,
                struct hf_operation *ret_operation, struct hf_error *err)
{
    if (world_fails(err))
        return -1;
    if (world_command_error != HF_ERROR_NONE)
        return hf_error_set(err, world_command_error, "it has ended");
    if (hf_core_operation(core, id, ret_operation, err) < 0)
        return -1;
    ret_operation->state = HF_OPERATION_FAILED;
    hf_text_put(ret_operation->detail, sizeof ret_operation->detail, "given up by %s", actor);
    return 0;
}

static struct hf_incident
incident(int64_t n)
{
    struct hf_incident i = {.n = n,
                            .kind = HF_INCIDENT_CRASH_LOOP,
                            .at_ms = AT_MS,
                            .last_ms = AT_MS,
                            .times = 1,
                            .has_exit_code = true,
                            .exit_code = 139,
                            .uptime_s = -1,
                            .log_lines = 1};

    hf_text_put(i.service, sizeof i.service, "buffer");
    return i;
}

int
hf_core_incidents(struct hf_core *core, const struct hf_incident_filter *filter,
                  struct hf_incident *ret_incidents, size_t max, size_t *ret_count,
                  struct hf_error *err)
{
    if (world_fails(err))
        return -1;
    (void)core;
    (void)err;
    *ret_count = 0;
    for (int64_t n = filter->before ? filter->before - 1 : 3; n > 0 && *ret_count < max; n--)
        ret_incidents[(*ret_count)++] = incident(n);
    return 0;
}

int
hf_core_incident(struct hf_core *core, int64_t n, struct hf_incident *ret_incident, char **ret_log,
                 char **ret_curve, struct hf_error *err)
{
    if (world_fails(err))
        return -1;
    (void)core;
    if (n > 3)
        return hf_error_set(err, HF_ERROR_NOT_FOUND, "there is no incident");
    *ret_incident = incident(n);
    *ret_log = strdup("[{\"text\":\"bye\"}]");
    *ret_curve = strdup("{}");
    return 0;
}

int
hf_core_claimed(struct hf_core *core, const char *name, struct hf_error *err)
{
    if (world_fails(err))
        return -1;
    (void)core, (void)name, (void)err;
    return 0;
}

struct hf_archive *
hf_core_archive(struct hf_core *core)
{
    (void)core;
    return world_archive;
}

int
hf_core_history(struct hf_core *core, const struct hf_history_query *query,
                struct hf_history *ret_history, struct hf_error *err)
{
    if (world_fails(err))
        return -1;
    static const double values[] = {NAN, 1, 2.5};

    (void)core, (void)err;
    *ret_history = (struct hf_history){.range = query->range, .end_ms = AT_MS, .points = 3};
    ret_history->series_count = query->name_count == 1 ? 1 : 2; /* no more, whatever is asked */
    ret_history->series = calloc(2, sizeof *ret_history->series);
    ret_history->codes = calloc(6, sizeof *ret_history->codes);
    assert_true(ret_history->series && ret_history->codes);
    for (size_t i = 0; i < ret_history->series_count; i++) {
        struct hf_history_series *to = &ret_history->series[i];

        hf_text_put(to->name, sizeof to->name, "%s",
                    query->name_count ? query->names[i]
                    : i               ? "host.cpu_percent"
                                      : "buffer.held");
        to->codes = ret_history->codes + 3 * i;
        for (int k = 0; i == 0 && k < 3; k++)
            to->codes[k] = history_code(values[k]);
    }
    return 0;
}

/* ---- alarms: 1, 2 and 3; 2 is over ---- */

static struct hf_alarm
alarm_of(int64_t id)
{
    return (struct hf_alarm){
        .id = id,
        .kind = HF_ALARM_DISK_FULL,
        .subject = "/var",
        .bad = id == 3,
        .cause = "91 % of the space is used",
        .advice = "Free some space.",
        .raised_ms = AT_MS,
        .last_ms = AT_MS,
        .count = 1,
        .cleared_ms = id == 2 ? AT_MS : 0,
    };
}

int
hf_core_alarms(struct hf_core *core, const struct hf_alarm_filter *filter,
               struct hf_alarm *ret_alarms, size_t max, size_t *ret_count, struct hf_error *err)
{
    if (world_fails(err))
        return -1;
    (void)core, (void)err;
    *ret_count = 0;
    for (int64_t id = 3; id >= 1 && *ret_count < max; id--)
        if ((!filter->before || id < filter->before) && !(filter->active_only && id == 2) &&
            (!filter->kind || *filter->kind == HF_ALARM_DISK_FULL))
            ret_alarms[(*ret_count)++] = alarm_of(id);
    return 0;
}

int
hf_core_acknowledge(struct hf_core *core, int64_t id, const char *actor, struct hf_alarm *ret_alarm,
                    struct hf_error *err)
{
    if (world_fails(err))
        return -1;
    (void)core;
    if (id == 2)
        return hf_error_set(err, HF_ERROR_CONFLICT, "the alarm is over");
    if (id > 3)
        return hf_error_set(err, HF_ERROR_NOT_FOUND, "there is no such alarm");
    *ret_alarm = alarm_of(id);
    ret_alarm->acknowledged_ms = AT_MS;
    hf_text_put(ret_alarm->acknowledged_by, sizeof ret_alarm->acknowledged_by, "%s", actor);
    return 0;
}

/* ---- the record path, the configuration, the log ---- */

void
world_reach(uint16_t port)
{
    static const char tokens[HF_PATH_PEER_COUNT][HF_PATH_TOKEN_SIZE] = {WORLD_TOKEN, WORLD_TOKEN,
                                                                        WORLD_TOKEN};

    if (!path)
        assert_int_equal(hf_path_new(tokens, &path, NULL), 0);
    for (int i = 0; i < HF_PATH_PEER_COUNT; i++)
        hf_path_set_target(path, (enum hf_path_peer)i, port ? "127.0.0.1" : NULL, port);
}

void
world_leave(void)
{
    hf_path_free(path);
    path = NULL;
    hf_settings_done(&world_settings);
}

struct hf_path *
hf_core_path(struct hf_core *core)
{
    (void)core;
    if (!path)
        world_reach(0);
    return path;
}

int
hf_core_audit_note(struct hf_core *core, const struct hf_audit_note *note, struct hf_error *err)
{
    if (note->result == HF_AUDIT_DONE)
        return hf_core_audit(core, note->who, note->what, err);
    hf_text_put(world_not_done, sizeof world_not_done, "%s: %s -> %s %d", note->who, note->what,
                hf_audit_results[note->result], note->status);
    return 0;
}

int
hf_core_audit(struct hf_core *core, const char *who, const char *what, struct hf_error *err)
{
    if (world_fails(err))
        return -1;
    (void)core;
    if (world_command_error != HF_ERROR_NONE)
        return hf_error_set(err, world_command_error, "no");
    hf_text_put(world_audit, sizeof world_audit, "%s: %s", who, what);
    return 0;
}

int
hf_core_config(struct hf_core *core, char **ret_text, int64_t *ret_revision, struct hf_error *err)
{
    if (world_fails(err))
        return -1;
    (void)core;
    *ret_revision = world_revision;
    return hf_settings_show(&world_settings, ret_text, err);
}

int
hf_core_change_config(struct hf_core *core, const struct hf_config_change *change, char **ret_text,
                      int64_t *ret_revision, struct hf_error *err)
{
    if (world_fails(err))
        return -1;
    struct hf_settings fresh = {0};

    (void)core;
    if (change->revision != HF_REVISION_ANY && change->revision != world_revision)
        return hf_error_set(err, HF_ERROR_STALE, "another revision");
    if (!change->patch && !change->whole && change->again != 3)
        return hf_error_set(err, HF_ERROR_NOT_FOUND, "it is not kept");
    if (change->patch   ? hf_settings_patch(&world_settings, change->patch, &fresh, err) < 0
        : change->whole ? hf_settings_replace(&world_settings, change->whole, &fresh, err) < 0
                        : hf_settings_copy(&world_settings, &fresh, err) < 0)
        return -1;
    assert_int_equal(hf_settings_show(&fresh, ret_text, err), 0);
    if (change->ret_effects && hf_settings_limits(&fresh, "buffer"))
        *change->ret_effects = (struct hf_effects){{{"buffer", "pids 32 → 64", true}}, 1};
    if (change->dry_run) {
        hf_settings_done(&fresh);
    } else {
        hf_settings_done(&world_settings);
        world_settings = fresh;
        world_revision++;
    }
    *ret_revision = world_revision;
    return 0;
}

int
hf_core_config_revisions(struct hf_core *core, struct hf_settings_revision *ret_list, size_t max,
                         size_t *ret_count, struct hf_config_trial *ret_trial, struct hf_error *err)
{
    if (world_fails(err))
        return -1;
    (void)core, (void)err;
    assert_true(max >= 1);
    ret_list[0] = (struct hf_settings_revision){world_revision, AT_MS, "ann"};
    *ret_count = 1;
    *ret_trial = (struct hf_config_trial){world_revision == 8, 7, 60, 12, "'buffer': stuck"};
    return 0;
}

int
hf_core_config_diff(struct hf_core *core, int64_t from, int64_t to, struct hf_json **ret_diff,
                    struct hf_error *err)
{
    if (world_fails(err))
        return -1;
    (void)core;
    if (from != 0 && from != 6)
        return hf_error_set(err, HF_ERROR_NOT_FOUND, "revision %lld is not kept", (long long)from);
    assert_int_equal(to, 7);
    *ret_diff = hf_json_object();
    hf_json_put(*ret_diff, "changes", hf_json_array());
    return 0;
}

void
hf_core_asked_from(const char *address)
{
    (void)address;
}

/* Without a store: what reads the audit log finds five entries, the newest of them 9, one of them
 * with values. */
int
hf_core_run(struct hf_core *core, hf_core_work *work, void *context, struct hf_error *err)
{
    if (world_fails(err))
        return -1;
    (void)core;
    return work(NULL, context, err);
}

int
hf_store_audit_list(struct hf_store *st, const struct hf_audit_filter *filter,
                    struct hf_audit_entry *ret_entries, size_t max, size_t *ret_count,
                    struct hf_error *err)
{
    if (world_fails(err))
        return -1;
    (void)st, (void)err;
    *ret_count = 0;
    if (*filter->result && strcmp(filter->result, "refused") != 0)
        return 0;
    for (int64_t n = filter->before ? filter->before - 1 : 9; n >= 5 && *ret_count < max; n--) {
        struct hf_audit_entry *e = &ret_entries[(*ret_count)++];

        *e = (struct hf_audit_entry){.n = n, .at_ms = AT_MS, .who = "ann"};
        hf_text_put(e->what, sizeof e->what, "did %lld", (long long)n);
        if (n == 7) {
            e->result = HF_AUDIT_REFUSED;
            e->status = 403;
        }
        if (n == 8 && filter->with_changes)
            e->changes = strdup("{\"changes\":[{\"path\":\"/role\",\"before\":null,"
                                "\"after\":\"viewer\"}],\"omitted\":3}");
    }
    return 0;
}

void
hf_audit_entries_done(struct hf_audit_entry *entries, size_t count)
{
    for (size_t i = 0; i < count; i++)
        free(entries[i].changes);
}

/* ---- engine ---- */

static int
logs(void *ctx, const char *id, int tail, bool follow, hf_log_sink *sink,
     bool (*cancelled)(void *context), void *context, struct hf_error *err)
{
    char text[32];
    const struct hf_log_line line = {.time_ms = AT_MS, .is_stderr = true, .text = text};

    if (world_fails(err))
        return -1;
    (void)ctx, (void)follow;
    assert_int_equal(id[0], 'c');
    for (int i = tail > LOG_LINES ? 0 : LOG_LINES - tail; i < LOG_LINES && !cancelled(context);
         i++) {
        snprintf(text, sizeof text, "line \"%d\"", i);
        if (!sink(context, &line))
            break;
    }
    return 0;
}

const struct hf_engine_ops world_engine_ops = {.logs = logs};

/* ---- identity ---- */

static int
keep_account(void *context, const struct hf_account *a, struct hf_error *err)
{
    (void)context, (void)a, (void)err;
    return 0;
}

static int
keep_session(void *context, const struct hf_session_record *s, struct hf_error *err)
{
    (void)context, (void)s, (void)err;
    return 0;
}

static int
forget_session(void *context, const char *token_hash, struct hf_error *err)
{
    (void)context, (void)token_hash, (void)err;
    return 0;
}

static int
keep_change(void *context, const struct hf_account_change *change, struct hf_error *err)
{
    (void)context, (void)change, (void)err;
    return 0;
}

static int
keep_token(void *context, const struct hf_token_record *token, const struct hf_audit_note *note,
           struct hf_error *err)
{
    (void)context, (void)token, (void)note, (void)err;
    return 0;
}

struct hf_identity *
world_identity(char token[HF_TOKEN_SIZE])
{
    static const struct hf_identity_ops ops = {
        .claim = keep_account,
        .save_session = keep_session,
        .delete_session = forget_session,
        .change_account = keep_change,
        .add_token = keep_token,
        .delete_token = keep_token,
    };
    static const struct hf_identity_start nothing = {0};
    struct hf_identity *identity = NULL;
    struct hf_login login;
    char code[HF_SETUP_CODE_SIZE];

    assert_int_equal(hf_identity_new(&ops, &nothing, &identity, NULL), 0);
    assert_true(hf_identity_setup_code(identity, code));
    assert_int_equal(hf_identity_claim(identity, code, WORLD_PASSWORD, "10.0.0.2", &login, NULL),
                     0);
    memcpy(token, login.token, HF_TOKEN_SIZE);
    return identity;
}
