// SPDX-License-Identifier: Apache-2.0
#include "model/spec.h"

#include "base/text.h"
#include "model/own.h"
#include "model/spec_parts.h"

#include <sodium.h>
#include <string.h>

enum {
    INSTANCE_MAX = 32, /* leaves room for the longest suffix in a name */
    FIRST_UID = 10001,
    STOP_TIMEOUT_S = 10,
    TMP_BYTES = 4 * 1024 * 1024,
    BROKER_PORT = 1883,
    BROKER_TLS_PORT = 8883, /* and the next one (services/broker/config.h) */
    MIB = 1024 * 1024,
    LOG_BYTES = 3 * MIB,
    NANO_PER_CPU = 1000000000
};

/* What a service is given, by its name; see DESIGN §4 and §5 for why each network is there. */
struct blueprint {
    const char *service, *title;
    uid_t uid;
    struct hf_limits limits;
    const char *volume; /* suffix of the volume on /data, NULL for none */
    bool field, bus, lease, egress;
};

/* When the host runs out of memory the kernel takes what can be done again first: the forwarder
 * leases anew, the processor's messages wait in the broker. The broker has what devices will not
 * send again; the buffer has everything, so it goes last. None is below 0: an engine without
 * CAP_SYS_RESOURCE cannot start a container that is (tried). */
enum { OOM_FORWARDER = 400, OOM_PROCESSOR = 300, OOM_BROKER = 100, OOM_BUFFER = 0 };

#define LIMITS(memory_mib, pid_count, weight, oom)                                                 \
    {.memory_bytes = (memory_mib) * (int64_t)MIB,                                                  \
     .memory_reservation_bytes = (memory_mib) * (int64_t)MIB / 2,                                  \
     .nano_cpus = NANO_PER_CPU,                                                                    \
     .pids = (pid_count),                                                                          \
     .io_weight = (weight),                                                                        \
     .log_bytes = LOG_BYTES,                                                                       \
     .oom_score_adj = (oom)}

static const struct blueprint blueprints[] = {
    {"broker", "Broker", FIRST_UID, LIMITS(64, 32, 700, OOM_BROKER), "broker-data", true, true,
     false, false},
    {"buffer", "Buffer", FIRST_UID + 2, LIMITS(64, 64, 800, OOM_BUFFER), "buffer-data", false, true,
     true, false},
    {"processor", "Processor", FIRST_UID + 1, LIMITS(64, 32, 500, OOM_PROCESSOR), NULL, false, true,
     true, false},
    {"forwarder", "Forwarder", FIRST_UID + 3, LIMITS(32, 32, 300, OOM_FORWARDER), NULL, false, true,
     true, true},
};

uid_t
hf_service_uid(size_t index)
{
    return blueprints[index].uid;
}

void
hf_spec_attach(struct hf_spec *s, const struct hf_placement *p, const char *network,
               const char *alias)
{
    struct hf_attachment *a = &s->networks[s->network_count++];

    hf_text_put(a->network, sizeof a->network, "%s-%s", p->instance, network);
    hf_text_put(a->alias, sizeof a->alias, "%s", alias);
}

void
hf_spec_mount(struct hf_spec *s, enum hf_mount_kind kind, const char *source, const char *target,
              bool read_only, int64_t size_bytes)
{
    struct hf_mount *m = &s->mounts[s->mount_count++];

    m->kind = kind;
    m->read_only = read_only;
    m->size_bytes = size_bytes;
    hf_text_put(m->target, sizeof m->target, "%s", target);
    hf_text_put(m->source, sizeof m->source, "%s", source);
}

static void
publish(struct hf_spec *s, const char *address, unsigned host_port, unsigned container_port)
{
    struct hf_port *port = &s->ports[s->port_count++];

    hf_text_put(port->host_address, sizeof port->host_address, "%s", address);
    port->host_port = (uint16_t)host_port;
    port->container_port = (uint16_t)container_port;
}

static void
publish_field(struct hf_spec *s, const struct hf_placement *p)
{
    if (p->field_doors != HF_FIELD_TLS)
        publish(s, p->field_address, p->field_port, BROKER_PORT);
    for (unsigned i = 0; p->field_doors != HF_FIELD_PLAIN && i < 2; i++)
        publish(s, p->field_address, p->field_tls_port + i, BROKER_TLS_PORT + i);
}

/* The field network comes first: it carries the published port and so the default route. */
static void
fill_networks(struct hf_spec *s, const struct blueprint *b, const struct hf_placement *p)
{
    if (b->field) {
        hf_spec_attach(s, p, "field", "");
        publish_field(s, p);
    }
    if (b->egress)
        hf_spec_attach(s, p, "egress", "");
    if (b->bus)
        hf_spec_attach(s, p, "bus", b->field ? "broker" : "");
    if (b->lease)
        hf_spec_attach(s, p, "lease", b->service);
}

static void
fill_mounts(struct hf_spec *s, const struct blueprint *b, const struct hf_placement *p)
{
    char source[HF_PATH_SIZE];

    hf_spec_mount(s, HF_MOUNT_TMPFS, "", "/tmp", false, TMP_BYTES);
    if (b->volume) {
        hf_text_put(source, sizeof source, "%s-%s", p->instance, b->volume);
        hf_spec_mount(s, HF_MOUNT_VOLUME, source, "/data", false, 0);
    }
}

