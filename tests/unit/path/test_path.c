// SPDX-License-Identifier: Apache-2.0
#include "unit.h"

#include "base/clock.h"
#include "path/path.h"
#include "path/peer_server.h"

#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

static const char tokens[HF_PATH_PEER_COUNT][HF_PATH_TOKEN_SIZE] = {"t-buffer", "t-processor",
                                                                    "t-forwarder"};

struct world {
    struct peer_server peer;
    struct hf_path *path;
};

static int
setup(void **state)
{
    struct world *w = calloc(1, sizeof *w);

    w->peer.token = "t-buffer";
    w->peer.status = 200;
    w->peer.body = "{\"ok\":true}";
    peer_server_start(&w->peer);
    assert_int_equal(hf_path_new(tokens, &w->path, NULL), 0);
    hf_path_set_target(w->path, HF_PATH_BUFFER, "127.0.0.1", w->peer.port);
    *state = w;
    return 0;
}

static int
teardown(void **state)
{
    struct world *w = *state;

    peer_server_stop(&w->peer);
    hf_path_free(w->path);
    free(w);
    return 0;
}

static enum hf_error_class
ask(struct world *w, const struct hf_path_call *call, struct hf_error *err)
{
    HF_AUTO_BUF struct hf_buf answer = HF_BUF_INIT(HF_PATH_ANSWER_MAX);

    *err = (struct hf_error){0};
    return hf_path_ask(w->path, call, &answer, err) < 0 ? err->class : HF_ERROR_NONE;
}

static void
a_question_and_its_answer(void **state)
{
    struct world *w = *state;
    HF_AUTO(hf_json) struct hf_json *doc = NULL;
    struct hf_path_call call = {.peer = HF_PATH_BUFFER, .path = "/v1/status?a=%2B"};
    struct hf_error err;

    assert_int_equal(hf_path_ask_json(w->path, &call, &doc, &err), 0);
    assert_true(hf_json_bool(doc, "ok", false));
    assert_string_equal(peer_server_last(&w->peer)->method, "GET");
    assert_string_equal(peer_server_last(&w->peer)->url, "/v1/status?a=%2B");
    call.body = "{\"lane\":null}";
    assert_int_equal(ask(w, &call, &err), HF_ERROR_NONE);
    assert_string_equal(peer_server_last(&w->peer)->method, "POST");
    assert_string_equal(peer_server_last(&w->peer)->asked, "{\"lane\":null}");
}

static void
who_is_away_is_named(void **state)
{
    struct world *w = *state;
    struct hf_path_call call = {.peer = HF_PATH_PROCESSOR, .path = "/"};
    struct hf_error err;

    assert_int_equal(ask(w, &call, &err), HF_ERROR_UNAVAILABLE);
    assert_string_equal(err.message,
                        "the processor does not run: start it, or see why it does not");
    peer_server_stop(&w->peer);
    call.peer = HF_PATH_BUFFER;
    assert_int_equal(ask(w, &call, &err), HF_ERROR_UNAVAILABLE);
    assert_string_equal(err.message, "the buffer does not answer: see its log, or restart it");
    hf_path_set_target(w->path, HF_PATH_BUFFER, NULL, 0);
    assert_int_equal(ask(w, &call, &err), HF_ERROR_UNAVAILABLE);
    assert_non_null(strstr(err.message, "does not run"));
}

static void
a_refusal_keeps_its_words_and_place(void **state)
{
    static const struct {
        int status;
        enum hf_error_class class;
    } rows[] = {
        {400, HF_ERROR_MALFORMED},   {401, HF_ERROR_UPSTREAM}, {403, HF_ERROR_UPSTREAM},
        {404, HF_ERROR_NOT_FOUND},   {409, HF_ERROR_CONFLICT}, {422, HF_ERROR_INVALID},
        {503, HF_ERROR_UNAVAILABLE}, {507, HF_ERROR_NO_SPACE}, {500, HF_ERROR_UPSTREAM},
        {302, HF_ERROR_UPSTREAM},    {418, HF_ERROR_UPSTREAM},
    };
    struct world *w = *state;
    struct hf_path_call call = {.peer = HF_PATH_BUFFER, .path = "/"};
    struct hf_error err;

    w->peer.body = "{\"detail\":\"no such lane\",\"errors\":[{\"pointer\":\"/rules/0/lane\"}]}";
    for (size_t i = 0; i < HF_LEN(rows); i++) {
        w->peer.status = rows[i].status;
        assert_int_equal(ask(w, &call, &err), rows[i].class);
        assert_string_equal(err.message, "the buffer says: no such lane");
        assert_string_equal(err.pointer, "/rules/0/lane");
    }
    w->peer.body = "<html>";
    assert_int_equal(ask(w, &call, &err), HF_ERROR_UPSTREAM);
    assert_string_equal(err.message, "the buffer answers without giving a reason");
}

static void
another_token_opens_nothing(void **state)
{
    struct world *w = *state;
    struct hf_path_call call = {.peer = HF_PATH_FORWARDER, .path = "/"};
    struct hf_error err;

    hf_path_set_target(w->path, HF_PATH_FORWARDER, "127.0.0.1", w->peer.port);
    assert_int_equal(ask(w, &call, &err), HF_ERROR_UPSTREAM);
    assert_null(strstr(err.message, "t-forwarder"));
}

