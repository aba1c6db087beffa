// SPDX-License-Identifier: Apache-2.0
#include "processor/api.h"

#include "common/httpd.h"
#include "processor/devices.h"
#include "processor/dryrun.h"

#include <pthread.h>
#include <stdio.h>
#include <string.h>

enum {
    THREADS = 2,
    LIMIT_DEFAULT = 50,
    REQUEST_MAX = HF_CONF_MAX,      /* as large as the file that the rules are to go into */
    SILENT_REQUEST_MAX = 16 * 1024, /* 16 names, each byte of which may be written as six */
    ANSWER_MAX = 4 * 1024 * 1024,
};

struct hf_api {
    struct hf_httpd *httpd;
    struct hf_work *work;
    pthread_mutex_t lock;
    char token[HF_SECRET_MAX]; /* guarded by lock */
};

static void
answer(struct hf_request *q, int rc, const struct hf_buf *body, const struct hf_error *err)
{
    if (rc < 0)
        hf_request_answer_error(q, err);
    else
        hf_request_answer(q, 200, "application/json", NULL, body->data, body->len);
}

static int
read_page(struct hf_request *q, struct hf_devices_page *page, struct hf_error *err)
{
    static const char *const names[] = {"limit", "cursor", "search", "quiet"};
    const char *given;
    uint64_t limit, quiet;

    *page = (struct hf_devices_page){.limit = 0};
    if (hf_request_parameters(q, names, HF_LEN(names), err) < 0)
        return -1;
    if (!hf_request_number(q, "limit", LIMIT_DEFAULT, &limit) || limit < 1 ||
        limit > HF_DEVICES_PAGE_MAX)
        return hf_error_set(err, HF_ERROR_INVALID, "limit is 1 to %d", HF_DEVICES_PAGE_MAX);
    if (!hf_request_number(q, "quiet", 0, &quiet) || quiet > 1)
        return hf_error_set(err, HF_ERROR_INVALID, "quiet is 0 or 1");
    page->limit = (size_t)limit;
    page->quiet = quiet;
    (void)hf_request_text(q, "cursor", page->cursor, sizeof page->cursor);
    return hf_request_get(q, "search", page->search, sizeof page->search, &given, err);
}

static void
get_devices(void *ctx, struct hf_request *q)
{
    HF_AUTO_BUF struct hf_buf body = HF_BUF_INIT(ANSWER_MAX);
    struct hf_api *a = ctx;
    struct hf_devices_page page;
    struct hf_error err = {0};
    int rc = read_page(q, &page, &err);

    if (rc == 0)
        rc = hf_work_print_devices(a->work, &page, &body, &err);
    answer(q, rc, &body, &err);
}

/* What work makes of the body, a JSON document of at most request_max bytes. */
static void
post(struct hf_api *a, struct hf_request *q, size_t request_max, size_t answer_max,
     int (*print)(struct hf_work *w, const struct hf_json *request, struct hf_buf *out,
                  struct hf_error *err))
{
    HF_AUTO_BUF struct hf_buf text = HF_BUF_INIT(request_max);
    HF_AUTO_BUF struct hf_buf body = HF_BUF_INIT(answer_max);
    HF_AUTO(hf_json) struct hf_json *request = NULL;
    struct hf_error err = {0};
    int rc = hf_request_body(q, &text, &err);

    if (rc == 0)
        rc = hf_json_parse(text.data ? text.data : "", text.len, &request, &err);
    if (rc == 0)
        rc = print(a->work, request, &body, &err);
    answer(q, rc, &body, &err);
}

static void
post_silent(void *ctx, struct hf_request *q)
{
    post(ctx, q, SILENT_REQUEST_MAX, ANSWER_MAX, hf_work_print_silent);
}

static void
get_rules(void *ctx, struct hf_request *q)
{
    HF_AUTO_BUF struct hf_buf body = HF_BUF_INIT(ANSWER_MAX);
    struct hf_api *a = ctx;
    struct hf_error err = {0};
    int rc = hf_request_parameters(q, NULL, 0, &err);

    if (rc == 0)
        rc = hf_work_print_rules(a->work, &body, &err);
    answer(q, rc, &body, &err);
}

static void
post_dry_run(void *ctx, struct hf_request *q)
{
    post(ctx, q, REQUEST_MAX, HF_DRY_RUN_ANSWER_MAX, hf_work_dry_run);
}

static void
handle(void *ctx, struct hf_request *q)
{
    static const struct hf_route routes[] = {
        {"GET", "/v1/devices", 0, get_devices},
        {"POST", "/v1/devices/silent", 0, post_silent},
        {"GET", "/v1/rules", 0, get_rules},
        {"POST", "/v1/dry-run", 0, post_dry_run},
    };
    struct hf_api *a = ctx;
    char token[HF_SECRET_MAX];
    const char *const tokens[] = {token};

    pthread_mutex_lock(&a->lock);
    memcpy(token, a->token, sizeof token);
    pthread_mutex_unlock(&a->lock);
    hf_request_route(q, routes, HF_LEN(routes), tokens, a);
}

int
hf_api_start(const char *listen, struct hf_work *work, struct hf_api **ret_api,
             struct hf_error *err)
{
    HF_AUTO(hf_api) struct hf_api *a = calloc(1, sizeof *a);
    const struct hf_httpd_options options = {
        .listen = listen, .threads = THREADS, .handle = handle, .ctx = a};

    if (!a)
        return hf_error_nomem(err);
    pthread_mutex_init(&a->lock, NULL);
    a->work = work;
    if (hf_httpd_start(&options, &a->httpd, err) < 0)
        return -1;
    *ret_api = hf_steal(&a);
    return 0;
}

void
hf_api_stop(struct hf_api *a)
{
    if (!a)
        return;
    hf_httpd_stop(a->httpd);
    pthread_mutex_destroy(&a->lock);
    free(a);
}

void
hf_api_set_token(struct hf_api *a, const char *token)
{
    pthread_mutex_lock(&a->lock);
    snprintf(a->token, sizeof a->token, "%s", token);
    pthread_mutex_unlock(&a->lock);
}
