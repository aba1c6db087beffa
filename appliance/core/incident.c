// SPDX-License-Identifier: Apache-2.0
#include "core/incident.h"

#include "base/clock.h"
#include "base/text.h"
#include "core/internal.h"

#include <string.h>

enum {
    INCIDENTS_AN_HOUR = 3, /* whole ones, of a service and kind */
    HOUR_MS = 3600 * 1000,
    DRAFT_MS = 30 * 1000, /* the engine has answered by then, or will not */
    COUNTS_MS = 10 * 60 * 1000
};

/* Where nothing is known of what it used. */
static const char no_curve[] =
    "{\"interval_s\":1,\"end\":null,\"memory_bytes\":[],\"cpu_percent\":[]}";

/* ---- keeping ---- */

static void
keep(struct hf_core *core, const struct hf_incident *incident, const char *log, const char *curve)
{
    struct hf_error err;
    int64_t n;

    if (hf_store_add_incident(core->config.store, incident, log ? log : "[]",
                              curve ? curve : no_curve, &n, &err) < 0)
        hf_log_error("service=%s event=incident-not-kept error=\"%s\"", incident->service,
                     err.message);
    else
        hf_log_info("service=%s event=incident id=%lld kind=%s lines=%lld", incident->service,
                    (long long)n, hf_incident_kind_name(incident->kind),
                    (long long)incident->log_lines);
}

/* The newest whole one that this one is to be counted in; 0: it is to be a whole one itself. What
 * somebody did, and what a release did, is alike only where it is the very same; exits differ by
 * their numbers alone. */
static int64_t
counts_in(struct hf_core *core, const char *service, enum hf_incident_kind kind, const char *found)
{
    bool by_text = kind == HF_INCIDENT_DRIFT || kind == HF_INCIDENT_UPGRADE;
    const struct hf_incident_alike alike = {
        .service = service, .kind = kind, .found = by_text ? found : NULL};
    int64_t now = hf_clock_wall_ms(), count = 0, newest = 0;
    struct hf_error err;

    if (hf_store_recent_incidents(core->config.store, &alike, now - HOUR_MS, now, &count, &newest,
                                  &err) < 0)
        hf_log_warn("service=%s event=incidents-not-read error=\"%s\"", service, err.message);
    return count >= INCIDENTS_AN_HOUR ? newest : 0;
}

static void
write_count(struct hf_core *core, struct incidents *all, int kind)
{
    struct hf_error err;

    if (!all->again[kind].times)
        return;
    if (hf_store_count_incident_again(core->config.store, all->again[kind].n,
                                      all->again[kind].times, all->again[kind].last_ms, &err) < 0)
        hf_log_warn("event=incident-not-counted error=\"%s\"", err.message);
    all->again[kind].times = 0;
}

static void
count_again(struct hf_core *core, struct incidents *all, enum hf_incident_kind kind, int64_t n)
{
    if (all->again[kind].n != n)
        write_count(core, all, (int)kind);
    all->again[kind].n = n;
    all->again[kind].times++;
    all->again[kind].last_ms = hf_clock_wall_ms();
}

/* ---- drafts ---- */

static void
keep_draft(struct hf_core *core, struct incidents *all, const char *log, int64_t lines)
{
    all->draft.log_lines = lines;
    keep(core, &all->draft, log, all->curve);
    all->drafted = false;
    free(all->curve);
    all->curve = NULL;
}

static void
name_image(const struct hf_release_image *image, struct hf_incident *incident)
{
    const char *at = strchr(image->image, '@');

    hf_text_put(incident->image_tag, sizeof incident->image_tag, "%s", image->tag);
    hf_text_put(incident->image_digest, sizeof incident->image_digest, "%s", at ? at + 1 : "");
}

static void
draft(struct hf_core *core, size_t index, const struct hf_finding *f)
{
    struct service *s = &core->services[index];
    struct incidents *all = &s->incidents;
    struct hf_incident *i = &all->draft;
    struct job ask = {.task = TASK_LAST_LINES, .until_ms = f->ended_ms};

    if (all->drafted) /* two at once: the lines of the second say what the first one's would */
        keep_draft(core, all, NULL, 0);
    *i = (struct hf_incident){
        .kind = f->kind,
        .at_ms = hf_clock_wall_ms(),
        .times = 1,
        .has_exit_code = f->has_exit_code,
        .exit_code = f->exit_code,
        .oom_killed = f->oom_killed,
        .uptime_s = f->uptime_s,
        .restarts = s->machine.restarts,
    };
    i->last_ms = i->at_ms;
    hf_text_put(i->service, sizeof i->service, "%s", s->name);
    hf_text_put(i->found, sizeof i->found, "%s", f->found);
    hf_text_put(i->done, sizeof i->done, "%s", f->done);
    name_image(&s->spec.image, i);
    all->curve = hf_core_curve(core, s->name);
    all->drafted = true;
    all->until_ms = hf_clock_mono_ms() + DRAFT_MS;
    hf_text_put(ask.container, sizeof ask.container, "%s", s->machine.container.id);
    if (*ask.container)
        worker_ask(&core->workers[index], &ask);
    else
        keep_draft(core, all, NULL, 0);
}

