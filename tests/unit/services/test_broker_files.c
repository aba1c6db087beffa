// SPDX-License-Identifier: Apache-2.0
#include "base/buf.h"
#include "base/file.h"
#include "broker/config.h"
#include "broker/dbfile.h"
#include "tempdir.h"

#include <arpa/inet.h>

/* ---- mosquitto.db ---- */

static void
add(struct hf_buf *b, const void *data, size_t len)
{
    assert_int_equal(hf_buf_add(b, data, len, NULL), 0);
}

static void
add32(struct hf_buf *b, uint32_t value)
{
    value = htonl(value);
    add(b, &value, sizeof value);
}

static void
add_chunk(struct hf_buf *b, uint32_t type, const void *fixed, size_t size, const char *parts)
{
    add32(b, type);
    add32(b, (uint32_t)(size + strlen(parts)));
    add(b, fixed, size);
    add(b, parts, strlen(parts));
}

static void
add_subscription(struct hf_buf *b, const char *id, const char *topic)
{
    unsigned char fixed[12] = {[5] = (unsigned char)strlen(id), [7] = (unsigned char)strlen(topic)};
    char parts[128];

    snprintf(parts, sizeof parts, "%s%s", id, topic);
    add_chunk(b, 5, fixed, sizeof fixed, parts);
}

/* A database as mosquitto 2.0 writes it, with one message stored and queued. */
static void
make_database(struct hf_buf *b)
{
    static const unsigned char cfg[16] = {1};
    static const unsigned char store[32] = {[19] = 4, [23] = 2, [27] = 5, [30] = 1};
    static const unsigned char client[24] = {[15] = 9, [19] = 9};
    static const unsigned char queued[16] = {[11] = 9};
    static const unsigned char retain[8] = {1};

    add(b, "\0\xB5\0mosquitto db", 15);
    add32(b, 0);
    add32(b, 6);
    add_chunk(b, 1, cfg, sizeof cfg, "");
    add_chunk(b, 2, store, sizeof store,
              "d7"
              "a/b/c"
              "21.5");
    add_chunk(b, 6, client, sizeof client,
              "processor"
              "processor");
    add_chunk(b, 3, queued, sizeof queued, "processor");
    add_subscription(b, "processor", "field/#");
    add_subscription(b, "buffer", "uplink/#");
    add_subscription(b, "somebody", "field/#");
    add_chunk(b, 4, retain, sizeof retain, "");
}

static struct hf_db_report
check(const char *dir, const void *data, size_t len)
{
    struct hf_db_report r;

    tempdir_write(dir, "mosquitto.db", data, len);
    assert_int_equal(hf_db_check(tempdir_path(dir, "mosquitto.db"), &r, NULL), 0);
    return r;
}

static void
sessions_are_found(void **state)
{
    HF_AUTO_BUF struct hf_buf b = HF_BUF_INIT(65536);
    struct hf_db_report r;

    assert_int_equal(hf_db_check(tempdir_path(*state, "none"), &r, NULL), 0);
    assert_int_equal(r.state, HF_DB_ABSENT);
    r = check(*state, "", 0);
    assert_int_equal(r.state, HF_DB_ABSENT);
    make_database(&b);
    r = check(*state, b.data, b.len);
    assert_int_equal(r.state, HF_DB_SOUND);
    assert_true(r.processor && r.buffer);
}

static void
other_sessions_do_not_count(void **state)
{
    HF_AUTO_BUF struct hf_buf b = HF_BUF_INIT(65536);
    struct hf_db_report r;

    add(&b, "\0\xB5\0mosquitto db\0\0\0\0\0\0\0\6", 23);
    add_subscription(&b, "processor", "uplink/#");
    add_subscription(&b, "processor2", "field/#");
    add_subscription(&b, "buffer", "field/#");
    r = check(*state, b.data, b.len);
    assert_int_equal(r.state, HF_DB_SOUND);
    assert_false(r.processor || r.buffer);
}

static void
every_cut_is_damage_or_ends_with_a_chunk(void **state)
{
    HF_AUTO_BUF struct hf_buf b = HF_BUF_INIT(65536);
    unsigned sound = 0;

    make_database(&b);
    for (size_t cut = 1; cut < b.len; cut++) {
        struct hf_db_report r = check(*state, b.data, cut);

        sound += r.state == HF_DB_SOUND;
        assert_true(r.state == HF_DB_SOUND || r.state == HF_DB_DAMAGED);
        if (r.state == HF_DB_DAMAGED)
            assert_false(r.processor || r.buffer);
    }
    assert_int_equal(sound, 8); /* one for each chunk boundary but the last */
}

static void
noise_is_damage(void **state)
{
    HF_AUTO_BUF struct hf_buf b = HF_BUF_INIT(65536);
    char noise[3000];

    srand(20261124);
    for (int round = 0; round < 300; round++) {
        for (size_t i = 0; i < sizeof noise; i++)
            noise[i] = (char)rand();
        assert_int_equal(check(*state, noise, sizeof noise).state, HF_DB_DAMAGED);
    }
    make_database(&b);
    for (int round = 0; round < 300; round++) {
        HF_AUTO_FREE char *copy = malloc(b.len);

        memcpy(copy, b.data, b.len);
        copy[(size_t)rand() % b.len] ^= (char)(1 + rand() % 255);
        (void)check(*state, copy, b.len);
    }
    assert_int_equal(check(*state, "\0\xB5\0mosquitto db\0\0\0\0\0\0\0\7", 23).state,
                     HF_DB_UNKNOWN);
}

