// SPDX-License-Identifier: Apache-2.0
#include "supervisor/lifecycle_text.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

static const char *const effect_names[HF_EFFECT_COUNT] = {
    [HF_EFFECT_NONE] = "none",     [HF_EFFECT_PULL] = "pull", [HF_EFFECT_CREATE] = "create",
    [HF_EFFECT_START] = "start",   [HF_EFFECT_STOP] = "stop", [HF_EFFECT_REMOVE] = "remove",
    [HF_EFFECT_UPDATE] = "update",
};

static const char *const effect_advice[HF_EFFECT_COUNT] = {
    [HF_EFFECT_NONE] = "",
    [HF_EFFECT_PULL] = "Check that the registry of the release answers and has the image.",
    [HF_EFFECT_CREATE] = "Read the message: something of that name may be in the way.",
    [HF_EFFECT_START] = "Read the service's log; a port may be taken by another program.",
    [HF_EFFECT_STOP] = "Check the Docker service: systemctl status docker.",
    [HF_EFFECT_REMOVE] = "Check the Docker service: systemctl status docker.",
    [HF_EFFECT_UPDATE] = "It may use more memory than its new limit: it is made anew with it.",
};

const char *
hf_effect_name(enum hf_effect effect)
{
    return effect < HF_EFFECT_COUNT ? effect_names[effect] : "unknown";
}

static void
say(char text[HF_TEXT_SIZE], const char *what)
{
    snprintf(text, HF_TEXT_SIZE, "%s", what);
}

static int64_t
wait_s(const struct hf_lifecycle_machine *m)
{
    return hf_backoff_wait_ms(&m->backoff) / 1000;
}

/* "exited with code 1" or "out of memory (limit 64 MiB)". */
static void
describe_exit(const struct hf_lifecycle_machine *m, char *out, size_t size)
{
    if (m->oom_killed && m->memory_bytes > 0)
        snprintf(out, size, "out of memory (limit %" PRId64 " MiB)", m->memory_bytes >> 20);
    else if (m->oom_killed)
        snprintf(out, size, "out of memory");
    else if (m->has_exit_code)
        snprintf(out, size, "exited with code %d", m->exit_code);
    else
        snprintf(out, size, "exited");
}

static const char *
exit_advice(const struct hf_lifecycle_machine *m)
{
    return m->oom_killed ? "See what it had to do then; its memory limit may be too low."
                         : "Read the last lines of its log; nothing to do if it stays up now.";
}

void
hf_lifecycle_say_exit(struct hf_lifecycle_machine *m)
{
    char what[64];

    describe_exit(m, what, sizeof what);
    snprintf(m->failure, sizeof m->failure, "%s; starts again after %" PRId64 " s", what,
             wait_s(m));
    say(m->failure_advice, exit_advice(m));
}

void
hf_lifecycle_say_removed(struct hf_lifecycle_machine *m)
{
    snprintf(m->failure, sizeof m->failure,
             "its container was removed by hand; made again after %" PRId64 " s", wait_s(m));
    say(m->failure_advice, "To stop a service for good, stop it in the dashboard.");
}

void
hf_lifecycle_say_crash_loop(struct hf_lifecycle_machine *m)
{
    char code[32] = "unknown";

    if (m->has_exit_code)
        snprintf(code, sizeof code, "%d", m->exit_code);
    snprintf(m->failure, sizeof m->failure,
             "crash loop (%d exits in %d min, last code %s, out of memory: %s)", HF_CRASH_EXITS,
             HF_CRASH_WINDOW_MS / 60000, code, m->oom_killed ? "yes" : "no");
    snprintf(m->failure_advice, sizeof m->failure_advice,
             "Read the last lines of its log, then restart it; it is tried again after %d min.",
             HF_CRASH_COOLDOWN_MS / 60000);
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
    say(m->failure_advice, effect_advice[effect]);
}

void
hf_lifecycle_say_no_progress(struct hf_lifecycle_machine *m)
{
    snprintf(m->failure, sizeof m->failure,
             "'%s' was done, yet the container is not as it should be; tries again after %" PRId64
             " s",
             hf_effect_name(m->done), wait_s(m));
    say(m->failure_advice, "Another program may be changing this container; see docker inspect.");
}

static void
say_stopping(struct hf_lifecycle_machine *m)
{
    const struct hf_container *c = &m->container;

    if (!m->wanted)
        say(m->reason, "is being stopped by a person");
    else if (m->restart_due)
        say(m->reason, "is being restarted by a person");
    else if (strcmp(c->spec_hash, m->spec_hash) != 0 || strcmp(c->image_id, m->image_id) != 0)
        say(m->reason, "is being replaced: the release or configuration says otherwise");
    else if (c->limits_differ)
        say(m->reason, "is being replaced: its limits were changed by hand");
    else if (c->state == HF_CONTAINER_PAUSED)
        say(m->reason, "is being replaced: it was paused by hand");
    else
        say(m->reason, "is being made anew: it could not be started");
}

static void
say_backoff(struct hf_lifecycle_machine *m)
{
    char what[64];

    if (m->container.state != HF_CONTAINER_RESTARTING || !m->container.id[0]) {
        say(m->reason, m->failure);
        say(m->advice, m->failure_advice);
        return;
    }
    describe_exit(m, what, sizeof what);
    snprintf(m->reason, sizeof m->reason, "%s; Docker is about to start it again", what);
    say(m->advice, exit_advice(m));
}

void
hf_lifecycle_say_state(struct hf_lifecycle_machine *m)
{
    say(m->reason, "");
    say(m->advice, "");
    switch (m->state) {
    case HF_LIFECYCLE_ABSENT:
        say(m->reason, m->looked ? "no release is set" : "not looked at yet");
        say(m->advice, m->looked ? "Set a release that says what to run."
                                 : "Nothing, if the Docker service answers soon.");
        break;
    case HF_LIFECYCLE_PULLING:
        say(m->reason, m->container.id[0] ? "fetching the new image; the old container stays"
                                          : "fetching its image");
        break;
    case HF_LIFECYCLE_STOPPING:
        say_stopping(m);
        break;
    case HF_LIFECYCLE_STOPPED:
        say(m->reason, "stopped by a person");
        say(m->advice, "Start it when it is to work again.");
        break;
    case HF_LIFECYCLE_BACKOFF:
        say_backoff(m);
        break;
    case HF_LIFECYCLE_FAILED:
        say(m->reason, m->failure);
        say(m->advice, m->failure_advice);
        break;
    case HF_LIFECYCLE_STARTING:
        if (m->pending == HF_EFFECT_NONE && m->waits_for[0]) {
            snprintf(m->reason, sizeof m->reason, "waits for '%s' to work", m->waits_for);
            say(m->advice, "See that service first.");
        }
        break;
    case HF_LIFECYCLE_CREATING:
    case HF_LIFECYCLE_RUNNING:
    case HF_LIFECYCLE_COUNT:
        break;
    }
}
