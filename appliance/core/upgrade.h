// SPDX-License-Identifier: Apache-2.0
/*
 * Upgrades (supervisor/upgrade.h) in the owner: what is written goes to the store before anything
 * follows from it, and all that follows is what each service is to be. core->release is therefore
 * put together anew from the two releases after every move; the services' own machines do the rest.
 *
 * Releases that were run are kept as long as the core: specs, jobs and pictures borrow from them.
 *
 * Owner thread only, but for what core/releases.h has.
 */
#pragma once

#include "core/daemon.h"
#include "core/fetcher.h"
#include "core/releases.h"
#include "scan/scanner.h"
#include "supervisor/upgrade.h"

#include <stdbool.h>
#include <stdint.h>

struct hf_core;
struct job;
struct fetch_news;

/* A release as it was parsed, by the id of its text. */
struct held_release {
    char id[HF_DIGEST_TEXT_SIZE];
    struct hf_release release;
    struct held_release *next;
};

/* What the gate compares with: as it was when it began, or when things came into sight again. */
struct gate_base {
    bool taken;
    int64_t at_ms;
    int64_t exits[HF_SERVICES_MAX];
    int64_t dropped, quarantined, queue_dropped, accepted, delivered, processed;
    int64_t canaries;  /* that the processor had; -1: it counts none */
    int64_t canary_ms; /* when the next one is sent */
};

/* Images that nothing needs, on their way out; see upgrade_collect.c. */
struct collecting {
    bool due;
    char failed[HF_DIGEST_SIZE]; /* the last of this round that could not go; "": none */
    int64_t wait_ms;             /* before the next round; 0: none has failed */
    int64_t not_before_ms;       /* monotonic */
};

struct upgrade {
    bool active;                     /* one is under way */
    bool resumed;                    /* what was written has been taken up */
    struct hf_upgrade_record record; /* of it, or of the last one */
    struct hf_upgrade_machine machine;
    const struct hf_release *to, *from; /* held */
    struct held_release *held;
    struct fetcher fetcher;
    struct fetch_news news; /* what the fetcher said last, until it was acted on */
    int64_t gap_from_ms;    /* since when the service under way is away; monotonic, 0: it is not */
    struct gate_base base;
    struct daemon_trial daemon;
    bool has_before; /* the store may have a copy for the holdfastd of before */
    struct hf_gate_result gate[HF_GATE_COUNT];
    char said[HF_TEXT_SIZE];    /* of the last look, for its event to borrow */
    char culprit[HF_NAME_SIZE]; /* the service that a failure is about; "": none alone */
    struct collecting collecting;
};

/* upgrade.c: takes up what is written, before services get their specs. */
HF_MUST int hf_core_load_upgrade(struct hf_core *core, struct hf_error *err);
void hf_core_free_upgrade(struct hf_core *core);

/* upgrade.c: a release as this gateway reads it: its platform, and the registry that is set. */
HF_MUST int hf_core_parse_release(const struct hf_core *core, const char *json,
                                  struct hf_release *ret_release, struct hf_error *err);
/* upgrade.c: puts the registry that is set before all images. */
void hf_core_place_releases(struct hf_core *core);

/* upgrade.c: the release of that text, parsed and kept. */
HF_MUST int hf_core_hold_release(struct hf_core *core, const char *json,
                                 const struct hf_release **ret_release, struct hf_error *err);

/* upgrade.c: one turn of the owner's loop. */
void hf_core_upgrade(struct hf_core *core, int64_t now_ms);
void hf_core_take_fetch(struct hf_core *core, const struct fetch_news *news);

/* upgrade.c: one event; where it moves, writes that and acts on it. NO_SPACE and the like where it
 * cannot be written: nothing has happened then. */
HF_MUST int hf_core_upgrade_event(struct hf_core *core, const struct hf_upgrade_event *event,
                                  int64_t now_ms, struct hf_error *err);

/* upgrade.c: says in the log where it is. */
void hf_core_say_upgrade(const struct hf_core *core);

/* upgrade.c: whether the configuration must stay as it is, so that the way back stays too. */
bool hf_core_upgrade_locks(const struct hf_core *core);
/* upgrade.c: whether containers are to stay as they are: a holdfastd is on trial, or about to be.
 */
bool hf_core_only_adopts(const struct hf_core *core);

/* upgrade_gate.c: what can be seen of the upgrade, as an event. */
struct hf_upgrade_event hf_core_upgrade_look(struct hf_core *core, int64_t now_ms);
/* Whether an upgrade would have to wait for a window, and for which. */
bool hf_core_waits_for_window(const struct hf_core *core, char why[HF_TEXT_SIZE]);

/* upgrade_plan.c: what changes between what runs and another release, in the order in which it is
 * switched, into ret_record->services. */
void hf_core_list_changes(const struct hf_core *core, const struct hf_release *to,
                          struct hf_upgrade_record *ret_record);

struct plan_wish {
    enum hf_upgrade_kind kind;
    bool allow_older; /* a counter below the floor is no obstacle */
};

/* upgrade_plan.c */
void hf_core_make_plan(struct hf_core *core, const struct hf_known_release *known,
                       const struct hf_release *to, const struct plan_wish *wish,
                       struct hf_plan *ret_plan);
/* plan_size.c: what is to be fetched for the services whose image is not present. ran: the release
 * before the one that runs, whose images are kept; NULL: there is none. */
void hf_core_weigh_plan(const struct hf_core *core, const struct hf_release *to,
                        const struct hf_release *ran, struct hf_plan *plan);

/* What is needed to look for known vulnerabilities without the owner. */
struct plan_scan {
    struct hf_scan_target targets[HF_SERVICES_MAX];
    size_t count;
    struct hf_scan_settings settings; /* owned */
    struct hf_scan_clock clock;
};

/* plan_scan.c: on the owner's thread; undone by hf_scan_settings_done(). */
HF_MUST int hf_core_begin_scan(const struct hf_core *core, const struct hf_release *to,
                               struct plan_scan *ret_scan, struct hf_error *err);
/* plan_scan.c: on any other. Fills plan->scan, and its obstacles and warnings by the policy. */
HF_MUST int hf_core_scan_plan(struct hf_core *core, const struct plan_scan *scan,
                              struct hf_plan *plan, struct hf_error *err);

/* upgrade_collect.c: an image of a release of before that nothing needs, behind the one with the
 * id after, or the first where that is ""; "" where there is none: then true where some may go
 * later, as a container of ours still stands on them, or it cannot be known now. */
bool hf_core_pick_image(const struct hf_core *core, const char *after,
                        struct hf_release_image *ret_image);
/* It is gone. */
void hf_core_forget_image(const struct hf_core *core, const char *image_id);
/* Begins to let them go; one turn of that, where no upgrade is under way and Docker answers. */
void hf_core_collect_all(struct hf_core *core);
void hf_core_collect(struct hf_core *core, int64_t now_ms);
void hf_core_collected(struct hf_core *core, const struct fetch_news *news);

/* present.c's part */
void hf_core_present_upgrade(const struct hf_core *core, struct hf_upgrade_view *v);
