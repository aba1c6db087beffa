// SPDX-License-Identifier: Apache-2.0
/* A whole owner, with a real store and bus, against an engine in memory. */
#pragma once

#include "unit.h"

#include "base/clock.h"
#include "base/text.h"
#include "core/internal.h"
#include "fake_engine.h"
#include "release.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static const char release[] = RELEASE(BUILT_IN);

/* Generous: only a hang reaches it. */
enum { PATIENCE_MS = 60000 };

struct box {
    char dir[32];
    char run[64];
    const char *settings; /* stored before the start; NULL: none */
    struct fake_engine engine;
    struct hf_scanner *scanner;                    /* NULL: none */
    const struct hf_certificate_ops *certificates; /* NULL: none */
    const char *version, *update_dir, *system;     /* as of hf_core_config */
    uint16_t field_port;                           /* 0: the usual one */
    bool speaks; /* the four say again and again that all is well */
    pthread_t voice;
    atomic_bool speaking;
    atomic_bool busy;    /* so says the buffer then, */
    atomic_bool crowded; /* and so the broker */
    struct hf_store *store;
    struct hf_core *core;
};

static inline void *
speak(void *context)
{
    struct box *b = context;
    struct mailbox *mail = &b->core->mail;

    while (atomic_load(&b->speaking)) {
        for (size_t i = 0; i < 4; i++) {
            struct hf_service_status said = {
                .seen = true, .mono_ms = hf_clock_mono_ms(), .state = "ok"};

            if (i == (size_t)hf_service_index("buffer") && atomic_load(&b->busy)) {
                said.busy = true;
                strcpy(said.reason, "a valve is moving");
            }
            if (i == (size_t)hf_service_index("broker") && atomic_load(&b->crowded)) {
                strcpy(said.state, "degraded");
                strcpy(said.reason, "devices have left 3 sessions of 3");
                said.numbers[said.number_count++] = (struct hf_number){"crowded", 1};
            }
            mailbox_status(mail, i, &said);
        }
        mailbox_pong(mail);
        nanosleep(&(struct timespec){.tv_nsec = 50 * 1000 * 1000}, NULL);
    }
    return NULL;
}

static inline void
start_with(struct box *b, const char *release_json)
{
    struct hf_error err;
    struct hf_core_config config = {
        .placement = {.instance = "t",
                      .run_dir = b->run,
                      .field_address = "127.0.0.1",
                      .field_port = b->field_port ? b->field_port : 1883,
                      .field_tls_port = 8883},
        .state_dir = b->dir,
        .engine_ops = &fake_engine_ops,
        .engine = &b->engine,
        .scanner = b->scanner,
        .version = b->version,
        .update_dir = b->update_dir,
        .system = b->system,
        .certificates = b->certificates,
    };

    assert_int_equal(hf_store_open(b->dir, &b->store, &err), 0);
    if (release_json)
        assert_int_equal(hf_store_set_release(b->store, release_json, 1, &err), 0);
    if (b->settings)
        assert_int_equal(hf_store_add_settings(b->store, b->settings, "admin", NULL, &err), 0);
    config.store = b->store;
    assert_int_equal(hf_core_new(&config, &b->core, &err), 0);
    assert_int_equal(hf_core_start(b->core, &err), 0);
    atomic_store(&b->speaking, b->speaks);
    if (b->speaks)
        assert_int_equal(pthread_create(&b->voice, NULL, speak, b), 0);
}

static inline void
start(struct box *b)
{
    start_with(b, release);
}

static inline void
end(struct box *b)
{
    if (atomic_exchange(&b->speaking, false))
        assert_int_equal(pthread_join(b->voice, NULL), 0);
    assert_true(hf_core_stop(b->core));
    hf_store_free(b->store);
    b->core = NULL;
    b->store = NULL;
}

static inline int
setup(void **state)
{
    struct box *b = calloc(1, sizeof *b);

    strcpy(b->dir, "/tmp/hf-core-XXXXXX");
    assert_non_null(mkdtemp(b->dir));
    snprintf(b->run, sizeof b->run, "%s/run", b->dir);
    fake_engine_init(&b->engine);
    *state = b;
    return 0;
}

static inline int
teardown(void **state)
{
    struct box *b = *state;
    char command[64];

    end(b);
    fake_engine_done(&b->engine);
    snprintf(command, sizeof command, "rm -rf %s", b->dir);
    assert_int_equal(system(command), 0); // NOLINT(cert-env33-c): a fixed command on our folder
    free(b);
    return 0;
}

static inline bool
all_run(const struct hf_snapshot *s)
{
    for (size_t i = 0; i < s->service_count; i++)
        if (s->services[i].lifecycle != HF_LIFECYCLE_RUNNING)
            return false;
    return true;
}

static inline bool
buffer_is_stopped(const struct hf_snapshot *s)
{
    return s->services[hf_service_index("buffer")].lifecycle == HF_LIFECYCLE_STOPPED;
}

static inline enum hf_operation_state
wait_for_end(struct hf_core *core, const char *id, struct hf_operation *ret_operation)
{
    int64_t deadline = hf_clock_mono_ms() + PATIENCE_MS;
    struct hf_error err;

    do {
        assert_true(hf_clock_mono_ms() < deadline);
        nanosleep(&(struct timespec){.tv_nsec = 10 * 1000 * 1000}, NULL);
        assert_int_equal(hf_core_operation(core, id, ret_operation, &err), 0);
    } while (ret_operation->state == HF_OPERATION_RUNNING);
    return ret_operation->state;
}

typedef bool box_holds(struct box *b, const struct hf_snapshot *s);

/* Until holds says so of a picture; where alone is set, that is asked instead. */
static inline void
wait_for_either(struct box *b, struct hf_core *core, box_holds *holds,
                bool (*alone)(const struct hf_snapshot *s))
{
    int64_t deadline = hf_clock_mono_ms() + PATIENCE_MS;
    const struct hf_snapshot *s = hf_core_snapshot(core);

    while (alone ? !alone(s) : !holds(b, s)) {
        uint64_t seen = s->version;
        const struct hf_snapshot *next = hf_core_wait(core, seen, 1000);

        if (hf_clock_mono_ms() > deadline)
            fail_msg("it never came to that: %s / %s", s->sentence.eyebrow, s->sentence.title);
        if (next) {
            hf_snapshot_unref(s);
            s = next;
        }
    }
    hf_snapshot_unref(s);
}

static inline void
wait_until(struct hf_core *core, bool (*holds)(const struct hf_snapshot *s))
{
    wait_for_either(NULL, core, NULL, holds);
}

/* What is in the box beside the picture. */
static inline void
wait_in(struct box *b, box_holds *holds)
{
    wait_for_either(b, b->core, holds, NULL);
}

/* A merge patch of the settings. */
static inline void
configure(struct box *b, const char *patch)
{
    HF_AUTO(hf_json) struct hf_json *doc = NULL;
    HF_AUTO_FREE char *text = NULL;
    struct hf_error err = {0};
    struct hf_config_change change = {.revision = HF_REVISION_ANY, .actor = "admin"};
    int64_t revision;

    assert_int_equal(hf_json_parse(patch, strlen(patch), &doc, &err), 0);
    change.patch = doc;
    if (hf_core_change_config(b->core, &change, &text, &revision, &err) < 0)
        fail_msg("%s", err.message);
}
