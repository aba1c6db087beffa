// SPDX-License-Identifier: Apache-2.0
#include "checker/publish.h"

#include "base/clock.h"
#include "common/stop.h"

#include <mosquitto.h>
#include <pthread.h>
#include <stdio.h>

enum {
    MIDS = 65536,
    KEEPALIVE_S = 30,
    RECONNECT_MS = 100,
    LOOP_MS = 20,
};

/* Client c sends the numbers n with n % topics % clients == c, so that each topic has one sender
 * and its order is defined. */
struct client {
    struct hf_publish *plan;
    struct mosquitto *mosq;
    uint64_t index;
    uint64_t next;   /* the number to look at next */
    uint64_t flying; /* published, not yet acknowledged */
    uint64_t number_of_mid[MIDS];
    bool is_flying[MIDS];
    bool connected;
    int64_t moved_ms; /* when the last was acknowledged, or nothing was due */
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
    if (!c->is_flying[mid])
        return;
    c->is_flying[mid] = false;
    c->plan->journal.acknowledged[c->number_of_mid[mid]] = 1;
    c->moved_ms = hf_clock_mono_ms();
    c->flying--;
    atomic_fetch_add(&c->plan->done, 1);
}

static bool
may_send(const struct hf_publish *p, uint64_t number)
{
    int64_t ms = hf_clock_mono_ms() - p->start_ms;

    return !p->rate || number * 1000 <= (uint64_t)ms * p->rate;
}

/* Whether libmosquitto has it now and sends it by the next connection, if not by this one. An error
 * of the connection does not tell otherwise: it takes a message first and then tries to send it. */
static bool
is_taken(int rc)
{
    return rc != MOSQ_ERR_NOMEM && rc != MOSQ_ERR_INVAL && rc != MOSQ_ERR_MALFORMED_UTF8 &&
           rc != MOSQ_ERR_PAYLOAD_SIZE && rc != MOSQ_ERR_OVERSIZE_PACKET;
}

static int
send_number(struct client *c, uint64_t n)
{
    const struct hf_journal_head *head = c->plan->journal.head;
    size_t len = hf_corpus_make(&head->corpus, n, hf_corpus_now_ns(), c->payload);
    char topic[256];
    int mid, rc;

    snprintf(topic, sizeof topic, "%s/%llu", c->plan->prefix,
             (unsigned long long)(n % head->topics));
    rc = mosquitto_publish(c->mosq, &mid, topic, (int)len, c->payload, 1, false);
    if (is_taken(rc)) {
        c->number_of_mid[mid] = n;
        c->is_flying[mid] = true;
        c->flying++;
        c->next++;
    }
    return rc;
}

static int
send_some(struct client *c)
{
    const struct hf_publish *p = c->plan;
    const struct hf_journal_head *head = p->journal.head;

    while (c->connected && c->flying < p->window && c->next < head->count && may_send(p, c->next)) {
        int rc;

        if (c->next % head->topics % p->clients != c->index) {
            c->next++;
            continue;
        }
        rc = send_number(c, c->next);
        if (rc)
            return rc;
    }
    return MOSQ_ERR_SUCCESS;
}

/* Whether it has waited in vain for so long that nothing will come any more. */
static bool
gives_up(struct client *c)
{
    const struct hf_publish *p = c->plan;
    int64_t now = hf_clock_mono_ms();

    if (!c->flying && !may_send(p, c->next))
        c->moved_ms = now;
    return p->patience_ms && now - c->moved_ms > p->patience_ms;
}

static void *
run_client(void *arg)
{
    struct client *c = arg;
    struct hf_publish *p = c->plan;
    int rc = mosquitto_connect(c->mosq, p->host, (int)p->port, KEEPALIVE_S);

    while ((c->next < p->journal.head->count || c->flying) && !hf_stopping() && !gives_up(c)) {
        if (!rc)
            rc = send_some(c);
        if (!rc)
            rc = mosquitto_loop(c->mosq, p->rate ? 1 : LOOP_MS, 1);
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

static void
free_client(struct client *c)
{
    if (!c)
        return;
    mosquitto_destroy(c->mosq);
    free(c->payload);
    free(c);
}

static int
start_client(struct hf_publish *p, uint64_t index, struct client **ret_client,
             pthread_t *ret_thread)
{
    struct client *c = calloc(1, sizeof *c);
    char id[64];

    if (!c)
        return -1;
    snprintf(id, sizeof id, "check-%s-%llu", p->journal.head->corpus.run,
             (unsigned long long)index);
    c->plan = p;
    c->index = index;
    c->moved_ms = p->start_ms;
    c->payload = malloc(HF_CORPUS_MOST);
    c->mosq = mosquitto_new(id, true, c);
    if (!c->payload || !c->mosq) {
        free_client(c);
        return -1;
    }
    mosquitto_int_option(c->mosq, MOSQ_OPT_SEND_MAXIMUM, (int)p->window);
    mosquitto_int_option(c->mosq, MOSQ_OPT_TCP_NODELAY, 1);
    (void)mosquitto_username_pw_set(c->mosq, p->user, p->password);
    mosquitto_connect_callback_set(c->mosq, on_connect);
    mosquitto_publish_callback_set(c->mosq, on_publish);
    if (pthread_create(ret_thread, NULL, run_client, c)) {
        free_client(c);
        return -1;
    }
    *ret_client = c;
    return 0;
}

int
hf_publish_run(struct hf_publish *p)
{
    struct client *clients[HF_CLIENTS_MAX];
    pthread_t threads[HF_CLIENTS_MAX];
    uint64_t started = 0;
    int rc = 0;

    p->start_ms = hf_clock_mono_ms();
    while (rc == 0 && started < p->clients) {
        rc = start_client(p, started, &clients[started], &threads[started]);
        started += rc == 0;
    }
    if (rc < 0)
        hf_stop_now();
    for (uint64_t i = 0; i < started; i++) {
        pthread_join(threads[i], NULL);
        free_client(clients[i]);
    }
    return rc;
}
