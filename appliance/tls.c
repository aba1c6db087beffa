// SPDX-License-Identifier: Apache-2.0
#include "tls.h"

#include "base/log.h"
#include "base/text.h"

static int64_t
site_ends_ms(void *context)
{
    return hf_certificates_site_ends_ms(context);
}

static int
for_broker(void *context, const char *gateway, struct hf_buf *ret_pem, struct hf_buf *ret_ca,
           struct hf_error *err)
{
    return hf_certificates_for_broker(context, gateway, ret_pem, ret_ca, err);
}

const struct hf_certificate_ops hf_tls_ops = {
    .site_ends_ms = site_ends_ms,
    .for_broker = for_broker,
};

static void
tell_of_own(struct hf_certificates *certificates, struct hf_core *core)
{
    char fingerprint[HF_FINGERPRINT_SIZE], what[HF_TEXT_SIZE];
    struct hf_error err = {0};

    hf_certificates_fingerprint(certificates, fingerprint);
    hf_text_put(what, sizeof what, "made the gateway's own certificate anew; in force: %s",
                fingerprint);
    hf_log_info("event=certificate-renewed fingerprint=%s", fingerprint);
    if (hf_core_audit(core, "holdfastd", what, &err) < 0)
        hf_log_error("event=audit-not-kept error=\"%s\"", err.message);
}

static void
tell_of_broker(struct hf_core *core)
{
    struct hf_error err = {0};

    hf_log_info("event=broker-certificate-renewed");
    if (hf_core_broker_certificate(core, &err) < 0)
        hf_log_error("event=hand-over-failed error=\"%s\"", err.message);
}

void
hf_tls_tend(struct hf_certificates *certificates, struct hf_core *core, bool watched)
{
    const struct hf_snapshot *snapshot = hf_core_snapshot(core);
    struct hf_error err = {0};
    char name[HF_NAME_SIZE];
    int made;

    hf_text_put(name, sizeof name, "%s", snapshot->gateway.name);
    hf_snapshot_unref(snapshot);
    made = hf_certificates_tend(certificates, name, watched, &err);
    if (made < 0) {
        hf_log_error("event=certificate-not-renewed error=\"%s\"", err.message);
        return;
    }
    if (made & HF_CERTIFICATE_OWN)
        tell_of_own(certificates, core);
    if (made & HF_CERTIFICATE_BROKER)
        tell_of_broker(core);
}
