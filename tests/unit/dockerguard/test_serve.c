// SPDX-License-Identifier: Apache-2.0
/* A whole connection, with a Docker that answers what the test says. */
#include "unit.h"

#include "dockerguard/serve.h"
#include "fake_docker.h"

#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define ID "4f1e0c9d2b7a86530e1d2c3b4a5968778695a4b3c2d1e0f9081726354453627f"
#define OTHER "aaaa0c9d2b7a86530e1d2c3b4a5968778695a4b3c2d1e0f9081726354453627f"
#define ENDS "HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n"
#define LABELS "\"Labels\":{\"io.holdfast.instance\":\"hf\"}"
#define CONTAINER(id, name, labels)                                                                \
    ENDS "{\"Id\":\"" id "\",\"Name\":\"/" name "\",\"Config\":{" labels "}}"
#define HEAD(first) first " HTTP/1.1\r\nHost: docker\r\n"
#define NO_BODY "Content-Length: 0\r\n\r\n"
#define NOT_THERE                                                                                  \
    "HTTP/1.1 404 Not Found\r\nContent-Length: 27\r\n\r\n{\"message\":\"no such thing\"}"

struct visit {
    struct hf_dguard_server server;
    int fd;
};

static void *
serve(void *context)
{
    struct visit *v = context;

    hf_dguard_serve(&v->server, v->fd);
    return NULL;
}

/* Sends the request and reads the answer to its end. */
static void
ask(const char *socket_path, const char *request, char *out, size_t size)
{
    struct visit v = {{{.instance = "hf", .run_dir = "/run/hf"}, socket_path}, -1};
    size_t len = 0;
    pthread_t thread;
    ssize_t n;
    int fds[2];

    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, fds), 0);
    v.fd = fds[1];
    assert_int_equal(send(fds[0], request, strlen(request), MSG_NOSIGNAL), strlen(request));
    assert_int_equal(pthread_create(&thread, NULL, serve, &v), 0);
    while (len < size - 1 && (n = recv(fds[0], out + len, size - 1 - len, 0)) > 0)
        len += (size_t)n;
    out[len] = '\0';
    pthread_join(thread, NULL);
    close(fds[0]);
}

/* By a Docker with those answers; each status and each text must be in the answer. */
static void
answered(const struct fake_answer *docker, const char *request, int status, const char *says)
{
    struct fake_docker *f = fake_docker_start(docker);
    char out[4096], line[32];

    ask(fake_docker_socket(f), request, out, sizeof out);
    snprintf(line, sizeof line, "HTTP/1.1 %d ", status);
    if (strncmp(out, line, strlen(line)) != 0 || !strstr(out, says))
        fail_msg("%s\n→ %s", request, out);
    fake_docker_stop(f);
}

/* A POST with that body; good until the next one. */
static const char *
post(const char *path, const char *body)
{
    static char text[1024];

    snprintf(text, sizeof text, "POST %s HTTP/1.1\r\nHost: docker\r\nContent-Length: %zu\r\n\r\n%s",
             path, strlen(body), body);
    return text;
}

static const struct fake_answer docker[] = {
    {"GET /v1.41/info", ENDS "{\"ServerVersion\":\"20.10\"}"},
    {"GET /v1.41/containers/hf-broker/json", CONTAINER(ID, "hf-broker", LABELS)},
    {"GET /v1.41/containers/hf-debug/json", CONTAINER(OTHER, "hf-debug", "\"Labels\":{}")},
    {"GET /v1.41/containers/postgres/json",
     CONTAINER(OTHER, "postgres", "\"Env\":[\"PASSWORD=secret\"]")},
    {"GET /v1.41/containers/gone/json", NOT_THERE},
    {"POST /v1.41/containers/" ID "/stop?t=3 ", "HTTP/1.1 204 No Content\r\n\r\n"},
    {"GET /v1.41/networks/hf-bus", ENDS "{\"Name\":\"hf-bus\"," LABELS "}"},
    {"GET /v1.41/networks/hf-x", ENDS "{\"Name\":\"hf-x\",\"Labels\":{}}"},
    {"POST /v1.41/networks/hf-bus/connect", ENDS "{}"},
    {"POST /v1.41/images/load?quiet=0", ENDS "{\"stream\":\"Loaded\"}"},
    {NULL, NULL},
};

