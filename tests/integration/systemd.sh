#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# holdfastd and holdfast-docker under a real service manager: the units as packages have them, in a systemd of the test's own (tests/systemd).
# shellcheck source=../private-gateway.sh disable=SC2119
. "$(dirname "$0")/../private-gateway.sh"
gateway_new
unit=holdfastd.service
own_uid=990
watchdog_s=5
gate=$gw_dir/gate
gw_socket=/run/holdfast-docker.sock

# --- the manager

# Its own cgroup in each hierarchy that systemd itself uses.
cgroup_enter() {
    local hierarchy
    for hierarchy in /sys/fs/cgroup /sys/fs/cgroup/systemd /sys/fs/cgroup/unified; do
        [ -e "$hierarchy/cgroup.procs" ] || continue
        mkdir -p "$hierarchy/$gw"
        echo "$BASHPID" >"$hierarchy/$gw/cgroup.procs"
    done
}

# Docker and the manager see the run folder in the same place, mounted as its unit says.
run_folder_make() {
    local options
    options=$(sed -n 's/^Options=//p' "$hf_root/image/run-holdfast.mount")
    mount -t tmpfs -o "$options,uid=$own_uid,gid=$own_uid" holdfast "$gw_secrets"
    chmod 711 "$work"
}

units_make() {
    local dir=$gw_dir/units name
    mkdir -p "$dir"/{holdfastd,holdfast-docker}.service.d
    for name in default sysinit basic shutdown; do
        printf '[Unit]\nDefaultDependencies=no\n' >"$dir/$name.target"
    done
    cp "$hf_root"/image/{holdfastd.service,holdfast-docker.service,holdfast-docker.socket,run-holdfast.mount} "$dir/"
    cp "$holdfastd" "$docker_guard" "$(dirname "$holdfastd")/holdfast-fetch" "$gw_release" "$gw_dir/"
    run_folder_make
    # What a test must: where things are, a patience that it can await, and a first start that comes when it is told.
    cat >"$dir/$unit.d/test.conf" <<END
[Service]
ExecStart=
ExecStart=/bin/sh -c '[ ! -p $gate ] || read -r go <$gate; exec $gw_dir/holdfastd --instance $gw \
    --run $gw_secrets --listen 127.0.0.1:$gw_port --field-bind 0.0.0.0:$gw_field \
    --docker-socket $gw_socket --release $gw_dir/${gw_release##*/} --provision $gw_dir/provision'
WatchdogSec=$watchdog_s
BindPaths=$gw_dir
StandardOutput=truncate:$gw_dir/out
StandardError=append:$gw_dir/log
END
    cat >"$dir/holdfast-docker.service.d/test.conf" <<END
[Service]
ExecStart=
ExecStart=$gw_dir/holdfast-docker --instance $gw --run-dir $gw_secrets
BindReadOnlyPaths=$gw_dir
StandardError=append:$gw_dir/guard.log
END
}

manager_start() {
    mkdir "$work/root"
    (
        cgroup_enter
        exec unshare --mount --pid --uts --ipc --fork --kill-child --propagation private -- \
            "$hf_root/tests/systemd/boot" "$work/root" "$gw_dir/units" "$(readlink -f "$docker_socket")" "$gw_dir" "$own_uid"
    ) >"$work/manager.log" 2>&1 </dev/null &
    echo $! >"$work/manager.pid"
    disown
    wait_until 30 manager_runs || {
        cat "$work/manager.log"
        return 1
    }
}

manager_pid() { pgrep --parent "$(cat "$work/manager.pid")" --exact systemd; }
in_manager() { nsenter --target "$(manager_pid)" --mount --pid -- "$@"; }
manager_runs() { [ "$(in_manager systemctl is-system-running)" = running ]; }

