// SPDX-License-Identifier: Apache-2.0
#include "dockerguard/listen.h"

#include "base/text.h"

#include <errno.h>
#include <pthread.h>
#include <semaphore.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

enum { FIRST_PASSED_FD = 3, STACK_BYTES = 512 * 1024 };

/* ---- the socket ---- */

/* -1 where none was passed to this very process. */
static int
passed_socket(void)
{
    const char *pid = getenv("LISTEN_PID"), *fds = getenv("LISTEN_FDS");
    uint64_t number;

    if (!pid || !fds || strcmp(fds, "1") != 0 || !hf_text_u64(pid, &number) ||
        number != (uint64_t)getpid())
        return -1;
    return FIRST_PASSED_FD;
}

static void
remove_stale(const char *path)
{
    struct stat st;

    if (lstat(path, &st) == 0 && S_ISSOCK(st.st_mode))
        (void)unlink(path);
}

/* Nobody can come before owner and mode are right: it listens only then. */
static int
make_socket(const struct hf_dguard_options *o, int *ret_fd, struct hf_error *err)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    int fd, saved;

    if (!hf_text_put(address.sun_path, sizeof address.sun_path, "%s", o->listen))
        return hf_error_set(err, HF_ERROR_INVALID, "--listen '%s': the path is too long",
                            o->listen);
    fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd < 0)
        return hf_error_errno(err, errno, "cannot make a socket");
    remove_stale(o->listen);
    if (bind(fd, (const struct sockaddr *)&address, sizeof address) < 0 ||
        chown(o->listen, (uid_t)-1, o->group) < 0 || chmod(o->listen, o->mode) < 0 ||
        listen(fd, SOMAXCONN) < 0) {
        saved = errno;
        close(fd);
        return hf_error_errno(err, saved, "cannot listen on %s", o->listen);
    }
    *ret_fd = fd;
    return 0;
}

int
hf_dguard_listen(const struct hf_dguard_options *o, int *ret_fd, struct hf_error *err)
{
    if (o->listen)
        return make_socket(o, ret_fd, err);
    *ret_fd = passed_socket();
    if (*ret_fd >= 0)
        return 0;
    return hf_error_set(err, HF_ERROR_INVALID,
                        "no socket was passed: give --listen PATH, or start the socket unit");
}

/* ---- connections ---- */

struct visit {
    const struct hf_dguard_server *server;
    sem_t *room;
    int fd;
};

static void *
visit(void *context)
{
    struct visit v = *(struct visit *)context;

    free(context);
    hf_dguard_serve(v.server, v.fd);
    sem_post(v.room);
    return NULL;
}

/* Without memory or a thread for it, it is closed: who asked sees that at once. */
static void
begin_visit(const struct visit *v, const pthread_attr_t *detached)
{
    struct visit *copy = malloc(sizeof *copy);
    pthread_t thread;

    if (copy) {
        *copy = *v;
        if (pthread_create(&thread, detached, visit, copy) == 0)
            return;
    }
    free(copy);
    close(v->fd);
    sem_post(v->room);
}

static int
accept_one(int listen_fd)
{
    int fd;

    do
        fd = accept4(listen_fd, NULL, NULL, SOCK_CLOEXEC);
    while (fd < 0 && (errno == EINTR || errno == ECONNABORTED));
    return fd;
}

int
hf_dguard_accept(const struct hf_dguard_server *server, int listen_fd, struct hf_error *err)
{
    static sem_t room; /* outlives this frame, as the threads do */
    struct visit v = {.server = server, .room = &room};
    pthread_attr_t detached;

    sem_init(&room, 0, HF_DGUARD_CONNECTIONS_MAX);
    pthread_attr_init(&detached);
    pthread_attr_setdetachstate(&detached, PTHREAD_CREATE_DETACHED);
    pthread_attr_setstacksize(&detached, STACK_BYTES);
    for (;;) {
        while (sem_wait(&room) < 0 && errno == EINTR)
            ;
        v.fd = accept_one(listen_fd);
        if (v.fd < 0 && (errno == EMFILE || errno == ENFILE || errno == ENOMEM)) {
            sem_post(&room);
            nanosleep(&(struct timespec){.tv_nsec = 100000000}, NULL);
        } else if (v.fd < 0) {
            return hf_error_errno(err, errno, "cannot take connections");
        } else {
            begin_visit(&v, &detached);
        }
    }
}
