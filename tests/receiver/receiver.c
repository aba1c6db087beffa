// SPDX-License-Identifier: Apache-2.0
/*
 * holdfast-receiver: stores what a gateway delivers and says whether all of it came, once and in
 * order. A small example of the other side of api/uplink.md, and the measure of the tests.
 */
#include "base/log.h"
#include "base/text.h"
#include "common/httpd.h"
#include "common/stop.h"
#include "receiver/body.h"
#include "receiver/fault.h"
#include "receiver/inbox.h"

#include <getopt.h>
#include <stdatomic.h>
#include <stdio.h>

enum {
    THREADS = 8,
    BODY_MAX = 64 * 1024 * 1024,
    LINES_MAX = 256 * 1024 * 1024,
    READ_MAX = 64 * 1024 * 1024,
    READ_LIMIT = 1000, /* when the caller does not say */
    READ_LIMIT_MAX = 10000,
    TOPIC_MAX = 1024,
};

struct receiver {
    const char *listen;
    const char *db;
    const char *token; /* empty: anyone may deliver */
    struct hf_fault fault;
    atomic_uint_fast64_t requests;
    struct hf_inbox *inbox;
};

/* What a fault answers, with a text that a person may read on the gateway. */
static void
misbehave(struct hf_request *q, int status)
{
    char text[64];
    int len = snprintf(text, sizeof text, "the receiver was told to answer %d", status);

    hf_request_answer(q, status, "text/plain", NULL, text, (size_t)len);
}

static void
store(struct receiver *r, struct hf_request *q, struct hf_buf *body, uint64_t number)
{
    HF_AUTO_BUF struct hf_buf lines = HF_BUF_INIT(LINES_MAX);
    const char *key = hf_request_header(q, "Idempotency-Key");
    struct hf_error err = {0};
    int status;

    body->max = LINES_MAX; /* it may take what was packed in it */
    if (!key || !*key) {
        hf_request_refuse(q, HF_ERROR_MALFORMED, "no Idempotency-Key");
        return;
    }
    if (hf_body_lines(hf_request_header(q, "Content-Type"),
                      hf_request_header(q, "Content-Encoding"), body, &lines, &err) < 0) {
        hf_log_error("event=refused key=\"%s\" reason=\"%s\"", key, err.message);
        hf_request_answer_error(q, &err);
        return;
    }
    status = hf_fault_match(&r->fault, lines.data, lines.len);
    if (status) {
        misbehave(q, status);
    } else if (lines.len && hf_inbox_store(r->inbox, lines.data, lines.len, &err) < 0) {
        hf_log_error("event=refused key=\"%s\" reason=\"%s\"", key, err.message);
        hf_request_answer_error(q, &err);
    } else if (hf_fault_cuts(&r->fault, number)) {
        hf_request_cut(q);
    } else {
        hf_request_answer_status(q, 204);
    }
}

static void
ingest(struct receiver *r, struct hf_request *q)
{
    HF_AUTO_BUF struct hf_buf body = HF_BUF_INIT(r->fault.max_body ? r->fault.max_body : BODY_MAX);
    uint64_t number = atomic_fetch_add(&r->requests, 1) + 1;
    struct hf_error err = {0};
    int status;

    if (*r->token && !hf_request_bears(q, r->token)) {
        hf_request_refuse(q, HF_ERROR_UNAUTHORIZED, "the token is wrong");
        return;
    }
    if (hf_request_body(q, &body, &err) < 0) {
        hf_request_answer_error(q, &err);
        return;
    }
    if (r->fault.delay_ms && hf_stop_sleep((int64_t)r->fault.delay_ms))
        return;
    status = hf_fault_status(&r->fault, number);
    if (status)
        misbehave(q, status);
    else
        store(r, q, &body, number);
}

static void
give_report(struct receiver *r, struct hf_request *q)
{
    HF_AUTO(hf_json) struct hf_json *report = NULL;
    struct hf_error err = {0};

    if (hf_inbox_report(r->inbox, &report, &err) < 0)
        hf_request_answer_error(q, &err);
    else
        hf_request_answer_json(q, report);
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
        hf_request_refuse(q, HF_ERROR_MALFORMED, "after and limit (up to 10000) are whole numbers");
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
        hf_request_refuse(q, HF_ERROR_NOT_FOUND, "there is nothing here");
}

static void
usage(FILE *to)
{
    fputs(
        "usage: holdfast-receiver [--listen ADDR:PORT=0.0.0.0:8080] [--db FILE=/data/received.db]\n"
        "           [--token TOKEN]             refuse who does not bear it\n"
        "           [--delay-ms N]              answer late\n"
        "           [--fail-every N:STATUS]     answer each Nth request so, storing nothing\n"
        "           [--cut-every N]             store each Nth and close without an answer\n"
        "           [--max-body N]              answer 413 to larger bodies\n"
        "           [--refuse-match TEXT:STATUS]  answer requests with TEXT in a line so\n"
        "           [--status-random SEED:STATUS[,STATUS...]:PERCENT]\n"
        "                                       answer some so, storing nothing\n",
        to);
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
        {"max-body", required_argument, NULL, 'm'},
        {"refuse-match", required_argument, NULL, 'r'},
        {"status-random", required_argument, NULL, 's'},
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
            ok = hf_text_u64(optarg, &r->fault.delay_ms);
        else if (option == 'f')
            ok = hf_fault_read_every(&r->fault, optarg);
        else if (option == 'c')
            ok = hf_text_u64(optarg, &r->fault.cut_every);
        else if (option == 'm')
            ok = hf_text_u64(optarg, &r->fault.max_body) && r->fault.max_body;
        else if (option == 'r')
            ok = hf_fault_read_match(&r->fault, optarg);
        else if (option == 's')
            ok = hf_fault_read_random(&r->fault, optarg);
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
