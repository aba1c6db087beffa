// SPDX-License-Identifier: Apache-2.0
/*
 * holdfast-broker: PID 1 of the broker's container, with mosquitto beneath it.
 *
 * A session that mosquitto has not saved is gone after its kill, and with it all that is published
 * until the consumer subscribes again. So there is no listener for devices until the saved database
 * itself is seen to hold the sessions of processor and buffer: at first start mosquitto runs with
 * the internal listener only, is told to save, and is started anew with both once the sessions are
 * in the file. Later starts find them there and open at once. (Listeners cannot be added by SIGHUP,
 * and a refused connection is tried again by every device, which a refused login is not.)
 */
#include "base/clock.h"
#include "base/file.h"
#include "base/log.h"
#include "base/text.h"
#include "broker/child.h"
#include "broker/config.h"
#include "broker/dbfile.h"
#include "broker/gate.h"
#include "broker/meter.h"
#include "broker/tls.h"
#include "common/conf.h"
#include "common/procio.h"
#include "common/status.h"
#include "common/stop.h"

#include <limits.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/statvfs.h>
#include <sys/wait.h>

enum {
    STEP_MS = 100,
    CONF_POLL_MS = 1000,
    SAVE_MS = 500,              /* how often an unopened broker is told to save */
    SAVE_ON_CHANGE_MS = 10000,  /* how often an opened one is, when subscriptions change */
    MOSQUITTO_GRACE_MS = 8000,  /* a full queue of 24 MiB is saved by then, on a slow card too */
    DISK_LEAST = 1024 * 1024,   /* less free space than this cannot take a save */
    OVERFLOW_SHOWN_MS = 600000, /* what overflowed is shown as degraded for so long */
};

/* What is heard of mosquitto; every 5 s (config.c). */
enum sys {
    SYS_DROPPED,
    SYS_SUBSCRIPTIONS,
    SYS_STORED,
    SYS_STORED_BYTES,
    SYS_RETAINED,
    SYS_MESSAGES_A_MIN, /* received, averaged over a minute */
    SYS_BYTES_A_MIN,
    SYS_SESSIONS_AWAY,
    SYS_SESSIONS,
    SYS_SESSIONS_REFUSED,
    SYS_CALLERS_REFUSED,
    SYS_CALLER, /* an address */
    SYS_COUNT
};

struct service {
    struct hf_conf_pair conf;
    struct hf_broker_config config;
    struct hf_account account;
    char db[PATH_MAX];
    struct hf_child *child;
    struct hf_broker_tls_files tls; /* that mosquitto has */
    struct hf_status *status;
    pthread_mutex_t lock;
    /* Guarded by lock; the status thread reads and writes them. */
    bool open;
    uint64_t sys[SYS_COUNT];  /* what mosquitto last said, by topics */
    uint64_t dropped_before;  /* by mosquittos of this run that have ended */
    int64_t overflow_ms;      /* monotonic; when it last was; 0 for never */
    int64_t overflow_from_ms; /* wall; when it began */
    int64_t crowded_ms;       /* monotonic; when a device last found no room for its session */
    int64_t pressed_ms;       /* monotonic; when an address last had too many connections */
    char caller[HF_IP_MAX];   /* which */
    bool subscriptions_changed;
    uint64_t max_messages, max_bytes; /* of a queue, by the present mosquitto */
    uint64_t max_devices, max_sessions, address_connections;
    int doors[HF_BROKER_DOORS_MAX];
    size_t door_count;
    pid_t mosquitto;
    struct hf_meter meter; /* the status thread's */
    char alarm[HF_STATUS_REASON_MAX];
};

/* ---- what the bus says ---- */

