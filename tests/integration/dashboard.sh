#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# The dashboard of a gateway of its own in Chromium, by tests/e2e.
# shellcheck source=../private-gateway.sh disable=SC2119
. "$(dirname "$0")/../private-gateway.sh"
gateway_new
# shellcheck source=../upgrade/variants.sh
. "$(dirname "$0")/../upgrade/variants.sh"

dashboard_end() {
    local rc=$?
    trap - EXIT
    gateway_remove "$gw"
    variants_remove
    (exit "$rc")
    harness_end
}
trap dashboard_end EXIT

makes_releases() {
    mkdir -p "$work/releases"
    variant good-processor processor
    variant good-forwarder forwarder
    variant ends processor exit
    release_text 2026.12.0 processor=good-processor forwarder=good-forwarder >"$work/releases/good.json"
    release_text 2026.12.1 processor=ends forwarder=good-forwarder >"$work/releases/bad.json"
    jq '.services.processor.tag = "latest"' "$work/releases/good.json" >"$work/releases/floating.json"
}

in_chromium() {
    HF_URL=$gw_url HF_SETUP_CODE=$(sed -n 's/^setup_code=//p' "$gw_dir/out") HF_PASSWORD=$password \
        HF_FIELD_HOST=127.0.0.1 HF_FIELD_PORT=$gw_field HF_RECEIVER_URL=http://127.0.0.1:$gw_receiver \
        HF_INSTANCE=$gw HF_RELEASES=$work/releases \
        "$node" "$hf_root/tests/e2e/$1.mjs"
}

check "a gateway" gateway_start
check "a receiver" receiver_start
check "releases to apply" makes_releases
need
rc=0
in_chromium dashboard || rc=1
in_chromium data || rc=1
in_chromium services || rc=1
in_chromium releases || rc=1
finish && [ "$rc" -eq 0 ]
