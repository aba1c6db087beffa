// SPDX-License-Identifier: Apache-2.0
#include "receiver/fault.h"

#include "base/text.h"

#include <stdio.h>
#include <string.h>

static bool
read_status(const char *text, uint64_t *out)
{
    return hf_text_u64(text, out) && *out >= 200 && *out <= 599;
}

bool
hf_fault_read_every(struct hf_fault *f, const char *text)
{
    char number[24];
    const char *colon = strchr(text, ':');

    if (!colon || !hf_text_put(number, sizeof number, "%.*s", (int)(colon - text), text))
        return false;
    return hf_text_u64(number, &f->fail_every) && read_status(colon + 1, &f->fail_status);
}

bool
hf_fault_read_match(struct hf_fault *f, const char *text)
{
    const char *colon = strrchr(text, ':');

    return colon && colon > text &&
           hf_text_put(f->match, sizeof f->match, "%.*s", (int)(colon - text), text) &&
           read_status(colon + 1, &f->match_status);
}

bool
hf_fault_read_random(struct hf_fault *f, const char *text)
{
    char copy[HF_FAULT_TEXT_MAX], *list, *percent, *state = NULL;
    uint64_t seed, status;

    if (!hf_text_put(copy, sizeof copy, "%s", text) || !(list = strchr(copy, ':')) ||
        !(percent = strchr(list + 1, ':')))
        return false;
    *list++ = '\0';
    *percent++ = '\0';
    if (!hf_text_u64(copy, &seed) || !hf_text_u64(percent, &f->random_percent) ||
        f->random_percent > 100)
        return false;
    atomic_store(&f->seed, seed);
    f->status_count = 0;
    for (char *at = strtok_r(list, ",", &state); at; at = strtok_r(NULL, ",", &state)) {
        if (f->status_count == HF_FAULT_STATUSES || !read_status(at, &status))
            return false;
        f->statuses[f->status_count++] = (int)status;
    }
    return f->status_count > 0;
}

/* SplitMix64: the same seed gives the same numbers. */
static uint64_t
draw(struct hf_fault *f)
{
    uint64_t z =
        atomic_fetch_add(&f->seed, UINT64_C(0x9E3779B97F4A7C15)) + UINT64_C(0x9E3779B97F4A7C15);

    z = (z ^ (z >> 30)) * UINT64_C(0xBF58476D1CE4E5B9);
    z = (z ^ (z >> 27)) * UINT64_C(0x94D049BB133111EB);
    return z ^ (z >> 31);
}

static bool
each(uint64_t every, uint64_t number)
{
    return every && number % every == 0;
}

int
hf_fault_status(struct hf_fault *f, uint64_t number)
{
    uint64_t chance;

    if (each(f->fail_every, number))
        return (int)f->fail_status;
    if (!f->status_count)
        return 0;
    chance = draw(f);
    return chance % 100 < f->random_percent ? f->statuses[chance / 100 % f->status_count] : 0;
}

int
hf_fault_match(const struct hf_fault *f, const char *lines, size_t len)
{
    return *f->match && len && memmem(lines, len, f->match, strlen(f->match)) ? (int)f->match_status
                                                                              : 0;
}

bool
hf_fault_cuts(const struct hf_fault *f, uint64_t number)
{
    return each(f->cut_every, number);
}
