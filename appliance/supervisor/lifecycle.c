// SPDX-License-Identifier: Apache-2.0
#include "supervisor/lifecycle.h"

#include "supervisor/lifecycle_find.h"
#include "supervisor/lifecycle_text.h"

#include <stdio.h>
#include <string.h>

/* ---- what is known ---- */

static bool
has_container(const struct hf_lifecycle_machine *m)
{
    return m->container.id[0] != '\0';
}

static bool
in_state(const struct hf_lifecycle_machine *m, enum hf_container_state state)
{
    return has_container(m) && m->container.state == state;
}

static bool
is_active(const struct hf_container *c)
{
    return c->id[0] && (c->state == HF_CONTAINER_RUNNING || c->state == HF_CONTAINER_RESTARTING ||
                        c->state == HF_CONTAINER_PAUSED);
}

static bool
has_limits(const struct hf_lifecycle_machine *m)
{
    return hf_limits_live_equal(&m->limits, &m->container.limits);
}

static bool
is_of_target(const struct hf_lifecycle_machine *m, const struct hf_container *c)
{
    return strcmp(c->spec_hash, m->spec_hash) == 0 && strcmp(c->image_id, m->image_id) == 0;
}

static bool
as_specified(const struct hf_lifecycle_machine *m)
{
    return has_container(m) && !m->container.limits_differ &&
           (has_limits(m) || !m->update_refused) && is_of_target(m, &m->container);
}

static void
forget_failures(struct hf_lifecycle_machine *m)
{
    hf_backoff_reset(&m->backoff);
    m->crash_loop = false;
    m->exit_count = 0;
    m->done = HF_EFFECT_NONE;
    m->failure[0] = '\0';
    m->failure_why = HF_REASON_NONE;
}

/* ---- counting exits ---- */

/* The exits happened at some time between the last look and now: spread them, so that many of them
 * found after a long absence of the engine are not taken for a crash loop. */
static void
remember_exits(struct hf_lifecycle_machine *m, int64_t count, int64_t now_ms)
{
    int64_t since = now_ms - m->looked_ms;
    int64_t first = count > HF_CRASH_EXITS ? count - HF_CRASH_EXITS : 0;

    for (int64_t i = first; i < count; i++) {
        memmove(m->exits_ms + 1, m->exits_ms, sizeof m->exits_ms - sizeof m->exits_ms[0]);
        m->exits_ms[0] = m->looked_ms + (since / count) * (i + 1);
        if (m->exit_count < HF_CRASH_EXITS)
            m->exit_count++;
    }
}

static bool
exits_too_often(const struct hf_lifecycle_machine *m, int64_t now_ms)
{
    return m->exit_count == HF_CRASH_EXITS &&
           now_ms - m->exits_ms[HF_CRASH_EXITS - 1] <= HF_CRASH_WINDOW_MS;
}

/* How often the engine itself has restarted the container since the last look. Its count starts
 * again at 0 when somebody starts the container. */
static int64_t
engine_restarts(const struct hf_container *was, const struct hf_container *is)
{
    if (strcmp(was->id, is->id) != 0)
        return is->restart_count;
    return is->restart_count >= was->restart_count ? is->restart_count - was->restart_count
                                                   : is->restart_count;
}

/* Whether it has ended since the last look and nobody restarts it but us. */
static bool
has_ended(const struct hf_container *was, const struct hf_container *is)
{
    if (is_active(is))
        return false;
    if (strcmp(was->id, is->id) != 0)
        return is_active(was);
    if (is->state != HF_CONTAINER_EXITED && is->state != HF_CONTAINER_DEAD)
        return false;
    return was->state == HF_CONTAINER_RUNNING || was->state == HF_CONTAINER_PAUSED ||
           was->finished_ms != is->finished_ms;
}

/* How they ended: as the engine still says, or as it said when it happened. */
static void
learn_exit(struct hf_lifecycle_machine *m, const struct hf_container *is)
{
    bool says = is->id[0] && is->state != HF_CONTAINER_RUNNING;

    m->oom_killed = is->oom_killed || (m->died && m->died_of_memory);
    m->has_exit_code = says || m->died;
    if (says)
        m->exit_code = is->exit_code;
    else if (m->died)
        m->exit_code = m->died_code;
}

