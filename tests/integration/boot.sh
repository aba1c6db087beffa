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
check it_starts_again_after_a_power_cut
check nothing_is_lost_and_data_flows
finish
