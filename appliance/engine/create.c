// SPDX-License-Identifier: Apache-2.0
#include "engine/create.h"

#include "base/text.h"
#include "engine/endpoint.h"
#include "engine/image.h"
#include "engine/inspect.h"
#include "engine/support.h"
#include "engine/update.h"
#include "model/own.h"

#include <inttypes.h>
#include <string.h>

static void
put_pair(struct hf_json *object, const char *name, const char *value)
{
    hf_json_put_string(object, name, value);
}

/* ---- parts of the body ---- */

/* So that the release can be put together again from what runs. Without memory it is left out. */
static void
put_pin(struct hf_json *labels, const struct hf_spec *spec)
{
    HF_AUTO_FREE char *text = NULL;

    if (spec->pin && hf_json_print_canonical(spec->pin, &text, NULL) == 0)
        put_pair(labels, LABEL_PIN, text);
}

static struct hf_json *
labels_of(const struct hf_spec *spec)
{
    struct hf_json *labels = hf_json_object();
    char limits[LIMITS_TEXT_SIZE];

    hf_inspect_hardening_of_spec(spec, limits);
    put_pair(labels, LABEL_INSTANCE, spec->instance);
    put_pair(labels, LABEL_SERVICE, spec->service);
    put_pair(labels, LABEL_SPEC, spec->hash);
    put_pair(labels, LABEL_IMAGE, spec->image.image);
    put_pair(labels, LABEL_IMAGE_ID, spec->image.image_id);
    put_pair(labels, LABEL_LIMITS, limits);
    put_pin(labels, spec);
    return labels;
}

/* Docker asks the site's resolver for the name of a container that is not up yet; where that one
 * is away too, the resolver's own patience (5 s, twice) would hold up the record path. */
static struct hf_json *
dns_options(void)
{
    struct hf_json *options = hf_json_array();

    hf_json_add_string(options, "timeout:2");
    hf_json_add_string(options, "attempts:1");
    return options;
}

static struct hf_json *
log_config(int64_t bytes)
{
    struct hf_json *log = hf_json_object();
    struct hf_json *options = hf_json_object();
    char size[24];
    char files[8];

    hf_text_put(size, sizeof size, "%" PRId64, bytes / HF_LOG_FILES);
    hf_text_put(files, sizeof files, "%d", HF_LOG_FILES);
    put_pair(options, "max-size", size);
    put_pair(options, "max-file", files);
    put_pair(log, "Type", "json-file");
    hf_json_put(log, "Config", options);
    return log;
}

/* NoCopy false: a fresh volume gets owner and mode of the image's folder at that place, without
 * which a service that is not root could not write into it. */
static void
add_volume(struct hf_json *mounts, const struct hf_mount *m)
{
    struct hf_json *mount = hf_json_object();
    struct hf_json *options = hf_json_object();

    hf_json_put_bool(options, "NoCopy", false);
    put_pair(mount, "Type", "volume");
    put_pair(mount, "Source", m->source);
    put_pair(mount, "Target", m->target);
    hf_json_put_bool(mount, "ReadOnly", m->read_only);
    hf_json_put(mount, "VolumeOptions", options);
    hf_json_add(mounts, mount);
}

/* The short form: unlike a mount of type bind it makes a host folder that is missing. */
static int
add_bind(struct hf_json *binds, const struct hf_mount *m, struct hf_error *err)
{
    char text[2 * HF_PATH_SIZE + 8];

    if (strchr(m->source, ':') || strchr(m->target, ':'))
        return hf_error_set(err, HF_ERROR_INVALID, "path '%s' cannot be mounted: it has a colon",
                            strchr(m->source, ':') ? m->source : m->target);
    hf_text_put(text, sizeof text, "%s:%s:%s", m->source, m->target, m->read_only ? "ro" : "rw");
    hf_json_add_string(binds, text);
    return 0;
}

static void
add_tmpfs(struct hf_json *tmpfs, const struct hf_mount *m)
{
    char options[96];

    hf_text_put(options, sizeof options, "%s,nosuid,nodev,noexec,mode=1777,size=%" PRId64,
                m->read_only ? "ro" : "rw", m->size_bytes);
    put_pair(tmpfs, m->target, options);
}

static int
put_mounts(struct hf_json *host, const struct hf_spec *spec, struct hf_error *err)
{
    struct hf_json *mounts = hf_json_array();
    struct hf_json *binds = hf_json_array();
    struct hf_json *tmpfs = hf_json_object();
    int result = 0;

    for (size_t i = 0; i < spec->mount_count && result == 0; i++) {
        const struct hf_mount *m = &spec->mounts[i];

        switch (m->kind) {
        case HF_MOUNT_VOLUME:
            add_volume(mounts, m);
            break;
        case HF_MOUNT_BIND:
            result = add_bind(binds, m, err);
            break;
        case HF_MOUNT_TMPFS:
            add_tmpfs(tmpfs, m);
            break;
        }
    }
    hf_json_put(host, "Mounts", mounts);
    hf_json_put(host, "Binds", binds);
    hf_json_put(host, "Tmpfs", tmpfs);
    return result;
}

