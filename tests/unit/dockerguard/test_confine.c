// SPDX-License-Identifier: Apache-2.0
/* What the kernel does to a process that is confined: each call in a child of its own. */
#include "unit.h"

#include "dockerguard/confine.h"
#include "dockerguard/place.h"

#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

enum { CONFINED = 7, SIZE = 4096 };

/* Not _exit(), before which the address sanitizer makes calls of its own. */
static void
leave(int status)
{
    (void)syscall(SYS_exit_group, status);
}

/* The status with which a child ends that is confined and then does act. */
static int
end_of(void (*act)(void))
{
    int status = 0;
    pid_t pid = fork();

    assert_true(pid >= 0);
    if (pid == 0) {
        if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0 || hf_dguard_confine(NULL) < 0)
            leave(1);
        act();
        leave(CONFINED);
    }
    assert_int_equal(waitpid(pid, &status, 0), pid);
    return status;
}

static void
is_let(void (*act)(void), const char *what)
{
    int status = end_of(act);

    if (!WIFEXITED(status) || WEXITSTATUS(status) != CONFINED)
        fail_msg("%s: ended with %#x", what, (unsigned)status);
}

static void
is_killed(void (*act)(void), const char *what)
{
    int status = end_of(act);

    if (!WIFSIGNALED(status) || WTERMSIG(status) != SIGSYS)
        fail_msg("%s: ended with %#x instead of by SIGSYS", what, (unsigned)status);
}

/* ---- what it needs ---- */

static void
look_at_a_place(void)
{
    struct hf_error err;

    if (hf_dguard_place_check("/etc/passwd", &err) < 0)
        leave(1);
}

static void
take_memory(void)
{
    void *p = mmap(NULL, SIZE, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

    if (p == MAP_FAILED || mprotect(p, SIZE, PROT_READ | PROT_WRITE) < 0 || munmap(p, SIZE) < 0)
        leave(1);
}

static void
make_unix_socket(void)
{
    if (socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0) < 0)
        leave(1);
}

static void
what_it_needs_is_let(void **state)
{
    (void)state;
    is_let(look_at_a_place, "look at a folder");
    is_let(take_memory, "take memory");
    is_let(make_unix_socket, "make a Unix socket");
}

/* ---- what it does not ---- */

static void
run_program(void)
{
    execl("/bin/true", "true", (char *)NULL);
}

static void
begin_process(void)
{
    (void)syscall(SYS_clone, SIGCHLD, 0, 0, 0, 0);
}

static void
begin_process_by_clone3(void)
{
    struct clone_args {
        uint64_t v[8];
    } args = {{0}};

    if (syscall(SYS_clone3, &args, sizeof args) == 0)
        abort();
    (void)syscall(SYS_clone, SIGCHLD, 0, 0, 0, 0); /* what the C library does then */
}

static void
reach_the_network(void)
{
    (void)socket(AF_INET, SOCK_STREAM, 0);
}

static void
reach_the_kernel(void)
{
    (void)socket(AF_NETLINK, SOCK_RAW, 0);
}

static void
read_a_file(void)
{
    (void)!open("/etc/passwd", O_RDONLY);
}

static void
write_a_file(void)
{
    (void)!open("/tmp/x", O_WRONLY | O_CREAT, 0600);
}

static void
remove_a_file(void)
{
    (void)unlink("/nonexistent/x");
}

static void
make_code(void)
{
    (void)mmap(NULL, SIZE, PROT_READ | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
}

static void
turn_data_into_code(void)
{
    static char page[2 * SIZE];

    (void)mprotect((void *)(((uintptr_t)page + SIZE - 1) & ~(uintptr_t)(SIZE - 1)), SIZE,
                   PROT_READ | PROT_EXEC);
}

static void
look_into_another(void)
{
    (void)ptrace(PTRACE_ATTACH, 1, NULL, NULL);
}

static void
signal_another(void)
{
    (void)kill(getppid(), 0);
}

static void
mount_something(void)
{
    (void)syscall(SYS_mount, "none", "/tmp", "tmpfs", 0, NULL);
}

static void
become_another(void)
{
    (void)syscall(SYS_setuid, 0);
}

static void
ask_by_a_ring(void)
{
    (void)syscall(SYS_io_uring_setup, 1, NULL);
}

static void
load_a_program(void)
{
    (void)syscall(SYS_bpf, 0, NULL, 0);
}

static void
all_else_kills(void **state)
{
    (void)state;
    is_killed(run_program, "run a program");
    is_killed(begin_process, "begin a process");
    is_killed(begin_process_by_clone3, "begin a process by clone3");
    is_killed(reach_the_network, "reach the network");
    is_killed(reach_the_kernel, "make a netlink socket");
    is_killed(read_a_file, "read a file");
    is_killed(write_a_file, "write a file");
    is_killed(remove_a_file, "remove a file");
    is_killed(make_code, "take memory to run code from");
    is_killed(turn_data_into_code, "turn data into code");
    is_killed(look_into_another, "look into another process");
    is_killed(signal_another, "signal another process");
    is_killed(mount_something, "mount something");
    is_killed(become_another, "become another user");
    is_killed(ask_by_a_ring, "ask by a ring");
    is_killed(load_a_program, "load a program into the kernel");
}

#ifdef __x86_64__
/* The same kernel by its other doors, where a call has another number. */
static void
call_as_32_bit(void)
{
    long result;

    __asm__ volatile("int $0x80" : "=a"(result) : "a"(11), "b"(0), "c"(0), "d"(0) : "memory");
    (void)result;
}

static void
call_as_x32(void)
{
    (void)syscall(0x40000000 | SYS_execve, NULL, NULL, NULL);
}

static void
other_doors_are_shut(void **state)
{
    (void)state;
    is_killed(call_as_32_bit, "a call of 32 bits");
    is_killed(call_as_x32, "a call of x32");
}
#endif

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_it_needs_is_let),
        cmocka_unit_test(all_else_kills),
#ifdef __x86_64__
        cmocka_unit_test(other_doors_are_shut),
#endif
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