static void
a_damaged_file_is_kept(void **state)
{
    const char *path = tempdir_path(*state, "mosquitto.db");
    struct stat st;

    tempdir_write(*state, "mosquitto.db", "one", 3);
    assert_int_equal(hf_db_set_aside(path, NULL), 0);
    tempdir_write(*state, "mosquitto.db", "three", 5);
    assert_int_equal(hf_db_set_aside(path, NULL), 0);
    assert_int_equal(stat(tempdir_path(*state, "mosquitto.db.damaged"), &st), 0);
    assert_int_equal(st.st_size, 5);
    assert_int_equal(stat(tempdir_path(*state, "mosquitto.db.damaged.old"), &st), 0);
    assert_int_equal(st.st_size, 3);
}

/* ---- configuration ---- */

static void
passwords_are_hashed_as_mosquitto_wants(void **state)
{
    static const unsigned char salt[12] = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11};
    char line[HF_PASSWORD_LINE_MAX];

    (void)state;
    assert_int_equal(hf_broker_password_line("processor", "secret", salt, line, NULL), 0);
    assert_string_equal(line, "processor:$7$101$AAECAwQFBgcICQoL$"
                              "Xr99N9ym9ys8TWxis5ajETJq6EVYzmc6nb8t3pUYnPBbCAbICS4xejTltonXWCtJNBvA"
                              "+By+TXUqU6qCblO00w==\n");
    assert_int_equal(hf_broker_password_line("a:b", "secret", salt, line, NULL), -1);
}

static struct hf_json *
parse(const char *text)
{
    struct hf_json *doc = NULL;

    assert_int_equal(hf_json_parse(text, strlen(text), &doc, NULL), 0);
    return doc;
}

static void
read_back(const char *dir, const char *name, struct hf_buf *b)
{
    hf_buf_clear(b);
    assert_int_equal(hf_file_read(tempdir_path(dir, name), b, NULL), 0);
}

static void
devices_get_a_listener_only_when_open(void **state)
{
    HF_AUTO(hf_json) struct hf_json *settings = parse("{\"max_packet_bytes\":4096}");
    HF_AUTO(hf_json)
    struct hf_json *accounts = parse("{\"accounts\":{\"buffer\":\"qx\",\"processor\":\"pw\"}}");
    HF_AUTO_BUF struct hf_buf b = HF_BUF_INIT(65536);
    struct hf_broker_config c = {.internal_ip = "172.20.0.2",
                                 .internal_port = 1884,
                                 .field = {.host = "0.0.0.0", .port = 1883},
                                 .data_dir = "/data",
                                 .tmp_dir = *state};

    assert_int_equal(hf_broker_settings(settings, &c, NULL), 0);
    assert_int_equal(hf_broker_write(&c, accounts, NULL), 0);
    read_back(*state, "mosquitto.conf", &b);
    assert_non_null(strstr(b.data, "listener 1884 172.20.0.2\nuse_username_as_clientid true\n"));
    assert_non_null(strstr(b.data, "max_packet_size 4096\n"));
    assert_non_null(strstr(b.data, "holdfast-gate.so\nplugin_opt_accounts buffer,processor\n"));
    assert_null(strstr(b.data, "1883"));
    assert_null(strstr(b.data, "per_listener_settings")); /* it would lose what is queued */
    c.open = true;
    assert_int_equal(hf_broker_write(&c, accounts, NULL), 0);
    read_back(*state, "mosquitto.conf", &b);
    assert_non_null(strstr(b.data, "listener 1883 0.0.0.0\nmount_point field/\n"));
    assert_non_null(strstr(b.data, "plugin_opt_address_connections 250\nplugin_opt_places 1000\n"
                                   "plugin_opt_ports 1883\n"));
    read_back(*state, "passwd", &b);
    assert_null(strstr(b.data, ":pw"));
    assert_non_null(strstr(b.data, "\nprocessor-status:$7$"));
    assert_int_equal(tempdir_mode(*state, "passwd"), 0600);
}

