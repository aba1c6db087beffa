// SPDX-License-Identifier: Apache-2.0
#include "unit.h"

#include "path/peer_server.h"

#include <civetweb.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

/* Reads without the lock: a request that was given up may be under way beside the next one. */
static void
keep_request(struct peer_server *p, struct mg_connection *conn)
{
    const struct mg_request_info *info = mg_get_request_info(conn);
    char asked[sizeof p->asked];
    size_t len = 0;
    int n;

    while ((n = mg_read(conn, asked + len, sizeof asked - 1 - len)) > 0)
        len += (size_t)n;
    asked[len] = '\0';
    pthread_mutex_lock(&p->lock);
    snprintf(p->method, sizeof p->method, "%s", info->request_method);
    snprintf(p->url, sizeof p->url, "%s%s%s", info->local_uri_raw, info->query_string ? "?" : "",
             info->query_string ? info->query_string : "");
    memcpy(p->asked, asked, len + 1);
    pthread_mutex_unlock(&p->lock);
}

static void
send_chunks(struct peer_server *p, struct mg_connection *conn)
{
    const char *body = p->body;

    mg_printf(conn, "HTTP/1.1 200 OK\r\nContent-Type: application/x-ndjson\r\n"
                    "Transfer-Encoding: chunked\r\n\r\n");
    for (int i = 0; i < p->chunks; i++)
        if (mg_send_chunk(conn, body, (unsigned)strlen(body)) < 0)
            return;
    if (!atomic_load(&p->cut))
        mg_send_chunk(conn, "", 0);
}

static int
on_request(struct mg_connection *conn)
{
    struct peer_server *p = mg_get_user_data(mg_get_context(conn));
    const char *bearer = mg_get_header(conn, "Authorization");
    const char *body = p->body;
    int ms = atomic_load(&p->silent_ms), status = p->status;

    keep_request(p, conn);
    atomic_fetch_add(&p->requests, 1);
    for (; ms > 0 && atomic_load(&p->silent_ms); ms -= 10)
        nanosleep(&(struct timespec){.tv_nsec = 10 * 1000 * 1000}, NULL);
    mg_disable_keep_alive(conn);
    if (!bearer || strncmp(bearer, "Bearer ", 7) != 0 || strcmp(bearer + 7, p->token) != 0) {
        mg_printf(conn, "HTTP/1.1 401 Unauthorized\r\nContent-Length: 0\r\n\r\n");
        return 401;
    }
    if (p->chunks > 0) {
        send_chunks(p, conn);
        return 200;
    }
    mg_printf(conn,
              "HTTP/1.1 %d X\r\nContent-Type: application/json\r\nContent-Length: %zu\r\n\r\n",
              status, strlen(body));
    mg_write(conn, body, strlen(body));
    return status;
}

void
peer_server_start(struct peer_server *p)
{
    const char *options[] = {"listening_ports", p->listen ? p->listen : "127.0.0.1:0",
                             "num_threads", "8", NULL};
    const struct mg_callbacks callbacks = {.begin_request = on_request};
    struct mg_server_port port;

    pthread_mutex_init(&p->lock, NULL);
    p->server = mg_start(&callbacks, p, options);
    assert_non_null(p->server);
    assert_int_equal(mg_get_server_ports(p->server, 1, &port), 1);
    p->port = (uint16_t)port.port;
}

void
peer_server_stop(struct peer_server *p)
{
    atomic_store(&p->silent_ms, 0);
    if (p->server) {
        mg_stop(p->server);
        pthread_mutex_destroy(&p->lock);
    }
    p->server = NULL;
}
