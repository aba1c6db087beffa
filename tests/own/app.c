// SPDX-License-Identifier: Apache-2.0
/*
 * An operator's own service as tests need it: answers HTTP on the port it is given and does what
 * the path says, good or bad. Linked statically, so that its image is this one file.
 *
 *   /up           200, or 503 after /down
 *   /who          uid, environment and the secret that it was given
 *   /deaf         heeds SIGTERM no more
 *   /fork         starts processes until no more come; says how many came
 *   /hog          takes memory until the kernel ends it
 *   /log?N        N lines on stdout
 *   /write?PATH   whether it can make that file
 *   /fill?PATH    writes until there is no room; says how much it was, and why it ended
 */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum {
    REQUEST_MAX = 1024,
    ANSWER_MAX = 8192,
    FORKS_MAX = 10000,
    HOG_BYTES = 1024 * 1024,
    FILL_MOST = 64
};

extern char **environ;

static bool down;

static void
answer(int fd, int status, const char *text)
{
    char head[ANSWER_MAX + 128];
    int len = snprintf(head, sizeof head,
                       "HTTP/1.1 %d x\r\nContent-Length: %zu\r\nConnection: close\r\n\r\n%s",
                       status, strlen(text), text);

    if (len > 0)
        (void)!write(fd, head, (size_t)len);
}

static void
say_who(char out[ANSWER_MAX])
{
    char secret[64] = "";
    int fd = open("/run/holdfast/secrets/key", O_RDONLY);
    size_t used;

    if (fd >= 0 && read(fd, secret, sizeof secret - 1) < 0)
        secret[0] = '\0';
    used = (size_t)snprintf(out, ANSWER_MAX, "uid=%u secret=%s\n", (unsigned)getuid(), secret);
    for (char **e = environ; *e && used < ANSWER_MAX; e++)
        used += (size_t)snprintf(out + used, ANSWER_MAX - used, "%s\n", *e);
}

/* The children stay until the service ends, and take no CPU. */
static int
fork_all(void)
{
    int count = 0;

    for (; count < FORKS_MAX; count++) {
        pid_t pid = fork();

        if (pid < 0)
            break;
        if (pid == 0) {
            for (;;)
                pause();
        }
    }
    return count;
}

static void
hog(void)
{
    for (;;) {
        char *more = malloc(HOG_BYTES);

        if (more)
            memset(more, 1, HOG_BYTES);
    }
}

static void
log_lines(long count)
{
    for (long i = 0; i < count; i++)
        printf("line %ld of a service that says a great deal more than anybody will ever read\n",
               i);
    fflush(stdout);
}

/* At most FILL_MOST megabytes, wherever it is run by mistake. */
static void
fill(const char *path, char out[ANSWER_MAX])
{
    static const char block[HOG_BYTES];
    int fd = open(path, O_WRONLY | O_CREAT, 0600);
    long written = 0;
    ssize_t n = fd < 0 ? -1 : 0;

    for (int i = 0; n >= 0 && i < FILL_MOST; i++) {
        n = write(fd, block, sizeof block);
        written += n > 0 ? n : 0;
    }
    snprintf(out, ANSWER_MAX, "%ld bytes, %s\n", written, n < 0 ? strerror(errno) : "no end");
    if (fd >= 0)
        close(fd);
}

static void
serve(int fd, const char *path)
{
    char text[ANSWER_MAX] = "";

    if (strcmp(path, "/who") == 0)
        say_who(text);
    else if (strcmp(path, "/down") == 0)
        down = true;
    else if (strcmp(path, "/deaf") == 0)
        signal(SIGTERM, SIG_IGN);
    else if (strcmp(path, "/fork") == 0)
        snprintf(text, sizeof text, "%d\n", fork_all());
    else if (strcmp(path, "/hog") == 0)
        hog();
    else if (strncmp(path, "/log?", 5) == 0)
        log_lines(strtol(path + 5, NULL, 10));
    else if (strncmp(path, "/fill?", 6) == 0)
        fill(path + 6, text);
    else if (strncmp(path, "/write?", 7) == 0)
        snprintf(text, sizeof text, "%s\n",
                 open(path + 7, O_WRONLY | O_CREAT, 0600) < 0 ? strerror(errno) : "written");
    answer(fd, down ? 503 : 200, text);
}

static void
end(int signal)
{
    (void)signal;
    _exit(0);
}

int
main(int argc, char **argv)
{
    struct sockaddr_in at = {.sin_family = AF_INET};
    int listener = socket(AF_INET, SOCK_STREAM, 0), one = 1;

    if (argc != 2)
        return 2;
    signal(SIGTERM, end); // as PID 1 it would not end by the default
    signal(SIGPIPE, SIG_IGN);
    at.sin_port = htons((unsigned short)strtol(argv[1], NULL, 10));
    setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one);
    if (bind(listener, (struct sockaddr *)&at, sizeof at) < 0 || listen(listener, 16) < 0)
        return 1;
    printf("app: first words of run %d\n", (int)getpid());
    fflush(stdout);
    for (;;) {
        char request[REQUEST_MAX + 1], path[REQUEST_MAX + 1];
        int fd = accept(listener, NULL, NULL);
        ssize_t n = fd < 0 ? -1 : read(fd, request, REQUEST_MAX);

        if (n > 0) {
            request[n] = '\0';
            if (sscanf(request, "GET %1024s", path) == 1)
                serve(fd, path);
        }
        if (fd >= 0)
            close(fd);
    }
}
