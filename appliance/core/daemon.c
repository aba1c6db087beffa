// SPDX-License-Identifier: Apache-2.0
#include "core/daemon.h"

#include "base/file.h"
#include "base/text.h"
#include "core/internal.h"
#include "store/release.h"

#include <string.h>

/* The gate of a holdfastd on trial is the upgrade's, but ends well before holdfast-update's
 * patience does (two minutes). */
enum { GATE_MOST_MS = 30 * 1000, TELL_MS = 5000, BEFORE_MAX = 32 * 1024 };

static const char BEFORE[] = "before.json";

/* name in the folder that requests are in. */
static bool
own_path(const struct hf_core *core, const char *name, char out[HF_PATH_SIZE])
{
    return hf_text_put(out, HF_PATH_SIZE, "%s/%s/%s", core->config.state_dir, HF_DAEMON_DIR, name);
}

const char *
hf_core_version(const struct hf_core *core)
{
    return core->config.version ? core->config.version : HF_VERSION;
}

static bool
is_newer(const struct hf_core *core, const struct hf_release_daemon *d)
{
    return *d->version && hf_version_compare(d->version, hf_core_version(core)) > 0;
}

/* This is the one that was to be installed. */
static bool
is_new(const struct hf_core *core)
{
    return strcmp(core->upgrade.to->daemon.version, hf_core_version(core)) == 0;
}

/* ---- whether ---- */

/* Why it cannot be installed here; NULL where it can. */
static const char *
obstacle(const struct hf_core *core, const struct hf_known_release *known,
         const struct hf_release_daemon *d)
{
    if (!core->config.update_dir)
        return "this holdfastd does not run from its package, so nobody is there to install it";
    if (!*d->package)
        return "it has no package of it for this platform and version of Debian";
    if (!known->is_signed)
        return "it is installed only from a release that one of the gateway's release_keys has "
               "signed";
    return NULL;
}

bool
hf_core_installs_daemon(const struct hf_core *core, const struct hf_known_release *known,
                        const struct hf_release *to, enum hf_upgrade_kind kind)
{
    return kind == HF_UPGRADE_FORTH && is_newer(core, &to->daemon) &&
           !obstacle(core, known, &to->daemon);
}

void
hf_core_plan_daemon(const struct hf_core *core, const struct hf_known_release *known,
                    const struct hf_release *to, const struct plan_wish *wish, struct hf_plan *plan)
{
    const struct hf_release_daemon *d = &to->daemon;
    const char *why;

    if (!is_newer(core, d) || wish->kind != HF_UPGRADE_FORTH)
        return;
    plan->daemon = *d;
    plan->daemon_present = *d->package && hf_core_has_daemon(core, d);
    why = obstacle(core, known, d);
    plan->daemon_installs = !why;
    if (!why)
        return;
    if (hf_version_compare(to->min_holdfastd, hf_core_version(core)) > 0 ||
        to->settings_schema > HF_SETTINGS_SCHEMA)
        hf_plan_obstruct(plan, "it needs the holdfastd %s that it brings, and %s", d->version, why);
    else
        hf_plan_warn(plan, HF_WARNING_DAEMON_STAYS,
                     "It brings holdfastd %s, and this stays %s: %s.", d->version,
                     hf_core_version(core), why);
}

/* ---- what was, for the new one to find ---- */

static int
print_before(const struct hf_core *core, char **ret_text, struct hf_error *err)
{
    HF_AUTO(hf_json) struct hf_json *doc = hf_json_object();
    struct hf_json *services = hf_json_object();

    hf_json_put_string(doc, "operation", core->upgrade.record.operation);
    for (size_t i = 0; i < core->service_count; i++) {
        const struct service *s = &core->services[i];
        struct hf_json *o = hf_json_object();

        hf_json_put_string(o, "container", s->machine.container.id);
        hf_json_put_bool(o, "well", hf_core_is_expected(core, s));
        hf_json_put(services, s->name, o);
    }
    hf_json_put(doc, "services", services);
    return hf_json_print(doc, ret_text, err);
}

