#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# The interface under load: answers a second beside nginx with a file of the same size, the same certificate and suites;
# how long answers take while the record path runs at full rate and event streams are open, and what that costs the record
# path; memory with many TLS connections. One address has ten connections at most, so the load comes from several.
# Who asks would be on other machines: while the cost is measured they take what CPU the record path leaves them.
# shellcheck source=../private-gateway.sh disable=SC2119
. "$(dirname "$0")/../private-gateway.sh"
# shellcheck source=figures.sh
. "$(dirname "$0")/figures.sh"

repeats=${HF_BENCH_REPEATS:-3}
seconds=${HF_BENCH_SECONDS:-10}
messages=${HF_BENCH_MESSAGES:-60000} # not many more than the broker's queue holds: the rest would be dropped, and waited for in vain
pairs_each=${HF_BENCH_PAIRS:-4} # runs of the record path alone and beside clients, for each repeat
connections=32
streams=16
clients=8 # of each of the two addresses that wrk comes from
payload_bytes=200

before_end() {
    [ ! -s "$work/nginx.pid" ] || kill "$(cat "$work/nginx.pid")"
    end_all streams
    end_all idle
}

# end_all NAME: the processes that were noted under it.
end_all() {
    local pid
    while read -r pid; do kill "$pid" 2>/dev/null; done < <(cat "$work/$1.pids" 2>/dev/null)
    rm -f "$work/$1.pids"
}

rss_bytes() { awk '/^VmRSS/ { print $2 * 1024 }' "/proc/$(gw_pid)/status"; }
median() { printf '%s\n' "$@" | sort -n | sed -n "$((($# + 1) / 2))p"; }
ratio() { awk -v a="$1" -v b="$2" 'BEGIN { printf "%.3f\n", a / b }'; }

cookie() { awk '/__Host-holdfast/ { print $6 "=" $7 }' "$gw_dir/jar"; }
services_at() { echo "https://$1:$2/api/v1/services"; }

starts() {
    gateway_start --listen "0.0.0.0:$gw_port"
    gateway_claim
    receiver_start
    wait_until 120 all_healthy
}

# The same bytes, key, certificate and suites (api/tls.c).
nginx_starts() {
    mkdir -p "$work/www/api/v1"
    chmod 755 "$work" "$work/www" "$work/www/api" "$work/www/api/v1"
    api GET /services >"$work/www/api/v1/services"
    nginx_port=$(free_port)
    echo "$nginx_port" >"$work/nginx.port"
    cat >"$work/nginx.conf" <<EOF
worker_processes auto;
pid $work/nginx.pid;
error_log $work/nginx.log;
events { worker_connections 256; }
http {
    access_log off;
    client_body_temp_path $work/nginx.body;
    proxy_temp_path $work/nginx.proxy;
    fastcgi_temp_path $work/nginx.fastcgi;
    uwsgi_temp_path $work/nginx.uwsgi;
    scgi_temp_path $work/nginx.scgi;
    default_type application/json;
    keepalive_requests 1000000;
    server {
        listen 0.0.0.0:$nginx_port ssl;
        root $work/www;
        ssl_certificate $work/pem;
        ssl_certificate_key $work/pem;
        ssl_protocols TLSv1.2 TLSv1.3;
        ssl_ciphers ECDHE+AESGCM:ECDHE+CHACHA20;
        ssl_prefer_server_ciphers on;
        ssl_session_tickets on;
    }
}
EOF
    cp "$(find "$gw_state" -name server.pem)" "$work/pem"
    nginx -c "$work/nginx.conf"
    wait_until 10 curl -kfsS -o /dev/null "$(services_at 127.0.0.1 "$nginx_port")"
}

what_wrk_says() {
    awk '/^Requests\/sec/ { rate += $2 }
        / 99% / { ms = $2 + 0; if ($2 ~ /us$/) ms /= 1000; else if ($2 !~ /ms$/) ms *= 1000; if (ms > worst) worst = ms }
        /Non-2xx|Socket errors/ { bad = 1 }
        END { print rate, worst; exit bad }' "$work"/wrk.[12]
}

# load PORT: answers a second and p99 in ms of both addresses at once.
load() {
    local host n=0 pids=() port=$1
    for host in 127.0.0.1 "$(host_address)"; do
        n=$((n + 1))
        wrk --threads 1 --connections "$clients" --duration "${seconds}s" --latency --header "Cookie: $(cookie)" \
            "$(services_at "$host" "$port")" >"$work/wrk.$n" &
        pids+=($!)
    done
    wait "${pids[@]}"
    what_wrk_says
}

