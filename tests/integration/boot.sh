#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# The appliance's disk in a machine of its own: from the switch to a record that is delivered, without any network but the way
# to the receiver; then the power goes, and it starts again with what it had. Power that goes at any moment is in
# ./dev soak powercut.
# shellcheck source=../guest.sh disable=SC2119
. "$(dirname "$0")/../guest.sh"
guest_new

most_compressed=450000000 # bytes
most_memory=160000000
settles_s=300
most_drawn=4 # names, addresses and fingerprints that a first boot goes through

# The disk as it comes has nothing on it that one machine must not share with another.
the_disk_has_no_secret() {
    local offset=$(((1 + 192) * 1048576))
    expect "machine id" "$(debugfs -R 'cat /etc/machine-id' "$guest_image?offset=$offset" 2>/dev/null)" ""
    expect "root's password" "$(debugfs -R 'cat /etc/shadow' "$guest_image?offset=$offset" 2>/dev/null | sed -n 's/^root:\([^:]*\):.*/\1/p')" '*'
    expect "keys of SSH" "$(debugfs -R 'ls -p /etc/ssh' "$guest_image?offset=$offset" 2>/dev/null | sed -n '/ssh_host/p')" ''
}

the_disk_is_small() {
    local bytes
    bytes=$(stat -c %s "$guest_image.zst")
    note "$((bytes / 1000000)) MB compressed"
    [ "$bytes" -le "$most_compressed" ]
}

pain_24_boots_to_an_answer_without_a_network() {
    guest_receiver
    guest_serve
    guest_start
    wait_until "$guest_s" gateway_answers
    note "answers after $(guest_cpu_s) s of QEMU's CPU"
}

the_stick_is_taken_and_has_a_report() {
    guest_provisioned
    wait_until 60 report_has_the_fingerprint
    guest_reports "^Dashboard: https://$guest_name\.local:8443"
    guest_reports '^       or: https://10\.0\.2\.15:8443'
}
report_has_the_fingerprint() {
    local shown
    shown=$(openssl s_client -connect "127.0.0.1:$gw_port" </dev/null 2>/dev/null | openssl x509 -noout -fingerprint -sha256)
    guest_reports "^SHA256:${shown#*=}\$"
}

pain_24_all_services_run_from_the_disk_alone() {
    wait_until "$guest_s" all_healthy
    note "all healthy after $(guest_cpu_s) s of QEMU's CPU"
}

data_flows() {
    publish sensors/7/temp '{"t": 21.5}'
    wait_until "$guest_s" has_record sensors/7/temp
    guest_reports "^Uplink: http://$guest_cloud/v1/ingest"
}

the_disk_is_used_whole() {
    [ "$(api_get /gateway .host.disk_total_bytes)" -gt $(((guest_disk_mib - 192 - 2 * 1024) * 1048576 * 9 / 10)) ]
}

# What the start took goes back to the system by and by.
memory_is_small() {
    wait_until "$settles_s" little_is_used
    note "$(($(api_get /gateway .host.memory_used_bytes) / 1000000)) MB of memory in use"
}
little_is_used() {
    local bytes
    bytes=$(api_get /gateway .host.memory_used_bytes)
    echo "$bytes bytes in use"
    [ "$bytes" -le "$most_memory" ]
}

all_units_start() {
    expect "units that failed" "$(sed -n '/Failed to start/p' "$guest_dir/serial")" ''
}

the_screen_is_drawn_when_there_is_something_new() {
    local drawn
    guest_console "$hf_build/log/boot-screen.png"
    drawn=$(grep -ac 'Finished holdfast-screen' "$guest_dir/serial")
    note "drawn $drawn times; the picture is build/log/boot-screen.png"
    [ "$drawn" -ge 1 ] && [ "$drawn" -le "$most_drawn" ]
}

# --- sticks that come later, bad ones first; what they say is in tests/integration/stick.sh

# is_named REGEX: what the console says of the stick that was plugged in; and when it is done with, it is out again.
is_named() {
    wait_until "$guest_s" guest_says "$1"
    wait_until "$guest_s" guest_says 'holdfast-stick@sd[a-z]\.service: (Deactivated|Failed with)'
    guest_pulls
    expect "name" "$(api_get /claim .name)" "$guest_name"
}

# The one that it was set up by is in its port all the time, and its report is finished.
of_two_sticks_the_second_is_refused() {
    wait_until "$guest_s" grep -aq 'holdfast-stick@sdb.service: Deactivated' "$guest_dir/serial"
    guest_vfat "$guest_dir/second" HOLDFAST "$work/provision.json"
    guest_plugs "$guest_dir/second"
    wait_until "$guest_s" guest_reports_on "$guest_dir/second" '^NOTHING WAS CHANGED: there are several sticks with the label HOLDFAST'
    is_named 'there are several sticks with the label HOLDFAST: leave one in'
    guest_ask device_del '{"id": "stick"}' >/dev/null
}
guest_reports_on() { expect_match "report" "$(guest_report "$1")" "$2"; }

a_stick_with_another_label_is_named() {
    guest_vfat "$guest_dir/photos" PHOTOS "$work/provision.json"
    guest_plugs "$guest_dir/photos"
    is_named "a stick with the label 'PHOTOS' is not looked at: its label must be HOLDFAST"
    expect_fail guest_report "$guest_dir/photos"
}

# Its first sector names a root folder that cannot be; udev does not see that.
a_fat_that_cannot_be_read_is_named() {
    guest_vfat "$guest_dir/damaged" HOLDFAST "$work/provision.json"
    printf '\x01\x02' | dd of="$guest_dir/damaged" bs=1 seek=17 conv=notrunc status=none
    guest_plugs "$guest_dir/damaged"
    is_named 'cannot be read as FAT .*: format the stick anew as FAT with the label HOLDFAST'
}

