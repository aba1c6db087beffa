# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# A machine of one's own in QEMU, with the appliance's disk. Its firmware, disk, network card and stick are those that a PC
# has; it is emulated where there is no KVM. Sources private-gateway.sh, whose words for a gateway's API hold for the one in
# it. It reaches the receiver of the test, by $guest_cloud, and nothing else: no registry, no names, no time.
#
#     guest_new; guest_receiver; guest_stick FILE.json
#     guest_serve; guest_start; wait_until $guest_s gateway_answers
#     guest_cut                                            as the power does: what was not flushed is gone
#
# shellcheck source-path=SCRIPTDIR source-path=SCRIPTDIR/.. source=private-gateway.sh
. "$(dirname "${BASH_SOURCE[0]}")/private-gateway.sh"

guest_image=${HF_DISK:-$hf_build/appliance/holdfast-$(sed -nE 's/^project\(holdfast VERSION ([0-9.]+).*/\1/p' "$hf_root/CMakeLists.txt")-x86-64.img}
guest_code=7Q2W-M4KX-9DTR
guest_name=press-hall-3
guest_cloud=10.0.2.100:8080
guest_disk_mib=8192 # larger than the image, as every disk is
guest_memory_mib=1024
# Patience with an emulated machine on a loaded one.
guest_s=900
# What the kernel and systemd are told besides, by the firmware's tables, so that the disk stays as people get it: all logs on
# the serial line.
guest_tell='console=ttyS0 loglevel=6 systemd.journald.forward_to_console=1 systemd.journald.max_level_console=debug systemd.log_color=0'
guest_ovmf=/usr/share/OVMF

guest_accelerator() {
    if [ -w /dev/kvm ] && grep -qwE 'vmx|svm' /proc/cpuinfo; then echo kvm; else echo tcg,thread=multi; fi
}

# guest_new [SUFFIX [IMAGE]]: a disk as it comes from the maker; the machine is off.
guest_new() {
    gateway_new "${1:-}"
    guest_dir=$gw_dir/guest
    mkdir -p "$guest_dir"
    cp --sparse=always "${2:-$guest_image}" "$guest_dir/disk"
    truncate --size "${guest_disk_mib}M" "$guest_dir/disk"
    cp "$guest_ovmf/OVMF_VARS_4M.fd" "$guest_dir/vars"
    guest_drive=file=$guest_dir/disk,format=raw
}

# guest_vfat STICK LABEL FILE...: a stick with them in its folder holdfast, as a PC would write it.
guest_vfat() {
    local stick=$1 label=$2
    shift 2
    rm -f "$stick"
    # Not by mformat: what it leaves in the first sector, a kernel takes for a partition.
    mkfs.vfat -C -n "$label" "$stick" $((64 * 1024)) >/dev/null
    mmd -i "$stick" ::/holdfast
    [ $# -eq 0 ] || mcopy -i "$stick" "$@" ::/holdfast/
}
# guest_stick FILE...: the one that is in when it starts.
guest_stick() { guest_vfat "$guest_dir/stick" HOLDFAST "$@"; }
# guest_provision: a stick that makes a gateway of it, which a code on the stick then claims.
guest_provision() {
    jq -n --arg url "http://$guest_cloud/v1/ingest" --arg code "$guest_code" --arg name "$guest_name" \
        --arg key "$(sed -n 2p "$release_keys/minisign.pub")" '{format: 1, name: $name, uplink: {url: $url},
            setup_code: $code, release_keys: [$key], broker: {anonymous: true}}' >"$work/provision.json"
    guest_stick "$work/provision.json"
}
# Wrong codes are slowed down: not before the stick says that it was taken.
guest_provisioned() {
    wait_until "$guest_s" guest_reports '^provision.json: (APPLIED|was applied before)'
    api_is 201 POST /claim "$(jq -nc --arg c "$guest_code" --arg p "$password" '{setup_code: $c, password: $p}')"
}

# guest_report STICK: the report that was written back onto it, as a phone would show it.
guest_report() {
    local name
    name=$(mdir -b -i "$1" ::/holdfast/ | grep -m 1 'report-.*\.txt$')
    mtype -i "$1" "$name" | tr -d '\r'
}
guest_reports() { expect_match "report on the stick" "$(guest_report "$guest_dir/stick")" "$1"; }

# guest_serve: the disk, by a server with a cache that nobody saves: what the machine did not flush goes with guest_cut,
# exactly. Without it the disk is a file, which loses nothing. It counts until guest_new.
guest_serve() {
    rm -f "$guest_dir/nbd"
    nbdkit --pidfile "$guest_dir/nbd.pid" --unix "$guest_dir/nbd" --filter=cache file "$guest_dir/disk" cache=writeback
    guest_drive="file=nbd+unix:///?socket=$guest_dir/nbd,format=raw"
}

guest_pid() { cat "$guest_dir/pid"; }
guest_runs() { [ -s "$guest_dir/pid" ] && is_alive "$(guest_pid)"; }

