// SPDX-License-Identifier: Apache-2.0
/*
 * holdfast-proxy: a bad line between two programs that speak TCP, for tests. How bad it is stands
 * in a file of one line, which is read again when it is replaced:
 *
 *     pass             as if it were not there
 *     rate BYTES       so many a second, in each direction of each connection
 *     delay MS         each piece of data waits so long
 *     reset BYTES      a connection is reset once it has carried so many to the server
 *     cut PERCENT      of the answers are not handed on: the connection is closed instead
 *     black            takes connections and data, hands nothing on
 *     down             refuses connections, and resets those that there are
 *
 * Which answers are cut is drawn from --seed.
 */
#include "base/clock.h"
#include "base/log.h"
#include "base/text.h"
#include "common/env.h"
#include "common/stop.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>

enum {
    PAIRS_MAX = 64,
    CHUNK = 16384,
    TICK_MS = 10,
    MODE_POLL_MS = 50,
};

enum kind { PASS, RATE, DELAY, RESET, CUT, BLACK, DOWN, KIND_COUNT };

static const char *const kinds[KIND_COUNT] = {"pass", "rate",  "delay", "reset",
                                              "cut",  "black", "down"};

/* One direction: at most a chunk waits to be written. */
struct flow {
    char data[CHUNK];
    size_t from, to;
    int64_t due_ms;  /* not written before */
    int64_t purse;   /* bytes that may be written now, at a rate */
    int64_t last_ms; /* when the purse was filled last */
    bool ended;      /* the reading side has closed */
    bool closed;     /* and the writing side was told */
};

enum { UP, DOWNWARD };

struct pair {
    int fd[2]; /* client, server; -1: not in use */
    struct flow flow[2];
    uint64_t carried;
    bool asking; /* the last data went to the server */
};

struct proxy {
    struct hf_address listen, to;
    const char *mode_path;
    enum kind kind;
    uint64_t value;
    uint64_t random;
    ino_t ino;
    int listener;
    struct pair pairs[PAIRS_MAX];
};

/* ---- how bad it is now ---- */

static void
read_mode(struct proxy *p)
{
    char line[64] = "", word[16] = "", number[24] = "0";
    HF_AUTO_FCLOSE FILE *f = NULL;
    struct stat st;

    if (stat(p->mode_path, &st) < 0 || st.st_ino == p->ino || !(f = fopen(p->mode_path, "re")))
        return;
    p->ino = st.st_ino;
    if (!fgets(line, sizeof line, f) || sscanf(line, "%15s %23s", word, number) < 1)
        return;
    for (int k = 0; k < KIND_COUNT; k++) {
        if (strcmp(word, kinds[k]) == 0 && hf_text_u64(number, &p->value)) {
            p->kind = (enum kind)k;
            hf_log_info("event=mode kind=%s value=%s", word, number);
            return;
        }
    }
    hf_log_error("event=mode-wrong line=\"%s %s\"", word, number);
}

/* xorshift64, for tests that must be the same again. */
static uint64_t
draw(struct proxy *p)
{
    p->random ^= p->random << 13;
    p->random ^= p->random >> 7;
    p->random ^= p->random << 17;
    return p->random;
}

/* ---- connections ---- */

static struct sockaddr_in
address_of(const struct hf_address *a)
{
    struct sockaddr_in in = {.sin_family = AF_INET, .sin_port = htons((uint16_t)a->port)};

    (void)inet_pton(AF_INET, a->host, &in.sin_addr);
    return in;
}

