// SPDX-License-Identifier: Apache-2.0
#include "update/parts.h"

#include "base/log.h"
#include "base/text.h"

#include <errno.h>
#include <string.h>
#include <time.h>

enum { AGAIN_FIRST_S = 2, AGAIN_MOST_S = 60 };

/* ---- effects ---- */

static int
install(struct update *u, struct hf_error *err)
{
    char path[UPDATE_PATH_SIZE];

    update_path(u, UPDATE_NEW, path);
    if (update_install(u, path, err) < 0 || update_restart(err) < 0)
        return -1;
    u->started_here = true;
    return 0;
}

/* Its holdfastd is started when it is written that it was put back, for it to read why. */
static int
put_back(struct update *u, struct hf_error *err)
{
    char path[UPDATE_PATH_SIZE];

    update_path(u, UPDATE_OLD, path);
    return update_install(u, path, err);
}

/* The old package stays, for people. */
static int
conclude(struct update *u, struct hf_error *err)
{
    char path[UPDATE_PATH_SIZE];

    update_path(u, UPDATE_NEW, path);
    if (u->progress.state == HF_DAEMON_PUT_BACK && access(path, F_OK) == 0 &&
        update_restart(err) < 0)
        return -1;
    (void)unlink(path);
    return 0;
}

static int
carry_out(struct update *u, struct hf_error *err)
{
    switch (update_effect_of(u->progress.state)) {
    case UPDATE_CHECK:
        return update_check(u, err);
    case UPDATE_INSTALL:
        return install(u, err);
    case UPDATE_AWAIT:
        return update_await(u, err);
    case UPDATE_RETURN:
        return put_back(u, err);
    case UPDATE_CONCLUDE:
        return conclude(u, err);
    case UPDATE_NOTHING:
        break;
    }
    return 0;
}

/* ---- moves ---- */

/* Why it goes back stays, whatever goes wrong on the way. */
static void
keep_reason(struct update *u, const struct hf_error *why)
{
    struct hf_daemon_progress *p = &u->progress;

    if (p->state == HF_DAEMON_RETURNING)
        return;
    hf_text_put(p->reason, sizeof p->reason, "%s", why->message);
    hf_text_whole(p->reason);
}

static int
move(struct update *u, enum update_event event, struct hf_error *err)
{
    struct hf_daemon_progress next = u->progress;

    next.state = update_next(next.state, event);
    if (next.state == u->progress.state)
        return 0;
    if (update_save(u, &next, err) < 0)
        return -1;
    u->progress = next;
    hf_log_info("event=%s operation=%s from=%s to=%s reason=\"%s\"",
                hf_daemon_state_name(next.state), next.operation, next.from, next.to, next.reason);
    return 0;
}

static void
wait_before_again(unsigned failures)
{
    unsigned s = AGAIN_FIRST_S;

    while (failures-- > 1 && s < AGAIN_MOST_S)
        s *= 2;
    (void)nanosleep(&(struct timespec){.tv_sec = s < AGAIN_MOST_S ? s : AGAIN_MOST_S}, NULL);
}

/* From what is written to one of the ends, and what is to be done there. */
static void
go_on(struct update *u)
{
    struct hf_error err = {0};
    unsigned failures = 0;

    while (u->progress.state != HF_DAEMON_IDLE && !hf_daemon_ended(u->progress.state)) {
        struct hf_error why = {0};
        bool done = carry_out(u, &why) == 0;

        if (!done) {
            hf_log_warn("event=failed state=%s error=\"%s\"",
                        hf_daemon_state_name(u->progress.state), why.message);
            keep_reason(u, &why);
        }
        if (!done && u->progress.state == HF_DAEMON_RETURNING)
            wait_before_again(++failures);
        /* Where it cannot be written, nothing has happened: the effect once more. */
        while (move(u, done ? UPDATE_DONE : UPDATE_FAILED, &why) < 0) {
            hf_log_error("event=not-written error=\"%s\"", why.message);
            wait_before_again(++failures);
        }
    }
    while (carry_out(u, &err) < 0) {
        hf_log_error("event=not-concluded error=\"%s\"", err.message);
        wait_before_again(++failures);
    }
}

/* ---- what is asked ---- */

/* Whether there is a request that has not been dealt with, and of which operation. One that cannot
 * be read is nobody's. */
static bool
is_asked(const struct update *u, char operation[HF_UPGRADE_OPERATION_SIZE])
{
    bool new;
    HF_AUTO_BUF struct hf_buf text = HF_BUF_INIT(HF_DAEMON_REQUEST_MAX);
    struct hf_daemon_request r;
    struct hf_error err = {0};

    if (update_read(u, HF_DAEMON_REQUEST, &text, &err) < 0 ||
        hf_daemon_request_parse(text.data ? text.data : "", text.len, &r, &err) < 0) {
        if (err.class != HF_ERROR_NOT_FOUND)
            hf_log_warn("event=request-not-read error=\"%s\"", err.message);
        return false;
    }
    new = strcmp(r.operation, u->progress.operation) != 0;
    if (new)
        memcpy(operation, r.operation, HF_UPGRADE_OPERATION_SIZE);
    hf_daemon_request_done(&r);
    return new;
}

/* The unit starts this program anew for as long as there is a request, or a package that nobody
 * knows anything of any more: not at once, again and again, where they cannot be removed. */
static void
leave_nothing_to_do(const struct update *u)
{
    char path[UPDATE_PATH_SIZE];
    bool left;

    update_path(u, UPDATE_NEW, path);
    left = unlink(path) < 0 && errno != ENOENT;
    if (!update_remove_request(u) || left)
        (void)nanosleep(&(struct timespec){.tv_sec = AGAIN_MOST_S}, NULL);
}

void
update_run(const struct update_options *o)
{
    struct update u = {.options = o, .lock_fd = -1};
    struct hf_daemon_progress before;
    struct hf_error err = {0};
    unsigned failures = 0;

    update_load(&u);
    go_on(&u);
    before = u.progress;
    while (is_asked(&u, u.progress.operation)) {
        struct hf_daemon_progress asked = {.state = HF_DAEMON_IDLE};

        memcpy(asked.operation, u.progress.operation, sizeof asked.operation);
        u.progress = asked;
        if (move(&u, UPDATE_ASKED, &err) < 0) { /* it may be withdrawn meanwhile */
            hf_log_error("event=not-written error=\"%s\"", err.message);
            wait_before_again(++failures);
            u.progress = before;
            continue;
        }
        go_on(&u);
        before = u.progress;
    }
    if (u.lock_fd >= 0)
        close(u.lock_fd);
    leave_nothing_to_do(&u);
}
