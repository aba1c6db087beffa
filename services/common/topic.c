// SPDX-License-Identifier: Apache-2.0
#include "common/topic.h"

#include "base/text.h"

#include <string.h>

bool
hf_topic_matches(const char *filter, const char *topic, size_t len)
{
    const char *end = topic + len;

    if (len && *topic == '$' && (*filter == '+' || *filter == '#'))
        return false;
    for (;;) {
        if (*filter == '#')
            return true;
        if (*filter == '+') {
            filter++;
            while (topic < end && *topic != '/')
                topic++;
        } else {
            while (topic < end && *topic != '/' && *filter == *topic) {
                filter++;
                topic++;
            }
        }
        if (topic == end)
            return *filter == '\0' || strcmp(filter, "/#") == 0;
        if (*topic != '/' || *filter != '/')
            return false;
        topic++;
        filter++;
    }
}

int
hf_topic_filter_check(const char *filter, struct hf_error *err)
{
    size_t len = strlen(filter);
    unsigned level = 1;

    if (len == 0 || len > HF_TOPIC_FILTER_MAX)
        return hf_error_set(err, HF_ERROR_INVALID, "a topic filter has 1 to %d bytes",
                            HF_TOPIC_FILTER_MAX);
    if (!hf_text_utf8(filter, len))
        return hf_error_set(err, HF_ERROR_INVALID, "a topic filter is UTF-8");
    for (size_t i = 0; i < len; i++) {
        bool alone = (i == 0 || filter[i - 1] == '/') && (i + 1 == len || filter[i + 1] == '/');

        if ((filter[i] == '+' || filter[i] == '#') && !alone)
            return hf_error_set(err, HF_ERROR_INVALID,
                                "level %u of the topic filter: '%c' must be the whole level", level,
                                filter[i]);
        if (filter[i] == '#' && i + 1 != len)
            return hf_error_set(err, HF_ERROR_INVALID,
                                "level %u of the topic filter: '#' must be the last level", level);
        level += filter[i] == '/';
    }
    return 0;
}
