// SPDX-License-Identifier: Apache-2.0
/* The client against a Docker that is away, old, new, slow, wrong or lying. */
#include "unit.h"

#include "engine/client.h"
#include "fake_docker.h"

#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>

#define OK(body) "HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n" body
#define FAIL(status, body) "HTTP/1.1 " status "\r\nConnection: close\r\n\r\n" body
#define VERSION(newest, oldest)                                                                    \
    {"GET /version", OK("{\"ApiVersion\":\"" newest "\",\"MinAPIVersion\":\"" oldest "\"}")}
#define INFO                                                                                       \
    {"GET /v1.41/info", OK("{\"ServerVersion\":\"20.10.24\",\"CgroupVersion\":\"2\","              \
                           "\"SwapLimit\":false,\"Warnings\":[\"No swap limit support\"]}")}
#define END {NULL, NULL}
#define DIGEST "sha256:00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff"

static const struct hf_engine_ops *const ops = &hf_docker_ops;

static struct hf_engine *
engine_at(const char *path)
{
    struct hf_engine *e = NULL;
    struct hf_error err;

    assert_int_equal(hf_engine_new(path, &e, &err), 0);
    return e;
}

/* What info() says of a Docker with these answers. */
static struct hf_error
error_of(const struct fake_answer *answers)
{
    struct fake_docker *f = fake_docker_start(answers);
    HF_AUTO(hf_engine) struct hf_engine *e = engine_at(fake_docker_socket(f));
    struct hf_engine_info info;
    struct hf_error err = {0};

    assert_int_equal(ops->info(e, &info, &err), -1);
    fake_docker_stop(f);
    return err;
}

static void
says(const struct hf_error *err, enum hf_error_class class, const char *text)
{
    if (err->class != class || !strstr(err->message, text))
        fail_msg("class %d '%s', not %d '%s'", err->class, err->message, class, text);
}

static void
absent_socket_is_named(void **state)
{
    HF_AUTO(hf_engine) struct hf_engine *e = engine_at("/nonexistent/docker.sock");
    struct hf_engine_info info;
    struct hf_error err = {0};

    (void)state;
    assert_int_equal(ops->info(e, &info, &err), -1);
    says(&err, HF_ERROR_UNAVAILABLE,
         "the Docker socket /nonexistent/docker.sock is not there: is the Docker service running?");
}

static void
socket_without_listener_is_named(void **state)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX, .sun_path = "/tmp/hf-no-listener.sock"};
    HF_AUTO(hf_engine) struct hf_engine *e = engine_at(address.sun_path);
    struct hf_engine_info info;
    struct hf_error err = {0};
    HF_AUTO_CLOSE int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

    (void)state;
    (void)unlink(address.sun_path);
    assert_int_equal(bind(fd, (struct sockaddr *)&address, sizeof address), 0);
    assert_int_equal(ops->info(e, &info, &err), -1);
    says(&err, HF_ERROR_UNAVAILABLE, "nobody listens on the Docker socket");
    (void)unlink(address.sun_path);
}

static void
too_long_a_path_is_refused(void **state)
{
    struct hf_engine *e = NULL;
    struct hf_error err = {0};
    char path[200];

    (void)state;
    memset(path, 'a', sizeof path);
    path[sizeof path - 1] = '\0';
    assert_int_equal(hf_engine_new(path, &e, &err), -1);
    assert_int_equal(err.class, HF_ERROR_INVALID);
    assert_null(e);
}

