// SPDX-License-Identifier: Apache-2.0
#include "update/parts.h"

#include "base/clock.h"
#include "base/text.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <string.h>
#include <sys/wait.h>

enum { LOOK_MS = 50, LAST_MAX = 16 * 1024 };

/* Nothing of what this program was called with: a package's scripts run in it. HOLDFAST_UPDATE:
 * they start no daemon, as that is waited for here. */
static const char *const environment[] = {"PATH=/usr/sbin:/usr/bin:/sbin:/bin",
                                          "LC_ALL=C.UTF-8",
                                          "HOME=/root",
                                          "DEBIAN_FRONTEND=noninteractive",
                                          "DPKG_FRONTEND_LOCKED=1",
                                          "HOLDFAST_UPDATE=1",
                                          NULL};

static int
spawn(const char *const argv[], int out, pid_t *ret_pid)
{
    posix_spawn_file_actions_t actions;
    posix_spawnattr_t attributes;
    int rc;

    posix_spawn_file_actions_init(&actions);
    posix_spawnattr_init(&attributes);
    posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
    posix_spawn_file_actions_adddup2(&actions, out, STDOUT_FILENO);
    posix_spawn_file_actions_adddup2(&actions, out, STDERR_FILENO);
    posix_spawnattr_setpgroup(&attributes, 0);
    posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETPGROUP);
    rc = posix_spawnp(ret_pid, argv[0], &actions, &attributes, (char *const *)(uintptr_t)argv,
                      (char *const *)(uintptr_t)environment);
    posix_spawnattr_destroy(&attributes);
    posix_spawn_file_actions_destroy(&actions);
    return rc;
}

/* What is there; the newest where it is too much. */
static void
take(int fd, struct hf_buf *said)
{
    char data[4096];
    ssize_t n;

    while ((n = read(fd, data, sizeof data)) > 0) {
        if (said->len + (size_t)n > said->max)
            hf_buf_consume(said, said->len + (size_t)n - said->max);
        (void)!hf_buf_add(said, data, (size_t)n, NULL);
    }
}

/* Until the program itself has ended: what it leaves running may hold the pipe. */
static int
attend(pid_t pid, int fd, int64_t most_ms, struct hf_buf *said, struct hf_error *err)
{
    int64_t until_ms = hf_clock_mono_ms() + most_ms;
    struct pollfd p = {.fd = fd, .events = POLLIN};
    int status = 0;
    pid_t ended;

    while ((ended = waitpid(pid, &status, WNOHANG)) == 0) {
        if (hf_clock_mono_ms() >= until_ms) {
            kill(-pid, SIGKILL);
            (void)waitpid(pid, &status, 0);
            return hf_error_set(err, HF_ERROR_TIMEOUT, "it took longer than %lld s",
                                (long long)(most_ms / 1000));
        }
        if (poll(&p, 1, LOOK_MS) > 0 && (p.revents & POLLIN))
            take(fd, said);
        else if (p.revents & POLLHUP)
            p.fd = -1; /* it says no more */
    }
    take(fd, said);
    if (ended == pid && WIFEXITED(status) && WEXITSTATUS(status) == 0)
        return 0;
    return hf_error_set(err, HF_ERROR_CONFLICT, "it ended by %s %d",
                        WIFSIGNALED(status) ? "signal" : "status",
                        WIFSIGNALED(status) ? WTERMSIG(status) : WEXITSTATUS(status));
}

/* dpkg's last lines name the files that went wrong; what went wrong stands in the last that begins
 * otherwise. */
static const char *
last_line(struct hf_buf *said)
{
    const char *found = "";
    char *next = NULL;

    for (char *line = said->data; line; line = next) {
        next = strchr(line, '\n');
        if (next)
            *next++ = '\0';
        line += strspn(line, " \t");
        if (*line && strncmp(line, "/var/lib/holdfast-update/", 25) != 0 &&
            strncmp(line, "Errors were encountered", 23) != 0 && strcmp(line, "holdfast") != 0)
            found = line;
    }
    return found;
}

int
update_call(const char *const argv[], int64_t most_ms, struct hf_buf *out, struct hf_error *err)
{
    HF_AUTO_BUF struct hf_buf said = HF_BUF_INIT(LAST_MAX);
    HF_AUTO_CLOSE int from = -1;
    int pair[2], rc;
    pid_t pid;

    if (pipe2(pair, O_CLOEXEC) < 0)
        return hf_error_errno(err, errno, "cannot make a pipe");
    from = pair[0];
    (void)fcntl(from, F_SETFL, O_NONBLOCK);
    rc = spawn(argv, pair[1], &pid);
    close(pair[1]);
    if (rc != 0)
        return hf_error_errno(err, rc, "cannot start %s", argv[0]);
    rc = attend(pid, from, most_ms, &said, err);
    if (rc == 0)
        return out ? hf_buf_add(out, said.data ? said.data : "", said.len, err) : 0;
    if (said.data)
        hf_error_wrap(err, "%.200s", last_line(&said));
    return hf_error_wrap(err, "%s", argv[0]);
}
