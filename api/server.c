// SPDX-License-Identifier: Apache-2.0
#include "api/server.h"

#include "api/codec.h"
#include "api/exchange.h"
#include "api/guard.h"
#include "api/listen.h"
#include "api/peers.h"
#include "api/redirect.h"
#include "api/router.h"
#include "api/tls.h"
#include "base/clock.h"
#include "base/log.h"

#include <civetweb.h>
#include <quantum.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

/* Twice as many as there are streams, so that half of them always answer. An idle one costs its
 * request buffer and a few pages of stack. */
#define HF_API_WORKERS "36"
#define HF_API_HEAD_BYTES "16384"
#define HF_API_QUEUE "32" /* accepted connections that wait for a worker */
/* As many as the kernel allows (net.core.somaxconn). Where its queue is full it drops who comes and
 * takes them a second later at the earliest, so a crowd that is always there keeps others out by
 * that alone. */
#define HF_API_BACKLOG "4096"

enum {
    BODY_DEADLINE_MS = 10000, /* for the whole body, however it drips */
    FAST_STEP = 512,
    DISCARD_MAX = 256 * 1024, /* of a body that is refused */
    DISCARD_DEADLINE_MS = 2000,
    LISTEN_OPTION_SIZE = 80,
    MG_ERROR_SIZE = 256
};

struct hf_api {
    struct hf_api_config config;
    struct hf_api_common common;
    struct hf_peers peers;
    struct mg_context *server;
    atomic_int acceptor; /* id of its thread that accepts; 0: not yet known */
    struct hf_redirect *redirect;
    uint16_t port;
};

/* ---- civetweb as a wire ---- */

static const char *
wire_header(void *context, const char *name, size_t *ret_count)
{
    const struct mg_request_info *info = mg_get_request_info(context);
    const char *first = NULL;
    size_t count = 0;

    for (int i = 0; info && i < info->num_headers; i++) {
        if (strcasecmp(info->http_headers[i].name, name) != 0)
            continue;
        if (count++ == 0)
            first = info->http_headers[i].value;
    }
    if (ret_count)
        *ret_count = count;
    return first;
}

/* mg_read comes back only with all it was asked for, and starts its clock anew with each byte:
 * asked for one byte at a time it leaves the deadline to us. What has come already costs a memcpy.
 */
static bool
wire_read(void *context, void *data, size_t len)
{
    int64_t deadline_ms = hf_clock_mono_ms() + BODY_DEADLINE_MS;
    char *into = data;

    for (size_t i = 0; i < len; i++) {
        if (mg_read(context, into + i, 1) != 1 || hf_clock_mono_ms() > deadline_ms)
            return false;
    }
    return true;
}

static bool
wire_read_fast(void *context, void *data, size_t len)
{
    int64_t deadline_ms = hf_clock_mono_ms() + BODY_DEADLINE_MS;
    char *into = data;

    while (len > 0) {
        size_t step = len < FAST_STEP ? len : FAST_STEP;

        if (mg_read(context, into, step) != (int)step || hf_clock_mono_ms() > deadline_ms)
            return false;
        into += step;
        len -= step;
    }
    return true;
}

static bool
wire_write(void *context, const void *data, size_t len)
{
    return mg_write(context, data, len) == (int)len;
}

static void
wire_close_after(void *context)
{
    mg_disable_keep_alive(context);
}

static void
wire_known(void *context)
{
    (void)context; /* this thread's */
    hf_tls_keep();
}

/* RFC 9112 section 9.6: a connection closed with bytes unread is reset, and a client that still
 * sends would lose the answer. */
static void
discard_body(struct mg_connection *conn)
{
    int64_t deadline_ms = hf_clock_mono_ms() + DISCARD_DEADLINE_MS;
    char byte;

    for (size_t i = 0; i < DISCARD_MAX; i++) {
        if (mg_read(conn, &byte, 1) != 1 || hf_clock_mono_ms() > deadline_ms)
            return;
    }
}

