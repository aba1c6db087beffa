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
