// SPDX-License-Identifier: Apache-2.0
#include "core/reset.h"

#include "base/clock.h"
#include "base/text.h"
#include "core/internal.h"

enum { STOP_S = 20, RETRY_MS = 3000 };

/* ---- asked for ---- */

static int
read_counts(struct hf_store *store, void *context, struct hf_error *err)
{
    return hf_store_reset_counts(store, context, err);
}

int
hf_core_reset_view(struct hf_core *core, struct hf_core_reset_view *ret_view, struct hf_error *err)
{
    const struct hf_snapshot *s = hf_core_snapshot(core);
    struct hf_core_reset_view v = {.records = s->buffer.known ? s->buffer.held : -1};

    if (s->has_release)
        hf_release_label(&s->release, v.release);
    hf_snapshot_unref(s);
    if (hf_core_run(core, read_counts, &v.counts, err) < 0)
        return -1;
    *ret_view = v;
    return 0;
}

static int
begin(struct hf_store *store, void *context, struct hf_error *err)
{
    return hf_store_begin_reset(store, context, err);
}

int
hf_core_reset(struct hf_core *core, bool wipe, const char *who, const char *what,
              struct hf_error *err)
{
    struct hf_store_reset r = {.wipe = wipe, .who = who, .what = what};

    return hf_core_run(core, begin, &r, err);
}

/* ---- the last step ---- */

int
hf_core_load_reset(struct hf_core *core, struct hf_error *err)
{
    enum hf_reset_left left;

    if (hf_store_reset_left(core->config.store, &left, &core->reset_wipes, err) < 0)
        return -1;
    core->resetting = left == HF_RESET_CONTAINERS;
    return 0;
}

/* One that has been taking in records ends as for an upgrade, where they are to stay. */
static int
remove_containers(const struct hf_core *core, struct hf_error *err)
{
    const struct hf_engine_ops *ops = core->config.engine_ops;
    void *engine = core->config.engine;
    static struct hf_container list[HF_CONTAINERS_MAX]; /* one thread comes here */
    size_t count = 0;

    if (ops->list(engine, core->config.placement.instance, list, HF_CONTAINERS_MAX, &count, err) <
        0)
        return -1;
    for (size_t i = 0; i < count; i++) {
        if (!list[i].labelled)
            continue;
        if (!core->reset_wipes && ops->stop(engine, list[i].id, STOP_S, err) < 0)
            return hf_error_wrap(err, "stop '%s'", list[i].name);
        if (ops->remove(engine, list[i].id, err) < 0)
            return hf_error_wrap(err, "remove '%s'", list[i].name);
    }
    return 0;
}

/* As many at a time as one look has. */
static int
remove_volumes(const struct hf_core *core, struct hf_error *err)
{
    const struct hf_engine_ops *ops = core->config.engine_ops;
    const char *instance = core->config.placement.instance;
    static struct hf_surroundings there; /* as above */

    for (;;) {
        if (ops->surroundings(core->config.engine, instance, &there, err) < 0)
            return -1;
        if (!there.volume_count)
            return 0;
        for (size_t i = 0; i < there.volume_count; i++)
            if (ops->remove_volume(core->config.engine, there.volumes[i], err) < 0)
                return hf_error_wrap(err, "remove volume '%s'", there.volumes[i]);
    }
}

static int
end(struct hf_core *core, void *context, struct hf_error *err)
{
    (void)context;
    if (hf_store_reset_did(core->config.store, HF_RESET_CONTAINERS, err) < 0)
        return -1;
    core->resetting = false;
    core->reset_ended_ms = hf_clock_mono_ms();
    core->look_due = true;
    hf_core_retarget_all(core);
    core->changed = true;
    return 0;
}

void
hf_core_end_reset(struct hf_core *core, bool (*wait_ms)(struct putback *p, int64_t ms),
                  struct putback *p)
{
    struct hf_error err = {0};
    bool said = false;

    while (remove_containers(core, &err) < 0 ||
           (core->reset_wipes && remove_volumes(core, &err) < 0) ||
           mailbox_call(&core->mail, end, NULL, &err) < 0) {
        if (!said)
            hf_log_warn("event=reset-waits error=\"%s\"", err.message);
        said = true;
        if (!wait_ms(p, RETRY_MS))
            return;
    }
    hf_log_info("event=reset-ended");
}
