# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# The buffer's disk: damaged, full, and what is written to it.
: "${work:?}" "${path_dir:?}" "${path_receiver:?}" "${messages:?}" "${tmpfs_mib:?}"

# --- a damaged file: set aside or mended, said, and counted; the path goes on

damage_the_buffer_file() {
    local file size
    file=$(find "$path_dir/buffer/data" -maxdepth 1 -type f -name '*.db' -printf '%s %p\n' | sort -rn | head -n 1 | cut -d' ' -f2)
    size=$(stat -c %s "$file")
    note "$(basename "$file"): $size bytes, 8 KiB in its middle are overwritten"
    head -c 8192 /dev/urandom | dd of="$file" bs=4096 seek=$((size / 8192)) conv=notrunc status=none
    rm -f "$file-shm"
}

buffer_says_status() { buffer_status | jq -e '.epoch != ""'; }

pain_05_damaged_buffer_file_is_survived() {
    proxy_mode down
    flow damaged
    wait_until 60 flow_ended damaged
    wait_until 60 holds_some "$messages"
    path_down buffer
    damage_the_buffer_file
    path_up buffer
    wait_until 60 buffer_says_status
    proxy_mode pass
    wait_until 120 all_is_delivered
    checker --only-check --journal "$work/damaged.journal" --check "http://127.0.0.1:$path_receiver" --settle 3 \
        >"$work/damaged.books" 2>&1 || true
    note "damaged: acknowledged $(figure_of damaged acknowledged books), lost $(figure_of damaged lost books)"
    wait_until 30 books_balance
    flow after_damage
    wait_until 60 flow_ended after_damage
    compare after_damage
    expect "lost after the damage" "$(figure_of after_damage lost books)" 0
}

# What could not be read is counted as dropped, so that what arrived and what was lost is all of it; and the cloud is
# told which numbers they were.
pain_06_damage_is_reported_to_the_record() {
    [ "$(figure_of damaged lost books)" -gt 0 ] || note "the damage hit no record"
    expect "dropped by damage" "$(dropped_for damage)" "$(figure_of damaged lost books)"
    wait_until 30 no_gaps
}

# --- what goes to the disk for it

# What is shown is what the kernel counts: between a look before and one after.
shows_what_was_written() {
    local before shown after
    before=$(written_bytes buffer)
    shown=$(buffer_status | jq .flash.written_bytes)
    after=$(written_bytes buffer)
    [ "$before" -le "$shown" ] && [ "$shown" -le "$after" ]
    buffer_status | jq -e '.flash | .payload_bytes > 0 and .since_ms > 0 and .for_ms > 0'
}

# How much a power cut may take of what is not acknowledged.
states_its_window() { buffer_status | jq -e --argjson ms "$1" '.window_ms == $ms'; }

pain_23_bytes_written_are_bounded_and_shown() {
    local before written payload
    path_settings buffer '.window_ms = 1000'
    sleep 2
    before=$(written_bytes buffer)
    flow flash
    settles flash
    written=$(($(written_bytes buffer) - before))
    payload=$((messages * (200 + 700 + 2000) / 3))
    note "window 1 s: $written bytes written for $payload of payload"
    [ "$written" -le "$payload" ] # of rows it is five times as much
    shows_what_was_written
    path_settings buffer '.window_ms = 50'
    wait_until 10 states_its_window 50
}

# --- the disk of the buffer, a small one

small_disk() {
    path_stop
    rm -rf "$path_dir/buffer/data" "$path_dir/broker/data" "$path_dir/receiver"/received.db*
    mkdir -p "$path_dir/buffer/data" "$path_dir/broker/data"
    [ "$(id -u)" -ne 0 ] || chown 65534:65534 "$path_dir/broker/data"
    mount -t tmpfs -o "size=${tmpfs_mib}m,uid=65534,gid=65534,mode=0700" none "$path_dir/buffer/data"
    receiver_up
    proxy_up
    path_start
    expect "epochs of before" "$(report_value .epochs)" 0
}

fill_disk() { dd if=/dev/zero of="$path_dir/buffer/data/filler" bs=64k status=none 2>/dev/null || true; }
free_disk() { rm -f "$path_dir/buffer/data/filler"; }

buffer_is_degraded() { buffer_status | jq -e '.state == "degraded"'; }
buffer_is_ok() { buffer_status | jq -e '.state == "ok"'; }

full_disk_and_freed_again_loses_nothing() {
    proxy_mode down # what is held needs room
    flow full --size 2000
    fill_disk
    wait_until 60 buffer_is_degraded
    note "full: $(buffer_status | jq -r .reason)"
    free_disk
    proxy_mode pass
    wait_until 60 buffer_is_ok
    settles full
}

buffer_started_on_a_full_disk_loses_nothing() {
    flow fullstart --size 2000
    fill_disk
    path_kill buffer
    sleep 2
    free_disk
    settles fullstart
}

# Fed past the cap with nobody to take it: the file stays within, also right after a restart.
pain_12_cap_in_bytes_is_kept() {
    local cap=$((16 * 1024 * 1024)) disk
    path_settings buffer ".max_bytes = $cap"
    sleep 2
    proxy_mode down
    checker_start cap --count 20000 --corpus binary --size 2000
    wait_until 60 buffer_is_degraded
    disk=$(disk_bytes buffer)
    note "cap $cap, on disk $disk, held $(book held)"
    [ "$disk" -le "$cap" ]
    path_kill buffer
    wait_until 30 buffer_says_status
    [ "$(disk_bytes buffer)" -le "$cap" ]
    proxy_mode pass
    path_settings buffer '.max_bytes = 17179869184'
    settles cap
}
