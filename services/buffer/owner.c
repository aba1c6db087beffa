// SPDX-License-Identifier: Apache-2.0
#include "buffer/owner.h"

#include "base/clock.h"
#include "base/log.h"

#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

enum { TICK_MS = 200, REOPEN_MS = 2000 };

enum kind { COMMAND_APPEND, COMMAND_ACK, COMMAND_LEASE };

struct command {
    enum kind kind;
    const char *frames; /* append */
    size_t len;
    size_t count;
    const char *epoch; /* ack */
    uint64_t first;    /* in for ack, out for append */
    uint64_t last;
    size_t max_bytes; /* lease */
    struct hf_lease *lease;
    struct hf_buf *lines;
    int64_t since_ms;
    int result;
    struct hf_error err;
    bool done;
    struct command *next;
};

struct queue {
    struct command *head;
    struct command **tail;
    size_t commands, records, bytes;
};

struct hf_owner {
    pthread_t thread;
    pthread_mutex_t lock;
    pthread_cond_t work;     /* for the thread: something to do */
    pthread_cond_t answered; /* for callers: a command is done, or there is something to lease */
    /* Guarded by lock. */
    struct queue writes; /* appends and acks */
    struct queue leases;
    struct hf_owner_settings settings;
    struct hf_owner_view view;
    bool stop;
    /* The thread's own. */
    const char *dir;
    struct hf_spool *spool;
    int64_t reopen_ms;
    int64_t committed_ms; /* monotonic, when the last commit began */
};

static void
queue_init(struct queue *q)
{
    *q = (struct queue){0};
    q->tail = &q->head;
}

static void
queue_add(struct queue *q, struct command *c)
{
    *q->tail = c;
    q->tail = &c->next;
    q->commands++;
    q->records += c->count;
    q->bytes += c->len;
}

static struct command *
queue_take_all(struct queue *q)
{
    struct command *all = q->head;

    queue_init(q);
    return all;
}

static void
set_deadline(struct timespec *ts, int64_t mono_ms)
{
    ts->tv_sec = mono_ms / 1000;
    ts->tv_nsec = mono_ms % 1000 * 1000000;
}

/* ---- the thread ---- */

static void
open_spool(struct hf_owner *o)
{
    struct hf_spool_options options = {.dir = o->dir, .reserve_bytes = HF_OWNER_RESERVE_BYTES};
    struct hf_error err = {0};

    if (o->spool || hf_clock_mono_ms() < o->reopen_ms)
        return;
    pthread_mutex_lock(&o->lock);
    options.max_bytes = o->settings.max_bytes;
    pthread_mutex_unlock(&o->lock);
    if (options.reserve_bytes > options.max_bytes / 8)
        options.reserve_bytes = options.max_bytes / 8;
    o->reopen_ms = hf_clock_mono_ms() + REOPEN_MS;
    if (hf_spool_open(&options, &o->spool, &err) < 0) {
        hf_log_error("event=store-not-open reason=\"%s\"", err.message);
        pthread_mutex_lock(&o->lock);
        snprintf(o->view.full, sizeof o->view.full, "%.*s", HF_SPOOL_ALARM_MAX - 1, err.message);
        pthread_mutex_unlock(&o->lock);
    }
}

static void
close_if_broken(struct hf_owner *o)
{
    if (!o->spool || hf_spool_is_open(o->spool))
        return;
    hf_spool_close(hf_steal(&o->spool));
    pthread_mutex_lock(&o->lock);
    o->view.open = false;
    pthread_mutex_unlock(&o->lock);
}

static void
refresh_view(struct hf_owner *o, bool committed)
{
    struct hf_books books;
    int64_t disk;

    if (!o->spool)
        return;
    hf_spool_get_books(o->spool, &books);
    disk = hf_spool_disk_bytes(o->spool);
    pthread_mutex_lock(&o->lock);
    o->view.open = true;
    o->view.books = books;
    o->view.disk_bytes = disk;
    snprintf(o->view.full, sizeof o->view.full, "%s", hf_spool_full(o->spool));
    snprintf(o->view.alarm, sizeof o->view.alarm, "%s", hf_spool_alarm(o->spool));
    if (committed)
        o->view.last_commit_ms = hf_clock_wall_ms();
    pthread_mutex_unlock(&o->lock);
}

static void
answer_all(struct hf_owner *o, struct command *list)
{
    pthread_mutex_lock(&o->lock);
    for (struct command *c = list, *next; c; c = next) {
        next = c->next; /* the caller's stack frame may be gone after this */
        c->done = true;
    }
    pthread_cond_broadcast(&o->answered);
    pthread_mutex_unlock(&o->lock);
}

/* Does the commands of the wanted kinds in one transaction; what fails as a whole fails them all.
 */
