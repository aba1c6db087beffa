// SPDX-License-Identifier: Apache-2.0
/*
 * The Docker Engine API over its Unix socket: hf_docker_ops fills model/engine_ops.h, with a struct
 * hf_engine as context. The API version is negotiated at the first call and again after the
 * connection was lost, so the engine may be away at hf_engine_new() and may be replaced by another
 * version at any time. Every call has a deadline and a cap on what it reads.
 *
 * Beyond what model/engine_ops.h says:
 * - start of a running, stop of a stopped or missing and remove of a missing container succeed;
 * - create: the first network of the spec carries the published ports, so it must not be internal
 *   where there are any;
 * - list reports the pinned image id also where Docker's image store knows images by their manifest
 *   digest (containerd store, default from Docker 29 on);
 * - events() lasts until it is cancelled or the sink says false: when the stream ends it calls the
 *   sink with "lost" (once for each loss, and also when the first connection fails), waits and
 *   connects again from where it was, then says "connected". service is "" for events of the
 *   instance's networks ("network-destroy") and volumes ("volume-destroy"). It asks cancelled()
 * with each event, every ten seconds, and soon after hf_engine_stop(): an idle daemon is not to be
 * woken for that.
 */
#pragma once

#include "base/error.h"
#include "model/engine_ops.h"

struct hf_engine;

/* socket_path is copied. Does not connect. */
HF_MUST int hf_engine_new(const char *socket_path, struct hf_engine **ret_engine,
                          struct hf_error *err);

/* The program that fetches from registries, holdfast-fetch (copied), and how long a registry may
 * say next to nothing (0: half a minute). Without it images come from bundles only. Before any
 * call. */
HF_MUST int hf_engine_set_fetch(struct hf_engine *engine, const char *program, int64_t stall_ms,
                                struct hf_error *err);

/* A bundle (import/bundle.h) on this machine's disk, which images are taken from before a registry is
 * asked; the file need not be there yet. Copied. Before any call. */
HF_MUST int hf_engine_set_bundle(struct hf_engine *engine, const char *path, struct hf_error *err);

/* From now on streams ask many times a second whether they are cancelled, so that whoever cancels
 * them need not wait. NULL is fine. */
void hf_engine_stop(struct hf_engine *engine);

/* No call may be under way. NULL is fine. */
void hf_engine_free(struct hf_engine *engine);
HF_DEFINE_AUTO(struct hf_engine, hf_engine, hf_engine_free)

/* The release that the instance's containers were made from, put together from their labels, with
 * that counter: the JSON of model/release.h, unchecked; the caller frees *ret_text. NOT_FOUND where
 * there are none. */
HF_MUST int hf_engine_release(struct hf_engine *engine, const char *instance, int64_t counter,
                              char **ret_text, struct hf_error *err);

/* ctx is a struct hf_engine. */
extern const struct hf_engine_ops hf_docker_ops;
