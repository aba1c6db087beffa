// SPDX-License-Identifier: Apache-2.0
/*
 * The engine client against a real Docker: makes a hardened container and reads every setting back.
 *
 *     DOCKER_SOCKET    /var/run/docker.sock where not given
 *     HF_TEST_IMAGE    an image that is there, has /data owned by 10001, prints a line "hello" on
 *                      stdout and one on stderr, and runs until SIGTERM; skipped without it
 */
#include "unit.h"

#include "engine/client.h"
#include "engine/engine.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define INSTANCE "hfit-engine"
#define MIB (1024LL * 1024)

enum { UID = 10001, HOST_PORT = 28883, EVENTS_MAX = 64 };

static const struct hf_engine_ops *const ops = &hf_docker_ops;
static struct hf_engine *engine;
static struct hf_spec spec;
static char id[HF_HASH_SIZE];

static void
ok(int result, const struct hf_error *err)
{
    if (result < 0)
        fail_msg("%s", err->message);
}

static void delete(const char *path)
{
    struct hf_client_call call = {.method = "DELETE", .path = path, .total_ms = 30000};

    (void)!hf_client_call(engine, &call, NULL, NULL);
}

static void
clean(void)
{
    delete ("/containers/" INSTANCE "-broker?force=true");
    delete ("/networks/" INSTANCE "-field");
    delete ("/networks/" INSTANCE "-bus");
    delete ("/volumes/" INSTANCE "-data");
}

static struct hf_json *
get(const char *path)
{
    struct hf_json *doc = NULL;
    struct hf_error err = {0};

    ok(hf_client_get(engine, path, &doc, &err), &err);
    return doc;
}

static void
fill_spec(const char *image_id)
{
    spec = (struct hf_spec){
        .instance = INSTANCE,
        .service = "broker",
        .container = INSTANCE "-broker",
        .uid = UID,
        .limits = {.memory_bytes = 16 * MIB,
                   .memory_reservation_bytes = 8 * MIB,
                   .nano_cpus = 500000000,
                   .pids = 16,
                   .log_bytes = 3 * MIB,
                   .oom_score_adj = 200},
        .stop_timeout_s = 5,
        .mounts = {{HF_MOUNT_BIND, "/tmp/" INSTANCE "/run", "/run/holdfast", true, 0},
                   {HF_MOUNT_TMPFS, "", "/tmp", false, 4 * MIB},
                   {HF_MOUNT_VOLUME, INSTANCE "-data", "/data", false, 0}},
        .mount_count = 3,
        .ports = {{"127.0.0.1", HOST_PORT, 1883}},
        .port_count = 1,
        .networks = {{INSTANCE "-field", ""}, {INSTANCE "-bus", "broker"}},
        .network_count = 2,
        .hash = "0123abcd",
    };
    snprintf(spec.image.image_id, sizeof spec.image.image_id, "%s", image_id);
    snprintf(spec.image.image, sizeof spec.image.image, "localhost/none@%s", image_id);
}

static int
set_up(void **state)
{
    const char *socket = getenv("DOCKER_SOCKET");
    const char *image = getenv("HF_TEST_IMAGE");
    HF_AUTO(hf_json) struct hf_json *doc = NULL;
    struct hf_error err = {0};
    char path[512];

    (void)state;
    ok(hf_engine_new(socket ? socket : "/var/run/docker.sock", &engine, &err), &err);
    if (!image)
        return 0;
    clean();
    snprintf(path, sizeof path, "/images/%s/json", image);
    doc = get(path);
    fill_spec(hf_json_string(doc, "Id"));
    return 0;
}

static int
tear_down(void **state)
{
    (void)state;
    if (getenv("HF_TEST_IMAGE"))
        clean();
    hf_engine_free(engine);
    return 0;
}

static void
needs_image(void)
{
    if (!getenv("HF_TEST_IMAGE"))
        skip();
}

static struct hf_container
seen(void)
{
    struct hf_container list[HF_CONTAINERS_MAX];
    struct hf_error err = {0};
    size_t count = 0;

    ok(ops->list(engine, INSTANCE, list, HF_CONTAINERS_MAX, &count, &err), &err);
    assert_int_equal(count, 1);
    return list[0];
}

static void
info_says_version_and_warnings(void **state)
{
    struct hf_engine_info info;
    struct hf_error err = {0};

    (void)state;
    needs_image();
    ok(ops->info(engine, &info, &err), &err);
    assert_true(info.version[0]);
    assert_int_equal(strncmp(info.api_version, "1.4", 3), 0);
    assert_in_range(info.cgroup_version, 1, 2);
}

