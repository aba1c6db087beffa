// SPDX-License-Identifier: Apache-2.0
#include "quantum.h"

#include <signal.h>
#include <unistd.h>

#ifndef sigev_notify_thread_id
#define sigev_notify_thread_id _sigev_un._tid
#endif

enum {
    WAKE_SIGNAL = SIGURG, /* nobody else's here, and ignored where it is not handled */
    WAKE_EVERY_NS = 20 * 1000 * 1000
};

static _Thread_local int quantum_ms = HF_QUANTUM_MS;

static void
do_nothing(int number)
{
    (void)number;
}

int
hf_quantum_ms(void)
{
    return quantum_ms;
}

int
hf_quantum_lengthen(void)
{
    /* Without a handler poll(2) would not end for it. */
    struct sigaction action = {.sa_handler = do_nothing};

    if (sigaction(WAKE_SIGNAL, &action, NULL) == 0)
        quantum_ms = HF_QUANTUM_LONG_MS;
    return gettid();
}

bool
hf_quantum_wake(int thread, timer_t *ret_timer)
{
    struct sigevent event = {.sigev_notify = SIGEV_THREAD_ID, .sigev_signo = WAKE_SIGNAL};
    struct itimerspec often = {.it_value.tv_nsec = 1, .it_interval.tv_nsec = WAKE_EVERY_NS};

    event.sigev_notify_thread_id = thread;
    if (timer_create(CLOCK_MONOTONIC, &event, ret_timer) < 0)
        return false;
    (void)timer_settime(*ret_timer, 0, &often, NULL);
    return true;
}

void
hf_quantum_calm(timer_t timer)
{
    (void)timer_delete(timer);
}
