#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Alarms from their cause to whoever must know; the history over restarts; and clocks that are wrong.
# shellcheck source=../private-gateway.sh disable=SC2119
. "$(dirname "$0")/../private-gateway.sh"
gateway_new

state_size_mb=24
hook_port=$(free_port)
real_holdfastd=$holdfastd

# The state lies on a small file system of its own, so that it can be full.
starts() {
    mount -t tmpfs -o "size=${state_size_mb}m,mode=0700" "$gw" "$gw_state"
    gateway_start
    gateway_claim
    receiver_start
    wait_until 120 all_healthy
}

tidy_up() {
    gateway_end_daemon KILL
    umount -l "$gw_state" || true
    [ ! -e "$work/hook.pid" ] || kill "$(cat "$work/hook.pid")" || true
}
end() {
    local rc=$?
    tidy_up >/dev/null 2>&1
    (exit "$rc")
    harness_end
}
trap end EXIT

# alarm KIND SUBJECT FILTER [STATE]: prints what jq makes of the newest such alarm; fails where there is none.
alarm() {
    api GET "/alarms?state=${4:-active}&limit=500" |
        jq -re --arg k "$1" --arg s "$2" "[.alarms[] | select(.kind == \$k and .subject == \$s)][0] | $3"
}
is_active() { alarm "$1" "$2" .id; }
is_cleared() { expect_fail is_active "$1" "$2" && alarm "$1" "$2" .cleared all; }
change_config() {
    api GET /config >/dev/null
    etag=$(sed -nE 's/^etag: *//Ip' "$work/head" | tr -d '\r')
    curl -ks --max-time 30 -X PATCH -b "$gw_dir/jar" -H "If-Match: $etag" -H 'Content-Type: application/merge-patch+json' \
        --data-binary "$1" -o "$work/body" -w '%{http_code}' "$gw_url/api/v1/config" >"$work/status"
    expect "status of the change ($(cat "$work/body"))" "$(cat "$work/status")" 200
}
# told EVENT KIND: the cloud has such a record.
told() {
    records holdfast/alarms 500 |
        jq -e --arg e "$1" --arg k "$2" 'select(.payload.event == $e and .payload.alarm.kind == $k)' >/dev/null
}

# --- from cause to cloud

# A log of a container that is gone, which may go before the disk is full.
an_old_log_is_there() {
    change_config '{"limits": {"processor": {"log_bytes": 1572864}}}'
    wait_until 120 has_old_log
    wait_until 120 all_healthy
}
has_old_log() { [ -n "$(find "$gw_state/logs" -name '*.log.gz' -print -quit)" ]; }

fill_the_state() {
    local free
    free=$(df --output=avail -k "$gw_state" | tail -n 1)
    head -c "$((free - state_size_mb * 1024 / 100))K" /dev/zero >"$gw_state/ballast" || true
    expect_match "use of the state's disk" "$(df --output=pcent "$gw_state" | tail -n 1)" '(98|99|100)%'
}

pain_11_a_disk_at_99_percent_is_an_alarm_and_not_the_end() {
    fill_the_state
    wait_until 30 is_active disk_full "$gw_state"
    wait_until 10 expect severity "$(alarm disk_full "$gw_state" .severity)" bad
    expect_match cause "$(alarm disk_full "$gw_state" .cause)" '^(98|99|100) % of the space is used'
    [ -n "$(alarm disk_full "$gw_state" .advice)" ]
    wait_until 30 expect_fail has_old_log
    wait_until 30 alarm_says disk_full "$gw_state" 'to make room, [1-9][0-9]* old logs'
    wait_until 30 alarm_says disk_full "$gw_state" 'nothing of ours is left that may go'
    wait_until 30 is_audited "made room on $gw_state: removed [0-9]+ old logs"
    wait_until 60 told raised disk_full
    records holdfast/alarms | jq -e 'select(.payload.alarm.kind == "disk_full") | .synced != null'
    all_healthy
    publish full/disk 1
    wait_until 30 has_record full/disk
}

