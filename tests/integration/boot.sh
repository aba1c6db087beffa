#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# The appliance's disk in a machine of its own: from the switch to a record that is delivered, without any network but the way
# to the receiver. Power that goes is in ./dev soak powercut.
# shellcheck source=../guest.sh disable=SC2119
. "$(dirname "$0")/../guest.sh"
guest_new

# The disk as it comes has nothing on it that one machine must not share with another.
the_disk_has_no_secret() {
    local offset=$(((1 + 192) * 1048576))
    expect "machine id" "$(debugfs -R 'cat /etc/machine-id' "$guest_image?offset=$offset" 2>/dev/null)" ""
    expect "root's password" "$(debugfs -R 'cat /etc/shadow' "$guest_image?offset=$offset" 2>/dev/null | sed -n 's/^root:\([^:]*\):.*/\1/p')" '*'
    expect "keys of SSH" "$(debugfs -R 'ls -p /etc/ssh' "$guest_image?offset=$offset" 2>/dev/null | sed -n '/ssh_host/p')" ''
}

pain_24_boots_to_an_answer_without_a_network() {
    guest_receiver
    guest_start
    wait_until "$guest_s" gateway_answers
}

the_stick_is_taken_and_has_a_report() {
    guest_provisioned
    guest_reports '^SHA256:'
}

pain_24_all_services_run_from_the_disk_alone() {
    wait_until "$guest_s" all_healthy
}

data_flows() {
    publish sensors/7/temp '{"t": 21.5}'
    wait_until 120 has_record sensors/7/temp
}

the_disk_is_used_whole() {
    [ "$(api_get /gateway .host.disk_total_bytes)" -gt $(((guest_disk_mib - 192 - 2 * 1024) * 1048576 * 9 / 10)) ]
}

check the_disk_has_no_secret
guest_provision
check pain_24_boots_to_an_answer_without_a_network
need
check the_stick_is_taken_and_has_a_report
need
check pain_24_all_services_run_from_the_disk_alone
need
check data_flows
check the_disk_is_used_whole
finish
