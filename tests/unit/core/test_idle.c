// SPDX-License-Identifier: Apache-2.0
/* What an idle owner asks of the engine and of own services. */
#include "box.h"

#include <arpa/inet.h>
#include <pthread.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#define HEX62 "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcd"
#define IDS(c)                                                                                     \
    "{\"config\":\"sha256:" HEX62 c "\",\"layers\":[" LAYER "],\"manifest\":\"sha256:" HEX62 c "\"}"
#define PINNED(name, c, more)                                                                      \
    "\"" name                                                                                      \
    "\":{\"platforms\":{\"amd64\":" IDS(c) ",\"arm64\":" IDS(c) "},\"repository\":\"r/" name       \
                                                                "\",\"tag\":\"1.0.0\"" more "}"
#define FOUR_AND(own)                                                                              \
    RELEASE(PINNED("broker", "01", "") "," PINNED("buffer", "02", "") "," PINNED(                  \
        "processor", "03", "") "," PINNED("forwarder", "04", "") own)
#define ADAPTER                                                                                    \
    "," PINNED("adapter", "05",                                                                    \
               ",\"user\":20001,\"networks\":[\"plant\"],\"limits\":{\"memory_bytes\":33554432,"   \
               "\"cpus\":0.5,\"pids\":16},\"health\":{\"http\":{\"port\":%d,\"path\":\"/up\"}}")

/* Questions for images in so many looks that begin from now on. */
static unsigned
questions_in(struct box *b, unsigned looks)
{
    unsigned from, looked, asked, asked_before;

    FAKE_LOCKED(&b->engine, from = b->engine.looks + 1); /* one may be under way */
    do {
        nanosleep(&(struct timespec){.tv_nsec = 1000 * 1000}, NULL);
        FAKE_LOCKED(&b->engine, {
            looked = b->engine.looks;
            asked_before = b->engine.image_questions;
        });
    } while (looked < from);
    do {
        nanosleep(&(struct timespec){.tv_nsec = 1000 * 1000}, NULL);
        FAKE_LOCKED(&b->engine, {
            looked = b->engine.looks;
            asked = b->engine.image_questions;
        });
    } while (looked <= from + looks);
    return asked - asked_before;
}

static void
a_look_asks_for_no_image_that_a_container_runs_from(void **state)
{
    struct box *b = *state;
    struct hf_operation op;
    struct hf_error err;

    start_with(b, FOUR_AND(""));
    wait_until(b->core, all_run);
    assert_int_equal(questions_in(b, 5), 0);
    assert_int_equal(hf_core_command(b->core, HF_OPERATION_STOP, "buffer", "admin", &op, &err), 0);
    wait_until(b->core, buffer_is_stopped);
    assert_true(questions_in(b, 5) >= 5);
}

static bool
buffer_has_ended(const struct hf_snapshot *s)
{
    const struct hf_service_view *v = &s->services[hf_service_index("buffer")];

    return v->health == HF_HEALTH_UNREACHABLE && strcmp(v->reason, "has just ended") == 0;
}

static bool
buffer_has_not(const struct hf_snapshot *s)
{
    return !buffer_has_ended(s);
}

/* As while Docker takes apart what the container had. */
static void
a_death_is_shown_before_the_engine_shows_it(void **state)
{
    struct box *b = *state;
    pid_t pid;

    start_with(b, FOUR_AND(""));
    wait_until(b->core, all_run);
    pid = fork();
    if (pid == 0)
        _exit(0);
    assert_int_equal(waitpid(pid, NULL, 0), pid);
    FAKE_LOCKED(&b->engine, {
        for (size_t i = 0; i < b->engine.count; i++)
            b->engine.containers[i].pid =
                strcmp(b->engine.containers[i].service, "buffer") == 0 ? pid : getpid();
    });
    (void)questions_in(b, 2);
    FAKE_LOCKED(&b->engine, {
        b->engine.hangs = true;
        strcpy(b->engine.dies, "buffer");
    });
    wait_until(b->core, buffer_has_ended);
    FAKE_LOCKED(&b->engine, b->engine.hangs = false);
    wait_until(b->core, buffer_has_not);
}

/* A service that says it works, until its listener is shut down. */
struct adapter {
    int listener;
    uint16_t port;
    pthread_t thread;
};

static void *
answer(void *context)
{
    static const char answer[] = "HTTP/1.1 204 Up\r\n\r\n";
    const struct adapter *a = context;
    char request[512];
    int fd;

    while ((fd = accept(a->listener, NULL, NULL)) >= 0) {
        if (read(fd, request, sizeof request) > 0)
            (void)!write(fd, answer, strlen(answer));
        close(fd);
    }
    return NULL;
}

static void
begin_adapter(struct adapter *a)
{
    struct sockaddr_in at = {.sin_family = AF_INET};
    socklen_t size = sizeof at;

    at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    a->listener = socket(AF_INET, SOCK_STREAM, 0);
    assert_int_equal(bind(a->listener, (struct sockaddr *)&at, sizeof at), 0);
    assert_int_equal(listen(a->listener, 4), 0);
    assert_int_equal(getsockname(a->listener, (struct sockaddr *)&at, &size), 0);
    a->port = ntohs(at.sin_port);
    assert_int_equal(pthread_create(&a->thread, NULL, answer, a), 0);
}

static bool
adapter_is_healthy(const struct hf_snapshot *s)
{
    return s->services[hf_service_count].health == HF_HEALTH_HEALTHY;
}

static bool
adapter_has_not_answered(const struct hf_snapshot *s)
{
    return s->services[hf_service_count].health == HF_HEALTH_STARTING;
}

static void
an_own_service_is_asked_whether_it_works(void **state)
{
    struct box *b = *state;
    struct adapter a;
    char text[4096];

    begin_adapter(&a);
    snprintf(text, sizeof text, FOUR_AND(ADAPTER), a.port);
    hf_text_put(b->engine.address, sizeof b->engine.address, "127.0.0.1");
    start_with(b, text);
    wait_until(b->core, adapter_is_healthy);
    shutdown(a.listener, SHUT_RDWR);
    pthread_join(a.thread, NULL);
    close(a.listener);
    wait_until(b->core, adapter_has_not_answered);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_look_asks_for_no_image_that_a_container_runs_from, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(a_death_is_shown_before_the_engine_shows_it, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(an_own_service_is_asked_whether_it_works, setup, teardown),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
