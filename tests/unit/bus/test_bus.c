// SPDX-License-Identifier: Apache-2.0
/* The bus against a mosquitto of the test's own on a free loopback port. */
#include "bus/bus.h"

#include "base/clock.h"
#include "freeport.h"
#include "tempdir.h"

#include <dirent.h>
#include <mosquitto.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <sys/wait.h>

static const char BROKER[] = "/usr/sbin/mosquitto";
enum { PATIENCE_MS = 60000, MANY = 5 };

/* ---- a broker ---- */

struct broker {
    pid_t pid;
    uint16_t port;
};

static void
await_port(uint16_t port)
{
    struct sockaddr_in a = {
        .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK), .sin_port = htons(port)};

    for (int i = 0; i < PATIENCE_MS / 20; i++) {
        int fd = socket(AF_INET, SOCK_STREAM, 0);
        int rc = connect(fd, (struct sockaddr *)&a, sizeof a);

        close(fd);
        if (rc == 0)
            return;
        poll(NULL, 0, 20);
    }
    fail_msg("mosquitto does not listen");
}

static struct broker
broker_start(const char *dir, uint16_t port, const char *access)
{
    struct broker b = {.port = port ? port : (uint16_t)freeport()};
    char config[256];
    const char *path = tempdir_path(dir, "mosquitto.conf");

    snprintf(config, sizeof config,
             "listener %u 127.0.0.1\n%s\nlog_dest none\nset_tcp_nodelay true\n", b.port, access);
    tempdir_write(dir, "mosquitto.conf", config, strlen(config));
    b.pid = fork();
    assert_true(b.pid >= 0);
    if (b.pid == 0) {
        execl(BROKER, BROKER, "-c", path, (char *)NULL);
        _exit(127);
    }
    await_port(b.port);
    return b;
}

static void
broker_stop(struct broker *b)
{
    kill(b->pid, SIGKILL);
    waitpid(b->pid, NULL, 0);
}

static void
publish_times(const struct broker *b, const char *topic, const char *payload, size_t len,
              bool retain, int times)
{
    struct mosquitto *m = mosquitto_new(NULL, true, NULL);

    assert_non_null(m);
    assert_int_equal(mosquitto_connect(m, "127.0.0.1", b->port, 10), MOSQ_ERR_SUCCESS);
    for (int i = 0; i < times; i++)
        assert_int_equal(mosquitto_publish(m, NULL, topic, (int)len, payload, 1, retain),
                         MOSQ_ERR_SUCCESS);
    for (int i = 0; i < 10 || mosquitto_want_write(m); i++)
        mosquitto_loop(m, 10, 1);
    mosquitto_disconnect(m);
    mosquitto_destroy(m);
}

static void
publish(const struct broker *b, const char *topic, const char *payload, size_t len, bool retain)
{
    publish_times(b, topic, payload, len, retain, 1);
}

/* ---- what the bus says ---- */

struct heard {
    pthread_mutex_t mutex;
    pthread_cond_t changed;
    int connected, lost, statuses, pings;
    char service[64], reason[256];
    struct hf_service_status status;
    int from;
    int64_t first_ms; /* when the first status after so many was read */
};

static void
note(struct heard *h, int *counter)
{
    (*counter)++;
    pthread_cond_broadcast(&h->changed);
    pthread_mutex_unlock(&h->mutex);
}

static void
on_status(void *context, const char *service, const struct hf_service_status *s)
{
    struct heard *h = context;

    pthread_mutex_lock(&h->mutex);
    snprintf(h->service, sizeof h->service, "%s", service);
    h->status = *s;
    if (h->statuses == h->from)
        h->first_ms = s->mono_ms;
    note(h, &h->statuses);
}

static void
on_connected(void *context)
{
    struct heard *h = context;

    pthread_mutex_lock(&h->mutex);
    note(h, &h->connected);
}

static void
on_lost(void *context, const char *reason)
{
    struct heard *h = context;

    pthread_mutex_lock(&h->mutex);
    snprintf(h->reason, sizeof h->reason, "%s", reason);
    note(h, &h->lost);
}

static void
on_round_trip(void *context)
{
    struct heard *h = context;

    pthread_mutex_lock(&h->mutex);
    note(h, &h->pings);
}

static bool
comes(struct heard *h, const int *counter, int least, int64_t within_ms)
{
    int64_t until = hf_clock_mono_ms() + within_ms;

    pthread_mutex_lock(&h->mutex);
    while (*counter < least && hf_clock_mono_ms() < until) {
        struct timespec ts;

        clock_gettime(CLOCK_REALTIME, &ts);
        ts.tv_sec++;
        pthread_cond_timedwait(&h->changed, &h->mutex, &ts);
    }
    least -= *counter;
    pthread_mutex_unlock(&h->mutex);
    return least <= 0;
}

