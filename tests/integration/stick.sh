#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# A stick, from the folder that it is mounted at to the report on it, with holdfastd and holdfast-stick as they are. (That
# it is found by its label, mounted as FAT and pulled out is for a machine of its own: image tests.)
# shellcheck source=../private-gateway.sh disable=SC2119
. "$(dirname "$0")/../private-gateway.sh"
gateway_new
# shellcheck source=../upgrade/variants.sh
. "$(dirname "$0")/../upgrade/variants.sh"

holdfast=$hf_build/release/holdfast
holdfast_stick=$hf_build/release/holdfast-stick
holdfast_network=$hf_build/release/holdfast-network
ssh_key='ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIFL2Ey/u1sT81tBME52e2lDSb3ozMN4NLogFZfxg/Y7b me@desk'
gw_uplink=
stick=$work/stick
mkdir -p "$stick/holdfast"

after_end() {
    network_hand_end
    variants_remove
}

# plugs_in: as the unit of udev's rule does, but for mounting; what it says is in $work/said.
plugs_in() {
    "$holdfast_stick" --mounted "$stick" --dir "$gw_dir/stick" --run "$gw_secrets" --etc "$gw_dir/etc" \
        --group "$(id -gn)" --issue "$gw_dir/issue" --patience "${1:-30}" 2>"$work/said" || {
        cat "$work/said"
        return 1
    }
}
# writes JQ-FILTER: provision.json of that.
writes() { jq -n "$@" >"$stick/holdfast/provision.json"; }
report_text() { tr -d '\r' <"$(echo "$stick"/holdfast/report-hf-*.txt)"; }
report_json() { jq -r "$1" "$(echo "$stick"/holdfast/report-hf-*.json)"; }
result() { report_json ".files[] | select(.file == \"${2:-provision.json}\") | .result == \"$1\""; }
is_called() { expect "name" "$(api_get /claim .name)" "$1"; }

starts_without_a_stick() {
    gateway_start --stick "$gw_dir/stick" --provision-passphrase "$work/passphrase"
    wait_until 30 test -e "$gw_secrets/stick.json"
    expect "its answer" "$(jq -r .id "$gw_secrets/stick.json")" ""
}

a_bad_stick_is_explained_and_changes_nothing() {
    printf '{\n"format": 1,\n"name": "Two Words",\n"nmae": 1,\n"uplink": {"url": "ftp://x"}\n}\n' >"$stick/holdfast/provision.json"
    expect_fail "$holdfast" provision check "$stick" >"$work/checked"
    plugs_in
    expect "result" "$(result refused)" true
    expect_match "report" "$(report_text)" 'provision.json: REFUSED. Nothing was changed'
    expect_match "report" "$(report_text)" 'line 3, column 1: /name: '
    expect_match "report" "$(report_text)" 'line 4, column 1: /nmae: unknown field'
    expect_match "report" "$(report_text)" 'line 5, column 12: /uplink/url: '
    expect_match "console" "$(cat "$work/said")" 'line 4, column 1: /nmae'
    is_called holdfast
    # what the desk said is what the gateway says
    "$holdfast" provision check --json "$stick" >"$work/checked" || true
    expect "errors at the desk" "$(jq -c '[.files[0].errors[] | [.line, .column, .pointer, .detail]]' "$work/checked")" \
        "$(report_json '[.files[0].errors[] | [.line, .column, .pointer, .detail]] | tojson')"
}

# --- every bad stick. What takes a device (two at once, another label, a FAT that cannot be read, one that is pulled out) is in
# tests/unit/stick/test_take.c, and with a real one in ./dev soak boot.

# is_named REGEX: the stick as it is now; on the console and in the report, and nothing is changed.
is_named() {
    local before
    before=$(what_is_kept)
    rm -f "$stick"/holdfast/report-*
    plugs_in
    expect_match "console" "$(cat "$work/said")" "$1"
    expect_match "report" "$(report_text)" "$1"
    expect_match "report" "$(report_text)" 'Nothing was changed|NOTHING WAS CHANGED'
    expect "what is kept" "$(what_is_kept)" "$before"
    rm -rf "$stick/holdfast/provision.json"
}
what_is_kept() {
    sqlite3 -readonly "$gw_state/holdfast.db" .dump |
        sed -nE '/INSERT INTO "?(settings|account|release|known_release|setup_code|provision|device_account)"? /p'
}

