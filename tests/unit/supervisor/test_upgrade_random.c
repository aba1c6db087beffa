// SPDX-License-Identifier: Apache-2.0
/*
 * The upgrade against a model of services, an engine and a store. Power goes at every move that the
 * table has, before it is written, after it is written, and after its effect; and at random. It
 * must end with all services new, or all of them old, within bounded steps. HF_SEED repeats a run.
 */
#include "unit.h"

#include "supervisor/upgrade.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    SERVICES = 3,
    GATE_MS = 10 * 1000,
    SWITCH_MS = 20 * 1000,
    RUNS = 3000,
    NOISY_STEPS = 400,
    STEPS_MOST = 3000
};

/* Where power goes, seen from a step that moves. */
enum point { POINT_NONE, POINT_BEFORE_WRITE, POINT_AFTER_WRITE, POINT_AFTER_EFFECT, POINT_COUNT };

/* What is wrong with the new release. */
enum flaw {
    FLAW_NONE,
    FLAW_NOT_THERE,     /* its images cannot be had */
    FLAW_FAR_AWAY,      /* … until the tries are over */
    FLAW_EXITS,         /* service `at` fails at once */
    FLAW_IDLE,          /* service `at` never does its work */
    FLAW_DIES_LATER,    /* it fails within the gate */
    FLAW_FADES,         /* it stops working within the gate */
    FLAW_NOBODY_WANTS,  /* a person gives it up, at any time */
    FLAW_OLD_IS_BROKEN, /* as FLAW_EXITS, and the old one does not come back either */
    FLAW_HELD,          /* the backlog never shrinks */
    FLAW_DAEMON_BAD,    /* its holdfastd is put back */
    FLAW_DAEMON_SILENT, /* nobody installs it */
    FLAW_COUNT
};

struct model {
    unsigned seed;
    int64_t now;
    enum flaw flaw;
    unsigned at;
    bool noise; /* things are out of sight now and then, and holdfastd starts anew */

    bool brings, asked, daemon_is_new; /* a newer holdfastd */
    bool aimed_new[SERVICES], is_new[SERVICES];
    bool fetching, fetched;
    struct hf_upgrade_machine written; /* the store: state, index and reason of it */
    struct hf_upgrade_machine m;

    enum hf_upgrade_state crash_state;
    enum hf_upgrade_move crash_move;
    enum point crash_point;
    bool crashed;
};

static bool seen_moves[HF_UPGRADE_STATE_COUNT][HF_UPGRADE_EVENT_COUNT];

static unsigned
dice(struct model *w, unsigned sides)
{
    w->seed = w->seed * 1664525U + 1013904223U;
    return (w->seed >> 8) % sides;
}

static void
write_state(struct model *w)
{
    w->written.state = w->m.state;
    w->written.index = w->m.index;
    memcpy(w->written.reason, w->m.reason, sizeof w->written.reason);
}

static void
carry_out(struct model *w, enum hf_upgrade_effect effect)
{
    switch (effect) {
    case HF_UPGRADE_FETCH:
        w->fetching = true;
        break;
    case HF_UPGRADE_INSTALL:
        w->asked = true;
        break;
    case HF_UPGRADE_AIM:
        w->aimed_new[w->m.index] = true;
        break;
    case HF_UPGRADE_RESTORE:
        memset(w->aimed_new, 0, sizeof w->aimed_new);
        break;
    default:
        break;
    }
}

static void give(struct model *w, enum hf_upgrade_event_kind kind);

/* What is under way in the daemon is gone; what was written and what runs is still there. */
static void
restart(struct model *w)
{
    hf_upgrade_init(&w->m, SERVICES, GATE_MS, SWITCH_MS, w->now);
    w->m.state = w->written.state;
    w->m.index = w->written.index;
    memcpy(w->m.reason, w->written.reason, sizeof w->m.reason);
    w->m.installs = w->brings && !w->daemon_is_new;
    w->fetching = false;
    for (unsigned i = 0; i < SERVICES; i++)
        w->aimed_new[i] = hf_upgrade_is_new(&w->m, i);
    give(w, HF_UPGRADE_RESUME);
    if (w->m.state == HF_UPGRADE_PLANNED)
        give(w, HF_UPGRADE_BEGIN);
}

