# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# For scripts of tests: a guest (tests/systemd/guest) at hand. Sourced after harness.sh.
: "${hf_root:?}" "${hf_build:?}" "${work:?}"

guest_disk=$(mktemp -d "$hf_build/guest.XXXXXX")
chmod 755 "$guest_disk"
# shellcheck disable=SC2034 # for those scripts
guest_share=$guest_disk/share # there /share

# guest_start ROOT
guest_start() {
    (
        exec unshare --mount --pid --net --uts --ipc --fork --kill-child --propagation private -- \
            "$hf_root/tests/systemd/guest" "$1" "$guest_disk"
    ) >"$work/guest.log" 2>&1 </dev/null &
    echo $! >"$work/guest.pid"
    disown
    wait_until 120 guest_runs || {
        cat "$work/guest.log"
        guest systemctl list-jobs || true
        return 1
    }
}

guest_pid() { [ -e "$work/guest.pid" ] && pgrep --parent "$(cat "$work/guest.pid")" --exact systemd; }
# A folder of this machine is not one of the guest.
guest() { nsenter --target "$(guest_pid)" --mount --pid --net --uts --ipc --cgroup --wd=/ -- env --unset=TMPDIR "$@"; }
# This machine's programs in the guest's network.
guest_net() { nsenter --target "$(guest_pid)" --net -- "$@"; }
guest_runs() { [ "$(guest systemctl is-active multi-user.target docker.service | xargs)" = "active active" ]; }

guest_end() {
    local pid cgroup
    if pid=$(guest_pid); then
        kill -KILL "$pid" # and with it all that it has started
        wait_until 30 is_gone "$(cat "$work/guest.pid")"
    fi
    # shellcheck disable=SC2013 # paths without blanks
    for cgroup in $(cat "$guest_disk/cgroups" 2>/dev/null); do
        [ ! -d "$cgroup" ] || find "$cgroup" -depth -type d -exec rmdir {} \;
    done
    rm -rf "$guest_disk"
}
