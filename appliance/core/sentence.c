// SPDX-License-Identifier: Apache-2.0
/*
 * The first line of the dashboard: is it working, is data safe, what should I do. The first rule
 * that holds speaks.
 */
#include "base/text.h"
#include "core/internal.h"

#include <stdio.h>
#include <string.h>

enum { TEXT = 64 };

/* 1204318 → "1,204,318" */
static void
grouped(int64_t n, char out[TEXT])
{
    char digits[24];
    int len = snprintf(digits, sizeof digits, "%lld", (long long)(n < 0 ? 0 : n));
    char *to = out;

    for (int i = 0; i < len; i++) {
        if (i && (len - i) % 3 == 0)
            *to++ = ',';
        *to++ = digits[i];
    }
    *to = '\0';
}

/* The two largest units: "2 h 10 min", "19 days". */
static void
duration(int64_t seconds, char out[TEXT])
{
    long long s = seconds < 0 ? 0 : seconds;

    if (s < 60)
        hf_text_put(out, TEXT, "%lld s", s);
    else if (s < 3600)
        hf_text_put(out, TEXT, "%lld min", s / 60);
    else if (s < 48 * 3600LL)
        hf_text_put(out, TEXT, "%lld h %lld min", s / 3600, s % 3600 / 60);
    else
        hf_text_put(out, TEXT, "%lld days", s / 86400);
}

static void
capitalize(char *text)
{
    if (*text >= 'a' && *text <= 'z')
        *text = (char)(*text - 'a' + 'A');
}

static void
say(struct hf_sentence *t, const char *level, const char *eyebrow, const char *title)
{
    hf_text_put(t->level, sizeof t->level, "%s", level);
    hf_text_put(t->eyebrow, sizeof t->eyebrow, "%s", eyebrow);
    hf_text_put(t->title, sizeof t->title, "%s", title);
}

static const struct hf_service_view *
first_with(const struct hf_snapshot *s, enum hf_health health)
{
    for (size_t i = 0; i < s->service_count; i++)
        if (s->services[i].health == health)
            return &s->services[i];
    return NULL;
}

static bool
engine_rule(const struct hf_snapshot *s, struct hf_sentence *t)
{
    if (s->gateway.engine.state == HF_ENGINE_UNREACHABLE) {
        say(t, "bad", "Docker does not answer",
            "What runs keeps running, but nothing can be started or changed.");
        hf_text_put(t->detail, sizeof t->detail, "%s", s->gateway.engine.detail);
        return true;
    }
    if (s->has_release)
        return false;
    say(t, "warn", "No release", "Nothing runs yet: this gateway has no release to run.");
    hf_text_put(t->detail, sizeof t->detail, "%s",
                "Start holdfastd with --release FILE, a file that pins the images.");
    return true;
}

static bool
service_rule(const struct hf_snapshot *s, enum hf_health health, const char *level,
             const char *word, struct hf_sentence *t)
{
    const struct hf_service_view *v = first_with(s, health);
    char text[HF_TEXT_SIZE];

    if (!v)
        return false;
    hf_text_put(text, sizeof text, "%s %s", v->title, word);
    say(t, level, text, v->reason);
    if (!*v->reason)
        hf_text_put(t->title, sizeof t->title, "%s.", text);
    capitalize(t->title);
    hf_text_put(t->detail, sizeof t->detail, "%s", v->advice);
    return true;
}

static void
say_held(const struct hf_snapshot *s, struct hf_sentence *t)
{
    char held[TEXT], room[TEXT], title[HF_TEXT_SIZE];

    grouped(s->buffer.held, held);
    duration(s->buffer.full_s, room);
    if (s->buffer.full_s >= 0)
        hf_text_put(title, sizeof title, "Every record is safe. Room for %s more at this rate.",
                    room);
    else
        hf_text_put(title, sizeof title, "Every record is safe. %s held here.", held);
    hf_text_put(t->title, sizeof t->title, "%s", title);
}

static void
say_next_try(const struct hf_snapshot *s, const char *held, struct hf_sentence *t)
{
    const struct hf_uplink_view *u = &s->uplink;
    char wait[TEXT], error[HF_TEXT_SIZE];

    hf_text_put(error, sizeof error, "%s", u->last_error);
    capitalize(error);
    duration((u->next_try_ms - s->at_ms) / 1000, wait);
    if (u->next_try_ms > s->at_ms)
        hf_text_put(t->detail, sizeof t->detail, "%s records held. %s; next try in %s.", held,
                    error, wait);
    else
        hf_text_put(t->detail, sizeof t->detail, "%s records held. %s; trying now.", held, error);
}

static bool
uplink_rule(const struct hf_snapshot *s, struct hf_sentence *t)
{
    const struct hf_uplink_view *u = &s->uplink;
    char held[TEXT], away[TEXT], eyebrow[HF_TEXT_SIZE];

    grouped(s->buffer.held, held);
    if (strcmp(u->state, "unset") == 0) {
        say(t, "warn", "No uplink set", "");
        say_held(s, t);
        hf_text_put(t->detail, sizeof t->detail,
                    "%s records held until there is a place to send them to.", held);
        return true;
    }
    if (strcmp(u->state, "refused") == 0) {
        say(t, "bad", "The cloud refuses the data", "");
        say_held(s, t);
        hf_text_put(t->detail, sizeof t->detail, "%s records held. %s", held, u->last_error);
        return true;
    }
    if (strcmp(u->state, "away") != 0)
        return false;
    duration(u->away_since_ms ? (s->at_ms - u->away_since_ms) / 1000 : 0, away);
    hf_text_put(eyebrow, sizeof eyebrow, "Uplink away for %s", away);
    say(t, "warn", eyebrow, "");
    say_held(s, t);
    say_next_try(s, held, t);
    return true;
}

