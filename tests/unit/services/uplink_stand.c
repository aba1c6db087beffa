// SPDX-License-Identifier: Apache-2.0
#include "uplink_stand.h"

#include "receiver/body.h"

#include <unistd.h>

static const char any_text[] = "";

static bool
is_single(const char *lines)
{
    return strchr(lines, '\n') == lines + strlen(lines) - 1;
}

static int
answer_of(struct stand *s, size_t number, size_t bytes, const char *lines)
{
    if (number >= s->first && number < s->first + s->first_count)
        return s->first_status;
    if (s->max_body && bytes > s->max_body)
        return 413;
    s->said = s->last_word && (s->said || (strstr(lines, s->last_word) && is_single(lines)));
    return s->said || (s->poison && strstr(lines, s->poison)) ? s->poison_status : 204;
}

static void
take(void *ctx, struct hf_request *q)
{
    HF_AUTO_BUF struct hf_buf body = HF_BUF_INIT(64 * 1024 * 1024);
    HF_AUTO_BUF struct hf_buf lines = HF_BUF_INIT(64 * 1024 * 1024);
    struct stand *s = ctx;
    struct seen *seen;
    char headers[256] = "";
    int status, delay_ms;

    assert_int_equal(hf_request_body(q, &body, NULL), 0);
    pthread_mutex_lock(&s->lock);
    assert_true(s->count < REQUESTS_MAX);
    seen = &s->seen[s->count];
    seen->bytes = body.len;
    snprintf(seen->key, sizeof seen->key, "%s", hf_request_header(q, "Idempotency-Key"));
    assert_int_equal(hf_body_lines(hf_request_header(q, "Content-Type"),
                                   hf_request_header(q, "Content-Encoding"), &body, &lines, NULL),
                     0);
    seen->lines = strdup(lines.data ? lines.data : any_text);
    status = seen->status = answer_of(s, s->count, seen->bytes, seen->lines);
    if (*s->wanted_header && !hf_request_header(q, s->wanted_header))
        status = seen->status = 401;
    if (s->location && s->count < s->first_count)
        snprintf(headers, sizeof headers, "Location: %s\r\n", s->location);
    else if (s->retry_after_s)
        snprintf(headers, sizeof headers, "Retry-After: %d\r\n", s->retry_after_s);
    s->count++;
    delay_ms = s->delay_ms;
    pthread_mutex_unlock(&s->lock);
    usleep((unsigned)delay_ms * 1000);
    if (status == 204)
        hf_request_answer_status(q, status);
    else
        hf_request_answer(q, status, "text/plain", headers, "no\n\"good\"", 9);
}

int
stand_set_up(void **state)
{
    struct stand *s = calloc(1, sizeof *s);
    char listen[32];
    int port = freeport();

    pthread_mutex_init(&s->lock, NULL);
    snprintf(s->buffer_listen, sizeof s->buffer_listen, "127.0.0.1:%d", freeport());
    s->buffer = fake_buffer_start(s->buffer_listen, "secret");
    snprintf(listen, sizeof listen, "127.0.0.1:%d", port);
    snprintf(s->uplink_url, sizeof s->uplink_url, "http://127.0.0.1:%d/v1/ingest", port);
    assert_int_equal(
        hf_httpd_start(
            &(struct hf_httpd_options){.listen = listen, .threads = 4, .handle = take, .ctx = s},
            &s->uplink, NULL),
        0);
    *state = s;
    return 0;
}

int
stand_tear_down(void **state)
{
    struct stand *s = *state;

    hf_worker_stop(s->worker);
    hf_httpd_stop(s->uplink);
    fake_buffer_stop(s->buffer);
    for (size_t i = 0; i < s->count; i++)
        free(s->seen[i].lines);
    free(s);
    return 0;
}

