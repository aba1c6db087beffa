// SPDX-License-Identifier: Apache-2.0
#include "core/wanted.h"

#include "base/text.h"
#include "core/internal.h"
#include "core/releases.h"

#include <string.h>

enum {
    FIRST_MS = 2000,            /* what is here already comes first */
    LOOK_MS = 500,              /* whether a look has ended */
    AGAIN_MS = 15 * 1000,       /* between two looks: there may be no network yet, */
    AGAIN_MOST_MS = 120 * 1000, /* and for days */
    BUSY_MS = 3000              /* Docker is away, or an upgrade is under way */
};

const char hf_core_kept_wanted[] = "provision.release";

static const char ACTOR[] = "provision";

static int
forget(struct hf_store *store, void *context, struct hf_error *err)
{
    (void)context;
    return hf_store_unkeep(store, hf_core_kept_wanted, err);
}

static void
end(struct hf_core *core, const char *what)
{
    struct hf_error err;

    if (hf_core_run(core, forget, NULL, &err) < 0 || hf_core_audit(core, ACTOR, what, &err) < 0)
        hf_log_error("event=audit-not-kept error=\"%s\"", err.message);
    hf_log_info("event=release-of-provision text=\"%s\"", what);
}

static bool
is_known(struct hf_core *core, const char *id)
{
    struct hf_known_release known;

    return hf_core_known_release(core, id, &known, NULL, NULL) == 0;
}

/* False at the stop. */
static bool
look(struct hf_core *core, bool (*wait_ms)(struct putback *p, int64_t ms), struct putback *p)
{
    struct hf_registry_check last;
    struct hf_error err = {0};

    if (hf_core_look_in_registry(core, ACTOR, &err) < 0)
        hf_log_info("event=release-of-provision-waits reason=\"%s\"", err.message);
    do {
        if (!wait_ms(p, LOOK_MS))
            return false;
    } while (hf_core_last_registry_check(core, &last, NULL) == 0 && last.busy);
    return true;
}

/* Until it is there; false at the stop. */
static bool
find(struct hf_core *core, const char *id, bool (*wait_ms)(struct putback *p, int64_t ms),
     struct putback *p)
{
    int64_t again_ms = AGAIN_MS;

    while (!is_known(core, id)) {
        if (!look(core, wait_ms, p))
            return false;
        if (is_known(core, id))
            return true;
        if (!wait_ms(p, again_ms))
            return false;
        again_ms = 2 * again_ms < AGAIN_MOST_MS ? 2 * again_ms : AGAIN_MOST_MS;
    }
    return true;
}

/* What is in the way for good; "" where it is begun. -1: to be asked again. */
static int
apply(struct hf_core *core, const char *id, char *why, size_t size, struct hf_error *err)
{
    const struct hf_apply asked = {.id = id, .etag = ""};
    const struct hf_snapshot *s = hf_core_snapshot(core);
    const struct hf_upgrade_record *u = &s->upgrade.record;
    bool ready = s->gateway.engine.state == HF_ENGINE_OK && (!*u->to.id || u->finished_ms);
    struct hf_operation operation;
    struct hf_plan plan;

    hf_snapshot_unref(s);
    why[0] = '\0';
    if (!ready)
        return hf_error_set(err, HF_ERROR_UNAVAILABLE, "Docker or an upgrade is waited for");
    if (hf_core_plan(core, id, &plan, err) < 0)
        return -1;
    if (plan.obstacle_count > 0)
        hf_text_put(why, size, "%s", plan.obstacles[0]);
    hf_plan_done(&plan);
    return *why ? 0 : hf_core_apply(core, &asked, ACTOR, &operation, err);
}

void
hf_core_bring_wanted(struct hf_core *core, const char *id,
                     bool (*wait_ms)(struct putback *p, int64_t ms), struct putback *p)
{
    char why[HF_TEXT_SIZE], what[2 * HF_TEXT_SIZE];
    struct hf_error err = {0};

    if (!wait_ms(p, FIRST_MS) || !find(core, id, wait_ms, p))
        return;
    while (apply(core, id, why, sizeof why, &err) < 0) {
        if (err.class == HF_ERROR_NOT_FOUND || err.class == HF_ERROR_INVALID) {
            hf_text_put(why, sizeof why, "%s", err.message);
            break;
        }
        if (!wait_ms(p, BUSY_MS))
            return;
    }
    if (*why)
        hf_text_put(what, sizeof what, "left the release that provisioning names: %s", why);
    else
        hf_text_put(what, sizeof what, "applies the release that provisioning names");
    end(core, what);
}