# The sector that provision.json is in does not come.
a_stick_that_fails_while_it_is_read_is_named() {
    local sector
    head -c 65536 /dev/urandom >"$work/filler"
    guest_vfat "$guest_dir/failing" HOLDFAST "$work/filler" "$work/provision.json"
    sector=$(($(grep -abom1 '"format"' "$guest_dir/failing" | cut -d: -f1) / 512))
    guest_plugs "$guest_dir/failing" "$(jq -nc --arg f "$guest_dir/failing" --argjson sector "$sector" '{file: {driver: "blkdebug",
        image: {driver: "file", filename: $f}, "inject-error": [{event: "read_aio", errno: 5, sector: $sector}]}}')"
    is_named 'holdfast/provision.json: it cannot be read: the stick was pulled out, or is broken'
}

# It is known already; what was said of it then cannot be said on this one.
a_stick_with_its_switch_at_read_only_is_named() {
    guest_vfat "$guest_dir/locked" HOLDFAST "$work/provision.json"
    guest_plugs "$guest_dir/locked" '{"read-only": true}'
    is_named 'no report could be written: the stick cannot be written'
}

# --- SSH

ssh_as() {
    timeout 120 ssh -i "$work/technician" -o IdentitiesOnly=yes -o BatchMode=yes -o StrictHostKeyChecking=no \
        -o UserKnownHostsFile=/dev/null -o LogLevel=ERROR -p "$gw_tls" "$@"
}
is_let_in() { expect "who is logged in" "$(ssh_as technician@127.0.0.1 id -un)" technician; }
nobody_listens() { expect_match "SSH" "$(ssh_as technician@127.0.0.1 true 2>&1)" 'Connection (closed|reset)|kex_exchange_identification'; }

ssh_is_off_until_a_stick_brings_keys() {
    nobody_listens
    ssh-keygen -q -t ed25519 -N '' -C technician -f "$work/technician"
    jq -n --rawfile key "$work/technician.pub" '{format: 1, ssh: {keys: [$key | rtrimstr("\n")]}}' >"$work/provision.json"
    release_sign "$work/provision.json"
    guest_vfat "$guest_dir/keys" HOLDFAST "$work"/provision.json{,.minisig}
    guest_plugs "$guest_dir/keys"
    is_named 'provision.json: applied'
    wait_until "$guest_s" is_let_in
    expect_match "what it may read" "$(ssh_as technician@127.0.0.1 journalctl -u holdfastd -n 1 -o cat --no-pager)" 'event='
    expect_match "root" "$(ssh_as root@127.0.0.1 id 2>&1)" 'Permission denied \(publickey\)'
    expect_match "a password" "$(ssh_as -o PubkeyAuthentication=no technician@127.0.0.1 id 2>&1)" 'Permission denied \(publickey\)'
}

it_is_off_again_without_keys() {
    jq -n '{format: 1, ssh: {keys: []}}' >"$work/provision.json"
    release_sign "$work/provision.json"
    guest_vfat "$guest_dir/no-keys" HOLDFAST "$work"/provision.json{,.minisig}
    guest_plugs "$guest_dir/no-keys"
    is_named 'provision.json: applied'
    wait_until "$guest_s" nobody_listens
}

it_starts_again_after_a_power_cut() {
    publish sensors/7/temp '{"t": 22.5}'
    guest_cut
    mv "$guest_dir/serial" "$guest_dir/serial.before"
    guest_serve
    guest_start
    wait_until "$guest_s" gateway_answers
    gateway_login
    expect "name" "$(api_get /claim .name)" "$guest_name"
    expect "damage to file systems" "$(sed -nE '/EXT4-fs error|UNEXPECTED INCONSISTENCY/p' "$guest_dir/serial")" ""
}

nothing_is_lost_and_data_flows() {
    wait_until "$guest_s" all_healthy
    publish sensors/8/temp '{"t": 23.5}'
    wait_until "$guest_s" has_record sensors/8/temp
    wait_until "$guest_s" guest_reports 'provision.json: was applied before'
    expect "epochs" "$(report_value .epochs)" 1
    expect "gaps in the sequence" "$(report_value .gap_count)" 0
    note "that took $(guest_cpu_s) s of QEMU's CPU more"
}

check the_disk_has_no_secret
[ ! -e "$guest_image.zst" ] || check the_disk_is_small
guest_provision
jq --arg key "$(sed -n 2p "$release_keys/minisign.pub")" '. + {stick_keys: [$key]}' "$work/provision.json" >"$work/with-keys.json"
mv "$work/with-keys.json" "$work/provision.json"
guest_stick "$work/provision.json"
check pain_24_boots_to_an_answer_without_a_network
need
check the_stick_is_taken_and_has_a_report
need
check pain_24_all_services_run_from_the_disk_alone
need
check data_flows
check the_disk_is_used_whole
check memory_is_small
check all_units_start
check the_screen_is_drawn_when_there_is_something_new
for bad in of_two_sticks_the_second_is_refused a_stick_with_another_label_is_named a_fat_that_cannot_be_read_is_named \
    a_stick_that_fails_while_it_is_read_is_named a_stick_with_its_switch_at_read_only_is_named; do
    check "$bad"
done
check ssh_is_off_until_a_stick_brings_keys
check it_is_off_again_without_keys
check it_starts_again_after_a_power_cut
check nothing_is_lost_and_data_flows
finish