alarm_says() { expect_match cause "$(alarm "$1" "$2" .cause)" "$3"; }
is_audited() { api GET /audit | jq -e --arg re "$1" 'any(.entries[]; .who == "holdfastd" and (.what | test($re)))'; }

shown_in_the_state() {
    api GET /gateway | jq -e --arg m "$gw_state" '.host.disks[0] | .mount == $m and .used_bytes > 0 and .inodes_total > 0'
    local state
    state=$(curl -ksN --max-time 5 -b "$gw_dir/jar" "$gw_url/api/v1/events" | sed -n 's/^data: //p' | sed -n 1p) || true
    jq -e '.alarms | .active >= 1 and .unacknowledged >= 1 and .worst == "bad"' <<<"$state"
}

it_survives_a_kill() {
    local id count
    id=$(is_active disk_full "$gw_state")
    count=$(alarm disk_full "$gw_state" .count)
    gateway_end_daemon KILL
    gateway_start
    expect id "$(is_active disk_full "$gw_state")" "$id"
    stays 5 is_active disk_full "$gw_state"
    expect count "$(alarm disk_full "$gw_state" .count)" "$count"
}

it_is_acknowledged_once() {
    local id
    id=$(is_active disk_full "$gw_state")
    api_is 200 POST "/alarms/$id/acknowledge"
    expect who "$(jq -r .acknowledged.by "$work/body")" admin
    api_is 200 POST "/alarms/$id/acknowledge"
    api_is 404 POST /alarms/999999/acknowledge
    gateway_end_daemon KILL
    gateway_start
    expect who "$(alarm disk_full "$gw_state" .acknowledged.by)" admin
    api GET /audit | jq -e 'any(.entries[]; .what | test("acknowledged alarm [0-9]+: disk_full"))'
    wait_until 60 told acknowledged disk_full
}

it_is_cleared_when_there_is_room_again() {
    rm "$gw_state/ballast"
    wait_until 90 is_cleared disk_full "$gw_state"
    wait_until 60 told cleared disk_full
    api_is 409 POST "/alarms/$(alarm disk_full "$gw_state" .id all)/acknowledge"
}

# --- a webhook that does not listen at first

start_hook() {
    cat >"$work/hook.mjs" <<'JS'
import { createServer } from 'node:http';
import { appendFileSync } from 'node:fs';
const [port, file] = process.argv.slice(2);
let count = 0;
createServer((req, res) => {
  let body = '';
  req.on('data', (d) => { body += d; });
  req.on('end', () => {
    const status = ++count <= 2 ? 503 : 204;
    appendFileSync(file, JSON.stringify({ status, key: req.headers['idempotency-key'],
      auth: req.headers.authorization, body: JSON.parse(body) }) + '\n');
    res.writeHead(status).end();
  });
}).listen(Number(port), '0.0.0.0');
JS
    : >"$work/hook.log"
    "$node" "$work/hook.mjs" "$hook_port" "$work/hook.log" >/dev/null 2>&1 &
    echo $! >"$work/hook.pid"
    disown
}
hooked() { jq -e --arg e "$1" --arg k "$2" 'select(.status == 204 and .body.event == $e and .body.alarm.kind == $k)' "$work/hook.log"; }

the_webhook_is_told_in_the_end() {
    start_hook
    change_config "$(jq -nc --arg u "http://$(host_address):$hook_port/hook" \
        '{alarms: {webhook: {url: $u, token: "h00k"}, silent_after_s: 5}}')"
    expect token "$(api_get /config .alarms.webhook.token)" '***'
    # A device that used to publish goes silent.
    publish sensors/quiet7/temp 21
    wait_until 60 is_active device_silent quiet7
    wait_until 90 hooked raised device_silent
    expect "refused before" "$(jq -s 'map(select(.status == 503)) | length' "$work/hook.log")" 2
    jq -se 'all(.auth == "Bearer h00k") and (map(.key) | .[0] == .[1] and .[1] == .[2])' "$work/hook.log"
    expect gateway "$(jq -rs '.[2].body.gateway' "$work/hook.log")" "$(api_get /gateway .id)"
}

