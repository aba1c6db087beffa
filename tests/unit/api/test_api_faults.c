// SPDX-License-Identifier: Apache-2.0
/*
 * What every operation answers where something behind it breaks: the core and the store of
 * identities fail, the memory for an answer is not there, a service is away, talks nonsense or
 * nothing at all. Each line of tests/integration/elsewhere.txt that names this program has to come
 * about here.
 */
#include "unit.h"

#include "call.h"
#include "identity/people.h"
#include "path/peer_server.h"
#include "tempdir.h"
#include "world.h"

#include "api/codec.h"
#include "api/handlers.h"
#include "api/server.h"
#include "archive/archive.h"
#include "base/file.h"
#include "h1/call.h"
#include "identity/parts.h"
#include "intake/intake.h"
#include "path/path.h"
#include "provision/ask.h"
#include "provision/host.h"
#include "scan/datakit.h"

#include <cjson/cJSON.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

enum {
    SMALL_BYTES = 2048,
    STATUS_MAX = 600,
    LIST_MAX = 64 * 1024,
    OPERATION_SIZE = 96,
    SILENCE_MS = 50, /* what a call allows of it */
    PEER_SILENT_MS = 60 * 1000
};

static const char NEW_RELEASE[] = "22222222222222222222222222222222";
static const char OPERATION[] = "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa";

/* ---- who asks ---- */

static struct kept kept;
static struct hf_identity *identity;
static struct hf_api_config config;
static struct peer_server peer;
static void *dir;
static char cookie[CALL_COOKIE_SIZE], bearer[HF_API_TOKEN_SIZE + 8];
static char setup_code[HF_SETUP_CODE_SIZE];
static char session_id[HF_CREDENTIAL_ID_SIZE], token_id[HF_CREDENTIAL_ID_SIZE];

static void
admin_token(struct hf_token_record *t)
{
    char text[HF_API_TOKEN_SIZE];

    snprintf(text, sizeof text, "hft_%064d", 1);
    *t = (struct hf_token_record){
        .role = HF_ROLE_ADMIN, .created_ms = 1, .expires_ms = hf_clock_wall_ms() + 3600000};
    hf_token_hash(text, t->token_hash);
    hf_text_put(t->user, sizeof t->user, "admin");
    hf_text_put(t->name, sizeof t->name, "t");
    snprintf(bearer, sizeof bearer, "Bearer %s", text);
    hf_credential_id(t->token_hash, token_id);
}

static void
admin_session(struct hf_session_record *s)
{
    int64_t now_ms = hf_clock_wall_ms();
    char text[HF_TOKEN_SIZE];

    *s = (struct hf_session_record){
        .user = "admin", .seen_ms = now_ms, .expires_ms = now_ms + 3600000};
    snprintf(text, sizeof text, "%064d", 7);
    hf_token_hash(text, s->token_hash);
    snprintf(cookie, sizeof cookie, "__Host-holdfast=%s", text);
    hf_credential_id(s->token_hash, session_id);
}

/* ---- an intake whose engine has all images, and a scanner that finds no SBOM ---- */

static struct hf_intake *intake;
static struct hf_scanner *scanner;

static int
examine(void *context, const char *release, const char *signature, struct hf_release *ret_release,
        struct hf_error *err)
{
    (void)context, (void)release, (void)signature, (void)err;
    *ret_release = (struct hf_release){.name = "holdfast", .version = "1.2.3"};
    return 0;
}

static int
admit(void *context, const char *release, const char *signature, const char *actor,
      char ret_id[HF_DIGEST_TEXT_SIZE], struct hf_error *err)
{
    (void)context, (void)release, (void)signature, (void)actor, (void)ret_id, (void)err;
    return 0;
}

static void
note(void *context, const char *actor, const char *what)
{
    (void)context, (void)actor, (void)what;
}

static int
archive(void *ctx, const char *id, const char *path, struct hf_buf *tar, struct hf_error *err)
{
    (void)ctx, (void)id, (void)path, (void)tar;
    return hf_error_set(err, HF_ERROR_NOT_FOUND, "none");
}

