// SPDX-License-Identifier: Apache-2.0
#include "forwarder/worker_private.h"

#include "base/log.h"
#include "base/text.h"

#include <stdio.h>
#include <string.h>

enum {
    REASON_MAX = 160,            /* of what the sink said, in what is shown */
    TOPICS = 64,                 /* of a batch that are told apart in search of a witness */
    REFERENCE_BYTES = 64 * 1024, /* a longer line is not kept, a longer batch not opened for it */
};

/* What came of asking the sink for something else. */
enum verdict {
    NOTHING, /* there was nothing else */
    REFUSES, /* that was refused as well */
    TAKES,
    AWAY, /* no answer to judge by: its circuit is open */
};

/* Of two questions. */
static enum verdict
more_of(enum verdict a, enum verdict b)
{
    return a > b ? a : b;
}

/* repeat: it took that line before. */
static enum verdict
ask(struct hf_worker *w, struct hf_job *of, struct hf_leased *b, size_t line, bool repeat)
{
    struct hf_sink_result r;

    if (!hf_worker_pace(w))
        return AWAY;
    hf_worker_send(w, b, line, line + 1, &r);
    if (hf_worker_quits(w))
        return AWAY;
    if (r.stored) {
        hf_worker_count_taken(w, repeat ? 0 : 1);
        hf_worker_took(w, b, &r);
        return TAKES;
    }
    if (r.outcome == HF_OUTCOME_POISON || r.outcome == HF_OUTCOME_SPLIT)
        return REFUSES;
    hf_worker_fail(w, of, &r, r.outcome == HF_OUTCOME_REFUSED);
    return AWAY;
}

struct topics {
    struct hf_slice seen[TOPICS];
    size_t count;
};

static bool
begins_topic(struct topics *t, struct hf_slice topic)
{
    size_t i = 0;

    while (i < t->count &&
           (t->seen[i].len != topic.len || memcmp(t->seen[i].data, topic.data, topic.len) != 0))
        i++;
    if (i < t->count)
        return false;
    t->seen[t->count++] = topic;
    return true;
}

/* The furthest line from `from` on that begins a topic: it overtakes none of its own, so order
 * stays. The topics are of the batch's memory. */
static int64_t
find_beginning(struct hf_leased *b, size_t from, struct topics *t)
{
    int64_t found = HF_NO_LINE;
    struct hf_slice line;
    struct hf_view v;

    for (size_t i = from; i < b->count && t->count < TOPICS; i++) {
        if (hf_leased_lines(b, i, i + 1, &line, NULL) < 0 ||
            hf_view_parse(line.data, line.len, &v, NULL) < 0)
            return HF_NO_LINE;
        if (begins_topic(t, v.topic))
            found = (int64_t)i;
    }
    return found;
}

static int64_t
find_ahead(struct hf_job *j)
{
    struct topics topics = {.count = 0};
    int64_t found = find_beginning(&j->batch, j->bisect.at, &topics);

    return found > (int64_t)j->bisect.at ? found : HF_NO_LINE;
}

static enum verdict
ask_ahead(struct hf_worker *w, struct hf_job *j)
{
    enum verdict said;
    int64_t line;

    if (j->fixed || j->ahead >= (int64_t)j->bisect.at) /* one at a time */
        return NOTHING;
    line = find_ahead(j);
    if (line == HF_NO_LINE)
        return NOTHING;
    said = ask(w, j, &j->batch, (size_t)line, false);
    if (said == TAKES)
        j->ahead = j->newest = line;
    return said;
}

/* The next line of the lease that an alarm overtakes. */
static enum verdict
ask_overtaken(struct hf_worker *w)
{
    struct hf_job *other = &w->job;
    uint64_t before = w->taken;
    enum verdict said;
    size_t from, to;
    bool going;

    if (!hf_worker_next(other, &from, &to))
        return NOTHING;
    said = ask_ahead(w, other);
    if (said >= TAKES)
        return said;
    if (!other->fixed)
        hf_bisect_cut(&other->bisect, from + 1);
    w->searching = true;
    going = hf_worker_pace(w) && hf_worker_send_next(w, other);
    w->searching = false;
    if (!going || w->circuit.state == HF_CIRCUIT_OPEN)
        return AWAY;
    return w->taken != before ? TAKES : REFUSES;
}

/* Where nothing is taken the lease is left as it is: it comes again in its turn. */
static enum verdict
ask_lane(struct hf_worker *w, const char *lane)
{
    struct hf_job *other = &w->alarm;
    int rc = hf_worker_lease(w, other, lane, HF_WORKER_PROBE_BYTES, 0);
    enum verdict said;

    if (rc <= 0)
        return rc < 0 ? AWAY : NOTHING;
    said = ask(w, other, &other->batch, 0, false);
    if (said == TAKES) {
        hf_bisect_cut(&other->bisect, 1);
        hf_bisect_pass(&other->bisect, 1);
        other->newest = 0;
    } else if (said == REFUSES) {
        said = more_of(said, ask_ahead(w, other));
    }
    if (said == TAKES)
        (void)hf_worker_deliver(w, other);
    other->held = false;
    return said;
}

