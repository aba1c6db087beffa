// SPDX-License-Identifier: Apache-2.0
/*
 * libmosquitto is used by the bus thread alone. The loop is our own: the library's thread ends
 * without a word on authentication and protocol errors, and it selects where we poll.
 */
#include "bus/bus.h"

#include "base/clock.h"
#include "base/text.h"
#include "bus/status.h"

#include <errno.h>
#include <mosquitto.h>
#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <sys/eventfd.h>
#include <time.h>
#include <unistd.h>

enum {
    KEEPALIVE_S = 15,
    CONNECT_MS = 5000,               /* from the first packet to the subscription */
    SILENCE_MS = 3 * HF_BUS_PING_MS, /* without an answer to a ping: the connection is dead */
    BACKOFF_MIN_MS = 200,
    REASON_SIZE = 160,
    PACKETS_AT_ONCE = 32,
    /* Each service speaks every 2 s, at its own time. While something comes all the time it is
     * taken together, so that many services wake the thread no more often than a few. */
    GATHER_MS = 980,
    STACK_BYTES = 256 * 1024
};

static const char STATUS_PREFIX[] = "status/";

struct target {
    char address[64], user[HF_NAME_SIZE], password[HF_SECRET_SIZE];
    uint16_t port;
};

enum phase { PHASE_AWAY, PHASE_CONNECTING, PHASE_UP };

struct hf_bus {
    struct hf_bus_callbacks callbacks;
    pthread_t thread;
    int wake_fd;
    pthread_mutex_t mutex; /* of the four that follow */
    struct target wanted;
    unsigned generation;
    char canary[HF_BUS_CANARY_MAX + 1]; /* to be published; "": none */
    bool stop;

    /* the bus thread's own */
    struct target target;
    unsigned seen_generation;
    struct mosquitto *client;
    enum phase phase;
    bool failed; /* set by callbacks of the library: reason says why */
    char reason[REASON_SIZE], told[REASON_SIZE];
    char ping_topic[HF_NAME_SIZE + 8];
    int subscribe_id;
    int64_t backoff_ms, retry_at_ms, deadline_ms; /* monotonic */
    int64_t ping_at_ms;
    bool eager;            /* nothing was answered on this link: the broker is judged by that */
    int64_t gather_end_ms; /* until then nothing is read; 0: what comes is read at once */
    uint64_t ping_number;
};

/* ---- callbacks of the library, on the bus thread ---- */

static void
fail_link(struct hf_bus *bus, const char *why)
{
    if (!bus->failed)
        snprintf(bus->reason, sizeof bus->reason, "%s", why);
    bus->failed = true;
}

static void
on_connect(struct mosquitto *client, void *context, int rc)
{
    struct hf_bus *bus = context;
    char *topics[] = {(char *)"status/#", bus->ping_topic};

    /* QoS 0: what is said every two seconds needs no word back, which would be sent as often. */
    if (rc != 0)
        fail_link(bus, mosquitto_connack_string(rc));
    else if (mosquitto_subscribe_multiple(client, &bus->subscribe_id, 2, topics, 0, 0, NULL) !=
             MOSQ_ERR_SUCCESS)
        fail_link(bus, "cannot subscribe");
}

static void
on_subscribe(struct mosquitto *client, void *context, int id, int count, const int *granted)
{
    struct hf_bus *bus = context;

    (void)client;
    if (id != bus->subscribe_id)
        return;
    for (int i = 0; i < count; i++) {
        if (granted[i] > 2) {
            fail_link(bus, "the broker refuses the subscription");
            return;
        }
    }
    bus->phase = PHASE_UP;
    bus->eager = true;
    bus->backoff_ms = BACKOFF_MIN_MS;
    bus->told[0] = '\0';
    bus->ping_at_ms = hf_clock_mono_ms();
    bus->deadline_ms = bus->ping_at_ms + SILENCE_MS;
    if (bus->callbacks.connected)
        bus->callbacks.connected(bus->callbacks.context);
}

static void
take_ping(struct hf_bus *bus, const struct mosquitto_message *m)
{
    char text[32];
    uint64_t number;

    if (m->payloadlen <= 0 || (size_t)m->payloadlen >= sizeof text)
        return;
    memcpy(text, m->payload, (size_t)m->payloadlen);
    text[m->payloadlen] = '\0';
    if (!hf_text_u64(text, &number) || number != bus->ping_number)
        return;
    bus->eager = false;
    bus->deadline_ms = hf_clock_mono_ms() + SILENCE_MS;
    if (bus->callbacks.round_trip)
        bus->callbacks.round_trip(bus->callbacks.context);
}

