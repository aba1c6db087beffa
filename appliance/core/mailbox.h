// SPDX-License-Identifier: Apache-2.0
/*
 * How other threads reach the owner. It holds the newest of everything, never a queue of it, so its
 * size is fixed: a status message that comes twice before the owner looks counts once. Calls wait
 * in a list of their callers' own stack frames.
 */
#pragma once

#include "core/fetcher.h"
#include "model/account.h"
#include "model/engine_ops.h"
#include "model/view.h"

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

struct hf_core;

/* Work that a caller waits for; lives on the caller's stack. */
struct call {
    int (*work)(struct hf_core *core, void *context, struct hf_error *err);
    void *context;
    struct hf_error *err;
    char from[HF_ADDRESS_SIZE]; /* who asks, "" for nobody */
    int result;
    bool done;
    struct call *next;
};

/* What one look at the engine found. */
struct look {
    bool done;
    int result;
    struct hf_error err;
    int64_t taken_ms; /* when the engine was asked; monotonic */
    bool has_info;
    struct hf_engine_info info;
    struct hf_container containers[HF_CONTAINERS_MAX];
    size_t container_count;
    struct hf_surroundings around;
    bool has_image[HF_SERVICES_MAX];
};

struct effect_result {
    bool done;
    int result;
    struct hf_error err;
    char last_words[HF_TEXT_SIZE]; /* of a container that was stopped for crashing */
};

/* What the engine's events said of a service's end. */
struct death {
    bool seen;
    bool oom;
    int exit_code;
};

/* The last lines of one that died, as a JSON array; given away with the mail. */
struct last_lines {
    bool done;
    char *json; /* NULL where they could not be had */
    int64_t count;
};

/* A copy of what lay in the box, for the owner to read without the lock. What is not marked as
 * fresh, seen or done says nothing. */
struct mail {
    bool stop;
    bool engine_hint;      /* something happened there */
    bool engine_connected; /* its event stream is new */
    bool status_fresh[HF_SERVICES_MAX];
    struct hf_service_status status[HF_SERVICES_MAX];
    int64_t pong_ms; /* last round trip over the bus; monotonic, 0: none since the last mail */
    struct effect_result effects[HF_SERVICES_MAX];
    struct death deaths[HF_SERVICES_MAX];
    struct last_lines lines[HF_SERVICES_MAX];
    struct look look;
    struct fetch_news fetch;
    struct call *calls;
};

struct mailbox {
    pthread_mutex_t lock;
    pthread_cond_t arrived;   /* something for the owner */
    pthread_cond_t call_done; /* some call is done, or the owner has ended */
    struct mail mail;
    struct call **calls_end;
    bool closed; /* the owner takes no more calls */
    bool urgent; /* the owner is to look now */
    struct {     /* what each service said last, so that news are told from routine */
        bool gone;
        char state[sizeof((struct hf_service_status *)0)->state];
        int64_t at_ms; /* monotonic; 0: never */
    } said[HF_SERVICES_MAX];
    int64_t ponged_ms; /* the last round trip */
};

void mailbox_init(struct mailbox *m);
void mailbox_done(struct mailbox *m);

/* Takes what is there into *ret_mail; waits for something until the monotonic time until_ms. */
void mailbox_take(struct mailbox *m, int64_t until_ms, struct mail *ret_mail);

/* Runs work on the owner thread and waits; UNAVAILABLE once the owner has ended. */
HF_MUST int mailbox_call(struct mailbox *m,
                         int (*work)(struct hf_core *core, void *context, struct hf_error *err),
                         void *context, struct hf_error *err);

/* Owner: gives back the calls of a mail after running them; closes when told. */
void mailbox_answer(struct mailbox *m, struct call *calls);
void mailbox_close(struct mailbox *m);

/* Others. */
void mailbox_stop(struct mailbox *m);
void mailbox_hint(struct mailbox *m, bool connected);
/* Status and round trips come every few seconds from every service: they lie in the box until the
 * owner looks anyway, and wake it only where a service says something new of its state. */
void mailbox_status(struct mailbox *m, size_t index, const struct hf_service_status *status);
void mailbox_pong(struct mailbox *m);
void mailbox_effect(struct mailbox *m, size_t index, int result, const struct hf_error *err,
                    const char *last_words);
void mailbox_death(struct mailbox *m, size_t index, bool oom, int exit_code);
/* Takes json. */
void mailbox_lines(struct mailbox *m, size_t index, char *json, int64_t count);
/* The end of a job is never overwritten by its beginning: both are of one thread, in order. */
void mailbox_fetch(struct mailbox *m, const struct fetch_news *news);
void mailbox_look(struct mailbox *m, const struct look *look);
