// SPDX-License-Identifier: Apache-2.0
/* All that is wrong with a file at once, each where it stands. */
#include "identity/given.h"
#include "provision/provision.h"
#include "unit.h"

#include <openssl/pem.h>
#include <openssl/x509v3.h>
#include <string.h>

static const struct hf_provision_x509 x509 = {hf_given_server, hf_given_client,
                                              hf_given_authorities};
static struct hf_json_faults faults;

static struct hf_error
refused(const char *text, size_t len)
{
    struct hf_provision p = {.file_hash = "untouched"};
    struct hf_error err = {0};

    assert_int_equal(hf_provision_parse(text, len, &(const struct hf_provision_with){.x509 = &x509},
                                        &p, &faults, &err),
                     -1);
    assert_string_equal(p.file_hash, "untouched");
    return err;
}

/* "LINE:COLUMN POINTER WORD", a line each: these and no others. */
static void
assert_faults(const char *text, const char *wanted)
{
    char all[16384] = "", line[HF_JSON_FAULT_TEXT_SIZE];
    size_t count = 0, len = 0;

    (void)refused(text, strlen(text));
    for (size_t i = 0; i < faults.count && len < sizeof all - sizeof line; i++) {
        hf_json_fault_text(&faults.list[i], line);
        len += (size_t)snprintf(all + len, sizeof all - len, "%s\n", line);
    }
    while (*wanted) {
        size_t l = 0, c = 0;
        char pointer[128] = "", word[64] = "";
        const struct hf_json_fault *f = &faults.list[count];

        if (sscanf(wanted, "%zu:%zu %127s %63[^\n]", &l, &c, pointer, word) != 4)
            fail_msg("the test's own line: %s", wanted);
        if (strcmp(pointer, "-") == 0)
            pointer[0] = '\0';
        if (count >= faults.count || f->place.line != l || f->place.column != c ||
            strcmp(f->pointer, pointer) != 0 || !strstr(f->message, word))
            fail_msg("not %.100s but\n%s", wanted, all);
        count++;
        wanted += strcspn(wanted, "\n");
        wanted += *wanted == '\n';
    }
    if (count != faults.count)
        fail_msg("%zu faults and not %zu:\n%s", faults.count, count, all);
    assert_false(faults.more);
}

static void
all_faults_come_at_once_in_the_order_of_the_text(void **state)
{
    (void)state;
    assert_faults("{\n"
                  "  \"name\": \"Two Words\",\n"
                  "  \"uplink\": {\"url\": \"ftp://x\", \"token\": \"a b\", \"colour\": \"red\"},\n"
                  "  \"buffer\": {\"window_ms\": -1, \"when_full\": \"explode\"},\n"
                  "  \"setup_code\": \"0000\",\n"
                  "  \"colour\": 1\n"
                  "}\n",
                  "1:1 /format missing\n"
                  "2:3 /name 1 to 63 lower-case\n"
                  "3:14 /uplink/url https://\n"
                  "3:32 /uplink/token no blanks\n"
                  "3:48 /uplink/colour allowed here: url, token, ca_pem\n"
                  "4:14 /buffer/window_ms must be 0 to 5000\n"
                  "4:31 /buffer/when_full hold, drop_oldest\n"
                  "5:3 /setup_code XXXX\n"
                  "6:3 /colour unknown field");
}

