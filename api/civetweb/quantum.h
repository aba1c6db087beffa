// SPDX-License-Identifier: Apache-2.0
/*
 * How long civetweb sleeps before it looks whether it is to stop (its SOCKET_TIMEOUT_QUANTUM, which
 * is compiled to a call of hf_quantum_ms). A second is right for the threads that serve; the one
 * that accepts would wake an idle machine for nothing each time. It sleeps longer where its server
 * lets it, and is woken by signals when it is to stop.
 */
#pragma once

#include <stdbool.h>
#include <time.h>

enum {
    HF_QUANTUM_MS = 1000,
    HF_QUANTUM_LONG_MS = 10000 /* a stop that came before the thread was known takes so long */
};

/* Of the calling thread. */
int hf_quantum_ms(void);

/* The calling thread sleeps long from now on; returns its id for hf_quantum_wake(). */
int hf_quantum_lengthen(void);

/* Wakes that thread again and again until hf_quantum_calm(); false where that cannot be. */
bool hf_quantum_wake(int thread, timer_t *ret_timer);
void hf_quantum_calm(timer_t timer);
