// SPDX-License-Identifier: Apache-2.0
/* The buffer's HTTP, over a real socket. */
#include "base/text.h"
#include "buffer/api.h"
#include "buffer/block.h"
#include "common/http.h"
#include "freeport.h"
#include "records.h"
#include "tempdir.h"

#include <pthread.h>

struct stand {
    struct hf_buffer_api api;
    struct hf_httpd *httpd;
    struct hf_http *http;
    struct hf_http_response answer;
    const char *header; /* sent with the next requests; NULL for none */
    const char *type;
    void *dir;
    int port;
};

static struct hf_buffer_settings *
settings(const char *sinks)
{
    HF_AUTO(hf_json) struct hf_json *doc = NULL;
    struct hf_buffer_settings *s = NULL;
    char text[512];

    snprintf(text, sizeof text,
             "{\"gateway\":\"hf-1\",\"window_ms\":5,\"max_bytes\":67108864,\"sinks\":[%s],"
             "\"lanes\":[{\"filter\":\"alarm/#\",\"lane\":\"alarm\"}]}",
             sinks);
    assert_int_equal(hf_json_parse(text, strlen(text), &doc, NULL), 0);
    assert_int_equal(hf_buffer_settings_read(doc, &s, NULL), 0);
    return s;
}

static int
set_up(void **state)
{
    HF_AUTO(hf_buffer_settings) struct hf_buffer_settings *conf = settings("\"uplink\"");
    struct hf_buffer_tokens tokens = {
        .of = {[HF_WHO_PROCESSOR] = "tp", [HF_WHO_FORWARDER] = "tf", [HF_WHO_HOLDFASTD] = "th"}};
    struct stand *s = calloc(1, sizeof *s);
    struct hf_owner *owner = NULL;
    char listen[32];

    if (!s || tempdir_make(&s->dir) < 0 || hf_owner_start(s->dir, conf, &owner, NULL) < 0)
        return -1;
    hf_buffer_api_init(&s->api, owner);
    hf_buffer_api_set_tokens(&s->api, &tokens);
    s->port = freeport();
    s->type = "application/octet-stream";
    snprintf(listen, sizeof listen, "127.0.0.1:%d", s->port);
    hf_http_response_init(&s->answer, 16 << 20);
    if (hf_http_new(&s->http, NULL) < 0 ||
        hf_httpd_start(
            &(struct hf_httpd_options){
                .listen = listen, .threads = 4, .handle = hf_buffer_api_handle, .ctx = &s->api},
            &s->httpd, NULL) < 0)
        return -1;
    *state = s;
    return 0;
}

static int
tear_down(void **state)
{
    struct stand *s = *state;

    hf_http_response_done(&s->answer);
    hf_http_free(s->http);
    hf_httpd_stop(s->httpd);
    hf_owner_stop(s->api.owner);
    hf_buffer_api_done(&s->api);
    tempdir_drop(&s->dir);
    free(s);
    return 0;
}

static struct hf_http_request
request(struct stand *s, char url[512], const char *path, const char *token,
        const char *const *headers)
{
    snprintf(url, 512, "http://127.0.0.1:%d%s", s->port, path);
    return (struct hf_http_request){.url = url,
                                    .bearer = token,
                                    .headers = s->header ? headers : NULL,
                                    .connect_timeout_ms = 5000,
                                    .timeout_ms = 20000};
}

static int
post(struct stand *s, const char *path, const char *token, const void *body, size_t len)
{
    const char *const headers[] = {s->header, NULL};
    char url[512];
    struct hf_http_request q = request(s, url, path, token, headers);

    q.content_type = s->type;
    q.body = body;
    q.body_len = len;
    assert_int_equal(hf_http_post(s->http, &q, &s->answer, NULL), 0);
    return s->answer.status;
}

static int
post_text(struct stand *s, const char *path, const char *token, const char *text)
{
    return post(s, path, token, text, strlen(text));
}

