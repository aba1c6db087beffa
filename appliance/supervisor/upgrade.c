// SPDX-License-Identifier: Apache-2.0
#include "supervisor/upgrade.h"

#include "base/text.h"

#include <string.h>

const char *
hf_upgrade_event_name(enum hf_upgrade_event_kind k)
{
    static const char *const names[HF_UPGRADE_EVENT_COUNT] = {
        [HF_UPGRADE_BEGIN] = "begin",     [HF_UPGRADE_RESUME] = "resume",
        [HF_UPGRADE_FETCHED] = "fetched", [HF_UPGRADE_REFUSED] = "refused",
        [HF_UPGRADE_DELAYED] = "delayed", [HF_UPGRADE_HELD] = "held",
        [HF_UPGRADE_FREE] = "free",       [HF_UPGRADE_WELL] = "well",
        [HF_UPGRADE_NOT_YET] = "not yet", [HF_UPGRADE_UNSEEN] = "unseen",
        [HF_UPGRADE_BAD] = "bad",         [HF_UPGRADE_CANCEL] = "cancel",
        [HF_UPGRADE_TICK] = "tick",
    };

    return names[k];
}

/* The table of the header; what is not here is HF_MOVE_NONE. */
static const enum hf_upgrade_move moves[HF_UPGRADE_STATE_COUNT][HF_UPGRADE_EVENT_COUNT] = {
    [HF_UPGRADE_PLANNED] =
        {
            [HF_UPGRADE_BEGIN] = HF_MOVE_PULL,
            [HF_UPGRADE_CANCEL] = HF_MOVE_BACK,
        },
    [HF_UPGRADE_PULLING] =
        {
            [HF_UPGRADE_RESUME] = HF_MOVE_AGAIN,
            [HF_UPGRADE_FETCHED] = HF_MOVE_VERIFIED,
            [HF_UPGRADE_REFUSED] = HF_MOVE_BACK,
            [HF_UPGRADE_DELAYED] = HF_MOVE_RETRY,
            [HF_UPGRADE_CANCEL] = HF_MOVE_BACK,
            [HF_UPGRADE_TICK] = HF_MOVE_DUE,
        },
    [HF_UPGRADE_VERIFIED] =
        {
            [HF_UPGRADE_RESUME] = HF_MOVE_AGAIN,
            [HF_UPGRADE_HELD] = HF_MOVE_HOLD,
            [HF_UPGRADE_FREE] = HF_MOVE_SWITCH,
            [HF_UPGRADE_CANCEL] = HF_MOVE_BACK,
        },
    [HF_UPGRADE_SWITCHING] =
        {
            [HF_UPGRADE_RESUME] = HF_MOVE_AGAIN,
            [HF_UPGRADE_WELL] = HF_MOVE_NEXT,
            [HF_UPGRADE_NOT_YET] = HF_MOVE_SLOW,
            [HF_UPGRADE_UNSEEN] = HF_MOVE_BLIND,
            [HF_UPGRADE_BAD] = HF_MOVE_BACK,
            [HF_UPGRADE_CANCEL] = HF_MOVE_BACK,
        },
    [HF_UPGRADE_GATING] =
        {
            [HF_UPGRADE_RESUME] = HF_MOVE_AGAIN,
            [HF_UPGRADE_WELL] = HF_MOVE_PASS,
            [HF_UPGRADE_NOT_YET] = HF_MOVE_SLOW,
            [HF_UPGRADE_UNSEEN] = HF_MOVE_BLIND,
            [HF_UPGRADE_BAD] = HF_MOVE_BACK,
            [HF_UPGRADE_CANCEL] = HF_MOVE_BACK,
        },
    [HF_UPGRADE_COMMITTED] = {[HF_UPGRADE_RESUME] = HF_MOVE_AGAIN},
    [HF_UPGRADE_ROLLING_BACK] =
        {
            [HF_UPGRADE_RESUME] = HF_MOVE_AGAIN,
            [HF_UPGRADE_WELL] = HF_MOVE_RESTORED,
            [HF_UPGRADE_NOT_YET] = HF_MOVE_SLOW,
            [HF_UPGRADE_UNSEEN] = HF_MOVE_BLIND,
        },
    [HF_UPGRADE_ROLLED_BACK] = {[HF_UPGRADE_RESUME] = HF_MOVE_AGAIN},
    [HF_UPGRADE_INSTALLING] =
        {
            [HF_UPGRADE_RESUME] = HF_MOVE_AGAIN,
            [HF_UPGRADE_WELL] = HF_MOVE_VERIFIED,
            [HF_UPGRADE_NOT_YET] = HF_MOVE_SLOW,
            [HF_UPGRADE_UNSEEN] = HF_MOVE_BLIND,
            [HF_UPGRADE_BAD] = HF_MOVE_BACK,
            [HF_UPGRADE_CANCEL] = HF_MOVE_BACK,
        },
};

