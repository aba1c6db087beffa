// SPDX-License-Identifier: Apache-2.0
/*
 * Many connections from one address that never say all they have to: each one that the other side
 * closes is opened again, until standard input ends. So it is a crowd for as long as a test wants
 * it.
 *
 * usage: holdfast-crowd FROM ADDRESS PORT COUNT [SAYS]
 *   FROM    source address, such as 127.0.0.2
 *   SAYS    what each one sends when it is there, in hex; %i in it: its number, as eight hex digits
 *           in ASCII. Without it nothing is sent
 * Says "full" once all COUNT have been there at once or have been refused, and at its end
 * "opened N closed M answered K most L": M by the other side, K those that it sent something, L at
 * once.
 */
#include "base/text.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

enum { SAYS_MAX = 512, EVENTS = 256, SPARE_FDS = 64, PACE_MS = 20, NUMBER_DIGITS = 8 };

struct member {
    int fd; /* -1: not there */
    bool there, answered;
};

struct crowd {
    struct sockaddr_in from, to;
    struct member *members;
    size_t count, open, most;
    int epoll;
    unsigned char says[SAYS_MAX];
    size_t says_len, number_at; /* SAYS_MAX: no number in it */
    unsigned long long opened, closed, answered, asked;
    bool said_full;
};

/* ---- one of them ---- */

static void
leave(struct crowd *c, struct member *m)
{
    if (m->there) {
        c->open--;
        c->closed++;
    }
    close(m->fd);
    *m = (struct member){.fd = -1};
}

/* Its place in the other side's queue may be refused at once, or later by an event. */
static void
come(struct crowd *c, size_t i)
{
    struct member *m = &c->members[i];
    struct epoll_event event = {.events = EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET, .data.u64 = i};
    int on = 1;

    *m = (struct member){.fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0)};
    if (m->fd < 0)
        return;
    c->asked++;
    (void)setsockopt(m->fd, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, &on, sizeof on);
    /* No TIME_WAIT: ten thousand of them would use up the ports. */
    (void)setsockopt(m->fd, SOL_SOCKET, SO_LINGER, &(struct linger){.l_onoff = 1},
                     sizeof(struct linger));
    if (bind(m->fd, (const struct sockaddr *)&c->from, sizeof c->from) < 0 ||
        (connect(m->fd, (const struct sockaddr *)&c->to, sizeof c->to) < 0 &&
         errno != EINPROGRESS) ||
        epoll_ctl(c->epoll, EPOLL_CTL_ADD, m->fd, &event) < 0)
        leave(c, m);
}

static bool
say(const struct crowd *c, size_t i)
{
    unsigned char text[SAYS_MAX];
    char number[NUMBER_DIGITS + 1];

    memcpy(text, c->says, c->says_len);
    snprintf(number, sizeof number, "%08x", (unsigned)i);
    if (c->number_at < SAYS_MAX)
        memcpy(text + c->number_at, number, NUMBER_DIGITS);
    return send(c->members[i].fd, text, c->says_len, MSG_NOSIGNAL) == (ssize_t)c->says_len;
}

static bool
hear(struct crowd *c, struct member *m)
{
    char data[4096];
    ssize_t n;

    while ((n = recv(m->fd, data, sizeof data, 0)) > 0) {
        c->answered += !m->answered;
        m->answered = true;
    }
    return n < 0 && errno == EAGAIN;
}

static void
look(struct crowd *c, size_t i, uint32_t events)
{
    struct member *m = &c->members[i];
    bool fine = m->fd >= 0 && !(events & (EPOLLERR | EPOLLHUP));

    if (fine && !m->there && (events & EPOLLOUT)) {
        m->there = true;
        c->opened++;
        if (++c->open > c->most)
            c->most = c->open;
        fine = !c->says_len || say(c, i);
    }
    if (fine && (events & (EPOLLIN | EPOLLRDHUP)))
        fine = hear(c, m);
    if (!fine && m->fd >= 0)
        leave(c, m);
}

/* ---- all ---- */

static void
fill(struct crowd *c)
{
    for (size_t i = 0; i < c->count; i++)
        if (c->members[i].fd < 0)
            come(c, i);
    if (!c->said_full && c->opened >= c->count) {
        puts("full");
        fflush(stdout);
        c->said_full = true;
    }
}

static void
run(struct crowd *c)
{
    struct epoll_event events[EVENTS], end = {.events = EPOLLIN, .data.u64 = UINT64_MAX};

    if (epoll_ctl(c->epoll, EPOLL_CTL_ADD, STDIN_FILENO, &end) < 0)
        return;
    for (;;) {
        int n;

        fill(c);
        usleep(PACE_MS * 1000); /* a crowd, not a race for the processor */
        while ((n = epoll_wait(c->epoll, events, EVENTS, 0)) > 0)
            for (int i = 0; i < n; i++) {
                if (events[i].data.u64 == UINT64_MAX)
                    return;
                look(c, events[i].data.u64, events[i].events);
            }
    }
}

/* ---- the command line ---- */

static bool
read_says(struct crowd *c, const char *hex)
{
    c->number_at = SAYS_MAX;
    for (; *hex; hex += 2) {
        unsigned byte;

        if (c->says_len + NUMBER_DIGITS > SAYS_MAX)
            return false;
        if (strncmp(hex, "%i", 2) == 0) {
            c->number_at = c->says_len;
            c->says_len += NUMBER_DIGITS;
        } else if (sscanf(hex, "%2x", &byte) == 1 && hex[1]) {
            c->says[c->says_len++] = (unsigned char)byte;
        } else {
            return false;
        }
    }
    return true;
}

static bool
read_arguments(struct crowd *c, int argc, char **argv)
{
    uint64_t port, count;

    if (argc < 5 || argc > 6 || inet_pton(AF_INET, argv[1], &c->from.sin_addr) != 1 ||
        inet_pton(AF_INET, argv[2], &c->to.sin_addr) != 1 || !hf_text_u64(argv[3], &port) ||
        !hf_text_u64(argv[4], &count) || !port || port > UINT16_MAX || !count || count > 100000)
        return false;
    c->from.sin_family = c->to.sin_family = AF_INET;
    c->to.sin_port = htons((uint16_t)port);
    c->count = count;
    return read_says(c, argc == 6 ? argv[5] : "");
}

int
main(int argc, char **argv)
{
    struct crowd c = {.epoll = epoll_create1(EPOLL_CLOEXEC)};
    struct rlimit files;

    if (!read_arguments(&c, argc, argv)) {
        fputs("usage: holdfast-crowd FROM ADDRESS PORT COUNT [SAYS]\n", stderr);
        return 2;
    }
    files = (struct rlimit){c.count + SPARE_FDS, c.count + SPARE_FDS};
    if (setrlimit(RLIMIT_NOFILE, &files) < 0 ||
        !(c.members = malloc(c.count * sizeof *c.members))) {
        perror("holdfast-crowd: room for so many");
        return 1;
    }
    for (size_t i = 0; i < c.count; i++)
        c.members[i].fd = -1;
    run(&c);
    printf("opened %llu closed %llu answered %llu most %zu\n", c.opened, c.closed, c.answered,
           c.most);
    free(c.members);
    return 0;
}
