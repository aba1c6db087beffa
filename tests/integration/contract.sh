#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# api/openapi.yaml against a running gateway, by contract.mjs, and the JSON Schemas beside it, by schemas.mjs.
# shellcheck source=../private-gateway.sh disable=SC2119
. "$(dirname "$0")/../private-gateway.sh"
gateway_new

has_packages() {
    local lock=$hf_root/tests/package-lock.json stamp=$hf_root/tests/node_modules/.lock-hash hash
    hash=$(sha256sum <"$lock")
    [ "$(cat "$stamp" 2>/dev/null)" = "$hash" ] && return 0
    (cd "$hf_root/tests" && "${HF_NPM:-npm}" ci --no-fund --no-audit)
    echo "$hash" >"$stamp"
}

answers_as_documented() {
    HF_RELEASE=$release HF_SCAN_DATA=$work/scan-data HF_SCAN_DATA_OLD=$work/scan-data-old \
        HF_URL=$gw_url HF_PASSWORD=$password HF_SETUP_CODE=$(sed -n 's/^setup_code=//p' "$gw_dir/out") \
        "$node" "$hf_root/tests/integration/contract.mjs" >"$work/contract.out" 2>&1 || {
        cat "$work/contract.out"
        return 1
    }
    note "$(tail -n 1 "$work/contract.out")"
}

files_fit_their_schemas() {
    "$node" "$hf_root/tests/integration/schemas.mjs" "$release" "$(dirname "$release")/release-python.json"
}

# Something of everything that is looked at: devices, records that wait (there is no receiver), one in quarantine.
devices_have_spoken() {
    local i
    wait_until 120 publish sensors/7/temp '{"t":21.5}'
    for i in {1..9}; do publish "sensors/$i/temp" "{\"t\":$i}"; done
    publish kind/text 'no JSON: {'
    publish "\$holdfast/forged" '1'
}

# Something is found in every image: no libc6 has such a version.
has_scan_data() {
    local date out
    printf 'Package: libc6\nSource: glibc\nVersion: 999\n' >"$work/Packages"
    printf 'VERSION 1\nCVE-2026-11,,x\n\nglibc,0,SHR ,,999\n\n' >"$work/debsecan"
    while read -r date out; do
        "$hf_build/release/appliance/scan/holdfast-scan" data --suite trixie-security --distro debian-13 --created "$date" \
            --debsecan "$work/debsecan" --out "$out" "$work/Packages"
    done <<EOF
2026-11-20T08:00:00Z $work/scan-data
2026-11-19T08:00:00Z $work/scan-data-old
EOF
}

check has_packages
check has_scan_data
check files_fit_their_schemas
check "a gateway" gateway_start
check devices_have_spoken
need
check "answers of all kinds are as documented" answers_as_documented
finish