static void
nonsense_is_no_answer(void **state)
{
    static const char *const bodies[] = {"", "[]", "7", "{", "{} x"};
    struct world *w = *state;
    struct hf_path_call call = {.peer = HF_PATH_BUFFER, .path = "/"};
    struct hf_json *doc = NULL;
    struct hf_error err;

    for (size_t i = 0; i < HF_LEN(bodies); i++) {
        w->peer.body = bodies[i];
        assert_int_equal(hf_path_ask_json(w->path, &call, &doc, &err), -1);
        assert_int_equal(err.class, HF_ERROR_UPSTREAM);
        assert_null(doc);
    }
}

static void
an_answer_is_bounded_and_in_time(void **state)
{
    struct world *w = *state;
    struct hf_path_call call = {.peer = HF_PATH_BUFFER, .path = "/", .timeout_ms = 200};
    char *large = malloc(HF_PATH_ANSWER_MAX + 2);
    struct hf_error err;

    memset(large, ' ', HF_PATH_ANSWER_MAX + 1);
    large[HF_PATH_ANSWER_MAX + 1] = '\0';
    w->peer.body = large;
    call.timeout_ms = 0;
    assert_int_equal(ask(w, &call, &err), HF_ERROR_UPSTREAM);
    assert_non_null(strstr(err.message, "ask for less"));
    w->peer.body = "{}";
    free(large);

    atomic_store(&w->peer.silent_ms, 60000);
    call.timeout_ms = 200;
    assert_int_equal(ask(w, &call, &err), HF_ERROR_TIMEOUT);
}

struct reader {
    size_t bytes, most;
};

static bool
count(void *context, const void *data, size_t len)
{
    struct reader *r = context;

    (void)data;
    r->bytes += len;
    return r->bytes <= r->most;
}

static void
a_stream_comes_whole_or_is_an_error(void **state)
{
    struct world *w = *state;
    struct reader r = {.most = SIZE_MAX};
    struct hf_path_call call = {.peer = HF_PATH_BUFFER, .path = "/", .sink = count, .context = &r};
    struct hf_error err;

    w->peer.body = "{\"seq\":1}\n";
    w->peer.chunks = 1000;
    assert_int_equal(ask(w, &call, &err), HF_ERROR_NONE);
    assert_int_equal(r.bytes, 10000);
    atomic_store(&w->peer.cut, true);
    assert_int_equal(ask(w, &call, &err), HF_ERROR_UPSTREAM);
    r = (struct reader){.most = 100};
    assert_int_equal(ask(w, &call, &err), HF_ERROR_UNAVAILABLE);
    /* an error is not streamed */
    r = (struct reader){.most = SIZE_MAX};
    w->peer.chunks = 0;
    w->peer.status = 503;
    assert_int_equal(ask(w, &call, &err), HF_ERROR_UNAVAILABLE);
    assert_int_equal(r.bytes, 0);
}

static void *
ask_in_thread(void *context)
{
    struct world *w = context;
    const struct hf_path_call call = {.peer = HF_PATH_BUFFER, .path = "/", .timeout_ms = 60000};
    struct hf_error err;

    return (void *)(uintptr_t)ask(w, &call, &err);
}

/* As many as there may be at once; one more is refused, and all end when told to. */
static void
calls_are_bounded_and_end_when_told(void **state)
{
    struct world *w = *state;
    const struct hf_path_call call = {.peer = HF_PATH_BUFFER, .path = "/"};
    pthread_t threads[HF_PATH_CALLS_MAX];
    struct hf_error err;
    void *class;

    atomic_store(&w->peer.silent_ms, 60000);
    for (size_t i = 0; i < HF_LEN(threads); i++)
        assert_int_equal(pthread_create(&threads[i], NULL, ask_in_thread, w), 0);
    while (atomic_load(&w->peer.requests) < HF_PATH_CALLS_MAX)
        nanosleep(&(struct timespec){.tv_nsec = 1000 * 1000}, NULL);
    assert_int_equal(ask(w, &call, &err), HF_ERROR_UNAVAILABLE);
    assert_non_null(strstr(err.message, "try again in a moment"));
    hf_path_stop(w->path);
    for (size_t i = 0; i < HF_LEN(threads); i++) {
        assert_int_equal(pthread_join(threads[i], &class), 0);
        assert_int_equal((uintptr_t)class, HF_ERROR_UNAVAILABLE);
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_question_and_its_answer, setup, teardown),
        cmocka_unit_test_setup_teardown(who_is_away_is_named, setup, teardown),
        cmocka_unit_test_setup_teardown(a_refusal_keeps_its_words_and_place, setup, teardown),
        cmocka_unit_test_setup_teardown(another_token_opens_nothing, setup, teardown),
        cmocka_unit_test_setup_teardown(nonsense_is_no_answer, setup, teardown),
        cmocka_unit_test_setup_teardown(an_answer_is_bounded_and_in_time, setup, teardown),
        cmocka_unit_test_setup_teardown(a_stream_comes_whole_or_is_an_error, setup, teardown),
        cmocka_unit_test_setup_teardown(calls_are_bounded_and_end_when_told, setup, teardown),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