static void
enter_crash_loop(struct hf_lifecycle_machine *m, int64_t now_ms)
{
    m->crash_loop = true;
    m->crash_until_ms = now_ms + HF_CRASH_COOLDOWN_MS;
    hf_backoff_reset(&m->backoff);
    hf_lifecycle_say_crash_loop(m);
}

/* Those of a container that is to be replaced are not held against what replaces it. */
static struct hf_exits
count_exits(struct hf_lifecycle_machine *m, const struct hf_container *is, int64_t now_ms)
{
    const struct hf_container *was = &m->container;
    struct hf_exits exits = {
        .by_engine = engine_restarts(was, is),
        .ended = has_ended(was, is) && !m->stop_asked,
    };

    if ((exits.by_engine == 0 && !exits.ended) || !is_of_target(m, is->id[0] ? is : was))
        return exits;
    m->exits += exits.by_engine + exits.ended;
    remember_exits(m, exits.by_engine + exits.ended, now_ms);
    learn_exit(m, is);
    if (exits.ended && m->wanted && !m->crash_loop) {
        hf_backoff_fail(&m->backoff, now_ms);
        if (is->id[0])
            hf_lifecycle_say_exit(m);
        else
            hf_lifecycle_say_removed(m);
    }
    if (m->wanted && !m->crash_loop && exits_too_often(m, now_ms)) {
        enter_crash_loop(m, now_ms);
        exits.crash_loop = true;
    }
    return exits;
}

/* ---- events ---- */

static void
see_run(struct hf_lifecycle_machine *m, const struct hf_container *is, int64_t now_ms)
{
    const struct hf_container *was = &m->container;
    bool same_run =
        m->running_since_ms && strcmp(was->id, is->id) == 0 && was->started_ms == is->started_ms;

    if (!is->id[0] || is->state != HF_CONTAINER_RUNNING)
        m->running_since_ms = 0;
    else if (!same_run)
        m->running_since_ms = now_ms;
    if (strcmp(was->id, is->id) != 0)
        m->restarts = is->restart_count;
    else
        m->restarts += engine_restarts(was, is);
    if (!is->id[0] || is->state != HF_CONTAINER_RESTARTING)
        m->restarting_ms = 0;
    else if (!m->restarting_ms || strcmp(was->id, is->id) != 0 ||
             was->restart_count != is->restart_count)
        m->restarting_ms = now_ms;
}

static void
compare(struct hf_lifecycle_machine *m, const struct hf_container *is, int64_t now_ms)
{
    struct hf_exits exits = {0};

    if (m->looked)
        exits = count_exits(m, is, now_ms);
    hf_lifecycle_find(m, is, &exits, now_ms);
    if (exits.by_engine || exits.ended || m->stop_asked) {
        m->died = m->died_of_memory = false;
    }
    if (is->id[0])
        m->create_asked = false;
}

static void
on_seen(struct hf_lifecycle_machine *m, const struct hf_lifecycle_event *e, int64_t now_ms)
{
    static const struct hf_container none;
    const struct hf_container *is = e->container ? e->container : &none;

    if (e->taken_ms < m->stale_before_ms)
        return;
    if (e->peak_bytes)
        m->peak_bytes = e->peak_bytes;
    compare(m, is, now_ms);
    see_run(m, is, now_ms);
    m->container = *is;
    m->has_image = e->has_image;
    m->remake |= is->lost_volume; /* a new volume gets its owner when a container is made */
    if (is->id[0] && (is->state == HF_CONTAINER_EXITED || is->state == HF_CONTAINER_DEAD)) {
        m->has_exit_code = true;
        m->exit_code = is->exit_code;
        m->oom_killed = is->oom_killed;
    }
    m->looked = true;
    m->looked_ms = now_ms;
    if (m->pending == HF_EFFECT_NONE)
        m->look_due = false;
}

/* The engine answered that this container does not start, or does not take other limits: a network
 * of it may have been removed by hand, or it uses more than it is to have, which only a new
 * container puts right. */
static bool
needs_another_container(const struct hf_error *error)
{
    return error->class != HF_ERROR_UNAVAILABLE && error->class != HF_ERROR_TIMEOUT;
}

