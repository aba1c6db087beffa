// SPDX-License-Identifier: Apache-2.0
/* A buffer in memory that leases and takes back (api/record-path.md): for tests of who asks it. */
#pragma once

#include "common/httpd.h"

enum {
    FAKE_LANES = 3,
    FAKE_SINKS = 4,
    FAKE_ZSTD_LEVEL = 9, /* not the forwarder's: so it can be told who packed a frame */
};

struct fake_buffer;

/* token: what the forwarder must bear. */
struct fake_buffer *fake_buffer_start(const char *listen, const char *token);
void fake_buffer_stop(struct fake_buffer *f);

/* Adds a block of count records with topics t/0 … t/9 (a/… and b/… for the other lanes) and
 * payloads {"n":…,"pad":…} of about size bytes; n counts over all. lane: 0 alarm, 1 normal, 2 bulk.
 */
void fake_buffer_put(struct fake_buffer *f, int lane, size_t count, size_t size);

/* One record with this member at its end, as `"payload":…`, in a block of its own. */
void fake_buffer_put_one(struct fake_buffer *f, int lane, const char *topic, const char *tail);

/* Begins a block that the following puts go into, until it is called again with false. */
void fake_buffer_gather(struct fake_buffer *f, bool on);

/* Records that no lease of the sink gave back yet. */
size_t fake_buffer_held(struct fake_buffer *f, const char *sink);

/* Numbers and reasons refused so far, as "17:400:text;…"; free it. */
char *fake_buffer_refused(struct fake_buffer *f);
size_t fake_buffer_refused_count(struct fake_buffer *f);

/* Stops answering for this long, with 503. */
void fake_buffer_pause(struct fake_buffer *f, bool on);

/* Refuses each acknowledgement of this lane with 422, as if it were wrong; -1: of none. */
void fake_buffer_refuse_acks(struct fake_buffer *f, int lane);