static void
what_is_missing_hides_nothing_beside_it(void **state)
{
    (void)state;
    assert_faults("{\"format\":1,\"uplink\":{\"token\":\"a b\"}}",
                  "1:13 /uplink/url missing\n1:23 /uplink/token no blanks");
    assert_faults(
        "{\"format\":1,\"sinks\":[{\"type\":\"mqtt\",\"inflight\":0,\"client_id\":\"\"}]}",
        "1:22 /sinks/0/name missing\n1:22 /sinks/0/url missing\n"
        "1:37 /sinks/0/inflight 1 to 1000\n1:50 /sinks/0/client_id 1 to 128");
    assert_faults(
        "{\"format\":1,\"rules\":[{\"window\":{\"ms\":5,\"of\":[\"avg\"],\"field\":\"x\"}}]}",
        "1:22 /rules/0/filter missing\n1:33 /rules/0/window/ms 100 to\n"
        "1:40 /rules/0/window/of min, max\n1:53 /rules/0/window/field JSON pointer");
    assert_faults("{\"format\":1,\"scan\":{\"accept\":[{\"reason\":1},{\"id\":\"CVE-1\","
                  "\"reason\":\"r\",\"expires\":\"soon\"}]}}",
                  "1:31 /scan/accept/0/expires missing\n1:31 /scan/accept/0/id missing\n"
                  "1:32 /scan/accept/0/reason a string\n1:71 /scan/accept/1/expires a time");
    assert_faults("{\"format\":1,\"certificate\":{\"colour\":1}}",
                  "1:13 /certificate/certificate missing\n1:13 /certificate/key missing\n1:28 "
                  "/certificate/colour unknown");
}

static void
the_host_devices_and_bundles_are_looked_at_too(void **state)
{
    (void)state;
    assert_faults("{\"format\":1,\n\"network\":{\"interfaces\":[\n"
                  "{\"name\":\"a/b\",\"address\":\"192.0.2.1\"},\n"
                  "{\"name\":\"e0\",\"router\":\"192.0.2.1\"},\n"
                  "{\"name\":\"e1\",\"address\":\"192.0.2.9/24\",\"router\":\"2001:db8::1\"},\n"
                  "{\"name\":\"e1\",\"dns\":[\"192.0.2.1\",\"dns.example\"]}]},\n"
                  "\"time\":{\"zone\":\"../../etc/passwd\",\"servers\":[\"a b\"]},\n"
                  "\"release\":{\"bundle\":\"../x\"},\n"
                  "\"device_accounts\":[\n{\"name\":\"a b\",\"password\":\"long enough\"},\n"
                  "{\"name\":\"ok\",\"password\":\"short\"},\n"
                  "{\"name\":\"d\",\"password\":\"long enough\",\"publish\":[\"a\",\"b/#/c\"]},\n"
                  "{\"name\":\"d\"}],\n\"wipe\":1}",
                  "3:2 /network/interfaces/0/name name of an interface\n"
                  "3:15 /network/interfaces/0/address 192.0.2.10/24\n"
                  "4:14 /network/interfaces/1/router by DHCP\n"
                  "5:39 /network/interfaces/2/router same kind\n"
                  "6:2 /network/interfaces/3/name twice\n"
                  "6:33 /network/interfaces/3/dns/1 an address\n"
                  "7:9 /time/zone Europe/Berlin\n7:46 /time/servers/0 time server\n"
                  "8:12 /release/bundle below the folder\n"
                  "10:2 /device_accounts/0/name letter\n"
                  "11:14 /device_accounts/1/password 8\n"
                  "12:38 /device_accounts/2/publish b/#/c\n"
                  "13:1 /device_accounts/3/password missing\n"
                  "13:2 /device_accounts/3/name twice\n"
                  "14:1 /wipe true or false");
}

/* Of a list each is named by its own place, and a good one by none. */
static void
keys_for_ssh_are_looked_at_too(void **state)
{
    (void)state;
    assert_faults("{\"format\":1,\"ssh\":{\"keys\":[\n\"no-pty ssh-ed25519 AAAA\",\n"
                  "\"ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIFL2Ey/u1sT81tBME52e2lDSb3ozMN4NLogFZfxg/"
                  "Y7b me\",\n\"ssh-ed25519 AAAA\",\n7],\n\"password\":\"x\"}}",
                  "2:1 /ssh/keys/0 options before it\n4:1 /ssh/keys/2 whole\n"
                  "5:1 /ssh/keys/3 a string\n6:1 /ssh/password unknown field");
    assert_faults("{\"format\":1,\"ssh\":{}}", "1:13 /ssh/keys missing");
}

