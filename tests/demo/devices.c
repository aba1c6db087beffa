// SPDX-License-Identifier: Apache-2.0
/*
 * Simulated devices for ./dev run --demo: ten machines, each one MQTT client with four temperature
 * sensors, three vibration sensors, two door contacts and a power meter. Together a hundred topics
 * and about fifty messages a second, QoS 1. A machine that cannot reach the broker tries again
 * until it can; what it would have measured meanwhile is not made up afterwards.
 *
 *     holdfast-devices [--host ADDR] [--port N] [--seed N]
 */
#include "base/clock.h"
#include "base/log.h"
#include "base/text.h"

#include <errno.h>
#include <getopt.h>
#include <math.h>
#include <mosquitto.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum {
    MACHINES = 10,
    TEMPERATURES = 4,
    VIBRATIONS = 3,
    DOORS = 2,
    SIGNALS = TEMPERATURES + VIBRATIONS + DOORS + 1,
    TICK_MS = 20,
    RETRY_MS_MIN = 500,
    RETRY_MS_MAX = 15000,
    KEEPALIVE_S = 30,
    PAYLOAD_MAX = 160,
    DAY_MS = 24 * 3600 * 1000
};

enum kind { TEMPERATURE, VIBRATION, DOOR, POWER };

/* Chosen so that all signals together send about fifty messages a second. */
static const int interval_ms[] = {
    [TEMPERATURE] = 2000, [VIBRATION] = 1500, [DOOR] = 5000, [POWER] = 1500};

struct signal_source {
    enum kind kind;
    int number;
    int64_t next_ms; /* of the monotonic clock */
    double level;    /* slow part of the value; kWh of a meter */
    double burst;    /* fades: a load that has come on, a bearing that knocks */
    bool open;       /* of a door */
    unsigned count;  /* times a door was opened */
};

struct machine {
    struct mosquitto *mosq;
    int number;
    bool connected;
    int64_t retry_at_ms;
    int retry_ms;
    struct signal_source signals[SIGNALS];
};

static volatile sig_atomic_t ending;

static void
on_signal(int signo)
{
    (void)signo;
    ending = 1;
}

/* xorshift64* (Vigna 2016): the same seed gives the same plant. */
static uint64_t random_state = 1;

static double
random_unit(void)
{
    random_state ^= random_state >> 12;
    random_state ^= random_state << 25;
    random_state ^= random_state >> 27;
    return (double)((random_state * UINT64_C(0x2545F4914F6CDD1D)) >> 11) * 0x1.0p-53;
}

/* Around 0, mostly within ±1: the sum of four uniform values. */
static double
random_noise(void)
{
    return random_unit() + random_unit() + random_unit() + random_unit() - 2.0;
}

/* -1 at night, 1 in the afternoon. */
static double
time_of_day(void)
{
    return -cos(2.0 * M_PI * (double)(hf_clock_wall_ms() % DAY_MS) / DAY_MS);
}

static void
measure_temperature(struct signal_source *s, char *out)
{
    s->level += 0.08 * random_noise() - 0.01 * s->level;
    double celsius = 21.0 + 6.0 * s->number + 2.5 * time_of_day() + s->level;
    snprintf(out, PAYLOAD_MAX, "{\"t\":%.2f,\"unit\":\"C\"}", celsius);
}

static void
measure_vibration(struct signal_source *s, char *out)
{
    if (random_unit() < 0.01)
        s->burst = 3.0 + 4.0 * random_unit();
    s->burst *= 0.9;
    double rms = fabs(1.2 + 0.3 * s->number + s->burst + 0.15 * random_noise());
    double hertz = 49.6 + 0.2 * random_noise() + 0.5 * s->burst;
    snprintf(out, PAYLOAD_MAX, "{\"rms\":%.3f,\"peak\":%.3f,\"hz\":%.1f}", rms,
             rms * (2.8 + 0.4 * random_unit()), hertz);
}