static void
wrong_answers_have_named_errors(void **state)
{
    static const struct {
        struct fake_answer answers[3];
        enum hf_error_class class;
        const char *text;
    } rows[] = {
        {{{"GET /version", "SSH-2.0-OpenSSH\r\n\r\n"}, END}, HF_ERROR_UPSTREAM, "speak HTTP"},
        {{{"GET /version", ""}, END}, HF_ERROR_UNAVAILABLE, "connection to Docker broke"},
        {{{"GET /version", OK("{\"ApiVersion\":")}, END}, HF_ERROR_UPSTREAM, "not what it should"},
        {{{"GET /version", OK("<html>")}, END}, HF_ERROR_UPSTREAM, "not what it should"},
        {{{"GET /version", OK("")}, END}, HF_ERROR_UPSTREAM, "not what it should"},
        {{{"GET /version", OK("[]")}, END}, HF_ERROR_UPSTREAM, "does not say its API version"},
        {{{"GET /version", "HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\n{\"Api"}, END},
         HF_ERROR_UNAVAILABLE,
         "connection to Docker broke"},
        {{VERSION("1.40", "1.12"), END}, HF_ERROR_UNAVAILABLE, "too old"},
        {{VERSION("2.0", "1.12"), END}, HF_ERROR_UPSTREAM, "does not say its API version"},
        {{VERSION("1.41", "1.12"),
          {"GET /v1.41/info", FAIL("500 Oops", "{\"message\":\"cannot\"}")},
          END},
         HF_ERROR_UPSTREAM,
         "Docker: cannot"},
        {{VERSION("1.41", "1.12"), {"GET /v1.41/info", FAIL("500 Oops", "garbage")}, END},
         HF_ERROR_UPSTREAM,
         "status 500"},
        {{VERSION("1.41", "1.12"),
          {"GET /v1.41/info",
           FAIL("500 Oops", "{\"message\":\"write /x: no space left on device\"}")},
          END},
         HF_ERROR_NO_SPACE,
         "no space left"},
    };

    (void)state;
    for (size_t i = 0; i < HF_LEN(rows); i++) {
        struct hf_error err = error_of(rows[i].answers);

        says(&err, rows[i].class, rows[i].text);
    }
}

static void
version_is_negotiated(void **state)
{
    static const struct {
        struct fake_answer answers[3];
        const char *api;
    } rows[] = {
        {{VERSION("1.41", "1.12"), INFO, END}, "1.41"},
        {{VERSION("1.51", "1.24"), {"GET /v1.47/info", OK("{\"ServerVersion\":\"28\"}")}, END},
         "1.47"},
        {{VERSION("1.60", "1.50"), {"GET /v1.50/info", OK("{\"ServerVersion\":\"31\"}")}, END},
         "1.50"},
    };

    (void)state;
    for (size_t i = 0; i < HF_LEN(rows); i++) {
        struct fake_docker *f = fake_docker_start(rows[i].answers);
        HF_AUTO(hf_engine) struct hf_engine *e = engine_at(fake_docker_socket(f));
        struct hf_engine_info info;
        struct hf_error err = {0};

        assert_int_equal(ops->info(e, &info, &err), 0);
        assert_string_equal(info.api_version, rows[i].api);
        if (i == 0) {
            assert_string_equal(info.version, "20.10.24");
            assert_int_equal(info.cgroup_version, 2);
            assert_int_equal(info.warning_count, 1);
            assert_non_null(strstr(info.warnings[0], "No swap limit support: "));
            assert_non_null(strstr(info.warnings[0], "swapaccount=1"));
            assert_false(hf_client_support(e).swap);
            assert_true(hf_client_support(e).memory);
        }
        assert_int_equal(ops->info(e, &info, &err), 0);
        assert_int_equal(fake_docker_asked(f, 0), 1);
        fake_docker_stop(f);
    }
}

