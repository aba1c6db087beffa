// SPDX-License-Identifier: Apache-2.0
#include "network/parts.h"

#include "base/file.h"
#include "base/text.h"
#include "provision/host.h"

#include <string.h>
#include <sys/stat.h>

enum { STATE_MAX = 256 * 1024 };

static const char NAME[] = "state.json";

static void
take(const struct hf_json *doc, const char *member, char *out, size_t size)
{
    const char *text = hf_json_string(doc, member);

    hf_text_put(out, size, "%s", text ? text : "");
}

void
network_state_load(const char *dir, struct network_state *ret)
{
    HF_AUTO_BUF struct hf_buf text = HF_BUF_INIT(STATE_MAX);
    HF_AUTO(hf_json) struct hf_json *doc = NULL;
    char path[NETWORK_PATH_SIZE];

    *ret = (struct network_state){.kept = false};
    if (!hf_text_put(path, sizeof path, "%s/%s", dir, NAME) ||
        hf_file_read(path, &text, NULL) < 0 || !text.data ||
        hf_json_parse(text.data, text.len, &doc, NULL) < 0)
        return;
    take(doc, "handled", ret->handled, sizeof ret->handled);
    take(doc, "refused", ret->refused, sizeof ret->refused);
    take(doc, "last", ret->last, sizeof ret->last);
    ret->kept = hf_json_bool(doc, "kept", false);
    if (!hf_json_is_object(hf_json_get(doc, "before")))
        return;
    ret->before = hf_json_copy(hf_json_get(doc, "before"));
    if (hf_json_is_object(hf_json_get(doc, "was")))
        ret->was = hf_json_copy(hf_json_get(doc, "was"));
    if (hf_json_is_object(hf_json_get(doc, "tried")))
        ret->tried = hf_json_copy(hf_json_get(doc, "tried"));
    take(doc, "trial", ret->trial.id, sizeof ret->trial.id);
    take(doc, "boot", ret->trial.boot, sizeof ret->trial.boot);
    ret->trial.until_s = hf_json_int(doc, "until_s", 0);
}

static struct hf_json *
encode(const struct network_state *s)
{
    struct hf_json *o = hf_json_object();

    hf_json_put_string(o, "handled", s->handled);
    hf_json_put_string(o, "refused", s->refused);
    hf_json_put_string(o, "last", s->last);
    hf_json_put_bool(o, "kept", s->kept);
    if (!*s->trial.id)
        return o;
    hf_json_put_string(o, "trial", s->trial.id);
    hf_json_put_string(o, "boot", s->trial.boot);
    hf_json_put_int(o, "until_s", s->trial.until_s);
    return o;
}

static int
write_to(const char *dir, mode_t dir_mode, mode_t mode, const struct hf_json *doc,
         struct hf_error *err)
{
    HF_AUTO_FREE char *text = NULL;
    char path[NETWORK_PATH_SIZE];

    if (!hf_text_put(path, sizeof path, "%s/%s", dir, NAME))
        return hf_error_set(err, HF_ERROR_INVALID, "the path '%s' is too long", dir);
    if (hf_file_mkdirs(dir, dir_mode, err) < 0 || hf_json_print(doc, &text, err) < 0)
        return -1;
    return hf_file_replace(path, text, strlen(text), mode, (uid_t)-1, (gid_t)-1, err);
}

int
network_state_save(const char *dir, const struct network_state *s, struct hf_error *err)
{
    HF_AUTO(hf_json) struct hf_json *doc = encode(s);

    if (*s->trial.id) {
        hf_json_put(doc, "before", hf_json_copy(s->before));
        if (s->was)
            hf_json_put(doc, "was", hf_json_copy(s->was));
        if (s->tried)
            hf_json_put(doc, "tried", hf_json_copy(s->tried));
    }
    return write_to(dir, 0700, 0600, doc, err);
}

int
network_state_tell(const struct network_options *o, const struct network_state *s,
                   struct hf_error *err)
{
    HF_AUTO(hf_json) struct hf_json *doc = encode(s);
    struct hf_json *network = hf_host_network(o->etc);

    if (network)
        hf_json_put(doc, "network", network);
    if (s->was)
        hf_json_put(doc, "was", hf_json_copy(s->was));
    hf_json_put(doc, "time", hf_host_time(o->etc));
    return write_to(o->out, 0755, 0644, doc, err);
}

void
network_state_done(struct network_state *s)
{
    hf_json_free(s->before);
    hf_json_free(s->was);
    hf_json_free(s->tried);
    s->before = s->was = s->tried = NULL;
}