static int
commit_some(struct hf_owner *o, struct command *list, bool appends, const char *gateway)
{
    struct hf_error err = {0};
    int rc = hf_spool_begin(o->spool, &err);

    for (struct command *c = list; c && rc == 0; c = c->next) {
        if (c->kind == COMMAND_ACK) {
            c->result = hf_spool_ack(o->spool, c->epoch, c->first, c->last, &c->err);
        } else if (appends) {
            rc = hf_spool_append(o->spool, gateway, c->frames, c->len, &c->first, &c->last, &err);
            c->result = rc;
        }
    }
    if (rc == 0)
        rc = hf_spool_commit(o->spool, &err);
    if (rc == 0)
        return 0;
    hf_spool_rollback(o->spool);
    for (struct command *c = list; c; c = c->next) {
        if (c->kind == COMMAND_APPEND ? !appends : c->result != 0)
            continue;
        c->result = -1;
        c->err = err;
    }
    return -1;
}

static bool
has_ack(const struct command *list)
{
    for (; list; list = list->next)
        if (list->kind == COMMAND_ACK)
            return true;
    return false;
}

/* Where appends find no room, acknowledgements go on without them: they make room. */
static void
commit_all(struct hf_owner *o, struct command *list, const char *gateway)
{
    if (commit_some(o, list, true, gateway) == 0)
        return;
    for (struct command *c = list; c; c = c->next)
        if (c->kind == COMMAND_ACK)
            c->result = 0;
    if (has_ack(list))
        (void)commit_some(o, list, false, gateway);
}

static void
refuse_all(struct command *list)
{
    for (; list; list = list->next)
        list->result = hf_error_set(&list->err, HF_ERROR_UNAVAILABLE, "the store is not open");
}

static void
do_writes(struct hf_owner *o, struct command *list, const struct hf_owner_settings *settings)
{
    o->committed_ms = hf_clock_mono_ms();
    if (o->spool) {
        hf_spool_set_max_bytes(o->spool, settings->max_bytes);
        commit_all(o, list, settings->gateway);
    } else {
        refuse_all(list);
    }
    refresh_view(o, o->spool && list->result == 0);
    answer_all(o, list);
}

static void
do_leases(struct hf_owner *o, struct command *list)
{
    if (!o->spool)
        refuse_all(list);
    for (struct command *c = o->spool ? list : NULL; c; c = c->next)
        c->result = hf_spool_lease(o->spool, c->max_bytes, c->lease, c->lines, &c->err);
    if (list)
        refresh_view(o, false);
    answer_all(o, list);
}

/* When the waiting writes are to be committed, on the monotonic clock. Called locked. */
static int64_t
due_ms(const struct hf_owner *o)
{
    const struct queue *q = &o->writes;

    if (!q->head)
        return INT64_MAX;
    if (o->stop || q->records >= HF_COMMIT_RECORDS || q->bytes >= HF_COMMIT_BYTES)
        return 0;
    return o->committed_ms + o->settings.window_ms;
}

/* Waits for work; called locked. False when it is time to end. */
static bool
wait_for_work(struct hf_owner *o, int64_t tick_ms)
{
    struct timespec until;

    while (!o->leases.head) {
        int64_t due = due_ms(o);
        int64_t now = hf_clock_mono_ms();

        if (due <= now || tick_ms <= now)
            return true;
        if (o->stop)
            return false;
        set_deadline(&until, due < tick_ms ? due : tick_ms);
        pthread_cond_timedwait(&o->work, &o->lock, &until);
    }
    return true;
}

static void *
own(void *arg)
{
    struct hf_owner *o = arg;
    int64_t tick_ms = 0;

    pthread_mutex_lock(&o->lock);
    while (wait_for_work(o, tick_ms) || o->writes.head) {
        struct hf_owner_settings settings = o->settings;
        struct command *leases = queue_take_all(&o->leases);
        struct command *writes =
            due_ms(o) <= hf_clock_mono_ms() ? queue_take_all(&o->writes) : NULL;
        bool stopping = o->stop && !writes;

        pthread_mutex_unlock(&o->lock);
        open_spool(o);
        if (leases)
            do_leases(o, leases);
        if (writes)
            do_writes(o, writes, &settings);
        if (hf_clock_mono_ms() >= tick_ms) {
            close_if_broken(o);
            if (o->spool)
                hf_spool_tick(o->spool);
            refresh_view(o, false);
            tick_ms = hf_clock_mono_ms() + TICK_MS;
        }
        pthread_mutex_lock(&o->lock);
        if (stopping)
            break;
    }
    pthread_mutex_unlock(&o->lock);
    return NULL;
}

/* ---- for everyone ---- */

int
hf_owner_start(const char *dir, const struct hf_owner_settings *settings,
               struct hf_owner **ret_owner, struct hf_error *err)
{
    struct hf_owner *o = calloc(1, sizeof *o);
    pthread_condattr_t monotonic;
    int rc;

