// SPDX-License-Identifier: Apache-2.0
#include "fake_docker.h"

#include "unit.h"

#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

enum { ROWS_MAX = 16, REQUEST_MAX = 8192, POLL_MS = 20 };

struct fake_docker {
    char folder[32];
    char path[64];
    int listener;
    const struct fake_answer *answers;
    atomic_int asked[ROWS_MAX];
    char requests[ROWS_MAX][1024];
    atomic_bool stop;
    pthread_t thread;
};

static bool
readable(struct fake_docker *f, int fd)
{
    struct pollfd p = {.fd = fd, .events = POLLIN};

    while (!atomic_load(&f->stop))
        if (poll(&p, 1, POLL_MS) > 0)
            return true;
    return false;
}

/* Enough for requests without a body or with a short one. */
static bool
read_request(struct fake_docker *f, int fd, char *out)
{
    size_t len = 0;

    while (len < REQUEST_MAX - 1 && readable(f, fd)) {
        ssize_t n = read(fd, out + len, REQUEST_MAX - 1 - len);

        if (n <= 0)
            return false;
        len += (size_t)n;
        out[len] = '\0';
        if (strstr(out, "\r\n\r\n"))
            return true;
    }
    return false;
}

static void
write_all(int fd, const char *bytes)
{
    size_t left = strlen(bytes);

    while (left > 0) {
        ssize_t n = send(fd, bytes, left, MSG_NOSIGNAL);

        if (n <= 0)
            return;
        bytes += n;
        left -= (size_t)n;
    }
}

/* Until the other side closes: what it sent and nobody read would reset the connection, and the
 * answer with it. */
static void
drain(struct fake_docker *f, int fd)
{
    char ignored[4096];

    while (readable(f, fd) && read(fd, ignored, sizeof ignored) > 0)
        continue;
}

static void
answer(struct fake_docker *f, int fd, const char *request)
{
    for (int i = 0; f->answers[i].request; i++) {
        const struct fake_answer *a = &f->answers[i];

        if (strncmp(request, a->request, strlen(a->request)) != 0)
            continue;
        snprintf(f->requests[i], sizeof f->requests[i], "%.*s", (int)strcspn(request, "\r"),
                 request);
        atomic_fetch_add(&f->asked[i], 1);
        if (a->bytes) {
            write_all(fd, a->bytes);
            shutdown(fd, SHUT_WR);
        }
        drain(f, fd);
        return;
    }
}

static void *
serve(void *context)
{
    struct fake_docker *f = context;
    char request[REQUEST_MAX];

    while (readable(f, f->listener)) {
        int fd = accept(f->listener, NULL, NULL);

        if (fd < 0)
            continue;
        if (read_request(f, fd, request))
            answer(f, fd, request);
        close(fd);
    }
    return NULL;
}

struct fake_docker *
fake_docker_start(const struct fake_answer *answers)
{
    struct fake_docker *f = calloc(1, sizeof *f);
    struct sockaddr_un address = {.sun_family = AF_UNIX};

    f->answers = answers;
    snprintf(f->folder, sizeof f->folder, "/tmp/hf-docker-XXXXXX");
    assert_non_null(mkdtemp(f->folder));
    snprintf(f->path, sizeof f->path, "%s/docker.sock", f->folder);
    snprintf(address.sun_path, sizeof address.sun_path, "%s", f->path);
    f->listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_int_equal(bind(f->listener, (struct sockaddr *)&address, sizeof address), 0);
    assert_int_equal(listen(f->listener, 16), 0);
    assert_int_equal(pthread_create(&f->thread, NULL, serve, f), 0);
    return f;
}

const char *
fake_docker_socket(const struct fake_docker *f)
{
    return f->path;
}

int
fake_docker_asked(struct fake_docker *f, int i)
{
    return atomic_load(&f->asked[i]);
}

const char *
fake_docker_request(struct fake_docker *f, int i)
{
    return atomic_load(&f->asked[i]) ? f->requests[i] : "";
}

void
fake_docker_stop(struct fake_docker *f)
{
    atomic_store(&f->stop, true);
    pthread_join(f->thread, NULL);
    close(f->listener);
    (void)unlink(f->path);
    (void)rmdir(f->folder);
    free(f);
}
