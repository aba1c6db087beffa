// SPDX-License-Identifier: Apache-2.0
#include "checker/corpus.h"

#include "base/text.h"

#include <endian.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

enum {
    MARK_SIZE = 2,
    HEAD_SIZE = MARK_SIZE + HF_CORPUS_RUN + 8 + 8, /* of a binary payload: mark, run, n, t */
    HEAD_TEXT = (HEAD_SIZE + 2) / 3 * 4,           /* the same as base64 */
    SAMPLE_MAX = 24,
    DEVICES = 50,
};

/* Never the start of UTF-8 text, so that the record leaves as base64. */
static const char mark[MARK_SIZE] = {'\xff', '\xfe'};

static const char json_member[] = "\"payload\":{\"run\":\"";
static const char base64_member[] = "\"base64\":\"";

bool
hf_corpus_named(const char *name, uint64_t *ret_kind)
{
    *ret_kind = strcmp(name, "binary") == 0 ? HF_CORPUS_BINARY : HF_CORPUS_SENSOR;
    return *ret_kind == HF_CORPUS_BINARY || strcmp(name, "sensor") == 0;
}

int64_t
hf_corpus_now_ns(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

/* splitmix64 (Steele, Lea, Flood 2014). */
static uint64_t
draw(uint64_t *state)
{
    uint64_t z = *state += 0x9e3779b97f4a7c15U;

    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9U;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebU;
    return z ^ (z >> 31);
}

size_t
hf_corpus_size(const struct hf_corpus *c, uint64_t n)
{
    return c->sizes[n % c->size_count];
}

static size_t
make_sensor(const struct hf_corpus *c, uint64_t n, int64_t t_ns, size_t size, char *out)
{
    uint64_t random = c->seed ^ (n << 20);
    unsigned device = (unsigned)(n % DEVICES);
    size_t len = (size_t)snprintf(
        out, size,
        "{\"run\":\"%s\",\"n\":%llu,\"t\":%lld,\"device\":\"boiler-%02u\",\"temperature\":%u.%02u",
        c->run, (unsigned long long)n, (long long)t_ns, device, 18 + device % 9,
        (unsigned)(draw(&random) % 100));

    for (const char *next = ",\"samples\":["; len + SAMPLE_MAX + 16 < size; next = ",")
        len += (size_t)snprintf(out + len, SAMPLE_MAX, "%s%u.%u", next, 18 + device % 9,
                                (unsigned)(draw(&random) % 1000));
    if (out[len - 1] != '"' && strstr(out, "\"samples\""))
        out[len++] = ']';
    len += (size_t)snprintf(out + len, 16, ",\"note\":\"");
    while (len + 2 < size)
        out[len++] = (char)('a' + draw(&random) % 4);
    memcpy(out + len, "\"}", 2);
    return len + 2;
}

static size_t
make_binary(const struct hf_corpus *c, uint64_t n, int64_t t_ns, size_t size, char *out)
{
    uint64_t random = c->seed ^ (n << 20);
    uint64_t number = htole64(n), time = htole64((uint64_t)t_ns);

    memcpy(out, mark, MARK_SIZE);
    memcpy(out + MARK_SIZE, c->run, HF_CORPUS_RUN);
    memcpy(out + MARK_SIZE + HF_CORPUS_RUN, &number, 8);
    memcpy(out + MARK_SIZE + HF_CORPUS_RUN + 8, &time, 8);
    for (size_t at = HEAD_SIZE; at < size; at += 8) {
        uint64_t bytes = draw(&random);

        memcpy(out + at, &bytes, size - at < 8 ? size - at : 8);
    }
    return size;
}

size_t
hf_corpus_make(const struct hf_corpus *c, uint64_t n, int64_t t_ns, char *out)
{
    size_t size = hf_corpus_size(c, n);

    return c->kind == HF_CORPUS_BINARY ? make_binary(c, n, t_ns, size, out)
                                       : make_sensor(c, n, t_ns, size, out);
}

/* From a copy of its beginning: sscanf() looks for the end of the text first, which may be that of
 * a whole body of lines. */
static bool
read_sensor(const char *text, size_t len, struct hf_numbered *ret)
{
    char head[96];
    unsigned long long n;
    long long t;

    len = len < sizeof head ? len : sizeof head - 1;
    memcpy(head, text, len);
    head[len] = '\0';
    // NOLINTNEXTLINE(cert-err34-c): what we wrote ourselves
    if (sscanf(head, "{\"run\":\"%23[^\"]\",\"n\":%llu,\"t\":%lld", ret->run, &n, &t) != 3)
        return false;
    ret->n = n;
    ret->t_ns = t;
    return true;
}

static bool
read_binary(const char *head, struct hf_numbered *ret)
{
    uint64_t number, time;

    if (memcmp(head, mark, MARK_SIZE) != 0)
        return false;
    memcpy(ret->run, head + MARK_SIZE, HF_CORPUS_RUN);
    ret->run[HF_CORPUS_RUN - 1] = '\0';
    memcpy(&number, head + MARK_SIZE + HF_CORPUS_RUN, 8);
    memcpy(&time, head + MARK_SIZE + HF_CORPUS_RUN + 8, 8);
    ret->n = le64toh(number);
    ret->t_ns = (int64_t)le64toh(time);
    return true;
}

bool
hf_corpus_read(const char *payload, size_t len, struct hf_numbered *ret)
{
    if (len < HF_CORPUS_LEAST)
        return false;
    if (memcmp(payload, mark, MARK_SIZE) == 0)
        return read_binary(payload, ret);
    return read_sensor(payload, len, ret);
}

static unsigned
base64_value(char c)
{
    if (c >= 'A' && c <= 'Z')
        return (unsigned)(c - 'A');
    if (c >= 'a' && c <= 'z')
        return (unsigned)(c - 'a') + 26;
    if (c >= '0' && c <= '9')
        return (unsigned)(c - '0') + 52;
    return c == '+' ? 62 : 63;
}

static bool
read_base64(const char *text, struct hf_numbered *ret)
{
    char head[HEAD_TEXT / 4 * 3];

    for (size_t i = 0; i < HEAD_TEXT / 4; i++) {
        unsigned v = 0;

        for (size_t k = 0; k < 4; k++)
            v = v << 6 | base64_value(text[4 * i + k]);
        head[3 * i] = (char)(v >> 16);
        head[3 * i + 1] = (char)(v >> 8);
        head[3 * i + 2] = (char)v;
    }
    return read_binary(head, ret);
}

bool
hf_corpus_read_line(const char *line, size_t len, struct hf_numbered *ret)
{
    const char *at = memmem(line, len, json_member, sizeof json_member - 1);

    if (at) {
        at += sizeof "\"payload\":" - 1;
        return read_sensor(at, (size_t)(line + len - at), ret);
    }
    at = memmem(line, len, base64_member, sizeof base64_member - 1);
    return at && (size_t)(line + len - at) > sizeof base64_member + HEAD_TEXT &&
           read_base64(at + sizeof base64_member - 1, ret);
}

bool
hf_corpus_is_whole(const struct hf_corpus *c, const char *line, size_t len,
                   const struct hf_numbered *is, char *scratch)
{
    size_t size = hf_corpus_make(c, is->n, is->t_ns, scratch);
    char *expected = scratch;

    if (c->kind == HF_CORPUS_BINARY) {
        expected = scratch + HF_CORPUS_MOST;
        size = hf_text_base64(scratch, size, expected);
    }
    return memmem(line, len, expected, size) != NULL;
}
