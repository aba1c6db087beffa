#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Disks: a full one under the state, a damaged state database, a volume that a service cannot write.
# shellcheck source=../private-gateway.sh disable=SC2119
. "$(dirname "$0")/../private-gateway.sh"

# What runs, and since when.
running() { docker inspect --format '{{.Id}} {{.State.StartedAt}}' "$gw"-{broker,buffer,processor,forwarder}; }

# --- the state's disk is full

fill_disk() { dd if=/dev/zero of="$gw_state/filler" bs=4k 2>/dev/null || true; }

full_from_the_start() {
    mount -t tmpfs -o size=64k tmpfs "$gw_state"
    fill_disk
    gateway_refuses 'full|No space left'
    umount "$gw_state"
}

on_a_small_disk() {
    mount -t tmpfs -o size=1m tmpfs "$gw_state"
    gateway_start
    gateway_claim
    wait_until 120 all_healthy
}

pain_11_full_disk_is_named_and_changes_nothing() {
    local before
    before=$(running)
    fill_disk
    api_is 507 POST /services/processor/stop
    expect_match "detail" "$(jq -r .detail "$work/body")" 'full'
    expect "media type" "$(sed -nE 's/^[Cc]ontent-[Tt]ype: ([a-z+/]*).*/\1/p' "$work/head")" application/problem+json
    stays 3 service_is processor .desired running
    expect "containers" "$(running)" "$before"
}

# Nor is a certificate half in force.
a_full_disk_takes_no_certificate() {
    local before
    before=$(api_get /certificate .fingerprint)
    openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 30 -subj /CN=gw7 -addext 'subjectAltName=IP:127.0.0.1' \
        -keyout "$work/site.key" -out "$work/site.pem" 2>/dev/null
    gateway_prove
    api_is 507 PUT /certificate "$(jq -n --rawfile c "$work/site.pem" --rawfile k "$work/site.key" '{certificate: $c, key: $k}')"
    expect "certificate" "$(api_get /certificate .fingerprint)" "$before"
}

pain_11_works_again_once_there_is_room() {
    rm -f "$gw_state/filler"
    service_command processor stop
    service_command processor start
    wait_until 90 all_healthy
}

# It starts with what it knows, says what is wrong, and refuses what it cannot keep; what it supervises runs on.
pain_11_full_disk_at_a_restart_is_survived() {
    local before
    before=$(running)
    gateway_end_daemon "$1"
    fill_disk # one that ends well gives back the room of its write-ahead log
    gateway_start
    gateway_login_by_file
    wait_until 90 all_healthy
    expect_match "log" "$(cat "$gw_dir/log")" 'event=store-full'
    expect "containers" "$(running)" "$before"
    api_is 507 POST /services/processor/stop
    rm -f "$gw_state/filler"
    service_command processor restart
    wait_until 90 all_healthy
}

# Of a gateway from before there was one: it is made by whoever asks for it first.
an_authority_needs_room() {
    local pem
    pem=$(find "$gw_state" -name server.pem)
    gateway_end_daemon
    openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 3000 -subj /CN=before -addext 'subjectAltName=IP:127.0.0.1' \
        -keyout "$work/before.key" -out "$work/before.pem" 2>/dev/null
    cat "$work/before.pem" "$work/before.key" >"$pem"
    rm "$(dirname "$pem")/ca.pem"
    fill_disk
    gateway_start
    api_is 507 GET /certificate/ca
    rm -f "$gw_state/filler"
    api GET /certificate/ca | openssl x509 -noout
}

# A login is kept in the store, which is full: the session of before is still good.
gateway_login_by_file() { api_is 200 GET /session; }

# --- the state database is damaged

# Overwrites the database from byte $1 on, $2 bytes.
damage() { dd if=/dev/urandom of="$gw_state/holdfast.db" bs=1 seek="$1" count="$2" conv=notrunc 2>/dev/null; }

pain_05_damaged_store_is_set_aside() {
    local aside
    gateway_end_daemon
    damage 0 16384
    cp "$gw_state/holdfast.db" "$work/damaged.db"
    gateway_start
    wait_until 120 curl -kfsS "$gw_url/api/v1/health"
    expect_match "log" "$(tail -n 50 "$gw_dir/log")" 'event=store-recovered text=".+"'
    aside=$(find "$gw_state" -type f -exec cmp -s {} "$work/damaged.db" \; -print)
    expect_match "the original, byte for byte" "$aside" 'holdfast\.db.+'
    note "$(sed -n 's/.*event=store-recovered text="\(.*\)"/\1/p' "$gw_dir/log" | tail -n 1)"
    expect "containers that run" "$(docker ps -q --filter "label=io.holdfast.instance=$gw" | wc -l)" 4
}

