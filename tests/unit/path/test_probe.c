// SPDX-License-Identifier: Apache-2.0
#include "unit.h"

#include "base/cleanup.h"
#include "path/probe.h"

#include <arpa/inet.h>
#include <pthread.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

/* Takes one connection and says what it is told to say. */
struct speaker {
    int listener;
    uint16_t port;
    const char *says;
    char heard[512];
};

static void *
speak(void *context)
{
    struct speaker *s = context;
    int fd = accept(s->listener, NULL, NULL);
    ssize_t n = fd < 0 ? -1 : read(fd, s->heard, sizeof s->heard - 1);

    if (n > 0 && *s->says)
        (void)!write(fd, s->says, strlen(s->says));
    if (fd >= 0)
        close(fd);
    return NULL;
}

static void
listen_on_any(struct speaker *s)
{
    struct sockaddr_in at = {.sin_family = AF_INET};
    socklen_t size = sizeof at;

    at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    s->listener = socket(AF_INET, SOCK_STREAM, 0);
    assert_int_equal(bind(s->listener, (struct sockaddr *)&at, sizeof at), 0);
    assert_int_equal(listen(s->listener, 4), 0);
    assert_int_equal(getsockname(s->listener, (struct sockaddr *)&at, &size), 0);
    s->port = ntohs(at.sin_port);
}

static int
ask(const char *says, struct hf_error *err)
{
    struct speaker s = {.says = says};
    struct hf_probe p = {0};
    enum hf_probe_end end;
    pthread_t thread;

    listen_on_any(&s);
    assert_int_equal(pthread_create(&thread, NULL, speak, &s), 0);
    assert_int_equal(hf_probe_begin(&p, "127.0.0.1", s.port, "/healthz", 0, err), 0);
    while ((end = hf_probe_step(&p, 0, err)) == HF_PROBE_UNDER_WAY)
        nanosleep(&(struct timespec){.tv_nsec = 1000 * 1000}, NULL);
    pthread_join(thread, NULL);
    close(s.listener);
    assert_memory_equal(s.heard, "GET /healthz HTTP/1.1\r\n", 23);
    assert_false(p.under_way);
    return end == HF_PROBE_GOOD ? 0 : -1;
}

static void
answers_are_told_apart(void **state)
{
    static const struct {
        const char *says, *why;
    } rows[] = {
        {"HTTP/1.1 200 OK\r\n\r\n", NULL},
        {"HTTP/1.0 302 Found\r\n\r\n", NULL},
        {"HTTP/1.1 503 Away\r\n\r\n", "answers 503"},
        {"HTTP/1.1 404 \r\n\r\n", "answers 404"},
        {"SSH-2.0-x\r\n", "does not speak HTTP"},
        {"", "ends the connection without an answer"},
    };

    (void)state;
    for (size_t i = 0; i < HF_LEN(rows); i++) {
        struct hf_error err = {0};
        int rc = ask(rows[i].says, &err);

        assert_int_equal(rc, rows[i].why ? -1 : 0);
        if (rows[i].why && !strstr(err.message, rows[i].why))
            fail_msg("row %zu: %s", i, err.message);
    }
}

static void
a_port_that_is_closed_is_said(void **state)
{
    struct speaker s = {0};
    struct hf_error err = {0};
    struct hf_probe p = {0};

    (void)state;
    listen_on_any(&s);
    assert_int_equal(hf_probe_begin(&p, "127.0.0.1", s.port, NULL, 0, &err), 0);
    assert_int_equal(hf_probe_step(&p, 0, &err), HF_PROBE_GOOD);
    close(s.listener);
    if (hf_probe_begin(&p, "127.0.0.1", s.port, NULL, 0, &err) == 0)
        assert_int_equal(hf_probe_step(&p, 0, &err), HF_PROBE_BAD);
    assert_non_null(strstr(err.message, "refused"));
    assert_false(p.under_way);
    assert_int_equal(hf_probe_begin(&p, "", s.port, NULL, 0, &err), -1);
}

static void
one_that_never_answers_is_waited_for_and_then_given_up(void **state)
{
    struct speaker s = {0};
    struct hf_error err = {0};
    struct hf_probe p = {0};

    (void)state;
    listen_on_any(&s);
    assert_int_equal(hf_probe_begin(&p, "127.0.0.1", s.port, "/", 1000, &err), 0);
    assert_int_equal(hf_probe_step(&p, 1000, &err), HF_PROBE_UNDER_WAY);
    assert_int_equal(hf_probe_step(&p, 1000 + HF_PROBE_MS - 1, &err), HF_PROBE_UNDER_WAY);
    assert_int_equal(hf_probe_step(&p, 1000 + HF_PROBE_MS, &err), HF_PROBE_BAD);
    assert_non_null(strstr(err.message, "does not answer"));
    assert_false(p.under_way);
    close(s.listener);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(answers_are_told_apart),
        cmocka_unit_test(a_port_that_is_closed_is_said),
        cmocka_unit_test(one_that_never_answers_is_waited_for_and_then_given_up),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