static void
take_status(struct hf_bus *bus, const char *service, const struct mosquitto_message *m)
{
    struct hf_service_status status;

    if (m->payloadlen <= 0 || m->payloadlen > HF_BUS_PAYLOAD_MAX || strchr(service, '/') ||
        hf_status_parse(service, m->payload, (size_t)m->payloadlen, &status, NULL) < 0)
        return;
    status.mono_ms = hf_clock_mono_ms();
    if (bus->callbacks.status)
        bus->callbacks.status(bus->callbacks.context, service, &status);
}

static void
on_message(struct mosquitto *client, void *context, const struct mosquitto_message *m)
{
    struct hf_bus *bus = context;

    (void)client;
    if (strcmp(m->topic, bus->ping_topic) == 0)
        take_ping(bus, m);
    else if (strncmp(m->topic, STATUS_PREFIX, strlen(STATUS_PREFIX)) == 0)
        take_status(bus, m->topic + strlen(STATUS_PREFIX), m);
}

/* ---- the link ---- */

static void
close_link(struct hf_bus *bus)
{
    if (bus->client && bus->phase == PHASE_UP)
        mosquitto_disconnect(bus->client);
    mosquitto_destroy(bus->client);
    bus->client = NULL;
    bus->phase = PHASE_AWAY;
    bus->gather_end_ms = 0;
}

/* Ends the link for bus->reason, and tries again later: twice as long as the last time, less a
 * random part so that the programs of a box do not come back together. */
static void
lose_link(struct hf_bus *bus)
{
    uint32_t random;

    close_link(bus);
    hf_random(&random, sizeof random);
    bus->retry_at_ms = hf_clock_mono_ms() + bus->backoff_ms / 2 + random % (bus->backoff_ms / 2);
    bus->backoff_ms *= 2;
    if (bus->backoff_ms > HF_BUS_BACKOFF_MAX_MS)
        bus->backoff_ms = HF_BUS_BACKOFF_MAX_MS;
    if (strcmp(bus->told, bus->reason) == 0)
        return;
    memcpy(bus->told, bus->reason, sizeof bus->told);
    if (bus->callbacks.lost)
        bus->callbacks.lost(bus->callbacks.context, bus->reason);
}

static void
check(struct hf_bus *bus, int rc, int saved_errno)
{
    if (rc == MOSQ_ERR_SUCCESS || rc == MOSQ_ERR_CONN_PENDING)
        return;
    fail_link(bus, rc == MOSQ_ERR_ERRNO ? strerror(saved_errno) : mosquitto_strerror(rc));
}

static void
open_link(struct hf_bus *bus)
{
    const struct target *t = &bus->target;

    bus->failed = false;
    bus->deadline_ms = hf_clock_mono_ms() + CONNECT_MS;
    snprintf(bus->ping_topic, sizeof bus->ping_topic, "ping/%s", t->user);
    bus->client = mosquitto_new(t->user, true, bus);
    if (!bus->client) {
        fail_link(bus, "out of memory");
        return;
    }
    bus->phase = PHASE_CONNECTING;
    mosquitto_connect_callback_set(bus->client, on_connect);
    mosquitto_subscribe_callback_set(bus->client, on_subscribe);
    mosquitto_message_callback_set(bus->client, on_message);
    check(bus, mosquitto_username_pw_set(bus->client, t->user, t->password), 0);
    errno = 0;
    check(bus, mosquitto_connect_async(bus->client, t->address, t->port, KEEPALIVE_S), errno);
}

static void
ping(struct hf_bus *bus, int64_t now_ms)
{
    char text[32];
    int len = snprintf(text, sizeof text, "%llu", (unsigned long long)++bus->ping_number);

    bus->ping_at_ms = now_ms + HF_BUS_PING_MS;
    errno = 0;
    check(bus, mosquitto_publish(bus->client, NULL, bus->ping_topic, len, text, 0, false), errno);
}