nothing_on_it() {
    rm -f "$stick/holdfast/provision.json"
    is_named 'there is neither holdfast/provision.json nor'
}
a_file_of_4_gb() {
    truncate -s 4294967295 "$stick/holdfast/provision.json"
    is_named 'holdfast/provision.json: it is larger than 65536 bytes'
}
a_link_out() {
    ln -s /etc/passwd "$stick/holdfast/provision.json"
    is_named "'provision.json' is a symbolic link"
}
a_loop() {
    ln -s provision.json "$stick/holdfast/provision.json"
    is_named "'provision.json' is a symbolic link"
}
utf_16() {
    echo '{"format": 1, "name": "wide"}' | iconv -t UTF-16 >"$stick/holdfast/provision.json"
    is_named 'this is UTF-16, not UTF-8 text: save it as UTF-8'
}
a_member_twice() {
    printf '{"format": 1,\n"name": "a",\n"name": "b"}\n' >"$stick/holdfast/provision.json"
    is_named 'line 3, column 1: /name: is there twice, first in line 2'
}
an_ssh_key_with_options() {
    # shellcheck disable=SC2016 # for jq
    writes --arg key "command=\"/bin/sh\" $ssh_key" '{format: 1, ssh: {keys: [$key]}}'
    is_named 'line [0-9]+, column [0-9]+: /ssh/keys/0: must begin with the type of the key: options before it are not taken'
    expect_fail test -e "$gw_dir/etc/holdfast/ssh_keys"
}
# As a stick's that is there no more, each read of it fails.
pulled_out_while_it_is_read() {
    touch "$stick/holdfast/provision.json"
    mount --bind "/proc/$$/mem" "$stick/holdfast/provision.json"
    plugs_in
    umount "$stick/holdfast/provision.json"
    expect_match "console" "$(cat "$work/said")" 'holdfast/provision.json: it cannot be read: the stick was pulled out, or is broken'
    expect_match "report" "$(report_text)" 'NOTHING WAS CHANGED: holdfast/provision.json: it cannot be read'
    is_called holdfast
    rm "$stick/holdfast/provision.json"
}
a_wrong_registry() {
    writes '{format: 1, registry: {host: "http://registry example"}}'
    is_named 'line [0-9]+, column [0-9]+: /registry/host: '
}

faketime_library() { find /usr/lib -path '*/faketime/libfaketime.so.1' 2>/dev/null | head -n 1; }

# certificate NAME [COMMAND...]: key and certificate of that name, made under a command.
certificate() {
    local name=$1
    shift
    "$@" openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 30 -subj /CN=gw.example \
        -addext subjectAltName=DNS:gw.example -keyout "$work/$name.key" -out "$work/$name.pem" 2>/dev/null
}
writes_certificate() {
    # shellcheck disable=SC2016 # for jq
    writes --rawfile c "$work/$1.pem" --rawfile k "$work/$2.key" '{format: 1, certificate: {certificate: $c, key: $k}}'
}
an_expired_certificate() {
    [ -n "$(faketime_library)" ]
    certificate old env LD_PRELOAD="$(faketime_library)" FAKETIME=-2y
    writes_certificate old old
    is_named '/certificate/certificate: one in it ended at '
}
a_key_that_does_not_match() {
    certificate one
    certificate other
    writes_certificate one other
    is_named '/certificate/key: it is not the key of the first certificate'
}

# It cannot take a report, so the console has all.
a_full_stick() {
    local stick=$work/full
    mkdir -p "$stick"
    mount -t tmpfs -o size=16k full "$stick"
    mkdir "$stick/holdfast"
    printf '{"format": 1, "name": "Full Stick"}\n' >"$stick/holdfast/provision.json"
    cat /dev/zero >"$stick/rest" 2>/dev/null || true
    plugs_in
    umount "$stick"
    expect_match "console" "$(cat "$work/said")" '/name: '
    expect_match "console" "$(cat "$work/said")" 'the stick is full: the report could not be written'
    is_called holdfast
}
a_read_only_stick() {
    local stick=$work/read-only
    mkdir -p "$stick"
    mount -t tmpfs read-only "$stick"
    mkdir "$stick/holdfast"
    printf '{"format": 1, "name": "Read Only"}\n' >"$stick/holdfast/provision.json"
    mount -o remount,ro "$stick"
    plugs_in
    umount "$stick"
    expect_match "console" "$(cat "$work/said")" '/name: '
    expect_match "console" "$(cat "$work/said")" 'the stick cannot be written'
    is_called holdfast
}

