// SPDX-License-Identifier: Apache-2.0
#include "update/machine.h"

/* The table of the header. */
static const struct {
    enum update_effect effect;
    enum hf_daemon_state next[UPDATE_EVENT_COUNT]; /* IDLE: nothing follows */
} table[HF_DAEMON_STATE_COUNT] = {
    [HF_DAEMON_IDLE] = {UPDATE_NOTHING, {[UPDATE_ASKED] = HF_DAEMON_CHECKING}},
    [HF_DAEMON_CHECKING] =
        {UPDATE_CHECK, {[UPDATE_DONE] = HF_DAEMON_INSTALLING, [UPDATE_FAILED] = HF_DAEMON_REFUSED}},
    [HF_DAEMON_INSTALLING] =
        {UPDATE_INSTALL, {[UPDATE_DONE] = HF_DAEMON_TRIAL, [UPDATE_FAILED] = HF_DAEMON_RETURNING}},
    [HF_DAEMON_TRIAL] =
        {UPDATE_AWAIT,
         {[UPDATE_DONE] = HF_DAEMON_INSTALLED, [UPDATE_FAILED] = HF_DAEMON_RETURNING}},
    [HF_DAEMON_RETURNING] = {UPDATE_RETURN, {[UPDATE_DONE] = HF_DAEMON_PUT_BACK}},
    [HF_DAEMON_INSTALLED] = {UPDATE_CONCLUDE, {[UPDATE_ASKED] = HF_DAEMON_CHECKING}},
    [HF_DAEMON_PUT_BACK] = {UPDATE_CONCLUDE, {[UPDATE_ASKED] = HF_DAEMON_CHECKING}},
    [HF_DAEMON_REFUSED] = {UPDATE_CONCLUDE, {[UPDATE_ASKED] = HF_DAEMON_CHECKING}},
};

enum hf_daemon_state
update_next(enum hf_daemon_state s, enum update_event e)
{
    return table[s].next[e] == HF_DAEMON_IDLE ? s : table[s].next[e];
}

enum update_effect
update_effect_of(enum hf_daemon_state s)
{
    return table[s].effect;
}