static void
send_canary(struct hf_bus *bus)
{
    char text[sizeof bus->canary];

    pthread_mutex_lock(&bus->mutex);
    memcpy(text, bus->canary, sizeof text);
    bus->canary[0] = '\0';
    pthread_mutex_unlock(&bus->mutex);
    if (!*text)
        return;
    errno = 0;
    check(bus,
          mosquitto_publish(bus->client, NULL, HF_BUS_CANARY_TOPIC, (int)strlen(text), text, 1,
                            false),
          errno);
}

/* All that has come: the library takes one packet a call, however many it is asked for. */
static void
read_link(struct hf_bus *bus)
{
    struct pollfd fd = {.fd = mosquitto_socket(bus->client), .events = POLLIN};

    for (int i = 0; i < PACKETS_AT_ONCE && !bus->failed; i++) {
        errno = 0;
        check(bus, mosquitto_loop_read(bus->client, 1), errno);
        if (poll(&fd, 1, 0) <= 0)
            return;
    }
}

/* Lets the library do what the socket is ready for. */
static void
serve_link(struct hf_bus *bus, short ready)
{
    int64_t now_ms = hf_clock_mono_ms();
    bool expects = ready & POLLIN;

    if (ready & (POLLIN | POLLERR | POLLHUP))
        read_link(bus);
    errno = 0;
    if (!bus->failed && ready & POLLOUT)
        check(bus, mosquitto_loop_write(bus->client, PACKETS_AT_ONCE), errno);
    if (!bus->failed && bus->phase == PHASE_UP && now_ms >= bus->ping_at_ms) {
        ping(bus, now_ms);
        expects = true;
    }
    if (!bus->failed && bus->phase == PHASE_UP)
        send_canary(bus);
    if (expects && bus->phase == PHASE_UP)
        bus->gather_end_ms = now_ms + GATHER_MS;
    if (!bus->failed)
        check(bus, mosquitto_loop_misc(bus->client), errno);
    if (!bus->failed && now_ms >= bus->deadline_ms)
        fail_link(bus, bus->phase == PHASE_UP ? "the broker does not answer"
                                              : "the broker does not take the connection");
}

/* ---- the thread ---- */

/* Takes over a new target; false at the end. */
static bool
take_target(struct hf_bus *bus)
{
    bool stop, changed;

    pthread_mutex_lock(&bus->mutex);
    stop = bus->stop;
    changed = bus->generation != bus->seen_generation;
    if (changed)
        bus->target = bus->wanted;
    bus->seen_generation = bus->generation;
    pthread_mutex_unlock(&bus->mutex);
    if (changed && bus->phase == PHASE_UP) {
        fail_link(bus, "the broker has another address");
        bus->backoff_ms = BACKOFF_MIN_MS;
        lose_link(bus);
    }
    if (changed) {
        close_link(bus);
        bus->failed = false;
        bus->told[0] = '\0';
        bus->backoff_ms = BACKOFF_MIN_MS;
        bus->retry_at_ms = hf_clock_mono_ms();
    }
    return !stop;
}

/* Milliseconds until something is due; -1 for never. */
static int
until_due(const struct hf_bus *bus)
{
    int64_t due = bus->deadline_ms;

    if (!bus->client && !bus->target.address[0])
        return -1;
    if (!bus->client)
        due = bus->retry_at_ms;
    else if (bus->phase == PHASE_UP && bus->ping_at_ms < due)
        due = bus->ping_at_ms;
    due -= hf_clock_mono_ms();
    return due < 0 ? 0 : (int)due;
}

/* Waits until GATHER_MS after the last reading are over. */
static bool
gathers(const struct hf_bus *bus)
{
    return bus->gather_end_ms && !bus->eager && !mosquitto_want_write(bus->client);
}

/* What the link's socket is ready for, after at most wait_ms; -1: however long it takes. */
static short
poll_link(struct hf_bus *bus, bool with_link, int wait_ms)
{
    struct pollfd fds[2] = {{.fd = bus->wake_fd, .events = POLLIN}, {.fd = -1}};
    uint64_t ignored;

    if (with_link) {
        fds[1].fd = mosquitto_socket(bus->client);
        fds[1].events = mosquitto_want_write(bus->client) ? POLLIN | POLLOUT : POLLIN;
    }
    if (poll(fds, 2, wait_ms) <= 0)
        return 0;
    if (fds[0].revents && read(bus->wake_fd, &ignored, sizeof ignored) < 0)
        return 0;
    return fds[1].revents;
}

