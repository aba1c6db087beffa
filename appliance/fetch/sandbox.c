// SPDX-License-Identifier: Apache-2.0
#include "fetch/sandbox.h"

#include "base/sanitizer.h"

#include <errno.h>
#include <grp.h>
#include <linux/capability.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

enum {
    NOBODY = 65534, /* of every Debian */
    FILES_MAX = 64,
    FIRST_FREE_FD = 3
};

#define ADDRESS_SPACE_MAX ((rlim_t)512 * 1024 * 1024) /* libraries and a resolver's thread */

static int
limit(int resource, rlim_t most)
{
    const struct rlimit r = {most, most};

    return setrlimit((__rlimit_resource_t)resource, &r);
}

static int
become_nobody(void)
{
    if (geteuid() != 0)
        return 0;
    return setgroups(0, NULL) < 0 || setgid(NOBODY) < 0 || setuid(NOBODY) < 0 ? -1 : 0;
}

/* What holdfastd was given by the service manager comes along through exec (capabilities(7)). */
static int
drop_capabilities(void)
{
    struct __user_cap_header_struct head = {.version = _LINUX_CAPABILITY_VERSION_3};
    const struct __user_cap_data_struct none[_LINUX_CAPABILITY_U32S_3] = {{0}};

    (void)prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0);
    return (int)syscall(SYS_capset, &head, none);
}

int
hf_sandbox_enter(struct hf_error *err)
{
    (void)close_range(FIRST_FREE_FD, ~0U, 0); /* before Linux 5.9: they close on exec as it is */
    if (limit(RLIMIT_CORE, 0) < 0 || limit(RLIMIT_FSIZE, 0) < 0 ||
        limit(RLIMIT_NOFILE, FILES_MAX) < 0 ||
        (!HF_SANITIZED && limit(RLIMIT_AS, ADDRESS_SPACE_MAX) < 0) || become_nobody() < 0 ||
        drop_capabilities() < 0 || prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0 ||
        prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) < 0 ||
        prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0) < 0) /* after setuid, which clears it */
        return hf_error_errno(err, errno, "cannot give up what is not needed");
    return 0;
}
