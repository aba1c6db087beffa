// SPDX-License-Identifier: Apache-2.0
/* Inside the store: a database whose first page is lost, which says where all else is. */
#pragma once

#include "store/db.h"

/* Reads the file at path into memory, with a first page made anew. NULL where that cannot be. */
sqlite3 *hf_first_page_open(const char *path);