static int
get(struct stand *s, const char *path)
{
    const char *const headers[] = {s->header, NULL};
    char url[512];
    struct hf_http_request q = request(s, url, path, "th", headers);

    assert_int_equal(hf_http_get(s->http, &q, &s->answer, NULL), 0);
    return s->answer.status;
}

static bool
says(const struct stand *s, const char *text)
{
    return s->answer.body.data && strstr(s->answer.body.data, text);
}

static const char *
header(const struct stand *s, const char *name)
{
    static char value[4][128];
    static unsigned turn;
    char *out = value[turn++ % 4];

    return hf_http_header(&s->answer, name, out, sizeof value[0]) ? out : "";
}

static void
put_lines(struct stand *s, const char *lines)
{
    s->type = "application/x-ndjson";
    assert_int_equal(post_text(s, "/v1/records", "tp", lines), 200);
    s->type = "application/octet-stream";
}

static void
ack(struct stand *s, const char *more)
{
    char text[512];

    snprintf(text, sizeof text,
             "{\"sink\":\"uplink\",\"lane\":\"%s\",\"epoch\":\"%s\",\"first\":\"%s\","
             "\"last\":\"%s\"%s}",
             header(s, "Holdfast-Lane"), header(s, "Holdfast-Epoch"), header(s, "Holdfast-First"),
             header(s, "Holdfast-Last"), more);
    assert_int_equal(post_text(s, "/v1/ack", "tf", text), 200);
    assert_int_equal(post_text(s, "/v1/ack", "tf", text), 200);
}

static void
records_go_through(void **state)
{
    struct stand *s = *state;
    HF_AUTO_BUF struct hf_buf frames = HF_BUF_INIT(1 << 20);
    char key[128];

    assert_int_equal(post(s, "/v1/lease?sink=uplink", "tf", NULL, 0), 204);
    records_number(&frames, 0, 24, 50);
    assert_int_equal(post(s, "/v1/records", "tp", frames.data, frames.len), 200);
    assert_string_equal(s->answer.body.data, "{\"first\":\"1\",\"last\":\"24\"}");
    for (int again = 0; again < 2; again++) {
        assert_int_equal(
            post(s, "/v1/lease?sink=uplink&max_bytes=100000&wait_ms=1000", "tf", NULL, 0), 200);
        assert_string_equal(header(s, "Holdfast-First"), "1");
        assert_string_equal(header(s, "Holdfast-Last"), "24");
        assert_string_equal(header(s, "Holdfast-Count"), "24");
        assert_string_equal(header(s, "Holdfast-Lane"), "normal");
        assert_string_equal(header(s, "Holdfast-More"), "0");
        assert_string_equal(header(s, "Content-Encoding"), "");
        snprintf(key, sizeof key, "hf-1/%s/1-24", header(s, "Holdfast-Epoch"));
        assert_string_equal(header(s, "Idempotency-Key"), key);
        assert_int_equal(s->answer.body.len, atoi(header(s, "Holdfast-Raw-Bytes")));
        assert_true(says(s, "\"seq\":24,"));
    }
    ack(s, "");
    assert_int_equal(post(s, "/v1/lease?sink=uplink", "tf", NULL, 0), 204);
}

static void
lanes_are_leased_apart(void **state)
{
    struct stand *s = *state;

    put_lines(s, "{\"topic\":\"a\",\"payload\":1}\n{\"topic\":\"alarm/a\",\"payload\":2}\n"
                 "{\"topic\":\"a\",\"payload\":3,\"lane\":\"bulk\"}\n");
    assert_string_equal(s->answer.body.data, "{\"first\":\"1\",\"last\":\"3\"}");
    assert_int_equal(post(s, "/v1/lease?sink=uplink&lane=bulk", "tf", NULL, 0), 200);
    assert_true(says(s, "\"payload\":3"));
    assert_string_equal(header(s, "Holdfast-Other-Lanes"), "alarm,normal");
    assert_int_equal(post(s, "/v1/lease?sink=uplink", "tf", NULL, 0), 200);
    assert_string_equal(header(s, "Holdfast-Lane"), "alarm");
    assert_true(says(s, "\"payload\":2"));
    assert_string_equal(header(s, "Holdfast-First"), "1"); /* alarms are numbered first */
}