static void
files_come_out_of_containers(void **state)
{
    static const struct fake_answer answers[] = {
        VERSION("1.41", "1.12"),
        INFO,
        {"GET /v1.41/containers/c1/archive?path=%2Fusr%2Fshare%2Fsbom ", OK("bytes of a tar")},
        {"GET /v1.41/containers/c2/", FAIL("404 Not Found", "{\"message\":\"no such path\"}")},
        END};
    struct fake_docker *f = fake_docker_start(answers);
    HF_AUTO(hf_engine) struct hf_engine *e = engine_at(fake_docker_socket(f));
    HF_AUTO_BUF struct hf_buf tar = HF_BUF_INIT(20), small = HF_BUF_INIT(5);
    struct hf_error err = {0};

    (void)state;
    assert_int_equal(ops->archive(e, "c1", "/usr/share/sbom", &tar, &err), 0);
    assert_string_equal(tar.data, "bytes of a tar");
    assert_int_equal(ops->archive(e, "c1", "/usr/share/sbom", &small, &err), -1);
    says(&err, HF_ERROR_TOO_LARGE, "/usr/share/sbom in the container has more than");
    assert_int_equal(ops->archive(e, "c2", "/usr/share/sbom", &tar, &err), -1);
    says(&err, HF_ERROR_NOT_FOUND, "no such path");
    fake_docker_stop(f);
}

static void
silent_docker_times_out(void **state)
{
    static const struct fake_answer answers[] = {
        VERSION("1.41", "1.12"), INFO, {"GET /v1.41/slow", NULL}, END};
    struct fake_docker *f = fake_docker_start(answers);
    HF_AUTO(hf_engine) struct hf_engine *e = engine_at(fake_docker_socket(f));
    struct hf_client_call call = {.method = "GET", .path = "/slow", .total_ms = 150};
    struct hf_error err = {0};

    (void)state;
    assert_int_equal(hf_client_call(e, &call, NULL, &err), -1);
    says(&err, HF_ERROR_TIMEOUT, "did not answer in time (GET /slow)");
    fake_docker_stop(f);
}

static void
names_are_percent_encoded(void **state)
{
    static const struct fake_answer answers[] = {
        VERSION("1.41", "1.12"), INFO, {"POST /v1.41/containers/", OK("")}, END};
    struct fake_docker *f = fake_docker_start(answers);
    HF_AUTO(hf_engine) struct hf_engine *e = engine_at(fake_docker_socket(f));
    struct hf_error err = {0};

    (void)state;
    assert_int_equal(ops->start(e, "a/../b?c\r\nX: y%\xc3\xa9", &err), 0);
    assert_string_equal(
        fake_docker_request(f, 2),
        "POST /v1.41/containers/a%2F..%2Fb%3Fc%0D%0AX%3A%20y%25%C3%A9/start HTTP/1.1");
    fake_docker_stop(f);
}

static void
endless_answer_is_bounded(void **state)
{
    char *flood = malloc(ANSWER_BYTES_MAX + 65536);
    struct fake_answer answers[] = {
        VERSION("1.41", "1.12"), INFO, {"GET /v1.41/containers", NULL}, END};
    struct fake_docker *f;
    struct hf_container list[2];
    struct hf_error err = {0};
    size_t count = 77;

    (void)state;
    memset(flood, ' ', ANSWER_BYTES_MAX + 65535);
    flood[ANSWER_BYTES_MAX + 65535] = '\0';
    memcpy(flood, OK("["), strlen(OK("[")));
    answers[2].bytes = flood;
    f = fake_docker_start(answers);
    HF_AUTO(hf_engine) struct hf_engine *e = engine_at(fake_docker_socket(f));
    assert_int_equal(ops->list(e, "hf", list, 2, &count, &err), -1);
    assert_int_equal(err.class, HF_ERROR_TOO_LARGE);
    assert_int_equal(count, 77);
    fake_docker_stop(f);
    free(flood);
}

static void
an_engine_that_would_take_the_services_with_it_is_warned_of(void **state)
{
    static const struct fake_answer answers[] = {
        VERSION("1.41", "1.12"),
        {"GET /v1.41/info", OK("{\"ServerVersion\":\"20.10.24\",\"LiveRestoreEnabled\":false}")},
        END};
    struct fake_docker *f = fake_docker_start(answers);
    HF_AUTO(hf_engine) struct hf_engine *e = engine_at(fake_docker_socket(f));
    struct hf_engine_info info;
    struct hf_error err = {0};

    (void)state;
    assert_int_equal(ops->info(e, &info, &err), 0);
    assert_int_equal(info.warning_count, 1);
    assert_non_null(strstr(info.warnings[0], "\"live-restore\": true in /etc/docker/daemon.json"));
    fake_docker_stop(f);
}