/* Where it cannot be read, all that is wanted has to be well. */
static void
load_before(struct hf_core *core)
{
    struct daemon_trial *t = &core->upgrade.daemon;
    HF_AUTO_BUF struct hf_buf file = HF_BUF_INIT(BEFORE_MAX);
    HF_AUTO(hf_json) struct hf_json *doc = NULL;
    const struct hf_json *services = NULL;
    char path[HF_PATH_SIZE];
    const char *text;

    *t = (struct daemon_trial){.loaded = true};
    if (own_path(core, BEFORE, path) && hf_file_read(path, &file, NULL) == 0 && file.data &&
        hf_json_parse(file.data, file.len, &doc, NULL) == 0 &&
        (text = hf_json_string(doc, "operation")) &&
        strcmp(text, core->upgrade.record.operation) == 0)
        services = hf_json_get(doc, "services");
    for (size_t i = 0; i < core->service_count; i++) {
        const struct hf_json *o = hf_json_get(services, core->services[i].name);

        text = hf_json_string(o, "container");
        t->known[i] = text && *text;
        if (t->known[i])
            hf_text_put(t->containers[i], sizeof t->containers[i], "%s", text);
        t->was_well[i] = hf_json_bool(o, "well", true);
    }
}

/* ---- asking ---- */

/* Of whatever upgrade. */
static bool
read_any_progress(const struct hf_core *core, struct hf_daemon_progress *ret)
{
    HF_AUTO_BUF struct hf_buf file = HF_BUF_INIT(HF_DAEMON_TEXT_MAX);
    char path[HF_PATH_SIZE];

    return core->config.update_dir &&
           hf_text_put(path, sizeof path, "%s/%s", core->config.update_dir, HF_DAEMON_STATE) &&
           hf_file_read(path, &file, NULL) == 0 && file.data &&
           hf_daemon_progress_parse(file.data, file.len, ret, NULL) == 0;
}

static bool
read_progress(const struct hf_core *core, struct hf_daemon_progress *ret)
{
    return read_any_progress(core, ret) &&
           strcmp(ret->operation, core->upgrade.record.operation) == 0;
}

static int
write_own(const struct hf_core *core, const char *name, const char *text, struct hf_error *err)
{
    char path[HF_PATH_SIZE];

    if (!own_path(core, "", path) || hf_file_mkdirs(path, 0700, err) < 0 ||
        !own_path(core, name, path))
        return hf_error_wrap(err, "keep what is said to holdfast-update");
    return hf_file_replace(path, text, strlen(text), 0600, (uid_t)-1, (gid_t)-1, err);
}

static int
write_request(const struct hf_core *core, struct hf_error *err)
{
    const struct hf_upgrade_record *record = &core->upgrade.record;
    HF_AUTO_FREE char *before = NULL, *text = NULL;
    struct hf_daemon_request r = {.release = NULL};
    int rc;

    if (print_before(core, &before, err) < 0 || write_own(core, BEFORE, before, err) < 0)
        return -1;
    memcpy(r.operation, record->operation, sizeof r.operation);
    if (hf_store_release_file(core->config.store, record->to.id, &r.release, &r.signature, err) < 0)
        return -1;
    rc = hf_daemon_request_print(&r, &text, err);
    hf_daemon_request_done(&r);
    return rc < 0 ? -1 : write_own(core, HF_DAEMON_REQUEST, text, err);
}

int
hf_core_request_daemon(struct hf_core *core, struct hf_error *err)
{
    struct hf_daemon_progress progress;

    core->upgrade.daemon.loaded = false;
    if (is_new(core) || read_progress(core, &progress))
        return 0;
    if (write_request(core, err) < 0)
        return hf_error_wrap(err, "ask for holdfastd %s", core->upgrade.to->daemon.version);
    hf_log_info("event=daemon-asked-for version=%s package=%s", core->upgrade.to->daemon.version,
                core->upgrade.to->daemon.package);
    return 0;
}