static struct hf_exchange
make_exchange(struct mg_connection *conn, const struct mg_request_info *info, struct hf_api *api)
{
    return (struct hf_exchange){
        .api = &api->common,
        .wire = {.context = conn,
                 .header = wire_header,
                 .read = wire_read,
                 .read_fast = wire_read_fast,
                 .write = wire_write,
                 .close_after = wire_close_after,
                 .known = wire_known},
        .method = info && info->request_method ? info->request_method : "",
        .path = info && info->local_uri ? info->local_uri : "",
        .query = info && info->query_string ? info->query_string : "",
        .peer = info ? info->remote_addr : "",
        .http10 = !info || !info->http_version || strcmp(info->http_version, "1.1") != 0,
        .body = HF_BUF_INIT(HF_API_BODY_MAX),
    };
}

static void
end_exchange(struct hf_exchange *x)
{
    if (x->body.data)
        explicit_bzero(x->body.data, x->body.len); /* passwords */
    hf_buf_done(&x->body);
    explicit_bzero(x->token, sizeof x->token);
}

/* ---- callbacks ---- */

/* Answers everything, so that nothing of civetweb's own handling is ever reached. */
static int
on_request(struct mg_connection *conn)
{
    const struct mg_request_info *info = mg_get_request_info(conn);
    struct hf_exchange x = make_exchange(conn, info, info->user_data);

    hf_tls_serve(true);
    hf_router_serve(&x);
    if (x.closing && hf_exchange_has_body(&x))
        discard_body(conn);
    hf_tls_serve(false);
    end_exchange(&x);
    if (x.status == 0)
        mg_disable_keep_alive(conn);
    return x.status > 0 ? x.status : 500;
}

static const char *
no_header(void *context, const char *name, size_t *ret_count)
{
    (void)context, (void)name;
    if (ret_count)
        *ret_count = 0;
    return NULL;
}

/* A request that civetweb could not read. */
static int
on_bad_request(struct mg_connection *conn, int status, const char *message)
{
    struct hf_api *api = mg_get_user_data(mg_get_context(conn));
    struct hf_exchange x = make_exchange(conn, NULL, api);

    (void)message;
    x.closing = true;
    x.wire.header = no_header;
    hf_reply_problem(&x, status, "the request cannot be read, or its head is larger than 16 KiB",
                     NULL);
    end_exchange(&x);
    return 0;
}

static int
on_log(const struct mg_connection *conn, const char *message)
{
    (void)conn;
    hf_log_debug("part=civetweb message=\"%s\"", message);
    return 1;
}

static int
on_tls(void *ssl_ctx, void *user_data)
{
    struct hf_api *api = user_data;
    struct hf_error err = {0};

    if (hf_tls_setup(ssl_ctx, &api->peers, api->config.certificates, &err) == 0)
        return 0; /* civetweb goes on and loads the own certificate, which no handshake uses */
    hf_log_error("event=tls reason=\"%s\"", err.message);
    return -1;
}

enum { ACCEPTING_THREAD = 0 }; /* see mg_callbacks.init_thread */

static void *
on_thread(const struct mg_context *ctx, int type)
{
    struct hf_api *api = mg_get_user_data(ctx);

    if (type == ACCEPTING_THREAD)
        atomic_store(&api->acceptor, hf_quantum_lengthen());
    return NULL;
}

/* ---- start and stop ---- */

bool
hf_api_is_host(const struct hf_api_config *config, const char *host)
{
    const struct hf_snapshot *snapshot = hf_core_snapshot(config->core);
    const char *given = snapshot->gateway.name;
    char bare[HF_GUARD_HOST_SIZE];
    bool ours = hf_guard_host(host, config->host_names, config->host_name_count) ||
                hf_guard_host(host, &given, 1);

    hf_snapshot_unref(snapshot);
    return ours ||
           (hf_guard_host_of(host, bare) && hf_certificates_name(config->certificates, bare));
}

static bool
redirect_check(void *context, const char *host)
{
    const struct hf_api *api = context;

    return hf_api_is_host(&api->config, host);
}

/* civetweb does not say why it cannot listen, so that is found out before. */
static int
probe_port(const struct hf_api_config *config, struct hf_error *err)
{
    HF_AUTO_CLOSE int fd = -1;

    return hf_listen(config->listen_address, config->listen_port, "--listen", &fd, err);
}

static int
on_accept(void *context, const struct sockaddr *peer)
{
    struct hf_api *api = context;

    return hf_peers_may_come(&api->peers, peer);
}