static void
networks_and_volumes_are_listed_by_name(void **state)
{
    static const struct fake_answer answers[] = {
        VERSION("1.41", "1.12"),
        INFO,
        {"GET /v1.41/networks", OK("[{\"Name\":\"hf-bus\"},{},{\"Name\":\"hf-lease\"}]")},
        {"GET /v1.41/volumes", OK("{\"Volumes\":[{\"Name\":\"hf-buffer-data\"}]}")},
        END};
    struct fake_docker *f = fake_docker_start(answers);
    HF_AUTO(hf_engine) struct hf_engine *e = engine_at(fake_docker_socket(f));
    struct hf_surroundings around;
    struct hf_error err = {0};

    (void)state;
    assert_int_equal(ops->surroundings(e, "hf", &around, &err), 0);
    assert_int_equal(around.network_count, 2);
    assert_string_equal(around.networks[1], "hf-lease");
    assert_int_equal(around.volume_count, 1);
    assert_string_equal(around.volumes[0], "hf-buffer-data");
    assert_non_null(strstr(fake_docker_request(f, 2), "io.holdfast.instance%3Dhf"));
    fake_docker_stop(f);
}

/* Of the services' own containers, and only of this instance. */
static void
a_release_is_put_together_from_labels(void **state)
{
#define LISTED(name, instance, service, pin)                                                       \
    "{\"Id\":\"x\",\"Names\":[\"/" name "\"],\"Labels\":{\"io.holdfast.instance\":\"" instance     \
    "\",\"io.holdfast.service\":\"" service "\",\"io.holdfast.pin\":\"" pin "\"}}"
    static const struct fake_answer answers[] = {
        VERSION("1.41", "1.12"),
        INFO,
        {"GET /v1.41/containers/json?all=true",
         OK("[" LISTED("hf-broker", "hf", "broker", "{\\\"tag\\\":\\\"1.0.0\\\"}") "," LISTED(
             "hf-app", "hf", "app",
             "{\\\"tag\\\":\\\"2.0.0\\\"}") "," LISTED("other-buffer", "other", "buffer",
                                                       "{}") "," LISTED("copy", "hf", "buffer",
                                                                        "{}") "," LISTED("hf-"
                                                                                         "forw"
                                                                                         "arde"
                                                                                         "r",
                                                                                         "hf",
                                                                                         "forw"
                                                                                         "arde"
                                                                                         "r",
                                                                                         "no "
                                                                                         "jso"
                                                                                         "n") ",{}"
                                                                                              "]")},
        END};
    struct fake_docker *f = fake_docker_start(answers);
    HF_AUTO(hf_engine) struct hf_engine *e = engine_at(fake_docker_socket(f));
    HF_AUTO_FREE char *text = NULL;
    struct hf_error err = {0};

    (void)state;
    assert_int_equal(hf_engine_release(e, "hf", 7, &text, &err), 0);
    assert_non_null(strstr(text,
                           "\"services\":{\"broker\":{\"tag\":\"1.0.0\"},"
                           "\"app\":{\"tag\":\"2.0.0\"}},\"format\":1,\"name\":\"rebuilt\","));
    assert_non_null(strstr(text, "\"counter\":7,\"min_holdfastd\":"));
    assert_int_equal(hf_engine_release(e, "third", 7, &text, &err), -1);
    assert_int_equal(err.class, HF_ERROR_NOT_FOUND);
    fake_docker_stop(f);
}

#define IMAGE(tags) "{\"Id\":\"sha256:aa\",\"RepoTags\":[" tags "]}"