static const struct hf_engine_ops scanned = {.archive = archive};

static void
add_device(void)
{
    struct hf_device_account d = {.name = "d1", .certificate = "x", .enabled = true};

    world_forget_devices();
    assert_int_equal(hf_core_add_devices(NULL, &d, 1, "admin", NULL), 0);
}

/* As at a start: nothing that a request before has done counts. */
static void
begin(bool unclaimed)
{
    struct hf_account accounts[] = {account("admin", HF_ROLE_ADMIN),
                                    account("ann", HF_ROLE_OPERATOR)};
    struct hf_session_record session;
    struct hf_token_record token;
    const struct hf_identity_start start = {.accounts = accounts,
                                            .account_count = unclaimed ? 0 : HF_LEN(accounts),
                                            .tokens = &token,
                                            .token_count = !unclaimed,
                                            .sessions = &session,
                                            .session_count = !unclaimed};

    admin_token(&token);
    admin_session(&session);
    kept = (struct kept){.full = false};
    hf_identity_free(identity);
    identity = begun(&kept, &start);
    config.identity = identity;
    add_device();
    (void)!hf_intake_cancel(intake, "admin", NULL);
    hf_state_cache_done(&call_common.services);
    hf_state_cache_init(&call_common.services, hf_codec_services);
    hf_once_done(&call_common.once);
    hf_once_init(&call_common.once);
    assert_true(!unclaimed || hf_identity_setup_code(identity, setup_code));
}

static int
set_up(void **state)
{
    char scans[PATH_MAX];

    if (call_set_up(state) != 0 || make_password_hash(state) != 0 || tempdir_make(&dir) < 0)
        return -1;
    config = *call_common.config;
    config.state_dir = dir;
    call_common.config = &config;
    assert_int_equal(
        hf_intake_new(
            &(struct hf_intake_config){.ops = {.examine = examine, .admit = admit, .note = note}},
            &intake, NULL),
        0);
    snprintf(scans, sizeof scans, "%s/scan", (const char *)dir);
    assert_int_equal(hf_scanner_new(scans, &scanned, NULL, &scanner, NULL), 0);
    assert_int_equal(hf_archive_new(dir, &world_archive, NULL), 0);
    config.engine_ops = &world_engine_ops;
    config.intake = intake;
    config.scanner = scanner;
    peer = (struct peer_server){.token = WORLD_TOKEN, .status = 200, .body = "[]"};
    peer_server_start(&peer);
    return 0;
}

static int
tear_down(void **state)
{
    peer_server_stop(&peer);
    hf_scanner_free(scanner);
    hf_archive_free(world_archive);
    world_archive = NULL;
    hf_intake_stop(intake);
    assert_true(hf_intake_free(intake));
    tempdir_drop(&dir);
    hf_identity_free(identity);
    return call_tear_down(state);
}

/* ---- a host whose network is on trial; bound by the linker ---- */

struct hf_json *__wrap_hf_host_told(const struct hf_host_hand *h);
int __wrap_hf_host_ask(const struct hf_host_hand *h, struct hf_json *request,
                       struct hf_json **ret_told, struct hf_error *err);
bool __wrap_hf_host_confirms(const struct hf_json *now, const struct hf_json *was,
                             const char *address);

struct hf_json *
__wrap_hf_host_told(const struct hf_host_hand *h)
{
    struct hf_json *told = hf_json_object();

    (void)h;
    hf_json_put_string(told, "trial", "t");
    return told;
}

int
__wrap_hf_host_ask(const struct hf_host_hand *h, struct hf_json *request, struct hf_json **ret_told,
                   struct hf_error *err)
{
    (void)request;
    if (world_fails(err))
        return -1;
    *ret_told = __wrap_hf_host_told(h);
    return 0;
}

bool
__wrap_hf_host_confirms(const struct hf_json *now, const struct hf_json *was, const char *address)
{
    (void)now, (void)was, (void)address;
    return true;
}

/* ---- calls to services that wait for less long than they say; bound by the linker ---- */

static bool hurried;