static void
a_peek_shows_what_is_behind(void **state)
{
    struct stand *s = *state;

    put_lines(s, "{\"topic\":\"a\",\"payload\":1}");
    assert_int_equal(post(s, "/v1/lease?sink=uplink&lane=normal", "tf", NULL, 0), 200);
    assert_int_equal(post(s, "/v1/peek?sink=uplink&lane=normal", "tf", NULL, 0), 204);
    put_lines(s, "{\"topic\":\"a\",\"payload\":2}");
    assert_int_equal(post(s, "/v1/peek?sink=uplink&lane=normal", "tf", NULL, 0), 200);
    assert_true(says(s, "\"payload\":2"));
    assert_string_equal(header(s, "Holdfast-First"), "2");
    assert_int_equal(post(s, "/v1/peek?sink=uplink&lane=normal", "th", NULL, 0), 401);
    assert_int_equal(post(s, "/v1/peek?sink=uplink", "tf", NULL, 0), 400);
    assert_int_equal(post(s, "/v1/peek?sink=other&lane=normal", "tf", NULL, 0), 404);
    assert_int_equal(post(s, "/v1/lease?sink=uplink&lane=normal", "tf", NULL, 0), 200);
    assert_true(says(s, "\"payload\":1"));
}

static void
a_lease_belongs_to_its_holder(void **state)
{
    struct stand *s = *state;

    put_lines(s, "{\"topic\":\"a\",\"payload\":1}");
    assert_int_equal(post(s, "/v1/lease?sink=uplink&holder=one&lease_ms=400", "tf", NULL, 0), 200);
    assert_int_equal(post(s, "/v1/lease?sink=uplink&holder=two", "tf", NULL, 0), 409);
    assert_int_equal(post(s, "/v1/lease?sink=uplink&holder=one&lease_ms=400", "tf", NULL, 0), 200);
    assert_int_equal(post_text(s, "/v1/extend", "tf",
                               "{\"sink\":\"uplink\",\"lane\":\"normal\",\"lease_ms\":600}"),
                     200);
    assert_int_equal(post_text(s, "/v1/extend", "tf", "{\"sink\":\"uplink\",\"lane\":\"bulk\"}"),
                     404);
    usleep(450000);
    assert_int_equal(post(s, "/v1/lease?sink=uplink&holder=two", "tf", NULL, 0), 409);
    usleep(200000);
    assert_int_equal(post(s, "/v1/lease?sink=uplink&holder=two", "tf", NULL, 0), 200);
    assert_int_equal(post(s, "/v1/lease?sink=other", "tf", NULL, 0), 404);
}

/* A block goes as it lies; several become one frame, with the same bytes each time. */
static void
a_lease_is_one_frame(void **state)
{
    struct stand *s = *state;
    HF_AUTO_BUF struct hf_buf before = HF_BUF_INIT(1 << 20);

    /* Right after a start the first block is leased alone: it may have been before. */
    put_lines(s, "{\"topic\":\"a\",\"payload\":0}");
    assert_int_equal(post(s, "/v1/lease?sink=uplink", "tf", NULL, 0), 200);
    ack(s, "");
    s->header = "Accept-Encoding: zstd";
    for (int blocks = 1; blocks <= 3; blocks++)
        put_lines(s, "{\"topic\":\"a\",\"payload\":1}\n{\"topic\":\"a\",\"payload\":2}");
    for (int again = 0; again < 2; again++) {
        HF_AUTO_BUF struct hf_buf lines = HF_BUF_INIT(1 << 20);

        assert_int_equal(post(s, "/v1/lease?sink=uplink&max_bytes=100000", "tf", NULL, 0), 200);
        assert_string_equal(header(s, "Content-Encoding"), "zstd");
        assert_int_equal(hf_block_unpack(s->answer.body.data, s->answer.body.len, &lines, NULL), 0);
        assert_int_equal(lines.len, atoi(header(s, "Holdfast-Raw-Bytes")));
        assert_string_equal(header(s, "Holdfast-Count"), "6");
        assert_non_null(strstr(lines.data, "\"seq\":7,"));
        if (again) {
            assert_int_equal(before.len, s->answer.body.len);
            assert_memory_equal(before.data, s->answer.body.data, before.len);
        }
        hf_buf_clear(&before);
        assert_int_equal(hf_buf_add(&before, s->answer.body.data, s->answer.body.len, NULL), 0);
    }
    assert_int_equal(memcmp(before.data, "\x28\xb5\x2f\xfd", 4), 0);
}

