// SPDX-License-Identifier: Apache-2.0
#include "checker/journal.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>

static const char magic[8] = "hfjrnl1";

static int
map(int fd, size_t size, struct hf_journal *ret, struct hf_error *err)
{
    int flags = fd < 0 ? MAP_PRIVATE | MAP_ANONYMOUS : MAP_SHARED;
    void *at = mmap(NULL, size, PROT_READ | PROT_WRITE, flags, fd, 0);

    if (at == MAP_FAILED)
        return hf_error_errno(err, errno, "cannot map the journal");
    ret->head = at;
    ret->acknowledged = (unsigned char *)at + sizeof *ret->head;
    ret->size = size;
    return 0;
}

int
hf_journal_create(const char *path, const struct hf_corpus *corpus, uint64_t count, uint64_t topics,
                  struct hf_journal *ret_journal, struct hf_error *err)
{
    HF_AUTO_CLOSE int fd = path ? open(path, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0644) : -1;
    size_t size = sizeof *ret_journal->head + count;

    if (path && (fd < 0 || ftruncate(fd, (off_t)size) < 0))
        return hf_error_errno(err, errno, "cannot make the journal '%s'", path);
    if (map(fd, size, ret_journal, err) < 0)
        return -1;
    *ret_journal->head =
        (struct hf_journal_head){.corpus = *corpus, .count = count, .topics = topics};
    memcpy(ret_journal->head->magic, magic, sizeof magic);
    return 0;
}

int
hf_journal_open(const char *path, struct hf_journal *ret_journal, struct hf_error *err)
{
    HF_AUTO_CLOSE int fd = open(path, O_RDWR | O_CLOEXEC);
    struct stat st;

    if (fd < 0 || fstat(fd, &st) < 0)
        return hf_error_errno(err, errno, "cannot read the journal '%s'", path);
    if ((size_t)st.st_size < sizeof *ret_journal->head)
        return hf_error_set(err, HF_ERROR_MALFORMED, "'%s' is no journal", path);
    if (map(fd, (size_t)st.st_size, ret_journal, err) < 0)
        return -1;
    if (memcmp(ret_journal->head->magic, magic, sizeof magic) == 0 &&
        ret_journal->head->count == ret_journal->size - sizeof *ret_journal->head &&
        ret_journal->head->topics)
        return 0;
    hf_journal_done(ret_journal);
    return hf_error_set(err, HF_ERROR_MALFORMED, "'%s' is no journal", path);
}

void
hf_journal_done(struct hf_journal *j)
{
    if (j->head)
        munmap(j->head, j->size);
    j->head = NULL;
}
