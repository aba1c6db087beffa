// SPDX-License-Identifier: Apache-2.0
#include "unit.h"

#include "dockerguard/chunks.h"
#include "dockerguard/options.h"
#include "dockerguard/request.h"
#include "dockerguard/route.h"

#include <stdio.h>
#include <string.h>

#define HOST "Host: docker\r\n"
#define ID "4f1e0c9d2b7a86530e1d2c3b4a5968778695a4b3c2d1e0f9081726354453627f"
#define SHA "sha256:" ID

static const struct hf_dguard_policy policy = {.instance = "hf", .run_dir = "/run/hf"};

/* ---- heads ---- */

static void
a_head_is_read_in_pieces(void **state)
{
    static const char text[] = "POST /v1.41/x?a=b HTTP/1.1\r\n" HOST "Accept: */*\r\n"
                               "content-length:  12 \r\n\r\nbody";
    struct hf_dguard_request r;
    size_t head = strlen(text) - 4;

    (void)state;
    for (size_t len = 0; len < head; len++)
        assert_int_equal(hf_dguard_request_read(text, len, &r, NULL), 1);
    assert_int_equal(hf_dguard_request_read(text, strlen(text), &r, NULL), 0);
    assert_string_equal(r.method, "POST");
    assert_string_equal(r.target, "/v1.41/x?a=b");
    assert_true(r.has_length && !r.chunked);
    assert_int_equal(r.length, 12);
    assert_int_equal(r.head_len, head);
}

static void
what_could_be_read_in_two_ways_is_refused(void **state)
{
    static const char *const bad[] = {
        "GET / HTTP/1.0\r\n" HOST "\r\n",
        "GET / HTTP/2.0\r\n" HOST "\r\n",
        "GET /\r\n" HOST "\r\n",
        "get / HTTP/1.1\r\n" HOST "\r\n",
        "OVERLONGMETHOD / HTTP/1.1\r\n" HOST "\r\n",
        "GET  / HTTP/1.1\r\n" HOST "\r\n",
        "GET / x HTTP/1.1\r\n" HOST "\r\n",
        "GET http://docker/v1.41/info HTTP/1.1\r\n" HOST "\r\n", /* RFC 9112 §3.2.2 */
        "GET * HTTP/1.1\r\n" HOST "\r\n",
        "GET /a#b HTTP/1.1\r\n" HOST "\r\n",
        "GET /a\tb HTTP/1.1\r\n" HOST "\r\n",
        "GET /\xc3\xa4 HTTP/1.1\r\n" HOST "\r\n",
        "\r\nGET / HTTP/1.1\r\n" HOST "\r\n",
        "GET / HTTP/1.1\n" HOST "\r\n",
        "GET / HTTP/1.1\r\nHost: docker\n\r\n",
        "GET / HTTP/1.1\r\n" HOST "\n",
        "GET / HTTP/1.1\r\n" HOST "A: b\rC: d\r\n\r\n",
        "GET / HTTP/1.1\r\n\r\n",
        "GET / HTTP/1.1\r\nHost:\r\n\r\n",
        "GET / HTTP/1.1\r\n" HOST HOST "\r\n",
        "GET / HTTP/1.1\r\n" HOST "A : b\r\n\r\n",
        "GET / HTTP/1.1\r\n" HOST " folded\r\n\r\n",
        "GET / HTTP/1.1\r\n" HOST "no colon\r\n\r\n",
        "GET / HTTP/1.1\r\n" HOST "A: b\x01\r\n\r\n",
        "GET / HTTP/1.1\r\n" HOST "Content-Length: 4\r\nContent-Length: 4\r\n\r\n",
        "GET / HTTP/1.1\r\n" HOST "Content-Length: 4\r\nContent-Length: 5\r\n\r\n",
        "GET / HTTP/1.1\r\n" HOST "Content-Length: 4, 4\r\n\r\n",
        "GET / HTTP/1.1\r\n" HOST "Content-Length: +4\r\n\r\n",
        "GET / HTTP/1.1\r\n" HOST "Content-Length: -1\r\n\r\n",
        "GET / HTTP/1.1\r\n" HOST "Content-Length: 0x4\r\n\r\n",
        "GET / HTTP/1.1\r\n" HOST "Content-Length: 99999999999999999999\r\n\r\n",
        "GET / HTTP/1.1\r\n" HOST "Content-Length:\r\n\r\n",
        "GET / HTTP/1.1\r\n" HOST "Content-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n",
        "GET / HTTP/1.1\r\n" HOST "Transfer-Encoding: chunked\r\nContent-Length: 4\r\n\r\n",
        "GET / HTTP/1.1\r\n" HOST "Transfer-Encoding: chunked\r\nTransfer-Encoding: "
        "chunked\r\n\r\n",
        "GET / HTTP/1.1\r\n" HOST "Transfer-Encoding: gzip, chunked\r\n\r\n",
        "GET / HTTP/1.1\r\n" HOST "Transfer-Encoding: xchunked\r\n\r\n",
        "GET / HTTP/1.1\r\n" HOST "Transfer-Encoding: identity\r\n\r\n",
        "GET / HTTP/1.1\r\n" HOST "Transfer-Encoding\x0b: chunked\r\n\r\n",
        "GET / HTTP/1.1\r\n" HOST "Expect: 100-continue\r\n\r\n",
        "GET / HTTP/1.1\r\n" HOST "Connection: Upgrade\r\nUpgrade: tcp\r\n\r\n",
    };

    (void)state;
    for (size_t i = 0; i < HF_LEN(bad); i++) {
        struct hf_dguard_request r;
        struct hf_error err = {0};
        int rc = hf_dguard_request_read(bad[i], strlen(bad[i]), &r, &err);

        if (rc != -1 || err.class != HF_ERROR_MALFORMED)
            fail_msg("%d %s: %s", rc, err.message, bad[i]);
    }
}