int __real_hf_h1_call(const struct hf_h1_call *call, struct hf_h1_answer *ret_answer,
                      struct hf_error *err);
int __wrap_hf_h1_call(const struct hf_h1_call *call, struct hf_h1_answer *ret_answer,
                      struct hf_error *err);

int
__wrap_hf_h1_call(const struct hf_h1_call *call, struct hf_h1_answer *ret_answer,
                  struct hf_error *err)
{
    struct hf_h1_call sooner = *call;

    if (hurried && call->total_ms)
        sooner.total_ms = SILENCE_MS;
    if (hurried && call->idle_ms)
        sooner.idle_ms = SILENCE_MS;
    return __real_hf_h1_call(&sooner, ret_answer, err);
}

/* ---- what is asked: what would be done if nothing were broken ---- */

static const struct request {
    const char *operation;
    const char *param; /* what stands for {…} */
    const char *query, *body, *header, *value;
    bool by_session; /* else by a token of an admin, which needs no password */
} requests[] = {
    {"POST /login", .body = "{\"user\":\"admin\",\"password\":\"correct horse battery\"}"},
    {"POST /session/reauth", .body = "{\"password\":\"correct horse battery\"}",
     .by_session = true},
    {"POST /password",
     .body = "{\"current\":\"correct horse battery\",\"new\":\"another battery\"}",
     .by_session = true},
    {"POST /logout", .by_session = true},
    {"DELETE /sessions/{id}", .param = session_id, .by_session = true},
    {"POST /users",
     .body = "{\"name\":\"bob\",\"password\":\"a battery of bob\",\"role\":\"viewer\"}"},
    {"GET /users/{name}", .param = "ann"},
    {"PATCH /users/{name}", .param = "ann", .body = "{\"role\":\"viewer\"}"},
    {"DELETE /users/{name}", .param = "ann"},
    {"POST /tokens", .body = "{\"name\":\"x\",\"role\":\"viewer\",\"days\":1}", .by_session = true},
    {"DELETE /tokens/{id}", .param = token_id},
    {"POST /backup", .body = "{\"passphrase\":\"a passphrase of mine\"}"},
    {"GET /releases/{id}", .param = NEW_RELEASE},
    {"DELETE /releases/{id}", .param = NEW_RELEASE},
    {"POST /releases/{id}/plan", .param = NEW_RELEASE},
    {"POST /releases/{id}/apply", .param = NEW_RELEASE, .header = "If-Match", .value = "*"},
    {"POST /releases", .body = "{\"release\":\"{}\"}"},
    {"POST /restore", .body = "this is none", .header = "Holdfast-Passphrase",
     .value = "a passphrase of mine"},
    {"POST /gateway/reset", .body = "{\"data\":\"keep\",\"gateway\":\"hf-1a2b3c4d\"}"},
    {"POST /network", .body = "{\"time\":{\"zone\":\"UTC\"}}"},
    {"POST /network/confirm", .body = "{\"id\":\"t\"}"},
    {"POST /releases/bundle", .header = "Upload-Length", .value = "1000"},
    {"POST /buffer/drop", .body = "{\"lane\":null,\"until\":null,\"confirm\":\"drop\"}"},
    {"POST /quarantine/replay", .body = "{\"all\":true}"},
    {"POST /quarantine/drop", .body = "{\"all\":true}"},
    {"POST /sinks/test",
     .body = "{\"name\":\"uplink\",\"type\":\"https\",\"url\":\"https://x/in\"}"},
    {"POST /sinks/{name}/test", .param = "uplink"},
    {"POST /devices/accounts", .body = "{\"name\":\"d7\"}"},
    {"GET /devices/accounts/{name}", .param = "d1"},
    {"PATCH /devices/accounts/{name}", .param = "d1", .body = "{\"enabled\":false}"},
    {"DELETE /devices/accounts/{name}", .param = "d1"},
    {"POST /devices/accounts/{name}/password", .param = "d1"},
    {"POST /devices/accounts/{name}/certificate", .param = "d1"},
    {"DELETE /devices/accounts/{name}/certificate", .param = "d1"},
    {"POST /devices/accounts/import", .body = "name\nd8\n"},
    {"POST /rules/dry-run", .body = "{\"rules\":[]}"},
    {"PUT /config", .header = "If-Match", .value = "*", .body = "{}"},
    {"PATCH /config", .header = "If-Match", .value = "*", .body = "{\"name\":\"hall-4\"}"},
    {"GET /config/revisions/{n}/diff", .param = "7", .query = "from=6"},
    {"POST /config/revisions/{n}/restore", .param = "3", .header = "If-Match", .value = "*"},
    {"POST /alarms/{id}/acknowledge", .param = "1"},
    {"GET /incidents/{id}", .param = "1"},
    {"GET /services/{name}", .param = "broker"},
    {"GET /services/{name}/logs", .param = "broker"},
    {"GET /services/{name}/logs/download", .param = "broker"},
    {"POST /services/{name}/restart", .param = "broker"},
    {"POST /services/{name}/start", .param = "broker"},
    {"POST /services/{name}/stop", .param = "broker"},
    {"GET /operations/{id}", .param = OPERATION},
    {"POST /operations/{id}/cancel", .param = OPERATION},
    {"GET /history", .query = "range=10m"},
};

