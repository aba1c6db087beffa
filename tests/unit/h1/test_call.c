// SPDX-License-Identifier: Apache-2.0
/* Calls to a neighbour that is away, silent, slow, endless or gone half-way. */
#include "unit.h"

#include "base/clock.h"
#include "h1/call.h"

#include <errno.h>
#include <netinet/in.h>
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>

enum { DRIP_MS = 20, HANG_ON_MS = 30000, REQUEST_SIZE = 4096 };

/* Answers one connection, and holds on to it until the client has gone. */
struct neighbour {
    int listener;
    uint16_t port;
    const char *answer;
    bool drips;  /* a byte every DRIP_MS */
    bool closes; /* after the answer */
    bool chunks; /* reads a request to the end of its chunks */
    bool deaf;   /* refuses to read; on a Unix socket, where the client is told so */
    char request[REQUEST_SIZE];
    char folder[32];
    struct sockaddr_un path; /* of a deaf one */
    atomic_bool stop;
    pthread_t thread;
};

static void
nap(int ms)
{
    nanosleep(&(struct timespec){.tv_nsec = ms * 1000000L}, NULL);
}

static bool
readable(struct neighbour *n, int fd)
{
    struct pollfd p = {.fd = fd, .events = POLLIN};

    while (!atomic_load(&n->stop))
        if (poll(&p, 1, DRIP_MS) > 0)
            return true;
    return false;
}

static void
read_request(struct neighbour *n, int fd)
{
    size_t len = 0;
    ssize_t got;

    while (!strstr(n->request, n->chunks ? "\r\n0\r\n\r\n" : "\r\n\r\n") && readable(n, fd)) {
        got = read(fd, n->request + len, sizeof n->request - 1 - len);
        if (got <= 0)
            return;
        len += (size_t)got;
    }
}

static void
say(const struct neighbour *n, int fd)
{
    size_t len = strlen(n->answer), step = n->drips ? 1 : len;

    for (size_t at = 0; at < len && !atomic_load(&n->stop); at += step) {
        if (send(fd, n->answer + at, step, MSG_NOSIGNAL) < 0)
            return;
        if (n->drips)
            nap(DRIP_MS);
    }
}

static void *
serve(void *context)
{
    struct neighbour *n = context;
    char ignored[64];
    int fd;

    if (!readable(n, n->listener) || (fd = accept(n->listener, NULL, NULL)) < 0)
        return NULL;
    if (n->deaf)
        (void)shutdown(fd, SHUT_RD);
    else
        read_request(n, fd);
    say(n, fd);
    while (!n->closes && readable(n, fd) && read(fd, ignored, sizeof ignored) > 0)
        continue;
    close(fd);
    return NULL;
}

static void
listen_locally(struct neighbour *n)
{
    snprintf(n->folder, sizeof n->folder, "/tmp/hf-h1-XXXXXX");
    assert_non_null(mkdtemp(n->folder));
    n->path.sun_family = AF_UNIX;
    snprintf(n->path.sun_path, sizeof n->path.sun_path, "%s/s", n->folder);
    n->listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_int_equal(bind(n->listener, (struct sockaddr *)&n->path, sizeof n->path), 0);
    assert_int_equal(listen(n->listener, 1), 0);
}

static void
listen_on_tcp(struct neighbour *n)
{
    struct sockaddr_in any = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t len = sizeof any;

    n->listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_int_equal(bind(n->listener, (struct sockaddr *)&any, sizeof any), 0);
    assert_int_equal(listen(n->listener, 1), 0);
    assert_int_equal(getsockname(n->listener, (struct sockaddr *)&any, &len), 0);
    n->port = ntohs(any.sin_port);
}

static void
start(struct neighbour *n)
{
    if (n->deaf)
        listen_locally(n);
    else
        listen_on_tcp(n);
    assert_int_equal(pthread_create(&n->thread, NULL, serve, n), 0);
}

static void
stop(struct neighbour *n)
{
    atomic_store(&n->stop, true);
    pthread_join(n->thread, NULL);
    close(n->listener);
    if (n->deaf) {
        (void)unlink(n->path.sun_path);
        (void)rmdir(n->folder);
    }
}

