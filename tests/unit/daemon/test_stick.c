// SPDX-License-Identifier: Apache-2.0
/* What holdfastd makes of the files of a stick, before anything runs. */
#include "base/file.h"
#include "sign.h"
#include "stick.h"
#include "store/reset.h"
#include "stored_settings.h"
#include "tempdir.h"

#include <string.h>

#define HASH                                                                                       \
    "$argon2id$v=19$m=19456,t=2,p=1$OKji5TVm9RoQVpZv6Y84IQ"                                        \
    "$aJABQwWXJP6qaGGwgbd1+VatDx4+bSiBNd44XUxqbYg"

static struct signer signer;

/* A gateway in a folder of its own. */
struct box {
    struct hf_options options;
    struct hf_store *store;
    struct hf_first_boot boot;
    struct hf_stick stick;
    char state[PATH_MAX], run[PATH_MAX], dir[PATH_MAX], passphrase[PATH_MAX];
};

static void
box_open(struct box *b, const char *dir)
{
    struct hf_error err = {0};

    memset(b, 0, sizeof *b);
    snprintf(b->state, sizeof b->state, "%s/state", dir);
    snprintf(b->run, sizeof b->run, "%s/run", dir);
    snprintf(b->dir, sizeof b->dir, "%s/stick", dir);
    snprintf(b->passphrase, sizeof b->passphrase, "%s/passphrase", dir);
    mkdir(b->run, 0700);
    b->options = (struct hf_options){.state_dir = b->state,
                                     .run_dir = b->run,
                                     .stick_dir = b->dir,
                                     .passphrase_path = b->passphrase};
    if (hf_store_open(b->state, &b->store, &err) < 0)
        fail_msg("%s", err.message);
    b->boot = (struct hf_first_boot){.options = &b->options, .store = b->store};
}

static void
box_close(struct box *b)
{
    hf_stick_done(&b->stick);
    hf_store_free(b->store);
}

/* As holdfast-stick puts them; each call is another stick. */
static void
plug_in(const struct box *b, const char *provision, const char *signature, const char *recovery)
{
    static unsigned n;
    char id[16];
    const struct {
        const char *name, *text;
    } files[] = {{"in/holdfast/provision.json", provision},
                 {"in/holdfast/provision.json.minisig", signature},
                 {"in/holdfast/recovery.json", recovery}};

    mkdir(b->dir, 0700);
    mkdir(tempdir_path(b->dir, "in"), 0700);
    mkdir(tempdir_path(b->dir, "in/holdfast"), 0700);
    for (size_t i = 0; i < HF_LEN(files); i++) {
        (void)unlink(tempdir_path(b->dir, files[i].name));
        if (files[i].text)
            tempdir_write(b->dir, files[i].name, files[i].text, strlen(files[i].text));
    }
    snprintf(id, sizeof id, "%u", ++n);
    tempdir_write(b->dir, "in/id", id, strlen(id));
}

/* "provision.json: applied; recovery.json: refused /gateway …" of what is taken now. */
static const char *
take(struct box *b)
{
    static char text[4096];
    size_t len = 0;

    text[0] = '\0';
    hf_stick_done(&b->stick);
    hf_stick_take(&b->stick, &b->boot);
    for (const struct hf_json *f = hf_json_first(b->stick.files); f; f = hf_json_next(f)) {
        const struct hf_json *e = hf_json_first(hf_json_get(f, "errors"));

        len += (size_t)snprintf(text + len, sizeof text - len, "%s%s: %s", len ? "; " : "",
                                hf_json_string(f, "file"), hf_json_string(f, "result"));
        for (; e; e = hf_json_next(e))
            len += (size_t)snprintf(text + len, sizeof text - len, " [%s %s]",
                                    hf_json_string(e, "pointer"), hf_json_string(e, "detail"));
    }
    return text;
}

static void
assert_name(struct box *b, const char *wanted)
{
    struct hf_settings s;

    assert_int_equal(hf_current_settings(b->store, &s, NULL), 0);
    assert_string_equal(s.name, wanted);
    hf_settings_done(&s);
}

