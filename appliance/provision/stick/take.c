// SPDX-License-Identifier: Apache-2.0
#include "stick/parts.h"

#include "base/clock.h"
#include "base/text.h"
#include "provision/host.h"
#include "provision/provision.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

static const int64_t BUNDLE_S = INT64_C(6) * 3600;

struct taking {
    const struct stick_options *o;
    char where[STICK_PATH_SIZE]; /* it is mounted at */
    dev_t number;                /* of its device */
    gid_t group;
    char id[STICK_ID_SIZE];
    struct stick_problems problems;
};

/* On the console too, where it is all that is seen of a stick that cannot be written. */
static void HF_PRINTF(1, 2)
say(const char *fmt, ...)
{
    char text[STICK_PROBLEM_SIZE];
    va_list args;

    va_start(args, fmt);
    vsnprintf(text, sizeof text, fmt, args);
    va_end(args);
    stick_clean(text);
    fprintf(stderr, "holdfast-stick: %s\n", text);
}

/* ---- before it is mounted ---- */

/* False where it is somebody else's stick: said, and left alone. */
static bool
is_ours(struct taking *t)
{
    char label[STICK_LABEL_SIZE];
    struct hf_error err = {0};

    if (t->o->media->find(t->o->device, &t->number, &err) < 0) {
        say("%s", err.message);
        return false;
    }
    stick_label(t->o->udev, t->number, label);
    if (strcmp(label, STICK_LABEL) == 0)
        return true;
    say("a stick with the label '%s' is not looked at: its label must be %s", label, STICK_LABEL);
    return false;
}

/* One at a time. -1 where another one is under way. */
static int
lock(const char *dir, struct hf_error *err)
{
    char path[STICK_PATH_SIZE];
    int fd;

    if (!hf_text_put(path, sizeof path, "%s/lock", dir))
        return hf_error_set(err, HF_ERROR_INVALID, "--dir: the path is too long");
    fd = open(path, O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600);
    if (fd < 0)
        return hf_error_errno(err, errno, "cannot make '%s'", path);
    if (flock(fd, LOCK_EX | LOCK_NB) == 0)
        return fd;
    close(fd);
    return hf_error_set(err, HF_ERROR_CONFLICT,
                        "another stick is being read: pull one out, and plug it in again later");
}

/* ---- the report ---- */

static void
report(const struct taking *t, const struct hf_json *answer)
{
    struct hf_error err = {0};
    bool own = t->o->device != NULL;

    if (own && t->o->media->remount(t->where, true, t->group, &err) < 0) {
        say("no report could be written: %s", err.message);
        return;
    }
    if (stick_report_write(t->where, answer, &t->problems, &err) < 0)
        say("no report could be written: %s", err.message);
    if (own && t->o->media->remount(t->where, false, t->group, &err) < 0)
        say("%s", err.message);
}

static void
wipe(const struct taking *t, const struct hf_json *answer)
{
    bool own = t->o->device != NULL;
    struct hf_error err = {0};

    if (!hf_json_bool(answer, "wipe", false) || !stick_has_taken(answer, HF_PROVISION_FILE))
        return;
    if ((own && t->o->media->remount(t->where, true, t->group, &err) < 0) ||
        stick_wipe(t->where, HF_PROVISION_FILE, &err) < 0)
        say("%s is still on the stick: %s", HF_PROVISION_FILE, err.message);
    else
        say("%s was taken off the stick, as it asks for", HF_PROVISION_FILE);
    if (own && t->o->media->remount(t->where, false, t->group, &err) < 0)
        say("%s", err.message);
}

static void
set_system(struct taking *t, const struct hf_json *answer)
{
    struct hf_error err = {0};
    bool changed = false;

    if (!hf_json_bool(answer, "host", false) || !stick_has_taken(answer, HF_PROVISION_FILE))
        return;
    if (stick_has_known(answer, HF_PROVISION_FILE) && stick_system_is_kept(t->o->dir, t->o->etc)) {
        say("the settings of the host stay as they are: this file has made them before");
        return;
    }
    if (stick_system_write(t->o->dir, t->o->etc, &changed, &err) < 0 ||
        stick_system_keep(t->o->dir, t->o->etc, &err) < 0)
        hf_text_put(t->problems.host, sizeof t->problems.host, "%s", err.message);
    if (*t->problems.host)
        say("the settings of the host were not all made: %s", t->problems.host);
    if (changed && strcmp(t->o->etc, STICK_ETC) == 0)
        hf_host_reload();
}

/* ---- the answer ---- */

static struct hf_json *
wait_for_answer(const struct taking *t)
{
    int64_t until_ms = hf_clock_mono_ms() + t->o->patience_s * 1000;
    struct hf_json *answer;

    while (!(answer = stick_answer(t->o->run, t->id)) && hf_clock_mono_ms() < until_ms)
        nanosleep(&(struct timespec){.tv_nsec = 500000000}, NULL);
    return answer;
}

static bool
has_bundle(const struct hf_json *answer)
{
    const char *state = hf_json_string(hf_json_get(answer, "bundle"), "state");

    return state && strcmp(state, "none") != 0;
}

