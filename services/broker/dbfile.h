// SPDX-License-Identifier: Apache-2.0
/*
 * Reads mosquitto's saved database (format versions 5 and 6, those of mosquitto 2.0) as far as to
 * know two things before mosquitto loads it: whether it is whole, and whether the sessions of the
 * gateway's own consumers are in it. Layout: mosquitto 2.0, src/persist.h and persist_write_v5.c.
 */
#pragma once

#include "base/error.h"

#include <stdbool.h>

enum hf_db_state {
    HF_DB_ABSENT,  /* no file, or an empty one */
    HF_DB_SOUND,   /* read to its end */
    HF_DB_DAMAGED, /* mosquitto would refuse it or silently load a part */
    HF_DB_UNKNOWN, /* a format that we do not know: left to mosquitto */
    HF_DB_STATE_COUNT
};

struct hf_db_report {
    enum hf_db_state state;
    bool processor; /* it has the subscription of client `processor` to field/… */
    bool buffer;    /* and that of client `buffer` to uplink/… */
};

/* -1 only where the file is there but cannot be read. */
HF_MUST int hf_db_check(const char *path, struct hf_db_report *ret_report, struct hf_error *err);

/* Calls `each` with the client id of every session in the file, services' and devices', until it
 * returns false. -1 where it did, or where the file cannot be read to its end. An id with a zero
 * byte in it is none (MQTT 3.1.1, 1.5.3). */
HF_MUST int hf_db_each_client(const char *path, bool (*each)(void *ctx, const char *id), void *ctx);

/* Moves the file to PATH.damaged, and the one set aside before to PATH.damaged.old. */
HF_MUST int hf_db_set_aside(const char *path, struct hf_error *err);
