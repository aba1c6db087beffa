# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# What all scripts of tests share: checks that count, waiting without a clock in the assertion, and the
# environment ./dev gives. A script sources this, defines its tests as functions and lists them at its end:
#
#     check pain_05_corrupt_store_is_set_aside           # runs the function of that name
#     check "a title" command arguments...               # or a command
#
# Each check runs in a subshell with `set -e`: every line of it is an assertion, and variables do not leave it.
# So `check` itself must not stand in a condition. Scripts run without -e themselves.
set -uo pipefail

hf_root=${HF_ROOT:-$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)}
hf_build=${HF_BUILD:-$hf_root/build}
# shellcheck disable=SC2034 # for gateway.sh and the tests
{
    holdfastd=${HF_HOLDFASTD:-$hf_build/release/holdfastd}
    release=${HF_RELEASE:-$hf_build/release.json}
    registry=${HF_REGISTRY:-127.0.0.1:$(cat "$hf_build/registry/port" 2>/dev/null)}
    release_keys=$hf_build/release-key
    receiver_pin=${HF_RECEIVER:-$hf_build/receiver.json}
    docker_socket=${HF_DOCKER_SOCKET:-/var/run/docker.sock}
    docker_guard=$(dirname "$holdfastd")/holdfast-docker
    node=${HF_NODE:-node}
    tool_dir=${HF_TOOLS:-$hf_build/release/tests/receiver}
    checker=$hf_build/release/tests/checker/holdfast-checker
    services=(broker buffer processor forwarder)
}

work=$(mktemp -d "${TMPDIR:-/tmp}/hft.XXXXXX")
suite=$(basename "$0" .sh)
checks_failed=0
checks_passed=0

# check NAME [COMMAND...]
check() {
    local name=$1 rc=0 out=$work/check.out
    shift
    [ $# -gt 0 ] || set -- "$name"
    (
        trap - EXIT
        trap 'echo "failed at ${BASH_SOURCE##*/}:$LINENO: $BASH_COMMAND"' ERR
        set -eE
        "$@"
    ) >"$out" 2>&1
    rc=$?
    if [ "$rc" -eq 0 ]; then
        checks_passed=$((checks_passed + 1))
        printf 'ok - %s: %s\n' "$suite" "$name"
        sed -n 's/^note: /    /p' "$out"
    else
        checks_failed=$((checks_failed + 1))
        printf 'not ok - %s: %s\n' "$suite" "$name"
        tail -n 25 "$out" | sed 's/^/    /'
    fi
    return "$rc"
}

# A line that is shown also where the check passes: figures, seeds, why something was left out.
note() { printf 'note: %s\n' "$*"; }

# Ends the script where what follows makes no sense after a failure.
need() { [ "$checks_failed" -eq 0 ] || exit 1; }

finish() {
    printf '# %s: %d passed, %d failed, %d s\n' "$suite" "$checks_passed" "$checks_failed" "$SECONDS"
    [ "$checks_failed" -eq 0 ]
}

# expect WHAT ACTUAL WANTED
expect() {
    [ "$2" = "$3" ] && return 0
    printf '%s\n    is      %s\n    expected %s\n' "$1" "$2" "$3"
    return 1
}

# expect_match WHAT TEXT REGEX (extended, any line)
expect_match() {
    grep -Eq -- "$3" <<<"$2" && return 0
    printf '%s\n    is       %s\n    expected /%s/\n' "$1" "$2" "$3"
    return 1
}

# expect_fail COMMAND...: it must fail; its output goes on.
expect_fail() {
    if "$@"; then
        echo "should have failed: $*"
        return 1
    fi
}

# wait_until SECONDS COMMAND...: until it succeeds. SECONDS are a deadline that a loaded machine meets too, not an
# expectation.
wait_until() {
    local deadline=$((SECONDS + $1)) seconds=$1 out
    shift
    until out=$("$@" 2>&1); do
        if [ "$SECONDS" -ge "$deadline" ]; then
            printf 'waited %s s in vain for: %s\n%s\n' "$seconds" "$*" "$out"
            return 1
        fi
        sleep 0.1
    done
}

# stays SECONDS COMMAND...: succeeds now and at every look for so long.
stays() {
    local deadline=$((SECONDS + $1))
    shift
    while [ "$SECONDS" -lt "$deadline" ]; do
        "$@" || return 1
        sleep 0.2
    done
}

# A TCP port that nobody listens on, below the ephemeral ones so that no client takes it meanwhile.
free_port() {
    local port
    while :; do
        port=$((RANDOM % 10000 + 20000))
        [ -n "$(ss -Hltn "sport = :$port")" ] || break
    done
    echo "$port"
}

platform() { dpkg --print-architecture; }

# pinned FILE SERVICE: the image id that a release has for this machine.
pinned() { jq -r --arg s "$2" --arg p "$(platform)" '.services[$s].platforms[$p].config' "$1"; }

now_ms() { date +%s%3N; }

# has_packages [FOLDER]: what package.json of tests/ or of that folder in it names is there, and nothing older. Not by
# "npm ci": see hf_webui_modules in image/build.sh.
has_packages() {
    local dir=$hf_root/tests${1:+/$1} hash
    hash=$(sha256sum <"$dir/package-lock.json")
    [ "$(cat "$dir/node_modules/.lock-hash" 2>/dev/null)" = "$hash" ] && return 0
    (cd "$dir" && rm -rf node_modules && "${HF_NPM:-npm}" install --no-save --no-fund --no-audit --ignore-scripts)
    echo "$hash" >"$dir/node_modules/.lock-hash"
}

# The machine's own address: ports on 127.0.0.1 that Docker publishes are gone while dockerd is.
host_address() {
    local address
    address=$(ip -4 route get 192.0.2.1 2>/dev/null | sed -nE 's/.* src ([0-9.]+).*/\1/p')
    echo "${address:-127.0.0.1}"
}

# A process that has ended but was not yet waited for is gone too.
is_gone() { case $(sed 's/.*) //' "/proc/$1/stat" 2>/dev/null) in '' | Z*) ;; *) return 1 ;; esac }
is_alive() { ! is_gone "$1"; }