static void
await(struct heard *h, const int *counter, int least)
{
    assert_true(comes(h, counter, least, PATIENCE_MS));
}

static int
seen(struct heard *h, const int *counter)
{
    int value;

    pthread_mutex_lock(&h->mutex);
    value = *counter;
    pthread_mutex_unlock(&h->mutex);
    return value;
}

static struct hf_bus *
bus_start(struct heard *h)
{
    const struct hf_bus_callbacks callbacks = {h, on_status, on_connected, on_lost, on_round_trip};
    struct hf_bus *bus = NULL;

    memset(h, 0, sizeof *h);
    pthread_mutex_init(&h->mutex, NULL);
    pthread_cond_init(&h->changed, NULL);
    assert_int_equal(hf_bus_new(&callbacks, &bus, NULL), 0);
    return bus;
}

static void
aim(struct hf_bus *bus, const struct broker *b)
{
    assert_int_equal(hf_bus_set_target(bus, "127.0.0.1", b->port, "holdfastd", "pw", NULL), 0);
}

#define GOOD "{\"service\":\"buffer\",\"state\":\"ok\",\"numbers\":{\"held\":7}}"

static void
need_broker(void)
{
    if (access(BROKER, X_OK) < 0)
        skip();
}

/* ---- tests ---- */

static void
status_and_round_trip_are_heard(void **state)
{
    struct heard h;
    struct broker b;
    struct hf_bus *bus;

    need_broker();
    b = broker_start(*state, 0, "allow_anonymous true");
    publish(&b, "status/buffer", GOOD, strlen(GOOD), true);
    bus = bus_start(&h);
    aim(bus, &b);
    await(&h, &h.connected, 1);
    await(&h, &h.statuses, 1);
    assert_string_equal(h.service, "buffer");
    assert_int_equal(hf_status_number(&h.status, "held", 0), 7);
    assert_true(h.status.mono_ms > 0);
    await(&h, &h.pings, 1);
    publish(&b, "status/forwarder", "{\"state\":\"gone\"}", 16, false);
    await(&h, &h.statuses, 2);
    assert_true(h.status.gone);
    aim(bus, &b); /* the same target changes nothing */
    publish(&b, "status/buffer", GOOD, strlen(GOOD), true);
    await(&h, &h.statuses, 3);
    assert_int_equal(seen(&h, &h.connected), 1);
    assert_int_equal(seen(&h, &h.lost), 0);
    hf_bus_free(bus);
    broker_stop(&b);
}

static void
on_canary(struct mosquitto *m, void *context, const struct mosquitto_message *msg)
{
    (void)m;
    assert_string_equal(msg->topic, HF_BUS_CANARY_TOPIC);
    snprintf(context, 32, "%.*s", msg->payloadlen, (const char *)msg->payload);
}

/* Also one that is asked for before there is a connection. */
static void
a_canary_is_published(void **state)
{
    char heard[32] = "";
    struct mosquitto *m = mosquitto_new(NULL, true, heard);
    int64_t until = hf_clock_mono_ms() + PATIENCE_MS;
    struct heard h;
    struct broker b;
    struct hf_bus *bus;

    need_broker();
    b = broker_start(*state, 0, "allow_anonymous true");
    mosquitto_message_callback_set(m, on_canary);
    assert_int_equal(mosquitto_connect(m, "127.0.0.1", b.port, 10), MOSQ_ERR_SUCCESS);
    assert_int_equal(mosquitto_subscribe(m, NULL, "field/#", 1), MOSQ_ERR_SUCCESS);
    for (int i = 0; i < 10 || mosquitto_want_write(m); i++)
        mosquitto_loop(m, 10, 1);
    bus = bus_start(&h);
    hf_bus_send_canary(bus, "{\"upgrade\":\"7\"}");
    aim(bus, &b);
    while (!*heard && hf_clock_mono_ms() < until)
        mosquitto_loop(m, 10, 1);
    assert_string_equal(heard, "{\"upgrade\":\"7\"}");
    hf_bus_free(bus);
    mosquitto_destroy(m);
    broker_stop(&b);
}

