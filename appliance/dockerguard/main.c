// SPDX-License-Identifier: Apache-2.0
/* holdfast-docker: the one process of a gateway that has Docker's socket; see serve.h. holdfastd
 * speaks HTTP to the LAN and so is the one to be broken into; what it can do to the host ends
 * here. */
#include "base/log.h"
#include "base/sanitizer.h"
#include "dockerguard/confine.h"
#include "dockerguard/listen.h"

#include <errno.h>
#include <malloc.h>
#include <signal.h>
#include <stdio.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

#define READY "ready\n"

enum {
    FILES_MAX = 4 * HF_DGUARD_CONNECTIONS_MAX,
    ARENAS_MAX = 1 /* a malloc arena for each thread would cost more than all the rest */
};

static int
limit(int resource, rlim_t most)
{
    const struct rlimit r = {most, most};

    return setrlimit((__rlimit_resource_t)resource, &r);
}

static int
give_up(int listen_fd, struct hf_error *err)
{
    if (listen_fd > STDERR_FILENO + 1)
        (void)close_range(STDERR_FILENO + 1, (unsigned)listen_fd - 1, 0);
    (void)close_range((unsigned)listen_fd + 1, ~0U, 0); /* before Linux 5.9: they stay */
    if (limit(RLIMIT_CORE, 0) < 0 || limit(RLIMIT_NOFILE, FILES_MAX) < 0 ||
        prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0 || prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) < 0)
        return hf_error_errno(err, errno, "cannot give up what is not needed");
    return 0;
}

static int
work(const struct hf_dguard_options *o, struct hf_error *err)
{
    const struct hf_dguard_policy *p = &o->server.policy;
    int fd;

    if (hf_dguard_listen(o, &fd, err) < 0 || give_up(fd, err) < 0 ||
        (!HF_SANITIZED && hf_dguard_confine(err) < 0))
        return -1;
    hf_log_info("event=started instance=%s docker=%s binds=%zu devices=%zu capabilities=%zu "
                "root=%d new_privileges=%d",
                p->instance, o->server.docker_socket, p->binds.count, p->devices.count,
                p->capabilities.count, p->root, p->new_privileges);
    (void)!write(STDOUT_FILENO, READY, sizeof READY - 1); /* stdio would look at what it is */
    return hf_dguard_accept(&o->server, fd, err);
}

int
main(int argc, char **argv)
{
    struct hf_dguard_options options;
    struct hf_error err = {0};

    signal(SIGPIPE, SIG_IGN); // NOLINT(bugprone-signal-handler)
    mallopt(M_ARENA_MAX, ARENAS_MAX);
    if (hf_dguard_options_parse(argc, argv, &options, &err) < 0) {
        fprintf(stderr, "holdfast-docker: %s\n", err.message);
        return 2;
    }
    if (options.show_help || options.show_version) {
        fputs(options.show_help ? hf_dguard_help : "holdfast-docker " HF_VERSION "\n", stdout);
        return 0;
    }
    if (work(&options, &err) < 0)
        fprintf(stderr, "holdfast-docker: %s\n", err.message);
    return 1;
}
