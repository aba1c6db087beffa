// SPDX-License-Identifier: Apache-2.0
#include "supervisor/lifecycle_find.h"

#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>

enum {
    MS_PER_S = 1000,
    MB_SHIFT = 20,
    SIGNAL_BASE = 128 /* a shell's way to say in an exit code which signal ended a program */
};

/* ---- exits ---- */

static const char *
signal_of(int exit_code)
{
    static const struct {
        int number;
        const char *name;
    } signals[] = {
        {SIGHUP, " (SIGHUP)"},   {SIGINT, " (SIGINT)"},   {SIGILL, " (SIGILL)"},
        {SIGTRAP, " (SIGTRAP)"}, {SIGABRT, " (SIGABRT)"}, {SIGBUS, " (SIGBUS)"},
        {SIGFPE, " (SIGFPE)"},   {SIGKILL, " (SIGKILL)"}, {SIGSEGV, " (SIGSEGV)"},
        {SIGPIPE, " (SIGPIPE)"}, {SIGTERM, " (SIGTERM)"}, {SIGSYS, " (SIGSYS)"},
    };

    for (size_t i = 0; i < sizeof signals / sizeof signals[0]; i++)
        if (exit_code == SIGNAL_BASE + signals[i].number)
            return signals[i].name;
    return "";
}

void
hf_lifecycle_describe_exit(const struct hf_lifecycle_machine *m, char *out, size_t size)
{
    int64_t limit = m->memory_bytes >> MB_SHIFT;
    int64_t peak = m->peak_bytes >> MB_SHIFT;

    if (m->oom_killed && limit > 0 && peak > 0)
        snprintf(out, size, "out of memory (limit %" PRId64 " MB, peak %" PRId64 " MB)", limit,
                 peak);
    else if (m->oom_killed && limit > 0)
        snprintf(out, size, "out of memory (limit %" PRId64 " MB)", limit);
    else if (m->oom_killed)
        snprintf(out, size, "out of memory");
    else if (m->has_exit_code)
        snprintf(out, size, "exited with code %d%s", m->exit_code, signal_of(m->exit_code));
    else
        snprintf(out, size, "exited");
}

static int64_t
uptime_of(const struct hf_lifecycle_machine *m, const struct hf_container *is, int64_t now_ms)
{
    const struct hf_container *was = &m->container;

    if (was->started_ms && is->finished_ms >= was->started_ms)
        return (is->finished_ms - was->started_ms) / MS_PER_S;
    return m->running_since_ms ? (now_ms - m->running_since_ms) / MS_PER_S : -1;
}

static void
find_exit(struct hf_lifecycle_machine *m, const struct hf_container *is,
          const struct hf_exits *exits, int64_t now_ms)
{
    struct hf_finding *f = &m->finding;
    char what[HF_TEXT_SIZE / 2];

    f->some = true;
    f->has_exit_code = m->has_exit_code;
    f->exit_code = m->exit_code;
    f->oom_killed = m->oom_killed;
    f->uptime_s = uptime_of(m, is, now_ms);
    f->ended_ms = is->finished_ms;
    if (exits->crash_loop) {
        f->kind = HF_INCIDENT_CRASH_LOOP;
        snprintf(f->found, sizeof f->found, "%s", m->failure);
        return;
    }
    f->kind = m->oom_killed ? HF_INCIDENT_OOM : HF_INCIDENT_EXIT;
    hf_lifecycle_describe_exit(m, what, sizeof what);
    if (f->uptime_s >= 0)
        snprintf(f->found, sizeof f->found, "%s after %" PRId64 " s", what, f->uptime_s);
    else
        snprintf(f->found, sizeof f->found, "%s", what);
    if (exits->by_engine > 1)
        snprintf(f->found + strlen(f->found), sizeof f->found - strlen(f->found),
                 "; %" PRId64 " times since the last look", exits->by_engine);
}

/* ---- drift: what somebody else did ---- */

static bool
is_active(const struct hf_container *c)
{
    return c->id[0] && (c->state == HF_CONTAINER_RUNNING || c->state == HF_CONTAINER_RESTARTING ||
                        c->state == HF_CONTAINER_PAUSED);
}

/* Those that can change while it runs. Where others are wanted now, the difference is our own. */
static bool
find_other_limits(const struct hf_lifecycle_machine *m, const struct hf_container *is, char *out,
                  size_t size)
{
    const struct hf_container *was = &m->container;
    char change[HF_CHANGE_SIZE];
    bool live;

    if (!m->looked || strcmp(was->id, is->id) != 0 ||
        !hf_limits_live_equal(&m->limits, &was->limits) ||
        hf_limits_live_equal(&m->limits, &is->limits))
        return false;
    hf_limits_change(&was->limits, &is->limits, change, &live);
    snprintf(out, size, "its limits were changed by hand: %s", change);
    return true;
}

