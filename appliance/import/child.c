// SPDX-License-Identifier: Apache-2.0
#include "import/child.h"

#include "base/clock.h"
#include "json/json.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <string.h>
#include <sys/wait.h>

enum {
    LOOK_MS = 200,
    SILENCE_MS = 600 * 1000, /* it tries again by itself, and gives up long before */
    SAID_MAX = 4096
};

/* ---- start ---- */

static int
make_pipes(int in[2], int out[2], int err_pipe[2], struct hf_error *err)
{
    if (pipe2(in, O_CLOEXEC) < 0 || pipe2(out, O_CLOEXEC) < 0 || pipe2(err_pipe, O_CLOEXEC) < 0)
        return hf_error_errno(err, errno, "cannot make a pipe");
    return 0;
}

static void
close_pair(int pair[2])
{
    for (int i = 0; i < 2; i++)
        if (pair[i] >= 0)
            close(pair[i]);
}

static void
take_end(int pair[2], int i, int *ret)
{
    *ret = pair[i];
    pair[i] = -1;
}

/* With signals as a program expects them: holdfastd blocks and ignores some. */
static int
spawn(const char *program, const int in[2], const int out[2], const int err_pipe[2], pid_t *ret_pid)
{
    char *argv[] = {(char *)(uintptr_t)program, NULL};
    posix_spawn_file_actions_t actions;
    posix_spawnattr_t attributes;
    sigset_t none, pipe_set;
    int rc;

    sigemptyset(&none);
    sigemptyset(&pipe_set);
    sigaddset(&pipe_set, SIGPIPE);
    posix_spawn_file_actions_init(&actions);
    posix_spawnattr_init(&attributes);
    posix_spawn_file_actions_adddup2(&actions, in[0], STDIN_FILENO);
    posix_spawn_file_actions_adddup2(&actions, out[1], STDOUT_FILENO);
    posix_spawn_file_actions_adddup2(&actions, err_pipe[1], STDERR_FILENO);
    posix_spawnattr_setsigmask(&attributes, &none);
    posix_spawnattr_setsigdefault(&attributes, &pipe_set);
    posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
    rc = posix_spawn(ret_pid, program, &actions, &attributes, argv, environ);
    posix_spawnattr_destroy(&attributes);
    posix_spawn_file_actions_destroy(&actions);
    return rc;
}

/* Fits into the pipe, so nobody is waited for; a program that does not read it will say why. */
static void
ask(int fd, const char *request, size_t len)
{
    while (len > 0) {
        ssize_t n = write(fd, request, len);

        if (n < 0 && errno != EINTR)
            return;
        if (n > 0) {
            request += n;
            len -= (size_t)n;
        }
    }
}

static int
start(struct hf_child *c, const char *program, const char *request, size_t len, int pipes[3][2],
      struct hf_error *err)
{
    int rc;

    if (make_pipes(pipes[0], pipes[1], pipes[2], err) < 0)
        return -1;
    rc = spawn(program, pipes[0], pipes[1], pipes[2], &c->pid);
    if (rc != 0) {
        c->pid = 0;
        hf_error_errno(err, rc, "cannot start %s", program);
        if (err) /* no image is missing */
            err->class = HF_ERROR_UNAVAILABLE;
        return -1;
    }
    ask(pipes[0][1], request, len);
    take_end(pipes[1], 0, &c->out);
    take_end(pipes[2], 0, &c->err);
    return 0;
}

int
hf_child_start(struct hf_child *c, const char *program, const char *request, size_t len,
               const struct hf_import_watch *watch, struct hf_error *err)
{
    int pipes[3][2] = {{-1, -1}, {-1, -1}, {-1, -1}};
    int rc;

    *c = (struct hf_child){.out = -1, .err = -1, .watch = watch};
    if (len > HF_CHILD_REQUEST_MAX)
        return hf_error_set(err, HF_ERROR_TOO_LARGE, "the settings of the registry are too long");
    rc = start(c, program, request, len, pipes, err);
    for (int i = 0; i < 3; i++)
        close_pair(pipes[i]);
    return rc;
}

