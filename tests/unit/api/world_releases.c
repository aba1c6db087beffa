// SPDX-License-Identifier: Apache-2.0
/* The releases of the world: "run" runs, "new" may be applied, "old" is in the way of itself. */
#include "unit.h"

#include "world.h"

#include "base/text.h"
#include "core/releases.h"

#include <string.h>

enum { AT_MS = 1000 };

static const char RUNNING[] = "11111111111111111111111111111111";
static const char NEW[] = "22222222222222222222222222222222";
static const char ETAG[] = "eeeeeeeeeeeeeeeeeeeeeeeeeeeeeeee";

static struct hf_known_release
known(const char *id)
{
    struct hf_known_release r = {.state = id == NEW ? HF_RELEASE_AVAILABLE : HF_RELEASE_RUNNING,
                                 .source = "upload",
                                 .created = "2026-11-24T03:01:33Z",
                                 .added_ms = AT_MS};

    hf_text_put(r.release.id, sizeof r.release.id, "%s", id);
    hf_text_put(r.release.name, sizeof r.release.name, "%s", id == NEW ? "new" : "run");
    return r;
}

static int
find(const char *id, struct hf_known_release *ret, struct hf_error *err)
{
    if (strcmp(id, NEW) != 0 && strcmp(id, RUNNING) != 0)
        return hf_error_set(err, HF_ERROR_NOT_FOUND, "there is no release '%s'", id);
    *ret = known(strcmp(id, NEW) == 0 ? NEW : RUNNING);
    return 0;
}

int
hf_core_releases(struct hf_core *core, struct hf_known_release *ret_releases, size_t max,
                 size_t *ret_count, struct hf_error *err)
{
    if (world_fails(err))
        return -1;
    (void)core, (void)err;
    assert_true(max >= 2);
    ret_releases[0] = known(NEW);
    ret_releases[1] = known(RUNNING);
    *ret_count = 2;
    return 0;
}

int
hf_core_last_registry_check(struct hf_core *core, struct hf_registry_check *ret,
                            struct hf_error *err)
{
    if (world_fails(err))
        return -1;
    (void)core, (void)err;
    *ret = (struct hf_registry_check){.host = "r.example",
                                      .checked_ms = AT_MS,
                                      .found = 3,
                                      .added = 1,
                                      .refused = 1,
                                      .detail = "1.0.9: it is not signed"};
    return 0;
}

int
hf_core_upgrades(struct hf_core *core, struct hf_upgrade_record *ret_upgrades, size_t max,
                 size_t *ret_count, struct hf_error *err)
{
    if (world_fails(err))
        return -1;
    (void)core, (void)max, (void)err;
    ret_upgrades[0] = (struct hf_upgrade_record){
        .n = 7,
        .state = HF_UPGRADE_ROLLED_BACK,
        .to = known(NEW).release,
        .from = known(RUNNING).release,
        .started_ms = AT_MS,
        .finished_ms = AT_MS,
        .reason = "it died",
        .count = 2,
        .services = {{.name = "broker", .gap_ms = 700}, {.name = "buffer", .gap_ms = -1}}};
    *ret_count = 1;
    return 0;
}

int
hf_core_known_release(struct hf_core *core, const char *id, struct hf_known_release *ret_known,
                      struct hf_release *ret_release, struct hf_error *err)
{
    if (world_fails(err))
        return -1;
    (void)core;
    if (find(id, ret_known, err) < 0)
        return -1;
    *ret_release = (struct hf_release){.name = "new", .created = "2026-11-24T03:01:33Z"};
    return 0;
}

int
hf_core_add_release(struct hf_core *core, const char *text, const char *signature,
                    const char *actor, struct hf_known_release *ret_known, struct hf_error *err)
{
    if (world_fails(err))
        return -1;
    (void)core, (void)signature;
    assert_int_equal(strncmp(actor, "admin", 5), 0); /* or a token of admin */
    if (strcmp(text, "{}") != 0)
        return hf_error_set(err, HF_ERROR_MALFORMED, "release: line 1: no JSON");
    *ret_known = known(NEW);
    ret_known->is_signed = *signature != '\0';
    return 0;
}