static void
measure_door(struct signal_source *s, char *out)
{
    double change = s->open ? 0.5 : 0.1; /* doors are mostly closed */
    if (random_unit() < change) {
        s->open = !s->open;
        s->count += s->open;
    }
    snprintf(out, PAYLOAD_MAX, "{\"open\":%s,\"count\":%u}", s->open ? "true" : "false", s->count);
}

static void
measure_power(struct signal_source *s, char *out)
{
    if (random_unit() < 0.02)
        s->burst = 2.0 + 3.0 * random_unit();
    s->burst *= 0.97;
    double volt = 230.0 + 1.5 * random_noise();
    double watt = 1000.0 * (1.4 + 0.5 * time_of_day() + s->burst + 0.05 * random_noise());
    s->level += watt * interval_ms[POWER] / 3.6e9; /* W·ms to kWh */
    snprintf(out, PAYLOAD_MAX, "{\"v\":%.1f,\"a\":%.2f,\"w\":%.0f,\"kwh\":%.4f}", volt, watt / volt,
             watt, s->level);
}

static void
publish(struct machine *m, struct signal_source *s)
{
    static const char *const names[] = {[TEMPERATURE] = "temperature",
                                        [VIBRATION] = "vibration",
                                        [DOOR] = "door",
                                        [POWER] = "power"};
    char topic[64];
    char payload[PAYLOAD_MAX];

    switch (s->kind) {
    case TEMPERATURE:
        measure_temperature(s, payload);
        break;
    case VIBRATION:
        measure_vibration(s, payload);
        break;
    case DOOR:
        measure_door(s, payload);
        break;
    case POWER:
        measure_power(s, payload);
        break;
    }
    snprintf(topic, sizeof(topic), "plant/machine-%02d/%s/%d", m->number, names[s->kind],
             s->number);
    mosquitto_publish(m->mosq, NULL, topic, (int)strlen(payload), payload, 1, false);
}

static void
on_connect(struct mosquitto *mosq, void *context, int rc)
{
    struct machine *m = context;

    (void)mosq;
    if (rc != 0)
        return;
    m->connected = true;
    m->retry_ms = RETRY_MS_MIN;
    hf_log_info("event=connected machine=%d", m->number);
}

static void
lost(struct machine *m, int rc, int64_t now)
{
    if (m->connected)
        hf_log_warn("event=lost machine=%d reason=\"%s\"", m->number, mosquitto_strerror(rc));
    m->connected = false;
    m->retry_at_ms = now + m->retry_ms + (int64_t)(random_unit() * m->retry_ms);
    m->retry_ms = m->retry_ms * 2 < RETRY_MS_MAX ? m->retry_ms * 2 : RETRY_MS_MAX;
}

static int
machine_init(struct machine *m, int number, int64_t now)
{
    char id[32];

    m->number = number;
    m->retry_ms = RETRY_MS_MIN;
    snprintf(id, sizeof(id), "machine-%02d", number);
    m->mosq = mosquitto_new(id, true, m);
    if (m->mosq == NULL)
        return -1;
    mosquitto_connect_callback_set(m->mosq, on_connect);
    for (int i = 0; i < SIGNALS; i++) {
        struct signal_source *s = &m->signals[i];
        if (i < TEMPERATURES)
            *s = (struct signal_source){.kind = TEMPERATURE, .number = i + 1};
        else if (i < TEMPERATURES + VIBRATIONS)
            *s = (struct signal_source){.kind = VIBRATION, .number = i - TEMPERATURES + 1};
        else if (i < TEMPERATURES + VIBRATIONS + DOORS)
            *s = (struct signal_source){.kind = DOOR, .number = i - TEMPERATURES - VIBRATIONS + 1};
        else
            *s = (struct signal_source){.kind = POWER, .number = 1, .level = 1000 * random_unit()};
        s->next_ms = now + (int64_t)(random_unit() * interval_ms[s->kind]);
    }
    return 0;
}