a_silent_device_stays_so_until_it_is_heard() {
    local id
    id=$(is_active device_silent quiet7)
    gateway_end_daemon KILL
    kill_service processor # it forgets whom it has heard
    gateway_start
    wait_until 90 service_healthy processor
    stays 15 is_active device_silent quiet7
    expect id "$(is_active device_silent quiet7)" "$id"
    change_config '{"alarms": {"silent_after_s": 3600}}'
    wait_until 90 told_again
    wait_until 60 hooked cleared device_silent
}
# One that fell silent before the processor began to forget: we remember it.
a_device_that_is_silent_since_before_a_restart_is_missed() {
    change_config '{"alarms": {"silent_after_s": 20}}'
    publish sensors/quiet8/temp 21
    wait_until 60 knows_device quiet8
    sleep 11 # a survey
    gateway_end_daemon TERM
    kill_service processor
    gateway_start
    wait_until 90 service_healthy processor
    wait_until 120 is_active device_silent quiet8
    expect_match cause "$(alarm device_silent quiet8 .cause)" 'said nothing since 20'
    change_config '{"alarms": {"silent_after_s": 3600}}'
    publish sensors/quiet8/temp 22
    wait_until 90 is_cleared device_silent quiet8
}
knows_device() { api GET '/devices?limit=100' | jq -e --arg d "$1" 'any(.devices[]; .device == $d)'; }
# Published until it is seen: the setting may reach the processor later.
told_again() { publish sensors/quiet7/temp 22 && is_cleared device_silent quiet7; }

# --- the history

points() { api GET "/history?range=$1&series=host.memory_bytes,broker.cpu_percent" | jq "[.series[\"host.memory_bytes\"][] | select(. != null)] | length"; }
has_points() { [ "$(points "$1")" -ge "$2" ]; }

the_minutes_of_the_history_survive_an_end() {
    local before
    wait_until 150 has_points 3d 1
    before=$(points 3d)
    gateway_end_daemon TERM
    gateway_start
    has_points 3d "$before"
    wait_until 30 has_points 10m 3
    api GET "/history?range=10m" | jq -e '.interval_s == 1 and (.series | length) == 37 and (.series["forwarder.net_tx_per_s"] != null)'
    api GET "/history?range=6h&series=host.load1" | jq -e '.interval_s == 10 and (.series | keys) == ["host.load1"]'
    api_is 400 GET "/history?range=1y"
    note "holdfastd with 4 services: $(api_get /gateway '.daemon | "\(.rss_bytes / 1e6 * 10 | round / 10) MB resident, \(.cpu_percent) % of a core"')"
}

usage_has_network_and_io() {
    wait_until 30 service_is buffer '.usage.net_rx_bytes > 0 and .usage.memory_bytes > 0' true
    service_is broker '.usage.net_tx_bytes > 0' true
}

# --- old images

# An image that nobody has named, as one that was pulled by its digest and is needed no more.
nameless_image() { tar -C "$work" -c --transform "s,^,$1/," jar-"$1" | docker import - ; }

# starts_with RELEASE: just so long that it knows it.
starts_with() {
    [ -e "$1.minisig" ] || release_sign "$1"
    gateway_end_daemon KILL
    gw_release=$1
    gateway_start
}
release_with_broker() {
    jq --arg id "$1" '.services.broker |= (.repository = "hft/none" | .tag = "0.0.1" | .platforms[] |= (.config = $id | .manifest = $id))' "$gw_release"
}
has_image() { docker image inspect "$1" >/dev/null; }
a_disk_has_nothing_left() {
    api GET '/alarms?state=active' | jq -e 'any(.alarms[]; .kind == "disk_full" and (.cause | test("nothing of ours is left that may go")))'
}

