// SPDX-License-Identifier: Apache-2.0
#include "model/spec.h"

#include "base/text.h"

#include <sodium.h>
#include <string.h>

enum {
    INSTANCE_MAX = 32, /* leaves room for the longest suffix in a name */
    FIRST_UID = 10001,
    STOP_TIMEOUT_S = 10,
    TMP_BYTES = 4 * 1024 * 1024,
    BROKER_PORT = 1883,
    MIB = 1024 * 1024,
    NANO_PER_CPU = 1000000000
};

/* What a service is given, by its name; see DESIGN §4 and §5 for why each network is there. */
struct blueprint {
    const char *service;
    uid_t uid;
    int64_t memory_bytes;
    int64_t pids;
    const char *volume; /* suffix of the volume on /data, NULL for none */
    bool field, bus, lease, egress;
};

static const struct blueprint blueprints[] = {
    {"broker", FIRST_UID, 64LL * MIB, 32, "broker-data", true, true, false, false},
    {"buffer", FIRST_UID + 2, 64LL * MIB, 64, "buffer-data", false, true, true, false},
    {"processor", FIRST_UID + 1, 64LL * MIB, 32, NULL, false, true, true, false},
    {"forwarder", FIRST_UID + 3, 32LL * MIB, 32, NULL, false, true, true, true},
};

uid_t
hf_service_uid(size_t index)
{
    return blueprints[index].uid;
}

static void
attach(struct hf_spec *s, const struct hf_placement *p, const char *network, const char *alias)
{
    struct hf_attachment *a = &s->networks[s->network_count++];

    hf_text_put(a->network, sizeof a->network, "%s-%s", p->instance, network);
    hf_text_put(a->alias, sizeof a->alias, "%s", alias);
}

static void
mount_at(struct hf_spec *s, enum hf_mount_kind kind, const char *target, bool read_only,
         const char *source)
{
    struct hf_mount *m = &s->mounts[s->mount_count++];

    m->kind = kind;
    m->read_only = read_only;
    m->size_bytes = kind == HF_MOUNT_TMPFS ? TMP_BYTES : 0;
    hf_text_put(m->target, sizeof m->target, "%s", target);
    hf_text_put(m->source, sizeof m->source, "%s", source);
}

/* The field network comes first: it carries the published port and so the default route. */
static void
fill_networks(struct hf_spec *s, const struct blueprint *b, const struct hf_placement *p)
{
    if (b->field) {
        struct hf_port *port = &s->ports[s->port_count++];

        attach(s, p, "field", "");
        hf_text_put(port->host_address, sizeof port->host_address, "%s", p->field_address);
        port->host_port = p->field_port;
        port->container_port = BROKER_PORT;
    }
    if (b->egress)
        attach(s, p, "egress", "");
    if (b->bus)
        attach(s, p, "bus", b->field ? "broker" : "");
    if (b->lease)
        attach(s, p, "lease", b->service);
}

static void
fill_mounts(struct hf_spec *s, const struct blueprint *b, const struct hf_placement *p)
{
    char source[HF_PATH_SIZE];

    hf_text_put(source, sizeof source, "%s/services/%s", p->run_dir, b->service);
    mount_at(s, HF_MOUNT_BIND, "/run/holdfast", true, source);
    mount_at(s, HF_MOUNT_TMPFS, "/tmp", false, "");
    if (b->volume) {
        hf_text_put(source, sizeof source, "%s-%s", p->instance, b->volume);
        mount_at(s, HF_MOUNT_VOLUME, "/data", false, source);
    }
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

/* BLAKE2b-256 over every field that makes a difference to the container, each ended by NUL. The
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
    hash_number(&state, s->memory_bytes);
    hash_number(&state, s->nano_cpus);
    hash_number(&state, s->pids);
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
    crypto_generichash_final(&state, digest, sizeof digest);
    hf_text_hex(digest, sizeof digest, s->hash);
}

int
hf_spec_make(const struct hf_placement *p, const struct hf_release *r, size_t index,
             struct hf_spec *ret_spec, struct hf_error *err)
{
    const struct blueprint *b = &blueprints[index];
    struct hf_spec s = {
        .image = r->services[index].image,
        .uid = b->uid,
        .memory_bytes = b->memory_bytes,
        .nano_cpus = NANO_PER_CPU,
        .pids = b->pids,
        .stop_timeout_s = STOP_TIMEOUT_S,
    };

    if (!*p->instance || strlen(p->instance) > INSTANCE_MAX)
        return hf_error_set(err, HF_ERROR_INVALID, "instance '%s': must have 1 to %d characters",
                            p->instance, INSTANCE_MAX);
    if (strlen(p->run_dir) + sizeof "/services/processor" >= HF_PATH_SIZE)
        return hf_error_set(err, HF_ERROR_INVALID, "run folder '%s' is too long", p->run_dir);
    hf_text_put(s.instance, sizeof s.instance, "%s", p->instance);
    hf_text_put(s.service, sizeof s.service, "%s", b->service);
    hf_text_put(s.container, sizeof s.container, "%s-%s", p->instance, b->service);
    fill_networks(&s, b, p);
    fill_mounts(&s, b, p);
    seal(&s);
    *ret_spec = s;
    return 0;
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