static const struct hf_release_image old_image = {
    .image = "r:5000/x@sha256:cc", .repository = "x", .tag = "1.0.0", .image_id = "sha256:aa"};

static int
remove_image(const struct fake_answer *answers, struct hf_error *err, int deletes[2])
{
    struct fake_docker *f = fake_docker_start(answers);
    HF_AUTO(hf_engine) struct hf_engine *e = engine_at(fake_docker_socket(f));
    int rc;

    *err = (struct hf_error){0};
    rc = ops->remove_image(e, &old_image, err);
    for (int i = 0; i < 2; i++)
        deletes[i] = fake_docker_asked(f, 2 + i);
    fake_docker_stop(f);
    return rc;
}

static void
an_image_goes_by_the_name_that_a_pull_gave_it(void **state)
{
    static const struct fake_answer pulled[] = {
        VERSION("1.41", "1.12"),
        INFO,
        {"DELETE /v1.41/images/r:5000/x@sha256:cc", OK("[]")},
        {"DELETE", FAIL("500 Oops", "{}")},
        {"GET /v1.41/images/sha256:aa/json", OK(IMAGE(""))},
        END};
    static const struct fake_answer loaded[] = {
        VERSION("1.41", "1.12"),
        INFO,
        {"DELETE /v1.41/images/r:5000/x@sha256:cc", FAIL("404 Not Found", "{}")},
        {"DELETE /v1.41/images/sha256:aa", OK("[]")},
        {"GET /v1.41/images/sha256:aa/json", OK(IMAGE("\"r:5000/x:1.0.0\""))},
        END};
    struct hf_error err;
    int deletes[2];

    (void)state;
    assert_int_equal(remove_image(pulled, &err, deletes), 0);
    assert_int_equal(deletes[0], 1);
    assert_int_equal(deletes[1], 0);
    assert_int_equal(remove_image(loaded, &err, deletes), 0);
    assert_int_equal(deletes[1], 1);
}

static void
an_image_that_is_somebodys_stays(void **state)
{
    static const char *const names[] = {"\"mine:1\"", "\"r:5000/x:1.0.0\",\"r:5000/xy:1\"",
                                        "\"r:5000/x\"", "null"};
    struct hf_error err;
    int deletes[2];

    (void)state;
    for (size_t i = 0; i < HF_LEN(names); i++) {
        char body[256];
        const struct fake_answer answers[] = {VERSION("1.41", "1.12"),
                                              INFO,
                                              {"DELETE", OK("[]")},
                                              {"nothing", ""},
                                              {"GET /v1.41/images/sha256:aa/json", body},
                                              END};

        snprintf(body, sizeof body, OK("{\"Id\":\"sha256:aa\",\"RepoTags\":[%s]}"), names[i]);
        assert_int_equal(remove_image(answers, &err, deletes), -1);
        assert_int_equal(err.class, HF_ERROR_CONFLICT);
        assert_int_equal(deletes[0], 0);
    }
}

static void
an_image_that_is_used_stays_and_one_that_is_gone_is_fine(void **state)
{
    static const struct fake_answer used[] = {
        VERSION("1.41", "1.12"),
        INFO,
        {"DELETE", FAIL("409 Conflict", "{\"message\":\"image is being used\"}")},
        {"nothing", ""},
        {"GET /v1.41/images/sha256:aa/json", OK(IMAGE(""))},
        END};
    static const struct fake_answer gone[] = {VERSION("1.41", "1.12"),
                                              INFO,
                                              {"DELETE", OK("[]")},
                                              {"nothing", ""},
                                              {"GET /v1.41/images/", FAIL("404 Not Found", "{}")},
                                              END};
    struct hf_error err;
    int deletes[2];

    (void)state;
    assert_int_equal(remove_image(used, &err, deletes), -1);
    assert_int_equal(err.class, HF_ERROR_CONFLICT);
    assert_int_equal(remove_image(gone, &err, deletes), 0);
    assert_int_equal(deletes[0], 0);
}

