// SPDX-License-Identifier: Apache-2.0
/*
 * holdfast-network: a root's hand for the network of the host. holdfastd, which is not root, leaves
 * in RUN what somebody wants, a unit starts this program, and it checks all of it anew:
 *
 *     RUN/network.json   {"id", "do": "change", "network": {…}, "time": {…}}, one of the two or
 * both;
 *                        {"id", "do": "confirm", "trial": id of the change}
 *                        {"id", "do": "forget"}: after a reset nobody logs in by SSH; whom it lets
 *                        in is for a stick to say, never for holdfastd
 *     STATE/state.json   what is on trial, and the files of before; also read after a power cut
 *     OUT/state.json     for everybody: what became of the newest request, and what is on trial
 *
 * It ends when nothing is on trial any more.
 */
#pragma once

#include "base/error.h"
#include "network/trial.h"
#include "json/json.h"

enum { NETWORK_PATH_SIZE = 512 };

struct network_options {
    const char *run, *state, *out, *etc;
    const char *root; /* of /sys and /run of systemd; "" but for tests */
    int64_t trial_s;  /* how long a change waits for somebody */
    bool boot;        /* only take back what a power cut has left */
    bool show_help, show_version;
};

HF_MUST int network_options_parse(int argc, char **argv, struct network_options *ret,
                                  struct hf_error *err);
extern const char network_help[];

/* What is written down. */
struct network_state {
    struct trial trial;
    char handled[TRIAL_ID_SIZE]; /* the newest request */
    char refused[512];           /* why it was; "": it was not */
    char last[TRIAL_ID_SIZE];    /* the newest trial that has ended */
    bool kept;                   /* how */
    struct hf_json *before;      /* files; NULL: nothing is on trial */
    struct hf_json *was;         /* the settings of before; NULL: not known */
    struct hf_json *tried;       /* those on trial; NULL: not known */
};

/* As it is where none was kept or it cannot be read: then nothing is on trial. */
void network_state_load(const char *dir, struct network_state *ret);
HF_MUST int network_state_save(const char *dir, const struct network_state *s,
                               struct hf_error *err);
void network_state_done(struct network_state *s);
/* For others. */
HF_MUST int network_state_tell(const struct network_options *o, const struct network_state *s,
                               struct hf_error *err);

/* Until nothing is on trial, or once with boot. */
HF_MUST int network_run(const struct network_options *o, struct hf_error *err);