before_end() {
    local pid cgroup
    if pid=$(manager_pid); then
        kill -KILL "$pid" # and with it all that it has started
        wait_until 10 is_gone "$(cat "$work/manager.pid")"
    fi
    for cgroup in /sys/fs/cgroup{,/*}/"$gw"; do
        [ ! -d "$cgroup" ] || find "$cgroup" -depth -type d -exec rmdir {} \;
    done
    ! mountpoint -q "$gw_secrets" || umount -l "$gw_secrets"
}

property() { in_manager systemctl show --value --property "$1" "$unit"; }
unit_is() { [ "$(property ActiveState)" = "$1" ]; }

# --- ready

active_only_when_it_is_ready() {
    mkfifo "$gate"
    jq -n --arg url "$gw_uplink" --arg host "$registry" \
        '{format: 1, uplink: {url: $url}, registry: {host: $host}, broker: {anonymous: true}}' >"$gw_dir/provision/holdfast/provision.json"
    in_manager systemctl start --no-block "$unit"
    wait_until 30 unit_is activating
    stays 3 unit_is activating
    echo go >"$gate"
    wait_until 60 unit_is active
    gateway_is_ready # it has said so before, never after
    rm "$gate"
    gateway_claim # it answers at once
}

works_in_its_sandbox() {
    receiver_start
    wait_until 120 all_healthy
    publish under/systemd 1
    wait_until 60 has_record under/systemd
    expect "state" "$(in_manager stat -c '%a %U' /var/lib/holdfast)" "700 holdfast"
}

# What telemetry reads, as that user. The manager has process ids of its own, so not by its holdfastd.
may_measure_services() {
    local pid files
    pid=$(host_pid broker)
    mapfile -t files < <(find /sys/fs/cgroup -path "*$(inspect broker '{{.Id}}')*" \( -name memory.stat -o -name 'cpu*.stat' \))
    [ "${#files[@]}" -ge 2 ]
    setpriv --reuid="$own_uid" --regid="$own_uid" --clear-groups -- \
        cat "/proc/$pid/cgroup" "/proc/$pid/net/dev" "${files[@]}" >/dev/null
}

# As one that was broken into: by its user, with what it sees.
as_holdfastd() {
    in_manager nsenter --target "$(property MainPID)" --mount -- \
        setpriv --reuid="$own_uid" --regid="$own_uid" --clear-groups --no-new-privs -- "$@"
}
status_of_main() { in_manager sed -n "s/^$1:[[:space:]]*//p" "/proc/$(property MainPID)/status"; }
docker_by() { as_holdfastd curl -sS --max-time 10 --unix-socket "$1" -o /dev/null -w '%{http_code}' "http://docker$2"; }

# CAP_CHOWN, CAP_NET_BIND_SERVICE and CAP_SYS_TIME.
has_no_way_to_docker_but_one() {
    expect "user" "$(status_of_main Uid | cut -f1)" "$own_uid"
    expect "capabilities" "$(status_of_main CapEff) $(status_of_main CapBnd)" "0000000002000401 0000000002000401"
    expect_fail docker_by /run/docker.sock /version
    expect_fail as_holdfastd ls "/proc/1/root/run"
    expect "by the guard" "$(docker_by "$gw_socket" /v1.41/info)" 200
    expect "by the guard" "$(docker_by "$gw_socket" /v1.41/swarm)" 403
    expect_match "guard" "$(in_manager sed -n 's/^CapBnd:[[:space:]]*//p' \
        "/proc/$(in_manager systemctl show --value --property MainPID holdfast-docker.service)/status")" '^0{16}$'
}

# What is asked meanwhile waits in the socket.
guard_that_is_killed_is_started_again() {
    local before
    before=$(all_ids)
    in_manager systemctl kill --signal=KILL holdfast-docker.service
    expect "by the next one" "$(docker_by "$gw_socket" /v1.41/info)" 200
    wait_until 60 all_healthy
    expect "containers" "$(all_ids)" "$before"
}

# The dashboard's sentence, for `systemctl status`.
says_how_things_are() { wait_until 30 has_status '^All data delivered'; }
has_status() { expect_match "status" "$(property StatusText)" "$1"; }

# --- what ends it, and who mends it

another_process() { unit_is active && [ "$(property MainPID)" != "$1" ]; }
# ended_and_back COMMAND...: then another process of holdfastd has the same containers.
ended_and_back() {
    local before pid restarts
    before=$(all_ids) pid=$(property MainPID) restarts=$(property NRestarts)
    "$@"
    wait_until 60 another_process "$pid"
    expect "restarts by the manager" "$(property NRestarts)" $((restarts + 1))
    gateway_login
    wait_until 60 all_healthy
    expect "containers" "$(all_ids)" "$before"
}

signal() { in_manager systemctl kill --kill-whom=main --signal="$1" "$unit"; }

fed_while_it_works() {
    local pid
    pid=$(property MainPID)
    stays $((watchdog_s + 1)) unit_is active
    expect "process" "$(property MainPID)" "$pid"
}

stand_still() {
    signal STOP
    wait_until 30 ended_by_its_watchdog
}
ended_by_its_watchdog() { [ "$(property Result)" = watchdog ]; }

pain_17_one_that_stands_still_is_ended_and_started_again() {
    ended_and_back stand_still
}

one_that_is_killed_is_started_again() { ended_and_back signal KILL; }

# From its own backup: it ends as for a stop and executes itself anew, which to the manager is the same process. The
# numbers of its records begin anew under the same id.
one_that_is_restored_begins_anew() {
    local containers pid restarts before after
    wait_until 60 publish_hears before/restore 1
    before=$(record_is_of before/restore)
    containers=$(all_ids) pid=$(property MainPID) restarts=$(property NRestarts)
    gateway_prove
    curl -fksS --max-time 60 -b "$gw_dir/jar" -o "$work/backup" -H 'Content-Type: application/json' \
        --data-binary '{"passphrase":"a passphrase of a test"}' "$gw_url/api/v1/backup"
    curl -fksS --max-time 60 -b "$gw_dir/jar" -H 'Holdfast-Passphrase: a%20passphrase%20of%20a%20test' \
        -H 'Content-Type: application/octet-stream' --data-binary "@$work/backup" "$gw_url/api/v1/restore"
    wait_until 60 was_ready 2
    wait_until 60 gateway_login # sessions have ended
    wait_until 60 all_healthy
    expect "unit" "$(property ActiveState) $(property MainPID) $(property NRestarts)" "active $pid $restarts"
    expect "containers" "$(all_ids)" "$containers"
    wait_until 60 record_is_numbered_anew after/restore "$before"
    after=$(record_is_of after/restore)
    expect "id" "${after% *}" "${before% *}"
    note "$before became $after"
    stays $((watchdog_s + 1)) unit_is active # which it feeds as before
    expect "process" "$(property MainPID)" "$pid"
}
was_ready() { [ "$(grep -c '^ready' "$gw_dir/out")" = "$1" ]; }
# The buffer may take one more before it hears of it.
record_is_numbered_anew() {
    local now
    publish_hears "$1" 1 || return
    now=$(record_is_of "$1")
    [ "${now#* }" != "${2#* }" ]
}
# The gateway and the epoch of a record that the cloud has.
record_is_of() { records "$1" | jq -rs '.[-1] | "\(.gateway) \(.epoch)"'; }

runs_on_without_docker() {
    local pid
    in_manager umount /run/docker.sock
    in_manager systemctl stop holdfast-docker.service # its view is of before; the next call starts it
    in_manager systemctl restart "$unit" # returns when it is ready
    gateway_login
    wait_until 30 engine_is_away
    wait_until 30 has_status '^What runs keeps running'
    pid=$(property MainPID)
    stays $((watchdog_s + 1)) unit_is active
    expect "process" "$(property MainPID)" "$pid"
}
engine_is_away() { [ "$(api_get /gateway .engine.state)" = unreachable ]; }

ends_in_order_and_leaves_all_as_it_is() {
    local before
    before=$(all_ids)
    in_manager systemctl stop "$unit"
    expect "unit" "$(property ActiveState) $(property Result) $(property ExecMainStatus)" "inactive success 0"
    expect "containers" "$(all_ids)" "$before"
    in_manager test -d /run/holdfast # the services' folders are in it
    publish without/systemd 1
    wait_until 60 has_record without/systemd
}

check units_make
check manager_start
need
check active_only_when_it_is_ready
need
check works_in_its_sandbox
need
check has_no_way_to_docker_but_one
check may_measure_services
check guard_that_is_killed_is_started_again
check says_how_things_are
check fed_while_it_works
check pain_17_one_that_stands_still_is_ended_and_started_again
check one_that_is_killed_is_started_again
check one_that_is_restored_begins_anew
check runs_on_without_docker
check ends_in_order_and_leaves_all_as_it_is
finish
