// SPDX-License-Identifier: Apache-2.0
/* holdfastd: the composition root. The one file that knows every concrete part. */
#include "about.h"
#include "access.h"
#include "api/server.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/memory.h"
#include "base/text.h"
#include "bundles.h"
#include "core/core.h"
#include "engine/engine.h"
#include "first_boot.h"
#include "identity/certificates.h"
#include "identity/identity.h"
#include "model/daemon.h"
#include "notify.h"
#include "options.h"
#include "rebuild.h"
#include "reset.h"
#include "restored.h"
#include "scan/scanner.h"
#include "start_release.h"
#include "stick.h"
#include "store/store.h"
#include "stored_settings.h"
#include "tls.h"

#include <errno.h>
#include <malloc.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <time.h>

enum {
    GIVE_BACK_MS = 3600 * 1000, /* what a visit to the dashboard took goes back within the hour */
    SETTLED_MS = 60 * 1000,     /* and what the start took, once it is over */
    LOOK_MS = 10 * 1000,        /* at certificates; the service manager hears how things are */
    ARENAS_MAX = 2, /* a malloc arena for each thread would cost more memory than all the rest */
    /* malloc would raise it with the first picture (hf_snapshot) that goes. A mapping of its own
     * has only the pages that were written to, and is given back with it. */
    MAPPED_FROM = 128 * 1024
};

struct parts {
    struct hf_options options;
    struct hf_engine *engine;
    struct hf_store *store;
    struct hf_certificates *certificates;
    struct hf_core *core;
    struct hf_access access;
    struct hf_identity *identity;
    struct hf_scanner *scanner;
    struct hf_intake *intake;
    struct hf_api *api;
    struct hf_first_boot first_boot;
    struct hf_stick stick;
    struct hf_about about;
    char trouble[2 * HF_TEXT_SIZE]; /* what was wrong, and did not keep it from starting */
    char hostname[HF_NAME_SIZE];
    char system[HF_DAEMON_SYSTEM_SIZE];
    const char *host_names[1];
};

static int
start_identity(struct parts *p, struct hf_error *err)
{
    struct hf_settings settings;
    int rc;

    if (hf_current_settings(p->store, &settings, err) < 0)
        return -1;
    rc = hf_access_start(&p->access, p->store, settings.name, &p->identity, err);
    hf_settings_done(&settings);
    return rc;
}

/* ---- what is brought in from files, before anything runs ---- */

static int
import_key(struct parts *p, struct hf_error *err)
{
    return p->options.key_path ? hf_start_release_key(p->store, p->options.key_path, err) : 0;
}

static int
take_release(struct parts *p, const char *path,
             int (*take)(struct hf_store *store, const struct hf_settings *settings,
                         const char *path, struct hf_error *err),
             struct hf_error *err)
{
    struct hf_settings settings;
    bool usable;
    int rc;

    if (!path)
        return 0;
    if (hf_stored_settings(p->store, &settings, &usable, err) < 0)
        return -1;
    rc = usable ? take(p->store, &settings, path, err)
                : hf_error_set(err, HF_ERROR_INVALID,
                               "release: not looked at, because the stored configuration, which "
                               "says by whom it must be signed, cannot be read");
    hf_settings_done(&settings);
    return rc;
}

static int
import_release(struct parts *p, struct hf_error *err)
{
    return take_release(p, p->options.release_path, hf_start_release_file, err);
}

static int
import_bundle(struct parts *p, struct hf_error *err)
{
    return take_release(p, p->options.bundle_path, hf_start_release_bundle, err);
}

static int
tls_dir(const struct parts *p, char out[HF_PATH_SIZE], struct hf_error *err)
{
    return hf_text_put(out, HF_PATH_SIZE, "%s/tls", p->options.state_dir)
               ? 0
               : hf_error_set(err, HF_ERROR_INVALID, "--state: the path is too long");
}

/* Somebody has set it up: by claiming it, or by provisioning. */
static bool
is_set_up(struct parts *p)
{
    struct hf_account account;
    HF_AUTO_FREE char *text = NULL;
    int64_t revision;
    size_t accounts = 0;
    struct hf_error err;

    if (hf_store_accounts(p->store, &account, 1, &accounts, &err) == 0 && accounts > 0)
        return true;
    return hf_store_settings(p->store, &text, &revision, &err) == 0 &&
           !hf_start_release_key_alone(p->store);
}

static int
import_recovery(struct parts *p, struct hf_error *err)
{
    return hf_first_boot_recovery(&p->first_boot, err);
}

static int
import_provision(struct parts *p, struct hf_error *err)
{
    return hf_first_boot_provision(&p->first_boot, err);
}

