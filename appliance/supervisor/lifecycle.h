// SPDX-License-Identifier: Apache-2.0
/*
 * The life of one service's container, as a pure step: (machine, event, now) → at most one effect.
 *
 * The machine is driven by levels, not by edges: an event only changes what is known (what is
 * wanted, what was seen, what is under way), and then one ordered table of rules, the first that
 * holds wins, turns what is known into a state and an effect. So a lost, doubled or late event
 * costs time, never correctness, and a machine that starts in the middle (a restarted holdfastd)
 * does what one would that has seen it all.
 *
 * At most one effect is under way. When it ends, the caller says DONE or ERROR; the machine then
 * wants to look (step.look) and decides nothing until it has SEEN what the engine says now; a
 * picture that was begun before the effect ended is ignored. Effects are idempotent on the engine's
 * side, so repeating one is harmless. When the step says wake_ms, the caller sends TICK then.
 *
 * event       what it changes
 * SEEN        container (or none), image there or not; counts exits and the engine's restarts
 * DONE        nothing is under way; look
 * ERROR       as DONE, and wait: 1 s … 60 s, doubled by each failure in a row
 * START       wanted; forgets failures and crash loop
 * STOP        not wanted ("stopped by a person"); forgets failures and crash loop
 * RESTART     wanted; a running container is stopped once; forgets failures and crash loop
 * DIED        nothing but how the next exits that are seen ended: the engine forgets the exit code
 *             of a container that it has started again before anybody looked
 * TICK        nothing: time has passed
 *
 * and hf_lifecycle_target(): another spec or image; forgets failures and crash loop, looks anew.
 *
 * rule, in this order                                            state      effect
 * an effect is under way                                         as it was  -
 * not looked since the last effect, or never                     as it was  - (look)
 * wanted or not, restarting for HF_RESTARTING_MOST_MS            STOPPING   REMOVE (2)
 * not wanted, container active                                   STOPPING   STOP (1)
 * not wanted                                                     STOPPED    -
 * no release says what to run, container active                  RUNNING    -
 * no release says what to run                                    ABSENT     -
 * crash loop, container active                                   FAILED     STOP (1)
 * crash loop                                                     FAILED     -
 * runs as specified but for its limits, no restart asked for     RUNNING    UPDATE (2)
 * runs as specified, no restart asked for                        RUNNING    -
 * the engine itself is about to restart it, none asked for       BACKOFF    -
 * waiting after a failure                                        BACKOFF    -
 * no container, not as specified, not startable; image missing   PULLING    PULL
 * no container                                                   CREATING   CREATE
 * not as specified, or restart asked for; runs or restarts       STOPPING   STOP
 * not as specified, not startable, paused by hand, or dead       STOPPING   REMOVE
 * created or exited, as specified but for its limits             STARTING   UPDATE
 * created or exited, and another one has to run first            STARTING   - (3)
 * created or exited                                              STARTING   START
 *
 * (1) not while waiting after a failure. Active is running, restarting or paused; as specified is
 * spec hash, image and hardening; where the engine refuses an update, a new container has the
 * limits. (2) An engine that was killed at the wrong moment says for ever that
 * it is about to restart a container (tried: 20.10); its own waits end after 60 s. Only where the
 * image for a new one is there. (3) hf_lifecycle_hold(). The old container is stopped and removed
 * only when the image of the new one is there. An effect that ended well and yet left the same to
 * be done counts as a failure, so that no pair of rules can chase each other faster than the wait.
 *
 * state × event. What SEEN leads to does not depend on the state but on what was seen, except for
 * exits (a container that was active before) and while crash loop or wait last:
 *
 *             SEEN none  SEEN runs  SEEN exited  ERROR     START      STOP      RESTART
 *   ABSENT    CREATING   RUNNING    STARTING     look      look       look      look
 *   PULLING   (effect under way: state stays; what is wanted is changed and acted on after DONE
 *   CREATING   or ERROR and a look; the same holds for STARTING and STOPPING)
 *   STARTING  ″
 *   STOPPING  ″
 *   RUNNING   BACKOFF    RUNNING    BACKOFF      look      RUNNING    STOPPING  STOPPING
 *   STOPPED   STOPPED    STOPPING   STOPPED      look      STARTING   STOPPED   STARTING
 *   BACKOFF   BACKOFF    RUNNING    BACKOFF      look      STARTING   STOPPED   STARTING
 *   FAILED    FAILED     FAILED     FAILED       look      STARTING   STOPPED   STARTING
 *
 * TICK, DIED and DONE change the state only by what has become due. (STARTING stands for CREATING
 * where there is no container.)
 *
 * Exits of a container that is to be replaced (other spec or image) are shown and otherwise not
 * counted. Docker restarts a crashed container by itself (policy unless-stopped, own wait of 100 ms
 * … 60 s); that is only counted. A container that has exited although it is wanted (stopped by
 * hand, or Docker gave up) is started by us after the wait. HF_CRASH_EXITS exits within
 * HF_CRASH_WINDOW_MS are a crash loop: the container is stopped and the service has FAILED. It
 * leaves that state by a person's start or restart, by another spec, and by itself after
 * HF_CRASH_COOLDOWN_MS: nobody may be near an unattended gateway, and what made it crash may have
 * gone away. Docker's restart count starts again at zero with each start, so only differences
 * count. Failures in a row are forgotten once the container has run for HF_STABLE_MS.
 */
#pragma once

#include "model/engine_ops.h"
#include "model/view.h"
#include "supervisor/backoff.h"
#include "supervisor/finding.h"
#include "supervisor/reason.h"