static bool
find_change(const struct hf_lifecycle_machine *m, const struct hf_container *is, char *out,
            size_t size)
{
    const struct hf_container *was = &m->container;
    bool same = m->looked && strcmp(was->id, is->id) == 0;

    /* In the middle of what we do ourselves a container has, say, one of its networks only. */
    if (m->pending != HF_EFFECT_NONE || !is->id[0] || strcmp(is->spec_hash, m->spec_hash) != 0)
        return false;
    if (is->limits_differ && !(same && was->limits_differ)) {
        snprintf(out, size, "its container was changed by hand: %s",
                 is->differs[0] ? is->differs : "limits, hardening or networks");
        return true;
    }
    if (find_other_limits(m, is, out, size))
        return true;
    if (strcmp(is->image_id, m->image_id) != 0 &&
        !(same && strcmp(is->image_id, was->image_id) == 0)) {
        snprintf(out, size, "its container runs another image than its label says: %.80s",
                 is->image_id);
        return true;
    }
    return false;
}

static bool
find_coming_and_going(const struct hf_lifecycle_machine *m, const struct hf_container *is,
                      char *out, size_t size)
{
    const struct hf_container *was = &m->container;
    const char *what = NULL;

    if (m->wanted && was->id[0] && !is->id[0] && !m->stop_asked)
        what = "its container was removed by hand";
    else if (was->id[0] && is->id[0] && strcmp(was->id, is->id) != 0 && !m->create_asked)
        what = "its container was replaced by another one by hand";
    else if (!was->id[0] && is->id[0] && !m->create_asked)
        what = "a container of its name was added by hand";
    else if (m->wanted && !m->stop_asked && is->id[0] && is->state == HF_CONTAINER_PAUSED &&
             was->state != HF_CONTAINER_PAUSED)
        what = "its container was paused by hand";
    else if (!m->wanted && m->stop_asked && !is_active(was) && is_active(is))
        what = "its container was started by hand, although it is to be stopped";
    snprintf(out, size, "%s", what ? what : "");
    return what != NULL;
}

/* Docker itself starts again what has crashed: one that stays down was stopped by somebody. */
static bool
find_stop(const struct hf_lifecycle_machine *m, const struct hf_container *is,
          const struct hf_exits *exits, char *out, size_t size)
{
    if (!exits->ended || !is->id[0] || !m->wanted)
        return false;
    snprintf(out, size, "its container was stopped by hand (exit code %d%s)", is->exit_code,
             signal_of(is->exit_code));
    return true;
}

static void
find_drift(struct hf_lifecycle_machine *m, const struct hf_container *is,
           const struct hf_exits *exits, int64_t now_ms)
{
    struct hf_finding *f = &m->finding;
    char found[HF_TEXT_SIZE];

    if (!m->spec_hash[0])
        return;
    if (!(m->looked && find_coming_and_going(m, is, found, sizeof found)) &&
        !(m->looked && find_stop(m, is, exits, found, sizeof found)) &&
        !find_change(m, is, found, sizeof found))
        return;
    f->some = true;
    f->kind = HF_INCIDENT_DRIFT;
    memcpy(f->found, found, sizeof f->found);
    if (!exits->ended)
        return;
    f->uptime_s = uptime_of(m, is, now_ms);
    f->has_exit_code = is->id[0] && !is_active(is);
    f->exit_code = is->exit_code;
    f->ended_ms = is->finished_ms;
}

void
hf_lifecycle_find(struct hf_lifecycle_machine *m, const struct hf_container *is,
                  const struct hf_exits *exits, int64_t now_ms)
{
    if (exits->crash_loop || exits->by_engine > 0 || (exits->ended && m->oom_killed))
        find_exit(m, is, exits, now_ms);
    else
        find_drift(m, is, exits, now_ms);
}

/* ---- what is done about it ---- */

static void
say_wait(struct hf_lifecycle_machine *m, const char *what, int64_t now_ms)
{
    int64_t left = m->backoff.failures ? m->backoff.not_before_ms - now_ms : 0;

    snprintf(m->finding.done, sizeof m->finding.done, left > 0 ? "%s after %" PRId64 " s" : "%s",
             what, (left + MS_PER_S - 1) / MS_PER_S);
}

void
hf_lifecycle_say_done(struct hf_lifecycle_machine *m, int64_t now_ms)
{
    const struct hf_container *c = &m->container;
    bool right = !c->limits_differ && strcmp(c->spec_hash, m->spec_hash) == 0 &&
                 strcmp(c->image_id, m->image_id) == 0;

    if (m->crash_loop)
        snprintf(m->finding.done, sizeof m->finding.done,
                 "it is stopped, and tried again after %d min", HF_CRASH_COOLDOWN_MS / 60000);
    else if (!m->wanted)
        snprintf(m->finding.done, sizeof m->finding.done, "it is stopped again");
    else if (!c->id[0])
        say_wait(m, "it is made again", now_ms);
    else if (!right || c->state == HF_CONTAINER_PAUSED)
        say_wait(m, "it is made anew as specified", now_ms);
    else if (m->pending == HF_EFFECT_UPDATE)
        snprintf(m->finding.done, sizeof m->finding.done, "they are set again while it runs");
    else if (c->state == HF_CONTAINER_RESTARTING)
        snprintf(m->finding.done, sizeof m->finding.done, "Docker starts it again");
    else if (m->state == HF_LIFECYCLE_RUNNING)
        snprintf(m->finding.done, sizeof m->finding.done, "%s",
                 m->finding.kind == HF_INCIDENT_DRIFT ? "nothing: it is as specified"
                                                      : "Docker has started it again");
    else
        say_wait(m, "it is started again", now_ms);
}