/* One that is taken out must not make the other one wrong. */
static void
what_goes_together_is_not_called_wrong(void **state)
{
    (void)state;
    assert_faults(
        "{\"format\":1,\"sinks\":[\n"
        "{\"name\":\"a\",\"type\":\"https\",\"url\":\"https://x\",\n"
        "\"header_name\":\"a b\",\n\"header_value\":\"\"},\n"
        "{\"name\":\"b\",\"type\":\"mqtt\",\"url\":\"mqtts://x\",\n"
        "\"user\":7,\n\"password\":\"p\"}],\n"
        "\"network\":{\"interfaces\":[{\n\"address\":\"x\",\n\"router\":\"2001:db8::1\"}]}}",
        "3:1 /sinks/0/header_name name of an HTTP header\n"
        "4:1 /sinks/0/header_value 1 to 400\n6:1 /sinks/1/user a string\n"
        "9:1 /network/interfaces/0/address 192.0.2.10/24");
}

/* Elements that are taken out on the way must not move the others. */
static void
elements_of_lists_keep_their_number(void **state)
{
    (void)state;
    assert_faults(
        "{\"format\":1,\n\"lanes\":[\n7,\n{\"filter\":\"a\",\"lane\":\"fast\"},\n8,\n"
        "{\"filter\":\"#/b\",\"lane\":\"bulk\"},\n9,\n{\"filter\":\"c\",\"lane\":\"x\"}]}",
        "3:1 /lanes/0 an object\n4:15 /lanes/1/lane one of\n5:1 /lanes/2 an object\n"
        "6:2 /lanes/3/filter MQTT filter\n7:1 /lanes/4 an object\n"
        "8:15 /lanes/5/lane one of");
    assert_faults("{\"format\":1,\"release_keys\":[\"x\",\n\"RWTF1O453dndpKIE5PVQvUF4+6muWhCQsJ6G+"
                  "0jrh63qkBBV+HhJMOs9\",\n\"y\"]}",
                  "1:29 /release_keys/0 key\n3:1 /release_keys/2 key");
}

static void
doubled_members_are_all_named(void **state)
{
    (void)state;
    assert_faults(
        "{\"format\":1,\n\"name\":\"A\",\n\"name\":\"b\",\n\"uplink\":{\"url\":\"https://x\","
        "\n\"\\u0075rl\":\"https://y\"}}",
        "2:1 /name 1 to 63\n3:1 /name twice, first in line 2\n"
        "5:1 /uplink/url twice, first in line 4");
    assert_faults("{\"format\":1,\"wipe\":true,\n\"wipe\":7}", "2:1 /wipe twice, first in line 1");
    /* those behind them are where they are */
    assert_faults("{\"format\":1,\"buffer\":{\"window_ms\":1},\n\"buffer\":{\"window_ms\":[2,3]},\n"
                  "\"name\":\"A\",\n\"lanes\":[{\"filter\":\"#\",\"lane\":\"bulk\"},\n7]}",
                  "2:1 /buffer twice, first in line 1\n3:1 /name 1 to 63\n5:1 /lanes/1 an object");
}

static void
names_with_slashes_are_pointed_at(void **state)
{
    (void)state;
    assert_faults("{\"format\":1,\"a/b\":1,\"c~d\":2,\"\":3,\"\\u0065\":4}",
                  "1:13 /a~1b unknown\n1:21 /c~0d unknown\n1:29 / unknown\n1:34 /e unknown");
}

static void
a_release_is_named_in_one_way(void **state)
{
    (void)state;
    assert_faults("{\"format\":1,\n\"release\":{\"id\":\"1.4.0\"}}",
                  "2:12 /release/id 32 hex digits");
    assert_faults("{\"format\":1,\n\"release\":{\"bundle\":\"x\",\n\"id\":"
                  "\"0123456789abcdef0123456789abcdef\"}}",
                  "3:1 /release/id not together");
}