static bool
is_pulled_out(const struct taking *t)
{
    dev_t now;

    return t->o->device && (t->o->media->find(t->o->device, &now, NULL) < 0 || now != t->number);
}

/* What the report would say may change while the gateway starts. False where there is nothing any
 * more to write it on: then others are not kept waiting. */
static bool
follow(const struct taking *t, struct hf_json **answer)
{
    int64_t most_s = has_bundle(*answer) ? BUNDLE_S : t->o->patience_s;
    int64_t until_ms = hf_clock_mono_ms() + most_s * 1000;

    while (!stick_is_settled(*answer) && hf_clock_mono_ms() < until_ms) {
        struct hf_json *newer;

        if (is_pulled_out(t)) {
            say("the stick was pulled out: its report does not say how it went on");
            return false;
        }
        nanosleep(&(struct timespec){.tv_sec = 2}, NULL);
        newer = stick_answer(t->o->run, t->id);
        if (!newer)
            continue;
        hf_json_free(*answer);
        *answer = newer;
    }
    return true;
}

static void
tell_files(const struct hf_json *answer)
{
    for (const struct hf_json *f = hf_json_first(hf_json_get(answer, "files")); f;
         f = hf_json_next(f)) {
        const char *name = hf_json_string(f, "file"), *result = hf_json_string(f, "result");

        say("%s: %s", name ? name : "", result ? result : "");
        for (const struct hf_json *e = hf_json_first(hf_json_get(f, "errors")); e;
             e = hf_json_next(e)) {
            const char *pointer = hf_json_string(e, "pointer");
            const char *detail = hf_json_string(e, "detail");

            if (hf_json_int(e, "line", 0))
                say("  line %lld, column %lld: %s: %s", (long long)hf_json_int(e, "line", 0),
                    (long long)hf_json_int(e, "column", 0), pointer ? pointer : "",
                    detail ? detail : "");
            else
                say("  %s", detail ? detail : "");
        }
    }
}

/* Wiping comes before the last report, which nobody may wait for. */
static void
answer_stick(struct taking *t)
{
    HF_AUTO(hf_json) struct hf_json *answer = wait_for_answer(t);

    if (!answer) {
        stick_problem(&t->problems,
                      "holdfastd has not answered: is it running? Its log says more: journalctl -u "
                      "holdfastd");
        say("%s", t->problems.list[0]);
        report(t, NULL);
        return;
    }
    tell_files(answer);
    set_system(t, answer);
    report(t, answer);
    wipe(t, answer);
    if (!stick_is_settled(answer) && follow(t, &answer))
        report(t, answer);
}

/* ---- the whole ---- */

static void
refuse(struct taking *t)
{
    HF_AUTO(hf_json) struct hf_json *answer = stick_answer(t->o->run, NULL);

    for (size_t i = 0; i < t->problems.count; i++)
        say("%s", t->problems.list[i]);
    report(t, answer);
}

static int
read_stick(struct taking *t, struct hf_error *err)
{
    if (t->o->device && stick_count_labelled(t->o->udev, STICK_LABEL) > 1)
        stick_problem(&t->problems, "there are several sticks with the label " STICK_LABEL
                                    ": leave one in, and plug it in again");
    else if (stick_hand(t->where, t->o->dir, t->group, &t->problems, t->id, err) < 0)
        return -1;
    if (t->problems.count)
        refuse(t);
    else
        answer_stick(t);
    return 0;
}

static int
take_mounted(struct taking *t, struct hf_error *err)
{
    int rc;

    if (t->o->mounted) {
        hf_text_put(t->where, sizeof t->where, "%s", t->o->mounted);
        return read_stick(t, err);
    }
    if (!hf_text_put(t->where, sizeof t->where, "%s/mnt", t->o->dir))
        return hf_error_set(err, HF_ERROR_INVALID, "--dir: the path is too long");
    if ((mkdir(t->where, 0750) < 0 && errno != EEXIST) || chown(t->where, (uid_t)-1, t->group) < 0)
        return hf_error_errno(err, errno, "cannot make '%s'", t->where);
    t->o->media->unmount(t->where); /* of a process that was killed */
    if (t->o->media->mount(t->o->device, t->where, t->group, err) < 0)
        return -1;
    rc = read_stick(t, err);
    t->o->media->unmount(t->where);
    return rc;
}

int
stick_take(const struct stick_options *o, struct hf_error *err)
{
    struct taking t = {.o = o, .group = (gid_t)-1};
    const struct group *group = getgrnam(o->group); // NOLINT(concurrency-mt-unsafe)
    HF_AUTO_CLOSE int held = -1;

    if (o->device && !is_ours(&t))
        return 0;
    if (group)
        t.group = group->gr_gid;
    else if (o->device)
        return hf_error_set(err, HF_ERROR_NOT_FOUND, "there is no group '%s'", o->group);
    if (mkdir(o->dir, 0750) < 0 && errno != EEXIST)
        return hf_error_errno(err, errno, "cannot make '%s'", o->dir);
    held = lock(o->dir, err);
    if (held < 0)
        return -1;
    return take_mounted(&t, err);
}