static void
on_end(struct hf_lifecycle_machine *m, const struct hf_lifecycle_event *e, int64_t now_ms)
{
    enum hf_effect ended = m->pending;

    m->pending = HF_EFFECT_NONE;
    m->look_due = true;
    m->stale_before_ms = now_ms;
    if (ended == HF_EFFECT_NONE)
        return;
    if (e->kind == HF_EVENT_DONE) {
        m->done = ended;
        return;
    }
    m->done = HF_EFFECT_NONE;
    m->remake = ended == HF_EFFECT_START && e->error && needs_another_container(e->error);
    m->update_refused |= ended == HF_EFFECT_UPDATE && e->error && needs_another_container(e->error);
    hf_backoff_fail(&m->backoff, now_ms);
    if (!m->crash_loop)
        hf_lifecycle_say_error(m, ended, e->error);
}

static void
on_command(struct hf_lifecycle_machine *m, enum hf_lifecycle_event_kind kind)
{
    forget_failures(m);
    m->wanted = kind != HF_EVENT_STOP;
    if (kind == HF_EVENT_STOP)
        m->restart_due = false;
    else if (kind == HF_EVENT_RESTART)
        m->restart_due = true;
}

static void
take_in(struct hf_lifecycle_machine *m, const struct hf_lifecycle_event *e, int64_t now_ms)
{
    switch (e->kind) {
    case HF_EVENT_SEEN:
        on_seen(m, e, now_ms);
        break;
    case HF_EVENT_DONE:
    case HF_EVENT_ERROR:
        on_end(m, e, now_ms);
        break;
    case HF_EVENT_START:
    case HF_EVENT_STOP:
    case HF_EVENT_RESTART:
        on_command(m, e->kind);
        break;
    case HF_EVENT_DIED:
        m->died = true;
        m->died_code = e->exit_code;
        m->died_of_memory |= e->oom_killed;
        break;
    case HF_EVENT_TICK:
    case HF_EVENT_COUNT:
        break;
    }
    m->restart_is_stuck = m->restarting_ms && now_ms - m->restarting_ms >= HF_RESTARTING_MOST_MS;
    if (m->crash_loop && now_ms >= m->crash_until_ms)
        forget_failures(m);
    if (m->running_since_ms && now_ms - m->running_since_ms >= HF_STABLE_MS && !m->crash_loop)
        hf_backoff_reset(&m->backoff);
}

/* ---- rules: the first that holds, in the order of the table in the header ---- */

static bool
restart_is_stuck(const struct hf_lifecycle_machine *m)
{
    return m->restart_is_stuck && m->spec_hash[0] && m->has_image;
}

static bool
unwanted_active(const struct hf_lifecycle_machine *m)
{
    return !m->wanted && is_active(&m->container);
}

static bool
unwanted(const struct hf_lifecycle_machine *m)
{
    return !m->wanted;
}

static bool
unspecified_active(const struct hf_lifecycle_machine *m)
{
    return !m->spec_hash[0] && is_active(&m->container);
}

static bool
unspecified(const struct hf_lifecycle_machine *m)
{
    return !m->spec_hash[0];
}

static bool
crash_loop_active(const struct hf_lifecycle_machine *m)
{
    return m->crash_loop && is_active(&m->container);
}

static bool
crash_loop(const struct hf_lifecycle_machine *m)
{
    return m->crash_loop;
}

static bool
runs_with_other_limits(const struct hf_lifecycle_machine *m)
{
    return as_specified(m) && in_state(m, HF_CONTAINER_RUNNING) && !m->restart_due &&
           !has_limits(m);
}

static bool
has_other_limits(const struct hf_lifecycle_machine *m)
{
    return !has_limits(m);
}

static bool
runs_well(const struct hf_lifecycle_machine *m)
{
    return as_specified(m) && in_state(m, HF_CONTAINER_RUNNING) && !m->restart_due;
}

static bool
engine_restarts_it(const struct hf_lifecycle_machine *m)
{
    return as_specified(m) && in_state(m, HF_CONTAINER_RESTARTING) && !m->restart_due;
}

static bool
image_missing(const struct hf_lifecycle_machine *m)
{
    return (!as_specified(m) || m->remake) && !m->has_image;
}

static bool
container_missing(const struct hf_lifecycle_machine *m)
{
    return !has_container(m);
}

static bool
must_end_first(const struct hf_lifecycle_machine *m)
{
    return (in_state(m, HF_CONTAINER_RUNNING) || in_state(m, HF_CONTAINER_RESTARTING)) &&
           (!as_specified(m) || m->restart_due);
}

static bool
must_be_replaced(const struct hf_lifecycle_machine *m)
{
    return !as_specified(m) || m->remake || in_state(m, HF_CONTAINER_PAUSED) ||
           in_state(m, HF_CONTAINER_DEAD);
}