int
hf_core_forget_release(struct hf_core *core, const char *id, const char *actor,
                       struct hf_error *err)
{
    if (world_fails(err))
        return -1;
    struct hf_known_release r = {.source = ""};

    (void)core;
    assert_int_equal(strncmp(actor, "admin", 5), 0); /* or a token of admin */
    if (find(id, &r, err) < 0)
        return -1;
    return r.state == HF_RELEASE_RUNNING ? hf_error_set(err, HF_ERROR_CONFLICT, "it runs") : 0;
}

int
hf_core_plan(struct hf_core *core, const char *id, struct hf_plan *ret_plan, struct hf_error *err)
{
    if (world_fails(err))
        return -1;
    struct hf_known_release r = {.source = ""};

    (void)core;
    if (find(id, &r, err) < 0)
        return -1;
    *ret_plan = (struct hf_plan){
        .to = r.release,
        .from = known(RUNNING).release,
        .count = 1,
        .services = {{.name = "broker",
                      .from_tag = "1.0.0",
                      .to_tag = "1.0.1",
                      .image = true,
                      .restarts = true,
                      .fetch_bytes = 1000,
                      .last_gap_ms = 900}},
        .fetch_count = 1,
        .fetch_layers = 2,
        .fetch_bytes = 1000,
        .free_bytes = -1,
        .held_meanwhile = -1,
        .room_s = -1,
        .queue_s = 240,
        .from_schema = 1,
        .to_schema = 2,
        .gate_s = 60,
        .switch_s = 120,
        .unchanged = {"buffer"},
        .unchanged_count = 1,
    };
    memcpy(ret_plan->etag, ETAG, sizeof ETAG);
    if (r.state == HF_RELEASE_RUNNING)
        hf_text_put(ret_plan->obstacles[ret_plan->obstacle_count++], HF_TEXT_SIZE,
                    "it runs already");
    return 0;
}

static struct hf_operation
operation(enum hf_operation_kind kind)
{
    struct hf_operation o = {.kind = kind, .state = HF_OPERATION_RUNNING, .created_ms = AT_MS};

    memset(o.id, 'a', sizeof o.id - 1);
    return o;
}

int
hf_core_apply(struct hf_core *core, const struct hf_apply *asked, const char *actor,
              struct hf_operation *ret_operation, struct hf_error *err)
{
    if (world_fails(err))
        return -1;
    struct hf_known_release r = {.source = ""};

    (void)core;
    assert_int_equal(strncmp(actor, "admin", 5), 0); /* or a token of admin */
    if (find(asked->id, &r, err) < 0)
        return -1;
    if (*asked->etag && strcmp(asked->etag, ETAG) != 0)
        return hf_error_set(err, HF_ERROR_STALE, "plan it again");
    if (r.state == HF_RELEASE_RUNNING && !asked->allow_older)
        return hf_error_set(err, HF_ERROR_CONFLICT, "it runs already");
    *ret_operation = operation(HF_OPERATION_UPGRADE);
    return 0;
}

int
hf_core_check_registry(struct hf_core *core, const char *actor, struct hf_operation *ret_operation,
                       struct hf_error *err)
{
    if (world_fails(err))
        return -1;
    (void)core, (void)err;
    assert_int_equal(strncmp(actor, "admin", 5), 0); /* or a token of admin */
    *ret_operation = operation(HF_OPERATION_CHECK);
    return 0;
}

int
hf_core_roll_back(struct hf_core *core, const char *actor, struct hf_operation *ret_operation,
                  struct hf_error *err)
{
    if (world_fails(err))
        return -1;
    (void)core, (void)err;
    assert_int_equal(strncmp(actor, "admin", 5), 0); /* or a token of admin */
    *ret_operation = operation(HF_OPERATION_ROLLBACK);
    return 0;
}