static const char *const topics[SYS_COUNT + 1] = {
    [SYS_DROPPED] = "$SYS/broker/publish/messages/dropped",
    [SYS_SUBSCRIPTIONS] = "$SYS/broker/subscriptions/count",
    [SYS_STORED] = "$SYS/broker/store/messages/count",
    [SYS_STORED_BYTES] = "$SYS/broker/store/messages/bytes",
    [SYS_RETAINED] = "$SYS/broker/retained messages/count",
    [SYS_MESSAGES_A_MIN] = "$SYS/broker/load/publish/received/1min",
    [SYS_BYTES_A_MIN] = "$SYS/broker/load/bytes/received/1min",
    [SYS_SESSIONS_AWAY] = "$SYS/broker/clients/disconnected",
    [SYS_SESSIONS] = HF_GATE_TOPIC_SESSIONS,
    [SYS_SESSIONS_REFUSED] = HF_GATE_TOPIC_REFUSED,
    [SYS_CALLERS_REFUSED] = HF_GATE_TOPIC_CALLERS,
    [SYS_CALLER] = HF_GATE_TOPIC_CALLER,
};

static void
note_dropped(struct service *s, uint64_t value)
{
    int64_t now = hf_clock_mono_ms();

    if (value <= s->sys[SYS_DROPPED])
        return;
    if (!s->overflow_ms || now - s->overflow_ms >= OVERFLOW_SHOWN_MS)
        s->overflow_from_ms = hf_clock_wall_ms();
    s->overflow_ms = now;
}

static void
note_caller(struct service *s, const char *address, size_t len)
{
    pthread_mutex_lock(&s->lock);
    hf_text_put(s->caller, sizeof s->caller, "%.*s", (int)len, address);
    pthread_mutex_unlock(&s->lock);
}

static void
on_message(void *ctx, const char *topic, const char *payload, size_t len)
{
    struct service *s = ctx;
    char text[24];
    uint64_t value;
    size_t i = 0;

    while (i < SYS_COUNT && strcmp(topic, topics[i]) != 0)
        i++;
    if (i == SYS_CALLER) {
        note_caller(s, payload, len);
        return;
    }
    snprintf(text, sizeof text, "%.*s", len < sizeof text ? (int)len : 0, payload);
    text[strcspn(text, ".")] = '\0'; /* loads have two decimals */
    if (i == SYS_COUNT || !hf_text_u64(text, &value))
        return;
    pthread_mutex_lock(&s->lock);
    if (i == SYS_CALLERS_REFUSED && value > s->sys[i])
        s->pressed_ms = hf_clock_mono_ms();
    if (i == SYS_DROPPED)
        note_dropped(s, value);
    if (i == SYS_SESSIONS_REFUSED && value > s->sys[i])
        s->crowded_ms = hf_clock_mono_ms();
    if (i == SYS_SUBSCRIPTIONS && value != s->sys[i])
        s->subscriptions_changed = true;
    s->sys[i] = value;
    pthread_mutex_unlock(&s->lock);
}

static bool
disk_is_full(void)
{
    struct statvfs fs;

    return statvfs(hf_env_data_dir(), &fs) == 0 && fs.f_bavail * fs.f_frsize < DISK_LEAST;
}

static void
say_overflow(const struct service *s, struct hf_status_view *view)
{
    char since[HF_RFC3339_SIZE];

    hf_clock_rfc3339(s->overflow_from_ms, since);
    snprintf(view->reason, sizeof view->reason,
             "the broker's queue is full: %llu messages were dropped since %s",
             (unsigned long long)s->dropped_before + (unsigned long long)s->sys[SYS_DROPPED],
             since);
}