# ---

a_good_one_is_applied_whole() {
    local pid
    pid=$(gw_pid)
    rm -f "$stick"/holdfast/provision.json
    "$holdfast" provision new "$stick" --name press-hall-3 --json >"$work/made"
    jq --arg host "$registry" --arg key "$ssh_key" '. + {registry: {host: $host}, ssh: {keys: [$key]}, broker: {anonymous: true}, wipe: false, time: {zone: "UTC"},
        network: {interfaces: [{name: "enp99s0", address: "192.0.2.10/24"}]},
        device_accounts: [{name: "press-7", password: "long enough"}]}' "$stick/holdfast/provision.json" >"$work/changed"
    cp "$work/changed" "$stick/holdfast/provision.json"
    "$holdfast" provision check "$stick"
    plugs_in
    expect "result" "$(result applied)" true
    expect_match "report" "$(report_text)" 'provision.json: APPLIED'
    expect_match "report" "$(report_text)" "^SHA256:"
    is_called press-hall-3
    expect "process that begins anew" "$(gw_pid)" "$pid"
    expect_match "network" "$(cat "$gw_dir/etc/systemd/network/20-holdfast-1-enp99s0.network")" 'Address=192.0.2.10/24'
    expect "keys for SSH" "$(tail -n +2 "$gw_dir/etc/holdfast/ssh_keys")" "$ssh_key"
    expect "time zone" "$(readlink "$gw_dir/etc/localtime")" /usr/share/zoneinfo/UTC
}

what_it_brought_is_there() {
    api_is 201 POST /claim "$(jq -nc --arg c "$(jq -r .setup_code "$work/made")" --arg p "$password" '{setup_code: $c, password: $p}')"
    expect "device" "$(api_get /devices/accounts/press-7 .enabled)" true
}

a_stick_left_in_the_port_does_nothing() {
    local revision network=$gw_dir/etc/systemd/network/20-holdfast-1-enp99s0.network
    revision=$(api_get /config/revisions '.revisions[0].revision')
    sed -i 's,192.0.2.10/24,192.0.2.77/24,' "$network" # as somebody has set it since, by the API
    gateway_end_daemon
    gateway_start --stick "$gw_dir/stick"
    plugs_in
    expect "result" "$(result known)" true
    expect_match "report" "$(report_text)" 'was applied before. Nothing was changed'
    gateway_login
    expect "revision" "$(api_get /config/revisions '.revisions[0].revision')" "$revision"
    expect_match "network" "$(cat "$network")" 'Address=192.0.2.77/24'
}

only_the_owner_changes_a_claimed_gateway() {
    writes '{format: 1, name: "theirs"}'
    plugs_in
    expect "result" "$(result refused)" true
    expect_match "report" "$(report_text)" 'this gateway is claimed and has no stick_keys'
    is_called press-hall-3
    gateway_prove
    config "$(jq -nc --arg key "$(sed -n 2p "$release_keys/minisign.pub")" '{stick_keys: [$key]}')"
    printf ' ' >>"$stick/holdfast/provision.json" # another stick: the one of before is judged already
    plugs_in
    expect_match "report" "$(report_text)" 'takes provision.json only with provision.json.minisig'
    writes '{format: 1, name: "ours", wipe: true}'
    release_sign "$stick/holdfast/provision.json"
    plugs_in
    expect "result" "$(result applied)" true
    is_called ours
    expect_fail test -e "$stick/holdfast/provision.json"
}

what_is_sealed_is_for_this_gateway() {
    echo 'a passphrase of the fleet' >"$work/passphrase"
    # shellcheck disable=SC2016 # for jq
    writes '{format: 1, name: "sealed-3", setup_code: $code, uplink: {url: "http://receiver:8080/v1/ingest", token: "s3cr3t"}}' \
        --arg code "$(jq -r .setup_code "$work/made")"
    "$holdfast" provision seal --passphrase-file "$work/passphrase" "$stick/holdfast/provision.json"
    expect_fail grep -q s3cr3t "$stick/holdfast/provision.json"
    gateway_start --stick "$gw_dir/stick"
    plugs_in
    expect_match "report" "$(report_text)" 'has no passphrase to open it with'
    gateway_end_daemon
    gateway_start --stick "$gw_dir/stick" --provision-passphrase "$work/passphrase"
    wait_until 30 grep -q '"result":"applied"' "$gw_secrets/stick.json"
    is_called sealed-3
    api_is 201 POST /claim "$(jq -nc --arg c "$(jq -r .setup_code "$work/made")" --arg p "$password" '{setup_code: $c, password: $p}')"
    expect "uplink" "$(api_get /uplink .url)" http://receiver:8080/v1/ingest
    gateway_end_daemon
}