static void
what_is_allowed_goes_on_and_comes_back(void **state)
{
    (void)state;
    answered(docker, HEAD("GET /v1.41/info") "\r\n", 200, "{\"ServerVersion\":\"20.10\"}");
    answered(docker, HEAD("POST /v1.41/containers/hf-broker/stop?t=3") NO_BODY, 204, "");
    answered(docker, HEAD("GET /v1.41/containers/hf-broker/json") "\r\n", 200, ID);
    answered(docker, HEAD("GET /v1.41/containers/hf-debug/json") "\r\n", 200, OTHER);
    answered(docker,
             HEAD("POST /v1.41/images/load?quiet=0") "Transfer-Encoding: chunked\r\n\r\n"
                                                     "3\r\ntar\r\n0\r\n\r\n",
             200, "Loaded");
    answered(docker,
             post("/v1.41/networks/hf-bus/connect",
                  "{\"Container\":\"hf-broker\",\"EndpointConfig\":{}}  "),
             200, "{}");
}

static void
what_is_not_ours_is_left_alone(void **state)
{
    struct fake_docker *f = fake_docker_start(docker);
    char out[4096];

    (void)state;
    ask(fake_docker_socket(f), HEAD("POST /v1.41/containers/postgres/stop") NO_BODY, out,
        sizeof out);
    assert_non_null(strstr(out, "HTTP/1.1 403 "));
    assert_non_null(strstr(out, "holdfast-docker: container 'postgres' is not this gateway's"));
    assert_int_equal(fake_docker_asked(f, 3), 1);
    assert_int_equal(fake_docker_asked(f, 5), 0);
    fake_docker_stop(f);
    answered(docker, HEAD("GET /v1.41/containers/postgres/json") "\r\n", 403, "not this gateway's");
    answered(docker, HEAD("POST /v1.41/containers/hf-debug/start") NO_BODY, 403, "not this");
    answered(docker, HEAD("DELETE /v1.41/containers/hf-debug?force=true") "\r\n", 403, "not this");
    answered(
        docker,
        post("/v1.41/networks/hf-x/connect", "{\"Container\":\"hf-broker\",\"EndpointConfig\":{}}"),
        403, "network 'hf-x' is not this gateway's");
    answered(docker,
             post("/v1.41/networks/hf-bus/connect",
                  "{\"Container\":\"postgres\",\"EndpointConfig\":{}}"),
             403, "container 'postgres'");
    answered(docker, HEAD("POST /v1.41/containers/gone/start") NO_BODY, 404, "no such thing");
}

/* Neither a second request nor a part of one reaches Docker. */
static void
nothing_is_smuggled(void **state)
{
    static const char *const requests[] = {
        HEAD("GET /v1.41/info") "\r\nGET /v1.41/info HTTP/1.1\r\nHost: x\r\n\r\n",
        HEAD("GET /v1.41/info") "Content-Length: 4\r\n\r\nGET ",
        HEAD("GET /v1.41/info") "Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        HEAD("GET /v1.41/info") "Content-Length: 0\r\nContent-Length: 9\r\n\r\n",
        HEAD("POST /v1.41/containers/hf-broker/start") "Content-Length: 2\r\n\r\n{}",
        HEAD(
            "POST /v1.41/networks/create") "Transfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n",
        HEAD("POST /v1.41/networks/create") "Content-Length: 2\r\n\r\n{}{}",
        HEAD("POST /v1.41/networks/create") "Content-Length: 3000000\r\n\r\n{}",
        HEAD("POST /v1.41/networks/create") "\r\n{}",
        HEAD("POST /v1.41/images/load") "Content-Length: 3\r\n\r\ntar",
        HEAD("POST /v1.41/images/load") "\r\n",
        "GET /v1.41/info HTTP/1.1\nHost: docker\n\n",
        "GET http://docker/v1.41/info HTTP/1.1\r\nHost: docker\r\n\r\n",
        HEAD("CONNECT /v1.41/info") "\r\n",
    };

    (void)state;
    for (size_t i = 0; i < sizeof requests / sizeof requests[0]; i++) {
        struct fake_docker *f = fake_docker_start(docker);
        char out[4096];

        ask(fake_docker_socket(f), requests[i], out, sizeof out);
        if (strncmp(out, "HTTP/1.1 4", 10) != 0 || !strstr(out, "holdfast-docker: "))
            fail_msg("%s\n→ %s", requests[i], out);
        for (int row = 0; row < 10; row++)
            assert_int_equal(fake_docker_asked(f, row), 0);
        fake_docker_stop(f);
    }
}

