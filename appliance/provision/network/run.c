// SPDX-License-Identifier: Apache-2.0
#include "network/parts.h"

#include "base/file.h"
#include "base/text.h"
#include "provision/host.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

enum { REQUEST_MAX = 64 * 1024, LOOK_NS = 250 * 1000 * 1000 };

struct hand {
    const struct network_options *o;
    struct network_state state;
    char boot[TRIAL_ID_SIZE];
};

static int64_t
now_s(void)
{
    struct timespec t;

    clock_gettime(CLOCK_BOOTTIME, &t);
    return (int64_t)t.tv_sec;
}

static void
read_boot(char out[TRIAL_ID_SIZE])
{
    HF_AUTO_BUF struct hf_buf text = HF_BUF_INIT(TRIAL_ID_SIZE);

    out[0] = '\0';
    if (hf_file_read("/proc/sys/kernel/random/boot_id", &text, NULL) < 0 || !text.data)
        return;
    text.data[strcspn(text.data, "\n")] = '\0';
    hf_text_put(out, TRIAL_ID_SIZE, "%s", text.data);
}

static enum trial_effect
step(const struct hand *h, enum trial_event event, const char *id)
{
    return trial_step(&h->state.trial, event, id, h->boot, now_s());
}

/* ---- effects ---- */

/* Before networkd runs there is nobody to tell. */
static void
reload(const struct hand *h)
{
    if (!h->o->boot && !*h->o->root)
        hf_host_reload();
}

static void
settle(struct hand *h, bool kept)
{
    memcpy(h->state.last, h->state.trial.id, sizeof h->state.last);
    h->state.kept = kept;
    h->state.trial = (struct trial){.until_s = 0};
    network_state_done(&h->state);
}

static bool
is_same(const struct hf_json *a, const struct hf_json *b)
{
    HF_AUTO_FREE char *one = NULL, *other = NULL;

    return a && b && hf_json_print(a, &one, NULL) == 0 && hf_json_print(b, &other, NULL) == 0 &&
           strcmp(one, other) == 0;
}

/* A stick has set the network since: who plugged it in stands there, and nothing of before comes
 * back over it. What is there halfway is still the old one by its own word. */
static bool
is_set_anew(const struct hand *h)
{
    HF_AUTO(hf_json) struct hf_json *now = hf_host_network(h->o->etc);

    return now && h->state.tried && !is_same(now, h->state.tried) && !is_same(now, h->state.was);
}

static int
take_back(struct hand *h, struct hf_error *err)
{
    bool changed = false, anew = is_set_anew(h);

    if (!anew && hf_host_restore_network(h->state.before, h->o->etc, &changed, err) < 0)
        return -1;
    settle(h, false);
    if (network_state_save(h->o->state, &h->state, err) < 0)
        return -1;
    reload(h); /* also where one that was killed has put the files back */
    fprintf(stderr, "holdfast-network: nobody has confirmed the change: %s\n",
            anew ? "what a stick has set since stays" : "the old settings are back");
    return 0;
}

static int
keep(struct hand *h, struct hf_error *err)
{
    settle(h, true);
    return network_state_save(h->o->state, &h->state, err);
}

/* What was there is written down, and that it is on trial, before anything changes. */
static int
begin(struct hand *h, const char *id, const struct hf_json *network, struct hf_error *err)
{
    bool changed = false;

    if (hf_host_save_network(h->o->etc, &h->state.before, err) < 0)
        return -1;
    h->state.was = hf_host_network(h->o->etc);
    h->state.tried = hf_json_copy(network);
    hf_text_put(h->state.trial.id, sizeof h->state.trial.id, "%s", id);
    memcpy(h->state.trial.boot, h->boot, sizeof h->state.trial.boot);
    h->state.trial.until_s = now_s() + h->o->trial_s;
    if (network_state_save(h->o->state, &h->state, err) < 0) {
        h->state.trial = (struct trial){.until_s = 0};
        network_state_done(&h->state);
        return -1;
    }
    if (hf_host_put_network(network, h->o->etc, &changed, err) < 0) {
        struct hf_error second = {0};

        return take_back(h, &second) < 0 ? hf_error_wrap(err, "%s", second.message) : -1;
    }
    if (!changed) /* there is nothing to be tried */
        return keep(h, err);
    reload(h);
    fprintf(stderr, "holdfast-network: another network is on trial for %lld s\n",
            (long long)h->o->trial_s);
    return 0;
}

/* ---- requests ---- */

