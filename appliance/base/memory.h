// SPDX-License-Identifier: Apache-2.0
/* Memory that is no longer needed, back to the system. */
#pragma once

/* Gives back free heap, and the pages of program and libraries that nobody has written to: they
 * come again from their file where they are needed. Most were touched by the start alone (linking,
 * set-up of the libraries). So it is with the first thread's stack. For a long-lived program once
 * it has started, and now and then. */
void hf_memory_give_back(void);