static void
networks_and_volumes_are_made_once_and_only_ours_are_taken(void **state)
{
    struct hf_network_spec field = {INSTANCE "-field", false};
    struct hf_network_spec bus = {INSTANCE "-bus", true};
    struct hf_error err = {0};

    (void)state;
    needs_image();
    for (int i = 0; i < 2; i++) {
        ok(ops->ensure_network(engine, INSTANCE, &field, &err), &err);
        ok(ops->ensure_network(engine, INSTANCE, &bus, &err), &err);
        ok(ops->ensure_volume(engine, INSTANCE, INSTANCE "-data", &err), &err);
    }
    bus.internal = false;
    assert_int_equal(ops->ensure_network(engine, INSTANCE, &bus, &err), -1);
    assert_int_equal(err.class, HF_ERROR_CONFLICT);
    assert_int_equal(ops->ensure_network(engine, "another", &field, &err), -1);
    assert_int_equal(err.class, HF_ERROR_CONFLICT);
    assert_int_equal(ops->ensure_volume(engine, "another", INSTANCE "-data", &err), -1);
    assert_int_equal(err.class, HF_ERROR_CONFLICT);
}

static void
a_volume_goes_once(void **state)
{
    static struct hf_surroundings there;
    struct hf_error err = {0};

    (void)state;
    ok(ops->ensure_volume(engine, INSTANCE, INSTANCE "-passing", &err), &err);
    for (int i = 0; i < 2; i++)
        ok(ops->remove_volume(engine, INSTANCE "-passing", &err), &err);
    ok(ops->surroundings(engine, INSTANCE, &there, &err), &err);
    for (size_t i = 0; i < there.volume_count; i++)
        assert_string_not_equal(there.volumes[i], INSTANCE "-passing");
}

static void
images_are_found_by_id(void **state)
{
    static const char unknown[] =
        "sha256:0000000000000000000000000000000000000000000000000000000000000000";
    struct hf_error err = {0};
    bool has = false;

    (void)state;
    needs_image();
    ok(ops->has_image(engine, spec.image.image_id, &has, &err), &err);
    assert_true(has);
    ok(ops->has_image(engine, unknown, &has, &err), &err);
    assert_false(has);
}

static const struct hf_json *
at(const struct hf_json *doc, const char *a, const char *b)
{
    return hf_json_get(hf_json_get(doc, a), b);
}

static void
only_text(const struct hf_json *array, const char *text)
{
    assert_int_equal(hf_json_count(array), 1);
    assert_string_equal(hf_json_as_string(hf_json_first(array)), text);
}

static void
check_limits(const struct hf_json *doc)
{
    const struct hf_json *host = hf_json_get(doc, "HostConfig");

    assert_int_equal(hf_json_int(host, "Memory", 0), 16 * MIB);
    assert_int_equal(hf_json_int(host, "MemorySwap", 0), 16 * MIB);
    assert_int_equal(hf_json_int(host, "NanoCpus", 0), 500000000);
    assert_int_equal(hf_json_int(host, "PidsLimit", 0), 16);
    assert_int_equal(hf_json_int(hf_json_get(doc, "Config"), "StopTimeout", 0), 5);
}

static void
check_hardening(const struct hf_json *doc)
{
    const struct hf_json *host = hf_json_get(doc, "HostConfig");
    const struct hf_json *log = hf_json_get(host, "LogConfig");

    assert_string_equal(hf_json_string(hf_json_get(doc, "Config"), "User"), "10001:10001");
    assert_true(hf_json_bool(host, "ReadonlyRootfs", false));
    assert_false(hf_json_bool(host, "Privileged", true));
    assert_false(hf_json_bool(host, "Init", true));
    only_text(hf_json_get(host, "CapDrop"), "ALL");
    assert_int_equal(hf_json_count(hf_json_get(host, "CapAdd")), 0);
    only_text(hf_json_get(host, "SecurityOpt"), "no-new-privileges");
    assert_string_equal(hf_json_string(hf_json_get(host, "RestartPolicy"), "Name"),
                        "unless-stopped");
    assert_string_equal(hf_json_string(log, "Type"), "json-file");
    assert_string_equal(hf_json_string(hf_json_get(log, "Config"), "max-size"), "1048576");
    assert_string_equal(hf_json_string(hf_json_get(log, "Config"), "max-file"), "3");
}