static int
reset_host(struct parts *p, struct hf_error *err)
{
    const struct hf_host_hand hand = {.run = p->options.run_dir, .out = p->options.network_dir};

    return hf_reset_host(p->store, &hand, err);
}

/* A file that went bad must not end a gateway that was set up: it starts with what it has, and says
 * what it did not take. Nor does one that is not vital. */
static int
bring_in(struct parts *p, int (*import)(struct parts *p, struct hf_error *err), bool vital,
         struct hf_error *err)
{
    bool set_up = is_set_up(p);
    size_t used = strlen(p->trouble);

    if (import(p, err) == 0)
        return 0;
    if (!set_up && vital)
        return -1;
    hf_log_error("event=start-degraded error=\"%s\"", err->message);
    hf_text_put(p->trouble + used, sizeof p->trouble - used, "%sNot taken at the start: %s.",
                used ? " " : "", err->message);
    return 0;
}

/* ---- start ---- */

static int
open_store(struct parts *p, struct hf_error *err)
{
    const char *text;

    if (hf_store_open(p->options.state_dir, &p->store, err) < 0)
        return -1;
    if (hf_store_opened_as(p->store, &text) == HF_STORE_RECOVERED)
        hf_log_error("event=store-recovered text=\"%s\"", text);
    if (hf_store_opened_as(p->store, NULL) == HF_STORE_FULL)
        hf_log_error("event=store-full text=\"%s\"", text);
    return 0;
}

/* A machine without a battery for its clock starts in 1970, or where it was made. Nothing waits for
 * the right time; but none of ours is before the last one that was known. */
static void
raise_clock(struct parts *p)
{
    struct hf_error err;
    int64_t floor;
    int rc;

    if (hf_store_clock_floor(p->store, &floor, &err) < 0) {
        hf_log_warn("event=clock-floor-not-read error=\"%s\"", err.message);
        return;
    }
    rc = hf_clock_raise(floor);
    if (rc > 0)
        hf_log_warn("event=clock-raised text=\"to the last time known; it is not synchronised\"");
    else if (rc < 0)
        hf_log_warn("event=clock-not-raised error=\"%s\"",
                    strerror(errno)); // NOLINT(concurrency-mt-unsafe)
}

static int
open_certificates(struct parts *p, struct hf_error *err)
{
    char dir[HF_PATH_SIZE], set_aside[PATH_MAX];
    struct hf_settings settings;
    int rc;

    if (tls_dir(p, dir, err) < 0 || hf_current_settings(p->store, &settings, err) < 0)
        return -1;
    rc = hf_certificates_open(dir, settings.name, &p->certificates, set_aside, err);
    hf_settings_done(&settings);
    if (rc == 0 && *set_aside)
        hf_log_error("event=certificate-replaced old=%s", set_aside);
    return rc;
}

static int
make_scanner(struct parts *p, struct hf_error *err)
{
    char dir[HF_PATH_SIZE];

    if (!hf_text_put(dir, sizeof dir, "%s/scan", p->options.state_dir))
        return hf_error_set(err, HF_ERROR_INVALID, "--state: the path is too long");
    return hf_scanner_new(dir, &hf_docker_ops, p->engine, &p->scanner, err);
}

static int
start_core_and_api(struct parts *p, struct hf_error *err)
{
    const struct hf_options *o = &p->options;
    const struct hf_core_config core = {
        .placement = {.instance = o->instance,
                      .run_dir = o->run_dir,
                      .field_address = o->field.address,
                      .field_port = o->field.port,
                      .field_tls_port = o->field_tls_port},
        .state_dir = o->state_dir,
        .engine_ops = &hf_docker_ops,
        .engine = p->engine,
        .scanner = p->scanner,
        .update_dir = o->update_dir,
        .system = p->system,
        .trouble = p->trouble,
        .store = p->store,
        .certificates = &hf_tls_ops,
        .certificates_context = p->certificates,
    };
    struct hf_api_config api = {
        .engine_ops = &hf_docker_ops,
        .engine = p->engine,
        .scanner = p->scanner,
        .certificates = p->certificates,
        .listen_address = o->listen.address,
        .listen_port = o->listen.port,
        .redirect_address = o->http_redirect.port ? o->http_redirect.address : NULL,
        .redirect_port = o->http_redirect.port,
        .host_names = p->host_names,
        .host_name_count = HF_LEN(p->host_names),
        .state_dir = o->state_dir,
        .run_dir = o->run_dir,
        .network_dir = o->network_dir,
        .restart = hf_restored_ask,
    };

    hf_daemon_system("/etc/os-release", p->system);
    gethostname(p->hostname, sizeof p->hostname - 1);
    p->host_names[0] = p->hostname;
    if (start_identity(p, err) < 0 || hf_core_new(&core, &p->core, err) < 0 ||
        hf_bundles_new(p->core, p->engine, &p->intake, err) < 0)
        return -1;
    p->access.core = p->core;
    api.core = p->core;
    api.intake = p->intake;
    api.identity = p->identity;
    /* The API first: where its port is taken, nothing must have been touched. */
    if (hf_api_start(&api, &p->api, err) < 0)
        return -1;
    return hf_core_start(p->core, err);
}

