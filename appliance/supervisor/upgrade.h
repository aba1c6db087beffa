// SPDX-License-Identifier: Apache-2.0
/*
 * One upgrade from a release to another, as a pure step: (machine, event, now) → state and at most
 * one effect. It ends in exactly one of two states: COMMITTED, with all services of the new
 * release, or ROLLED_BACK, with all of the old one.
 *
 *     PLANNED → PULLING (→ INSTALLING) → VERIFIED → SWITCHING → … → GATING → COMMITTED
 *                  └────────┴────────────┴───────────┴────────────┴→ ROLLING_BACK → ROLLED_BACK
 *
 * INSTALLING is where the release brings a newer holdfastd (machine->installs): it is installed by
 * holdfast-update (update/machine.h) and has proved itself with the old release before a service is
 * switched. So what comes after it is the new one's work; what goes wrong after it leads back to
 * the old release under the new holdfastd, which has run it.
 *
 * VERIFIED and SWITCHING go round once for each service that changes: VERIFIED(i) says that those
 * before i are new and do their work, SWITCHING(i) that i becomes new too. What each service is to
 * be therefore follows from state and index alone (hf_upgrade_is_new()), and so does the effect.
 * The caller writes state, index and reason before it carries out the effect; effects are
 * idempotent. After a crash it reads what is written and says RESUME, which gives the effect of the
 * present state once more: nothing else has to be remembered.
 *
 * Only a proven failure leads back: REFUSED, BAD, CANCEL, or NOT_YET for longer than is allowed.
 * Time counts only while the services can be seen: a restart, a power cut, an engine or a broker
 * that is away (UNSEEN) stop every clock and prove nothing.
 *
 * event      meaning
 * BEGIN      it may begin
 * RESUME     holdfastd has started: clocks begin anew, the effect of the state is given again
 * FETCHED    all images of the new release are here and have the ids that it pins
 * REFUSED    they cannot be had: not there, not what is pinned, no room
 * DELAYED    they could not be had now: registry or engine do not answer
 * HELD       something holds up the next switch (at most event->most_ms where that is not 0; where
 *            event->ends it is over by itself)
 * FREE       nothing does
 * WELL       INSTALLING: the new holdfastd is installed for good
 *            SWITCHING: the service is as the new release has it and does its work
 *            GATING: all checks pass; ROLLING_BACK: all services are as the old release has them
 * NOT_YET    it can be seen, and that is not so (yet)
 * UNSEEN     it cannot be seen
 * BAD        it can be seen to have failed
 * CANCEL     a person gives it up
 * TICK       time has passed
 *
 *               BEGIN       RESUME      FETCHED     REFUSED     DELAYED     HELD
 *  PLANNED      PULLING     -           -           -           -           -
 *  PULLING      -           again       all here    back        retry       -
 *  INSTALLING   -           again       -           -           -           -
 *  VERIFIED     -           again       -           -           -           hold
 *  SWITCHING    -           again       -           -           -           -
 *  GATING       -           again       -           -           -           -
 *  COMMITTED    -           again       -           -           -           -
 *  ROLLING_BACK -           again       -           -           -           -
 *  ROLLED_BACK  -           again       -           -           -           -
 *
 *               FREE        WELL        NOT_YET     UNSEEN      BAD         CANCEL
 *  PLANNED      -           -           -           -           -           back
 *  PULLING      -           -           -           -           -           back
 *  INSTALLING   -           all here    slow        blind       back        back
 *  VERIFIED     SWITCHING   -           -           -           -           back
 *  SWITCHING    -           next        slow        blind       back        back
 *  GATING       -           pass        slow        blind       back        back
 *  COMMITTED    -           -           -           -           -           -
 *  ROLLING_BACK -           ROLLED_BACK slow        blind       -           -
 *  ROLLED_BACK  -           -           -           -           -           -
 *
 * TICK: in PULLING the effect again where a retry is due; nothing elsewhere.
 *
 * all here: INSTALLING where holdfastd is to be installed and is not, else VERIFIED (GATING where
 * no service changes). back: ROLLING_BACK. again: the same state and its effect. retry: the same
 * effect after a wait, back after HF_UPGRADE_TRIES of them. hold: stays; SWITCHING after most_ms,
 * back after HF_UPGRADE_HOLD_MOST_MS, which what ends by itself takes nothing of. next: VERIFIED of
 * the next service, GATING after the last. pass: stays; COMMITTED after gate_ms of it. slow: stays;
 * back after too much of it (switch_ms in SWITCHING, HF_UPGRADE_INSTALL_MOST_MS in INSTALLING,
 * HF_UPGRADE_PATIENCE_MS altogether in GATING), ROLLED_BACK after HF_UPGRADE_BACK_MOST_MS in
 * ROLLING_BACK: what could be given back was, and supervision goes on trying. blind: stays, and no
 * time has passed.
 *
 * state         effect
 * PULLING       FETCH     all images of the new release, checked, and its package of holdfastd
 * INSTALLING    INSTALL   holdfast-update is asked for it
 * SWITCHING(i)  AIM       service i is as the new release has it from now on
 * ROLLING_BACK  RESTORE   all services are as the old release has them from now on
 * COMMITTED     COLLECT   images that neither the running release nor a rollback needs go
 * ROLLED_BACK   COLLECT
 */