static short
wait_for_something(struct hf_bus *bus)
{
    int64_t left_ms;

    if (!bus->client || !gathers(bus))
        return poll_link(bus, bus->client != NULL, until_due(bus));
    left_ms = bus->gather_end_ms - hf_clock_mono_ms();
    if (left_ms > 0)
        (void)poll_link(bus, false, (int)left_ms);
    if (hf_clock_mono_ms() < bus->gather_end_ms)
        return 0; /* woken for something else */
    bus->gather_end_ms = 0;
    return poll_link(bus, true, 0);
}

static void *
run(void *context)
{
    struct hf_bus *bus = context;

    while (take_target(bus)) {
        short ready;

        if (!bus->client && bus->target.address[0] && hf_clock_mono_ms() >= bus->retry_at_ms)
            open_link(bus);
        if (!bus->failed) {
            ready = wait_for_something(bus);
            if (bus->client)
                serve_link(bus, ready);
        }
        if (bus->failed) {
            lose_link(bus);
            bus->failed = false;
        }
    }
    close_link(bus);
    return NULL;
}

/* ---- from outside ---- */

static void
wake(struct hf_bus *bus)
{
    uint64_t one = 1;

    while (write(bus->wake_fd, &one, sizeof one) < 0 && errno == EINTR)
        ;
}

int
hf_bus_new(const struct hf_bus_callbacks *callbacks, struct hf_bus **ret_bus, struct hf_error *err)
{
    struct hf_bus *bus = calloc(1, sizeof *bus);
    pthread_attr_t attr;
    int rc;

    if (!bus)
        return hf_error_nomem(err);
    bus->callbacks = *callbacks;
    bus->backoff_ms = BACKOFF_MIN_MS;
    bus->wake_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    if (bus->wake_fd < 0) {
        hf_error_errno(err, errno, "cannot start the bus");
        free(bus);
        return -1;
    }
    mosquitto_lib_init();
    pthread_mutex_init(&bus->mutex, NULL);
    pthread_attr_init(&attr);
    pthread_attr_setstacksize(&attr, STACK_BYTES);
    rc = pthread_create(&bus->thread, &attr, run, bus);
    pthread_attr_destroy(&attr);
    if (rc == 0) {
        pthread_setname_np(bus->thread, "bus");
        *ret_bus = bus;
        return 0;
    }
    pthread_mutex_destroy(&bus->mutex);
    mosquitto_lib_cleanup();
    close(bus->wake_fd);
    free(bus);
    return hf_error_errno(err, rc, "cannot start the bus thread");
}

void
hf_bus_free(struct hf_bus *bus)
{
    if (!bus)
        return;
    pthread_mutex_lock(&bus->mutex);
    bus->stop = true;
    pthread_mutex_unlock(&bus->mutex);
    wake(bus);
    pthread_join(bus->thread, NULL);
    pthread_mutex_destroy(&bus->mutex);
    mosquitto_lib_cleanup();
    close(bus->wake_fd);
    explicit_bzero(bus, sizeof *bus);
    free(bus);
}

int
hf_bus_set_target(struct hf_bus *bus, const char *address, uint16_t port, const char *user,
                  const char *password, struct hf_error *err)
{
    struct target t = {.port = port};
    bool changed;

    if (address && *address &&
        (snprintf(t.address, sizeof t.address, "%s", address) >= (int)sizeof t.address ||
         snprintf(t.user, sizeof t.user, "%s", user) >= (int)sizeof t.user ||
         snprintf(t.password, sizeof t.password, "%s", password) >= (int)sizeof t.password))
        return hf_error_set(err, HF_ERROR_INVALID, "address, user or password too long");
    pthread_mutex_lock(&bus->mutex);
    changed = strcmp(t.address, bus->wanted.address) != 0 || t.port != bus->wanted.port ||
              strcmp(t.user, bus->wanted.user) != 0 ||
              strcmp(t.password, bus->wanted.password) != 0;
    if (changed) {
        bus->wanted = t;
        bus->generation++;
    }
    pthread_mutex_unlock(&bus->mutex);
    if (changed)
        wake(bus);
    return 0;
}

void
hf_bus_send_canary(struct hf_bus *bus, const char *payload)
{
    pthread_mutex_lock(&bus->mutex);
    snprintf(bus->canary, sizeof bus->canary, "%s", payload);
    pthread_mutex_unlock(&bus->mutex);
    wake(bus);
}