static enum verdict
ask_lanes(struct hf_worker *w, const struct hf_job *j)
{
    enum verdict said = NOTHING;

    for (size_t i = 0; i < HF_WORKER_LANES && said < TAKES && !hf_worker_quits(w); i++)
        if (strcmp(j->batch.lane, hf_worker_lanes[i]) != 0 &&
            !hf_worker_is_unacked(w, hf_worker_lanes[i]))
            said = more_of(said, ask_lane(w, hf_worker_lanes[i]));
    return said;
}

/* What it took before, once more under the same key. */
static enum verdict
ask_repeat(struct hf_worker *w, struct hf_job *j)
{
    size_t suspects = hf_suspects_count(&j->suspects, w->taken);
    enum verdict said = NOTHING;

    if (w->on_repeats + suspects > HF_SUSPECTS_ON_REPEATS)
        return NOTHING;
    if (j->newest != HF_NO_LINE)
        said = ask(w, j, &j->batch, (size_t)j->newest, true);
    else if (j == &w->alarm && w->job.newest != HF_NO_LINE)
        said = ask(w, j, &w->job.batch, (size_t)w->job.newest, true);
    else if (w->reference.count)
        said = ask(w, j, &w->reference, 0, true);
    if (said == TAKES)
        w->on_repeats += suspects;
    return said;
}

/* What came behind the lease, which would else never be seen while all of this is refused. It comes
 * again in its turn: the sink has it twice then. */
static enum verdict
ask_behind(struct hf_worker *w, struct hf_job *j)
{
    struct topics topics = {.count = 0};
    struct hf_leased behind;
    struct hf_error err;
    enum verdict said = NOTHING;
    int64_t line;

    if (hf_leased_init(&behind, &err) < 0)
        return NOTHING;
    (void)find_beginning(&j->batch, j->bisect.at, &topics);
    if (hf_source_peek(w->source, j->batch.lane, &behind, &err) > 0 &&
        (line = find_beginning(&behind, 0, &topics)) != HF_NO_LINE)
        said = ask(w, j, &behind, (size_t)line, false);
    hf_leased_done(&behind);
    return said;
}

static enum verdict
ask_others(struct hf_worker *w, struct hf_job *j)
{
    enum verdict said = ask_ahead(w, j);

    if (said < TAKES)
        said = more_of(said, j == &w->alarm ? ask_overtaken(w) : ask_lanes(w, j));
    if (said < TAKES)
        said = more_of(said, ask_repeat(w, j));
    if (said < TAKES)
        said = more_of(said, ask_behind(w, j));
    return said;
}

/* The suspects go again, in their order; what is settled before them stays so. */
static void
blame_sink(struct hf_worker *w, struct hf_job *j, size_t suspects)
{
    const struct hf_refusal *first = &j->refusals.items[j->cleared];
    struct hf_sink_result r = {.outcome = HF_OUTCOME_REFUSED, .status = first->status};

    snprintf(r.error, sizeof r.error, "nothing that was tried is taken (%zu records refused): %.*s",
             suspects, REASON_MAX, first->reason);
    hf_text_whole(r.error);
    hf_refusals_cut(&j->refusals, j->cleared);
    hf_bisect_back(&j->bisect, j->suspects.first);
    hf_suspects_clear(&j->suspects);
    w->blamed++;
    hf_worker_fail(w, j, &r, true);
}

void
hf_worker_clear_up(struct hf_worker *w, struct hf_job *j)
{
    size_t suspects = hf_suspects_count(&j->suspects, w->taken);
    enum verdict said;

    said = ask_others(w, j);
    if (said == AWAY || hf_worker_quits(w))
        return;
    if (said == TAKES) {
        hf_log_debug("event=sink-takes-others sink=%s lane=%s epoch=%s refused=%zu",
                     w->settings.name, j->batch.lane, j->batch.epoch, suspects);
        hf_suspects_clear(&j->suspects);
        return;
    }
    blame_sink(w, j, suspects);
}

void
hf_worker_keep_reference(struct hf_worker *w, struct hf_job *j)
{
    struct hf_leased *b = &j->batch;

    if (j->newest == HF_NO_LINE)
        return;
    /* While a backlog drains there is always something further on. */
    if ((b->more && !b->indexed && b->raw_bytes > REFERENCE_BYTES) ||
        hf_leased_single(&w->reference, b, (size_t)j->newest, NULL) < 0 ||
        w->reference.raw_bytes > REFERENCE_BYTES) {
        w->reference.count = 0;
        hf_leased_rest(&w->reference);
    }
}
