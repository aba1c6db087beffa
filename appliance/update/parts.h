// SPDX-License-Identifier: Apache-2.0
/*
 * holdfast-update: a root's hand that installs the holdfastd of a release and puts the old one back
 * where the new one does not prove itself (model/daemon.h has who says what where). holdfastd,
 * which listens on the LAN, is trusted with nothing: the release in its request must be signed by a
 * key that root owns, the package be the one that it names, for this machine, and newer than what
 * is installed. Files of holdfastd are opened without following links and copied before they are
 * looked at.
 */
#pragma once

#include "base/buf.h"
#include "model/minisign.h"
#include "update/machine.h"

#include <stdbool.h>

enum { UPDATE_KEYS_MAX = 8, UPDATE_PATH_SIZE = 512 };

struct update_options {
    const char *state; /* holdfastd's folder */
    const char *dir;   /* this program's */
    const char *keys[UPDATE_KEYS_MAX];
    size_t key_count;
    int64_t patience_s; /* for the word of a new holdfastd */
    bool show_help, show_version;
};

struct update {
    const struct update_options *options;
    struct hf_daemon_progress progress; /* what is written */
    struct hf_release_daemon daemon;    /* CHECKING: what is asked for */
    int lock_fd;                        /* of dpkg's lock; -1: not held */
    bool started_here; /* the new holdfastd, by this process: no start of the machine between */
};

/* ---- options.c ---- */

HF_MUST int update_options_parse(int argc, char **argv, struct update_options *ret,
                                 struct hf_error *err);
extern const char update_help[];

/* ---- update.c ---- */

/* Goes on with what is written, does what is asked for, and returns when nothing is left. */
void update_run(const struct update_options *o);

/* ---- files.c ---- */

/* A file of this program. */
void update_path(const struct update *u, const char *name, char out[UPDATE_PATH_SIZE]);
extern const char UPDATE_NEW[], UPDATE_OLD[]; /* packages */
/* Reads a file of holdfastd's; NOT_FOUND. */
HF_MUST int update_read(const struct update *u, const char *name, struct hf_buf *out,
                        struct hf_error *err);
/* False where it cannot be: a folder, for instance, or a link that leads to one. */
bool update_remove_request(const struct update *u);
/* IDLE where nothing, or nothing readable, is written. */
void update_load(struct update *u);
HF_MUST int update_save(const struct update *u, const struct hf_daemon_progress *p,
                        struct hf_error *err);

/* ---- check.c: the effect CHECK ---- */

/* The keys of those files that are there; INVALID where there are none. */
HF_MUST int update_read_keys(const struct update_options *o, struct hf_minisign_key *ret_keys,
                             size_t *ret_count, struct hf_error *err);
HF_MUST int update_check(struct update *u, struct hf_error *err);

/* ---- package.c: what dpkg is asked ---- */

/* Version of what is installed; CONFLICT where it is not installed whole. */
HF_MUST int update_installed(char out[HF_VERSION_SIZE], struct hf_error *err);
/* CONFLICT where version is not newer than installed. */
HF_MUST int update_check_newer(const char *version, const char *installed, struct hf_error *err);
/* INVALID where the file is not a package of that name, version and of this machine's platform. */
HF_MUST int update_check_fields(const char *path, const char *version, struct hf_error *err);
/* Makes a package of what is installed, as nobody has kept the one that it came from. */
HF_MUST int update_repack(const char *path, struct hf_error *err);
/* Installs, when nobody else does; settings that somebody has changed stay. */
HF_MUST int update_install(struct update *u, const char *path, struct hf_error *err);
/* Asks for a start of both daemons anew, and does not wait for it. */
HF_MUST int update_restart(struct hf_error *err);

/* ---- trial.c: the effect AWAIT ---- */

HF_MUST int update_await(const struct update *u, struct hf_error *err);

/* ---- run.c ---- */

/* Runs a program to its end, at most so long; out (NULL allowed) gets what it says, as far as it
 * has room. The error has its last line. */
HF_MUST int update_call(const char *const argv[], int64_t most_ms, struct hf_buf *out,
                        struct hf_error *err);
