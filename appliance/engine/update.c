// SPDX-License-Identifier: Apache-2.0
#include "engine/update.h"

#include "engine/support.h"

/* Docker refuses a limit of CPU that the kernel does not know, and takes memory only together with
 * memory and swap. */
void
hf_update_put(struct hf_json *o, const struct hf_limits *limits, const struct support *support)
{
    hf_json_put_int(o, "Memory", limits->memory_bytes);
    hf_json_put_int(o, "MemorySwap", limits->memory_bytes);
    hf_json_put_int(o, "MemoryReservation", limits->memory_reservation_bytes);
    hf_json_put_int(o, "PidsLimit", limits->pids);
    if (support->cpu)
        hf_json_put_int(o, "NanoCpus", limits->nano_cpus);
    if (support->io_weight && limits->io_weight)
        hf_json_put_int(o, "BlkioWeight", limits->io_weight);
}

int
hf_update_container(void *ctx, const char *id, const struct hf_spec *spec, struct hf_error *err)
{
    struct hf_engine *e = ctx;
    HF_AUTO_BUF struct hf_buf path = HF_BUF_INIT(PATH_BYTES_MAX);
    HF_AUTO(hf_json) struct hf_json *body = hf_json_object();
    HF_AUTO(hf_json) struct hf_json *answer = NULL;
    HF_AUTO_FREE char *text = NULL;
    struct hf_client_call call = {.method = "POST", .total_ms = SLOW_CALL_MS};
    struct support support;

    if (hf_client_negotiate(e, err) < 0)
        return -1;
    support = hf_client_support(e);
    hf_update_put(body, &spec->limits, &support);
    if (hf_json_print(body, &text, err) < 0 ||
        hf_client_path(&path, "/containers/", id, "/update", err) < 0)
        return -1;
    call.path = path.data;
    call.body = text;
    if (hf_client_json(e, &call, &answer, err) < 0)
        return -1;
    hf_support_keep(e, spec->service, answer);
    return 0;
}
