// SPDX-License-Identifier: Apache-2.0
/* Releases of four services for a box (box.h): which images each has is in its name. */
#pragma once

#include "box.h"

#include "core/internal.h"
#include "core/releases.h"

#define IMAGE(c) "sha256:" c c c c c c c c c c c c c c c c c c c c c c c c c c c c c c c c
#define OF(c)                                                                                      \
    "{\"config\":\"" IMAGE(c) "\",\"layers\":[" LAYER ",{\"digest\":\"" IMAGE(                     \
        c) "\",\"size\":1000}],\"manifest\":\"" IMAGE(c) "\"}"
#define PINNED(name, c)                                                                            \
    "\"" name                                                                                      \
    "\":{\"platforms\":{\"amd64\":" OF(c) ",\"arm64\":" OF(c) "},\"repository\":\"r/" name         \
                                                              "\",\"tag\":\"0.1.0\"}"
#define SET(name, counter, broker, buffer)                                                         \
    "{\"counter\":" counter ",\"created\":\"2026-11-24T03:01:33Z\",\"format\":1,"                  \
    "\"min_holdfastd\":\"0.1.0\",\"name\":\"" name                                                 \
    "\",\"services\":{" PINNED("broker", broker) "," PINNED("buffer", buffer) "," PINNED(          \
        "forwarder", "04") "," PINNED("processor",                                                 \
                                      "03") "},\"settings_schema\":1,\"version\":\"1.2.3\"}"

/* What runs first. */
static const char one[] = SET("one", "7", "01", "02");
static const char two[] = SET("two", "8", "11", "12");
static const char half[] = SET("half", "8", "01", "12");
static const char three[] = SET("three", "9", "21", "22");
static const char older[] = SET("older", "6", "31", "02");

/* The shortest gate there is. */
static inline void
configure(struct box *b, const char *patch)
{
    HF_AUTO(hf_json) struct hf_json *doc = NULL;
    HF_AUTO_FREE char *text = NULL;
    struct hf_error err = {0};
    struct hf_config_change change = {.revision = HF_REVISION_ANY, .actor = "admin"};
    int64_t revision;

    assert_int_equal(hf_json_parse(patch, strlen(patch), &doc, &err), 0);
    change.patch = doc;
    if (hf_core_change_config(b->core, &change, &text, &revision, &err) < 0)
        fail_msg("%s", err.message);
}

static inline void
begin_box(struct box *b)
{
    start_with(b, one);
    wait_until(b->core, all_run);
    configure(b, "{\"upgrade\":{\"gate_s\":1,\"switch_s\":10}}");
}

static inline void
add(struct box *b, const char *text, char id[HF_DIGEST_TEXT_SIZE])
{
    struct hf_known_release known;
    struct hf_error err;

    if (hf_core_add_release(b->core, text, "", "admin", &known, &err) < 0)
        fail_msg("%s", err.message);
    memcpy(id, known.release.id, HF_DIGEST_TEXT_SIZE);
}

static inline bool
has_warning(const struct hf_plan *p, enum hf_plan_warning_kind kind)
{
    for (size_t i = 0; i < p->warning_count; i++)
        if (p->warnings[i].kind == kind)
            return true;
    return false;
}
