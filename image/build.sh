# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# holdfastd with the dashboard in it.
: "${hf_root:?}" "${hf_build:?}" "${hf_hint_apt:?}"

# shellcheck disable=SC2034 # for run.sh and tests.sh
hf_holdfastd=$hf_build/release/holdfastd
# shellcheck disable=SC2034
hf_docker_guard=$hf_build/release/holdfast-docker
# shellcheck disable=SC2034
hf_devices=$hf_build/release/tests/demo/holdfast-devices

# Files that say for which inputs something was made.
hf_made() { [ "$(cat "$hf_build/stamp/$1" 2>/dev/null)" = "$2" ]; }
hf_mark() {
    mkdir -p "$hf_build/stamp"
    printf '%s\n' "$2" >"$hf_build/stamp/$1"
}

# What package-lock.json pins, checked by its hashes. Not "npm ci": npm 11's refuses a lock file made where the
# registry does not offer the optional packages of other platforms.
hf_webui_modules() {
    cd "$hf_root/webui" || return
    rm -rf node_modules
    npm install --no-save --no-fund --no-audit
}
hf_webui_bundle() { cd "$hf_root/webui" && npm run build; }

hf_build_webui() {
    local lock sources
    lock=$(hf_hash webui/package-lock.json)
    if ! hf_made webui-modules "$lock" || [ ! -d "$hf_root/webui/node_modules" ]; then
        hf_step "the dashboard's packages from npm" npm "Is the npm registry reachable from here?" hf_webui_modules
        hf_mark webui-modules "$lock"
    fi
    sources=$(hf_hash webui api/openapi.yaml)
    if ! hf_made webui "$sources" || [ ! -f "$hf_root/webui/dist/index.html" ]; then
        hf_step "builds the dashboard" webui "The TypeScript compiler's messages are above." hf_webui_bundle
        hf_mark webui "$sources"
    fi
}

hf_build_civetweb() {
    hf_step "civetweb's source from Debian 13" civetweb "$hf_hint_apt" \
        "$hf_root/api/civetweb/fetch" "$hf_build/civetweb-src"
}

hf_compile() {
    cd "$hf_root" || return
    cmake --preset release
    cmake --build --preset release "$@"
}

# hf_build_daemon TARGET...: of the release preset
hf_build_daemon() {
    hf_build_civetweb
    hf_build_webui
    hf_step "builds holdfastd" cmake "The compiler's messages are above." hf_compile "${@/#/--target=}"
}
