#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# api/openapi.yaml against a running gateway, by contract.mjs, and the JSON Schemas beside it, by schemas.mjs.
# shellcheck source=../private-gateway.sh disable=SC2119
. "$(dirname "$0")/../private-gateway.sh"
gateway_new

answers_as_documented() {
    HF_OUT=$work HF_RELEASE=$release HF_SCAN_DATA=$work/scan-data HF_SCAN_DATA_OLD=$work/scan-data-old \
        HF_SAYS=$gw_dir/out HF_URL=$gw_url HF_PASSWORD=$password HF_SETUP_CODE=$(sed -n 's/^setup_code=//p' "$gw_dir/out") \
        "$node" "$hf_root/tests/integration/contract.mjs" >"$work/contract.out" 2>&1 || {
        cp "$work/contract.out" "$hf_build/log/" # all of it
        cat "$work/contract.out"
        return 1
    }
    note "$(tail -n 1 "$work/contract.out")"
}

contract_is_as_spectral_wants_it() {
    "$node" "$hf_root/tests/integration/spectral.mjs" >"$work/spectral" || {
        cat "$work/spectral"
        return 1
    }
    note "$(tail -n 1 "$work/spectral")"
}

files_fit_their_schemas() {
    "$node" "$hf_root/tests/integration/schemas.mjs" "$release" "$(dirname "$release")/release-python.json"
}

# The older form by Prometheus's own linter, the newer one by the strict parser of its Python client.
figures_are_what_prometheus_reads() {
    promtool check metrics <"$work/metrics.classic"
    /usr/bin/python3 - "$work/metrics.open" <<'EOF'
import sys
from prometheus_client.openmetrics.parser import text_string_to_metric_families
families = list(text_string_to_metric_families(open(sys.argv[1], encoding="utf-8").read()))
assert len(families) > 50, len(families)
assert all(f.documentation for f in families)
series = sum(len(f.samples) for f in families)
assert series < 2000, series
print(f"note: {len(families)} families of figures, {series} series")
EOF
}

# Secrets of the configuration, what proves who somebody is, and what the services prove themselves with.
diagnostics_hold_no_secret() {
    local one all
    mkdir -p "$work/bundle"
    tar -xzf "$work/diagnostics.tar.gz" -C "$work/bundle"
    mapfile -t all < <(
        cat "$gw_secrets"/services/*/credentials.json | jq -r '.. | strings | select(length >= 16)'
        sed -n 's/^setup_code=//p' "$gw_dir/out"
        printf '%s\n' s3cret- "$password" __Host-holdfast= "PRIVATE KEY"
    )
    [ "${#all[@]}" -gt 8 ]
    for one in "${all[@]}"; do expect_fail grep -rlF -e "$one" "$work/bundle"; done
    note "looked for ${#all[@]} secrets"
}

diagnostics_hold_what_helps() {
    local service
    for service in "${services[@]}"; do [ -s "$work/bundle/logs/$service-000.log" ]; done
    jq -e '.sinks | any(.password == "***")' "$work/bundle/config.json"
    jq -e '.entries | any(.what | test("changed the configuration"))' "$work/bundle/audit.json"
    jq -e '.services | length == 4' "$work/bundle/services.json"
    jq -e .operations "$work/bundle/operations.json"
    jq -e .alarms "$work/bundle/alarms.json"
    jq -e .incidents "$work/bundle/incidents.json"
    jq -e .engine.version "$work/bundle/gateway.json"
    grep -q '^# EOF' "$work/bundle/metrics.txt"
    grep -q '^MemTotal' "$work/bundle/host.txt"
    expect "errors" "$(cat "$work/bundle/errors.txt")" ""
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

# --- a restart, and a recovery by whoever has the box

# The session is there; what cannot be taken back wants the password, once.
a_restart_asks_for_the_password() {
    local ann='{"name":"ann","password":"a battery of ann","role":"viewer"}'
    gateway_end_daemon # which forgets who guessed wrong
    gateway_start
    gateway_login
    gateway_end_daemon
    gateway_start
    api_is 403 POST /users "$ann"
    expect "type" "$(jq -r .type "$work/body")" /api/docs/problems#password-needed
    api_is 403 POST /releases/rollback
    gateway_prove
    api_is 201 POST /users "$ann"
}

recovery_restart() {
    mkdir -p "$gw_dir/recovery/holdfast"
    printf '%s' "$1" >"$gw_dir/recovery/holdfast/recovery.json"
    gateway_end_daemon
    gateway_start --provision "$gw_dir/recovery"
}

is_claimed() { expect "claimed" "$(api_get /claim .claimed)" "$1"; }

a_recovery_file_lets_in_once() {
    local code='{"setup_code":"7KQM-X3PA-92HV","password":"another battery"}'
    recovery_restart '{"format":1,"gateway":"hf-ffffffff","setup_code":"7KQM-X3PA-92HV"}'
    is_claimed true
    expect_match "log" "$(tail -n 50 "$gw_dir/log")" 'is another gateway'
    recovery_restart '{"format":1,"setup_code":"7KQM-X3PA-92HV"}'
    is_claimed false
    gateway_login # nothing is lost until somebody types the code
    cp "$gw_dir/jar" "$work/old-jar"
    api_is 201 POST /claim "$code"
    is_claimed true
    expect "the session of before" \
        "$(curl -ks -o /dev/null -w '%{http_code}' -b "$work/old-jar" "$gw_url/api/v1/session")" 401
    api GET /audit | jq -e 'any(.entries[]; .who == "recovery")'
    recovery_restart '{"format":1,"setup_code":"7KQM-X3PA-92HV"}' # the stick was left in
    is_claimed true
    api_is 409 POST /claim "$code"
}

check has_packages
check contract_is_as_spectral_wants_it
check has_scan_data
check files_fit_their_schemas
check "a gateway" gateway_start
check devices_have_spoken
check "an incident" kill_service forwarder
need
check "answers of all kinds are as documented" answers_as_documented
check a_restart_asks_for_the_password
check a_recovery_file_lets_in_once
check figures_are_what_prometheus_reads
check diagnostics_hold_no_secret
check diagnostics_hold_what_helps
finish
