// SPDX-License-Identifier: Apache-2.0
/* What the engine says of a container, read back. Private to the folder. */
#pragma once

#include "engine/client.h"

#define LABEL_INSTANCE "io.holdfast.instance"
#define LABEL_DEMO "io.holdfast.demo" /* what ./dev run puts beside a gateway */
#define LABEL_SERVICE "io.holdfast.service"
#define LABEL_SPEC "io.holdfast.spec"
#define LABEL_IMAGE "io.holdfast.image"       /* repository@digest of the release */
#define LABEL_IMAGE_ID "io.holdfast.image-id" /* its config digest */
#define LABEL_PIN "io.holdfast.pin"           /* its entry in the release, as JSON */
#define LABEL_LIMITS "io.holdfast.limits"     /* hardening, networks and log at create */

enum { NAMES_TEXT_SIZE = 1024, LIMITS_TEXT_SIZE = 4096 };

/* What is fixed when a container is made and keeps it in its bounds, and its networks, in one
 * comparable text. */
void hf_inspect_hardening_of_spec(const struct hf_spec *spec, char out[LIMITS_TEXT_SIZE]);
void hf_inspect_hardening_of_container(const struct hf_json *doc, char out[LIMITS_TEXT_SIZE]);

/* The limits in force that can be changed while it runs; see struct hf_container. */
void hf_inspect_limits(const struct hf_json *doc, const struct support *support,
                       struct hf_limits *ret);

/* From the answer of GET /containers/{id}/json. */
HF_MUST int hf_inspect_container(const struct hf_json *doc, const char *instance,
                                 const struct support *support, struct hf_container *ret_container,
                                 struct hf_error *err);

/* Whether the image name of a container or image is the digest that reference pins: engines with
 * the containerd image store report that one. */
bool hf_inspect_is_manifest_of(const char *id, const char *reference);

/* Text of a label, "" where it is not there. */
const char *hf_inspect_label(const struct hf_json *labels, const char *name);