struct heard {
    char what[512];
    int lost;
};

static bool
on_event(void *context, const struct hf_engine_event *event)
{
    struct heard *h = context;
    size_t len = strlen(h->what);

    len += (size_t)snprintf(h->what + len, sizeof h->what - len, "%s:%s ", event->what,
                            event->service);
    if (event->has_exit_code)
        snprintf(h->what + len - 1, sizeof h->what - len + 1, "=%d ", event->exit_code);
    h->lost += strcmp(event->what, "lost") == 0;
    return h->lost < 2;
}

static void
event_stream_reconnects_from_where_it_was(void **state)
{
    static const struct fake_answer answers[] = {
        VERSION("1.41", "1.12"),
        INFO,
        {"GET /v1.41/events",
         OK("{\"Type\":\"container\",\"Action\":\"die\",\"time\":1700000000,\"Actor\":{"
            "\"Attributes\":{\"io.holdfast.instance\":\"hf\",\"io.holdfast.service\":\"buffer\","
            "\"exitCode\":\"139\"}}"
            "}\ngarbage\n[]\n{\"Type\":7}\n"
            "{\"Type\":\"container\",\"Action\":\"die\",\"Actor\":{\"Attributes\":{}}}\n"
            "{\"Type\":\"network\",\"Action\":\"create\",\"Actor\":{\"Attributes\":{\"name\":"
            "\"hf-bus\"}}}\n"
            "{\"Type\":\"network\",\"Action\":\"destroy\",\"Actor\":{\"Attributes\":{\"name\":"
            "\"hf-bus\"}}}\n"
            "{\"Type\":\"network\",\"Action\":\"destroy\",\"Actor\":{\"Attributes\":{\"name\":"
            "\"hfx-bus\"}}}\n"
            "{\"Type\":\"volume\",\"Action\":\"destroy\",\"Actor\":{\"ID\":\"hf-data\"}}\n")},
        END};
    struct fake_docker *f = fake_docker_start(answers);
    HF_AUTO(hf_engine) struct hf_engine *e = engine_at(fake_docker_socket(f));
    struct heard h = {0};
    struct hf_error err = {0};

    (void)state;
    assert_int_equal(ops->events(e, "hf", on_event, NULL, &h, &err), 0);
    assert_string_equal(h.what,
                        "connected: die:buffer=139 network-destroy: volume-destroy: lost: "
                        "connected: die:buffer=139 network-destroy: volume-destroy: lost: ");
    assert_non_null(strstr(fake_docker_request(f, 2), "&since=1700000000 "));
    assert_int_equal(fake_docker_asked(f, 0), 2); /* another Docker may be there by then */
    fake_docker_stop(f);
}

static bool
at_once(void *context)
{
    (void)context;
    return true;
}

static void
cancelled_streams_end_well(void **state)
{
    HF_AUTO(hf_engine) struct hf_engine *away = engine_at("/nonexistent/docker.sock");
    static const struct fake_answer answers[] = {
        VERSION("1.41", "1.12"), INFO, {"GET /v1.41/containers/x/logs", NULL}, END};
    struct fake_docker *f = fake_docker_start(answers);
    HF_AUTO(hf_engine) struct hf_engine *e = engine_at(fake_docker_socket(f));
    struct hf_error err = {0};

    (void)state;
    assert_int_equal(ops->events(away, "hf", on_event, at_once, NULL, &err), 0);
    assert_int_equal(ops->logs(e, "x", 10, true, NULL, at_once, NULL, &err), 0);
    fake_docker_stop(f);
}

