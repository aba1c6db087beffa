// SPDX-License-Identifier: Apache-2.0
#include "unit.h"

#include "scan/version.h"

#include <fcntl.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

extern char **environ;

static const char *
sign(int order)
{
    return order < 0 ? "lt" : order > 0 ? "gt" : "eq";
}

/* Exit status of dpkg --compare-versions: 0 for true, 1 for false, 2 for what is no version. */
static int
dpkg(const char *a, const char *op, const char *b)
{
    const char *argv[] = {"dpkg", "--compare-versions", a, op, b, NULL};
    posix_spawn_file_actions_t files;
    int status;
    pid_t pid;

    posix_spawn_file_actions_init(&files);
    posix_spawn_file_actions_addopen(&files, STDERR_FILENO, "/dev/null", O_WRONLY, 0);
    assert_int_equal(posix_spawnp(&pid, "dpkg", &files, NULL, (char **)(uintptr_t)argv, environ),
                     0);
    posix_spawn_file_actions_destroy(&files);
    assert_int_equal(waitpid(pid, &status, 0), pid);
    return WEXITSTATUS(status);
}

static void
same_as_dpkg(const char *a, const char *b)
{
    const char *ours = sign(hf_debian_version_compare(a, b));

    if (dpkg(a, ours, b) != 0)
        fail_msg("'%s' %s '%s': dpkg says no", a, ours, b);
    assert_string_equal(sign(-hf_debian_version_compare(b, a)), ours);
}

static void
corner_cases_are_as_the_policy_has_them(void **state)
{
    static const struct {
        const char *a, *order, *b;
    } rows[] = {
        {"1.0~~", "lt", "1.0~~a"},
        {"1.0~~a", "lt", "1.0~"},
        {"1.0~", "lt", "1.0"},
        {"1.0", "lt", "1.0a"},
        {"1.0", "eq", "0:1.0"},
        {"1.0", "eq", "1.0-0"},
        {"1.0-0", "eq", "1.0-00"},
        {"2:0.1", "gt", "1:9"},
        {"1.10", "gt", "1.9"},
        {"1.010", "eq", "1.10"},
        {"1.0-1", "lt", "1.0-1+b1"},
        {"1.0a", "lt", "1.0+"},
        {"1.0-1", "lt", "1.0.1-1"},
        {"1.0-2~bpo", "lt", "1.0-2"},
        {"3.5.1-1+deb13u1", "lt", "3.5.1-1+deb13u2"},
        {"99999999999999999999998", "lt", "99999999999999999999999"},
        {"1:1:2", "gt", "1:1"},
        {"1-2-3", "lt", "1-2.0-3"},
        {"00", "eq", "0"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        const char *order = sign(hf_debian_version_compare(rows[i].a, rows[i].b));

        if (strcmp(order, rows[i].order) != 0)
            fail_msg("'%s' %s '%s'", rows[i].a, order, rows[i].b);
        same_as_dpkg(rows[i].a, rows[i].b);
    }
}

/* Short ones of few characters: many of them begin alike. */
static void
make(unsigned *seed, char out[32])
{
    static const char upstream[] = "0019aAz.+~-:", revision[] = "0019aZ.+~";
    size_t n = 0;
    bool epoch = rand_r(seed) % 3 == 0;

    if (epoch)
        n = (size_t)sprintf(out, "%d:", rand_r(seed) % 3);
    out[n++] = (char)('0' + rand_r(seed) % 3);
    for (int i = rand_r(seed) % 6; i > 0; i--)
        out[n++] = upstream[(size_t)rand_r(seed) % (sizeof upstream - (epoch ? 1 : 2))];
    if (rand_r(seed) % 2) {
        out[n++] = '-';
        for (int i = rand_r(seed) % 4; i >= 0; i--)
            out[n++] = revision[(size_t)rand_r(seed) % (sizeof revision - 1)];
    }
    out[n] = '\0';
}

static void
generated_pairs_compare_as_dpkg_does(void **state)
{
    enum { PAIRS = 800 };
    unsigned seed = 20261126;
    int tried = 0;

    (void)state;
    while (tried < PAIRS) {
        char a[32], b[32];

        make(&seed, a);
        make(&seed, b);
        if (tried % 2) { /* close to one another */
            memcpy(b, a, sizeof b);
            b[strlen(b) - 1] = "019aZ~+."[rand_r(&seed) % 8];
        }
        if (!hf_debian_version_valid(a) || !hf_debian_version_valid(b))
            continue;
        same_as_dpkg(a, b);
        tried++;
    }
}

static void
what_is_no_version_is_refused(void **state)
{
    static const char *const wrong[] = {"",    "1:",  ":1",   "1-",  "1:-1",       "2147483648:1",
                                        "1 2", "1_2", "-1",   "a1",  "~1",         "1-1:2",
                                        "x:1", "1\n", "1:a1", "1/2", "1-\xc3\xa4", "+1:1"};
    char longest[HF_DEBIAN_VERSION_MAX + 2];

    (void)state;
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++)
        if (hf_debian_version_valid(wrong[i]))
            fail_msg("'%s' is none", wrong[i]);
    memset(longest, '1', sizeof longest - 1);
    longest[sizeof longest - 1] = '\0';
    assert_false(hf_debian_version_valid(longest));
    longest[HF_DEBIAN_VERSION_MAX] = '\0';
    assert_true(hf_debian_version_valid(longest));
}

/* Nothing that we take is an error to dpkg. */
static void
what_is_taken_dpkg_takes(void **state)
{
    static const char characters[] = "01a.+~-:";
    unsigned seed = 7;

    (void)state;
    for (int tried = 0; tried < 200;) {
        char text[8] = "";

        for (size_t i = 0; i < (size_t)rand_r(&seed) % 6 + 1; i++)
            text[i] = characters[(size_t)rand_r(&seed) % (sizeof characters - 1)];
        if (!hf_debian_version_valid(text))
            continue;
        tried++;
        if (dpkg(text, "eq", text) != 0)
            fail_msg("dpkg does not take '%s'", text);
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(corner_cases_are_as_the_policy_has_them),
        cmocka_unit_test(generated_pairs_compare_as_dpkg_does),
        cmocka_unit_test(what_is_no_version_is_refused),
        cmocka_unit_test(what_is_taken_dpkg_takes),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
