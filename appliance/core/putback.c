// SPDX-License-Identifier: Apache-2.0
#include "core/putback.h"

#include "base/clock.h"
#include "base/text.h"
#include "core/internal.h"
#include "core/releases.h"
#include "store/backup.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum {
    STACK_BYTES = 512 * 1024,
    LINE_MAX_BYTES = 4 * 1024 * 1024, /* of one record */
    RELEASE_FIRST_MS = 1000,          /* after the start */
    RELEASE_WAIT_MS = 3000,           /* between two tries where the engine is away */
    RELEASE_TRIES = 100
};

static const char PREFIX[] = "restore-", SUFFIX[] = ".records";

/* ---- what is kept ---- */

struct kept {
    const char *name;
    char *text; /* NULL: nothing */
};

static int
read_kept(struct hf_store *store, void *context, struct hf_error *err)
{
    struct kept *k = context;
    struct hf_error local = {0};
    int64_t at_ms;

    if (hf_store_kept(store, k->name, &at_ms, &k->text, &local) == 0 ||
        local.class == HF_ERROR_NOT_FOUND)
        return 0;
    if (err)
        *err = local;
    return -1;
}

static int
write_kept(struct hf_store *store, void *context, struct hf_error *err)
{
    const struct kept *k = context;

    return k->text ? hf_store_keep(store, k->name, hf_clock_wall_ms(), k->text, err)
                   : hf_store_unkeep(store, k->name, err);
}

/* Where the records are, and how far they have gone. */
struct state {
    char file[HF_NAME_SIZE]; /* "": there are none */
    uint64_t offset, records, refused;
};

static void
parse_state(const char *text, struct state *s)
{
    HF_AUTO(hf_json) struct hf_json *doc = NULL;
    const char *file;

    *s = (struct state){0};
    if (!text || hf_json_parse(text, strlen(text), &doc, NULL) < 0)
        return;
    file = hf_json_string(doc, "file");
    if (!file || strchr(file, '/') || strncmp(file, PREFIX, sizeof PREFIX - 1) != 0)
        return;
    hf_text_put(s->file, sizeof s->file, "%s", file);
    s->offset = (uint64_t)hf_json_int(doc, "offset", 0);
    s->records = (uint64_t)hf_json_int(doc, "records", 0);
    s->refused = (uint64_t)hf_json_int(doc, "refused", 0);
}

static int
save_state(struct hf_core *core, const struct state *s, struct hf_error *err)
{
    HF_AUTO(hf_json) struct hf_json *doc = hf_json_object();
    HF_AUTO_FREE char *text = NULL;
    struct kept k = {hf_store_kept_records, NULL};

    hf_json_put_string(doc, "file", s->file);
    hf_json_put_int(doc, "offset", (int64_t)s->offset);
    hf_json_put_int(doc, "records", (int64_t)s->records);
    hf_json_put_int(doc, "refused", (int64_t)s->refused);
    if (hf_json_print(doc, &text, err) < 0)
        return -1;
    k.text = text;
    return hf_core_run(core, write_kept, &k, err);
}

static int
forget(struct hf_core *core, const char *name, struct hf_error *err)
{
    struct kept k = {name, NULL};

    return hf_core_run(core, write_kept, &k, err);
}

/* ---- waiting ---- */

/* False at the stop. */
static bool
wait_ms(struct putback *p, int64_t ms)
{
    int64_t until_ms = hf_clock_mono_ms() + ms;
    struct timespec until = {.tv_sec = until_ms / 1000, .tv_nsec = until_ms % 1000 * 1000000};
    bool stop;
    int rc = 0;

    pthread_mutex_lock(&p->lock);
    while (!p->stop && rc == 0)
        rc = pthread_cond_timedwait(&p->changed, &p->lock, &until);
    stop = p->stop;
    pthread_mutex_unlock(&p->lock);
    return !stop;
}

/* ---- records ---- */