static bool
ignore(void *context, const char *data, size_t len)
{
    (void)context, (void)data, (void)len;
    return true;
}

static bool
enough(void *context, const char *data, size_t len)
{
    (void)context, (void)data, (void)len;
    return false;
}

static struct hf_h1_call
call_to(const struct neighbour *n)
{
    return (struct hf_h1_call){
        .place = {.address = "127.0.0.1", .port = n->port},
        .host = "there",
        .method = "GET",
        .path = "/x?y=%20",
        .connect_ms = HANG_ON_MS,
        .total_ms = HANG_ON_MS,
        .wake_fd = -1,
        .reader = {.body = ignore},
    };
}

/* Calls a neighbour that was started, checks how it ends, and stops it. */
static void
ends(struct neighbour *n, const struct hf_h1_call *call, enum hf_h1_end end,
     enum hf_error_class class)
{
    struct hf_h1_answer answer;
    struct hf_error err = {0};
    int rc = hf_h1_call(call, &answer, &err);

    stop(n);
    if (answer.end != end || err.class != class || (rc < 0) != (class != HF_ERROR_NONE))
        fail_msg("end %d class %d '%s'", answer.end, err.class, err.message);
}

#define OK "HTTP/1.1 200 OK\r\n"

static void
a_question_is_asked_as_it_should_be(void **state)
{
    struct neighbour n = {.answer = OK "Content-Length: 2\r\n\r\nok"};
    struct neighbour m = {.answer = OK "Content-Length: 2\r\n\r\nok"};
    struct hf_h1_call call;

    (void)state;
    start(&n);
    call = call_to(&n);
    ends(&n, &call, HF_H1_END_WHOLE, HF_ERROR_NONE);
    assert_string_equal(n.request, "GET /x?y=%20 HTTP/1.1\r\nHost: there\r\nConnection: close\r\n"
                                   "Accept: */*\r\n\r\n");
    start(&m);
    call = call_to(&m);
    call.method = "POST";
    call.bearer = "secret";
    ends(&m, &call, HF_H1_END_WHOLE, HF_ERROR_NONE);
    assert_string_equal(m.request, "POST /x?y=%20 HTTP/1.1\r\nHost: there\r\nConnection: close\r\n"
                                   "Accept: */*\r\nAuthorization: Bearer secret\r\n"
                                   "Content-Type: application/json\r\nContent-Length: 0\r\n\r\n");
}

/* Nothing that would begin a second line or request ever leaves. */
static void
what_would_divide_the_head_is_not_sent(void **state)
{
    static const char *const paths[] = {"", "x", "/a b", "/a\r\nX: y", "/\xc3\xa9", "/\x7f"};
    struct neighbour n = {0};
    struct hf_h1_call call = call_to(&n);
    struct hf_h1_answer answer;
    struct hf_error err;

    (void)state;
    for (size_t i = 0; i < HF_LEN(paths); i++) {
        call.path = paths[i];
        assert_int_equal(hf_h1_call(&call, &answer, &err), -1);
        assert_int_equal(answer.end, HF_H1_END_UNSENT);
        assert_int_equal(err.class, HF_ERROR_INVALID);
    }
    call.path = "/";
    call.bearer = "a\r\nb";
    assert_int_equal(hf_h1_call(&call, &answer, &err), -1);
    assert_null(strstr(err.message, "a\r\nb"));
}

static void
who_is_away_is_no_connection(void **state)
{
    struct neighbour n = {0};
    struct hf_h1_call call = call_to(&n);
    struct hf_h1_answer answer;
    struct hf_error err;

    (void)state;
    call.place.port = 1;
    assert_int_equal(hf_h1_call(&call, &answer, &err), -1);
    assert_int_equal(answer.end, HF_H1_END_NO_CONNECTION);
    assert_int_equal(answer.os_error, ECONNREFUSED);
    call.place.socket_path = "/nonexistent/socket";
    assert_int_equal(hf_h1_call(&call, &answer, &err), -1);
    assert_int_equal(answer.os_error, ENOENT);
}