enum {
    HF_CRASH_EXITS = 5,
    HF_CRASH_WINDOW_MS = 2 * 60 * 1000,
    HF_CRASH_COOLDOWN_MS = 5 * 60 * 1000,
    HF_STABLE_MS = 60 * 1000,
    HF_RESTARTING_MOST_MS = 2 * 60 * 1000
};

enum hf_effect {
    HF_EFFECT_NONE,
    HF_EFFECT_PULL,   /* spec's image */
    HF_EFFECT_CREATE, /* from spec; networks and volumes first */
    HF_EFFECT_START,  /* machine->container.id, as all below */
    HF_EFFECT_STOP,
    HF_EFFECT_REMOVE,
    HF_EFFECT_UPDATE, /* its limits, while it runs */
    HF_EFFECT_COUNT
};

enum hf_lifecycle_event_kind {
    HF_EVENT_SEEN,
    HF_EVENT_DONE,
    HF_EVENT_ERROR,
    HF_EVENT_START,
    HF_EVENT_STOP,
    HF_EVENT_RESTART,
    HF_EVENT_DIED,
    HF_EVENT_TICK,
    HF_EVENT_COUNT
};

struct hf_lifecycle_event {
    enum hf_lifecycle_event_kind kind;
    const struct hf_container *container; /* SEEN: NULL for none; copied */
    bool has_image;                       /* SEEN: of the target */
    int64_t taken_ms;                     /* SEEN: when the engine was asked; monotonic */
    int64_t peak_bytes;                   /* SEEN: most memory in this run; 0: not known */
    int exit_code;                        /* DIED */
    bool oom_killed;                      /* DIED */
    const struct hf_error *error;         /* ERROR: why; copied */
};

struct hf_lifecycle_step {
    enum hf_effect effect;
    bool look;       /* ask the engine and send SEEN as soon as possible */
    int64_t wake_ms; /* send TICK at this monotonic time; INT64_MAX: no need */
};

/* All fields are for reading only. */
struct hf_lifecycle_machine {
    /* what is wanted */
    bool wanted;
    char spec_hash[HF_HASH_SIZE]; /* "": no release says what to run */
    char image_id[HF_DIGEST_SIZE];
    int64_t memory_bytes;    /* limit, for people */
    struct hf_limits limits; /* all 0: none that could be changed */
    bool restart_due;
    char waits_for[HF_NAME_SIZE]; /* another service that has to run first; "": none */
    bool adopts;                  /* hf_lifecycle_adopt() */

    /* what was seen */
    bool looked; /* ever */
    bool look_due;
    int64_t stale_before_ms; /* pictures begun earlier are ignored */
    bool has_image;
    struct hf_container container; /* id "": none */
    int64_t looked_ms;
    int64_t peak_bytes;
    int64_t restarting_ms; /* since when it is about to be restarted, unchanged; 0: it is not */
    bool restart_is_stuck;
    bool died; /* what DIED said of the next exits */
    int died_code;
    bool died_of_memory;

    /* what is under way, and what ended well before the last look */
    enum hf_effect pending;
    enum hf_effect done;

    /* failures */
    struct hf_backoff backoff;
    bool remake;                      /* it could not be started: make it anew */
    bool update_refused;              /* its limits cannot be changed: make it anew */
    bool stop_asked;                  /* the next exit is our doing */
    bool create_asked;                /* and so is the next new container */
    int64_t exits_ms[HF_CRASH_EXITS]; /* newest first */
    unsigned exit_count;
    bool crash_loop;
    int64_t crash_until_ms;
    bool has_exit_code; /* of the last exit */
    int exit_code;
    bool oom_killed;
    enum hf_reason failure_why; /* why it waits or has failed */
    char failure[HF_TEXT_SIZE];

    /* what is shown */
    enum hf_lifecycle state;
    int64_t since_ms;         /* of state; monotonic */
    int64_t running_since_ms; /* this run of the container, as far as seen; 0: not running */
    int64_t restarts;         /* by the engine and by us, since the container was made */
    int64_t exits;            /* that nobody had asked for, ever since; see above */
    enum hf_reason why;
    char reason[HF_TEXT_SIZE];
    const char *advice;

    struct hf_finding finding; /* of the last step */
};

/* wanted is what the store says. */
void hf_lifecycle_init(struct hf_lifecycle_machine *m, bool wanted, int64_t now_ms);

/* What to run from now on; spec_hash "" where no release says it. Follow it by a TICK. */
void hf_lifecycle_target(struct hf_lifecycle_machine *m, const char *spec_hash,
                         const char *image_id, int64_t memory_bytes, int64_t now_ms);

/* The limits it is to have from now on. Follow it by a TICK. */
void hf_lifecycle_limits(struct hf_lifecycle_machine *m, const struct hf_limits *limits);

/* Another service that has to run before this one is started, "" for none. It holds up nothing but
 * a start. Follow it by a TICK. */
void hf_lifecycle_hold(struct hf_lifecycle_machine *m, const char *waits_for);

/* While adopts is set no container is made, stopped, changed or removed; one that has ended is
 * started, as Docker itself would. What is not as specified stays as it is, and is not settled.
 * Follow it by a TICK. */
void hf_lifecycle_adopt(struct hf_lifecycle_machine *m, bool adopts);

struct hf_lifecycle_step hf_lifecycle_step(struct hf_lifecycle_machine *m,
                                           const struct hf_lifecycle_event *event, int64_t now_ms);

/* What a container that was stopped for a crash loop had said last: becomes part of the reason. A
 * log line of ours is cut down to its reason or error. */
void hf_lifecycle_last_words(struct hf_lifecycle_machine *m, const char *line);

/* Whether what is wanted has been reached: runs as specified with no restart due, or is stopped. */
bool hf_lifecycle_settled(const struct hf_lifecycle_machine *m);

/* "pull", "create" … */
const char *hf_effect_name(enum hf_effect effect);