static void
fill_built_in(struct hf_spec *s, const struct blueprint *b, const struct hf_placement *p)
{
    s->limits = b->limits;
    s->uid = b->uid;
    s->stop_timeout_s = STOP_TIMEOUT_S;
    hf_text_put(s->title, sizeof s->title, "%s", b->title);
    fill_networks(s, b, p);
    fill_mounts(s, b, p);
}

/* What the service is handed, by its files. */
static void
mount_run_folder(struct hf_spec *s, const struct hf_placement *p)
{
    char source[HF_PATH_SIZE];

    hf_text_put(source, sizeof source, "%s/services/%s", p->run_dir, s->service);
    hf_spec_mount(s, HF_MOUNT_BIND, source, "/run/holdfast", true, 0);
}

static void
hash_text(crypto_generichash_state *state, const char *text)
{
    crypto_generichash_update(state, (const unsigned char *)text, strlen(text) + 1);
}

static void
hash_number(crypto_generichash_state *state, int64_t number)
{
    char text[24];

    hf_text_put(text, sizeof text, "%lld", (long long)number);
    hash_text(state, text);
}

/* Strings of an array, or names and values of an object. */
static void
hash_strings(crypto_generichash_state *state, const struct hf_json *list)
{
    hash_number(state, (int64_t)hf_json_count(list));
    for (const struct hf_json *v = hf_json_first(list); v; v = hf_json_next(v)) {
        if (hf_json_key(v))
            hash_text(state, hf_json_key(v));
        hash_text(state, hf_json_as_string(v));
    }
}

static void
hash_own(crypto_generichash_state *state, const struct hf_spec *s)
{
    hash_strings(state, s->command);
    hash_strings(state, s->env);
    hash_number(state, s->writable_root);
    hash_number(state, s->new_privileges);
    for (size_t i = 0; i < s->capability_count; i++)
        hash_text(state, s->capabilities[i]);
    hash_number(state, (int64_t)s->capability_count);
    for (size_t i = 0; i < s->device_count; i++)
        hash_text(state, s->devices[i]);
}

/* BLAKE2b-256 over every field that takes a new container to change, each ended by NUL. The
 * repository and tag are names for people; the image id is what runs. */
static void
seal(struct hf_spec *s)
{
    unsigned char digest[crypto_generichash_BYTES];
    crypto_generichash_state state;

    crypto_generichash_init(&state, NULL, 0, sizeof digest);
    hash_text(&state, s->container);
    hash_text(&state, s->image.image_id);
    hash_number(&state, s->uid);
    hash_number(&state, s->limits.log_bytes);
    hash_number(&state, s->limits.oom_score_adj);
    hash_number(&state, s->stop_timeout_s);
    for (size_t i = 0; i < s->mount_count; i++) {
        hash_number(&state, s->mounts[i].kind);
        hash_text(&state, s->mounts[i].source);
        hash_text(&state, s->mounts[i].target);
        hash_number(&state, s->mounts[i].read_only);
        hash_number(&state, s->mounts[i].size_bytes);
    }
    for (size_t i = 0; i < s->port_count; i++) {
        hash_text(&state, s->ports[i].host_address);
        hash_number(&state, s->ports[i].host_port);
        hash_number(&state, s->ports[i].container_port);
    }
    for (size_t i = 0; i < s->network_count; i++) {
        hash_text(&state, s->networks[i].network);
        hash_text(&state, s->networks[i].alias);
    }
    if (s->own)
        hash_own(&state, s);
    crypto_generichash_final(&state, digest, sizeof digest);
    hf_text_hex(digest, sizeof digest, s->hash);
}

int
hf_spec_make(const struct hf_placement *p, const struct hf_release *r, size_t index,
             struct hf_spec *ret_spec, struct hf_error *err)
{
    const struct hf_release_service *service = &r->services[index];
    struct hf_spec s = {.image = service->image};

    if (!*p->instance || strlen(p->instance) > INSTANCE_MAX)
        return hf_error_set(err, HF_ERROR_INVALID, "instance '%s': must have 1 to %d characters",
                            p->instance, INSTANCE_MAX);
    if (strlen(p->run_dir) + sizeof "/services/" + HF_OWN_NAME_MAX >= HF_PATH_SIZE)
        return hf_error_set(err, HF_ERROR_INVALID, "run folder '%s' is too long", p->run_dir);
    hf_text_put(s.instance, sizeof s.instance, "%s", p->instance);
    hf_text_put(s.service, sizeof s.service, "%s",
                service->own ? service->name : blueprints[index].service);
    hf_text_put(s.container, sizeof s.container, "%s-%s", p->instance, s.service);
    mount_run_folder(&s, p);
    s.pin = hf_json_get(hf_json_get(r->doc, "services"), s.service);
    if (service->own)
        hf_spec_fill_own(&s, p, service->own);
    else
        fill_built_in(&s, &blueprints[index], p);
    hf_limits_apply(service->limits, &s.limits);
    seal(&s);
    *ret_spec = s;
    return 0;
}

void
hf_spec_set_limits(struct hf_spec *s, const struct hf_limits *limits)
{
    s->limits = *limits;
    seal(s);
}

size_t
hf_spec_networks(const struct hf_placement *p, struct hf_network_spec *ret_networks)
{
    static const struct {
        const char *name;
        bool internal;
    } networks[] = {{"field", false}, {"bus", true}, {"lease", true}, {"egress", false}};

    for (size_t i = 0; i < HF_LEN(networks); i++) {
        hf_text_put(ret_networks[i].name, sizeof ret_networks[i].name, "%s-%s", p->instance,
                    networks[i].name);
        ret_networks[i].internal = networks[i].internal;
    }
    return HF_LEN(networks);
}