/* holdfast-fetch lies beside this program. */
static int
start_engine(struct parts *p, struct hf_error *err)
{
    char path[HF_PATH_SIZE], program[HF_PATH_SIZE];
    ssize_t len = readlink("/proc/self/exe", path, sizeof path - 1);
    char *slash;

    if (hf_engine_new(p->options.docker_socket, &p->engine, err) < 0)
        return -1;
    path[len > 0 ? len : 0] = '\0';
    slash = strrchr(path, '/');
    if (slash)
        *slash = '\0';
    if (!hf_text_put(program, sizeof program, "%s/holdfast-fetch", path))
        return hf_error_set(err, HF_ERROR_INVALID, "the path of this program is too long");
    if (p->options.bundle_path && hf_engine_set_bundle(p->engine, p->options.bundle_path, err) < 0)
        return -1;
    return hf_engine_set_fetch(p->engine, program, 0, err);
}

/* What was here before, and the files of a stick or a folder. */
static int
take_files(struct parts *p, struct hf_error *err)
{
    if (open_store(p, err) < 0 || hf_reset_files(p->store, p->options.state_dir, err) < 0)
        return -1;
    raise_clock(p);
    if (bring_in(p, reset_host, false, err) < 0)
        return -1;
    p->first_boot = (struct hf_first_boot){.options = &p->options, .store = p->store};
    /* The provisioning file first: it may bring the keys that the release is checked by. */
    if (bring_in(p, import_key, true, err) < 0 || bring_in(p, import_recovery, true, err) < 0)
        return -1;
    if (hf_store_has_ended(p->store))
        return 0;
    if (bring_in(p, import_provision, true, err) < 0)
        return -1;
    hf_stick_take(&p->stick, &p->first_boot);
    return 0;
}

/* Once more where one of the files was a reset: that one is known then. */
static int
take_files_anew(struct parts *p, struct hf_error *err)
{
    hf_store_free(p->store);
    p->store = NULL;
    hf_stick_done(&p->stick);
    p->trouble[0] = '\0';
    return take_files(p, err);
}

static int
start(struct parts *p, struct hf_error *err)
{
    size_t used;

    if (start_engine(p, err) < 0 || take_files(p, err) < 0 ||
        (hf_store_has_ended(p->store) && take_files_anew(p, err) < 0) ||
        bring_in(p, import_release, true, err) < 0)
        return -1;
    used = strlen(p->trouble);
    /* What runs goes before what lies here to be run first. */
    if (hf_rebuild_release(p->engine, p->store, p->options.instance, p->trouble + used,
                           sizeof p->trouble - used) &&
        bring_in(p, import_bundle, false, err) < 0)
        return -1;
    if (hf_restored_certificates(p->store, p->options.state_dir, err) < 0 ||
        open_certificates(p, err) < 0 || make_scanner(p, err) < 0)
        return -1;
    return start_core_and_api(p, err);
}

/* False where a thread is left behind. */
static bool
stop(struct parts *p)
{
    bool ended, intake_ended;

    hf_intake_stop(p->intake);
    hf_engine_stop(p->engine);
    hf_api_stop(p->api);
    intake_ended = hf_intake_free(p->intake);
    ended = hf_core_stop(p->core) && intake_ended;
    hf_identity_free(p->identity);
    hf_certificates_free(p->certificates);
    hf_scanner_free(p->scanner);
    hf_store_free(p->store);
    hf_stick_done(&p->stick);
    hf_about_done(&p->about);
    return ended;
}

static void
introduce(struct parts *p)
{
    const struct hf_endpoint *listen = &p->options.listen;
    bool v6 = strchr(listen->address, ':') != NULL;
    char code[HF_SETUP_CODE_SIZE], fingerprint[HF_FINGERPRINT_SIZE];

    hf_certificates_fingerprint(p->certificates, fingerprint);
    printf("url=https://%s%s%s:%u/\n", v6 ? "[" : "", listen->address, v6 ? "]" : "",
           (unsigned)hf_api_port(p->api));
    printf("fingerprint=%s\n", fingerprint);
    if (hf_identity_setup_code(p->identity, code))
        printf("setup_code=%s\n", code);
    puts("ready");
    fflush(stdout);
    hf_log_info("event=ready version=%s instance=%s", HF_VERSION, p->options.instance);
}

