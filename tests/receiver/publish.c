// SPDX-License-Identifier: Apache-2.0
/*
 * holdfast-publish: publishes numbered messages with QoS 1, each until it is acknowledged, through
 * any number of lost connections; then, with --check, says which of the acknowledged ones a
 * receiver does not have.
 */
#include "base/clock.h"
#include "base/log.h"
#include "base/text.h"
#include "common/stop.h"
#include "receiver/check.h"

#include <getopt.h>
#include <mosquitto.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>

enum {
    MIDS = 65536,
    CLIENTS_MAX = 256,
    SIZE_MAX_BYTES = 1024 * 1024,
    KEEPALIVE_S = 30,
    RECONNECT_MS = 100,
    LOOP_MS = 20,
};

struct plan {
    const char *host;
    uint64_t port, clients, topics, count, size, rate, window, settle_s;
    const char *prefix;
    const char *check_url;
    char run[24];
    unsigned char *acknowledged; /* [count], each written by one client only */
    atomic_uint_fast64_t done;
    atomic_uint_fast64_t reconnects;
    int64_t start_ms;
};

/* Client c sends the numbers n with n % topics % clients == c, so that each topic has one sender
 * and its order is defined. */
struct client {
    struct plan *plan;
    struct mosquitto *mosq;
    uint64_t index;
    uint64_t next;   /* the number to look at next */
    uint64_t flying; /* published, not yet acknowledged */
    uint64_t number_of_mid[MIDS];
    bool connected;
    char *payload;
};

static void
on_connect(struct mosquitto *m, void *ctx, int rc)
{
    struct client *c = ctx;

    (void)m;
    c->connected = rc == 0;
}

static void
on_publish(struct mosquitto *m, void *ctx, int mid)
{
    struct client *c = ctx;

    (void)m;
    c->plan->acknowledged[c->number_of_mid[mid]] = 1;
    c->flying--;
    atomic_fetch_add(&c->plan->done, 1);
}

static bool
may_send(const struct plan *p, uint64_t number)
{
    int64_t ms = hf_clock_mono_ms() - p->start_ms;

    return !p->rate || number * 1000 <= (uint64_t)ms * p->rate;
}

static int
send_number(struct client *c, uint64_t n)
{
    struct plan *p = c->plan;
    char topic[256];
    int len, mid, rc;

    snprintf(topic, sizeof topic, "%s/%llu", p->prefix, (unsigned long long)(n % p->topics));
    len = snprintf(c->payload, p->size + 96, "{\"run\":\"%s\",\"n\":%llu,\"pad\":\"", p->run,
                   (unsigned long long)n);
    for (; len + 2 < (int)p->size; len++)
        c->payload[len] = (char)('a' + (len + (int)(n % 26)) % 26);
    memcpy(c->payload + len, "\"}", 2);
    rc = mosquitto_publish(c->mosq, &mid, topic, len + 2, c->payload, 1, false);
    if (rc == MOSQ_ERR_SUCCESS) {
        c->number_of_mid[mid] = n;
        c->flying++;
    }
    return rc;
}

static int
send_some(struct client *c)
{
    struct plan *p = c->plan;

    while (c->connected && c->flying < p->window && c->next < p->count && may_send(p, c->next)) {
        if (c->next % p->topics % p->clients == c->index) {
            int rc = send_number(c, c->next);

            if (rc)
                return rc;
        }
        c->next++;
    }
    return MOSQ_ERR_SUCCESS;
}

static void *
run_client(void *arg)
{
    struct client *c = arg;
    struct plan *p = c->plan;
    int rc = mosquitto_connect(c->mosq, p->host, (int)p->port, KEEPALIVE_S);

    while ((c->next < p->count || c->flying) && !hf_stopping()) {
        if (!rc)
            rc = send_some(c);
        if (!rc)
            rc = mosquitto_loop(c->mosq, LOOP_MS, 1);
        if (!rc)
            continue;
        c->connected = false;
        atomic_fetch_add(&p->reconnects, 1);
        (void)hf_stop_sleep(RECONNECT_MS);
        rc = mosquitto_reconnect(c->mosq);
    }
    (void)mosquitto_disconnect(c->mosq);
    return NULL;
}

static int
start_client(struct plan *p, uint64_t index, struct client **ret_client, pthread_t *ret_thread)
{
    struct client *c = calloc(1, sizeof *c);
    char id[64];

    snprintf(id, sizeof id, "publish-%s-%llu", p->run, (unsigned long long)index);
    c->plan = p;
    c->index = index;
    c->payload = malloc(p->size + 128);
    c->mosq = mosquitto_new(id, true, c);
    if (!c->payload || !c->mosq)
        return -1;
    mosquitto_int_option(c->mosq, MOSQ_OPT_SEND_MAXIMUM, (int)p->window);
    mosquitto_int_option(c->mosq, MOSQ_OPT_TCP_NODELAY, 1);
    mosquitto_connect_callback_set(c->mosq, on_connect);
    mosquitto_publish_callback_set(c->mosq, on_publish);
    *ret_client = c;
    return pthread_create(ret_thread, NULL, run_client, c) ? -1 : 0;
}