static void
a_body_in_chunks_that_are_none_does_not_go_through(void **state)
{
    static const struct fake_answer silent[] = {{"POST /v1.41/images/load", NULL}, {NULL, NULL}};

    (void)state;
    answered(silent,
             HEAD("POST /v1.41/images/load") "Transfer-Encoding: chunked\r\n\r\n3;x=y\r\ntar\r\n",
             400, "a chunk has no size");
}

static void
docker_that_is_not_there_is_said(void **state)
{
    char out[4096];

    (void)state;
    ask("/nonexistent/docker.sock", HEAD("GET /v1.41/info") "\r\n", out, sizeof out);
    assert_non_null(strstr(out, "HTTP/1.1 503 "));
    assert_non_null(strstr(out, "nobody listens on the Docker socket /nonexistent/docker.sock"));
}

static void
docker_that_is_ill_is_seen(void **state)
{
    static const struct fake_answer garbage[] = {{"GET /", "SSH-2.0-x\r\n"}, {NULL, NULL}};
    static const struct fake_answer cut[] = {
        {"GET /v1.41/info", "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhal"},
        {"GET /v1.41/containers/json", ""},
        {NULL, NULL}};
    struct fake_docker *f;
    char out[4096];

    (void)state;
    answered(garbage, HEAD("GET /v1.41/info") "\r\n", 502, "does not speak HTTP");
    f = fake_docker_start(cut);
    ask(fake_docker_socket(f), HEAD("GET /v1.41/info") "\r\n", out, sizeof out);
    assert_non_null(strstr(out, "\r\nhal\r\n"));
    assert_null(strstr(out, "0\r\n\r\n")); /* so that nobody takes it for whole */
    ask(fake_docker_socket(f), HEAD("GET /v1.41/containers/json") "\r\n", out, sizeof out);
    assert_string_equal(out, "");
    fake_docker_stop(f);
}

/* A stream of events that nobody listens to any more is closed at Docker, too. */
static void
who_goes_ends_the_call(void **state)
{
    static const struct fake_answer silent[] = {{"GET /v1.41/info", NULL}, {NULL, NULL}};
    static const char request[] = HEAD("GET /v1.41/info") "\r\n";
    struct fake_docker *f = fake_docker_start(silent);
    struct visit v = {{{.instance = "hf", .run_dir = "/run/hf"}, fake_docker_socket(f)}, -1};
    pthread_t thread;
    int fds[2];

    (void)state;
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, fds), 0);
    v.fd = fds[1];
    assert_int_equal(send(fds[0], request, strlen(request), 0), strlen(request));
    assert_int_equal(pthread_create(&thread, NULL, serve, &v), 0);
    while (fake_docker_asked(f, 0) == 0)
        usleep(1000);
    close(fds[0]);
    pthread_join(thread, NULL); /* for ever, were it not seen */
    fake_docker_stop(f);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_allowed_goes_on_and_comes_back),
        cmocka_unit_test(what_is_not_ours_is_left_alone),
        cmocka_unit_test(nothing_is_smuggled),
        cmocka_unit_test(a_body_in_chunks_that_are_none_does_not_go_through),
        cmocka_unit_test(docker_that_is_not_there_is_said),
        cmocka_unit_test(docker_that_is_ill_is_seen),
        cmocka_unit_test(who_goes_ends_the_call),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
