// SPDX-License-Identifier: Apache-2.0
#include "supervisor/lifecycle_text.h"
#include "supervisor/lifecycle_find.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

static const char *const effect_names[HF_EFFECT_COUNT] = {
    [HF_EFFECT_NONE] = "none",     [HF_EFFECT_PULL] = "pull", [HF_EFFECT_CREATE] = "create",
    [HF_EFFECT_START] = "start",   [HF_EFFECT_STOP] = "stop", [HF_EFFECT_REMOVE] = "remove",
    [HF_EFFECT_UPDATE] = "update",
};

static const enum hf_reason effect_reasons[HF_EFFECT_COUNT] = {
    [HF_EFFECT_NONE] = HF_REASON_NONE,
    [HF_EFFECT_PULL] = HF_REASON_IMAGE_MISSING,
    [HF_EFFECT_CREATE] = HF_REASON_CREATE_FAILED,
    [HF_EFFECT_START] = HF_REASON_START_FAILED,
    [HF_EFFECT_STOP] = HF_REASON_STOP_FAILED,
    [HF_EFFECT_REMOVE] = HF_REASON_REMOVE_FAILED,
    [HF_EFFECT_UPDATE] = HF_REASON_UPDATE_FAILED,
};

const char *
hf_effect_name(enum hf_effect effect)
{
    return effect < HF_EFFECT_COUNT ? effect_names[effect] : "unknown";
}

static void
say(struct hf_lifecycle_machine *m, enum hf_reason why, const char *what)
{
    m->why = why;
    m->advice = hf_reason_advice(why);
    snprintf(m->reason, sizeof m->reason, "%s", what);
}

static int64_t
wait_s(const struct hf_lifecycle_machine *m)
{
    return hf_backoff_wait_ms(&m->backoff) / 1000;
}

static enum hf_reason
exit_reason(const struct hf_lifecycle_machine *m)
{
    return m->oom_killed ? HF_REASON_OUT_OF_MEMORY : HF_REASON_EXITED;
}

void
hf_lifecycle_say_exit(struct hf_lifecycle_machine *m)
{
    char what[HF_TEXT_SIZE / 2];

    hf_lifecycle_describe_exit(m, what, sizeof what);
    snprintf(m->failure, sizeof m->failure, "%s; starts again after %" PRId64 " s", what,
             wait_s(m));
    m->failure_why = exit_reason(m);
}

void
hf_lifecycle_say_removed(struct hf_lifecycle_machine *m)
{
    snprintf(m->failure, sizeof m->failure,
             "its container was removed by hand; made again after %" PRId64 " s", wait_s(m));
    m->failure_why = HF_REASON_REMOVED_BY_HAND;
}

void
hf_lifecycle_say_crash_loop(struct hf_lifecycle_machine *m)
{
    char code[32] = "unknown";

    if (m->has_exit_code)
        snprintf(code, sizeof code, "%d", m->exit_code);
    snprintf(m->failure, sizeof m->failure, "crash loop (%d exits in %d min, last code %s, OOM %s)",
             HF_CRASH_EXITS, HF_CRASH_WINDOW_MS / 60000, code, m->oom_killed ? "yes" : "no");
    m->failure_why = HF_REASON_CRASH_LOOP;
}

/* The value of a key in a key=value line, without its quotes; false where it is not there. */
static bool
find_value(const char *line, const char *key, char *out, size_t size)
{
    const char *at = strstr(line, key);
    size_t len = 0;

    if (!at)
        return false;
    for (at += strlen(key); *at && *at != '"' && len + 1 < size; at++) {
        if (*at == '\\' && at[1])
            at++;
        out[len++] = *at;
    }
    out[len] = '\0';
    return len > 0;
}

void
hf_lifecycle_last_words(struct hf_lifecycle_machine *m, const char *line)
{
    char words[HF_TEXT_SIZE];
    size_t used = strlen(m->failure);

    if (!m->crash_loop || strstr(m->failure, "; it said: "))
        return;
    if (!find_value(line, " reason=\"", words, sizeof words) &&
        !find_value(line, " error=\"", words, sizeof words))
        snprintf(words, sizeof words, "%s", line);
    snprintf(m->failure + used, sizeof m->failure - used, "; it said: %s", words);
    hf_lifecycle_say_state(m);
}

