# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# What all verbs of ./dev share: words to the person, steps with progress and a log, the lock.
# Expects hf_root, the clone.

hf_build=${HF_BUILD:-$hf_root/build}
hf_log=$hf_build/log
hf_step_pid=

hf_say() { printf '%s\n' "$*"; }

# hf_die MESSAGE [WHAT TO DO...]
hf_die() {
    printf '\n./dev: %s\n' "$1" >&2
    shift
    [ $# -eq 0 ] || printf '  %s\n' "$@" >&2
    exit 1
}

# Lines of a log that are worth showing, indented.
hf_tail() { tail -n "${2:-15}" "$1" 2>/dev/null | sed 's/^/    /' >&2; }

# hf_step TEXT LOG HINT COMMAND... runs COMMAND, its output in build/log/LOG.log. Says nothing about what ends
# within a second; else shows TEXT with the time so far. COMMAND runs in a process group of its own, so that
# Ctrl-C ends all of it, and in a subshell: it answers by files.
hf_step() {
    local text=$1 log=$hf_log/$2.log hint=$3 begin=$SECONDS shown='' rc=0 took
    shift 3
    mkdir -p "$hf_log"
    set -m
    (
        set +m -euo pipefail
        trap - EXIT INT TERM
        "$@"
    ) >"$log" 2>&1 </dev/null &
    hf_step_pid=$!
    set +m
    while kill -0 "$hf_step_pid" 2>/dev/null; do
        took=$((SECONDS - begin))
        if [ "$took" -ge 1 ]; then
            if [ -t 1 ]; then
                printf '\r  …  %-58s %4d s' "$text" "$took"
            elif [ -z "$shown" ]; then
                printf '  …  %s\n' "$text"
            fi
            shown=1
        fi
        sleep 0.1
    done
    wait "$hf_step_pid" || rc=$?
    hf_step_pid=
    took=$((SECONDS - begin))
    if [ "$rc" -ne 0 ]; then
        [ -z "$shown" ] || [ ! -t 1 ] || printf '\r'
        printf '  ✗  %-58s %4d s\n' "$text" "$took"
        hf_tail "$log"
        hf_die "failed: $text" "$hint" "The whole log: ${log#"$hf_root"/}"
    fi
    if [ -n "$shown" ]; then
        [ ! -t 1 ] || printf '\r'
        printf '  ✓  %-58s %4d s\n' "$text" "$took"
    fi
}

hf_step_abort() {
    [ -n "$hf_step_pid" ] || return 0
    kill -TERM -- "-$hf_step_pid" 2>/dev/null || true
    wait "$hf_step_pid" 2>/dev/null || true
    hf_step_pid=
}

# One ./dev at a time in a clone. Programs that outlive ./dev must be started with 9>&-.
hf_lock() {
    mkdir -p "$hf_build"
    exec 9>>"$hf_build/.lock"
    if ! flock -n 9; then
        hf_die "another ./dev is at work in this clone: $(cat "$hf_build/.lock.owner" 2>/dev/null || echo unknown)" \
            "Wait for it, or end it with Ctrl-C there or ./dev stop here."
    fi
    echo "pid $$, ./dev $*" >"$hf_build/.lock.owner"
}

# True when the process in pid file $1 lives and runs a program called $2. One that has ended counts as ended even
# where nobody collects it (a container whose first process does not).
hf_alive() {
    local pid name state
    pid=$(cat "$1" 2>/dev/null) && [ -n "$pid" ] || return 1
    name=$(sed -n 's/^Name:\t//p' "/proc/$pid/status" 2>/dev/null)
    state=$(sed -n 's/^State:\t\(.\).*/\1/p' "/proc/$pid/status" 2>/dev/null)
    [ "$name" = "${2:0:15}" ] && [ "$state" != Z ]
}

# hf_end PIDFILE PROGRAM SECONDS: asks it to end, insists after SECONDS.
hf_end() {
    local pid tick
    if hf_alive "$1" "$2"; then
        pid=$(cat "$1")
        kill -TERM "$pid" 2>/dev/null || true
        for ((tick = 0; tick < $3 * 10; tick++)); do
            hf_alive "$1" "$2" || break
            sleep 0.1
        done
        ! hf_alive "$1" "$2" || kill -KILL "$pid" 2>/dev/null || true
    fi
    rm -f "$1"
}

# First free TCP port from $1 on.
hf_free_port() {
    local port=$1
    while [ -n "$(ss -Hltn "sport = :$port")" ]; do
        port=$((port + 1))
    done
    printf '%s\n' "$port"
}

# What the images are made from, below the clone: their revision and date are those of the last commit to it.
# shellcheck disable=SC2034 # for images and images.sh
hf_image_inputs=(
    CMakeLists.txt services appliance/base appliance/json tests/receiver api/civetweb
    image/images image/compile image/root image/debian.sh image/sbom.jq
)

hf_version() {
    sed -nE 's/^project\(holdfast VERSION ([0-9]+\.[0-9]+\.[0-9]+).*/\1/p' "$hf_root/CMakeLists.txt"
}

# The same of the packages.
# shellcheck disable=SC2034 # for package-build and package.sh
hf_package_sources=(CMakeLists.txt CHANGELOG.md SECURITY.md appliance api image services webui)

# hf_package_version DEBIAN: of the packages for it.
hf_package_version() { printf '%s-1~deb%su1\n' "${HF_PACKAGE_VERSION:-$(hf_version)}" "$1"; }

# git in this clone, also where root looks at a clone that belongs to somebody else.
hf_git() { git -c safe.directory="$hf_root" -C "$hf_root" "$@" 2>/dev/null; }

# A checksum over names and contents of files and folders below the clone.
hf_hash() {
    (
        cd "$hf_root"
        find "$@" -name node_modules -prune -o -name dist -prune -o -type f -print0 2>/dev/null |
            LC_ALL=C sort -z | xargs -0 -r sha256sum | sha256sum | cut -c1-64
    )
}
