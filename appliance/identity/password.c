// SPDX-License-Identifier: Apache-2.0
#include "identity/password.h"

#include "base/text.h"

#include <errno.h>
#include <sodium.h>
#include <string.h>
#include <strings.h>
#include <time.h>

/* OWASP's parameters for Argon2id. libsodium maps the memory and unmaps it afterwards. */
enum { PASSES = 2, MEMORY_BYTES = 19 * 1024 * 1024 };

_Static_assert((int)HF_PASSWORD_HASH_SIZE == (int)crypto_pwhash_STRBYTES, "size of a hash");

static size_t
count_characters(const char *text)
{
    size_t count = 0;

    for (; *text; text++)
        count += ((unsigned char)*text & 0xc0) != 0x80;
    return count;
}

int
hf_password_check(const char *password, const char *gateway_name, struct hf_error *err)
{
    const char *wrong = NULL;
    size_t len = strlen(password);

    if (len > HF_PASSWORD_MAX)
        wrong = "a password has at most 256 bytes";
    else if (!hf_text_utf8(password, len))
        wrong = "a password is UTF-8 text";
    else if (count_characters(password) < HF_PASSWORD_MIN)
        wrong = "a password has at least 10 characters";
    else if (gateway_name && strcasecmp(password, gateway_name) == 0)
        wrong = "a password is not the name of the gateway";
    return wrong ? hf_error_set_at(err, HF_ERROR_INVALID, "/password", "%s", wrong) : 0;
}

void
hf_argon2_init(struct hf_argon2 *a)
{
    pthread_condattr_t attr;

    pthread_condattr_init(&attr);
    pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
    pthread_mutex_init(&a->mutex, NULL);
    pthread_cond_init(&a->free, &attr);
    pthread_condattr_destroy(&attr);
    a->busy = false;
}

void
hf_argon2_done(struct hf_argon2 *a)
{
    pthread_cond_destroy(&a->free);
    pthread_mutex_destroy(&a->mutex);
}

static int
take(struct hf_argon2 *a, struct hf_error *err)
{
    struct timespec until;
    int rc = 0;

    clock_gettime(CLOCK_MONOTONIC, &until);
    until.tv_sec += HF_ARGON2_WAIT_MS / 1000;
    pthread_mutex_lock(&a->mutex);
    while (a->busy && rc != ETIMEDOUT)
        rc = pthread_cond_timedwait(&a->free, &a->mutex, &until);
    if (!a->busy) {
        a->busy = true;
        rc = 0;
    }
    pthread_mutex_unlock(&a->mutex);
    return rc ? hf_error_set(err, HF_ERROR_THROTTLED, "too many logins at once: try again") : 0;
}

static void
give_back(struct hf_argon2 *a)
{
    pthread_mutex_lock(&a->mutex);
    a->busy = false;
    pthread_cond_signal(&a->free);
    pthread_mutex_unlock(&a->mutex);
}

int
hf_argon2_hash(struct hf_argon2 *a, const char *password, char out[HF_PASSWORD_HASH_SIZE],
               struct hf_error *err)
{
    int rc;

    if (take(a, err) < 0)
        return -1;
    rc = crypto_pwhash_str_alg(out, password, strlen(password), PASSES, MEMORY_BYTES,
                               crypto_pwhash_ALG_ARGON2ID13);
    give_back(a);
    return rc ? hf_error_nomem(err) : 0;
}

int
hf_argon2_derive(struct hf_argon2 *a, const char *text, const struct hf_kdf *kdf,
                 unsigned char *ret_key, size_t len, struct hf_error *err)
{
    int rc;

    _Static_assert((int)HF_KDF_SALT_SIZE == (int)crypto_pwhash_SALTBYTES, "size of the salt");
    if (take(a, err) < 0)
        return -1;
    rc = crypto_pwhash(ret_key, len, text, strlen(text), kdf->salt, kdf->passes,
                       (size_t)kdf->memory_kib * 1024, crypto_pwhash_ALG_ARGON2ID13);
    give_back(a);
    return rc ? hf_error_nomem(err) : 0;
}

int
hf_argon2_verify(struct hf_argon2 *a, const char *hash, const char *password, bool *ret_match,
                 struct hf_error *err)
{
    int rc;

    if (take(a, err) < 0)
        return -1;
    errno = 0;
    rc = crypto_pwhash_str_verify(hash, password, strlen(password));
    give_back(a);
    if (rc && errno == ENOMEM)
        return hf_error_nomem(err);
    *ret_match = rc == 0;
    return 0;
}
