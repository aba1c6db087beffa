// SPDX-License-Identifier: Apache-2.0
#include "base/clock.h"
#include "base/text.h"
#include "engine/client.h"
#include "engine/inspect.h"

#include <string.h>

/* model/release.c. What is put together fits this program, whatever it was made for. */
enum { FORMAT = 1, SCHEMA = 1 };
static const char VERSION[] = "0.0.0";

/* Of the container that has the service's own name: `docker commit` copies labels to others. */
static bool
is_of(const struct hf_json *listed, const char *instance, const char *service)
{
    const char *name = hf_json_as_string(hf_json_first(hf_json_get(listed, "Names")));
    char ours[3 * HF_NAME_SIZE];

    hf_text_put(ours, sizeof ours, "/%s-%s", instance, service);
    return *service && name && strcmp(name, ours) == 0 &&
           strcmp(hf_inspect_label(hf_json_get(listed, "Labels"), LABEL_INSTANCE), instance) == 0;
}

static void
take_pin(const struct hf_json *listed, const char *instance, struct hf_json *services)
{
    const struct hf_json *labels = hf_json_get(listed, "Labels");
    const char *service = hf_inspect_label(labels, LABEL_SERVICE);
    const char *text = hf_inspect_label(labels, LABEL_PIN);
    struct hf_json *pin = NULL;

    if (!is_of(listed, instance, service) || hf_json_parse(text, strlen(text), &pin, NULL) < 0)
        return;
    hf_json_set(services, service, pin);
}

int
hf_engine_release(struct hf_engine *engine, const char *instance, int64_t counter, char **ret_text,
                  struct hf_error *err)
{
    HF_AUTO(hf_json) struct hf_json *list = NULL;
    HF_AUTO(hf_json) struct hf_json *doc = hf_json_object();
    struct hf_json *services = hf_json_object();
    char now[HF_RFC3339_SIZE];

    hf_json_put(doc, "services", services);
    if (hf_client_get(engine, "/containers/json?all=true", &list, err) < 0)
        return -1;
    for (const struct hf_json *v = hf_json_first(list); v; v = hf_json_next(v))
        take_pin(v, instance, services);
    if (!hf_json_first(services))
        return hf_error_set(err, HF_ERROR_NOT_FOUND, "no container says what it was made from");
    hf_clock_rfc3339(hf_clock_wall_ms(), now);
    hf_text_put(strchr(now, '.'), sizeof "Z", "Z"); /* whole seconds */
    hf_json_put_int(doc, "format", FORMAT);
    hf_json_put_string(doc, "name", "rebuilt");
    hf_json_put_string(doc, "version", VERSION);
    hf_json_put_string(doc, "created", now);
    hf_json_put_int(doc, "counter", counter);
    hf_json_put_string(doc, "min_holdfastd", VERSION);
    hf_json_put_int(doc, "settings_schema", SCHEMA);
    return hf_json_print(doc, ret_text, err);
}