/* An address that nobody answers for (RFC 5737) keeps no call longer than its bound. */
static void
connecting_is_bounded(void **state)
{
    struct neighbour n = {0};
    struct hf_h1_call call = call_to(&n);
    struct hf_h1_answer answer;

    (void)state;
    call.place.address = "192.0.2.1";
    call.connect_ms = 50;
    assert_int_equal(hf_h1_call(&call, &answer, NULL), -1);
    /* or a network that is not there */
    assert_true(answer.end == HF_H1_END_TIMEOUT || answer.end == HF_H1_END_NO_CONNECTION);
}

/* connect(2) of a Unix socket whose backlog is full says EAGAIN, and poll(2) would not tell. */
static void
a_full_backlog_is_waited_for(void **state)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    struct neighbour n = {0};
    struct hf_h1_call call = call_to(&n);
    struct hf_h1_answer answer;
    char folder[] = "/tmp/hf-h1-XXXXXX";
    int listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    int first = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

    (void)state;
    assert_non_null(mkdtemp(folder));
    snprintf(address.sun_path, sizeof address.sun_path, "%s/s", folder);
    assert_int_equal(bind(listener, (struct sockaddr *)&address, sizeof address), 0);
    assert_int_equal(listen(listener, 0), 0);
    assert_int_equal(connect(first, (struct sockaddr *)&address, sizeof address), 0);
    call.place.socket_path = address.sun_path;
    call.connect_ms = 100;
    assert_int_equal(hf_h1_call(&call, &answer, NULL), -1);
    assert_int_equal(answer.end, HF_H1_END_TIMEOUT);
    close(first);
    close(listener);
    (void)unlink(address.sun_path);
    (void)rmdir(folder);
}

static void
silence_ends_by_each_deadline(void **state)
{
    struct neighbour total = {.answer = ""}, idle = {.answer = OK};
    struct hf_h1_call call;

    (void)state;
    start(&total);
    call = call_to(&total);
    call.total_ms = 50;
    ends(&total, &call, HF_H1_END_TIMEOUT, HF_ERROR_TIMEOUT);
    start(&idle);
    call = call_to(&idle);
    call.total_ms = 0;
    call.idle_ms = 50;
    ends(&idle, &call, HF_H1_END_TIMEOUT, HF_ERROR_TIMEOUT);
}

/* A byte now and then is no silence, but the total counts. */
static void
dripping_ends_by_the_total_only(void **state)
{
    struct neighbour n = {.answer = OK "Content-Length: 9\r\n\r\n123456789", .drips = true};
    struct neighbour m = {.answer = OK "Content-Length: 2\r\n\r\nok", .drips = true};
    struct hf_h1_call call;

    (void)state;
    start(&n);
    call = call_to(&n);
    call.total_ms = 5 * DRIP_MS;
    ends(&n, &call, HF_H1_END_TIMEOUT, HF_ERROR_TIMEOUT);
    start(&m);
    call = call_to(&m);
    call.idle_ms = HANG_ON_MS;
    ends(&m, &call, HF_H1_END_WHOLE, HF_ERROR_NONE);
}

enum { STREAM_BYTES = 1024 * 1024, SILENCE_MS = 300, SLOW_FROM = 14, SLOW_TO = 18 };

/* Slow for a while in the middle, each time longer than the neighbour may be silent. */
static bool
take_long(void *context, const char *data, size_t len)
{
    int *times = context;

    (void)data, (void)len;
    (*times)++;
    if (*times >= SLOW_FROM && *times <= SLOW_TO)
        nap(SILENCE_MS + DRIP_MS);
    return true;
}

static void
a_slow_reader_is_not_silence(void **state)
{
    static const char head[] = OK "Content-Length: 1048576\r\n\r\n";
    char *answer = malloc(sizeof head + STREAM_BYTES);
    struct neighbour n = {.answer = answer};
    struct hf_h1_call call;
    int times = 0;

    (void)state;
    memcpy(answer, head, sizeof head - 1);
    memset(answer + sizeof head - 1, 'x', STREAM_BYTES);
    answer[sizeof head - 1 + STREAM_BYTES] = '\0';
    start(&n);
    call = call_to(&n);
    call.idle_ms = SILENCE_MS;
    call.reader = (struct hf_h1_reader){.context = &times, .body = take_long};
    ends(&n, &call, HF_H1_END_WHOLE, HF_ERROR_NONE);
    assert_true(times > SLOW_TO);
    free(answer);
}