pain_06_what_is_whole_is_salvaged() {
    local id
    id=$(api_get /gateway .id)
    gateway_end_daemon
    # Behind the header and the schema: some table or other.
    damage $(($(stat -c %s "$gw_state/holdfast.db") - 4096)) 4096
    gateway_start
    wait_until 60 curl -kfsS "$gw_url/api/v1/health"
    api_is 200 GET /session || gateway_login
    expect "gateway id" "$(api_get /gateway .id)" "$id"
}

pain_06_a_store_that_is_gone_comes_from_the_export() {
    local id before
    id=$(api_get /gateway .id)
    gateway_end_daemon KILL
    before=$(running)
    rm "$gw_state"/holdfast.db*
    gateway_start
    expect_match "log" "$(tail -n 50 "$gw_dir/log")" 'event=store-recovered text=".*was gone'
    expect_fail grep setup_code "$gw_dir/out"
    gateway_login
    expect "gateway id" "$(api_get /gateway .id)" "$id"
    wait_until 60 is_alarmed store_recovered
    wait_until 90 all_healthy
    stays 5 all_healthy
    expect "containers" "$(running)" "$before"
}
is_alarmed() { api GET '/alarms?state=active' | jq -e --arg k "$1" 'any(.alarms[]; .kind == $k)'; }

# Neither the release file nor the database nor its export: what runs says what it was made from.
pain_06_a_release_that_is_lost_is_had_from_what_runs() {
    local before
    gateway_end_daemon KILL
    before=$(running)
    printf 'damaged' >"$gw_state/holdfast.db"
    rm -f "$gw_state"/holdfast.db-* "$gw_state/holdfast.export.json"
    cat >"$work/without-release" <<'SH'
#!/bin/bash
args=()
while [ $# -gt 0 ]; do
    case $1 in --release | --provision) shift 2 ;; *) args+=("$1"); shift ;; esac
done
SH
    echo "exec '$holdfastd' \"\${args[@]}\"" >>"$work/without-release"
    chmod +x "$work/without-release"
    holdfastd=$work/without-release
    gateway_start
    expect_match "log" "$(tail -n 50 "$gw_dir/log")" 'event=release-rebuilt'
    rm -f "$gw_dir/jar"
    gateway_claim
    expect "image of the broker" "$(api_get /services/broker .image.digest)" "$(jq -r --arg p "$(platform)" '.services.broker.platforms[$p].manifest' "$release")"
    api GET /audit | jq -e 'any(.entries[]; .what | test("release was lost"))'
    stays 10 expect "containers" "$(running)" "$before"
}

# --- a volume that its service cannot write

volume_with_foreign_owner() {
    local at
    docker volume create --label "io.holdfast.instance=$gw" "$gw-buffer-data"
    at=$(docker volume inspect --format '{{.Mountpoint}}' "$gw-buffer-data")
    echo foreign >"$at/file"
    chown -R 0:0 "$at"
    chmod 700 "$at"
}

has_failed() {
    api GET "/services/$1" | jq -e '.health != "healthy" and .restarts > 0 and .reason != ""'
}

unwritable_volume_is_named() {
    volume_with_foreign_owner
    gateway_start
    gateway_claim
    wait_until 120 has_failed buffer
    note "$(api_get /services/buffer '"\(.state): \(.reason) \(.advice)"')"
    expect_match "log" "$(api_get '/services/buffer/logs?tail=20' '.lines[].text')" '/data.*(not writable|denied)'
    expect "what was in the volume" "$(cat "$(docker volume inspect --format '{{.Mountpoint}}' "$gw-buffer-data")/file")" foreign
}

works_once_the_volume_is_right() {
    local at
    at=$(docker volume inspect --format '{{.Mountpoint}}' "$gw-buffer-data")
    chown -R 10003:10003 "$at"
    service_command buffer restart
    wait_until 120 all_healthy
}

gateway_new f
check "full disk, first start" full_from_the_start
gateway_new g
check "full disk, a gateway on a small one" on_a_small_disk
check pain_11_full_disk_is_named_and_changes_nothing
check a_full_disk_takes_no_certificate
check pain_11_works_again_once_there_is_room
check "pain_11_full_disk_at_a_restart_is_survived, killed" pain_11_full_disk_at_a_restart_is_survived KILL
check "pain_11_full_disk_at_a_restart_is_survived, ended" pain_11_full_disk_at_a_restart_is_survived TERM
check an_authority_needs_room
gateway_remove "$gw"

gateway_new h
check "damage, a gateway" gateway_start
check "damage, claimed" gateway_claim
check "damage, healthy" wait_until 120 all_healthy
check pain_06_what_is_whole_is_salvaged
check pain_06_a_store_that_is_gone_comes_from_the_export
check pain_06_a_release_that_is_lost_is_had_from_what_runs
check pain_05_damaged_store_is_set_aside
gateway_remove "$gw"

gateway_new i
check unwritable_volume_is_named
check works_once_the_volume_is_right
finish