# guest_start [OPTION...]: of QEMU.
guest_start() {
    local stick=()
    [ ! -e "$guest_dir/stick" ] || stick=(-drive "if=none,id=stick,format=raw,file=$guest_dir/stick"
        -device "usb-storage,id=stick,bus=usb.0,drive=stick,removable=on")
    rm -f "$guest_dir/qmp"
    : >"$guest_dir/serial"
    setsid qemu-system-x86_64 -nodefaults -machine q35 -accel "$(guest_accelerator)" -smp 2 -m "$guest_memory_mib" \
        -drive "if=pflash,format=raw,readonly=on,file=$guest_ovmf/OVMF_CODE_4M.fd" \
        -drive "if=pflash,format=raw,file=$guest_dir/vars" \
        -drive "if=none,id=disk,cache=writeback,$guest_drive" -device ide-hd,drive=disk,bus=ide.0,bootindex=0 \
        -netdev "user,id=net,restrict=on,hostfwd=tcp:127.0.0.1:$gw_port-:8443,hostfwd=tcp:127.0.0.1:$gw_field-:1883,hostfwd=tcp:127.0.0.1:$gw_tls-:22,guestfwd=tcp:$guest_cloud-cmd:socat - TCP:127.0.0.1:$gw_receiver" \
        -device e1000e,netdev=net,romfile= -device qemu-xhci,id=usb "${stick[@]}" \
        -device VGA -display none -serial "file:$guest_dir/serial" -qmp "unix:$guest_dir/qmp,server=on,wait=off" \
        -smbios "type=11,value=io.systemd.boot.kernel-cmdline-extra=$guest_tell" \
        "$@" >"$guest_dir/qemu.log" 2>&1 </dev/null &
    echo $! >"$guest_dir/pid"
    disown
    wait_until 30 guest_listens_or_gone
    guest_runs || {
        cat "$guest_dir/qemu.log"
        return 1
    }
}
guest_listens_or_gone() { [ -S "$guest_dir/qmp" ] || is_gone "$(guest_pid)"; }

# guest_ask COMMAND [ARGUMENTS]: of QEMU's own monitor; says what it returns.
guest_ask() {
    : >"$guest_dir/answer"
    {
        printf '%s\n' '{"execute": "qmp_capabilities"}' \
            "$(jq -nc --arg c "$1" --argjson a "${2:-"{}"}" '{execute: $c, arguments: $a, id: "asked"}')"
        wait_until 60 grep -q '"asked"' "$guest_dir/answer" >/dev/null || true # an end would be the end of the answer
    } | timeout 70 socat - "UNIX-CONNECT:$guest_dir/qmp" | tee "$guest_dir/answer" >/dev/null
    grep '"asked"' "$guest_dir/answer" | jq -ce .return || { # events may come before it and after
        cat "$guest_dir/answer" >&2
        return 1
    }
}

# guest_plugs STICK [OPTIONS]: into another port while it runs; the options are QEMU's of the drive. guest_pulls: out again.
guest_plugs() {
    guest_mark
    guest_ask blockdev-add "$(jq -nc --arg f "$1" --argjson more "${2:-"{}"}" \
        '{driver: "raw", "node-name": "other", file: {driver: "file", filename: $f}} + $more')" >/dev/null
    guest_ask device_add '{"driver": "usb-storage", "id": "other", "bus": "usb.0", "drive": "other", "removable": true}' >/dev/null
}
guest_pulls() {
    guest_ask device_del '{"id": "other"}' >/dev/null
    wait_until 60 guest_lets_go
}
guest_lets_go() { guest_ask blockdev-del '{"node-name": "other"}' >/dev/null; }

# guest_says REGEX: on its console, since guest_mark.
guest_mark() { stat -c %s "$guest_dir/serial" >"$guest_dir/mark"; }
guest_says() { expect_match "console" "$(tail -c "+$(($(cat "$guest_dir/mark") + 1))" "$guest_dir/serial" | tr -d '\r\0')" "$1"; }

# Bytes that the machine has written to its disk since it was started, as the disk saw them.
guest_written() { guest_ask query-blockstats | jq '[.[] | select(.device == "disk") | .stats.wr_bytes] | add'; }

# What it has taken of this machine since it was started, which says more than a clock where others run beside it.
guest_cpu_s() { ps -o cputimes= -p "$(guest_pid)" | tr -d ' '; }

# Someone presses the button.
guest_off() {
    guest_ask system_powerdown >/dev/null
    wait_until "$guest_s" is_gone "$(guest_pid)"
}

guest_cut() {
    local pid
    for pid in "$guest_dir"/{nbd.pid,pid}; do
        [ -s "$pid" ] || continue
        is_gone "$(cat "$pid")" || kill -KILL "$(cat "$pid")"
        wait_until 10 is_gone "$(cat "$pid")"
        rm "$pid"
    done
    wait_until 30 guest_has_let_go
}
# Of a process that was killed a thread may live on for a moment, and with it what it listened on.
guest_has_let_go() { [ -z "$(ss -Hltn "sport = :$gw_port or sport = :$gw_field")" ]; }

# guest_console FILE.png: what a person before it sees.
guest_console() { guest_ask screendump "$(jq -nc --arg f "$1" '{filename: $f, format: "png"}')" >/dev/null; }

gateway_answers() { curl -kfsS --max-time 10 -o /dev/null "$gw_url/api/v1/health"; }

# What the receiver is for a gateway on Docker; here it is a process.
guest_receiver() {
    "$tool_dir/holdfast-receiver" --listen "127.0.0.1:$gw_receiver" --db "$gw_dir/receiver.db" >"$gw_dir/receiver.log" 2>&1 &
    echo $! >"$gw_dir/receiver.pid"
    disown
    wait_until 30 receiver_answers
}

# Nothing of it is this machine's Docker's.
gateway_remove() { rm -rf "${work:?}/$1"; }

before_end() {
    local dir pid
    for dir in "$work"/*/; do
        for pid in "$dir"guest/{pid,nbd.pid} "$dir"receiver.pid; do
            [ ! -s "$pid" ] || kill -KILL "$(cat "$pid")" 2>/dev/null
        done
        [ "$checks_failed" -eq 0 ] || [ ! -e "$dir"guest/serial ] || {
            mkdir -p "$hf_build/log/last-words"
            cp "$dir"guest/serial "$hf_build/log/last-words/$suite-serial.log"
            cp "$dir"guest/qemu.log "$hf_build/log/last-words/$suite-qemu.log"
        }
    done
}