void
hf_lifecycle_say_error(struct hf_lifecycle_machine *m, enum hf_effect effect,
                       const struct hf_error *error)
{
    const char *message = error && error->message[0] ? error->message : "no reason given";

    if (effect == HF_EFFECT_PULL)
        snprintf(m->failure, sizeof m->failure, "image missing: %.*s", HF_TEXT_SIZE - 20, message);
    else
        snprintf(m->failure, sizeof m->failure, "%s failed: %.*s", hf_effect_name(effect),
                 HF_TEXT_SIZE - 20, message);
    m->failure_why = effect_reasons[effect];
}

void
hf_lifecycle_say_no_progress(struct hf_lifecycle_machine *m)
{
    snprintf(m->failure, sizeof m->failure,
             "'%s' was done, yet the container is not as it should be; tries again after %" PRId64
             " s",
             hf_effect_name(m->done), wait_s(m));
    m->failure_why = HF_REASON_NO_EFFECT;
}

static void
say_stopping(struct hf_lifecycle_machine *m)
{
    const struct hf_container *c = &m->container;

    if (m->restart_is_stuck)
        say(m, HF_REASON_REPLACED_FOR_STUCK_RESTART,
            "is being made anew: Docker has been about to start it again for 2 min");
    else if (!m->wanted)
        say(m, HF_REASON_BEING_STOPPED, "is being stopped by a person");
    else if (m->restart_due)
        say(m, HF_REASON_BEING_RESTARTED, "is being restarted by a person");
    else if (strcmp(c->spec_hash, m->spec_hash) != 0 || strcmp(c->image_id, m->image_id) != 0)
        say(m, HF_REASON_REPLACED_FOR_RELEASE,
            "is being replaced: the release or configuration says otherwise");
    else if (c->limits_differ)
        say(m, HF_REASON_REPLACED_FOR_CHANGE, "is being replaced: its limits were changed by hand");
    else if (c->state == HF_CONTAINER_PAUSED)
        say(m, HF_REASON_REPLACED_FOR_PAUSE, "is being replaced: it was paused by hand");
    else
        say(m, HF_REASON_MADE_ANEW, "is being made anew: it could not be started");
}

static void
say_backoff(struct hf_lifecycle_machine *m)
{
    char what[HF_TEXT_SIZE / 2];

    if (m->container.state != HF_CONTAINER_RESTARTING || !m->container.id[0]) {
        say(m, m->failure_why, m->failure);
        return;
    }
    hf_lifecycle_describe_exit(m, what, sizeof what);
    say(m, exit_reason(m), "");
    snprintf(m->reason, sizeof m->reason, "%s; Docker is about to start it again", what);
}

static void
say_starting(struct hf_lifecycle_machine *m)
{
    if (m->pending != HF_EFFECT_NONE || !m->waits_for[0])
        return;
    say(m, HF_REASON_WAITS_FOR_OTHER, "");
    snprintf(m->reason, sizeof m->reason, "waits for %s, which has to run first", m->waits_for);
}

void
hf_lifecycle_say_state(struct hf_lifecycle_machine *m)
{
    say(m, HF_REASON_NONE, "");
    switch (m->state) {
    case HF_LIFECYCLE_ABSENT:
        if (m->looked)
            say(m, HF_REASON_NO_RELEASE, "no release is set");
        else
            say(m, HF_REASON_NOT_LOOKED_YET, "not looked at yet");
        break;
    case HF_LIFECYCLE_PULLING:
        if (m->container.id[0])
            say(m, HF_REASON_FETCHING_NEW, "fetching the new image; the old container stays");
        else
            say(m, HF_REASON_FETCHING, "fetching its image");
        break;
    case HF_LIFECYCLE_STOPPING:
        say_stopping(m);
        break;
    case HF_LIFECYCLE_STOPPED:
        say(m, HF_REASON_STOPPED_BY_PERSON, "stopped by a person");
        break;
    case HF_LIFECYCLE_BACKOFF:
        say_backoff(m);
        break;
    case HF_LIFECYCLE_FAILED:
        say(m, m->failure_why, m->failure);
        break;
    case HF_LIFECYCLE_STARTING:
        say_starting(m);
        break;
    case HF_LIFECYCLE_CREATING:
    case HF_LIFECYCLE_RUNNING:
    case HF_LIFECYCLE_COUNT:
        break;
    }
}