/* mosquitto counts what it stores for retained messages too, its own among them. */
static void
put_queue(struct service *s, struct hf_json *numbers)
{
    const struct hf_queue q = {
        .messages = s->sys[SYS_STORED] > s->sys[SYS_RETAINED]
                        ? s->sys[SYS_STORED] - s->sys[SYS_RETAINED]
                        : 0,
        .bytes = s->sys[SYS_STORED_BYTES],
        .max_messages = s->max_messages,
        .max_bytes = s->max_bytes,
        .messages_a_min = s->sys[SYS_MESSAGES_A_MIN],
        .bytes_a_min = s->sys[SYS_BYTES_A_MIN],
    };
    int64_t minutes = hf_queue_minutes(&q);

    hf_json_put_int(numbers, "queued", (int64_t)q.messages);
    hf_json_put_int(numbers, "queued_bytes", (int64_t)q.bytes);
    hf_json_put_int(numbers, "queue_limit", (int64_t)q.max_messages);
    hf_json_put_int(numbers, "queue_limit_bytes", (int64_t)q.max_bytes);
    hf_json_put_int(numbers, "retained", (int64_t)s->sys[SYS_RETAINED]);
    hf_json_put_int(numbers, "messages_per_min", (int64_t)q.messages_a_min);
    hf_json_put_int(numbers, "bytes_per_min", (int64_t)q.bytes_a_min);
    if (minutes >= 0)
        hf_json_put_int(numbers, "queue_minutes", minutes);
    else
        hf_json_put_null(numbers, "queue_minutes");
}

/* What devices take of the room that is for them. */
static void
look_at_devices(struct service *s, struct hf_status_view *view)
{
    int64_t clients = hf_meter_clients(&s->meter, s->doors, s->door_count);

    hf_json_put_int(view->numbers, "clients", clients);
    hf_json_put_int(view->numbers, "clients_limit", (int64_t)s->max_devices);
    hf_json_put_int(view->numbers, HF_GATE_SESSIONS_AWAY, (int64_t)s->sys[SYS_SESSIONS_AWAY]);
    hf_json_put_int(view->numbers, "device_sessions", (int64_t)s->sys[SYS_SESSIONS]);
    hf_json_put_int(view->numbers, "device_sessions_limit", (int64_t)s->max_sessions);
    hf_json_put_int(view->numbers, "device_sessions_refused",
                    (int64_t)s->sys[SYS_SESSIONS_REFUSED]);
    hf_json_put_int(view->numbers, "connections_refused", (int64_t)s->sys[SYS_CALLERS_REFUSED]);
    if (clients >= (int64_t)s->max_devices)
        snprintf(view->reason, sizeof view->reason,
                 "all %lld connections for devices are in use: more are refused",
                 (long long)s->max_devices);
    if (s->pressed_ms && hf_clock_mono_ms() - s->pressed_ms < OVERFLOW_SHOWN_MS)
        snprintf(view->reason, sizeof view->reason,
                 "%s had more than the %llu connections of one address: %llu were refused",
                 s->caller, (unsigned long long)s->address_connections,
                 (unsigned long long)s->sys[SYS_CALLERS_REFUSED]);
    if (s->crowded_ms && hf_clock_mono_ms() - s->crowded_ms < OVERFLOW_SHOWN_MS)
        snprintf(view->reason, sizeof view->reason,
                 "devices have left %llu sessions of %llu: %llu times one more was refused",
                 (unsigned long long)s->sys[SYS_SESSIONS], (unsigned long long)s->max_sessions,
                 (unsigned long long)s->sys[SYS_SESSIONS_REFUSED]);
}