static void
put_ports(struct hf_json *body, struct hf_json *host, const struct hf_spec *spec)
{
    struct hf_json *exposed = hf_json_object();
    struct hf_json *bindings = hf_json_object();

    for (size_t i = 0; i < spec->port_count; i++) {
        const struct hf_port *p = &spec->ports[i];
        struct hf_json *list = hf_json_array();
        struct hf_json *binding = hf_json_object();
        char container_port[16];
        char host_port[8];

        hf_text_put(container_port, sizeof container_port, "%u/tcp", p->container_port);
        hf_text_put(host_port, sizeof host_port, "%u", p->host_port);
        put_pair(binding, "HostIp", p->host_address);
        put_pair(binding, "HostPort", host_port);
        hf_json_add(list, binding);
        hf_json_put(bindings, container_port, list);
        hf_json_put(exposed, container_port, hf_json_object());
    }
    hf_json_put(body, "ExposedPorts", exposed);
    hf_json_put(host, "PortBindings", bindings);
}

/* What attaches a container to a network, with its alias there. */
static struct hf_json *
endpoint_of(const struct hf_attachment *a)
{
    struct hf_json *endpoint = hf_json_object();
    struct hf_json *aliases = hf_json_array();

    if (a->alias[0])
        hf_json_add_string(aliases, a->alias);
    hf_json_put(endpoint, "Aliases", aliases);
    return endpoint;
}

static void
put_first_network(struct hf_json *body, struct hf_json *host, const struct hf_spec *spec)
{
    struct hf_json *networking = hf_json_object();
    struct hf_json *endpoints = hf_json_object();

    put_pair(host, "NetworkMode", spec->network_count ? spec->networks[0].network : "none");
    if (spec->network_count)
        hf_json_put(endpoints, spec->networks[0].network, endpoint_of(&spec->networks[0]));
    hf_json_put(networking, "EndpointsConfig", endpoints);
    hf_json_put(body, "NetworkingConfig", networking);
}

static struct hf_json *
devices_of(const struct hf_spec *spec)
{
    struct hf_json *list = hf_json_array();

    for (size_t i = 0; i < spec->device_count; i++) {
        struct hf_json *device = hf_json_object();

        put_pair(device, "PathOnHost", spec->devices[i]);
        put_pair(device, "PathInContainer", spec->devices[i]);
        put_pair(device, "CgroupPermissions", "rw"); /* not m: it makes no nodes */
        hf_json_add(list, device);
    }
    return list;
}

static void
put_hardening(struct hf_json *host, const struct hf_spec *spec)
{
    struct hf_json *added = hf_json_array();
    struct hf_json *dropped = hf_json_array();
    struct hf_json *security = hf_json_array();
    struct hf_json *restart = hf_json_object();

    hf_json_add_string(dropped, "ALL");
    for (size_t i = 0; i < spec->capability_count; i++)
        hf_json_add_string(added, spec->capabilities[i]);
    if (!spec->new_privileges)
        hf_json_add_string(security, "no-new-privileges");
    put_pair(restart, "Name", "unless-stopped");
    hf_json_put_bool(host, "ReadonlyRootfs", !spec->writable_root);
    hf_json_put_bool(host, "Privileged", false);
    hf_json_put(host, "CapDrop", dropped);
    hf_json_put(host, "CapAdd", added);
    hf_json_put(host, "Devices", devices_of(spec));
    hf_json_put_int(host, "OomScoreAdj", spec->limits.oom_score_adj);
    hf_json_put(host, "SecurityOpt", security);
    hf_json_put(host, "RestartPolicy", restart);
    hf_json_put(host, "LogConfig", log_config(spec->limits.log_bytes));
    hf_json_put_bool(host, "Init", false);
}

/* What the image says stays where an own service says nothing. */
static void
put_program(struct hf_json *body, const struct hf_spec *spec)
{
    struct hf_json *env = hf_json_array();
    char text[HF_OWN_ENV_MAX];

    for (const struct hf_json *v = hf_json_first(spec->env); v; v = hf_json_next(v)) {
        hf_text_put(text, sizeof text, "%s=%s", hf_json_key(v), hf_json_as_string(v));
        hf_json_add_string(env, text);
    }
    if (spec->command)
        hf_json_put(body, "Cmd", hf_json_copy(spec->command));
    hf_json_put(body, "Env", env);
}

