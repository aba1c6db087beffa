// SPDX-License-Identifier: Apache-2.0
#include "api/refusals.h"

#include "api/handlers.h"
#include "api/server.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/text.h"

#include <string.h>

void
hf_refusals_init(struct hf_refusals *r)
{
    *r = (struct hf_refusals){.lock = PTHREAD_MUTEX_INITIALIZER};
}

void
hf_refusals_done(struct hf_refusals *r)
{
    pthread_mutex_destroy(&r->lock);
}

static bool
is_same(const struct hf_refusal *a, const struct hf_refusal *b)
{
    return a->what == b->what && a->status == b->status && strcmp(a->who, b->who) == 0 &&
           strcmp(a->from, b->from) == 0;
}

/* The place of the same one, a free one, or that of the oldest. */
static struct hf_refusal *
place_of(struct hf_refusals *r, const struct hf_refusal *one)
{
    struct hf_refusal *place = &r->newest[0];

    for (size_t i = 0; i < HF_REFUSALS_MAX; i++) {
        struct hf_refusal *have = &r->newest[i];

        if (is_same(have, one))
            return have;
        if (place->what && (!have->what || have->at_ms < place->at_ms))
            place = have;
    }
    return place;
}

static bool
tell(struct hf_refusals *r, const struct hf_refusal *one)
{
    struct hf_refusal *place = place_of(r, one);
    int64_t spent = r->spent_until_ms > one->at_ms ? r->spent_until_ms : one->at_ms;

    if (is_same(place, one) && one->at_ms - place->at_ms < HF_REFUSALS_AGAIN_MS)
        return false;
    if (spent - one->at_ms >= (int64_t)HF_REFUSALS_MAX * HF_REFUSALS_APART_MS)
        return false;
    r->spent_until_ms = spent + HF_REFUSALS_APART_MS;
    *place = *one;
    return true;
}

bool
hf_refusals_tell(struct hf_refusals *r, const struct hf_refusal *one)
{
    bool told;

    pthread_mutex_lock(&r->lock);
    told = tell(r, one);
    pthread_mutex_unlock(&r->lock);
    return told;
}

/* DONE for what is none of them. */
static enum hf_audit_result
result_of(const struct hf_route *route, const struct hf_error *why)
{
    /* Each wrong password is in the log already: guesses are slowed down. */
    bool is_guess = route->handler == hf_handle_reauth || route->handler == hf_handle_password;

    if (hf_error_http_status(why->class) >= 500)
        return HF_AUDIT_FAILED;
    if (why->class == HF_ERROR_CONFLICT || (why->class == HF_ERROR_FORBIDDEN && !is_guess))
        return HF_AUDIT_REFUSED;
    return HF_AUDIT_DONE;
}

void
hf_refusals_note(struct hf_exchange *x, const struct hf_route *route, const struct hf_error *why)
{
    struct hf_refusal one = {
        .what = route, .status = hf_error_http_status(why->class), .at_ms = hf_clock_mono_ms()};
    char what[HF_TEXT_SIZE];
    const struct hf_audit_note note = {.who = x->session.user,
                                       .what = what,
                                       .result = result_of(route, why),
                                       .status = one.status};
    struct hf_error err;

    if (route->method == HF_METHOD_GET || !x->session.user[0] || note.result == HF_AUDIT_DONE)
        return;
    hf_text_put(one.who, sizeof one.who, "%s", x->session.user);
    hf_text_put(one.from, sizeof one.from, "%s", x->peer);
    if (!hf_refusals_tell(&x->api->refusals, &one))
        return;
    hf_text_put(what, sizeof what, "tried, as %s, %s %s: %s", hf_role_name(x->session.role),
                x->method, x->path, why->message);
    hf_text_whole(what);
    if (hf_core_audit_note(x->api->config->core, &note, &err) < 0)
        hf_log_error("event=audit-not-kept error=\"%s\"", err.message);
}
