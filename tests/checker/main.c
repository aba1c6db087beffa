// SPDX-License-Identifier: Apache-2.0
/*
 * holdfast-checker: publishes numbered messages with QoS 1 by several clients, in several sizes, to
 * several topics; remembers what was acknowledged; and compares it with what a receiver has stored:
 * lost, duplicated, reordered, corrupted, by topic too.
 */
#include "base/clock.h"
#include "base/text.h"
#include "checker/compare.h"
#include "checker/publish.h"
#include "common/stop.h"

#include <getopt.h>
#include <mosquitto.h>
#include <stdio.h>
#include <string.h>

struct options {
    struct hf_publish publish;
    struct hf_corpus corpus;
    uint64_t count, topics, settle_s;
    const char *journal, *url;
    bool only_check, by_topic;
};

static void
usage(void)
{
    fputs(
        "usage: holdfast-checker [--host H=127.0.0.1] [--port N=1883] [--count N=1000]\n"
        "           [--clients N=4] [--topics N=16] [--prefix P=check] [--size "
        "BYTES[,BYTES]…=200]\n"
        "           [--account USER:PASSWORD]\n"
        "           [--patience SECONDS=120]    how long to wait for one that is not acknowledged\n"
        "           [--corpus sensor|binary] [--seed N=1] [--rate PER_SECOND] [--window N=100]\n"
        "           [--run NAME]                which run a message is of; random where not given\n"
        "           [--journal FILE]            what was acknowledged, for --only-check\n"
        "           [--only-check]              publishes nothing: all is in the journal\n"
        "           [--check http://HOST:PORT]  compares with what a receiver has: exit 1 on loss\n"
        "           [--settle SECONDS=20]       how long after the last arrival to wait for more\n"
        "           [--by-topic]                a line for each topic that is not perfect\n",
        stderr);
}

static bool
read_number(const char *text, uint64_t least, uint64_t most, uint64_t *out)
{
    return hf_text_u64(text, out) && *out >= least && *out <= most;
}

static bool
read_sizes(struct hf_corpus *c, char *text)
{
    char *rest = NULL;

    c->size_count = 0;
    for (char *one = strtok_r(text, ",", &rest); one; one = strtok_r(NULL, ",", &rest))
        if (c->size_count == HF_CORPUS_SIZES ||
            !read_number(one, HF_CORPUS_LEAST, HF_CORPUS_MOST, &c->sizes[c->size_count++]))
            return false;
    return c->size_count > 0;
}

static bool
read_account(struct hf_publish *p, char *text)
{
    char *colon = strchr(text, ':');

    if (!colon)
        return false;
    *colon = '\0';
    p->user = text;
    p->password = colon + 1;
    return true;
}

static bool
read_patience(struct hf_publish *p, const char *text)
{
    uint64_t seconds;

    if (!read_number(text, 0, 86400, &seconds))
        return false;
    p->patience_ms = (int64_t)seconds * 1000;
    return true;
}

static bool
read_option(struct options *o, int option)
{
    switch (option) {
    case 'h':
        o->publish.host = optarg;
        return true;
    case 'p':
        return read_number(optarg, 1, 65535, &o->publish.port);
    case 'n':
        return read_number(optarg, 1, 100000000, &o->count);
    case 'c':
        return read_number(optarg, 1, HF_CLIENTS_MAX, &o->publish.clients);
    case 't':
        return read_number(optarg, 1, 1000000, &o->topics);
    case 'x':
        o->publish.prefix = optarg;
        return strlen(optarg) < 200;
    case 'a':
        return read_account(&o->publish, optarg);
    case 's':
        return read_sizes(&o->corpus, optarg);
    case 'k':
        return hf_corpus_named(optarg, &o->corpus.kind);
    case 'S':
        return hf_text_u64(optarg, &o->corpus.seed);
    case 'r':
        return read_number(optarg, 1, 10000000, &o->publish.rate);
    case 'w':
        return read_number(optarg, 1, HF_WINDOW_MAX, &o->publish.window);
    case 'P':
        return read_patience(&o->publish, optarg);
    case 'N':
        return hf_text_put(o->corpus.run, sizeof o->corpus.run, "%s", optarg) &&
               !strpbrk(optarg, "\"\\");
    case 'j':
        o->journal = optarg;
        return true;
    case 'u':
        o->url = optarg;
        return true;
    case 'z':
        return read_number(optarg, 0, 86400, &o->settle_s);
    case 'o':
        o->only_check = true;
        return true;
    case 'b':
        o->by_topic = true;
        return true;
    default:
        return false;
    }
}

static bool
read_options(struct options *o, int argc, char **argv)
{
    static const struct option options[] = {
        {"host", required_argument, NULL, 'h'},     {"port", required_argument, NULL, 'p'},
        {"count", required_argument, NULL, 'n'},    {"clients", required_argument, NULL, 'c'},
        {"topics", required_argument, NULL, 't'},   {"prefix", required_argument, NULL, 'x'},
        {"size", required_argument, NULL, 's'},     {"corpus", required_argument, NULL, 'k'},
        {"seed", required_argument, NULL, 'S'},     {"rate", required_argument, NULL, 'r'},
        {"window", required_argument, NULL, 'w'},   {"run", required_argument, NULL, 'N'},
        {"patience", required_argument, NULL, 'P'}, {"journal", required_argument, NULL, 'j'},
        {"check", required_argument, NULL, 'u'},    {"settle", required_argument, NULL, 'z'},
        {"only-check", no_argument, NULL, 'o'},     {"by-topic", no_argument, NULL, 'b'},
        {"account", required_argument, NULL, 'a'},  {NULL, 0, NULL, 0},
    };
    int option;

    while ((option = getopt_long(argc, argv, "", options, NULL)) != -1)
        if (!read_option(o, option))
            return false;
    return optind == argc && (!o->only_check || (o->journal && o->url));
}

