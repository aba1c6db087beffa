// SPDX-License-Identifier: Apache-2.0
#include "broker/child.h"

#include "base/clock.h"
#include "base/log.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { LINE_MAX_BYTES = 800, STOP_STEP_MS = 10 };

struct hf_child {
    pid_t pid;
    int status;
    bool ended;
    int out; /* our end of its log */
    pthread_t reader;
    bool drained; /* reader is joined */
    atomic_bool ran;
    atomic_bool blames_database;
};

static void
tell(struct hf_child *c, char *line)
{
    for (char *p = line; *p; p++)
        if (*p == '"')
            *p = '\'';
    if (strstr(line, "mosquitto version") && strstr(line, " running"))
        atomic_store(&c->ran, true);
    if (strstr(line, "persistent database") || strstr(line, "restoring persistent"))
        atomic_store(&c->blames_database, true);
    if (strncmp(line, "Error", 5) == 0)
        hf_log_error("source=mosquitto text=\"%s\"", line);
    else
        hf_log_info("source=mosquitto text=\"%s\"", line);
}

/* A line longer than our buffer is told in parts. */
static void *
read_log(void *arg)
{
    struct hf_child *c = arg;
    char buf[LINE_MAX_BYTES + 1];
    size_t len = 0;
    ssize_t n;

    while ((n = read(c->out, buf + len, LINE_MAX_BYTES - len)) > 0 || (n < 0 && errno == EINTR)) {
        char *newline;

        len += n > 0 ? (size_t)n : 0;
        buf[len] = '\0';
        while ((newline = memchr(buf, '\n', len)) || len == LINE_MAX_BYTES) {
            size_t used = newline ? (size_t)(newline - buf) + 1 : len;

            if (newline)
                *newline = '\0';
            tell(c, buf);
            memmove(buf, buf + used, len - used);
            len -= used;
            buf[len] = '\0';
        }
    }
    return NULL;
}

static void
become(const char *program, const char *config, int out, pid_t parent)
{
    sigset_t none;

    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
    signal(SIGPIPE, SIG_DFL);
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (getppid() != parent || dup2(out, STDOUT_FILENO) < 0 || dup2(out, STDERR_FILENO) < 0)
        _exit(127);
    execl(program, program, "-c", config, (char *)NULL);
    dprintf(STDERR_FILENO, "Error: cannot run %s: errno %d\n", program, errno);
    _exit(127);
}

int
hf_child_start(const char *program, const char *config, struct hf_child **ret_child,
               struct hf_error *err)
{
    HF_AUTO(hf_child) struct hf_child *c = calloc(1, sizeof *c);
    pid_t parent = getpid();
    int pipe_fds[2], rc;

    if (!c)
        return hf_error_nomem(err);
    c->out = -1;
    c->ended = true;
    if (pipe2(pipe_fds, O_CLOEXEC) < 0)
        return hf_error_errno(err, errno, "cannot make a pipe");
    c->out = pipe_fds[0];
    c->pid = fork();
    if (c->pid == 0)
        become(program, config, pipe_fds[1], parent);
    close(pipe_fds[1]);
    if (c->pid < 0)
        return hf_error_errno(err, errno, "cannot start '%s'", program);
    c->ended = false;
    rc = pthread_create(&c->reader, NULL, read_log, c);
    if (rc) {
        kill(c->pid, SIGKILL);
        waitpid(c->pid, NULL, 0);
        c->ended = true;
        c->pid = 0;
        return hf_error_errno(err, rc, "cannot start the log thread");
    }
    *ret_child = hf_steal(&c);
    return 0;
}

bool
hf_child_ended(struct hf_child *c, int *ret_status)
{
    int status;
    pid_t pid;

    while (!c->ended && (pid = waitpid(-1, &status, WNOHANG)) > 0) {
        if (pid == c->pid) {
            c->ended = true;
            c->status = status;
        }
    }
    *ret_status = c->status;
    return c->ended;
}

pid_t
hf_child_pid(const struct hf_child *c)
{
    return c->pid;
}

void
hf_child_signal(struct hf_child *c, int sig)
{
    if (!c->ended)
        kill(c->pid, sig);
}

void
hf_child_stop(struct hf_child *c, int grace_ms)
{
    const struct timespec step = {.tv_nsec = STOP_STEP_MS * 1000000L};
    int64_t end = hf_clock_mono_ms() + grace_ms;
    int status;

    hf_child_signal(c, SIGTERM);
    while (!hf_child_ended(c, &status)) {
        if (hf_clock_mono_ms() >= end)
            hf_child_signal(c, SIGKILL);
        nanosleep(&step, NULL);
    }
}

bool
hf_child_ran(const struct hf_child *c)
{
    return atomic_load(&c->ran);
}

static void
drain(struct hf_child *c)
{
    if (c->pid > 0 && !c->drained)
        pthread_join(c->reader, NULL);
    c->drained = true;
}

bool
hf_child_blames_database(struct hf_child *c)
{
    drain(c);
    return atomic_load(&c->blames_database);
}

void
hf_child_free(struct hf_child *c)
{
    if (!c)
        return;
    if (!c->ended)
        hf_child_stop(c, 0);
    drain(c);
    if (c->out >= 0)
        close(c->out);
    free(c);
}