beside_nginx() {
    local i rate ours=() theirs=() parts=()
    for ((i = 0; i < repeats; i++)); do
        measuring "answers a second, ours and nginx's ($((i + 1)) of $repeats)"
        read -r rate _ <<<"$(load "$gw_port")"
        ours+=("$rate")
        read -r rate _ <<<"$(load "$(cat "$work/nginx.port")")"
        theirs+=("$rate")
        parts+=("$(ratio "${ours[-1]}" "${theirs[-1]}")")
    done
    figure "GET /services, $((2 * clients)) clients" answers/s '' "{\"bytes\": \"$(stat -c %s "$work/www/api/v1/services")\"}" "${ours[@]}"
    figure "nginx, a file of that size" answers/s '' '{}' "${theirs[@]}"
    figure "GET /services beside nginx" × '>= 0.5' '{}' "${parts[@]}"
}

received() { [ "$(report_value .distinct)" -ge "$1" ]; }

# Messages a second from device to receiver.
record_path() {
    local from before
    before=$(report_value .distinct)
    from=$(now_ms)
    "$checker" --port "$gw_field" --count "$messages" --size "$payload_bytes" >/dev/null
    wait_until 300 received $((before + messages)) >/dev/null
    awk -v n="$messages" -v ms=$(($(now_ms) - from)) 'BEGIN { printf "%.0f\n", n * 1000 / ms }'
}

# open_streams [COMMAND...]: addresses of the loopback net, four streams each. The command starts them.
open_streams() {
    local i
    for ((i = 0; i < streams; i++)); do
        "$@" curl -ksN --interface "127.0.0.$((10 + i / 4))" -b "$gw_dir/jar" -o "$work/stream.$i" "$gw_url/api/v1/events" &
        echo $! >>"$work/streams.pids"
    done
    for ((i = 0; i < streams; i++)); do wait_until 30 grep -q '^event: state' "$work/stream.$i" >/dev/null; done
}

# gentle_load [COMMAND...]: clients that ask five times a second each, as a dashboard or a script does, while the record path
# runs; what load says of them, and then the record path's rate, with which they end. The command starts them.
gentle_load() {
    local pids=() host n=0
    for host in 127.0.0.1 "$(host_address)"; do
        n=$((n + 1))
        "$@" wrk --threads 1 --connections "$clients" --duration 300s --latency --header "Cookie: $(cookie)" \
            --script "$work/gentle.lua" "$(services_at "$host" "$gw_port")" >"$work/wrk.$n" &
        pids+=($!)
    done
    sleep 2 # they have connected
    record_path >"$work/loaded"
    kill -INT "${pids[@]}"
    wait "${pids[@]}"
    echo "$(what_wrk_says) $(cat "$work/loaded")"
}

slower_by() { awk -v a="$1" -v b="$2" 'BEGIN { printf "%.1f\n", (a - b) * 100 / a }'; }

beside_the_record_path() {
    local i ms answers rate bare=() asked=() p99=() cost=()
    printf 'function delay() return 200 end\n' >"$work/gentle.lua"
    open_streams
    for ((i = 0; i < repeats; i++)); do
        measuring "answers while the record path runs ($((i + 1)) of $repeats)"
        read -r _ ms _ <<<"$(gentle_load)"
        p99+=("$ms")
    done
    end_all streams
    # One run differs from the next by more than what is looked for, so there are many, in turn.
    for ((i = 0; i < pairs_each * repeats; i++)); do
        measuring "the record path alone and beside them ($((i + 1)) of $((pairs_each * repeats)))"
        bare+=("$(record_path)")
        open_streams nice -n 19
        read -r answers _ rate <<<"$(gentle_load nice -n 19)"
        end_all streams
        asked+=("$answers")
        cost+=("$(slower_by "${bare[-1]}" "$rate")")
    done
    figure "an answer, $((2 * clients)) clients and $streams streams, record path at full rate, p99" ms '<= 20' '{}' "${p99[@]}"
    figure "record path slowed by that" % '<= 2' \
        "{\"alone\": \"$(median "${bare[@]}") messages/s\", \"answers meanwhile\": \"$(median "${asked[@]}") /s\"}" "${cost[@]}"
}

memory_figure() {
    local i before
    measuring "memory with $connections TLS connections"
    gateway_end_daemon
    gateway_spawn --listen "0.0.0.0:$gw_port"
    wait_until 60 gateway_is_ready
    sleep 70 # it gives memory back a minute after its start
    before=$(rss_bytes)
    for ((i = 0; i < connections; i++)); do
        (while sleep 1; do printf 'GET /api/v1/health HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n'; done) |
            openssl s_client -quiet -bind "127.0.0.$((30 + i / 8)):0" -connect "127.0.0.1:$gw_port" >/dev/null 2>&1 &
        echo $! >>"$work/idle.pids"
    done
    sleep 10
    figure "holdfastd, resident memory with $connections TLS connections" bytes '<= 14000000' "{\"without\": \"$before bytes\"}" "$(rss_bytes)"
    end_all idle
}

gateway_new
check "a gateway, claimed and healthy, with a receiver" starts
check "nginx with the same bytes" nginx_starts
need
beside_nginx
beside_the_record_path
memory_figure
figures_write
figures_table
