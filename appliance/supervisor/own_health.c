// SPDX-License-Identifier: Apache-2.0
#include "supervisor/own_health.h"

#include "base/text.h"

static void
put(struct hf_health_verdict *v, enum hf_health health, const char *reason, const char *advice)
{
    v->health = health;
    hf_text_put(v->reason, sizeof v->reason, "%s", reason);
    v->advice = advice;
}

void
hf_own_health_judge(enum hf_own_health kind, const struct hf_probe_result *probe,
                    int64_t running_since_ms, int64_t now_ms, struct hf_health_verdict *ret_verdict)
{
    bool asked = probe->at_ms >= running_since_ms && now_ms - probe->at_ms < HF_OWN_FRESH_MS;

    if (kind == HF_OWN_HEALTH_NONE || (asked && probe->ok))
        put(ret_verdict, HF_HEALTH_HEALTHY, "", "");
    else if (now_ms - running_since_ms < HF_HEALTH_GRACE_MS)
        put(ret_verdict, HF_HEALTH_STARTING, "has not answered yet",
            "Nothing, if it answers within half a minute of its start.");
    else if (asked)
        put(ret_verdict, HF_HEALTH_UNREACHABLE, probe->why,
            "Read its log; see that it listens on all addresses, at the port of its release.");
    else
        put(ret_verdict, HF_HEALTH_UNREACHABLE, "could not be asked whether it works",
            "Check that the box is not overloaded; it is asked again by itself.");
}