void
stand_start(struct stand *s, const char *more)
{
    HF_AUTO(hf_json) struct hf_json *settings = NULL;
    HF_AUTO(hf_json) struct hf_json *credentials = NULL;
    struct hf_worker_common common = {.buffer_token = "secret", .holder = "test"};
    struct hf_sink_list list = {0};
    struct hf_error err = {0};
    char text[1024];
    static const char secrets[] = "{\"sinks\":{\"up\":{\"token\":\"T\",\"header_value\":\"V\"}}}";

    snprintf(
        text, sizeof text,
        "{\"gateway\":\"hf-1\",\"sinks\":[{\"name\":\"up\",\"type\":\"https\",\"url\":\"%s\"%s}]}",
        s->uplink_url, more);
    snprintf(common.buffer_url, sizeof common.buffer_url, "http://%s", s->buffer_listen);
    assert_int_equal(hf_json_parse(text, strlen(text), &settings, NULL), 0);
    assert_int_equal(hf_json_parse(secrets, strlen(secrets), &credentials, NULL), 0);
    if (hf_sink_list_read(settings, credentials, &list, &err) < 0)
        fail_msg("%s", err.message);
    assert_int_equal(hf_worker_start(&common, &list.sinks[0], &s->worker, NULL), 0);
    hf_sink_list_done(&list);
}

size_t
stand_requests(struct stand *s)
{
    size_t count;

    pthread_mutex_lock(&s->lock);
    count = s->count;
    pthread_mutex_unlock(&s->lock);
    return count;
}

void
stand_wait_for_held(struct stand *s, size_t held)
{
    for (int ms = 0; ms < WAIT_MS && fake_buffer_held(s->buffer, "up") != held; ms += 10)
        usleep(10000);
    assert_int_equal(fake_buffer_held(s->buffer, "up"), held);
    (void)stand_requests(s);
}

struct hf_worker_view
stand_wait_for_state(struct stand *s, enum hf_worker_state state)
{
    struct hf_worker_view v;

    for (int ms = 0; ms < WAIT_MS; ms += 10) {
        hf_worker_look(s->worker, &v);
        if (v.state == state) {
            (void)stand_requests(s);
            return v;
        }
        usleep(10000);
    }
    fail_msg("state is %d and not %d: %s", v.state, state, v.last_error);
    return v;
}

size_t
stand_stored(struct stand *s, unsigned n)
{
    char member[40];
    size_t times = 0;

    snprintf(member, sizeof member, "\"seq\":%u,", n);
    pthread_mutex_lock(&s->lock);
    for (size_t i = 0; i < s->count; i++)
        times += s->seen[i].status == 204 && strstr(s->seen[i].lines, member);
    pthread_mutex_unlock(&s->lock);
    return times;
}

void
stand_forget(struct stand *s)
{
    pthread_mutex_lock(&s->lock);
    for (size_t i = 0; i < s->count; i++)
        free(s->seen[i].lines);
    s->count = 0;
    pthread_mutex_unlock(&s->lock);
}

struct hf_worker_view
stand_wait_for_buffer_error(struct stand *s, const char *part)
{
    struct hf_worker_view v;

    for (int ms = 0; ms < WAIT_MS; ms += 10) {
        hf_worker_look(s->worker, &v);
        if (*part ? strstr(v.buffer_error, part) != NULL : !*v.buffer_error)
            return v;
        usleep(10000);
    }
    fail_msg("'%s' is said and not '%s'", v.buffer_error, part);
    return v;
}

struct hf_worker_view
stand_wait_for_counts(struct stand *s, uint64_t delivered, uint64_t quarantined)
{
    struct hf_worker_view v;

    for (int ms = 0; ms < WAIT_MS; ms += 10) {
        hf_worker_look(s->worker, &v);
        if (v.delivered + v.quarantined == delivered + quarantined)
            break;
        usleep(10000);
    }
    assert_int_equal(v.delivered, delivered);
    assert_int_equal(v.quarantined, quarantined);
    return v;
}