enum hf_upgrade_move
hf_upgrade_move(enum hf_upgrade_state s, enum hf_upgrade_event_kind k)
{
    return moves[s][k];
}

void
hf_upgrade_init(struct hf_upgrade_machine *m, unsigned count, int64_t gate_ms, int64_t switch_ms,
                int64_t now_ms)
{
    *m = (struct hf_upgrade_machine){
        .count = count, .gate_ms = gate_ms, .switch_ms = switch_ms, .since_ms = now_ms};
}

bool
hf_upgrade_is_new(const struct hf_upgrade_machine *m, unsigned i)
{
    switch (m->state) {
    case HF_UPGRADE_VERIFIED:
        return i < m->index;
    case HF_UPGRADE_SWITCHING:
        return i <= m->index;
    case HF_UPGRADE_GATING:
    case HF_UPGRADE_COMMITTED:
        return true;
    default:
        return false;
    }
}

int64_t
hf_upgrade_gate_left_ms(const struct hf_upgrade_machine *m)
{
    return m->good_ms < m->gate_ms ? m->gate_ms - m->good_ms : 0;
}

static enum hf_upgrade_effect
effect_of(enum hf_upgrade_state state)
{
    static const enum hf_upgrade_effect effects[HF_UPGRADE_STATE_COUNT] = {
        [HF_UPGRADE_PULLING] = HF_UPGRADE_FETCH,
        [HF_UPGRADE_SWITCHING] = HF_UPGRADE_AIM,
        [HF_UPGRADE_ROLLING_BACK] = HF_UPGRADE_RESTORE,
        [HF_UPGRADE_COMMITTED] = HF_UPGRADE_COLLECT,
        [HF_UPGRADE_ROLLED_BACK] = HF_UPGRADE_COLLECT,
        [HF_UPGRADE_INSTALLING] = HF_UPGRADE_INSTALL,
    };

    return effects[state];
}

static void
start_clocks(struct hf_upgrade_machine *m, int64_t now_ms)
{
    m->since_ms = now_ms;
    m->seen_ms = m->good_ms = m->slow_ms = m->held_ms = 0;
    m->waiting[0] = '\0';
    hf_backoff_reset(&m->backoff);
}

static void
enter(struct hf_upgrade_machine *m, enum hf_upgrade_state state, struct hf_upgrade_step *step,
      int64_t now_ms)
{
    m->state = state;
    start_clocks(m, now_ms);
    step->moved = true;
    step->effect = effect_of(state);
}

static void
go_back(struct hf_upgrade_machine *m, const char *reason, struct hf_upgrade_step *step,
        int64_t now_ms)
{
    hf_text_put(m->reason, sizeof m->reason, "%s", reason);
    hf_text_whole(m->reason);
    enter(m, HF_UPGRADE_ROLLING_BACK, step, now_ms);
}

/* How much time this event speaks for: what it says held since the last one that saw something. */
static int64_t
time_seen(struct hf_upgrade_machine *m, int64_t now_ms)
{
    int64_t passed = m->seen_ms ? now_ms - m->seen_ms : 0;

    m->seen_ms = now_ms;
    return passed < HF_UPGRADE_BLIND_MS ? passed : HF_UPGRADE_BLIND_MS;
}

static void
say_waiting(struct hf_upgrade_machine *m, const struct hf_upgrade_event *event)
{
    hf_text_put(m->waiting, sizeof m->waiting, "%s", event->reason ? event->reason : "");
    hf_text_whole(m->waiting);
}

static void
retry(struct hf_upgrade_machine *m, const struct hf_upgrade_event *event,
      struct hf_upgrade_step *step, int64_t now_ms)
{
    hf_backoff_fail(&m->backoff, now_ms);
    say_waiting(m, event);
    if (m->backoff.failures >= HF_UPGRADE_TRIES)
        go_back(m, m->waiting, step, now_ms);
}

static void
hold(struct hf_upgrade_machine *m, const struct hf_upgrade_event *event,
     struct hf_upgrade_step *step, int64_t now_ms)
{
    char reason[HF_TEXT_SIZE];

    if (!m->held_ms || event->ends)
        m->held_ms = now_ms;
    say_waiting(m, event);
    if (event->most_ms && now_ms - m->held_ms >= event->most_ms) {
        enter(m, HF_UPGRADE_SWITCHING, step, now_ms);
    } else if (now_ms - m->held_ms >= HF_UPGRADE_HOLD_MOST_MS) {
        hf_text_put(reason, sizeof reason, "waited for a day: %s", m->waiting);
        go_back(m, reason, step, now_ms);
    }
}