int
hf_create_body(const struct hf_spec *spec, const char *reference, const struct support *support,
               char **ret_body, struct hf_error *err)
{
    HF_AUTO(hf_json) struct hf_json *body = hf_json_object();
    struct hf_json *host = hf_json_object();
    char user[32];
    int result;

    hf_text_put(user, sizeof user, "%u:%u", spec->uid, spec->uid);
    put_pair(body, "Image", reference);
    put_pair(body, "User", user);
    hf_json_put(body, "Labels", labels_of(spec));
    put_program(body, spec);
    hf_json_put_int(body, "StopTimeout", spec->stop_timeout_s);
    hf_json_put(host, "DnsOptions", dns_options());
    put_hardening(host, spec);
    hf_update_put(host, &spec->limits, support);
    put_ports(body, host, spec);
    put_first_network(body, host, spec);
    result = put_mounts(host, spec, err);
    hf_json_put(body, "HostConfig", host);
    return result < 0 ? -1 : hf_json_print(body, ret_body, err);
}

/* ---- calls ---- */

static int
post_create(struct hf_engine *e, const struct hf_spec *spec, char ret_id[HF_HASH_SIZE],
            struct hf_error *err)
{
    HF_AUTO_BUF struct hf_buf path = HF_BUF_INIT(PATH_BYTES_MAX);
    HF_AUTO(hf_json) struct hf_json *doc = NULL;
    HF_AUTO_FREE char *body = NULL;
    struct hf_client_call call = {.method = "POST", .total_ms = SLOW_CALL_MS};
    struct support support;
    char reference[HF_IMAGE_REF_SIZE];
    const char *id;

    if (hf_image_find(e, &spec->image, reference, err) < 0)
        return -1;
    support = hf_client_support(e);
    if (hf_create_body(spec, reference, &support, &body, err) < 0 ||
        hf_client_path(&path, "/containers/create?name=", spec->container, "", err) < 0)
        return -1;
    call.path = path.data;
    call.body = body;
    if (hf_client_json(e, &call, &doc, err) < 0)
        return -1;
    id = hf_json_string(doc, "Id");
    if (!id || strlen(id) >= HF_HASH_SIZE)
        return hf_error_set(err, HF_ERROR_UPSTREAM, "Docker does not say the container's id");
    hf_text_put(ret_id, HF_HASH_SIZE, "%s", id);
    hf_support_keep(e, spec->service, doc);
    return 0;
}

static int
connect_network(struct hf_engine *e, const char *id, const struct hf_attachment *a,
                struct hf_error *err)
{
    HF_AUTO_BUF struct hf_buf path = HF_BUF_INIT(PATH_BYTES_MAX);
    HF_AUTO(hf_json) struct hf_json *doc = hf_json_object();
    HF_AUTO_FREE char *body = NULL;
    struct hf_client_call call = {.method = "POST", .total_ms = SLOW_CALL_MS};

    put_pair(doc, "Container", id);
    hf_json_put(doc, "EndpointConfig", endpoint_of(a));
    if (hf_json_print(doc, &body, err) < 0 ||
        hf_client_path(&path, "/networks/", a->network, "/connect", err) < 0)
        return -1;
    call.path = path.data;
    call.body = body;
    return hf_client_call(e, &call, NULL, err);
}

int
hf_create_container(void *ctx, const struct hf_spec *spec, char ret_id[HF_HASH_SIZE],
                    struct hf_error *err)
{
    struct hf_engine *e = ctx;
    char id[HF_HASH_SIZE];

    if (hf_client_negotiate(e, err) < 0)
        return -1;
    for (size_t i = 0; i < spec->network_count; i++)
        if (hf_endpoint_free(e, spec->networks[i].network, spec->container, err) < 0)
            return -1;
    if (post_create(e, spec, id, err) < 0)
        return hf_error_wrap(err, "create container '%s'", spec->container);
    for (size_t i = 1; i < spec->network_count; i++) {
        if (connect_network(e, id, &spec->networks[i], err) < 0) {
            hf_error_wrap(err, "attach '%s' to network '%s'", spec->container,
                          spec->networks[i].network);
            if (hf_create_remove(e, id, NULL) < 0)
                return hf_error_wrap(err, "and the half-made container stays");
            return -1;
        }
    }
    memcpy(ret_id, id, sizeof id);
    return 0;
}

int
hf_create_remove(void *ctx, const char *id, struct hf_error *err)
{
    HF_AUTO_BUF struct hf_buf path = HF_BUF_INIT(PATH_BYTES_MAX);
    struct hf_client_call call = {.method = "DELETE", .total_ms = SLOW_CALL_MS};
    struct hf_error local = {0};

    if (hf_client_path(&path, "/containers/", id, "?force=true", err) < 0)
        return -1;
    call.path = path.data;
    if (hf_client_call(ctx, &call, NULL, &local) == 0 || local.class == HF_ERROR_NOT_FOUND ||
        strstr(local.message, "already in progress"))
        return 0;
    if (err)
        *err = local;
    return -1;
}