static void
heads_are_bounded(void **state)
{
    static char text[2 * HF_DGUARD_HEAD_MAX];
    struct hf_dguard_request r;
    struct hf_error err = {0};
    int len;

    (void)state;
    len = snprintf(text, sizeof text, "GET / HTTP/1.1\r\n" HOST "A: ");
    memset(text + len, 'x', sizeof text - (size_t)len);
    assert_int_equal(hf_dguard_request_read(text, HF_DGUARD_HEAD_MAX - 1, &r, &err), 1);
    assert_int_equal(hf_dguard_request_read(text, sizeof text, &r, &err), -1);
    assert_int_equal(err.class, HF_ERROR_TOO_LARGE);
    len = snprintf(text, sizeof text, "GET /");
    memset(text + len, 'x', HF_DGUARD_TARGET_MAX);
    snprintf(text + len + HF_DGUARD_TARGET_MAX, 64, " HTTP/1.1\r\n" HOST "\r\n");
    assert_int_equal(hf_dguard_request_read(text, strlen(text), &r, &err), -1);
    assert_int_equal(err.class, HF_ERROR_TOO_LARGE);
    len = snprintf(text, sizeof text, "GET / HTTP/1.1\r\n" HOST);
    for (int i = 0; i < 100; i++)
        len += snprintf(text + len, sizeof text - (size_t)len, "A: b\r\n");
    assert_int_equal(hf_dguard_request_read(text, (size_t)len, &r, &err), -1);
    assert_int_equal(err.class, HF_ERROR_TOO_LARGE);
}

/* ---- chunks ---- */

static int
unchunk(const char *text, size_t step, char *out, struct hf_dguard_chunks *c)
{
    size_t len = strlen(text), written = 0;

    *c = (struct hf_dguard_chunks){0};
    for (size_t at = 0; at < len; at += step) {
        size_t n;

        if (hf_dguard_chunks_take(c, text + at, len - at < step ? len - at : step, out + written,
                                  &n, NULL) < 0)
            return -1;
        written += n;
    }
    out[written] = '\0';
    return c->state == HF_DGUARD_CHUNK_WHOLE ? 0 : 1;
}

static void
chunks_are_taken_apart(void **state)
{
    static const char text[] = "4\r\nabcd\r\n0000A\r\n0123456789\r\n1\r\n\n\r\n0\r\n\r\n";
    struct hf_dguard_chunks c;
    char out[64];

    (void)state;
    for (size_t step = 1; step <= strlen(text); step++) {
        assert_int_equal(unchunk(text, step, out, &c), 0);
        assert_string_equal(out, "abcd0123456789\n");
    }
}

static void
chunks_that_are_none_are_refused(void **state)
{
    static const char *const bad[] = {
        "\r\n",          "x\r\n",
        "-1\r\n",        "+1\r\na\r\n",
        "0x1\r\na\r\n",  " 1\r\na\r\n",
        "1 \r\na\r\n",   "1;ext=1\r\na\r\n",
        "1\na\r\n",      "1\r\nab\r\n",
        "1\r\na\n",      "1\r\na\rx",
        "123456789\r\n", "0\r\nTrailer: x\r\n\r\n",
        "0\r\n\n",       "0\r\n\r\nGET /v1.41/info HTTP/1.1\r\n",
    };
    struct hf_dguard_chunks c;
    char out[64];

    (void)state;
    for (size_t i = 0; i < HF_LEN(bad); i++)
        if (unchunk(bad[i], strlen(bad[i]), out, &c) != -1 || unchunk(bad[i], 1, out, &c) != -1)
            fail_msg("taken: %s", bad[i]);
    assert_int_equal(unchunk("5\r\nabc", 2, out, &c), 1);
}

