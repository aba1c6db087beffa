// SPDX-License-Identifier: Apache-2.0
/* What the specs of built-in and own services are put together from. Private to the folder. */
#pragma once

#include "model/spec.h"

void hf_spec_attach(struct hf_spec *s, const struct hf_placement *p, const char *network,
                    const char *alias);

/* size_bytes: of a tmpfs, else 0. */
void hf_spec_mount(struct hf_spec *s, enum hf_mount_kind kind, const char *source,
                   const char *target, bool read_only, int64_t size_bytes);

/* spec_own.c: what the description of an own service says, into a spec that has its names. */
void hf_spec_fill_own(struct hf_spec *s, const struct hf_placement *p, const struct hf_json *own);
