// SPDX-License-Identifier: Apache-2.0
/* Memory that is no longer needed, back to the system. */
#pragma once

/* Gives back free heap, and the pages of program and libraries that only a start touches (linking,
 * set-up of the libraries): they are clean, and come again from the file where they are needed.
 * For a long-lived program, once it has started. */
void hf_memory_give_back(void);