static void
print_topics(const struct hf_compare *c)
{
    for (uint64_t i = 0; i < c->journal->head->topics; i++) {
        const struct hf_topic_result *t = &c->topics[i];

        if (t->lost || t->duplicated || t->reordered)
            printf("topic %llu: acknowledged=%llu lost=%llu duplicated=%llu reordered=%llu\n",
                   (unsigned long long)i, (unsigned long long)t->acknowledged,
                   (unsigned long long)t->lost, (unsigned long long)t->duplicated,
                   (unsigned long long)t->reordered);
    }
}

/* 0 all there, 1 some lost or damaged. */
static int
compare(const struct options *o)
{
    struct hf_compare c = {
        .journal = &o->publish.journal, .url = o->url, .settle_s = (int64_t)o->settle_s};
    struct hf_error err = {0};
    int rc;

    if (hf_compare_run(&c, &err) < 0) {
        fprintf(stderr, "holdfast-checker: %s\n", err.message);
        hf_compare_done(&c);
        return 2;
    }
    if (o->by_topic)
        print_topics(&c);
    printf("acknowledged=%llu lost=%llu duplicated=%llu reordered=%llu corrupted=%llu unasked=%llu",
           (unsigned long long)c.sum.acknowledged, (unsigned long long)c.sum.lost,
           (unsigned long long)c.sum.duplicated, (unsigned long long)c.sum.reordered,
           (unsigned long long)c.corrupted, (unsigned long long)c.unasked);
    if (!o->only_check)
        printf(" end_to_end_ms=%lld", (long long)(hf_clock_mono_ms() - o->publish.start_ms));
    putchar('\n');
    rc = c.sum.lost || c.corrupted ? 1 : 0;
    hf_compare_done(&c);
    return rc;
}

/* The first ones by number, so that they can be looked for on the way. */
static void
tell_missing(const struct hf_journal *j, uint64_t acknowledged)
{
    enum { SHOWN = 10 };
    uint64_t shown = 0;

    if (acknowledged >= j->head->count)
        return;
    fprintf(stderr, "holdfast-checker: not acknowledged: %llu of %llu:",
            (unsigned long long)(j->head->count - acknowledged),
            (unsigned long long)j->head->count);
    for (uint64_t n = 0; n < j->head->count && shown < SHOWN; n++)
        if (!j->acknowledged[n])
            fprintf(stderr, "%s %llu", shown++ ? "," : "", (unsigned long long)n);
    fprintf(stderr, "%s\n", j->head->count - acknowledged > SHOWN ? ", …" : "");
}

/* 0 all acknowledged, 1 some not. */
static int
publish(struct options *o, struct hf_error *err)
{
    struct hf_publish *p = &o->publish;
    unsigned long long done;
    int64_t ms, start_ns = hf_corpus_now_ns();

    if (hf_journal_create(o->journal, &o->corpus, o->count, o->topics, &p->journal, err) < 0)
        return -1;
    mosquitto_lib_init();
    if (hf_publish_run(p) < 0)
        return hf_error_set(err, HF_ERROR_INTERNAL, "cannot start the clients");
    ms = hf_clock_mono_ms() - p->start_ms;
    done = atomic_load(&p->done);
    printf("run=%s acknowledged=%llu of=%llu reconnects=%llu ms=%lld per_s=%lld start_ns=%lld\n",
           o->corpus.run, done, (unsigned long long)o->count,
           (unsigned long long)atomic_load(&p->reconnects), (long long)ms,
           ms ? (long long)done * 1000 / ms : 0, (long long)start_ns);
    fflush(stdout);
    tell_missing(&p->journal, done);
    return done < o->count;
}

int
main(int argc, char **argv)
{
    static struct options o = {
        .publish = {.host = "127.0.0.1",
                    .port = 1883,
                    .clients = 4,
                    .window = 100,
                    .prefix = "check",
                    .patience_ms = 120000},
        .corpus = {.seed = 1, .sizes = {HF_CORPUS_LEAST}, .size_count = 1},
        .count = 1000,
        .topics = 16,
        .settle_s = 20,
    };
    struct hf_error err = {0};
    uint32_t random;
    int rc, compared;

    hf_random(&random, sizeof random);
    snprintf(o.corpus.run, sizeof o.corpus.run, "%08x", random);
    if (!read_options(&o, argc, argv)) {
        usage();
        return 2;
    }
    rc = hf_stop_init(&err);
    if (rc == 0)
        rc =
            o.only_check ? hf_journal_open(o.journal, &o.publish.journal, &err) : publish(&o, &err);
    if (rc < 0) {
        fprintf(stderr, "holdfast-checker: %s\n", err.message);
        return 2;
    }
    compared = o.url ? compare(&o) : 0;
    hf_journal_done(&o.publish.journal);
    return compared ? compared : rc;
}
