#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# The dashboard of a gateway of its own in Chromium, by tests/e2e.
# HF_E2E='devices settings' runs only these of them; HF_SHOTS=FOLDER keeps a picture of each page and state in each look
# (tests/e2e/screens is where git does not see them).
# shellcheck source=../private-gateway.sh disable=SC2119
. "$(dirname "$0")/../private-gateway.sh"
# shellcheck source=../own/own.sh
. "$(dirname "$0")/../own/own.sh"
gateway_new
gw_allow=(--allow-capability NET_RAW)
# shellcheck source=../upgrade/variants.sh
. "$(dirname "$0")/../upgrade/variants.sh"

before_end() { [ ! -s "$work/vite.pid" ] || kill "$(cat "$work/vite.pid")" 2>/dev/null; }

after_end() {
    own_end
    variants_remove
}

# In an engine of its own the gateway has to fetch them first.
image_is_here() { docker image inspect "$(pinned "$release" "$1")" >/dev/null 2>&1; }

makes_releases() {
    mkdir -p "$work/releases"
    wait_until 120 image_is_here processor
    wait_until 120 image_is_here forwarder
    variant good-processor processor
    variant good-forwarder forwarder
    variant ends processor exit
    release_text next processor=good-processor forwarder=good-forwarder >"$work/releases/good.json"
    release_text worse processor=ends forwarder=good-forwarder >"$work/releases/bad.json"
    head -c 9000000 /dev/urandom >"$work/extra"
    variant_extra=$work/extra variant bundled processor
    layout_of bundled processor
    release_text bundled processor=bundled >"$work/releases/bundled.json"
    release_sign "$work/releases/bundled.json"
    "$hf_root/image/bundle.sh" "$work"/releases/bundled.json{,.minisig} "$work/oci" "$work/releases/bundled.bundle"
    head -c 8000000 "$work/releases/bundled.bundle" >"$work/releases/cut.bundle"
    release_text older forwarder=good-forwarder | jq -c '.counter -= 1' >"$work/releases/older.json"
    jq '.services.processor.tag = "latest"' "$work/releases/good.json" >"$work/releases/floating.json"
}

own=plc
viewer=watcher

with_an_own_service() {
    # shellcheck disable=SC2016 # for jq
    own_release '.services[$own] = app($port) + { title: "PLC adapter", networks: ["bus"], depends_on: ["broker"],
        health: { http: { port: $port, path: "/up" } }, relaxations: { capabilities: ["NET_RAW"] } }' \
        --arg own "$own" --argjson port 1502
}

# By the first of the programs, or here where that is not run.
is_claimed() { [ "$(api_get /claim .claimed)" = true ]; }

a_viewer_is_made() {
    if is_claimed; then gateway_login; else gateway_claim; fi
    api_is 201 POST /users "$(jq -nc --arg n "$viewer" --arg p "$password" '{name: $n, password: $p, role: "viewer"}')"
}

gallery_is_served() {
    gallery_port=$(free_port)
    echo "http://127.0.0.1:$gallery_port" >"$work/gallery"
    cd "$hf_root/webui"
    "$node" node_modules/vite/bin/vite.js --host 127.0.0.1 --port "$gallery_port" --strictPort >"$work/vite.log" 2>&1 &
    echo $! >"$work/vite.pid"
    disown
    wait_until 60 curl -fsS -o /dev/null "http://127.0.0.1:$gallery_port/gallery.html"
}

in_chromium() {
    [[ " ${HF_E2E:-$1} " == *" $1 "* ]] || return 0
    HF_URL=$gw_url HF_SETUP_CODE=$(sed -n 's/^setup_code=//p' "$gw_dir/out") HF_PASSWORD=$password \
        HF_FIELD_HOST=127.0.0.1 HF_FIELD_PORT=$gw_field HF_RECEIVER_URL=http://127.0.0.1:$gw_receiver \
        HF_INSTANCE=$gw HF_OWN=$own HF_VIEWER=$viewer HF_RELEASES=$work/releases \
        "$node" "$hf_root/tests/e2e/$1.mjs"
}

check own_image_make
need
with_an_own_service
check "a gateway" gateway_start
check "a receiver" receiver_start
check "releases to apply" makes_releases
need
rc=0
check gallery_is_served
HF_URL=$(cat "$work/gallery") "$node" "$hf_root/tests/e2e/gallery.mjs" || rc=1
in_chromium dashboard || rc=1
in_chromium tabs || rc=1
in_chromium data || rc=1
check a_viewer_is_made
in_chromium devices || rc=1
in_chromium services || rc=1
in_chromium pages || rc=1
in_chromium users || rc=1
in_chromium settings || rc=1
in_chromium releases || rc=1
in_chromium sources || rc=1 # after the others: the registry has a release of the same name and version as the one that runs
in_chromium reset || rc=1 # last: nobody has claimed the gateway then
[ "$rc" -eq 0 ] || gateway_keep_logs "$gw"
finish && [ "$rc" -eq 0 ]