static void
listen_again(struct proxy *p)
{
    struct sockaddr_in in = address_of(&p->listen);
    int on = 1;

    p->listener = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (p->listener < 0)
        return;
    setsockopt(p->listener, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    if (bind(p->listener, (struct sockaddr *)&in, sizeof in) == 0 && listen(p->listener, 64) == 0)
        return;
    hf_log_error("event=cannot-listen reason=\"%s\"", strerror(errno)); // NOLINT: one thread
    close(p->listener);
    p->listener = -1;
}

static void
drop_pair(struct pair *c, bool reset)
{
    struct linger hard = {.l_onoff = 1};

    for (int i = 0; i < 2; i++) {
        if (c->fd[i] < 0)
            continue;
        if (reset)
            setsockopt(c->fd[i], SOL_SOCKET, SO_LINGER, &hard, sizeof hard);
        close(c->fd[i]);
        c->fd[i] = -1;
    }
}

static int
connect_server(const struct proxy *p)
{
    struct sockaddr_in in = address_of(&p->to);
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), on = 1;

    /* The server is on this machine: it takes the connection or refuses it at once. */
    if (fd < 0 || connect(fd, (struct sockaddr *)&in, sizeof in) < 0) {
        if (fd >= 0)
            close(fd);
        return -1;
    }
    fcntl(fd, F_SETFL, O_NONBLOCK);
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    return fd;
}

static void
take_client(struct proxy *p)
{
    int fd = accept4(p->listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC), on = 1;

    if (fd < 0)
        return;
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    for (size_t i = 0; i < PAIRS_MAX; i++) {
        struct pair *c = &p->pairs[i];

        if (c->fd[0] >= 0)
            continue;
        memset(c, 0, sizeof *c);
        c->fd[0] = fd;
        c->fd[1] = connect_server(p);
        if (c->fd[1] < 0)
            drop_pair(c, true);
        return;
    }
    close(fd);
}

/* ---- data ---- */

/* What may be written of a flow now. */
static size_t
allowed(const struct proxy *p, struct flow *f, int64_t now)
{
    size_t left = f->to - f->from;

    if (p->kind == BLACK || now < f->due_ms)
        return 0;
    if (p->kind != RATE)
        return left;
    f->purse += (now - f->last_ms) * (int64_t)p->value / 1000;
    f->last_ms = now;
    if (f->purse > (int64_t)p->value / 10 + 1)
        f->purse = (int64_t)p->value / 10 + 1; /* no more than a tenth of a second saved up */
    return left < (size_t)f->purse ? left : (size_t)f->purse;
}

/* False where the pair is to go. */
static bool
read_flow(struct proxy *p, struct pair *c, int way, int64_t now)
{
    struct flow *f = &c->flow[way];
    ssize_t n;

    if (f->ended || f->from < f->to)
        return true;
    n = recv(c->fd[way], f->data, sizeof f->data, 0);
    if (n < 0)
        return errno == EAGAIN || errno == EINTR;
    if (n == 0) {
        f->ended = true;
        return true;
    }
    f->from = 0;
    f->to = (size_t)n;
    f->due_ms = p->kind == DELAY ? now + (int64_t)p->value : 0;
    f->last_ms = now;
    if (way == DOWNWARD && c->asking && p->kind == CUT && draw(p) % 100 < p->value)
        return false;
    c->asking = way == UP;
    return true;
}

static bool
write_flow(const struct proxy *p, struct pair *c, int way, int64_t now)
{
    struct flow *f = &c->flow[way];
    size_t n = f->from < f->to ? allowed(p, f, now) : 0;
    ssize_t sent;

    if (n > 0) {
        sent = send(c->fd[!way], f->data + f->from, n, MSG_NOSIGNAL);
        if (sent < 0)
            return errno == EAGAIN || errno == EINTR;
        f->from += (size_t)sent;
        f->purse -= p->kind == RATE ? sent : 0;
        if (way == UP)
            c->carried += (uint64_t)sent;
        if (p->kind == RESET && c->carried >= p->value)
            return false;
    }
    if (f->ended && f->from == f->to && !f->closed && p->kind != BLACK) {
        f->closed = true;
        shutdown(c->fd[!way], SHUT_WR);
    }
    return !(c->flow[0].closed && c->flow[1].closed);
}

