// SPDX-License-Identifier: Apache-2.0
#include "broker/meter.h"

#include "base/clock.h"
#include "base/file.h"

#include <stdio.h>
#include <string.h>

enum {
    READ_EVERY_MS = 2000,
    TABLE_MAX = 1024 * 1024, /* 150 bytes a connection, 1000 of them at most */
    ESTABLISHED = 1,         /* proc(5), include/net/tcp_states.h */
};

int64_t
hf_meter_count(const char *text, int port)
{
    int64_t count = 0;

    for (const char *line = text; line; line = strchr(line, '\n')) {
        unsigned local, state;

        line += *line == '\n';
        /* NOLINTNEXTLINE(cert-err34-c): a line of another form does not match, none overflows */
        if (sscanf(line, " %*u: %*[0-9A-Fa-f]:%4x %*[0-9A-Fa-f]:%*4x %2x", &local, &state) == 2)
            count += (int)local == port && state == ESTABLISHED;
    }
    return count;
}

int64_t
hf_meter_clients(struct hf_meter *m, const int *ports, size_t count)
{
    static const char *const tables[] = {"/proc/self/net/tcp", "/proc/self/net/tcp6"};
    int64_t now = hf_clock_mono_ms();

    if (m->read_ms && now - m->read_ms < READ_EVERY_MS)
        return m->clients;
    m->read_ms = now;
    m->clients = 0;
    for (size_t i = 0; i < HF_LEN(tables); i++) {
        HF_AUTO_BUF struct hf_buf text = HF_BUF_INIT(TABLE_MAX);

        if (hf_file_read(tables[i], &text, NULL) < 0 || !text.data)
            continue;
        for (size_t k = 0; k < count; k++)
            m->clients += hf_meter_count(text.data, ports[k]);
    }
    return m->clients;
}

static int64_t
minutes(uint64_t used, uint64_t max, uint64_t a_min)
{
    return a_min == 0 ? INT64_MAX : used >= max ? 0 : (int64_t)((max - used) / a_min);
}

int64_t
hf_queue_minutes(const struct hf_queue *q)
{
    int64_t by_messages = minutes(q->messages, q->max_messages, q->messages_a_min);
    int64_t by_bytes = minutes(q->bytes, q->max_bytes, q->bytes_a_min);
    int64_t least = by_messages < by_bytes ? by_messages : by_bytes;

    return least == INT64_MAX ? -1 : least;
}