static const char *const methods[HF_METHOD_COUNT] = {
    [HF_METHOD_GET] = "GET",     [HF_METHOD_POST] = "POST",     [HF_METHOD_PUT] = "PUT",
    [HF_METHOD_PATCH] = "PATCH", [HF_METHOD_DELETE] = "DELETE",
};

static const char *const types[] = {
    [HF_BODY_JSON] = "application/json",
    [HF_BODY_JSON_OR_NONE] = "application/json",
    [HF_BODY_MERGE_PATCH] = "application/merge-patch+json",
    [HF_BODY_FILE] = "application/octet-stream",
    [HF_BODY_CSV] = "text/csv",
};

static const struct request *
request_of(const char *operation)
{
    static const struct request plain = {.operation = ""};

    for (size_t i = 0; i < HF_LEN(requests); i++)
        if (strcmp(requests[i].operation, operation) == 0)
            return &requests[i];
    return &plain;
}

/* ---- what has come about ---- */

static struct {
    char operation[OPERATION_SIZE];
    bool statuses[STATUS_MAX];
} produced[128];
static size_t produced_count;

/* What is no success is a problem of exactly these members. */
static void
check_problem(const char *operation, const struct call *c)
{
    HF_AUTO(hf_json) struct hf_json *doc = NULL;
    const char *body = strstr(c->out.data, "\r\n\r\n");
    static const struct hf_json_field fields[] = {
        {"type", HF_JSON_STRING, true},   {"title", HF_JSON_STRING, true},
        {"status", HF_JSON_NUMBER, true}, {"detail", HF_JSON_STRING, true},
        {"errors", HF_JSON_ARRAY, false},
    };
    struct hf_error err = {0};

    if (!body || !strstr(c->out.data, "Content-Type: application/problem+json\r\n") ||
        hf_json_parse(body + 4, strlen(body + 4), &doc, &err) < 0 ||
        hf_json_check(doc, "", fields, HF_LEN(fields), &err) < 0 ||
        hf_json_int(doc, "status", 0) != c->status)
        fail_msg("%s: no problem as it should be (%s): %s", operation, err.message, c->out.data);
}

static void
note_answer(size_t route, const char *operation, const struct call *c)
{
    if (c->status < 400)
        return;
    check_problem(operation, c);
    produced[route].statuses[c->status] = true;
}

/* ---- asking ---- */

static void *
no_memory(size_t size)
{
    (void)size;
    return NULL;
}

void *__real_realloc(void *data, size_t size);
void *__wrap_realloc(void *data, size_t size);

static bool no_documents, no_buffers, no_first; /* what there is no memory for */
static int reallocs;
static bool starved, wrong_token;

/* A token that is none, after so many others that the address has to wait. */
static const char *
guess_wrong(void)
{
    struct hf_session session;
    int retry;

    for (int i = 0; i < 8; i++)
        (void)!hf_identity_token(identity, "hft_0", "10.0.0.9", &session, &retry, NULL);
    return "Bearer hft_0";
}

