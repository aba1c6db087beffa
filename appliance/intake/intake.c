// SPDX-License-Identifier: Apache-2.0
#include "intake/intake.h"

#include "base/clock.h"
#include "base/text.h"
#include "intake/parts.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

enum { STACK_BYTES = 256 * 1024, JOIN_MS = 2000 };

const char *
hf_intake_state_name(enum hf_intake_state s)
{
    static const char *const names[HF_INTAKE_STATE_COUNT] = {"none", "head", "images", "done",
                                                             "failed"};

    return names[s];
}

int
hf_intake_new(const struct hf_intake_config *config, struct hf_intake **ret_intake,
              struct hf_error *err)
{
    struct hf_intake *in = calloc(1, sizeof *in);
    pthread_condattr_t monotonic;

    if (!in)
        return hf_error_nomem(err);
    in->config = *config;
    in->fd = -1;
    pthread_mutex_init(&in->lock, NULL);
    pthread_condattr_init(&monotonic);
    pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
    pthread_cond_init(&in->changed, &monotonic);
    pthread_condattr_destroy(&monotonic);
    *ret_intake = in;
    return 0;
}

/* ---- begin ---- */

/* With the lock held; the thread of the one before has said its last word. */
static void
forget_the_last(struct hf_intake *in)
{
    if (in->has_thread)
        pthread_join(in->thread, NULL);
    in->has_thread = false;
    free(in->pipe.ring);
    in->view = (struct hf_intake_view){.state = HF_INTAKE_NONE};
    in->pipe = (struct hf_intake_pipe){.last_ms = hf_clock_mono_ms()};
    in->given_up_by[0] = '\0';
    in->fd = -1;
}

static int
check_free(const struct hf_intake *in, struct hf_error *err)
{
    if (in->stopped)
        return hf_error_set(err, HF_ERROR_UNAVAILABLE, "holdfastd is about to end");
    if (in->active || in->writing)
        return hf_error_set(err, HF_ERROR_CONFLICT,
                            "a bundle of %s is on its way: wait for its end, or give it up",
                            in->view.actor);
    return 0;
}

static int
start(struct hf_intake *in, uint64_t length, const char *actor, struct hf_error *err)
{
    struct hf_intake_view view = {
        .state = HF_INTAKE_HEAD, .length = length, .started_ms = hf_clock_wall_ms()};
    pthread_attr_t attr;
    int rc;

    hf_text_put(view.actor, sizeof view.actor, "%s", actor);
    pthread_attr_init(&attr);
    pthread_attr_setstacksize(&attr, STACK_BYTES);
    rc = pthread_create(&in->thread, &attr, hf_intake_work, in);
    pthread_attr_destroy(&attr);
    if (rc != 0)
        return hf_error_errno(err, rc, "cannot start a thread");
    in->view = view;
    in->has_thread = in->active = true;
    return 0;
}

static int
begin_locked(struct hf_intake *in, uint64_t length, int fd, const char *actor, struct hf_error *err)
{
    if (check_free(in, err) < 0)
        return -1;
    if (length > HF_INTAKE_BYTES_MAX)
        return hf_error_set(err, HF_ERROR_TOO_LARGE, "a bundle may have at most %llu GiB",
                            (unsigned long long)(HF_INTAKE_BYTES_MAX >> 30));
    forget_the_last(in);
    in->fd = fd;
    if (fd < 0 && !(in->pipe.ring = malloc(HF_INTAKE_PIPE_BYTES)))
        return hf_error_nomem(err);
    return start(in, length, actor, err);
}

int
hf_intake_begin(struct hf_intake *in, uint64_t length, const char *actor, struct hf_error *err)
{
    int rc;

    pthread_mutex_lock(&in->lock);
    rc = begin_locked(in, length, -1, actor, err);
    pthread_mutex_unlock(&in->lock);
    return rc;
}

static int
check_file(int fd, const char *path, uint64_t *ret_length, struct hf_error *err)
{
    struct stat s;

    if (fstat(fd, &s) < 0)
        return hf_error_errno(err, errno, "cannot read '%s'", path);
    if (!S_ISREG(s.st_mode))
        return hf_error_set(err, HF_ERROR_INVALID, "'%s' is no file", path);
    *ret_length = (uint64_t)s.st_size;
    return 0;
}

/* A medium comes from outside: nothing on it but a plain file is opened, and none is waited for. */
static int
open_file(const char *path, int *ret_fd, uint64_t *ret_length, struct hf_error *err)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);

    if (fd < 0)
        return hf_error_errno(err, errno, "cannot read '%s'", path);
    if (check_file(fd, path, ret_length, err) < 0) {
        close(fd);
        return -1;
    }
    *ret_fd = fd;
    return 0;
}

int
hf_intake_begin_file(struct hf_intake *in, const char *path, const char *actor,
                     struct hf_error *err)
{
    uint64_t length = 0;
    int fd = -1, rc;

    if (open_file(path, &fd, &length, err) < 0)
        return -1;
    pthread_mutex_lock(&in->lock);
    rc = begin_locked(in, length, fd, actor, err);
    pthread_mutex_unlock(&in->lock);
    if (rc < 0)
        close(fd);
    return rc;
}

/* ---- end ---- */

int
hf_intake_cancel(struct hf_intake *in, const char *actor, struct hf_error *err)
{
    int rc = 0;

    pthread_mutex_lock(&in->lock);
    if (!in->active)
        rc = hf_error_set(err, HF_ERROR_NOT_FOUND, "no bundle is on its way");
    else
        hf_text_put(in->given_up_by, sizeof in->given_up_by, "%s", actor);
    pthread_cond_broadcast(&in->changed);
    while (rc == 0 && in->active)
        pthread_cond_wait(&in->changed, &in->lock);
    pthread_mutex_unlock(&in->lock);
    return rc;
}

void
hf_intake_stop(struct hf_intake *in)
{
    if (!in)
        return;
    pthread_mutex_lock(&in->lock);
    in->stopped = true;
    pthread_cond_broadcast(&in->changed);
    pthread_mutex_unlock(&in->lock);
}

static bool
join(struct hf_intake *in)
{
    struct timespec until;

    if (!in->has_thread)
        return true;
    clock_gettime(CLOCK_REALTIME, &until);
    until.tv_sec += JOIN_MS / 1000;
    return pthread_timedjoin_np(in->thread, NULL, &until) == 0;
}

bool
hf_intake_free(struct hf_intake *in)
{
    if (!in)
        return true;
    if (!join(in))
        return false;
    free(in->pipe.ring);
    pthread_cond_destroy(&in->changed);
    pthread_mutex_destroy(&in->lock);
    free(in);
    return true;
}

void
hf_intake_look(struct hf_intake *in, struct hf_intake_view *ret)
{
    pthread_mutex_lock(&in->lock);
    *ret = in->view;
    ret->offset = hf_intake_offset(in);
    pthread_mutex_unlock(&in->lock);
}