/* The processor lets its next batch grow for as long as that would have to wait anyway. */
static void
the_window_that_is_left_is_told(void **state)
{
    struct stand *s = *state;
    char text[24];
    uint64_t left = UINT64_MAX;

    put_lines(s, "{\"topic\":\"a\",\"payload\":1}");
    assert_true(hf_http_header(&s->answer, "Holdfast-Window-Left", text, sizeof text));
    assert_true(hf_text_u64(text, &left));
    assert_in_range(left, 0, 5); /* the stand's window */
}

static void
refused_records_can_be_looked_at(void **state)
{
    struct stand *s = *state;
    HF_AUTO_BUF struct hf_buf frames = HF_BUF_INIT(1 << 20);
    const struct hf_record bad = {.topic = "t",
                                  .topic_len = 1,
                                  .payload = "x\"",
                                  .payload_len = 2,
                                  .reason = "no number",
                                  .reason_len = 9};

    assert_int_equal(hf_record_encode(&bad, &frames, NULL), 0);
    assert_int_equal(post(s, "/v1/records", "tp", frames.data, frames.len), 200);
    assert_string_equal(s->answer.body.data, "{\"first\":\"0\",\"last\":\"0\"}");
    put_lines(s, "{\"topic\":\"a\",\"payload\":1}\n{\"topic\":\"a\",\"payload\":2}");
    assert_int_equal(post(s, "/v1/lease?sink=uplink", "tf", NULL, 0), 200);
    ack(s, ",\"refused\":[{\"seq\":\"2\",\"status\":422,\"reason\":\"too \\\"new\\\"\"}]");
    assert_int_equal(get(s, "/v1/quarantine"), 200);
    assert_true(says(s, "\"sink\":\"processor\",\"seq\":null"));
    assert_true(says(s, "\"reason\":\"no number\""));
    assert_true(says(s, "\"sink\":\"uplink\",\"seq\":\"2\""));
    assert_true(says(s, "\"status\":422"));
    assert_true(says(s, "\"reason\":\"too \\\"new\\\"\""));
    assert_true(says(s, "\"next\":null,\"total\":2"));
    assert_int_equal(get(s, "/v1/quarantine?limit=1"), 200);
    assert_true(says(s, "\"id\":\"2\""));
    assert_false(says(s, "\"id\":\"1\""));
    assert_true(says(s, "\"next\":\"2\""));
    assert_int_equal(get(s, "/v1/quarantine?limit=1&cursor=2"), 200);
    assert_true(says(s, "\"id\":\"1\""));
    assert_int_equal(post_text(s, "/v1/quarantine/drop", "th", "{\"ids\":[\"1\",\"77\"]}"), 200);
    assert_string_equal(s->answer.body.data, "{\"count\":1}");
    assert_int_equal(post_text(s, "/v1/quarantine/replay", "th", "{\"all\":true}"), 200);
    assert_string_equal(s->answer.body.data, "{\"count\":1}");
    assert_int_equal(get(s, "/v1/quarantine?cursor=x"), 400);
}

/* Follows next to its end and counts the records. */
static unsigned
count_pages(struct stand *s, const char *query, unsigned *ret_pages)
{
    HF_AUTO(hf_json) struct hf_json *doc = NULL;
    char path[256], cursor[64] = "";
    unsigned count = 0;

    for (*ret_pages = 0; *ret_pages < 1000; (*ret_pages)++) {
        const char *next;

        snprintf(path, sizeof path, "/v1/records?%s%s%s", query, *cursor ? "&cursor=" : "", cursor);
        assert_int_equal(get(s, path), 200);
        hf_json_free(doc);
        doc = NULL;
        assert_int_equal(hf_json_parse(s->answer.body.data, s->answer.body.len, &doc, NULL), 0);
        count += (unsigned)hf_json_count(hf_json_get(doc, "records"));
        next = hf_json_string(doc, "next");
        if (!next)
            break;
        snprintf(cursor, sizeof cursor, "%s", next);
    }
    return count;
}

