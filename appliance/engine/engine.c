// SPDX-License-Identifier: Apache-2.0
#include "engine/engine.h"

#include "base/text.h"
#include "engine/archive.h"
#include "engine/client.h"
#include "engine/create.h"
#include "engine/image.h"
#include "engine/inspect.h"
#include "engine/load.h"
#include "engine/stream.h"
#include "engine/support.h"
#include "engine/update.h"

#include <errno.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/un.h>
#include <time.h>

int
hf_engine_new(const char *socket_path, struct hf_engine **ret_engine, struct hf_error *err)
{
    HF_AUTO(hf_engine) struct hf_engine *e = NULL;
    struct sockaddr_un address;
    pthread_condattr_t monotonic;

    if (strlen(socket_path) >= sizeof address.sun_path)
        return hf_error_set(err, HF_ERROR_INVALID, "the path of the Docker socket is too long");
    e = calloc(1, sizeof *e);
    if (!e)
        return hf_error_nomem(err);
    pthread_mutex_init(&e->lock, NULL);
    pthread_condattr_init(&monotonic);
    pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
    pthread_cond_init(&e->import_ended, &monotonic);
    pthread_condattr_destroy(&monotonic);
    e->wake_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    if (e->wake_fd < 0)
        return hf_error_errno(err, errno, "cannot make an eventfd");
    e->socket_path = strdup(socket_path);
    if (!e->socket_path)
        return hf_error_nomem(err);
    *ret_engine = hf_steal(&e);
    return 0;
}

void
hf_engine_free(struct hf_engine *engine)
{
    if (!engine)
        return;
    pthread_mutex_destroy(&engine->lock);
    pthread_cond_destroy(&engine->import_ended);
    if (engine->wake_fd >= 0)
        close(engine->wake_fd);
    explicit_bzero(&engine->registry, sizeof engine->registry);
    free(engine->fetch_program);
    free(engine->bundle_path);
    free(engine->socket_path);
    free(engine);
}

int
hf_engine_set_fetch(struct hf_engine *engine, const char *program, int64_t stall_ms,
                    struct hf_error *err)
{
    char *copy = strdup(program);

    if (!copy)
        return hf_error_nomem(err);
    free(engine->fetch_program);
    engine->fetch_program = copy;
    engine->fetch_stall_ms = stall_ms;
    return 0;
}

int
hf_engine_set_bundle(struct hf_engine *engine, const char *path, struct hf_error *err)
{
    char *copy = strdup(path);

    if (!copy)
        return hf_error_nomem(err);
    free(engine->bundle_path);
    engine->bundle_path = copy;
    return 0;
}

void
hf_engine_stop(struct hf_engine *engine)
{
    if (engine)
        (void)!eventfd_write(engine->wake_fd, 1);
}

/* ---- what the engine is ---- */

static int
info(void *ctx, struct hf_engine_info *ret_info, struct hf_error *err)
{
    struct hf_engine *e = ctx;
    HF_AUTO(hf_json) struct hf_json *doc = NULL;
    const char *version;
    const char *cgroup;

    if (hf_client_get(e, "/info", &doc, err) < 0)
        return -1;
    *ret_info = (struct hf_engine_info){0};
    version = hf_json_string(doc, "ServerVersion");
    cgroup = hf_json_string(doc, "CgroupVersion");
    hf_text_put(ret_info->version, sizeof ret_info->version, "%s", version ? version : "");
    ret_info->cgroup_version = cgroup && strcmp(cgroup, "2") == 0 ? 2 : 1;
    ret_info->has_io_weight = hf_client_support(e).io_weight;
    if (hf_json_string(doc, "DockerRootDir"))
        hf_text_put(ret_info->data_dir, sizeof ret_info->data_dir, "%s",
                    hf_json_string(doc, "DockerRootDir"));
    hf_support_tell(e, hf_json_get(doc, "Warnings"), ret_info);
    if (!hf_json_bool(doc, "LiveRestoreEnabled", true))
        hf_support_add(ret_info,
                       "the services end when Docker ends: set \"live-restore\": true in "
                       "/etc/docker/daemon.json and reload Docker (systemctl reload docker)");
    pthread_mutex_lock(&e->lock);
    hf_text_put(ret_info->api_version, sizeof ret_info->api_version, "1.%d", e->minor);
    pthread_mutex_unlock(&e->lock);
    return 0;
}