/* ---- routes ---- */

static void
every_call_of_the_engine_has_its_row(void **state)
{
    static const struct {
        const char *method, *target, *path;
    } rows[] = {
        {"GET", "/version", "/version"},
        {"GET", "/v1.41/info", "/v1.41/info"},
        {"GET", "/v1.47/containers/json?all=true", NULL},
        {"GET", "/v1.41/containers/" ID "/json", NULL},
        {"GET", "/v1.41/containers/hf-broker/json", NULL},
        {"POST", "/v1.41/containers/create?name=hf-broker", NULL},
        {"POST", "/v1.41/containers/" ID "/start", NULL},
        {"POST", "/v1.41/containers/" ID "/stop?t=10", NULL},
        {"POST", "/v1.41/containers/" ID "/update", NULL},
        {"DELETE", "/v1.41/containers/" ID "?force=true", NULL},
        {"GET", "/v1.41/containers/" ID "/logs?stdout=1&stderr=1&timestamps=1&tail=5&follow=0",
         NULL},
        {"GET", "/v1.41/containers/" ID "/archive?path=%2Fusr%2Fshare%2Fsbom", NULL},
        {"GET", "/v1.41/networks?filters=%7B%22label%22%3A%5B%22io.holdfast.instance%3Dhf%22%5D%7D",
         NULL},
        {"GET", "/v1.41/networks/hf-bus", NULL},
        {"POST", "/v1.41/networks/create", NULL},
        {"POST", "/v1.41/networks/hf-bus/connect", NULL},
        {"POST", "/v1.41/networks/hf-bus/disconnect", NULL},
        {"GET", "/v1.41/volumes?filters=%7B%22label%22%3A%5B%22io.holdfast.instance%3Dhf%22%5D%7D",
         NULL},
        {"GET", "/v1.41/volumes/hf-app.data", NULL},
        {"POST", "/v1.41/volumes/create", NULL},
        {"DELETE", "/v1.41/volumes/hf-buffer-data", NULL},
        {"GET", "/v1.41/images/json?all=1", NULL},
        {"GET", "/v1.41/images/" SHA "/json", NULL},
        {"GET", "/v1.41/images/sha256%3A" ID "/json", "/v1.41/images/" SHA "/json"},
        {"GET", "/v1.41/images/127.0.0.1:5000/holdfast/broker@" SHA "/json", NULL},
        {"DELETE", "/v1.41/images/127.0.0.1:5000/holdfast/broker@" SHA, NULL},
        {"DELETE", "/v1.41/images/" SHA, NULL},
        {"POST", "/v1.41/images/load?quiet=0", NULL},
        {"GET",
         "/v1.41/events?filters=%7B%22type%22%3A%5B%22container%22%5D%2C%22event%22%3A%5B%22die%22%"
         "5D%7D&since=1795489293",
         NULL},
    };

    (void)state;
    for (size_t i = 0; i < HF_LEN(rows); i++) {
        HF_AUTO_BUF struct hf_buf path = HF_BUF_INIT(4096);
        struct hf_dguard_call call;
        struct hf_error err = {0};

        if (hf_dguard_route(&policy, rows[i].method, rows[i].target, &call, &err) < 0 ||
            hf_dguard_call_path(&call, &path, &err) < 0)
            fail_msg("%s: %s", rows[i].target, err.message);
        assert_string_equal(path.data, rows[i].path ? rows[i].path : rows[i].target);
        hf_dguard_call_done(&call);
    }
}

