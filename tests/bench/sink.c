// SPDX-License-Identifier: Apache-2.0
/*
 * holdfast-sink: where messages end in a bench, as cheap as it can be: by HTTP as the receiver
 * takes them, or as a subscriber of a broker with QoS 1. Counts in memory; GET /v1/report?run=NAME
 * says.
 */
#include "base/log.h"
#include "base/text.h"
#include "common/env.h"
#include "common/httpd.h"
#include "common/stop.h"
#include "tally.h"

#include <getopt.h>
#include <mosquitto.h>
#include <stdio.h>

enum {
    THREADS = 4,
    BODY_MAX = 64 * 1024 * 1024,
    KEEPALIVE_S = 30,
    LOOP_MS = 100,
    RECONNECT_MS = 100,
    INFLIGHT = 2000,
};

struct sink {
    const char *listen;
    struct hf_address broker; /* port 0: none */
    const char *topic, *id;
    struct hf_tally *tally;
};

static void
ingest(struct sink *s, struct hf_request *q)
{
    HF_AUTO_BUF struct hf_buf body = HF_BUF_INIT(BODY_MAX);
    struct hf_error err = {0};

    if (hf_request_body(q, &body, &err) < 0) {
        hf_request_answer_error(q, &err);
        return;
    }
    hf_tally_lines(s->tally, body.data ? body.data : "", body.len);
    hf_request_answer_status(q, 204);
}

static void
give_report(struct sink *s, struct hf_request *q)
{
    HF_AUTO(hf_json) struct hf_json *report = NULL;
    char run[64];

    if (!hf_request_text(q, "run", run, sizeof run))
        run[0] = '\0';
    report = hf_tally_report(s->tally, run);
    hf_request_answer_json(q, report);
}

static void
handle(void *ctx, struct hf_request *q)
{
    if (hf_request_is(q, "POST", "/v1/ingest"))
        ingest(ctx, q);
    else if (hf_request_is(q, "GET", "/v1/report"))
        give_report(ctx, q);
    else
        hf_request_answer_status(q, 404);
}

/* ---- as a subscriber ---- */

static void
on_connect(struct mosquitto *m, void *ctx, int rc)
{
    const struct sink *s = ctx;

    if (rc == 0)
        mosquitto_subscribe(m, NULL, s->topic, 1);
}

static void
on_message(struct mosquitto *m, void *ctx, const struct mosquitto_message *message)
{
    const struct sink *s = ctx;

    (void)m;
    hf_tally_payload(s->tally, message->payload, (size_t)message->payloadlen);
}

static void
subscribe(struct sink *s)
{
    struct mosquitto *m;
    int rc;

    mosquitto_lib_init();
    m = mosquitto_new(s->id, false, s);
    if (!m)
        return;
    mosquitto_int_option(m, MOSQ_OPT_RECEIVE_MAXIMUM, INFLIGHT);
    mosquitto_int_option(m, MOSQ_OPT_TCP_NODELAY, 1);
    mosquitto_connect_callback_set(m, on_connect);
    mosquitto_message_callback_set(m, on_message);
    rc = mosquitto_connect(m, s->broker.host, s->broker.port, KEEPALIVE_S);
    while (!hf_stopping()) {
        if (!rc)
            rc = mosquitto_loop(m, LOOP_MS, 1);
        if (!rc)
            continue;
        (void)hf_stop_sleep(RECONNECT_MS);
        rc = mosquitto_reconnect(m);
    }
    mosquitto_destroy(m);
}

static bool
read_options(struct sink *s, int argc, char **argv)
{
    static const struct option options[] = {
        {"listen", required_argument, NULL, 'l'},
        {"broker", required_argument, NULL, 'b'},
        {"topic", required_argument, NULL, 't'},
        {"id", required_argument, NULL, 'i'},
        {NULL, 0, NULL, 0},
    };
    struct hf_error err = {0};
    bool ok = true;
    int option;

    while (ok && (option = getopt_long(argc, argv, "", options, NULL)) != -1) {
        if (option == 'l')
            s->listen = optarg;
        else if (option == 'b')
            ok = hf_address_parse(optarg, &s->broker, &err) == 0;
        else if (option == 't')
            s->topic = optarg;
        else if (option == 'i')
            s->id = optarg;
        else
            ok = false;
    }
    return ok && optind == argc && s->listen;
}

static int
run(struct sink *s, struct hf_error *err)
{
    HF_AUTO(hf_httpd) struct hf_httpd *httpd = NULL;
    const struct hf_httpd_options options = {
        .listen = s->listen, .threads = THREADS, .handle = handle, .ctx = s};

    if (hf_stop_init(err) < 0 || hf_tally_new(&s->tally, err) < 0 ||
        hf_httpd_start(&options, &httpd, err) < 0)
        return -1;
    if (s->broker.port)
        subscribe(s);
    while (!hf_stop_sleep(INT32_MAX))
        ;
    return 0;
}

int
main(int argc, char **argv)
{
    static struct sink s = {.topic = "#", .id = "sink"};
    struct hf_error err = {0};
    int rc;

    if (!read_options(&s, argc, argv)) {
        fputs("usage: holdfast-sink --listen ADDR:PORT [--broker HOST:PORT [--topic FILTER=#] "
              "[--id CLIENT=sink]]\n",
              stderr);
        return 2;
    }
    rc = run(&s, &err);
    if (rc < 0)
        hf_log_error("event=failed reason=\"%s\"", err.message);
    hf_tally_free(s.tally);
    return rc < 0 ? 1 : 0;
}