static void
move_pair(struct proxy *p, struct pair *c, int64_t now)
{
    for (int way = 0; way < 2 && c->fd[0] >= 0; way++)
        if (!read_flow(p, c, way, now) || !write_flow(p, c, way, now))
            drop_pair(c, p->kind != PASS);
}

/* Waits until something can be done, or for a tick. */
static void
wait_for_work(struct proxy *p)
{
    struct pollfd fds[2 * PAIRS_MAX + 2];
    nfds_t n = 0;
    int64_t now = hf_clock_mono_ms();

    fds[n++] = (struct pollfd){.fd = hf_stop_fd(), .events = POLLIN};
    if (p->listener >= 0)
        fds[n++] = (struct pollfd){.fd = p->listener, .events = POLLIN};
    for (size_t i = 0; i < PAIRS_MAX; i++) {
        struct pair *c = &p->pairs[i];

        for (int way = 0; way < 2 && c->fd[0] >= 0; way++) {
            struct flow *f = &c->flow[way];

            if (f->from == f->to && !f->ended)
                fds[n++] = (struct pollfd){.fd = c->fd[way], .events = POLLIN};
            else if (f->from < f->to && p->kind != RATE && p->kind != BLACK && now >= f->due_ms)
                fds[n++] = (struct pollfd){.fd = c->fd[!way], .events = POLLOUT};
        }
    }
    (void)poll(fds, n, TICK_MS);
}

static void
run(struct proxy *p)
{
    int64_t next_mode = 0;

    for (size_t i = 0; i < PAIRS_MAX; i++)
        p->pairs[i].fd[0] = p->pairs[i].fd[1] = -1;
    while (!hf_stopping()) {
        int64_t now = hf_clock_mono_ms();

        if (now >= next_mode) {
            next_mode = now + MODE_POLL_MS;
            read_mode(p);
        }
        if (p->kind == DOWN && p->listener >= 0) {
            close(p->listener);
            p->listener = -1;
        }
        if (p->kind != DOWN && p->listener < 0)
            listen_again(p);
        if (p->listener >= 0)
            take_client(p);
        for (size_t i = 0; i < PAIRS_MAX; i++) {
            if (p->pairs[i].fd[0] >= 0 && p->kind == DOWN)
                drop_pair(&p->pairs[i], true);
            if (p->pairs[i].fd[0] >= 0)
                move_pair(p, &p->pairs[i], now);
        }
        wait_for_work(p);
    }
}

static bool
read_options(struct proxy *p, int argc, char **argv)
{
    static const struct option options[] = {
        {"listen", required_argument, NULL, 'l'},
        {"to", required_argument, NULL, 't'},
        {"mode", required_argument, NULL, 'm'},
        {"seed", required_argument, NULL, 's'},
        {NULL, 0, NULL, 0},
    };
    struct hf_error err = {0};
    bool ok = true;
    int option;

    while (ok && (option = getopt_long(argc, argv, "", options, NULL)) != -1) {
        if (option == 'l')
            ok = hf_address_parse(optarg, &p->listen, &err) == 0;
        else if (option == 't')
            ok = hf_address_parse(optarg, &p->to, &err) == 0;
        else if (option == 's')
            ok = hf_text_u64(optarg, &p->random);
        else if (option == 'm')
            p->mode_path = optarg;
        else
            ok = false;
    }
    p->random = p->random * 0x9e3779b97f4a7c15U + 1; /* xorshift needs a seed that is not 0 */
    return ok && optind == argc && p->listen.port && p->to.port && p->mode_path;
}

int
main(int argc, char **argv)
{
    static struct proxy p = {.listener = -1};
    struct hf_error err = {0};

    if (!read_options(&p, argc, argv)) {
        fputs("usage: holdfast-proxy --listen IPV4:PORT --to IPV4:PORT --mode FILE [--seed N]\n",
              stderr);
        return 2;
    }
    if (hf_stop_init(&err) < 0) {
        hf_log_error("event=failed reason=\"%s\"", err.message);
        return 1;
    }
    run(&p);
    return 0;
}
