#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# What the images bring along is compared with what Debian's security suite has: as ./dev scan does it, and as a
# gateway does it with the containers that run.
# shellcheck source=../private-gateway.sh disable=SC2119
. "$(dirname "$0")/../private-gateway.sh"
# shellcheck source=../../image/lib.sh
. "$hf_root/image/lib.sh"
hf_hint_apt=none hf_images_dir=$hf_build/images
# shellcheck source=../../image/debian.sh
. "$hf_root/image/debian.sh"
# shellcheck source=../../image/scan.sh
. "$hf_root/image/scan.sh"
gateway_new
# shellcheck source=../upgrade/variants.sh
. "$(dirname "$0")/../upgrade/variants.sh"

after_end() { variants_remove; }

# A suite that has a newer openssl than the images, and an older zlib. Lines of a Packages file.
installed() { jq -r --arg name "$1" '.packages[] | select(.name == $name) | .versionInfo' "$hf_images_dir/forwarder.spdx.json"; }
openssl=$(installed libssl3t64)
suite_of() {
    cat <<EOF
Package: libssl3t64
Source: openssl
Version: $1

Package: zlib1g
Source: zlib
Version: 0.1
EOF
}

# In the form of the security tracker: one that is corrected, and one that the images' version has not.
debsecan_of() {
    printf 'VERSION 1\nCVE-2026-11,,a way in\nCVE-2026-12,,of old\n\n'
    printf 'openssl,0,SHR ,,%s+new\nopenssl,1,SL? ,,%s %s+new\nnobody,0,S   ,,\n\n' "$openssl" "$openssl" "$openssl"
}

data_is_made() {
    suite_of "$openssl+new" >"$work/new.Packages"
    suite_of "$openssl" >"$work/same.Packages"
    debsecan_of | "$node" -e 'process.stdout.write(require("zlib").deflateSync(require("fs").readFileSync(0)))' >"$work/debsecan"
    for one in new same; do
        "$hf_scan_tool" data --suite trixie-security --distro debian-13 --created "2026-11-2$([ $one = new ] && echo 0 || echo 1)T08:00:00Z" \
            --debsecan "$work/debsecan" --out "$work/$one" "$work/$one.Packages"
    done
    "$hf_scan_tool" data --suite trixie-security --distro debian-13 --created 2026-11-20T08:00:00Z \
        --debsecan <(debsecan_of) --out "$work/again" "$work/new.Packages"
    cmp "$work/new" "$work/again"
    expect "vulnerabilities" "$(grep '^v ' "$work/new")" "v CVE-2026-11 H R -
v CVE-2026-12 L ? - $openssl"
}

scan_is() {
    local status=$1 rc=0
    shift
    hf_scan_images "$@" >"$work/table" || rc=$?
    cat "$work/table"
    expect "exit status" "$rc" "$status"
}

settings() { jq -nc --arg id "$1" --arg expires "$2" '{policy: {high: "block"}, accept: [{id: $id, reason: "no way in", expires: $expires}]}'; }

images_are_compared() {
    local line="forwarder +openssl +${openssl//+/\\+} +${openssl//+/\\+}\+new +high"
    scan_is 0 "$work/new" ''
    expect_match "the finding" "$(cat "$work/table")" "^$line +warn +CVE-2026-11$"
    echo '{"policy":{"high":"block"}}' >"$work/settings"
    scan_is 1 "$work/new" "$work/settings"
    expect_match "the finding" "$(cat "$work/table")" "^$line +block +CVE-2026-11$"
    settings CVE-2026-11 2999-01-01T00:00:00Z >"$work/settings"
    scan_is 0 "$work/new" "$work/settings"
    expect_match "the finding" "$(cat "$work/table")" "^$line +accept +CVE-2026-11$"
    settings CVE-2026-11 2026-11-01T00:00:00Z >"$work/settings"
    scan_is 1 "$work/new" "$work/settings"
    scan_is 0 "$work/same" "$work/settings"
    expect_fail grep openssl "$work/table"
}

every_package_of_the_images_is_covered() {
    scan_is 0 "$work/new" ''
    expect "images" "$(grep -c ' 0 not covered' "$work/table")" "$(wc -l <"$hf_images_dir/index.txt")"
}

# The real index: whatever it says of the images today.
todays_suite_can_be_read() {
    local rc=0
    hf_scan_dir=$work/today hf_scan_data=$work/today/data
    mkdir -p "$hf_scan_dir"
    if ! hf_scan_fetch; then
        note "Debian's mirrors cannot be reached from here: left out"
        return 0
    fi
    hf_scan_make
    hf_scan_images "$hf_scan_data" '' >"$work/table" || rc=$?
    expect "exit status" "$rc" 0
    note "$(head -n 1 "$work/table"), $(grep -cE ' (warn|block) ' "$work/table") findings"
}

# --- a gateway

starts() {
    gateway_start
    gateway_claim
    wait_until 120 all_have_containers
}
all_have_containers() { api GET /services | jq -e '.services | length == 4 and all(.state == "running")'; }

# give STATUS FILE [QUERY]
give() {
    curl -ks --max-time 60 -X PUT -b "$gw_dir/jar" -H 'Content-Type: application/octet-stream' --data-binary "@$2" \
        -o "$work/body" -w '%{http_code}' "$gw_url/api/v1/scan/data${3:-}" >"$work/status"
    expect "status ($(head -c 300 "$work/body"))" "$(cat "$work/status")" "$1"
}

without_data_it_says_so() {
    expect "data" "$(api_get /scan '[.data, .problem] | @json')" '[null,"there is no scan data yet"]'
}

