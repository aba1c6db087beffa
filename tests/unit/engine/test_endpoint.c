// SPDX-License-Identifier: Apache-2.0
/* Names that a network keeps of containers that are gone. */
#include "unit.h"

#include "engine/endpoint.h"
#include "fake_docker.h"

#define OK(body) "HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n" body
#define FAIL(status, body) "HTTP/1.1 " status "\r\nConnection: close\r\n\r\n" body
#define GONE FAIL("404 Not Found", "{\"message\":\"no such thing\"}")
#define BROKEN FAIL("500 Internal Server Error", "{\"message\":\"it is ill\"}")
#define KEEPS(name) OK("{\"Containers\":{\"d76b\":{\"Name\":\"" name "\"}}}")

enum { DISCONNECT = 4 }; /* its row among the answers */

static const struct row {
    const char *network, *container, *disconnect;
    int disconnected; /* how often */
    int result;
} rows[] = {
    {KEEPS("hf-buffer"), GONE, OK(""), 1, 0},
    {KEEPS("hf-buffer"), GONE, GONE, 1, 0},
    {KEEPS("hf-buffer"), GONE, BROKEN, 1, -1},
    {KEEPS("hf-buffer"), OK("{\"Id\":\"d76b\"}"), OK(""), 0, 0},
    {KEEPS("hf-buffer"), BROKEN, OK(""), 0, -1},
    {KEEPS("hf-buffer-2"), GONE, OK(""), 0, 0},
    {OK("{\"Containers\":{}}"), GONE, OK(""), 0, 0},
    {OK("{\"Containers\":{\"d76b\":null}}"), GONE, OK(""), 0, 0},
    {OK("{}"), GONE, OK(""), 0, 0},
    {GONE, GONE, OK(""), 0, 0},
    {BROKEN, GONE, OK(""), 0, -1},
};

static void
pain_19_a_name_is_given_back_where_its_container_is_gone(void **state)
{
    (void)state;
    for (size_t i = 0; i < HF_LEN(rows); i++) {
        const struct fake_answer answers[] = {
            {"GET /version", OK("{\"ApiVersion\":\"1.41\",\"MinAPIVersion\":\"1.12\"}")},
            {"GET /v1.41/info", OK("{\"ServerVersion\":\"20.10.24\"}")},
            {"GET /v1.41/networks/hf-bus ", rows[i].network},
            {"GET /v1.41/containers/hf-buffer/json ", rows[i].container},
            {"POST /v1.41/networks/hf-bus/disconnect ", rows[i].disconnect},
            {NULL, NULL},
        };
        struct fake_docker *f = fake_docker_start(answers);
        HF_AUTO(hf_engine) struct hf_engine *e = NULL;
        struct hf_error err = {0};

        assert_int_equal(hf_engine_new(fake_docker_socket(f), &e, &err), 0);
        if (hf_endpoint_free(e, "hf-bus", "hf-buffer", &err) != rows[i].result ||
            fake_docker_asked(f, DISCONNECT) != rows[i].disconnected)
            fail_msg("row %zu: '%s', disconnected %d times", i, err.message,
                     fake_docker_asked(f, DISCONNECT));
        assert_int_equal(err.class == HF_ERROR_UPSTREAM, rows[i].result < 0);
        fake_docker_stop(f);
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(pain_19_a_name_is_given_back_where_its_container_is_gone),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