static void
check_mounts_and_ports(const struct hf_json *doc)
{
    const struct hf_json *host = hf_json_get(doc, "HostConfig");
    const struct hf_json *mount = hf_json_first(hf_json_get(host, "Mounts"));
    const struct hf_json *port = at(host, "PortBindings", "1883/tcp");

    only_text(hf_json_get(host, "Binds"), "/tmp/" INSTANCE "/run:/run/holdfast:ro");
    assert_string_equal(hf_json_string(hf_json_get(host, "Tmpfs"), "/tmp"),
                        "rw,nosuid,nodev,noexec,mode=1777,size=4194304");
    assert_string_equal(hf_json_string(mount, "Type"), "volume");
    assert_string_equal(hf_json_string(mount, "Source"), INSTANCE "-data");
    assert_string_equal(hf_json_string(mount, "Target"), "/data");
    assert_string_equal(hf_json_string(hf_json_first(port), "HostIp"), "127.0.0.1");
    assert_string_equal(hf_json_string(hf_json_first(port), "HostPort"), "28883");
}

static void
check_networks_and_labels(const struct hf_json *doc)
{
    const struct hf_json *labels = at(doc, "Config", "Labels");
    const struct hf_json *networks = at(doc, "NetworkSettings", "Networks");
    const struct hf_json *alias =
        hf_json_first(hf_json_get(hf_json_get(networks, INSTANCE "-bus"), "Aliases"));

    assert_int_equal(hf_json_count(networks), 2);
    assert_string_equal(hf_json_as_string(alias), "broker");
    assert_string_equal(hf_json_string(labels, "io.holdfast.instance"), INSTANCE);
    assert_string_equal(hf_json_string(labels, "io.holdfast.service"), "broker");
    assert_string_equal(hf_json_string(labels, "io.holdfast.spec"), "0123abcd");
}

static struct hf_json *
inspect(void)
{
    char path[128];

    snprintf(path, sizeof path, "/containers/%s/json", id);
    return get(path);
}

static void
container_is_as_hardened_as_the_spec_says(void **state)
{
    HF_AUTO(hf_json) struct hf_json *doc = NULL;
    struct hf_error err = {0};
    struct hf_container c;

    (void)state;
    needs_image();
    ok(ops->create(engine, &spec, id, &err), &err);
    doc = inspect();
    check_limits(doc);
    check_hardening(doc);
    check_mounts_and_ports(doc);
    check_networks_and_labels(doc);
    c = seen();
    assert_string_equal(c.id, id);
    assert_int_equal(c.state, HF_CONTAINER_CREATED);
    assert_string_equal(c.image_id, spec.image.image_id);
    assert_string_equal(c.spec_hash, "0123abcd");
    assert_false(c.limits_differ);
    assert_int_equal(c.started_ms, 0);

    assert_int_equal(ops->create(engine, &spec, id, &err), -1);
    assert_int_equal(err.class, HF_ERROR_CONFLICT);
}

static void
field_network_carries_port_and_default_route(void **state)
{
    HF_AUTO(hf_json) struct hf_json *doc = NULL;
    const struct hf_json *port;
    struct hf_error err = {0};
    struct hf_container c;

    (void)state;
    needs_image();
    for (int i = 0; i < 2; i++) /* the second time it runs already */
        ok(ops->start(engine, id, &err), &err);
    doc = inspect();
    port = hf_json_first(hf_json_get(at(doc, "NetworkSettings", "Ports"), "1883/tcp"));
    assert_string_equal(hf_json_string(port, "HostPort"), "28883");
    c = seen();
    assert_int_equal(c.state, HF_CONTAINER_RUNNING);
    assert_true(c.pid > 0 && c.started_ms > 1600000000000 && c.bus_address[0]);
}

struct tail {
    int lines, errors;
    bool hello;
};

static bool
on_line(void *context, const struct hf_log_line *line)
{
    struct tail *t = context;

    t->lines++;
    t->errors += line->is_stderr;
    t->hello |= strstr(line->text, "hello") != NULL;
    return line->time_ms > 1600000000000;
}

static bool
after_two(void *context)
{
    return ((struct tail *)context)->lines >= 2;
}

static void
logs_are_read_and_followed(void **state)
{
    struct hf_error err = {0};
    struct tail once = {0};
    struct tail followed = {0};

    (void)state;
    needs_image();
    nanosleep(&(struct timespec){.tv_sec = 1}, NULL);
    ok(ops->logs(engine, id, 10, false, on_line, NULL, &once, &err), &err);
    assert_true(once.hello && once.lines >= 2 && once.errors >= 1);
    ok(ops->logs(engine, id, 10, true, on_line, after_two, &followed, &err), &err);
    assert_true(followed.hello);
    assert_int_equal(ops->logs(engine, "nobody", 1, false, on_line, NULL, &once, &err), -1);
    assert_int_equal(err.class, HF_ERROR_NOT_FOUND);
}