static void
look(void *ctx, struct hf_status_view *view)
{
    struct service *s = ctx;
    int64_t now = hf_clock_mono_ms();
    bool full = disk_is_full(), crowded;

    pthread_mutex_lock(&s->lock);
    view->state = s->open ? HF_STATE_OK : HF_STATE_STARTING;
    if (!s->open)
        snprintf(view->reason, sizeof view->reason,
                 "no devices yet: waiting for processor and buffer to subscribe");
    look_at_devices(s, view);
    crowded = s->open && *view->reason && !*s->alarm && !full &&
              (!s->overflow_ms || now - s->overflow_ms >= OVERFLOW_SHOWN_MS);
    if (*s->alarm)
        snprintf(view->reason, sizeof view->reason, "%s", s->alarm);
    if (full)
        snprintf(view->reason, sizeof view->reason, "the disk is full: the queue cannot be saved");
    if (s->overflow_ms && now - s->overflow_ms < OVERFLOW_SHOWN_MS)
        say_overflow(s, view);
    if (s->open && *view->reason)
        view->state = HF_STATE_DEGRADED;
    hf_json_put_int(view->numbers, "log_dropped", (int64_t)hf_log_dropped());
    hf_json_put_int(view->numbers, "queue_dropped",
                    (int64_t)(s->dropped_before + s->sys[SYS_DROPPED]));
    hf_json_put_int(view->numbers, "open", s->open);
    hf_json_put_int(view->numbers, "crowded",
                    crowded); /* degraded by what devices do, and by nothing of its own */
    hf_json_put_int(view->numbers, "written_bytes",
                    hf_procio_written() + hf_procio_written_by(s->mosquitto));
    put_queue(s, view->numbers);
    pthread_mutex_unlock(&s->lock);
}

/* ---- mosquitto's database ---- */

static void
raise_alarm(struct service *s, const char *text)
{
    hf_log_error("event=database-damaged detail=\"%s\"", text);
    pthread_mutex_lock(&s->lock);
    snprintf(s->alarm, sizeof s->alarm, "%s", text);
    pthread_mutex_unlock(&s->lock);
}

static int
set_database_aside(struct service *s, struct hf_error *err)
{
    char text[HF_STATUS_REASON_MAX];

    if (hf_db_set_aside(s->db, err) < 0)
        return -1;
    snprintf(text, sizeof text,
             "the saved queue was damaged and set aside as mosquitto.db.damaged; "
             "what it held is not delivered");
    raise_alarm(s, text);
    return 0;
}

/* Whether devices may be let in: 1, 0, or -1. */
static int
sessions_are_saved(struct service *s, struct hf_error *err)
{
    struct hf_db_report report;

    if (hf_db_check(s->db, &report, err) < 0)
        return -1;
    return report.processor && report.buffer;
}

static int
check_database(struct service *s, struct hf_error *err)
{
    struct hf_db_report report;

    if (hf_db_check(s->db, &report, err) < 0)
        return -1;
    if (report.state == HF_DB_DAMAGED && set_database_aside(s, err) < 0)
        return -1;
    s->config.open = report.processor && report.buffer;
    return 0;
}

/* ---- running it ---- */

static int
start(struct service *s, struct hf_error *err)
{
    char config[PATH_MAX];

    if (s->config.tls != HF_BROKER_PLAIN && hf_broker_tls_check(hf_env_run_dir(), &s->tls, err) < 0)
        return hf_error_wrap(err, "TLS for devices");
    if (hf_broker_write(&s->config, s->conf.credentials, err) < 0)
        return -1;
    snprintf(config, sizeof config, "%s/mosquitto.conf", s->config.tmp_dir);
    if (hf_child_start(hf_env_mosquitto(), config, &s->child, err) < 0)
        return -1;
    pthread_mutex_lock(&s->lock);
    s->open = s->config.open;
    s->dropped_before += s->sys[SYS_DROPPED];
    memset(s->sys, 0, sizeof s->sys);
    s->crowded_ms = s->pressed_ms = 0; /* of what the new one has not refused */
    s->max_messages = (uint64_t)s->config.max_queued_messages;
    s->max_bytes = (uint64_t)s->config.max_queued_bytes;
    s->door_count = hf_broker_doors(&s->config, s->doors);
    s->max_devices = (uint64_t)hf_broker_places(&s->config);
    s->address_connections = (uint64_t)s->config.address_connections;
    s->max_sessions = (uint64_t)s->config.max_device_sessions;
    s->mosquitto = hf_child_pid(s->child);
    pthread_mutex_unlock(&s->lock);
    hf_log_info("event=started devices=%s", s->config.open ? "let-in" : "kept-out");
    return 0;
}