/* hf_buf grows by it; bound by the linker. */
void *
__wrap_realloc(void *data, size_t size)
{
    if (starved && ((no_buffers && size > SMALL_BYTES) || (no_first && reallocs++ == 0)))
        return NULL;
    return __real_realloc(data, size);
}

static void
starve(bool serving)
{
    starved = serving;
    reallocs = 0;
    if (no_documents)
        cJSON_InitHooks(serving ? &(cJSON_Hooks){.malloc_fn = no_memory, .free_fn = free} : NULL);
}

static void
serve(size_t n, const struct hf_route *route, const char *prefix)
{
    char operation[OPERATION_SIZE], path[160], length[24], body[512] = "";
    const struct request *r;
    const char *brace = strchr(route->pattern, '{');
    struct call c = {
        .headers = {"Host", "10.0.0.1"}, .body = body, .writes_left = 20, .before = starve};
    size_t at = 2;

    snprintf(operation, sizeof operation, "%s %s", methods[route->method], route->pattern);
    hf_text_put(produced[n].operation, OPERATION_SIZE, "%s", operation);
    r = request_of(operation);
    snprintf(path, sizeof path, "%s%.*s%s%s", prefix,
             (int)(brace ? (size_t)(brace - route->pattern) : strlen(route->pattern)),
             route->pattern, brace ? (r->param ? r->param : "7") : "",
             brace ? strchr(brace, '}') + 1 : "");
    if (r->body)
        hf_text_put(body, sizeof body, "%s", r->body);
    if (strcmp(operation, "POST /claim") == 0)
        snprintf(body, sizeof body, "{\"setup_code\":\"%s\",\"password\":\"a battery of mine\"}",
                 setup_code);
    if (wrong_token && route->access != HF_ACCESS_PUBLIC)
        c.headers[at++] = "Authorization", c.headers[at++] = guess_wrong();
    else if (r->by_session)
        c.headers[at++] = "Cookie", c.headers[at++] = cookie;
    else if (route->access != HF_ACCESS_PUBLIC)
        c.headers[at++] = "Authorization", c.headers[at++] = bearer;
    if (r->header)
        c.headers[at++] = r->header, c.headers[at++] = r->value;
    if (route->handler == hf_handle_scan_data) {
        HF_AUTO_FREE char *data = data_of(DATA_HEAD "p openssl 3.5.1-1\n");

        hf_text_put(body, sizeof body, "%s", data);
    }
    if (*body) {
        snprintf(length, sizeof length, "%zu", strlen(body));
        c.headers[at++] = "Content-Type", c.headers[at++] = types[route->body];
        c.headers[at++] = "Content-Length", c.headers[at++] = length;
    }
    call_serve(&c, methods[route->method], path, r->query ? r->query : "", CALL_ANY);
    note_answer(n, operation, &c);
    hf_buf_done(&c.out);
}

static void
serve_all(enum hf_error_class fault)
{
    size_t n = 0;

    for (size_t i = 0; i < hf_route_count; i++, n++) {
        world_fault = kept.fault = HF_ERROR_NONE;
        begin(hf_routes[i].handler == hf_handle_claim);
        if (fault == HF_ERROR_NO_SPACE && hf_routes[i].method == HF_METHOD_GET &&
            hf_routes[i].handler != hf_handle_diagnostics)
            continue; /* who only reads needs no room, but for the audit log */
        world_fault = kept.fault = fault;
        serve(n, &hf_routes[i], "/api/v1");
    }
    for (size_t i = 0; i < hf_top_route_count; i++, n++)
        serve(n, &hf_top_routes[i], "");
    produced_count = n;
    world_fault = kept.fault = HF_ERROR_NONE;
}

/* ---- faults ---- */

