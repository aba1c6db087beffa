// SPDX-License-Identifier: Apache-2.0
/* What the engine has of images that are to come. Private to the folder. */
#pragma once

#include "engine/client.h"
#include "import/import.h"

struct hf_store_facts {
    bool keeps_layers;  /* of its images, so that a load may leave them out */
    char data_dir[256]; /* "": not said */
};

HF_MUST int hf_layers_store(struct hf_engine *e, struct hf_store_facts *ret, struct hf_error *err);

/* Tells the import which layers of its images need not come. */
HF_MUST int hf_layers_compare(struct hf_engine *e, struct hf_import *im, size_t images,
                              const struct hf_store_facts *store, struct hf_error *err);
