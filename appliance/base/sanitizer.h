// SPDX-License-Identifier: Apache-2.0
/* HF_SANITIZED: 1 where the compiler's address or thread sanitizer is built in, which takes far
 * more memory and system calls than the program itself. */
#pragma once

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define HF_SANITIZED 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define HF_SANITIZED 1
#endif
#endif
#ifndef HF_SANITIZED
#define HF_SANITIZED 0
#endif