static bool
is_asked_for(const struct hf_core *core)
{
    char path[HF_PATH_SIZE];

    return own_path(core, HF_DAEMON_REQUEST, path) && access(path, F_OK) == 0;
}

void
hf_core_withdraw_daemon(const struct hf_core *core)
{
    char path[HF_PATH_SIZE];

    if (own_path(core, HF_DAEMON_REQUEST, path))
        unlink(path);
}

/* ---- the trial ---- */

/* Which of them is not the one that ran before: a new holdfastd has only to adopt. */
static const char *
replaced(const struct hf_core *core)
{
    const struct daemon_trial *t = &core->upgrade.daemon;

    for (size_t i = 0; i < core->service_count; i++) {
        const struct hf_lifecycle_machine *m = &core->services[i].machine;

        if (t->known[i] && m->looked && *m->container.id &&
            strcmp(m->container.id, t->containers[i]) != 0)
            return core->services[i].name;
    }
    return NULL;
}

static const char *
not_adopted(const struct hf_core *core)
{
    for (size_t i = 0; i < core->service_count; i++)
        if (!hf_lifecycle_settled(&core->services[i].machine))
            return core->services[i].name;
    return NULL;
}

/* As events of an upgrade have it; the text is borrowed from core->upgrade.said. */
static struct hf_upgrade_event
judge(struct hf_core *core, int64_t now_ms)
{
    struct upgrade *u = &core->upgrade;
    struct hf_upgrade_event event = {.kind = HF_UPGRADE_NOT_YET, .reason = u->said};
    const char *name;

    if (core->engine.state == HF_ENGINE_OK && (name = replaced(core))) {
        hf_text_put(u->said, sizeof u->said, "'%s': another container runs than before", name);
        event.kind = HF_UPGRADE_BAD;
    } else if (core->engine.state == HF_ENGINE_OK && (name = not_adopted(core))) {
        hf_text_put(u->said, sizeof u->said, "'%s' is not adopted yet", name);
    } else {
        event = hf_core_gate_all(core, u->daemon.was_well, now_ms);
    }
    return event;
}

static void
tell(struct hf_core *core, enum hf_daemon_mood mood, const char *reason, int64_t now_ms)
{
    struct daemon_trial *t = &core->upgrade.daemon;
    struct hf_daemon_word w = {.mood = mood};
    HF_AUTO_FREE char *text = NULL;
    struct hf_error err;

    if (t->told && t->mood == mood && now_ms - t->told_ms < TELL_MS)
        return;
    memcpy(w.operation, core->upgrade.record.operation, sizeof w.operation);
    hf_text_put(w.version, sizeof w.version, "%s", hf_core_version(core));
    hf_text_put(w.reason, sizeof w.reason, "%s", reason);
    hf_text_whole(w.reason);
    if (hf_daemon_word_print(&w, &text, &err) < 0 ||
        write_own(core, HF_DAEMON_WORD, text, &err) < 0) {
        hf_log_error("event=daemon-word-not-kept error=\"%s\"", err.message);
        return;
    }
    if (!t->told || t->mood != mood)
        hf_log_info("event=daemon-trial mood=%s reason=\"%s\"",
                    mood == HF_DAEMON_WELL  ? "well"
                    : mood == HF_DAEMON_BAD ? "bad"
                                            : "waiting",
                    w.reason);
    t->told = true;
    t->mood = mood;
    t->told_ms = now_ms;
}

