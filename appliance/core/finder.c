// SPDX-License-Identifier: Apache-2.0
#include "core/finder.h"

#include "base/clock.h"
#include "base/text.h"
#include "core/internal.h"
#include "model/artifact.h"

#include <string.h>
#include <time.h>

enum {
    STACK_BYTES = 256 * 1024,
    HOUR_MS = 3600 * 1000,
    /* After the start: what is more urgent comes first, and not all gateways at once. */
    FIRST_MS = 5 * 60 * 1000,
    SPREAD_MS = 10 * 60 * 1000,
};

static const char NOBODY[] = "holdfastd";

/* What a look has found. */
struct findings {
    struct finder *finder;
    struct hf_registry_check check;
    int result; /* of the list */
};

void
finder_init(struct finder *f, struct hf_core *core)
{
    unsigned spread;

    hf_random(&spread, sizeof spread);
    f->core = core;
    f->next_ms = hf_clock_mono_ms() + FIRST_MS + spread % SPREAD_MS;
}

/* ---- the look; on its own thread ---- */

static bool
is_stopped(void *context)
{
    struct finder *f = context;

    return atomic_load(&f->stop) || atomic_load(&f->given_up);
}

static int
fetch(struct finder *f, enum hf_registry_kind kind, const char *reference, struct hf_buf *out,
      struct hf_error *err)
{
    const struct hf_registry_document what = {f->repository, kind, reference};

    return f->core->config.engine_ops->fetch(f->core->config.engine, &what, out, is_stopped, f,
                                             err);
}

static int
list_tags(struct finder *f, struct hf_tags *t, struct hf_error *err)
{
    bool more = true;

    *t = (struct hf_tags){0};
    while (more) {
        HF_AUTO_BUF struct hf_buf page = HF_BUF_INIT(HF_TAGS_PAGE_MAX);

        if (fetch(f, HF_REGISTRY_TAGS, t->last, &page, err) < 0 ||
            hf_tags_add(t, page.data ? page.data : "", page.len, &more, err) < 0)
            return -1;
    }
    return 0;
}

/* As text: a NUL in it would hide what follows from who reads it. */
static int
fetch_part(struct finder *f, const struct hf_artifact_part *part, struct hf_buf *out,
           struct hf_error *err)
{
    *out = HF_BUF_INIT((size_t)part->size);
    if (fetch(f, HF_REGISTRY_BLOB, part->digest, out, err) < 0)
        return -1;
    if (out->len != (size_t)part->size || memchr(out->data, '\0', out->len))
        return hf_error_set(err, HF_ERROR_INVALID, "what came as %.19s is not as it should be",
                            part->digest);
    return 0;
}

static int
take_artifact(struct finder *f, const char *version, const struct hf_artifact *a, bool *ret_new,
              struct hf_error *err)
{
    HF_AUTO_BUF struct hf_buf release = HF_BUF_INIT(0), signature = HF_BUF_INIT(0);
    struct hf_admission asked = {
        .signature = "", .source = "registry", .version = version, .actor = f->actor};
    struct hf_known_release known;

    if (fetch_part(f, &a->release, &release, err) < 0 ||
        (*a->signature.digest && fetch_part(f, &a->signature, &signature, err) < 0))
        return -1;
    asked.text = release.data;
    if (signature.data)
        asked.signature = signature.data;
    return hf_core_admit(f->core, &asked, &known, ret_new, err);
}

static int
take_version(struct finder *f, const char *version, bool *ret_new, struct hf_error *err)
{
    HF_AUTO_BUF struct hf_buf manifest = HF_BUF_INIT(HF_ARTIFACT_TEXT_MAX);
    struct hf_artifact a;

    if (fetch(f, HF_REGISTRY_MANIFEST, version, &manifest, err) < 0 ||
        hf_artifact_parse(manifest.data ? manifest.data : "", manifest.len, &a, err) < 0)
        return -1;
    return take_artifact(f, version, &a, ret_new, err);
}