static void
a_stick_is_applied_once(void **state)
{
    struct hf_device_account device;
    struct box b;

    box_open(&b, *state);
    assert_string_equal(take(&b), "");
    assert_false(hf_stick_is_new(&b.stick));
    plug_in(&b,
            "{\"format\":1,\"name\":\"press-hall-3\",\"setup_code\":\"7KQM-X3PA-92HV\","
            "\"wipe\":true,\"network\":{\"interfaces\":[{}]},\"release\":{\"bundle\":\"x.bundle\"},"
            "\"device_accounts\":[{\"name\":\"press-7\",\"password\":\"long enough\"}]}",
            NULL, NULL);
    assert_true(hf_stick_is_new(&b.stick));
    assert_string_equal(take(&b), "provision.json: applied");
    assert_false(hf_stick_is_new(&b.stick));
    assert_name(&b, "press-hall-3");
    assert_true(b.stick.wipe && b.stick.host);
    assert_int_equal(b.stick.bundle, HF_STICK_BUNDLE_WAITS);
    assert_int_equal(hf_store_device(b.store, "press-7", &device, NULL), 0);
    assert_string_equal(device.publish, HF_DEVICE_PUBLISH_DEFAULT);
    assert_true(device.enabled);
    /* it stays in the port over a power cut: what it still asks for is asked for again */
    assert_string_equal(take(&b), "provision.json: known");
    assert_true(b.stick.wipe && b.stick.host);
    box_close(&b);
}

#define SSH                                                                                        \
    "\"ssh\":{\"keys\":[\"ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIFL2Ey/u1sT81tBME52e2lDSb3ozMN4N"    \
    "LogFZfxg/Y7b me\"]}"

static void
store_reopen(struct box *b)
{
    struct hf_error err = {0};

    hf_store_free(b->store);
    if (hf_store_open(b->state, &b->store, &err) < 0)
        fail_msg("%s", err.message);
    b->boot.store = b->store;
}

/* The stick stays in the port through a reset: it lets nobody in again. Another one does, and what
 * the reset has still to do is over then. */
static void
who_may_log_in_does_not_come_back_after_a_reset(void **state)
{
    const struct hf_store_reset r = {.who = "admin", .what = "reset"};
    struct box b;
    bool left;

    box_open(&b, *state);
    plug_in(&b, "{\"format\":1," SSH "}", NULL, NULL);
    assert_string_equal(take(&b), "provision.json: applied");
    assert_true(b.stick.host);
    assert_string_equal(take(&b), "provision.json: known");
    assert_true(b.stick.host);
    assert_int_equal(hf_store_begin_reset(b.store, &r, NULL), 0);
    store_reopen(&b);
    assert_string_equal(take(&b), "provision.json: known");
    assert_false(b.stick.host);
    plug_in(&b, "{\"format\":1,\"name\":\"new\"}", NULL, NULL);
    assert_string_equal(take(&b), "provision.json: applied");
    assert_int_equal(hf_store_reset_host_left(b.store, &left, NULL), 0);
    assert_true(left);
    plug_in(&b, "{\"format\":1," SSH "}", NULL, NULL);
    assert_string_equal(take(&b), "provision.json: applied");
    assert_true(b.stick.host);
    assert_int_equal(hf_store_reset_host_left(b.store, &left, NULL), 0);
    assert_false(left);
    box_close(&b);
}

static void
all_that_is_wrong_is_in_the_answer_and_nothing_changes(void **state)
{
    struct box b;
    const char *said;

    box_open(&b, *state);
    plug_in(&b, "{\"format\":1,\"name\":\"A\",\"nmae\":1,\"wipe\":true}", NULL, "{\"format\":1}");
    said = take(&b);
    assert_non_null(strstr(said, "recovery.json: refused [/setup_code"));
    assert_non_null(strstr(said, "provision.json: refused [/name"));
    assert_non_null(strstr(said, "[/nmae unknown field"));
    assert_false(b.stick.wipe);
    assert_name(&b, "holdfast");
    box_close(&b);
}

static void
claim(struct box *b, const char *more)
{
    char text[512];

    snprintf(text, sizeof text,
             "{\"format\":1,\"name\":\"ours\",\"admin\":{\"password_hash\":\"" HASH "\"}%s}", more);
    plug_in(b, text, NULL, NULL);
    assert_string_equal(take(b), "provision.json: applied");
}