/* ---- containers ---- */

static int
labelled_path(const char *what, const char *instance, struct hf_buf *path, struct hf_error *err)
{
    HF_AUTO(hf_json) struct hf_json *filters = hf_json_object();
    HF_AUTO_FREE char *text = NULL;
    struct hf_json *labels = hf_json_array();
    char label[HF_NAME_SIZE + 32];

    hf_text_put(label, sizeof label, LABEL_INSTANCE "=%s", instance);
    hf_json_add_string(labels, label);
    hf_json_put(filters, "label", labels);
    if (hf_json_print(filters, &text, err) < 0)
        return -1;
    return hf_client_path(path, what, text, "", err);
}

/* By its label, or by a name like one of ours: what was made by hand and is in the way. */
static bool
concerns(const struct hf_json *listed, const char *instance)
{
    const struct hf_json *labels = hf_json_get(listed, "Labels");
    const char *name = hf_json_as_string(hf_json_first(hf_json_get(listed, "Names")));
    size_t len = strlen(instance);

    if (strcmp(hf_inspect_label(labels, LABEL_INSTANCE), instance) == 0)
        return true;
    if (*hf_inspect_label(labels, LABEL_DEMO))
        return false;
    return name && name[0] == '/' && strncmp(name + 1, instance, len) == 0 && name[1 + len] == '-';
}

/* ret_there is false where it has gone since it was listed. */
static int
inspect(struct hf_engine *e, const char *id, const char *instance, struct hf_container *ret,
        bool *ret_there, struct hf_error *err)
{
    HF_AUTO_BUF struct hf_buf path = HF_BUF_INIT(PATH_BYTES_MAX);
    HF_AUTO(hf_json) struct hf_json *doc = NULL;
    struct support support = hf_client_support(e);
    const struct hf_json *labels;
    struct hf_error local;

    *ret_there = false;
    if (hf_client_path(&path, "/containers/", id, "/json", err) < 0)
        return -1;
    if (hf_client_get(e, path.data, &doc, &local) < 0) {
        if (local.class == HF_ERROR_NOT_FOUND)
            return 0;
        if (err)
            *err = local;
        return -1;
    }
    if (hf_inspect_container(doc, instance, &support, ret, err) < 0)
        return -1;
    labels = hf_json_get(hf_json_get(doc, "Config"), "Labels");
    if (hf_inspect_label(labels, LABEL_IMAGE_ID)[0])
        hf_image_remember(e, hf_inspect_label(labels, LABEL_IMAGE_ID),
                          hf_inspect_label(labels, LABEL_IMAGE));
    *ret_there = true;
    return 0;
}

static int
list(void *ctx, const char *instance, struct hf_container *ret_list, size_t max, size_t *ret_count,
     struct hf_error *err)
{
    HF_AUTO(hf_json) struct hf_json *doc = NULL;
    size_t count = 0;

    if (hf_client_get(ctx, "/containers/json?all=true", &doc, err) < 0)
        return -1;
    if (!hf_json_is_array(doc))
        return hf_error_set(err, HF_ERROR_UPSTREAM, "Docker's list of containers is none");
    for (const struct hf_json *v = hf_json_first(doc); v && count < max; v = hf_json_next(v)) {
        const char *id = hf_json_string(v, "Id");
        bool there;

        if (!concerns(v, instance))
            continue;
        if (!id)
            return hf_error_set(err, HF_ERROR_UPSTREAM, "Docker lists a container without id");
        if (inspect(ctx, id, instance, &ret_list[count], &there, err) < 0)
            return -1;
        count += there;
    }
    *ret_count = count;
    return 0;
}

