# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# What must be on the machine: Debian packages and Node.js. Nothing is asked of the network when all is there.
: "${hf_build:?}"

hf_hint_apt="Are Debian's mirrors reachable from here, and does 'apt-get update' work?"

# Pinned, so that every machine builds the dashboard with the same ones.
hf_node_version=22.23.3
hf_npm_version=10.9.9

hf_packages_run=(
    ca-certificates curl jq git patch xz-utils openssl procps util-linux mount iproute2
    docker.io iptables docker-registry minisign
    gcc libc6-dev cmake ninja-build pkg-config dpkg-dev
    libmosquitto-dev mosquitto-dev libsqlite3-dev libcurl4-openssl-dev libcjson-dev libcmocka-dev libsodium-dev
    libssl-dev libzstd-dev zlib1g-dev
    mmdebstrap debian-archive-keyring gpgv
    mosquitto-clients
)
# One clang on every Debian: what it warns of, and how it formats, differs from version to version.
hf_packages_test=(
    mosquitto sqlite3 libfaketime chromium systemd socat groff-base lintian
    prometheus python3-prometheus-client
    clang-19 libclang-rt-19-dev clang-format-19 clang-tidy-19 shellcheck
)

# Prints those of the given packages that are not installed. Others may have put the same program there
# (Docker's own packages, say): then Debian's is not asked for.
hf_packages_missing() {
    local name have
    have=" $(dpkg-query -W -f '${db:Status-Status} ${Package}\n' 2>/dev/null | sed -n 's/^installed //p' | tr '\n' ' ')"
    for name in "$@"; do
        case $name in
        docker.io) if command -v dockerd >/dev/null && command -v docker >/dev/null; then continue; fi ;;
        esac
        case $have in
        *" $name "*) ;;
        *) echo "$name" ;;
        esac
    done
}

# Services that come with the packages are not wanted as services: ./dev starts what it needs, when it does.
hf_units=(docker.service docker.socket containerd.service docker-registry.service mosquitto.service
    prometheus.service prometheus-node-exporter.service nginx.service)

hf_install() {
    local policy=/usr/sbin/policy-rc.d made='' unit before=()
    if [ ! -e "$policy" ]; then
        printf '#!/bin/sh\nexit 101\n' >"$policy"
        chmod 755 "$policy"
        made=1
    fi
    # shellcheck disable=SC2064 # the name is known now and local
    [ -z "$made" ] || trap "rm -f $policy" EXIT
    for unit in "${hf_units[@]}"; do
        [ ! -e "/lib/systemd/system/$unit" ] || before+=("$unit")
    done
    export DEBIAN_FRONTEND=noninteractive
    apt-get -q update
    apt-get -q -y --no-install-recommends install "$@"
    if [ -d /run/systemd/system ]; then
        for unit in "${hf_units[@]}"; do
            case " ${before[*]} " in
            *" $unit "*) ;;
            *) [ ! -e "/lib/systemd/system/$unit" ] || systemctl disable "$unit" || true ;;
            esac
        done
    fi
}

# True for a Node.js that the dashboard's build runs on: 20.19 or later of 20, or 22.12 and later.
hf_node_good() {
    local major minor
    IFS=. read -r major minor _ <<<"$("$1" --version 2>/dev/null | tr -d v)"
    [ -n "${major:-}" ] || return 1
    { [ "$major" -eq 20 ] && [ "$minor" -ge 19 ]; } || { [ "$major" -eq 22 ] && [ "$minor" -ge 12 ]; } ||
        [ "$major" -gt 22 ]
}

# npm has the binary in a package per architecture; the one called "node" fetches it in an install script, which
# newer npm does not run. Debian's npm needs Debian's Node.js, so a newer one gets its own npm.
hf_node_fetch() {
    local dir=$hf_build/node.new arch
    case $(uname -m) in
    x86_64) arch=x64 ;;
    aarch64) arch=arm64 ;;
    *)
        echo "npm has no Node.js for $(uname -m)"
        return 1
        ;;
    esac
    rm -rf "$dir"
    mkdir -p "$dir"
    npm install --prefix "$dir" --no-save --no-fund --no-audit --ignore-scripts \
        "node-linux-$arch@$hf_node_version" "npm@$hf_npm_version"
    "$dir/node_modules/.bin/node" --version
    rm -rf "$hf_build/node"
    mv "$dir" "$hf_build/node"
}

# Puts a Node.js that is new enough, and npm, first on PATH.
hf_node_path() {
    local fetched=$hf_build/node/node_modules/.bin
    if command -v npm >/dev/null && hf_node_good node; then
        return 0
    fi
    if hf_node_good "$fetched/node"; then
        export PATH="$fetched:$PATH"
        return 0
    fi
    return 1
}

hf_setup_node() {
    local missing
    hf_node_path && return 0
    mapfile -t missing < <(hf_packages_missing nodejs npm)
    if ! command -v npm >/dev/null && [ "${#missing[@]}" -gt 0 ]; then
        hf_say "  +  installs ${missing[*]}"
        hf_step "Debian packages for Node.js" node-packages "$hf_hint_apt" hf_install "${missing[@]}"
        hf_node_path && return 0
    fi
    hf_say "  +  installs Node.js $hf_node_version into build/node (this machine's is $(node --version))"
    hf_step "Node.js $hf_node_version from the npm registry" node "Is the npm registry reachable from here?" hf_node_fetch
    hf_node_path
}

# hf_setup [test [PACKAGE...]]: everything a run needs; with "test" also what only tests need, and those packages.
hf_setup() {
    local missing wanted=("${hf_packages_run[@]}" "${@:2}")
    command -v dpkg-query >/dev/null || hf_die "this is not a Debian machine" "Holdfast is built on Debian 12 or 13."
    if [ "${1:-}" = test ]; then
        wanted+=("${hf_packages_test[@]}")
    fi
    mapfile -t missing < <(hf_packages_missing "${wanted[@]}")
    if [ "${#missing[@]}" -gt 0 ]; then
        hf_say "  +  installs ${missing[*]}"
        hf_step "Debian packages (${#missing[@]})" packages "$hf_hint_apt" hf_install "${missing[@]}"
    fi
    # Debian 13 has the command apart from the engine.
    if ! command -v docker >/dev/null; then
        hf_say "  +  installs docker-cli"
        hf_step "Debian package docker-cli" docker-cli "$hf_hint_apt" hf_install docker-cli
    fi
    hf_setup_node
}