/* Never by force, so that what is used stays; by its id only where the digest is not known. */
static void
an_image_is_removed_by_its_digest_then_by_its_id(void **state)
{
    static const struct fake_answer answers[] = {
        VERSION("1.41", "1.12"),
        INFO,
        {"GET /v1.41/images/sha256:aa/json", OK(IMAGE(""))},
        {"GET /v1.41/images/sha256:cc/json", FAIL("404 Not Found", "{\"message\":\"none\"}")},
        {"GET /v1.41/images/reg/b@sha256:bb/json", FAIL("404 Not Found", "{\"message\":\"none\"}")},
        {"DELETE /v1.41/images/reg/b@sha256:bb", FAIL("404 Not Found", "{\"message\":\"none\"}")},
        {"DELETE /v1.41/images/sha256:aa", FAIL("409 Conflict", "{\"message\":\"in use\"}")},
        {"DELETE /v1.41/images/sha256:cc", FAIL("404 Not Found", "{\"message\":\"none\"}")},
        END};
    static const struct hf_release_image used = {
        .image = "reg/b@sha256:bb", .tag = "1.0.0", .image_id = "sha256:aa"};
    static const struct hf_release_image gone = {
        .image = "reg/b@sha256:bb", .tag = "1.0.0", .image_id = "sha256:cc"};
    struct fake_docker *f = fake_docker_start(answers);
    HF_AUTO(hf_engine) struct hf_engine *e = engine_at(fake_docker_socket(f));
    struct hf_error err = {0};

    (void)state;
    assert_int_equal(ops->remove_image(e, &used, &err), -1);
    says(&err, HF_ERROR_CONFLICT, "in use");
    assert_string_equal(fake_docker_request(f, 6), "DELETE /v1.41/images/sha256:aa HTTP/1.1");
    assert_int_equal(ops->remove_image(e, &gone, &err), 0);
    fake_docker_stop(f);
}

static bool
never(void *context)
{
    (void)context;
    return false;
}

/* Docker and we would take the path for one in a registry of some other choice. */
static void
pull_without_a_registry_is_refused(void **state)
{
    static const struct fake_answer answers[] = {
        VERSION("1.41", "1.12"),
        INFO,
        {"GET /v1.41/images/" DIGEST "/json", FAIL("404 Not Found", "{\"message\":\"none\"}")},
        END};
    static const struct hf_release_image image = {.image = "a/b@" DIGEST,
                                                  .repository = "a/b",
                                                  .digest = DIGEST,
                                                  .tag = "1.0.0",
                                                  .image_id = DIGEST};
    struct fake_docker *f = fake_docker_start(answers);
    HF_AUTO(hf_engine) struct hf_engine *e = engine_at(fake_docker_socket(f));
    struct hf_error err = {0};

    (void)state;
    assert_int_equal(ops->pull(e, &image, never, NULL, &err), -1);
    says(&err, HF_ERROR_INVALID, "set registry.host");
    fake_docker_stop(f);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_image_is_removed_by_its_digest_then_by_its_id),
        cmocka_unit_test(pull_without_a_registry_is_refused),
        cmocka_unit_test(absent_socket_is_named),
        cmocka_unit_test(socket_without_listener_is_named),
        cmocka_unit_test(too_long_a_path_is_refused),
        cmocka_unit_test(wrong_answers_have_named_errors),
        cmocka_unit_test(version_is_negotiated),
        cmocka_unit_test(files_come_out_of_containers),
        cmocka_unit_test(silent_docker_times_out),
        cmocka_unit_test(names_are_percent_encoded),
        cmocka_unit_test(an_engine_that_would_take_the_services_with_it_is_warned_of),
        cmocka_unit_test(networks_and_volumes_are_listed_by_name),
        cmocka_unit_test(endless_answer_is_bounded),
        cmocka_unit_test(a_release_is_put_together_from_labels),
        cmocka_unit_test(an_image_goes_by_the_name_that_a_pull_gave_it),
        cmocka_unit_test(an_image_that_is_somebodys_stays),
        cmocka_unit_test(an_image_that_is_used_stays_and_one_that_is_gone_is_fine),
        cmocka_unit_test(event_stream_reconnects_from_where_it_was),
        cmocka_unit_test(cancelled_streams_end_well),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
