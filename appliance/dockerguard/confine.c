// SPDX-License-Identifier: Apache-2.0
#include "dockerguard/confine.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>

#if defined(__x86_64__)
#define OUR_ARCH AUDIT_ARCH_X86_64
#elif defined(__aarch64__)
#define OUR_ARCH AUDIT_ARCH_AARCH64
#else
#error "which AUDIT_ARCH_ is this? Then look through the calls below."
#endif
_Static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__, "an argument's lower half comes first");

/* What the C library of Debian 12 or 13 makes of our calls. */
static const uint32_t allowed[] = {
    /* connections */
    SYS_accept4,
    SYS_connect,
    SYS_getsockopt,
    SYS_setsockopt,
    SYS_recvfrom,
    SYS_recvmsg,
    SYS_sendto,
    SYS_sendmsg,
    SYS_shutdown,
    SYS_ppoll,
#ifdef SYS_poll
    SYS_poll,
#endif
    /* descriptors */
    SYS_read,
    SYS_write,
    SYS_writev,
    SYS_close,
    SYS_fcntl,
    SYS_fstat,
    SYS_newfstatat,
    SYS_statx,
    SYS_fstatfs,
    /* memory and threads */
    SYS_brk,
    SYS_munmap,
    SYS_mremap,
    SYS_madvise,
    SYS_futex,
    SYS_set_robust_list,
    SYS_rseq,
    SYS_sched_yield,
    SYS_exit,
    SYS_exit_group,
    /* time, signals, who we are */
    SYS_clock_gettime,
    SYS_clock_nanosleep,
    SYS_nanosleep,
    SYS_gettimeofday,
    SYS_restart_syscall,
    SYS_rt_sigaction, /* pthread_create() */
    SYS_rt_sigprocmask,
    SYS_rt_sigreturn,
    SYS_tgkill, /* abort() */
    SYS_getpid,
    SYS_gettid,
    SYS_geteuid,
    SYS_getrandom,
};

/* Allowed where one argument is so; else the end. */
static const struct {
    uint32_t call;
    uint16_t test; /* BPF_JEQ: is value; BPF_JSET: has a bit of value */
    bool must;     /* pass the test, or fail it */
    uint8_t argument;
    uint32_t value;
} checked[] = {
    {SYS_socket, BPF_JEQ, true, 0, AF_UNIX},       {SYS_clone, BPF_JSET, true, 0, CLONE_THREAD},
    {SYS_openat, BPF_JSET, true, 2, O_PATH},       {SYS_mmap, BPF_JSET, false, 2, PROT_EXEC},
    {SYS_mprotect, BPF_JSET, false, 2, PROT_EXEC},
};

enum {
    HEAD_LEN = 4,
    CALL_LEN = 2,
    CHECKED_LEN = 5,
    PROGRAM_LEN =
        HEAD_LEN + HF_LEN(allowed) * CALL_LEN + CALL_LEN + HF_LEN(checked) * CHECKED_LEN + 1
};

struct program {
    struct sock_filter code[PROGRAM_LEN];
    uint16_t len;
};

static void
load(struct program *p, size_t offset)
{
    p->code[p->len++] = (struct sock_filter)BPF_STMT(BPF_LD | BPF_W | BPF_ABS, (uint32_t)offset);
}

static void
jump(struct program *p, uint16_t test, uint32_t value, uint8_t then, uint8_t otherwise)
{
    p->code[p->len++] =
        (struct sock_filter)BPF_JUMP(BPF_JMP | test | BPF_K, value, then, otherwise);
}

static void
verdict(struct program *p, uint32_t what)
{
    p->code[p->len++] = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, what);
}

/* A call has another number for each architecture that the kernel can run; x32's have a bit that
 * none of ours has. */
static void
write_program(struct program *p)
{
    load(p, offsetof(struct seccomp_data, arch));
    jump(p, BPF_JEQ, OUR_ARCH, 1, 0);
    verdict(p, SECCOMP_RET_KILL_PROCESS);
    load(p, offsetof(struct seccomp_data, nr));
    for (size_t i = 0; i < HF_LEN(allowed); i++) {
        jump(p, BPF_JEQ, allowed[i], 0, 1);
        verdict(p, SECCOMP_RET_ALLOW);
    }
    /* Its flags lie in memory, where no filter can look; the C library then takes clone. */
    jump(p, BPF_JEQ, SYS_clone3, 0, 1);
    verdict(p, SECCOMP_RET_ERRNO | ENOSYS);
    for (size_t i = 0; i < HF_LEN(checked); i++) {
        jump(p, BPF_JEQ, checked[i].call, 0, CHECKED_LEN - 1);
        load(p, offsetof(struct seccomp_data, args) + checked[i].argument * sizeof(uint64_t));
        jump(p, checked[i].test, checked[i].value, checked[i].must ? 0 : 1,
             checked[i].must ? 1 : 0);
        verdict(p, SECCOMP_RET_ALLOW);
        verdict(p, SECCOMP_RET_KILL_PROCESS);
    }
    verdict(p, SECCOMP_RET_KILL_PROCESS);
}

int
hf_dguard_confine(struct hf_error *err)
{
    struct program p = {.len = 0};
    struct sock_fprog filter = {.filter = p.code};

    write_program(&p);
    filter.len = p.len;
    if (prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &filter, 0, 0) == 0)
        return 0;
    if (errno == EINVAL)
        return hf_error_set(err, HF_ERROR_UNAVAILABLE,
                            "this kernel cannot limit system calls: it needs one with "
                            "CONFIG_SECCOMP_FILTER");
    return hf_error_errno(err, errno, "cannot give up system calls");
}