static void
wrong_and_cut_answers_have_an_end_each(void **state)
{
    static const struct {
        const char *answer;
        enum hf_h1_end end;
    } rows[] = {
        {"", HF_H1_END_CUT},
        {"HTTP/1.1 2", HF_H1_END_CUT},
        {OK "Content-Length: 9\r\n\r\n123", HF_H1_END_CUT},
        {OK "Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n", HF_H1_END_CUT},
        {"220 mail.example.net\r\n", HF_H1_END_GARBAGE},
        {OK "Transfer-Encoding: chunked\r\n\r\nzz\r\n", HF_H1_END_GARBAGE},
    };

    (void)state;
    for (size_t i = 0; i < HF_LEN(rows); i++) {
        struct neighbour n = {.answer = rows[i].answer, .closes = true};
        struct hf_h1_call call;

        start(&n);
        call = call_to(&n);
        ends(&n, &call, rows[i].end, HF_ERROR_UPSTREAM);
    }
}

/* RFC 9112 §9.5: who refuses a large question may answer before having read it. */
static void
an_answer_before_the_end_of_the_question(void **state)
{
    enum { BODY_BYTES = 8 * 1024 * 1024 };
    struct neighbour n = {.answer = "HTTP/1.1 413 Large\r\nContent-Length: 0\r\n\r\n",
                          .deaf = true};
    struct hf_h1_call call;
    char *body = malloc(BODY_BYTES);

    (void)state;
    memset(body, 'x', BODY_BYTES - 1);
    body[BODY_BYTES - 1] = '\0';
    start(&n);
    call = call_to(&n);
    call.place.socket_path = n.path.sun_path;
    call.method = "POST";
    call.body = body;
    ends(&n, &call, HF_H1_END_WHOLE, HF_ERROR_NONE);
    free(body);
}

static void
a_reader_ends_a_stream(void **state)
{
    struct neighbour n = {.answer = OK "\r\nand on and on"};
    struct hf_h1_call call;

    (void)state;
    start(&n);
    call = call_to(&n);
    call.reader.body = enough;
    ends(&n, &call, HF_H1_END_STOPPED, HF_ERROR_NONE);
}

struct wish {
    atomic_bool cancelled;
    atomic_int asked;
    int wake_fd;
};

static bool
is_cancelled(void *context)
{
    struct wish *w = context;

    atomic_fetch_add(&w->asked, 1);
    return atomic_load(&w->cancelled);
}

static bool
any(void *context, const char *data, size_t len)
{
    (void)context, (void)data, (void)len;
    return true;
}

static void *
cancel(void *context)
{
    struct wish *w = context;

    while (atomic_load(&w->asked) < 2)
        nap(1);
    atomic_store(&w->cancelled, true);
    if (w->wake_fd >= 0)
        (void)!eventfd_write(w->wake_fd, 1);
    return NULL;
}

/* With a short look, and with one that would never come were it not woken. */
static void
a_stream_is_cancelled(void **state)
{
    (void)state;
    for (int woken = 0; woken < 2; woken++) {
        struct neighbour n = {.answer = OK "\r\nand on"};
        struct wish w = {.wake_fd = woken ? eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK) : -1};
        struct hf_h1_call call;
        pthread_t canceller;

        start(&n);
        call = call_to(&n);
        call.total_ms = 0;
        call.cancelled = is_cancelled;
        call.look_ms = woken ? 0 : 10;
        call.wake_fd = w.wake_fd;
        call.reader = (struct hf_h1_reader){.context = &w, .body = any};
        assert_int_equal(pthread_create(&canceller, NULL, cancel, &w), 0);
        ends(&n, &call, HF_H1_END_CANCELLED, HF_ERROR_NONE);
        pthread_join(canceller, NULL);
        if (woken)
            close(w.wake_fd);
    }
}