# The gateway that began, once more: it has a release, and the bundle has another one.
pain_24_a_bundle_on_a_stick_is_an_upgrade() {
    wait_until 120 all_healthy
    variant sticky processor
    layout_of sticky processor
    release_text v5 processor=sticky | jq -cSj '.version = "5.0.0"' >"$work/release-5.json"
    release_sign "$work/release-5.json"
    mkdir -p "$gw_dir/stick/mnt/holdfast"
    "$hf_root/image/bundle.sh" "$work"/release-5.json{,.minisig} "$work/oci" "$gw_dir/stick/mnt/holdfast/v5.bundle"
    writes '{format: 1, release: {bundle: "v5.bundle"}, upgrade: {gate_s: 2, switch_s: 30}}'
    release_sign "$stick/holdfast/provision.json"
    plugs_in 300
    expect "bundle" "$(report_json '.bundle | "\(.state): \(.detail)"')" "ended: It runs."
    expect "release" "$(api_get /release .name)" v5
    all_as_released
}

# What it says besides is in force; the bundle is not, and nothing of it.
a_bundle_that_was_cut_short_changes_nothing_that_runs() {
    local bundle=$gw_dir/stick/mnt/holdfast/v6.bundle size ids
    ids=$(all_ids)
    variant cut processor big 4 # a layer that is not here, and the last of the bundle
    rm -rf "$work/oci"
    layout_of cut processor
    release_text v6 processor=cut | jq -cSj '.version = "6.0.0"' >"$work/release-6.json"
    release_sign "$work/release-6.json"
    "$hf_root/image/bundle.sh" "$work"/release-6.json{,.minisig} "$work/oci" "$bundle"
    size=$(stat -c %s "$bundle")
    truncate -s $((size - 1000000)) "$bundle"
    writes '{format: 1, release: {bundle: "v6.bundle"}}'
    release_sign "$stick/holdfast/provision.json"
    plugs_in 300
    expect "state of the bundle" "$(report_json .bundle.state)" ended
    expect_match "report" "$(report_text)" '^Bundle v6.bundle: ended\. .*cut off'
    expect "release" "$(api_get /release .name)" v5
    expect "containers" "$(all_ids)" "$ids"
    rm "$bundle"
}

# --- a factory reset

# As the units do.
network_hand_start() {
    # shellcheck disable=SC2016 # for the inner shell
    setsid bash -c 'while sleep 0.2; do [ ! -e "$2/network.json" ] || "$1" --run "$2" --out "$3" --state "$3" --etc "$4"; done' hand \
        "$holdfast_network" "$gw_secrets" "$gw_dir/network" "$gw_dir/etc" >"$gw_dir/network.log" 2>&1 </dev/null &
    echo $! >"$work/network.pid"
    disown
}
network_hand_end() {
    [ ! -s "$work/network.pid" ] || kill -KILL -- "-$(cat "$work/network.pid")" 2>/dev/null || true
    rm -f "$work/network.pid"
}

held() { api_get /buffer .held; }
holds() { [ "$(held)" -ge "$1" ]; }
shown_fingerprint() { sed -n 's/^fingerprint=//p' "$gw_dir/out" | tail -n 1; }
is_unclaimed() { [ "$(api_get /claim .claimed)" = false ]; }
claims_anew() {
    wait_until 60 is_unclaimed
    wait_until 60 gateway_is_ready
    api_is 201 POST /claim "$(jq -nc --arg c "$(sed -n 's/^setup_code=//p' "$gw_dir/out" | tail -n 1)" \
        --arg p "$password" '{setup_code: $c, password: $p}')"
}

# remember: what there is before a reset, in files: a check's variables end with it.
remember() {
    local i
    for i in {1..20}; do publish "sensors/$i/temp" "{\"t\":$i}"; done
    wait_until 60 holds 20
    held >"$work/held"
    docker inspect --format '{{.Id}}' "${services[@]/#/$gw-}" | sort >"$work/ids"
    shown_fingerprint >"$work/fingerprint"
}

