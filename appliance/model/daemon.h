// SPDX-License-Identifier: Apache-2.0
/*
 * holdfastd itself as a part of a release: a Debian package for each platform and Debian, which
 * holdfast-update, a root's program, installs. What the two say to each other is in files, each
 * written whole and renamed:
 *
 *     STATE/daemon/HEX.deb         holdfastd: a package that has come, by the digest of its file
 *     STATE/daemon/request.json    holdfastd: install what this release has (hf_daemon_request)
 *     STATE/daemon/word.json       the holdfastd that was installed: how it does (hf_daemon_word)
 *     ANSWERS/state.json           holdfast-update: where it is (hf_daemon_progress)
 *
 * STATE is holdfastd's folder, ANSWERS that of holdfast-update, and neither writes into the other's
 * but that a request that was dealt with is removed. holdfast-update trusts nothing in STATE: the
 * release in a request must be signed by a key of its own, and the package be what that names.
 */
#pragma once

#include "model/release.h"
#include "model/upgrade.h"

#define HF_DAEMON_PACKAGE "holdfast"
#define HF_DAEMON_DIR "daemon"
#define HF_DAEMON_REQUEST "request.json"
#define HF_DAEMON_WORD "word.json"
#define HF_DAEMON_STATE "state.json"

enum {
    HF_DAEMON_BYTES_MAX = 4 * 1024 * 1024, /* of a package: what a registry gives in one piece */
    HF_DAEMON_SYSTEM_SIZE = 32,
    HF_DAEMON_FILE_SIZE = 80,
    HF_DAEMON_REQUEST_MAX = 1024 * 1024, /* bytes: a release as a JSON string, and its signature */
    HF_DAEMON_TEXT_MAX = 4096            /* bytes of the other documents */
};

/* Which Debian this is, as releases name it ("debian13"), from a file as os-release(5) describes
 * it; "" where that does not say. */
void hf_daemon_system(const char *os_release, char out[HF_DAEMON_SYSTEM_SIZE]);

/* The name of the file of a package in STATE/daemon. */
void hf_daemon_file(const struct hf_release_daemon *d, char out[HF_DAEMON_FILE_SIZE]);

struct hf_daemon_request {
    char operation[HF_UPGRADE_OPERATION_SIZE]; /* that it is a part of */
    char *release, *signature;                 /* owned */
};

HF_MUST int hf_daemon_request_parse(const char *text, size_t len, struct hf_daemon_request *ret,
                                    struct hf_error *err);
/* The caller frees *ret_text. */
HF_MUST int hf_daemon_request_print(const struct hf_daemon_request *r, char **ret_text,
                                    struct hf_error *err);
void hf_daemon_request_done(struct hf_daemon_request *r);

enum hf_daemon_mood {
    HF_DAEMON_WAITING, /* not all is well yet; reason says what is not */
    HF_DAEMON_WELL,    /* everything is adopted and has passed the gate */
    HF_DAEMON_BAD,     /* it can be seen to have failed; reason says why */
    HF_DAEMON_MOOD_COUNT
};

/* Of a holdfastd on trial. */
struct hf_daemon_word {
    char operation[HF_UPGRADE_OPERATION_SIZE];
    char version[HF_VERSION_SIZE]; /* its own */
    enum hf_daemon_mood mood;
    char reason[HF_UPGRADE_TEXT_SIZE];
};

HF_MUST int hf_daemon_word_parse(const char *text, size_t len, struct hf_daemon_word *ret,
                                 struct hf_error *err);
HF_MUST int hf_daemon_word_print(const struct hf_daemon_word *w, char **ret_text,
                                 struct hf_error *err);

/* update/machine.h has the table of them. */
enum hf_daemon_state {
    HF_DAEMON_IDLE,
    HF_DAEMON_CHECKING,
    HF_DAEMON_INSTALLING,
    HF_DAEMON_TRIAL,
    HF_DAEMON_RETURNING,
    HF_DAEMON_INSTALLED, /* these are its ends: the new one is installed for good, */
    HF_DAEMON_PUT_BACK,  /* or the old one again, */
    HF_DAEMON_REFUSED,   /* or nothing was touched */
    HF_DAEMON_STATE_COUNT
};

/* "idle", "checking" … */
const char *hf_daemon_state_name(enum hf_daemon_state s);
bool hf_daemon_ended(enum hf_daemon_state s);

struct hf_daemon_progress {
    enum hf_daemon_state state;
    char operation[HF_UPGRADE_OPERATION_SIZE];
    char version[HF_VERSION_SIZE];                   /* of the new holdfastd */
    char from[HF_VERSION_SIZE], to[HF_VERSION_SIZE]; /* of the packages */
    char reason[HF_UPGRADE_TEXT_SIZE];               /* why it was refused or goes back */
};

HF_MUST int hf_daemon_progress_parse(const char *text, size_t len, struct hf_daemon_progress *ret,
                                     struct hf_error *err);
HF_MUST int hf_daemon_progress_print(const struct hf_daemon_progress *p, char **ret_text,
                                     struct hf_error *err);