static bool
another_comes_first(const struct hf_lifecycle_machine *m)
{
    return m->waits_for[0] != '\0';
}

static bool
always(const struct hf_lifecycle_machine *m)
{
    (void)m;
    return true;
}

enum when_waiting { ACT, SHOW_STATE, SHOW_BACKOFF };

static const struct rule {
    bool (*holds)(const struct hf_lifecycle_machine *m);
    enum hf_lifecycle state;
    enum hf_effect effect;
    enum when_waiting waiting; /* what of it holds while waiting after a failure */
} rules[] = {
    {restart_is_stuck, HF_LIFECYCLE_STOPPING, HF_EFFECT_REMOVE, SHOW_BACKOFF},
    {unwanted_active, HF_LIFECYCLE_STOPPING, HF_EFFECT_STOP, SHOW_BACKOFF},
    {unwanted, HF_LIFECYCLE_STOPPED, HF_EFFECT_NONE, ACT},
    {unspecified_active, HF_LIFECYCLE_RUNNING, HF_EFFECT_NONE, ACT},
    {unspecified, HF_LIFECYCLE_ABSENT, HF_EFFECT_NONE, ACT},
    {crash_loop_active, HF_LIFECYCLE_FAILED, HF_EFFECT_STOP, SHOW_STATE},
    {crash_loop, HF_LIFECYCLE_FAILED, HF_EFFECT_NONE, ACT},
    {runs_with_other_limits, HF_LIFECYCLE_RUNNING, HF_EFFECT_UPDATE, SHOW_STATE},
    {runs_well, HF_LIFECYCLE_RUNNING, HF_EFFECT_NONE, ACT},
    {engine_restarts_it, HF_LIFECYCLE_BACKOFF, HF_EFFECT_NONE, ACT},
    {image_missing, HF_LIFECYCLE_PULLING, HF_EFFECT_PULL, SHOW_BACKOFF},
    {container_missing, HF_LIFECYCLE_CREATING, HF_EFFECT_CREATE, SHOW_BACKOFF},
    {must_end_first, HF_LIFECYCLE_STOPPING, HF_EFFECT_STOP, SHOW_BACKOFF},
    {must_be_replaced, HF_LIFECYCLE_STOPPING, HF_EFFECT_REMOVE, SHOW_BACKOFF},
    {has_other_limits, HF_LIFECYCLE_STARTING, HF_EFFECT_UPDATE, SHOW_BACKOFF},
    {another_comes_first, HF_LIFECYCLE_STARTING, HF_EFFECT_NONE, SHOW_BACKOFF},
    {always, HF_LIFECYCLE_STARTING, HF_EFFECT_START, SHOW_BACKOFF},
};

/* An effect that ended well, and yet asks for itself again or for the undoing of what was made. */
static bool
chases_itself(const struct hf_lifecycle_machine *m, enum hf_effect next)
{
    bool made = m->done == HF_EFFECT_CREATE || m->done == HF_EFFECT_START;
    bool unmakes = next == HF_EFFECT_STOP || next == HF_EFFECT_REMOVE;

    if (next == HF_EFFECT_NONE || m->done == HF_EFFECT_NONE)
        return false;
    return next == m->done || (made && unmakes && m->wanted && !m->restart_due && !m->crash_loop);
}

static void
issue(struct hf_lifecycle_machine *m, enum hf_effect effect)
{
    m->pending = effect;
    switch (effect) {
    case HF_EFFECT_STOP:
    case HF_EFFECT_REMOVE:
        m->stop_asked = true;
        break;
    case HF_EFFECT_START:
        m->remake = false;
        if (m->container.state != HF_CONTAINER_CREATED)
            m->restarts++;
        m->stop_asked = false;
        m->restart_due = false;
        break;
    case HF_EFFECT_CREATE:
        m->create_asked = true;
        m->remake = false;
        m->update_refused = false;
        m->stop_asked = false;
        m->restart_due = false;
        break;
    case HF_EFFECT_NONE:
    case HF_EFFECT_PULL:
    case HF_EFFECT_UPDATE:
    case HF_EFFECT_COUNT:
        break;
    }
}

