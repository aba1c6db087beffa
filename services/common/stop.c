// SPDX-License-Identifier: Apache-2.0
#include "common/stop.h"

#include "base/log.h"

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <sys/eventfd.h>
#include <time.h>
#include <unistd.h>

static atomic_bool stopping;
static int stop_fd = -1;

void
hf_stop_now(void)
{
    uint64_t one = 1;

    atomic_store(&stopping, true);
    if (stop_fd >= 0)
        (void)!write(stop_fd, &one, sizeof one);
}

static void *
wait_for_signal(void *arg)
{
    const struct timespec grace = {.tv_sec = HF_STOP_GRACE_MS / 1000,
                                   .tv_nsec = HF_STOP_GRACE_MS % 1000 * 1000000L};
    const sigset_t *set = arg;
    int sig = 0;

    while (sigwait(set, &sig) != 0)
        ;
    hf_log_info("event=stopping signal=%d", sig);
    hf_stop_now();
    nanosleep(&grace, NULL);
    hf_log_warn("event=stopped reason=\"something took longer than %d ms\"", HF_STOP_GRACE_MS);
    _exit(0);
}

int
hf_stop_init(struct hf_error *err)
{
    static sigset_t set;
    pthread_attr_t detached;
    pthread_t thread;
    int rc;

    signal(SIGPIPE, SIG_IGN);
    stop_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    if (stop_fd < 0)
        return hf_error_errno(err, errno, "cannot make an eventfd");
    sigemptyset(&set);
    sigaddset(&set, SIGTERM);
    sigaddset(&set, SIGINT);
    pthread_sigmask(SIG_BLOCK, &set, NULL);
    pthread_attr_init(&detached);
    pthread_attr_setdetachstate(&detached, PTHREAD_CREATE_DETACHED);
    rc = pthread_create(&thread, &detached, wait_for_signal, &set);
    pthread_attr_destroy(&detached);
    return rc ? hf_error_errno(err, rc, "cannot start the signal thread") : 0;
}

bool
hf_stopping(void)
{
    return atomic_load(&stopping);
}

bool
hf_stop_sleep(int64_t ms)
{
    struct pollfd p = {.fd = stop_fd, .events = POLLIN};

    if (!hf_stopping())
        (void)poll(&p, 1, ms > INT32_MAX ? INT32_MAX : (int)ms);
    return hf_stopping();
}

int
hf_stop_fd(void)
{
    return stop_fd;
}