static void
stop_child(struct service *s)
{
    hf_child_stop(s->child, MOSQUITTO_GRACE_MS);
    hf_child_free(hf_steal(&s->child));
}

static int
open_to_devices(struct service *s, struct hf_error *err)
{
    hf_log_info("event=sessions-saved");
    stop_child(s);
    s->config.open = true;
    return start(s, err);
}

static int
read_account(struct service *s, struct hf_error *err)
{
    snprintf(s->account.user, sizeof s->account.user, "broker");
    hf_conf_text(hf_json_get(s->conf.credentials, "accounts"), "broker", s->account.password,
                 sizeof s->account.password);
    if (!*s->account.password)
        return hf_error_set_at(err, HF_ERROR_INVALID, "/accounts/broker",
                               "credentials: no account 'broker'");
    return 0;
}

/* By a restart, which saves the queue on the way and takes less than a second. Never by SIGHUP: it
 * takes no limits, and a session that is away loses its right to read by it, so that mosquitto
 * acknowledges what comes for it and queues nothing (tried with 2.0.11 and 2.0.21). */
static int
apply_conf(struct service *s, struct hf_error *err)
{
    if (read_account(s, err) < 0 || hf_broker_settings(s->conf.settings, &s->config, err) < 0)
        return -1;
    hf_status_set_account(s->status, &s->account);
    hf_log_info("event=restarting reason=\"new settings or credentials\"");
    stop_child(s);
    return start(s, err);
}

/* -1 only where mosquitto no longer runs. */
static int
follow_conf(struct service *s, struct hf_error *err)
{
    int rc = hf_conf_pair_poll(&s->conf, err);

    if (rc > 0)
        rc = apply_conf(s, err);
    if (rc < 0)
        hf_log_error("event=conf-wrong reason=\"%s\"", err->message);
    return s->child ? 0 : -1;
}

/* Who is connected stays so where only the certificate is another one. -1 only where mosquitto no
 * longer runs. */
static int
follow_certificate(struct service *s, struct hf_error *err)
{
    struct hf_error why = {0};

    if (s->config.tls == HF_BROKER_PLAIN)
        return 0;
    switch (hf_broker_tls_poll(hf_env_run_dir(), &s->tls, &why)) {
    case HF_BROKER_TLS_RENEWED:
        hf_log_info("event=certificate-renewed");
        hf_child_signal(s->child, SIGHUP);
        return 0;
    case HF_BROKER_TLS_AUTHORITY:
        hf_log_info("event=restarting reason=\"another authority\"");
        stop_child(s);
        return start(s, err);
    default:
        if (why.class != HF_ERROR_NONE)
            hf_log_error("event=certificate-wrong reason=\"%s\"", why.message);
        return 0;
    }
}

static bool
take_subscriptions_changed(struct service *s)
{
    bool changed;

    pthread_mutex_lock(&s->lock);
    changed = s->subscriptions_changed;
    s->subscriptions_changed = false;
    pthread_mutex_unlock(&s->lock);
    return changed;
}

/* mosquitto has ended by itself: say how; the next start is Docker's. */
static int
child_died(struct service *s, int status, struct hf_error *err)
{
    /* A database that holds messages is set aside only where it is the reason. */
    bool unusable = !hf_child_ran(s->child) && hf_child_blames_database(s->child);
    struct hf_db_report report;

    hf_child_free(hf_steal(&s->child));
    if (unusable && hf_db_check(s->db, &report, NULL) == 0 && report.state != HF_DB_ABSENT &&
        set_database_aside(s, err) < 0)
        return -1;
    if (WIFSIGNALED(status))
        return hf_error_set(err, HF_ERROR_UNAVAILABLE, "mosquitto was ended by signal %d",
                            WTERMSIG(status));
    return hf_error_set(err, HF_ERROR_UNAVAILABLE, "mosquitto ended with status %d",
                        WEXITSTATUS(status));
}

