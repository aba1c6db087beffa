// SPDX-License-Identifier: Apache-2.0
#include "tempdir.h"

#include "notify.h"

#include <stddef.h>
#include <sys/socket.h>
#include <sys/un.h>

/* A service manager that hears. */
static int
listen_at(const char *path, size_t len)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);

    memcpy(address.sun_path, path, len);
    assert_int_equal(bind(fd, (struct sockaddr *)&address,
                          (socklen_t)(offsetof(struct sockaddr_un, sun_path) + len)),
                     0);
    return fd;
}

static const char *
heard(int fd)
{
    static char text[1024];
    ssize_t n = recv(fd, text, sizeof text - 1, MSG_DONTWAIT);

    text[n > 0 ? n : 0] = '\0';
    return text;
}

static void
the_manager_is_told(void **state)
{
    const char *path = tempdir_path(*state, "notify");
    int fd = listen_at(path, strlen(path));

    setenv("NOTIFY_SOCKET", path, 1);
    hf_notify_ready("4 services");
    assert_string_equal(heard(fd), "READY=1\nSTATUS=4 services");
    hf_notify_status("All is well");
    assert_string_equal(heard(fd), "STATUS=All is well");
    hf_notify_status("All is well");
    assert_string_equal(heard(fd), "");
    hf_notify_alive();
    assert_string_equal(heard(fd), "WATCHDOG=1");
    hf_notify_stopping();
    assert_string_equal(heard(fd), "STOPPING=1");
    close(fd);
    hf_notify_alive(); /* nobody listens: nothing happens */
    unsetenv("NOTIFY_SOCKET");
    hf_notify_alive();
}

static void
an_abstract_socket_works_too(void **state)
{
    char name[64], at[64];
    int len = snprintf(name, sizeof name, "%chf-notify-%d", '\0', (int)getpid());
    int fd = listen_at(name, (size_t)len);

    (void)state;
    memcpy(at, name, sizeof at);
    at[0] = '@';
    setenv("NOTIFY_SOCKET", at, 1);
    hf_notify_alive();
    assert_string_equal(heard(fd), "WATCHDOG=1");
    close(fd);
    unsetenv("NOTIFY_SOCKET");
}

/* A manager that does not read must not stop the daemon. */
static void
pain_17_a_full_socket_holds_up_nothing(void **state)
{
    const char *path = tempdir_path(*state, "notify");
    int fd = listen_at(path, strlen(path));

    setenv("NOTIFY_SOCKET", path, 1);
    for (int i = 0; i < 10000; i++)
        hf_notify_alive();
    assert_string_equal(heard(fd), "WATCHDOG=1");
    close(fd);
    unsetenv("NOTIFY_SOCKET");
}

static void
the_watchdog_is_read_where_it_is_ours(void **state)
{
    char pid[16];

    (void)state;
    unsetenv("WATCHDOG_PID");
    unsetenv("WATCHDOG_USEC");
    assert_int_equal(hf_notify_watchdog_ms(), 0);
    setenv("WATCHDOG_USEC", "60000000", 1);
    assert_int_equal(hf_notify_watchdog_ms(), 60000);
    setenv("WATCHDOG_PID", "1", 1);
    assert_int_equal(hf_notify_watchdog_ms(), 0);
    snprintf(pid, sizeof pid, "%d", (int)getpid());
    setenv("WATCHDOG_PID", pid, 1);
    assert_int_equal(hf_notify_watchdog_ms(), 60000);
    setenv("WATCHDOG_USEC", "soon", 1);
    assert_int_equal(hf_notify_watchdog_ms(), 0);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        with_tempdir(the_manager_is_told),
        with_tempdir(an_abstract_socket_works_too),
        with_tempdir(pain_17_a_full_socket_holds_up_nothing),
        with_tempdir(the_watchdog_is_read_where_it_is_ours),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
