// SPDX-License-Identifier: Apache-2.0
/*
 * What no well-behaved MQTT client sends: conversations of good and odd packets, then cut, bent,
 * repeated and given wrong lengths, by a seed. Each has a connection of its own; what the broker
 * says to it does not matter here, only that it goes on for others, which the test asks afterwards.
 *
 * usage: holdfast-mqtt-fuzz ADDRESS PORT SEED COUNT
 * Says at its end "sent N answered M refused K": M that something came back for, K that were not
 * let in.
 */
#include "base/text.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum {
    TALK_MAX = 8192,
    AT_ONCE = 32,
    CLIENTS =
        100, /* with more the broker soon refuses nearly all, for the sessions that they leave */
    HEAR_MS = 40, /* then the whole batch is over: many conversations wait for what never comes */
    CONNECT_MS = 5000
};

/* Control packets by their first byte, MQTT 3.1.1 and 5, section 2.1.2. */
enum {
    CONNECT = 0x10,
    PUBLISH = 0x30,
    PUBACK = 0x40,
    SUBSCRIBE = 0x82,
    UNSUBSCRIBE = 0xa2,
    PINGREQ = 0xc0,
    DISCONNECT = 0xe0,
    AUTH = 0xf0
};

struct bytes {
    size_t len;
    unsigned char data[TALK_MAX];
};

/* ---- chance: xorshift64*, the same for a seed everywhere ---- */

static uint64_t state;

static uint64_t
chance(uint64_t below)
{
    state ^= state >> 12;
    state ^= state << 25;
    state ^= state >> 27;
    return (state * 2685821657736338717ULL >> 33) % below;
}

/* ---- packets ---- */

static void
add(struct bytes *b, const void *data, size_t len)
{
    if (len > sizeof b->data - b->len)
        len = sizeof b->data - b->len;
    memcpy(b->data + b->len, data, len);
    b->len += len;
}

static void
add_byte(struct bytes *b, unsigned value)
{
    unsigned char byte = (unsigned char)value;

    add(b, &byte, 1);
}

static void
add_u16(struct bytes *b, unsigned value)
{
    add_byte(b, value >> 8 & 0xff);
    add_byte(b, value & 0xff);
}

static void
add_text(struct bytes *b, const char *text, size_t len)
{
    add_u16(b, (unsigned)len);
    add(b, text, len);
}

/* A packet with its head; one in sixteen says another length than it has. */
static void
add_packet(struct bytes *b, unsigned first, const struct bytes *rest)
{
    size_t len = rest->len;

    if (chance(16) == 0)
        len = chance(4) ? len + chance(300) : 268435455; /* the most that can be said */
    add_byte(b, first);
    do {
        add_byte(b, (len & 0x7f) | (len > 0x7f ? 0x80U : 0));
        len >>= 7;
    } while (len > 0);
    add(b, rest->data, rest->len);
}

#define TEXT(t) {t, sizeof(t) - 1}

static const struct {
    const char *text;
    size_t len;
} topics[] = {
    TEXT("a/b"),
    TEXT("#"),
    TEXT("+"),
    TEXT("a/#/b"),
    TEXT("a+/b"),
    TEXT("$SYS/broker/uptime"),
    TEXT("$SYS/#"),
    TEXT("../uplink/alarm"),
    TEXT("/"),
    TEXT(""),
    TEXT("a\0b"),
    TEXT("\xff\xfe"),
    TEXT("\xc0\xaf"),
    TEXT("\xed\xa0\x80"),
    TEXT("$share/g/a"),
    TEXT("$share/#/+"),
    TEXT("$share//"),
    TEXT("$CONTROL/dynamic-security/v1"),
    TEXT("uplink/data"),
    TEXT("status/broker"),
    TEXT("field/holdfast/canary"),
    TEXT("a/\x01\x1f"),
    TEXT("////////////////////////////////"),
};

static void
add_topic(struct bytes *b)
{
    size_t i = chance(HF_LEN(topics) + 1);
    char deep[1000];

    if (i < HF_LEN(topics)) {
        add_text(b, topics[i].text, topics[i].len);
        return;
    }
    for (size_t at = 0; at < sizeof deep; at++)
        deep[at] = at % 2 ? '/' : 'x';
    add_text(b, deep, sizeof deep);
}

static unsigned version;

/* Properties of MQTT 5, section 2.2.2: a length, then anything. */
static void
add_properties(struct bytes *b)
{
    unsigned len = (unsigned)chance(8);

    if (version != 5)
        return;
    add_byte(b, len);
    for (unsigned i = 0; i < len; i++)
        add_byte(b, (unsigned)chance(256));
}

static void
make_connect(struct bytes *talk)
{
    static const unsigned versions[] = {3, 4, 4, 4, 5, 5, 6, 0x84};
    static const unsigned flags[] = {0x02, 0x02, 0x02, 0x00, 0x06, 0x2e, 0xc2, 0x01, 0xff, 0x80};
    struct bytes b = {0};
    unsigned flag = flags[chance(HF_LEN(flags))];
    char id[24];

    version = versions[chance(HF_LEN(versions))];
    add_text(&b, version == 3 ? "MQIsdp" : "MQTT", version == 3 ? 6 : 4);
    add_byte(&b, version);
    add_byte(&b, flag);
    add_u16(&b, (unsigned)chance(65536));
    if (version == 5)
        add_byte(&b, 0);
    snprintf(id, sizeof id, "fuzz-%llx", (unsigned long long)chance(CLIENTS));
    if (chance(16) == 0)
        add_topic(&b);
    else
        add_text(&b, chance(16) ? id : "processor", strlen(id) < 9 ? strlen(id) : 9);
    if (flag & 0x04) {
        add_properties(&b);
        add_topic(&b);
        add_text(&b, "gone", 4);
    }
    if (flag & 0x80)
        add_text(&b, "d7", 2);
    if (flag & 0x40)
        add_text(&b, "secret", 6);
    add_packet(talk, CONNECT, &b);
}

