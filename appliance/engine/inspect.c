// SPDX-License-Identifier: Apache-2.0
#include "engine/inspect.h"
#include "engine/difference.h"

#include "base/buf.h"
#include "base/text.h"
#include "engine/stamp.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

/* ---- hardening ---- */

/* What is fixed when a container is made. */
struct hardening {
    bool read_only, privileged, no_new_privileges;
    bool drops_all;
    char added[NAMES_TEXT_SIZE];   /* capabilities; as all lists in order, a comma behind each */
    char devices[NAMES_TEXT_SIZE]; /* on the host */
    char user[32];
    const char *restart;
    int64_t oom_score_adj;
    char log[48];
    char networks[NAMES_TEXT_SIZE];
};

enum { NAMES_MAX = 32 };

static int
compare_names(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static void
print_names(const char **names, size_t count, char out[NAMES_TEXT_SIZE])
{
    HF_AUTO_BUF struct hf_buf text = HF_BUF_INIT(NAMES_TEXT_SIZE - 1);

    qsort((void *)names, count, sizeof *names, compare_names);
    for (size_t i = 0; i < count; i++)
        if (hf_buf_addf(&text, NULL, "%s,", names[i]) < 0)
            break;
    hf_text_put(out, NAMES_TEXT_SIZE, "%s", text.data ? text.data : "");
}

static void
print_hardening(const struct hardening *h, char out[LIMITS_TEXT_SIZE])
{
    hf_text_put(out, LIMITS_TEXT_SIZE,
                "readonly=%d privileged=%d dropall=%d added=%s devices=%s nonewprivs=%d user=%s "
                "restart=%s oom=%" PRId64 " log=%s networks=%s",
                h->read_only, h->privileged, h->drops_all, h->added, h->devices,
                h->no_new_privileges, h->user, h->restart, h->oom_score_adj, h->log, h->networks);
}

void
hf_inspect_hardening_of_spec(const struct hf_spec *spec, char out[LIMITS_TEXT_SIZE])
{
    struct hardening h = {
        .read_only = !spec->writable_root,
        .no_new_privileges = !spec->new_privileges,
        .drops_all = true,
        .restart = "unless-stopped",
        .oom_score_adj = spec->limits.oom_score_adj,
    };
    const char *names[NAMES_MAX];

    for (size_t i = 0; i < spec->network_count; i++)
        names[i] = spec->networks[i].network;
    print_names(names, spec->network_count, h.networks);
    for (size_t i = 0; i < spec->capability_count; i++)
        names[i] = spec->capabilities[i];
    print_names(names, spec->capability_count, h.added);
    for (size_t i = 0; i < spec->device_count; i++)
        names[i] = spec->devices[i];
    print_names(names, spec->device_count, h.devices);
    hf_text_put(h.user, sizeof h.user, "%u:%u", spec->uid, spec->uid);
    hf_text_put(h.log, sizeof h.log, "%" PRId64 "*%d", spec->limits.log_bytes / HF_LOG_FILES,
                HF_LOG_FILES);
    print_hardening(&h, out);
}

static bool
has_text(const struct hf_json *array, const char *text)
{
    for (const struct hf_json *v = hf_json_first(array); v; v = hf_json_next(v)) {
        const char *item = hf_json_as_string(v);

        if (item && strcmp(item, text) == 0)
            return true;
    }
    return false;
}

/* A container whose networks were not all attached when power went must not pass for a whole one.
 */
static void
read_networks(const struct hf_json *doc, char out[NAMES_TEXT_SIZE])
{
    const struct hf_json *networks = hf_json_get(hf_json_get(doc, "NetworkSettings"), "Networks");
    const char *names[NAMES_MAX];
    size_t count = 0;

    for (const struct hf_json *n = hf_json_first(networks); n && count < NAMES_MAX;
         n = hf_json_next(n))
        names[count++] = hf_json_key(n);
    print_names(names, count, out);
}

static const char *
text_or(const char *text, const char *otherwise)
{
    return text ? text : otherwise;
}

/* Engines write NET_RAW or CAP_NET_RAW. */
static void
read_capabilities(const struct hf_json *list, char out[NAMES_TEXT_SIZE])
{
    const char *names[NAMES_MAX];
    size_t count = 0;

    for (const struct hf_json *v = hf_json_first(list); v && count < NAMES_MAX;
         v = hf_json_next(v)) {
        const char *name = text_or(hf_json_as_string(v), "");

        names[count++] = strncmp(name, "CAP_", 4) == 0 ? name + 4 : name;
    }
    print_names(names, count, out);
}

static void
read_devices(const struct hf_json *list, char out[NAMES_TEXT_SIZE])
{
    const char *names[NAMES_MAX];
    size_t count = 0;

    for (const struct hf_json *v = hf_json_first(list); v && count < NAMES_MAX; v = hf_json_next(v))
        names[count++] = text_or(hf_json_string(v, "PathOnHost"), "");
    print_names(names, count, out);
}

void
hf_inspect_hardening_of_container(const struct hf_json *doc, char out[LIMITS_TEXT_SIZE])
{
    const struct hf_json *host = hf_json_get(doc, "HostConfig");
    const struct hf_json *security = hf_json_get(host, "SecurityOpt");
    const struct hf_json *dropped = hf_json_get(host, "CapDrop");
    const struct hf_json *log = hf_json_get(hf_json_get(host, "LogConfig"), "Config");
    struct hardening h = {
        .read_only = hf_json_bool(host, "ReadonlyRootfs", false),
        .privileged = hf_json_bool(host, "Privileged", true),
        .no_new_privileges =
            has_text(security, "no-new-privileges") || has_text(security, "no-new-privileges:true"),
        .drops_all = has_text(dropped, "ALL") || has_text(dropped, "CAP_ALL"),
        .restart = text_or(hf_json_string(hf_json_get(host, "RestartPolicy"), "Name"), "none"),
        .oom_score_adj = hf_json_int(host, "OomScoreAdj", 0),
    };

    read_capabilities(hf_json_get(host, "CapAdd"), h.added);
    read_devices(hf_json_get(host, "Devices"), h.devices);
    hf_text_put(h.user, sizeof h.user, "%s",
                text_or(hf_json_string(hf_json_get(doc, "Config"), "User"), ""));
    hf_text_put(h.log, sizeof h.log, "%s*%s", text_or(hf_json_string(log, "max-size"), ""),
                text_or(hf_json_string(log, "max-file"), ""));
    read_networks(doc, h.networks);
    print_hardening(&h, out);
}

/* ---- limits ---- */

static int64_t
limit_of(const struct hf_json *host, const char *member, bool enforced)
{
    int64_t value = hf_json_int(host, member, 0);

    if (!enforced)
        return 0;
    return value > 0 ? value : -1;
}

void
hf_inspect_limits(const struct hf_json *doc, const struct support *support, struct hf_limits *ret)
{
    const struct hf_json *host = hf_json_get(doc, "HostConfig");
    int64_t memory = limit_of(host, "Memory", support->memory);

    if (support->memory && support->swap && hf_json_int(host, "MemorySwap", 0) != memory)
        memory = -1;
    *ret = (struct hf_limits){
        .memory_bytes = memory,
        .memory_reservation_bytes = limit_of(host, "MemoryReservation", support->memory),
        .nano_cpus = limit_of(host, "NanoCpus", support->cpu),
        .pids = limit_of(host, "PidsLimit", support->pids),
        .io_weight = limit_of(host, "BlkioWeight", support->io_weight),
    };
}

/* ---- container ---- */

const char *
hf_inspect_label(const struct hf_json *labels, const char *name)
{
    return text_or(hf_json_string(labels, name), "");
}

bool
hf_inspect_is_manifest_of(const char *id, const char *reference)
{
    const char *digest = strchr(reference, '@');

    return digest && strcmp(digest + 1, id) == 0;
}

static enum hf_container_state
state_of(const char *status)
{
    static const char *const names[HF_CONTAINER_STATE_COUNT] = {
        [HF_CONTAINER_CREATED] = "created",       [HF_CONTAINER_RUNNING] = "running",
        [HF_CONTAINER_RESTARTING] = "restarting", [HF_CONTAINER_PAUSED] = "paused",
        [HF_CONTAINER_EXITED] = "exited",         [HF_CONTAINER_DEAD] = "dead",
    };

    for (int i = 0; i < HF_CONTAINER_STATE_COUNT; i++)
        if (strcmp(status, names[i]) == 0)
            return (enum hf_container_state)i;
    return HF_CONTAINER_DEAD; /* "removing", or a word of the future: it has to go */
}

static int64_t
time_of(const struct hf_json *object, const char *member)
{
    const char *text = hf_json_string(object, member);
    int64_t ms;

    return text && hf_stamp_parse(text, strlen(text), &ms) ? ms : 0;
}

static void
read_state(const struct hf_json *state, struct hf_container *c)
{
    c->state = state_of(text_or(hf_json_string(state, "Status"), ""));
    c->exit_code = (int)hf_json_int(state, "ExitCode", 0);
    c->oom_killed = hf_json_bool(state, "OOMKilled", false);
    c->started_ms = time_of(state, "StartedAt");
    c->finished_ms = time_of(state, "FinishedAt");
    c->pid = (pid_t)hf_json_int(state, "Pid", 0);
}

static void
read_image(const struct hf_json *labels, const char *image, struct hf_container *c)
{
    const char *pinned = hf_inspect_label(labels, LABEL_IMAGE_ID);

    if (pinned[0] && hf_inspect_is_manifest_of(image, hf_inspect_label(labels, LABEL_IMAGE)))
        image = pinned;
    hf_text_put(c->image_id, sizeof c->image_id, "%s", image);
}

static void
read_address(const struct hf_json *doc, const char *instance, const char *network, char *out,
             size_t size)
{
    const struct hf_json *networks = hf_json_get(hf_json_get(doc, "NetworkSettings"), "Networks");
    char name[2 * HF_NAME_SIZE];

    hf_text_put(name, sizeof name, "%s-%s", instance, network);
    hf_text_put(out, size, "%s",
                text_or(hf_json_string(hf_json_get(networks, name), "IPAddress"), ""));
}

static void
read_any_address(const struct hf_json *doc, char *out, size_t size)
{
    const struct hf_json *networks = hf_json_get(hf_json_get(doc, "NetworkSettings"), "Networks");

    out[0] = '\0';
    for (const struct hf_json *n = hf_json_first(networks); n && !*out; n = hf_json_next(n))
        hf_text_put(out, size, "%s", text_or(hf_json_string(n, "IPAddress"), ""));
}

/* `docker commit` copies labels into an image, and so into containers that are not ours. */
static bool
has_our_name(const struct hf_json *doc, const char *instance, const char *service)
{
    const char *name = hf_json_string(doc, "Name");
    char ours[3 * HF_NAME_SIZE];

    hf_text_put(ours, sizeof ours, "/%s-%s", instance, service);
    return !name || strcmp(name, ours) == 0;
}

static void
read_owner(const struct hf_json *doc, const struct hf_json *labels, const char *instance,
           struct hf_container *c)
{
    const char *name = text_or(hf_json_string(doc, "Name"), "");

    hf_text_put(c->name, sizeof c->name, "%s", name + (name[0] == '/'));
    hf_text_put(c->label_service, sizeof c->label_service, "%s",
                hf_inspect_label(labels, LABEL_SERVICE));
    c->labelled = strcmp(hf_inspect_label(labels, LABEL_INSTANCE), instance) == 0;
}

int
hf_inspect_container(const struct hf_json *doc, const char *instance, const struct support *support,
                     struct hf_container *ret_container, struct hf_error *err)
{
    const struct hf_json *labels = hf_json_get(hf_json_get(doc, "Config"), "Labels");
    const struct hf_json *state = hf_json_get(doc, "State");
    const char *id = hf_json_string(doc, "Id");
    const char *image = hf_json_string(doc, "Image");
    char hardening[LIMITS_TEXT_SIZE];

    if (!id || !image || !state || strlen(id) >= HF_HASH_SIZE || strlen(image) >= HF_DIGEST_SIZE)
        return hf_error_set(err, HF_ERROR_UPSTREAM,
                            "Docker's description of a container has no id, image or state");
    *ret_container = (struct hf_container){0};
    hf_text_put(ret_container->id, sizeof ret_container->id, "%s", id);
    read_owner(doc, labels, instance, ret_container);
    if (ret_container->labelled &&
        has_our_name(doc, instance, hf_inspect_label(labels, LABEL_SERVICE)))
        hf_text_put(ret_container->service, sizeof ret_container->service, "%s",
                    hf_inspect_label(labels, LABEL_SERVICE));
    hf_text_put(ret_container->spec_hash, sizeof ret_container->spec_hash, "%s",
                hf_inspect_label(labels, LABEL_SPEC));
    read_image(labels, image, ret_container);
    read_state(state, ret_container);
    ret_container->restart_count = hf_json_int(doc, "RestartCount", 0);
    read_address(doc, instance, "bus", ret_container->bus_address,
                 sizeof ret_container->bus_address);
    read_address(doc, instance, "lease", ret_container->lease_address,
                 sizeof ret_container->lease_address);
    read_any_address(doc, ret_container->address, sizeof ret_container->address);
    hf_inspect_hardening_of_container(doc, hardening);
    ret_container->limits_differ = strcmp(hardening, hf_inspect_label(labels, LABEL_LIMITS)) != 0;
    hf_difference(hf_inspect_label(labels, LABEL_LIMITS), hardening, ret_container->differs,
                  sizeof ret_container->differs);
    hf_inspect_limits(doc, support, &ret_container->limits);
    return 0;
}
