# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# MQTT as no device of good will speaks it, at the field listener of a broker in its container. For a script with a
# healthy gateway at hand (private-gateway.sh) and crowd.sh.
# shellcheck source-path=SCRIPTDIR/../.. source=../../private-gateway.sh
# shellcheck source=crowd.sh
: "${work:?}" "${gw:=}" "${gw_field:=}" "${gw_dir:=}" "${hostile_tools:=}" "${gw_url:=}"

mqtt_seed=${HF_SEED:-$((RANDOM * 32768 + RANDOM))}
mqtt_cases=${HF_HOSTILE_CASES:-1600}
mqtt_clients=${HF_HOSTILE_CLIENTS:-500}
mqtt_silent=${HF_HOSTILE_SILENT:-5000}
# By the machine's own address: what is published on 127.0.0.1 goes by a proxy of Docker's.
mqtt_address=$(host_address)

# CONNECT of MQTT 3.1.1, clean session, keep-alive 0x0e10, a client id of eight bytes.
mqtt_hello=101400044d51545404020e100008

mosquitto_pid() { pgrep -P "$(host_pid broker)"; }
broker_remember() {
    hostile_remember mosquitto "$(mosquitto_pid)"
    inspect broker '{{.State.StartedAt}} {{.RestartCount}}' >"$work/hostile-broker"
}

# broker_settings JSON: on no trial, since nobody waits for its end here.
broker_settings() {
    local tag
    api GET /config >/dev/null
    tag=$(tr -d '\r' <"$work/head" | sed -n 's/^[Ee][Tt]ag: //p')
    curl -fks --max-time 30 -X PATCH -b "$gw_dir/jar" -o "$work/body" -H "If-Match: $tag" -H 'Content-Type: application/merge-patch+json' \
        --data-binary "{\"broker\":$1,\"upgrade\":{\"config_gate_s\":0}}" "$gw_url/api/v1/config"
    sleep 2 # until it has been handed over
    wait_until 60 all_healthy
    broker_remember
}

# As many as are to come, and some more; from the one address that this machine has.
devices_may_come() { broker_settings "{\"max_devices\":$((mqtt_clients + 500)),\"connections_per_address\":0}"; }

# A normal client is served to the end of the path, nothing was started again, and memory and descriptors are back.
broker_is_as_before() {
    local topic=after/hostile-$1
    wait_until 60 mqtt_takes "$topic"
    wait_until 60 has_record "$topic"
    expect "the broker's starts" "$(inspect broker '{{.State.StartedAt}} {{.RestartCount}}')" "$(cat "$work/hostile-broker")"
    wait_until 60 hostile_is_back mosquitto
    note "$(hostile_is_back mosquitto)"
    wait_until 60 all_healthy
}
mqtt_takes() { timeout 10 mosquitto_pub -h "$mqtt_address" -p "$gw_field" -q 1 -t "$1" -m 1; }