static void
limits_changed_by_hand_are_put_right_without_a_restart(void **state)
{
    struct hf_error err = {0};
    char path[128];
    struct hf_client_call call = {
        .method = "POST", .path = path, .body = "{\"PidsLimit\":99}", .total_ms = 10000};
    struct hf_container before, after;

    (void)state;
    needs_image();
    before = seen();
    assert_true(hf_limits_live_equal(&spec.limits, &before.limits));
    snprintf(path, sizeof path, "/containers/%s/update", id);
    ok(hf_client_call(engine, &call, NULL, &err), &err);
    after = seen();
    assert_false(hf_limits_live_equal(&spec.limits, &after.limits));
    ok(ops->update(engine, id, &spec, &err), &err);
    after = seen();
    assert_true(hf_limits_live_equal(&spec.limits, &after.limits));
    assert_int_equal(after.pid, before.pid);
    assert_false(after.limits_differ);
}

struct listener {
    pthread_mutex_t lock;
    bool stop;
    char what[EVENTS_MAX][32];
    size_t count;
};

static bool
on_event(void *context, const struct hf_engine_event *event)
{
    struct listener *l = context;

    pthread_mutex_lock(&l->lock);
    if (l->count < EVENTS_MAX)
        snprintf(l->what[l->count++], sizeof l->what[0], "%s/%s", event->what, event->service);
    pthread_mutex_unlock(&l->lock);
    return true;
}

static bool
listener_stopped(void *context)
{
    struct listener *l = context;
    bool stop;

    pthread_mutex_lock(&l->lock);
    stop = l->stop;
    pthread_mutex_unlock(&l->lock);
    return stop;
}

static void *
listen_to_events(void *context)
{
    struct hf_error err = {0};

    ok(ops->events(engine, INSTANCE, on_event, listener_stopped, context, &err), &err);
    return NULL;
}

static bool
heard(struct listener *l, const char *what)
{
    for (int tries = 0; tries < 100; tries++) {
        bool found = false;

        pthread_mutex_lock(&l->lock);
        for (size_t i = 0; i < l->count; i++)
            found |= strcmp(l->what[i], what) == 0;
        pthread_mutex_unlock(&l->lock);
        if (found)
            return true;
        nanosleep(&(struct timespec){.tv_nsec = 50000000}, NULL);
    }
    return false;
}

static void
stop_and_remove_are_seen_as_events_and_may_be_repeated(void **state)
{
    struct listener l = {.lock = PTHREAD_MUTEX_INITIALIZER};
    struct hf_error err = {0};
    pthread_t thread;

    (void)state;
    needs_image();
    assert_int_equal(pthread_create(&thread, NULL, listen_to_events, &l), 0);
    assert_true(heard(&l, "connected/"));
    for (int i = 0; i < 2; i++)
        ok(ops->stop(engine, id, 5, &err), &err);
    assert_true(heard(&l, "die/broker"));
    assert_int_equal(seen().state, HF_CONTAINER_EXITED);
    assert_int_equal(seen().exit_code, 0);
    for (int i = 0; i < 2; i++)
        ok(ops->remove(engine, id, &err), &err);
    assert_true(heard(&l, "destroy/broker"));
    delete ("/networks/" INSTANCE "-bus");
    assert_true(heard(&l, "network-destroy/"));
    delete ("/volumes/" INSTANCE "-data");
    assert_true(heard(&l, "volume-destroy/"));
    pthread_mutex_lock(&l.lock);
    l.stop = true;
    pthread_mutex_unlock(&l.lock);
    pthread_join(thread, NULL);
}

static void
half_made_container_is_removed(void **state)
{
    struct hf_container list[HF_CONTAINERS_MAX];
    struct hf_spec impossible = spec;
    struct hf_error err = {0};
    size_t count = 1;

    (void)state;
    needs_image();
    snprintf(impossible.networks[1].network, HF_NAME_SIZE, "host"); /* excludes all others */
    assert_int_equal(ops->create(engine, &impossible, id, &err), -1);
    if (!strstr(err.message, "to network 'host': Docker: "))
        fail_msg("%s", err.message);
    ok(ops->list(engine, INSTANCE, list, HF_CONTAINERS_MAX, &count, &err), &err);
    assert_int_equal(count, 0);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(info_says_version_and_warnings),
        cmocka_unit_test(networks_and_volumes_are_made_once_and_only_ours_are_taken),
        cmocka_unit_test(a_volume_goes_once),
        cmocka_unit_test(images_are_found_by_id),
        cmocka_unit_test(container_is_as_hardened_as_the_spec_says),
        cmocka_unit_test(field_network_carries_port_and_default_route),
        cmocka_unit_test(logs_are_read_and_followed),
        cmocka_unit_test(limits_changed_by_hand_are_put_right_without_a_restart),
        cmocka_unit_test(stop_and_remove_are_seen_as_events_and_may_be_repeated),
        cmocka_unit_test(half_made_container_is_removed),
    };

    return cmocka_run_group_tests(tests, set_up, tear_down);
}