static enum hf_lifecycle
apply(struct hf_lifecycle_machine *m, const struct rule *rule, int64_t now_ms)
{
    if (m->adopts && rule->effect != HF_EFFECT_NONE && rule->effect != HF_EFFECT_START)
        return rule->state;
    if (chases_itself(m, rule->effect)) {
        hf_backoff_fail(&m->backoff, now_ms);
        if (!m->crash_loop)
            hf_lifecycle_say_no_progress(m);
    }
    m->done = HF_EFFECT_NONE;
    if (rule->waiting != ACT && !hf_backoff_due(&m->backoff, now_ms))
        return rule->waiting == SHOW_STATE ? rule->state : HF_LIFECYCLE_BACKOFF;
    issue(m, rule->effect);
    return rule->state;
}

static void
decide(struct hf_lifecycle_machine *m, int64_t now_ms)
{
    const struct rule *rule = rules;
    enum hf_lifecycle state;

    if (m->pending != HF_EFFECT_NONE || m->look_due)
        return;
    while (!rule->holds(m))
        rule++;
    state = apply(m, rule, now_ms);
    if (state != m->state) {
        m->state = state;
        m->since_ms = now_ms;
    }
    hf_lifecycle_say_state(m);
}

static int64_t
next_wake(const struct hf_lifecycle_machine *m, int64_t now_ms)
{
    int64_t wake = INT64_MAX;

    if (m->pending != HF_EFFECT_NONE || m->look_due)
        return wake;
    if (m->crash_loop)
        wake = m->crash_until_ms;
    if (!hf_backoff_due(&m->backoff, now_ms) && m->backoff.not_before_ms < wake)
        wake = m->backoff.not_before_ms;
    if (m->restarting_ms && !m->restart_is_stuck && m->restarting_ms + HF_RESTARTING_MOST_MS < wake)
        wake = m->restarting_ms + HF_RESTARTING_MOST_MS;
    return wake;
}

/* ---- interface ---- */

void
hf_lifecycle_init(struct hf_lifecycle_machine *m, bool wanted, int64_t now_ms)
{
    *m = (struct hf_lifecycle_machine){
        .wanted = wanted,
        .stop_asked = !wanted,
        .look_due = true,
        .stale_before_ms = now_ms,
        .state = HF_LIFECYCLE_ABSENT,
        .since_ms = now_ms,
    };
    hf_lifecycle_say_state(m);
}

void
hf_lifecycle_target(struct hf_lifecycle_machine *m, const char *spec_hash, const char *image_id,
                    int64_t memory_bytes, int64_t now_ms)
{
    m->memory_bytes = memory_bytes;
    if (strcmp(m->spec_hash, spec_hash) == 0 && strcmp(m->image_id, image_id) == 0)
        return;
    snprintf(m->spec_hash, sizeof m->spec_hash, "%s", spec_hash);
    snprintf(m->image_id, sizeof m->image_id, "%s", image_id);
    forget_failures(m);
    m->has_image = false;
    m->look_due = true;
    m->stale_before_ms = now_ms;
}

void
hf_lifecycle_limits(struct hf_lifecycle_machine *m, const struct hf_limits *limits)
{
    if (!hf_limits_live_equal(&m->limits, limits))
        m->update_refused = false;
    m->limits = *limits;
    m->memory_bytes = limits->memory_bytes;
}

void
hf_lifecycle_hold(struct hf_lifecycle_machine *m, const char *waits_for)
{
    snprintf(m->waits_for, sizeof m->waits_for, "%s", waits_for);
}

void
hf_lifecycle_adopt(struct hf_lifecycle_machine *m, bool adopts)
{
    m->adopts = adopts;
}

struct hf_lifecycle_step
hf_lifecycle_step(struct hf_lifecycle_machine *m, const struct hf_lifecycle_event *event,
                  int64_t now_ms)
{
    enum hf_effect before;

    m->finding = (struct hf_finding){.uptime_s = -1};
    take_in(m, event, now_ms);
    before = m->pending;
    decide(m, now_ms);
    if (m->finding.some)
        hf_lifecycle_say_done(m, now_ms);
    return (struct hf_lifecycle_step){
        .effect = before == HF_EFFECT_NONE ? m->pending : HF_EFFECT_NONE,
        .look = m->look_due && m->pending == HF_EFFECT_NONE,
        .wake_ms = next_wake(m, now_ms),
    };
}

bool
hf_lifecycle_settled(const struct hf_lifecycle_machine *m)
{
    if (m->pending != HF_EFFECT_NONE || m->look_due)
        return false;
    return m->wanted ? m->state == HF_LIFECYCLE_RUNNING : m->state == HF_LIFECYCLE_STOPPED;
}