static void
a_claimed_gateway_takes_no_stick_without_keys(void **state)
{
    struct box b;

    box_open(&b, *state);
    claim(&b, "");
    plug_in(&b, "{\"format\":1,\"name\":\"theirs\"}", NULL,
            "{\"format\":1,\"setup_code\":\"7KQM-X3PA-92HV\"}");
    assert_non_null(
        strstr(take(&b), "recovery.json: refused [ this gateway is claimed and has no"));
    assert_non_null(
        strstr(take(&b), "provision.json: refused [ this gateway is claimed and has no"));
    assert_name(&b, "ours");
    box_close(&b);
}

static void
a_claimed_gateway_takes_what_its_owner_has_signed(void **state)
{
    static const char text[] = "{\"format\":1,\"name\":\"changed\"}";
    char keys[256], signature[SIGN_TEXT_SIZE];
    struct signer other;
    struct box b;

    box_open(&b, *state);
    signer_init(&signer);
    signer_init(&other);
    snprintf(keys, sizeof keys, ",\"stick_keys\":[\"%s\"]", signer.key);
    claim(&b, keys);
    plug_in(&b, text, NULL, NULL);
    assert_non_null(strstr(take(&b), "refused [ this gateway is claimed: it takes provision.json"));
    signer_sign(&other, text, signature);
    plug_in(&b, text, signature, NULL);
    assert_non_null(strstr(take(&b), "provision.json: refused"));
    signer_sign(&signer, "{\"format\":1}", signature);
    plug_in(&b, text, signature, NULL);
    assert_non_null(strstr(take(&b), "provision.json: refused"));
    assert_name(&b, "ours");
    signer_sign(&signer, text, signature);
    plug_in(&b, text, signature, NULL);
    assert_string_equal(take(&b), "provision.json: applied");
    assert_name(&b, "changed");
    box_close(&b);
}

/* The start goes on with what a reset leaves, as main.c does. */
static void
open_anew(struct box *b)
{
    assert_true(hf_store_has_ended(b->store));
    hf_stick_done(&b->stick);
    hf_store_free(b->store);
    assert_int_equal(hf_store_open(b->state, &b->store, NULL), 0);
    b->boot.store = b->store;
}

static size_t
account_count(struct box *b)
{
    struct hf_account a;
    size_t count = 9;

    assert_int_equal(hf_store_accounts(b->store, &a, 1, &count, NULL), 0);
    return count;
}

/* What is on the same stick is for the gateway of afterwards, also where it was applied before. */
static void
a_stick_that_its_owner_has_signed_resets_it_once(void **state)
{
    char keys[256], text[256], code[HF_CODE_HASH_SIZE], signature[SIGN_TEXT_SIZE];
    struct hf_error err;
    struct box b;

    box_open(&b, *state);
    signer_init(&signer);
    snprintf(keys, sizeof keys, ",\"stick_keys\":[\"%s\"]", signer.key);
    claim(&b, keys);
    snprintf(text, sizeof text,
             "{\"format\":1,\"reset\":\"wipe\",\"gateway\":\"%s\",\"setup_code\":"
             "\"7KQM-X3PA-92HV\"}",
             hf_store_gateway_id(b.store));
    plug_in(&b, NULL, NULL, text);
    assert_non_null(strstr(take(&b), "recovery.json: refused [ this gateway is claimed: it takes"));
    assert_int_equal(account_count(&b), 1);

    plug_in(&b, "{\"format\":1,\"name\":\"theirs\"}", NULL, text);
    signer_sign(&signer, text, signature);
    tempdir_write(b.dir, "in/holdfast/recovery.json.minisig", signature, strlen(signature));
    assert_string_equal(take(&b), "recovery.json: applied");
    open_anew(&b);
    assert_int_equal(account_count(&b), 0);
    assert_string_equal(take(&b), "recovery.json: applied; provision.json: applied");
    assert_name(&b, "theirs");
    assert_int_equal(hf_store_setup_code(b.store, code, &err), 0);
    assert_true(*code);
    assert_int_equal(hf_store_reset_did(b.store, HF_RESET_FILES, NULL), 0);
    assert_int_equal(hf_store_reset_did(b.store, HF_RESET_CONTAINERS, NULL), 0);
    assert_string_equal(take(&b), "recovery.json: known; provision.json: known"); /* it stays in */
    assert_false(hf_store_has_ended(b.store));
    box_close(&b);
}