    if (!o)
        return hf_error_nomem(err);
    o->dir = dir;
    o->settings = *settings;
    queue_init(&o->writes);
    queue_init(&o->leases);
    pthread_mutex_init(&o->lock, NULL);
    pthread_condattr_init(&monotonic);
    pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
    pthread_cond_init(&o->work, &monotonic);
    pthread_cond_init(&o->answered, &monotonic);
    pthread_condattr_destroy(&monotonic);
    rc = pthread_create(&o->thread, NULL, own, o);
    if (rc) {
        free(o);
        return hf_error_errno(err, rc, "cannot start the owner thread");
    }
    *ret_owner = o;
    return 0;
}

void
hf_owner_stop(struct hf_owner *o)
{
    if (!o)
        return;
    pthread_mutex_lock(&o->lock);
    o->stop = true;
    pthread_cond_signal(&o->work);
    pthread_cond_broadcast(&o->answered);
    pthread_mutex_unlock(&o->lock);
    pthread_join(o->thread, NULL);
    hf_spool_close(o->spool);
    pthread_cond_destroy(&o->work);
    pthread_cond_destroy(&o->answered);
    pthread_mutex_destroy(&o->lock);
    free(o);
}

static int
submit(struct hf_owner *o, struct queue *q, struct command *c, struct hf_error *err)
{
    pthread_mutex_lock(&o->lock);
    if (o->stop || q->commands >= HF_OWNER_COMMANDS || q->bytes + c->len > HF_OWNER_BYTES) {
        bool stop = o->stop;

        pthread_mutex_unlock(&o->lock);
        return hf_error_set(err, HF_ERROR_UNAVAILABLE,
                            stop ? "the buffer is stopping" : "too much is waiting to be written");
    }
    c->since_ms = hf_clock_mono_ms();
    queue_add(q, c);
    pthread_cond_signal(&o->work);
    while (!c->done)
        pthread_cond_wait(&o->answered, &o->lock);
    pthread_mutex_unlock(&o->lock);
    if (c->result < 0 && err)
        *err = c->err;
    return c->result;
}

int
hf_owner_append(struct hf_owner *o, const char *frames, size_t len, size_t count,
                uint64_t *ret_first, uint64_t *ret_last, struct hf_error *err)
{
    struct command c = {.kind = COMMAND_APPEND, .frames = frames, .len = len, .count = count};
    int rc = submit(o, &o->writes, &c, err);

    if (rc == 0) {
        *ret_first = c.first;
        *ret_last = c.last;
    }
    return rc;
}

int
hf_owner_ack(struct hf_owner *o, const char *epoch, uint64_t first, uint64_t last,
             struct hf_error *err)
{
    struct command c = {.kind = COMMAND_ACK, .epoch = epoch, .first = first, .last = last};

    return submit(o, &o->writes, &c, err);
}

/* Waits until records are held; false when the time is over or the owner stops. */
static bool
wait_for_records(struct hf_owner *o, int64_t deadline_ms)
{
    struct timespec until;
    bool there;

    set_deadline(&until, deadline_ms);
    pthread_mutex_lock(&o->lock);
    while (!o->view.books.held && !o->stop && hf_clock_mono_ms() < deadline_ms)
        pthread_cond_timedwait(&o->answered, &o->lock, &until);
    there = o->view.books.held && !o->stop;
    pthread_mutex_unlock(&o->lock);
    return there;
}

int
hf_owner_lease(struct hf_owner *o, size_t max_bytes, int64_t wait_ms, struct hf_lease *ret_lease,
               struct hf_buf *lines, struct hf_error *err)
{
    int64_t deadline = hf_clock_mono_ms() + wait_ms;
    int rc;

    do {
        struct command c = {
            .kind = COMMAND_LEASE, .max_bytes = max_bytes, .lease = ret_lease, .lines = lines};

        rc = submit(o, &o->leases, &c, err);
    } while (rc == 0 && wait_for_records(o, deadline));
    return rc;
}

void
hf_owner_configure(struct hf_owner *o, const struct hf_owner_settings *settings)
{
    pthread_mutex_lock(&o->lock);
    o->settings = *settings;
    pthread_cond_signal(&o->work);
    pthread_mutex_unlock(&o->lock);
}

void
hf_owner_look(struct hf_owner *o, struct hf_owner_view *ret_view)
{
    pthread_mutex_lock(&o->lock);
    *ret_view = o->view;
    ret_view->settings = o->settings;
    ret_view->waiting = o->writes.records;
    ret_view->oldest_wait_ms = o->writes.head ? hf_clock_mono_ms() - o->writes.head->since_ms : 0;
    pthread_mutex_unlock(&o->lock);
}
