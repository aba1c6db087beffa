// SPDX-License-Identifier: Apache-2.0
/*
 * Known vulnerabilities of what a release would run, by the policy of the configuration. What is
 * blocked is an image that would come: one that runs already is no better without the upgrade.
 */
#include "base/clock.h"
#include "base/text.h"
#include "core/internal.h"

#include <string.h>
#include <time.h>

/* While somebody else scans, which takes a moment. */
enum { TRIES = 50, AGAIN_NS = 100 * 1000000, NAMED_MAX = 3 };

/* ---- on the owner's thread ---- */

/* The SBOMs are parts of the release's artifact (api/releases.md): where this gateway finds its
 * releases, or beside images that lie elsewhere. */
static void
place_sbom(const char *releases, const char *image, char out[HF_REPOSITORY_SIZE])
{
    const char *slash = strrchr(image, '/');
    int folder = slash ? (int)(slash - image) + 1 : 0;

    if (strncmp(releases, image, (size_t)folder) == 0 && !strchr(releases + folder, '/'))
        hf_text_put(out, HF_REPOSITORY_SIZE, "%s", releases);
    else
        hf_text_put(out, HF_REPOSITORY_SIZE, "%.*srelease", folder, image);
}

static void
aim_at(const struct hf_core *core, const struct hf_release_service *to, struct hf_scan_target *t)
{
    int at = hf_core_service_index(core, to->name);
    const struct hf_container *c = at < 0 ? NULL : &core->services[at].machine.container;

    *t = (struct hf_scan_target){.service = ""};
    hf_text_put(t->service, sizeof t->service, "%s", to->name);
    memcpy(t->image_id, to->image.image_id, sizeof t->image_id);
    memcpy(t->sbom, to->sbom, sizeof t->sbom);
    place_sbom(core->settings.registry.release_repository, to->image.repository, t->repository);
    if (c && strcmp(c->image_id, to->image.image_id) == 0)
        memcpy(t->container_id, c->id, sizeof t->container_id);
}

int
hf_core_begin_scan(const struct hf_core *core, const struct hf_release *to,
                   struct plan_scan *ret_scan, struct hf_error *err)
{
    const struct hf_scan_settings *s = &core->settings.scan;

    *ret_scan = (struct plan_scan){
        .settings = *s,
        .clock = {hf_clock_wall_ms(), core->host.clock_synced},
    };
    ret_scan->settings.accept = hf_json_copy(s->accept);
    if (!ret_scan->settings.accept)
        return hf_error_nomem(err);
    for (size_t i = 0; i < to->count; i++)
        aim_at(core, &to->services[i], &ret_scan->targets[ret_scan->count++]);
    return 0;
}

/* ---- on another ---- */

static int
report(struct hf_core *core, const struct plan_scan *s, struct hf_scan_word *words,
       struct hf_json **ret_report, struct hf_error *err)
{
    struct hf_error why = {0};

    for (int i = 0; i < TRIES; i++) {
        why = (struct hf_error){0};
        if (hf_scanner_report(core->config.scanner, s->targets, s->count, &s->settings, s->clock,
                              words, ret_report, &why) == 0)
            return 0;
        if (why.class != HF_ERROR_UNAVAILABLE)
            break;
        nanosleep(&(struct timespec){.tv_nsec = AGAIN_NS}, NULL);
    }
    *err = why;
    return -1;
}

static bool
comes(const struct hf_plan *plan, const char *service)
{
    for (size_t i = 0; i < plan->count; i++)
        if (plan->services[i].image && strcmp(plan->services[i].name, service) == 0)
            return true;
    return false;
}

/* "openssl 3.5.1-1 → 3.5.1-2 (high), …" */
static void
name_findings(const struct hf_json *report, size_t index, enum hf_verdict verdict, char *out)
{
    const struct hf_json *service = hf_json_first(hf_json_get(report, "services"));
    size_t named = 0;

    for (size_t i = 0; i < index; i++)
        service = hf_json_next(service);
    out[0] = '\0';
    for (const struct hf_json *f =
             hf_json_first(hf_json_get(hf_json_get(service, "result"), "findings"));
         f; f = hf_json_next(f)) {
        size_t used = strlen(out);

        if (strcmp(hf_json_string(f, "verdict"), hf_verdict_name(verdict)) != 0)
            continue;
        if (named++ == NAMED_MAX) {
            hf_text_put(out + used, HF_TEXT_SIZE - used, ", …");
            return;
        }
        hf_text_put(out + used, HF_TEXT_SIZE - used, "%s%.60s %.40s → %.40s (%s)", used ? ", " : "",
                    hf_json_string(f, "source"), hf_json_string(f, "installed"),
                    hf_json_string(f, "fixed"), hf_json_string(f, "severity"));
    }
}

static void
judge(const struct hf_scan_target *t, const struct hf_scan_word *w, size_t index,
      struct hf_plan *plan)
{
    char named[HF_TEXT_SIZE];
    bool new = comes(plan, t->service);

    if (w->blocked && new) {
        name_findings(plan->scan, index, HF_VERDICT_BLOCK, named);
        hf_plan_obstruct(plan,
                         "the image of '%s' has known vulnerabilities that the policy blocks "
                         "(scan.policy in the configuration): %s",
                         t->service, named);
    } else if (w->blocked || w->warned) {
        name_findings(plan->scan, index, w->blocked ? HF_VERDICT_BLOCK : HF_VERDICT_WARN, named);
        hf_plan_warn(plan, HF_WARNING_VULNERABLE, "The image of '%s' has known vulnerabilities: %s",
                     t->service, named);
    }
}

static bool
blocks_something(const struct hf_scan_settings *s)
{
    for (int i = 0; i < HF_SEVERITY_COUNT; i++)
        if (s->policy[i] == HF_VERDICT_BLOCK)
            return true;
    return false;
}

/* Without data and without a policy that depends on it, that is no news. */
static void
warn_of_unknown(const struct plan_scan *s, const struct hf_scan_word *words, struct hf_plan *plan)
{
    const char *problem = hf_json_string(plan->scan, "problem");

    if (problem && !blocks_something(&s->settings))
        return;
    for (size_t i = 0; i < s->count; i++)
        if (!words[i].known && comes(plan, s->targets[i].service))
            hf_plan_warn(plan, HF_WARNING_NOT_SCANNED,
                         "Whether the image of '%s' has known vulnerabilities is not known%s%s",
                         s->targets[i].service, problem ? ": " : ".", problem ? problem : "");
}

int
hf_core_scan_plan(struct hf_core *core, const struct plan_scan *scan, struct hf_plan *plan,
                  struct hf_error *err)
{
    struct hf_scan_word words[HF_SERVICES_MAX] = {{.known = false}};

    if (!core->config.scanner)
        return 0;
    if (report(core, scan, words, &plan->scan, err) < 0)
        return -1;
    for (size_t i = 0; i < scan->count; i++)
        judge(&scan->targets[i], &words[i], i, plan);
    warn_of_unknown(scan, words, plan);
    return 0;
}