static int
watch(struct service *s, struct hf_error *err)
{
    int64_t next_conf = 0, next_save = hf_clock_mono_ms() + SAVE_MS;
    int status;

    while (!hf_stop_sleep(STEP_MS)) {
        int64_t now = hf_clock_mono_ms();

        if (hf_child_ended(s->child, &status))
            return child_died(s, status, err);
        if (now >= next_conf) {
            next_conf = now + CONF_POLL_MS;
            if (follow_conf(s, err) < 0 || follow_certificate(s, err) < 0)
                return -1;
        }
        if (now < next_save || !hf_child_ran(s->child))
            continue;
        if (s->config.open) {
            next_save = now + SAVE_ON_CHANGE_MS;
            if (take_subscriptions_changed(s))
                hf_child_signal(s->child, SIGUSR1);
            continue;
        }
        switch (sessions_are_saved(s, err)) {
        case 1:
            if (open_to_devices(s, err) < 0)
                return -1;
            break;
        case 0:
            hf_child_signal(s->child, SIGUSR1);
            break;
        default:
            return -1;
        }
        next_save = now + SAVE_MS;
    }
    stop_child(s);
    return 0;
}

/* ---- start ---- */

static int
find_own_address(struct service *s, struct hf_error *err)
{
    struct hf_address own;

    if (hf_address_parse(hf_env_broker(), &own, err) < 0 ||
        hf_address_parse(hf_env_field(), &s->config.field, err) < 0 ||
        hf_address_parse(hf_env_field_tls(), &s->config.field_tls, err) < 0)
        return -1;
    s->config.internal_port = own.port;
    if (hf_address_await(&own, s->config.internal_ip, err) < 0)
        return -1;
    return hf_broker_find_mask(&s->config, err);
}

static int
start_status(struct service *s, struct hf_error *err)
{
    struct hf_status_options options = {
        .service = "broker",
        .account = s->account,
        .look = look,
        .topics = topics,
        .on_message = on_message,
        .ctx = s,
    };

    snprintf(options.broker.host, sizeof options.broker.host, "%s", s->config.internal_ip);
    options.broker.port = s->config.internal_port;
    return hf_status_start(&options, &s->status, err);
}

/* A full disk is a state: messages go on, only the saving of them does not. */
static int
prove_disk(struct hf_error *err)
{
    if (hf_file_prove_writable(hf_env_data_dir(), err) == 0 || err->class == HF_ERROR_NO_SPACE)
        return 0;
    return hf_error_wrap(err, "volume %s is not writable", hf_env_data_dir());
}

static int
run(struct service *s, struct hf_error *err)
{
    int rc;

    if (hf_stop_init(err) < 0 || prove_disk(err) < 0)
        return -1;
    s->config.data_dir = hf_env_data_dir();
    s->config.tmp_dir = hf_env_tmp_dir();
    s->config.memory_limit = hf_broker_memory_limit();
    snprintf(s->db, sizeof s->db, "%s/mosquitto.db", s->config.data_dir);
    if (hf_conf_pair_wait(&s->conf) < 0)
        return 0;
    if (find_own_address(s, err) < 0)
        return hf_stopping() ? 0 : -1;
    if (read_account(s, err) < 0 || hf_broker_settings(s->conf.settings, &s->config, err) < 0 ||
        check_database(s, err) < 0 || start(s, err) < 0 || start_status(s, err) < 0)
        return -1;
    rc = watch(s, err);
    hf_status_stop(hf_steal(&s->status));
    return rc;
}

int
main(void)
{
    static struct service s = {.lock = PTHREAD_MUTEX_INITIALIZER};
    struct hf_error err = {0};
    int rc;

    s.conf = HF_CONF_PAIR_INIT;
    rc = run(&s, &err);

    if (rc < 0)
        hf_log_error("event=failed reason=\"%s\"", err.message);
    else
        hf_log_info("event=stopped");
    hf_child_free(s.child);
    hf_conf_pair_done(&s.conf);
    return rc < 0 ? 1 : 0;
}