static void
what_is_no_json_says_where(void **state)
{
    static const char utf16[] = "\xff\xfe{\0\"\0f\0";
    static const char nul[] = "{\"format\":1,\n\"name\":\"a\0b\"}";

    (void)state;
    assert_int_equal(refused(utf16, sizeof utf16 - 1).class, HF_ERROR_MALFORMED);
    assert_int_equal(faults.count, 1);
    assert_non_null(strstr(faults.list[0].message, "UTF-16"));
    assert_int_equal(refused(utf16 + 2, sizeof utf16 - 3).class, HF_ERROR_MALFORMED);
    assert_non_null(strstr(faults.list[0].message, "UTF-16"));
    assert_int_equal(refused(nul, sizeof nul - 1).class, HF_ERROR_MALFORMED);
    assert_int_equal(faults.list[0].place.line, 2);
    assert_int_equal(faults.list[0].place.column, 10);
    assert_non_null(strstr(faults.list[0].message, "NUL"));
    assert_faults("{\"format\":1,\n\"name\":\"a\xff\"}", "2:10 - not UTF-8");
    assert_faults("{\"format\":1,\n\"name\":\"a\\u0000b\"}", "2:10 - NUL");
    assert_faults("{\"format\":1,\n\"name\":x}", "2:8 - not valid JSON");
    assert_faults("[1]", "1:1 - an object");
}

/* Some editors put it there. */
static void
a_mark_before_utf_8_is_none_of_its_business(void **state)
{
    const struct hf_provision_with plain = {0};
    struct hf_provision p;

    (void)state;
    assert_int_equal(
        hf_provision_parse("\xef\xbb\xbf{\"format\":1}", 15, &plain, &p, &faults, NULL), 0);
    hf_provision_done(&p);
    assert_faults("\xef\xbb\xbf{\"format\":2}", "1:2 /format must be 1");
}

static void
the_list_is_bounded(void **state)
{
    char text[4096] = "{\"format\":1";
    size_t len = strlen(text);

    (void)state;
    for (int i = 0; i < 60; i++)
        len += (size_t)snprintf(text + len, sizeof text - len, ",\"x%d\":1", i);
    len += (size_t)snprintf(text + len, sizeof text - len, "}");
    assert_non_null(strstr(refused(text, len).message, "(and 49 more)"));
    assert_int_equal(faults.count, HF_JSON_FAULTS_MAX);
    assert_true(faults.more);
}

/* ---- certificates ---- */

enum { PEM_SIZE = 4096 };

/* As JSON strings have it. */
struct made {
    char certificate[PEM_SIZE], key[PEM_SIZE];
};

static void
to_text(BIO *bio, char out[PEM_SIZE])
{
    char *data;
    long len = BIO_get_mem_data(bio, &data);
    size_t used = 0;

    for (long i = 0; i < len && used < PEM_SIZE - 3; i++) {
        if (data[i] == '\n')
            out[used++] = '\\';
        out[used++] = (char)(data[i] == '\n' ? 'n' : data[i]);
    }
    out[used] = '\0';
    BIO_free(bio);
}

/* In force until so many seconds from now. */
static struct made
make(long until_s)
{
    BIO *key_text = BIO_new(BIO_s_mem()), *cert_text = BIO_new(BIO_s_mem());
    EVP_PKEY *key = EVP_EC_gen("P-256");
    X509 *cert = X509_new();
    X509_EXTENSION *names =
        X509V3_EXT_conf_nid(NULL, NULL, NID_subject_alt_name, "DNS:gw7.example");
    struct made m;

    X509_set_version(cert, X509_VERSION_3);
    X509_gmtime_adj(X509_getm_notBefore(cert), -86400L * 1000);
    X509_gmtime_adj(X509_getm_notAfter(cert), until_s);
    X509_NAME_add_entry_by_txt(X509_get_subject_name(cert), "CN", MBSTRING_ASC,
                               (const unsigned char *)"gw7", -1, -1, 0);
    X509_set_issuer_name(cert, X509_get_subject_name(cert));
    X509_set_pubkey(cert, key);
    assert_int_equal(X509_add_ext(cert, names, -1), 1);
    assert_true(X509_sign(cert, key, EVP_sha256()) > 0);
    assert_int_equal(PEM_write_bio_PrivateKey(key_text, key, NULL, NULL, 0, NULL, NULL), 1);
    assert_int_equal(PEM_write_bio_X509(cert_text, cert), 1);
    to_text(cert_text, m.certificate);
    to_text(key_text, m.key);
    X509_EXTENSION_free(names);
    EVP_PKEY_free(key);
    X509_free(cert);
    return m;
}