static void
raise_drift(struct hf_core *core, const char *service, const char *found)
{
    hf_core_raise(
        core, HF_ALARM_DRIFT, service, false, found,
        "Somebody or something else changes what this gateway runs: find out who, or change "
        "it here.");
}

void
hf_core_note(struct hf_core *core, size_t index, const struct hf_finding *f)
{
    struct service *s = &core->services[index];
    int64_t whole = counts_in(core, s->name, f->kind, f->found);

    hf_log_warn("service=%s event=found kind=%s text=\"%s\" done=\"%s\"", s->name,
                hf_incident_kind_name(f->kind), f->found, f->done);
    if (f->kind == HF_INCIDENT_DRIFT)
        raise_drift(core, s->name, f->found);
    if (whole)
        count_again(core, &s->incidents, f->kind, whole);
    else
        draft(core, index, f);
}

void
hf_core_note_drift(struct hf_core *core, const char *service, const char *found, const char *done)
{
    struct hf_incident i = {
        .kind = HF_INCIDENT_DRIFT, .at_ms = hf_clock_wall_ms(), .times = 1, .uptime_s = -1};
    int64_t whole = counts_in(core, service, HF_INCIDENT_DRIFT, found);
    struct hf_error err;

    i.last_ms = i.at_ms;
    hf_text_put(i.service, sizeof i.service, "%s", service);
    hf_text_put(i.found, sizeof i.found, "%s", found);
    hf_text_put(i.done, sizeof i.done, "%s", done);
    hf_log_warn("service=%s event=found kind=drift text=\"%s\" done=\"%s\"", service, found, done);
    raise_drift(core, service, found);
    if (!whole)
        keep(core, &i, NULL, NULL);
    else if (hf_store_count_incident_again(core->config.store, whole, 1, i.at_ms, &err) < 0)
        hf_log_warn("event=incident-not-counted error=\"%s\"", err.message);
}

void
hf_core_take_lines(struct hf_core *core, size_t index, char *json, int64_t count)
{
    struct incidents *all = &core->services[index].incidents;

    if (all->drafted)
        keep_draft(core, all, json, json ? count : 0);
    free(json);
}

void
hf_core_keep_incidents(struct hf_core *core, int64_t now_ms, bool last)
{
    bool write = last || now_ms >= core->counts_at_ms;

    for (size_t i = 0; i < core->service_count; i++) {
        struct incidents *all = &core->services[i].incidents;

        if (all->drafted && (last || now_ms >= all->until_ms))
            keep_draft(core, all, NULL, 0);
        for (int k = 0; write && k < HF_INCIDENT_KIND_COUNT; k++)
            write_count(core, all, k);
    }
    if (write)
        core->counts_at_ms = now_ms + COUNTS_MS;
}

void
hf_core_free_incidents(struct hf_core *core)
{
    for (size_t i = 0; i < core->service_count; i++)
        free(core->services[i].incidents.curve);
}

/* ---- reading, for other threads ---- */

/* What was counted and not written yet. */
static void
add_counts(const struct hf_core *core, struct hf_incident *i)
{
    int index = hf_core_service_index(core, i->service);
    const struct incidents *all = index >= 0 ? &core->services[index].incidents : NULL;

    if (!all || all->again[i->kind].n != i->n || !all->again[i->kind].times)
        return;
    i->times += all->again[i->kind].times;
    i->last_ms = all->again[i->kind].last_ms;
}

struct listing {
    const struct hf_incident_filter *filter;
    struct hf_incident *list;
    size_t max, count;
};

static int
do_list(struct hf_core *core, void *context, struct hf_error *err)
{
    struct listing *l = context;

    if (hf_store_incidents(core->config.store, l->filter, l->list, l->max, &l->count, err) < 0)
        return -1;
    for (size_t i = 0; i < l->count; i++)
        add_counts(core, &l->list[i]);
    return 0;
}

int
hf_core_incidents(struct hf_core *core, const struct hf_incident_filter *filter,
                  struct hf_incident *ret_incidents, size_t max, size_t *ret_count,
                  struct hf_error *err)
{
    struct listing l = {filter, ret_incidents, max, 0};

    if (mailbox_call(&core->mail, do_list, &l, err) < 0)
        return -1;
    *ret_count = l.count;
    return 0;
}

struct one {
    int64_t n;
    struct hf_incident *incident;
    char **log, **curve;
};

static int
do_get(struct hf_core *core, void *context, struct hf_error *err)
{
    const struct one *o = context;

    if (hf_store_incident(core->config.store, o->n, o->incident, o->log, o->curve, err) < 0)
        return -1;
    add_counts(core, o->incident);
    return 0;
}

int
hf_core_incident(struct hf_core *core, int64_t n, struct hf_incident *ret_incident, char **ret_log,
                 char **ret_curve, struct hf_error *err)
{
    struct one o = {n, ret_incident, ret_log, ret_curve};

    return mailbox_call(&core->mail, do_get, &o, err);
}
