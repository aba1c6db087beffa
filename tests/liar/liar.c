// SPDX-License-Identifier: Apache-2.0
/*
 * holdfast-liar: a registry that does what a real one does not on demand, for tests. It gives out
 * the blobs of an OCI layout by plain HTTP, one connection after the other, and says on standard
 * output what it was asked for. How it misbehaves with blobs of more than 64 KiB:
 *
 *     pass             it does not
 *     cut BYTES        every answer ends with a reset after so many bytes
 *     norange BYTES    the same, and it knows no ranges
 *     stall BYTES      every answer says nothing more after so many bytes
 *     deny BYTES       the first answer is cut, and every later one is a 401
 *     elsewhere        sends to another host
 *     wrong            changes a byte in the middle
 *     long             adds a byte
 *     token BYTES      as cut, and each answer takes a token of its own, which user:password gets;
 *                      manifests too
 *     foreign          as token, but tokens are said to be on another host
 *
 * usage: holdfast-liar LAYOUT PORT MODE [BYTES]
 */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

enum { REQUEST_MAX = 16384, PIECE = 16384, PATIENCE_MS = 60000 };

static const long SMALL = 65536;
static const char ACCOUNT[] = "Authorization: Basic dXNlcjpwYXNzd29yZA=="; /* user:password */

struct liar {
    const char *layout, *mode;
    long bytes;
    int port;
    unsigned blobs; /* answers so far */
    unsigned token; /* the one that is good next, once it was given */
    bool token_given;
};

static bool
is(const struct liar *l, const char *mode)
{
    return strcmp(l->mode, mode) == 0;
}

static void
put(int fd, const char *data, size_t len)
{
    while (len > 0) {
        ssize_t n = send(fd, data, len, MSG_NOSIGNAL);

        if (n <= 0)
            return;
        data += n;
        len -= (size_t)n;
    }
}

static void
answer(int fd, const char *status, const char *fields, const char *body)
{
    char head[2048];

    snprintf(head, sizeof head,
             "HTTP/1.1 %s\r\nConnection: close\r\nContent-Length: %zu\r\n%s\r\n%s", status,
             strlen(body), fields, body);
    put(fd, head, strlen(head));
}

static void
reset(int fd)
{
    const struct linger now = {1, 0};

    setsockopt(fd, SOL_SOCKET, SO_LINGER, &now, sizeof now);
}

/* ---- blobs ---- */

/* Until the other side goes. */
static void
say_nothing(int fd)
{
    struct pollfd p = {.fd = fd, .events = POLLIN};
    char ignored[64];

    while (poll(&p, 1, PATIENCE_MS) > 0 && recv(fd, ignored, sizeof ignored, 0) > 0)
        continue;
}

static void
send_part(const struct liar *l, int fd, FILE *f, long from, long size)
{
    bool cuts = is(l, "cut") || is(l, "norange") || is(l, "deny") || is(l, "token");
    long most = size > SMALL && (cuts || is(l, "stall")) ? from + l->bytes : size;
    char data[PIECE];

    for (long at = from; at < size && at < most;) {
        long want = most - at < PIECE ? most - at : PIECE;
        size_t n = fread(data, 1, (size_t)(want < size - at ? want : size - at), f);

        if (n == 0)
            return;
        if (is(l, "wrong") && size > SMALL && at <= size / 2 && at + (long)n > size / 2)
            data[size / 2 - at] ^= 1;
        put(fd, data, n);
        at += (long)n;
    }
    if (is(l, "long") && size > SMALL)
        put(fd, "x", 1);
    if (most < size && is(l, "stall"))
        say_nothing(fd);
    else if (most < size)
        reset(fd);
}