/* All is here: a new holdfastd comes first, since the new release may be made for it. */
static void
begin_switching(struct hf_upgrade_machine *m, struct hf_upgrade_step *step, int64_t now_ms)
{
    if (m->installs && m->state == HF_UPGRADE_PULLING)
        enter(m, HF_UPGRADE_INSTALLING, step, now_ms);
    else
        enter(m, m->count ? HF_UPGRADE_VERIFIED : HF_UPGRADE_GATING, step, now_ms);
}

static void
next(struct hf_upgrade_machine *m, struct hf_upgrade_step *step, int64_t now_ms)
{
    m->index++;
    enter(m, m->index < m->count ? HF_UPGRADE_VERIFIED : HF_UPGRADE_GATING, step, now_ms);
}

static void
pass(struct hf_upgrade_machine *m, struct hf_upgrade_step *step, int64_t now_ms)
{
    m->good_ms += time_seen(m, now_ms);
    m->waiting[0] = '\0';
    if (m->good_ms >= m->gate_ms)
        enter(m, HF_UPGRADE_COMMITTED, step, now_ms);
}

static int64_t
patience_of(const struct hf_upgrade_machine *m)
{
    switch (m->state) {
    case HF_UPGRADE_INSTALLING:
        return HF_UPGRADE_INSTALL_MOST_MS;
    case HF_UPGRADE_SWITCHING:
        return m->switch_ms;
    default:
        return HF_UPGRADE_PATIENCE_MS;
    }
}

static void
be_slow(struct hf_upgrade_machine *m, const struct hf_upgrade_event *event,
        struct hf_upgrade_step *step, int64_t now_ms)
{
    char reason[HF_TEXT_SIZE];

    m->slow_ms += time_seen(m, now_ms);
    say_waiting(m, event);
    if (m->state == HF_UPGRADE_ROLLING_BACK) {
        if (m->slow_ms >= HF_UPGRADE_BACK_MOST_MS)
            enter(m, HF_UPGRADE_ROLLED_BACK, step, now_ms);
        return;
    }
    if (m->slow_ms < patience_of(m))
        return;
    hf_text_put(reason, sizeof reason, "%s for %lld s", m->waiting, (long long)m->slow_ms / 1000);
    go_back(m, reason, step, now_ms);
}

static void
again(struct hf_upgrade_machine *m, struct hf_upgrade_step *step, int64_t now_ms)
{
    start_clocks(m, now_ms);
    step->effect = effect_of(m->state);
}

/* A retry is due once. */
static void
fetch_if_due(struct hf_upgrade_machine *m, struct hf_upgrade_step *step, int64_t now_ms)
{
    if (!m->backoff.failures || m->backoff.not_before_ms == INT64_MAX ||
        !hf_backoff_due(&m->backoff, now_ms))
        return;
    m->backoff.not_before_ms = INT64_MAX;
    step->effect = HF_UPGRADE_FETCH;
}

static void
make_move(struct hf_upgrade_machine *m, const struct hf_upgrade_event *event,
          struct hf_upgrade_step *step, int64_t now_ms)
{
    switch (moves[m->state][event->kind]) {
    case HF_MOVE_NONE:
        break;
    case HF_MOVE_PULL:
        enter(m, HF_UPGRADE_PULLING, step, now_ms);
        break;
    case HF_MOVE_AGAIN:
        again(m, step, now_ms);
        break;
    case HF_MOVE_VERIFIED:
        begin_switching(m, step, now_ms);
        break;
    case HF_MOVE_RETRY:
        retry(m, event, step, now_ms);
        break;
    case HF_MOVE_DUE:
        fetch_if_due(m, step, now_ms);
        break;
    case HF_MOVE_HOLD:
        hold(m, event, step, now_ms);
        break;
    case HF_MOVE_SWITCH:
        enter(m, HF_UPGRADE_SWITCHING, step, now_ms);
        break;
    case HF_MOVE_NEXT:
        next(m, step, now_ms);
        break;
    case HF_MOVE_PASS:
        pass(m, step, now_ms);
        break;
    case HF_MOVE_SLOW:
        be_slow(m, event, step, now_ms);
        break;
    case HF_MOVE_BLIND:
        m->seen_ms = 0;
        say_waiting(m, event);
        break;
    case HF_MOVE_BACK:
        go_back(m, event->reason ? event->reason : "", step, now_ms);
        break;
    case HF_MOVE_RESTORED:
        enter(m, HF_UPGRADE_ROLLED_BACK, step, now_ms);
        break;
    }
}

struct hf_upgrade_step
hf_upgrade_step(struct hf_upgrade_machine *m, const struct hf_upgrade_event *event, int64_t now_ms)
{
    struct hf_upgrade_step step = {.wake_ms = INT64_MAX};

    make_move(m, event, &step, now_ms);
    if (m->state == HF_UPGRADE_PULLING && m->backoff.failures)
        step.wake_ms = m->backoff.not_before_ms;
    return step;
}