static int
publish_all(struct plan *p)
{
    static struct client *clients[CLIENTS_MAX];
    static pthread_t threads[CLIENTS_MAX];

    p->start_ms = hf_clock_mono_ms();
    for (uint64_t i = 0; i < p->clients; i++)
        if (start_client(p, i, &clients[i], &threads[i]) < 0)
            return -1;
    for (uint64_t i = 0; i < p->clients; i++) {
        pthread_join(threads[i], NULL);
        mosquitto_destroy(clients[i]->mosq);
        free(clients[i]->payload);
        free(clients[i]);
    }
    return 0;
}

static void
usage(void)
{
    fputs(
        "usage: holdfast-publish [--host H=127.0.0.1] [--port N=1883] [--count N=1000]\n"
        "           [--clients N=4] [--topics N=16] [--prefix P=bench] [--size BYTES=200]\n"
        "           [--rate PER_SECOND] [--window N=100] [--run NAME]\n"
        "           [--check http://HOST:PORT]  compare with what a receiver has: exit 1 on loss\n"
        "           [--settle SECONDS=20]       how long after the last arrival to wait for more\n",
        stderr);
}

static bool
read_number(const char *text, uint64_t least, uint64_t most, uint64_t *out)
{
    return hf_text_u64(text, out) && *out >= least && *out <= most;
}

static bool
read_option(struct plan *p, int option)
{
    switch (option) {
    case 'h':
        p->host = optarg;
        return true;
    case 'p':
        return read_number(optarg, 1, 65535, &p->port);
    case 'n':
        return read_number(optarg, 1, 100000000, &p->count);
    case 'c':
        return read_number(optarg, 1, CLIENTS_MAX, &p->clients);
    case 't':
        return read_number(optarg, 1, 1000000, &p->topics);
    case 'x':
        p->prefix = optarg;
        return strlen(optarg) < 200;
    case 's':
        return read_number(optarg, 1, SIZE_MAX_BYTES, &p->size);
    case 'r':
        return read_number(optarg, 1, 10000000, &p->rate);
    case 'w':
        return read_number(optarg, 1, MIDS / 2, &p->window);
    case 'N':
        return snprintf(p->run, sizeof p->run, "%s", optarg) < (int)sizeof p->run;
    case 'u':
        p->check_url = optarg;
        return true;
    case 'z':
        return read_number(optarg, 0, 86400, &p->settle_s);
    default:
        return false;
    }
}

static bool
read_options(struct plan *p, int argc, char **argv)
{
    static const struct option options[] = {
        {"host", required_argument, NULL, 'h'},
        {"port", required_argument, NULL, 'p'},
        {"count", required_argument, NULL, 'n'},
        {"clients", required_argument, NULL, 'c'},
        {"topics", required_argument, NULL, 't'},
        {"prefix", required_argument, NULL, 'x'},
        {"size", required_argument, NULL, 's'},
        {"rate", required_argument, NULL, 'r'},
        {"window", required_argument, NULL, 'w'},
        {"run", required_argument, NULL, 'N'},
        {"check", required_argument, NULL, 'u'},
        {"settle", required_argument, NULL, 'z'},
        {NULL, 0, NULL, 0},
    };
    int option;

    while ((option = getopt_long(argc, argv, "", options, NULL)) != -1)
        if (!read_option(p, option))
            return false;
    return optind == argc;
}

/* 0 all there, 1 some lost. */
static int
check(struct plan *p)
{
    struct hf_check c = {.url = p->check_url,
                         .run = p->run,
                         .count = p->count,
                         .topics = p->topics,
                         .acknowledged = p->acknowledged,
                         .settle_s = (int64_t)p->settle_s};
    struct hf_check_result r;
    struct hf_error err = {0};

    if (hf_check_run(&c, &r, &err) < 0) {
        fprintf(stderr, "holdfast-publish: %s\n", err.message);
        return 2;
    }
    printf("acknowledged=%llu lost=%llu duplicated=%llu reordered=%llu end_to_end_ms=%lld\n",
           (unsigned long long)r.acknowledged, (unsigned long long)r.lost,
           (unsigned long long)r.duplicated, (unsigned long long)r.reordered,
           (long long)(hf_clock_mono_ms() - p->start_ms));
    return r.lost ? 1 : 0;
}

int
main(int argc, char **argv)
{
    static struct plan p = {.host = "127.0.0.1",
                            .port = 1883,
                            .clients = 4,
                            .topics = 16,
                            .count = 1000,
                            .size = 200,
                            .window = 100,
                            .settle_s = 20,
                            .prefix = "bench"};
    struct hf_error err = {0};
    uint32_t random;
    int64_t ms;

    hf_random(&random, sizeof random);
    snprintf(p.run, sizeof p.run, "%08x", random);
    if (!read_options(&p, argc, argv)) {
        usage();
        return 2;
    }
    p.acknowledged = calloc(p.count, 1);
    if (!p.acknowledged || hf_stop_init(&err) < 0)
        return 2;
    mosquitto_lib_init();
    if (publish_all(&p) < 0)
        return 2;
    ms = hf_clock_mono_ms() - p.start_ms;
    printf("run=%s acknowledged=%llu of=%llu reconnects=%llu ms=%lld per_s=%lld\n", p.run,
           (unsigned long long)atomic_load(&p.done), (unsigned long long)p.count,
           (unsigned long long)atomic_load(&p.reconnects), (long long)ms,
           (long long)(ms ? (int64_t)atomic_load(&p.done) * 1000 / ms : 0));
    fflush(stdout);
    return p.check_url ? check(&p) : 0;
}
