// SPDX-License-Identifier: Apache-2.0
/*
 * Room on a disk that is about to be full. From the second threshold on, and until the disk is
 * below it by the slack, what can best be done without goes, and is said:
 *
 *   1. logs of containers that are gone, the oldest first;
 *   2. old images (upgrade_collect.c): neither what runs nor what a rollback needs.
 *
 * Then only the alarm is left. Records go by the buffer's own limits and nothing else. The owner
 * decides, the keeper carries it out, a step at a time, and the disk is measured in between.
 */
#include "base/clock.h"
#include "base/text.h"
#include "core/internal.h"

#include <stdio.h>
#include <string.h>

enum {
    AGAIN_MS = 5 * 1000,      /* until what has gone shows in the figures */
    LOGS_MS = 10 * 60 * 1000, /* where there were none that could go */
    AUDIT_AGAIN_MS = 10 * 1000,
    BYTES_PER_MB = 1000000
};

/* What the keeper did. */
struct freed {
    const struct job *job;
    int64_t logs, log_bytes;
    bool tried, image; /* it was to go, and is gone */
};

/* ---- on the keeper's thread ---- */

static void
drop_image(struct hf_core *core, struct freed *f)
{
    const struct hf_release_image *image = &f->job->spec.image;
    struct hf_error err = {0};

    f->tried = true;
    if (core->config.engine_ops->remove_image(core->config.engine, image, &err) == 0) {
        f->image = true;
        hf_log_warn("event=image-removed image=%s tag=%s reason=\"a disk is about to be full\"",
                    image->image, image->tag);
        return;
    }
    hf_log_warn("event=image-stays image=%s error=\"%s\"", image->image, err.message);
}

static int take_freed(struct hf_core *core, void *context, struct hf_error *err);

void
hf_core_free_room(struct hf_core *core, const struct job *job)
{
    struct freed f = {.job = job};

    if (job->room_logs)
        hf_archive_give_way(core->archive, job->room_bytes, &f.logs, &f.log_bytes);
    if (f.logs)
        hf_log_warn("event=old-logs-removed files=%lld bytes=%lld "
                    "reason=\"a disk is about to be full\"",
                    (long long)f.logs, (long long)f.log_bytes);
    if (f.log_bytes < job->room_bytes && *job->spec.image.image_id)
        drop_image(core, &f);
    (void)!mailbox_call(&core->mail, take_freed, &f, NULL);
}

/* ---- on the owner's ---- */

static void
keep_audit(struct hf_core *core, int64_t now)
{
    struct watch *w = &core->watch;
    struct hf_error err;

    if (!*w->room_audit || now < w->room_audit_ms)
        return;
    if (hf_store_audit(core->config.store, "holdfastd", w->room_audit, &err) == 0) {
        w->room_audit[0] = '\0';
        return;
    }
    w->room_audit_ms = now + AUDIT_AGAIN_MS;
}

/* One that was not written yet for want of room is gone on with. */
static void
note_audit(struct hf_core *core, const struct freed *f, int64_t now)
{
    struct watch *w = &core->watch;
    size_t used;

    if (!*w->room_audit)
        hf_text_put(w->room_audit, sizeof w->room_audit,
                    "made room on %.80s:", core->host.disks[f->job->room_disk].mount);
    used = strlen(w->room_audit);
    if (f->logs)
        hf_text_put(w->room_audit + used, sizeof w->room_audit - used,
                    " removed %lld old logs (%.1f MB);", (long long)f->logs,
                    (double)f->log_bytes / BYTES_PER_MB);
    used = strlen(w->room_audit);
    if (f->image)
        hf_text_put(w->room_audit + used, sizeof w->room_audit - used, " removed image %.*s %s;",
                    (int)strcspn(f->job->spec.image.image, "@"), f->job->spec.image.image,
                    f->job->spec.image.tag);
    hf_text_whole(w->room_audit);
    keep_audit(core, now);
}

static int
take_freed(struct hf_core *core, void *context, struct hf_error *err)
{
    const struct freed *f = context;
    struct watch_room *r = &core->watch.room[f->job->room_disk];
    int64_t now = hf_clock_mono_ms();

    (void)err;
    r->under_way = false;
    r->logs += f->logs;
    r->log_bytes += f->log_bytes;
    r->images += f->image;
    r->next_ms = now + AGAIN_MS;
    if (!f->logs)
        r->logs_at_ms = now + LOGS_MS;
    if (f->image)
        hf_core_forget_image(core, f->job->spec.image.image_id);
    else if (f->tried)
        memcpy(r->passed, f->job->spec.image.image_id, sizeof r->passed);
    if (f->logs || f->image)
        note_audit(core, f, now);
    return 0;
}

static int64_t
missing_bytes(const struct hf_core *core, const struct hf_disk_view *d)
{
    const struct hf_threshold *t = &core->settings.alarms.thresholds[HF_GUARD_DISK];
    double goal = t->bad - guard_slack(HF_GUARD_DISK, t);

    return (int64_t)((guard_disk_percent(d) - goal) / 100 *
                     (double)(d->used_bytes + d->free_bytes)) +
           1;
}

static void
make_room_on(struct hf_core *core, size_t disk, int64_t now)
{
    const struct hf_disk_view *d = &core->host.disks[disk];
    struct watch_room *r = &core->watch.room[disk];
    struct job job = {.task = TASK_ROOM, .room_disk = disk};

    if (r->under_way || now < r->next_ms || worker_busy(&core->keeper))
        return;
    job.room_bytes = missing_bytes(core, d);
    job.room_logs = d->holds_state && now >= r->logs_at_ms;
    if (d->holds_engine)
        (void)hf_core_pick_image(core, r->passed, &job.spec.image);
    r->nothing_left = !job.room_logs && !*job.spec.image.image_id;
    if (r->nothing_left) {
        r->next_ms = now + AGAIN_MS;
        return;
    }
    r->under_way = true;
    worker_give(&core->keeper, &job);
}

void
hf_core_make_room(struct hf_core *core, int64_t now_ms)
{
    for (size_t i = 0; i < core->host.disk_count; i++) {
        struct watch_room *r = &core->watch.room[i];

        if (core->watch.disks[i] == GUARD_BAD && core->settings.alarms.make_room)
            make_room_on(core, i, now_ms);
        else if (core->watch.disks[i] == GUARD_OK && !r->under_way)
            *r = (struct watch_room){.next_ms = 0};
    }
    keep_audit(core, now_ms);
}

void
hf_core_room_text(const struct hf_core *core, size_t disk, char *out, size_t size)
{
    const struct watch_room *r = &core->watch.room[disk];
    size_t used = 0;

    out[0] = '\0';
    if (r->logs || r->images)
        hf_text_put(out, size, "; to make room, %lld old logs (%.1f MB) and %lld old images went",
                    (long long)r->logs, (double)r->log_bytes / BYTES_PER_MB, (long long)r->images);
    used = strlen(out);
    if (r->nothing_left && core->watch.disks[disk] == GUARD_BAD &&
        core->engine.state == HF_ENGINE_OK)
        hf_text_put(out + used, size - used, "; nothing of ours is left that may go");
}