/* Whether power goes here, once. */
static bool
power_goes(struct model *w, enum hf_upgrade_state from, enum hf_upgrade_move move, enum point point)
{
    if (w->crashed || w->crash_point != point || w->crash_state != from || w->crash_move != move)
        return false;
    w->crashed = true;
    return true;
}

static void
give(struct model *w, enum hf_upgrade_event_kind kind)
{
    enum hf_upgrade_state from = w->m.state;
    enum hf_upgrade_move move = hf_upgrade_move(from, kind);
    struct hf_upgrade_step step =
        hf_upgrade_step(&w->m, &(struct hf_upgrade_event){.kind = kind, .reason = "x"}, w->now);

    assert_true(step.moved == (w->m.state != from) ||
                (from == HF_UPGRADE_SWITCHING && w->m.state == HF_UPGRADE_VERIFIED));
    assert_false(step.moved && hf_upgrade_ended(from));
    if (step.moved || step.effect != HF_UPGRADE_NOTHING)
        seen_moves[from][kind] = true;
    if (step.moved) {
        if (power_goes(w, from, move, POINT_BEFORE_WRITE)) {
            restart(w);
            return;
        }
        write_state(w);
    }
    if (power_goes(w, from, move, POINT_AFTER_WRITE)) {
        restart(w);
        return;
    }
    carry_out(w, step.effect);
    if (power_goes(w, from, move, POINT_AFTER_EFFECT))
        restart(w);
}

/* Services follow their aim, where what they are to become can start. */
static void
let_services_run(struct model *w)
{
    for (unsigned i = 0; i < SERVICES; i++)
        if (dice(w, 3) > 0)
            w->is_new[i] = w->aimed_new[i];
}

static enum hf_upgrade_event_kind
look_at_fetch(struct model *w)
{
    if (!w->fetching)
        return HF_UPGRADE_TICK;
    w->fetching = false;
    switch (w->flaw) {
    case FLAW_NOT_THERE:
        return HF_UPGRADE_REFUSED;
    case FLAW_FAR_AWAY:
        return HF_UPGRADE_DELAYED;
    default:
        return w->noise && dice(w, 2) == 0 ? HF_UPGRADE_DELAYED : HF_UPGRADE_FETCHED;
    }
}

static enum hf_upgrade_event_kind
look_at_daemon(const struct model *w)
{
    if (w->flaw == FLAW_DAEMON_BAD)
        return HF_UPGRADE_BAD;
    return w->daemon_is_new ? HF_UPGRADE_WELL : HF_UPGRADE_NOT_YET;
}

/* Who installs it ends the one that runs. */
static void
let_daemon_come(struct model *w)
{
    if (w->m.state != HF_UPGRADE_INSTALLING || !w->asked || w->daemon_is_new ||
        w->flaw == FLAW_DAEMON_BAD || w->flaw == FLAW_DAEMON_SILENT || dice(w, 3) > 0)
        return;
    w->daemon_is_new = true;
    restart(w);
}

static enum hf_upgrade_event_kind
look_at_switch(const struct model *w)
{
    bool flawed = w->at == w->m.index;

    if (flawed && (w->flaw == FLAW_EXITS || w->flaw == FLAW_OLD_IS_BROKEN))
        return HF_UPGRADE_BAD;
    if (!w->is_new[w->m.index] || (flawed && w->flaw == FLAW_IDLE))
        return HF_UPGRADE_NOT_YET;
    return HF_UPGRADE_WELL;
}