/* ---- what it says ---- */

static int
wait_for(const struct hf_child *c, int fd, struct hf_error *err)
{
    int64_t end_ms = hf_clock_mono_ms() + SILENCE_MS;
    struct pollfd p = {.fd = fd, .events = POLLIN};

    for (;;) {
        int rc = poll(&p, 1, LOOK_MS);

        if (rc > 0)
            return 0;
        if (rc < 0 && errno != EINTR)
            return hf_error_errno(err, errno, "cannot wait for what is fetched");
        if (c->watch->cancelled && c->watch->cancelled(c->watch->context))
            return hf_error_set(err, HF_ERROR_UNAVAILABLE, "the import was cancelled");
        if (hf_clock_mono_ms() >= end_ms)
            return hf_error_set(err, HF_ERROR_TIMEOUT, "the registry said nothing for %d s",
                                SILENCE_MS / 1000);
    }
}

static int
read_from(const struct hf_child *c, int fd, char *out, size_t size, size_t *ret_len,
          struct hf_error *err)
{
    ssize_t n;

    do {
        if (wait_for(c, fd, err) < 0)
            return -1;
        n = read(fd, out, size);
    } while (n < 0 && errno == EINTR);
    if (n < 0)
        return hf_error_errno(err, errno, "cannot read what is fetched");
    *ret_len = (size_t)n;
    return 0;
}

static enum hf_error_class
class_of(int64_t status)
{
    for (int i = HF_ERROR_NONE + 1; i < HF_ERROR_CLASS_COUNT; i++)
        if (hf_error_http_status((enum hf_error_class)i) == status)
            return (enum hf_error_class)i;
    return HF_ERROR_UPSTREAM;
}

static int
read_reason(const struct hf_child *c, int status, struct hf_error *err)
{
    HF_AUTO_BUF struct hf_buf text = HF_BUF_INIT(SAID_MAX);
    HF_AUTO(hf_json) struct hf_json *doc = NULL;
    const char *message = NULL;
    char data[1024];
    size_t len = 0;

    do {
        if (read_from(c, c->err, data, sizeof data, &len, err) < 0)
            return -1;
    } while (len > 0 && hf_buf_add(&text, data, len, NULL) == 0);
    if (text.data && hf_json_parse(text.data, text.len, &doc, NULL) == 0)
        message = hf_json_string(doc, "message");
    if (message)
        return hf_error_set(err, class_of(hf_json_int(doc, "status", 0)), "%.400s", message);
    return hf_error_set(err, HF_ERROR_INTERNAL, "holdfast-fetch ended by %s %d",
                        WIFSIGNALED(status) ? "signal" : "status",
                        WIFSIGNALED(status) ? WTERMSIG(status) : WEXITSTATUS(status));
}

static int
reap(struct hf_child *c)
{
    int status = 0;

    while (waitpid(c->pid, &status, 0) < 0 && errno == EINTR)
        continue;
    c->pid = 0;
    return status;
}

int
hf_child_read(struct hf_child *c, char *out, size_t size, size_t *ret_len, struct hf_error *err)
{
    int status;

    *ret_len = 0;
    if (!c->pid)
        return 0;
    if (read_from(c, c->out, out, size, ret_len, err) < 0)
        return -1;
    if (*ret_len > 0)
        return 0;
    status = reap(c); /* its end has come: it says no more */
    return WIFEXITED(status) && WEXITSTATUS(status) == 0 ? 0 : read_reason(c, status, err);
}

void
hf_child_end(struct hf_child *c)
{
    if (c->pid) {
        kill(c->pid, SIGKILL);
        (void)reap(c);
    }
    if (c->out >= 0)
        close(c->out);
    if (c->err >= 0)
        close(c->err);
    c->out = c->err = -1;
}