static int
start(void *ctx, const char *id, struct hf_error *err)
{
    HF_AUTO_BUF struct hf_buf path = HF_BUF_INIT(PATH_BYTES_MAX);
    struct hf_client_call call = {.method = "POST", .total_ms = SLOW_CALL_MS};

    if (hf_client_path(&path, "/containers/", id, "/start", err) < 0)
        return -1;
    call.path = path.data;
    return hf_client_call(ctx, &call, NULL, err);
}

static int
stop(void *ctx, const char *id, int timeout_s, struct hf_error *err)
{
    HF_AUTO_BUF struct hf_buf path = HF_BUF_INIT(PATH_BYTES_MAX);
    struct hf_client_call call = {
        .method = "POST",
        .total_ms = timeout_s * 1000LL + SLOW_CALL_MS,
    };
    struct hf_error local = {0};

    if (hf_client_path(&path, "/containers/", id, "/stop", err) < 0 ||
        hf_buf_addf(&path, err, "?t=%d", timeout_s) < 0)
        return -1;
    call.path = path.data;
    if (hf_client_call(ctx, &call, NULL, &local) == 0 || local.class == HF_ERROR_NOT_FOUND)
        return 0;
    if (err)
        *err = local;
    return -1;
}

/* ---- networks and volumes ---- */

static int
post(struct hf_engine *e, const char *path, const struct hf_json *doc, struct hf_error *err)
{
    HF_AUTO_FREE char *body = NULL;
    struct hf_client_call call = {.method = "POST", .path = path, .total_ms = SLOW_CALL_MS};

    if (hf_json_print(doc, &body, err) < 0)
        return -1;
    call.body = body;
    return hf_client_call(e, &call, NULL, err);
}

static void
put_instance(struct hf_json *object, const char *instance)
{
    struct hf_json *labels = hf_json_object();

    hf_json_put_string(labels, LABEL_INSTANCE, instance);
    hf_json_put(object, "Labels", labels);
}

/* 0 and *ret_doc NULL where there is none. */
static int
get_ours(struct hf_engine *e, const char *kind, const char *name, const char *instance,
         struct hf_json **ret_doc, struct hf_error *err)
{
    HF_AUTO_BUF struct hf_buf path = HF_BUF_INIT(PATH_BYTES_MAX);
    HF_AUTO(hf_json) struct hf_json *doc = NULL;
    struct hf_error local = {0};
    const char *found;

    if (hf_buf_addf(&path, err, "/%ss/", kind) < 0 || hf_client_encode(&path, name, "", err) < 0)
        return -1;
    if (hf_client_get(e, path.data, &doc, &local) < 0) {
        if (local.class == HF_ERROR_NOT_FOUND)
            return 0;
        if (err)
            *err = local;
        return -1;
    }
    found = hf_json_string(doc, "Name");
    if (!found || strcmp(found, name) != 0) /* Docker also finds networks by a part of their id */
        return 0;
    if (strcmp(hf_inspect_label(hf_json_get(doc, "Labels"), LABEL_INSTANCE), instance) != 0)
        return hf_error_set(err, HF_ERROR_CONFLICT,
                            "a %s named '%s' is there and was not made by this gateway: remove or "
                            "rename it",
                            kind, name);
    *ret_doc = hf_steal(&doc);
    return 0;
}

static int
check_network(const struct hf_json *doc, const struct hf_network_spec *n, struct hf_error *err)
{
    if (hf_json_bool(doc, "Internal", false) == n->internal)
        return 0;
    return hf_error_set(err, HF_ERROR_CONFLICT,
                        "network '%s' is %sinternal, but has to be %sinternal: remove it", n->name,
                        n->internal ? "not " : "", n->internal ? "" : "not ");
}

/* ---- what is there of them ---- */

