// SPDX-License-Identifier: Apache-2.0
/*
 * holdfast-stick: a root's hand for sticks. It mounts what udev has found, hands the small files on
 * it to holdfastd (see appliance/stick.h for what lies where), and writes holdfastd's answer back.
 * It decides nothing: what a file says is done by holdfastd, or not at all.
 */
#pragma once

#include "base/buf.h"
#include "base/error.h"
#include "json/json.h"

#include <stdbool.h>
#include <sys/types.h>

enum {
    STICK_PATH_SIZE = 512,
    STICK_LABEL_SIZE = 64,
    STICK_ID_SIZE = 65,
    STICK_PROBLEMS_MAX = 8,
    STICK_PROBLEM_SIZE = 600,
};

#define STICK_LABEL "HOLDFAST"
/* Where the system itself looks; elsewhere it is not told that something is new. */
#define STICK_ETC "/etc"
#define STICK_ISSUE "/run/issue.d/holdfast.issue"

/* What this program found wrong by itself. */
struct stick_problems {
    char list[STICK_PROBLEMS_MAX]
             [STICK_PROBLEM_SIZE]; /* then holdfastd hears nothing of the stick */
    size_t count;
    char
        host[STICK_PROBLEM_SIZE]; /* why the host has not all settings of a file that is in force */
};

void stick_problem(struct stick_problems *p, const char *fmt, ...) HF_PRINTF(2, 3);

/* How a device becomes a folder; a test's has the faults that hardware has when it likes. */
struct stick_media {
    /* The number of a block device; NOT_FOUND where there is none of that name, or no more. */
    int (*find)(const char *device, dev_t *ret_number, struct hf_error *err);
    /* Read-only, without devices, programs and links; group may read. */
    int (*mount)(const char *device, const char *where, gid_t group, struct hf_error *err);
    int (*remount)(const char *where, bool writable, gid_t group, struct hf_error *err);
    void (*unmount)(const char *where);
};

struct stick_options {
    const char *device;  /* "/dev/sdb1", or NULL with `mounted` */
    const char *mounted; /* a folder to read in the place of a device */
    const char *dir;     /* what holdfastd looks into */
    const char *run;     /* of holdfastd: its answer */
    const char *etc;     /* of the host: settings of systemd */
    const char *issue;   /* what a console shows before the login */
    const char *group;   /* of holdfastd */
    int64_t patience_s;  /* for the answer */
    const char *udev;    /* its folder of data */
    const struct stick_media *media;
    bool banner; /* do nothing but the banner */
    bool show_help, show_version;
};

/* ---- options.c ---- */

HF_MUST int stick_options_parse(int argc, char **argv, struct stick_options *ret,
                                struct hf_error *err);
extern const char stick_help[];

/* ---- device.c: what udev knows ---- */

/* The label of a device's file system; "" where udev knows none. udev is its folder of data. */
void stick_label(const char *udev, dev_t device, char out[STICK_LABEL_SIZE]);
/* How many devices with that label are plugged in. */
size_t stick_count_labelled(const char *udev, const char *label);

/* ---- mount.c: vfat only, and never more than is needed ---- */

extern const struct stick_media stick_vfat;

/* What an errno of mount(2) says of the stick; -1. */
int stick_mount_error(struct hf_error *err, const char *device, int why);

/* ---- hand.c: to holdfastd ---- */

/* Reads the files of a stick that is mounted at from and puts them into dir/in, id last. Where
 * something about them is wrong already, that becomes a problem and dir/in stays as it was. ret_id
 * is "" then. */
HF_MUST int stick_hand(const char *from, const char *dir, gid_t group,
                       struct stick_problems *problems, char ret_id[STICK_ID_SIZE],
                       struct hf_error *err);
/* What holdfastd has put into run/name; NULL where there is none. */
struct hf_json *stick_document(const char *run, const char *name);
/* Its answer; NULL where there is none about id (NULL: about any). */
struct hf_json *stick_answer(const char *run, const char *id_or_null);
/* Whether a file of the stick is in force, and whether it was so before. */
bool stick_has_taken(const struct hf_json *answer, const char *file);
bool stick_has_known(const struct hf_json *answer, const char *file);
/* Whether the answer will not become another one that is worth waiting for. */
bool stick_is_settled(const struct hf_json *answer);

/* ---- report.c ---- */

/* The text for a phone, and the JSON. answer may be NULL. */
HF_MUST int stick_report_text(const struct hf_json *answer, const struct stick_problems *problems,
                              struct hf_buf *out, struct hf_error *err);
HF_MUST int stick_report_json(const struct hf_json *answer, const struct stick_problems *problems,
                              struct hf_buf *out, struct hf_error *err);
/* Writes both to holdfast/report-<gateway>.txt and .json of the stick mounted at where. */
HF_MUST int stick_report_write(const char *where, const struct hf_json *answer,
                               const struct stick_problems *problems, struct hf_error *err);
/* Overwrites and removes holdfast/name. */
HF_MUST int stick_wipe(const char *where, const char *name, struct hf_error *err);
/* A line, of which nothing moves a terminal's cursor. */
void stick_clean(char *text);

/* ---- system.c: settings of the host ---- */

/* Puts what the file in dir/in says of network and time below etc, for systemd. ret_changed says
 * whether anything was another one before. */
HF_MUST int stick_system_write(const char *dir, const char *etc, bool *ret_changed,
                               struct hf_error *err);
/* That this file was the last whose settings were made is kept below etc: whatever is set otherwise
 * later stays, also where the machine starts with the stick still in it. */
HF_MUST int stick_system_keep(const char *dir, const char *etc, struct hf_error *err);
bool stick_system_is_kept(const char *dir, const char *etc);

/* ---- banner.c ---- */

/* What the console shows before the login: address, fingerprint, QR code; of run/gateway.json. */
HF_MUST int stick_banner(const struct stick_options *o, struct hf_error *err);

/* ---- take.c ---- */

/* The whole of it. 0 also where the stick is refused: that is said. */
HF_MUST int stick_take(const struct stick_options *o, struct hf_error *err);
