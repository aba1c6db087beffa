// SPDX-License-Identifier: Apache-2.0
/* Releases, and what is asked of a whole owner about them. */
#pragma once

#include "box.h"

#include "core/internal.h"
#include "core/releases.h"

#define IMAGE(c) "sha256:" c c c c c c c c c c c c c c c c c c c c c c c c c c c c c c c c
#define OF(c)                                                                                      \
    "{\"config\":\"" IMAGE(c) "\",\"layers\":[" LAYER ",{\"digest\":\"" IMAGE(                     \
        c) "\",\"size\":1000}],\"manifest\":\"" IMAGE(c) "\"}"
#define PINNED(name, c)                                                                            \
    "\"" name                                                                                      \
    "\":{\"platforms\":{\"amd64\":" OF(c) ",\"arm64\":" OF(c) "},\"repository\":\"r/" name         \
                                                              "\",\"tag\":\"0.1.0\"}"
#define SET_OF(schema, name, counter, broker, buffer)                                              \
    "{\"counter\":" counter ",\"created\":\"2026-11-24T03:01:33Z\",\"format\":1,"                  \
    "\"min_holdfastd\":\"0.1.0\",\"name\":\"" name                                                 \
    "\",\"services\":{" PINNED("broker", broker) "," PINNED("buffer", buffer) "," PINNED(          \
        "forwarder", "04") "," PINNED("processor", "03") "},\"settings_schema\":" schema           \
                                                         ",\"version\":\"1.2.3\"}"
#define SET(name, counter, broker, buffer) SET_OF("1", name, counter, broker, buffer)

/* Which images each has is in its name; one is what runs first. */
static const char one[] = SET("one", "7", "01", "02");
static const char two[] = SET("two", "8", "11", "12");
static const char half[] = SET("half", "8", "01", "12");
static const char three[] = SET("three", "9", "21", "22");
static const char newest[] = SET_OF("2", "newest", "9", "41", "02");
static const char older[] = SET("older", "6", "31", "02");

/* The operation of the last one that was asked for. */
static char asked[HF_ID_SIZE];

static inline bool
is_settled(const struct hf_snapshot *s)
{
    return s->upgrade.record.finished_ms > 0 && strcmp(s->upgrade.record.operation, asked) == 0;
}

static inline bool
is_back_to_rest(const struct hf_snapshot *s)
{
    return is_settled(s) && all_run(s);
}

/* With the shortest gate there is, and all of them well: what is not is not expected of what comes.
 */
static inline void
begin_box(struct box *b)
{
    b->speaks = true;
    start_with(b, one);
    wait_until(b->core, all_run);
    configure(b, "{\"upgrade\":{\"gate_s\":1,\"switch_s\":10}}");
}

static inline void
add(struct box *b, const char *text, char id[HF_DIGEST_TEXT_SIZE])
{
    struct hf_known_release known;
    struct hf_error err;

    if (hf_core_add_release(b->core, text, "", "admin", &known, &err) < 0)
        fail_msg("%s", err.message);
    memcpy(id, known.release.id, HF_DIGEST_TEXT_SIZE);
}

static inline void
apply(struct box *b, const char *id)
{
    struct hf_operation op;
    struct hf_error err;

    if (hf_core_apply(b->core, &(struct hf_apply){id, "", false}, "admin", &op, &err) < 0)
        fail_msg("%s", err.message);
    memcpy(asked, op.id, sizeof asked);
}

static inline struct hf_operation
roll_back(struct box *b)
{
    struct hf_operation op;
    struct hf_error err;

    if (hf_core_roll_back(b->core, "admin", &op, &err) < 0)
        fail_msg("%s", err.message);
    memcpy(asked, op.id, sizeof asked);
    return op;
}

static inline void
refused(struct box *b, const char *id, const char *etag, enum hf_error_class class)
{
    struct hf_operation op;
    struct hf_error err;

    assert_int_equal(
        hf_core_apply(b->core, &(struct hf_apply){id, etag, false}, "admin", &op, &err), -1);
    assert_int_equal(err.class, class);
}

static inline bool
has_image(struct box *b, const char *service, const char *image)
{
    bool has = false;

    FAKE_LOCKED(&b->engine, {
        for (size_t i = 0; i < b->engine.count; i++)
            has |= strcmp(b->engine.containers[i].service, service) == 0 &&
                   strcmp(b->engine.containers[i].image_id, image) == 0;
    });
    return has;
}

static inline void
runs_one(struct box *b)
{
    assert_true(has_image(b, "broker", IMAGE("01")) && has_image(b, "buffer", IMAGE("02")));
}

static inline void
runs_two(struct box *b)
{
    assert_true(has_image(b, "broker", IMAGE("11")) && has_image(b, "buffer", IMAGE("12")));
}

/* How the last one ended, and what the store says runs. */
static inline void
ended(struct box *b, enum hf_upgrade_state state, const char *runs)
{
    const struct hf_snapshot *s;

    wait_until(b->core, is_back_to_rest);
    s = hf_core_snapshot(b->core);
    if (s->upgrade.record.state != state)
        fail_msg("%s: %s", hf_upgrade_state_name(s->upgrade.record.state),
                 s->upgrade.record.reason);
    assert_string_equal(s->release.name, runs);
    assert_int_equal(s->upgrade.record.reason[0] != '\0', state == HF_UPGRADE_ROLLED_BACK);
    hf_snapshot_unref(s);
}

static inline enum hf_release_state
state_of(struct box *b, const char *id)
{
    struct hf_known_release known;
    struct hf_error err;

    if (hf_core_known_release(b->core, id, &known, NULL, &err) < 0)
        fail_msg("%s", err.message);
    return known.state;
}

static inline bool
has_warning(const struct hf_plan *p, enum hf_plan_warning_kind kind)
{
    for (size_t i = 0; i < p->warning_count; i++)
        if (p->warnings[i].kind == kind)
            return true;
    return false;
}