/* One that is refused is said and does not hide the others. */
static void
take_versions(struct findings *n, const struct hf_tags *t)
{
    struct hf_registry_check *c = &n->check;

    for (size_t i = 0; i < t->count && !is_stopped(n->finder); i++) {
        struct hf_error err = {0};
        bool is_new = false;

        if (take_version(n->finder, t->newest[i], &is_new, &err) == 0) {
            c->found++;
            c->added += is_new;
            continue;
        }
        hf_log_warn("event=registry-release-refused version=%s error=\"%s\"", t->newest[i],
                    err.message);
        if (c->refused++ == 0)
            hf_text_put(c->detail, sizeof c->detail, "%s: %s", t->newest[i], err.message);
    }
}

static void end_look(struct finder *f, struct findings *n);

static int
do_end(struct hf_core *core, void *context, struct hf_error *err)
{
    struct findings *n = context;

    (void)core, (void)err;
    end_look(n->finder, n);
    return 0;
}

static void *
run(void *context)
{
    struct findings n = {.finder = context};
    struct hf_error err = {0};
    struct hf_tags tags;

    n.result = list_tags(n.finder, &tags, &err);
    if (n.result == 0)
        take_versions(&n, &tags);
    else
        hf_text_put(n.check.detail, sizeof n.check.detail, "%s", err.message);
    hf_text_whole(n.check.detail);
    (void)!mailbox_call(&n.finder->core->mail, do_end, &n, NULL); /* fails at the end of us all */
    return NULL;
}

/* ---- its beginning and end; on the owner's ---- */

static void
end_operation(struct finder *f, const struct findings *n)
{
    struct hf_operation *op = &f->operation;
    struct hf_error err;

    if (!*op->id)
        return;
    op->state = n->result < 0 ? HF_OPERATION_FAILED : HF_OPERATION_SUCCEEDED;
    op->finished_ms = hf_clock_wall_ms();
    memcpy(op->detail, n->check.detail, sizeof op->detail);
    if (hf_store_save_operation(f->core->config.store, op, &err) < 0)
        hf_log_error("event=operation-not-kept operation=%s error=\"%s\"", op->id, err.message);
    op->id[0] = '\0';
}

/* What did not work is tried again within the hour; what was given up when it is time to. */
static void
end_look(struct finder *f, struct findings *n)
{
    int64_t hours = f->core->settings.registry.check_hours;
    bool soon = n->result < 0 && !*f->given_up_by;

    if (*f->given_up_by) {
        n->result = -1;
        hf_text_put(n->check.detail, sizeof n->check.detail, "given up by %s", f->given_up_by);
    }
    f->busy = false;
    f->last = n->check;
    f->last.checked_ms = hf_clock_wall_ms();
    f->last.failed = n->result < 0;
    f->next_ms = hf_clock_mono_ms() + (soon ? 1 : hours) * HOUR_MS;
    hf_log_info("event=registry-check found=%u new=%u refused=%u detail=\"%s\"", n->check.found,
                n->check.added, n->check.refused, n->check.detail);
    end_operation(f, n);
    f->core->changed = true;
}

/* The thread of the look before has said its last word. */
static int
begin_look(struct finder *f, const char *actor, struct hf_error *err)
{
    pthread_attr_t attr;
    int rc;

    if (f->has_thread)
        pthread_join(f->thread, NULL);
    f->has_thread = false;
    atomic_store(&f->given_up, false);
    f->given_up_by[0] = '\0';
    memcpy(f->repository, f->core->settings.registry.release_repository, sizeof f->repository);
    hf_text_put(f->actor, sizeof f->actor, "%s", actor);
    pthread_attr_init(&attr);
    pthread_attr_setstacksize(&attr, STACK_BYTES);
    rc = pthread_create(&f->thread, &attr, run, f);
    pthread_attr_destroy(&attr);
    if (rc != 0)
        return hf_error_errno(err, rc, "cannot start a thread");
    f->has_thread = f->busy = true;
    return 0;
}

void
finder_tick(struct finder *f, int64_t now_ms)
{
    const struct hf_registry_settings *s = &f->core->settings.registry;
    struct hf_error err;

    if (f->busy || now_ms < f->next_ms || s->check_hours == 0 || !*s->host)
        return;
    f->next_ms = now_ms + HOUR_MS;
    if (begin_look(f, NOBODY, &err) < 0)
        hf_log_warn("event=registry-check-failed error=\"%s\"", err.message);
}