static size_t
lines_within(const char *data, size_t len)
{
    const char *last = memrchr(data, '\n', len);

    return last ? (size_t)(last - data) + 1 : 0;
}

int
putback_read(const char *path, uint64_t offset, struct hf_buf *ret_lines, struct hf_error *err)
{
    HF_AUTO_CLOSE int fd = open(path, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
    size_t want = HF_PUTBACK_BATCH_MAX;

    if (fd < 0)
        return hf_error_errno(err, errno, "cannot read '%s'", path);
    for (;;) {
        char *to;
        ssize_t n;
        size_t whole;

        hf_buf_clear(ret_lines);
        to = hf_buf_reserve(ret_lines, want + 1);
        if (!to)
            return hf_error_nomem(err);
        n = pread(fd, to, want, (off_t)offset);
        if (n < 0)
            return hf_error_errno(err, errno, "cannot read '%s'", path);
        whole = lines_within(to, (size_t)n);
        to[whole] = '\0';
        ret_lines->len = whole;
        if (whole > 0 || n == 0)
            return 0;
        if ((size_t)n < want || want >= LINE_MAX_BYTES)
            return hf_error_set(err, HF_ERROR_INTERNAL, "'%s' is damaged at byte %llu", path,
                                (unsigned long long)offset);
        want *= 2;
    }
}

static int
post(struct hf_core *core, const char *lines, struct hf_error *err)
{
    HF_AUTO_BUF struct hf_buf reply = HF_BUF_INIT(HF_PATH_ANSWER_MAX);
    const struct hf_path_call call = {.peer = HF_PATH_BUFFER,
                                      .path = "/v1/records",
                                      .body = lines,
                                      .type = "application/x-ndjson"};

    return hf_path_ask(core->path, &call, &reply, err);
}

static bool
is_refusal(const struct hf_error *err)
{
    return err->class == HF_ERROR_INVALID || err->class == HF_ERROR_MALFORMED ||
           err->class == HF_ERROR_TOO_LARGE;
}

static uint64_t
count_lines(const char *text)
{
    uint64_t n = 0;

    for (; (text = strchr(text, '\n')); text++)
        n++;
    return n;
}

/* A batch that is refused goes line by line, so that one record holds up no other. -1: to be tried
 * again, from where s says. */
static int
put_batch(struct putback *p, const struct hf_buf *lines, struct state *s, struct hf_error *err)
{
    char *at = lines->data;

    if (post(p->core, lines->data, err) == 0) {
        s->records += count_lines(lines->data);
        s->offset += lines->len;
        return 0;
    }
    if (!is_refusal(err))
        return -1;
    while (*at) {
        char *next = strchr(at, '\n') + 1, after = *next;
        int rc;

        *next = '\0';
        rc = post(p->core, at, err);
        *next = after;
        if (rc < 0 && !is_refusal(err))
            return -1;
        if (rc < 0)
            hf_log_warn("event=record-of-backup-refused offset=%llu reason=\"%s\"",
                        (unsigned long long)s->offset, err->message);
        s->records += rc == 0;
        s->refused += rc < 0;
        s->offset += (size_t)(next - at);
        at = next;
    }
    return 0;
}

static int
end_records(struct hf_core *core, const struct state *s, const char *path, struct hf_error *err)
{
    char what[HF_TEXT_SIZE];

    hf_text_put(what, sizeof what,
                "put %llu records of the backup into the buffer; it refused %llu",
                (unsigned long long)s->records, (unsigned long long)s->refused);
    hf_log_info("event=records-put-back records=%llu refused=%llu", (unsigned long long)s->records,
                (unsigned long long)s->refused);
    if (forget(core, hf_store_kept_records, err) < 0)
        return -1;
    (void)unlink(path);
    return hf_core_audit(core, "holdfastd", what, err);
}

/* One batch. 1: there is more, 0: that was all, -1: to be tried again. */
static int
step(struct putback *p, struct state *s, const char *path, struct hf_error *err)
{
    HF_AUTO_BUF struct hf_buf lines = HF_BUF_INIT((size_t)2 * LINE_MAX_BYTES);
    uint64_t before = s->offset;
    int rc;

    if (putback_read(path, s->offset, &lines, err) < 0)
        return -1;
    if (lines.len == 0)
        return end_records(p->core, s, path, err);
    rc = put_batch(p, &lines, s, err);
    if (s->offset != before && save_state(p->core, s, rc < 0 ? NULL : err) < 0)
        return -1;
    return rc < 0 ? -1 : 1;
}

static void
put_records(struct putback *p, struct state *s)
{
    char path[PATH_MAX];
    int64_t wait = 0;
    int rc = 1;

    hf_text_put(path, sizeof path, "%s/%s", p->core->config.state_dir, s->file);
    while (rc != 0) {
        struct hf_error err = {0};

        rc = step(p, s, path, &err);
        if (rc < 0 && !wait)
            hf_log_info("event=records-wait reason=\"%s\"", err.message);
        wait = rc < 0 ? courier_backoff(wait) : 0;
        if (rc < 0 && err.class == HF_ERROR_NOT_FOUND) {
            hf_log_error("event=records-lost reason=\"%s\"", err.message);
            (void)!forget(p->core, hf_store_kept_records, NULL);
            return;
        }
        if (!wait_ms(p, wait))
            return;
    }
}

/* ---- the release ---- */

/* While it cannot be seen no image is known to be here. */
static bool
sees_engine(struct hf_core *core)
{
    const struct hf_snapshot *s = hf_core_snapshot(core);
    bool sees = s->gateway.engine.state == HF_ENGINE_OK;

    hf_snapshot_unref(s);
    return sees;
}

/* Why it stays as it is; "" where it is being applied. -1: to be asked again. */
static int
apply_release(struct hf_core *core, const char *id, char *why, size_t size, struct hf_error *err)
{
    const struct hf_apply apply = {.id = id, .etag = ""};
    struct hf_operation operation;
    struct hf_plan plan;

    if (!sees_engine(core))
        return hf_error_set(err, HF_ERROR_UNAVAILABLE, "Docker does not answer");
    if (hf_core_plan(core, id, &plan, err) < 0)
        return -1;
    if (plan.obstacle_count > 0)
        hf_text_put(why, size, "%s", plan.obstacles[0]);
    else if (plan.fetch_count > 0)
        hf_text_put(why, size, "its images are not here");
    else
        why[0] = '\0';
    hf_plan_done(&plan);
    return *why ? 0 : hf_core_apply(core, &apply, "holdfastd", &operation, err);
}

static void
put_release(struct putback *p, const char *id)
{
    char why[HF_TEXT_SIZE] = "", what[2 * HF_TEXT_SIZE];
    struct hf_error err = {0};
    int rc = -1;

    for (int i = 0; i < RELEASE_TRIES && rc < 0; i++) {
        if (!wait_ms(p, i ? RELEASE_WAIT_MS : RELEASE_FIRST_MS))
            return;
        rc = apply_release(p->core, id, why, sizeof why, &err);
        if (rc < 0 && err.class != HF_ERROR_UNAVAILABLE && err.class != HF_ERROR_TIMEOUT &&
            err.class != HF_ERROR_STALE)
            break;
    }
    if (rc < 0)
        hf_text_put(why, sizeof why, "%s", err.message);
    if (*why)
        hf_text_put(what, sizeof what, "left the release of the backup as it came: %s", why);
    else
        hf_text_put(what, sizeof what, "applies the release of the backup");
    if (forget(p->core, hf_store_kept_release, &err) < 0 ||
        hf_core_audit(p->core, "holdfastd", what, &err) < 0)
        hf_log_error("event=audit-not-kept error=\"%s\"", err.message);
    hf_log_info("event=release-of-backup text=\"%s\"", what);
}

/* ---- the thread ---- */

static void *
run(void *context)
{
    struct putback *p = context;
    struct kept records = {hf_store_kept_records, NULL}, release = {hf_store_kept_release, NULL};
    struct kept wanted = {hf_core_kept_wanted, NULL};
    struct state s;

    if (p->resets)
        hf_core_end_reset(p->core, wait_ms, p);
    if (hf_core_run(p->core, read_kept, &records, NULL) == 0 &&
        hf_core_run(p->core, read_kept, &release, NULL) == 0 &&
        hf_core_run(p->core, read_kept, &wanted, NULL) == 0) {
        parse_state(records.text, &s);
        if (*s.file)
            put_records(p, &s);
        if (release.text && wait_ms(p, 0))
            put_release(p, release.text);
        if (wanted.text && wait_ms(p, 0))
            hf_core_bring_wanted(p->core, wanted.text, wait_ms, p);
    }
    free(records.text);
    free(release.text);
    free(wanted.text);
    return NULL;
}

/* What a restore that did not come to its end has left. */
static void
remove_others(const char *dir, const char *keep)
{
    DIR *d = opendir(dir);
    const struct dirent *e;

    while (d && (e = readdir(d))) { // NOLINT(concurrency-mt-unsafe): a stream of our own
        size_t len = strlen(e->d_name), end = sizeof SUFFIX - 1;

        if (strncmp(e->d_name, PREFIX, sizeof PREFIX - 1) == 0 && len > end &&
            strcmp(e->d_name + len - end, SUFFIX) == 0 && strcmp(e->d_name, keep) != 0)
            (void)unlinkat(dirfd(d), e->d_name, 0);
    }
    if (d)
        closedir(d);
}

void
putback_init(struct putback *p, struct hf_core *core)
{
    pthread_condattr_t attr;

    *p = (struct putback){.core = core};
    pthread_condattr_init(&attr);
    pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
    pthread_mutex_init(&p->lock, NULL);
    pthread_cond_init(&p->changed, &attr);
    pthread_condattr_destroy(&attr);
}

int
putback_start(struct putback *p, struct hf_error *err)
{
    struct hf_store *store = p->core->config.store;
    struct kept records = {hf_store_kept_records, NULL}, release = {hf_store_kept_release, NULL};
    struct kept wanted = {hf_core_kept_wanted, NULL};
    struct state s = {0};
    pthread_attr_t attr;
    bool needed;
    int rc = 0;

    if (read_kept(store, &records, err) < 0 || read_kept(store, &release, err) < 0 ||
        read_kept(store, &wanted, err) < 0)
        rc = -1;
    parse_state(records.text, &s);
    p->resets = p->core->resetting;
    needed = *s.file || release.text || wanted.text || p->resets;
    free(records.text);
    free(release.text);
    free(wanted.text);
    if (rc < 0)
        return -1;
    if (p->core->config.state_dir)
        remove_others(p->core->config.state_dir, s.file);
    if (!needed)
        return 0;
    pthread_attr_init(&attr);
    pthread_attr_setstacksize(&attr, STACK_BYTES);
    rc = pthread_create(&p->thread, &attr, run, p);
    pthread_attr_destroy(&attr);
    if (rc != 0)
        return hf_error_errno(err, rc, "cannot start a thread");
    pthread_setname_np(p->thread, "putback");
    p->runs = true;
    return 0;
}

void
putback_stop(struct putback *p)
{
    if (!p->runs)
        return;
    pthread_mutex_lock(&p->lock);
    p->stop = true;
    pthread_cond_signal(&p->changed);
    pthread_mutex_unlock(&p->lock);
    pthread_join(p->thread, NULL);
    p->runs = false;
}

void
putback_done(struct putback *p)
{
    pthread_cond_destroy(&p->changed);
    pthread_mutex_destroy(&p->lock);
}
