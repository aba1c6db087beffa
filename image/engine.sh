# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# The Docker Engine: the one that answers, or else one of our own with its data in build/engine (HF_ENGINE_DIR).

: "${hf_build:?}"

hf_engine_dir=${HF_ENGINE_DIR:-$hf_build/engine}
# Sockets of dockerd and of the containerd it starts: short paths, and apart from any other engine's.
hf_engine_exec=/run/holdfast-engine
hf_engine_pid_file=$hf_engine_dir/dockerd.pid
# shellcheck disable=SC2034 # for run.sh and tests.sh
hf_socket=/var/run/docker.sock

hf_engine_answers() {
    [ -S "$hf_socket" ] && curl -fsS -o /dev/null --max-time "${1:-5}" --unix-socket "$hf_socket" http://docker/_ping 2>/dev/null
}

hf_engine_ours() { hf_alive "$hf_engine_pid_file" dockerd; }

# overlay2 cannot have an overlay below it; in a container the clone often lies on one.
hf_engine_storage() {
    case $(stat -f -c %T "$hf_engine_dir") in
    overlayfs | UNKNOWN*794c7630*) echo vfs ;;
    *) echo overlay2 ;;
    esac
}

# In a container with cgroup v2 our own cgroup holds processes, and then none below it gets a controller:
# they move one down, as in Docker's own image of Docker.
hf_engine_cgroup() {
    local top=/sys/fs/cgroup
    [ -f "$top/cgroup.controllers" ] && [ -f "$top/cgroup.type" ] || return 0
    mkdir -p "$top/init"
    xargs -rn1 <"$top/cgroup.procs" >"$top/init/cgroup.procs" 2>/dev/null || true
    sed -e 's/ / +/g' -e 's/^/+/' <"$top/cgroup.controllers" >"$top/cgroup.subtree_control"
}

# Some kernels have only one of the two kinds of packet filter.
hf_engine_iptables() {
    local bin=$hf_engine_dir/bin
    iptables -w -t nat -nL >/dev/null 2>&1 && return 0
    iptables-legacy -w -t nat -nL >/dev/null 2>&1 || return 0
    mkdir -p "$bin"
    ln -sf "$(command -v iptables-legacy)" "$bin/iptables"
    ln -sf "$(command -v ip6tables-legacy)" "$bin/ip6tables"
    export PATH="$bin:$PATH"
}

# Docker takes a process that has ended and that nobody collects (a container whose first process does not) for one
# that runs, and then starts neither dockerd nor containerd.
hf_engine_forget_ended() {
    hf_alive "$hf_engine_exec/docker.pid" dockerd || rm -f "$hf_engine_exec/docker.pid"
    hf_alive "$hf_engine_exec/containerd/containerd.pid" containerd || rm -f "$hf_engine_exec/containerd/containerd.pid"
}

# Not by its name: so soon it may not have it yet.
hf_engine_has_ended() { case $(sed 's/.*) //' "/proc/$1/stat" 2>/dev/null) in '' | Z*) ;; *) return 1 ;; esac }

hf_engine_spawn_once() {
    local tick pid
    hf_engine_forget_ended
    setsid dockerd --live-restore --data-root "$hf_engine_dir/data" \
        --exec-root "$hf_engine_exec" --pidfile "$hf_engine_exec/docker.pid" \
        --host "unix://$hf_socket" --storage-driver "$(hf_engine_storage)" \
        >>"$hf_engine_dir/dockerd.log" 2>&1 </dev/null 9>&- &
    pid=$!
    echo "$pid" >"$hf_engine_pid_file"
    disown
    for ((tick = 0; tick < 600; tick++)); do
        ! hf_engine_has_ended "$pid" || return 1
        ! hf_engine_answers 1 || return 0
        sleep 0.1
    done
    return 1
}

# On a loaded machine containerd is not up in the time that dockerd gives it; a service manager would start it again.
hf_engine_spawn() {
    local try
    mkdir -p "$hf_engine_dir/data" "$hf_engine_exec"
    hf_engine_cgroup
    hf_engine_iptables
    [ -e /sys/class/net/docker0 ] || touch "$hf_engine_dir/made-bridge"
    for try in 1 2 3; do
        hf_engine_spawn_once && return 0
        ! hf_engine_ours || break
        printf 'dockerd ended at its start (%s of 3)\n' "$try" >>"$hf_engine_dir/dockerd.log"
    done
    tail -n 20 "$hf_engine_dir/dockerd.log"
    return 1
}

hf_engine_start() {
    hf_engine_answers && return 0
    rm -f "$hf_engine_dir/dockerd.log"
    hf_step "starts the Docker Engine" engine \
        "Is this container privileged (docker run --privileged)? A Docker Engine of the machine would be used as it is." \
        hf_engine_spawn
}

# Ends the engine we started, unless containers of somebody else came to run in it.
hf_engine_stop() {
    hf_engine_ours || return 0
    if [ -n "$(docker ps -q)" ]; then
        hf_say "  –  leaves the Docker Engine running: it runs containers that are not ours"
        return 0
    fi
    hf_engine_end
}

# Where / is not shared dockerd mounts its data upon itself; one that follows a killed one leaves that behind.
hf_engine_unmount() { ! mountpoint -q "$hf_engine_dir/data" || umount "$hf_engine_dir/data" || true; }

# containerd is dockerd's child and outlives it only where dockerd was killed.
hf_engine_end() {
    hf_end "$hf_engine_pid_file" dockerd 20
    hf_end "$hf_engine_exec/containerd/containerd.pid" containerd 10
    umount "$hf_engine_exec"/netns/* 2>/dev/null || true
    rm -rf "$hf_engine_exec"
    hf_engine_unmount
    if [ -e "$hf_engine_dir/made-bridge" ]; then
        ip link delete docker0 2>/dev/null || true
        rm -f "$hf_engine_dir/made-bridge"
    fi
}
