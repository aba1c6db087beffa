#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# The whole gateway in a few figures: what holdfastd takes, what the images weigh, how fast the dashboard comes, and
# how many messages get through, beside mosquitto alone on the same machine in the same run.
# shellcheck source=../private-gateway.sh disable=SC2119
. "$(dirname "$0")/../private-gateway.sh"
# shellcheck source=figures.sh
. "$(dirname "$0")/figures.sh"

repeats=${HF_BENCH_REPEATS:-3}
idle_seconds=${HF_BENCH_IDLE:-60}
messages=${HF_BENCH_MESSAGES:-20000}
payload_bytes=200

# --- holdfastd

rss_bytes() { awk '/^VmRSS/ { print $2 * 1024 }' "/proc/$(gw_pid)/status"; }

# Seconds of CPU of all its threads so far.
cpu_seconds() {
    local stat
    stat=$(sed 's/.*) //' "/proc/$(gw_pid)/stat")
    awk -v hz="$(getconf CLK_TCK)" '{ print ($12 + $13) / hz }' <<<"$stat"
}

# Nobody looks on; four services are healthy.
idle_figures() {
    local i before rss=() cpu=()
    for ((i = 0; i < repeats; i++)); do
        measuring "holdfastd idle for $idle_seconds s ($((i + 1)) of $repeats)"
        before=$(cpu_seconds)
        sleep "$idle_seconds"
        cpu+=("$(awk -v a="$before" -v b="$(cpu_seconds)" -v s="$idle_seconds" 'BEGIN { print (b - a) * 60 / s }')")
        rss+=("$(rss_bytes)")
    done
    figure "holdfastd, resident memory" bytes 12000000 '{}' "${rss[@]}"
    figure "holdfastd, CPU while idle for 60 s" s 0.3 '{}' "${cpu[@]}"
}

port_is_open() { (: >"/dev/tcp/127.0.0.1/$gw_port") 2>/dev/null; }

# From exec to the end of the first answer; TLS handshake and a start of curl included.
first_answer_ms() {
    local from
    from=$(date +%s%N)
    gateway_spawn
    until port_is_open; do :; done
    curl -kfsS --retry 20 --retry-all-errors --retry-delay 1 -o /dev/null "$gw_url/api/v1/health"
    awk -v a="$from" -v b="$(date +%s%N)" 'BEGIN { printf "%.1f\n", (b - a) / 1e6 }'
}

start_figures() {
    local i took=()
    measuring "starts of holdfastd"
    for ((i = 0; i < repeats + 2; i++)); do
        gateway_end_daemon
        took+=("$(first_answer_ms)")
    done
    figure "exec to first API answer" ms 150 '{}' "${took[@]}"
    wait_until 60 gateway_is_ready
}

# --- sizes

# Lines "digest bytes url" of each layer of the release, once.
layers() {
    jq -r --arg url "http://$registry/v2" --arg platform "$(platform)" '.services[] | "\($url)/\(.repository)/blobs" as $at
        | .platforms[$platform].layers[] | "\(.digest) \(.size) \($at)/\(.digest)"' "$release" | sort -u -k1,1
}

unpack() {
    case $(head -c 4 "$1" | od -An -tx1 | tr -d ' ') in
    1f8b*) gzip -dc "$1" ;;
    28b52ffd) zstd -dcq "$1" ;;
    *) cat "$1" ;;
    esac
}

image_figures() {
    local digest size url packed=0 unpacked=0 count=0
    while read -r digest size url; do
        curl -fsS -o "$work/layer" "$url"
        packed=$((packed + size))
        unpacked=$((unpacked + $(unpack "$work/layer" | wc -c)))
        count=$((count + 1))
        : "$digest"
    done < <(layers)
    rm -f "$work/layer"
    figure "image layers of the release" bytes 80000000 \
        "{\"to be transferred\": \"$packed bytes\", \"layers\": \"$count\"}" "$unpacked"
}

transfer_bytes() { curl -kfsS -H 'Accept-Encoding: gzip' -o "$work/asset" -w '%{size_download}' "$gw_url$1"; }

dashboard_figures() {
    local total path
    total=$(transfer_bytes /)
    for path in $(gzip -dcf "$work/asset" | grep -oE '(src|href)="/[^"]+\.(js|css)"' | sed -E 's/^[a-z]+="//; s/"$//'); do
        total=$((total + $(transfer_bytes "$path")))
    done
    figure "dashboard, page with script and style, gzip" bytes 60000 '{}' "$total"
}

# --- messages

rate() { awk -v n="$1" -v ms="$2" 'BEGIN { printf "%.0f\n", n * 1000 / ms }'; }

# rate_through PUBLISHER-PORT COMMAND...: messages a second until COMMAND says that all are there.
rate_through() {
    local port=$1 from
    shift
    from=$(now_ms)
    "$checker" --port "$port" --count "$messages" --size "$payload_bytes" >/dev/null || return
    wait_until 300 "$@" || return
    rate "$messages" $(($(now_ms) - from))
}

received() { [ "$(report_value .distinct)" -ge "$1" ]; }

through_gateway() { rate_through "$gw_field" received $(($(report_value .distinct) + messages)); }

# The same mosquitto with the same limits, nothing behind it but one subscriber.
alone_start() {
    cat >"$work/mosquitto.conf" <<EOF
listener 1883 0.0.0.0
allow_anonymous true
max_inflight_messages 1000
max_queued_messages 0
EOF
    chmod 644 "$work/mosquitto.conf"
    chmod 755 "$work"
    alone_port=$(free_port)
    docker run --detach --name "$gw-alone" --network "$gw-field" --publish "0.0.0.0:$alone_port:1883" --read-only \
        --cap-drop ALL --security-opt no-new-privileges --memory 64m --memory-swap 64m --cpus 1 --pids-limit 32 \
        --volume "$work/mosquitto.conf:/mosquitto.conf:ro" --entrypoint /usr/sbin/mosquitto \
        "$(inspect broker '{{.Image}}')" -c /mosquitto.conf >/dev/null
    wait_until 30 timeout 5 mosquitto_pub -p "$alone_port" -t ready -n
}

alone() {
    local rate subscriber
    mosquitto_sub -p "$alone_port" -t '#' -q 1 -C "$messages" >/dev/null &
    subscriber=$!
    sleep 1
    rate=$(rate_through "$alone_port" is_gone "$subscriber")
    kill "$subscriber" 2>/dev/null
    echo "$rate"
}

message_figures() {
    local i here=() bare=()
    alone_start
    for ((i = 0; i < repeats; i++)); do
        measuring "messages ($((i + 1)) of $repeats)"
        here+=("$(through_gateway)")
        bare+=("$(alone)")
    done
    docker rm --force "$gw-alone" >/dev/null
    figure "mosquitto alone, one QoS 1 subscriber" messages/s '' '{}' "${bare[@]}"
    figure "end to end, device to cloud, QoS 1" messages/s '' \
        "{\"mosquitto alone\": \"$(printf '%s\n' "${bare[@]}" | sort -n | sed -n "$(((repeats + 1) / 2))p") messages/s\"}" "${here[@]}"
}

gateway_new
check "a gateway, claimed and healthy" gateway_start
check "it is claimed" gateway_claim
check "it has a receiver" receiver_start
check "it is healthy" wait_until 120 all_healthy
need
idle_figures
start_figures
wait_until 60 gateway_login >/dev/null
wait_until 60 all_healthy >/dev/null
image_figures
dashboard_figures
message_figures
figures_write
figures_table
