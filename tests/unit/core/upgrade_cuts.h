// SPDX-License-Identifier: Apache-2.0
/*
 * Power goes between any two effects of an upgrade. The list of points is what an upgrade itself
 * makes: the calls of the engine that change something, until one of a number there is none of.
 */
#pragma once

#include "upgradekit.h"

/* What dies at a call of the engine that changes something. */
enum cut {
    CUT_BOTH_BEFORE, /* holdfastd and the engine, before it is carried out */
    CUT_BOTH_AFTER,  /* … when it has been, and nobody heard of it */
    CUT_ENGINE_AFTER,
    CUT_COUNT
};

static inline bool
is_cut_or_settled(struct box *b, const struct hf_snapshot *s)
{
    bool away;

    FAKE_LOCKED(&b->engine, away = b->engine.away);
    return away ? s->gateway.engine.state != HF_ENGINE_OK : is_settled(s);
}

/* Whether there was such a call. */
static inline bool
cut_at(struct box *b, unsigned at, enum cut cut, const char *id)
{
    bool away;

    FAKE_LOCKED(&b->engine, {
        b->engine.no_images = true; /* so that fetching is a call too */
        b->engine.changes = 0;
        b->engine.dies_at = at;
        b->engine.dies_after = cut != CUT_BOTH_BEFORE;
    });
    if (id)
        apply(b, id);
    else
        roll_back(b);
    wait_in(b, is_cut_or_settled);
    if (cut != CUT_ENGINE_AFTER)
        end(b);
    FAKE_LOCKED(&b->engine, {
        away = b->engine.away;
        b->engine.away = false;
        b->engine.dies_at = 0;
    });
    if (cut != CUT_ENGINE_AFTER)
        start_with(b, NULL);
    return away;
}