/* Puts a record of this payload, and one behind it; both are shown, the large one cut. */
static void
look_at_large(struct stand *s, const char *payload, size_t len, const char *shown)
{
    HF_AUTO_BUF struct hf_buf frames = HF_BUF_INIT(4 << 20);
    HF_AUTO(hf_json) struct hf_json *doc = NULL;
    const struct hf_json *large;
    const struct hf_record r = {
        .topic = "big", .topic_len = 3, .payload = payload, .payload_len = len};

    assert_int_equal(hf_record_encode(&r, &frames, NULL), 0);
    assert_int_equal(post(s, "/v1/records", "tp", frames.data, frames.len), 200);
    put_lines(s, "{\"topic\":\"behind\",\"payload\":1}");
    assert_int_equal(get(s, "/v1/records?limit=2"), 200);
    assert_int_equal(hf_json_parse(s->answer.body.data, s->answer.body.len, &doc, NULL), 0);
    large = hf_json_next(hf_json_first(hf_json_get(doc, "records")));
    assert_string_equal(hf_json_string(large, "topic"), "big");
    assert_int_equal(hf_json_int(large, "size", -1), len);
    assert_true(hf_json_bool(large, "cut", false));
    assert_in_range(strlen(hf_json_string(large, shown)), 600, 4100);
    assert_in_range(s->answer.body.len, 600, 40000);
}

static void
a_large_record_is_shown_cut(void **state)
{
    struct stand *s = *state;
    const size_t size = 1 << 20;
    HF_AUTO_FREE char *payload = malloc(size);

    memset(payload, 1, size); /* six bytes each in JSON */
    look_at_large(s, payload, size, "text");
    memset(payload, 0xff, size);
    look_at_large(s, payload, size - 1, "base64");
    memset(payload, '7', size);
    payload[0] = payload[size - 1] = '"';
    for (size_t i = 1; i + 2 < size; i += 2)
        memcpy(payload + i, "\xc3\xa9", 2); /* é, so that a cut may fall into it */
    look_at_large(s, payload, size, "text");
}

static void
records_can_be_paged_through(void **state)
{
    struct stand *s = *state;
    unsigned pages;
    char *first, *second;

    for (int i = 0; i < 100; i++)
        put_lines(s, "{\"topic\":\"a/x\",\"payload\":1}\n{\"topic\":\"b\",\"payload\":2}\n"
                     "{\"topic\":\"alarm/x\",\"payload\":3}\n");
    assert_int_equal(get(s, "/v1/records?limit=2"), 200);
    assert_true(says(s, "\"lane\":\"normal\"}"));
    first = strstr(s->answer.body.data, "\"seq\":300,");
    second = strstr(s->answer.body.data, "\"seq\":299,");
    assert_non_null(first);
    assert_non_null(second);
    assert_true(first < second);
    assert_int_equal(get(s, "/v1/records?limit=1&order=oldest"), 200);
    assert_true(says(s, "\"seq\":1,"));
    assert_true(says(s, "\"lane\":\"alarm\"}"));
    assert_int_equal(count_pages(s, "limit=7", &pages), 300);
    assert_int_equal(count_pages(s, "limit=7&order=oldest", &pages), 300);
    assert_int_equal(count_pages(s, "limit=500&topic=a%2F%2B", &pages), 100);
    assert_int_equal(count_pages(s, "lane=alarm", &pages), 100);
    assert_int_equal(count_pages(s, "topic=nothing", &pages), 0);
    assert_true(pages >= 2); /* so many blocks are looked at for one, and no more */
    assert_int_equal(get(s, "/v1/records?cursor=x"), 400);
    assert_int_equal(get(s, "/v1/records?from=2026-01-01T00:00:00Z"), 400);
}