/* The name of a service in a certificate must not be taken for the service. */
static void
devices_come_by_tls_where_that_is_wanted(void **state)
{
    HF_AUTO(hf_json) struct hf_json *on = parse("{\"tls\":\"on\"}");
    HF_AUTO(hf_json) struct hf_json *only = parse("{\"tls\":\"only\"}");
    HF_AUTO(hf_json) struct hf_json *wrong = parse("{\"tls\":\"yes\"}");
    HF_AUTO(hf_json) struct hf_json *accounts = parse("{\"accounts\":{\"buffer\":\"qx\"}}");
    HF_AUTO_BUF struct hf_buf b = HF_BUF_INIT(65536);
    struct hf_broker_config c = {.internal_ip = "172.20.0.2",
                                 .internal_port = 1884,
                                 .open = true,
                                 .field = {.host = "0.0.0.0", .port = 1883},
                                 .field_tls = {.host = "0.0.0.0", .port = 8883},
                                 .data_dir = "/data",
                                 .tmp_dir = *state};
    int doors[HF_BROKER_DOORS_MAX];
    struct hf_error err = {0};

    assert_int_equal(hf_broker_settings(wrong, &c, &err), -1);
    assert_string_equal(err.pointer, "/tls");
    assert_int_equal(hf_broker_doors(&c, doors), 1);
    assert_int_equal(hf_broker_settings(on, &c, NULL), 0);
    assert_int_equal(hf_broker_write(&c, accounts, NULL), 0);
    read_back(*state, "mosquitto.conf", &b);
    assert_non_null(strstr(b.data, "listener 1883 0.0.0.0\nmount_point field/\n"));
    assert_non_null(strstr(b.data, "listener 8883 0.0.0.0\nmount_point field/\n"));
    assert_non_null(strstr(b.data, "listener 8884 0.0.0.0\nmount_point field/\n"));
    assert_non_null(strstr(b.data, "require_certificate true\n"));
    assert_null(strstr(b.data, "as_username"));
    assert_int_equal(hf_broker_doors(&c, doors), 3);
    assert_int_equal(hf_broker_settings(only, &c, NULL), 0);
    assert_int_equal(hf_broker_write(&c, accounts, NULL), 0);
    read_back(*state, "mosquitto.conf", &b);
    assert_null(strstr(b.data, "listener 1883"));
    assert_int_equal(hf_broker_doors(&c, doors), 2);
    assert_int_equal(doors[1], 8884);
    assert_int_equal(hf_broker_tls_devices(&c), 1000);
    c.memory_limit = 48LL * 1024 * 1024; /* of 64 MiB */
    assert_int_equal(hf_broker_tls_devices(&c), 512);
}

static void
own_services_get_no_right_but_below_their_roots(void **state)
{
    static const char *const wrong[] = {
        "{\"accounts\":{\"a\":\"pw\"},\"own\":{\"a\":{\"read\":[\"#\"]}}}",
        "{\"accounts\":{\"a\":\"pw\"},\"own\":{\"a\":{\"write\":[\"field/x\"]}}}",
        "{\"accounts\":{\"a\":\"pw\"},\"own\":{\"a\":{\"read\":[\"field/x\\ntopic #\"]}}}",
    };
    HF_AUTO(hf_json)
    struct hf_json *right =
        parse("{\"accounts\":{\"a\":\"pw\"},\"own\":{\"a\":{\"read\":[\"field/+/x\"],"
              "\"write\":[\"uplink/a/#\"]}}}");
    HF_AUTO_BUF struct hf_buf b = HF_BUF_INIT(65536);
    struct hf_broker_config c = {.internal_ip = "172.20.0.2", .data_dir = "/d", .tmp_dir = *state};

    assert_int_equal(hf_broker_write(&c, right, NULL), 0);
    read_back(*state, "acl", &b);
    assert_non_null(strstr(b.data, "user a\ntopic write status/a\ntopic write uplink/a/#\n"
                                   "topic read field/+/x\nuser a-status\n"));
    for (size_t i = 0; i < HF_LEN(wrong); i++) {
        HF_AUTO(hf_json) struct hf_json *doc = parse(wrong[i]);
        struct hf_error err = {0};

        assert_int_equal(hf_broker_write(&c, doc, &err), -1);
        assert_string_equal(err.pointer, "/own");
    }
}

static void
settings_out_of_range_are_refused(void **state)
{
    static const char *const wrong[] = {
        "{\"max_packet_bytes\":1}",     "{\"max_packet_bytes\":\"x\"}",
        "{\"max_queued_messages\":10}", "{\"max_queued_bytes\":-1}",
        "{\"max_packet_bytes\":1e9}",   "{\"max_queued_bytes\":99999999999}",
    };

    (void)state;
    for (size_t i = 0; i < HF_LEN(wrong); i++) {
        HF_AUTO(hf_json) struct hf_json *doc = parse(wrong[i]);
        struct hf_broker_config c = {0};
        struct hf_error err = {0};

        assert_int_equal(hf_broker_settings(doc, &c, &err), -1);
        assert_string_not_equal(err.pointer, "");
        assert_int_equal(c.max_packet_bytes, 0);
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        with_tempdir(sessions_are_found),
        with_tempdir(other_sessions_do_not_count),
        with_tempdir(every_cut_is_damage_or_ends_with_a_chunk),
        with_tempdir(noise_is_damage),
        with_tempdir(a_damaged_file_is_kept),
        cmocka_unit_test(passwords_are_hashed_as_mosquitto_wants),
        with_tempdir(devices_get_a_listener_only_when_open),
        with_tempdir(devices_come_by_tls_where_that_is_wanted),
        with_tempdir(own_services_get_no_right_but_below_their_roots),
        cmocka_unit_test(settings_out_of_range_are_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