/* How long a loss stays the news. */
enum { LOSS_SHOWN_MS = 10 * 60 * 1000 };

static bool
is_recent(const struct hf_snapshot *s, int64_t at_ms)
{
    return at_ms && s->at_ms - at_ms < LOSS_SHOWN_MS;
}

/* A loss that goes on outranks all but what keeps everything from working. */
static bool
loss_rule(const struct hf_snapshot *s, struct hf_sentence *t)
{
    char count[TEXT];

    if (is_recent(s, s->broker.queue_dropped_ms)) {
        grouped(s->broker.queue_dropped, count);
        say(t, "bad", "Messages are being lost", "");
        hf_text_put(t->title, sizeof t->title,
                    "The broker's queue was full: %s messages were dropped.", count);
        hf_text_put(t->detail, sizeof t->detail, "%s",
                    "Devices publish faster than records can be stored. Make room in the buffer, "
                    "or see why it or the processor is behind.");
        return true;
    }
    if (!is_recent(s, s->buffer.dropped_ms))
        return false;
    grouped(s->buffer.dropped, count);
    say(t, "bad", "Records were given up", "");
    hf_text_put(t->title, sizeof t->title, "%s records have been dropped so far.", count);
    hf_text_put(
        t->detail, sizeof t->detail, "%s",
        "The page Data says which, and whether a limit, damage or a person was the reason.");
    return true;
}

/* What waits for a person, and loses nothing meanwhile. */
static bool
attention_rule(const struct hf_snapshot *s, struct hf_sentence *t)
{
    char count[TEXT];

    if (s->buffer.quarantined > 0) {
        grouped(s->buffer.quarantined, count);
        say(t, "warn", "Records were refused", "");
        hf_text_put(t->title, sizeof t->title, "%s records in quarantine wait for you.", count);
        hf_text_put(t->detail, sizeof t->detail, "%s",
                    "All others go their way. Look at them on the page Data: try them again or "
                    "give them up.");
        return true;
    }
    if (!*s->gateway.recovery)
        return false;
    say(t, "warn", "The gateway's own database was damaged", "It runs on with what was saved.");
    hf_text_put(t->detail, sizeof t->detail, "%s", s->gateway.recovery);
    return true;
}

/* Between these two ages of the oldest record, in seconds, all is on its way and it is said how far
 * behind; what is younger has just come in. */
enum { BEHIND_S = 3, CATCHING_UP_S = 10 };

static void
all_is_well(const struct hf_snapshot *s, struct hf_sentence *t)
{
    const struct hf_buffer_view *b = &s->buffer;
    char delivered[TEXT], held[TEXT], behind[TEXT];
    int64_t age = b->oldest_ms ? (s->at_ms - b->oldest_ms) / 1000 : 0;

    grouped(b->delivered, delivered);
    grouped(b->held, held);
    duration(age, behind);
    if (b->delivered == 0 && b->held == 0) {
        say(t, "ok", "Ready", "Everything runs. Waiting for the first message.");
        hf_text_put(t->detail, sizeof t->detail, "Publish to %s, port %u.",
                    s->gateway.field_address, (unsigned)s->gateway.field_port);
    } else if (b->held && age > CATCHING_UP_S) {
        say(t, "ok", "Catching up", "");
        hf_text_put(t->title, sizeof t->title, "Delivering, %s behind.", behind);
        hf_text_put(t->detail, sizeof t->detail, "%s records held, %s delivered.", held, delivered);
    } else {
        say(t, "ok", "All is well", "All data delivered.");
        if (b->held && age >= BEHIND_S)
            hf_text_put(t->title, sizeof t->title, "All data delivered, %s behind.", behind);
        hf_text_put(t->detail, sizeof t->detail, "%s records so far, none lost.", delivered);
        if (b->dropped || s->broker.queue_dropped)
            hf_text_put(t->detail, sizeof t->detail, "%s records so far.", delivered);
    }
}

void
hf_core_say(const struct hf_snapshot *s, struct hf_sentence *t)
{
    if (engine_rule(s, t) || service_rule(s, HF_HEALTH_FAILED, "bad", "has failed", t) ||
        service_rule(s, HF_HEALTH_UNREACHABLE, "bad", "does not answer", t) || loss_rule(s, t) ||
        service_rule(s, HF_HEALTH_DEGRADED, "warn", "needs attention", t) ||
        service_rule(s, HF_HEALTH_STOPPED, "warn", "is stopped", t) ||
        service_rule(s, HF_HEALTH_STARTING, "warn", "is starting", t) ||
        service_rule(s, HF_HEALTH_WAITING, "warn", "is waiting", t) || uplink_rule(s, t) ||
        attention_rule(s, t))
        return;
    all_is_well(s, t);
}
