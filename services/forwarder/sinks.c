// SPDX-License-Identifier: Apache-2.0
#include "forwarder/sinks.h"

#include "base/log.h"

#include <pthread.h>
#include <string.h>

struct hf_sinks {
    pthread_mutex_t lock; /* of workers and count, which only one thread changes */
    struct hf_worker *workers[HF_SINKS_MAX];
    size_t count;
    struct hf_worker_common common;
    pthread_mutex_t testing; /* held by a test: nobody's settings go meanwhile */
    atomic_bool end_test;
};

int
hf_sinks_new(struct hf_sinks **ret_sinks, struct hf_error *err)
{
    struct hf_sinks *s = calloc(1, sizeof *s);

    if (!s)
        return hf_error_nomem(err);
    pthread_mutex_init(&s->lock, NULL);
    pthread_mutex_init(&s->testing, NULL);
    *ret_sinks = s;
    return 0;
}

static void
stop_at(struct hf_sinks *s, size_t i)
{
    struct hf_worker *w = s->workers[i];

    pthread_mutex_lock(&s->lock);
    s->workers[i] = s->workers[--s->count];
    pthread_mutex_unlock(&s->lock);
    hf_log_info("event=sink-stopped sink=%s", hf_worker_settings(w)->name);
    hf_worker_stop(w);
}

void
hf_sinks_free(struct hf_sinks *s)
{
    if (!s)
        return;
    while (s->count)
        stop_at(s, s->count - 1);
    pthread_mutex_destroy(&s->lock);
    pthread_mutex_destroy(&s->testing);
    free(s);
}

static bool
runs_as(const struct hf_sinks *s, const struct hf_sink_settings *wanted)
{
    for (size_t i = 0; i < s->count; i++) {
        const struct hf_sink_settings *have = hf_worker_settings(s->workers[i]);

        if (strcmp(have->name, wanted->name) == 0)
            return strcmp(have->source, wanted->source) == 0;
    }
    return false;
}

static bool
is_wanted(const struct hf_sink_list *list, const struct hf_sink_settings *have)
{
    for (size_t i = 0; i < list->count; i++)
        if (strcmp(list->sinks[i].name, have->name) == 0)
            return strcmp(list->sinks[i].source, have->source) == 0;
    return false;
}

static int
start(struct hf_sinks *s, struct hf_sink_settings *consume, struct hf_error *err)
{
    struct hf_worker *w = NULL;
    char url[HF_HTTP_URL_MAX];

    hf_http_safe_url(consume->url, url, sizeof url);
    hf_log_info("event=sink-started sink=%s type=%s uplink=\"%s\"", consume->name,
                hf_sink_type_name(consume->type), url);
    if (strncmp(url, "http:", 5) == 0 || strncmp(url, "mqtt:", 5) == 0)
        hf_log_warn("event=sink-open sink=%s reason=\"without TLS: whoever is on the way can read "
                    "and change what leaves\"",
                    consume->name);
    if (hf_worker_start(&s->common, consume, &w, err) < 0)
        return -1;
    pthread_mutex_lock(&s->lock);
    s->workers[s->count++] = w;
    pthread_mutex_unlock(&s->lock);
    return 0;
}

static int
configure(struct hf_sinks *s, const struct hf_worker_common *common, struct hf_sink_list *list,
          struct hf_error *err)
{
    bool other = memcmp(&s->common, common, sizeof *common) != 0;
    int rc = 0;

    s->common = *common;
    for (size_t i = s->count; i-- > 0;)
        if (other || !is_wanted(list, hf_worker_settings(s->workers[i])))
            stop_at(s, i);
    for (size_t i = 0; i < s->count; i++)
        hf_worker_again(s->workers[i]);
    for (size_t i = 0; i < list->count; i++)
        if (!runs_as(s, &list->sinks[i]) && start(s, &list->sinks[i], err) < 0)
            rc = -1;
    return rc;
}

int
hf_sinks_configure(struct hf_sinks *s, const struct hf_worker_common *common,
                   struct hf_sink_list *consume, struct hf_error *err)
{
    int rc;

    atomic_store(&s->end_test, true);
    pthread_mutex_lock(&s->testing);
    rc = configure(s, common, consume, err);
    atomic_store(&s->end_test, false);
    pthread_mutex_unlock(&s->testing);
    hf_sink_list_done(consume);
    return rc;
}

size_t
hf_sinks_look(struct hf_sinks *s, struct hf_worker_view *out)
{
    size_t count;

    pthread_mutex_lock(&s->lock);
    count = s->count;
    for (size_t i = 0; i < count; i++)
        hf_worker_look(s->workers[i], &out[i]);
    pthread_mutex_unlock(&s->lock);
    return count;
}

static const struct hf_sink_settings *
settings_of(const struct hf_sinks *s, const char *name)
{
    for (size_t i = 0; i < s->count; i++)
        if (strcmp(hf_worker_settings(s->workers[i])->name, name) == 0)
            return hf_worker_settings(s->workers[i]);
    return NULL;
}

static int
try_way(struct hf_sinks *s, const struct hf_sink_settings *settings,
        struct hf_sink_steps *ret_steps, struct hf_error *err)
{
    const struct hf_sink_ops *ops = hf_sink_ops_of(settings->type);
    struct hf_sink_link *link;

    if (ops->open(settings, &s->end_test, &link, err) < 0)
        return -1;
    ops->test(link, ret_steps);
    ops->close(link);
    return 0;
}

static int
begin_test(struct hf_sinks *s, struct hf_error *err)
{
    if (pthread_mutex_trylock(&s->testing) == 0)
        return 0;
    return hf_error_set(err, HF_ERROR_THROTTLED,
                        "another test, or a change of settings, is under way: come again");
}

int
hf_sinks_test(struct hf_sinks *s, const char *name, struct hf_sink_steps *ret_steps,
              struct hf_error *err)
{
    const struct hf_sink_settings *settings;
    int rc;

    if (begin_test(s, err) < 0)
        return -1;
    settings = settings_of(s, name);
    rc = settings ? try_way(s, settings, ret_steps, err)
                  : hf_error_set(err, HF_ERROR_NOT_FOUND, "there is no sink of that name");
    pthread_mutex_unlock(&s->testing);
    return rc;
}

int
hf_sinks_try(struct hf_sinks *s, const struct hf_sink_settings *settings,
             struct hf_sink_steps *ret_steps, struct hf_error *err)
{
    int rc;

    if (begin_test(s, err) < 0)
        return -1;
    rc = try_way(s, settings, ret_steps, err);
    pthread_mutex_unlock(&s->testing);
    return rc;
}