static void
assert_certificate(const char *certificate, const char *key, const char *wanted)
{
    char text[16384];

    snprintf(text, sizeof text,
             "{\"format\":1,\"certificate\":{\n\"certificate\":\"%s\",\n\"key\":\"%s\"},\n"
             "\"name\":\"A\"}",
             certificate, key);
    assert_faults(text, wanted);
}

static void
certificates_are_looked_at_before_anything_is_applied(void **state)
{
    struct made site = make(86400L * 365), other = make(86400L * 365), ended = make(-86400L);

    (void)state;
    assert_certificate(site.certificate, site.key, "4:1 /name 1 to 63");
    assert_certificate("C", site.key,
                       "2:1 /certificate/certificate no certificate\n4:1 /name 1 to 63");
    assert_certificate(site.certificate, other.key,
                       "3:1 /certificate/key not the key\n4:1 /name 1 to 63");
    assert_certificate(ended.certificate, ended.key,
                       "2:1 /certificate/certificate ended at\n4:1 /name 1 to 63");
}

static void
authorities_and_certificates_of_clients_too(void **state)
{
    struct made site = make(86400L * 365), other = make(86400L * 365), ended = make(-86400L);
    char text[32768];

    (void)state;
    snprintf(text, sizeof text,
             "{\"format\":1,\"uplink\":{\"url\":\"https://x\",\n\"ca_pem\":"
             "\"-----BEGIN CERTIFICATE-----\\nAAAA\\n-----END CERTIFICATE-----\\n\"},\n"
             "\"registry\":{\"host\":\"r.example\",\n\"ca_pem\":\"%s\"},\n"
             "\"sinks\":[{\"name\":\"a\",\"type\":\"https\",\"url\":\"https://x\",\n"
             "\"ca_pem\":\"%s%s\",\n\"client_cert_pem\":\"%s\",\n\"client_key_pem\":\"%s\"}]}",
             ended.certificate, ended.certificate, site.certificate, site.certificate, other.key);
    assert_faults(text, "2:1 /uplink/ca_pem cannot be read\n4:1 /registry/ca_pem ended at\n"
                        "8:1 /sinks/0/client_key_pem not the key");
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(all_faults_come_at_once_in_the_order_of_the_text),
        cmocka_unit_test(what_is_missing_hides_nothing_beside_it),
        cmocka_unit_test(the_host_devices_and_bundles_are_looked_at_too),
        cmocka_unit_test(keys_for_ssh_are_looked_at_too),
        cmocka_unit_test(a_release_is_named_in_one_way),
        cmocka_unit_test(what_goes_together_is_not_called_wrong),
        cmocka_unit_test(elements_of_lists_keep_their_number),
        cmocka_unit_test(doubled_members_are_all_named),
        cmocka_unit_test(names_with_slashes_are_pointed_at),
        cmocka_unit_test(what_is_no_json_says_where),
        cmocka_unit_test(a_mark_before_utf_8_is_none_of_its_business),
        cmocka_unit_test(the_list_is_bounded),
        cmocka_unit_test(certificates_are_looked_at_before_anything_is_applied),
        cmocka_unit_test(authorities_and_certificates_of_clients_too),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