# mqtt_raw HEX: what comes back, in hex. DISCONNECT stands at its end.
mqtt_raw() {
    local bytes
    # shellcheck disable=SC2001
    bytes=$(sed 's/../\\x&/g' <<<"${1}e000")
    # shellcheck disable=SC2059
    printf "$bytes" | timeout 5 socat -t 4 - "TCP:$mqtt_address:$gw_field" | od -An -tx1 | tr -d ' \n'
}
mqtt_hex() { printf '%s' "$1" | od -An -tx1 | tr -d ' \n'; }
# mqtt_publish TOPIC-HEX: PUBLISH with QoS 1 of "x".
mqtt_publish() { printf '32%02x%04x%s000178' $((${#1} / 2 + 5)) $((${#1} / 2)) "$1"; }

# With QoS 1 what is taken is acknowledged (4002…): these never are.
names_that_are_none_are_not_taken() {
    local name
    for name in '#' '+' 'a/#' 'a/+/b' '#/a'; do
        expect_match "published to $name" "$(mqtt_raw "${mqtt_hello}6372776430303031$(mqtt_publish "$(mqtt_hex "$name")")")-" '^20020000-$'
    done
    for name in '' 610062 fffe c0af eda080; do
        expect_match "published to the bytes $name" "$(mqtt_raw "${mqtt_hello}6372776430303032$(mqtt_publish "$name")")-" '^20020000-$'
    done
    expect "a topic that is fine" "$(mqtt_raw "${mqtt_hello}6372776430303033$(mqtt_publish "$(mqtt_hex hostile/fine)")")" 2002000040020001
}

# What looks like a way out of the field's topics is text below them; what the broker says of itself is not for devices.
names_lead_nowhere() {
    local topic
    # shellcheck disable=SC2016 # topics
    for topic in '$SYS/broker/uptime' '$CONTROL/dynamic-security/v1' '../uplink/alarm' 'uplink/data' 'status/broker' '/../../etc/passwd'; do
        timeout 10 mosquitto_pub -h "$mqtt_address" -p "$gw_field" -q 1 -t "$topic" -m '"hostile"'
        timeout 10 mosquitto_sub -h "$mqtt_address" -p "$gw_field" -t "${topic%/*}/#" -C 1 -W 2 >"$work/hostile-heard" 2>&1 || true
        expect "heard of $topic" "$(cat "$work/hostile-heard")" "All subscription requests were denied."
    done
    wait_until 30 has_record '/../../etc/passwd'
    expect "alarms that a device has made" "$(records 'holdfast/alarms' 1000 | hostile_count hostile)" 0
    api_is 200 GET /services/broker
    service_healthy broker
}

# A length of up to 256 MiB costs nothing before the bytes are there.
lengths_that_are_not_kept_cost_nothing() {
    crowd_begin announced "$mqtt_address" "$mqtt_address" "$gw_field" 200 10ffffff7f
    wait_until 60 crowd_is_full announced
    crowd_begin promised "$mqtt_address" "$mqtt_address" "$gw_field" 200 "$mqtt_hello%i30ffffff7f"
    wait_until 60 crowd_is_full promised
    mqtt_takes hostile/meanwhile
    crowd_end
}

random_packets_do_no_harm() {
    note "seed $mqtt_seed: $("$hostile_tools/holdfast-mqtt-fuzz" "$mqtt_address" "$gw_field" "$mqtt_seed" "$mqtt_cases")"
}

many_clients_are_served() {
    crowd_begin clients "$mqtt_address" "$mqtt_address" "$gw_field" "$mqtt_clients" "$mqtt_hello%i"
    wait_until 120 crowd_is_full clients
    mqtt_takes hostile/in-the-crowd
    crowd_end
    expect_match "crowd" "$(cat "$work/crowd-clients.out")" "answered $mqtt_clients most $mqtt_clients\$"
}

# More than there are places for: by CONNECTs of 100 kB that never come, which is the most that mosquitto takes before it
# knows who asks. Until they go nobody new comes; what is inside lives on, and afterwards all is as before.
a_full_house_is_over_when_they_go() {
    crowd_begin house "$mqtt_address" "$mqtt_address" "$gw_field" 1500 109f8d06
    wait_until 120 crowd_is_full house
    crowd_end
}

# Silent ones that come again and again, from one address: others are let in meanwhile. (By 127.0.0.1 a device has the
# address of Docker's proxy.) The broker says whose they are.
one_address_keeps_nobody_out() {
    local try
    broker_settings '{"max_devices":1000,"connections_per_address":null}'
    crowd_begin silent "$mqtt_address" "$mqtt_address" "$gw_field" "$mqtt_silent"
    wait_until 120 crowd_is_full silent
    for try in 1 2 3 4 5; do wait_until 20 publish "hostile/meanwhile-$try" 1; done
    wait_until 30 broker_says_who
    note "$(api_get /services/broker .reason)"
    crowd_end
}
broker_says_who() { api_get /services/broker .reason | grep -E "^$mqtt_address had more than the 250 connections of one address: [1-9][0-9]* were refused"; }
# What it said is shown for ten minutes more: by a broker that is started anew no longer.
broker_forgets() { broker_settings '{"max_devices":1001}'; }
