// SPDX-License-Identifier: Apache-2.0
#include "unit.h"

#include "model/spec.h"

#include <string.h>

static const struct hf_placement placement = {
    .instance = "t",
    .run_dir = "/run/t",
    .field_address = "0.0.0.0",
    .field_port = 1883,
};

static struct hf_spec
make(const struct hf_placement *p, const char *service, const char *image_id)
{
    struct hf_release r = {0};
    struct hf_spec s;
    struct hf_error err;
    int index = hf_service_index(service);

    strcpy(r.services[index].image.image_id, image_id);
    assert_int_equal(hf_spec_make(p, &r, (size_t)index, &s, &err), 0);
    return s;
}

static void
the_hash_changes_with_what_makes_another_container(void **state)
{
    struct hf_placement other = placement;
    struct hf_spec a = make(&placement, "broker", "sha256:a");
    struct hf_spec again = make(&placement, "broker", "sha256:a");
    struct hf_spec image = make(&placement, "broker", "sha256:b");

    (void)state;
    other.field_port = 1884;
    assert_string_equal(a.hash, again.hash);
    assert_string_not_equal(a.hash, image.hash);
    assert_string_not_equal(a.hash, make(&other, "broker", "sha256:a").hash);
}

/* Without TLS it is the container that it was before there was any. */
static void
devices_come_by_the_doors_that_are_wanted(void **state)
{
    struct hf_placement p = placement;
    struct hf_spec plain, both, only;

    (void)state;
    plain = make(&p, "broker", "sha256:a");
    p.field_tls_port = 8883;
    assert_string_equal(make(&p, "broker", "sha256:a").hash, plain.hash);
    p.field_doors = HF_FIELD_BOTH;
    both = make(&p, "broker", "sha256:a");
    assert_int_equal(both.port_count, 3);
    assert_int_equal(both.ports[0].host_port, 1883);
    assert_int_equal(both.ports[2].host_port, 8884);
    assert_int_equal(both.ports[2].container_port, 8884);
    p.field_doors = HF_FIELD_TLS;
    only = make(&p, "broker", "sha256:a");
    assert_int_equal(only.port_count, 2);
    assert_int_equal(only.ports[0].container_port, 8883);
    assert_string_not_equal(both.hash, plain.hash);
    assert_string_not_equal(both.hash, only.hash);
    assert_string_equal(make(&p, "buffer", "sha256:a").hash,
                        make(&placement, "buffer", "sha256:a").hash);
}

static void
only_the_broker_publishes_and_only_the_forwarder_gets_out(void **state)
{
    (void)state;
    for (size_t i = 0; i < hf_service_count; i++) {
        struct hf_spec s = make(&placement, hf_service_names[i], "sha256:a");

        assert_int_equal(s.port_count, strcmp(s.service, "broker") == 0);
        assert_true(s.uid >= 10001);
        for (size_t k = 0; k < s.network_count; k++) {
            if (strcmp(s.networks[k].network, "t-field") == 0)
                assert_string_equal(s.service, "broker");
            if (strcmp(s.networks[k].network, "t-egress") == 0)
                assert_string_equal(s.service, "forwarder");
        }
    }
}

static void
an_instance_name_that_does_not_fit_is_refused(void **state)
{
    struct hf_placement p = placement;
    struct hf_release r = {0};
    struct hf_spec s;
    struct hf_error err;

    (void)state;
    p.instance = "a-name-that-is-longer-than-any-container-name-may-be";
    assert_int_equal(hf_spec_make(&p, &r, 0, &s, &err), -1);
    p.instance = "";
    assert_int_equal(hf_spec_make(&p, &r, 0, &s, &err), -1);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_hash_changes_with_what_makes_another_container),
        cmocka_unit_test(devices_come_by_the_doors_that_are_wanted),
        cmocka_unit_test(only_the_broker_publishes_and_only_the_forwarder_gets_out),
        cmocka_unit_test(an_instance_name_that_does_not_fit_is_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