static void
take_names(const struct hf_json *list, char names[][2 * HF_NAME_SIZE], size_t *ret_count)
{
    for (const struct hf_json *v = hf_json_first(list); v && *ret_count < HF_SURROUNDINGS_MAX;
         v = hf_json_next(v)) {
        const char *name = hf_json_string(v, "Name");

        if (name)
            hf_text_put(names[(*ret_count)++], sizeof names[0], "%s", name);
    }
}

static int
surroundings(void *ctx, const char *instance, struct hf_surroundings *ret, struct hf_error *err)
{
    HF_AUTO_BUF struct hf_buf path = HF_BUF_INIT(PATH_BYTES_MAX);
    HF_AUTO(hf_json) struct hf_json *networks = NULL;
    HF_AUTO(hf_json) struct hf_json *volumes = NULL;

    if (labelled_path("/networks?filters=", instance, &path, err) < 0 ||
        hf_client_get(ctx, path.data, &networks, err) < 0 ||
        labelled_path("/volumes?filters=", instance, &path, err) < 0 ||
        hf_client_get(ctx, path.data, &volumes, err) < 0)
        return -1;
    ret->network_count = ret->volume_count = 0;
    take_names(networks, ret->networks, &ret->network_count);
    take_names(hf_json_get(volumes, "Volumes"), ret->volumes, &ret->volume_count);
    return 0;
}

static int
ensure_network(void *ctx, const char *instance, const struct hf_network_spec *n,
               struct hf_error *err)
{
    HF_AUTO(hf_json) struct hf_json *there = NULL;
    HF_AUTO(hf_json) struct hf_json *body = NULL;

    if (get_ours(ctx, "network", n->name, instance, &there, err) < 0)
        return -1;
    if (there)
        return check_network(there, n, err);
    body = hf_json_object();
    hf_json_put_string(body, "Name", n->name);
    hf_json_put_bool(body, "CheckDuplicate", true);
    hf_json_put_string(body, "Driver", "bridge");
    hf_json_put_bool(body, "Internal", n->internal);
    put_instance(body, instance);
    if (post(ctx, "/networks/create", body, err) < 0)
        return hf_error_wrap(err, "create network '%s'", n->name);
    return 0;
}

static int
ensure_volume(void *ctx, const char *instance, const char *name, struct hf_error *err)
{
    HF_AUTO(hf_json) struct hf_json *there = NULL;
    HF_AUTO(hf_json) struct hf_json *body = NULL;

    if (get_ours(ctx, "volume", name, instance, &there, err) < 0)
        return -1;
    if (there)
        return 0;
    body = hf_json_object();
    hf_json_put_string(body, "Name", name);
    put_instance(body, instance);
    if (post(ctx, "/volumes/create", body, err) < 0)
        return hf_error_wrap(err, "create volume '%s'", name);
    return 0;
}

static int
remove_volume(void *ctx, const char *name, struct hf_error *err)
{
    HF_AUTO_BUF struct hf_buf path = HF_BUF_INIT(PATH_BYTES_MAX);
    struct hf_client_call call = {.method = "DELETE", .total_ms = SLOW_CALL_MS};
    struct hf_error local = {0};

    if (hf_client_path(&path, "/volumes/", name, "", err) < 0)
        return -1;
    call.path = path.data;
    if (hf_client_call(ctx, &call, NULL, &local) == 0 || local.class == HF_ERROR_NOT_FOUND)
        return 0;
    if (err)
        *err = local;
    return -1;
}

const struct hf_engine_ops hf_docker_ops = {
    .info = info,
    .list = list,
    .surroundings = surroundings,
    .ensure_network = ensure_network,
    .ensure_volume = ensure_volume,
    .remove_volume = remove_volume,
    .has_image = hf_image_has,
    .pull = hf_load_pull,
    .import = hf_load_job,
    .fetch = hf_load_fetch,
    .use_registry = hf_load_use_registry,
    .remove_image = hf_image_remove,
    .create = hf_create_container,
    .update = hf_update_container,
    .start = start,
    .stop = stop,
    .remove = hf_create_remove,
    .logs = hf_stream_logs,
    .archive = hf_archive_get,
    .events = hf_stream_events,
};
