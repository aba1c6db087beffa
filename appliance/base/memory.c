// SPDX-License-Identifier: Apache-2.0
#include "base/memory.h"

#include <link.h>
#include <malloc.h>
#include <stdint.h>
#include <sys/mman.h>
#include <unistd.h>

enum { STACK_BYTES = 512 * 1024, STACK_KEPT = 16 * 1024 };

/* Only what nobody can have written to: pages that the linker relocated are in writable segments,
 * also where it protects them afterwards, and would lose that. */
static int
give_back_object(struct dl_phdr_info *object, size_t size, void *context)
{
    uintptr_t page = (uintptr_t)sysconf(_SC_PAGESIZE);

    (void)size, (void)context;
    for (int i = 0; i < object->dlpi_phnum; i++) {
        const ElfW(Phdr) *p = &object->dlpi_phdr[i];
        uintptr_t from = (object->dlpi_addr + p->p_vaddr) / page * page;
        uintptr_t to = object->dlpi_addr + p->p_vaddr + p->p_filesz;

        /* Advice: where it is not taken, the pages stay. */
        if (p->p_type == PT_LOAD && !(p->p_flags & PF_W))
            (void)madvise((void *)from, to - from,
                          MADV_DONTNEED); // NOLINT(performance-no-int-to-ptr)
    }
    return 0;
}

/* What deeper calls have used of the first thread's stack, below what a call from here may still
 * write. Nothing else can be there: the kernel keeps 128 MB below that stack free. */
static void
give_back_stack(void)
{
    uintptr_t page = (uintptr_t)sysconf(_SC_PAGESIZE);
    uintptr_t to = (uintptr_t)__builtin_frame_address(0) / page * page - STACK_KEPT;

    if (gettid() == getpid())
        (void)madvise((void *)(to - STACK_BYTES), // NOLINT(performance-no-int-to-ptr)
                      STACK_BYTES, MADV_DONTNEED);
}

void
hf_memory_give_back(void)
{
    give_back_stack();
    (void)malloc_trim(0);
    (void)dl_iterate_phdr(give_back_object, NULL);
}
