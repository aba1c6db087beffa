// SPDX-License-Identifier: Apache-2.0
#include "api/codec_spec.h"

#include "base/text.h"

#include <math.h>

/* Each relaxation in words that an operator reads beside the service. */
static struct hf_json *
relaxations(const struct hf_spec *spec)
{
    struct hf_json *list = hf_json_array();
    char text[HF_PATH_SIZE * 2];

    if (spec->own && spec->uid == 0)
        hf_json_add_string(list, "runs as root");
    if (spec->writable_root)
        hf_json_add_string(list, "writable root");
    if (spec->new_privileges)
        hf_json_add_string(list, "may gain privileges");
    for (size_t i = 0; i < spec->capability_count; i++) {
        hf_text_put(text, sizeof text, "capability %s", spec->capabilities[i]);
        hf_json_add_string(list, text);
    }
    for (size_t i = 0; i < spec->device_count; i++) {
        hf_text_put(text, sizeof text, "device %s", spec->devices[i]);
        hf_json_add_string(list, text);
    }
    for (size_t i = 1; spec->own && i < spec->mount_count; i++) { /* 0 is the gateway's own */
        const struct hf_mount *m = &spec->mounts[i];

        if (m->kind != HF_MOUNT_BIND)
            continue;
        hf_text_put(text, sizeof text, "host folder %s%s", m->source,
                    m->read_only ? ", read-only" : "");
        hf_json_add_string(list, text);
    }
    return list;
}

struct hf_json *
hf_codec_limits(const struct hf_spec *spec, bool has_io_weight)
{
    static const double nano = 1e9, places = 1e3;
    const struct hf_limits *l = &spec->limits;
    struct hf_json *o = hf_json_object();

    hf_json_put_int(o, "memory_bytes", l->memory_bytes);
    hf_json_put_int(o, "memory_reservation_bytes", l->memory_reservation_bytes);
    hf_json_put_number(o, "cpus", round((double)l->nano_cpus / nano * places) / places);
    hf_json_put_int(o, "pids", l->pids);
    if (has_io_weight && l->io_weight)
        hf_json_put_int(o, "io_weight", l->io_weight);
    else
        hf_json_put_null(o, "io_weight");
    hf_json_put_int(o, "log_bytes", l->log_bytes);
    hf_json_put_int(o, "oom_score_adj", l->oom_score_adj);
    hf_json_put(o, "relaxations", relaxations(spec));
    return o;
}

struct hf_json *
hf_codec_mounts(const struct hf_spec *spec)
{
    static const char *const kinds[] = {
        [HF_MOUNT_VOLUME] = "volume",
        [HF_MOUNT_BIND] = "bind",
        [HF_MOUNT_TMPFS] = "tmpfs",
    };
    struct hf_json *list = hf_json_array();

    for (size_t i = 0; i < spec->mount_count; i++) {
        const struct hf_mount *m = &spec->mounts[i];
        struct hf_json *o = hf_json_object();

        hf_json_put_string(o, "kind", kinds[m->kind]);
        hf_json_put_string(o, "source", m->source);
        hf_json_put_string(o, "path", m->target);
        hf_json_put_bool(o, "read_only", m->read_only);
        if (m->kind == HF_MOUNT_TMPFS)
            hf_json_put_int(o, "size_bytes", m->size_bytes);
        else
            hf_json_put_null(o, "size_bytes");
        hf_json_add(list, o);
    }
    return list;
}

struct hf_json *
hf_codec_hardening(const struct hf_spec *spec)
{
    struct hf_json *o = hf_json_object();
    struct hf_json *dropped = hf_json_array(), *added = hf_json_array();
    struct hf_json *devices = hf_json_array();
    char user[32];

    hf_text_put(user, sizeof user, "%u:%u", spec->uid, spec->uid);
    hf_json_add_string(dropped, "ALL");
    for (size_t i = 0; i < spec->capability_count; i++)
        hf_json_add_string(added, spec->capabilities[i]);
    for (size_t i = 0; i < spec->device_count; i++)
        hf_json_add_string(devices, spec->devices[i]);
    hf_json_put_string(o, "user", user);
    hf_json_put_bool(o, "read_only", !spec->writable_root);
    hf_json_put(o, "cap_drop", dropped);
    hf_json_put(o, "cap_add", added);
    hf_json_put(o, "devices", devices);
    hf_json_put_bool(o, "no_new_privileges", !spec->new_privileges);
    return o;
}