# Neither the next release nor a disk that is full (of more than 1 %: what is serious is not asked) takes what somebody
# uses, and it goes when nobody does.
pain_11_images_of_older_releases_go_and_no_other() {
    local oldest previous right=$gw_release
    echo "$gw oldest" >"$work/jar-oldest"
    echo "$gw previous" >"$work/jar-previous"
    oldest=$(nameless_image oldest)
    previous=$(nameless_image previous)
    release_with_broker "$oldest" >"$work/oldest.json"
    release_with_broker "$previous" >"$work/previous.json"
    starts_with "$work/oldest.json"
    docker create --name "hft-user-$$" "$oldest" /none # else it goes with the next release
    starts_with "$work/previous.json"
    starts_with "$right"
    wait_until 180 all_healthy
    change_config '{"alarms": {"thresholds": {"disk_percent": [1, 1]}}}'
    wait_until 60 a_disk_has_nothing_left
    has_image "$oldest"
    docker rm "hft-user-$$"
    wait_until 150 expect_fail has_image "$oldest"
    stays 7 has_image "$previous"
    docker image rm "$previous"
    change_config '{"alarms": {"thresholds": null}}'
    all_healthy
}

# --- clocks

# clock_is TIME: runs on from there, for the holdfastd of use_false_clock.
clock_is() { echo "@$1" >"$work/clock"; }
time_is() { api_get /gateway .time | grep -E "$1"; }
use_false_clock() {
    local library
    library=$(ls /usr/lib/*/faketime/libfaketimeMT.so.1)
    printf '#!/bin/sh\nLD_PRELOAD=%s FAKETIME_TIMESTAMP_FILE=%s FAKETIME_NO_CACHE=1 DONT_FAKE_MONOTONIC=1 \\\n    exec %s "$@"\n' \
        "$library" "$work/clock" "$real_holdfastd" >"$work/at"
    chmod +x "$work/at"
    holdfastd=$work/at
}

all_ids() { docker inspect --format '{{.Id}} {{.State.StartedAt}} {{.RestartCount}}' "$gw"-{broker,buffer,processor,forwarder}; }

pain_22_nothing_waits_for_the_time() {
    local before
    before=$(all_ids)
    use_false_clock
    clock_is '1970-01-01 00:05:00'
    gateway_end_daemon TERM
    gateway_start
    api_is 200 GET /gateway # the session of before is one
    time_is '^1970-'
    expect_match floor "$(api_get /gateway .host.clock.floor)" '^(20[0-9][0-9]-|null)'
    wait_until 90 all_healthy
    expect containers "$(all_ids)" "$before"
}

pain_01_the_first_ntp_ends_no_session_and_no_service() {
    local before
    before=$(all_ids)
    gateway_login
    clock_is '2031-06-01 12:00:00'
    wait_until 30 time_is '^2031-'
    stays 5 api_is 200 GET /services
    gateway_end_daemon KILL
    use_false_clock
    gateway_start
    api_is 200 GET /gateway
    wait_until 90 all_healthy
    publish after/ntp 1
    wait_until 30 has_record after/ntp
    expect containers "$(all_ids)" "$before"
}

check starts
need
check an_old_log_is_there
check pain_11_a_disk_at_99_percent_is_an_alarm_and_not_the_end
check shown_in_the_state
check it_survives_a_kill
check it_is_acknowledged_once
check it_is_cleared_when_there_is_room_again
check the_webhook_is_told_in_the_end
check a_silent_device_stays_so_until_it_is_heard
check a_device_that_is_silent_since_before_a_restart_is_missed
check usage_has_network_and_io
check the_minutes_of_the_history_survive_an_end
check pain_11_images_of_older_releases_go_and_no_other
check pain_22_nothing_waits_for_the_time
check pain_01_the_first_ntp_ends_no_session_and_no_service
finish