/* How this new holdfastd does. */
static enum hf_daemon_mood
try_it(struct hf_core *core, int64_t now_ms)
{
    struct daemon_trial *t = &core->upgrade.daemon;
    int64_t gate_ms = core->upgrade.machine.gate_ms;
    enum hf_daemon_mood mood = HF_DAEMON_WAITING;
    struct hf_upgrade_event event;

    if (!t->loaded)
        load_before(core);
    event = judge(core, now_ms);
    if (event.kind != HF_UPGRADE_WELL)
        t->good_since_ms = 0;
    else if (!t->good_since_ms)
        t->good_since_ms = now_ms;
    if (event.kind == HF_UPGRADE_BAD)
        mood = HF_DAEMON_BAD;
    else if (t->good_since_ms &&
             now_ms - t->good_since_ms >= (gate_ms < GATE_MOST_MS ? gate_ms : GATE_MOST_MS))
        mood = HF_DAEMON_WELL;
    tell(core, mood,
         event.kind == HF_UPGRADE_WELL ? ""
         : event.reason                ? event.reason
                                       : "nothing is known yet",
         now_ms);
    return mood;
}

static struct hf_upgrade_event
say(struct hf_core *core, enum hf_upgrade_event_kind kind, const char *fmt, const char *text)
{
    struct upgrade *u = &core->upgrade;
    char said[HF_TEXT_SIZE];

    hf_text_put(u->culprit, sizeof u->culprit, "holdfastd");
    hf_text_put(said, sizeof said, "holdfastd %s %s%s%s", u->to->daemon.version, fmt,
                *text ? ": " : "", text);
    hf_text_put(u->said, sizeof u->said, "%s", said);
    hf_text_whole(u->said);
    return (struct hf_upgrade_event){.kind = kind, .reason = u->said};
}

/* What the one that runs before it sees. */
static struct hf_upgrade_event
look_as_old(struct hf_core *core, const struct hf_daemon_progress *p)
{
    struct hf_error err;

    if (p && hf_daemon_ended(p->state))
        return say(core, HF_UPGRADE_BAD,
                   p->state == HF_DAEMON_REFUSED ? "was not installed" : "was put back", p->reason);
    if (p)
        return say(core, HF_UPGRADE_NOT_YET, "is being installed", "");
    if (!is_asked_for(core) && hf_core_request_daemon(core, &err) < 0)
        return say(core, HF_UPGRADE_NOT_YET, "cannot be asked for", err.message);
    return say(core, HF_UPGRADE_NOT_YET, "waits for holdfast-update", "");
}

/* The new one goes on only when it is there for good. That it is put back it leaves to the old one:
 * what it would do itself then is not to be trusted. Where somebody else has installed it, nobody
 * waits for its word. */
static struct hf_upgrade_event
look_as_new(struct hf_core *core, const struct hf_daemon_progress *p, int64_t now_ms)
{
    enum hf_daemon_mood mood;

    if (p && p->state == HF_DAEMON_INSTALLED)
        return say(core, HF_UPGRADE_WELL, "is installed", "");
    if (p && p->state == HF_DAEMON_RETURNING) /* for as long as that takes: a disk may be full */
        return say(core, HF_UPGRADE_UNSEEN, "is being put back", p->reason);
    mood = try_it(core, now_ms);
    if (mood == HF_DAEMON_WELL && (!p || p->state == HF_DAEMON_REFUSED))
        return say(core, HF_UPGRADE_WELL, "runs", "");
    return say(core, HF_UPGRADE_NOT_YET, "is on trial", "");
}

struct hf_upgrade_event
hf_core_look_at_daemon(struct hf_core *core, int64_t now_ms)
{
    struct hf_daemon_progress p;
    const struct hf_daemon_progress *known = read_progress(core, &p) ? &p : NULL;

    return is_new(core) ? look_as_new(core, known, now_ms) : look_as_old(core, known);
}

bool
hf_core_daemon_is_undecided(const struct hf_core *core)
{
    struct hf_daemon_progress p;

    return read_any_progress(core, &p) &&
           (p.state == HF_DAEMON_INSTALLING || p.state == HF_DAEMON_TRIAL ||
            p.state == HF_DAEMON_RETURNING);
}

bool
hf_core_daemon_is_begun(const struct hf_core *core)
{
    struct hf_daemon_progress p;

    return hf_core_only_adopts(core) &&
           (is_new(core) || (read_progress(core, &p) && !hf_daemon_ended(p.state)));
}