/* The owner's loop goes round every 2 s: one that has not since the last question is stuck, and
 * must not be covered up by a thread that still runs. */
static void
feed_watchdog(struct parts *p, uint64_t *turns)
{
    uint64_t now = hf_core_turns(p->core);
    const struct hf_snapshot *snapshot;
    char status[HF_TEXT_SIZE * 2];

    if (now == *turns)
        return;
    *turns = now;
    hf_notify_alive();
    snapshot = hf_core_snapshot(p->core);
    hf_text_put(status, sizeof status, "%s", snapshot->sentence.title);
    hf_snapshot_unref(snapshot);
    hf_notify_status(status);
}

/* Four chances to be heard before the manager's patience ends. True where this process is to begin
 * anew. */
static bool
wait_for_end(struct parts *p, const sigset_t *ends)
{
    int64_t watchdog_ms = hf_notify_watchdog_ms();
    int64_t step_ms = watchdog_ms > 0 && watchdog_ms / 4 < LOOK_MS ? watchdog_ms / 4 : LOOK_MS;
    struct timespec step = {.tv_sec = step_ms / 1000, .tv_nsec = step_ms % 1000 * 1000000};
    uint64_t turns = 0;
    int64_t give_back_at_ms = 0;
    int signal_number;

    do {
        feed_watchdog(p, &turns);
        hf_tls_tend(p->certificates, p->core, hf_api_is_watched(p->api));
        hf_about_tell(&p->about, p->options.run_dir, p->core, p->certificates, hf_api_port(p->api));
        hf_stick_tell(&p->stick, p->core, p->certificates, hf_api_port(p->api));
        hf_stick_bring(&p->stick, p->core, p->intake);
        if (hf_stick_is_new(&p->stick))
            hf_restored_ask();
        if (hf_clock_mono_ms() < give_back_at_ms)
            continue;
        hf_api_give_back(p->api);
        hf_memory_give_back();
        give_back_at_ms = hf_clock_mono_ms() + (give_back_at_ms ? GIVE_BACK_MS : SETTLED_MS);
    } while ((signal_number = sigtimedwait(ends, NULL, &step)) < 0);
    hf_log_info("event=end signal=%s", strsignal(signal_number)); // NOLINT(concurrency-mt-unsafe)
    if (signal_number == HF_RESTORED_SIGNAL)
        return true;
    hf_notify_stopping();
    return false;
}

static void
block_signals(sigset_t *ends)
{
    sigemptyset(ends);
    sigaddset(ends, SIGTERM);
    sigaddset(ends, SIGINT);
    sigaddset(ends, SIGHUP);
    sigaddset(ends, HF_RESTORED_SIGNAL);
    pthread_sigmask(SIG_BLOCK, ends, NULL);
    signal(SIGPIPE, SIG_IGN); // NOLINT(bugprone-signal-handler)
}

int
main(int argc, char **argv)
{
    static struct parts parts;
    struct hf_error err = {0};
    sigset_t ends;
    bool again = false, ended;
    int rc;

    if (hf_options_parse(argc, argv, &parts.options, &err) < 0) {
        fprintf(stderr, "holdfastd: %s\n", err.message);
        return 2;
    }
    if (parts.options.show_help || parts.options.show_version) {
        fputs(parts.options.show_help ? hf_options_help : "holdfastd " HF_VERSION "\n", stdout);
        return 0;
    }
    umask(077);
    (void)prctl(PR_SET_NAME, "holdfastd"); /* begun anew by /proc/self/exe it is called "exe" */
    mallopt(M_ARENA_MAX, ARENAS_MAX);
    mallopt(M_MMAP_THRESHOLD, MAPPED_FROM);
    hf_api_prepare();
    block_signals(&ends);
    rc = start(&parts, &err);
    if (rc < 0) {
        hf_log_error("event=start-failed error=\"%s\"", err.message);
        fprintf(stderr, "holdfastd: %s\n", err.message);
    } else {
        introduce(&parts);
        hf_notify_ready("Started");
        again = wait_for_end(&parts, &ends);
    }
    ended = stop(&parts);
    if (again) /* what is in memory is of before a restore; the process stays the manager's */
        hf_restored_begin(argv);
    if (!ended)
        _exit(rc < 0 || again); /* a thread is still in the engine */
    hf_engine_free(parts.engine);
    return rc < 0 || again;
}