what_runs_is_compared() {
    give 200 "$work/new"
    cp "$work/body" "$work/answer"
    api_is 200 GET /scan
    expect "services" "$(jq -c '[.services[] | [.service, .problem, (.result.packages > 20), .result.not_covered]] | sort' "$work/body")" \
        '[["broker",null,true,0],["buffer",null,true,0],["forwarder",null,true,0],["processor",null,true,0]]'
    jq -e --arg id "openssl/$openssl+new" '.services[] | select(.service == "forwarder") | .result
        | .verdict == "warn" and ([.findings[].id] == [$id]) and .findings[0].severity == "high"
          and (.findings[0].packages | index("libssl3t64"))' "$work/body"
    jq -e '.services | length == 4' "$work/answer"
    api_get '/audit?limit=1' '.entries[0].what' | grep '^took scan data of trixie-security from 2026-11-20'
}

a_damaged_file_changes_nothing() {
    head -c -5 "$work/same" >"$work/cut"
    give 422 "$work/cut"
    sed 's/openssl/openssh/' "$work/same" >"$work/changed"
    give 422 "$work/changed"
    expect "date" "$(api_get /scan .data.created)" 2026-11-20T08:00:00.000Z
    expect "files" "$(ls "$gw_state/scan")" data
}

findings_go_with_new_data_and_come_with_old() {
    give 200 "$work/same"
    expect "findings" "$(jq -c '[.services[].result.findings[].source] | unique' "$work/body")" '[]'
    give 409 "$work/new"
    give 200 "$work/new" '?older=true'
    expect "findings" "$(jq -c '[.services[].result.findings[].source] | unique' "$work/body")" '["openssl"]'
}

patch_scan() {
    curl -ks --max-time 30 -X PATCH -b "$gw_dir/jar" -H 'Content-Type: application/merge-patch+json' -H 'If-Match: *' \
        --data-binary "{\"scan\":$1}" -o "$work/body" -w '%{http_code}' "$gw_url/api/v1/config" >"$work/status"
    expect "status ($(cat "$work/body"))" "$(cat "$work/status")" 200
}

the_policy_of_the_configuration_counts() {
    local verdict='.services[] | select(.service == "forwarder") | .result.verdict'
    patch_scan '{"policy":{"high":"block"}}'
    expect "verdict" "$(api_get /scan "$verdict")" block
    patch_scan "$(settings CVE-2026-11 2999-01-01T00:00:00Z)"
    expect "verdict" "$(api_get /scan "$verdict")" accept
    patch_scan "$(settings CVE-2026-11 2026-11-01T00:00:00Z)"
    expect "verdict" "$(api_get /scan "$verdict")" block
}

it_is_there_after_a_kill() {
    gateway_end_daemon KILL
    : >"$gw_state/scan/data.new"
    gateway_start
    gateway_login
    wait_until 60 all_have_containers
    expect "findings" "$(api_get /scan '[.services[].result.findings[].source] | unique | @json')" '["openssl"]'
    expect "files" "$(ls "$gw_state/scan")" data
}

# Beside the images, as ./dev release does it.
sbom_is_in_the_registry() {
    local place
    place=$(curl -fsS -o /dev/null -D - -X POST "http://$registry/v2/$variant_path/release/blobs/uploads/" | tr -d '\r' |
        sed -n 's/^[Ll]ocation: //p')
    curl -fsS -o /dev/null -X PUT -H 'Content-Type: application/octet-stream' --data-binary "@$1" \
        "$place$(grep -q '?' <<<"$place" && echo '&' || echo '?')digest=$2"
}

plan_of_next() { api_is 200 POST "/releases/$(id_of next)/plan"; }

# Its image is not here yet: the SBOM comes from the registry.
a_release_is_judged_before_it_comes() {
    local digest
    digest=sha256:$(sha256sum <"$hf_images_dir/forwarder.spdx.json" | cut -c1-64)
    variant next forwarder
    sbom_is_in_the_registry "$hf_images_dir/forwarder.spdx.json" "$digest"
    jq -c --arg sbom "$digest" '.platforms[].sbom = $sbom' "$work/pin.next" >"$work/pin.documented"
    release_of next forwarder=documented
    plan_of_next
    jq -e --arg id "openssl/$openssl+new" '.possible == false and (.obstacles | length == 1)
        and (.obstacles[0] | test("forwarder.* known vulnerabilities that the policy blocks.*openssl"))
        and (.scan.services[] | select(.service == "forwarder") | .result.findings[0].id == $id)' "$work/body"
    curl -ks --max-time 30 -X POST -b "$gw_dir/jar" -H 'If-Match: *' -o "$work/body" -w '%{http_code}' \
        "$gw_url/api/v1/releases/$(id_of next)/apply" >"$work/status"
    expect "status of the apply ($(cat "$work/body"))" "$(cat "$work/status")" 409
    patch_scan "$(settings "openssl/$openssl+new" 2999-01-01T00:00:00Z)"
    plan_of_next
    jq -e '.possible and (.scan.services[] | select(.service == "forwarder") | .result.findings[0].acceptance.reason == "no way in")' \
        "$work/body"
    patch_scan "$(settings CVE-2026-11 2026-11-01T00:00:00Z)"
}

check data_is_made
need
check images_are_compared
check every_package_of_the_images_is_covered
check todays_suite_can_be_read
check "a gateway" starts
need
check without_data_it_says_so
check what_runs_is_compared
check a_damaged_file_changes_nothing
check findings_go_with_new_data_and_come_with_old
check the_policy_of_the_configuration_counts
check a_release_is_judged_before_it_comes
check it_is_there_after_a_kill
finish
