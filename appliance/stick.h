// SPDX-License-Identifier: Apache-2.0
/*
 * The files of a stick that is plugged in. holdfast-stick, which is root, finds it, copies them and
 * shows the answer; holdfastd, which listens on the LAN and is not, decides:
 *
 *     DIR/in/holdfast/…   provision.json, recovery.json, and their .minisig
 *     DIR/in/id           names these contents; written last, and taken away first
 *     DIR/mnt/holdfast/   the stick itself, read-only, while there is a bundle to be read from it
 *     RUN/stick.json      the answer, written again whenever it is another one
 *
 * A file is applied by the start that finds it, before anything runs; one that comes later lets
 * holdfastd begin anew, as after a restore. So there is one way only, and it stands being cut at
 * any step. A gateway that is claimed takes only what one of its stick_keys has signed.
 */
#pragma once

#include "core/core.h"
#include "first_boot.h"
#include "identity/certificates.h"
#include "intake/intake.h"

enum { HF_STICK_ID_SIZE = HF_PROVISION_HASH_SIZE };

enum hf_stick_bundle {
    HF_STICK_NO_BUNDLE,
    HF_STICK_BUNDLE_WAITS,
    HF_STICK_BUNDLE_COMES,
    HF_STICK_BUNDLE_IS_APPLIED, /* an upgrade is under way */
    HF_STICK_BUNDLE_ENDED,
};

struct hf_stick {
    const struct hf_first_boot *boot;  /* NULL: nobody looks for sticks */
    char id[HF_STICK_ID_SIZE];         /* "": there was none */
    struct hf_json *files;             /* what became of each, as the answer has it */
    bool wipe, host;                   /* the stick's file is to go; it has settings of the host */
    char hash[HF_PROVISION_HASH_SIZE]; /* of the provisioning file that is in force */
    char path[HF_PROVISION_BUNDLE_SIZE]; /* of its bundle */
    enum hf_stick_bundle bundle;
    char bundle_text[HF_TEXT_SIZE], operation[HF_ID_SIZE];
    int64_t since_ms; /* monotonic */
    char *told;       /* what the last answer was told for */
};

/* What lies there at the start. It never fails: what is wrong is in the answer, and the gateway
 * starts with what it has. */
void hf_stick_take(struct hf_stick *s, const struct hf_first_boot *boot);
void hf_stick_done(struct hf_stick *s);

/* To be called every few seconds, all by the main thread. */
void hf_stick_tell(struct hf_stick *s, struct hf_core *core, struct hf_certificates *certificates,
                   uint16_t port);
void hf_stick_bring(struct hf_stick *s, struct hf_core *core, struct hf_intake *intake);
/* Whether other files lie there now. */
bool hf_stick_is_new(const struct hf_stick *s);