/* A body of count pieces; of none where it is -1, and then it has its own reason. */
struct body {
    int count;
    uint64_t made;
};

static int
next_piece(void *context, char *out, size_t size, size_t *ret_len, struct hf_error *err)
{
    struct body *b = context;

    if (b->count < 0)
        return hf_error_set(err, HF_ERROR_NO_SPACE, "its own reason");
    *ret_len = 0;
    if (b->count == 0)
        return 0;
    b->count--;
    memset(out, 'x', 20);
    *ret_len = b->count > 1000 ? size : 20;
    b->made += *ret_len;
    return 0;
}

static struct hf_h1_call
sending(const struct neighbour *n, struct body *b)
{
    struct hf_h1_call call = call_to(n);

    call.method = "POST";
    call.more = next_piece;
    call.type = "application/x-tar";
    call.reader = (struct hf_h1_reader){.context = b, .body = ignore};
    return call;
}

static void
a_body_is_sent_in_chunks(void **state)
{
    struct neighbour n = {.answer = OK "Content-Length: 0\r\n\r\n", .chunks = true, .closes = true};
    struct body b = {.count = 2};
    struct hf_h1_call call;

    (void)state;
    start(&n);
    call = sending(&n, &b);
    ends(&n, &call, HF_H1_END_WHOLE, HF_ERROR_NONE);
    assert_non_null(strstr(n.request, "Transfer-Encoding: chunked\r\n"));
    assert_null(strstr(n.request, "Content-Length"));
    assert_string_equal(strstr(n.request, "\r\n\r\n") + 4,
                        "14\r\nxxxxxxxxxxxxxxxxxxxx\r\n14\r\nxxxxxxxxxxxxxxxxxxxx\r\n0\r\n\r\n");
}

/* The other side must not take what it has for all of it. */
static void
a_body_that_cannot_go_on_is_left_unended(void **state)
{
    struct neighbour n = {.answer = OK "\r\n", .chunks = true, .closes = true};
    struct body b = {.count = -1};
    struct hf_h1_call call;

    (void)state;
    start(&n);
    call = sending(&n, &b);
    ends(&n, &call, HF_H1_END_NO_BODY, HF_ERROR_NO_SPACE);
    assert_null(strstr(n.request, "\r\n0\r\n\r\n"));
}

/* An endless body, and nobody who reads it. */
static void
an_error_in_the_midst_of_a_body_is_heard(void **state)
{
    struct neighbour n = {.answer = "HTTP/1.1 507 x\r\nContent-Length: 3\r\n\r\nno\n"};
    struct body b = {.count = INT32_MAX};
    struct hf_h1_answer answer;
    struct hf_h1_call call;

    (void)state;
    start(&n);
    call = sending(&n, &b);
    assert_int_equal(hf_h1_call(&call, &answer, NULL), 0);
    assert_int_equal(answer.end, HF_H1_END_WHOLE);
    assert_int_equal(answer.status, 507);
    stop(&n);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_question_is_asked_as_it_should_be),
        cmocka_unit_test(what_would_divide_the_head_is_not_sent),
        cmocka_unit_test(who_is_away_is_no_connection),
        cmocka_unit_test(connecting_is_bounded),
        cmocka_unit_test(a_full_backlog_is_waited_for),
        cmocka_unit_test(silence_ends_by_each_deadline),
        cmocka_unit_test(dripping_ends_by_the_total_only),
        cmocka_unit_test(a_slow_reader_is_not_silence),
        cmocka_unit_test(wrong_and_cut_answers_have_an_end_each),
        cmocka_unit_test(an_answer_before_the_end_of_the_question),
        cmocka_unit_test(a_body_is_sent_in_chunks),
        cmocka_unit_test(a_body_that_cannot_go_on_is_left_unended),
        cmocka_unit_test(an_error_in_the_midst_of_a_body_is_heard),
        cmocka_unit_test(a_reader_ends_a_stream),
        cmocka_unit_test(a_stream_is_cancelled),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