static enum hf_upgrade_event_kind
look_at_gate(const struct model *w)
{
    bool later = w->m.good_ms > GATE_MS / 2;

    if (later && w->flaw == FLAW_DIES_LATER)
        return HF_UPGRADE_BAD;
    return later && w->flaw == FLAW_FADES ? HF_UPGRADE_NOT_YET : HF_UPGRADE_WELL;
}

static enum hf_upgrade_event_kind
look_at_restored(const struct model *w)
{
    for (unsigned i = 0; i < SERVICES; i++)
        if (w->is_new[i] || w->flaw == FLAW_OLD_IS_BROKEN)
            return HF_UPGRADE_NOT_YET;
    return HF_UPGRADE_WELL;
}

static enum hf_upgrade_event_kind
look(struct model *w)
{
    bool seen = !w->noise || dice(w, 4) > 0;

    switch (w->m.state) {
    case HF_UPGRADE_PLANNED:
        return HF_UPGRADE_BEGIN;
    case HF_UPGRADE_PULLING:
        return look_at_fetch(w);
    case HF_UPGRADE_INSTALLING:
        return seen ? look_at_daemon(w) : HF_UPGRADE_UNSEEN;
    case HF_UPGRADE_VERIFIED:
        return w->flaw == FLAW_HELD || (w->noise && dice(w, 3) == 0) ? HF_UPGRADE_HELD
                                                                     : HF_UPGRADE_FREE;
    case HF_UPGRADE_SWITCHING:
        return seen ? look_at_switch(w) : HF_UPGRADE_UNSEEN;
    case HF_UPGRADE_GATING:
        return seen ? look_at_gate(w) : HF_UPGRADE_UNSEEN;
    case HF_UPGRADE_ROLLING_BACK:
        return seen ? look_at_restored(w) : HF_UPGRADE_UNSEEN;
    default:
        return HF_UPGRADE_TICK;
    }
}

static void
proceed(struct model *w)
{
    /* A day passes in fewer steps than it has seconds. */
    if (w->m.state == HF_UPGRADE_VERIFIED && w->flaw == FLAW_HELD)
        w->now += 3600 * 1000;
    else if (w->m.state == HF_UPGRADE_INSTALLING)
        w->now += HF_UPGRADE_BLIND_MS;
    else
        w->now += 1000;
    let_services_run(w);
    let_daemon_come(w);
    if (w->flaw == FLAW_NOBODY_WANTS && dice(w, 10) == 0)
        give(w, HF_UPGRADE_CANCEL);
    else
        give(w, look(w));
    if (w->noise && dice(w, 40) == 0)
        restart(w);
}

static void
begin(struct model *w, unsigned seed, enum flaw flaw)
{
    *w = (struct model){.seed = seed, .now = 1000, .flaw = flaw, .at = seed % SERVICES};
    w->brings = (seed + seed / FLAW_COUNT) % 2 == 0 || flaw == FLAW_DAEMON_BAD ||
                flaw == FLAW_DAEMON_SILENT;
    hf_upgrade_init(&w->m, SERVICES, GATE_MS, SWITCH_MS, w->now);
    w->m.installs = w->brings;
    write_state(w);
}

static void
check_end(const struct model *w, const char *what)
{
    bool to_new = w->written.state == HF_UPGRADE_COMMITTED;

    if (!hf_upgrade_ended(w->written.state))
        fail_msg("%s: no end, but %s(%u) after %lld s", what,
                 hf_upgrade_state_name(w->written.state), w->written.index,
                 (long long)w->now / 1000);
    for (unsigned i = 0; i < SERVICES; i++)
        if (w->aimed_new[i] != to_new)
            fail_msg("%s: %s, and service %u is not", what, hf_upgrade_state_name(w->written.state),
                     i);
    if (w->flaw != FLAW_NONE && w->flaw != FLAW_NOBODY_WANTS && to_new)
        fail_msg("%s: committed with flaw %d", what, w->flaw);
    assert_int_equal(w->written.reason[0] != '\0', !to_new);
    /* No service was switched before the new holdfastd had come. */
    assert_false(to_new && w->brings && !w->daemon_is_new);
}

