// SPDX-License-Identifier: Apache-2.0
/*
 * holdfast-receiver: stores what a gateway delivers and says whether all of it came, once and in
 * order. A small example of the other side of api/uplink.md, and the measure of the tests.
 */
#include "base/log.h"
#include "base/text.h"
#include "common/httpd.h"
#include "common/stop.h"
#include "receiver/inbox.h"

#include <getopt.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>

enum {
    THREADS = 8,
    BODY_MAX = 64 * 1024 * 1024,
    READ_MAX = 64 * 1024 * 1024,
    READ_LIMIT = 1000, /* when the caller does not say */
    READ_LIMIT_MAX = 10000,
    TOPIC_MAX = 1024,
};

struct receiver {
    const char *listen;
    const char *db;
    const char *token; /* empty: anyone may deliver */
    uint64_t delay_ms;
    uint64_t fail_every; /* each so-manieth request is not stored and answered with fail_status */
    uint64_t fail_status;
    uint64_t cut_every; /* each so-manieth is stored, and its connection closed without an answer */
    atomic_uint_fast64_t requests;
    struct hf_inbox *inbox;
};

static void
answer_json(struct hf_request *q, const struct hf_json *doc)
{
    HF_AUTO_FREE char *text = NULL;
    struct hf_error err = {0};

    if (hf_json_print(doc, &text, &err) < 0)
        hf_request_answer_error(q, &err);
    else
        hf_request_answer(q, 200, "application/json", NULL, text, strlen(text));
}

static bool
each(uint64_t every, uint64_t number)
{
    return every && number % every == 0;
}

static void
refuse(struct hf_request *q, enum hf_error_class class, const char *why)
{
    struct hf_error err;

    hf_error_set(&err, class, "%s", why);
    hf_request_answer_error(q, &err);
}

static void
ingest(struct receiver *r, struct hf_request *q)
{
    HF_AUTO_BUF struct hf_buf body = HF_BUF_INIT(BODY_MAX);
    uint64_t number = atomic_fetch_add(&r->requests, 1) + 1;
    const char *type = hf_request_header(q, "Content-Type");
    const char *key = hf_request_header(q, "Idempotency-Key");
    struct hf_error err = {0};

    if (*r->token && !hf_request_bears(q, r->token)) {
        refuse(q, HF_ERROR_UNAUTHORIZED, "the token is wrong");
        return;
    }
    if (hf_request_body(q, &body, &err) < 0) {
        hf_request_answer_error(q, &err);
        return;
    }
    if (r->delay_ms && hf_stop_sleep((int64_t)r->delay_ms))
        return;
    if (each(r->fail_every, number)) {
        hf_request_answer_status(q, (int)r->fail_status);
        return;
    }
    if (!type || strcmp(type, "application/x-ndjson") != 0 || !key || !*key || !body.len) {
        refuse(q, HF_ERROR_MALFORMED, "not NDJSON, no Idempotency-Key, or nothing in it");
        return;
    }
    if (hf_inbox_store(r->inbox, body.data, body.len, &err) < 0) {
        hf_log_error("event=refused key=\"%s\" reason=\"%s\"", key, err.message);
        hf_request_answer_error(q, &err);
    } else if (each(r->cut_every, number)) {
        hf_request_cut(q);
    } else {
        hf_request_answer_status(q, 204);
    }
}

static void
give_report(struct receiver *r, struct hf_request *q)
{
    HF_AUTO(hf_json) struct hf_json *report = NULL;
    struct hf_error err = {0};

    if (hf_inbox_report(r->inbox, &report, &err) < 0)
        hf_request_answer_error(q, &err);
    else
        answer_json(q, report);
}

static void
give_records(struct receiver *r, struct hf_request *q)
{
    HF_AUTO_BUF struct hf_buf lines = HF_BUF_INIT(READ_MAX);
    char topic[TOPIC_MAX];
    struct hf_error err = {0};
    uint64_t after, limit;

    if (!hf_request_number(q, "after", 0, &after) ||
        !hf_request_number(q, "limit", READ_LIMIT, &limit) || limit > READ_LIMIT_MAX) {
        refuse(q, HF_ERROR_MALFORMED, "after and limit (up to 10000) are whole numbers");
        return;
    }
    if (hf_inbox_read(r->inbox, hf_request_text(q, "topic", topic, sizeof topic) ? topic : NULL,
                      after, limit, &lines, &err) < 0)
        hf_request_answer_error(q, &err);
    else
        hf_request_answer(q, 200, "application/x-ndjson", NULL, lines.data ? lines.data : "",
                          lines.len);
}

