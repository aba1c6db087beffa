// SPDX-License-Identifier: Apache-2.0
/* What the lifecycle says to people: a reason and one line on what to do. Private to the folder. */
#pragma once

#include "supervisor/lifecycle.h"

/* Into m->failure and m->failure_why. */
void hf_lifecycle_say_exit(struct hf_lifecycle_machine *m);
void hf_lifecycle_say_removed(struct hf_lifecycle_machine *m);
void hf_lifecycle_say_crash_loop(struct hf_lifecycle_machine *m);
void hf_lifecycle_say_error(struct hf_lifecycle_machine *m, enum hf_effect effect,
                            const struct hf_error *error);
void hf_lifecycle_say_no_progress(struct hf_lifecycle_machine *m);

/* Into m->why, m->reason and m->advice, from the state and what is known. */
void hf_lifecycle_say_state(struct hf_lifecycle_machine *m);