static void
make_publish(struct bytes *talk)
{
    struct bytes b = {0};
    unsigned qos = (unsigned)chance(4), dup = (unsigned)chance(2), retain = (unsigned)chance(2);

    add_topic(&b);
    if (qos)
        add_u16(&b, (unsigned)chance(3));
    add_properties(&b);
    for (size_t left = chance(200); left > 0; left--)
        add_byte(&b, (unsigned)chance(256));
    add_packet(talk, PUBLISH | dup << 3 | qos << 1 | retain, &b);
}

static void
make_subscribe(struct bytes *talk, unsigned first)
{
    struct bytes b = {0};

    add_u16(&b, (unsigned)chance(3));
    add_properties(&b);
    for (size_t left = chance(20); left > 0; left--) {
        add_topic(&b);
        if (first == SUBSCRIBE)
            add_byte(&b, (unsigned)chance(chance(4) ? 3 : 256));
    }
    add_packet(talk, first, &b);
}

static void
make_other(struct bytes *talk)
{
    static const unsigned firsts[] = {PUBACK, 0x50, 0x62, 0x70, PINGREQ, DISCONNECT,
                                      AUTH,   0x20, 0x90, 0xb0, 0xd0,    0x00};
    struct bytes b = {0};

    for (size_t left = chance(6); left > 0; left--)
        add_byte(&b, (unsigned)chance(256));
    add_packet(talk, firsts[chance(HF_LEN(firsts))] | (chance(8) ? 0 : (unsigned)chance(16)), &b);
}

static void
make_talk(struct bytes *talk)
{
    talk->len = 0;
    if (chance(16))
        make_connect(talk);
    for (size_t left = chance(5); left > 0; left--)
        switch (chance(5)) {
        case 0:
            make_subscribe(talk, chance(3) ? SUBSCRIBE : UNSUBSCRIBE);
            break;
        case 1:
            make_other(talk);
            break;
        case 2:
            if (chance(4) == 0)
                make_connect(talk);
            break;
        default:
            make_publish(talk);
        }
}

/* Half of them stay as they are: odd, but whole. */
static void
bend(struct bytes *talk)
{
    if (talk->len == 0)
        return;
    for (size_t left = chance(2) * chance(6); left > 0; left--) {
        size_t at = chance(talk->len);

        switch (chance(4)) {
        case 0:
            talk->data[at] ^= (unsigned char)(1U << chance(8));
            break;
        case 1:
            talk->data[at] = (unsigned char)chance(256);
            break;
        case 2:
            talk->len = at + 1;
            break;
        default:
            add(talk, talk->data + at, talk->len - at < 100 ? talk->len - at : 100);
        }
    }
}

/* ---- the wire ---- */

static unsigned long long sent, answered, refused;

static int
begin(const struct sockaddr_in *to, const struct bytes *talk)
{
    const struct timeval wait = {.tv_sec = CONNECT_MS / 1000};
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

    if (fd < 0)
        return -1;
    (void)setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &wait, sizeof wait);
    (void)setsockopt(fd, SOL_SOCKET, SO_LINGER, &(struct linger){.l_onoff = 1},
                     sizeof(struct linger));
    if (connect(fd, (const struct sockaddr *)to, sizeof *to) < 0) {
        refused++;
        close(fd);
        return -1;
    }
    (void)!send(fd, talk->data, talk->len, MSG_NOSIGNAL);
    sent++;
    return fd;
}

static void
batch(const struct sockaddr_in *to, uint64_t count)
{
    struct pollfd fds[AT_ONCE];
    static struct bytes talk;

    for (uint64_t i = 0; i < count; i++) {
        make_talk(&talk);
        bend(&talk);
        fds[i] = (struct pollfd){.fd = begin(to, &talk), .events = POLLIN};
    }
    usleep(HEAR_MS * 1000);
    if (poll(fds, (nfds_t)count, 0) > 0)
        for (uint64_t i = 0; i < count; i++)
            answered += fds[i].fd >= 0 && fds[i].revents != 0;
    for (uint64_t i = 0; i < count; i++)
        if (fds[i].fd >= 0)
            close(fds[i].fd);
}

int
main(int argc, char **argv)
{
    struct sockaddr_in to = {.sin_family = AF_INET};
    uint64_t port = 0, seed = 0, count = 0;

    if (argc != 5 || inet_pton(AF_INET, argv[1], &to.sin_addr) != 1 ||
        !hf_text_u64(argv[2], &port) || !hf_text_u64(argv[3], &seed) ||
        !hf_text_u64(argv[4], &count) || !port || port > UINT16_MAX) {
        fputs("usage: holdfast-mqtt-fuzz ADDRESS PORT SEED COUNT\n", stderr);
        return 2;
    }
    to.sin_port = htons((uint16_t)port);
    state = seed * 2 + 1;
    for (uint64_t left = count; left > 0;) {
        uint64_t n = left < AT_ONCE ? left : AT_ONCE;

        batch(&to, n);
        left -= n;
    }
    printf("sent %llu answered %llu refused %llu\n", sent, answered, refused);
    return 0;
}