static void
no_other_call_has_one(void **state)
{
    static const struct {
        const char *method, *target;
    } rows[] = {
        {"GET", "/info"},
        {"GET", "/_ping"},
        {"GET", "/v1.41/version"},
        {"GET", "/v1.40/info"}, /* too old: it reads bodies otherwise */
        {"GET", "/v1.411/info"},
        {"GET", "/v1.4x/info"},
        {"GET", "/v2.41/info"},
        {"HEAD", "/v1.41/info"},
        {"PUT", "/v1.41/containers/" ID "/archive?path=/"},
        {"GET", "/v1.41/info?x=1"},
        {"GET", "/v1.41/info/"},
        {"GET", "/v1.41//info"},
        {"GET", "/v1.41/x/../info"},
        {"POST", "/v1.41/containers/" ID "/exec"},
        {"POST", "/v1.41/exec/" ID "/start"},
        {"POST", "/v1.41/containers/" ID "/attach?stream=1"},
        {"GET", "/v1.41/containers/" ID "/attach/ws"},
        {"POST", "/v1.41/containers/" ID "/kill"},
        {"POST", "/v1.41/containers/" ID "/rename?name=hf-x"},
        {"POST", "/v1.41/containers/" ID "/restart"},
        {"POST", "/v1.41/containers/prune"},
        {"GET", "/v1.41/containers/" ID "/export"},
        {"GET", "/v1.41/containers/" ID "/top"},
        {"GET", "/v1.41/containers/a/b/json"},
        {"GET", "/v1.41/containers/..%2f..%2finfo/json"},
        {"GET", "/v1.41/containers/%00/json"},
        {"GET", "/v1.41/containers/" ID "/json?size=1"},
        {"GET", "/v1.41/containers/" ID "/archive?path=/etc"},
        {"GET", "/v1.41/containers/" ID "/archive"},
        {"GET", "/v1.41/containers/" ID "/archive?path=%2Fusr%2Fshare%2Fsbom%2F..%2F..%2F"},
        {"POST", "/v1.41/containers/create"},
        {"POST", "/v1.41/containers/create?name=other"},
        {"POST", "/v1.41/containers/create?name=hf-a&platform=x"},
        {"POST", "/v1.41/containers/create?name=hf-a&name=hf-b"},
        {"POST", "/v1.41/containers/create?name=hf-a%26x"},
        {"POST", "/v1.41/containers/" ID "/start?checkpoint=x"},
        {"POST", "/v1.41/containers/" ID "/stop?t=-1"},
        {"POST", "/v1.41/containers/" ID "/stop?signal=9"},
        {"DELETE", "/v1.41/containers/" ID "?v=true"},
        {"DELETE", "/v1.41/containers/" ID "?force=true&link=1"},
        {"GET", "/v1.41/networks"},
        {"GET", "/v1.41/networks/host"},
        {"GET", "/v1.41/networks?filters=%7B%7D"},
        {"GET", "/v1.41/networks?filters=%7B%22label%22%3A%5B%22io.holdfast.instance%3Dx%22%5D%7D"},
        {"DELETE", "/v1.41/networks/hf-bus"},
        {"POST", "/v1.41/networks/host/connect"},
        {"DELETE", "/v1.41/volumes/hf-buffer-data?force=1"},
        {"DELETE", "/v1.41/volumes/other"},
        {"GET", "/v1.41/volumes/other"},
        {"POST", "/v1.41/volumes/prune"},
        {"POST", "/v1.41/images/create?fromImage=x"},
        {"POST", "/v1.41/images/x/push"},
        {"POST", "/v1.41/images/x/tag?repo=y"},
        {"GET", "/v1.41/images/x/get"},
        {"GET", "/v1.41/images/../info/json"},
        {"GET", "/v1.41/images/x/../y/json"},
        {"DELETE", "/v1.41/images/postgres:16"},
        {"DELETE", "/v1.41/images/" SHA "?force=true"},
        {"POST", "/v1.41/images/prune"},
        {"POST", "/v1.41/build"},
        {"POST", "/v1.41/commit?container=x"},
        {"POST", "/v1.41/auth"},
        {"POST", "/v1.41/session"},
        {"POST", "/v1.41/grpc"},
        {"GET", "/v1.41/swarm"},
        {"POST", "/v1.41/swarm/init"},
        {"GET", "/v1.41/secrets"},
        {"POST", "/v1.41/secrets/create"},
        {"GET", "/v1.41/configs"},
        {"GET", "/v1.41/nodes"},
        {"POST", "/v1.41/services/create"},
        {"GET", "/v1.41/plugins"},
        {"POST", "/v1.41/plugins/pull?remote=x"},
        {"GET", "/v1.41/system/df"},
        {"GET", "/v1.41/events"},
        {"GET", "/v1.41/events?filters=%7B%22type%22%3A%5B%22container%22%5D%2C%22event%22%3A%5B%"
                "22exec_create%22%5D%7D"},
        {"GET", "/v1.41/events?filters=%7B%22type%22%3A%5B%22container%22%5D%7D"},
    };

    (void)state;
    for (size_t i = 0; i < HF_LEN(rows); i++) {
        struct hf_dguard_call call;
        struct hf_error err = {0};

        if (hf_dguard_route(&policy, rows[i].method, rows[i].target, &call, &err) == 0)
            fail_msg("allowed: %s %s", rows[i].method, rows[i].target);
        assert_true(err.class == HF_ERROR_FORBIDDEN || err.class == HF_ERROR_MALFORMED);
        hf_dguard_call_done(&call);
    }
}