nothing_else_of_before_is_left() {
    local id
    claims_anew
    wait_until 120 all_healthy
    while read -r id; do expect_fail docker inspect "$id"; done <"$work/ids"
    expect_fail [ "$(shown_fingerprint)" = "$(cat "$work/fingerprint")" ]
    expect "release" "$(api_get /release .name)" v5
    expect "incidents" "$(api_get /incidents '.incidents | length')" 0
    expect "name" "$(api_get /config .name)" holdfast
}

a_signed_stick_resets_it_and_keeps_the_records() {
    remember
    rm -f "$stick"/holdfast/provision.json*
    jq -n --arg gateway "$(api_get /gateway .id)" '{format: 1, reset: "keep", gateway: $gateway}' >"$stick/holdfast/recovery.json"
    plugs_in
    expect "result without a signature" "$(result refused recovery.json)" true
    release_sign "$stick/holdfast/recovery.json"
    plugs_in
    expect "result" "$(result applied recovery.json)" true
    nothing_else_of_before_is_left
    wait_until 60 holds "$(cat "$work/held")"
    expect "audit" "$(api_get /audit '.entries[-1] | "\(.who): \(.what)"')" 'recovery: factory reset by a recovery file, the data kept'
    gateway_end_daemon
    gateway_start --stick "$gw_dir/stick" # it is still in the port
    gateway_login
}

# Killed in the middle, it goes on by itself.
by_the_api_the_records_go_too() {
    gateway_prove
    config '{"broker":{"anonymous":true}}'
    wait_until 60 publish sensors/7/temp '{"t":21.5}'
    remember
    api_is 422 POST /gateway/reset '{"data":"wipe","gateway":"hf-00000000"}'
    api_is 202 POST /gateway/reset "$(jq -nc --arg gateway "$(api_get /gateway .id)" '{data: "wipe", gateway: $gateway}')"
    gateway_end_daemon KILL
    expect "keys for SSH" "$(tail -n +2 "$gw_dir/etc/holdfast/ssh_keys")" "$ssh_key"
    network_hand_start
    gateway_start --network "$gw_dir/network"
    nothing_else_of_before_is_left
    expect "held" "$(held)" 0
    expect_fail test -e "$gw_dir/etc/holdfast/ssh_keys"
    network_hand_end
}

pain_22_a_stick_is_taken_in_1970() {
    guard_start
    export LD_PRELOAD FAKETIME='@1970-01-02 00:00:00' FAKETIME_DONT_FAKE_MONOTONIC=1
    LD_PRELOAD=$(faketime_library)
    gateway_start --stick "$gw_dir/stick"
    writes '{format: 1, name: "early-bird"}'
    plugs_in
    unset LD_PRELOAD
    expect "result" "$(result applied)" true
    expect_match "report" "$(report_text)" '^1970-01-02T.* by a clock that nobody has set'
    is_called early-bird
    gateway_end_daemon
}

# What a console shows.
the_banner_says_how_to_get_in() {
    "$holdfast_stick" --banner --run "$gw_secrets" --issue "$gw_dir/issue"
    expect_match "banner" "$(cat "$gw_dir/issue")" "https://ours\.local:$gw_port"
    expect_match "banner" "$(cat "$gw_dir/issue")" 'SHA256:'
}

check starts_without_a_stick
check a_bad_stick_is_explained_and_changes_nothing
for bad in nothing_on_it a_file_of_4_gb a_link_out a_loop utf_16 a_member_twice a_wrong_registry an_ssh_key_with_options \
    pulled_out_while_it_is_read an_expired_certificate a_key_that_does_not_match a_full_stick a_read_only_stick; do
    check "bad stick: $bad" "$bad"
done
check a_good_one_is_applied_whole
check what_it_brought_is_there
check a_stick_left_in_the_port_does_nothing
check only_the_owner_changes_a_claimed_gateway
check the_banner_says_how_to_get_in
check pain_24_a_bundle_on_a_stick_is_an_upgrade
check a_bundle_that_was_cut_short_changes_nothing_that_runs
check a_signed_stick_resets_it_and_keeps_the_records
check by_the_api_the_records_go_too
gateway_new y
stick=$work/year-1970
mkdir -p "$stick/holdfast"
check pain_22_a_stick_is_taken_in_1970
gateway_new s
gw_uplink=
stick=$work/sealed
mkdir -p "$stick/holdfast"
check what_is_sealed_is_for_this_gateway
finish