static void
send_blob(struct liar *l, int fd, const char *request, FILE *f, long size)
{
    const char *range = strstr(request, "Range: bytes=");
    bool big = size > SMALL;
    char head[512];
    long from = range && !is(l, "norange") ? strtol(range + 13, NULL, 10) : 0;

    if (big && is(l, "elsewhere")) {
        answer(fd, "307 Temporary Redirect",
               "Location: http://192.0.2.7/storage?signature=secret\r\n", "");
        return;
    }
    if (big && is(l, "deny") && l->blobs++ > 0) {
        answer(fd, "401 Unauthorized", "WWW-Authenticate: Basic realm=\"x\"\r\n", "");
        return;
    }
    if (from > 0)
        snprintf(head, sizeof head,
                 "HTTP/1.1 206 Partial Content\r\nConnection: close\r\nContent-Length: %ld\r\n"
                 "Content-Range: bytes %ld-%ld/%ld\r\n\r\n",
                 size - from, from, size - 1, size);
    else
        snprintf(head, sizeof head,
                 "HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: %ld\r\n\r\n",
                 size + (big && is(l, "long")));
    fseek(f, from, SEEK_SET);
    put(fd, head, strlen(head));
    send_part(l, fd, f, from, size);
}

/* ---- requests ---- */

static void
give_token(struct liar *l, int fd, const char *request)
{
    char body[64];

    if (!strstr(request, ACCOUNT) || !strstr(request, "service=liar") ||
        !strstr(request, "scope=repository")) {
        answer(fd, "401 Unauthorized", "", "");
        return;
    }
    l->token_given = true;
    snprintf(body, sizeof body, "{\"token\":\"t%u\"}", ++l->token);
    answer(fd, "200 OK", "Content-Type: application/json\r\n", body);
}

/* Takes the token, which is good once. */
static bool
has_token(struct liar *l, int fd, const char *request)
{
    char wanted[64], fields[256];

    if (!is(l, "token") && !is(l, "foreign"))
        return true;
    snprintf(wanted, sizeof wanted, "Authorization: Bearer t%u\r\n", l->token);
    if (l->token_given && strstr(request, wanted)) {
        l->token_given = false;
        return true;
    }
    snprintf(fields, sizeof fields,
             "WWW-Authenticate: Bearer realm=\"http://%s:%d/token\",service=\"liar\","
             "scope=\"repository:x:pull\"\r\n",
             is(l, "foreign") ? "192.0.2.7" : "127.0.0.1", l->port);
    answer(fd, "401 Unauthorized", fields, "");
    return false;
}

static void
serve(struct liar *l, int fd, const char *request)
{
    const char *digest = strstr(request, "sha256:");
    char path[4096];
    struct stat st;
    FILE *f;

    printf("%.*s%s\n", (int)strcspn(request, "\r"), request,
           strstr(request, "Range: ") ? " ranged" : "");
    fflush(stdout);
    if (strncmp(request, "GET /token", 10) == 0) {
        give_token(l, fd, request);
        return;
    }
    if (!has_token(l, fd, request))
        return;
    snprintf(path, sizeof path, "%s/blobs/sha256/%.64s", l->layout, digest ? digest + 7 : "");
    f = fopen(path, "re");
    if (!f || fstat(fileno(f), &st) < 0)
        answer(fd, "404 Not Found", "", "");
    else
        send_blob(l, fd, request, f, (long)st.st_size);
    if (f)
        fclose(f);
}

static bool
read_request(int fd, char *out)
{
    size_t len = 0;

    while (len < REQUEST_MAX - 1) {
        ssize_t n = recv(fd, out + len, REQUEST_MAX - 1 - len, 0);

        if (n <= 0)
            return false;
        len += (size_t)n;
        out[len] = '\0';
        if (strstr(out, "\r\n\r\n"))
            return true;
    }
    return false;
}

int
main(int argc, char **argv)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    static char request[REQUEST_MAX];
    struct liar l = {0};
    int listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), on = 1;

    if (argc < 4 || listener < 0)
        return 2;
    l = (struct liar){.layout = argv[1], .port = (int)strtol(argv[2], NULL, 10), .mode = argv[3]};
    l.bytes = argc > 4 ? strtol(argv[4], NULL, 10) : 0;
    address.sin_port = htons((uint16_t)l.port);
    setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    if (bind(listener, (struct sockaddr *)&address, sizeof address) < 0 || listen(listener, 16) < 0)
        return 1;
    for (;;) {
        int fd = accept4(listener, NULL, NULL, SOCK_CLOEXEC);

        if (fd < 0)
            continue;
        if (read_request(fd, request))
            serve(&l, fd, request);
        close(fd);
    }
}