static int
change(struct hand *h, const char *id, const struct hf_json *doc, struct hf_error *err)
{
    static struct hf_host_link links[HF_HOST_LINKS_MAX];
    const struct hf_json *network = hf_json_get(doc, "network"), *time = hf_json_get(doc, "time");
    size_t count = hf_host_links(h->o->root, links, HF_HOST_LINKS_MAX);
    bool changed = false;

    if (step(h, TRIAL_ASKED, id) != TRIAL_BEGIN)
        return hf_error_set(err, HF_ERROR_CONFLICT, "another change is on trial: wait for its end");
    if ((network && (hf_host_check_network(network, err) < 0 ||
                     hf_host_check_links(network, links, count, err) < 0)) ||
        (time && hf_host_check_time(time, err) < 0))
        return -1;
    if (time && hf_host_put_time(time, h->o->etc, &changed, err) < 0)
        return -1;
    if (changed)
        reload(h);
    return network ? begin(h, id, network, err) : 0;
}

static int
confirm(struct hand *h, const struct hf_json *doc, struct hf_error *err)
{
    const char *trial = hf_json_string(doc, "trial");

    if (!trial || step(h, TRIAL_CONFIRMED, trial) != TRIAL_KEEP)
        return hf_error_set(err, HF_ERROR_CONFLICT, "no such change is on trial any more");
    return keep(h, err);
}

static int
handle(struct hand *h, const char *id, const struct hf_json *doc, struct hf_error *err)
{
    static const struct hf_json_field fields[] = {
        {"id", HF_JSON_STRING, true},     {"do", HF_JSON_STRING, true},
        {"trial", HF_JSON_STRING, false}, {"network", HF_JSON_OBJECT, false},
        {"time", HF_JSON_OBJECT, false},
    };
    bool changed = false;
    const char *what;

    if (hf_json_check(doc, "", fields, HF_LEN(fields), err) < 0)
        return -1;
    what = hf_json_string(doc, "do");
    if (strcmp(what, "change") == 0)
        return change(h, id, doc, err);
    if (strcmp(what, "confirm") == 0)
        return confirm(h, doc, err);
    if (strcmp(what, "forget") == 0)
        return hf_host_put_ssh(NULL, h->o->etc, &changed, err);
    return hf_error_set(err, HF_ERROR_INVALID, "/do: must be change, confirm or forget");
}

/* Whoever may write there is not trusted: no link, no device, nothing large. */
static struct hf_json *
read_request(const struct hand *h)
{
    HF_AUTO_BUF struct hf_buf text = HF_BUF_INIT(REQUEST_MAX);
    struct hf_json *doc = NULL;
    char path[NETWORK_PATH_SIZE];
    HF_AUTO_CLOSE int fd = -1;
    struct stat st;

    if (!hf_text_put(path, sizeof path, "%s/network.json", h->o->run))
        return NULL;
    fd = open(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
    if (fd < 0 || fstat(fd, &st) < 0 || !S_ISREG(st.st_mode) ||
        hf_file_read_rest(fd, path, &text, NULL) < 0 || !text.data ||
        hf_json_parse(text.data, text.len, &doc, NULL) < 0)
        return NULL;
    return doc;
}

static int
look(struct hand *h, struct hf_error *err)
{
    HF_AUTO(hf_json) struct hf_json *doc = read_request(h);
    const char *id = hf_json_string(doc, "id");
    struct hf_error why = {0};

    if (!id || !*id || strlen(id) >= TRIAL_ID_SIZE || strcmp(id, h->state.handled) == 0)
        return 0;
    h->state.refused[0] = '\0';
    hf_text_put(h->state.handled, sizeof h->state.handled, "%s", id);
    if (handle(h, id, doc, &why) < 0) {
        hf_text_put(h->state.refused, sizeof h->state.refused, "%s", why.message);
        fprintf(stderr, "holdfast-network: refused: %s\n", h->state.refused);
    }
    if (network_state_save(h->o->state, &h->state, err) < 0)
        return -1;
    return network_state_tell(h->o, &h->state, err);
}

static int
tick(struct hand *h, enum trial_event event, struct hf_error *err)
{
    if (step(h, event, "") != TRIAL_TAKE_BACK)
        return 0;
    return take_back(h, err) < 0 ? -1 : network_state_tell(h->o, &h->state, err);
}

static int
run(struct hand *h, struct hf_error *err)
{
    if (tick(h, TRIAL_STARTED, err) < 0 || network_state_tell(h->o, &h->state, err) < 0)
        return -1;
    if (h->o->boot)
        return 0;
    if (*h->state.trial.id) /* one before this was killed, perhaps before it could say so */
        reload(h);
    for (;;) {
        if (look(h, err) < 0 || tick(h, TRIAL_TICK, err) < 0)
            return -1;
        if (!*h->state.trial.id)
            return 0;
        nanosleep(&(struct timespec){.tv_nsec = LOOK_NS}, NULL);
    }
}

int
network_run(const struct network_options *o, struct hf_error *err)
{
    struct hand h = {.o = o};
    int rc;

    read_boot(h.boot);
    network_state_load(o->state, &h.state);
    rc = run(&h, err);
    network_state_done(&h.state);
    return rc;
}