static void
hostile_messages_are_ignored(void **state)
{
    static char large[HF_BUS_PAYLOAD_MAX + 1];
    struct heard h;
    struct broker b;
    struct hf_bus *bus;

    need_broker();
    snprintf(large, sizeof large, "%-*s", HF_BUS_PAYLOAD_MAX, GOOD);
    large[HF_BUS_PAYLOAD_MAX] = ' ';
    b = broker_start(*state, 0, "allow_anonymous true");
    bus = bus_start(&h);
    aim(bus, &b);
    await(&h, &h.connected, 1);
    publish(&b, "status/buffer", large, sizeof large, false);
    publish(&b, "status/buffer", "[[[[[[", 6, false);
    publish(&b, "status/buffer", "", 0, false);
    publish(&b, "status/buffer/x", "{\"state\":\"ok\"}", 14, false);
    publish(&b, "ping/holdfastd", "999999", 6, false);
    publish(&b, "ping/holdfastd", large, sizeof large, false);
    publish(&b, "status/broker", "{\"state\":\"ok\"}", 14, false);
    await(&h, &h.statuses, 1);
    assert_int_equal(seen(&h, &h.statuses), 1);
    assert_string_equal(h.service, "broker");
    assert_int_equal(seen(&h, &h.lost), 0);
    hf_bus_free(bus);
    broker_stop(&b);
}

static void
broker_that_comes_back_is_found(void **state)
{
    struct heard h;
    struct broker b;
    struct hf_bus *bus;

    need_broker();
    b = broker_start(*state, 0, "allow_anonymous true");
    bus = bus_start(&h);
    aim(bus, &b);
    await(&h, &h.connected, 1);
    broker_stop(&b);
    await(&h, &h.lost, 1);
    poll(NULL, 0, 1500);
    assert_true(seen(&h, &h.lost) <=
                2); /* once for the loss, once for "refused"; not for every attempt */
    b = broker_start(*state, b.port, "allow_anonymous true");
    await(&h, &h.connected, 2);
    hf_bus_free(bus);
    broker_stop(&b);
}

static void
stopped_broker_is_noticed(void **state)
{
    struct heard h;
    struct broker b;
    struct hf_bus *bus;

    need_broker();
    b = broker_start(*state, 0, "allow_anonymous true");
    kill(b.pid, SIGSTOP);
    bus = bus_start(&h);
    aim(bus, &b);
    await(&h, &h.lost, 1);
    assert_non_null(strstr(h.reason, "does not take"));
    kill(b.pid, SIGCONT);
    await(&h, &h.connected, 1);
    hf_bus_free(bus);
    broker_stop(&b);
}

static void
refused_account_is_said_once(void **state)
{
    struct heard h;
    struct broker b;
    struct hf_bus *bus;

    need_broker();
    b = broker_start(*state, 0, "allow_anonymous false");
    bus = bus_start(&h);
    aim(bus, &b);
    await(&h, &h.lost, 1);
    assert_non_null(strstr(h.reason, "authori"));
    poll(NULL, 0, 1500);
    assert_int_equal(seen(&h, &h.lost), 1);
    assert_int_equal(seen(&h, &h.connected), 0);
    hf_bus_free(bus);
    broker_stop(&b);
}

static void
target_can_move_and_vanish(void **state)
{
    struct heard h;
    struct broker a, b;
    struct hf_bus *bus;

    need_broker();
    a = broker_start(*state, 0, "allow_anonymous true");
    b = broker_start(*state, 0, "allow_anonymous true");
    bus = bus_start(&h);
    aim(bus, &a);
    await(&h, &h.connected, 1);
    aim(bus, &b);
    await(&h, &h.connected, 2);
    publish(&b, "status/buffer", GOOD, strlen(GOOD), false);
    await(&h, &h.statuses, 1);
    assert_int_equal(hf_bus_set_target(bus, NULL, 0, NULL, NULL, NULL), 0);
    await(&h, &h.lost, 2);
    hf_bus_free(bus);
    broker_stop(&a);
    broker_stop(&b);
}

static void
ends_at_once_wherever_it_is(void **state)
{
    struct heard h;
    struct hf_bus *bus = bus_start(&h);
    int64_t start = hf_clock_mono_ms();

    (void)state;
    hf_bus_free(bus);
    bus = bus_start(&h);
    /* TEST-NET-1, RFC 5737: nobody answers */
    assert_int_equal(hf_bus_set_target(bus, "192.0.2.1", 1884, "holdfastd", "pw", NULL), 0);
    poll(NULL, 0, 300);
    hf_bus_free(bus);
    hf_bus_free(NULL);
    assert_in_range(hf_clock_mono_ms() - start, 0, 2000);
}

/* The number behind `key` in a file of /proc; -1 where there is none. */
static long
proc_number(const char *path, const char *key)
{
    char line[128];
    long number = -1;
    FILE *f = fopen(path, "r");

    while (f && number < 0 && fgets(line, sizeof line, f))
        if (strncmp(line, key, strlen(key)) == 0)
            number = strtol(line + strlen(key), NULL, 10);
    if (f)
        fclose(f);
    return number;
}