static void
machine_step(struct machine *m, short ready, int64_t now)
{
    int rc = MOSQ_ERR_SUCCESS;

    if (ready & (POLLIN | POLLHUP | POLLERR))
        rc = mosquitto_loop_read(m->mosq, 1);
    if (rc == MOSQ_ERR_SUCCESS && (ready & POLLOUT))
        rc = mosquitto_loop_write(m->mosq, 1);
    if (rc == MOSQ_ERR_SUCCESS)
        rc = mosquitto_loop_misc(m->mosq);
    if (rc != MOSQ_ERR_SUCCESS) {
        lost(m, rc, now);
        return;
    }
    for (int i = 0; m->connected && i < SIGNALS; i++) {
        struct signal_source *s = &m->signals[i];
        if (now < s->next_ms)
            continue;
        publish(m, s);
        s->next_ms = now + (int64_t)(interval_ms[s->kind] * (0.9 + 0.2 * random_unit()));
    }
}

static void
run(struct machine *machines, const char *host, int port)
{
    struct pollfd fds[MACHINES];

    while (!ending) {
        int64_t now = hf_clock_mono_ms();
        for (int i = 0; i < MACHINES; i++) {
            struct machine *m = &machines[i];
            if (mosquitto_socket(m->mosq) < 0 && now >= m->retry_at_ms) {
                int rc = mosquitto_connect_async(m->mosq, host, port, KEEPALIVE_S);
                if (rc != MOSQ_ERR_SUCCESS)
                    lost(m, rc, now);
            }
            short events = mosquitto_want_write(m->mosq) ? POLLIN | POLLOUT : POLLIN;
            fds[i] = (struct pollfd){.fd = mosquitto_socket(m->mosq), .events = events};
        }
        if (poll(fds, MACHINES, TICK_MS) < 0 && errno != EINTR)
            return;
        for (int i = 0; i < MACHINES; i++) {
            if (fds[i].fd >= 0)
                machine_step(&machines[i], fds[i].revents, hf_clock_mono_ms());
        }
    }
}

static int
usage(void)
{
    fputs("usage: holdfast-devices [--host ADDR] [--port N] [--seed N]\n", stderr);
    return 2;
}

int
main(int argc, char **argv)
{
    static const struct option options[] = {{"host", required_argument, NULL, 'h'},
                                            {"port", required_argument, NULL, 'p'},
                                            {"seed", required_argument, NULL, 's'},
                                            {NULL, 0, NULL, 0}};
    static struct machine machines[MACHINES];
    const char *host = "127.0.0.1";
    uint64_t port = 1883;
    int opt;

    while ((opt = getopt_long(argc, argv, "", options, NULL)) != -1) {
        switch (opt) {
        case 'h':
            host = optarg;
            break;
        case 'p':
            if (!hf_text_u64(optarg, &port))
                return usage();
            break;
        case 's':
            if (!hf_text_u64(optarg, &random_state))
                return usage();
            random_state |= 1; /* zero would stay zero */
            break;
        default:
            return usage();
        }
    }
    if (optind != argc || port == 0 || port > UINT16_MAX)
        return usage();

    signal(SIGINT, on_signal);
    signal(SIGTERM, on_signal);
    signal(SIGPIPE, SIG_IGN);
    mosquitto_lib_init();
    for (int i = 0; i < MACHINES; i++) {
        if (machine_init(&machines[i], i + 1, hf_clock_mono_ms()) < 0) {
            hf_log_error("event=failed reason=\"out of memory\"");
            return 1;
        }
    }
    run(machines, host, (int)port);
    for (int i = 0; i < MACHINES; i++) {
        mosquitto_disconnect(machines[i].mosq);
        mosquitto_destroy(machines[i].mosq);
    }
    mosquitto_lib_cleanup();
    return 0;
}