static void
the_export_has_all_lines(void **state)
{
    struct stand *s = *state;
    unsigned lines = 0;

    assert_int_equal(get(s, "/v1/export"), 200);
    assert_int_equal(s->answer.body.len, 0);
    for (int i = 0; i < 60; i++)
        put_lines(s, "{\"topic\":\"a\",\"payload\":1,\"time\":\"2026-01-01T00:00:00Z\"}\n"
                     "{\"topic\":\"b\",\"payload\":2,\"time\":\"2026-02-01T00:00:00Z\"}\n");
    assert_int_equal(get(s, "/v1/export"), 200);
    for (size_t i = 0; i < s->answer.body.len; i++)
        lines += s->answer.body.data[i] == '\n';
    assert_int_equal(lines, 120);
    assert_ptr_equal(strstr(s->answer.body.data, "{\"gateway\":\"hf-1\""), s->answer.body.data);
    assert_int_equal(get(s, "/v1/export?topic=b&to=2026-01-15T00:00:00Z"), 200);
    assert_int_equal(s->answer.body.len, 0);
    assert_int_equal(get(s, "/v1/export?topic=a&from=2026-01-01T00:00:00Z"), 200);
    assert_false(says(s, "\"topic\":\"b\""));
    atomic_fetch_add(&s->api.exports, HF_BUFFER_EXPORTS_MAX);
    assert_int_equal(get(s, "/v1/export"), 503);
    atomic_fetch_sub(&s->api.exports, HF_BUFFER_EXPORTS_MAX);
}

static void
status_and_drop(void **state)
{
    HF_AUTO(hf_json) struct hf_json *doc = NULL;
    struct stand *s = *state;
    const struct hf_json *books;

    put_lines(s, "{\"topic\":\"a\",\"payload\":1}\n{\"topic\":\"alarm/a\",\"payload\":2}");
    assert_int_equal(post_text(s, "/v1/drop", "th", "{\"lane\":\"bulk\",\"until_ms\":null}"), 200);
    assert_string_equal(s->answer.body.data, "{\"dropped\":0}");
    assert_int_equal(post_text(s, "/v1/drop", "th", "{\"lane\":\"alarm\",\"until_ms\":null}"), 200);
    assert_string_equal(s->answer.body.data, "{\"dropped\":1}");
    assert_int_equal(get(s, "/v1/status"), 200);
    assert_int_equal(hf_json_parse(s->answer.body.data, s->answer.body.len, &doc, NULL), 0);
    books = hf_json_get(doc, "books");
    assert_int_equal(hf_json_int(books, "accepted", -1), 2 + hf_json_int(books, "held", -1) - 1);
    assert_int_equal(hf_json_int(books, "accepted", -1),
                     hf_json_int(books, "delivered", -1) + hf_json_int(books, "held", -1) +
                         hf_json_int(books, "dropped", -1) + hf_json_int(books, "quarantined", -1));
    assert_int_equal(hf_json_int(books, "dropped", -1), 1);
    assert_string_equal(hf_json_string(doc, "state"), "ok");
    assert_string_equal(hf_json_string(doc, "policy"), "hold");
    assert_int_equal(hf_json_count(hf_json_get(doc, "lanes")), 3);
    assert_int_equal(hf_json_count(hf_json_get(doc, "sinks")), 1);
    assert_int_equal(hf_json_int(doc, "window_ms", -1), 5);
    assert_non_null(hf_json_get(hf_json_get(doc, "flash"), "written_bytes"));
    assert_int_equal(hf_json_int(hf_json_get(doc, "disk"), "limit", 0), 67108864);
}