static void
handle(void *ctx, struct hf_request *q)
{
    struct receiver *r = ctx;

    if (hf_request_is(q, "POST", "/v1/ingest"))
        ingest(r, q);
    else if (hf_request_is(q, "GET", "/v1/report"))
        give_report(r, q);
    else if (hf_request_is(q, "GET", "/v1/records"))
        give_records(r, q);
    else if (hf_request_is(q, "GET", "/v1/health"))
        hf_request_answer(q, 200, "application/json", NULL, "{\"status\":\"ok\"}", 15);
    else
        refuse(q, HF_ERROR_NOT_FOUND, "there is nothing here");
}

static void
usage(FILE *to)
{
    fputs(
        "usage: holdfast-receiver [--listen ADDR:PORT=0.0.0.0:8080] [--db FILE=/data/received.db]\n"
        "           [--token TOKEN]             refuse who does not bear it\n"
        "           [--delay-ms N]              answer late\n"
        "           [--fail-every N:STATUS]     answer each Nth request so, storing nothing\n"
        "           [--cut-every N]             store each Nth and close without an answer\n",
        to);
}

static bool
read_fail_every(struct receiver *r, char *text)
{
    char *colon = strchr(text, ':');

    if (!colon)
        return false;
    *colon = '\0';
    return hf_text_u64(text, &r->fail_every) && hf_text_u64(colon + 1, &r->fail_status) &&
           r->fail_status >= 200 && r->fail_status <= 599;
}

static bool
read_options(struct receiver *r, int argc, char **argv)
{
    static const struct option options[] = {
        {"listen", required_argument, NULL, 'l'},
        {"db", required_argument, NULL, 'd'},
        {"token", required_argument, NULL, 't'},
        {"delay-ms", required_argument, NULL, 'w'},
        {"fail-every", required_argument, NULL, 'f'},
        {"cut-every", required_argument, NULL, 'c'},
        {NULL, 0, NULL, 0},
    };
    int option;
    bool ok = true;

    while (ok && (option = getopt_long(argc, argv, "", options, NULL)) != -1) {
        if (option == 'l')
            r->listen = optarg;
        else if (option == 'd')
            r->db = optarg;
        else if (option == 't')
            r->token = optarg;
        else if (option == 'w')
            ok = hf_text_u64(optarg, &r->delay_ms);
        else if (option == 'f')
            ok = read_fail_every(r, optarg);
        else if (option == 'c')
            ok = hf_text_u64(optarg, &r->cut_every);
        else
            ok = false;
    }
    return ok && optind == argc;
}

static int
run(struct receiver *r, struct hf_error *err)
{
    HF_AUTO(hf_httpd) struct hf_httpd *httpd = NULL;

    if (hf_stop_init(err) < 0 || hf_inbox_open(r->db, &r->inbox, err) < 0 ||
        hf_httpd_start(
            &(struct hf_httpd_options){
                .listen = r->listen, .threads = THREADS, .handle = handle, .ctx = r},
            &httpd, err) < 0)
        return -1;
    hf_log_info("event=ready listen=%s db=%s", r->listen, r->db);
    while (!hf_stop_sleep(INT32_MAX))
        ;
    return 0;
}

int
main(int argc, char **argv)
{
    static struct receiver r = {.listen = "0.0.0.0:8080", .db = "/data/received.db", .token = ""};
    struct hf_error err = {0};
    int rc;

    if (!read_options(&r, argc, argv)) {
        usage(stderr);
        return 2;
    }
    rc = run(&r, &err);
    if (rc < 0)
        hf_log_error("event=failed reason=\"%s\"", err.message);
    hf_inbox_close(r.inbox);
    return rc < 0 ? 1 : 0;
}
