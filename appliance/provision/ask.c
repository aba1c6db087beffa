// SPDX-License-Identifier: Apache-2.0
#include "provision/ask.h"

#include "base/clock.h"
#include "base/file.h"
#include "base/text.h"

#include <limits.h>
#include <pthread.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum {
    TOLD_MAX = 256 * 1024,
    ID_BYTES = 12,
    PATIENCE_MS = 10000,
    AGAIN_MS = 2000, /* a unit that ends just now may not have seen it */
    LOOK_NS = 50 * 1000 * 1000
};

static pthread_mutex_t asking = PTHREAD_MUTEX_INITIALIZER;

struct hf_json *
hf_host_told(const struct hf_host_hand *h)
{
    HF_AUTO_BUF struct hf_buf text = HF_BUF_INIT(TOLD_MAX);
    struct hf_json *doc = NULL;
    char path[PATH_MAX];

    if (!h->out || !hf_text_put(path, sizeof path, "%s/state.json", h->out) ||
        hf_file_read(path, &text, NULL) < 0 || !text.data ||
        hf_json_parse(text.data, text.len, &doc, NULL) < 0)
        return NULL;
    return doc;
}

static bool
request_path(const struct hf_host_hand *h, char out[PATH_MAX])
{
    return hf_text_put(out, PATH_MAX, "%s/network.json", h->run);
}

static int
write_request(const struct hf_host_hand *h, const struct hf_json *request, struct hf_error *err)
{
    HF_AUTO_FREE char *text = NULL;
    char path[PATH_MAX];

    if (!request_path(h, path))
        return hf_error_set(err, HF_ERROR_INVALID, "--run: the path is too long");
    if (hf_json_print(request, &text, err) < 0)
        return -1;
    return hf_file_replace(path, text, strlen(text), 0644, (uid_t)-1, (gid_t)-1,
                           err); /* no secret is in it */
}

/* Whoever asked is told that it was not done: so it is not to be done later, unseen. */
static void
withdraw_request(const struct hf_host_hand *h)
{
    char path[PATH_MAX];

    if (request_path(h, path))
        (void)unlink(path);
}

static struct hf_json *
answer_to(const struct hf_host_hand *h, const char *id)
{
    struct hf_json *told = hf_host_told(h);
    const char *handled = hf_json_string(told, "handled");

    if (handled && strcmp(handled, id) == 0)
        return told;
    hf_json_free(told);
    return NULL;
}

static int
wait_for_answer(const struct hf_host_hand *h, const struct hf_json *request, const char *id,
                struct hf_json **ret_told, struct hf_error *err)
{
    int64_t until_ms = hf_clock_mono_ms() + (h->patience_ms ? h->patience_ms : PATIENCE_MS);
    int64_t again_ms = 0;

    while (!(*ret_told = answer_to(h, id))) {
        int64_t now_ms = hf_clock_mono_ms();

        if (now_ms > until_ms) {
            withdraw_request(h);
            return hf_error_set(err, HF_ERROR_UNAVAILABLE,
                                "holdfast-network has not answered: its log says more: journalctl "
                                "-u holdfast-network");
        }
        if (now_ms >= again_ms && write_request(h, request, err) < 0)
            return -1;
        if (now_ms >= again_ms)
            again_ms = now_ms + AGAIN_MS;
        nanosleep(&(struct timespec){.tv_nsec = LOOK_NS}, NULL);
    }
    return 0;
}

int
hf_host_ask(const struct hf_host_hand *h, struct hf_json *request, struct hf_json **ret_told,
            struct hf_error *err)
{
    HF_AUTO(hf_json) struct hf_json *told = NULL;
    unsigned char random[ID_BYTES];
    char id[2 * ID_BYTES + 1];
    const char *refused;
    int rc;

    if (!h->out)
        return hf_error_set(err, HF_ERROR_CONFLICT,
                            "the network of this host is managed elsewhere: holdfast-network does "
                            "not run on it");
    hf_random(random, sizeof random);
    hf_text_hex(random, sizeof random, id);
    hf_json_put_string(request, "id", id);
    pthread_mutex_lock(&asking);
    rc = wait_for_answer(h, request, id, &told, err);
    pthread_mutex_unlock(&asking);
    if (rc < 0)
        return -1;
    refused = hf_json_string(told, "refused");
    if (refused && *refused)
        return hf_error_set(err, HF_ERROR_CONFLICT, "%s", refused);
    *ret_told = hf_steal(&told);
    return 0;
}
