// SPDX-License-Identifier: Apache-2.0
#include "api/handlers.h"

#include "api/codec.h"
#include "api/server.h"

/* One part of the newest snapshot; NULL where there is no such part now. */
typedef struct hf_json *encode_part(const struct hf_snapshot *s, const char *fingerprint);

static int
reply_part(struct hf_exchange *x, encode_part *encode, const char *missing, struct hf_error *err)
{
    const struct hf_api_config *config = x->api->config;
    const struct hf_snapshot *snapshot = hf_core_snapshot(config->core);
    char fingerprint[HF_FINGERPRINT_SIZE];
    struct hf_json *part;

    hf_certificates_fingerprint(config->certificates, fingerprint);
    part = encode(snapshot, fingerprint);
    hf_snapshot_unref(snapshot);
    if (!part && missing)
        return hf_error_set(err, HF_ERROR_NOT_FOUND, "%s", missing);
    return hf_reply_json(x, 200, part, err);
}

static struct hf_json *
encode_health(const struct hf_snapshot *s, const char *fingerprint)
{
    struct hf_json *o = hf_json_object();

    (void)fingerprint;
    hf_json_put_string(o, "status", hf_codec_health(s));
    hf_json_put_string(o, "version", HF_VERSION);
    return o;
}

static struct hf_json *
encode_release(const struct hf_snapshot *s, const char *fingerprint)
{
    (void)fingerprint;
    return s->has_release ? hf_codec_release(&s->release) : NULL;
}

static struct hf_json *
encode_uplink(const struct hf_snapshot *s, const char *fingerprint)
{
    (void)fingerprint;
    return hf_codec_uplink(&s->uplink);
}

int
hf_handle_health(struct hf_exchange *x, struct hf_error *err)
{
    return reply_part(x, encode_health, NULL, err);
}

int
hf_handle_gateway(struct hf_exchange *x, struct hf_error *err)
{
    return reply_part(x, hf_codec_gateway, NULL, err);
}

int
hf_handle_release(struct hf_exchange *x, struct hf_error *err)
{
    return reply_part(x, encode_release, "no release is set yet", err);
}

int
hf_handle_uplink(struct hf_exchange *x, struct hf_error *err)
{
    return reply_part(x, encode_uplink, NULL, err);
}
