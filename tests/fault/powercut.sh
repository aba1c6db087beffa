#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# The power goes at random moments of a first boot, of publishing and of an upgrade. The disk is one with a cache that nobody
# saves: what the machine did not flush before is lost, exactly, and in any order. It must always boot, into one of two
# releases; and of what was acknowledged to devices only the newest may be missing, which the broker had not handed on.
# usage: tests/fault/powercut.sh          HF_CUTS says how many, HF_SEED makes it another run
# shellcheck source=../guest.sh disable=SC2119
. "$(dirname "$0")/../guest.sh"
guest_new
# shellcheck source=numbered.sh
. "$(dirname "$0")/numbered.sh"
# shellcheck source=../upgrade/variants.sh
. "$(dirname "$0")/../upgrade/variants.sh"

cuts=${HF_CUTS:-50}
seed=${HF_SEED:-20}
rate=20
kinds=(publish publish upgrade first)
first_s=90      # a first boot is over by then, where the machine is not loaded
upgrade_s=60
publish_s=20
RANDOM=$((seed % 32768))

# The way of numbered.sh to a gateway on this machine's Docker.
receiver_url() { echo "http://127.0.0.1:$gw_receiver"; }
host_address() { echo 127.0.0.1; }

# pause MOST DRAW: of up to so many seconds. Numbers are drawn where the seed is, which a check's subshell has not.
pause() {
    note "after $(($2 % ($1 * 10)))/10 s"
    sleep "$(awk -v n="$(($2 % ($1 * 10)))" 'BEGIN { print n / 10 }')"
}

power_on() {
    guest_serve
    guest_start
}

# Another box: nothing was on it. It is another gateway too, so the books of its records begin anew.
new_box() {
    guest_cut
    receiver_end
    guest_receiver
    cp --sparse=always "$guest_image" "$guest_dir/disk.new"
    truncate --size "${guest_disk_mib}M" "$guest_dir/disk.new"
    mv "$guest_dir/disk.new" "$guest_dir/disk"
    rm -f "$gw_dir/jar"
    guest_provision
}

receiver_end() {
    [ -s "$gw_dir/receiver.pid" ] || return 0
    kill -TERM "$(cat "$gw_dir/receiver.pid")"
    wait_until 30 is_gone "$(cat "$gw_dir/receiver.pid")"
    rm -f "$gw_dir"/receiver.{pid,db*}
}

comes_up() {
    wait_until "$guest_s" gateway_answers
    gateway_login || guest_provisioned
    wait_until "$guest_s" all_healthy
    expect "damage to file systems" "$(sed -nE '/EXT4-fs error|UNEXPECTED INCONSISTENCY/p' "$guest_dir/serial")" ""
}

# The second release comes by a bundle; both are known, and one runs.
releases_are_known() {
    config '{"upgrade":{"gate_s":5,"config_gate_s":1}}'
    wait_until "$guest_s" all_healthy
    bundle "$hf_build/release-python.json"
    api GET /releases | jq -r '.releases[] | "\(.name) \(.id)"' |
        while read -r name _ id; do echo "$id" >"$work/id.$name"; done # name, version
    [ -s "$work/id.holdfast" ] && [ -s "$work/id.holdfast-python" ]
}

# bundle RELEASE: uploads it with its images.
bundle() {
    local file=$work/bundle
    "$hf_root/image/bundle.sh" "$1" "$1.minisig" "$hf_build/images/oci" "$file"
    curl -ks --max-time 30 -X POST -b "$gw_dir/jar" -o "$work/body" -w '%{http_code}' -H "Upload-Length: $(stat -c %s "$file")" \
        "$gw_url/api/v1/releases/bundle" >"$work/status"
    expect "status ($(cat "$work/body"))" "$(cat "$work/status")" 201
    curl -ks --max-time "$guest_s" -X PATCH -b "$gw_dir/jar" -o "$work/body" -w '%{http_code}' -H "Upload-Offset: 0" \
        -H 'Content-Type: application/octet-stream' -H Expect: --data-binary "@$file" "$gw_url/api/v1/releases/bundle" >"$work/status" || true
    wait_until "$guest_s" bundle_ended
    expect "state ($(api_get /releases/bundle .detail))" "$(api_get /releases/bundle .state)" "done"
}
bundle_ended() { api GET /releases/bundle | jq -e '.finished != null'; }

runs() { api_get /release .name; }
other() { case $(runs) in holdfast) echo holdfast-python ;; *) echo holdfast ;; esac; }

# One of two, and each service as that one says; an upgrade that was under way has ended.
one_of_two_releases() {
    local running
    wait_until "$guest_s" no_upgrade
    expect_match "release" "$(runs)" '^holdfast(-python)?$'
    running=$(api GET /release)
    api GET /services | jq -e --argjson r "$running" 'all(.services[]; .image.id == $r.services[.name].image_id)' || {
        api GET /services | jq -c '.services[] | {name, image}'
        return 1
    }
}
no_upgrade() { api GET /releases/upgrade | jq -e '.finished != null or .state == "idle"'; }

publishes() {
    publisher_start "$1" 1000000 "$rate" --clients 1 --topics 1 --window 20 --patience 3600 --journal "$work/$1.journal"
    trap 'kill -KILL "$publisher" 2>/dev/null || true' EXIT # of the check, which may end before it stops it
}

# only_the_newest RUN: what was acknowledged and is missing lies in one piece, right before the power went. That is what the
# broker held.
only_the_newest() {
    local missing
    publisher_stop "$1" || true # the books say how much is lost
    tell_books "$1"
    missing=$(arrived "$1" | sort -n | uniq | awk 'NR > 1 && $1 != last + 1 { pieces++; lost += $1 - last - 1 } { last = $1 } END { print pieces + 0, lost + 0 }')
    note "missing: ${missing#* } in ${missing% *} pieces"
    [ "${missing% *}" -le 1 ]
    expect "epochs" "$(report_value .epochs)" 1
    expect "gaps in the sequence" "$(report_value .gap_count)" 0
    expect "not the bytes that were sent" "$(book "$1" corrupted)" 0
}

cut_first() {
    new_box
    power_on
    pause "$first_s" "$2"
    guest_cut
    power_on
    comes_up
    releases_are_known
    one_of_two_releases
}

cut_publish() {
    publishes "$1"
    pause "$publish_s" "$2"
    guest_cut
    power_on
    comes_up
    one_of_two_releases
    only_the_newest "$1"
}

cut_upgrade() {
    publishes "$1"
    begin "$(other)"
    pause "$upgrade_s" "$2"
    guest_cut
    power_on
    comes_up
    one_of_two_releases
    note "afterwards: $(runs)"
    only_the_newest "$1"
}

starts() {
    note "seed $seed, $cuts cuts"
    new_box
    power_on
    comes_up
    releases_are_known
}

check starts
need
for ((cut = 1; cut <= cuts; cut++)); do
    kind=${kinds[RANDOM % ${#kinds[@]}]}
    check "pain_04_cut_${cut}_in_$kind" "cut_$kind" "cut$cut" "$RANDOM"
done
finish