static void
run_to_end(struct model *w, const char *what)
{
    for (int i = 0; i < STEPS_MOST && !hf_upgrade_ended(w->m.state); i++) {
        w->noise &= i < NOISY_STEPS;
        if (w->crash_move == HF_MOVE_AGAIN && w->m.state == w->crash_state && !w->crashed)
            restart(w); /* power goes once more while what was written is taken up */
        proceed(w);
    }
    check_end(w, what);
    restart(w); /* an end survives it too */
    check_end(w, what);
}

static void
run_with_crash(enum flaw flaw, enum hf_upgrade_state s, enum hf_upgrade_event_kind k, int *reached)
{
    bool writes = hf_upgrade_move(s, k) != HF_MOVE_AGAIN;

    for (int p = writes ? POINT_BEFORE_WRITE : POINT_AFTER_WRITE; p < POINT_COUNT; p++) {
        for (unsigned at = 0; at < SERVICES; at++) {
            struct model w;
            char what[128];

            begin(&w, at, flaw);
            w.crash_state = s;
            w.crash_move = hf_upgrade_move(s, k);
            w.crash_point = (enum point)p;
            snprintf(what, sizeof what, "flaw %d of service %u, power goes at %s, %s, point %d",
                     flaw, at, hf_upgrade_state_name(s), hf_upgrade_event_name(k), p);
            run_to_end(&w, what);
            *reached += w.crashed;
        }
    }
}

/* Moves that write or have an effect come about in one of the scenarios; the others have nothing
 * that a crash could come between. */
static bool
has_points(enum hf_upgrade_move move)
{
    return move != HF_MOVE_NONE && move != HF_MOVE_BLIND;
}

static void
power_goes_at_every_move_of_the_table(void **state)
{
    (void)state;
    for (int s = 0; s < HF_UPGRADE_STATE_COUNT; s++) {
        for (int k = 0; k < HF_UPGRADE_EVENT_COUNT; k++) {
            int reached = 0;

            if (!has_points(
                    hf_upgrade_move((enum hf_upgrade_state)s, (enum hf_upgrade_event_kind)k)))
                continue;
            for (int f = 0; f < FLAW_COUNT; f++)
                run_with_crash((enum flaw)f, (enum hf_upgrade_state)s,
                               (enum hf_upgrade_event_kind)k, &reached);
            if (!reached)
                fail_msg("nothing leads to %s, %s: the model lacks it",
                         hf_upgrade_state_name((enum hf_upgrade_state)s),
                         hf_upgrade_event_name((enum hf_upgrade_event_kind)k));
        }
    }
}

static void
run_at_random(unsigned seed)
{
    struct model w;
    char what[64];

    begin(&w, seed, (enum flaw)(seed % FLAW_COUNT));
    w.noise = true;
    snprintf(what, sizeof what, "HF_SEED=%u", seed);
    run_to_end(&w, what);
}

static void
pain_15_ends_all_new_or_all_old_whatever_happens(void **state)
{
    const char *only = getenv("HF_SEED");

    (void)state;
    if (only) {
        run_at_random((unsigned)strtoul(only, NULL, 10));
        return;
    }
    for (unsigned seed = 1; seed <= RUNS; seed++)
        run_at_random(seed);
    for (int s = 0; s < HF_UPGRADE_STATE_COUNT; s++)
        for (int k = 0; k < HF_UPGRADE_EVENT_COUNT; k++)
            if (hf_upgrade_move((enum hf_upgrade_state)s, (enum hf_upgrade_event_kind)k) ==
                HF_MOVE_BACK)
                assert_true(seen_moves[s][k]);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(power_goes_at_every_move_of_the_table),
        cmocka_unit_test(pain_15_ends_all_new_or_all_old_whatever_happens),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
