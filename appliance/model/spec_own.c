// SPDX-License-Identifier: Apache-2.0
#include "base/text.h"
#include "model/own.h"
#include "model/spec_parts.h"

#include <stdlib.h>
#include <string.h>

enum { STOP_TIMEOUT_S = 10, IO_WEIGHT = 200, OOM_SCORE_ADJ = 700, LOG_BYTES = 3 * 1024 * 1024 };

/* One with a way out comes first: it carries published ports and the default route. */
static void
fill_networks(struct hf_spec *s, const struct hf_placement *p, const struct hf_json *networks)
{
    for (int inner = 0; inner <= 1; inner++)
        for (const struct hf_json *n = hf_json_first(networks); n; n = hf_json_next(n)) {
            const char *name = hf_json_as_string(n);
            bool is_outer = strcmp(name, "field") == 0 || strcmp(name, "egress") == 0;

            if (is_outer == !inner)
                hf_spec_attach(s, p, name, s->service);
        }
}

static void
fill_ports(struct hf_spec *s, const struct hf_placement *p, const struct hf_json *ports)
{
    for (const struct hf_json *v = hf_json_first(ports); v; v = hf_json_next(v)) {
        struct hf_port *port = &s->ports[s->port_count++];

        hf_text_put(port->host_address, sizeof port->host_address, "%s", p->field_address);
        port->host_port = (uint16_t)hf_json_int(v, "port", 0);
        port->container_port = (uint16_t)hf_json_int(v, "container_port", 0);
    }
}

/* A dot is in no name of a service, so no volume of one is taken for another's. */
static void
fill_mounts(struct hf_spec *s, const struct hf_json *own)
{
    const struct hf_json *binds = hf_json_get(hf_json_get(own, "relaxations"), "binds");
    char volume[HF_PATH_SIZE];

    for (const struct hf_json *v = hf_json_first(hf_json_get(own, "volumes")); v;
         v = hf_json_next(v)) {
        hf_text_put(volume, sizeof volume, "%s.%s", s->container, hf_json_string(v, "name"));
        hf_spec_mount(s, HF_MOUNT_VOLUME, volume, hf_json_string(v, "target"),
                      hf_json_bool(v, "read_only", false), 0);
    }
    for (const struct hf_json *v = hf_json_first(hf_json_get(own, "tmpfs")); v; v = hf_json_next(v))
        hf_spec_mount(s, HF_MOUNT_TMPFS, "", hf_json_string(v, "target"), false,
                      hf_json_int(v, "size_bytes", 0));
    for (const struct hf_json *v = hf_json_first(binds); v; v = hf_json_next(v))
        hf_spec_mount(s, HF_MOUNT_BIND, hf_json_string(v, "source"), hf_json_string(v, "target"),
                      hf_json_bool(v, "read_only", true), 0);
}

static int
compare_capabilities(const void *a, const void *b)
{
    return strcmp(a, b);
}

static void
fill_relaxations(struct hf_spec *s, const struct hf_json *r)
{
    for (const struct hf_json *v = hf_json_first(hf_json_get(r, "capabilities")); v;
         v = hf_json_next(v))
        hf_text_put(s->capabilities[s->capability_count++], HF_CAPABILITY_SIZE, "%s",
                    hf_json_as_string(v));
    qsort(s->capabilities, s->capability_count, HF_CAPABILITY_SIZE, compare_capabilities);
    for (const struct hf_json *v = hf_json_first(hf_json_get(r, "devices")); v; v = hf_json_next(v))
        hf_text_put(s->devices[s->device_count++], HF_PATH_SIZE, "%s", hf_json_as_string(v));
    s->writable_root = hf_json_bool(r, "writable_root", false);
    s->new_privileges = hf_json_bool(r, "new_privileges", false);
}

void
hf_spec_fill_own(struct hf_spec *s, const struct hf_placement *p, const struct hf_json *own)
{
    const char *title = hf_json_string(own, "title");

    s->limits = (struct hf_limits){
        .io_weight = IO_WEIGHT,
        .log_bytes = LOG_BYTES,
        .oom_score_adj = OOM_SCORE_ADJ, /* before any built-in one */
    };
    hf_limits_apply(hf_json_get(own, "limits"), &s->limits);
    if (!s->limits.memory_reservation_bytes)
        s->limits.memory_reservation_bytes = s->limits.memory_bytes / 2;
    hf_text_put(s->title, sizeof s->title, "%s", title ? title : s->service);
    s->own = true;
    s->uid = (uid_t)hf_json_int(own, "user", 0);
    s->stop_timeout_s = (int)hf_json_int(own, "stop_timeout_s", STOP_TIMEOUT_S);
    s->command = hf_json_get(own, "command");
    s->env = hf_json_get(own, "env");
    fill_networks(s, p, hf_json_get(own, "networks"));
    fill_ports(s, p, hf_json_get(own, "ports"));
    fill_mounts(s, own);
    fill_relaxations(s, hf_json_get(own, "relaxations"));
}
