// SPDX-License-Identifier: Apache-2.0
#include "common/conf.h"

#include "base/clock.h"
#include "base/file.h"
#include "base/log.h"
#include "base/text.h"
#include "common/env.h"
#include "common/stop.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

enum { WAIT_STEP_MS = 250 };

static bool
same_file(const struct hf_conf *c, const struct stat *st)
{
    return c->ino == st->st_ino && c->dev == st->st_dev && c->size == st->st_size &&
           c->mtime.tv_sec == st->st_mtim.tv_sec && c->mtime.tv_nsec == st->st_mtim.tv_nsec;
}

void
hf_conf_refuse(struct hf_conf *c, const struct hf_error *err)
{
    c->retry_ms = hf_clock_mono_ms() + HF_CONF_RETRY_MS;
    hf_text_put(c->wrong, sizeof c->wrong, "%s", err->message);
}

static int
read_file(struct hf_conf *c, const char *path, struct hf_json **ret_doc, struct hf_error *err)
{
    HF_AUTO_BUF struct hf_buf text = HF_BUF_INIT(HF_CONF_MAX);

    if (hf_file_read(path, &text, err) < 0)
        return -1;
    if (hf_json_parse(text.data ? text.data : "", text.len, ret_doc, err) < 0)
        return hf_error_wrap(err, "%s", c->name);
    return 0;
}

int
hf_conf_poll(struct hf_conf *c, struct hf_json **ret_doc, struct hf_error *err)
{
    char path[PATH_MAX];
    struct hf_error wrong;
    struct stat st;

    snprintf(path, sizeof path, "%s/%s", hf_env_run_dir(), c->name);
    if (stat(path, &st) < 0)
        return errno == ENOENT ? 0 : hf_error_errno(err, errno, "cannot read '%s'", path);
    if (same_file(c, &st) && (!c->retry_ms || hf_clock_mono_ms() < c->retry_ms))
        return 0;
    c->dev = st.st_dev;
    c->ino = st.st_ino;
    c->mtime = st.st_mtim;
    c->size = st.st_size;
    if (read_file(c, path, ret_doc, &wrong) < 0) {
        hf_conf_refuse(c, &wrong);
        if (err)
            *err = wrong;
        return -1;
    }
    c->retry_ms = 0;
    c->wrong[0] = '\0';
    return 1;
}

/* ---- both files ---- */

static int
renew(struct hf_conf *file, struct hf_json **next, struct hf_error *err)
{
    HF_AUTO(hf_json) struct hf_json *read = NULL;
    int rc = hf_conf_poll(file, &read, err);

    if (rc <= 0)
        return rc;
    hf_json_free(*next);
    *next = hf_steal(&read);
    return 0;
}

static const char *
revision_of(const struct hf_json *next, const struct hf_json *used)
{
    const char *revision = hf_json_string(next ? next : used, "revision");

    return revision ? revision : "";
}

static bool
take_next(struct hf_json **used, struct hf_json **next)
{
    if (!*next)
        return false;
    hf_json_free(*used);
    *used = hf_steal(next);
    return true;
}

static int
wait_for_other(struct hf_conf_pair *p, struct hf_error *err)
{
    int64_t now = hf_clock_mono_ms();

    if (!p->apart_ms)
        p->apart_ms = now;
    if (now - p->apart_ms < HF_CONF_RETRY_MS)
        return 0;
    p->apart_ms = now;
    return hf_error_set(err, HF_ERROR_CONFLICT,
                        "credentials.json and settings.json are of two revisions: waiting until "
                        "both are of one");
}

int
hf_conf_pair_poll(struct hf_conf_pair *p, struct hf_error *err)
{
    bool is_new;

    if (renew(&p->credentials_file, &p->next_credentials, err) < 0 ||
        renew(&p->settings_file, &p->next_settings, err) < 0)
        return -1;
    if (!p->next_credentials && !p->next_settings)
        return 0;
    if (!(p->next_credentials || p->credentials) || !(p->next_settings || p->settings))
        return 0; /* the first ones: one is not there yet */
    if (strcmp(revision_of(p->next_credentials, p->credentials),
               revision_of(p->next_settings, p->settings)) != 0)
        return wait_for_other(p, err);
    p->apart_ms = 0;
    is_new = take_next(&p->credentials, &p->next_credentials);
    return take_next(&p->settings, &p->next_settings) || is_new;
}

int
hf_conf_pair_wait(struct hf_conf_pair *p)
{
    bool said = false;

    for (;;) {
        struct hf_error err = {0};
        int rc = hf_conf_pair_poll(p, &err);

        if (rc > 0)
            return 0;
        if (rc < 0)
            hf_log_error("event=conf-wrong reason=\"%s\"", err.message);
        if (rc == 0 && !said) {
            hf_log_info("event=waiting-for-conf folder=%s", hf_env_run_dir());
            said = true;
        }
        if (hf_stop_sleep(WAIT_STEP_MS))
            return -1;
    }
}

void
hf_conf_pair_refuse(struct hf_conf_pair *p, const struct hf_error *err)
{
    hf_conf_refuse(&p->settings_file, err);
}

void
hf_conf_pair_done(struct hf_conf_pair *p)
{
    hf_json_free(hf_steal(&p->credentials));
    hf_json_free(hf_steal(&p->settings));
    hf_json_free(hf_steal(&p->next_credentials));
    hf_json_free(hf_steal(&p->next_settings));
}

/* ---- one file ---- */

int
hf_conf_wait(struct hf_conf *c, struct hf_json **ret_doc)
{
    bool said = false;

    for (;;) {
        struct hf_error err = {0};
        int rc = hf_conf_poll(c, ret_doc, &err);

        if (rc > 0)
            return 0;
        if (rc < 0)
            hf_log_error("event=conf-wrong file=%s reason=\"%s\"", c->name, err.message);
        if (rc == 0 && !said && !c->ino) {
            hf_log_info("event=waiting-for-conf file=%s/%s", hf_env_run_dir(), c->name);
            said = true;
        }
        if (hf_stop_sleep(WAIT_STEP_MS))
            return -1;
    }
}

void
hf_conf_text(const struct hf_json *object, const char *member, char *out, size_t size)
{
    const char *text = hf_json_string(object, member);

    snprintf(out, size, "%s", text ? text : "");
}

int
hf_conf_account(const struct hf_json *credentials, struct hf_account *ret_account,
                struct hf_error *err)
{
    const struct hf_json *bus = hf_json_get(credentials, "bus");

    hf_conf_text(bus, "user", ret_account->user, sizeof ret_account->user);
    hf_conf_text(bus, "password", ret_account->password, sizeof ret_account->password);
    if (!*ret_account->user || !*ret_account->password)
        return hf_error_set_at(err, HF_ERROR_INVALID, "/bus",
                               "credentials.json has no user and password for the bus");
    return 0;
}