static int
start_server(struct hf_api *api, struct hf_error *err)
{
    const struct hf_api_config *config = &api->config;
    const char *v6 = strchr(config->listen_address, ':');
    char listen[LISTEN_OPTION_SIZE], text[MG_ERROR_SIZE] = "";
    const char *options[] = {
        "listening_ports",
        listen,
        "ssl_certificate",
        hf_certificates_own_path(config->certificates),
        "num_threads",
        HF_API_WORKERS,
        "connection_queue",
        HF_API_QUEUE,
        "listen_backlog",
        HF_API_BACKLOG,
        "max_request_size",
        HF_API_HEAD_BYTES,
        "request_timeout_ms",
        "5000",
        "enable_keep_alive",
        "yes",
        "keep_alive_timeout_ms",
        "3000",
        "tcp_nodelay",
        "1",
        "decode_url",
        "no",
        "enable_directory_listing",
        "no",
        "access_control_allow_origin",
        "",
        "access_control_allow_methods",
        "",
        "access_control_allow_headers",
        "",
        NULL,
    };
    const struct mg_callbacks callbacks = {
        .accept_connection = on_accept,
        .begin_request = on_request,
        .http_error = on_bad_request,
        .log_message = on_log,
        .init_ssl = on_tls,
        .init_thread = on_thread,
    };
    struct mg_init_data init = {
        .callbacks = &callbacks, .user_data = api, .configuration_options = options};
    struct mg_error_data error = {.text = text, .text_buffer_size = sizeof text};
    struct mg_server_port port;

    snprintf(listen, sizeof listen, v6 ? "[%s]:%us" : "%s:%us", config->listen_address,
             config->listen_port);
    if (probe_port(config, err) < 0)
        return -1;
    api->server = mg_start2(&init, &error);
    if (!api->server)
        return hf_error_set(err, HF_ERROR_INTERNAL, "serve HTTPS on %s port %u: %s",
                            config->listen_address, config->listen_port, text);
    api->port = mg_get_server_ports(api->server, 1, &port) == 1 ? (uint16_t)port.port : 0;
    return 0;
}

int
hf_api_start(const struct hf_api_config *config, struct hf_api **ret_api, struct hf_error *err)
{
    struct hf_api *api = calloc(1, sizeof *api);

    if (!api)
        return hf_error_nomem(err);
    api->config = *config;
    api->common.config = &api->config;
    hf_streams_init(&api->common.streams);
    hf_state_cache_init(&api->common.state, hf_codec_state);
    hf_state_cache_init(&api->common.services, hf_codec_services);
    hf_once_init(&api->common.once);
    hf_refusals_init(&api->common.refusals);
    hf_peers_init(&api->peers);
    mg_init_library(MG_FEATURES_TLS);
    if (start_server(api, err) < 0 ||
        (config->redirect_address &&
         hf_redirect_start(config->redirect_address, config->redirect_port, api->port,
                           redirect_check, api, &api->redirect, err) < 0)) {
        hf_api_stop(api);
        return -1;
    }
    *ret_api = api;
    return 0;
}

bool
hf_api_is_watched(struct hf_api *api)
{
    return hf_streams_open(&api->common.streams, HF_STREAM_EVENTS);
}

void
hf_api_give_back(struct hf_api *api)
{
    hf_state_cache_clear(&api->common.state);
    hf_state_cache_clear(&api->common.services);
}

uint16_t
hf_api_port(const struct hf_api *api)
{
    return api->port;
}

static void
stop_server(struct hf_api *api)
{
    int acceptor = atomic_load(&api->acceptor);
    timer_t timer;
    bool woken = acceptor && hf_quantum_wake(acceptor, &timer);

    mg_stop(api->server);
    if (woken)
        hf_quantum_calm(timer);
}

void
hf_api_stop(struct hf_api *api)
{
    if (!api)
        return;
    hf_redirect_stop(api->redirect);
    hf_streams_stop(&api->common.streams);
    hf_path_stop(hf_core_path(api->config.core));
    if (api->server)
        stop_server(api);
    mg_exit_library();
    hf_peers_done(&api->peers);
    hf_once_done(&api->common.once);
    hf_refusals_done(&api->common.refusals);
    hf_state_cache_done(&api->common.services);
    hf_state_cache_done(&api->common.state);
    hf_streams_done(&api->common.streams);
    free(api);
}