static void
the_core_fails(void **state)
{
    static const enum hf_error_class faults[] = {
        HF_ERROR_INTERNAL, HF_ERROR_UNAVAILABLE, HF_ERROR_NO_SPACE, HF_ERROR_CONFLICT,
        HF_ERROR_INVALID,  HF_ERROR_UPSTREAM,    HF_ERROR_TIMEOUT};

    (void)state;
    world_reach(peer.port);
    for (size_t i = 0; i < HF_LEN(faults); i++) {
        serve_all(faults[i]);
    }
}

static void
a_service_is_away_or_talks_nonsense(void **state)
{
    static const int statuses[] = {200, 409, 500, 507};

    (void)state;
    world_reach(0);
    serve_all(HF_ERROR_NONE);
    world_reach(peer.port);
    peer.body = "{}";
    for (size_t i = 0; i < HF_LEN(statuses); i++) {
        peer.status = statuses[i];
        serve_all(HF_ERROR_NONE);
    }
    peer.status = 200;
}

static void
a_service_says_nothing(void **state)
{
    (void)state;
    hurried = true;
    atomic_store(&peer.silent_ms, PEER_SILENT_MS);
    serve_all(HF_ERROR_NONE);
    atomic_store(&peer.silent_ms, 0);
    hurried = false;
}

static void
there_is_no_memory_for_an_answer(void **state)
{
    (void)state;
    no_documents = true;
    serve_all(HF_ERROR_NONE);
    no_documents = false;
    no_buffers = true; /* but for what the answer itself takes */
    serve_all(HF_ERROR_NONE);
    no_buffers = false;
    no_first = true;
    serve_all(HF_ERROR_NONE);
    no_first = false;
}

static void
there_is_no_place_for_one_more_stream(void **state)
{
    (void)state;
    for (int kind = 0; kind < HF_STREAM_KIND_COUNT; kind++)
        while (hf_streams_enter(&call_common.streams, (enum hf_stream_kind)kind, NULL) == 0)
            continue;
    serve_all(HF_ERROR_NONE);
    hf_streams_done(&call_common.streams);
    hf_streams_init(&call_common.streams);
}

/* Of one address; right ones never wait. */
static void
too_many_tokens_are_wrong(void **state)
{
    (void)state;
    wrong_token = true;
    serve_all(HF_ERROR_NONE);
    wrong_token = false;
}

/* ---- the list ---- */

static void
expect_line(const char *line)
{
    char operation[OPERATION_SIZE], method[8], pattern[OPERATION_SIZE];
    int status;

    assert_int_equal(sscanf(line, "%7s %80s %d", method, pattern, &status), 3);
    snprintf(operation, sizeof operation, "%s %.80s", method, pattern);
    for (size_t i = 0; i < produced_count; i++)
        if (strcmp(produced[i].operation, operation) == 0 && status < STATUS_MAX &&
            produced[i].statuses[status])
            return;
    fail_msg("%s %d is said to come about here, and did not", operation, status);
}

static void
all_that_is_said_to_come_about_here_did(void **state)
{
    HF_AUTO_BUF struct hf_buf list = HF_BUF_INIT(LIST_MAX);
    char *at = NULL;
    size_t count = 0;

    (void)state;
    for (size_t i = 0; getenv("HF_LIST") && i < produced_count; i++)
        for (int s = 400; s < STATUS_MAX; s++)
            if (produced[i].statuses[s])
                printf("%s %d\n", produced[i].operation, s);
    assert_int_equal(hf_file_read(ELSEWHERE, &list, NULL), 0);
    for (char *line = strtok_r(list.data, "\n", &at); line; line = strtok_r(NULL, "\n", &at))
        if (*line != '#' && strstr(line, "test_api_faults.c")) {
            expect_line(line);
            count++;
        }
    assert_true(count > 200);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_core_fails),
        cmocka_unit_test(a_service_is_away_or_talks_nonsense),
        cmocka_unit_test(a_service_says_nothing),
        cmocka_unit_test(there_is_no_memory_for_an_answer),
        cmocka_unit_test(there_is_no_place_for_one_more_stream),
        cmocka_unit_test(too_many_tokens_are_wrong),
        cmocka_unit_test(all_that_is_said_to_come_about_here_did),
    };

    return cmocka_run_group_tests(tests, set_up, tear_down);
}