/* ---- beside a folder of --provision ---- */

static void
fill_folder(struct box *b, const char *dir, const char *provision, const char *recovery)
{
    static char folder[PATH_MAX];

    snprintf(folder, sizeof folder, "%s/folder", dir);
    mkdir(folder, 0700);
    mkdir(tempdir_path(folder, "holdfast"), 0700);
    tempdir_write(folder, "holdfast/provision.json", provision, strlen(provision));
    if (recovery)
        tempdir_write(folder, "holdfast/recovery.json", recovery, strlen(recovery));
    b->options.provision_dir = folder;
}

static void
take_both(struct box *b)
{
    struct hf_error err = {0};

    if (hf_first_boot_recovery(&b->boot, &err) < 0 || hf_first_boot_provision(&b->boot, &err) < 0)
        fail_msg("%s", err.message);
    take(b);
}

static void
what_a_stick_brought_is_not_undone_by_the_folder(void **state)
{
    static const char stick[] = "{\"format\":1,\"name\":\"stick\"}";
    struct box b;

    box_open(&b, *state);
    fill_folder(&b, *state, "{\"format\":1,\"name\":\"folder\"}", NULL);
    take_both(&b);
    assert_name(&b, "folder");
    plug_in(&b, stick, NULL, NULL);
    take_both(&b);
    assert_name(&b, "stick");
    take_both(&b);
    assert_name(&b, "stick");
    (void)unlink(tempdir_path(b.dir, "in/holdfast/provision.json")); /* pulled out */
    take_both(&b);
    assert_name(&b, "stick");
    fill_folder(&b, *state, "{\"format\":1,\"name\":\"another\"}", NULL);
    take_both(&b);
    assert_name(&b, "another");
    box_close(&b);
}

/* Each would be unknown again to the start after the other one. */
static void
a_reset_and_a_recovery_that_both_lie_there_come_to_an_end(void **state)
{
    char text[256];
    struct box b;

    box_open(&b, *state);
    fill_folder(&b, *state, "{\"format\":1}", "{\"format\":1,\"setup_code\":\"8KQM-X3PA-92HV\"}");
    take_both(&b);
    snprintf(text, sizeof text,
             "{\"format\":1,\"reset\":\"wipe\",\"gateway\":\"%s\",\"setup_code\":"
             "\"7KQM-X3PA-92HV\"}",
             hf_store_gateway_id(b.store));
    plug_in(&b, NULL, NULL, text);
    take_both(&b);
    open_anew(&b);
    for (int start = 0; start < 3; start++) {
        take_both(&b);
        assert_false(hf_store_has_ended(b.store));
    }
    box_close(&b);
}

/* ---- what is read ---- */

/* The one that is in force needs no second look, whatever has become of its signature's key. */
static void
what_was_applied_needs_no_key(void **state)
{
    struct box b;

    box_open(&b, *state);
    claim(&b, "");
    assert_string_equal(take(&b), "provision.json: known");
    box_close(&b);
}

static void
a_file_that_cannot_be_read_is_named(void **state)
{
    struct box b;

    box_open(&b, *state);
    plug_in(&b, "", NULL, NULL);
    assert_non_null(strstr(take(&b), "provision.json: refused [ it is empty"));
    box_close(&b);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        with_tempdir(a_stick_is_applied_once),
        with_tempdir(who_may_log_in_does_not_come_back_after_a_reset),
        with_tempdir(all_that_is_wrong_is_in_the_answer_and_nothing_changes),
        with_tempdir(a_claimed_gateway_takes_no_stick_without_keys),
        with_tempdir(a_claimed_gateway_takes_what_its_owner_has_signed),
        with_tempdir(a_stick_that_its_owner_has_signed_resets_it_once),
        with_tempdir(what_a_stick_brought_is_not_undone_by_the_folder),
        with_tempdir(a_reset_and_a_recovery_that_both_lie_there_come_to_an_end),
        with_tempdir(what_was_applied_needs_no_key),
        with_tempdir(a_file_that_cannot_be_read_is_named),
    };

    return sodium_init() < 0 ? 1 : cmocka_run_group_tests(tests, NULL, NULL);
}