#pragma once

#include "model/upgrade.h"
#include "model/view.h"
#include "supervisor/backoff.h"

#include <stdbool.h>
#include <stdint.h>

enum {
    HF_UPGRADE_TRIES = 30, /* to fetch, in one run of holdfastd */
    /* More than holdfast-update takes where all it may wait for lasts as long as it may. */
    HF_UPGRADE_INSTALL_MOST_MS = 30 * 60 * 1000,
    HF_UPGRADE_HOLD_MOST_MS = 24 * 3600 * 1000, /* for a backlog, say */
    HF_UPGRADE_PATIENCE_MS = 20 * 1000,         /* a service may be slow for a moment */
    HF_UPGRADE_BACK_MOST_MS = 10 * 60 * 1000,
    HF_UPGRADE_BLIND_MS = 10 * 1000 /* the longest time that one event speaks for */
};

enum hf_upgrade_event_kind {
    HF_UPGRADE_BEGIN,
    HF_UPGRADE_RESUME,
    HF_UPGRADE_FETCHED,
    HF_UPGRADE_REFUSED,
    HF_UPGRADE_DELAYED,
    HF_UPGRADE_HELD,
    HF_UPGRADE_FREE,
    HF_UPGRADE_WELL,
    HF_UPGRADE_NOT_YET,
    HF_UPGRADE_UNSEEN,
    HF_UPGRADE_BAD,
    HF_UPGRADE_CANCEL,
    HF_UPGRADE_TICK,
    HF_UPGRADE_EVENT_COUNT
};

enum hf_upgrade_effect {
    HF_UPGRADE_NOTHING,
    HF_UPGRADE_FETCH,
    HF_UPGRADE_AIM, /* machine->index */
    HF_UPGRADE_RESTORE,
    HF_UPGRADE_COLLECT,
    HF_UPGRADE_INSTALL,
    HF_UPGRADE_EFFECT_COUNT
};

struct hf_upgrade_event {
    enum hf_upgrade_event_kind kind;
    int64_t most_ms;    /* HELD; 0: no such limit */
    bool ends;          /* HELD: by itself, as the days until a window do */
    const char *reason; /* REFUSED, DELAYED, HELD, NOT_YET, BAD, CANCEL: for people; copied */
};

struct hf_upgrade_step {
    bool moved; /* write state, index and reason before anything else is done */
    enum hf_upgrade_effect effect;
    int64_t wake_ms; /* send TICK at this monotonic time; INT64_MAX: no need */
};

struct hf_upgrade_machine {
    /* what is written */
    enum hf_upgrade_state state;
    unsigned index, count;     /* of the services that change, in their order */
    char reason[HF_TEXT_SIZE]; /* why it goes or went back; "" otherwise */

    /* what is not */
    bool installs; /* set by the caller: the new release brings a newer holdfastd */
    int64_t gate_ms, switch_ms;
    int64_t since_ms;           /* of state and index; monotonic */
    int64_t seen_ms;            /* of the last event that saw something; 0: none since */
    int64_t good_ms, slow_ms;   /* how much of either has passed; see the table */
    int64_t held_ms;            /* since when it is held; 0: it is not */
    char waiting[HF_TEXT_SIZE]; /* for what, for people; "": nothing */
    struct hf_backoff backoff;
};

/* A new one, PLANNED; or what was written, with the state set by the caller. */
void hf_upgrade_init(struct hf_upgrade_machine *m, unsigned count, int64_t gate_ms,
                     int64_t switch_ms, int64_t now_ms);

struct hf_upgrade_step hf_upgrade_step(struct hf_upgrade_machine *m,
                                       const struct hf_upgrade_event *event, int64_t now_ms);

/* Whether the i-th of the services that change is to be as the new release has it. */
bool hf_upgrade_is_new(const struct hf_upgrade_machine *m, unsigned i);

/* How long until the gate is passed, where all goes well. */
int64_t hf_upgrade_gate_left_ms(const struct hf_upgrade_machine *m);

/* "begin", "resume" … */
const char *hf_upgrade_event_name(enum hf_upgrade_event_kind k);

/* What the table has for a pair, for whoever makes a list of all of them. */
enum hf_upgrade_move {
    HF_MOVE_NONE,
    HF_MOVE_PULL,
    HF_MOVE_AGAIN,
    HF_MOVE_VERIFIED,
    HF_MOVE_RETRY,
    HF_MOVE_DUE,
    HF_MOVE_HOLD,
    HF_MOVE_SWITCH,
    HF_MOVE_NEXT,
    HF_MOVE_PASS,
    HF_MOVE_SLOW,
    HF_MOVE_BLIND,
    HF_MOVE_BACK,
    HF_MOVE_RESTORED
};
enum hf_upgrade_move hf_upgrade_move(enum hf_upgrade_state s, enum hf_upgrade_event_kind k);