/* Times that the bus thread went to sleep of its own accord. */
static long
sleeps_of_bus_thread(void)
{
    DIR *tasks = opendir("/proc/self/task");
    struct dirent *e;
    char path[300], name[32];
    long count = -1;

    assert_non_null(tasks);
    while (count < 0 && (e = readdir(tasks))) {
        FILE *f;

        snprintf(path, sizeof path, "/proc/self/task/%s/comm", e->d_name);
        f = fopen(path, "r");
        if (f && fgets(name, sizeof name, f) && strcmp(name, "bus\n") == 0) {
            snprintf(path, sizeof path, "/proc/self/task/%s/status", e->d_name);
            count = proc_number(path, "voluntary_ctxt_switches:");
        }
        if (f)
            fclose(f);
    }
    closedir(tasks);
    return count;
}

static void
idle_bus_sleeps(void **state)
{
    struct heard h;
    struct broker b;
    struct hf_bus *bus;
    long before;

    need_broker();
    b = broker_start(*state, 0, "allow_anonymous true");
    bus = bus_start(&h);
    aim(bus, &b);
    await(&h, &h.pings, 1);
    before = sleeps_of_bus_thread();
    assert_true(before >= 0);
    await(&h, &h.pings, 2);
    assert_in_range(sleeps_of_bus_thread() - before, 0, 12);
    hf_bus_free(bus);
    broker_stop(&b);
}

enum { WORDS = 40, WORD_MS = 100 };

/* Services that speak one after the other, ten a second. */
static void
speak(const struct broker *b)
{
    struct mosquitto *m = mosquitto_new(NULL, true, NULL);

    assert_non_null(m);
    assert_int_equal(mosquitto_connect(m, "127.0.0.1", b->port, 10), MOSQ_ERR_SUCCESS);
    for (int i = 0; i < WORDS; i++) {
        assert_int_equal(
            mosquitto_publish(m, NULL, "status/buffer", (int)strlen(GOOD), GOOD, 1, false),
            MOSQ_ERR_SUCCESS);
        for (int64_t until = hf_clock_mono_ms() + WORD_MS; hf_clock_mono_ms() < until;)
            mosquitto_loop(m, 10, 1);
    }
    mosquitto_disconnect(m);
    mosquitto_destroy(m);
}

/* Each reading takes what came in 0.8 s, and a thread that reads every word at once sleeps at least
 * once a word. All are heard. */
static void
words_are_gathered(void **state)
{
    enum { GATHER_MS = 800, SLEEPS = 3 /* of a reading, a ping or its answer */ };
    struct heard h;
    struct broker b;
    struct hf_bus *bus;
    int64_t began_ms, readings;
    long before;

    need_broker();
    b = broker_start(*state, 0, "allow_anonymous true");
    bus = bus_start(&h);
    aim(bus, &b);
    await(&h, &h.pings, 1);
    before = sleeps_of_bus_thread();
    began_ms = hf_clock_mono_ms();
    speak(&b);
    await(&h, &h.statuses, WORDS);
    readings = (hf_clock_mono_ms() - began_ms) / GATHER_MS + 1;
    readings += 2 * ((hf_clock_mono_ms() - began_ms) / HF_BUS_PING_MS + 1);
    assert_in_range(sleeps_of_bus_thread() - before, 0, readings * SLEEPS);
    hf_bus_free(bus);
    broker_stop(&b);
}

/* Several services that speak at the same time are not read one by one, each a while later. */
static void
what_comes_together_is_read_together(void **state)
{
    enum { ROUNDS = 10, ROUND_MS = 6000, APART_MS = 400 /* half of the least time between two */ };
    struct heard h;
    struct broker b;
    struct hf_bus *bus;
    bool together = false;

    need_broker();
    b = broker_start(*state, 0, "allow_anonymous true");
    bus = bus_start(&h);
    aim(bus, &b);
    await(&h, &h.pings, 1);
    for (int i = 1; i <= ROUNDS && !together;
         i++) { /* a slow machine may tear one apart, or lose it */
        pthread_mutex_lock(&h.mutex);
        h.from = h.statuses;
        pthread_mutex_unlock(&h.mutex);
        publish_times(&b, "status/buffer", GOOD, strlen(GOOD), false, MANY);
        together = comes(&h, &h.statuses, h.from + MANY, ROUND_MS) &&
                   h.status.mono_ms - h.first_ms < APART_MS;
    }
    assert_true(together);
    hf_bus_free(bus);
    broker_stop(&b);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        with_tempdir(status_and_round_trip_are_heard),
        with_tempdir(a_canary_is_published),
        with_tempdir(hostile_messages_are_ignored),
        with_tempdir(broker_that_comes_back_is_found),
        with_tempdir(stopped_broker_is_noticed),
        with_tempdir(refused_account_is_said_once),
        with_tempdir(target_can_move_and_vanish),
        with_tempdir(ends_at_once_wherever_it_is),
        with_tempdir(idle_bus_sleeps),
        with_tempdir(words_are_gathered),
        with_tempdir(what_comes_together_is_read_together),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
