// SPDX-License-Identifier: Apache-2.0
/*
 * Scope-bound cleanup and ownership transfer.
 *
 *     HF_AUTO(hf_service) struct hf_service *s = NULL;   runs hf_service_free(s) at scope end
 *     HF_AUTO_FREE char *text = NULL;                    runs free(text)
 *     *ret_service = hf_steal(&s);                       gives s away, leaves NULL behind
 *
 * A type takes part by HF_DEFINE_AUTO(struct hf_service, hf_service, hf_service_free) in its
 * header; its free function takes NULL and half-built objects.
 */
#pragma once

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#define HF_MUST __attribute__((warn_unused_result))
#define HF_PRINTF(fmt, first) __attribute__((format(printf, fmt, first)))

#define HF_AUTO(name) __attribute__((cleanup(name##_auto_)))

#define HF_DEFINE_AUTO(type, name, free_fn)                                                        \
    static inline void name##_auto_(type **p) /* NOLINT(bugprone-macro-parentheses) */             \
    {                                                                                              \
        free_fn(*p);                                                                               \
    }

#define hf_steal(p)                                                                                \
    (__extension__({                                                                               \
        __typeof__(p) hf_steal_p_ = (p);                                                           \
        __typeof__(*hf_steal_p_) hf_steal_v_ = *hf_steal_p_;                                       \
        *hf_steal_p_ = NULL;                                                                       \
        hf_steal_v_;                                                                               \
    }))

static inline void
hf_free_auto_(void *p)
{
    free(*(void **)p);
}

static inline void
hf_close_auto_(const int *fd)
{
    if (*fd >= 0)
        close(*fd);
}

static inline void
hf_fclose_auto_(FILE **f)
{
    if (*f)
        fclose(*f);
}

#define HF_AUTO_FREE __attribute__((cleanup(hf_free_auto_)))
#define HF_AUTO_CLOSE __attribute__((cleanup(hf_close_auto_)))
#define HF_AUTO_FCLOSE __attribute__((cleanup(hf_fclose_auto_)))

#define HF_LEN(array) (sizeof(array) / sizeof((array)[0]))