int
finder_give_up(struct finder *f, const char *actor, struct hf_error *err)
{
    if (*f->given_up_by)
        return hf_error_set(err, HF_ERROR_CONFLICT, "%s has given it up: it is about to end",
                            f->given_up_by);
    if (hf_store_audit(f->core->config.store, actor, "gave up the look into the registry", err) < 0)
        return -1;
    hf_text_put(f->given_up_by, sizeof f->given_up_by, "%s", actor);
    atomic_store(&f->given_up, true);
    return 0;
}

void
finder_stop(struct finder *f)
{
    atomic_store(&f->stop, true);
}

bool
finder_join(struct finder *f, int timeout_ms)
{
    struct timespec until;

    if (!f->has_thread)
        return true;
    clock_gettime(CLOCK_REALTIME, &until);
    until.tv_sec += timeout_ms / 1000;
    if (pthread_timedjoin_np(f->thread, NULL, &until) != 0)
        return false;
    f->has_thread = false;
    return true;
}

/* ---- as it is asked for ---- */

struct wish {
    const char *actor;
    struct hf_operation *operation;
};

static int
write_wish(struct hf_store *store, void *context, struct hf_error *err)
{
    const struct wish *w = context;

    if (hf_store_save_operation(store, w->operation, err) < 0)
        return -1;
    return hf_store_audit(store, w->actor, "looked for releases in the registry", err);
}

static int
may_look(const struct hf_core *core, struct hf_error *err)
{
    if (!*core->settings.registry.host)
        return hf_error_set(err, HF_ERROR_CONFLICT,
                            "no registry is set to look in: registry.host in the configuration");
    if (core->finder.busy)
        return hf_error_set(err, HF_ERROR_CONFLICT, "the registry is being asked: wait for it");
    return 0;
}

static int
do_check(struct hf_core *core, void *context, struct hf_error *err)
{
    const struct wish *w = context;
    unsigned char raw[(HF_ID_SIZE - 1) / 2];
    struct finder *f = &core->finder;

    if (may_look(core, err) < 0)
        return -1;
    *w->operation = (struct hf_operation){.kind = HF_OPERATION_CHECK,
                                          .state = HF_OPERATION_RUNNING,
                                          .created_ms = hf_clock_wall_ms()};
    hf_random(raw, sizeof raw);
    hf_text_hex(raw, sizeof raw, w->operation->id);
    hf_text_put(w->operation->actor, sizeof w->operation->actor, "%s", w->actor);
    if (hf_store_transaction(core->config.store, write_wish, context, err) < 0)
        return -1;
    f->operation = *w->operation;
    if (begin_look(f, w->actor, err) < 0) {
        end_operation(f, &(struct findings){.result = -1});
        return -1;
    }
    core->changed = true;
    return 0;
}

int
hf_core_check_registry(struct hf_core *core, const char *actor, struct hf_operation *ret_operation,
                       struct hf_error *err)
{
    struct wish w = {actor, ret_operation};

    return mailbox_call(&core->mail, do_check, &w, err);
}

static int
do_look(struct hf_core *core, void *context, struct hf_error *err)
{
    return may_look(core, err) < 0 ? -1 : begin_look(&core->finder, context, err);
}

int
hf_core_look_in_registry(struct hf_core *core, const char *actor, struct hf_error *err)
{
    return mailbox_call(&core->mail, do_look, (void *)(uintptr_t)actor, err);
}

static int
read_check(struct hf_core *core, void *context, struct hf_error *err)
{
    struct hf_registry_check *c = context;

    (void)err;
    *c = core->finder.last;
    c->busy = core->finder.busy;
    memcpy(c->host, core->settings.registry.host, sizeof c->host);
    return 0;
}

int
hf_core_last_registry_check(struct hf_core *core, struct hf_registry_check *ret,
                            struct hf_error *err)
{
    return mailbox_call(&core->mail, read_check, ret, err);
}