static void
only_the_right_token_is_let_in(void **state)
{
    static const struct {
        bool get;
        const char *path, *token;
    } cases[] = {
        {false, "/v1/records", NULL},  {false, "/v1/records", "tf"},
        {false, "/v1/records", "tpx"}, {false, "/v1/records", "t"},
        {false, "/v1/lease", "tp"},    {false, "/v1/ack", "t"},
        {false, "/v1/extend", "th"},   {false, "/v1/drop", "tf"},
        {false, "/v1/drop", ""},       {false, "/v1/quarantine/drop", "tp"},
    };
    struct hf_buffer_tokens none = {0};
    struct stand *s = *state;

    for (size_t i = 0; i < HF_LEN(cases); i++)
        assert_int_equal(post_text(s, cases[i].path, cases[i].token, "{}"), 401);
    assert_true(says(s, "\"status\":401"));
    /* holdfastd hands over its alarms */
    assert_int_equal(post_text(s, "/v1/records", "th", "{}"), 400);
    hf_buffer_api_set_tokens(&s->api, &none);
    assert_int_equal(post(s, "/v1/lease?sink=uplink", "", NULL, 0), 401);
    assert_int_equal(get(s, "/v1/status"), 401);
}

static void
bad_input_is_refused_by_name(void **state)
{
    static const struct {
        const char *query, *name;
    } leases[] = {
        {"", "sink"},
        {"?sink=uplink&max_bytes=0", "max_bytes"},
        {"?sink=uplink&max_bytes=5000000", "max_bytes"},
        {"?sink=uplink&wait_ms=-1", "wait_ms"},
        {"?sink=uplink&wait_ms=99999999999999999999999999", "wait_ms"},
        {"?sink=uplink&lane=fast", "lane"},
        {"?sink=uplink&wait=1", "'wait'"},
        {"?sink=uplink&sink=uplink", "'sink'"},
    };
    struct stand *s = *state;
    HF_AUTO_FREE char *big = calloc(1, HF_RECORD_BODY_MAX + 1);
    char path[128];

    assert_int_equal(post_text(s, "/v1/records", "tp", "garbage"), 400);
    assert_int_equal(post_text(s, "/v1/records", "tp", ""), 400);
    assert_int_equal(post(s, "/v1/records", "tp", big, HF_RECORD_BODY_MAX + 1), 413);
    s->type = "application/x-ndjson; charset=utf-8";
    assert_int_equal(post_text(s, "/v1/records", "tp", "\n\n{\"topic\":\"t\",\"qos\":1}"), 422);
    assert_true(says(s, "line 3"));
    s->type = "application/json";
    for (size_t i = 0; i < HF_LEN(leases); i++) {
        snprintf(path, sizeof path, "/v1/lease%s", leases[i].query);
        assert_int_equal(post(s, path, "tf", NULL, 0), 400);
        assert_true(says(s, leases[i].name));
    }
    assert_int_equal(post_text(s, "/v1/ack", "tf", "{}"), 422);
    assert_int_equal(post_text(s, "/v1/ack", "tf",
                               "{\"sink\":\"uplink\",\"lane\":\"normal\",\"epoch\":\"00000000\","
                               "\"first\":\"1\",\"last\":\"2\"}"),
                     409);
    assert_int_equal(post_text(s, "/v1/drop", "th", "{\"lane\":null}"), 422);
    assert_int_equal(post(s, "/v1/lease/", "tf", NULL, 0), 404);
    assert_int_equal(post(s, "/", "tf", NULL, 0), 404);
    assert_int_equal(get(s, "/v1/lease"), 405);
    assert_int_equal(get(s, "/v1/status?x=1"), 400);
}

#define with_stand(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

int
main(void)
{
    const struct CMUnitTest tests[] = {
        with_stand(records_go_through),
        with_stand(lanes_are_leased_apart),
        with_stand(a_peek_shows_what_is_behind),
        with_stand(a_lease_belongs_to_its_holder),
        with_stand(a_lease_is_one_frame),
        with_stand(the_window_that_is_left_is_told),
        with_stand(refused_records_can_be_looked_at),
        with_stand(a_large_record_is_shown_cut),
        with_stand(records_can_be_paged_through),
        with_stand(the_export_has_all_lines),
        with_stand(status_and_drop),
        with_stand(only_the_right_token_is_let_in),
        with_stand(bad_input_is_refused_by_name),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