static void
targets_that_are_none_are_refused(void **state)
{
    static const char *const bad[] = {"/v1.41/in%", "/v1.41/in%6", "/v1.41/in%zz", "/v1.41/%0a",
                                      "/v1.41/%ff"};

    (void)state;
    for (size_t i = 0; i < HF_LEN(bad); i++) {
        struct hf_dguard_call call;
        struct hf_error err = {0};

        assert_int_equal(hf_dguard_route(&policy, "GET", bad[i], &call, &err), -1);
        assert_int_equal(err.class, HF_ERROR_MALFORMED);
        hf_dguard_call_done(&call);
    }
}

/* ---- options ---- */

static int
parse_options(const char *a, const char *b, struct hf_dguard_options *o, struct hf_error *err)
{
    char *argv[] = {(char *)"holdfast-docker", (char *)(uintptr_t)a, (char *)(uintptr_t)b, NULL};

    return hf_dguard_options_parse(b ? 3 : 2, argv, o, err);
}

static void
options_are_checked(void **state)
{
    static const char *const bad[][2] = {
        {"--mode", "999"},
        {"--mode", "x"},
        {"--group", "no-such-group"},
        {"--instance", "A"},
        {"--run-dir", "run"},
        {"--run-dir", "/run/../etc"},
        {"--allow-bind", "/"},
        {"--allow-bind", "/run"}, /* Docker's socket is in there */
        {"--allow-bind", "/run/docker.sock"},
        {"--allow-bind", "/srv/../etc"},
        {"--allow-device", "/etc/passwd"},
        {"--allow-capability", "ALL"},
        {"--allow-capability", "CAP_NET_RAW"},
        {"--allow-capability", "net_raw"},
        {"--allow-port", "0"},
        {"--allow-port", "65536"},
        {"--allow-port", "1-"},
        {"--allow-port", "-1"},
        {"--allow-port", "9-8"},
        {"--allow-port", "1-2-3"},
        {"--keep-port", "https"},
        {"--unknown", NULL},
        {"stray", NULL},
        {"--listen", NULL},
    };
    struct hf_dguard_options o;
    struct hf_error err;

    (void)state;
    for (size_t i = 0; i < HF_LEN(bad); i++) {
        err = (struct hf_error){0};
        if (parse_options(bad[i][0], bad[i][1], &o, &err) == 0)
            fail_msg("taken: %s %s", bad[i][0], bad[i][1]);
        assert_int_equal(err.class, HF_ERROR_INVALID);
    }
    assert_int_equal(parse_options("--allow-bind", "/srv/x", &o, &err), 0);
    assert_true(hf_dguard_lists(&o.server.policy.binds, "/srv/x"));
    assert_false(o.server.policy.root || o.server.policy.new_privileges);
    assert_int_equal(parse_options("--allow-root", NULL, &o, &err), 0);
    assert_true(o.server.policy.root);
}

static void
ports_are_free_from_1024_on_but_for_those_kept(void **state)
{
    const struct hf_dguard_policy *p;
    struct hf_dguard_options o;

    (void)state;
    p = &o.server.policy;
    assert_int_equal(parse_options("--allow-port", "502-503", &o, NULL), 0);
    assert_false(hf_dguard_may_publish(p, 22) || hf_dguard_may_publish(p, 501) ||
                 hf_dguard_may_publish(p, 504) || hf_dguard_may_publish(p, 1023) ||
                 hf_dguard_may_publish(p, 8443));
    assert_true(hf_dguard_may_publish(p, 502) && hf_dguard_may_publish(p, 503) &&
                hf_dguard_may_publish(p, 1024) && hf_dguard_may_publish(p, 65535));
    assert_int_equal(parse_options("--keep-port", "2000", &o, NULL), 0);
    assert_false(hf_dguard_may_publish(p, 2000) || hf_dguard_may_publish(p, 502));
    assert_true(hf_dguard_may_publish(p, 8443));
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_head_is_read_in_pieces),
        cmocka_unit_test(what_could_be_read_in_two_ways_is_refused),
        cmocka_unit_test(heads_are_bounded),
        cmocka_unit_test(chunks_are_taken_apart),
        cmocka_unit_test(chunks_that_are_none_are_refused),
        cmocka_unit_test(every_call_of_the_engine_has_its_row),
        cmocka_unit_test(no_other_call_has_one),
        cmocka_unit_test(targets_that_are_none_are_refused),
        cmocka_unit_test(options_are_checked),
        cmocka_unit_test(ports_are_free_from_1024_on_but_for_those_kept),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
