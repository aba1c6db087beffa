// SPDX-License-Identifier: Apache-2.0
#include "forwarder/circuit.h"

void
hf_circuit_success(struct hf_circuit *c)
{
    *c = (struct hf_circuit){.state = HF_CIRCUIT_CLOSED};
}

void
hf_circuit_answered(struct hf_circuit *c)
{
    if (!c->refused)
        c->state = HF_CIRCUIT_CLOSED;
}

int64_t
hf_circuit_failure(struct hf_circuit *c, bool refused, int64_t retry_after_s, int64_t now_ms,
                   uint32_t random)
{
    struct hf_backoff backoff = {
        .first_ms = refused ? HF_CIRCUIT_REFUSED_FIRST_MS : HF_CIRCUIT_FIRST_MS,
        .cap_ms = refused ? HF_CIRCUIT_REFUSED_CAP_MS : HF_CIRCUIT_CAP_MS,
        .attempt = c->attempt,
    };
    int64_t wait_ms = hf_backoff_fail(&backoff, random);

    if (retry_after_s > HF_CIRCUIT_RETRY_AFTER_MAX_S)
        retry_after_s = HF_CIRCUIT_RETRY_AFTER_MAX_S;
    if (retry_after_s * 1000 > wait_ms)
        wait_ms = retry_after_s * 1000;
    c->state = HF_CIRCUIT_OPEN;
    c->refused = refused;
    c->attempt = backoff.attempt;
    c->next_ms = now_ms + wait_ms;
    return wait_ms;
}

bool
hf_circuit_ready(struct hf_circuit *c, int64_t now_ms)
{
    if (c->state == HF_CIRCUIT_OPEN && now_ms >= c->next_ms)
        c->state = HF_CIRCUIT_HALF_OPEN;
    return c->state != HF_CIRCUIT_OPEN;
}

void
hf_circuit_again(struct hf_circuit *c, int64_t now_ms)
{
    c->attempt = 0;
    c->next_ms = now_ms;
}
